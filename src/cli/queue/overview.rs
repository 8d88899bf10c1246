//! `optgate queue`: what waits, by provider, campaign and state, why, and what would free it.

use jiff::Timestamp;
use serde::Serialize;

use super::super::Status;
use super::super::output::{self, Output};
use super::throttles;
use crate::policy::shaping::{Limit, Shaping};
use crate::policy::{PolicySet, Reason, Stream};
use crate::schedule::permits::may_match;
use crate::schedule::throttle::{Party, Throttle};
use crate::spool::{Lane, State};
use crate::store::{DeliveryFilter, Overview, Store, WaitingAlike};

/// One line.
#[derive(Serialize)]
struct Line<'a> {
    sender: &'a str,
    stream: Stream,
    provider: &'a str,
    campaign: Option<&'a str>,
    /// That submitted it; none of mail of our own.
    credential: Option<&'a str>,
    state: &'static str,
    reason: Option<Reason>,
    deliveries: u64,
    oldest: Timestamp,
    next_attempt_at: Timestamp,
    why: String,
    freed_by: String,
}

/// What tells why something waits.
struct Known<'a> {
    shaping: &'a Shaping,
    throttles: Vec<Throttle>,
    now: Timestamp,
}

pub(super) async fn print(
    output: Output,
    store: &Store,
    policies: &PolicySet,
    filter: DeliveryFilter,
) -> anyhow::Result<Status> {
    let shaping = &policies.shaping;
    let (throttles, now) = store.throttles(&shaping.adaptive).await?;
    let known = Known { shaping, throttles, now };
    let Overview { waiting, more, .. } = store.overview(&filter).await?;
    let lines: Vec<Line<'_>> = waiting.iter().map(|own| known.line(own)).collect();
    match output {
        Output::Json => output::json(&lines)?,
        Output::Text if lines.is_empty() => output::line("nothing waits")?,
        Output::Text => {
            let row = |own: &Line<'_>| {
                vec![
                    own.sender.to_owned(),
                    own.stream.to_string(),
                    own.provider.to_owned(),
                    own.campaign.unwrap_or("-").to_owned(),
                    own.credential.unwrap_or("-").to_owned(),
                    own.state.to_owned(),
                    own.deliveries.to_string(),
                    own.oldest.to_string(),
                    own.why.clone(),
                    own.freed_by.clone(),
                ]
            };
            let headings = [
                "SENDER",
                "STREAM",
                "PROVIDER",
                "CAMPAIGN",
                "CREDENTIAL",
                "STATE",
                "DELIVERIES",
                "OLDEST",
                "WHY",
                "FREED BY",
            ];
            output::table(&headings, &lines.iter().map(row).collect::<Vec<_>>())?;
        }
    }
    if more {
        eprintln!(
            "optgate: there is more than is shown: narrow it by --sender, --campaign, --provider, --state"
        );
    }
    Ok(Status::Done)
}

impl Known<'_> {
    fn line<'a>(&self, own: &'a WaitingAlike) -> Line<'a> {
        let (why, freed_by) = self.why(own);
        Line {
            sender: &own.lane.sender,
            stream: own.lane.stream,
            provider: &own.lane.provider,
            campaign: Some(own.lane.campaign.as_str()).filter(|name| !name.is_empty()),
            credential: Some(own.lane.credential.as_str()).filter(|name| !name.is_empty()),
            state: own.state.as_str(),
            reason: own.reason,
            deliveries: own.deliveries,
            oldest: own.oldest,
            next_attempt_at: own.next_attempt_at,
            why,
            freed_by,
        }
    }

    /// Why it waits, and what would free it.
    fn why(&self, own: &WaitingAlike) -> (String, String) {
        let next = own.next_attempt_at;
        match (own.state, own.reason) {
            (State::Claimed, _) => ("on its way to an upstream".into(), "its reply".into()),
            (_, Some(reason @ Reason::HeldByOperator)) => {
                (reason.to_string(), "optgate queue release".into())
            }
            (State::Held, Some(reason @ Reason::CampaignPaused)) => {
                (reason.to_string(), "optgate campaign resume".into())
            }
            (State::Held, Some(reason @ Reason::WarmUp)) if next > self.now => {
                (reason.to_string(), format!("the next day's room, from {next} on: optgate queue warm-up"))
            }
            (State::Held, Some(reason)) if next <= self.now => {
                (reason.to_string(), "it is decided again when its turn comes".into())
            }
            (State::Held, Some(reason)) => (reason.to_string(), format!("it is decided again at {next}")),
            _ if next > self.now => {
                let heard = own.last_response.as_deref().unwrap_or("it could not be sent");
                (format!("put off: {heard}"), format!("{next}, or optgate queue retry"))
            }
            _ => self.why_due(&own.lane),
        }
    }

    /// It could leave now.
    fn why_due(&self, lane: &Lane) -> (String, String) {
        // By which upstream it will leave is not known before it does.
        let meets = |own: &&Throttle| match &own.party {
            Party::Upstream(_) => true,
            Party::Provider(name) => *name == lane.provider,
        };
        let mut throttles: Vec<&Throttle> = self.throttles.iter().filter(meets).collect();
        throttles.sort_by_key(|own| own.suspends(lane.stream, self.now).is_none());
        let Some(first) = throttles.first() else {
            let limits: Vec<String> = self
                .shaping
                .limits
                .iter()
                .filter(|limit| may_match(&limit.matches, lane))
                .map(told)
                .collect();
            return match limits.is_empty() {
                true => ("it is due".into(), "its turn".into()),
                false => {
                    (format!("it is due, within {}", limits.join(", ")), "its turn, or a wider limit".into())
                }
            };
        };
        let by_hand = format!("optgate queue unthrottle --{} {}", first.party.kind(), first.party.name());
        let adaptive = &self.shaping.adaptive;
        match first.suspends(lane.stream, self.now) {
            Some(until) => (
                format!("{} takes no marketing now: {}", first.party, first.cause),
                format!("{until}, or {by_hand}"),
            ),
            None => (
                throttles::told(first, adaptive, self.now),
                format!("its turn; whole again at {}, or {by_hand}", first.ends_at(adaptive)),
            ),
        }
    }
}

/// `google (20/s, 500000/day, 20 at once)`.
fn told(limit: &Limit) -> String {
    let rates = limit.rates.iter().map(ToString::to_string);
    let at_once = limit.concurrency.map(|most| format!("{most} at once"));
    format!("{} ({})", limit.name, rates.chain(at_once).collect::<Vec<_>>().join(", "))
}
