//! Recorded decisions under other policies: who gains mail, who loses it, and why. Pure: whoever reads the
//! records hands them in, one by one.
//!
//! Like is compared with like: a decision made again under the set of its time, with the one under the new set, on
//! the same facts, in the same moment. What the records alone can't make again is counted apart.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::decide::{Admission, Circumstances, Entry, admit, decide};
use super::{Facts, GroundKind, PolicySet, Reason, Scope, Stream, Verdict, VerdictKind};
use crate::consent::ConsentState;

/// Decisions that are named as examples of one kind of change.
const EXAMPLES: usize = 3;
/// People by kinds of change that are told apart (a person mostly takes two); beyond it numbers of people are lower
/// bounds, and memory stays what it is.
const MOST_PEOPLE: usize = 4_000_000;

/// A decision as it was recorded, with what it rested on.
#[derive(Clone, Debug)]
pub struct Recorded<'a> {
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
    pub const ALL: [Self; 5] =
        [Self::NotClassified, Self::PersonUnreadable, Self::SetMissing, Self::Circumstances, Self::Differs];

    /// For people.
    pub fn text(self) -> &'static str {
        match self {
            Self::NotClassified => {
                "refused for what the message is, before anybody was looked at: not compared"
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

/// How often one kind of change occurs.
#[derive(Clone, Debug, Default)]
pub struct Count {
    pub messages: u64,
    pub people: u64,
    pub examples: Vec<Uuid>,
}

/// What a change does to mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Leaves, and did not.
    Gain,
    /// Is refused, and left.
    Lose,
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
}

/// What was found so far. Its memory does not grow with the number of decisions, but with that of kinds of change
/// and of people who see one, within a bound.
#[derive(Debug, Default)]
pub struct Tally {
    pub decisions: u64,
    /// Messages that come further than before: they leave, or wait to.
    pub widened: u64,
    pub kinds: BTreeMap<Kind, Count>,
    pub people: BTreeMap<Change, u64>,
    /// Whether there were more people than are told apart.
    pub people_at_least: bool,
    pub not_made_again: BTreeMap<Why, Count>,
    seen: HashSet<(u32, u64)>,
    numbers: BTreeMap<Kind, u32>,
}

/// Decides one recorded decision again, under the set of its time and under the new one.
pub fn compare(one: &Recorded<'_>, new: &PolicySet) -> Compared {
    let but = |why| Compared { why: Some(why), kind: None };
    let (facts, consent) = match (one.facts, one.consent) {
        (None, _) => return but(Why::NotClassified),
        (_, None) => return but(Why::PersonUnreadable),
        (Some(facts), Some(consent)) => (facts, consent),
    };
    let (from, why) = match one.old {
        None => (Says::recorded(one), Some(Why::SetMissing)),
        Some(old) => {
            let again = decide(old, facts, consent, one.circumstances, one.at);
            (Says::of(old, facts, &again), differs(one, &again))
        }
    };
    let verdict = decide(new, facts, consent, one.circumstances, one.at);
    let to = Says::of(new, facts, &verdict);
    let kind = (from != to).then(|| Kind {
        sender: facts.sender.clone(),
        stream: facts.stream,
        scope: facts.scope.clone(),
        jurisdiction: verdict.jurisdiction,
        from,
        to,
    });
    Compared { why, kind }
}

impl Says {
    fn of(policy: &PolicySet, facts: &Facts, verdict: &Verdict) -> Self {
        let enters = match admit(policy, facts, verdict.clone()) {
            Admission::Spool(spoolable) => Some(spoolable.entry()),
            Admission::Refuse(_) => None,
        };
        let (kind, reason, ground) = (verdict.verdict, verdict.reason, verdict.ground);
        let passes_in_shadow = enters == Some(Entry::Queued) && kind != VerdictKind::Deliver;
        Self { verdict: kind.into(), reason, ground, passes_in_shadow }
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
            _ => Change::Hold,
        }
    }
}

impl Tally {
    /// Takes in what became of one decision.
    pub fn add(&mut self, decision: Uuid, person: u64, compared: Compared) {
        self.decisions += 1;
        if let Some(why) = compared.why {
            self.not_made_again.entry(why).or_default().add(decision, true);
        }
        let Some(kind) = compared.kind else { return };
        self.widened += u64::from(kind.to.effect() > kind.from.effect());
        let change = kind.change();
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX).saturating_add(FIRST_KIND);
        let number = *self.numbers.entry(kind.clone()).or_insert(next);
        let new_in_kind = self.is_new(number, person);
        self.kinds.entry(kind).or_default().add(decision, new_in_kind);
        *self.people.entry(change).or_default() += u64::from(self.is_new(change as u32, person));
    }

    fn is_new(&mut self, of: u32, person: u64) -> bool {
        if self.seen.len() < MOST_PEOPLE {
            return self.seen.insert((of, person));
        }
        self.people_at_least = true;
        false
    }

    /// Messages that see this change.
    pub fn messages(&self, change: Change) -> u64 {
        self.of(change).map(|(_, count)| count.messages).sum()
    }

    /// The kinds of one change, the most frequent first.
    pub fn of(&self, change: Change) -> impl Iterator<Item = (&Kind, &Count)> {
        let mut kinds: Vec<_> = self.kinds.iter().filter(|(kind, _)| kind.change() == change).collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(count.messages));
        kinds.into_iter()
    }

    /// Decisions that were compared and found the same.
    pub fn unchanged(&self) -> u64 {
        let changed: u64 = self.kinds.values().map(|count| count.messages).sum();
        let skipped = [Why::NotClassified, Why::PersonUnreadable];
        let skipped = skipped.iter().filter_map(|why| self.not_made_again.get(why));
        self.decisions - changed - skipped.map(|count| count.messages).sum::<u64>()
    }
}

impl Count {
    fn add(&mut self, decision: Uuid, is_new: bool) {
        self.messages += 1;
        self.people += u64::from(is_new);
        if self.examples.len() < EXAMPLES {
            self.examples.push(decision);
        }
    }
}

/// Numbers below it are those of `Change`.
const FIRST_KIND: u32 = 16;

fn differs(one: &Recorded<'_>, again: &Verdict) -> Option<Why> {
    let recorded = (one.verdict, one.reason, one.ground, one.ground_event);
    if recorded == (again.verdict, again.reason, again.ground, again.ground_event) {
        return None;
    }
    let held = one.reason.is_some_and(is_of_the_moment);
    Some(if held { Why::Circumstances } else { Why::Differs })
}

/// Holds that rest on counts or orders of their moment.
fn is_of_the_moment(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::FrequencyCap
            | Reason::PausedBySubscriber
            | Reason::CampaignPaused
            | Reason::WarmUp
            | Reason::HeldByOperator
    )
}

#[cfg(test)]
mod tests;
