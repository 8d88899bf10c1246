//! What a saved form of interests comes to: the facts to record, and what could not be had. Pure.
//!
//! It must never bring back more than was ticked: a withdrawal is undone only together with a new one for
//! whatever else the undoing would revive.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use super::form::Choices;
use super::leave::may_be_undone;
use crate::consent::fold::No;
use crate::consent::{ConsentState, EventKind};
use crate::policy::sender::SenderPolicy;
use crate::policy::standing::{is_withdrawn, scopes_in_force};
use crate::policy::{PolicySet, Scope};

/// What the person asked for and did not get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    /// Kept ticked, but off with an interest above that was switched off.
    pub(super) covered: Vec<Scope>,
    /// Ticked, but without a ground that may be had here.
    pub(super) not_on: Vec<Scope>,
}

/// The choices without what the sender's taxonomy doesn't know.
pub(super) fn known(sender: &SenderPolicy, mut choices: Choices) -> Choices {
    choices.was.retain(|scope| sender.knows(scope));
    choices.ticked.retain(|scope| sender.knows(scope));
    choices
}

/// The facts that these choices make, to be recorded in one commit.
pub(super) fn events(
    policy: &PolicySet,
    sender: &SenderPolicy,
    state: &ConsentState,
    choices: &Choices,
    now: Timestamp,
) -> Vec<EventKind> {
    let taxonomy = sender.taxonomy();
    let ticked: BTreeSet<Scope> = choices.ticked.iter().cloned().collect();
    let mut off: BTreeSet<Scope> =
        choices.was.iter().filter(|scope| !ticked.contains(*scope)).cloned().collect();
    let wanted: BTreeSet<Scope> =
        ticked.iter().filter(|scope| !choices.was.contains(*scope)).cloned().collect();
    let blocked: Vec<Scope> = wanted.iter().filter(|scope| is_withdrawn(state, scope)).cloned().collect();
    let mut undone = blocking(state, &blocked, now);

    let before = scopes_in_force(policy, sender, state, &taxonomy, now);
    let without = without(state, &undone);
    let after = scopes_in_force(policy, sender, &without, &taxonomy, now);
    let unasked: BTreeSet<Scope> =
        after.iter().filter(|scope| !before.contains(*scope) && !ticked.contains(*scope)).cloned().collect();
    let then = with(&without, unasked.iter().chain(&off), now);
    if scopes_in_force(policy, sender, &then, &blocked, now).is_empty() {
        undone.clear();
    } else {
        off.extend(unasked);
    }
    let undoings = undone.into_iter().map(|withdrawal| EventKind::WithdrawalUndone { withdrawal });
    let scopes = topmost(&off);
    let withdrawal = (!scopes.is_empty()).then_some(EventKind::Withdrawal { scopes, complaint: false });
    undoings.chain(withdrawal).collect()
}

/// What the choices did not reach, by the state that they led to.
pub(super) fn outcome(
    policy: &PolicySet,
    sender: &SenderPolicy,
    state: &ConsentState,
    choices: &Choices,
    now: Timestamp,
) -> Outcome {
    let on = scopes_in_force(policy, sender, state, &choices.ticked, now);
    let off: Vec<&Scope> = choices.was.iter().filter(|scope| !choices.ticked.contains(scope)).collect();
    let missed = choices.ticked.iter().filter(|scope| !on.contains(*scope)).cloned();
    let is_covered =
        |scope: &Scope| choices.was.contains(scope) && off.iter().any(|above| above.covers(scope));
    let (covered, not_on) = missed.partition(is_covered);
    Outcome { covered, not_on }
}

/// The young withdrawals that stand in the way of these scopes.
fn blocking(state: &ConsentState, scopes: &[Scope], now: Timestamp) -> BTreeSet<Uuid> {
    let stops = |no: &&No| match &no.scope {
        None => !scopes.is_empty(),
        Some(own) => scopes.iter().any(|scope| own.covers(scope)),
    };
    let young = state.withdrawals.iter().filter(|no| may_be_undone(no, now));
    young.filter(stops).map(|no| no.event).collect()
}

fn without(state: &ConsentState, undone: &BTreeSet<Uuid>) -> ConsentState {
    let mut state = state.clone();
    state.withdrawals.retain(|no| !undone.contains(&no.event));
    state
}

fn with<'a>(state: &ConsentState, off: impl Iterator<Item = &'a Scope>, now: Timestamp) -> ConsentState {
    let mut state = state.clone();
    let no = |scope: &Scope| No { scope: Some(scope.clone()), at: now, event: Uuid::nil(), complaint: false };
    state.withdrawals.extend(off.map(no));
    state
}

/// The scopes that no other of them covers.
fn topmost(scopes: &BTreeSet<Scope>) -> Vec<Scope> {
    let covered = |scope: &Scope| scopes.iter().any(|above| above != scope && above.covers(scope));
    scopes.iter().filter(|scope| !covered(scope)).cloned().collect()
}
