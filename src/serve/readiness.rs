//! Whether this node can accept mail, for the metrics and the log: nobody may be sending just then, or get as
//! far as a message.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::store::Store;
use crate::telemetry::metrics::{self, Stopwatch};

const EVERY: Duration = Duration::from_secs(5);

/// Asks until cancelled.
pub async fn follow(store: Store, shutdown: CancellationToken) {
    let mut down: Option<Stopwatch> = None;
    loop {
        let Some(answer) = shutdown.run_until_cancelled(store.ping()).await else { return };
        metrics::ready(answer.is_ok());
        match (answer, down) {
            (Err(error), None) => {
                tracing::error!(%error, "not ready: the database takes no writes, so that no mail is accepted");
                down = Some(Stopwatch::start());
            }
            (Ok(()), Some(since)) => {
                tracing::info!(down_seconds = since.took().as_secs(), "ready again");
                down = None;
            }
            _ => {}
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}
