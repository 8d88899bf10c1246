//! One transaction of the batching writer: what is in it, in which order it is written, and who is told
//! what after the commit.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::address::{self, Change, Made};
use super::database::{Commit, Database};
use super::erase::{self, Erasure};
use super::fact::{self, Fact};
use super::fault::{Fault, Result};
use super::interned::Interned;
use super::journal::{self, Keeper, Watch};
use super::once;
use super::settle::{self, Settling};
use super::spool::{self, Spooling};
use super::sql::{Session, Value, values};
use super::submission::{self, Before};
use super::writer::{Job, RecordedAll, Told};
use super::{RecordError, Recorded, Settled, StoreError, TakenBefore, rows};
use crate::clock::Clock;
use crate::journal::No;
use crate::keys::Keys;
use crate::policy::Reason;

/// What writing needs of the store, without the way to the writer itself.
pub(super) struct Shared {
    pub database: Arc<Database>,
    pub interned: Arc<Interned>,
    pub keys: Arc<Keys>,
    pub clock: Clock,
    pub node: Uuid,
    /// Where noes are kept apart from the database; none beside tests and demonstrations of parts.
    pub keeper: Option<Keeper>,
    pub watch: Arc<Watch>,
}

/// Jobs that share a transaction, by kind. None of them waits for another, so their order is free.
#[derive(Default)]
pub(super) struct Batch {
    spools: Vec<Told<Spooling, Vec<TakenBefore>>>,
    records: Vec<Told<Vec<Fact>, RecordedAll>>,
    erasures: Vec<Told<Erasure, bool>>,
    changes: Vec<Told<Change, Made>>,
    settles: Vec<Told<Settling, Settled>>,
}

/// What a batch came to, each in the order of its jobs.
pub(super) struct Results {
    before: Vec<Vec<TakenBefore>>,
    recorded: Vec<RecordedAll>,
    erased: Vec<bool>,
    changed: Vec<Made>,
    settled: Vec<Settled>,
}

/// Whether an earlier try may have gone through without being heard of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Try {
    First,
    Again,
}

/// For how long a transaction that lost a deadlock, or its connection, is tried again.
const PATIENCE: Duration = Duration::from_secs(5);

impl Batch {
    pub fn of(jobs: Vec<Job>) -> Self {
        let mut batch = Self::default();
        for job in jobs {
            match job {
                Job::Spool(told) => batch.spools.push(told),
                Job::Record(told) => batch.records.push(told),
                Job::Erase(told) => batch.erasures.push(told),
                Job::ChangeAddress(told) => batch.changes.push(told),
                Job::Settle(told) => batch.settles.push(told),
            }
        }
        batch
    }

    pub fn len(&self) -> usize {
        let facts = self.records.len() + self.erasures.len() + self.changes.len();
        self.spools.len() + facts + self.settles.len()
    }

    fn is_held_for_journals(&self) -> bool {
        self.spools.iter().any(|told| told.work.is_held_for(Reason::Restoring))
            || self.settles.iter().any(|told| told.work.is_held_for(Reason::Restoring))
    }

    /// Everybody is told, after the commit.
    pub fn tell(self, results: Results) {
        self.spools.into_iter().zip(results.before).for_each(|(told, before)| told.tell(Ok(before)));
        self.records.into_iter().zip(results.recorded).for_each(|(told, all)| told.tell(Ok(all)));
        self.erasures.into_iter().zip(results.erased).for_each(|(told, erased)| told.tell(Ok(erased)));
        self.changes.into_iter().zip(results.changed).for_each(|(told, made)| told.tell(Ok(made)));
        self.settles.into_iter().zip(results.settled).for_each(|(told, settled)| told.tell(Ok(settled)));
    }

    pub fn fail(self, error: &StoreError) {
        self.spools.into_iter().for_each(|told| told.tell(Err(error.clone())));
        self.records.into_iter().for_each(|told| told.tell(Err(error.clone())));
        self.erasures.into_iter().for_each(|told| told.tell(Err(error.clone())));
        self.changes.into_iter().for_each(|told| told.tell(Err(error.clone())));
        self.settles.into_iter().for_each(|told| told.tell(Err(error.clone())));
    }

