//! Marketing that was claimed for a person, of senders with frequency caps. Whether a row takes a place under a
//! cap, its delivery's own state tells: in hand to leave, the place is reserved; relayed, it is taken; in any
//! other state it is free. So no way of ending a claim, a crash least of all, can keep a place or take two.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::claim::Taken;
use super::database::Commit;
use super::fault::Result;
use super::places::{Known, Together, before_each, lock_people, of_each};
use super::sql::{Row, Session, Value, values};
use super::{Store, StoreError, rows};
use crate::keys::LookupHash;
use crate::mail::Address;
use crate::policy::holds::{Earlier, Stage};

impl Store {
    /// What was delivered to each recipient since then, or is on its way, in their order; nothing where nobody asks.
    pub async fn earlier(
        &self,
        sender: &str,
        recipients: &[Address],
        since: Option<Timestamp>,
    ) -> Result<Vec<Vec<Earlier>>, StoreError> {
        let Some(since) = since else { return Ok(vec![Vec::new(); recipients.len()]) };
        let hashes: Vec<LookupHash> =
            recipients.iter().map(|address| self.inner.keys.lookup_hash(address)).collect();
        let distinct = hashes.iter().copied().collect();
        let known = read(&mut self.inner.database.read().await?, sender, distinct, since).await?;
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
    lock_people(session, taken).await?;
    let place = session.either(PLACE.0, PLACE.1);
    let ids = taken.iter().map(|one| Value::from(one.fence.delivery)).collect();
    rows::with_list(session, place, values![now], ids).await?;
    before(session, taken, since, Together::ByAge).await
}

/// Tells each of what was just claimed to end what was delivered before.
pub(super) async fn before_the_end(
    session: &mut Session,
    taken: &[Taken],
    since: Timestamp,
) -> Result<HashMap<Uuid, Vec<Earlier>>> {
    before(session, taken, since, Together::Ending).await
}

/// With the person go the traces of what was sent to them.
pub(super) async fn forget_person(session: &mut Session, sender: &str, hash: LookupHash) -> Result<()> {
    let forget = "DELETE FROM mailings WHERE sender = $1 AND lookup_hash = $2";
    session.execute(forget, values![sender, hash]).await.map(drop)
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

async fn before(
    session: &mut Session,
    taken: &[Taken],
    since: Timestamp,
    together: Together,
) -> Result<HashMap<Uuid, Vec<Earlier>>> {
    let mut by_sender: HashMap<&str, Vec<&Taken>> = HashMap::new();
    for one in taken {
        by_sender.entry(&one.sender).or_default().push(one);
    }
    let mut earlier = HashMap::with_capacity(taken.len());
    for (sender, theirs) in by_sender {
        let people = theirs.iter().map(|one| one.hash).collect();
        let known = read(session, sender, people, since).await?;
        earlier.extend(before_each(&known, theirs.iter().copied(), together));
    }
    Ok(earlier)
}

/// What takes a place, by person.
async fn read(
    session: &mut Session,
    sender: &str,
    people: BTreeSet<LookupHash>,
    since: Timestamp,
) -> Result<Known<Earlier>> {
    // What was claimed to end has no upstream.
    let query = "SELECT m.lookup_hash, m.delivery, m.scope, m.claimed_at, d.ended_at
                 FROM mailings m JOIN deliveries d ON d.id = m.delivery
                 WHERE m.sender = $1 AND m.claimed_at >= $2 AND m.lookup_hash IN {}
                 AND (d.state = 'relayed' OR d.state = 'claimed' AND d.upstream IS NOT NULL)";
    let people = people.into_iter().map(Value::from).collect();
    let mut known: Known<Earlier> = HashMap::new();
    for row in rows::with_list(session, query, values![sender, since], people).await? {
        known.entry(LookupHash(row.hash(0)?)).or_default().push((row.id(1)?, earlier(&row)?));
    }
    Ok(known)
}

fn earlier(row: &Row) -> Result<Earlier> {
    let (claimed_at, ended_at) = (row.time(3)?, row.opt_time(4)?);
    Ok(Earlier {
        scope: row.opt_word(2)?,
        at: ended_at.unwrap_or(claimed_at),
        stage: if ended_at.is_some() { Stage::Delivered } else { Stage::Reserved },
    })
}
