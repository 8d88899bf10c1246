//! Counts the queue, and the requests that wait, for the metrics, in the background: a scrape must not cost a walk through a long queue.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::store::{QueueFigures, Store};
use crate::telemetry::metrics::{self, Stopwatch};

/// How often the queue is counted where that is cheap.
const OFTEN: Duration = Duration::from_secs(5);
/// Counting takes at most this part of the time.
const PART: u32 = 50;

/// Counts until cancelled. While the store can't be read the figures stay, and their time tells their age.
pub async fn follow(store: Store, shutdown: CancellationToken) {
    loop {
        let counting = Stopwatch::start();
        match shutdown.run_until_cancelled(store.queue_figures()).await {
            Some(Ok(figures)) => show(&figures),
            Some(Err(error)) => tracing::debug!(%error, "the queue can't be counted"),
            None => return,
        }
        match shutdown.run_until_cancelled(store.request_figures()).await {
            Some(Ok(figures)) => {
                figures.iter().for_each(|own| metrics::requests(&own.sender, own.open, own.overdue));
            }
            Some(Err(error)) => tracing::debug!(%error, "requests can't be counted"),
            None => return,
        }
        let rest = OFTEN.max(counting.took().saturating_mul(PART));
        if shutdown.run_until_cancelled(tokio::time::sleep(rest)).await.is_none() {
            return;
        }
    }
}

fn show(figures: &QueueFigures) {
    let since = |at: Option<jiff::Timestamp>| {
        let age = at.map(|at| figures.at.duration_since(at)).unwrap_or_default();
        // A clock that stepped back makes nothing younger than new.
        Duration::try_from(age).unwrap_or_default()
    };
    for own in &figures.states {
        metrics::queue(own.state, own.deliveries, since(own.oldest));
    }
    metrics::queue_counted(since(figures.due_since), figures.at);
}
