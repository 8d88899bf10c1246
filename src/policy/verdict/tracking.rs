//! What was decided of pixels and tracked links in one recipient's copy. It never tells whether mail goes.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{RuleRef, UnknownWord};

/// What becomes of what tells the sender that, when and by whom a message was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tracking {
    /// The copy leaves with it.
    Kept,
    /// The copy leaves without it.
    TakenOut,
}

/// Why. A stable word; none ever changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrackingReason {
    // for it
    /// The person said yes to it.
    Consented,
    /// The pack that judges asks for no consent, and the person has not said no.
    NotAsked,
    // against it
    /// Consent is asked for, and nobody gave any.
    NoConsent,
    /// The only yes was asked for within the consent to marketing, and the pack asks for one of its own.
    NotSeparate,
    /// The person said no to it.
    Refused,
    /// The person said yes, and has withdrawn from all marketing since.
    Withdrawn,
    Restricted,
    Erased,
    /// A backup was restored, and a no may be missing.
    Restoring,
}

/// What was decided, why, and by which line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TrackingRuling {
    #[serde(rename = "verdict")]
    pub tracking: Tracking,
    pub reason: TrackingReason,
    pub rule: RuleRef,
    /// The consent event that it rests on.
    #[serde(default)]
    pub event: Option<Uuid>,
    /// For people. No personal data.
    pub text: String,
    /// The line of the shadow mode that keeps what the reason would take out.
    #[serde(default)]
    pub shadow: Option<RuleRef>,
}

impl TrackingReason {
    /// Whether it speaks for tracking.
    pub fn allows(self) -> bool {
        matches!(self, Self::Consented | Self::NotAsked)
    }

    /// Whether it is a recorded no, or may be one, which holds in shadow mode too.
    pub fn holds_in_shadow(self) -> bool {
        matches!(self, Self::Refused | Self::Withdrawn | Self::Restricted | Self::Erased | Self::Restoring)
    }
}

words!(Tracking { Kept => "kept", TakenOut => "taken_out" });
words!(TrackingReason {
    Consented => "consented",
    NotAsked => "not_asked",
    NoConsent => "no_consent",
    NotSeparate => "not_separate",
    Refused => "refused",
    Withdrawn => "withdrawn",
    Restricted => "restricted",
    Erased => "erased",
    Restoring => "restoring",
});
