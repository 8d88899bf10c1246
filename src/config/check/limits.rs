//! What peers may take: bounds within which each limit makes sense, and what they demand of each other.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::super::raw::{RawLogins, RawSmtpLimits, RawWebLimits};
use super::Checker;
use crate::credential::Patience;
use crate::mail::message::{MAX_HEADER_SIZE, MAX_LINE};
use crate::policy::shaping::Rate;
use crate::smtp::server::Limits;
use crate::smtp::session::{Bounds, LEAST_COMMAND};
use crate::toml_file::Given;
use crate::web::listener;

/// More connections than a process has any use of; each costs some tens of KiB.
const MOST_CONNECTIONS: u32 = 100_000;
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

impl Checker<'_> {
    pub(super) fn smtp_limits(&self, raw: RawSmtpLimits, max_message_size: usize) -> Limits {
        let default = Limits::default();
        let connections = self.places(raw.max_connections, default.connections);
        let named = raw.max_connections_per_address.is_some();
        let per_address = self.places(raw.max_connections_per_address, default.per_address);
        // A tool on this machine opens many; but a number that somebody typed is meant.
        let local = if named { per_address } else { per_address.max(connections / 2) };
        let kept = raw.kept_for_functional.as_ref().map(|given| given.span.clone());
        let limits = Limits {
            connections,
            kept: self.counted(
                raw.kept_for_functional,
                0..=MOST_CONNECTIONS,
                "connections",
                connections / 10,
            ),
            per_address,
            per_loopback_address: self.places(raw.loopback, local),
            handshakes: self.counted(raw.max_handshakes, 1..=10_000, "handshakes", default.handshakes),
            handshake: self.within(raw.handshake_timeout, SECOND..=HOUR, default.handshake),
            login: self.within(raw.login_timeout, SECOND..=HOUR, default.login),
            idle: self.within(raw.idle_timeout, SECOND..=HOUR, default.idle),
            session: self.within(raw.session_timeout, SECOND..=30 * DAY, default.session),
            data: self.within(raw.data_timeout, SECOND..=DAY, default.data),
            data_pace: self.bounded(raw.min_data_pace, 1..=1 << 30, "octets (a second)", default.data_pace),
            in_hand: self.in_hand(raw.max_in_hand, max_message_size),
            session_bounds: self.session_bounds(
                raw.max_command_length,
                raw.max_errors,
                raw.max_commands_without_mail,
            ),
        };
        if let Some(span) = kept.filter(|_| limits.kept >= limits.connections) {
            self.source.error(&span, "all of `max_connections` would be kept for functional mail");
        }
        limits
    }

    fn session_bounds(
        &self,
        command: Option<Given<usize>>,
        errors: Option<Given<u32>>,
        commands_without_mail: Option<Given<u32>>,
    ) -> Bounds {
        let default = Bounds::default();
        Bounds {
            command: self.bounded(command, LEAST_COMMAND..=64 << 10, "octets (64 KiB)", default.command),
            errors: self.number(errors, 1..=10_000, "errors", default.errors),
            commands_without_mail: self.number(
                commands_without_mail,
                10..=1_000_000,
                "commands",
                default.commands_without_mail,
            ),
        }
    }

    /// The longest line and the largest header of a message. What leaves is bounded by the largest of each.
    pub(super) fn message_bounds(&self, raw: &RawSmtpLimits) -> (usize, usize) {
        let (line, header) = (raw.max_line_length.clone(), raw.max_header_size.clone());
        (
            // RFC 5322, 2.1.1.
            self.bounded(line, 998..=MAX_LINE, "octets (64 KiB)", MAX_LINE),
            self.bounded(header, 4 << 10..=MAX_HEADER_SIZE, "octets (256 KiB)", MAX_HEADER_SIZE),
        )
    }

    /// Where one message fits only just, a second one would starve it.
    fn in_hand(&self, given: Option<Given<usize>>, max_message_size: usize) -> usize {
        let least = 2 * max_message_size;
        let Some(given) = given else { return Limits::default().in_hand.max(least) };
        if given.value < least {
            let message = format!("this must be at least {least} octets: twice `max_message_size`");
            self.source.error(&given.span, message);
        }
        given.value
    }

    /// What a trusted network may have: by default half of all, so that others get in beside it.
    pub(super) fn network_connections(&self, given: Option<Given<u32>>, limits: &Limits) -> usize {
        self.places(given, limits.per_address.max(limits.connections / 2))
    }

    pub(super) fn web_limits(&self, raw: RawWebLimits, rate: Rate) -> (listener::Limits, Rate) {
        let default = listener::Limits::default();
        let limits = listener::Limits {
            connections: self.places(raw.max_connections, default.connections),
            per_address: self.places(raw.max_connections_per_address, default.per_address),
            idle: self.within(raw.idle_timeout, SECOND..=HOUR, default.idle),
        };
        (limits, raw.rate.map_or(rate, |given| given.value))
    }

    pub(super) fn logins(&self, raw: RawLogins) -> Patience {
        let default = Patience::default();
        Patience {
            failures: self.number(raw.max_failures, 1..=1_000, "failures", default.failures),
            window: self.within(raw.window, SECOND..=DAY, default.window),
            // A peer waits for it, and a request has half a minute in all.
            slowest: self.within(raw.max_delay, SECOND..=10 * SECOND, default.slowest),
            log_peer: raw.log_peer.map_or(default.log_peer, |given| given.value),
        }
    }

    pub(super) fn places(&self, given: Option<Given<u32>>, default: usize) -> usize {
        self.counted(given, 1..=MOST_CONNECTIONS, "connections", default)
    }

    fn counted(
        &self,
        given: Option<Given<u32>>,
        bounds: RangeInclusive<u32>,
        unit: &str,
        default: usize,
    ) -> usize {
        let default = u32::try_from(default).unwrap_or(u32::MAX);
        usize::try_from(self.number(given, bounds, unit, default)).unwrap_or(usize::MAX)
    }

    fn number(
        &self,
        given: Option<Given<u32>>,
        bounds: RangeInclusive<u32>,
        unit: &str,
        default: u32,
    ) -> u32 {
        let Some(given) = given else { return default };
        if !bounds.contains(&given.value) {
            let (from, to) = (bounds.start(), bounds.end());
            self.source.error(&given.span, format!("this must be from {from} to {to} {unit}"));
        }
        given.value
    }
}
