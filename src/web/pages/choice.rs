//! What a saved form of interests comes to: the facts to record, and what could not be had. Pure.
//!
//! It must never bring back more than was ticked: a withdrawal is undone for that alone, whatever else it covers and
//! whether or not anything is there to be revived, since a ground from before it may be told us later. What lies below
//! a ticked interest and is not ticked itself is withdrawn in its own name.

use std::collections::{BTreeMap, BTreeSet};

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
    /// Ticked without a ground, and the person is asked by mail.
    pub(super) asked: Vec<Scope>,
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
    let blocked = wanted.iter().filter(|scope| is_withdrawn(policy, sender, state, scope));
    let blocked: Vec<Scope> = blocked.cloned().collect();
    let mut undone = blocking(state, &blocked, now);

    let before = scopes_in_force(policy, sender, state, &taxonomy, now);
    let is_freed = |scope: &Scope| undone.values().flatten().any(|free| free.covers(scope));
    let unasked: BTreeSet<Scope> = taxonomy
        .iter()
        .filter(|scope| is_freed(scope) && !ticked.contains(*scope) && !before.contains(*scope))
        .cloned()
        .collect();
    let then = with(&without(state, &undone), unasked.iter().chain(&off), now);
    if scopes_in_force(policy, sender, &then, &blocked, now).is_empty() {
        undone.clear();
    } else {
        off.extend(unasked);
    }
    let undoings = undone
        .into_iter()
        .map(|(withdrawal, scopes)| EventKind::WithdrawalUndone { withdrawal, scopes: topmost(&scopes) });
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
    Outcome { covered, not_on, asked: Vec::new() }
}

/// The young withdrawals that stand in the way of these scopes, each with those that it stops.
fn blocking(state: &ConsentState, scopes: &[Scope], now: Timestamp) -> BTreeMap<Uuid, BTreeSet<Scope>> {
    let mut blocking: BTreeMap<Uuid, BTreeSet<Scope>> = BTreeMap::new();
    for no in state.withdrawals.iter().filter(|no| may_be_undone(no, now)) {
        let stopped: Vec<Scope> = scopes.iter().filter(|scope| no.covers(scope)).cloned().collect();
        if !stopped.is_empty() {
            blocking.entry(no.event).or_default().extend(stopped);
        }
    }
    blocking
}

fn without(state: &ConsentState, undone: &BTreeMap<Uuid, BTreeSet<Scope>>) -> ConsentState {
    let mut state = state.clone();
    let left = |no: No| match undone.get(&no.event) {
        Some(scopes) => no.without(scopes.iter()),
        None => Some(no),
    };
    state.withdrawals = state.withdrawals.into_iter().filter_map(left).collect();
    state
}

fn with<'a>(state: &ConsentState, off: impl Iterator<Item = &'a Scope>, now: Timestamp) -> ConsentState {
    let mut state = state.clone();
    let no = |scope: &Scope| No {
        scope: Some(scope.clone()),
        except: Vec::new(),
        at: now,
        event: Uuid::nil(),
        complaint: false,
    };
    state.withdrawals.extend(off.map(no));
    state
}

/// The scopes that no other of them covers.
fn topmost(scopes: &BTreeSet<Scope>) -> Vec<Scope> {
    let covered = |scope: &Scope| scopes.iter().any(|above| above != scope && above.covers(scope));
    scopes.iter().filter(|scope| !covered(scope)).cloned().collect()
}
