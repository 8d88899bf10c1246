//! The queue as the dispatcher sees it: lanes that wait, leases, and what goes back. DESIGN.md, "The queue".

use std::collections::HashSet;

use jiff::Timestamp;

use super::database::Commit;
use super::fault::Result;
use super::sql::{Value, values};
use super::{Store, StoreError, interned, rows};
use crate::spool::{Fence, Lane};

/// A lane with deliveries that are due.
#[derive(Clone, Debug)]
pub struct WaitingLane {
    pub id: i64,
    pub lane: Lane,
}

/// Deliveries in hand over the whole cluster, for concurrency limits.
#[derive(Clone, Debug)]
pub struct InHand {
    pub lane: Lane,
    pub count: u32,
}

/// Up to which lane each class was looked at: the next look goes on behind it, and round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub functional: i64,
    pub confirmation: i64,
    pub marketing: i64,
}

/// Steps from lane to lane through the index of what is due, and looks at the first row of each: a million
/// due rows in one lane cost as much as one.
const WAITING: &str = "
    WITH RECURSIVE step(lane) AS (
        SELECT * FROM (SELECT lane FROM deliveries WHERE state IN ('queued', 'held') ORDER BY lane LIMIT 1) AS first
        UNION ALL
        SELECT (SELECT d.lane FROM deliveries d WHERE d.state IN ('queued', 'held') AND d.lane > step.lane
                ORDER BY d.lane LIMIT 1)
        FROM step WHERE step.lane IS NOT NULL
    ), waiting(lane, due) AS (
        SELECT step.lane, (SELECT d.next_attempt_at FROM deliveries d
                           WHERE d.state IN ('queued', 'held') AND d.lane = step.lane
                           ORDER BY d.next_attempt_at LIMIT 1)
        FROM step WHERE step.lane IS NOT NULL
    ), classed(lane, class, seen) AS (
        SELECT l.id,
            CASE l.stream WHEN 'functional' THEN 0 WHEN 'confirmation' THEN 1 ELSE 2 END,
            CASE l.stream WHEN 'functional' THEN l.id <= $2 WHEN 'confirmation' THEN l.id <= $3 ELSE l.id <= $4 END
        FROM waiting w JOIN lanes l ON l.id = w.lane
        WHERE w.due <= $1
    ), placed(lane, class, place) AS (
        SELECT lane, class, row_number() OVER (PARTITION BY class ORDER BY seen, lane) FROM classed
    )
    SELECT l.id, l.sender, l.stream, l.provider, l.campaign
    FROM placed p JOIN lanes l ON l.id = p.lane
    WHERE p.place <= $5
    ORDER BY p.class, p.place";

