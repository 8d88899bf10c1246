//! A person's state as rows: what `read` makes the same state of again. Corrected facts, and those that a younger one
//! of their kind replaced, are left out; NDJSON has the whole history.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Cells;
use crate::consent::event::{ShownText, SignedUpBy, Suppression, TrackingAsked};
use crate::consent::fold::{OwnChoices, Profiling};
use crate::consent::{ConsentState, Event, EventKind};
use crate::mail::Address;
use crate::policy::Scope;

/// One fact of the state.
struct Fact<'a> {
    kind: &'static str,
    scopes: Vec<&'a Scope>,
    at: Timestamp,
    /// Of a block the state does not say which.
    event: Option<Uuid>,
    block: Option<Suppression>,
    notice: Option<bool>,
}

/// The rows of a living person, oldest first.
pub fn written(
    address: &Address,
    state: &ConsentState,
    history: &[(Event, Option<Value>)],
) -> Vec<Cells<String>> {
    let mut facts = facts(state);
    // What the person chose of language and time zone outranks what others tell: it stays what it is.
    facts.extend(places_chosen(history));
    facts.sort_by_key(|fact| (fact.at, fact.event));
    let mut rows: Vec<Cells<String>> = facts.iter().map(|fact| row(address, fact, history)).collect();
    if let Some(youngest) = rows.last_mut() {
        // The youngest fact that names a place counts, and that one may have no row.
        let told = |value: &Option<String>| value.clone().unwrap_or_default();
        youngest.jurisdiction = told(&state.jurisdiction);
        youngest.locale = told(&state.locale);
        youngest.time_zone = told(&state.time_zone);
    }
    rows
}

/// What the state holds; the scopes of one event together.
fn facts<'s>(state: &'s ConsentState) -> Vec<Fact<'s>> {
    let mut facts: Vec<Fact<'s>> = Vec::new();
    let mut add = |kind, scope: Option<&'s Scope>, at, event, notice| {
        let same = |own: &&mut Fact| {
            // All marketing is said by a row without scopes, which stays alone.
            own.kind == kind && own.event == Some(event) && own.notice == notice && !own.scopes.is_empty()
        };
        match (facts.iter_mut().find(same), scope) {
            (Some(own), Some(scope)) => own.scopes.push(scope),
            _ => facts.push(Fact {
                kind,
                scopes: scope.into_iter().collect(),
                at,
                event: Some(event),
                block: None,
                notice,
            }),
        }
    };
    state.opt_ins.iter().for_each(|yes| add(yes.ground.as_str(), Some(&yes.scope), yes.at, yes.event, None));
    for one in &state.acquaintances {
        add(one.how.as_str(), Some(&one.scope), one.at, one.event, Some(one.notice));
    }
    for one in &state.pending {
        let kind = match one.by {
            SignedUpBy::Told => "signup",
            SignedUpBy::Mail => "signup_by_mail",
        };
        add(kind, Some(&one.scope), one.at, one.event, None);
    }
    for one in &state.confirmations {
        add("confirmation_sent", one.scope.as_ref(), one.at, one.event, None);
    }
    state.unconfirmed.iter().for_each(|one| add("unconfirmed", Some(&one.scope), one.at, one.event, None));
    for no in &state.withdrawals {
        add(if no.complaint { "complaint" } else { "withdrawal" }, no.scope.as_ref(), no.at, no.event, None);
    }
    for yes in &state.tracking.yeses {
        let kind = match yes.asked {
            TrackingAsked::Separately => "separate_tracking_consent",
            TrackingAsked::WithOptIn => "tracking_consent",
        };
        add(kind, None, yes.at, yes.event, None);
    }
    if let Some(no) = &state.tracking.no {
        add("tracking_withdrawal", None, no.at, no.event, None);
    }
    facts.extend(chosen(&state.choices));
    facts.extend(state.suppressed.iter().map(|(why, at)| block(*why, *at)));
    facts
}

