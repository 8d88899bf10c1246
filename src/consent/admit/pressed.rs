//! Presses of a person's own links, which nobody needs a credential for: beyond a number that no person makes, one that
//! says nothing new is not recorded again. A no is never left out but where one of the last minute says as much.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::{PRESSED_SECONDS, PRESSES, PRESSES_SECONDS, seconds_between};
use crate::consent::fold::OwnChoices;
use crate::consent::{Event, EventKind};
use crate::policy::Scope;

/// The press of a link, pressed by a program again and again, that this one repeats.
pub(super) fn before(history: &[Event], fact: &Event) -> Option<Uuid> {
    withdrawn(history, fact).or_else(|| untracked(history, fact)).or_else(|| chosen(history, fact))
}

/// Whether it is a yes to tracking, or a choice that restricts nothing, beyond what a person says in a day: what was said
/// before stays.
pub(super) fn is_too_many(history: &[Event], fact: &Event) -> bool {
    let restricts_nothing = OwnChoices::of([fact]).restricting().is_empty();
    matches!(fact.kind, EventKind::TrackingConsent { .. })
        && fact.is_own_tracking_answer()
        && answers_today(history, fact).count() >= PRESSES
        || fact.is_own_choice() && restricts_nothing && choices_today(history, fact).count() >= PRESSES
}

fn choices_today<'h>(history: &'h [Event], fact: &'h Event) -> impl Iterator<Item = &'h Event> {
    let today =
        |own: &&Event| (0..PRESSES_SECONDS).contains(&seconds_between(own.occurred_at, fact.occurred_at));
    history.iter().filter(|own| own.is_own_choice()).filter(today)
}

/// The choice of the last minute that says as much as this one, and that nothing looser has followed.
fn chosen(history: &[Event], fact: &Event) -> Option<Uuid> {
    if !fact.is_own_choice() || choices_today(history, fact).count() < PRESSES {
        return None;
    }
    let stands = OwnChoices::of(history);
    let last = |event: Uuid| history.iter().find(|own| own.id == event && own.is_by_own_link());
    let is_young =
        |own: &&Event| (0..PRESSED_SECONDS).contains(&seconds_between(own.occurred_at, fact.occurred_at));
    let says_as_much = match &fact.kind {
        EventKind::FrequencyChosen { at_most } => {
            stands.frequency.filter(|own| own.choice >= *at_most).map(|own| own.event)
        }
        EventKind::Paused { until } => {
            // Pressed a moment later, the same button's pause ends that moment later.
            let long_enough = |end: Timestamp| seconds_between(end, *until) < PRESSED_SECONDS;
            stands.pause.filter(|own| own.choice.is_some_and(long_enough)).map(|own| own.event)
        }
        EventKind::ProfilingObjection => stands.profiling_objection().map(|own| own.event),
        _ => None,
    };
    says_as_much.and_then(last).filter(is_young).map(|own| own.id)
}

fn answers_today<'h>(history: &'h [Event], fact: &'h Event) -> impl Iterator<Item = &'h Event> {
    let today =
        |own: &&Event| (0..PRESSES_SECONDS).contains(&seconds_between(own.occurred_at, fact.occurred_at));
    history.iter().filter(|own| own.is_own_tracking_answer()).filter(today)
}

/// The no to tracking that this one repeats.
fn untracked(history: &[Event], fact: &Event) -> Option<Uuid> {
    if fact.kind != EventKind::TrackingWithdrawal
        || !fact.is_own_tracking_answer()
        || answers_today(history, fact).count() < PRESSES
    {
        return None;
    }
    let noes = history.iter().filter(|own| own.kind == EventKind::TrackingWithdrawal);
    let last = noes.filter(|own| own.is_by_own_link()).max_by_key(|own| (own.occurred_at, own.id))?;
    let is_young = (0..PRESSED_SECONDS).contains(&seconds_between(last.occurred_at, fact.occurred_at));
    let mut yeses = history.iter().filter(|own| matches!(own.kind, EventKind::TrackingConsent { .. }));
    (is_young && yeses.all(|yes| yes.occurred_at < last.occurred_at)).then_some(last.id)
}

/// The withdrawal that this one repeats.
fn withdrawn(history: &[Event], fact: &Event) -> Option<Uuid> {
    let scopes = fact.own_withdrawal().filter(|_| fact.is_by_own_link())?;
    let since = |own: &Event| seconds_between(own.occurred_at, fact.occurred_at);
    let pressed = |own: &&Event| {
        own.is_by_own_link() && own.own_withdrawal().is_some() && (0..PRESSES_SECONDS).contains(&since(own))
    };
    if history.iter().filter(pressed).count() < PRESSES {
        return None;
    }
    let says_as_much = |own: &&Event| {
        let covers = |said: &BTreeSet<&Scope>| {
            let is_said = |scope: &&Scope| said.iter().any(|own| own.covers(scope));
            said.is_empty() || !scopes.is_empty() && scopes.iter().all(is_said)
        };
        own.own_withdrawal().as_ref().is_some_and(covers)
    };
    let same = history.iter().filter(|own| pressed(own) && says_as_much(own));
    let last = same.max_by_key(|own| (own.occurred_at, own.id)).filter(|own| since(own) < PRESSED_SECONDS)?;
    let mut others = history.iter().filter(|own| !matches!(own.kind, EventKind::Withdrawal { .. }));
    others.all(|own| own.occurred_at < last.occurred_at).then_some(last.id)
}
