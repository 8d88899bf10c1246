//! What somebody tells of a mail that left: a report that came back by mail, a provider's webhook, or the upstream's
//! own answer. Pure.

use uuid::Uuid;

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
