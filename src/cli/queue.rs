//! `optgate queue`: deliveries, waiting and ended.

mod overview;
mod shown;
mod throttles;
mod warm_up;

use std::collections::HashSet;

use anyhow::bail;
use clap::{Args, Subcommand};
use uuid::Uuid;

use super::output::{self, Output};
use super::{Session, Status, argument, person};
use crate::mail::Address;
use crate::policy::PolicySet;
use crate::spool::State;
use crate::store::{DeliveryFilter, DeliveryPage, DeliveryView, Order, Store};

/// Deliveries read and printed at a time.
const PAGE: u32 = 500;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    which: Which,
}

#[derive(Subcommand)]
enum Verb {
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
    /// How far the domains have come that warm up, and what they may still send today.
    WarmUp,
    /// Who resists, how much of its pace is left, and why.
    Throttles,
    /// Give an upstream or a provider its whole pace back at once.
    Unthrottle(throttles::Named),
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
    #[arg(long, value_name = "ADDRESS", value_parser = person::address)]
    to: Option<Address>,
    #[arg(long, value_parser = argument::text)]
    campaign: Option<String>,
    #[arg(long, value_parser = argument::text)]
    provider: Option<String>,
    #[arg(long, value_parser = argument::text)]
    sender: Option<String>,
}

pub(super) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let policies = session.policies(&config);
    let store = session.store(&config).await?;
    let status = match arguments.verb {
        None => overview::print(session.output, &store, &policies?, arguments.which.filter()).await?,
        Some(verb) => obey(session.output, &store, policies, verb).await?,
    };
    store.close().await;
    Ok(status)
}

async fn obey(
    output: Output,
    store: &Store,
    policies: anyhow::Result<PolicySet>,
    verb: Verb,
) -> anyhow::Result<Status> {
    match verb {
        Verb::List(which) => list(output, store, which.filter()).await,
        Verb::Show { deliveries } => show(output, store, deliveries).await,
        Verb::Retry(own) => order(output, store, Order::Retry, own).await,
        Verb::Hold(own) => order(output, store, Order::Hold, own).await,
        Verb::Release(own) => order(output, store, Order::Release, own).await,
        Verb::Cancel(own) => order(output, store, Order::Cancel, own).await,
        Verb::WarmUp => warm_up::list(output, store, &policies?).await,
        Verb::Throttles => throttles::list(output, store, &policies?).await,
        Verb::Unthrottle(named) => throttles::end(output, store, named).await,
    }
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
    let named = which.deliveries.iter().collect::<HashSet<_>>().len();
    let mut filter = which.filter();
    let in_hand = store.count_in_hand(&filter).await?;
    let mut changed = 0;
    let mut printing = Ok(());
    let mut shown = shown::List::new(output);
    loop {
        let obeyed = store.order(order, &filter).await?;
        changed += obeyed.changed.len();
        // An order is carried out to its end, whether or not anybody reads on.
        if output == Output::Json && printing.is_ok() {
            let changed = views(store, obeyed.changed).await;
            printing = changed.and_then(|changed| shown.add(&changed));
        }
        if obeyed.next.is_none() {
            break;
        }
        filter.after = obeyed.next;
    }
    printing?;
    match output {
        Output::Json => shown.end()?,
        Output::Text => output::line(&format!("{changed} {}", done(order)))?,
    }
    if in_hand > 0 {
        eprintln!("optgate: {in_hand} in hand at this moment and left alone: they end, or wait again");
    }
    Ok(if changed < named { Status::Findings } else { Status::Done })
}

fn done(order: Order) -> &'static str {
    match order {
        Order::Retry => "due now",
        Order::Hold => "held",
        Order::Release => "released",
        Order::Pause => "paused",
        Order::Resume => "resumed",
        Order::Cancel | Order::CancelMarketing => "cancelled",
    }
}

/// As they stand now.
async fn views(store: &Store, deliveries: Vec<Uuid>) -> anyhow::Result<Vec<DeliveryView>> {
    if deliveries.is_empty() {
        return Ok(Vec::new());
    }
    let limit = u32::try_from(deliveries.len()).unwrap_or(u32::MAX);
    let filter = DeliveryFilter { deliveries, limit, ..DeliveryFilter::default() };
    Ok(store.deliveries(&filter).await?.deliveries)
}

/// Page by page, so that a queue of millions needs no memory.
async fn list(output: Output, store: &Store, mut filter: DeliveryFilter) -> anyhow::Result<Status> {
    let mut shown = shown::List::new(output);
    loop {
        let DeliveryPage { deliveries, next } = store.deliveries(&filter).await?;
        shown.add(&deliveries)?;
        if next.is_none() {
            break;
        }
        filter.after = next;
    }
    shown.end()?;
    Ok(Status::Done)
}

async fn show(output: Output, store: &Store, deliveries: Vec<Uuid>) -> anyhow::Result<Status> {
    let found = views(store, deliveries.clone()).await?;
    shown::print_whole(output, &found)?;
    let missing = deliveries.iter().filter(|id| !found.iter().any(|view| view.delivery == **id));
    let missing: Vec<String> = missing.map(Uuid::to_string).collect();
    if missing.is_empty() {
        return Ok(Status::Done);
    }
    eprintln!("optgate: no such delivery: {}", missing.join(", "));
    Ok(Status::Findings)
}

fn state(text: &str) -> Result<State, String> {
    let known = State::ALL.iter().copied().filter(|state| *state != State::Claimed);
    known
        .into_iter()
        .find(|state| state.as_str() == text)
        .ok_or_else(|| "queued, held, refused, relayed, rejected, expired, withheld or cancelled".to_owned())
}
