//! The facts that a history is made of. Append-only: a mistake is corrected by a new fact.
//!
//! Some things that one might look for are no kinds of their own, because they change no answer:
//! - a ground that another system obtained is an `OptIn` whose channel (`api`, `import`) says who told us, with
//!   that system's proof as evidence;
//! - an objection to direct marketing (GDPR 21) is a `Withdrawal` of everything, whatever the person called it;
//! - a complaint is a `Withdrawal` that nobody can take back.
//!
//! A change of address keeps the person's history, and with it the id that links in old mail name, every ground and
//! every no: the row takes the new address over. What is left behind under the old address is a row of its own that says
//! no to everything, so that a purchase told late, or an old list, does not bring mail back to it. The change stops mail
//! to the old address, so it is a no to the journal. No event holds an address.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::policy::Scope;

/// One fact about one subscriber. Kind, scope and time stay clear; evidence is sealed under the
/// subscriber's own key and kept beside it in the store (invariant 12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub id: Uuid,
    pub kind: EventKind,
    /// When it happened; of what speaks for mail, when we heard of it if that was earlier.
    pub occurred_at: Timestamp,
    /// When it happened, as told, where `occurred_at` differs: the teller's clock was ahead of ours. The same telling
    /// is known again by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_at: Option<Timestamp>,
    /// When we heard of it.
    pub recorded_at: Timestamp,
    /// Where the fact came in: `api`, `page`, `one_click`, `command`, `import`, `demo`, …
    pub channel: String,
    /// A pack's id, or an ISO 3166-1 country code, as told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// SHA-256 (lower-case hex) of the texts that the person was shown. They stay clear: a text is the same for
    /// all who were shown it, so its hash tells nothing of anybody, and proves which one it was after the
    /// evidence is destroyed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: ShownTexts,
}

/// The channels of a person's own links: what comes in by them may come again and again.
const OWN_LINKS: [&str; 3] = ["page", "one_click", BY_MAILTO];
/// The channel of what is said by mail to an address that we made.
pub const BY_MAILTO: &str = "mailto";
/// The channel of what an erased person's new history begins with: it is ours, so nobody takes it back.
pub const BEGUN_ANEW: &str = "begun_anew";
/// The channel of the no that stands under an address which its person has left. It is ours as well.
pub const LEFT_BEHIND: &str = "address_changed";

impl Event {
    /// Whether this is the fact that another telling, of this time, tells of.
    pub fn is_told_at(&self, told: Timestamp) -> bool {
        self.occurred_at == told || self.told_at == Some(told)
    }

    /// Whether the person said it by an own link.
    pub fn is_by_own_link(&self) -> bool {
        OWN_LINKS.contains(&self.channel.as_str())
    }

    /// Whether it is the person's own answer, by an own link, to whether they may be tracked.
    pub fn is_own_tracking_answer(&self) -> bool {
        let answers = matches!(self.kind, EventKind::TrackingConsent { .. } | EventKind::TrackingWithdrawal);
        answers && self.is_by_own_link()
    }

    /// Whether it is the person's own choice, by an own link, of how marketing comes to them.
    pub fn is_own_choice(&self) -> bool {
        let chooses = matches!(
            self.kind,
            EventKind::FrequencyChosen { .. }
                | EventKind::Paused { .. }
                | EventKind::PauseEnded
                | EventKind::ProfilingObjection
                | EventKind::ProfilingAllowed
                | EventKind::PlaceChosen
        );
        chooses && self.is_by_own_link()
    }

    /// Whether we said it ourselves, so that no person takes it back.
    fn is_ours(&self) -> bool {
        [BEGUN_ANEW, LEFT_BEHIND].contains(&self.channel.as_str())
    }

    /// The scopes (none: all) of a withdrawal that its person may take back.
    pub fn own_withdrawal(&self) -> Option<BTreeSet<&Scope>> {
        match &self.kind {
            EventKind::Withdrawal { scopes, complaint: false } if !self.is_ours() => {
                Some(scopes.iter().collect())
            }
            _ => None,
        }
    }
}

pub type ShownTexts = BTreeMap<ShownText, String>;

