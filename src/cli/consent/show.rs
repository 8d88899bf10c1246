//! `optgate consent show`: what a person's grounds are now, and how it came to that, in order of time.

use serde_json::Value;

use crate::cli::output::{self, Output};
use crate::cli::person::Person;
use crate::cli::{Session, Status};
use crate::consent::event::{Frequency, ShownText, SignedUpBy, TrackingAsked};
use crate::consent::fold::Profiling;
use crate::consent::view::{ChoicesView, Standing, SubscriberView};
use crate::consent::{ConsentState, Event, EventKind};
use crate::policy::{PolicySet, Scope, Tracking};
use crate::store::{Store, Subscriber};

pub(super) async fn run(
    session: &Session,
    policies: &PolicySet,
    store: &Store,
    person: Person,
) -> anyhow::Result<Status> {
    let Some(Subscriber { id, state, .. }) = person.known(store).await? else {
        eprintln!("optgate: {} knows nobody by this address", person.sender);
        return Ok(Status::Findings);
    };
    let history = store.history(&person.sender, id).await?;
    let sender = policies.sender(&person.sender);
    let place = place(&state);
    let view = SubscriberView::new(policies, sender, id, state, history.clone(), session.clock.now());
    match session.output {
        Output::Json => output::json(&view)?,
        Output::Text => print(&view, &place, history)?,
    }
    Ok(Status::Done)
}

/// `jurisdiction se, language sv`.
fn place(state: &ConsentState) -> String {
    let told =
        [("jurisdiction", &state.jurisdiction), ("language", &state.locale), ("time zone", &state.time_zone)];
    let told = told.iter().filter_map(|(what, value)| Some(format!("{what} {}", value.as_ref()?)));
    told.collect::<Vec<_>>().join(", ")
}

fn print(view: &SubscriberView, place: &str, mut history: Vec<(Event, Option<Value>)>) -> anyhow::Result<()> {
    output::line(&format!("subscriber {}, {}", view.id, view.state))?;
    if !place.is_empty() {
        output::line(place)?;
    }
    output::line("")?;
    let grounds = view.grounds.iter().map(|ground| {
        let standing = if ground.in_force { "in force" } else { "not in force" };
        vec![
            ground.kind.to_string(),
            ground.scope.to_string(),
            ground.obtained_at.to_string(),
            standing.to_owned(),
        ]
    });
    output::table(&["GROUND", "SCOPE", "OBTAINED", ""], &grounds.collect::<Vec<_>>())?;
    if let Some(tracking) = view.tracking.now {
        let tracking = match tracking {
            Tracking::Kept => "kept",
            Tracking::TakenOut => "taken out",
        };
        output::line(&format!("pixels and tracked links are {tracking}"))?;
    }
    for line in chosen(&view.choices) {
        output::line(&line)?;
    }
    // Of one moment, in the order in which they were heard of.
    history.sort_by_key(|(event, _)| event.occurred_at);
    for (event, evidence) in &history {
        output::line("")?;
        for line in told(event, evidence.as_ref(), view.state) {
            output::line(&line)?;
        }
    }
    Ok(())
}

/// What the person chose, as far as it restricts.
fn chosen(choices: &ChoicesView) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(at_most) = choices.at_most.filter(|at_most| *at_most > Frequency::AsSent) {
        lines.push(format!("marketing {} at most, as the person chose", at_most.as_str()));
    }
    if let Some(until) = choices.paused_until {
        lines.push(format!("marketing is paused by the person until {until}"));
    }
    if choices.profiling == Some(Profiling::Objected) {
        lines.push("objects to being profiled for marketing".to_owned());
    }
    lines
}

/// One fact: when and what, then how we know.
fn told(event: &Event, evidence: Option<&Value>, standing: Standing) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", event.occurred_at, about(&event.kind))];
    let mut how = format!("    by {}", event.channel);
    if event.recorded_at != event.occurred_at {
        how.push_str(&format!(", recorded {}", event.recorded_at));
    }
    if let Some(told) = event.told_at {
        how.push_str(&format!(", told as of {told}"));
    }
    for (what, value) in
        [("jurisdiction", &event.jurisdiction), ("language", &event.locale), ("time zone", &event.time_zone)]
    {
        how.push_str(&value.as_ref().map(|value| format!(", {what} {value}")).unwrap_or_default());
    }
    lines.push(how);
    for (text, hash) in &event.texts {
        let text = match text {
            ShownText::FormText => "form text",
            ShownText::Notice => "notice",
        };
        lines.push(format!("    {text} of SHA-256 {hash}"));
    }
    let needs_text = matches!(event.kind, EventKind::Acquainted { notice: true, .. });
    if needs_text && !event.texts.contains_key(&ShownText::Notice) {
        lines.push("    the notice's text is not kept: nothing shows what was told".to_owned());
    }
    match evidence {
        Some(evidence) => proofs("", evidence, &mut lines),
        // Evidence goes with an erasure alone; a fact may also have come without any.
        None if standing == Standing::Erased => lines.push("    evidence destroyed".to_owned()),
        None => {}
    }
    lines
}

