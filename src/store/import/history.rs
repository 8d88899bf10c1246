//! The history of a person whom a table tells of, and long ones of many transactions: a table may tell thousands of facts
//! of one person, and none of them may cost reading, or folding, or going through all that came before.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use uuid::Uuid;

use crate::consent::admit::speaks_for_mail;
use crate::consent::{ConsentState, Event, EventKind, fold};
use crate::store::fact::Fact;

/// A history of no more facts is gone through, and read again, faster than anything is kept of it.
const SHORT: usize = 64;
/// So many facts are kept of long histories, some 40 MB; the one that was added to last, whatever its length.
const MOST_KEPT: usize = 100_000;

/// One person's facts, oldest first, and the state that they make.
#[derive(Default)]
pub(super) struct History {
    events: Vec<Event>,
    state: ConsentState,
    /// Of how many facts the state is.
    folded: usize,
    /// Of a long one.
    index: Option<Index>,
}

#[derive(Default)]
struct Index {
    ids: HashSet<Uuid>,
    /// Where the tellings of each time are.
    told: HashMap<Timestamp, Vec<usize>>,
    youngest: Option<(Timestamp, usize)>,
}

impl Index {
    fn add(&mut self, place: usize, event: &Event) {
        self.ids.insert(event.id);
        for time in [Some(event.occurred_at), event.told_at].into_iter().flatten() {
            self.told.entry(time).or_default().push(place);
        }
        self.youngest = self.youngest.max(Some((event.occurred_at, place)));
    }
}

impl History {
    pub fn of(events: Vec<Event>) -> Self {
        let (state, folded) = (fold(&events), events.len());
        let mut history = Self { events, state, folded, index: None };
        history.keep_index();
        history
    }

    fn keep_index(&mut self) {
        if self.index.is_none() && self.events.len() > SHORT {
            let mut index = Index::default();
            self.events.iter().enumerate().for_each(|(place, event)| index.add(place, event));
            self.index = Some(index);
        }
    }

    pub fn push(&mut self, event: Event) {
        if let Some(index) = &mut self.index {
            index.add(self.events.len(), &event);
        }
        let is_end = event.kind == EventKind::Erased;
        self.events.push(event);
        self.keep_index();
        if is_end {
            self.state();
        }
    }

    pub fn events(&self) -> &[Event] {
        &self.events
    }

    pub fn holds(&self, id: Uuid) -> bool {
        match &self.index {
            Some(index) => index.ids.contains(&id),
            None => self.events.iter().any(|own| own.id == id),
        }
    }

    /// The facts that the judgement on this one can rest on: those that it may tell again, and the youngest, which what
    /// has no time comes after. All, where presses of links or an undoing are judged.
    pub fn bearing_on(&self, fact: &Fact) -> Cow<'_, [Event]> {
        let is_undoing = matches!(fact.event.kind, EventKind::WithdrawalUndone { .. });
        let asks_for_all = is_undoing || fact.confirms.is_some() || fact.event.is_by_own_link();
        let Some(index) = self.index.as_ref().filter(|_| !asks_for_all) else {
            return Cow::Borrowed(&self.events);
        };
        let tellings = fact.told.and_then(|told| index.told.get(&told)).into_iter().flatten().copied();
        let places: BTreeSet<usize> = tellings.chain(index.youngest.map(|(_, place)| place)).collect();
        places.into_iter().filter_map(|place| self.events.get(place).cloned()).collect()
    }

    /// Makes `standing` what the judgement on this fact asks for: whether, and up to when, an erasure stands. Facts that
    /// were added since it was made leave the living alive, and the erased erased; they may put a tombstone's barrier up,
    /// which only what speaks for mail meets.
    pub fn prepare(&mut self, fact: &Fact) {
        if self.state.erased.is_some() && speaks_for_mail(&fact.event.kind) {
            self.state();
        }
    }

    pub fn standing(&self) -> &ConsentState {
        &self.state
    }

    /// Of all facts.
    pub fn state(&mut self) -> &ConsentState {
        if self.folded < self.events.len() {
            self.state = fold(&self.events);
            self.folded = self.events.len();
        }
        &self.state
    }
}

