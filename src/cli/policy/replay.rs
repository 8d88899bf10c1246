//! `optgate policy replay`: recorded decisions under other policies. Who gains mail, who loses it, and why, before the
//! files are put in place.
//!
//! The first decision of each delivery is made again: what a claim decided later rests on it. Pages are read one after
//! the other while those before are decided on other threads, so that memory does not grow with the number of decisions.

mod shown;

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::cli::{Session, Status, unusable};
use crate::consent::ConsentState;
use crate::policy::file::{self, Severity};
use crate::policy::replay::{Compared, New, Recorded, Tally, compare};
use crate::policy::{Facts, PolicySet};
use crate::store::{FirstDecision, Store};
use crate::telemetry::escaped;
use crate::toml_file::quantity;

/// Decisions that are read in one statement.
const PAGE: u32 = 4_000;
/// Policy sets and messages' facts that are remembered; beyond it they are read again.
const MOST_SETS: usize = 64;
const MOST_FACTS: usize = 20_000;

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    /// The folder with the new policies.
    #[arg(long, value_name = "DIR")]
    against: PathBuf,
    /// How far back decisions are made again: `24h`, `7d`.
    #[arg(long, default_value = "7d", value_parser = quantity::duration)]
    since: Duration,
    /// Exit with 0 although more mail would leave.
    #[arg(long)]
    allow_widening: bool,
}

pub(super) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let (new, warnings) =
        file::load(&arguments.against).map_err(|mistakes| unusable("new policies", &mistakes))?;
    for warning in warnings.iter().filter(|own| own.severity == Severity::Warning) {
        warning.rendered.lines().for_each(|line| eprintln!("{}", escaped(line)));
    }
    let until = session.clock.now();
    let since = until.checked_sub(arguments.since).unwrap_or(Timestamp::MIN);
    let store = session.store(&config).await?;
    let new = Arc::new(new);
    let tally = replay(&store, &Arc::new(New::of(new.clone(), since)), (since, until)).await;
    let tally = match tally {
        Ok(tally) => shown::Report::of(&store, &new, (since, until), tally).await,
        Err(error) => Err(error),
    };
    store.close().await;
    let report = tally?;
    report.print(session.output)?;
    let widens = report.widens() && !arguments.allow_widening;
    Ok(if widens { Status::Findings } else { Status::Done })
}

/// What was decided in this time, under the new set.
async fn replay(store: &Store, new: &Arc<New>, period: (Timestamp, Timestamp)) -> anyhow::Result<Tally> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let (mut known, mut tally) = (Known::default(), Tally::new(new.clone()));
    // Taken in in the order of time: what somebody got before may bear on what comes after.
    let mut deciding: VecDeque<JoinHandle<Page>> = VecDeque::new();
    let mut after = None;
    loop {
        let page = store.first_decisions(period, after, PAGE).await?;
        let questions = known.questions(store, page.decisions).await?;
        // No more pages are held than there are threads to decide them.
        while deciding.len() >= threads {
            take_in(&mut tally, deciding.pop_front()).await?;
        }
        let new = new.clone();
        let compared = move || questions.iter().map(|one| one.compared(&new)).collect();
        deciding.push_back(tokio::task::spawn_blocking(compared));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    while !deciding.is_empty() {
        take_in(&mut tally, deciding.pop_front()).await?;
    }
    Ok(tally)
}

type Page = Vec<(Uuid, u64, Compared)>;

async fn take_in(tally: &mut Tally, deciding: Option<JoinHandle<Page>>) -> anyhow::Result<()> {
    let Some(deciding) = deciding else { return Ok(()) };
    for (decision, person, compared) in deciding.await? {
        tally.add(decision, person, compared);
    }
    Ok(())
}

/// A recorded decision with what many share.
struct Question {
    decision: FirstDecision,
    facts: Option<Arc<Facts>>,
    old: Option<Arc<PolicySet>>,
}

impl Question {
    fn compared(&self, new: &New) -> (Uuid, u64, Compared) {
        let one = &self.decision;
        let consent: Option<ConsentState> = one.consent.state().ok();
        let recorded = Recorded {
            sender: &one.sender,
            at: one.at,
            verdict: one.verdict,
            reason: one.reason,
            ground: one.ground,
            ground_event: one.ground_event,
            facts: self.facts.as_deref(),
            consent: consent.as_ref(),
            circumstances: &one.circumstances,
            old: self.old.as_deref(),
        };
        (one.delivery, one.person, compare(&recorded, new))
    }
}

/// What many decisions share, read once.
#[derive(Default)]
struct Known {
    sets: HashMap<String, Option<Arc<PolicySet>>>,
    facts: HashMap<[u8; 32], Arc<Facts>>,
}

impl Known {
    async fn questions(
        &mut self,
        store: &Store,
        decisions: Vec<FirstDecision>,
    ) -> anyhow::Result<Vec<Question>> {
        if self.sets.len() > MOST_SETS {
            self.sets.clear();
        }
        if self.facts.len() > MOST_FACTS {
            self.facts.clear();
        }
        for decision in &decisions {
            if !self.sets.contains_key(&decision.policy) {
                let set = kept(store, &decision.policy).await?;
                self.sets.insert(decision.policy.clone(), set);
            }
        }
        let mut missing: Vec<[u8; 32]> = decisions.iter().filter_map(|one| one.facts).collect();
        missing.retain(|hash| !self.facts.contains_key(hash));
        missing.sort_unstable();
        missing.dedup();
        for (hash, facts) in store.facts_of(missing.into_iter()).await? {
            self.facts.insert(hash, Arc::new(facts));
        }
        let question = |decision: FirstDecision| Question {
            facts: decision.facts.and_then(|hash| self.facts.get(&hash).cloned()),
            old: self.sets.get(&decision.policy).cloned().flatten(),
            decision,
        };
        Ok(decisions.into_iter().map(question).collect())
    }
}

/// The set of this hash, if it was kept whole.
async fn kept(store: &Store, hash: &str) -> anyhow::Result<Option<Arc<PolicySet>>> {
    let Some(files) = store.policy_set(hash).await? else { return Ok(None) };
    let (set, _) = file::recall(&files);
    Ok((*set.hash == *hash).then(|| Arc::new(set)))
}
