//! The SMTP client towards the outbound provider: TLS modes, AUTH, connections kept and used again.
//! RFC 5321, client side.
//!
//! Ours, since a failure must be known by its stage: before the final dot a message can be sent again without
//! harm. It never echoes an address (`Address` writes itself), never sends without a `Deliverable`, and
//! believes nothing that the upstream says beyond its codes.

pub mod connection;
pub mod content;
pub mod health;
pub mod kind;
pub mod open;
pub mod parameters;
pub mod pool;
pub mod reply;
mod slots;
pub mod tls;
pub mod wire;

use std::time::Duration;

pub use connection::{Body, Connection, Envelope};
pub use health::Standing;
pub use kind::Kind;
pub use open::{Capabilities, Offer};
pub use parameters::{Asked, Header};
pub use pool::{Health, Lent, Origin, Reuse, Upstream};

use secrecy::SecretString;

/// An `[[upstream]]`.
#[derive(Clone, Debug)]
pub struct Settings {
    pub name: String,
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub login: Option<(String, SecretString)>,
    /// At most this many connections at once.
    pub connections: usize,
    /// As of SRV records (RFC 2782): those of the lowest number that are up take all mail.
    pub priority: u16,
    /// Its share among those of one priority.
    pub weight: u16,
    pub kind: Kind,
    /// Where it processes mail: for people, and for policy to route by.
    pub region: Option<String>,
    /// The provider DKIM-signs for the From domain, we don't.
    pub signs: bool,
    pub headers: Vec<(String, String)>,
    /// PEM certificates to trust beside the system's (tests, private authorities).
    pub extra_roots: Vec<Vec<u8>>,
    /// Bounds on connecting and on each reply; RFC 5321, 4.5.3.2 has the defaults.
    pub timeouts: Timeouts,
}

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS, or no mail.
    Required,
    Implicit,
    /// STARTTLS where it is offered; the certificate isn't checked then.
    Opportunistic,
    None,
}

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub connect: Duration,
    pub greeting: Duration,
    pub command: Duration,
    /// Between blocks of data.
    pub data: Duration,
    /// After the final dot.
    pub end_of_data: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        Self {
            connect: Duration::from_secs(30),
            greeting: minutes(5),
            command: minutes(5),
            data: minutes(3),
            end_of_data: minutes(10),
        }
    }
}

#[cfg(test)]
pub mod sink;
#[cfg(test)]
mod tests;
