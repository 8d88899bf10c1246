//! What is known of a message before any recipient is looked at. The same for a whole campaign, so it is
//! stored once by its hash and holds nothing about a person.

use serde::{Deserialize, Serialize};

use super::finding::Found;
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
    /// Asked of confirmation mail alone.
    #[serde(default, skip_serializing_if = "ConfirmLink::is_absent")]
    pub confirm_link: ConfirmLink,
    /// What it is written in, where that is a language of ours, or else the script that is not Latin (`und-Cyrl`):
    /// marketing's footer follows it for who has chosen none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What told the stream: a `[[classify]]` rule, or the sender's file where our own headers did.
    pub rule: RuleRef,
    #[serde(default, skip_serializing_if = "Findings::are_none")]
    pub findings: Findings,
}

/// What else classification found that policy may have something against.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Findings {
    /// The domains of further authors in From, as A-labels, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_from: Vec<String>,
    /// Further scopes that a mail of our own asks to confirm.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also_scopes: Vec<Scope>,
    #[serde(skip_serializing_if = "is_default")]
    pub grant: StreamGrant,
    #[serde(skip_serializing_if = "is_default")]
    pub scope: NamedScope,
    /// The selector's or `[[classify]]` rule that told the scope, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_rule: Option<RuleRef>,
    /// What another provider's header names, and the sender's taxonomy doesn't know; where no other told a scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unmapped: Option<Unmapped>,
    #[serde(skip_serializing_if = "is_default")]
    pub body: BodySeal,
    #[serde(skip_serializing_if = "is_default")]
    pub personalisation: Personalisation,
    /// What its content has wrong: the first of each name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub content: Vec<Found>,
}

/// Whether the credential may use the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamGrant {
    #[default]
    Granted,
    Lacking,
}

/// Whether what the message names as its scope is a name at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedScope {
    #[default]
    AsIs,
    /// No scope is kept of it.
    Malformed,
}

/// A name in another provider's header that stands for no scope. Invariant 11: addresses in it are redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmapped {
    /// `X-SMTPAPI`, or with the field of its JSON: `X-SMTPAPI asm_group_id`.
    pub header: String,
    pub name: String,
    /// The table of the sender's file that could say what it stands for: `sendgrid.groups`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub map: Option<String>,
}

/// Whether any of what is shown as the body is signed or encrypted, so that none of it is touched. Asked of
/// marketing alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BodySeal {
    #[default]
    Open,
    Sealed,
}

/// How far the content was chosen for its reader by what is known of them, as `X-Optgate-Personalisation` says; none
/// where nothing does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Personalisation {
    #[default]
    None,
    /// By a group that the reader was put into.
    Segment,
    /// By the reader's own profile.
    Individual,
}

impl Personalisation {
    pub const ALL: [Self; 3] = [Self::None, Self::Segment, Self::Individual];

    /// The word that the contract uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Segment => "segment",
            Self::Individual => "individual",
        }
    }
}

impl Facts {
    /// All that it is about.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        self.scope.iter().chain(&self.findings.also_scopes)
    }
}

impl Findings {
    fn are_none(&self) -> bool {
        is_default(self)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Whether a message holds the place of the link that confirms (`{{optgate.confirm_url}}`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmLink {
    #[default]
    Absent,
    Present,
}

impl ConfirmLink {
    /// Of a message that is only supposed: as it must be to go.
    pub fn supposed(stream: Stream) -> Self {
        match stream {
            Stream::Confirmation => Self::Present,
            Stream::Marketing | Stream::Functional => Self::Absent,
        }
    }

    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}
