//! Where the journals of noes stand against this database (invariant 14). Each node's row holds the number of the
//! last no that is both in its journal and here; a database that was restored from a backup is behind it.
//!
//! The number is moved in the transaction that records the noes, under the row's lock, so that it never runs
//! ahead of them.

mod keeper;
mod look;
mod watch;

use std::sync::Arc;

use uuid::Uuid;

use super::batch::Shared;
use super::database::Commit;
use super::fault::{Fault, Result};
use super::sql::{Session, values};
use super::{Store, StoreError};
use crate::journal::{Journal, JournalError, Mark, No};
use crate::policy::decide::Records;

pub(super) use keeper::Keeper;
pub use watch::Alarm;
use watch::Rows;
pub(super) use watch::{Before, Timelines, Watch};

/// How a journal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    InStep,
    /// The journal holds noes that the database does not: it is being replayed.
    Behind,
    /// The database knows of noes that the journal does not hold: it was lost, or restored as well.
    Lost,
    /// The database went back in time, and this node has not yet compared its journal.
    Unchecked,
}

impl Standing {
    pub const ALL: &[Self] = &[Self::InStep, Self::Behind, Self::Lost, Self::Unchecked];

    /// The word that the store keeps and people are shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InStep => "in_step",
            Self::Behind => "behind",
            Self::Lost => "lost",
            Self::Unchecked => "unchecked",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        let found = Self::ALL.iter().copied().find(|own| own.as_str() == text);
        found.ok_or_else(|| Fault::Unreadable("a journal's standing".into()))
    }
}

/// When a journal is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Then it is also told whether the database went back in time.
    AtStart,
    Later,
}

/// A node's journal as people are shown it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalView {
    pub node: Uuid,
    pub standing: Standing,
    /// The number of the last no that the database has from it.
    pub position: u64,
    /// Grows with time.
    pub mark: i64,
}

/// What became of the wish to forget a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forgotten {
    Done,
    /// There is none of that id.
    Unknown,
    /// This node has it, and is not gone: it stays.
    Own,
}

/// A node's row, locked.
pub(super) struct Position {
    pub position: u64,
    standing: Standing,
    mark: i64,
}

/// Writes the noes of a transaction into the journal, as its last act before the commit: once they are synced
/// there, a commit that fails leaves the database behind, never the journal. Gives the position that it moved to.
pub(super) async fn keep(session: &mut Session, shared: &Shared, noes: Vec<No>) -> Result<Option<u64>> {
    let Some(keeper) = shared.keeper.as_ref().filter(|_| !noes.is_empty()) else { return Ok(None) };
    let position = lock(session, shared.node).await?.position;
    // Invariant 14: synced apart from the database before anybody is told "done".
    let (first, last) = keeper.append(noes, position).await?;
    // Where something before them is missing here, the replay moves it.
    if first != position + 1 {
        return Ok(None);
    }
    advance(session, shared.node, last).await?;
    Ok(Some(last))
}

/// The row of a node, made where it is new. Its lock keeps all others from writing this node's journal.
pub(super) async fn lock(session: &mut Session, node: Uuid) -> Result<Position> {
    let make = "INSERT INTO journals (node, position, mark, standing) VALUES ($1, 0, 0, 'in_step')
                ON CONFLICT (node) DO NOTHING";
    session.execute(make, values![node]).await?;
    let select = session.either(
        "SELECT position, standing, mark FROM journals WHERE node = $1",
        "SELECT position, standing, mark FROM journals WHERE node = $1 FOR UPDATE",
    );
    let row = session.fetch_optional(select, values![node]).await?;
    let row = row.ok_or_else(|| Fault::Conflict("a journal's row vanished".into()))?;
    Ok(Position {
        position: number(row.int(0)?)?,
        standing: Standing::parse(row.text(1)?)?,
        mark: row.int(2)?,
    })
}

/// Only under the row's lock.
pub(super) async fn advance(session: &mut Session, node: Uuid, to: u64) -> Result<()> {
    let update = "UPDATE journals SET position = $1 WHERE node = $2 AND position < $1";
    session.execute(update, values![i64::try_from(to).unwrap_or(i64::MAX), node]).await.map(drop)
}

pub(super) async fn stand(session: &mut Session, node: Uuid, standing: Standing) -> Result<()> {
    let update = "UPDATE journals SET standing = $1 WHERE node = $2";
    session.execute(update, values![standing.as_str(), node]).await.map(drop)
}

/// How a node's journal stands whose last no has this number.
fn compared(own: &Position, last: u64) -> Standing {
    match own.standing {
        Standing::Lost => Standing::Lost,
        _ if own.position > last => Standing::Lost,
        _ if own.position < last => Standing::Behind,
        _ => Standing::InStep,
    }
}

