//! What travels beside a message: who sent it and who shall have it. RFC 5321, 2.3.1.

use serde::{Deserialize, Serialize};

use super::{Address, MailParameters, RcptParameters};

/// The envelope as the tool gave it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Envelope {
    /// The return path; `None` is the null sender `<>`.
    pub sender: Option<Address>,
    /// Who shall have it, in the order of the RCPT commands, without repetitions.
    pub recipients: Vec<Address>,
    /// What `BODY=` said (RFC 6152). Tools lie about it, so nothing but bookkeeping rests on it.
    pub body: BodyType,
    pub asked: MailParameters,
    /// What was asked for each recipient, in their order.
    pub asked_for_each: Vec<RcptParameters>,
}

/// RFC 6152, 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyType {
    SevenBit,
    EightBitMime,
}
