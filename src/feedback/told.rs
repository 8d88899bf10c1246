//! What somebody tells of a mail that left: a report that came back by mail, a provider's webhook, or the upstream's
//! own answer. Pure.

use uuid::Uuid;

use crate::mail::Address;

/// One thing that was told of one copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub of: Of,
    pub what: What,
}

/// How the copy is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// By our own id, which came back to us.
    Delivery(Uuid),
    /// By what the provider still has of the message, where our id is gone.
    MessageId {
        /// Without its angle brackets.
        message_id: String,
        recipient: Address,
    },
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It came to nothing, for this reason.
    Failed(Reason),
    /// It is still being tried.
    Delayed(Reason),
    /// Its recipient called it spam. RFC 5965.
    Complaint,
    /// Its recipient unsubscribed by means that are not ours, such as a link of the provider's own.
    Unsubscribed,
}

/// Why a server did not take it, as it said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason {
    /// `550`, of the reply. RFC 5321, 4.2.
    pub code: Option<u16>,
    /// `5.1.1`. RFC 3463.
    pub status: Option<(u8, u8, u8)>,
    /// In its words; it may name people.
    pub text: String,
}
