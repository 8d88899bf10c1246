//! `optgate queue warm-up`: how far domains have come that providers don't know yet.

use jiff::Timestamp;
use serde::Serialize;

use super::super::Status;
use super::super::output::{self, Output};
use crate::policy::PolicySet;
use crate::policy::shaping::Shaping;
use crate::schedule::warm_up::{day, tomorrow};
use crate::store::{Store, WarmUpView};

/// One line.
#[derive(Serialize)]
struct Shown<'a> {
    domain: &'a str,
    provider: &'a str,
    upstream: &'a str,
    /// Steps of the curve that are behind it.
    step: u32,
    steps: usize,
    /// Today's messages, in hand or gone.
    taken: u32,
    /// Today's cap; none once it is warm.
    cap: Option<u32>,
    /// When the next day begins.
    next_day_at: Timestamp,
}

pub(super) async fn list(output: Output, store: &Store, policies: &PolicySet) -> anyhow::Result<Status> {
    let (all, now) = store.warm_ups().await?;
    let all: Vec<Shown<'_>> = all.iter().filter_map(|own| shown(own, &policies.shaping, now)).collect();
    match output {
        Output::Json => output::json(&all)?,
        Output::Text if all.is_empty() => output::line("nothing warms up")?,
        Output::Text => {
            let row = |own: &Shown<'_>| {
                let (step, today) = match own.cap {
                    Some(cap) => {
                        (format!("{} of {}", own.step + 1, own.steps), format!("{} of {cap}", own.taken))
                    }
                    None => ("warm".to_owned(), own.taken.to_string()),
                };
                let next = own.next_day_at.to_string();
                vec![
                    own.domain.to_owned(),
                    own.provider.to_owned(),
                    own.upstream.to_owned(),
                    step,
                    today,
                    next,
                ]
            };
            let headings = ["DOMAIN", "PROVIDER", "UPSTREAM", "STEP", "TODAY", "NEXT DAY"];
            output::table(&headings, &all.iter().map(row).collect::<Vec<_>>())?;
        }
    }
    Ok(Status::Done)
}

/// `None` where policy names it no more.
fn shown<'a>(own: &'a WarmUpView, shaping: &Shaping, now: Timestamp) -> Option<Shown<'a>> {
    let curve = &shaping.warm_up(&own.domain, &own.provider, &own.upstream)?.curve;
    let progress = own.progress.on(day(now), curve);
    Some(Shown {
        domain: &own.domain,
        provider: &own.provider,
        upstream: &own.upstream,
        step: progress.step,
        steps: curve.len(),
        taken: progress.taken,
        cap: progress.cap(curve),
        next_day_at: tomorrow(now),
    })
}
