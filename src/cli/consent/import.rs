//! `optgate consent import`: a table of facts, of any size, while mail flows. Each row is told of its own: what is
//! wrong with one keeps no other out, and what is recorded already is not recorded again, so that an import that was
//! broken off is simply run again.

mod progress;
mod reader;
mod rejects;
mod table;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

use self::progress::Progress;
use self::reader::{Batch, Origin, Proof, Told};
use self::rejects::Rejects;
use self::table::Table;
use crate::cli::output::{self, Output};
use crate::cli::{Session, Status, argument};
use crate::config::Essentials;
use crate::consent::ConsentState;
use crate::policy::{PolicySet, Scope, standing};
use crate::record::Recorder;
use crate::serve::DryRun;
use crate::store::{Importer, Judged, Store};

/// Slices that are ready before their turn.
const AHEAD: usize = 2;

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    /// CSV in UTF-8; its first line names the columns (email, kind, scopes, obtained_at, jurisdiction, locale,
    /// time_zone, evidence). `-` is the standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long, value_parser = argument::text)]
    pub(super) sender: String,
    /// Where the facts come from, for those who ask later: kept as evidence with each.
    #[arg(long, value_name = "TEXT", value_parser = argument::text)]
    source: String,
    /// Tell what would be recorded and rejected, and record nothing.
    #[arg(long)]
    dry_run: bool,
    /// Where rows that are not taken go, with line and reason; made anew.
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,
}

/// What rows came to.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Tally {
    rows: u64,
    recorded: u64,
    /// Recorded before, by an earlier run or an earlier row.
    unchanged: u64,
    rejected: u64,
    /// Of the recorded ones, grounds that carry nothing, since the person withdrew later.
    withdrawn_since: u64,
    /// Of the unchanged ones, noes that the person has lifted since they were recorded: mail goes on.
    lifted_since: u64,
    /// Of the recorded ones, those that tell of a notice without its text.
    notice_unproved: u64,
    dry_run: bool,
}

pub(super) async fn run(
    session: &Session,
    config: &Essentials,
    policies: PolicySet,
    store: &Store,
    arguments: Arguments,
) -> anyhow::Result<Status> {
    if policies.sender(&arguments.sender).is_none() {
        bail!(crate::cli::sender::unknown(&policies, &arguments.sender));
    }
    if arguments.rejects.as_ref().is_some_and(|rejects| same_file(rejects, &arguments.file)) {
        bail!("the rejects would replace the file that is imported");
    }
    let rehearsal = match arguments.dry_run {
        true => Some(Rehearsal::open(store, &config.data_dir, session).await?),
        false => None,
    };
    let imported =
        import(store, rehearsal.as_ref().map(|own| &own.store), Arc::new(policies), &arguments).await;
    if let Some(rehearsal) = rehearsal {
        rehearsal.store.close().await;
    }
    let tally = imported?;
    tell(session.output, &tally)?;
    Ok(if tally.rejected > 0 { Status::Findings } else { Status::Done })
}

async fn import(
    store: &Store,
    rehearsal: Option<&Store>,
    policies: Arc<PolicySet>,
    arguments: &Arguments,
) -> anyhow::Result<Tally> {
    let name = arguments.file.display();
    let (input, size) = open(&arguments.file).with_context(|| format!("{name}"))?;
    let mut table = Table::open(input).with_context(|| format!("{name}"))?;
    let repeats = table.repeats();
    let mut rejects = Rejects::open(arguments.rejects.as_deref(), table.header.repeated(&repeats))?;
    let origin = Origin {
        store: store.clone(),
        policies: policies.clone(),
        sender: arguments.sender.clone(),
        source: arguments.source.clone(),
    };
    let (batches, mut ready) = mpsc::channel(AHEAD);
    let (ended, end) = oneshot::channel();
    // Not one of the runtime's: a pipe that nobody writes to would keep those from ending.
    std::thread::spawn(move || {
        let _ = ended.send(reader::read(&mut table, &origin, &batches));
    });
    let mut writing = Writing {
        recorder: Recorder::new(rehearsal.unwrap_or(store).clone(), Arc::default()),
        importer: rehearsal.unwrap_or(store).importer(),
        lender: rehearsal.map(|to| (store, to)),
        tally: Tally { dry_run: arguments.dry_run, ..Tally::default() },
        last: 1,
        policies,
        sender: arguments.sender.clone(),
    };
    let mut progress = Progress::new(size);
    // One for the whole time: what comes while a slice is written is heard after it.
    let mut told_to_end = Ending::listen()?;
    let stopped = loop {
        let batch = tokio::select! {
            batch = ready.recv() => batch,
            () = told_to_end.hear() => break Err(anyhow::anyhow!("it was interrupted")),
        };
        let Some(batch) = batch else {
            break end.await.context("the reader ended")?.with_context(|| format!("{name}"));
        };
        match writing.write(&batch, &mut rejects, &repeats).await {
            Ok(()) => progress.at(writing.tally.rows, batch.octets),
            Err(error) => break Err(error),
        }
    };
    progress.clear();
    let last = writing.last;
    // Rejects that lack some must not look whole: the next run has them all.
    stopped.with_context(|| {
        format!(
            "the import stopped after line {last}; run again, it goes on, and what is recorded stays as it is"
        )
    })?;
    rejects.finish()?;
    Ok(writing.tally)
}

