//! What is kept for a time only: outcomes, with their verdicts, messages and places in the feed. The feed names
//! all that ended, in order, so it is walked from where the last walk stopped, and no place is passed twice.
//!
//! Consent is never touched here: no age takes a no away (invariant 5), nor the proof of a yes.

use jiff::{SignedDuration, Timestamp};

use super::database::Commit;
use super::fault::{Fault, Result};
use super::feed::alone;
use super::sql::{Session, Value, values};
use super::{Store, StoreError, rows};

/// The advisory lock of whoever removes.
const ONE_AT_A_TIME: i64 = 0x6f70_7467_6174_6503;

/// For so long the clock must have gone steadily.
const A_DAY: SignedDuration = SignedDuration::from_hours(24);
/// A longer pause between two readings may hide a step. What a step within it removes too early is too early by no more
/// than this.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// Two nodes that ask at once may be told in either order.
const SLACK: SignedDuration = SignedDuration::from_secs(5);

/// Since when the clock has gone steadily, by what was seen before: since when by then, and the last reading.
fn steady_since(before: Option<(Timestamp, Timestamp)>, now: Timestamp) -> Timestamp {
    match before {
        Some((since, seen)) if (-SLACK..=LONGEST_PAUSE).contains(&now.duration_since(seen)) => since,
        _ => now,
    }
}

/// What one slice did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    pub outcomes: u64,
    /// Whether there may be more to remove.
    pub more: bool,
}

impl Store {
    /// Whether the clock by which times are over can be believed: it has gone steadily for a day, as far as those saw
    /// who asked. One reading that is years ahead would remove for good what is to be kept for years. What went on
    /// while nobody asked is not known, so a long pause begins a new day.
    pub async fn clock_is_steady(&self) -> Result<bool, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let now = tx.now().await?;
        let select = "SELECT steady_since, seen_at FROM clock_seen WHERE one = 1";
        let row = tx.fetch_optional(select, Vec::new()).await?;
        let before = row.map(|row| Ok::<_, Fault>((row.time(0)?, row.time(1)?))).transpose()?;
        let since = steady_since(before, now);
        if let Some((_, seen)) = before.filter(|(steady, _)| *steady != since) {
            tracing::warn!(%now, last_seen = %seen, "the clock stepped, or was not seen for a while: nothing whose time is over is removed for a day");
        }
        let remember = "INSERT INTO clock_seen (one, steady_since, seen_at) VALUES (1, $1, $2)
                        ON CONFLICT (one) DO UPDATE SET steady_since = excluded.steady_since, seen_at = excluded.seen_at";
        tx.execute(remember, values![since, now]).await?;
        tx.commit().await?;
        Ok(now.duration_since(since) >= A_DAY)
    }

    /// Removes outcomes of a sender that ended before this, passing so many places of the feed at most. What
    /// another node removes just now is left to it.
    pub async fn remove_outcomes(
        &self,
        sender: &str,
        before: Timestamp,
        limit: u32,
    ) -> Result<Removed, StoreError> {
        // Mostly there is nothing to do: that is found out without a lock.
        if Slice::of(&mut self.inner.database.read().await?, sender, before, 1).await?.last.is_none() {
            return Ok(Removed::default());
        }
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        if !alone(&mut tx, ONE_AT_A_TIME).await? {
            return Ok(Removed::default());
        }
        let slice = Slice::of(&mut tx, sender, before, limit).await?;
        let removed = Removed { outcomes: slice.deliveries.len() as u64, more: slice.full };
        slice.remove(&mut tx, sender).await?;
        tx.commit().await?;
        Ok(removed)
    }
}

/// Places of the feed that can be passed, and what goes with them.
#[derive(Default)]
struct Slice {
    last: Option<i64>,
    full: bool,
    deliveries: Vec<Value>,
    messages: Vec<Value>,
    incidents: Vec<Value>,
    /// Of outcomes and incidents, those included that are gone already.
    places: Vec<Value>,
}

impl Slice {
    /// Up to the first outcome that is too young.
    async fn of(session: &mut Session, sender: &str, before: Timestamp, limit: u32) -> Result<Self> {
        let passed = passed(session, sender).await?;
        let select = "SELECT f.sequence, f.kind, f.ref, coalesce(d.ended_at, i.at), d.message
                      FROM feed f LEFT JOIN deliveries d ON f.kind = 'outcome' AND d.id = f.ref
                      LEFT JOIN incidents i ON f.kind = 'incident' AND i.id = f.ref
                      WHERE f.sender = $1 AND f.sequence > $2 ORDER BY f.sequence LIMIT $3";
        let found = session.fetch(select, values![sender, passed, limit]).await?;
        let mut slice = Self { full: found.len() >= limit as usize, ..Self::default() };
        for row in &found {
            if row.opt_time(3)?.is_some_and(|ended| ended >= before) {
                slice.full = false;
                break;
            }
            let sequence = row.int(0)?;
            slice.last = Some(sequence);
            if row.text(1)? == "outcome" {
                slice.places.push(sequence.into());
                if let Some(message) = row.opt_id(4)? {
                    slice.deliveries.push(row.id(2)?.into());
                    slice.messages.push(message.into());
                }
            }
            if row.text(1)? == "incident" {
                slice.places.push(sequence.into());
                slice.incidents.push(row.id(2)?.into());
            }
        }
        Ok(slice)
    }

    async fn remove(self, session: &mut Session, sender: &str) -> Result<()> {
        let Some(last) = self.last else { return Ok(()) };
        let of_sender = || values![sender];
        for (delete, list) in [
            ("DELETE FROM feed WHERE sender = $1 AND sequence IN {}", self.places),
            ("DELETE FROM verdicts WHERE sender = $1 AND delivery IN {}", self.deliveries.clone()),
            ("DELETE FROM incidents WHERE sender = $1 AND id IN {}", self.incidents),
            ("DELETE FROM returns WHERE sender = $1 AND delivery IN {}", self.deliveries.clone()),
            ("DELETE FROM deliveries WHERE sender = $1 AND id IN {}", self.deliveries),
            (
                "DELETE FROM messages WHERE sender = $1 AND id IN {}
                 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message = messages.id)",
                self.messages,
            ),
        ] {
            rows::with_list(session, delete, of_sender(), list).await?;
        }
        let remember = "INSERT INTO feed_passed (sender, sequence) VALUES ($1, $2)
                        ON CONFLICT (sender) DO UPDATE SET sequence = excluded.sequence";
        session.execute(remember, values![sender, last]).await.map(drop)
    }
}

/// Up to which place of a sender's feed outcomes were removed; 0 if none ever were.
pub(super) async fn passed(session: &mut Session, sender: &str) -> Result<i64> {
    let select = "SELECT sequence FROM feed_passed WHERE sender = $1";
    let row = session.fetch_optional(select, values![sender]).await?;
    Ok(row.map(|row| row.int(0)).transpose()?.unwrap_or(0))
}
