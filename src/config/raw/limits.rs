//! The keys that bound what peers may take: `[smtp]`, `[web]`, `[api]` and `[logins]`.

use std::time::Duration;

use super::{Typed, finish};
use crate::credential::LogPeer;
use crate::policy::shaping::Rate;
use crate::toml_file::Table;
use crate::toml_file::quantity::{duration, rate, size};

const LOG_PEER: &[(&str, LogPeer)] =
    &[("address", LogPeer::Address), ("network", LogPeer::Network), ("none", LogPeer::Nothing)];

#[derive(Default)]
pub struct RawSmtpLimits {
    pub max_connections: Typed<u32>,
    pub max_connections_per_address: Typed<u32>,
    /// `[smtp.loopback] max_connections`.
    pub loopback: Typed<u32>,
    pub kept_for_functional: Typed<u32>,
    pub max_handshakes: Typed<u32>,
    pub handshake_timeout: Typed<Duration>,
    pub login_timeout: Typed<Duration>,
    pub idle_timeout: Typed<Duration>,
    pub session_timeout: Typed<Duration>,
    pub data_timeout: Typed<Duration>,
    pub min_data_pace: Typed<usize>,
    pub max_in_hand: Typed<usize>,
    pub max_command_length: Typed<usize>,
    pub max_line_length: Typed<usize>,
    pub max_header_size: Typed<usize>,
    pub max_errors: Typed<u32>,
    pub max_commands_without_mail: Typed<u32>,
}

#[derive(Default)]
pub struct RawWebLimits {
    pub rate: Typed<Rate>,
    pub max_connections: Typed<u32>,
    pub max_connections_per_address: Typed<u32>,
    pub idle_timeout: Typed<Duration>,
}

#[derive(Default)]
pub struct RawLogins {
    pub max_failures: Typed<u32>,
    pub window: Typed<Duration>,
    pub max_delay: Typed<Duration>,
    pub log_peer: Typed<LogPeer>,
}

pub(super) fn smtp(table: &mut Table<'_>) -> RawSmtpLimits {
    RawSmtpLimits {
        max_connections: table.take("max_connections", |v| v.count()),
        max_connections_per_address: table.take("max_connections_per_address", |v| v.count()),
        loopback: table.table("loopback").and_then(|mut loopback| {
            let most = loopback.take("max_connections", |v| v.count());
            finish(loopback);
            most
        }),
        kept_for_functional: table.take("kept_for_functional", |v| v.whole()),
        max_handshakes: table.take("max_handshakes", |v| v.count()),
        handshake_timeout: table.take("handshake_timeout", |v| v.read(duration)),
        login_timeout: table.take("login_timeout", |v| v.read(duration)),
        idle_timeout: table.take("idle_timeout", |v| v.read(duration)),
        session_timeout: table.take("session_timeout", |v| v.read(duration)),
        data_timeout: table.take("data_timeout", |v| v.read(duration)),
        min_data_pace: table.take("min_data_pace", |v| v.read(size)),
        max_in_hand: table.take("max_in_hand", |v| v.read(size)),
        max_command_length: table.take("max_command_length", |v| v.read(size)),
        max_line_length: table.take("max_line_length", |v| v.read(size)),
        max_header_size: table.take("max_header_size", |v| v.read(size)),
        max_errors: table.take("max_errors", |v| v.count()),
        max_commands_without_mail: table.take("max_commands_without_mail", |v| v.count()),
    }
}

pub(super) fn web(table: &mut Table<'_>) -> RawWebLimits {
    RawWebLimits {
        rate: table.take("rate", |v| v.read(rate)),
        max_connections: table.take("max_connections", |v| v.count()),
        max_connections_per_address: table.take("max_connections_per_address", |v| v.count()),
        idle_timeout: table.take("idle_timeout", |v| v.read(duration)),
    }
}

pub(super) fn logins(mut table: Table<'_>) -> RawLogins {
    let read = RawLogins {
        max_failures: table.take("max_failures", |v| v.count()),
        window: table.take("window", |v| v.read(duration)),
        max_delay: table.take("max_delay", |v| v.read(duration)),
        log_peer: table.take("log_peer", |v| v.word(LOG_PEER)),
    };
    finish(table);
    read
}