/// The next mark of a node. Where the database is older than the last one, or on another timeline, or an alarm
/// was raised, all other nodes must compare their journals, those included that it has never heard of.
async fn leave_mark(
    session: &mut Session,
    node: Uuid,
    own: &Position,
    marked: &Mark,
    timeline: Option<String>,
    alarm: Option<Alarm>,
) -> Result<Mark> {
    let another = marked.timeline.is_some() && timeline.is_some() && marked.timeline != timeline;
    if own.mark < marked.number || another || alarm.is_some() {
        tracing::error!(
            "the database is not what this node last saw: a backup was restored, or a standby took over"
        );
        let others = "UPDATE journals SET standing = 'unchecked' WHERE node <> $1 AND standing = 'in_step'";
        session.execute(others, values![node]).await?;
        for other in marked.nodes.iter().filter(|other| **other != node) {
            let insert =
                "INSERT INTO journals (node, position, mark, standing) VALUES ($1, 0, 0, 'unchecked')
                          ON CONFLICT (node) DO NOTHING";
            session.execute(insert, values![*other]).await?;
        }
    }
    let number = own.mark.max(marked.number) + 1;
    session.execute("UPDATE journals SET mark = $1 WHERE node = $2", values![number, node]).await?;
    let rows = session.fetch("SELECT node FROM journals ORDER BY node", Vec::new()).await?;
    let nodes = rows.iter().map(|row| row.id(0)).collect::<Result<_>>()?;
    Ok(Mark { number, timeline, nodes })
}

fn number(stored: i64) -> Result<u64> {
    u64::try_from(stored).map_err(|_| Fault::Unreadable("a journal's position".into()))
}

impl Store {
    /// Compares this node's journal with the database, at start and after a commit that failed. Where the
    /// database went back in time, all other nodes must compare theirs too.
    pub async fn compare_journal(&self, when: Compared) -> Result<Standing, StoreError> {
        let Some(journal) = self.inner.journal.clone() else { return Ok(Standing::InStep) };
        let marked = off_thread({
            let journal = journal.clone();
            move || journal.refreshed().and_then(|_| journal.mark())
        })
        .await?;
        let (node, timeline) = (self.inner.node, self.timeline().await);
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let own = lock(&mut tx, node).await?;
        // Nobody writes this node's journal while we hold its row.
        let last = off_thread({
            let journal = journal.clone();
            move || journal.refreshed()
        })
        .await?;
        let standing = compared(&own, last);
        if standing != own.standing {
            stand(&mut tx, node, standing).await?;
        }
        let mark = match when {
            Compared::AtStart => Some(leave_mark(&mut tx, node, &own, &marked, timeline, None).await?),
            Compared::Later => None,
        };
        tx.commit().await?;
        if let Some(mark) = mark {
            off_thread(move || journal.set_mark(&mark)).await?;
        }
        Ok(standing)
    }

    /// Leaves a mark in the database and beside the journal, by which a restored backup is told; also of a
    /// database that went back in time while this node ran.
    pub async fn mark_journal(&self) -> Result<(), StoreError> {
        self.mark(None).await
    }

    async fn mark(&self, alarm: Option<Alarm>) -> Result<(), StoreError> {
        let Some(journal) = self.inner.journal.clone() else { return Ok(()) };
        let marked = off_thread({
            let journal = journal.clone();
            move || journal.mark()
        })
        .await?;
        let (node, timeline) = (self.inner.node, self.timeline().await);
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let own = lock(&mut tx, node).await?;
        let mark = leave_mark(&mut tx, node, &own, &marked, timeline, alarm).await?;
        if alarm.is_some() && own.standing == Standing::InStep {
            stand(&mut tx, node, Standing::Unchecked).await?;
        }
        tx.commit().await?;
        Ok(off_thread(move || journal.set_mark(&mark)).await?)
    }

    /// An alarm that a claim has raised and nobody has answered.
    pub fn journal_alarm(&self) -> Option<Alarm> {
        self.inner.watch.alarm()
    }

    /// Has all nodes compare their journals with the database as it is now.
    pub async fn answer_alarm(&self, alarm: Alarm) -> Result<(), StoreError> {
        self.mark(Some(alarm)).await?;
        let rows = self.rows().await?;
        self.inner.watch.answered(alarm, rows);
        Ok(())
    }

    /// PostgreSQL begins a new timeline with each recovery to a point in time and each promotion: the first eight
    /// digits of a log file's name. SQLite has one node, whose own journal tells; and a provider that does not
    /// let us ask leaves us the marks.
    async fn timeline(&self) -> Option<String> {
        let timeline = self.ask_timeline().await;
        self.inner.watch.set_timelines(if timeline.is_some() { Timelines::Told } else { Timelines::Untold });
        timeline
    }

