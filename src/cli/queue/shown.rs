//! Deliveries as `optgate queue` prints them. Whoever may run it holds the keys of the database, so that addresses
//! are shown whole here; by the API, role `ops` sees them redacted.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::super::output::{self, Output};
use crate::mail::Address;
use crate::policy::verdict::ShownVerdict;
use crate::policy::{Reason, RuleRef, Scope, Stream, Verdict};
use crate::store::{DeliveryView, Tracked};

/// A list that is printed while it is read: a table, or one JSON list that is whole once it is ended.
pub(super) struct List {
    output: Output,
    printed: Printed,
}

/// Whether anything of a list stands there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Printed {
    Nothing,
    Something,
}

impl List {
    pub(super) fn new(output: Output) -> Self {
        Self { output, printed: Printed::Nothing }
    }

    pub(super) fn add(&mut self, page: &[DeliveryView]) -> anyhow::Result<()> {
        let first = self.printed == Printed::Nothing;
        match self.output {
            Output::Json => print_json(page, if first { "[" } else { "," })?,
            Output::Text if first || !page.is_empty() => print_table(page)?,
            Output::Text => {}
        }
        if !page.is_empty() || self.output == Output::Text {
            self.printed = Printed::Something;
        }
        Ok(())
    }

    pub(super) fn end(self) -> anyhow::Result<()> {
        if self.output == Output::Json {
            output::line(if self.printed == Printed::Nothing { "[]" } else { "]" })?;
        }
        Ok(())
    }
}

/// All that is known of each.
pub(super) fn print_whole(output: Output, found: &[DeliveryView]) -> anyhow::Result<()> {
    match output {
        Output::Json => output::json(&found.iter().map(shown).collect::<Vec<_>>()),
        Output::Text => found.iter().try_for_each(print_one),
    }
}

fn print_json(page: &[DeliveryView], mut before: &str) -> anyhow::Result<()> {
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
            why(view),
            view.attempts.to_string(),
            word(view.next_attempt_at),
            view.last_response.clone().unwrap_or_default(),
        ]
    };
    let headings =
        ["DELIVERY", "RECIPIENT", "STREAM", "SCOPE", "STATE", "REASON", "TRIES", "NEXT", "LAST RESPONSE"];
    Ok(output::table(&headings, &page.iter().map(row).collect::<Vec<_>>())?)
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
        ("reason", why(view)),
        ("verdict", format!("{}: {}{}", verdict.verdict, verdict.text, let_pass_by(verdict))),
        ("rule", format!("{}:{}", verdict.rule.file, verdict.rule.line)),
        ("tracking", view.tracked.map(made_of_tracking).unwrap_or_default()),
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

/// `taken_out (1 pixel, 2 links changed, 0 left)`.
fn made_of_tracking(tracked: Tracked) -> String {
    let Tracked { tracking, pixels, links, opaque } = tracked;
    let pixels = output::counted(pixels, "pixel", "pixels");
    let links = output::counted(links, "link changed", "links changed");
    format!("{tracking} ({pixels}, {links}, {opaque} left)")
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
    /// Why it would not have gone, had shadow mode not let it pass.
    let_pass: Option<Reason>,
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
    /// What was made of pixels and tracked links in the copy that was relayed; null of any other.
    tracked: Option<Tracked>,
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
        let_pass: let_pass(view),
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
        tracked: view.tracked,
        verdict: view.verdict.shown(recipient(view), &view.policy, Some(view.delivery)),
    }
}

/// The reason of the state, or what shadow mode let pass.
fn why(view: &DeliveryView) -> String {
    match (view.reason, let_pass(view)) {
        (None, Some(reason)) => format!("{reason} (let pass in shadow mode)"),
        (reason, _) => word(reason),
    }
}

fn let_pass(view: &DeliveryView) -> Option<Reason> {
    view.verdict.reason.filter(|_| view.verdict.shadow.is_some())
}

fn let_pass_by(verdict: &Verdict) -> String {
    let told = |rule: &RuleRef| format!(" (let pass in shadow mode, {}:{})", rule.file, rule.line);
    verdict.shadow.as_ref().map(told).unwrap_or_default()
}

fn recipient(view: &DeliveryView) -> Option<String> {
    view.recipient.as_ref().map(Address::to_string)
}

fn word(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
