//! The batching writer: one task, one transaction for all that waits, each caller told of its own result
//! after the commit. A batch that a row spoils is tried again one by one, so that one bad row harms nobody else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::address::{Change, Made};
use super::batch::{self, Batch, Shared};
use super::erase::Erasure;
use super::fact::Fact;
use super::settle::Settling;
use super::spool::Spooling;
use super::{RecordError, Recorded, Settled, StoreError, TakenBefore};
use crate::telemetry::metrics::{self, Stopwatch};

/// The most that one transaction takes.
const MOST_JOBS: usize = 256;
const MOST_OCTETS: usize = 16 << 20;
/// Mail that may wait, in KiB: beyond it sessions wait too, and the tools behind them.
const ROOM: u32 = 64 << 10;
/// The same for facts and settlements: a no and an outcome never wait behind mail that comes in.
const ROOM_FOR_THE_REST: u32 = 16 << 10;
/// How long anybody waits for room before the database is said to be behind.
const PATIENCE: Duration = Duration::from_secs(20);

/// Work with the way back to whoever waits for it.
pub(super) struct Told<W, R> {
    pub work: W,
    size: usize,
    reply: oneshot::Sender<Result<R, StoreError>>,
    _room: OwnedSemaphorePermit,
}

impl<W, R> Told<W, R> {
    /// Whoever gave up waiting need not hear it.
    pub fn tell(self, result: Result<R, StoreError>) {
        let _ = self.reply.send(result);
    }
}

/// What the facts of one call came to, in their order.
pub(super) type RecordedAll = Vec<Result<Recorded, RecordError>>;

pub(super) enum Job {
    Spool(Told<Spooling, Vec<TakenBefore>>),
    Record(Told<Vec<Fact>, RecordedAll>),
    Erase(Told<Erasure, bool>),
    ChangeAddress(Told<Change, Made>),
    Settle(Told<Settling, Settled>),
}

impl Job {
    fn size(&self) -> usize {
        match self {
            Self::Spool(told) => told.size,
            Self::Record(told) => told.size,
            Self::Erase(told) => told.size,
            Self::ChangeAddress(told) => told.size,
            Self::Settle(told) => told.size,
        }
    }
}

/// How much may wait.
struct Room {
    kibibytes: Arc<Semaphore>,
    most: u32,
    patience: Duration,
}

impl Room {
    fn new(most: u32, patience: Duration) -> Self {
        Self { kibibytes: Arc::new(Semaphore::new(most as usize)), most, patience }
    }

    /// Waits, but not for ever: who asked is better told to come again than kept.
    async fn take(&self, octets: usize) -> Result<OwnedSemaphorePermit, StoreError> {
        let kibibytes = u32::try_from(octets / 1024 + 1).unwrap_or(self.most).min(self.most);
        let room = self.kibibytes.clone().acquire_many_owned(kibibytes);
        let room = tokio::time::timeout(self.patience, room).await.map_err(|_| StoreError::Behind)?;
        room.map_err(|_| closing())
    }
}

fn closing() -> StoreError {
    StoreError::Unavailable("it is shutting down".into())
}

/// The way to the task.
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    room: Room,
    room_for_the_rest: Room,
    stop: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub fn start(shared: Arc<Shared>) -> Self {
        let (jobs, waiting) = mpsc::channel(MOST_JOBS);
        let stop = CancellationToken::new();
        let task = tokio::spawn(run(shared, waiting, stop.clone()));
        Self {
            jobs,
            room: Room::new(ROOM, PATIENCE),
            room_for_the_rest: Room::new(ROOM_FOR_THE_REST, PATIENCE),
            stop,
            task: Mutex::new(Some(task)),
        }
    }

    pub fn is_closed(&self) -> bool {
        self.jobs.is_closed()
    }

    /// Takes nothing new, writes what waits, then ends.
    pub async fn close(&self) {
        self.stop.cancel();
        if let Some(task) = self.task.lock().await.take() {
            let _ = task.await;
        }
    }

    pub async fn spool(&self, spooling: Spooling) -> Result<Vec<TakenBefore>, StoreError> {
        let size = spooling.size;
        self.submit(&self.room, spooling, size, Job::Spool).await
    }

    pub async fn record(&self, facts: Vec<Fact>) -> Result<RecordedAll, StoreError> {
        let size = facts.len() * 1024;
        self.submit(&self.room_for_the_rest, facts, size, Job::Record).await
    }

    pub async fn erase(&self, erasure: Erasure) -> Result<bool, StoreError> {
        self.submit(&self.room_for_the_rest, erasure, 1024, Job::Erase).await
    }

    pub async fn change_address(&self, change: Change) -> Result<Made, StoreError> {
        self.submit(&self.room_for_the_rest, change, 1024, Job::ChangeAddress).await
    }

    pub async fn settle(&self, settling: Settling) -> Result<Settled, StoreError> {
        let size = settling.size();
        self.submit(&self.room_for_the_rest, settling, size, Job::Settle).await
    }

    async fn submit<W, R>(
        &self,
        room: &Room,
        work: W,
        size: usize,
        job: impl FnOnce(Told<W, R>) -> Job,
    ) -> Result<R, StoreError> {
        let room = room.take(size).await?;
        let (reply, told) = oneshot::channel();
        let job = job(Told { work, size, reply, _room: room });
        self.jobs.send(job).await.map_err(|_| closing())?;
        told.await.map_err(|_| closing())?
    }
}

async fn run(shared: Arc<Shared>, mut waiting: mpsc::Receiver<Job>, stop: CancellationToken) {
    loop {
        let first = tokio::select! {
            biased;
            job = waiting.recv() => job,
            () = stop.cancelled(), if !waiting.is_closed() => {
                waiting.close();
                continue;
            }
        };
        let Some(first) = first else { return };
        let mut size = first.size();
        let mut jobs = vec![first];
        while jobs.len() < MOST_JOBS && size < MOST_OCTETS {
            let Ok(job) = waiting.try_recv() else { break };
            size += job.size();
            jobs.push(job);
        }
        write(&shared, Batch::of(jobs)).await;
    }
}

/// Writes a batch and tells everybody.
async fn write(shared: &Shared, batch: Batch) {
    let writing = Stopwatch::start();
    let written = batch::write(shared, &batch, batch::Try::First).await;
    metrics::commit(batch.len(), if written.is_ok() { "done" } else { "failed" }, writing.took());
    match written {
        Ok(results) => batch.tell(results),
        // What has nothing to do with any one of them is not tried by each of them.
        Err(fault) if fault.befalls_all() => batch.fail(&fault.into()),
        Err(fault) if batch.len() == 1 => batch.fail(&fault.into()),
        Err(_) => {
            for one in batch.one_by_one() {
                match batch::write(shared, &one, batch::Try::Again).await {
                    Ok(results) => one.tell(results),
                    Err(fault) => one.fail(&fault.into()),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_finds_no_room_is_told_that_the_database_is_behind() {
        let room = Room::new(10, Duration::ZERO);
        let _held = room.take(8 * 1024).await.unwrap();
        assert!(matches!(room.take(8 * 1024).await, Err(StoreError::Behind)));
        assert!(room.take(100).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_larger_than_all_room_waits_for_all_of_it() {
        let room = Room::new(10, Duration::ZERO);
        let held = room.take(1 << 30).await.unwrap();
        assert!(matches!(room.take(1).await, Err(StoreError::Behind)));
        drop(held);
        assert!(room.take(1).await.is_ok());
    }
}
