//! `optgate requests`: what people asked for by right, and by when it is to be met.

use clap::Subcommand;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use uuid::Uuid;

use super::output::{self, Output};
use super::{Session, Status, argument, sender};
use crate::consent::request::{Action, Kind, Request, State, Step};
use crate::mail::Address;
use crate::policy::sender::SenderPolicy;
use crate::store::{NewRequest, Store};

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
    /// Record what a person asked for by letter or by phone, so that its time runs.
    Add {
        address: Address,
        #[arg(long, value_parser = argument::text)]
        sender: String,
        /// Which right it is: access, rectification, erasure, restriction, objection.
        #[arg(long, value_parser = right)]
        kind: Kind,
        /// When it came; now, unless told.
        #[arg(long, value_name = "TIME")]
        received: Option<Timestamp>,
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
    let (Verb::List { sender: name, .. }
    | Verb::Show { sender: name, .. }
    | Verb::Add { sender: name, .. }
    | Verb::Done { sender: name, .. }) = &verb;
    sender::known(&policies, &store, name).await?;
    let now = session.clock.now();
    let status = match verb {
        Verb::List { sender, all } => list(session.output, &store, &sender, all, now).await?,
        Verb::Show { request, sender } => match store.request(&sender, request).await? {
            Some(request) => show(session.output, &request, now)?,
            None => unknown(&sender, request),
        },
        Verb::Add { address, sender, kind, received } => {
            let known = policies.as_ref().ok().and_then(|policy| policy.sender(&sender));
            let asked = Asked { sender: &sender, address, kind, received: received.unwrap_or(now) };
            add(session.output, &store, known, asked, now).await?
        }
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

/// What a person asked for elsewhere.
struct Asked<'a> {
    sender: &'a str,
    address: Address,
    kind: Kind,
    received: Timestamp,
}

async fn add(
    output: Output,
    store: &Store,
    policy: Option<&SenderPolicy>,
    asked: Asked<'_>,
    now: Timestamp,
) -> anyhow::Result<Status> {
    let Asked { sender, address, kind, received } = asked;
    anyhow::ensure!(received <= now, "nothing came at {received}, which is ahead of now");
    let known = store.consent_of(sender, &[address]).await?.pop().flatten();
    let Some(known) = known.filter(|known| known.state.erased.is_none()) else {
        eprintln!("optgate: {sender} keeps nothing of this address: that is the answer to the person");
        return Ok(Status::Findings);
    };
    let zone = policy.map_or(TimeZone::UTC, |own| own.time_zone.clone());
    let due = policy.map(|own| own.rights).unwrap_or_default().due.after(received, &zone);
    let new =
        NewRequest { sender: sender.to_owned(), subscriber: known.id, kind, received, due, by: "command" };
    let request = store.open_request(new).await?;
    match output {
        Output::Json => output::json(&document(&request, now))?,
        Output::Text => output::line(&format!("request {}, due {}", request.id, request.due))?,
    }
    Ok(Status::Done)
}

fn right(text: &str) -> Result<Kind, String> {
    let words = || Kind::ALL.iter().map(|own| own.as_str()).collect::<Vec<_>>().join(", ");
    Kind::parse(text).ok_or_else(|| format!("`{text}` is none of {}", words()))
}

async fn done(
    output: Output,
    store: &Store,
    sender: &str,
    requests: &[Uuid],
    refused: bool,
    now: Timestamp,
) -> anyhow::Result<Status> {
    let what = if refused { Action::Refused } else { Action::Done };
    let (mut ended, mut status) = (Vec::new(), Status::Done);
    for id in requests {
        let step = Step { at: now, by: "command".to_owned(), what };
        match store.step_request(sender, *id, step).await? {
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
