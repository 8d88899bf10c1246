//! The same submission again: a tool that lost our reply and tries once more is answered with the first id, and
//! the message is sent once (invariant 10). CONTRACT.md, "Submitting by SMTP".
//!
//! Same is what has the same credential, content and recipient within a day. A delivery that was refused,
//! withheld or cancelled does not count.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::spool::{DeliveryRow, Spooling};
use super::sql::{Session, values};
use super::{Store, StoreError, rows};
use crate::keys::LookupHash;
use crate::limits::heavy;
use crate::mail::Address;

/// For how long a submission is known again, in microseconds.
const WINDOW: i64 = 24 * 3600 * 1_000_000;

/// A delivery that was not spooled: the same was taken before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TakenBefore {
    /// The one that was to be spooled.
    pub delivery: Uuid,
    /// The first one, and its message.
    pub first: Uuid,
    pub message: Uuid,
}

/// By the delivery that was to be spooled.
pub(super) type Before = HashMap<Uuid, TakenBefore>;

/// What credential and content have in common with the first try. Nothing that we add on the way out counts.
pub(super) fn fingerprint(credential: &str, digest: &[u8; 32]) -> [u8; 32] {
    // No credential holds a NUL.
    Sha256::new().chain_update(credential).chain_update([0]).chain_update(digest).finalize().into()
}

/// In the order in which rows are locked.
type Key<'a> = (&'a str, LookupHash, [u8; 32]);

fn key(row: &DeliveryRow) -> Option<Key<'_>> {
    Some((row.sender.as_str(), row.hash, row.fingerprint?))
}

const INTO: &str = "submissions (sender, lookup_hash, fingerprint, delivery, message, taken_at)";

/// Two nodes that take the same at once meet here: the second waits for the first, and finds its row. A row
/// whose delivery does not count, or whose day is over, is taken over.
const UNLESS_TAKEN: &str = "ON CONFLICT (sender, lookup_hash, fingerprint) DO UPDATE
    SET delivery = excluded.delivery, message = excluded.message, taken_at = excluded.taken_at
    WHERE submissions.taken_at <= excluded.taken_at - 86400000000 OR EXISTS (
        SELECT 1 FROM deliveries d WHERE d.id = submissions.delivery
        AND d.state IN ('refused', 'withheld', 'cancelled'))
    RETURNING delivery";

const TAKEN: &str = "SELECT s.lookup_hash, s.fingerprint, s.delivery, s.message
    FROM v JOIN submissions s ON s.sender = v.of AND s.lookup_hash = v.hash AND s.fingerprint = v.print
    LEFT JOIN deliveries d ON d.id = s.delivery
    WHERE s.taken_at > v.since
    AND (d.state IS NULL OR d.state NOT IN ('refused', 'withheld', 'cancelled'))";
const TAKEN_COLUMNS: &str = "of, hash, print, since";

