//! The journal of noes: an append-only copy of every withdrawal, suppression, restriction and erasure, kept in
//! `data_dir` apart from the database (invariant 14). A database that was restored from a backup is behind it,
//! and is brought in step from it.
//!
//! It holds lookup hashes and no addresses. Segments are text, a line a batch: a checksum, a blank, JSON. Only
//! the last line of the last segment can be torn by a crash, and is then cut; any other damage is an error that
//! names its place. It is never read to decide anything: the database is, once it is in step.

mod compaction;
mod line;
mod segment;

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use line::{No, Numbered, is_no};
pub use segment::Reader;
use segment::{Scanned, Segment};

/// A segment is closed when it holds this many octets.
const SEGMENT: u64 = 4 << 20;
/// Noes that share a line at most.
const LINE: usize = 100;
/// How long to wait for another process that writes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{}: {error}", .file.display())]
    Io { file: PathBuf, error: io::Error },
    #[error(
        "{}: damaged at octet {offset}; if the database is complete, `optgate journal rebuild` writes it anew",
        .file.display()
    )]
    Damaged { file: PathBuf, offset: u64 },
    #[error("another process keeps the journal locked")]
    Locked,
}

/// A node's journal. Several processes may hold it open: each write is under a lock on a file beside it.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    tail: Mutex<Tail>,
}

/// What a node remembers of the database beside its journal, by which one that went back in time is told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The database has this number, or a later one.
    pub number: i64,
    /// The timeline that the database was on, where it has such a thing.
    pub timeline: Option<String>,
    /// Whoever had a journal: a backup may be older than a node.
    pub nodes: Vec<Uuid>,
}

/// Where the next line goes.
#[derive(Debug)]
struct Tail {
    segment: Segment,
    file: File,
    /// Octets that are whole lines, synced.
    good: u64,
    /// The number of the last no.
    last: u64,
    /// What was written last, and its first number: a transaction that is tried again, or in parts, finds its
    /// noes here.
    written: (Vec<Uuid>, u64),
}

impl Journal {
    /// Opens the journal of this folder, made where it is new. Cuts a line that a crash has torn.
    pub fn open(folder: &Path) -> Result<Self, JournalError> {
        let failed = |error| JournalError::Io { file: folder.to_owned(), error };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let _lock = lock(folder)?;
        let tail = Tail::open(folder)?;
        Ok(Self { folder: folder.to_owned(), tail: Mutex::new(tail) })
    }

    /// The number of the last no that this process knows of.
    pub fn last(&self) -> u64 {
        self.tail().last
    }

    /// The same with what other processes have written since.
    pub fn refreshed(&self) -> Result<u64, JournalError> {
        let _lock = lock(&self.folder)?;
        let mut tail = self.tail();
        tail.catch_up(&self.folder)?;
        Ok(tail.last)
    }

    /// Writes noes, numbered on from the last one or from `floor`, whichever is higher, and syncs them. Returns
    /// their first and last number. The same noes again, in a transaction that is tried again, are not written
    /// twice. Blocks on the disk.
    pub fn append(&self, noes: &[No], floor: u64) -> Result<(u64, u64), JournalError> {
        let _lock = lock(&self.folder)?;
        let mut tail = self.tail();
        tail.catch_up(&self.folder)?;
        let count = noes.len() as u64;
        if let Some(first) = tail.place_of(noes).filter(|first| *first > floor) {
            return Ok((first, first + count - 1));
        }
        if tail.good >= SEGMENT {
            tail.roll(&self.folder)?;
        }
        let first = tail.last.max(floor) + 1;
        let numbered: Vec<Numbered> =
            noes.iter().zip(first..).map(|(no, seq)| Numbered { seq, no: no.clone() }).collect();
        let mut text = String::new();
        numbered.chunks(LINE).for_each(|chunk| text.push_str(&line::write(chunk)));
        tail.write(&self.folder, text.as_bytes())?;
        tail.last = first + count - 1;
        tail.written = (noes.iter().map(|no| no.event.id).collect(), first);
        Ok((first, tail.last))
    }

    /// The noes with a higher number than this.
    pub fn after(&self, seq: u64) -> Result<Reader, JournalError> {
        Reader::open(&self.folder, seq)
    }

    /// Reads all of it; the first damage, closed segments included, is an error. Returns how many noes it holds.
    pub fn verify(&self) -> Result<u64, JournalError> {
        self.after(0)?.try_fold(0, |count, no| no.map(|_| count + 1))
    }

    /// Keeps of what is said twice the youngest, once that is worth it: what it holds is bounded by the people
    /// and the scopes that there are. Returns how many octets it saved.
    pub fn compact(&self) -> Result<u64, JournalError> {
        let active = self.tail().segment.number;
        compaction::compact(&self.folder, active)
    }

    /// The mark that was left last; an empty one if there is none.
    pub fn mark(&self) -> Result<Mark, JournalError> {
        let path = self.folder.join("mark");
        match fs::read_to_string(&path) {
            // One that can't be read tells nothing: the next replaces it.
            Ok(text) => Ok(serde_json::from_str(&text).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Mark::default()),
            Err(error) => Err(JournalError::Io { file: path, error }),
        }
    }

