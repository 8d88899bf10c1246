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
}

/// What an order came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Obeyed {
    pub changed: u64,
    /// Those that match and were in a worker's hand.
    pub in_hand: u64,
}

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
            Self::Hold => (
                "UPDATE deliveries SET state = 'held', reason = $1, next_attempt_at = deadline
                 WHERE state IN ('queued', 'held') AND id IN {} RETURNING id",
                values![Reason::HeldByOperator.as_str()],
            ),
            Self::Release => (
                "UPDATE deliveries SET state = 'queued', reason = NULL, next_attempt_at = $1
                 WHERE state IN ('queued', 'held') AND id IN {} RETURNING id",
                values![now],
            ),
            Self::Cancel => (
                "UPDATE deliveries SET state = 'cancelled', reason = NULL, ended_at = $1
                 WHERE state IN ('queued', 'held') AND id IN {} RETURNING id",
                values![now],
            ),
        }
    }
}

impl Store {
    /// Carries an order out over all that match, `filter.limit` of them in a transaction (0: 1,000).
    pub async fn order(&self, order: Order, filter: &DeliveryFilter) -> Result<Obeyed, StoreError> {
        let mut obeyed = Obeyed { changed: 0, in_hand: self.in_hand_of(filter).await? };
        let mut filter = filter.clone();
        filter.limit = if filter.limit == 0 { SLICE } else { filter.limit.min(SLICE) };
        loop {
            let mut tx = self.inner.database.begin(Commit::Synced).await?;
            let now = tx.now().await?;
            let chosen = self.choose(&mut tx, order, &filter).await?;
            filter.after = chosen.last().copied();
            let count = chosen.len();
            obeyed.changed += carry_out(&mut tx, order, chosen, now).await?;
            tx.commit().await?;
            if count < filter.limit as usize {
                return Ok(obeyed);
            }
        }
    }

    async fn choose(
        &self,
        session: &mut Session,
        order: Order,
        filter: &DeliveryFilter,
    ) -> Result<Vec<Uuid>> {
        let (conditions, mut values) = self.conditions(filter);
        values.push(Value::from(filter.limit));
        let sql = format!(
            "SELECT d.id FROM deliveries d JOIN lanes l ON l.id = d.lane
             WHERE {conditions} AND {} ORDER BY d.id LIMIT ${}",
            order.concerns(),
            values.len()
        );
        let chosen = session.fetch(built(sql), values).await?;
        chosen.iter().map(|row| row.id(0)).collect()
    }

    async fn in_hand_of(&self, filter: &DeliveryFilter) -> Result<u64> {
        let (conditions, values) = self.conditions(filter);
        let sql = format!(
            "SELECT count(*) FROM deliveries d JOIN lanes l ON l.id = d.lane
             WHERE {conditions} AND d.state = 'claimed'"
        );
        let row = self.inner.database.read().await?.fetch_optional(built(sql), values).await?;
        Ok(row.map(|row| row.int(0)).transpose()?.and_then(|count| u64::try_from(count).ok()).unwrap_or(0))
    }
}

async fn carry_out(session: &mut Session, order: Order, chosen: Vec<Uuid>, now: Timestamp) -> Result<u64> {
    let ids = chosen.into_iter().map(Value::from).collect();
    let (change, fixed) = order.change(now);
    let changed = rows::with_list(session, change, fixed, ids).await?;
    if order == Order::Cancel {
        let ended = changed.iter().map(|row| row.id(0)).collect::<Result<Vec<_>>>()?;
        forget_erased(session, ended.iter().copied()).await?;
        drop_unneeded(session, ended.into_iter().map(Value::from).collect()).await?;
    }
    Ok(changed.len() as u64)
}
