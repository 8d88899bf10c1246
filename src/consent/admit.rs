//! Whether a fact may be added to a history, and to which. Asked under the subscriber's row lock.
//!
//! Of what is told nothing is left out but the very same fact, of the same time: a yes from between two noes may yet be
//! told us, and must not beat the second one because the first came so shortly before it (invariant 5). Growth is
//! bounded only where nobody who tells has a credential, which is at a person's own links, and only beyond a number of
//! presses that no person makes.

mod pressed;

use jiff::Timestamp;
use uuid::Uuid;

use super::event::{BEGUN_ANEW, Frequency, SignedUpBy};
use super::fold::taken_back;
use super::{ConsentState, Event, EventKind};
use crate::policy::Scope;

/// How far ahead of our clock a fact may be dated, in seconds: clocks differ.
pub const AHEAD_SECONDS: i64 = 300;
/// What is dated earlier, in seconds since 1970, is an empty date (a spreadsheet's, a database's) or a slip. A no with
/// such a date would lose to any yes.
pub const EARLIEST_SECOND: i64 = 631_152_000; // 1990-01-01
/// For how long a person may undo an own withdrawal, in seconds.
pub const UNDO_SECONDS: i64 = 24 * 3600;
/// Beyond this many noes of one person by own links within a day, one is recorded only where none of the last minute says
/// as much: somebody's program presses the link. Beyond as many undoings nothing is taken back: the no stays. The same
/// holds of answers to tracking.
pub const PRESSES: usize = 100;
const PRESSES_SECONDS: i64 = 24 * 3600;
const PRESSED_SECONDS: i64 = 60;

/// How long a pause may last, in seconds.
pub const LONGEST_PAUSE_SECONDS: i64 = 366 * 24 * 3600;

/// Where a fact goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// The person's own history (a new one, if the person is unknown).
    History,
    /// A new history, which opens with `begun_anew`: the old one was erased, and this fact is the person's new beginning.
    FreshHistory,
    /// Nowhere: this event is the same fact.
    Already(Uuid),
}

/// Why a fact is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    #[error("it is dated more than five minutes ahead")]
    DatedAhead,
    #[error("it is dated before 1990: is it an empty date?")]
    DatedTooEarly,
    #[error("the person was erased, and only a younger opt-in or sign-up of their own begins anew")]
    Erased,
    #[error("there is no such withdrawal to undo, or its 24 hours are over")]
    NothingToUndo,
    #[error("there is no such sign-up to confirm, or it was withdrawn since")]
    NothingToConfirm,
    #[error("the link was pressed more often today than any person presses it: the answer before stands")]
    PressedTooOften,
    #[error("a pause ends later than it begins, and within a year: who wants no more mail withdraws")]
    PauseOutOfBounds,
}

/// The time that a fact counts with, of the one that it was told with.
///
/// What we heard of has happened, whatever another clock says: left ahead of ours, a yes would beat the no that follows
/// it. A no keeps its time, or it would become older than a yes that was told a second before it, and of two noes and a
/// yes dated ahead the order of arrival would decide.
pub fn occurred_at(kind: &EventKind, told: Timestamp, now: Timestamp) -> Timestamp {
    match kind {
        EventKind::Withdrawal { .. }
        | EventKind::TrackingWithdrawal
        | EventKind::Paused { .. }
        | EventKind::ProfilingObjection
        | EventKind::Suppressed { .. }
        | EventKind::Restricted
        | EventKind::Erased => told,
        EventKind::FrequencyChosen { at_most } if *at_most > Frequency::AsSent => told,
        _ => told.min(now),
    }
}

/// Whether this fact may be recorded. `history` is the person's as it stands, and `state` what it folds to.
pub fn admit(
    history: &[Event],
    state: &ConsentState,
    fact: &Event,
    now: Timestamp,
) -> Result<Onto, NotAdmitted> {
    if seconds_between(now, fact.told_at.unwrap_or(fact.occurred_at)) > AHEAD_SECONDS {
        return Err(NotAdmitted::DatedAhead);
    }
    if fact.occurred_at.as_second() < EARLIEST_SECOND {
        return Err(NotAdmitted::DatedTooEarly);
    }
    if let EventKind::Paused { until } = &fact.kind
        && !(1..=LONGEST_PAUSE_SECONDS).contains(&seconds_between(fact.occurred_at, *until))
    {
        return Err(NotAdmitted::PauseOutOfBounds);
    }
    if let Some(barrier) = barrier(state) {
        // Invariant 5: nothing but the person's own new yes, or new sign-up, gets past a tombstone. A no about it is
        // kept, since a yes from before it may yet be told us; a block that was lifted no longer stops functional
        // mail.
        return match &fact.kind {
            EventKind::OptIn { .. } | EventKind::SignupRequested { by: SignedUpBy::Told, .. }
                if fact.occurred_at > barrier =>
            {
                Ok(Onto::FreshHistory)
            }
            EventKind::Withdrawal { .. }
            | EventKind::TrackingWithdrawal
            | EventKind::ProfilingObjection
            | EventKind::Suppressed { .. }
            | EventKind::SuppressionLifted { .. } => {
                Ok(said_before(history, fact).map_or(Onto::History, Onto::Already))
            }
            _ => Err(NotAdmitted::Erased),
        };
    }
    if let EventKind::WithdrawalUndone { withdrawal, scopes } = &fact.kind {
        return undoing(history, *withdrawal, scopes, fact.occurred_at, now);
    }
    if pressed::is_too_many(history, fact) {
        return Err(NotAdmitted::PressedTooOften);
    }
    Ok(said_before(history, fact).map_or(Onto::History, Onto::Already))
}

