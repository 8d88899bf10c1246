//! `optgate campaign pause|resume|cancel|pauses`: marketing that waits until somebody lets it go.

use anyhow::bail;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::super::output::{self, Output, counted};
use super::super::{Status, argument};
use crate::policy::pause::{By, Pause, Target, Whose};
use crate::store::{Order, Store, paused_deliveries};

/// A campaign, all marketing of a sender, or all marketing to a provider.
#[derive(Args)]
pub(in super::super) struct What {
    /// As the tool named it; left out: the messages that name none.
    #[arg(value_parser = argument::text)]
    name: Option<String>,
    #[arg(long, value_parser = argument::text, required_unless_present = "provider")]
    pub(super) sender: Option<String>,
    /// All marketing of the sender.
    #[arg(long, conflicts_with = "name")]
    all: bool,
    /// All marketing to a mailbox provider, whoever sends it.
    #[arg(long, value_parser = argument::text, conflicts_with_all = ["name", "sender", "all"])]
    provider: Option<String>,
}

#[derive(Args)]
pub(in super::super) struct ToPause {
    #[command(flatten)]
    pub(super) what: What,
    /// Why, for those who look at it later.
    #[arg(long, value_parser = argument::text, default_value = "by an operator")]
    because: String,
}

impl What {
    fn target(&self) -> anyhow::Result<Target> {
        Ok(match (&self.provider, &self.sender) {
            (Some(provider), _) => Target::Provider(provider.clone()),
            (None, Some(sender)) if self.all => Target::Sender(sender.clone()),
            (None, Some(sender)) => Target::Campaign(sender.clone(), self.name.clone().unwrap_or_default()),
            (None, None) => bail!("name a --sender or a --provider"),
        })
    }
}

pub(super) async fn pause(output: Output, store: &Store, asked: ToPause) -> anyhow::Result<Status> {
    let target = asked.what.target()?;
    let cause = asked.because.clone();
    put(store, target.clone(), cause).await?;
    let held = store.hold_paused(&target).await?;
    match output {
        Output::Json => output::json(&serde_json::json!({ "paused": true, "held": held }))?,
        Output::Text => output::line(&format!("paused; {} held", counted(held, "delivery", "deliveries")))?,
    }
    Ok(Status::Done)
}

/// Exit status 1 where nothing was paused.
pub(super) async fn resume(output: Output, store: &Store, what: What) -> anyhow::Result<Status> {
    let target = what.target()?;
    let ended = store.resume(&target).await?;
    let released = store.release_paused(&target).await?;
    match (output, ended) {
        (Output::Json, _) => {
            output::json(&serde_json::json!({ "resumed": ended, "released": released }))?;
        }
        (Output::Text, true) => {
            let released = counted(released, "delivery", "deliveries");
            output::line(&format!("resumed; {released} due, to be decided again"))?;
        }
        (Output::Text, false) => output::line("it was not paused")?,
    }
    Ok(if ended { Status::Done } else { Status::Findings })
}

/// What waits ends cancelled, and what still comes is held: nothing of it is sent.
pub(super) async fn cancel(output: Output, store: &Store, what: What) -> anyhow::Result<Status> {
    let target = what.target()?;
    put(store, target.clone(), "cancelled by an operator".to_owned()).await?;
    store.hold_paused(&target).await?;
    let mut filter = paused_deliveries(&target);
    let in_hand = store.count_in_hand(&filter).await?;
    let mut cancelled = 0_u64;
    loop {
        let obeyed = store.order(Order::CancelMarketing, &filter).await?;
        cancelled += obeyed.changed.len() as u64;
        if obeyed.next.is_none() {
            break;
        }
        filter.after = obeyed.next;
    }
    match output {
        Output::Json => output::json(&serde_json::json!({ "cancelled": cancelled, "in_hand": in_hand }))?,
        Output::Text => {
            let cancelled = counted(cancelled, "delivery", "deliveries");
            output::line(&format!("{cancelled} cancelled; what still comes is held: resume lets it go"))?;
        }
    }
    if in_hand > 0 {
        eprintln!("optgate: {in_hand} in hand at this moment and left alone: they end, or wait again");
    }
    Ok(Status::Done)
}

async fn put(store: &Store, target: Target, cause: String) -> anyhow::Result<()> {
    let (whose, by) = (Whose::Everybodys, By::Operator);
    // The store tells the time.
    let pause = Pause { target, whose, by, cause, since: Timestamp::UNIX_EPOCH };
    store.pause(&pause).await?;
    Ok(())
}

/// One pause, as it is printed.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    /// `campaign`, `sender` or `provider`.
    of: &'static str,
    sender: Option<&'a str>,
    /// Of the campaign (null: of messages that name none), or of the provider.
    name: Option<&'a str>,
    whose: Whose,
    by: By,
    cause: &'a str,
    since: Timestamp,
}

impl<'a> Shown<'a> {
    pub(super) fn of(pause: &'a Pause) -> Self {
        let (of, sender, name) = pause.target.parts();
        let named = |text: &'a str| Some(text).filter(|text| !text.is_empty());
        Self {
            of,
            sender: named(sender),
            name: named(name),
            whose: pause.whose,
            by: pause.by,
            cause: &pause.cause,
            since: pause.since,
        }
    }

    /// `paused since 2026-11-27T08:00:00Z by an operator: too many complaints`.
    pub(super) fn told(&self) -> String {
        let whose = match self.whose {
            Whose::Everybodys => "",
            Whose::Weakest => " for who has not opted in",
        };
        format!("paused{whose} since {} by {}: {}", self.since, self.by.as_str(), self.cause)
    }
}

pub(super) async fn list(output: Output, store: &Store) -> anyhow::Result<Status> {
    let pauses = store.pauses().await?;
    let all: Vec<Shown<'_>> = pauses.all().iter().map(Shown::of).collect();
    match output {
        Output::Json => output::json(&all)?,
        Output::Text if all.is_empty() => output::line("nothing is paused")?,
        Output::Text => {
            let row = |own: &Shown<'_>| {
                vec![
                    own.of.to_owned(),
                    own.sender.unwrap_or_default().to_owned(),
                    own.name.unwrap_or_default().to_owned(),
                    own.whose.as_str().to_owned(),
                    own.by.as_str().to_owned(),
                    own.since.to_string(),
                    own.cause.to_owned(),
                ]
            };
            let headings = ["PAUSED", "SENDER", "NAME", "WHOSE", "BY", "SINCE", "CAUSE"];
            output::table(&headings, &all.iter().map(row).collect::<Vec<_>>())?;
        }
    }
    Ok(Status::Done)
}