/// A text that a person was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShownText {
    /// What the sign-up form said that was agreed to.
    FormText,
    /// What was told at the collection of the address: its use for marketing, and the right to object.
    Notice,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// Signed up but never confirmed.
    SignupRequested {
        scopes: Vec<Scope>,
        #[serde(default, skip_serializing_if = "SignedUpBy::is_told")]
        by: SignedUpBy,
    },
    /// A mail that asks to confirm these was taken by the upstream. It grants nothing.
    ConfirmationSent {
        scopes: Vec<Scope>,
    },
    /// Said yes: confirmed by mail (double), or once (single).
    OptIn {
        ground: OptIn,
        scopes: Vec<Scope>,
    },
    /// Came from another system that had no proof of a yes. It carries no mail by itself.
    Unconfirmed {
        scopes: Vec<Scope>,
    },
    /// Bought, asked or negotiated: what a soft opt-in rests on.
    Acquainted {
        how: Acquaintance,
        scope: Scope,
        notice: bool,
    },
    /// Said no, for scopes or (empty) for all marketing.
    Withdrawal {
        scopes: Vec<Scope>,
        complaint: bool,
    },
    /// Took back an own withdrawal within its time, for scopes or (empty) as a whole: the old ground stands again there.
    /// What is not named stays withdrawn, whatever is told or added to the taxonomy later.
    WithdrawalUndone {
        withdrawal: Uuid,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        scopes: Vec<Scope>,
    },
    /// Said yes to being tracked: to pixels, and to links that tell who pressed them.
    TrackingConsent {
        asked: TrackingAsked,
    },
    /// Said no to being tracked. It stops no mail: what would tell on its reader is taken out.
    TrackingWithdrawal,
    /// Chose how often marketing may come at most. A cap of the person's own.
    FrequencyChosen {
        at_most: Frequency,
    },
    /// Asked marketing to wait.
    Paused {
        until: Timestamp,
    },
    /// Ended an own pause before its time.
    PauseEnded,
    /// GDPR 21(2): objected to being profiled for marketing. What is made for everybody may still come.
    ProfilingObjection,
    /// Took that objection back.
    ProfilingAllowed,
    /// Chose a language, or said in which time zone they are: the fields that every fact has carry it. It outranks what
    /// others tell of either.
    PlaceChosen,
    /// A block that is not the subscriber's will.
    Suppressed {
        why: Suppression,
    },
    SuppressionLifted {
        why: Suppression,
    },
    /// The person has another mail address from now on; it lies sealed in the person's row.
    AddressChanged {
        /// Whether the new address itself answered: its reader pressed a link that was mailed to it. Otherwise somebody
        /// told us.
        confirmed: bool,
        /// Who stands under the old address now: a row that says no to everything.
        left: Uuid,
    },
    /// GDPR 18.
    Restricted,
    RestrictionLifted,
    /// GDPR 17: the key is destroyed; only the lookup hash stays.
    Erased,
}

impl EventKind {
    /// The same word as in the event's JSON.
    pub fn word(&self) -> &'static str {
        match self {
            Self::SignupRequested { .. } => "signup_requested",
            Self::ConfirmationSent { .. } => "confirmation_sent",
            Self::OptIn { .. } => "opt_in",
            Self::Unconfirmed { .. } => "unconfirmed",
            Self::Acquainted { .. } => "acquainted",
            Self::Withdrawal { .. } => "withdrawal",
            Self::WithdrawalUndone { .. } => "withdrawal_undone",
            Self::TrackingConsent { .. } => "tracking_consent",
            Self::TrackingWithdrawal => "tracking_withdrawal",
            Self::FrequencyChosen { .. } => "frequency_chosen",
            Self::Paused { .. } => "paused",
            Self::PauseEnded => "pause_ended",
            Self::ProfilingObjection => "profiling_objection",
            Self::ProfilingAllowed => "profiling_allowed",
            Self::PlaceChosen => "place_chosen",
            Self::Suppressed { .. } => "suppressed",
            Self::SuppressionLifted { .. } => "suppression_lifted",
            Self::AddressChanged { .. } => "address_changed",
            Self::Restricted => "restricted",
            Self::RestrictionLifted => "restriction_lifted",
            Self::Erased => "erased",
        }
    }
}

/// Who says that a person signed up.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum SignedUpBy {
    /// Somebody told us that the person did.
    #[default]
    Told,
    /// Nothing but the confirmation mail itself, which a tool submitted. It can be confirmed, but it might as well be
    /// one of a campaign that asks a whole list, so it revives nothing and outweighs nothing.
    Mail,
}

impl SignedUpBy {
    fn is_told(&self) -> bool {
        *self == Self::Told
    }
}

/// The two ways to say yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OptIn {
    DoubleOptIn,
    SingleOptIn,
}

impl OptIn {
    /// The word that the contract uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DoubleOptIn => "double_opt_in",
            Self::SingleOptIn => "single_opt_in",
        }
    }
}

/// How a yes to tracking was asked for. Some laws take only one that was asked for by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrackingAsked {
    /// By a question of its own, which could be answered otherwise than that for marketing.
    Separately,
    /// Within the consent to marketing.
    WithOptIn,
}

impl TrackingAsked {
    /// The word that facts and policy cases use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Separately => "separately",
            Self::WithOptIn => "with_opt_in",
        }
    }
}

/// How often marketing may come at most; each is stricter than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Frequency {
    AsSent,
    Weekly,
    Monthly,
}

impl Frequency {
    pub const ALL: [Self; 3] = [Self::AsSent, Self::Weekly, Self::Monthly];

    /// The word that the contract uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AsSent => "as_sent",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }
}

/// What made the sender and the person known to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Acquaintance {
    Purchase,
    Inquiry,
    Negotiation,
}

impl Acquaintance {
    /// The word that the contract uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Inquiry => "inquiry",
            Self::Negotiation => "negotiation",
        }
    }
}

/// Why an address is blocked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Suppression {
    Bounce,
    Operator,
}

impl Suppression {
    /// The word that the contract uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Operator => "operator",
        }
    }
}