/// Evidence as `name: value`, each on a line.
fn proofs(path: &str, evidence: &Value, lines: &mut Vec<String>) {
    match evidence {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                proofs(&path, value, lines);
            }
        }
        Value::String(text) => lines.push(format!("    {path}: {text}")),
        other => lines.push(format!("    {path}: {other}")),
    }
}

/// What happened, in words.
pub(in crate::cli) fn about(kind: &EventKind) -> String {
    let list = |scopes: &[Scope]| scopes.iter().map(Scope::to_string).collect::<Vec<_>>().join(", ");
    match kind {
        EventKind::SignupRequested { scopes, by: SignedUpBy::Told } => {
            format!("asked for {}, to be confirmed", list(scopes))
        }
        EventKind::SignupRequested { scopes, by: SignedUpBy::Mail } => {
            format!("asked for {} as a confirmation mail has it, to be confirmed", list(scopes))
        }
        EventKind::ConfirmationSent { scopes } if scopes.is_empty() => "was asked to confirm".to_owned(),
        EventKind::ConfirmationSent { scopes } => format!("was asked to confirm {}", list(scopes)),
        EventKind::OptIn { ground, scopes } => format!("said yes to {} ({})", list(scopes), ground.as_str()),
        EventKind::Unconfirmed { scopes } => format!("came without proof of a yes, for {}", list(scopes)),
        EventKind::Acquainted { how, scope, notice } => {
            let notice = if *notice { "with notice" } else { "without notice" };
            format!("{} in {scope}, {notice}", how.as_str())
        }
        EventKind::Withdrawal { scopes, complaint } => {
            let what = if scopes.is_empty() { "all marketing".to_owned() } else { list(scopes) };
            if *complaint { format!("complained about {what}") } else { format!("withdrew {what}") }
        }
        EventKind::WithdrawalUndone { withdrawal, scopes } if scopes.is_empty() => {
            format!("took back the withdrawal {withdrawal}")
        }
        EventKind::WithdrawalUndone { withdrawal, scopes } => {
            format!("took back the withdrawal {withdrawal} for {}", list(scopes))
        }
        EventKind::TrackingConsent { asked: TrackingAsked::Separately } => {
            "said yes to tracking, asked for by itself".to_owned()
        }
        EventKind::TrackingConsent { asked: TrackingAsked::WithOptIn } => {
            "said yes to tracking, asked for together with marketing".to_owned()
        }
        EventKind::TrackingWithdrawal => "said no to tracking".to_owned(),
        EventKind::FrequencyChosen { at_most: Frequency::AsSent } => "chose mail as it is sent".to_owned(),
        EventKind::FrequencyChosen { at_most } => format!("chose marketing {} at most", at_most.as_str()),
        EventKind::Paused { until } => format!("paused marketing until {until}"),
        EventKind::PauseEnded => "ended the pause".to_owned(),
        EventKind::ProfilingObjection => "objected to being profiled for marketing".to_owned(),
        EventKind::ProfilingAllowed => "took back the objection to being profiled".to_owned(),
        EventKind::PlaceChosen => "chose language or time zone".to_owned(),
        EventKind::Suppressed { why } => format!("blocked ({})", why.as_str()),
        EventKind::SuppressionLifted { why } => format!("no longer blocked ({})", why.as_str()),
        EventKind::AddressChanged { confirmed: true, .. } => {
            "changed the address, by a link mailed to the new one".to_owned()
        }
        EventKind::AddressChanged { confirmed: false, .. } => {
            "has another address, as somebody told us".to_owned()
        }
        EventKind::Restricted => "restricted the use of the data".to_owned(),
        EventKind::RestrictionLifted => "no longer restricts the use of the data".to_owned(),
        EventKind::Erased => "erased".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::consent::event::{Acquaintance, OptIn};

    #[test]
    fn history_is_told_in_words() {
        let apparel: Scope = "apparel".parse().unwrap();
        let no = |scopes, complaint| about(&EventKind::Withdrawal { scopes, complaint });
        assert_eq!(no(Vec::new(), false), "withdrew all marketing");
        assert_eq!(
            no(vec![apparel.clone(), "toys".parse().unwrap()], true),
            "complained about apparel, toys"
        );
        let yes = EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec![apparel.clone()] };
        assert_eq!(about(&yes), "said yes to apparel (double_opt_in)");
        let bought = EventKind::Acquainted { how: Acquaintance::Purchase, scope: apparel, notice: false };
        assert_eq!(about(&bought), "purchase in apparel, without notice");
    }

    #[test]
    fn evidence_is_told_line_by_line() {
        let mut lines = Vec::new();
        let evidence = json!({"source": "old list", "evidence": {"ip": "192.0.2.1", "n": 3, "none": null}});
        proofs("", &evidence, &mut lines);
        lines.sort();
        assert_eq!(lines, ["    evidence.ip: 192.0.2.1", "    evidence.n: 3", "    source: old list"]);
    }
}
