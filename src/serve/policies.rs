//! The policy set in force: read at start, read again when its files change or somebody asks (SIGHUP).
//!
//! Files that can't be used never come into force, nor does a file that is still being written; the set that
//! was in force stays, for mail that comes and for mail that waits. A set is kept in the database before it comes
//! into force, so that no decision ever rests on one that can't be shown (invariant 16).

mod watch;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::systemd;
use crate::clock::Clock;
use crate::config::policies::Reader;
use crate::policy::PolicySet;
use crate::policy::file::{Folder, Loaded, Mistake, Severity};
use crate::store::{Store, StoreError};
use crate::telemetry::{FILES, metrics};
use watch::Watch;

/// Nothing may have changed for so long before files are read.
const QUIET: Duration = Duration::from_millis(300);
/// The files are looked at this often even where no event tells of changes: some file systems have none.
const LOOK: Duration = Duration::from_secs(60);
/// A set that could not be kept in the database is tried again after this.
const KEEP_AGAIN: Duration = Duration::from_secs(2);
/// A file that is written for longer than this is told of.
const LONG: Duration = Duration::from_secs(30);

/// The set at start, and the hash of the files as they were read for it; all mistakes at once if there is none.
pub(super) fn first(reader: &Reader) -> anyhow::Result<(PolicySet, String)> {
    let (loaded, seen) = match reader.read() {
        Some(folder) => (reader.check(&folder), folder.hash()),
        None => (reader.load(), String::new()),
    };
    match loaded {
        Ok((policies, warnings)) => {
            warnings.iter().for_each(log);
            Ok((policies, seen))
        }
        Err(mistakes) => {
            let rendered: Vec<&str> = mistakes.iter().map(|mistake| mistake.rendered.as_str()).collect();
            anyhow::bail!("the policies can't be used\n{}", rendered.join("\n"))
        }
    }
}

/// Keeps a set, before the first decision cites it.
pub(super) async fn keep(store: &Store, policies: &PolicySet) -> Result<(), StoreError> {
    store.keep_policy_set(&policies.hash, &policies.files).await
}

/// A mistake of a file, as a log line.
pub fn log(mistake: &Mistake) {
    let (file, line, column) = (mistake.file.display(), mistake.line, mistake.column);
    match mistake.severity {
        Severity::Warning => tracing::warn!(target: FILES, %file, line, column, "{}", mistake.message),
        Severity::Error => tracing::error!(target: FILES, %file, line, column, "{}", mistake.message),
        Severity::Note => tracing::info!(target: FILES, %file, line, column, "{}", mistake.message),
    }
}

/// Keeps the set in force that the files say.
pub(super) struct Follower {
    pub reader: Reader,
    pub clock: Clock,
    pub store: Store,
    pub in_force: Arc<ArcSwap<PolicySet>>,
    /// The hash of the files that were read at the start.
    pub seen: String,
    /// Rung by whoever wants the files read now.
    pub asked: Arc<Notify>,
    /// Wakes the dispatcher: the new set decides over what is queued too.
    pub queue_changed: Arc<Notify>,
}

/// Why the files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    Asked,
    Changed,
    Time,
}

/// What became of files that were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    /// In force, or never to be.
    Seen,
    /// To be tried again soon.
    NotKept,
}

