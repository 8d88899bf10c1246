//! Recorded decisions under other policies: who gains mail, who loses it, and why. Pure: whoever reads the
//! records hands them in, one by one.
//!
//! Like is compared with like: a decision made again under the set of its time, with the one under the new set, on
//! the same facts, in the same moment. What the records alone can't make again is counted apart.

mod classified;
mod spacing;
mod tally;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::decide::{Circumstances, decide};
use super::holds::{Earlier, Stage};
use super::sender::Mode;
use super::{Facts, GroundKind, PolicySet, Reason, Scope, Stream, Tracking, Verdict, VerdictKind};
use crate::consent::ConsentState;
use classified::Reads;
use spacing::{Mailing, Spaced};
pub use tally::{Count, Tally};

/// A decision as it was recorded, with what it rested on.
#[derive(Clone, Debug)]
pub struct Recorded<'a> {
    pub sender: &'a str,
    pub at: Timestamp,
    pub verdict: VerdictKind,
    pub reason: Option<Reason>,
    pub ground: Option<GroundKind>,
    pub ground_event: Option<Uuid>,
    /// `None` where the message was not classified.
    pub facts: Option<&'a Facts>,
    /// `None` where it can't be read.
    pub consent: Option<&'a ConsentState>,
    /// What else bore on it.
    pub circumstances: &'a Circumstances,
    /// The set of its time; `None` where it was not kept.
    pub old: Option<&'a PolicySet>,
}

/// The new files.
#[derive(Debug)]
pub struct New {
    pub policy: Arc<PolicySet>,
    /// The same, but that nothing waits.
    unspaced: PolicySet,
    /// The first moment that is replayed.
    since: Timestamp,
}

impl New {
    pub fn of(policy: Arc<PolicySet>, since: Timestamp) -> Self {
        Self { unspaced: spacing::without_spacing(&policy), policy, since }
    }
}

/// What a verdict says, without whom it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Says {
    pub verdict: Effect,
    pub reason: Option<Reason>,
    pub ground: Option<GroundKind>,
    /// Refused or held, but let pass.
    pub passes_in_shadow: bool,
}

/// What becomes of a message by a verdict; each lets more through than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Refuse,
    Hold,
    Deliver,
}

/// Why a decision can't be made again as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Refused for what the message is, before anybody was looked at: not compared.
    NotClassified,
    /// The same, and the new files differ in rules that might tell what it is: not compared.
    MightBeClassified,
    /// The new files differ in rules that told what it is: compared as what it was taken for.
    MightBeAnother,
    /// What was known of the person can't be read: not compared.
    PersonUnreadable,
    /// The set of its time is not in the database: what was recorded is compared with the new set.
    SetMissing,
    /// Held for what is said at the time and not recorded, as an operator's order: compared without that.
    Circumstances,
    /// The set of its time gives another answer today: that one is compared.
    Differs,
}

impl Why {
    pub const ALL: [Self; 7] = [
        Self::NotClassified,
        Self::MightBeClassified,
        Self::MightBeAnother,
        Self::PersonUnreadable,
        Self::SetMissing,
        Self::Circumstances,
        Self::Differs,
    ];

    /// Whether more mail might leave than can be told.
    pub fn may_widen(self) -> bool {
        matches!(self, Self::MightBeClassified | Self::MightBeAnother)
    }

    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Self::NotClassified => {
                "refused for what the message is, before anybody was looked at: not compared"
            }
            Self::MightBeClassified => {
                "refused since nothing told what they are, and the new files might: not compared, may widen"
            }
            Self::MightBeAnother => {
                "told by [[classify]] rules that are others now: compared as what they were taken for, may widen"
            }
            Self::PersonUnreadable => "what was known of the person can't be read: not compared",
            Self::SetMissing => "their policy set was not kept: compared as recorded",
            Self::Circumstances => "held for what is no policy and not recorded: compared without it",
            Self::Differs => "their own policy set answers otherwise today: compared by today's answer",
        }
    }
}

/// One kind of change.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    pub sender: String,
    pub stream: Stream,
    pub scope: Option<Scope>,
    /// The pack that judges under the new set.
    pub jurisdiction: Option<Arc<str>>,
    pub from: Says,
    pub to: Says,
}

/// What a change does to mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Leaves, and did not.
    Gain,
    /// Is refused, and left.
    Lose,
    /// Waits for its turn under caps or quiet hours, and left at once.
    Wait,
    /// Held, and was not, or refused, and was held.
    Hold,
    /// The same becomes of it, for another reason or on another ground.
    Same,
}

/// What comparing one decision came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Why it could not be made again as it was, if it couldn't.
    pub why: Option<Why>,
    /// `None` where nothing changes, or nothing could be compared.
    pub kind: Option<Kind>,
    /// Where caps or quiet hours are others now: what the message, which may go, is yet to go through. Then `kind` may
    /// be no change as yet.
    pub mailing: Option<Mailing>,
    /// What the new set makes of pixels and tracked links in a copy that either lets go.
    pub tracking: Option<TrackingChange>,
}

/// A copy that keeps its trackers under one set and not under the other. It says nothing of who gets mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackingChange {
    Gains,
    Loses,
}

impl TrackingChange {
    fn between(from: &Verdict, to: &Verdict) -> Option<Self> {
        let tracking = |verdict: &Verdict| verdict.tracking.as_ref().map(|own| own.tracking);
        match (tracking(from)?, tracking(to)?) {
            (Tracking::TakenOut, Tracking::Kept) => Some(Self::Gains),
            (Tracking::Kept, Tracking::TakenOut) => Some(Self::Loses),
            (Tracking::Kept, Tracking::Kept) | (Tracking::TakenOut, Tracking::TakenOut) => None,
        }
    }
}

