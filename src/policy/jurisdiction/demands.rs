//! What a law asks besides a ground: of a message's content, of its links, of tracking, of records; and how sure we
//! are that it does.
//!
//! Some of it is checked for each message, some holds for all mail by the way it is built, some is there to be read
//! and compared: docs/policy.md says which key is which.

use std::time::Duration;

use jiff::civil::Date;

use crate::policy::RuleRef;

/// `[content]`: what every marketing message must hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Who sends: mail leaves from the sender's own domains alone, and the footer names the sender.
    pub identity: bool,
    pub postal_address: bool,
    /// An address to object to: each message has its links.
    pub contact_address: bool,
    /// The sender must have one; it is linked from the footer.
    pub privacy_notice: bool,
    /// Marked as advertising: the footer says so.
    pub advertising_label: bool,
}

/// The lines of `[content]` that ask something of the sender's file: where nobody says it, the pack's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemandRules {
    pub postal_address: RuleRef,
    pub privacy_notice: RuleRef,
}

/// `[unsubscribe]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unsubscribe {
    /// For how long a link must work: ours work for as long as the record exists.
    pub link_life: Option<Duration>,
    /// How soon an opt-out must be honoured: we do so at once.
    pub honoured_within: Option<Honoured>,
}

/// `honoured_within`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Honoured {
    AtOnce,
    Promptly,
    BusinessDays(u32),
}

/// `[tracking]`: pixels, and links that tell who pressed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackingRules {
    pub consent: bool,
    /// The line that says so; where none does, the pack's own.
    pub consent_rule: RuleRef,
    /// The consent is another than that to marketing.
    pub separate: bool,
    /// Likewise.
    pub separate_rule: RuleRef,
    /// What needs no consent. Nothing is exempted by it alone: which host serves such a purpose is for the sender to say.
    pub exempt: Vec<Exempt>,
    /// A withdrawal ends tracking in mail that was sent before, too: whoever serves the pixel hears of it by the feed.
    pub stops_in_sent_mail: bool,
}

/// `exempt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exempt {
    Security,
    Deliverability,
}

/// `[retention]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Calendar months for which a no must be kept at least. We never delete one.
    pub withdrawals_months: Option<u32>,
}

/// `protects`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protected {
    Consumers,
    NaturalPersons,
    SoleTraders,
    LegalPersons,
}

/// `[source]`: where the pack's rules come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub law: Option<String>,
    /// A pack that doesn't say is unchecked.
    pub confidence: Confidence,
    /// When somebody last compared the pack with the law.
    pub reviewed: Option<Date>,
    /// The line to look at: that of `confidence`, else the pack's own.
    pub rule: RuleRef,
    pub reviewed_rule: RuleRef,
}

/// How a pack's weakest statement is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confidence {
    /// Read in the primary text.
    Primary,
    /// Read on a page about it.
    Secondary,
    /// Not looked up.
    Unchecked,
}

impl Confidence {
    /// The word that the contract uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
            Self::Unchecked => "unchecked",
        }
    }
}
