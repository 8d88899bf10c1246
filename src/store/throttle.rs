//! Paces that have given way, for the whole cluster and over restarts; how they do is `schedule::throttle`'s to say.

use jiff::Timestamp;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::sql::{Row, Session, values};
use super::{Store, StoreError};
use crate::policy::shaping::{Adaptive, Shaping};
use crate::schedule::throttle::{Party, Resistance, SLOWEST_WHOLE, Throttle, meet, whole};

/// Shares are kept in millionths.
const WHOLE: f64 = 1_000_000.0;
/// How far back it is counted what left before a pace gave way, in microseconds.
const MINUTE: i64 = 60_000_000;
/// Deliveries that are counted for it at most: the youngest.
const COUNTED: i64 = 20_000;

macro_rules! throttles {
    ($which:literal) => {
        concat!(
            "SELECT party, name, share, changed_at, slowed_at, pace, suspended_until, cause FROM throttles",
            $which
        )
    };
}

/// Those that ended within the last minute, of all parties: how many of this one were relayed, how many there were, and
/// since when.
const RELAYED: (&str, &str) = (
    "SELECT count(CASE WHEN r.state = 'relayed' AND r.upstream = $1 THEN 1 END), count(*), min(r.ended_at)
     FROM (SELECT lane, upstream, state, ended_at FROM deliveries
           WHERE ended_at > $2 ORDER BY ended_at DESC LIMIT $3) r",
    "SELECT count(CASE WHEN r.state = 'relayed' AND l.provider = $1 THEN 1 END), count(*), min(r.ended_at)
     FROM (SELECT lane, upstream, state, ended_at FROM deliveries
           WHERE ended_at > $2 ORDER BY ended_at DESC LIMIT $3) r JOIN lanes l ON l.id = r.lane",
);

impl Store {
    /// A pace gives way, by the store's clock. What it is then; `None` where nothing changed, since it gave way a moment
    /// ago.
    pub async fn meet(
        &self,
        resistance: Resistance,
        shaping: &Shaping,
    ) -> Result<Option<Throttle>, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let now = tx.now().await?;
        let party = resistance.party.clone();
        let before = lock(&mut tx, &party).await?;
        let Some(mut met) = meet(before, resistance, &shaping.adaptive, now) else {
            tx.commit().await?;
            return Ok(None);
        };
        if met.pace == 0 {
            met.pace = match whole(shaping, &party) {
                Some(whole) => whole,
                None => pace_before(&mut tx, &party, now).await?,
            };
        }
        write(&mut tx, &met).await?;
        tx.commit().await?;
        Ok(Some(met))
    }

    /// All that have given way and are not whole again, and the store's time.
    pub async fn throttles(&self, adaptive: &Adaptive) -> Result<(Vec<Throttle>, Timestamp), StoreError> {
        let mut session = self.inner.database.read().await?;
        let now = session.now().await?;
        let rows = session.fetch(throttles!(" ORDER BY party, name"), Vec::new()).await?;
        let mut all = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        all.retain(|own| !own.is_over(adaptive, now));
        Ok((all, now))
    }

    /// Of those that were slowed later than now, since the clock was set back: as if it had been now, or they would stay
    /// slow for as long.
    pub async fn bring_throttles_back(&self) -> Result<(), StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let now = tx.now().await?;
        let update = "UPDATE throttles SET changed_at = changed_at - (slowed_at - $1),
                          suspended_until = suspended_until - (slowed_at - $1), slowed_at = $1 WHERE slowed_at > $1";
        tx.execute(update, values![now]).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The whole pace is back at once; whether it had given way.
    pub async fn end_throttle(&self, party: &Party) -> Result<bool, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let ended = forget(&mut tx, party).await? > 0;
        tx.commit().await?;
        Ok(ended)
    }

    /// Removes those whose whole pace is back. How many there were.
    pub async fn forget_throttles(&self, adaptive: &Adaptive) -> Result<u64, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let now = tx.now().await?;
        let all = tx.either(throttles!(""), throttles!(" FOR UPDATE SKIP LOCKED"));
        let rows = tx.fetch(all, Vec::new()).await?;
        let mut forgotten = 0;
        for row in &rows {
            let own = read(row)?;
            if own.is_over(adaptive, now) {
                forgotten += forget(&mut tx, &own.party).await?;
            }
        }
        tx.commit().await?;
        Ok(forgotten)
    }
}

