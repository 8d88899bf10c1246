//! The queue as the dispatcher sees it: lanes that wait, leases, and what goes back. DESIGN.md, "The queue".

use std::collections::HashSet;

use jiff::Timestamp;

use super::database::Commit;
use super::fault::Result;
use super::interned::CLASS;
use super::sql::{Session, Value, values};
use super::{Store, StoreError, interned, limits, rows};
use crate::policy::Stream;
use crate::policy::decide::DeliveryKind;
use crate::spool::{Fence, Lane};

/// A lane with deliveries that are due.
#[derive(Clone, Debug)]
pub struct WaitingLane {
    pub id: i64,
    pub lane: Lane,
    /// Our own notifications wait apart.
    pub kind: DeliveryKind,
}

/// Deliveries in hand over the whole cluster, for concurrency limits.
#[derive(Clone, Debug)]
pub struct InHand {
    pub lane: Lane,
    /// By which they leave.
    pub upstream: String,
    pub count: u32,
}

/// Up to which lane each class was looked at: the next look goes on behind it, and round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    pub functional: i64,
    pub confirmation: i64,
    pub marketing: i64,
}

/// A look at the lanes.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// All that were passed, in the order of passing, due or not.
    pub passed: Vec<(Stream, i64)>,
    /// Those of them that have something due.
    pub waiting: Vec<WaitingLane>,
    pub reach: Reach,
}

/// Whether a look saw every lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    #[default]
    All,
    Part,
}

/// Steps from lane to lane through the index of what is due, within a class, and looks at the first row of
/// each: a million due rows in one lane cost as much as one, and so do lanes beyond the limit.
pub(super) const STEP: &str = "
    WITH RECURSIVE step(lane, place) AS (
        SELECT (SELECT d.lane FROM deliveries d
                WHERE d.state IN ('queued', 'held') AND d.lane > $1 AND d.lane < $2
                ORDER BY d.lane LIMIT 1), 1
        UNION ALL
        SELECT (SELECT d.lane FROM deliveries d
                WHERE d.state IN ('queued', 'held') AND d.lane > step.lane AND d.lane < $2
                ORDER BY d.lane LIMIT 1), place + 1
        FROM step WHERE step.lane IS NOT NULL AND place < $3
    )
    SELECT step.lane, (SELECT d.next_attempt_at FROM deliveries d
                       WHERE d.state IN ('queued', 'held') AND d.lane = step.lane
                       ORDER BY d.next_attempt_at LIMIT 1)
    FROM step WHERE step.lane IS NOT NULL ORDER BY step.place";

const CLASSES: [Stream; 3] = [Stream::Functional, Stream::Confirmation, Stream::Marketing];

impl Seen {
    fn of(self, stream: Stream) -> i64 {
        match stream {
            Stream::Functional => self.functional,
            Stream::Confirmation => self.confirmation,
            Stream::Marketing => self.marketing,
        }
    }
}

impl Store {
    /// Lanes with something due, functional first; of each class those behind `seen` first, then round. At
    /// most `limit` lanes of a class are looked at: no number of them makes a look long or hides another.
    pub async fn waiting_lanes(&self, seen: Seen, limit: u32) -> Result<Look, StoreError> {
        let mut session = self.inner.database.read().await?;
        let now = session.now().await?;
        let (mut look, mut due) = (Look::default(), Vec::new());
        for stream in CLASSES {
            let first = CLASS * i64::from(Lane::class(stream));
            let from = seen.of(stream).clamp(first, first + CLASS - 1);
            let mut left = i64::from(limit);
            for (behind, before) in [(from, first + CLASS), (first, from + 1)] {
                let rows = match left {
                    0 => Vec::new(),
                    _ => session.fetch(STEP, values![behind, before, left]).await?,
                };
                left -= i64::try_from(rows.len()).unwrap_or(left);
                for row in &rows {
                    let lane = row.int(0)?;
                    look.passed.push((stream, lane));
                    if row.opt_time(1)?.is_some_and(|at| at <= now) {
                        due.push(lane);
                    }
                }
            }
            if left == 0 {
                look.reach = Reach::Part;
            }
        }
        let lanes = self.inner.interned.lanes(&mut session, due.iter().copied()).await?;
        let waiting =
            |id| lanes.get(&id).map(|(lane, kind)| WaitingLane { id, lane: lane.clone(), kind: *kind });
        look.waiting = due.into_iter().filter_map(waiting).collect();
        Ok(look)
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

    /// Claims of other nodes whose lease ran out are due again.
    pub async fn take_over_expired(&self) -> Result<u64, StoreError> {
        let expired =
            "UPDATE deliveries SET state = 'queued', node = NULL, lease_until = NULL, next_attempt_at = $1
                       WHERE state = 'claimed' AND lease_until < $1 AND node <> $2";
        Ok(self.requeue(expired, |now| values![now, self.inner.node]).await?)
    }

    /// This node's own claims whose lease ran out, and that nobody here works on any more, are due again. What
    /// is still in hand keeps its claim: its outcome may only be waiting for the store (invariant 10).
    pub async fn take_back_expired(&self, in_hand: &[Fence]) -> Result<u64, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let now = tx.now().await?;
        let select =
            "SELECT id, fence FROM deliveries WHERE state = 'claimed' AND lease_until < $1 AND node = $2";
        let held: HashSet<Fence> = in_hand.iter().copied().collect();
        let mut left = Vec::new();
        for row in tx.fetch(select, values![now, self.inner.node]).await? {
            let fence = Fence { delivery: row.id(0)?, number: row.int(1)? };
            if !held.contains(&fence) {
                left.push(values![fence.delivery, fence.number, now]);
            }
        }
        let update =
            "UPDATE deliveries SET state = 'queued', node = NULL, lease_until = NULL, next_attempt_at = at
                      FROM v WHERE id = delivery AND fence = held_fence AND state = 'claimed' RETURNING id";
        let changed =
            rows::with_values(&mut tx, "delivery, held_fence, at", left, update).await?.len() as u64;
        tx.commit().await?;
        Ok(changed)
    }

