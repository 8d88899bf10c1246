//! What operators order of the queue: try now, hold, release, cancel. Only what waits is changed; what is in
//! a worker's hand may be on its way, and is not.

use jiff::Timestamp;
use uuid::Uuid;

use super::database::Commit;
use super::fault::Result;
use super::settle::drop_unneeded;
use super::spool::forget_erased;
use super::sql::{Session, Value, built, values};
use super::{DeliveryFilter, Store, StoreError, rows};
use crate::policy::Reason;

/// An order over deliveries that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Due now; what an operator holds stays held.
    Retry,
    /// Held until it is released, at most until its deadline: then it ends withheld.
    Hold,
    /// No longer held by an operator, and due now: the second decision has its say.
    Release,
    /// Ends cancelled; nothing is sent, nobody is told.
    Cancel,
    /// The same of marketing alone.
    CancelMarketing,
    /// Marketing that is paused: held until it is resumed.
    Pause,
    /// What a pause held is due now, and decided again.
    Resume,
}

/// What one transaction of an order came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Obeyed {
    /// In the order of their ids.
    pub changed: Vec<Uuid>,
    /// What to go on after (`filter.after`); `None` once all that match are done.
    pub next: Option<Uuid>,
}

const HOLD: &str = "UPDATE deliveries SET state = 'held', reason = $1, next_attempt_at = deadline
                    WHERE state IN ('queued', 'held') AND id IN {} RETURNING id";

/// Deliveries changed in one transaction, at most.
const SLICE: u32 = 1_000;

impl Order {
    /// Which of those that match it is for.
    fn concerns(self) -> &'static str {
        match self {
            Self::Retry | Self::Hold => {
                "d.state IN ('queued', 'held') AND (d.reason IS NULL OR d.reason <> 'held_by_operator')"
            }
            Self::Release => {
                "d.state IN ('queued', 'held') AND (d.state = 'held' OR d.reason = 'held_by_operator')"
            }
            Self::Cancel => "d.state IN ('queued', 'held')",
            Self::CancelMarketing => "l.stream = 'marketing' AND d.state IN ('queued', 'held')",
            Self::Pause => {
                "l.stream = 'marketing' AND d.state IN ('queued', 'held')
                 AND (d.reason IS NULL OR d.reason NOT IN ('held_by_operator', 'campaign_paused'))"
            }
            Self::Resume => "d.state = 'held' AND d.reason = 'campaign_paused'",
        }
    }

    /// Asks for the state again: a claim may have come between.
    fn change(self, now: Timestamp) -> (&'static str, Vec<Value>) {
        match self {
            Self::Retry => (
                "UPDATE deliveries SET next_attempt_at = $1
                 WHERE state IN ('queued', 'held') AND id IN {} RETURNING id",
                values![now],
            ),
            Self::Hold => (HOLD, values![Reason::HeldByOperator.as_str()]),
            Self::Pause => (HOLD, values![Reason::CampaignPaused.as_str()]),
            Self::Release | Self::Resume => (
                "UPDATE deliveries SET state = 'queued', reason = NULL, next_attempt_at = $1
                 WHERE state IN ('queued', 'held') AND id IN {} RETURNING id",
                values![now],
            ),
            Self::Cancel | Self::CancelMarketing => (
                "UPDATE deliveries SET state = 'cancelled', reason = NULL, ended_at = $1
                 WHERE state IN ('queued', 'held') AND id IN {} RETURNING id",
                values![now],
            ),
        }
    }
}

impl Store {
    /// Carries an order out over the next that match, `filter.limit` of them (0, and at most: 1,000) in one
    /// transaction, so that an order over millions holds up nobody else.
    pub async fn order(&self, order: Order, filter: &DeliveryFilter) -> Result<Obeyed, StoreError> {
        let limit = if filter.limit == 0 { SLICE } else { filter.limit.min(SLICE) };
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let now = tx.now().await?;
        let chosen = self.choose(&mut tx, order, filter, limit).await?;
        let next = chosen.last().copied().filter(|_| chosen.len() >= limit as usize);
        let mut changed = carry_out(&mut tx, order, chosen, now).await?;
        tx.commit().await?;
        changed.sort_unstable();
        Ok(Obeyed { changed, next })
    }

    /// How many of those that match are in a worker's hand, where no order reaches them.
    pub async fn count_in_hand(&self, filter: &DeliveryFilter) -> Result<u64, StoreError> {
        let (conditions, values) = self.conditions(filter);
        let sql = format!(
            "SELECT count(*) FROM deliveries d JOIN lanes l ON l.id = d.lane
             WHERE {conditions} AND d.state = 'claimed'"
        );
        let row = self.inner.database.read().await?.fetch_optional(built(sql), values).await?;
        Ok(row.map(|row| row.int(0)).transpose()?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }

    async fn choose(
        &self,
        session: &mut Session,
        order: Order,
        filter: &DeliveryFilter,
        limit: u32,
    ) -> Result<Vec<Uuid>> {
        let (conditions, mut values) = self.conditions(filter);
        values.push(Value::from(limit));
        let sql = format!(
            "SELECT d.id FROM deliveries d JOIN lanes l ON l.id = d.lane
             WHERE {conditions} AND {} ORDER BY d.id LIMIT ${}",
            order.concerns(),
            values.len()
        );
        let chosen = session.fetch(built(sql), values).await?;
        chosen.iter().map(|row| row.id(0)).collect()
    }
}

async fn carry_out(
    session: &mut Session,
    order: Order,
    chosen: Vec<Uuid>,
    now: Timestamp,
) -> Result<Vec<Uuid>> {
    let ids = chosen.into_iter().map(Value::from).collect();
    let (change, fixed) = order.change(now);
    let changed = rows::with_list(session, change, fixed, ids).await?;
    let changed = changed.iter().map(|row| row.id(0)).collect::<Result<Vec<_>>>()?;
    if matches!(order, Order::Cancel | Order::CancelMarketing) {
        forget_erased(session, changed.iter().copied()).await?;
        drop_unneeded(session, changed.iter().copied().map(Value::from).collect()).await?;
    }
    Ok(changed)
}