impl Store {
    /// Lanes with something due, functional first; of each class those behind `seen` first, then round, at
    /// most `limit` of a class: so that no number of lanes that can't be served hides another.
    pub async fn waiting_lanes(&self, seen: Seen, limit: u32) -> Result<Vec<WaitingLane>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let now = session.now().await?;
        let values = values![now, seen.functional, seen.confirmation, seen.marketing, limit];
        let rows = session.fetch(WAITING, values).await?;
        let waiting =
            |row| Ok(WaitingLane { id: super::sql::Row::int(row, 0)?, lane: interned::lane(row, 1)? });
        Ok(rows.iter().map(waiting).collect::<Result<_>>()?)
    }

    /// Extends leases. Returns the fences that are no longer ours.
    pub async fn renew(&self, fences: &[Fence]) -> Result<Vec<Fence>, StoreError> {
        let kept = self
            .change_own(
                fences,
                "UPDATE deliveries SET lease_until = until FROM v
                 WHERE id = delivery AND fence = held_fence AND node = held_node AND state = 'claimed'
                 RETURNING id, fence",
            )
            .await?;
        Ok(fences.iter().copied().filter(|fence| !kept.contains(fence)).collect())
    }

    /// Gives a claim back untouched (shutting down): due at once, no attempt counted.
    pub async fn give_back(&self, fences: &[Fence]) -> Result<(), StoreError> {
        self.change_own(
            fences,
            "UPDATE deliveries SET state = 'queued', node = NULL, lease_until = NULL, attempts = attempts - 1,
                 next_attempt_at = CASE WHEN at < next_attempt_at THEN at ELSE next_attempt_at END FROM v
             WHERE id = delivery AND fence = held_fence AND node = held_node AND state = 'claimed'
             RETURNING id, fence",
        )
        .await?;
        Ok(())
    }

    /// Runs a change on claims that are still this node's; those that it changed.
    async fn change_own(&self, fences: &[Fence], update: &'static str) -> Result<HashSet<Fence>> {
        let mut tx = match fences {
            [] => return Ok(HashSet::new()),
            _ => self.inner.database.begin(Commit::Lazy).await?,
        };
        let now = tx.now().await?;
        let until = self.lease_from(now);
        let row = |fence: &Fence| values![fence.delivery, fence.number, self.inner.node, now, until];
        let columns = "delivery, held_fence, held_node, at, until";
        let changed = rows::with_values(&mut tx, columns, fences.iter().map(row).collect(), update).await?;
        tx.commit().await?;
        changed.iter().map(|row| Ok(Fence { delivery: row.id(0)?, number: row.int(1)? })).collect()
    }

    /// At start: this node's own claims are due again at once.
    pub async fn take_back_own(&self) -> Result<u64, StoreError> {
        let own =
            "UPDATE deliveries SET state = 'queued', node = NULL, lease_until = NULL, next_attempt_at = $1
                   WHERE state = 'claimed' AND node = $2";
        Ok(self.requeue(own, |now| values![now, self.inner.node]).await?)
    }

    /// Claims of any node whose lease ran out are due again.
    pub async fn take_over_expired(&self) -> Result<u64, StoreError> {
        let expired =
            "UPDATE deliveries SET state = 'queued', node = NULL, lease_until = NULL, next_attempt_at = $1
                       WHERE state = 'claimed' AND lease_until < $1";
        Ok(self.requeue(expired, |now| values![now]).await?)
    }

    async fn requeue(
        &self,
        update: &'static str,
        values: impl FnOnce(Timestamp) -> Vec<Value>,
    ) -> Result<u64> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let now = tx.now().await?;
        let changed = tx.execute(update, values(now)).await?;
        tx.commit().await?;
        Ok(changed)
    }

    /// What is claimed, by lane, on all nodes.
    pub async fn in_hand(&self) -> Result<Vec<InHand>, StoreError> {
        let select = "SELECT l.sender, l.stream, l.provider, l.campaign, c.claimed
                      FROM (SELECT lane, count(*) AS claimed FROM deliveries WHERE state = 'claimed' GROUP BY lane) AS c
                      JOIN lanes l ON l.id = c.lane";
        let rows = self.inner.database.read().await?.fetch(select, Vec::new()).await?;
        let in_hand = |row: &super::sql::Row| -> Result<InHand> {
            let count = u32::try_from(row.int(4)?).unwrap_or(u32::MAX);
            Ok(InHand { lane: interned::lane(row, 0)?, count })
        };
        Ok(rows.iter().map(in_hand).collect::<Result<_>>()?)
    }

    /// Destroys spool keys that no delivery can need any more: nothing of their day is open, and it is longer
    /// ago than anybody will want to see whom an ended delivery went to. Forgets idle limits along the way.
    pub async fn destroy_old_spool_keys(&self) -> Result<u64, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let now = tx.now().await?;
        let before = now.as_second().div_euclid(86_400) - KEPT_DAYS;
        let destroy = "DELETE FROM spool_keys WHERE day < $1
                       AND NOT EXISTS (SELECT 1 FROM contents WHERE contents.spool_day = spool_keys.day)";
        let destroyed = tx.execute(destroy, values![before]).await?;
        let idle = now.as_microsecond() - 2 * DAY_MICROS;
        tx.execute("DELETE FROM limits WHERE used_at < $1", values![idle]).await?;
        tx.commit().await?;
        self.inner.interned.forget_days_before(before);
        if destroyed > 0 {
            tokio::spawn(self.inner.database.clone().truncate_log());
        }
        Ok(destroyed)
    }
}

/// For how many days after its own a spool key is kept at least, open deliveries or not.
const KEPT_DAYS: i64 = 7;
const DAY_MICROS: i64 = 86_400_000_000;
