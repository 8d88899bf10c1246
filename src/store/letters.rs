//! Letters of ours that anybody with a link can have sent: how many, so that nobody is bombed by us. Counted before the
//! letter is written, so that a crash sends one less.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::database::Commit;
use super::fault::Result;
use super::sql::{Session, to_json, values};
use super::{Store, StoreError};
use crate::clock::from_micros;
use crate::mail::Address;

/// Rows that are forgotten by one call.
const FORGOTTEN: u32 = 100;

/// How many in a time, and how far apart.
struct Limit {
    apart: SignedDuration,
    most: usize,
    within: SignedDuration,
}

/// What one person has sent to the own address, or elsewhere.
const BY_PERSON: Limit =
    Limit { apart: SignedDuration::from_mins(5), most: 5, within: SignedDuration::from_hours(24) };
/// What an address gets that others name, over all senders: as few as mails that ask to confirm a sign-up, for the same
/// reason.
const TO_OTHERS: Limit =
    Limit { apart: SignedDuration::from_hours(24), most: 3, within: SignedDuration::from_hours(30 * 24) };

/// Where a letter goes.
#[derive(Clone, Copy, Debug)]
pub enum LetterTo<'a> {
    /// The person's own address. Nobody else's letters take a place of these.
    Owner,
    /// An address that the person says is theirs.
    Other(&'a Address),
}

/// Whether a letter may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letter {
    May,
    TooMany,
}

impl Store {
    /// Takes the place of one letter that this person asked for, and of one to the address where that is another; of
    /// both or of none.
    pub async fn take_letter(&self, asked_by: Uuid, to: LetterTo<'_>) -> Result<Letter, StoreError> {
        let keys = &self.inner.keys;
        let mut places = match to {
            LetterTo::Owner => vec![(keys.digest("letters to the owner", &[asked_by.as_bytes()]), BY_PERSON)],
            LetterTo::Other(address) => vec![
                (keys.digest("letters to others", &[asked_by.as_bytes()]), BY_PERSON),
                (keys.digest("letters by others", &[&keys.lookup_hash(address).0]), TO_OTHERS),
            ],
        };
        // Locked in one order.
        places.sort_by_key(|(key, _)| *key);
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let now = tx.now().await?;
        for (key, limit) in places {
            let mut sent = locked(&mut tx, &key).await?;
            sent.retain(|at| now.duration_since(*at) < limit.within);
            let is_close = sent.iter().any(|at| now.duration_since(*at) < limit.apart);
            if is_close || sent.len() >= limit.most {
                return Ok(Letter::TooMany);
            }
            sent.push(now);
            let times: Vec<i64> = sent.iter().map(|at| at.as_microsecond()).collect();
            let update = "UPDATE letters SET sent = $1, used_at = $2 WHERE key = $3";
            tx.execute(update, values![to_json(&times), now, key.to_vec()]).await?;
        }
        forget_old(&mut tx, now).await?;
        tx.commit().await?;
        Ok(Letter::May)
    }
}

/// When letters were sent; the row is made where it is new.
async fn locked(session: &mut Session, key: &[u8]) -> Result<Vec<Timestamp>> {
    let make = "INSERT INTO letters (key, sent, used_at) VALUES ($1, '[]', 0) ON CONFLICT (key) DO NOTHING";
    session.execute(make, values![key.to_vec()]).await?;
    let select = session.either(
        "SELECT sent FROM letters WHERE key = $1",
        "SELECT sent FROM letters WHERE key = $1 FOR UPDATE",
    );
    let row = session.fetch_optional(select, values![key.to_vec()]).await?;
    let times: Vec<i64> = row.map(|row| row.json(0)).transpose()?.unwrap_or_default();
    Ok(times.into_iter().map(from_micros).collect())
}

/// Those that count no more, a few at a time.
async fn forget_old(session: &mut Session, now: Timestamp) -> Result<()> {
    let over = now.checked_sub(TO_OTHERS.within).unwrap_or(Timestamp::MIN);
    let forget = session.either(
        "DELETE FROM letters WHERE key IN (SELECT key FROM letters WHERE used_at < $1 LIMIT $2)",
        "DELETE FROM letters WHERE key IN (SELECT key FROM letters WHERE used_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    );
    session.execute(forget, values![over, FORGOTTEN]).await.map(drop)
}
