//! A verdict: what was decided for one recipient, why, and by which line of which file. CONTRACT.md,
//! "Submitting by SMTP" and "Words".

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::Scope;

/// Why a message is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    Marketing,
    Functional,
    Confirmation,
}

/// What a verdict says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// May go.
    Deliver,
    /// Never.
    Refuse,
    /// Not now.
    Hold,
}

/// Why a subscriber may be mailed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroundKind {
    DoubleOptIn,
    SingleOptIn,
    SoftOptIn,
    NoObjection,
    Functional,
}

/// A stable reason; none ever changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    // refusals for what the message is
    Unparsable,
    Loop,
    FromNotAllowed,
    Unclassified,
    StreamNotAllowed,
    UnknownScope,
    MergeFieldLeak,
    ContentMissing,
    ContentRule,
    ProfilingNotAllowed,
    TransferNotAllowed,
    ConfirmationLimit,
    // refusals for who the recipient is
    Erased,
    SuppressedBounce,
    SuppressedOperator,
    Withdrawn,
    Restricted,
    NoticeMissing,
    GroundExpired,
    Unconfirmed,
    OutOfScope,
    NoGround,
    // holds
    FrequencyCap,
    QuietHours,
    PausedBySubscriber,
    CampaignPaused,
    WarmUp,
    HeldByOperator,
    Restoring,
}

/// The file and line of the rule that decided. `line` counts from 1; 0 names the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct RuleRef {
    #[schema(value_type = String)]
    pub file: Arc<str>,
    pub line: u32,
}

/// What was decided for one recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    pub verdict: VerdictKind,
    /// `None` on `deliver`.
    pub reason: Option<Reason>,
    /// `Some` on `deliver` alone.
    pub ground: Option<GroundKind>,
    /// The consent event that the ground rests on.
    pub ground_event: Option<Uuid>,
    pub scope: Option<Scope>,
    /// `None` where the message could not be classified.
    pub stream: Option<Stream>,
    /// The pack that judged.
    pub jurisdiction: Option<Arc<str>>,
    pub rule: RuleRef,
    /// For people: what was decided and, on a refusal, what was missing. No personal data.
    pub text: String,
    /// Of a refusal or a hold: the line of the shadow mode that lets the message pass all the same; `None` where none
    /// does.
    pub shadow: Option<RuleRef>,
    /// What becomes of pixels and tracked links in the copy; `None` where none will leave, and of our own mail.
    pub tracking: Option<TrackingRuling>,
    /// Of a hold: when there is use in looking again, where that is known. Not recorded: it is the delivery's
    /// next attempt.
    #[serde(skip)]
    pub until: Option<Timestamp>,
}

impl Verdict {
    /// Whether both say the same, whenever that was.
    pub fn agrees_with(&self, other: &Verdict) -> bool {
        *self == Verdict { until: self.until, ..other.clone() }
    }

    /// Whether the message goes on now: it may, or shadow mode lets it.
    pub fn passes(&self) -> bool {
        self.verdict == VerdictKind::Deliver || self.shadow.is_some()
    }

    /// A hold that shadow mode lets pass: the sender's own caps and quiet hours. A cap of the person's own is told with
    /// the same reason, and `decide` lets no mode pass it.
    pub fn is_spacing(&self) -> bool {
        matches!(self.reason, Some(Reason::FrequencyCap | Reason::QuietHours))
    }

    /// Whether the tool always hears of it: what is no mail of a stream has none to ask how refusals are answered
    /// (CONTRACT.md, "Submitting by SMTP"), nor what the sender may not send in this name.
    pub fn is_always_told(&self) -> bool {
        matches!(
            self.reason,
            Some(Reason::Unclassified | Reason::FromNotAllowed | Reason::Unparsable | Reason::Loop)
        )
    }

    /// Whether it is refused for what holds in shadow mode too.
    pub fn holds_in_shadow(&self) -> bool {
        self.reason.is_some_and(Reason::holds_in_shadow)
    }
}