    async fn ask_timeline(&self) -> Option<String> {
        let mut session = self.inner.database.read().await.ok()?;
        if session.either(true, false) {
            return None;
        }
        let select = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)";
        let row = session.fetch_optional(select, Vec::new()).await.ok()??;
        row.text(0).map(str::to_owned).ok()
    }

    /// Whether this node's journal is worth comparing, as far as a glance tells: a transaction may be under way.
    pub async fn journal_seems_ahead(&self) -> Result<bool, StoreError> {
        let Some(journal) = self.inner.journal.clone() else { return Ok(false) };
        let last = off_thread(move || journal.refreshed()).await?;
        let own = self.journals().await?.into_iter().find(|own| own.node == self.inner.node);
        Ok(own.is_none_or(|own| {
            own.position < last || matches!(own.standing, Standing::Behind | Standing::Unchecked)
        }))
    }

    /// All journals that the database knows of.
    pub async fn journals(&self) -> Result<Vec<JournalView>, StoreError> {
        Ok(self.rows().await?.journals)
    }

    async fn rows(&self) -> Result<Rows> {
        Rows::read(&mut self.inner.database.read().await?, self.inner.watch.timelines()).await
    }

    /// Holds marketing, or no longer, as the journals tell now.
    pub async fn follow_journals(&self) -> Result<(), StoreError> {
        let before = self.inner.watch.before();
        let rows = self.rows().await?;
        self.inner.watch.follow(&before, rows, self.inner.node);
        Ok(())
    }

    /// Whether all noes are here that were recorded before consent was read in this session, which was after
    /// `before`.
    pub(super) async fn records_since(&self, before: &Before, session: &mut Session) -> Result<Records> {
        if self.inner.journal.is_none() {
            return Ok(self.records());
        }
        let rows = Rows::read(session, self.inner.watch.timelines()).await?;
        Ok(self.inner.watch.judge(before, rows, self.inner.node))
    }

    /// Nothing is known of the journals yet: no marketing.
    pub fn hold_marketing(&self) {
        self.inner.watch.hold_until_known();
    }

    /// What a decision must know: whether all noes that the journals hold are here.
    pub fn records(&self) -> Records {
        self.inner.watch.records()
    }

    /// Why marketing is held, if it is.
    pub fn why_held(&self) -> Option<Arc<String>> {
        self.inner.watch.why_held()
    }

    /// Reads this node's journal to its end: damage in what was written long ago harms nothing until a backup is
    /// restored, so it is looked for while the database can still write the journal anew. How many noes it holds.
    pub async fn verify_journal(&self) -> Result<u64, StoreError> {
        let Some(journal) = self.inner.journal.clone() else { return Ok(0) };
        Ok(off_thread(move || journal.verify()).await?)
    }

    /// Keeps the journal's size in bounds; how many octets that saved.
    pub async fn compact_journal(&self) -> Result<u64, StoreError> {
        let Some(journal) = self.inner.journal.clone() else { return Ok(0) };
        Ok(off_thread(move || journal.compact()).await?)
    }

    /// A node is gone for good, and its journal with it.
    pub async fn forget_journal(&self, node: Uuid) -> Result<Forgotten, StoreError> {
        if node == self.inner.node {
            return Ok(Forgotten::Own);
        }
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let removed = tx.execute("DELETE FROM journals WHERE node = $1", values![node]).await?;
        tx.commit().await?;
        Ok(if removed > 0 { Forgotten::Done } else { Forgotten::Unknown })
    }
}

fn told(first: &JournalView, count: usize, own: Uuid) -> String {
    let whose = if first.node == own {
        "this node's journal of noes".to_owned()
    } else {
        format!("the journal of noes of node {}", first.node)
    };
    let what = match first.standing {
        Standing::InStep => "is in step",
        Standing::Behind => "holds noes that the database lacks; it is being replayed",
        Standing::Lost => {
            "lacks noes that the database has; if no backup was restored, stop that node and run `optgate journal rebuild` on it"
        }
        Standing::Unchecked => {
            "was not compared since a backup was restored; start that node, or run `optgate journal forget` if it is gone for good"
        }
    };
    let more = if count > 1 { format!(" (and {} more)", count - 1) } else { String::new() };
    format!("{whose} {what}{more}")
}

/// Runs what blocks on the disk where it may.
pub(super) async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|_| Fault::Gone("it is shutting down".into()))??)
}

/// The journal of a store that keeps one.
pub(super) fn of(store: &Store) -> Option<Arc<Journal>> {
    store.inner.journal.clone()
}
