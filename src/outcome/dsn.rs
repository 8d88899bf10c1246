//! Delivery status notifications. RFC 3464 in a multipart/report (RFC 6522), composed with lettre.
//!
//! Never for a DSN, never to a null or a foreign envelope sender: a stolen login could bomb anyone.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use crate::mail::Address;
use crate::policy::PolicySet;
use crate::store::NewMessage;

/// Who tells, and whether the upstream takes such mail at all.
#[derive(Clone, Debug)]
pub struct Notifier {
    pub hostname: String,
    pub upstream: NullSenderMail,
}

/// Whether the upstream relays mail from the null sender: the providers don't, and get none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NullSenderMail {
    Taken,
    RefusedByProvider,
}

/// The message that a notification tells of.
#[derive(Clone, Debug)]
pub struct Original<'a> {
    pub id: Uuid,
    pub sender: &'a str,
    pub credential: &'a str,
    pub envelope_sender: Option<&'a Address>,
    pub received_at: Timestamp,
    /// Its header, to be returned as text/rfc822-headers.
    pub header: &'a [u8],
}

/// One recipient who will not get it.
#[derive(Clone, Debug)]
pub struct Failure {
    pub delivery: Uuid,
    pub recipient: Address,
    /// RFC 3463.
    pub status: (u8, u8, u8),
    /// Plain words for people.
    pub text: String,
    /// What the upstream said, if it said anything: `Diagnostic-Code: smtp; …`.
    pub diagnostic: Option<String>,
}

impl Notifier {
    /// The notification to spool, or `None` where there is to be none. `id` and `now` become its own.
    pub fn notify(
        &self,
        policy: &Arc<PolicySet>,
        original: &Original<'_>,
        failures: &[Failure],
        new_id: &dyn Fn() -> Uuid,
        now: Timestamp,
    ) -> Option<NewMessage> {
        let _ = (policy, original, failures, new_id, now);
        todo!()
    }
}