/// Takes what is new and tells what was taken before, by earlier transactions or by this one.
pub(super) async fn take(session: &mut Session, all: &[&Spooling], now: Timestamp) -> Result<Before> {
    let mut firsts: BTreeMap<Key<'_>, &DeliveryRow> = BTreeMap::new();
    let mut again: Vec<(&DeliveryRow, &DeliveryRow)> = Vec::new();
    for row in all.iter().flat_map(|one| &one.deliveries) {
        let Some(key) = key(row) else { continue };
        match firsts.get(&key) {
            Some(first) => again.push((row, first)),
            None => drop(firsts.insert(key, row)),
        }
    }
    let values =
        |(key, row): (&Key<'_>, &&DeliveryRow)| values![key.0, key.1, key.2, row.id, row.message, now];
    let taken = firsts.iter().map(values).collect();
    for row in rows::insert_returning(session, INTO, taken, UNLESS_TAKEN).await? {
        let id = row.id(0)?;
        firsts.retain(|_, first| first.id != id);
    }
    let mut before = found(session, &firsts, now).await?;
    for (row, first) in again {
        let known = before.get(&first.id).copied();
        let known =
            known.unwrap_or(TakenBefore { delivery: row.id, first: first.id, message: first.message });
        before.insert(row.id, TakenBefore { delivery: row.id, ..known });
    }
    Ok(before)
}

/// The first deliveries of those that are there already. One that is there under its own id was written by an
/// earlier try of the same transaction.
async fn found(
    session: &mut Session,
    missing: &BTreeMap<Key<'_>, &DeliveryRow>,
    now: Timestamp,
) -> Result<Before> {
    let since = now.as_microsecond() - WINDOW;
    let keys = missing.keys().map(|(sender, hash, print)| values![*sender, *hash, *print, since]).collect();
    let mut before = Before::new();
    for row in rows::with_values(session, TAKEN_COLUMNS, keys, TAKEN).await? {
        let (hash, print) = (LookupHash(row.hash(0)?), row.hash(1)?);
        let own = missing.iter().filter(|(key, _)| key.1 == hash && key.2 == print).map(|(_, own)| own.id);
        let (first, message) = (row.id(2)?, row.id(3)?);
        before.extend(own.map(|delivery| (delivery, TakenBefore { delivery, first, message })));
    }
    if before.len() < missing.len() {
        // Between two statements a delivery was cancelled on another node, or a row's day ended.
        return Err(Fault::Conflict("a submission taken before vanished".into()));
    }
    before.retain(|delivery, known| *delivery != known.first);
    Ok(before)
}

impl Store {
    /// For recipients who would be refused now: what of the same content was taken for them before. By place in
    /// `recipients`.
    pub async fn taken_before(
        &self,
        sender: &str,
        credential: &str,
        content: &Bytes,
        recipients: &[&Address],
    ) -> Result<HashMap<usize, (Uuid, Uuid)>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let since = session.now().await?.as_microsecond() - WINDOW;
        let digest = heavy::run(content.len(), || Sha256::digest(content)).await;
        let print = fingerprint(credential, &digest.into());
        let hashes: Vec<LookupHash> =
            recipients.iter().map(|recipient| self.inner.keys.lookup_hash(recipient)).collect();
        let keys = hashes.iter().map(|hash| values![sender, *hash, print, since]).collect();
        let rows = rows::with_values(&mut session, TAKEN_COLUMNS, keys, TAKEN).await?;
        let mut known = HashMap::new();
        for row in &rows {
            let hash = LookupHash(row.hash(0)?);
            let places = hashes.iter().enumerate().filter(|(_, own)| **own == hash);
            let first = (row.id(2)?, row.id(3)?);
            known.extend(places.map(|(place, _)| (place, first)));
        }
        Ok(known)
    }

    /// Removes at most `limit` submissions whose day is over; how many they were.
    pub async fn forget_submissions(&self, limit: u32) -> Result<u64, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let until = tx.now().await?.as_microsecond() - WINDOW;
        let forget = tx.either(
            "DELETE FROM submissions WHERE (sender, lookup_hash, fingerprint) IN (
                SELECT sender, lookup_hash, fingerprint FROM submissions WHERE taken_at <= $1
                ORDER BY taken_at LIMIT $2)",
            "WITH old AS MATERIALIZED (SELECT sender, lookup_hash, fingerprint FROM submissions
                WHERE taken_at <= $1 ORDER BY taken_at LIMIT $2 FOR UPDATE SKIP LOCKED)
             DELETE FROM submissions s USING old WHERE s.sender = old.sender
             AND s.lookup_hash = old.lookup_hash AND s.fingerprint = old.fingerprint",
        );
        let forgotten = tx.execute(forget, values![until, limit]).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}

/// With the person go the traces of what was submitted for them.
pub(super) async fn forget_person(session: &mut Session, sender: &str, hash: LookupHash) -> Result<()> {
    let forget = "DELETE FROM submissions WHERE sender = $1 AND lookup_hash = $2";
    session.execute(forget, values![sender, hash]).await.map(drop)
}
