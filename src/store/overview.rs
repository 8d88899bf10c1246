//! What waits, by what it waits for: of a whole queue a line for each lane, state and reason.

use jiff::Timestamp;

use super::fault::{Fault, Result};
use super::shown::OPEN;
use super::sql::{Row, Value, built};
use super::{DeliveryFilter, Store, StoreError};
use crate::policy::Reason;
use crate::spool::{Lane, State};

/// Deliveries of one lane that wait alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingAlike {
    pub lane: Lane,
    pub state: State,
    pub reason: Option<Reason>,
    pub deliveries: u64,
    /// When the oldest was spooled.
    pub oldest: Timestamp,
    /// When the first of them is due.
    pub next_attempt_at: Timestamp,
    /// What was last heard of one of them.
    pub last_response: Option<String>,
}

/// The queue by what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// By the store's clock.
    pub at: Timestamp,
    /// Those with the oldest delivery first.
    pub waiting: Vec<WaitingAlike>,
    /// Whether there is more than fits.
    pub more: bool,
}

/// Lines of an overview.
const MOST: usize = 1_000;

impl Store {
    /// What of the queue the filter asks for. It goes through every delivery that waits: for people, not for programs
    /// that ask every second.
    pub async fn overview(&self, filter: &DeliveryFilter) -> Result<Overview, StoreError> {
        let mut session = self.inner.database.read().await?;
        let at = session.now().await?;
        let (conditions, mut values) = self.conditions(filter);
        values.extend([Value::from(at), Value::from(u32::try_from(MOST + 1).unwrap_or(u32::MAX))]);
        let (now, limit) = (values.len() - 1, values.len());
        let sql = format!(
            "SELECT l.sender, l.stream, l.provider, l.campaign, l.credential, d.state, d.reason, count(*), min(d.spooled_at),
                min(d.next_attempt_at), max(d.last_response), CASE WHEN d.next_attempt_at <= ${now} THEN 1 ELSE 0 END
             FROM deliveries d JOIN lanes l ON l.id = d.lane WHERE {conditions}{OPEN}
             GROUP BY 1, 2, 3, 4, 5, 6, 7, 12 ORDER BY 9, 3, 4, 5, 6 LIMIT ${limit}"
        );
        let rows = session.fetch(built(sql), values).await?;
        let mut waiting = rows.iter().map(read).collect::<Result<Vec<_>>>()?;
        let more = waiting.len() > MOST;
        waiting.truncate(MOST);
        Ok(Overview { at, waiting, more })
    }
}

fn read(row: &Row) -> Result<WaitingAlike> {
    let unreadable = |what: &str| Fault::Unreadable(what.to_owned());
    Ok(WaitingAlike {
        lane: Lane {
            sender: row.text(0)?.to_owned(),
            stream: row.opt_word(1)?.ok_or_else(|| unreadable("a lane's stream"))?,
            provider: row.text(2)?.to_owned(),
            campaign: row.text(3)?.to_owned(),
            credential: row.text(4)?.to_owned(),
        },
        state: State::parse(row.text(5)?).ok_or_else(|| unreadable("a delivery's state"))?,
        reason: row.opt_word(6)?,
        deliveries: u64::try_from(row.int(7)?).unwrap_or(0),
        oldest: row.time(8)?,
        next_attempt_at: row.time(9)?,
        last_response: row.opt_text(10)?.map(str::to_owned),
    })
}
