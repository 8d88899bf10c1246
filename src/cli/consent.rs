//! `optgate consent`: what is known of people, and their no.

mod address;
mod export;
mod import;
mod show;

use clap::Subcommand;
use serde_json::{Value, json};
pub(super) use show::about;

use super::output::{self, Output};
use super::person::Person;
use super::{Session, Status, argument, sender};
use crate::consent::EventKind;
use crate::policy::{PolicySet, Scope};
use crate::store::Store;

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Record facts from a CSV file: opt-out lists first, then grounds. Exit status 1 if rows were rejected.
    Import(import::Arguments),
    /// All people of a sender, a JSON document a line.
    Export(export::Arguments),
    /// Grounds, withdrawals and history of a person.
    Show(Person),
    /// A person has another mail address: grounds and noes stay, and the old address gets no more marketing. Exit
    /// status 1 if the sender knows somebody else by the new one.
    Address(address::Arguments),
    /// Record a person's no; queued mail stops at the next claim.
    Withdraw {
        #[command(flatten)]
        person: Person,
        /// Only this interest; else all marketing.
        #[arg(long)]
        scope: Option<Scope>,
        /// Not mail, but being tracked by it: pixels and tracked links are taken out from now on.
        #[arg(long, conflicts_with = "scope")]
        tracking: bool,
        /// Why, for those who ask later: a yes that was recorded by mistake, say.
        #[arg(long, value_parser = argument::text)]
        note: Option<String>,
        /// Record it for a sender that no policy knows and of whom nothing is recorded yet.
        #[arg(long)]
        force: bool,
    },
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let policies = session.policies(&config);
    let store = session.store(&config).await?;
    let status = match verb {
        Verb::Import(arguments) => import::run(session, &config, policies?, &store, arguments).await?,
        Verb::Export(arguments) => {
            sender::known(&policies, &store, &arguments.sender).await?;
            export::run(session, &policies?, &store, arguments).await?
        }
        Verb::Show(person) => {
            sender::known(&policies, &store, &person.sender).await?;
            show::run(session, &policies?, &store, person).await?
        }
        Verb::Address(arguments) => {
            sender::known(&policies, &store, &arguments.person.sender).await?;
            address::run(session, &store, arguments).await?
        }
        Verb::Withdraw { person, scope, tracking, note, force } => {
            sender::known_or_forced(&policies, &store, &person.sender, force).await?;
            let from = if tracking { From::Tracking } else { From::Mail(scope) };
            withdraw(session, policies, &store, person, from, note).await?
        }
    };
    store.close().await;
    Ok(status)
}

/// What a person wants no more.
enum From {
    /// Mail about this interest, or all marketing.
    Mail(Option<Scope>),
    Tracking,
}

/// A no is taken even where the sender's policy is gone or can't be read (invariant 5); then no taxonomy
/// checks its scope.
async fn withdraw(
    session: &Session,
    policies: anyhow::Result<PolicySet>,
    store: &Store,
    person: Person,
    from: From,
    note: Option<String>,
) -> anyhow::Result<Status> {
    let sender = policies.as_ref().ok().and_then(|policies| policies.sender(&person.sender));
    let unknown = |scope: &&Scope| sender.is_some_and(|own| !own.knows(scope));
    let kind = match from {
        From::Tracking => EventKind::TrackingWithdrawal,
        From::Mail(scope) => {
            if let Some(scope) = scope.as_ref().filter(unknown) {
                anyhow::bail!("the taxonomy of {} does not declare `{scope}`", person.sender);
            }
            EventKind::Withdrawal { scopes: scope.into_iter().collect(), complaint: false }
        }
    };
    let evidence = note.map_or(Value::Null, |note| json!({ "note": note }));
    let recorded = person.record(store, kind, evidence).await?;
    match &policies {
        Err(error) => eprintln!("optgate: recorded, unchecked: {}", super::told(error)),
        Ok(_) if sender.is_none() => {
            eprintln!("optgate: recorded, though no policy knows the sender `{}` now", person.sender);
        }
        Ok(_) => {}
    }
    match session.output {
        Output::Json => output::json(&json!({ "id": recorded.subscriber.id, "event": recorded.event }))?,
        Output::Text => output::line("withdrawn")?,
    }
    Ok(Status::Done)
}
