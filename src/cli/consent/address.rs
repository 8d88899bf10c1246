//! `optgate consent address`: a person has another mail address, as an operator was told. The person keeps the history,
//! and with it every ground and every no.

use clap::Args;
use serde_json::{Value, json};

use crate::cli::output::{self, Output};
use crate::cli::person::{Person, address};
use crate::cli::{Session, Status, argument};
use crate::mail::Address;
use crate::record::Recorder;
use crate::store::{ChangeAddress, Changed, NotChanged, Store, Who};

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    pub(super) person: Person,
    #[arg(value_name = "NEW", value_parser = address)]
    new: Address,
    /// Why, for those who ask later: who asked for it, say.
    #[arg(long, value_parser = argument::text)]
    note: Option<String>,
}

/// Findings, where the address can't be changed.
pub(super) async fn run(session: &Session, store: &Store, arguments: Arguments) -> anyhow::Result<Status> {
    let Arguments { person, new, note } = arguments;
    let change = ChangeAddress {
        sender: person.sender.clone(),
        who: Who::Address(person.address),
        address: new,
        confirmed: false,
        channel: "command".to_owned(),
        evidence: note.map_or(Value::Null, |note| json!({ "note": note })),
    };
    let recorder = Recorder::new(store.clone(), std::sync::Arc::default());
    let (id, event) = match recorder.change_address(change).await {
        Ok(Changed::Done { subscriber, event }) => (subscriber, Some(event)),
        Ok(Changed::Same { subscriber }) => (subscriber, None),
        Err(NotChanged::Store(error)) => return Err(error.into()),
        Err(why) => {
            eprintln!("optgate: {}: {why}", person.sender);
            return Ok(Status::Findings);
        }
    };
    match session.output {
        Output::Json => output::json(&json!({ "id": id, "event": event }))?,
        Output::Text if event.is_some() => output::line("changed")?,
        Output::Text => output::line("it is the person's address already")?,
    }
    Ok(Status::Done)
}
