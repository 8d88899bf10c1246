//! Bringing the database in step with the journals of noes: at start, while the gateway runs, and by command.
//! docs/backup.md tells ops what they need of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::data_dir::DataDir;
use crate::clock::Clock;
use crate::config::Essentials;
use crate::journal::Journal;
use crate::policy::decide::Records;
use crate::store::{Compared, Pass, Standing, Store, StoreError};
use crate::telemetry::metrics;

/// How soon a node learns of another's standing.
const FOLLOW: Duration = Duration::from_secs(2);
/// Where a timeline does not tell it, a backup that is older than this is told from its marks.
const MARK: Duration = Duration::from_secs(60);
const COMPACT: Duration = Duration::from_secs(3600);
/// At start, and then each day.
const VERIFY: Duration = Duration::from_secs(86_400);

/// Before anything is accepted: whoever was erased is erased again, and marketing is held where a journal is not
/// in step. Invariant 14.
pub(super) async fn begin(store: &Store) -> Result<(), StoreError> {
    store.hold_marketing();
    if store.compare_journal(Compared::AtStart).await? == Standing::Behind {
        let erasures = store.replay(Pass::Erasures).await?;
        tracing::warn!(erasures, "the database is behind the journal of noes: it is replayed");
    }
    store.follow_journals().await?;
    Ok(())
}

/// Until cancelled: replays what is missing, follows the other nodes, leaves marks; compacts and verifies beside.
pub(super) async fn follow(store: Store, queue_changed: Arc<Notify>, shutdown: CancellationToken) {
    tokio::join!(keep_in_step(&store, &queue_changed, &shutdown), keep_whole(&store, &shutdown));
}

async fn keep_in_step(store: &Store, queue_changed: &Notify, shutdown: &CancellationToken) {
    let mut mark_due = Instant::now() + MARK;
    loop {
        let work = async {
            step(store, queue_changed).await?;
            if mark_due <= Instant::now() {
                store.mark_journal().await?;
                mark_due = Instant::now() + MARK;
            }
            Ok::<(), StoreError>(())
        };
        match shutdown.run_until_cancelled(work).await {
            None => return,
            Some(Err(error)) => {
                tracing::error!(%error, "the journal of noes can't be compared with the database");
            }
            Some(Ok(())) => {}
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(FOLLOW)).await.is_none() {
            return;
        }
    }
}

/// What reads a lot: nobody waits for it.
async fn keep_whole(store: &Store, shutdown: &CancellationToken) {
    let mut verify_due = Instant::now();
    loop {
        let work = async {
            if verify_due <= Instant::now() {
                verify_due = Instant::now() + VERIFY;
                verify_now(store).await;
            }
            match store.compact_journal().await {
                Ok(saved) => tracing::debug!(saved, "the journal of noes is compacted"),
                Err(error) => tracing::error!(%error, "the journal of noes can't be compacted"),
            }
            tokio::time::sleep(COMPACT).await;
        };
        if shutdown.run_until_cancelled(work).await.is_none() {
            return;
        }
    }
}

async fn verify_now(store: &Store) {
    let verified = store.verify_journal().await;
    metrics::journal_damaged(verified.is_err());
    match verified {
        Ok(noes) => tracing::debug!(noes, "the journal of noes is whole"),
        Err(error) => tracing::error!(
            %error,
            "the journal of noes can't be read to its end: a backup that is restored now may forget some; see docs/backup.md"
        ),
    }
}

async fn step(store: &Store, queue_changed: &Notify) -> Result<(), StoreError> {
    fail::fail_point!("follow_journals", |_| Ok(()));
    if let Some(alarm) = store.journal_alarm() {
        store.answer_alarm(alarm).await?;
    }
    if store.journal_seems_ahead().await? && store.compare_journal(Compared::Later).await? == Standing::Behind
    {
        store.follow_journals().await?;
        let noes = store.replay(Pass::All).await?;
        tracing::warn!(noes, "the database is in step with the journal of noes again");
    }
    store.follow_journals().await?;
    if store.records() == Records::Complete {
        let deliveries = store.release_restoring().await?;
        if deliveries > 0 {
            tracing::warn!(deliveries, "all journals of noes are in step: what was held is released");
            queue_changed.notify_one();
        }
    }
    Ok(())
}

/// `optgate journal replay`: what `begin` and `follow` do at start, without serving. Returns how many noes were
/// looked at.
pub async fn replay(config: &Essentials, clock: &Clock) -> anyhow::Result<(Standing, u64)> {
    let store = super::open(config, clock).await?;
    let mut noes = 0;
    if store.compare_journal(Compared::AtStart).await? == Standing::Behind {
        store.replay(Pass::Erasures).await?;
        noes = store.replay(Pass::All).await?;
    }
    let standing = store.compare_journal(Compared::Later).await?;
    store.close().await;
    Ok((standing, noes))
}

/// `optgate journal rebuild`: writes this node's journal anew from the database. Refused while a gateway serves
/// from the folder. The old files are kept aside.
pub async fn rebuild(config: &Essentials, clock: &Clock) -> anyhow::Result<u64> {
    let home = DataDir::open(&config.data_dir, clock)?;
    let _lock = home.lock()?;
    // Without them nothing could be written anew once the old one is moved.
    super::keys::of(&home, &super::options(config, &home), clock, super::Absent::Refused).await?;
    home.set_journal_aside()?;
    let store = super::open(config, clock).await?;
    let noes = store.rebuild_journal().await?;
    store.close().await;
    Ok(noes)
}

/// `optgate journal verify`: reads all of this node's journal. Returns the journal's last number and how many
/// noes it holds.
pub fn verify(config: &Essentials, clock: &Clock) -> anyhow::Result<(u64, u64)> {
    let journal: Arc<Journal> = DataDir::open(&config.data_dir, clock)?.journal()?;
    let noes = journal.verify()?;
    Ok((journal.last(), noes))
}
