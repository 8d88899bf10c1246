//! Whether a fact may be added to a history, and to which. Asked under the subscriber's row lock.

use jiff::Timestamp;
use uuid::Uuid;

use super::fold::{No, Pending};
use super::{ConsentState, Event, EventKind};
use crate::policy::Scope;

/// How far ahead of our clock a fact may be dated, in seconds: clocks differ.
pub const AHEAD_SECONDS: i64 = 300;
/// For how long a person may undo an own withdrawal, in seconds.
pub const UNDO_SECONDS: i64 = 24 * 3600;
/// A withdrawal that repeats a standing one within this many seconds says nothing new (a double click, a
/// request tried again), so that a link pressed over and over does not make history grow without bound.
/// It is short because a yes from between the two may yet be told us, and must not beat the second no.
pub const REPETITION_SECONDS: i64 = 600;

/// Where a fact goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// The person's own history (a new one, if the person is unknown).
    History,
    /// A new history: the old one was erased, and this fact is the person's new beginning.
    FreshHistory,
    /// Nowhere: this event said the same before, and nothing since said otherwise.
    Already(Uuid),
}

/// Why a fact is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    #[error("it is dated more than five minutes ahead")]
    DatedAhead,
    #[error("the person was erased, and only a younger opt-in of their own begins anew")]
    Erased,
    #[error("there is no such withdrawal to undo, or its 24 hours are over")]
    NothingToUndo,
}

/// Whether this fact may be recorded. `state` is the person's as it stands.
pub fn admit(
    state: &ConsentState,
    kind: &EventKind,
    occurred_at: Timestamp,
    now: Timestamp,
) -> Result<Onto, NotAdmitted> {
    if seconds_between(now, occurred_at) > AHEAD_SECONDS {
        return Err(NotAdmitted::DatedAhead);
    }
    if let Some(barrier) = barrier(state) {
        // Invariant 5: nothing but the person's own new yes gets past a tombstone. A no about it is kept, since
        // a yes from before it may yet be told us.
        return match kind {
            EventKind::OptIn { .. } if occurred_at > barrier => Ok(Onto::FreshHistory),
            EventKind::Withdrawal { .. } | EventKind::Suppressed { .. } => {
                Ok(said_before(state, kind, occurred_at, now).map_or(Onto::History, Onto::Already))
            }
            _ => Err(NotAdmitted::Erased),
        };
    }
    if let EventKind::WithdrawalUndone { withdrawal } = kind {
        let standing = state.withdrawals.iter().find(|no| no.event == *withdrawal && !no.complaint);
        let moment = occurred_at.max(now);
        return match standing {
            Some(no) if occurred_at >= no.at && seconds_between(no.at, moment) <= UNDO_SECONDS => {
                Ok(Onto::History)
            }
            _ => Err(NotAdmitted::NothingToUndo),
        };
    }
    Ok(said_before(state, kind, occurred_at, now).map_or(Onto::History, Onto::Already))
}

/// Up to when a tombstone's person has said no to all there was: a yes, a purchase or a sign-up from then or
/// before counts no more. `None` if the person was not erased.
pub fn barrier(state: &ConsentState) -> Option<Timestamp> {
    let erased = state.erased?;
    let withdrawn = state.withdrawals.iter().map(|no| no.at);
    let suppressed = state.suppressed.iter().map(|(_, at)| *at);
    Some(withdrawn.chain(suppressed).fold(erased, Timestamp::max))
}

/// Whether a fact can be a ground, so that an erasure must not be older than it.
pub fn speaks_for_mail(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::OptIn { .. }
            | EventKind::Acquainted { .. }
            | EventKind::SignupRequested { .. }
            | EventKind::Unconfirmed { .. }
    )
}

/// The event that is the same fact, told with the same time: a list that comes again says nothing new, though younger
/// facts have replaced its own in the state, or taken them back.
pub fn told_before(history: &[Event], kind: &EventKind, occurred_at: Timestamp) -> Option<Uuid> {
    let same = |own: &&Event| own.occurred_at == occurred_at && own.kind == *kind;
    history.iter().find(same).map(|own| own.id)
}

/// The event that said the same.
fn said_before(
    state: &ConsentState,
    kind: &EventKind,
    occurred_at: Timestamp,
    now: Timestamp,
) -> Option<Uuid> {
    match kind {
        EventKind::Withdrawal { scopes, complaint } => {
            let standing = |scope| standing_no(state, scope, *complaint, occurred_at, now);
            if scopes.is_empty() {
                standing(None)
            } else {
                one_for_all(scopes, |scope| standing(Some(scope)))
            }
        }
        EventKind::OptIn { ground, scopes } => one_for_all(scopes, |scope| {
            let same = |yes: &&super::fold::Yes| {
                yes.ground == *ground && yes.scope == *scope && yes.at == occurred_at
            };
            state.opt_ins.iter().find(same).map(|yes| yes.event)
        }),
        EventKind::SignupRequested { scopes } => same_wait(&state.pending, scopes, occurred_at),
        EventKind::Unconfirmed { scopes } => same_wait(&state.unconfirmed, scopes, occurred_at),
        EventKind::Acquainted { how, scope, notice } => {
            let same = state.acquaintances.iter().find(|one| {
                one.how == *how && one.scope == *scope && one.notice == *notice && one.at == occurred_at
            });
            same.map(|one| one.event)
        }
        _ => None,
    }
}

