//! Keeps the feed going: what is committed gets its place, and whoever follows is told that there is more. Runs on
//! every node; the store lets one at a time give places, and the next takes over when that one dies.
//!
//! Never says what an event is about: followers read that from the store.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::store::{PLACES, Store, StoreError};

/// How soon after its commit an event is shown.
const SEQUENCE: Duration = Duration::from_millis(100);
/// How often answers that are a day old are looked for.
const PURGE: Duration = Duration::from_secs(60);

/// The way to hear of news. Clones share it.
#[derive(Clone)]
pub struct Feed {
    store: Store,
    grown: Arc<watch::Sender<()>>,
}

impl Feed {
    pub fn new(store: Store) -> Self {
        Self { store, grown: Arc::new(watch::channel(()).0) }
    }

    /// Changes when this node gave places. What another node placed is not heard here.
    pub fn grown(&self) -> watch::Receiver<()> {
        self.grown.subscribe()
    }

    /// Gives places to all that is committed now. Returns to how many.
    pub async fn catch_up(&self) -> Result<u64, StoreError> {
        let mut placed = 0;
        loop {
            let count = self.store.sequence().await?;
            placed += count;
            if count > 0 {
                self.grown.send_replace(());
            }
            if count < PLACES {
                return Ok(placed);
            }
        }
    }

    /// Does so until cancelled, and forgets answers that no call can ask for any more.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut ticks = interval(SEQUENCE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut purge_due = Instant::now();
        let mut failing = false;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let Some(done) = shutdown.run_until_cancelled(self.catch_up()).await else { return };
            match done {
                Ok(_) => failing = false,
                // Told once: it is tried ten times a second.
                Err(error) if !failing => {
                    failing = true;
                    tracing::error!(%error, "events can't be put in order: followers wait");
                }
                Err(_) => {}
            }
            if purge_due <= Instant::now() {
                purge_due = Instant::now() + PURGE;
                self.purge(&shutdown).await;
            }
        }
    }

    /// In small slices, so that nobody waits for it.
    async fn purge(&self, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            match self.store.purge_answers().await {
                Ok(0) => break,
                Ok(count) => tracing::debug!(count, "answers to old calls forgotten"),
                Err(error) => return tracing::warn!(%error, "answers to old calls can't be forgotten"),
            }
        }
        while !shutdown.is_cancelled() {
            match self.store.purge_tokens().await {
                Ok(0) => return,
                Ok(count) => tracing::debug!(count, "tokens of old webhooks forgotten"),
                Err(error) => return tracing::warn!(%error, "tokens of old webhooks can't be forgotten"),
            }
        }
    }
}