    /// Leaves a mark. Written under another name and moved, so that a crash leaves the old one or the new.
    pub fn set_mark(&self, mark: &Mark) -> Result<(), JournalError> {
        let path = self.folder.join("mark");
        let failed = |error| JournalError::Io { file: path.clone(), error };
        let text = serde_json::to_string(mark).map_err(|error| failed(error.into()))?;
        let _lock = lock(&self.folder)?;
        let draft = path.with_extension("draft");
        let file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&draft);
        let mut file = file.map_err(failed)?;
        writeln!(file, "{text}").and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&draft, &path).map_err(failed)?;
        segment::sync_folder(&self.folder)
    }

    /// Octets on disk.
    pub fn size(&self) -> Result<u64, JournalError> {
        let segments = Segment::all(&self.folder)?;
        Ok(segments.iter().filter_map(|own| fs::metadata(&own.path).ok()).map(|own| own.len()).sum())
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Moves a journal's segments out of the way, for one that is written anew. Nothing is deleted.
pub fn set_aside(folder: &Path) -> Result<(), JournalError> {
    if !folder.exists() {
        return Ok(());
    }
    let _lock = lock(folder)?;
    for segment in Segment::all(folder)? {
        let failed = |error| JournalError::Io { file: segment.path.clone(), error };
        let aside = (0..u32::MAX)
            .map(|number| segment.path.with_extension(format!("aside-{number}")))
            .find(|path| !path.exists());
        fs::rename(&segment.path, aside.unwrap_or_else(|| segment.path.with_extension("aside")))
            .map_err(failed)?;
    }
    segment::sync_folder(folder)
}

impl Tail {
    fn open(folder: &Path) -> Result<Self, JournalError> {
        let segment = match Segment::all(folder)?.pop() {
            Some(segment) => segment,
            None => Segment::create(folder, 1, 0)?,
        };
        let failed = |error| JournalError::Io { file: segment.path.clone(), error };
        let scanned = segment.scan(0)?;
        let file = File::options().write(true).mode(0o600).open(&segment.path).map_err(failed)?;
        if let Scanned { torn: true, good, .. } = scanned {
            tracing::warn!(file = %segment.path.display(), offset = good, "a line of the journal was torn by a crash and is cut");
            file.set_len(good).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        Ok(Self { segment, file, good: scanned.good, last: scanned.last, written: (Vec::new(), 0) })
    }

    /// The first number of these noes, if they are part of what was written last.
    fn place_of(&self, noes: &[No]) -> Option<u64> {
        let (written, first) = &self.written;
        let mut runs = written.windows(noes.len().max(1));
        let place = runs.position(|run| run.iter().copied().eq(noes.iter().map(|no| no.event.id)))?;
        Some(first + place as u64)
    }

    /// Takes in what another process has written, or closed, since.
    fn catch_up(&mut self, folder: &Path) -> Result<(), JournalError> {
        let failed = |error| JournalError::Io { file: self.segment.path.clone(), error };
        let followed = self.segment.next(folder).path.exists();
        let length = fs::metadata(&self.segment.path).map_err(failed)?.len();
        if followed || length != self.good {
            self.reopen(folder)?;
        }
        Ok(())
    }

    fn roll(&mut self, folder: &Path) -> Result<(), JournalError> {
        Segment::create(folder, self.segment.number + 1, self.last)?;
        self.reopen(folder)
    }

    fn reopen(&mut self, folder: &Path) -> Result<(), JournalError> {
        let written = std::mem::take(&mut self.written);
        *self = Self { written, ..Self::open(folder)? };
        Ok(())
    }

    /// All of it, synced; or nothing, and the file as it was.
    fn write(&mut self, folder: &Path, text: &[u8]) -> Result<(), JournalError> {
        let written = self
            .file
            .seek(SeekFrom::Start(self.good))
            .and_then(|_| self.file.write_all(text))
            .and_then(|()| self.sync());
        match written {
            Ok(()) => {
                self.good += text.len() as u64;
                Ok(())
            }
            Err(error) => {
                let path = self.segment.path.clone();
                // What can't be cut now is cut as torn before the next line.
                if self.file.set_len(self.good).and_then(|()| self.file.sync_data()).is_err() {
                    tracing::error!(folder = %folder.display(), "a failed write to the journal can't be taken back yet");
                }
                Err(JournalError::Io { file: path, error })
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        fail::fail_point!("journal_before_sync", |_| std::process::abort());
        self.file.sync_data()?;
        fail::fail_point!("journal_after_sync", |_| std::process::abort());
        Ok(())
    }
}

/// Held while the journal is written or its files change.
struct Lock {
    _file: File,
}

fn lock(folder: &Path) -> Result<Lock, JournalError> {
    let path = folder.join("lock");
    let failed = |error| JournalError::Io { file: path.clone(), error };
    let file = File::options().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
    let start = std::time::Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(TryLockError::WouldBlock) => return Err(JournalError::Locked),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

#[cfg(test)]
mod tests;