    pub fn one_by_one(self) -> impl Iterator<Item = Batch> {
        let spools = self.spools.into_iter().map(Job::Spool);
        let records = self.records.into_iter().map(Job::Record);
        let erasures = self.erasures.into_iter().map(Job::Erase);
        let changes = self.changes.into_iter().map(Job::ChangeAddress);
        let settles = self.settles.into_iter().map(Job::Settle);
        let jobs = records.chain(erasures).chain(changes).chain(settles).chain(spools);
        jobs.map(|job| Batch::of(vec![job]))
    }
}

/// Writes a batch in one transaction, again where the database itself asks for it.
pub(super) async fn write(shared: &Shared, batch: &Batch, first: Try) -> Result<Results> {
    let written = try_until_done(shared, batch, first).await;
    // A transaction whose end nobody heard of may have gone through.
    if batch.is_held_for_journals() {
        shared.watch.holds_written();
    }
    written
}

async fn try_until_done(shared: &Shared, batch: &Batch, first: Try) -> Result<Results> {
    let start = tokio::time::Instant::now();
    let mut which = first;
    let mut pause = Duration::from_millis(20);
    loop {
        let fault = match attempt(shared, batch, which).await {
            Err(fault @ (Fault::Conflict(_) | Fault::Gone(_))) => fault,
            settled => return settled,
        };
        if start.elapsed() + pause > PATIENCE {
            return Err(fault);
        }
        which = Try::Again;
        tokio::time::sleep(pause).await;
        pause *= 3;
    }
}

async fn attempt(shared: &Shared, batch: &Batch, which: Try) -> Result<Results> {
    let mut tx = shared.database.begin(Commit::Synced).await?;
    let now = tx.now().await?;
    lock_people(&mut tx, shared, batch).await?;
    let mut noes = Vec::new();
    let recorded = record_all(&mut tx, shared, batch, which, now, &mut noes).await?;
    let mut erased = Vec::with_capacity(batch.erasures.len());
    for told in &batch.erasures {
        erased.push(erase::apply(&mut tx, shared, &told.work, now, &mut noes).await?);
    }
    let mut changed = Vec::with_capacity(batch.changes.len());
    for told in &batch.changes {
        changed.push(address::apply(&mut tx, shared, &told.work, now, &mut noes).await?);
    }
    let settles: Vec<&Settling> = batch.settles.iter().map(|told| &told.work).collect();
    let settled = settle::apply(&mut tx, shared, &settles, now).await?;
    settle::record_sent(&mut tx, shared, &settles, &settled, now, &mut noes).await?;

    let submitted: Vec<&Spooling> = batch.spools.iter().map(|told| &told.work).collect();
    let before = submission::take(&mut tx, &submitted, now).await?;
    let mut spools = to_spool(&mut tx, submitted, which).await?;
    spool::record_signups(&mut tx, shared, &spools, &before, now, &mut noes).await?;
    let done = settles.iter().zip(&settled).filter(|(_, settled)| **settled == Settled::Done);
    spools.extend(done.filter_map(|(settling, _)| settling.dsn.as_deref()));
    let rulings = spools.iter().map(|one| &one.rulings).chain(settles.iter().map(|one| &one.rulings));
    let rulings = shared.interned.unknown_texts(rulings);
    let facts = shared.interned.unknown_texts(spools.iter().map(|one| &one.facts));
    spool::insert_shared(&mut tx, &facts, &rulings).await?;
    let seen = spool::insert(&mut tx, shared, &spools, &before, now).await?;
    settle::drop_contents(&mut tx, &settles, &settled).await?;

    let kept = journal::keep(&mut tx, shared, noes).await?;
    crash_points(batch, ["record_before_commit", "spool_before_commit", "settle_before_commit"]);
    // Invariant 1: nobody is told of anything before this has returned, and it returns once it is synced.
    tx.commit().await?;
    crash_points(batch, ["record_after_commit", "spool_after_commit", "settle_after_commit"]);
    if let Some(position) = kept {
        shared.watch.recorded(shared.node, position);
    }
    shared.interned.remember_texts(facts.into_keys().chain(rulings.into_keys()).chain(seen));
    if erased.contains(&true) {
        // Invariant 12: the destroyed key must not live on in the log.
        tokio::spawn(shared.database.clone().truncate_log());
    }
    Ok(Results { before: of_each(batch, &before), recorded, erased, changed, settled })
}

