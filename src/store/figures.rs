//! The queue in figures, for those who watch it: how much waits, how old it is. Of the whole cluster.
//!
//! It goes through an index entry for every open delivery, so that whoever asks must not ask often.

use jiff::Timestamp;

use super::fault::{Fault, Result};
use super::sql::values;
use super::{Store, StoreError};
use crate::spool::State;

/// The queue at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueFigures {
    /// By the store's clock.
    pub at: Timestamp,
    /// Queued, held and claimed, each of them even if there is none.
    pub states: Vec<StateFigures>,
    /// Since when the delivery has been due that was due first; `None` where nothing is.
    pub due_since: Option<Timestamp>,
}

/// The deliveries in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateFigures {
    pub state: State,
    pub deliveries: u64,
    /// When the oldest was spooled.
    pub oldest: Option<Timestamp>,
}

const OPEN: [State; 3] = [State::Queued, State::Held, State::Claimed];

/// In the words of the index of open deliveries, so that the rows themselves stay untouched.
const COUNT: &str = "SELECT state, count(*) FROM deliveries
                     WHERE state IN ('queued', 'held', 'claimed') GROUP BY state";
/// Ids grow with time: the first is the oldest.
const OLDEST: &str = "SELECT spooled_at FROM deliveries
                      WHERE state IN ('queued', 'held', 'claimed') AND state = $1 ORDER BY id LIMIT 1";
/// Steps from lane to lane through the index of what is due, as the dispatcher does.
const DUE_SINCE: &str = "
    WITH RECURSIVE step(lane) AS (
        SELECT * FROM (SELECT lane FROM deliveries WHERE state IN ('queued', 'held') ORDER BY lane LIMIT 1) AS first
        UNION ALL
        SELECT (SELECT d.lane FROM deliveries d WHERE d.state IN ('queued', 'held') AND d.lane > step.lane
                ORDER BY d.lane LIMIT 1)
        FROM step WHERE step.lane IS NOT NULL
    ), due(at) AS (
        SELECT (SELECT d.next_attempt_at FROM deliveries d
                WHERE d.state IN ('queued', 'held') AND d.lane = step.lane
                ORDER BY d.next_attempt_at LIMIT 1)
        FROM step WHERE step.lane IS NOT NULL
    )
    SELECT min(at) FROM due WHERE at <= $1";

impl Store {
    /// The queue in figures, now.
    pub async fn queue_figures(&self) -> Result<QueueFigures, StoreError> {
        let mut session = self.inner.database.read().await?;
        let at = session.now().await?;
        let rows = session.fetch(COUNT, Vec::new()).await?;
        let mut states = OPEN.map(|state| StateFigures { state, deliveries: 0, oldest: None });
        for row in &rows {
            let state = State::parse(row.text(0)?);
            let own = states.iter_mut().find(|own| Some(own.state) == state);
            let own = own.ok_or_else(|| Fault::Unreadable("a delivery's state".into()))?;
            own.deliveries = u64::try_from(row.int(1)?).unwrap_or(0);
        }
        for own in states.iter_mut().filter(|own| own.deliveries > 0) {
            let oldest = session.fetch_optional(OLDEST, values![own.state.as_str()]).await?;
            own.oldest = oldest.map(|row| row.time(0)).transpose()?;
        }
        let due = session.fetch_optional(DUE_SINCE, values![at]).await?;
        let due_since = due.map(|row| row.opt_time(0)).transpose()?.flatten();
        Ok(QueueFigures { at, states: states.to_vec(), due_since })
    }
}
