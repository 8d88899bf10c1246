//! Letters of ours that anybody with a link can have sent: how many an address is sent, whoever asks, so that nobody is
//! bombed by us. One row an address, or a person; counted before the letter is written, so that a crash sends one less.

use jiff::{SignedDuration, Timestamp};

use super::database::Commit;
use super::fault::Result;
use super::sql::{Session, to_json, values};
use super::{Store, StoreError};
use crate::clock::from_micros;
use crate::mail::Address;
use uuid::Uuid;

/// The time from one letter to the next.
const APART: SignedDuration = SignedDuration::from_mins(5);
/// And how many in a day.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
const MOST: usize = 5;
/// Rows that are forgotten by one call.
const FORGOTTEN: u32 = 100;

/// Whether a letter may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Letter {
    May,
    TooMany,
}

impl Store {
    /// Takes the place of one letter to this address, and of one that this person asked for; of both or of none.
    pub async fn take_letter(&self, to: &Address, asked_by: Uuid) -> Result<Letter, StoreError> {
        let own = self.inner.keys.digest("letters of", &[asked_by.as_bytes()]);
        let mut keys = [self.inner.keys.lookup_hash(to).0.to_vec(), own.to_vec()];
        // Locked in one order.
        keys.sort();
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let now = tx.now().await?;
        for key in keys {
            let mut sent = locked(&mut tx, &key).await?;
            sent.retain(|at| now.duration_since(*at) < A_DAY);
            let is_close = sent.iter().any(|at| now.duration_since(*at) < APART);
            if is_close || sent.len() >= MOST {
                return Ok(Letter::TooMany);
            }
            sent.push(now);
            let times: Vec<i64> = sent.iter().map(|at| at.as_microsecond()).collect();
            let update = "UPDATE letters SET sent = $1, used_at = $2 WHERE key = $3";
            tx.execute(update, values![to_json(&times), now, key]).await?;
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
    let over = now.checked_sub(A_DAY).unwrap_or(Timestamp::MIN);
    let forget = session.either(
        "DELETE FROM letters WHERE key IN (SELECT key FROM letters WHERE used_at < $1 LIMIT $2)",
        "DELETE FROM letters WHERE key IN (SELECT key FROM letters WHERE used_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    );
    session.execute(forget, values![over, FORGOTTEN]).await.map(drop)
}
