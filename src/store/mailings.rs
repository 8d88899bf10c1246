//! Marketing that was claimed for a person, of senders with frequency caps. Whether a row takes a place under a
//! cap, its delivery's own state tells: in hand to leave, the place is reserved; relayed, it is taken; in any
//! other state it is free. So no way of ending a claim, a crash least of all, can keep a place or take two.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::claim::{Taken, TakenRows};
use super::database::Commit;
use super::fault::Result;
use super::places::{Known, Together, before_each, lock_people, of_each};
use super::sql::{Row, Session, Value, values};
use super::{Store, StoreError, rows};
use crate::consent::{Event, EventKind};
use crate::keys::LookupHash;
use crate::mail::Address;
use crate::policy::Stream;
use crate::policy::holds::{Earlier, Stage};

impl Store {
    /// What was delivered to each recipient since then, or is on its way, in their order; nothing where nobody asks.
    /// `own` is from when on it counts under the cap that each of them chose.
    pub async fn earlier(
        &self,
        sender: &str,
        recipients: &[Address],
        since: Option<Timestamp>,
        own: &[Option<Timestamp>],
    ) -> Result<Vec<Vec<Earlier>>, StoreError> {
        let own_since = own.iter().flatten().min();
        if since.is_none() && own_since.is_none() {
            return Ok(vec![Vec::new(); recipients.len()]);
        }
        let hashes: Vec<LookupHash> =
            recipients.iter().map(|address| self.inner.keys.lookup_hash(address)).collect();
        let choosers = hashes.iter().zip(own).filter(|(_, own)| own.is_some()).map(|(hash, _)| *hash);
        let choosers: BTreeSet<LookupHash> = choosers.collect();
        let mut session = self.inner.database.read().await?;
        let mut known = Known::new();
        if let Some(since) = since {
            let others = hashes.iter().copied().filter(|hash| !choosers.contains(hash)).collect();
            known = read(&mut session, Source::Mailings, sender, others, since).await?;
        }
        if let Some(own_since) = own_since {
            let since = since.unwrap_or(*own_since).min(*own_since);
            known.extend(read(&mut session, Source::Deliveries, sender, choosers, since).await?);
        }
        Ok(of_each(&known, &hashes))
    }

    /// Forgets what was claimed before, so many at most. How many there were.
    pub async fn forget_mailings(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let forget = tx.either(
            "DELETE FROM mailings WHERE (sender, lookup_hash, delivery) IN (
                SELECT sender, lookup_hash, delivery FROM mailings WHERE claimed_at < $1
                ORDER BY claimed_at LIMIT $2)",
            "WITH old AS MATERIALIZED (SELECT sender, lookup_hash, delivery FROM mailings
                WHERE claimed_at < $1 ORDER BY claimed_at LIMIT $2 FOR UPDATE SKIP LOCKED)
             DELETE FROM mailings m USING old WHERE m.sender = old.sender
             AND m.lookup_hash = old.lookup_hash AND m.delivery = old.delivery",
        );
        let forgotten = tx.execute(forget, values![before, limit]).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

/// Gives each of what was just claimed a place, in this order: those of other claims that came before, then
/// those of this one by age. Tells each what comes before it.
pub(super) async fn reserve(
    session: &mut Session,
    taken: &[Taken],
    since: Timestamp,
    now: Timestamp,
) -> Result<HashMap<Uuid, Vec<Earlier>>> {
    lock_people(session, taken.iter()).await?;
    let place = session.either(PLACE.0, PLACE.1);
    let ids = taken.iter().map(|one| Value::from(one.fence.delivery)).collect();
    rows::with_list(session, place, values![now], ids).await?;
    before(session, Source::Mailings, taken.iter(), since, Together::ByAge).await
}

/// Of those who chose a cap of their own, whatever the sender's caps: all mail to them is looked up, so that what came
/// before the choice counts, and nobody else's is kept for it. Their deliveries are claimed in this very transaction,
/// which is their reservation.
pub(super) async fn add_for_choosers(
    session: &mut Session,
    taken: &mut TakenRows,
    caps_since: Option<Timestamp>,
    now: Timestamp,
    together: Together,
) -> Result<()> {
    let Some(own_since) = choosers(taken, now).map(|(_, since)| since).min() else { return Ok(()) };
    let since = caps_since.unwrap_or(own_since).min(own_since);
    let people: Vec<&Taken> = choosers(taken, now).map(|(one, _)| one).collect();
    let earlier = before(session, Source::Deliveries, people.into_iter(), since, together).await?;
    taken.earlier.extend(earlier);
    Ok(())
}

