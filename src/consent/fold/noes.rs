//! Which withdrawals stand, and for what: all that were told, without what their person took back. Pure.
//!
//! An undoing takes away only what it names. It must never bring back more: what a no covered stays covered, also where
//! there was nothing to bring back when the undoing came.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::No;
use crate::consent::admit::UNDO_SECONDS;
use crate::consent::{Event, EventKind};
use crate::policy::Scope;

impl No {
    /// Whether it stands against mail in this scope.
    pub fn covers(&self, scope: &Scope) -> bool {
        let within = self.scope.as_ref().is_none_or(|own| own.covers(scope));
        within && !self.except.iter().any(|free| free.covers(scope))
    }

    /// Whether nothing that the other one of the same scope covers is left out here.
    fn covers_all_of(&self, other: &Self) -> bool {
        self.except.iter().all(|free| other.except.iter().any(|own| own.covers(free)))
    }

    /// What is left of it without these scopes, if anything.
    pub fn without<'s>(mut self, scopes: impl Iterator<Item = &'s Scope> + Clone) -> Option<Self> {
        if self.scope.as_ref().is_some_and(|own| scopes.clone().any(|free| free.covers(own))) {
            return None;
        }
        let within = |free: &&Scope| self.scope.as_ref().is_none_or(|own| own.covers(free));
        let mut free: BTreeSet<Scope> = scopes.filter(within).cloned().collect();
        free.extend(std::mem::take(&mut self.except));
        self.except = free.into_iter().collect();
        Some(self)
    }
}

/// What was taken back of a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TakenBack<'h> {
    Whole,
    Scopes(BTreeSet<&'h Scope>),
}

impl TakenBack<'_> {
    /// Whether an undoing for these scopes (none: all) would take back nothing more.
    pub fn has_all_of(&self, scopes: &[Scope]) -> bool {
        match self {
            Self::Whole => true,
            Self::Scopes(free) => {
                let is_free = |scope: &Scope| free.iter().any(|own| own.covers(scope));
                !scopes.is_empty() && scopes.iter().all(is_free)
            }
        }
    }
}

/// The withdrawals that stand, oldest of each scope first; what a younger one of the same scope says as well is left
/// out. `living` is in the order of time.
pub(super) fn standing(living: &[&Event]) -> Vec<No> {
    let taken_back = taken_back(living);
    let mut noes: BTreeMap<Option<&Scope>, Vec<No>> = BTreeMap::new();
    for event in living {
        let EventKind::Withdrawal { scopes, complaint } = &event.kind else { continue };
        let taken = taken_back.get(&event.id);
        let of_all = scopes.is_empty().then_some(None);
        for scope in of_all.into_iter().chain(scopes.iter().map(Some)) {
            let (at, event) = (event.occurred_at, event.id);
            let no = No { scope: scope.cloned(), except: Vec::new(), at, event, complaint: *complaint };
            let left = match taken {
                Some(TakenBack::Whole) => None,
                Some(TakenBack::Scopes(scopes)) => no.without(scopes.iter().copied()),
                None => Some(no),
            };
            if let Some(no) = left {
                let others = noes.entry(scope).or_default();
                others.retain(|other| !no.covers_all_of(other));
                others.push(no);
            }
        }
    }
    noes.into_values().flatten().collect()
}

/// What was taken back: of those that an undoing names, and of those by the person's own links that the named one only
/// repeated (the same scopes within the 24 hours, no yes between). Without the latter an undoing after a double click
/// would restore nothing; what somebody else told for the person is no click. A complaint is never taken back.
/// `living` is in the order of time.
pub fn taken_back<'h>(living: &[&'h Event]) -> BTreeMap<Uuid, TakenBack<'h>> {
    let mut gone = BTreeMap::new();
    let is_undone = living.iter().any(|event| matches!(event.kind, EventKind::WithdrawalUndone { .. }));
    let places = living.iter().enumerate().filter(|_| is_undone);
    let positions: HashMap<Uuid, usize> = places.map(|(place, event)| (event.id, place)).collect();
    for undoing in living {
        let EventKind::WithdrawalUndone { withdrawal, scopes: back } = &undoing.kind else { continue };
        let named = positions.get(withdrawal).copied();
        let Some((position, scopes)) =
            named.and_then(|position| Some((position, living.get(position)?.own_withdrawal()?)))
        else {
            continue;
        };
        take(&mut gone, *withdrawal, back);
        for earlier in living.iter().take(position).rev() {
            let age = undoing.occurred_at.as_second() - earlier.occurred_at.as_second();
            if age > UNDO_SECONDS || matches!(earlier.kind, EventKind::OptIn { .. }) {
                break;
            }
            if earlier.is_by_own_link() && earlier.own_withdrawal().as_ref() == Some(&scopes) {
                take(&mut gone, earlier.id, back);
            }
        }
    }
    gone
}

fn take<'h>(gone: &mut BTreeMap<Uuid, TakenBack<'h>>, event: Uuid, back: &'h [Scope]) {
    let taken = gone.entry(event).or_insert_with(|| TakenBack::Scopes(BTreeSet::new()));
    match taken {
        _ if back.is_empty() => *taken = TakenBack::Whole,
        TakenBack::Whole => {}
        TakenBack::Scopes(own) => own.extend(back),
    }
}
