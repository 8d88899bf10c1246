//! `policies/dialects.toml`, checked: headers and placeholders that tools learnt from other providers. DIALECTS.md's
//! rows are data in that file; nothing here knows a provider.

pub mod dress;
pub mod placeholder;

use regex::Regex;

use super::{RuleRef, Scope, Stream};
pub use placeholder::{Meaning, Placeholder, Placeholders};

/// What all files of dialects say together.
#[derive(Clone, Debug, Default)]
pub struct Dialects {
    /// In the order of the files: of those that read one header's field the first that matches reads it.
    pub selectors: Vec<Selector>,
    /// Ours are always among them.
    pub placeholders: Placeholders,
}

/// `[[selector]]`: a header that says what a message is, or that must not leave.
#[derive(Clone, Debug)]
pub struct Selector {
    pub header: HeaderName,
    /// Of a header that holds JSON: the names that lead to a field of it.
    pub json: Option<Vec<String>>,
    /// What the value must match; its groups `stream`, `scope` and `campaign` are what it says.
    pub pattern: Option<Regex>,
    /// Where it matches and says none itself.
    pub stream: Option<Stream>,
    /// `provider.table`: where a sender's file says what stands for which scope; `None` looks into all its tables.
    pub map: Option<String>,
    pub unknown: Unknown,
    /// Why a message that has this can't be sent as the tool means it.
    pub refuse: Option<String>,
    pub removal: Removal,
    pub rule: RuleRef,
}

/// The header fields that a selector is about; names are compared without case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderName {
    Exact(String),
    /// `X-PM-*`: those that begin so.
    Beginning(String),
}

/// What is made of a name that is no scope and stands for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// The message is marketing without a scope that is known.
    Refuse,
    /// Nothing: it is a label that may say anything.
    Ignore,
}

/// Whether a header leaves with the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    Remove,
    Keep,
}

/// What a sender says of one name of a provider: `7 = "apparel"`, `receipts = { stream = "functional" }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapped {
    /// `None`: a scope means marketing, unless the message says otherwise.
    pub stream: Option<Stream>,
    pub scope: Option<Scope>,
    pub rule: RuleRef,
}

impl HeaderName {
    pub fn matches(&self, name: &[u8]) -> bool {
        match self {
            Self::Exact(own) => name.eq_ignore_ascii_case(own.as_bytes()),
            Self::Beginning(own) => {
                name.get(..own.len()).is_some_and(|start| start.eq_ignore_ascii_case(own.as_bytes()))
            }
        }
    }
}

impl Selector {
    /// Whether it says anything of a message, and isn't there to take a header out alone.
    pub fn reads(&self) -> bool {
        self.pattern.is_some() || self.stream.is_some() || self.refuse.is_some()
    }

    /// Whether two of it in one message would say two things.
    pub fn is_decisive(&self) -> bool {
        self.stream.is_some() || self.unknown == Unknown::Refuse && self.names_scope()
    }

    fn names_scope(&self) -> bool {
        self.pattern.iter().flat_map(|own| own.capture_names().flatten()).any(|own| own == "scope")
    }

    /// Whether both read the same in the same way, wherever they stand.
    pub fn agrees_with(&self, other: &Self) -> bool {
        let pattern = |own: &Self| own.pattern.as_ref().map(|pattern| pattern.as_str().to_owned());
        pattern(self) == pattern(other)
            && (&self.header, &self.json, self.stream) == (&other.header, &other.json, other.stream)
            && (&self.map, self.unknown) == (&other.map, other.unknown)
            && self.refuse.is_some() == other.refuse.is_some()
    }
}

impl Dialects {
    /// Whether header fields of this name are taken out of what is sent.
    pub fn removes(&self, name: &[u8]) -> bool {
        let removing = |own: &&Selector| own.removal == Removal::Remove;
        self.selectors.iter().filter(removing).any(|own| own.header.matches(name))
    }

    /// The tables that selectors look into: `sendgrid.groups`; `None` among them stands for all.
    pub fn maps(&self) -> impl Iterator<Item = Option<&str>> {
        self.selectors.iter().filter(|own| own.names_scope()).map(|selector| selector.map.as_deref())
    }

    /// Whether both read the same in the same messages.
    pub fn read_alike(&self, other: &Self) -> bool {
        let reading = |own: &Self| -> Vec<Selector> {
            own.selectors.iter().filter(|selector| selector.reads()).cloned().collect()
        };
        let (own, other) = (reading(self), reading(other));
        own.len() == other.len() && own.iter().zip(&other).all(|(one, other)| one.agrees_with(other))
    }
}