/// Being told to end, in any of the three ways: what was made for a dry run goes then.
struct Ending {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Ending {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn hear(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

/// What writes and counts.
struct Writing<'a> {
    recorder: Recorder,
    importer: Importer,
    /// Of a dry run: who knows the people, and to whom that is lent.
    lender: Option<(&'a Store, &'a Store)>,
    tally: Tally,
    /// The last line that was done with.
    last: u64,
    policies: Arc<PolicySet>,
    sender: String,
}

impl Writing<'_> {
    async fn write(&mut self, batch: &Batch, rejects: &mut Rejects, repeats: &[bool]) -> anyhow::Result<()> {
        if let Some((store, to)) = self.lender {
            store.lend(&batch.slice, to).await?;
        }
        let judged = self.recorder.import(&mut self.importer, &batch.slice).await?;
        for row in &batch.rows {
            self.last = row.record.line;
            self.tally.rows += 1;
            if let Err(reason) = self.count(row, &judged) {
                self.tally.rejected += 1;
                rejects.add(row.record.line, &reason, row.record.repeated(repeats))?;
            }
        }
        Ok(())
    }

    /// The reason for which a row is rejected.
    fn count(&mut self, row: &Told, judged: &[Judged]) -> Result<(), String> {
        let facts = row.facts.clone()?;
        let judged = judged.get(facts).unwrap_or_default();
        for one in judged {
            one.result.as_ref().map_err(ToString::to_string)?;
        }
        let state = judged.iter().find_map(|one| one.withdrawn.as_deref());
        if !judged.iter().any(Judged::is_recorded) {
            self.tally.unchanged += 1;
            self.tally.lifted_since +=
                u64::from(row.closes.as_ref().is_some_and(|no| self.is_lifted(no, state)));
            return Ok(());
        }
        self.tally.recorded += 1;
        self.tally.notice_unproved += u64::from(row.proof == Proof::NoticeTextMissing);
        let closed = |state: &ConsentState| {
            !row.opens.is_empty() && row.opens.iter().all(|scope| self.is_withdrawn(state, scope))
        };
        self.tally.withdrawn_since += u64::from(state.is_some_and(closed));
        Ok(())
    }

    fn is_withdrawn(&self, state: &ConsentState, scope: &Scope) -> bool {
        let sender = self.policies.sender(&self.sender);
        sender.is_none_or(|sender| standing::is_withdrawn(&self.policies, sender, state, scope))
    }

    /// Whether a no for these scopes (none: all) no longer stands in all of them. There is no `state` of whom nothing is
    /// withdrawn.
    fn is_lifted(&self, no: &[Scope], state: Option<&ConsentState>) -> bool {
        let Some(state) = state else { return true };
        let all = || self.policies.sender(&self.sender).map(|own| own.taxonomy()).unwrap_or_default();
        let is_lifted = |scope: &Scope| !self.is_withdrawn(state, scope);
        if no.is_empty() { all().iter().any(is_lifted) } else { no.iter().any(is_lifted) }
    }
}

/// A database of its own, in a folder that is removed with it.
struct Rehearsal {
    store: Store,
    _folder: DryRun,
}

impl Rehearsal {
    async fn open(store: &Store, data_dir: &Path, session: &Session) -> anyhow::Result<Self> {
        let made = DryRun::within(data_dir, session.clock.id());
        let folder = made.with_context(|| format!("the dry run needs a folder in {}", data_dir.display()))?;
        let store = store.rehearsal(folder.path()).await?;
        Ok(Self { store, _folder: folder })
    }
}

/// The file, and its size where it has one.
fn open(path: &Path) -> io::Result<(Box<dyn Read + Send>, Option<u64>)> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let file = File::open(path)?;
    let about = file.metadata()?;
    if about.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok((Box::new(file), about.is_file().then_some(about.len())))
}

fn same_file(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn tell(output: Output, tally: &Tally) -> anyhow::Result<()> {
    if output == Output::Json {
        return output::json(tally);
    }
    let Tally { rows, recorded, unchanged, rejected, dry_run, .. } = tally;
    let Tally { withdrawn_since, lifted_since, notice_unproved, .. } = tally;
    let would = if *dry_run { "dry run, nothing was written: " } else { "" };
    output::line(&format!(
        "{would}{}: {recorded} recorded, {unchanged} unchanged, {rejected} rejected",
        output::counted(*rows, "row", "rows")
    ))?;
    if *withdrawn_since > 0 {
        output::line(&format!(
            "{}: the person withdrew later",
            match withdrawn_since {
                1 => "1 of the recorded grounds carries nothing".to_owned(),
                _ => format!("{withdrawn_since} of the recorded grounds carry nothing"),
            }
        ))?;
    }
    if *lifted_since > 0 {
        output::line(&format!(
            "{lifted_since} of the unchanged noes stop nothing any more: the person said yes, or took them back, after \
             they were recorded; a new no needs its own obtained_at, or another --source"
        ))?;
    }
    if *notice_unproved > 0 {
        output::line(&format!(
            "{notice_unproved} of the recorded purchases and the like say that notice was given, and not what it said: \
             nothing proves it; the same rows with the notice's text, or its sha256, make it good"
        ))?;
    }
    Ok(())
}
