//! What a peer of the SMTP server may take, in numbers and in time. docs/limits.md says the same for ops.

use std::time::Duration;

use crate::smtp::session::Bounds;

/// The limits of all listeners together.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Of them, those that are kept for tools that send functional mail too.
    pub kept: usize,
    /// Connections of one address, or of one IPv6 network of 64 bits.
    pub per_address: usize,
    /// The same for an address of this machine.
    pub per_loopback_address: usize,
    /// TLS handshakes at once; more wait for their turn within their time.
    pub handshakes: usize,
    /// For a handshake, its turn included.
    pub handshake: Duration,
    /// For a peer to become somebody who may submit.
    pub login: Duration,
    /// For a command to come in full, between blocks of data, and for replies to be taken.
    pub idle: Duration,
    /// For a session; a transaction that has begun may end.
    pub session: Duration,
    /// For a message's data in all.
    pub data: Duration,
    /// Octets a second that data must come with on average, once `idle` or a minute has passed.
    pub data_pace: usize,
    /// Octets of messages in hand at once, over all sessions.
    pub in_hand: usize,
    pub session_bounds: Bounds,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1_000,
            kept: 100,
            per_address: 50,
            per_loopback_address: 500,
            handshakes: 100,
            handshake: Duration::from_secs(30),
            login: Duration::from_secs(120),
            // RFC 5321, 4.5.3.2.7.
            idle: Duration::from_secs(5 * 60),
            session: Duration::from_secs(6 * 60 * 60),
            data: Duration::from_secs(30 * 60),
            data_pace: 1_024,
            in_hand: 512 << 20,
            session_bounds: Bounds::default(),
        }
    }
}
