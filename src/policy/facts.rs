//! What is known of a message before any recipient is looked at. The same for a whole campaign, so it is
//! stored once by its hash and holds nothing about a person.

use serde::{Deserialize, Serialize};

use super::{RuleRef, Scope, Stream};

/// The outcome of `classify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The sender's id: the credential's, never what the message says.
    pub sender: String,
    /// `SENDER/NAME`.
    pub credential: String,
    pub stream: Stream,
    pub scope: Option<Scope>,
    pub campaign: Option<String>,
    /// The domain of the message's From, as A-labels: the DKIM key follows it. Empty where a message is
    /// only supposed.
    pub from_domain: String,
    /// What told the stream: a `[[classify]]` rule, or the sender's file where our own headers did.
    pub rule: RuleRef,
}