    /// The clock went back by so much: what waits shall not wait for so much longer, nor a dead node's lease
    /// hold. In slices. Returns how many deliveries that are.
    pub async fn clock_went_back(&self, by: std::time::Duration) -> Result<u64, StoreError> {
        let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        let (mut after, mut changed) = (uuid::Uuid::nil(), 0);
        loop {
            let mut tx = self.inner.database.begin(Commit::Lazy).await?;
            let now = tx.now().await?;
            let until = self.lease_from(now);
            let select = "SELECT id FROM deliveries WHERE state IN ('queued', 'held', 'claimed')
                          AND (next_attempt_at > $1 OR lease_until > $2) AND id > $3 ORDER BY id LIMIT 1000";
            let found = tx.fetch(select, values![now, until, after]).await?;
            let ids = found.iter().map(|row| row.id(0)).collect::<Result<Vec<_>>>()?;
            let Some(last) = ids.last() else { return Ok(changed) };
            after = *last;
            let ids: Vec<Value> = ids.into_iter().map(Value::from).collect();
            let sooner = "UPDATE deliveries SET next_attempt_at =
                              CASE WHEN next_attempt_at - $2 > $1 THEN next_attempt_at - $2 ELSE $1 END
                          WHERE id IN {} AND state IN ('queued', 'held') AND next_attempt_at > $1 RETURNING id";
            changed += rows::with_list(&mut tx, sooner, values![now, by], ids.clone()).await?.len() as u64;
            let shorter = "UPDATE deliveries SET lease_until = $1
                           WHERE id IN {} AND state = 'claimed' AND lease_until > $1 RETURNING id";
            changed += rows::with_list(&mut tx, shorter, values![until], ids).await?.len() as u64;
            tx.commit().await?;
        }
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

    /// What is claimed to leave, by lane and upstream, on all nodes.
    pub async fn in_hand(&self) -> Result<Vec<InHand>, StoreError> {
        Ok(in_hand(&mut self.inner.database.read().await?).await?)
    }

    /// Removes lanes in which nothing waits and that nobody used for months, in slices. How many there were.
    pub async fn forget_idle_lanes(&self) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let mut tx = self.inner.database.begin(Commit::Lazy).await?;
            let now = tx.now().await?;
            let slice = interned::forget_idle_lanes(&mut tx, now).await?;
            tx.commit().await?;
            forgotten += slice;
            if slice == 0 {
                return Ok(forgotten);
            }
        }
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
        limits::forget_idle(&mut tx, now.as_microsecond()).await?;
        tx.commit().await?;
        self.inner.interned.forget_days_before(before);
        if destroyed > 0 {
            tokio::spawn(self.inner.database.clone().truncate_log());
        }
        Ok(destroyed)
    }
}

/// What is claimed to leave. Claims that only end something are no load on anybody.
pub(super) async fn in_hand(session: &mut Session) -> Result<Vec<InHand>> {
    let select = "SELECT l.sender, l.stream, l.provider, l.campaign, l.credential, c.upstream, c.claimed
                  FROM (SELECT lane, upstream, count(*) AS claimed FROM deliveries
                        WHERE state = 'claimed' AND upstream IS NOT NULL GROUP BY lane, upstream) AS c
                  JOIN lanes l ON l.id = c.lane";
    let rows = session.fetch(select, Vec::new()).await?;
    let one = |row: &super::sql::Row| -> Result<InHand> {
        let count = u32::try_from(row.int(6)?).unwrap_or(u32::MAX);
        Ok(InHand { lane: interned::lane(row, 0)?, upstream: row.text(5)?.to_owned(), count })
    };
    rows.iter().map(one).collect()
}

/// For how many days after its own a spool key is kept at least, open deliveries or not.
const KEPT_DAYS: i64 = 7;

#[cfg(test)]
mod tests;
