//! A message → its `Facts`: stream, scope and campaign, with the evidence for each. Pure.
//!
//! Our own headers win, then the sender's `[[classify]]` rules; what stays unclassified is refused.

use crate::mail::RawMessage;
use crate::policy::{Facts, PolicySet, Reason, RuleRef, Stream};

/// What a credential stands for, as far as a message needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub sender: String,
    pub name: String,
    pub streams: Vec<Stream>,
}

/// Why a message may go to nobody: a refusal for every recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    pub reason: Reason,
    /// For people; says what would be right.
    pub text: String,
    pub rule: RuleRef,
    /// Where it was known by then.
    pub stream: Option<Stream>,
}

/// The facts of a message, or why nobody may get it.
pub fn classify(message: &RawMessage, grant: &Grant, policy: &PolicySet) -> Result<Facts, Unfit> {
    let _ = (message, grant, policy);
    todo!()
}
