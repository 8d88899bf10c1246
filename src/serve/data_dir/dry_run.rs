//! The folder of a dry run: what it holds of people is thrown away with it, also when the process was killed.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

const PREFIX: &str = "dry-run-";
const LOCK: &str = "lock";

/// A folder for one process, for as long as it lives.
pub struct DryRun {
    path: PathBuf,
    _lock: File,
}

impl DryRun {
    /// Makes it within that folder, for its owner alone.
    pub fn within(data_dir: &Path, id: Uuid) -> io::Result<Self> {
        let path = data_dir.join(format!("{PREFIX}{id}"));
        DirBuilder::new().mode(0o700).create(&path)?;
        let lock = File::create_new(path.join(LOCK))?;
        lock.try_lock().map_err(io::Error::from)?;
        Ok(Self { path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for DryRun {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("optgate: {} can't be removed: {error}", self.path.display());
        }
    }
}

/// Removes what dry runs left that were killed. Invariant 12: an erasure would not find its people there.
pub(super) fn sweep(data_dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(data_dir)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let lives = match File::open(entry.path().join(LOCK)).map(|file| file.try_lock()) {
            Ok(Err(TryLockError::WouldBlock)) => true,
            // Killed before it had one, or made in this very moment: no one else's to remove but its own.
            Err(error) if error.kind() == io::ErrorKind::NotFound => is_young(&entry),
            _ => false,
        };
        if lives {
            continue;
        }
        match fs::remove_dir_all(entry.path()) {
            // Its own process, or another sweep, was faster.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
    }
    Ok(())
}

fn is_young(entry: &fs::DirEntry) -> bool {
    let age = entry.metadata().and_then(|about| about.modified()).map(|made| made.elapsed());
    age.is_ok_and(|age| age.is_ok_and(|age| age.as_secs() < 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_dry_run_left_goes_and_a_living_one_stays() {
        let data_dir = tempfile::tempdir().unwrap();
        let living = DryRun::within(data_dir.path(), Uuid::from_u128(1)).unwrap();
        let killed = DryRun::within(data_dir.path(), Uuid::from_u128(2)).unwrap();
        let left = killed.path().to_owned();
        fs::write(left.join("rehearsal.db"), b"people").unwrap();
        // As the system does it for who is killed: the lock goes, and nothing else.
        killed._lock.unlock().unwrap();
        sweep(data_dir.path()).unwrap();
        assert!(living.path().exists() && !left.exists());
        let path = living.path().to_owned();
        drop(living);
        assert!(!path.exists());
    }
}
