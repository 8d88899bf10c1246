//! `optgate queue`: deliveries, waiting and ended.

use anyhow::bail;
use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::output::{self, Output};
use super::{Session, Status};
use crate::mail::Address;
use crate::policy::verdict::ShownVerdict;
use crate::policy::{Reason, Scope, Stream};
use crate::spool::State;
use crate::store::{DeliveryFilter, DeliveryPage, DeliveryView, Obeyed, Order, Store};

/// Deliveries read and printed at a time.
const PAGE: u32 = 500;

#[derive(Subcommand)]
pub(super) enum Verb {
    /// One line a delivery, oldest first.
    List(Which),
    /// All that is known of a delivery.
    Show {
        #[arg(required = true)]
        deliveries: Vec<Uuid>,
    },
    /// Make what is queued due now.
    Retry(Ordered),
    /// Keep what waits from leaving, until it is released; at its deadline it ends withheld.
    Hold(Ordered),
    /// Let go what is held; each is decided again before it leaves.
    Release(Ordered),
    /// End what waits. It is not sent, and nobody is told.
    Cancel(Ordered),
}

/// What an order is for: something has to be named, or --all.
#[derive(Args)]
pub(super) struct Ordered {
    #[command(flatten)]
    which: Which,
    /// All that there is, where nothing else narrows it.
    #[arg(long)]
    all: bool,
}

/// All that is named must hold.
#[derive(Args)]
pub(super) struct Which {
    deliveries: Vec<Uuid>,
    /// queued, held, refused, relayed, rejected, expired, withheld or cancelled.
    #[arg(long, value_parser = state)]
    state: Option<State>,
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    to: Option<Address>,
    #[arg(long)]
    campaign: Option<String>,
    #[arg(long)]
    provider: Option<String>,
    #[arg(long)]
    sender: Option<String>,
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let store = session.store(&config).await?;
    let status = match verb {
        Verb::List(which) => list(session.output, &store, which.filter()).await?,
        Verb::Show { deliveries } => show(session.output, &store, deliveries).await?,
        Verb::Retry(own) => order(session.output, &store, Order::Retry, own).await?,
        Verb::Hold(own) => order(session.output, &store, Order::Hold, own).await?,
        Verb::Release(own) => order(session.output, &store, Order::Release, own).await?,
        Verb::Cancel(own) => order(session.output, &store, Order::Cancel, own).await?,
    };
    store.close().await;
    Ok(status)
}

impl Which {
    /// Whether it names nothing at all, and so everything.
    fn is_all(&self) -> bool {
        let Self { deliveries, state, to, campaign, provider, sender } = self;
        deliveries.is_empty()
            && state.is_none()
            && to.is_none()
            && [campaign, provider, sender].into_iter().all(Option::is_none)
    }

    fn filter(self) -> DeliveryFilter {
        DeliveryFilter {
            deliveries: self.deliveries,
            sender: self.sender,
            state: self.state,
            to: self.to,
            campaign: self.campaign,
            provider: self.provider,
            after: None,
            limit: PAGE,
        }
    }
}

/// Exit status 1 where named deliveries were not changed: they are unknown, ended, or in a worker's hand.
async fn order(output: Output, store: &Store, order: Order, ordered: Ordered) -> anyhow::Result<Status> {
    let Ordered { which, all } = ordered;
    if which.is_all() && !all {
        bail!("this is about the whole queue: name deliveries, narrow it, or say --all");
    }
    let named = which.deliveries.len() as u64;
    let Obeyed { changed, in_hand } = store.order(order, &which.filter()).await?;
    let (key, word) = match order {
        Order::Retry => ("due", "due now"),
        Order::Hold => ("held", "held"),
        Order::Release => ("released", "released"),
        Order::Cancel => ("cancelled", "cancelled"),
    };
    match output {
        Output::Json => output::json(&json!({ key: changed, "in_hand": in_hand }))?,
        Output::Text => {
            output::line(&format!("{changed} {word}"))?;
            if in_hand > 0 {
                let more = "in hand at this moment and left alone: they end, or wait again";
                output::line(&format!("{in_hand} {more}"))?;
            }
        }
    }
    Ok(if changed < named { Status::Findings } else { Status::Done })
}

/// Page by page, so that a queue of millions needs no memory.
async fn list(output: Output, store: &Store, mut filter: DeliveryFilter) -> anyhow::Result<Status> {
    let mut printed = Printed::Nothing;
    loop {
        let DeliveryPage { deliveries, next } = store.deliveries(&filter).await?;
        match output {
            Output::Json => print_json(&deliveries, printed)?,
            Output::Text if printed == Printed::Nothing || !deliveries.is_empty() => {
                print_table(&deliveries)?;
            }
            Output::Text => {}
        }
        if output == Output::Text || !deliveries.is_empty() {
            printed = Printed::Something;
        }
        if next.is_none() {
            break;
        }
        filter.after = next;
    }
    if output == Output::Json {
        output::line(if printed == Printed::Nothing { "[]" } else { "]" })?;
    }
    Ok(Status::Done)
}

/// Whether anything of a list stands there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Printed {
    Nothing,
    Something,
}