fn same_wait(waiting: &[Pending], scopes: &[Scope], at: Timestamp) -> Option<Uuid> {
    let same = |scope: &Scope| waiting.iter().find(|one| one.scope == *scope && one.at == at);
    one_for_all(scopes, |scope| same(scope).map(|one| one.event))
}

/// The event of the first scope, if every scope has one.
fn one_for_all<'a>(scopes: &'a [Scope], event: impl Fn(&'a Scope) -> Option<Uuid>) -> Option<Uuid> {
    let mut events = scopes.iter().map(event);
    let first = events.next()??;
    events.all(|event| event.is_some()).then_some(first)
}

/// A recorded no that makes another one for this scope (`None`: all) superfluous, whatever is heard or
/// undone later.
fn standing_no(
    state: &ConsentState,
    scope: Option<&Scope>,
    complaint: bool,
    occurred_at: Timestamp,
    now: Timestamp,
) -> Option<Uuid> {
    let says_it_all = |no: &&No| {
        let covers = match (&no.scope, scope) {
            (None, _) => true,
            (Some(own), Some(scope)) => own.covers(scope),
            (Some(_), None) => false,
        };
        // A complaint is told once more: it can't be undone, and it is counted.
        covers && (no.complaint || !complaint)
    };
    let superfluous = |no: &&No| {
        if occurred_at == no.at && no.scope.as_ref() == scope {
            true
        } else if occurred_at >= no.at {
            let soon = seconds_between(no.at, occurred_at) <= REPETITION_SECONDS;
            soon && !yes_since(state, scope, no.at)
        } else {
            // A younger no that may yet be undone would leave nothing of the older one.
            no.complaint || seconds_between(no.at, now) > UNDO_SECONDS
        }
    };
    state.withdrawals.iter().filter(says_it_all).find(superfluous).map(|no| no.event)
}

/// Whether a yes that is not older touches this scope (`None`: any).
fn yes_since(state: &ConsentState, scope: Option<&Scope>, at: Timestamp) -> bool {
    let touches = |own: &Scope| scope.is_none_or(|scope| own.covers(scope) || scope.covers(own));
    state.opt_ins.iter().any(|yes| yes.at >= at && touches(&yes.scope))
}

fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_microsecond() - from.as_microsecond()).div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::super::event::{Acquaintance, OptIn, Suppression};
    use super::super::fold;
    use super::*;

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn scopes(texts: &[&str]) -> Vec<Scope> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn no(texts: &[&str]) -> EventKind {
        EventKind::Withdrawal { scopes: scopes(texts), complaint: false }
    }

    fn complaint() -> EventKind {
        EventKind::Withdrawal { scopes: vec![], complaint: true }
    }

    fn yes(texts: &[&str]) -> EventKind {
        EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: scopes(texts) }
    }

    fn undo(id: u128) -> EventKind {
        EventKind::WithdrawalUndone { withdrawal: Uuid::from_u128(id) }
    }

    /// A history of facts with the ids 1, 2, … at these seconds.
    fn state(facts: &[(i64, EventKind)]) -> ConsentState {
        let events: Vec<Event> = facts
            .iter()
            .zip(1u128..)
            .map(|((second, kind), id)| Event {
                id: Uuid::from_u128(id),
                kind: kind.clone(),
                occurred_at: at(*second),
                recorded_at: at(*second),
                channel: "test".to_owned(),
                jurisdiction: None,
                locale: None,
                time_zone: None,
                texts: Default::default(),
            })
            .collect();
        fold(&events)
    }

    #[track_caller]
    fn check(
        facts: &[(i64, EventKind)],
        fact: (i64, EventKind),
        now: i64,
        expected: Result<Onto, NotAdmitted>,
    ) {
        assert_eq!(admit(&state(facts), &fact.1, at(fact.0), at(now)), expected);
    }

    fn already(id: u128) -> Result<Onto, NotAdmitted> {
        Ok(Onto::Already(Uuid::from_u128(id)))
    }

    #[test]
    fn a_fact_may_be_dated_five_minutes_ahead_and_no_more() {
        check(&[], (300, yes(&["apparel"])), 0, Ok(Onto::History));
        check(&[], (301, yes(&["apparel"])), 0, Err(NotAdmitted::DatedAhead));
        check(&[], (301, no(&[])), 0, Err(NotAdmitted::DatedAhead));
    }

    #[test]
    fn i5_a_tombstone_yields_to_a_younger_opt_in_alone() {
        let erased = [(10, EventKind::Erased)];
        check(&erased, (11, yes(&["apparel"])), 20, Ok(Onto::FreshHistory));
        for older in [9, 10] {
            check(&erased, (older, yes(&["apparel"])), 20, Err(NotAdmitted::Erased));
        }
        let purchase = EventKind::Acquainted {
            how: Acquaintance::Purchase,
            scope: "apparel".parse().unwrap(),
            notice: true,
        };
        for kind in [purchase, EventKind::Erased, EventKind::Restricted] {
            check(&erased, (11, kind), 20, Err(NotAdmitted::Erased));
        }
    }

    #[test]
    fn i5_a_no_about_a_tombstone_is_kept_and_outweighs_an_older_yes() {
        let bounce = EventKind::Suppressed { why: Suppression::Bounce };
        for no in [no(&[]), no(&["apparel"]), complaint(), bounce] {
            check(&[(10, EventKind::Erased)], (20, no.clone()), 20, Ok(Onto::History));
            let facts = [(10, EventKind::Erased), (20, no)];
            for older in [11, 20] {
                check(&facts, (older, yes(&["apparel"])), 30, Err(NotAdmitted::Erased));
            }
            check(&facts, (21, yes(&["apparel"])), 30, Ok(Onto::FreshHistory));
        }
        // Pressing an old link over and over does not make a tombstone grow.
        check(&[(10, EventKind::Erased), (20, no(&[]))], (25, no(&[])), 25, already(2));
    }

    #[test]
    fn a_double_click_is_one_withdrawal() {
        check(&[(0, no(&[]))], (5, no(&[])), 5, already(1));
        check(&[(0, no(&[]))], (5, no(&["apparel"])), 5, already(1));
        check(&[(0, no(&["apparel"]))], (5, no(&["apparel.tshirts"])), 5, already(1));
        check(&[(0, no(&["apparel"]))], (5, no(&["apparel", "furniture"])), 5, Ok(Onto::History));
        check(&[(0, no(&["apparel"]))], (5, no(&[])), 5, Ok(Onto::History));
    }

    #[test]
    fn i5_a_no_is_said_again_once_something_may_have_come_between() {
        // A yes of that time, heard of later, must not beat the second no.
        check(&[(0, no(&[]))], (HOUR, no(&[])), HOUR, Ok(Onto::History));
        check(&[(0, no(&[])), (3, yes(&["apparel"]))], (5, no(&[])), 5, Ok(Onto::History));
        check(&[(0, no(&[])), (3, undo(1))], (5, no(&[])), 5, Ok(Onto::History));
        // The younger no may still be undone, and must then leave the older one.
        check(&[(9, no(&[]))], (5, no(&[])), 10, Ok(Onto::History));
        check(&[(9, no(&[]))], (5, no(&[])), 2 * DAY, already(1));
    }

    #[test]
    fn the_same_withdrawal_imported_again_is_recorded_once() {
        let facts = [(0, no(&["apparel"])), (3, yes(&["apparel"]))];
        check(&facts, (0, no(&["apparel"])), 9, already(1));
        check(&facts, (4, no(&["apparel"])), 9, Ok(Onto::History));
    }

    #[test]
    fn a_complaint_after_a_withdrawal_is_recorded_and_the_reverse_is_not() {
        check(&[(0, no(&[]))], (5, complaint()), 5, Ok(Onto::History));
        check(&[(0, complaint())], (5, no(&[])), 5, already(1));
        check(&[(0, complaint())], (5, complaint()), 5, already(1));
    }

    #[test]
    fn a_withdrawal_can_be_undone_for_a_day_while_it_stands() {
        let facts = [(0, no(&["apparel"]))];
        check(&facts, (DAY, undo(1)), DAY, Ok(Onto::History));
        check(&facts, (DAY + 1, undo(1)), DAY + 1, Err(NotAdmitted::NothingToUndo));
        // A date from within the day does not help on the day after.
        check(&facts, (5, undo(1)), DAY + 1, Err(NotAdmitted::NothingToUndo));
        check(&facts, (5, undo(2)), 5, Err(NotAdmitted::NothingToUndo));
        check(&[(0, no(&[])), (3, undo(1))], (5, undo(1)), 5, Err(NotAdmitted::NothingToUndo));
        check(&[(0, complaint())], (5, undo(1)), 5, Err(NotAdmitted::NothingToUndo));
    }

    #[test]
    fn the_same_yes_is_recorded_once() {
        let facts = [(0, yes(&["apparel", "furniture"]))];
        check(&facts, (0, yes(&["apparel", "furniture"])), 9, already(1));
        check(&facts, (0, yes(&["apparel"])), 9, already(1));
        check(&facts, (1, yes(&["apparel"])), 9, Ok(Onto::History));
        check(&facts, (0, yes(&["apparel", "garden"])), 9, Ok(Onto::History));
        let single = EventKind::OptIn { ground: OptIn::SingleOptIn, scopes: scopes(&["apparel"]) };
        check(&facts, (0, single), 9, Ok(Onto::History));
    }

    #[test]
    fn the_same_purchase_is_recorded_once() {
        let bought = |notice| EventKind::Acquainted {
            how: Acquaintance::Purchase,
            scope: "apparel.tshirts".parse().unwrap(),
            notice,
        };
        check(&[(0, bought(true))], (0, bought(true)), 9, already(1));
        check(&[(0, bought(true))], (0, bought(false)), 9, Ok(Onto::History));
        check(&[(0, bought(true))], (1, bought(true)), 9, Ok(Onto::History));
    }
}