/// PostgreSQL: before what was sent to them is looked up.
pub(super) async fn lock_choosers(session: &mut Session, taken: &TakenRows, now: Timestamp) -> Result<()> {
    lock_people(session, choosers(taken, now).map(|(one, _)| one)).await
}

/// Who chose one, and from when on it counts.
fn choosers(taken: &TakenRows, now: Timestamp) -> impl Iterator<Item = (&Taken, Timestamp)> {
    taken.rows.iter().filter_map(move |one| {
        let person = taken.consent.get(&one.fence.delivery)?.as_ref().ok()?.as_ref()?;
        Some((one, person.state.choices.counts_since(Stream::Marketing, now)?))
    })
}

/// Tells each of what was just claimed to end what was delivered before.
pub(super) async fn before_the_end(
    session: &mut Session,
    taken: &[Taken],
    since: Timestamp,
) -> Result<HashMap<Uuid, Vec<Earlier>>> {
    before(session, Source::Mailings, taken.iter(), since, Together::Ending).await
}

/// With the person go the traces of what was sent to them.
pub(super) async fn forget_person(session: &mut Session, sender: &str, hash: LookupHash) -> Result<()> {
    let forget = "DELETE FROM mailings WHERE sender = $1 AND lookup_hash = $2";
    session.execute(forget, values![sender, hash]).await.map(drop)
}

/// What was sent to a person counts at the new address too.
pub(super) async fn follow_person(
    session: &mut Session,
    sender: &str,
    old: LookupHash,
    new: LookupHash,
) -> Result<()> {
    // What was claimed again since a change before stands under both.
    let follow = "INSERT INTO mailings (sender, lookup_hash, delivery, scope, claimed_at)
                  SELECT sender, $3, delivery, scope, claimed_at FROM mailings
                  WHERE sender = $1 AND lookup_hash = $2
                  ON CONFLICT (sender, lookup_hash, delivery) DO UPDATE SET claimed_at = excluded.claimed_at
                  WHERE mailings.claimed_at < excluded.claimed_at";
    session.execute(follow, values![sender, old, new]).await?;
    forget_person(session, sender, old).await
}

/// A claim after a hold finds its row there.
const PLACE: (&str, &str) = (
    "INSERT INTO mailings (sender, lookup_hash, delivery, scope, claimed_at)
     SELECT d.sender, d.lookup_hash, d.id, f.body ->> '$.scope', $1
     FROM deliveries d JOIN messages m ON m.id = d.message LEFT JOIN message_facts f ON f.hash = m.facts
     WHERE d.id IN {}
     ON CONFLICT (sender, lookup_hash, delivery) DO UPDATE SET claimed_at = excluded.claimed_at",
    "INSERT INTO mailings (sender, lookup_hash, delivery, scope, claimed_at)
     SELECT d.sender, d.lookup_hash, d.id, CAST(f.body AS JSON) ->> 'scope', $1
     FROM deliveries d JOIN messages m ON m.id = d.message LEFT JOIN message_facts f ON f.hash = m.facts
     WHERE d.id IN {}
     ON CONFLICT (sender, lookup_hash, delivery) DO UPDATE SET claimed_at = excluded.claimed_at",
);

async fn before<'t>(
    session: &mut Session,
    source: Source,
    taken: impl Iterator<Item = &'t Taken>,
    since: Timestamp,
    together: Together,
) -> Result<HashMap<Uuid, Vec<Earlier>>> {
    let mut by_sender: HashMap<&str, Vec<&Taken>> = HashMap::new();
    for one in taken {
        by_sender.entry(&one.sender).or_default().push(one);
    }
    let mut earlier = HashMap::new();
    for (sender, theirs) in by_sender {
        let people = theirs.iter().map(|one| one.hash).collect();
        let known = read(session, source, sender, people, since).await?;
        earlier.extend(before_each(&known, theirs.iter().copied(), together));
    }
    Ok(earlier)
}

/// What was claimed to end has no upstream.
const FROM_MAILINGS: &str = "SELECT m.lookup_hash, m.delivery, m.scope, m.claimed_at, d.ended_at
    FROM mailings m JOIN deliveries d ON d.id = m.delivery
    WHERE m.sender = $1 AND m.claimed_at >= $2 AND m.lookup_hash IN {}
    AND (d.state = 'relayed' OR d.state = 'claimed' AND d.upstream IS NOT NULL)";