/// Long histories as the last transactions have left them, each known by its row and that row's version: nothing but a
/// greater version changes what a row's history holds.
#[derive(Default)]
pub(super) struct Kept {
    known: HashMap<Uuid, Known>,
    events: usize,
    round: u64,
}

struct Known {
    version: i64,
    history: History,
    round: u64,
}

impl Kept {
    /// The history of this row, if it is still what it was. Under the row's lock.
    pub fn take(&mut self, row: Uuid, version: i64) -> Option<History> {
        let known = self.known.remove(&row)?;
        self.events -= known.history.events.len();
        (known.version == version).then_some(known.history)
    }

    /// Only what is committed.
    pub fn keep(&mut self, row: Uuid, version: i64, history: History) {
        if history.events.len() <= SHORT {
            return;
        }
        self.round += 1;
        self.events += history.events.len();
        self.known.insert(row, Known { version, history, round: self.round });
        while self.events > MOST_KEPT && self.known.len() > 1 {
            let oldest = self.known.iter().min_by_key(|(_, known)| known.round).map(|(row, _)| *row);
            let gone = oldest.and_then(|row| self.known.remove(&row));
            self.events -= gone.map_or(0, |gone| gone.history.events.len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::event::Acquaintance;
    use crate::store::Who;

    fn event(id: u128, second: i64) -> Event {
        Event {
            id: Uuid::from_u128(id),
            kind: EventKind::Acquainted {
                how: Acquaintance::Purchase,
                scope: "apparel".parse().unwrap(),
                notice: true,
            },
            occurred_at: Timestamp::from_second(1_700_000_000 + second).unwrap(),
            told_at: None,
            recorded_at: Timestamp::from_second(1_800_000_000).unwrap(),
            channel: "import".to_owned(),
            jurisdiction: None,
            locale: None,
            time_zone: None,
            texts: Default::default(),
        }
    }

    fn of(facts: i64) -> History {
        History::of((0..facts).map(|number| event(number as u128, number / 2)).collect())
    }

    #[test]
    fn a_row_is_judged_by_the_tellings_of_its_time_and_the_youngest_fact() {
        let told = |event: Event| Fact {
            sender: "shop".to_owned(),
            who: Who::Subscriber(Uuid::nil()),
            told: Some(event.occurred_at),
            event,
            evidence: serde_json::Value::Null,
            confirms: None,
            once: None,
        };
        let mut history = of(1001);
        let ids = |own: &[Event]| own.iter().map(|own| own.id.as_u128()).collect::<Vec<_>>();
        assert_eq!(ids(&history.bearing_on(&told(event(5000, 20)))), [40, 41, 1000]);
        assert_eq!(ids(&history.bearing_on(&told(event(5000, 9000)))), [1000]);
        history.push(Event { told_at: Some(event(0, 20).occurred_at), ..event(1001, 2000) });
        assert_eq!(ids(&history.bearing_on(&told(event(5000, 20)))), [40, 41, 1001]);
        let pressed = Event { channel: "page".to_owned(), ..event(5000, 20) };
        assert_eq!(history.bearing_on(&told(pressed)).len(), 1002);
        assert_eq!(history.events().len(), 1002);
        assert!(history.holds(Uuid::from_u128(1001)) && !history.holds(Uuid::from_u128(1002)));
    }

    #[test]
    fn long_histories_are_kept_within_a_bound_and_only_as_their_rows_are() {
        let mut kept = Kept::default();
        let rows = [1, 2, 3].map(Uuid::from_u128);
        kept.keep(rows[0], 10, of(10));
        assert!(kept.take(rows[0], 10).is_none(), "a short one is read faster");
        for row in rows {
            kept.keep(row, 45_000, of(45_000));
        }
        assert!(kept.take(rows[0], 45_000).is_none(), "the oldest has gone");
        assert!(kept.take(rows[1], 45_001).is_none(), "somebody has added to it");
        assert_eq!(kept.take(rows[2], 45_000).unwrap().events().len(), 45_000);
        assert_eq!((kept.known.len(), kept.events), (0, 0));
    }
}
