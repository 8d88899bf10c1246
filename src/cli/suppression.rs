//! `optgate suppression`: blocks that are not the person's will. A person's own no is a withdrawal.

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::output::{self, Output};
use super::person::{self, Person};
use super::{Session, Status, argument, sender};
use crate::consent::EventKind;
use crate::consent::event::Suppression;
use crate::mail::Address;
use crate::store::Store;

/// People read at a time.
const PAGE: u32 = 500;

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Block an address: no mail of this sender, service mail included; queued mail stops at the next claim.
    Add {
        #[command(flatten)]
        person: Person,
        /// Why, for those who ask later.
        #[arg(long, value_parser = argument::text)]
        note: Option<String>,
        /// Record it for a sender that no policy knows and of whom nothing is recorded yet.
        #[arg(long)]
        force: bool,
    },
    /// Lift the block of an operator, or one that hard bounces have put on.
    Remove {
        #[command(flatten)]
        person: Person,
        #[arg(long, value_parser = argument::text)]
        note: Option<String>,
    },
    /// Who is blocked, why and since when; exit status 1 if the address that was named is not.
    List {
        #[arg(value_name = "ADDRESS", value_parser = person::address)]
        address: Option<Address>,
        #[arg(long, value_parser = argument::text)]
        sender: String,
    },
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let policies = session.policies(&config);
    let store = session.store(&config).await?;
    let (sender, force) = verb.about();
    sender::known_or_forced(&policies, &store, sender, force).await?;
    let status = match verb {
        Verb::Add { person, note, .. } => {
            record(&store, &person, EventKind::Suppressed { why: Suppression::Operator }, note).await?;
            told(session.output, &["operator"], "suppressed")?
        }
        Verb::Remove { person, note } => remove(session.output, &store, &person, note).await?,
        Verb::List { address: Some(address), sender } => {
            one(session.output, &store, Person { address, sender }).await?
        }
        Verb::List { address: None, sender } => all(session.output, &store, &sender).await?,
    };
    store.close().await;
    Ok(status)
}

impl Verb {
    /// Whose block it is, and whether that is right whatever the policies say.
    fn about(&self) -> (&str, bool) {
        match self {
            Self::Add { person, force, .. } => (&person.sender, *force),
            Self::Remove { person, .. } => (&person.sender, false),
            Self::List { sender, .. } => (sender, false),
        }
    }
}

/// Every cause that there is, so that mail may be sent again; exit status 1 where there was none.
async fn remove(
    output: Output,
    store: &Store,
    person: &Person,
    note: Option<String>,
) -> anyhow::Result<Status> {
    let causes = suppressed(store, person).await?;
    for (why, _) in &causes {
        record(store, person, EventKind::SuppressionLifted { why: *why }, note.clone()).await?;
    }
    let words: Vec<&str> = causes.iter().map(|(why, _)| why.as_str()).collect();
    if words.is_empty() {
        eprintln!("optgate: {} has not suppressed this address", person.sender);
    }
    if !words.is_empty() || output == Output::Json {
        told(output, &words, "lifted")?;
    }
    Ok(if words.is_empty() { Status::Findings } else { Status::Done })
}

async fn one(output: Output, store: &Store, person: Person) -> anyhow::Result<Status> {
    let causes = suppressed(store, &person).await?;
    let address = person.address.to_string();
    let rows: Vec<Row> = causes.iter().map(|(why, since)| row(&address, *why, *since)).collect();
    print(output, &rows)?;
    Ok(if rows.is_empty() { Status::Findings } else { Status::Done })
}

/// Page by page, so that no transaction is long.
async fn all(output: Output, store: &Store, sender: &str) -> anyhow::Result<Status> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = store.suppressed(sender, after, PAGE).await?;
        after = page.people.last().map(|person| person.subscriber);
        for person in &page.people {
            let address = person.address.as_ref().map_or_else(|| "(erased)".to_owned(), Address::to_string);
            rows.extend(person.suppressions.iter().map(|(why, since)| row(&address, *why, *since)));
        }
        if !page.more {
            break;
        }
    }
    print(output, &rows)?;
    Ok(Status::Done)
}

#[derive(Serialize)]
struct Row {
    email: String,
    why: &'static str,
    since: Timestamp,
}

fn row(email: &str, why: Suppression, since: Timestamp) -> Row {
    Row { email: email.to_owned(), why: why.as_str(), since }
}

fn print(output: Output, rows: &[Row]) -> anyhow::Result<()> {
    if output == Output::Json {
        return output::json(&rows);
    }
    let cells = |row: &Row| vec![row.email.clone(), row.why.to_owned(), row.since.to_string()];
    Ok(output::table(&["ADDRESS", "WHY", "SINCE"], &rows.iter().map(cells).collect::<Vec<_>>())?)
}

async fn suppressed(store: &Store, person: &Person) -> anyhow::Result<Vec<(Suppression, Timestamp)>> {
    Ok(person.known(store).await?.map(|known| known.state.suppressed).unwrap_or_default())
}

async fn record(store: &Store, person: &Person, kind: EventKind, note: Option<String>) -> anyhow::Result<()> {
    let note = note.filter(|note| !note.trim().is_empty());
    let evidence = note.map(|note| json!({ "note": note })).unwrap_or_default();
    person.record(store, kind, evidence).await?;
    Ok(())
}

fn told(output: Output, causes: &[&str], word: &str) -> anyhow::Result<Status> {
    match output {
        Output::Json => output::json(&json!({ word: causes }))?,
        Output::Text => output::line(&format!("{word} ({})", causes.join(", ")))?,
    }
    Ok(Status::Done)
}
