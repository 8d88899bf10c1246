//! `optgate requests`: what people asked for by right, and by when it is to be met.

use clap::Subcommand;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::output::{self, Output};
use super::{Session, Status, argument, sender};
use crate::consent::request::{Action, Request, State, Step};
use crate::store::Store;

/// Requests read at a time.
const PAGE: u32 = 500;

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Open ones, oldest first, those whose time is over marked. Exit status 1 if there is such a one.
    List {
        #[arg(long, value_parser = argument::text)]
        sender: String,
        /// Those that have ended too.
        #[arg(long)]
        all: bool,
    },
    /// One request, step by step.
    Show {
        #[arg(value_name = "REQUEST")]
        request: Uuid,
        #[arg(long, value_parser = argument::text)]
        sender: String,
    },
    /// Say that requests are met, by your own systems too.
    Done {
        #[arg(value_name = "REQUEST", required = true)]
        requests: Vec<Uuid>,
        #[arg(long, value_parser = argument::text)]
        sender: String,
        /// Not met: the person was told why, and where to complain (GDPR 12(4)).
        #[arg(long)]
        refused: bool,
    },
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let policies = session.policies(&config);
    let store = session.store(&config).await?;
    let (Verb::List { sender: name, .. } | Verb::Show { sender: name, .. } | Verb::Done { sender: name, .. }) =
        &verb;
    sender::known(&policies, &store, name).await?;
    let now = session.clock.now();
    let status = match verb {
        Verb::List { sender, all } => list(session.output, &store, &sender, all, now).await?,
        Verb::Show { request, sender } => match store.request(&sender, request).await? {
            Some(request) => show(session.output, &request, now)?,
            None => unknown(&sender, request),
        },
        Verb::Done { requests, sender, refused } => {
            done(session.output, &store, &sender, &requests, refused, now).await?
        }
    };
    store.close().await;
    Ok(status)
}

async fn list(
    output: Output,
    store: &Store,
    sender: &str,
    all: bool,
    now: Timestamp,
) -> anyhow::Result<Status> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.requests(sender, (!all).then_some(State::Open), after, PAGE).await?;
        after = page.requests.last().map(|request| request.id);
        found.extend(page.requests);
        if !page.more {
            break;
        }
    }
    match output {
        Output::Json => {
            output::json(&found.iter().map(|request| document(request, now)).collect::<Vec<_>>())?;
        }
        Output::Text => {
            let rows = found.iter().map(|request| {
                let overdue = if request.is_overdue(now) { "overdue" } else { "" };
                vec![
                    request.id.to_string(),
                    request.kind.as_str().to_owned(),
                    request.state.as_str().to_owned(),
                    request.received.to_string(),
                    request.due.to_string(),
                    overdue.to_owned(),
                ]
            });
            output::table(&["REQUEST", "KIND", "STATE", "RECEIVED", "DUE", ""], &rows.collect::<Vec<_>>())?;
        }
    }
    let late = found.iter().any(|request| request.is_overdue(now));
    Ok(if late { Status::Findings } else { Status::Done })
}

fn show(output: Output, request: &Request, now: Timestamp) -> anyhow::Result<Status> {
    if output == Output::Json {
        output::json(&document(request, now))?;
        return Ok(Status::Done);
    }
    let overdue = if request.is_overdue(now) { ", overdue" } else { "" };
    output::line(&format!(
        "request {}, {}, {}{overdue}",
        request.id,
        request.kind.as_str(),
        request.state.as_str()
    ))?;
    output::line(&format!(
        "of subscriber {}, received {}, due {}",
        request.subscriber, request.received, request.due
    ))?;
    for step in &request.steps {
        output::line(&format!("{}  {} by {}", step.at, step.what.as_str(), step.by))?;
    }
    Ok(Status::Done)
}

async fn done(
    output: Output,
    store: &Store,
    sender: &str,
    requests: &[Uuid],
    refused: bool,
    now: Timestamp,
) -> anyhow::Result<Status> {
    let (what, state) = if refused { (Action::Refused, State::Refused) } else { (Action::Done, State::Done) };
    let (mut ended, mut status) = (Vec::new(), Status::Done);
    for id in requests {
        let step = Step { at: now, by: "command".to_owned(), what };
        match store.step_request(sender, *id, step, state).await? {
            Some(request) if request.ended == Some(now) => ended.push(request),
            Some(request) => {
                eprintln!("optgate: request {id} was {} before", request.state.as_str());
                status = Status::Findings;
            }
            None => status = unknown(sender, *id),
        }
    }
    match output {
        Output::Json => {
            output::json(&ended.iter().map(|request| document(request, now)).collect::<Vec<_>>())?;
        }
        Output::Text => output::line(&output::counted(ended.len(), "request ended", "requests ended"))?,
    }
    Ok(status)
}

fn unknown(sender: &str, request: Uuid) -> Status {
    eprintln!("optgate: {sender} has no request {request}");
    Status::Findings
}

fn document(request: &Request, now: Timestamp) -> Value {
    json!({
        "id": request.id,
        "subscriber": request.subscriber,
        "kind": request.kind,
        "state": request.state,
        "received": request.received,
        "due": request.due,
        "overdue": request.is_overdue(now),
        "ended": request.ended,
        "steps": request.steps,
    })
}
