//! The folder that belongs to one node: its lock, its id, its keys.

mod dry_run;

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use uuid::Uuid;

use crate::clock::Clock;
use crate::journal::{self, Journal};
use crate::keys::{KeyError, Keys};
pub use dry_run::DryRun;

/// A node's own folder.
pub struct DataDir {
    path: PathBuf,
    /// The same after every restart on this folder: it finds its own claims again.
    pub node: Uuid,
}

/// Held by the one process that serves from a folder; ends with it.
pub struct Lock {
    _file: File,
}

impl DataDir {
    /// Makes what is not there yet, readable by its owner alone.
    pub fn open(path: &Path, clock: &Clock) -> anyhow::Result<Self> {
        let failed = || format!("data_dir {}", path.display());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).with_context(failed)?;
        dry_run::sweep(path).with_context(failed)?;
        Ok(Self { path: path.to_owned(), node: node(&path.join("node"), clock).with_context(failed)? })
    }

    /// Opens the journal of noes, made where it is new.
    pub fn journal(&self) -> anyhow::Result<Arc<Journal>> {
        Ok(Arc::new(Journal::open(&self.journal_folder())?))
    }

    /// Moves the journal of noes out of the way, for one that is written anew.
    pub fn set_journal_aside(&self) -> anyhow::Result<()> {
        Ok(journal::set_aside(&self.journal_folder())?)
    }

    fn journal_folder(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// The keys that are there; makes none.
    pub fn keys(&self) -> Result<Keys, KeyError> {
        Keys::load(&self.path.join("keys"))
    }

    /// The keys, those made that are not there.
    pub fn make_keys(&self) -> Result<Keys, KeyError> {
        Keys::create(&self.path.join("keys"))
    }

    /// Whether there is a journal of noes with anything in it; makes none.
    pub fn holds_noes(&self) -> anyhow::Result<bool> {
        Ok(self.journal_folder().exists() && self.journal()?.last() > 0)
    }

    /// Two gateways under one node id would take each other's claims for their own.
    pub fn lock(&self) -> anyhow::Result<Lock> {
        let path = self.path.join("lock");
        let file = File::options().create(true).append(true).open(&path);
        let file = file.with_context(|| path.display().to_string())?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                bail!("another gateway serves from {}; each needs a data_dir of its own", self.path.display())
            }
            Err(TryLockError::Error(error)) => Err(error).with_context(|| path.display().to_string()),
        }
    }
}

/// The node's id. Written under another name and moved, so that a crash leaves no half of it.
fn node(path: &Path, clock: &Clock) -> anyhow::Result<Uuid> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().parse().with_context(|| format!("{} holds no id", path.display()))?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let draft = path.with_extension(format!("{}", std::process::id()));
            let node = clock.id();
            let mut file = File::options().write(true).create_new(true).mode(0o600).open(&draft)?;
            writeln!(file, "{node}")?;
            file.sync_all()?;
            match fs::hard_link(&draft, path) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.into()),
                _ => fs::remove_file(&draft)?,
            }
            Ok(fs::read_to_string(path)?.trim().parse()?)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_keeps_its_id() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::driven(jiff::Timestamp::UNIX_EPOCH);
        let first = DataDir::open(&folder.path().join("a/b"), &clock).unwrap().node;
        assert_eq!(DataDir::open(&folder.path().join("a/b"), &clock).unwrap().node, first);
    }

    #[test]
    fn one_process_serves_from_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let home = DataDir::open(folder.path(), &Clock::driven(jiff::Timestamp::UNIX_EPOCH)).unwrap();
        let held = home.lock().unwrap();
        assert!(home.lock().is_err());
        drop(held);
        assert!(home.lock().is_ok());
    }
}