/// The same of all marketing that was sent to these people, for SQLite and for PostgreSQL.
macro_rules! from_deliveries {
    ($scope:literal) => {
        concat!(
            "SELECT d.lookup_hash, d.id, ",
            $scope,
            ", d.next_attempt_at, d.ended_at, d.subscriber
             FROM deliveries d JOIN lanes l ON l.id = d.lane JOIN messages m ON m.id = d.message
             LEFT JOIN message_facts f ON f.hash = m.facts
             WHERE d.sender = $1 AND l.stream = 'marketing' AND l.kind = 'submitted'
             AND (d.state = 'relayed' AND d.ended_at >= $2 OR d.state = 'claimed' AND d.upstream IS NOT NULL)
             AND d.lookup_hash IN {}"
        )
    };
}
const FROM_DELIVERIES: (&str, &str) =
    (from_deliveries!("f.body ->> '$.scope'"), from_deliveries!("CAST(f.body AS JSON) ->> 'scope'"));

/// Where what takes a place is looked up.
#[derive(Clone, Copy)]
enum Source {
    Mailings,
    /// Under the addresses that these people have left too: a change rewrites no delivery.
    Deliveries,
}

/// What takes a place, by person.
async fn read(
    session: &mut Session,
    source: Source,
    sender: &str,
    people: BTreeSet<LookupHash>,
    since: Timestamp,
) -> Result<Known<Earlier>> {
    let people: Vec<Value> = people.into_iter().map(Value::from).collect();
    let query = match source {
        Source::Mailings => FROM_MAILINGS,
        Source::Deliveries => session.either(FROM_DELIVERIES.0, FROM_DELIVERIES.1),
    };
    let mut known: Known<Earlier> = HashMap::new();
    for row in rows::with_list(session, query, values![sender, since], people.clone()).await? {
        known.entry(LookupHash(row.hash(0)?)).or_default().push((row.id(1)?, earlier(&row)?));
    }
    if matches!(source, Source::Mailings) {
        return Ok(known);
    }
    let left = left_by(session, sender, people).await?;
    let hashes: BTreeSet<LookupHash> = left.keys().map(|(_, hash)| *hash).collect();
    let hashes: Vec<Value> = hashes.into_iter().map(Value::from).collect();
    for row in rows::with_list(session, query, values![sender, since], hashes).await? {
        // Who has signed up there since is somebody else.
        let Some(person) = row.opt_id(5)? else { continue };
        if let Some(now) = left.get(&(person, LookupHash(row.hash(0)?))) {
            known.entry(*now).or_default().push((row.id(1)?, earlier(&row)?));
        }
    }
    Ok(known)
}

/// By person and address that they have left: the one that they have now. Of nearly all there is nothing.
async fn left_by(
    session: &mut Session,
    sender: &str,
    people: Vec<Value>,
) -> Result<HashMap<(Uuid, LookupHash), LookupHash>> {
    let select = "SELECT s.id, s.lookup_hash, e.body FROM subscribers s
                  JOIN consent_events e ON e.subscriber = s.id AND e.kind = 'address_changed'
                  WHERE s.sender = $1 AND s.erased_at IS NULL AND s.lookup_hash IN {}";
    let mut by_row: HashMap<Uuid, (Uuid, LookupHash)> = HashMap::new();
    for row in rows::with_list(session, select, values![sender], people).await? {
        let event: Event = row.json(2)?;
        if let EventKind::AddressChanged { left, .. } = event.kind {
            by_row.insert(left, (row.id(0)?, LookupHash(row.hash(1)?)));
        }
    }
    let select = "SELECT id, lookup_hash FROM subscribers WHERE sender = $1 AND id IN {}";
    let ids = by_row.keys().map(|id| Value::from(*id)).collect();
    let mut left = HashMap::new();
    for row in rows::with_list(session, select, values![sender], ids).await? {
        if let Some((person, now)) = by_row.get(&row.id(0)?) {
            left.insert((*person, LookupHash(row.hash(1)?)), *now);
        }
    }
    Ok(left)
}

fn earlier(row: &Row) -> Result<Earlier> {
    let (claimed_at, ended_at) = (row.time(3)?, row.opt_time(4)?);
    Ok(Earlier {
        scope: row.opt_word(2)?,
        at: ended_at.unwrap_or(claimed_at),
        stage: if ended_at.is_some() { Stage::Delivered } else { Stage::Reserved },
    })
}
