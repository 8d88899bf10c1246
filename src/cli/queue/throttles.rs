//! `optgate queue throttles` and `unthrottle`: paces that have given way.

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::super::output::{self, Output};
use super::super::{Status, argument};
use crate::policy::PolicySet;
use crate::policy::shaping::{Adaptive, Shaping};
use crate::schedule::throttle::{Party, Throttle};
use crate::store::Store;

/// Who is to have its pace back.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(in super::super) struct Named {
    #[arg(long, value_parser = argument::text)]
    provider: Option<String>,
    #[arg(long, value_parser = argument::text)]
    upstream: Option<String>,
}

/// One throttle, as it is printed.
#[derive(Serialize)]
struct Shown<'a> {
    party: &'static str,
    name: &'a str,
    /// What is left of the pace now, from 0 to 1.
    share: f64,
    /// Permits a minute.
    rate: u32,
    slowed_at: Timestamp,
    /// Marketing waits until then.
    suspended_until: Option<Timestamp>,
    /// When the whole pace is back, if nothing else is heard.
    ends_at: Timestamp,
    cause: &'a str,
}

impl<'a> Shown<'a> {
    fn of(own: &'a Throttle, shaping: &Shaping, now: Timestamp) -> Self {
        Self {
            party: own.party.kind(),
            name: own.party.name(),
            share: round(own.share_at(&shaping.adaptive, now)),
            rate: own.rate_at(shaping, now).permits,
            slowed_at: own.slowed_at,
            suspended_until: own.suspended_until.filter(|until| *until > now),
            ends_at: own.ends_at(&shaping.adaptive),
            cause: &own.cause,
        }
    }
}

pub(super) async fn list(output: Output, store: &Store, policies: &PolicySet) -> anyhow::Result<Status> {
    let shaping = &policies.shaping;
    let (throttles, now) = store.throttles(&shaping.adaptive).await?;
    let all: Vec<Shown<'_>> = throttles.iter().map(|own| Shown::of(own, shaping, now)).collect();
    match output {
        Output::Json => output::json(&all)?,
        Output::Text if all.is_empty() => output::line("nobody resists")?,
        Output::Text => {
            let row = |own: &Shown<'_>| {
                vec![
                    format!("{} {}", own.party, own.name),
                    percent(own.share),
                    format!("{}/minute", own.rate),
                    own.suspended_until.map(|until| until.to_string()).unwrap_or_default(),
                    own.ends_at.to_string(),
                    own.cause.to_owned(),
                ]
            };
            let headings = ["WHO", "PACE", "RATE", "MARKETING WAITS UNTIL", "WHOLE AGAIN", "CAUSE"];
            output::table(&headings, &all.iter().map(row).collect::<Vec<_>>())?;
        }
    }
    Ok(Status::Done)
}

pub(super) async fn end(output: Output, store: &Store, named: Named) -> anyhow::Result<Status> {
    let party = named.provider.map(Party::Provider).or(named.upstream.map(Party::Upstream));
    let Some(party) = party else { return Ok(Status::Findings) };
    let ended = store.end_throttle(&party).await?;
    match (output, ended) {
        (Output::Json, _) => {
            output::json(
                &serde_json::json!({ "party": party.kind(), "name": party.name(), "ended": ended }),
            )?;
        }
        (Output::Text, true) => output::line(&format!("{party} has its whole pace back"))?,
        (Output::Text, false) => output::line(&format!("{party} was not slowed"))?,
    }
    Ok(if ended { Status::Done } else { Status::Findings })
}

/// In words: `provider google is at 50 % of its pace`.
pub(super) fn told(own: &Throttle, adaptive: &Adaptive, now: Timestamp) -> String {
    format!("{} is at {} of its pace: {}", own.party, percent(own.share_at(adaptive, now)), own.cause)
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

fn round(share: f64) -> f64 {
    (share * 1000.0).round() / 1000.0
}
