//! How noes get into this node's journal from within a transaction, and why there (invariant 14).
//!
//! The order is: journal synced, then commit, then "done". The other way round a crash between the two leaves a
//! database that knows of noes which the journal lacks, and that can't be told from a journal that was lost. Nor
//! can the journal be written before the transaction begins: what is a no at all, and its number, are known only
//! under the rows' locks. A batch has one write and one sync, however many noes it holds (docs/performance.md).
//!
//! The transaction stays open meanwhile, on SQLite that of the only writer. So the disk is waited for, but not
//! for ever: mail must not wait behind a journal whose disk hangs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::off_thread;
use crate::journal::{Journal, No};
use crate::store::StoreError;
use crate::store::fault::{Fault, Result};

/// How long a transaction waits for the journal's disk.
const PATIENCE: Duration = Duration::from_secs(4);

/// The way of the writer to the journal.
pub struct Keeper {
    journal: Arc<Journal>,
    /// Held by whoever writes, also when nobody waits for it any more.
    turn: Arc<Mutex<()>>,
}

impl Keeper {
    pub fn new(journal: Arc<Journal>) -> Self {
        Self { journal, turn: Arc::default() }
    }

    /// Writes and syncs noes, numbered on from `floor` at least; their first and last number. What comes too late
    /// for its transaction may still get into the journal: then it is replayed, and a no too many stands.
    pub async fn append(&self, noes: Vec<No>, floor: u64) -> Result<(u64, u64)> {
        // One that hangs is not waited for by each that follows.
        let turn = self.turn.clone().try_lock_owned().map_err(|_| hangs())?;
        let journal = self.journal.clone();
        let writing = off_thread(move || {
            let _turn = turn;
            journal.append(&noes, floor)
        });
        tokio::time::timeout(PATIENCE, writing).await.map_err(|_| hangs())?
    }
}

fn hangs() -> Fault {
    Fault::NotKept(StoreError::Unavailable("the journal of noes: its disk does not answer".into()))
}
