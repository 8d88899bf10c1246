//! `[feedback]`: how mail comes back.

use std::time::Duration;

use super::super::Feedback;
use super::super::raw::RawFeedback;
use super::{Checker, domain_to_ascii};
use crate::smtp::server::Limits;

/// For a session of the servers of others, which bring a few short mails.
const SESSION: Duration = Duration::from_secs(30 * 60);
const DATA: Duration = Duration::from_secs(10 * 60);
/// A provider's servers come from few addresses, and one of them never takes all places.
const CONNECTIONS: usize = 200;
const PER_ADDRESS: usize = 20;
/// Octets of mail in hand: reports are kept whole, of other mail its header.
const IN_HAND: usize = 64 << 20;

impl Checker<'_> {
    /// `None` where it can't be used; it has been noted then.
    pub(super) fn feedback(&self, raw: RawFeedback) -> Option<Feedback> {
        let (listen, domain) = (raw.listen?, raw.domain?);
        if listen.value.is_empty() {
            self.source.error(&listen.span, "mail that comes back needs a listener, such as `0.0.0.0:25`");
        }
        let name = domain_to_ascii(&domain.value);
        if name.is_none() {
            let message = format!("`{}` is not a domain name such as `bounces.example.com`", domain.value);
            self.source.error(&domain.span, message);
        }
        let connections = self.places(raw.max_connections, CONNECTIONS);
        let per_address = self.places(raw.max_connections_per_address, PER_ADDRESS);
        Some(Feedback {
            listen: listen.value.into_iter().map(|given| given.value).collect(),
            domain: name?,
            max_message_size: self.bounded(
                raw.max_message_size,
                64 << 10..=256 << 20,
                "octets (256 MiB)",
                25 << 20,
            ),
            limits: Limits {
                connections,
                // Nobody logs in.
                kept: 0,
                login: SESSION,
                session: SESSION,
                data: DATA,
                per_address,
                per_loopback_address: per_address.max(connections / 2),
                in_hand: IN_HAND,
                ..Limits::default()
            },
        })
    }
}
