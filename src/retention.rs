//! Ends what is kept for a time only, as long as each sender's policy says (`[retention]`). Where it says nothing,
//! and for senders whose policy is gone, all is kept.
//!
//! Never touches consent (but for people of whom none ever came), nor what has not ended; and what one reading of a clock
//! says is over is not yet believed.

mod unconfirmed;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::policy::PolicySet;
use crate::policy::sender::{Retention, SenderPolicy};
use crate::store::{Store, StoreError};
use crate::telemetry::metrics;
use unconfirmed::Walk;

/// Periods are of months: minutes are no matter.
const LOOK: Duration = Duration::from_secs(600);
/// Places of the feed that one transaction passes, and the pause after it, so that mail comes first.
const SLICE: u32 = 500;
const PAUSE: Duration = Duration::from_millis(50);
/// Slices of one sender's outcomes in one look: a million and a half, so two hundred million a day.
const SLICES: u32 = 3_000;

/// Looks for what is over until cancelled, at once and then again and again.
pub async fn run(store: Store, policies: Arc<ArcSwap<PolicySet>>, shutdown: CancellationToken) {
    let mut ticks = interval(LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut walk = Walk::default();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let policy = policies.load_full();
        let removed = match shutdown.run_until_cancelled(look(&store, &policy, &mut walk)).await {
            None => return,
            Some(removed) => removed,
        };
        match removed {
            Ok((0, 0)) => {}
            Ok((outcomes, people)) => {
                tracing::info!(outcomes, people, "removed outcomes and people whose time is over");
            }
            Err(error) => tracing::error!(%error, "what is over can't be removed"),
        }
    }
}

/// Removes what is over now, by the store's clock. Returns how many outcomes, and how many people.
async fn look(store: &Store, policy: &PolicySet, walk: &mut Walk) -> Result<(u64, u64), StoreError> {
    let kept_for_ever = |sender: &SenderPolicy| sender.retention == Retention::default();
    // By a clock that just stepped nothing is over.
    if policy.senders.values().all(kept_for_ever) || !store.clock_is_steady().await? {
        return Ok((0, 0));
    }
    Ok((outcomes(store, policy).await?, walk.go_on(store, policy).await?))
}

async fn outcomes(store: &Store, policy: &PolicySet) -> Result<u64, StoreError> {
    let mut all = 0;
    for sender in policy.senders.values() {
        let Some(months) = sender.retention.decisions else { continue };
        let before = months_before(store.now().await?, months);
        // A look ends soon enough for the next to see whether the clock goes steadily.
        for _ in 0..SLICES {
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
