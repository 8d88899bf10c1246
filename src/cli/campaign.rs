//! `optgate campaign`: what came in, what became of it, what was made of tracking, and which hosts no policy knows, so
//! that a new tag can't slip in.

mod pauses;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::output::{self, Output, counted};
use super::{Session, Status, argument, sender};
use crate::policy::pause::{Pause, Target};
use crate::policy::{PolicySet, Tracking};
use crate::store::{CampaignLine, CampaignView, Copies, HostOf, MOST_HOSTS, SeenHost, Store};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// A sender's campaigns, the youngest first; those that nothing came in for 90 days are forgotten.
    List {
        #[arg(long, value_parser = argument::text)]
        sender: String,
    },
    /// Messages, deliveries, pixels and links taken out, and hosts that no policy knows.
    Show(Which),
    /// Hold its marketing until it is resumed; what waits to its deadline ends withheld.
    Pause(pauses::ToPause),
    /// Let it go; each delivery is decided again before it leaves.
    Resume(pauses::What),
    /// End what waits of it, and hold what still comes.
    Cancel(pauses::What),
    /// All that is paused, by whom and why.
    Pauses,
}

#[derive(Args)]
pub(super) struct Which {
    /// As the tool named it; left out: the messages that name none.
    #[arg(value_parser = argument::text)]
    name: Option<String>,
    #[arg(long, value_parser = argument::text)]
    sender: String,
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let policies = session.policies(&config);
    let store = session.store(&config).await?;
    let status = match verb {
        Verb::List { sender } => {
            sender::known(&policies, &store, &sender).await?;
            list(session.output, &store, &sender).await?
        }
        Verb::Show(which) => {
            sender::known(&policies, &store, &which.sender).await?;
            show(session.output, &store, &which, policies.as_ref().ok()).await?
        }
        Verb::Pause(asked) => {
            known(&policies, &store, asked.what.sender.as_deref()).await?;
            pauses::pause(session.output, &store, asked).await?
        }
        Verb::Resume(what) => pauses::resume(session.output, &store, what).await?,
        Verb::Cancel(what) => {
            known(&policies, &store, what.sender.as_deref()).await?;
            pauses::cancel(session.output, &store, what).await?
        }
        Verb::Pauses => pauses::list(session.output, &store).await?,
    };
    store.close().await;
    Ok(status)
}

async fn known(
    policies: &anyhow::Result<PolicySet>,
    store: &Store,
    sender: Option<&str>,
) -> anyhow::Result<()> {
    match sender {
        Some(sender) => sender::known(policies, store, sender).await,
        None => Ok(()),
    }
}

async fn list(output: Output, store: &Store, sender: &str) -> anyhow::Result<Status> {
    #[derive(Serialize)]
    struct Line<'a> {
        campaign: Option<&'a str>,
        messages: u64,
        first_at: Timestamp,
        last_at: Timestamp,
    }
    let campaigns = store.campaigns(sender).await?;
    match output {
        Output::Json => {
            let lines: Vec<Line<'_>> = campaigns
                .iter()
                .map(|own| Line {
                    campaign: Some(own.campaign.as_str()).filter(|name| !name.is_empty()),
                    messages: own.messages,
                    first_at: own.first_at,
                    last_at: own.last_at,
                })
                .collect();
            output::json(&lines)?;
        }
        Output::Text => {
            let row = |own: &CampaignLine| {
                let name = if own.campaign.is_empty() { UNNAMED } else { &own.campaign };
                vec![
                    name.to_owned(),
                    own.messages.to_string(),
                    own.first_at.to_string(),
                    own.last_at.to_string(),
                ]
            };
            let rows: Vec<Vec<String>> = campaigns.iter().map(row).collect();
            output::table(&["CAMPAIGN", "MESSAGES", "FIRST", "LAST"], &rows)?;
        }
    }
    Ok(Status::Done)
}

const UNNAMED: &str = "(messages that name none)";

/// Exit status 1 where there is no such campaign.
async fn show(
    output: Output,
    store: &Store,
    which: &Which,
    policies: Option<&PolicySet>,
) -> anyhow::Result<Status> {
    let name = which.name.as_deref().unwrap_or_default();
    let Some(mut view) = store.campaign(&which.sender, name).await? else {
        let name = which.name.as_deref().unwrap_or(UNNAMED);
        eprintln!("optgate: nothing is known of a campaign {name} of {}", which.sender);
        return Ok(Status::Findings);
    };
    // What the policy has learnt since.
    let trackers = policies.and_then(|set| set.sender(&which.sender)).map(|own| own.trackers.clone());
    view.hosts.retain(|own| trackers.as_ref().is_none_or(|trackers| !trackers.knows(&own.host)));
    let pauses = store.pauses().await?;
    let bears = |own: &&Pause| match &own.target {
        Target::Campaign(sender, campaign) => *sender == which.sender && campaign == name,
        Target::Sender(sender) => *sender == which.sender,
        Target::Provider(_) => true,
    };
    let paused = pauses.all().iter().filter(bears).map(pauses::Shown::of).collect();
    let shown = Shown::of(which, &view, paused);
    match output {
        Output::Json => output::json(&shown)?,
        Output::Text => shown.print()?,
    }
    Ok(Status::Done)
}