impl Reason {
    /// Whether shadow mode lets nothing pass that is refused for it: a recorded no, a foreign From, what is no mail of
    /// a stream (CONTRACT.md, "What stops what"), and the limit that keeps others' forms from bombing an address.
    pub fn holds_in_shadow(self) -> bool {
        matches!(
            self,
            Self::Withdrawn
                | Self::Erased
                | Self::SuppressedBounce
                | Self::SuppressedOperator
                | Self::Restricted
                | Self::FromNotAllowed
                | Self::Unparsable
                | Self::Loop
                | Self::StreamNotAllowed
                | Self::Unclassified
                | Self::ConfirmationLimit
                | Self::ProfilingNotAllowed
        )
    }
}

/// A verdict as it is printed and answered wherever one is. CONTRACT.md, "Policy files".
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Verdict)]
pub struct ShownVerdict<'v> {
    /// `None` where nobody knows it any more.
    pub recipient: Option<String>,
    pub verdict: VerdictKind,
    pub reason: Option<Reason>,
    pub ground: Option<GroundKind>,
    pub scope: Option<&'v Scope>,
    pub stream: Option<Stream>,
    pub jurisdiction: Option<&'v str>,
    pub rule: &'v RuleRef,
    /// The policy set that decided.
    pub policy: &'v str,
    /// `None` for an answer that was not recorded.
    pub decision: Option<Uuid>,
    pub text: &'v str,
    /// Of a refusal or a hold: the line of the shadow mode that lets the message pass all the same; null where none
    /// does.
    pub shadow: Option<&'v RuleRef>,
    /// What becomes of pixels and tracked links in the copy; null where none will leave.
    pub tracking: Option<&'v TrackingRuling>,
}

impl Verdict {
    pub fn shown<'v>(
        &'v self,
        recipient: Option<String>,
        policy: &'v str,
        decision: Option<Uuid>,
    ) -> ShownVerdict<'v> {
        ShownVerdict {
            recipient,
            verdict: self.verdict,
            reason: self.reason,
            ground: self.ground,
            scope: self.scope.as_ref(),
            stream: self.stream,
            jurisdiction: self.jurisdiction.as_deref(),
            rule: &self.rule,
            policy,
            decision,
            text: &self.text,
            shadow: self.shadow.as_ref(),
            tracking: self.tracking.as_ref(),
        }
    }
}

/// The word that CONTRACT.md uses, for a unit-only enum.
macro_rules! words {
    ($type:ty { $($variant:ident => $word:literal),* $(,)? }) => {
        impl $type {
            pub const ALL: &[$type] = &[$(<$type>::$variant),*];

            /// The word that the contract uses.
            pub fn as_str(self) -> &'static str {
                match self { $(<$type>::$variant => $word),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $type {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or(UnknownWord)
            }
        }
    };
}

/// A text that is none of the contract's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a word of the contract")]
pub struct UnknownWord;

mod tracking;

pub use tracking::{Tracking, TrackingReason, TrackingRuling};

words!(Stream { Marketing => "marketing", Functional => "functional", Confirmation => "confirmation" });
words!(VerdictKind { Deliver => "deliver", Refuse => "refuse", Hold => "hold" });
words!(GroundKind {
    DoubleOptIn => "double_opt_in",
    SingleOptIn => "single_opt_in",
    SoftOptIn => "soft_opt_in",
    NoObjection => "no_objection",
    Functional => "functional",
});
words!(Reason {
    Unparsable => "unparsable",
    Loop => "loop",
    FromNotAllowed => "from_not_allowed",
    Unclassified => "unclassified",
    StreamNotAllowed => "stream_not_allowed",
    UnknownScope => "unknown_scope",
    MergeFieldLeak => "merge_field_leak",
    ContentMissing => "content_missing",
    ContentRule => "content_rule",
    ProfilingNotAllowed => "profiling_not_allowed",
    TransferNotAllowed => "transfer_not_allowed",
    ConfirmationLimit => "confirmation_limit",
    Erased => "erased",
    SuppressedBounce => "suppressed_bounce",
    SuppressedOperator => "suppressed_operator",
    Withdrawn => "withdrawn",
    Restricted => "restricted",
    NoticeMissing => "notice_missing",
    GroundExpired => "ground_expired",
    Unconfirmed => "unconfirmed",
    OutOfScope => "out_of_scope",
    NoGround => "no_ground",
    FrequencyCap => "frequency_cap",
    QuietHours => "quiet_hours",
    PausedBySubscriber => "paused_by_subscriber",
    CampaignPaused => "campaign_paused",
    WarmUp => "warm_up",
    HeldByOperator => "held_by_operator",
    Restoring => "restoring",
});