/// Decides one recorded decision again, under the set of its time and under the new one.
pub fn compare(one: &Recorded<'_>, new: &New) -> Compared {
    let but = |why| Compared { why: Some(why), ..Compared::default() };
    let (old_sender, new_sender) =
        (one.old.and_then(|old| old.sender(one.sender)), new.policy.sender(one.sender));
    let old_reads = one.old.and_then(|old| Reads::of(old, one.sender));
    let new_reads = Reads::of(&new.policy, one.sender);
    let (facts, consent) = match (one.facts, one.consent) {
        (None, _) if classified::might_be_told(one.reason, old_reads, new_reads) => {
            return but(Why::MightBeClassified);
        }
        (None, _) => return but(Why::NotClassified),
        (_, None) => return but(Why::PersonUnreadable),
        (Some(facts), Some(consent)) => (facts, consent),
    };
    let again = one.old.map(|old| decide(old, facts, consent, one.circumstances, one.at));
    let (from, why) = match &again {
        None => (Says::recorded(one), Some(Why::SetMissing)),
        Some(again) => (Says::of(again), differs(one, again)),
    };
    let another = classified::might_be_another(facts, old_reads, new_reads);
    let why = if another { Some(Why::MightBeAnother) } else { why };
    let waits_otherwise =
        facts.stream == Stream::Marketing && new_sender.is_some_and(|new| spacing::differs(old_sender, new));
    let (verdict, mailing) = if waits_otherwise {
        // What was sent before still counts against a cap of the person's own, which no file changes.
        let unspaced = Circumstances { confirmations: Vec::new(), ..one.circumstances.clone() };
        let verdict = decide(&new.unspaced, facts, consent, &unspaced, one.at);
        let mailing = (verdict.passes() && new_sender.is_some_and(spacing::is_spaced))
            .then(|| mailing(one, new, facts, consent));
        (verdict, mailing)
    } else {
        (decide(&new.policy, facts, consent, one.circumstances, one.at), None)
    };
    let to = Says::of(&verdict);
    let tracking = again.and_then(|again| TrackingChange::between(&again, &verdict));
    let kind = (from != to || mailing.is_some()).then(|| Kind {
        sender: facts.sender.clone(),
        stream: facts.stream,
        scope: facts.scope.clone(),
        jurisdiction: verdict.jurisdiction,
        from,
        to,
    });
    Compared { why, kind, mailing, tracking }
}

/// What is to be followed through the caps and quiet hours of the new set.
fn mailing(one: &Recorded<'_>, new: &New, facts: &Facts, consent: &ConsentState) -> Mailing {
    let mode = new.policy.sender(one.sender).map(|sender| sender.mode_in(facts.scope.as_ref()).0);
    let before = |own: &&Earlier| own.stage == Stage::Delivered && own.at < new.since;
    Mailing {
        at: one.at,
        zone: consent.time_zone.clone(),
        before: one.circumstances.earlier.iter().filter(before).cloned().collect(),
        spaced: if mode == Some(Mode::Shadow) { Spaced::InShadow } else { Spaced::Binding },
    }
}

impl Says {
    fn of(verdict: &Verdict) -> Self {
        let (kind, reason, ground) = (verdict.verdict, verdict.reason, verdict.ground);
        Self { verdict: kind.into(), reason, ground, passes_in_shadow: verdict.shadow.is_some() }
    }

    /// What becomes of the message.
    fn effect(&self) -> Effect {
        if self.passes_in_shadow { Effect::Deliver } else { self.verdict }
    }

    /// As it was recorded, where nothing tells of a mode.
    fn recorded(one: &Recorded<'_>) -> Self {
        let (reason, ground) = (one.reason, one.ground);
        Self { verdict: one.verdict.into(), reason, ground, passes_in_shadow: false }
    }
}

impl Effect {
    /// The contract's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Hold => "hold",
            Self::Deliver => "deliver",
        }
    }
}

impl From<VerdictKind> for Effect {
    fn from(kind: VerdictKind) -> Self {
        match kind {
            VerdictKind::Refuse => Self::Refuse,
            VerdictKind::Hold => Self::Hold,
            VerdictKind::Deliver => Self::Deliver,
        }
    }
}

impl Kind {
    pub fn change(&self) -> Change {
        match (self.from.effect(), self.to.effect()) {
            (from, to) if from == to => Change::Same,
            (_, Effect::Deliver) => Change::Gain,
            (Effect::Deliver, Effect::Refuse) => Change::Lose,
            (Effect::Deliver, Effect::Hold) if is_spacing(self.to.reason) => Change::Wait,
            _ => Change::Hold,
        }
    }
}

fn differs(one: &Recorded<'_>, again: &Verdict) -> Option<Why> {
    let recorded = (one.verdict, one.reason, one.ground, one.ground_event);
    if recorded == (again.verdict, again.reason, again.ground, again.ground_event) {
        return None;
    }
    let held = one.reason.is_some_and(is_of_the_moment);
    Some(if held { Why::Circumstances } else { Why::Differs })
}

/// Holds that rest on orders of their moment, or on counts that are not recorded.
fn is_of_the_moment(reason: Reason) -> bool {
    matches!(reason, Reason::CampaignPaused | Reason::WarmUp | Reason::HeldByOperator)
}

fn is_spacing(reason: Option<Reason>) -> bool {
    matches!(reason, Some(Reason::FrequencyCap | Reason::QuietHours))
}

#[cfg(test)]
mod tests;
