//! Mails that ask an address to confirm, over all senders, so that nobody can bomb it by signing it up. In hand to leave
//! (the delivery's own state tells), such a mail has its place reserved; once the upstream has taken it the place is
//! taken; in any other state it is free, but that intake counts what waits: no queue of them builds up for one address.
//! Once a person has confirmed, what came before counts no more.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::claim::Taken;
use super::database::Commit;
use super::fault::Result;
use super::places::{Known, Together, before_each, lock_people, of_each};
use super::sql::{Session, Value, values};
use super::{Store, StoreError, rows};
use crate::keys::LookupHash;
use crate::mail::Address;
use crate::policy::confirmation::AskedBefore;
use crate::policy::holds::Stage;

impl Store {
    /// What asked each recipient to confirm since then, is on its way or waits, in their order; nothing where nobody
    /// asks.
    pub async fn asked_before(
        &self,
        recipients: &[Address],
        since: Option<Timestamp>,
    ) -> Result<Vec<Vec<AskedBefore>>, StoreError> {
        let Some(since) = since else { return Ok(vec![Vec::new(); recipients.len()]) };
        let hashes: Vec<LookupHash> =
            recipients.iter().map(|address| self.inner.keys.lookup_hash(address)).collect();
        let distinct = hashes.iter().copied().collect();
        let known = read(&mut self.inner.database.read().await?, WITH_WAITING, distinct, since).await?;
        Ok(of_each(&known, &hashes))
    }

    /// Forgets what was over before this, so many at most. How many there were.
    pub async fn forget_confirmations(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let forget = tx.either(
            "DELETE FROM confirmations WHERE (lookup_hash, delivery) IN (
                SELECT lookup_hash, delivery FROM confirmations
                WHERE claimed_at < $1 AND (sent_at IS NULL OR sent_at < $1) ORDER BY claimed_at LIMIT $2)",
            "WITH old AS MATERIALIZED (SELECT lookup_hash, delivery FROM confirmations
                WHERE claimed_at < $1 AND (sent_at IS NULL OR sent_at < $1)
                ORDER BY claimed_at LIMIT $2 FOR UPDATE SKIP LOCKED)
             DELETE FROM confirmations c USING old
             WHERE c.lookup_hash = old.lookup_hash AND c.delivery = old.delivery",
        );
        let forgotten = tx.execute(forget, values![before, limit]).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

/// These wait to leave from now on.
pub(super) async fn wait(session: &mut Session, deliveries: Vec<Value>, now: Timestamp) -> Result<()> {
    rows::with_list(session, PLACE, values![now], deliveries).await.map(drop)
}

/// Gives each of what was just claimed a place, in this order: those of other claims that came before, then those of
/// this one by age. Tells each what comes before it.
pub(super) async fn reserve(
    session: &mut Session,
    taken: &[Taken],
    since: Timestamp,
    now: Timestamp,
) -> Result<HashMap<Uuid, Vec<AskedBefore>>> {
    lock_people(session, taken.iter()).await?;
    let ids = taken.iter().map(|one| Value::from(one.fence.delivery)).collect();
    rows::with_list(session, PLACE, values![now], ids).await?;
    before(session, taken, since, Together::ByAge).await
}

/// Tells each of what was just claimed to end what was taken before.
pub(super) async fn before_the_end(
    session: &mut Session,
    taken: &[Taken],
    since: Timestamp,
) -> Result<HashMap<Uuid, Vec<AskedBefore>>> {
    before(session, taken, since, Together::Ending).await
}

/// The upstream has taken these.
pub(super) async fn sent(session: &mut Session, deliveries: Vec<Value>, now: Timestamp) -> Result<()> {
    let update = "UPDATE confirmations SET sent_at = $1 WHERE (lookup_hash, delivery) IN
                  (SELECT lookup_hash, id FROM deliveries WHERE id IN {})";
    rows::with_list(session, update, values![now], deliveries).await.map(drop)
}

/// Somebody reads the mail of this address and wants some of it.
pub(super) async fn confirmed(session: &mut Session, hash: LookupHash) -> Result<()> {
    let forget = "DELETE FROM confirmations WHERE lookup_hash = $1";
    session.execute(forget, values![hash]).await.map(drop)
}

/// With the person go the traces of what this sender sent to them.
pub(super) async fn forget_person(session: &mut Session, sender: &str, hash: LookupHash) -> Result<()> {
    let forget = "DELETE FROM confirmations WHERE lookup_hash = $1 AND sender = $2";
    session.execute(forget, values![hash, sender]).await.map(drop)
}

/// A claim finds its row there, unless somebody has confirmed meanwhile.
const PLACE: &str = "INSERT INTO confirmations (lookup_hash, delivery, sender, claimed_at)
     SELECT d.lookup_hash, d.id, d.sender, $1 FROM deliveries d WHERE d.id IN {}
     ON CONFLICT (lookup_hash, delivery) DO UPDATE SET claimed_at = excluded.claimed_at";

async fn before(
    session: &mut Session,
    taken: &[Taken],
    since: Timestamp,
    together: Together,
) -> Result<HashMap<Uuid, Vec<AskedBefore>>> {
    let known = read(session, IN_HAND, taken.iter().map(|one| one.hash).collect(), since).await?;
    Ok(before_each(&known, taken.iter(), together))
}

// Invariant 15: over all senders, since who bombs an address uses many; they tell times, and never whose they are.
const IN_HAND: &str = "SELECT c.lookup_hash, c.delivery, c.claimed_at, c.sent_at
    FROM confirmations c LEFT JOIN deliveries d ON d.id = c.delivery
    WHERE c.lookup_hash IN {} AND (c.sent_at >= $1
    OR c.sent_at IS NULL AND d.state = 'claimed' AND d.upstream IS NOT NULL)";
const WITH_WAITING: &str = "SELECT c.lookup_hash, c.delivery, c.claimed_at, c.sent_at
    FROM confirmations c LEFT JOIN deliveries d ON d.id = c.delivery
    WHERE c.lookup_hash IN {} AND (c.sent_at >= $1
    OR c.sent_at IS NULL AND d.state IN ('queued', 'held', 'claimed'))";

/// What takes a place, by address.
async fn read(
    session: &mut Session,
    query: &'static str,
    people: BTreeSet<LookupHash>,
    since: Timestamp,
) -> Result<Known<AskedBefore>> {
    let people = people.into_iter().map(Value::from).collect();
    let mut known: Known<AskedBefore> = HashMap::new();
    for row in rows::with_list(session, query, values![since], people).await? {
        let (claimed_at, sent_at) = (row.time(2)?, row.opt_time(3)?);
        let stage = if sent_at.is_some() { Stage::Delivered } else { Stage::Reserved };
        let asked = AskedBefore { at: sent_at.unwrap_or(claimed_at), stage };
        known.entry(LookupHash(row.hash(0)?)).or_default().push((row.id(1)?, asked));
    }
    Ok(known)
}