#[derive(Serialize)]
struct Shown<'a> {
    /// Null: of messages that name none.
    campaign: Option<&'a str>,
    sender: &'a str,
    messages: u64,
    first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    /// By state: `queued`, `held` or an outcome.
    deliveries: serde_json::Map<String, serde_json::Value>,
    tracking: Made,
    /// The pauses that hold its mail, or some of it.
    paused: Vec<pauses::Shown<'a>>,
    unknown_hosts: Vec<Host<'a>>,
}

/// What was made of tracking in the copies that were relayed.
#[derive(Serialize)]
struct Made {
    /// Copies that left with their pixels and tracked links, if they had any.
    kept: u64,
    taken_out: u64,
    pixels_taken_out: u64,
    links_changed: u64,
    /// Links that stayed in the latter copies, since nothing tells where they lead.
    opaque_links_left: u64,
}

#[derive(Serialize)]
struct Host<'a> {
    host: &'a str,
    of: HostOf,
    first_at: Timestamp,
    message: Uuid,
    /// What would name it in the sender's file: as a tracker, and as known and harmless.
    as_tracker: String,
    as_harmless: String,
}

impl<'a> Shown<'a> {
    fn of(which: &'a Which, view: &'a CampaignView, paused: Vec<pauses::Shown<'a>>) -> Self {
        let count = |tracking| view.copies.iter().filter(move |own: &&Copies| own.tracking == tracking);
        let copies = |tracking| count(tracking).map(|own| own.copies).sum();
        let out = |of: fn(&Copies) -> u64| count(Tracking::TakenOut).map(of).sum();
        Self {
            campaign: which.name.as_deref(),
            sender: &which.sender,
            messages: view.messages,
            first_at: view.first_at,
            last_at: view.last_at,
            deliveries: view
                .deliveries
                .iter()
                .map(|(state, count)| (state.shown().to_owned(), (*count).into()))
                .collect(),
            tracking: Made {
                kept: copies(Tracking::Kept),
                taken_out: copies(Tracking::TakenOut),
                pixels_taken_out: out(|own| own.pixels),
                links_changed: out(|own| own.links),
                opaque_links_left: out(|own| own.opaque),
            },
            paused,
            unknown_hosts: view.hosts.iter().map(Host::of).collect(),
        }
    }

    fn print(&self) -> anyhow::Result<()> {
        let Self { messages, deliveries, tracking, .. } = self;
        let name = self.campaign.unwrap_or(UNNAMED);
        let when = match (self.first_at, self.last_at) {
            (Some(first), Some(last)) => format!(", from {first} to {last}"),
            _ => String::new(),
        };
        let messages = counted(*messages, "message", "messages");
        output::line(&format!("{name} of {}: {messages}{when}", self.sender))?;
        for pause in &self.paused {
            output::line(&pause.told())?;
        }
        output::line("")?;
        let rows: Vec<Vec<String>> =
            deliveries.iter().map(|(state, count)| vec![state.clone(), count.to_string()]).collect();
        output::table(&["DELIVERIES", ""], &rows)?;
        output::line("")?;
        let Made { kept, taken_out, pixels_taken_out, links_changed, opaque_links_left } = tracking;
        let copies = |count: u64| counted(count, "copy", "copies");
        output::line(&format!(
            "pixels and tracked links: kept in {}, taken out of {} ({}, {}, {} left that only their owner can follow)",
            copies(*kept),
            copies(*taken_out),
            counted(*pixels_taken_out, "pixel", "pixels"),
            counted(*links_changed, "link changed", "links changed"),
            counted(*opaque_links_left, "link", "links"),
        ))?;
        self.print_hosts()
    }

    fn print_hosts(&self) -> anyhow::Result<()> {
        if self.unknown_hosts.is_empty() {
            return Ok(output::line("no host of a pixel or link that policy does not know")?);
        }
        output::line("")?;
        let row = |own: &Host<'_>| {
            vec![
                own.of.as_str().to_owned(),
                own.host.to_owned(),
                own.first_at.to_string(),
                own.message.to_string(),
                own.as_tracker.clone(),
                own.as_harmless.clone(),
            ]
        };
        let rows: Vec<Vec<String>> = self.unknown_hosts.iter().map(row).collect();
        let headings = [
            "UNKNOWN",
            "HOST",
            "FIRST SEEN",
            "IN MESSAGE",
            "IF IT TRACKS",
            "IF IT DOES NOT (under [tracking])",
        ];
        output::table(&headings, &rows)?;
        if rows.len() >= MOST_HOSTS {
            output::line("there may be more: only so many of a campaign are kept, the first ones")?;
        }
        output::line(&format!("the lines are for the file of {} in senders/", self.sender))
            .map_err(Into::into)
    }
}

impl<'a> Host<'a> {
    fn of(seen: &'a SeenHost) -> Self {
        let host = &seen.host;
        let table = match seen.of {
            HostOf::Pixel => "pixel",
            HostOf::Link => "redirect",
        };
        // TOML has the same quotes and escapes as JSON for what a host name may hold.
        let quoted = serde_json::Value::from(host.as_str()).to_string();
        Self {
            host,
            of: seen.of,
            first_at: seen.first_at,
            message: seen.message,
            as_tracker: format!("[[tracking.{table}]] hosts = [{quoted}]"),
            as_harmless: format!("harmless = [{quoted}]"),
        }
    }
}