fn print_json(page: &[DeliveryView], printed: Printed) -> anyhow::Result<()> {
    let mut before = if printed == Printed::Nothing { "[" } else { "," };
    for view in page {
        output::line(&format!("{before}{}", serde_json::to_string(&listed(view))?))?;
        before = ",";
    }
    Ok(())
}

fn print_table(page: &[DeliveryView]) -> anyhow::Result<()> {
    let row = |view: &DeliveryView| {
        vec![
            view.delivery.to_string(),
            recipient(view).unwrap_or_else(|| "(erased)".to_owned()),
            word(view.stream),
            word(view.scope.as_ref()),
            view.state.shown().to_owned(),
            word(view.reason),
            view.attempts.to_string(),
            word(view.next_attempt_at),
            view.last_response.clone().unwrap_or_default(),
        ]
    };
    let headings =
        ["DELIVERY", "RECIPIENT", "STREAM", "SCOPE", "STATE", "REASON", "TRIES", "NEXT", "LAST RESPONSE"];
    Ok(output::table(&headings, &page.iter().map(row).collect::<Vec<_>>())?)
}

async fn show(output: Output, store: &Store, deliveries: Vec<Uuid>) -> anyhow::Result<Status> {
    let limit = u32::try_from(deliveries.len()).unwrap_or(u32::MAX);
    let filter = DeliveryFilter { deliveries, limit, ..DeliveryFilter::default() };
    let found = store.deliveries(&filter).await?.deliveries;
    match output {
        Output::Json => output::json(&found.iter().map(shown).collect::<Vec<_>>())?,
        Output::Text => found.iter().try_for_each(print_one)?,
    }
    let missing = filter.deliveries.iter().filter(|id| !found.iter().any(|view| view.delivery == **id));
    let missing: Vec<String> = missing.map(Uuid::to_string).collect();
    if missing.is_empty() {
        return Ok(Status::Done);
    }
    eprintln!("optgate: no such delivery: {}", missing.join(", "));
    Ok(Status::Findings)
}

fn print_one(view: &DeliveryView) -> anyhow::Result<()> {
    let verdict = &view.verdict;
    let rows: Vec<Vec<String>> = [
        ("message", view.message.to_string()),
        ("sender", view.sender.clone()),
        ("recipient", recipient(view).unwrap_or_else(|| "(erased)".to_owned())),
        ("stream", word(view.stream)),
        ("scope", word(view.scope.as_ref())),
        ("campaign", view.lane.campaign.clone()),
        ("provider", view.lane.provider.clone()),
        ("state", view.state.shown().to_owned()),
        ("reason", word(view.reason)),
        ("verdict", format!("{}: {}", verdict.verdict, verdict.text)),
        ("rule", format!("{}:{}", verdict.rule.file, verdict.rule.line)),
        ("attempts", view.attempts.to_string()),
        ("next attempt", word(view.next_attempt_at)),
        ("deadline", view.deadline.to_string()),
        ("last response", view.last_response.clone().unwrap_or_default()),
    ]
    .into_iter()
    .map(|(name, value)| vec![name.to_owned(), value])
    .collect();
    output::table(&["delivery", &view.delivery.to_string()], &rows)?;
    Ok(output::line("")?)
}

/// CONTRACT.md, "Command line".
#[derive(Serialize)]
struct Listed<'v> {
    delivery: Uuid,
    message: Uuid,
    recipient: Option<String>,
    stream: Option<Stream>,
    scope: Option<&'v Scope>,
    state: &'static str,
    reason: Option<Reason>,
    attempts: u32,
    next_attempt_at: Option<Timestamp>,
    last_response: Option<&'v str>,
}

/// The same, and what else is known.
#[derive(Serialize)]
struct Shown<'v> {
    #[serde(flatten)]
    listed: Listed<'v>,
    sender: &'v str,
    campaign: &'v str,
    provider: &'v str,
    deadline: Timestamp,
    verdict: ShownVerdict<'v>,
}

fn listed(view: &DeliveryView) -> Listed<'_> {
    Listed {
        delivery: view.delivery,
        message: view.message,
        recipient: recipient(view),
        stream: view.stream,
        scope: view.scope.as_ref(),
        state: view.state.shown(),
        reason: view.reason,
        attempts: view.attempts,
        next_attempt_at: view.next_attempt_at,
        last_response: view.last_response.as_deref(),
    }
}

fn shown(view: &DeliveryView) -> Shown<'_> {
    Shown {
        listed: listed(view),
        sender: &view.sender,
        campaign: &view.lane.campaign,
        provider: &view.lane.provider,
        deadline: view.deadline,
        verdict: view.verdict.shown(recipient(view), &view.policy, Some(view.delivery)),
    }
}

fn recipient(view: &DeliveryView) -> Option<String> {
    view.recipient.as_ref().map(Address::to_string)
}

fn word(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn state(text: &str) -> Result<State, String> {
    let known = State::ALL.iter().copied().filter(|state| *state != State::Claimed);
    known
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| "queued, held, refused, relayed, rejected, expired, withheld or cancelled".to_owned())
}

pub(super) fn address(text: &str) -> Result<Address, String> {
    text.parse().map_err(|_| "not a mail address".to_owned())
}