/// PostgreSQL: rows that several facts of this batch will lock are locked in one order, so that two nodes'
/// batches wait for each other in a line and not in a circle.
async fn lock_people(session: &mut Session, shared: &Shared, batch: &Batch) -> Result<()> {
    if session.either(true, false) {
        return Ok(());
    }
    let told = batch.records.iter().flat_map(|told| &told.work);
    let sent = batch.settles.iter().filter_map(|told| told.work.fact());
    let implied = batch.spools.iter().flat_map(|told| &told.work.signups).map(|(_, fact)| fact);
    let facts = told.chain(sent).chain(implied);
    let mut people: Vec<_> = facts.filter_map(|fact| fact::person(shared, fact)).collect();
    people.sort();
    people.dedup();
    let people: Vec<Vec<Value>> = people.into_iter().map(|(sender, hash)| values![sender, hash]).collect();
    let lock = "SELECT s.id FROM subscribers s JOIN v ON s.sender = v.sender AND s.lookup_hash = v.hash
                ORDER BY s.sender, s.lookup_hash, s.id FOR UPDATE OF s";
    rows::with_values(session, "sender, hash", people, lock).await.map(drop)
}

async fn record_all(
    session: &mut Session,
    shared: &Shared,
    batch: &Batch,
    which: Try,
    now: jiff::Timestamp,
    noes: &mut Vec<No>,
) -> Result<Vec<RecordedAll>> {
    // In the order of the people, as their rows are locked: of those who are new no row was there to be locked, and
    // two nodes' batches would wait for each other's in a circle. What is told of one person stays in its order.
    let calls = batch.records.iter().enumerate();
    let mut facts: Vec<_> = calls
        .flat_map(|(call, told)| told.work.iter().enumerate().map(move |(place, fact)| (call, place, fact)))
        .collect();
    facts.sort_by_cached_key(|(_, _, fact)| {
        let person = fact::person(shared, fact);
        (person.is_none(), person)
    });
    let mut results = Vec::with_capacity(facts.len());
    for (call, place, fact) in facts {
        results.push((call, place, record_one(session, shared, fact, which, now, noes).await?));
    }
    results.sort_by_key(|(call, place, _)| (*call, *place));
    let mut all: Vec<RecordedAll> = batch.records.iter().map(|_| RecordedAll::new()).collect();
    for (call, _, result) in results {
        if let Some(of_call) = all.get_mut(call) {
            of_call.push(result);
        }
    }
    Ok(all)
}

async fn record_one(
    session: &mut Session,
    shared: &Shared,
    fact: &Fact,
    which: Try,
    now: jiff::Timestamp,
    noes: &mut Vec<No>,
) -> Result<Result<Recorded, RecordError>> {
    if let Some(repeated) = once::begin(session, shared, fact, now).await? {
        return Ok(Err(RecordError::Repeated(repeated)));
    }
    let before = match which {
        Try::First => None,
        Try::Again => fact::recorded_before(session, fact).await?,
    };
    let result = match before {
        Some(recorded) => Ok(recorded),
        None => fact::apply(session, shared, fact, now, noes).await?,
    };
    once::finish(session, fact, &result).await?;
    Ok(result)
}

/// What an earlier try has not spooled already.
async fn to_spool<'a>(
    session: &mut Session,
    submitted: Vec<&'a Spooling>,
    which: Try,
) -> Result<Vec<&'a Spooling>> {
    let mut spools = Vec::with_capacity(submitted.len());
    for one in submitted {
        if which == Try::First || !spool::spooled_before(session, one).await? {
            spools.push(one);
        }
    }
    Ok(spools)
}

/// What each job hears of what was taken before.
fn of_each(batch: &Batch, before: &Before) -> Vec<Vec<TakenBefore>> {
    let known = |told: &Told<Spooling, Vec<TakenBefore>>| {
        told.work.deliveries.iter().filter_map(|row| before.get(&row.id).copied()).collect()
    };
    batch.spools.iter().map(known).collect()
}

/// Where the crash tests end the process, as a power cut would.
fn crash_points(batch: &Batch, [records, spools, settles]: [&str; 3]) {
    if !batch.records.is_empty() {
        crash_point(records);
    }
    if !batch.spools.is_empty() {
        crash_point(spools);
    }
    if !batch.settles.is_empty() {
        crash_point(settles);
    }
}

pub(super) fn crash_point(name: &str) {
    let _ = name;
    fail::fail_point!(name, |_| std::process::abort());
}