impl Follower {
    /// Follows the files until cancelled.
    pub async fn follow(mut self, shutdown: CancellationToken) {
        metrics::policy_in_force(&self.in_force.load(), self.clock.now());
        let Some(path) = self.reader.folder().map(ToOwned::to_owned) else {
            return shutdown.cancelled().await;
        };
        let mut watch = Watch::of(&path);
        // They may have changed since they were read at the start.
        let (mut seen, mut look) = (std::mem::take(&mut self.seen), QUIET);
        loop {
            let mut cause = tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.asked.notified() => Cause::Asked,
                () = watch.changed() => Cause::Changed,
                () = sleep(look) => Cause::Time,
            };
            let folder = shutdown.run_until_cancelled(self.settled(&watch, &mut cause)).await;
            let Some(folder) = folder else { return };
            let folder = Arc::new(folder);
            let found = folder.hash();
            let mut taken = Taken::Seen;
            if found != seen || cause == Cause::Asked {
                let Some(new) = shutdown.run_until_cancelled(self.take(&folder, cause)).await else { return };
                taken = new;
            } else if shutdown.run_until_cancelled(self.keep_again()).await.is_none() {
                return;
            }
            if cause == Cause::Asked {
                systemd::ready();
            }
            (seen, look) = match taken {
                Taken::Seen => (found, LOOK),
                Taken::NotKept => (String::new(), KEEP_AGAIN),
            };
            // New folders, and what a link points to now.
            watch.renew();
        }
    }

    /// The files once nobody writes them: read twice, and the same both times.
    async fn settled(&self, watch: &Watch, cause: &mut Cause) -> Folder {
        let (began, mut told) = (Instant::now(), false);
        if *cause == Cause::Asked {
            order(watch);
        }
        loop {
            tokio::select! {
                () = watch.quiet(QUIET) => {}
                () = self.asked.notified() => {
                    *cause = Cause::Asked;
                    order(watch);
                }
            }
            if watch.is_quiet() {
                let before = self.read().await;
                sleep(QUIET).await;
                if let (Some(before), Some(after)) = (before, self.read().await)
                    && watch.is_quiet()
                    && before.hash() == after.hash()
                {
                    return after;
                }
            } else if !told && began.elapsed() > LONG {
                told = true;
                tracing::warn!(files = ?watch.writing(), "policy files are still being written: not read yet");
            }
        }
    }

    async fn read(&self) -> Option<Folder> {
        let reader = self.reader.clone();
        tokio::task::spawn_blocking(move || reader.read()).await.ok().flatten()
    }

    async fn take(&self, folder: &Arc<Folder>, cause: Cause) -> Taken {
        let old = self.in_force.load_full();
        let (reader, folder) = (self.reader.clone(), folder.clone());
        // Files are of any size, and mail is on its way here.
        let checked = tokio::task::spawn_blocking(move || reader.check(&folder)).await;
        let Ok(checked) = checked else {
            tracing::error!(policy = %old.hash, "checking the policy files broke off: the old set stays in force");
            metrics::policy_reloaded("failed");
            return Taken::Seen;
        };
        match keep_senders(&old, checked) {
            Ok((new, _)) if new.hash == old.hash => {
                metrics::policy_reloaded("unchanged");
                if cause != Cause::Time {
                    tracing::info!(policy = %old.hash, "the policy files say what is in force already");
                }
            }
            Ok((new, warnings)) => {
                if let Err(error) = keep(&self.store, &new).await {
                    metrics::policy_reloaded("failed");
                    tracing::error!(policy = %old.hash, new = %new.hash, %error, "the new policy set can't be kept in the database: the old set stays in force");
                    return Taken::NotKept;
                }
                warnings.iter().for_each(log);
                let (now, senders) = (self.clock.now(), new.senders.len());
                tracing::info!(policy = %new.hash, before = %old.hash, senders, "policy set in force");
                self.put_in_force(new, now);
            }
            Err(mistakes) => {
                metrics::policy_reloaded("failed");
                mistakes.iter().for_each(log);
                let errors = mistakes.iter().filter(|own| own.severity == Severity::Error).count();
                tracing::error!(policy = %old.hash, errors, "the policy files can't be used: the old set stays in force");
            }
        }
        Taken::Seen
    }

    /// The database may have been put back to a time when it had another set.
    async fn keep_again(&self) {
        if let Err(error) = keep(&self.store, &self.in_force.load_full()).await {
            tracing::warn!(%error, "whether the policy set in force is kept can't be told");
        }
    }

    fn put_in_force(&self, new: PolicySet, now: Timestamp) {
        metrics::policy_reloaded("done");
        metrics::policy_in_force(&new, now);
        self.in_force.store(Arc::new(new));
        self.queue_changed.notify_one();
    }
}

/// Somebody wants it now: that stands above what events made us believe.
fn order(watch: &Watch) {
    tracing::info!("asked to read the policy files");
    systemd::reloading();
    watch.forget_writers();
}

/// A folder that lost all its senders is half of a copy or a mount that is gone, and no policy.
fn keep_senders(old: &PolicySet, loaded: Loaded) -> Loaded {
    match loaded {
        Ok((new, mut warnings)) if new.senders.is_empty() && !old.senders.is_empty() => {
            let message = "no sender is left: if that is meant, start the gateway anew".to_owned();
            warnings.push(crate::toml_file::whole_file("senders", Severity::Error, message));
            Err(warnings)
        }
        other => other,
    }
}