/// How marketing is to come to the person.
fn chosen<'s>(choices: &OwnChoices) -> Vec<Fact<'s>> {
    let frequency = choices.frequency.map(|own| (own.choice.as_str(), own.at, own.event));
    let pause = choices.pause.map(|own| {
        let kind = if own.choice.is_some() { "paused" } else { "pause_ended" };
        (kind, own.at, own.event)
    });
    let profiling = choices.profiling.map(|own| {
        let kind = match own.choice {
            Profiling::Objected => "profiling_objection",
            Profiling::Allowed => "profiling_allowed",
        };
        (kind, own.at, own.event)
    });
    let all = frequency.into_iter().chain(pause).chain(profiling);
    all.map(|(kind, at, event)| of_all(kind, at, event)).collect()
}

/// A fact about all marketing.
fn of_all<'s>(kind: &'static str, at: Timestamp, event: Uuid) -> Fact<'s> {
    Fact { kind, scopes: Vec::new(), at, event: Some(event), block: None, notice: None }
}

/// The youngest choice of each.
fn places_chosen<'s>(history: &[(Event, Option<Value>)]) -> Vec<Fact<'s>> {
    let chosen = history.iter().map(|(event, _)| event).filter(|event| event.kind == EventKind::PlaceChosen);
    let youngest = |names: fn(&Event) -> bool| {
        chosen.clone().filter(|event| names(event)).max_by_key(|event| (event.occurred_at, event.id))
    };
    let mut youngest =
        vec![youngest(|event| event.locale.is_some()), youngest(|event| event.time_zone.is_some())];
    youngest.dedup_by_key(|event| event.map(|event| event.id));
    let fact = |event: &Event| of_all("place_chosen", event.occurred_at, event.id);
    youngest.into_iter().flatten().map(fact).collect()
}

fn block<'s>(why: Suppression, at: Timestamp) -> Fact<'s> {
    let kind = match why {
        Suppression::Bounce => "bounce",
        Suppression::Operator => "suppression",
    };
    Fact { kind, scopes: Vec::new(), at, event: None, block: Some(why), notice: None }
}

fn row(address: &Address, fact: &Fact<'_>, history: &[(Event, Option<Value>)]) -> Cells<String> {
    let is_it = |event: &Event| match fact.block {
        Some(why) => event.occurred_at == fact.at && event.kind == EventKind::Suppressed { why },
        None => fact.event == Some(event.id),
    };
    let found = history.iter().find(|(event, _)| is_it(event));
    let told = |value: fn(&Event) -> Option<&String>| {
        found.and_then(|(event, _)| value(event)).cloned().unwrap_or_default()
    };
    let scopes: Vec<&str> = fact.scopes.iter().map(|scope| scope.as_str()).collect();
    Cells {
        email: address.to_string(),
        kind: fact.kind.to_owned(),
        scopes: scopes.join(";"),
        obtained_at: fact.at.to_string(),
        jurisdiction: told(|event| event.jurisdiction.as_ref()),
        locale: told(|event| event.locale.as_ref()),
        time_zone: told(|event| event.time_zone.as_ref()),
        evidence: evidence(fact.notice, found),
    }
}

/// Under which what proved a fact elsewhere is kept.
pub(super) const MOVED: &str = "moved";

/// Under which the end of a pause is told.
pub(super) const PAUSED_UNTIL: &str = "paused_until";

/// What proved the fact here, in one place however often it is moved; beside it what the reader asks for.
fn evidence(notice: Option<bool>, found: Option<&(Event, Option<Value>)>) -> String {
    let mut cell = Map::new();
    if let Some((event, evidence)) = found {
        let moved = json!({
            "event": event.id, "channel": event.channel, "recorded_at": event.recorded_at, "evidence": evidence,
        });
        cell.insert(MOVED.to_owned(), moved);
        if let Some(hash) = event.texts.get(&ShownText::FormText) {
            cell.insert("form_text_sha256".to_owned(), hash.clone().into());
        }
    }
    if let Some((Event { kind: EventKind::Paused { until }, .. }, _)) = found {
        cell.insert(PAUSED_UNTIL.to_owned(), until.to_string().into());
    }
    if let Some(given) = notice {
        let hash = found.and_then(|(event, _)| event.texts.get(&ShownText::Notice));
        cell.insert("notice".to_owned(), json!({ "given": given, "sha256": hash }));
    }
    if cell.is_empty() { String::new() } else { Value::Object(cell).to_string() }
}