/// Up to when a tombstone's person has said no to all there was: a yes, a purchase or a sign-up from then or
/// before counts no more. `None` if the person was not erased.
pub fn barrier(state: &ConsentState) -> Option<Timestamp> {
    let erased = state.erased?;
    let withdrawn = state.withdrawals.iter().map(|no| no.at);
    let suppressed = state.suppressed.iter().map(|(_, at)| *at);
    Some(withdrawn.chain(suppressed).fold(erased, Timestamp::max))
}

/// What the new history of an erased person opens with, each with its time: a no to all there was before, since an
/// erasure must not let mail go that it found stopped, and the blocks of the address. The person's new yes revives what
/// it names, and nothing beside it.
pub fn begun_anew(erased: &ConsentState) -> Vec<(EventKind, Timestamp)> {
    let Some(barrier) = barrier(erased) else { return Vec::new() };
    let all = (EventKind::Withdrawal { scopes: Vec::new(), complaint: false }, barrier);
    let blocks = erased.suppressed.iter().map(|(why, at)| (EventKind::Suppressed { why: *why }, *at));
    // A no to tracking may have come after the barrier.
    let tracking = erased.tracking.no.filter(|no| no.at > barrier);
    let tracking = tracking.map(|no| (EventKind::TrackingWithdrawal, no.at));
    // A no to all marketing does not say this one as well.
    let profiling = erased.choices.profiling_objection();
    let profiling = profiling.map(|no| (EventKind::ProfilingObjection, no.at));
    std::iter::once(all).chain(blocks).chain(tracking).chain(profiling).collect()
}

/// One of those, as an event.
pub fn begun_anew_event(id: Uuid, (kind, occurred_at): (EventKind, Timestamp), now: Timestamp) -> Event {
    Event {
        id,
        kind,
        occurred_at,
        recorded_at: now,
        channel: BEGUN_ANEW.to_owned(),
        jurisdiction: None,
        locale: None,
        time_zone: None,
        texts: Default::default(),
        told_at: None,
    }
}

/// Whether a fact can be a ground, or allow tracking, so that an erasure must not be older than it.
pub fn speaks_for_mail(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::OptIn { .. }
            | EventKind::Acquainted { .. }
            | EventKind::SignupRequested { .. }
            | EventKind::Unconfirmed { .. }
            | EventKind::TrackingConsent { .. }
    )
}

/// The events that are this fact, told with the same time: a list that comes again says nothing new, though younger
/// facts have replaced its own in the state, or taken them back.
pub fn told_before<'h>(history: &'h [Event], fact: &'h Event) -> impl DoubleEndedIterator<Item = &'h Event> {
    let told = fact.told_at.unwrap_or(fact.occurred_at);
    history.iter().filter(move |own| own.is_told_at(told) && own.kind == fact.kind)
}

/// The event that says all that this fact says, but for what proves it.
fn said_before(history: &[Event], fact: &Event) -> Option<Uuid> {
    let same = told_before(history, fact).next_back();
    let same = same.filter(|_| !names_another_place(history, fact)).map(|own| own.id);
    same.or_else(|| pressed::before(history, fact))
}

/// Whether a fact that was told before comes with a place or language that no telling of it has named: a mistake in
/// there is corrected by telling it again, and a list from before the correction changes nothing.
fn names_another_place(history: &[Event], fact: &Event) -> bool {
    let places: [fn(&Event) -> &Option<String>; 3] =
        [|event| &event.jurisdiction, |event| &event.locale, |event| &event.time_zone];
    places.into_iter().any(|place| {
        let named = place(fact).as_ref().is_some_and(|text| !text.is_empty());
        named && told_before(history, fact).all(|own| place(own) != place(fact))
    })
}

/// Whether there is something for an undoing to take back.
fn undoing(
    history: &[Event],
    withdrawal: Uuid,
    scopes: &[Scope],
    occurred_at: Timestamp,
    now: Timestamp,
) -> Result<Onto, NotAdmitted> {
    let named = history.iter().find(|own| own.id == withdrawal && own.own_withdrawal().is_some());
    let no = named.ok_or(NotAdmitted::NothingToUndo)?;
    let today = |own: &Event| (0..PRESSES_SECONDS).contains(&seconds_between(own.occurred_at, now));
    let undone =
        history.iter().filter(|own| matches!(own.kind, EventKind::WithdrawalUndone { .. }) && today(own));
    if undone.count() >= PRESSES {
        return Err(NotAdmitted::NothingToUndo);
    }
    let mut living: Vec<&Event> = history.iter().collect();
    living.sort_by_key(|own| (own.occurred_at, own.id));
    let stands = taken_back(&living).get(&withdrawal).is_none_or(|taken| !taken.has_all_of(scopes));
    let young = occurred_at >= no.occurred_at
        && seconds_between(no.occurred_at, occurred_at.max(now)) <= UNDO_SECONDS;
    if stands && young { Ok(Onto::History) } else { Err(NotAdmitted::NothingToUndo) }
}

fn seconds_between(from: Timestamp, to: Timestamp) -> i64 {
    (to.as_microsecond() - from.as_microsecond()).div_euclid(1_000_000)
}

#[cfg(test)]
mod tests;
