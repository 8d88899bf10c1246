//! What a replay found, counted. Its memory does not grow with the number of decisions, but with that of kinds of
//! change and of people who see one, within a bound.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::super::sender::Mode;
use super::spacing::{Leaves, Simulated, Turn};
use super::{Change, Compared, Effect, Kind, New, Says, TrackingChange, Why};

/// Decisions that are named as examples of one kind of change.
pub(super) const EXAMPLES: usize = 3;
/// People by kinds of change that are told apart (a person mostly takes two); beyond it numbers of people are lower
/// bounds, and memory stays what it is.
const MOST_PEOPLE: usize = 4_000_000;

/// How often one kind of change occurs.
#[derive(Clone, Debug, Default)]
pub struct Count {
    pub messages: u64,
    pub people: u64,
    pub examples: Vec<Uuid>,
}

/// What was found so far.
#[derive(Debug)]
pub struct Tally {
    new: Arc<New>,
    simulated: Simulated,
    pub decisions: u64,
    /// Messages that come further than before: they leave, or wait to.
    pub widened: u64,
    pub kinds: BTreeMap<Kind, Count>,
    /// Messages that the new files may take for something else, so that nobody can tell what becomes of them.
    pub may_widen: u64,
    /// Messages that left, and would have waited until it was too late.
    pub never_left: u64,
    pub people: BTreeMap<Change, u64>,
    /// Whether there were more people than are told apart.
    pub people_at_least: bool,
    pub not_made_again: BTreeMap<Why, Count>,
    /// Copies that would keep their pixels and tracked links, and lost them; and the other way round.
    pub tracking_gained: u64,
    pub tracking_lost: u64,
    seen: HashSet<(u32, u64)>,
    numbers: BTreeMap<Kind, u32>,
}

impl Tally {
    pub fn new(new: Arc<New>) -> Self {
        Self {
            new,
            simulated: Simulated::default(),
            decisions: 0,
            widened: 0,
            may_widen: 0,
            never_left: 0,
            kinds: BTreeMap::new(),
            people: BTreeMap::new(),
            people_at_least: false,
            not_made_again: BTreeMap::new(),
            tracking_gained: 0,
            tracking_lost: 0,
            seen: HashSet::new(),
            numbers: BTreeMap::new(),
        }
    }

    /// Takes in what became of one decision; they come in the order of time.
    pub fn add(&mut self, decision: Uuid, person: u64, compared: Compared) {
        self.decisions += 1;
        self.tracking_gained += u64::from(compared.tracking == Some(TrackingChange::Gains));
        self.tracking_lost += u64::from(compared.tracking == Some(TrackingChange::Loses));
        if let Some(why) = compared.why {
            self.may_widen += u64::from(why.may_widen());
            self.not_made_again.entry(why).or_default().add(decision, true);
        }
        let Some(kind) = self.spaced(person, compared).filter(|kind| kind.from != kind.to) else { return };
        self.widened += u64::from(kind.to.effect() > kind.from.effect());
        let change = kind.change();
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX).saturating_add(FIRST_KIND);
        let number = *self.numbers.entry(kind.clone()).or_insert(next);
        let new_in_kind = self.is_new(number, person);
        self.kinds.entry(kind).or_default().add(decision, new_in_kind);
        *self.people.entry(change).or_default() += u64::from(self.is_new(change as u32, person));
    }

    /// The change, once the message went through the caps and quiet hours of the new files.
    fn spaced(&mut self, person: u64, compared: Compared) -> Option<Kind> {
        let mut kind = compared.kind?;
        let Some(mailing) = compared.mailing else { return Some(kind) };
        let Some(sender) = self.new.policy.sender(&kind.sender) else { return Some(kind) };
        let turn = self.simulated.follow(sender, person, kind.scope.as_ref(), mailing);
        self.people_at_least |= self.simulated.people_at_least;
        let Turn::Waits(reason, leaves) = turn else { return Some(kind) };
        // What shadow mode lets pass on a refusal stays what it is.
        if kind.to.verdict == Effect::Deliver {
            let in_shadow = sender.mode_in(kind.scope.as_ref()).0 == Mode::Shadow;
            kind.to = Says {
                verdict: Effect::Hold,
                reason: Some(reason),
                ground: None,
                passes_in_shadow: in_shadow,
            };
            self.never_left += u64::from(kind.change() == Change::Wait && leaves == Leaves::Never);
        }
        Some(kind)
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
        let skipped = [Why::NotClassified, Why::MightBeClassified, Why::PersonUnreadable];
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