/// Its row, locked, and made where it is new: of a pace that is whole.
async fn lock(session: &mut Session, party: &Party) -> Result<Option<Throttle>> {
    let new = "INSERT INTO throttles (party, name, share, changed_at, slowed_at, pace, cause)
               VALUES ($1, $2, $3, 0, 0, 0, '') ON CONFLICT (party, name) DO NOTHING";
    #[expect(clippy::cast_possible_truncation, reason = "a million")]
    session.execute(new, values![party.kind(), party.name(), WHOLE as i64]).await?;
    let select = session.either(
        throttles!(" WHERE party = $1 AND name = $2"),
        throttles!(" WHERE party = $1 AND name = $2 FOR UPDATE"),
    );
    let row = session.fetch_optional(select, values![party.kind(), party.name()]).await?;
    row.as_ref().map(read).transpose()
}

async fn write(session: &mut Session, own: &Throttle) -> Result<()> {
    let update =
        "UPDATE throttles SET share = $3, changed_at = $4, slowed_at = $5, pace = $6, suspended_until = $7,
                  cause = $8 WHERE party = $1 AND name = $2";
    #[expect(clippy::cast_possible_truncation, reason = "at most a million")]
    let share = (own.share * WHOLE) as i64;
    let (kind, name, cause) = (own.party.kind(), own.party.name(), own.cause.as_str());
    let times =
        values![kind, name, share, own.changed_at, own.slowed_at, own.pace, own.suspended_until, cause];
    session.execute(update, times).await.map(drop)
}

async fn forget(session: &mut Session, party: &Party) -> Result<u64> {
    let delete = "DELETE FROM throttles WHERE party = $1 AND name = $2";
    session.execute(delete, values![party.kind(), party.name()]).await
}

/// How much it took in the last minute; never so little that it could not come back.
async fn pace_before(session: &mut Session, party: &Party, now: Timestamp) -> Result<u32> {
    let (of_upstream, of_provider) = RELAYED;
    let select = match party {
        Party::Upstream(_) => of_upstream,
        Party::Provider(_) => of_provider,
    };
    let since = now.as_microsecond() - MINUTE;
    let row = session.fetch_optional(select, values![party.name(), since, COUNTED]).await?;
    let Some(row) = row else { return Ok(SLOWEST_WHOLE) };
    let (relayed, all) = (row.int(0)?, row.int(1)?);
    // Where there were more than are counted, those that were make up less than a minute.
    let time = match row.opt_int(2)? {
        Some(first) if all == COUNTED => (now.as_microsecond() - first).clamp(1, MINUTE),
        _ => MINUTE,
    };
    Ok(u32::try_from(relayed * MINUTE / time).unwrap_or(u32::MAX).max(SLOWEST_WHOLE))
}

fn read(row: &Row) -> Result<Throttle> {
    let party = Party::parse(row.text(0)?, row.text(1)?);
    #[expect(clippy::cast_precision_loss, reason = "at most a million")]
    let share = row.int(2)? as f64 / WHOLE;
    Ok(Throttle {
        party: party.ok_or_else(|| Fault::Unreadable("who is throttled".into()))?,
        share,
        changed_at: row.time(3)?,
        slowed_at: row.time(4)?,
        pace: u32::try_from(row.int(5)?).unwrap_or(u32::MAX),
        suspended_until: row.opt_time(6)?,
        cause: row.text(7)?.to_owned(),
    })
}
