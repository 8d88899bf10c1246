//! Ends what is kept for a time only, as long as each sender's policy says (`[retention]`). Where it says nothing,
//! and for senders whose policy is gone, all is kept.
//!
//! Never touches consent, nor what has not ended; and what one reading of a clock says is over is not yet believed.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::policy::PolicySet;
use crate::store::{Store, StoreError};
use crate::telemetry::metrics;

/// Periods are of months: minutes are no matter.
const LOOK: Duration = Duration::from_secs(600);
/// Places of the feed that one transaction passes, and the pause after it, so that mail comes first.
const SLICE: u32 = 500;
const PAUSE: Duration = Duration::from_millis(50);

/// Looks for what is over until cancelled, at once and then again and again.
pub async fn run(store: Store, policies: Arc<ArcSwap<PolicySet>>, shutdown: CancellationToken) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let policy = policies.load_full();
        match shutdown.run_until_cancelled(look(&store, &policy)).await {
            None => return,
            Some(Ok(0)) => {}
            Some(Ok(outcomes)) => tracing::info!(outcomes, "removed outcomes whose time is over"),
            Some(Err(error)) => tracing::error!(%error, "outcomes whose time is over can't be removed"),
        }
    }
}

/// Removes all whose time is over now, by the store's clock. Returns how many outcomes.
async fn look(store: &Store, policy: &PolicySet) -> Result<u64, StoreError> {
    // By a clock that just stepped nothing is over.
    if policy.senders.values().all(|sender| sender.retention.decisions.is_none())
        || !store.clock_is_steady().await?
    {
        return Ok(0);
    }
    let mut all = 0;
    for sender in policy.senders.values() {
        let Some(months) = sender.retention.decisions else { continue };
        let before = months_before(store.now().await?, months);
        loop {
            let removed = store.remove_outcomes(&sender.id, before, SLICE).await?;
            metrics::outcomes_removed(removed.outcomes);
            all += removed.outcomes;
            if !removed.more {
                break;
            }
            sleep(PAUSE).await;
        }
    }
    Ok(all)
}

/// Calendar months, in UTC. A time before all times where they reach further back than that.
fn months_before(now: Timestamp, months: u32) -> Timestamp {
    let began = now.to_zoned(TimeZone::UTC).checked_sub(i64::from(months).months());
    began.map_or(Timestamp::MIN, |began| began.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_of_calendar_months() {
        let before = |now: &str, months| months_before(now.parse().unwrap(), months).to_string();
        assert_eq!(before("2026-11-21T12:00:00Z", 36), "2023-11-21T12:00:00Z");
        assert_eq!(before("2024-02-29T00:00:00Z", 12), "2023-02-28T00:00:00Z");
        assert_eq!(months_before(Timestamp::MIN, 1), Timestamp::MIN);
    }
}
