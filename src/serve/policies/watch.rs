//! Events of a folder: that something changed, when it last did, and which files somebody still writes.
//! They make a reload prompt and patient; what is in force never rests on them alone.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, CreateKind, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

/// Files that somebody writes at once; beyond it the two readings must do.
const MOST_WRITERS: usize = 10_000;

/// A folder that is watched.
pub(super) struct Watch {
    folder: PathBuf,
    seen: Arc<Seen>,
    /// Where events can't be had the folder is only looked at from time to time.
    watcher: Option<RecommendedWatcher>,
}

#[derive(Default)]
struct Seen {
    state: Mutex<State>,
    rung: Notify,
}

#[derive(Default)]
struct State {
    last: Option<Instant>,
    writing: HashSet<PathBuf>,
}

impl Watch {
    pub fn of(folder: &Path) -> Self {
        let seen = Arc::new(Seen::default());
        let (handler, inside) = (seen.clone(), folder.to_owned());
        let watcher =
            notify::recommended_watcher(move |event| handler.take(&inside, event)).inspect_err(|error| {
                tracing::warn!(%error, "no events of the policy folder: changes are found by looking");
            });
        let mut watch = Self { folder: folder.to_owned(), seen, watcher: watcher.ok() };
        watch.renew();
        watch
    }

    /// Watches what is there now: folders that are new, and a folder that took another's place.
    pub fn renew(&mut self) {
        let Some(watcher) = &mut self.watcher else { return };
        // The folder itself may be a link or be moved: its parent tells.
        let parent = self.folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        let places =
            [(Some(self.folder.as_path()), RecursiveMode::Recursive), (parent, RecursiveMode::NonRecursive)];
        for (place, mode) in places {
            if let Some(Err(error)) = place.map(|place| watcher.watch(place, mode)) {
                tracing::debug!(%error, "a policy folder can't be watched");
            }
        }
    }

    /// Returns when something has changed.
    pub async fn changed(&self) {
        self.seen.rung.notified().await;
    }

    /// Returns when nothing has changed for so long; or after so long while somebody writes.
    pub async fn quiet(&self, quiet: Duration) {
        loop {
            let age = self.seen.state().last.map(|last| last.elapsed());
            let rest = match age {
                Some(age) if age < quiet => quiet - age,
                _ if self.is_quiet() => return,
                _ => quiet,
            };
            sleep(rest).await;
            if !self.is_quiet() {
                return;
            }
        }
    }

    /// Whether nobody writes, as far as events tell.
    pub fn is_quiet(&self) -> bool {
        self.seen.state().writing.is_empty()
    }

    /// Who is waited for.
    pub fn writing(&self) -> Vec<PathBuf> {
        self.seen.state().writing.iter().take(10).cloned().collect()
    }

    pub fn forget_writers(&self) {
        self.seen.state().writing.clear();
    }
}

impl Seen {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, folder: &Path, event: notify::Result<Event>) {
        let mut state = self.state();
        match event {
            Ok(event) if event.need_rescan() => state.writing.clear(),
            Ok(event) => {
                // Of the parent nothing but the folder is of interest.
                let within = event.paths.iter().filter_map(|path| path.strip_prefix(folder).ok());
                let within: Vec<&Path> = within.collect();
                if within.is_empty() || !state.note(event.kind, folder, &within) {
                    return;
                }
            }
            // Whatever it was: what is known of writers may be wrong now.
            Err(_) => state.writing.clear(),
        }
        state.last = Some(Instant::now());
        drop(state);
        self.rung.notify_one();
    }
}

impl State {
    /// Whether the event is a change; our own reading is none. Paths are relative to the folder.
    fn note(&mut self, kind: EventKind, folder: &Path, paths: &[&Path]) -> bool {
        match kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Remove(_)
            | EventKind::Modify(ModifyKind::Name(_)) => {
                for path in paths {
                    self.writing.remove(*path);
                }
                // A hidden name that is moved may be the link that all others go through.
                matches!(kind, EventKind::Modify(_)) || paths.iter().any(|path| is_read(path))
            }
            EventKind::Access(_) => false,
            EventKind::Modify(ModifyKind::Data(_)) => self.somebody_writes(paths, |_| true),
            // A new file is empty until its writer is done; a link is there at once.
            EventKind::Create(CreateKind::File) => {
                self.somebody_writes(paths, |path| is_being_made(&folder.join(path)))
            }
            _ => true,
        }
    }

    /// Editors keep files of their own open for hours beside those that are read.
    fn somebody_writes(&mut self, paths: &[&Path], really: impl Fn(&Path) -> bool) -> bool {
        let ours: Vec<&&Path> = paths.iter().filter(|path| is_read(path)).collect();
        for path in ours.iter().filter(|path| really(path)) {
            if self.writing.len() < MOST_WRITERS {
                self.writing.insert(path.to_path_buf());
            }
        }
        !ours.is_empty()
    }
}

/// Whether a path below the folder may be a policy file, or a folder of them.
fn is_read(path: &Path) -> bool {
    let hidden = |name: std::path::Component<'_>| name.as_os_str().as_encoded_bytes().starts_with(b".");
    !path.components().any(hidden) && path.extension().is_none_or(|extension| extension == "toml")
}

fn is_being_made(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.nlink() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODIFIED: EventKind = EventKind::Modify(ModifyKind::Data(notify::event::DataChange::Any));
    const CLOSED: EventKind = EventKind::Access(AccessKind::Close(AccessMode::Write));
    const MOVED: EventKind = EventKind::Modify(ModifyKind::Name(notify::event::RenameMode::To));

    fn note(state: &mut State, kind: EventKind, path: &str) -> bool {
        state.note(kind, Path::new("/policies"), &[Path::new(path)])
    }

    #[test]
    fn a_file_is_waited_for_from_its_first_change_to_its_close() {
        let mut state = State::default();
        assert!(note(&mut state, MODIFIED, "senders/a.toml"));
        assert_eq!(state.writing.len(), 1);
        assert!(note(&mut state, CLOSED, "senders/a.toml"));
        assert!(state.writing.is_empty());
    }

    #[test]
    fn what_is_never_read_is_neither_waited_for_nor_a_change() {
        let mut state = State::default();
        for path in [".a.toml.swp", "senders/.a.toml", "senders/a.toml~x", "..v2/a.toml", "notes.txt"] {
            assert!(!note(&mut state, MODIFIED, path), "{path}");
            assert!(state.writing.is_empty(), "{path}");
        }
    }

    #[test]
    fn a_swap_of_the_link_that_all_files_go_through_is_a_change() {
        assert!(note(&mut State::default(), MOVED, "..data"));
    }

    #[test]
    fn reading_is_no_change() {
        let read = EventKind::Access(AccessKind::Open(AccessMode::Any));
        assert!(!note(&mut State::default(), read, "senders/a.toml"));
    }
}
