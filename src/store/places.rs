//! Places that claims reserve in their transactions, where only so many may be sent to a person: mail under caps
//! (`mailings`), and mail that asks to confirm (`confirmations`).

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use super::claim::Taken;
use super::fault::Result;
use super::rows;
use super::sql::{Session, values};
use crate::keys::LookupHash;

/// What takes places, by whom it was sent to and under which delivery.
pub(super) type Known<T> = HashMap<LookupHash, Vec<(Uuid, T)>>;

/// Which of what was claimed together come before one another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Together {
    /// The older ones come first.
    ByAge,
    /// None of them leaves.
    Ending,
}

/// PostgreSQL: of two claims for one person the second one waits, and sees what the first has reserved. People
/// are locked in one order. Not by their rows: who records a fact locks those before the deliveries.
pub(super) async fn lock_people<'t>(
    session: &mut Session,
    taken: impl Iterator<Item = &'t Taken>,
) -> Result<()> {
    if session.either(true, false) {
        return Ok(());
    }
    let keys: BTreeSet<i64> = taken.map(|one| lock_key(one.hash)).collect();
    let keys = keys.into_iter().map(|key| values![key]).collect();
    rows::with_values(session, "key", keys, "SELECT pg_advisory_xact_lock(key) FROM v").await.map(drop)
}

/// Two people who share one wait for each other without need, no more.
fn lock_key(hash: LookupHash) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = hash.0;
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// What comes before each of these, which were claimed together: those of other claims, and of these by age.
pub(super) fn before_each<'t, T: Clone>(
    known: &Known<T>,
    taken: impl Iterator<Item = &'t Taken> + Clone,
    together: Together,
) -> HashMap<Uuid, Vec<T>> {
    let here: BTreeSet<Uuid> = taken.clone().map(|one| one.fence.delivery).collect();
    let before = |one: &Taken| {
        let own = one.fence.delivery;
        let comes_first = |other: Uuid| together == Together::ByAge && other < own;
        let all = known.get(&one.hash).into_iter().flatten();
        let before = all.filter(|(other, _)| !here.contains(other) || comes_first(*other));
        (own, before.map(|(_, told)| told.clone()).collect())
    };
    taken.map(before).collect()
}

/// What is known of each recipient, in their order.
pub(super) fn of_each<T: Clone>(known: &Known<T>, recipients: &[LookupHash]) -> Vec<Vec<T>> {
    let of = |hash| known.get(hash).into_iter().flatten().map(|(_, told)| told.clone()).collect();
    recipients.iter().map(of).collect()
}
