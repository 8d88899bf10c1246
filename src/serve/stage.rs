//! A part of the gateway that runs until it is told to end, and is never left running.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// A running part. Dropped, it is cancelled.
pub struct Stage {
    name: &'static str,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

/// Tells of its part's end, a panic included.
struct Ending(&'static str, mpsc::UnboundedSender<&'static str>);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.1.send(self.0);
    }
}

impl Stage {
    /// Starts a part; `ended` hears of its end.
    pub fn start<Part>(
        name: &'static str,
        ended: &mpsc::UnboundedSender<&'static str>,
        part: impl FnOnce(CancellationToken) -> Part,
    ) -> Self
    where
        Part: Future<Output = ()> + Send + 'static,
    {
        let shutdown = CancellationToken::new();
        let ending = Ending(name, ended.clone());
        let part = part(shutdown.clone());
        let task = tokio::spawn(async move {
            let _ending = ending;
            part.await;
        });
        Self { name, shutdown, task }
    }

    /// Tells it to end, and ends it by force after `bound`.
    pub async fn end(mut self, bound: Duration) {
        self.shutdown.cancel();
        if tokio::time::timeout(bound, &mut self.task).await.is_err() {
            tracing::warn!(stage = self.name, "did not end in time");
            self.task.abort();
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}
