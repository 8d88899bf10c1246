//! SQLite's one turn to write. Its own wait for the lock looks again now and then, so that who writes much starves
//! who writes little: here the turn is handed on, in order within this process, and between processes by a lock on
//! a file beside the database, which wakes who waits for it. A process that dies lets go of it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::Instant;

use crate::store::fault::{Fault, Result};

/// For how long this process keeps the turn while its own writers stand in line: one of them alone between two of
/// another process's transactions would make mail wait for its import.
const MOST: Duration = Duration::from_millis(50);
/// What those who were woken need to be there first.
const GAP: Duration = Duration::from_millis(1);
/// How often is looked while a wait that was given up goes on.
const AGAIN: Duration = Duration::from_millis(20);

/// Hands out the turns of one process.
pub(super) struct Turns {
    line: Arc<Mutex<Lock>>,
    /// Who stands in the line.
    waiting: Arc<AtomicUsize>,
    file: PathBuf,
}

/// The lock between processes.
#[derive(Default)]
struct Lock {
    held: Option<(File, Instant)>,
    /// Kept for `MOST`, so that it is others' turn first.
    spent: bool,
    /// The thread that waits for another process, or did. It lets go of a turn that nobody wants any more.
    waiter: Option<JoinHandle<()>>,
}

/// The turn, for as long as it is held.
pub(in crate::store) struct Turn {
    line: OwnedMutexGuard<Lock>,
    waiting: Arc<AtomicUsize>,
}

/// Somebody in the line.
struct InLine<'a> {
    turns: &'a Turns,
    served: bool,
}

impl Turns {
    /// For the database in this file.
    pub fn beside(database: &Path) -> Self {
        let mut file = database.as_os_str().to_owned();
        file.push("-turn");
        Self { line: Arc::default(), waiting: Arc::default(), file: file.into() }
    }

    /// The next turn, if it comes within that time.
    pub async fn next(&self, patience: Duration) -> Result<Turn> {
        let turn = tokio::time::timeout(patience, self.wait()).await;
        turn.map_err(|_| Fault::Gone("no turn to write came in time".into()))?
    }

    async fn wait(&self) -> Result<Turn> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut in_line = InLine { turns: self, served: false };
        let mut line = self.line.clone().lock_owned().await;
        if line.held.is_none() {
            if std::mem::take(&mut line.spent) {
                tokio::time::sleep(GAP).await;
            }
            let file = self.lock(&mut line.waiter).await.map_err(|error| unlockable(&error))?;
            line.held = Some((file, Instant::now()));
        }
        in_line.served = true;
        Ok(Turn { line, waiting: self.waiting.clone() })
    }

    async fn lock(&self, waiter: &mut Option<JoinHandle<()>>) -> io::Result<File> {
        loop {
            let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.file)?;
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // One thread at most, however long another process is stopped in the middle of its turn.
            if waiter.as_ref().is_some_and(|thread| !thread.is_finished()) {
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            let (locked, wait) = oneshot::channel();
            *waiter = Some(wait_for(file, locked)?);
            return wait.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()));
        }
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        let Turns { line, waiting, .. } = self.turns;
        waiting.fetch_sub(1, Ordering::SeqCst);
        if self.served {
            return;
        }
        // Who gave up may have been the one for whom the lock was kept.
        if let Ok(runtime) = Handle::try_current() {
            let (line, waiting) = (line.clone(), waiting.clone());
            runtime.spawn(async move { line.lock().await.end(&waiting) });
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.line.end(&self.waiting);
    }
}

impl Lock {
    /// A turn ends: the lock stays for the next in line, for a while.
    fn end(&mut self, waiting: &AtomicUsize) {
        self.spent = self.held.as_ref().is_some_and(|(_, since)| since.elapsed() > MOST);
        if self.spent || waiting.load(Ordering::SeqCst) == 0 {
            self.held = None;
        }
    }
}

/// Not one of the runtime's threads: a wait that doesn't end would keep those from ending.
fn wait_for(file: File, locked: oneshot::Sender<io::Result<File>>) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("turn to write".into()).spawn(move || {
        let _ = locked.send(file.lock().map(|()| file));
    })
}

fn unlockable(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::StorageFull => Fault::Full,
        kind => Fault::Gone(format!("the file whose lock is the turn to write: {kind}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn one_writes_at_a_time_whichever_process_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("optgate.db");
        let (one, other) = (Turns::beside(&database), Turns::beside(&database));
        let turn = one.next(LONG).await.unwrap();
        assert!(matches!(one.next(SOON).await, Err(Fault::Gone(_))));
        assert!(matches!(other.next(SOON).await, Err(Fault::Gone(_))));
        drop(turn);
        let turn = other.next(LONG).await.unwrap();
        assert!(matches!(one.next(SOON).await, Err(Fault::Gone(_))));
        drop(turn);
        drop(one.next(LONG).await.unwrap());
    }

    #[tokio::test]
    async fn the_line_of_one_process_goes_before_another_process_but_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("optgate.db");
        let (gateway, import) = (Arc::new(Turns::beside(&database)), Turns::beside(&database));
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let turn = gateway.next(LONG).await.unwrap();
        let line: Vec<_> = (0..10)
            .map(|number| {
                let (gateway, order) = (gateway.clone(), order.clone());
                tokio::spawn(async move {
                    let turn = gateway.next(LONG).await.unwrap();
                    order.lock().unwrap().push(number);
                    tokio::time::sleep(MOST / 4).await;
                    drop(turn);
                })
            })
            .collect();
        while gateway.waiting.load(Ordering::SeqCst) < line.len() {
            tokio::task::yield_now().await;
        }
        let import = async {
            let turn = import.next(LONG).await.unwrap();
            order.lock().unwrap().push(100);
            drop(turn);
        };
        tokio::join!(import, async { drop(turn) });
        for one in line {
            one.await.unwrap();
        }
        let order = order.lock().unwrap();
        let place = order.iter().position(|number| *number == 100).unwrap();
        assert!((2..10).contains(&place), "{order:?}");
        assert!(order.iter().filter(|number| **number != 100).is_sorted(), "{order:?}");
    }

    #[tokio::test]
    async fn a_wait_that_was_given_up_keeps_no_turn_from_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("optgate.db");
        let (one, other) = (Turns::beside(&database), Turns::beside(&database));
        let turn = one.next(LONG).await.unwrap();
        assert!(other.next(SOON).await.is_err());
        drop(turn);
        // It comes, wanted or not, and who gave it up takes it then.
        drop(other.next(LONG).await.unwrap());
        drop(one.next(LONG).await.unwrap());
    }
}
