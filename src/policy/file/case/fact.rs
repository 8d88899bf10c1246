//! What a case says of a person, as the event that the gateway would have recorded.

use std::ops::Range;

use jiff::Timestamp;
use uuid::Uuid;

use super::super::value;
use super::scopes;
use crate::consent::event::{
    Acquaintance, Event, EventKind, Frequency, OptIn, ShownTexts, SignedUpBy, Suppression, TrackingAsked,
};
use crate::consent::fold::Profiling;
use crate::policy::Scope;
use crate::toml_file::{Given, Table, Value};

/// One fact, and where what it names stands.
pub struct Fact {
    what: What,
    pub at: Given<Timestamp>,
    /// A pack's id or a country's code.
    pub place: Option<Given<String>>,
    time_zone: Option<String>,
    pub scopes: Vec<Placed>,
}

/// A scope and where it stands.
pub type Placed = (Scope, Range<usize>);

enum What {
    Event(EventKind),
    /// Marketing that the person got.
    Delivered(Scope),
}

/// One thing that a fact says; it should say no other.
struct Said {
    what: What,
    span: Range<usize>,
    scopes: Vec<Placed>,
}

const GROUNDS: &[(&str, OptIn)] =
    &[("double_opt_in", OptIn::DoubleOptIn), ("single_opt_in", OptIn::SingleOptIn)];
const SUPPRESSIONS: &[(&str, Suppression)] =
    &[("bounce", Suppression::Bounce), ("operator", Suppression::Operator)];
const ACQUAINTANCES: &[(&str, Acquaintance)] = &[
    ("purchase", Acquaintance::Purchase),
    ("inquiry", Acquaintance::Inquiry),
    ("negotiation", Acquaintance::Negotiation),
];
/// What a person answered to tracking: a yes by how it was asked for, or a no.
const TRACKING: &[(&str, Option<TrackingAsked>)] = &[
    ("separately", Some(TrackingAsked::Separately)),
    ("with_opt_in", Some(TrackingAsked::WithOptIn)),
    ("refused", None),
];
const PROFILING: &[(&str, Profiling)] = &[("objected", Profiling::Objected), ("allowed", Profiling::Allowed)];
/// The keys that say what happened.
const NAMED: [&str; 18] = [
    "purchase",
    "inquiry",
    "negotiation",
    "ground",
    "signup",
    "confirmation_sent",
    "unconfirmed",
    "withdrawal",
    "complaint",
    "tracking",
    "at_most",
    "paused_until",
    "pause_ended",
    "profiling",
    "suppression",
    "restricted",
    "erasure",
    "delivered",
];
const KINDS: &str = "`purchase`, `inquiry`, `negotiation`, `ground`, `signup`, `confirmation_sent`, `unconfirmed`, \
                     `withdrawal`, `complaint`, `tracking`, `at_most`, `paused_until`, `pause_ended`, `profiling`, `suppression`, `restricted`, `erasure`, `delivered`";

/// One fact; `None` where it is none.
pub fn read(mut table: Table<'_>) -> Option<Fact> {
    let (source, span) = (table.source(), table.span().clone());
    let names_one = NAMED.iter().any(|key| table.has(key));
    let at = table.need("at", |v| v.moment());
    let mut said = acquaintances(&mut table);
    said.extend(opt_in(&mut table));
    said.extend(unconfirmed(&mut table));
    said.extend(noes(&mut table));
    said.extend(tracking(&mut table));
    said.extend(choices(&mut table));
    said.extend(delivered(&mut table));
    let place = place(&mut table);
    let time_zone = table.take("time_zone", time_zone).map(|given| given.value);
    let known = table.all_known();
    table.finish();
    if let Some(second) = said.get(1) {
        source.error(&second.span, "a fact is one thing: what else happened is a { } of its own in the list");
    }
    let Some(said) = said.into_iter().next() else {
        // A misspelt key was told already, and so was a value that can't be.
        if known && !names_one {
            source.error(&span, format!("a fact is one of {KINDS}"));
        }
        return None;
    };
    Some(Fact { what: said.what, at: at?, place, time_zone, scopes: said.scopes })
}

fn acquaintances(table: &mut Table<'_>) -> Vec<Said> {
    let notice = table.take("notice", |v| v.boolean());
    let given = notice.as_ref().is_some_and(|notice| notice.value);
    let mut said = Vec::new();
    for (key, how) in ACQUAINTANCES {
        let Some(scope) = table.take(key, |v| v.parsed::<Scope>()) else { continue };
        let kind = EventKind::Acquainted { how: *how, scope: scope.value.clone(), notice: given };
        said.push(Said::event(kind, &scope.span, vec![(scope.value, scope.span.clone())]));
    }
    if let Some(notice) = notice.filter(|_| said.is_empty()) {
        let message = "`notice` belongs to a `purchase`, an `inquiry` or a `negotiation`";
        table.source().error(&notice.span, message);
    }
    said
}

fn opt_in(table: &mut Table<'_>) -> Option<Said> {
    let (says_ground, says_scopes) = (table.has("ground"), table.has("scopes"));
    let ground = table.take("ground", ground);
    let given = table.take("scopes", some_scopes);
    let (source, span) = (table.source(), table.span().clone());
    match (ground, given) {
        (Some(ground), Some(given)) => {
            let kind = EventKind::OptIn { ground: ground.value, scopes: names(&given.value) };
            Some(Said::event(kind, &ground.span, given.value))
        }
        (Some(ground), None) => {
            if !says_scopes {
                source.error(&span, "`scopes` is missing: what the person said yes to");
            }
            let kind = EventKind::OptIn { ground: ground.value, scopes: Vec::new() };
            Some(Said::event(kind, &ground.span, Vec::new()))
        }
        // One that is wrong was told already.
        (None, Some(_)) if says_ground => None,
        (None, Some(given)) => {
            let message = "`scopes` belongs to a `ground`; every other kind of fact names its own";
            source.error(&given.span, message);
            None
        }
        (None, None) => None,
    }
}

fn ground(value: Value<'_>) -> Option<OptIn> {
    match value.text()? {
        "soft_opt_in" => {
            value.wrong("a soft opt-in is made by a fact: `purchase = \"SCOPE\", notice = true`")
        }
        "no_objection" => value.wrong("no objection is no fact: leave `facts` empty"),
        _ => value.word(GROUNDS),
    }
}

fn unconfirmed(table: &mut Table<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    if let Some(given) = table.take("signup", some_scopes) {
        let kind = EventKind::SignupRequested { scopes: names(&given.value), by: SignedUpBy::Told };
        said.push(Said::event(kind, &given.span, given.value));
    }
    if let Some(given) = table.take("unconfirmed", some_scopes) {
        let kind = EventKind::Unconfirmed { scopes: names(&given.value) };
        said.push(Said::event(kind, &given.span, given.value));
    }
    if let Some(given) = table.take("confirmation_sent", only_true) {
        // Whatever it was for, it counts.
        let kind = EventKind::ConfirmationSent { scopes: Vec::new() };
        said.push(Said::event(kind, &given.span, Vec::new()));
    }
    said
}

fn noes(table: &mut Table<'_>) -> Vec<Said> {
    let mut said = Vec::new();
    if let Some(given) = table.take("withdrawal", scopes) {
        let kind = EventKind::Withdrawal { scopes: names(&given.value), complaint: false };
        said.push(Said::event(kind, &given.span, given.value));
    }
    let complaint = || EventKind::Withdrawal { scopes: Vec::new(), complaint: true };
    let given = table.take("complaint", only_true);
    said.extend(given.map(|given| Said::event(complaint(), &given.span, Vec::new())));
    let given = table.take("suppression", |v| v.word(SUPPRESSIONS));
    let suppressed = |why| EventKind::Suppressed { why };
    said.extend(given.map(|given| Said::event(suppressed(given.value), &given.span, Vec::new())));
    for (key, kind) in [("restricted", EventKind::Restricted), ("erasure", EventKind::Erased)] {
        let given = table.take(key, only_true);
        said.extend(given.map(|given| Said::event(kind, &given.span, Vec::new())));
    }
    said
}

fn tracking(table: &mut Table<'_>) -> Option<Said> {
    let given = table.take("tracking", |v| v.word(TRACKING))?;
    let kind =
        given.value.map_or(EventKind::TrackingWithdrawal, |asked| EventKind::TrackingConsent { asked });
    Some(Said::event(kind, &given.span, Vec::new()))
}

/// What the person chose about how marketing comes to them.
fn choices(table: &mut Table<'_>) -> Vec<Said> {
    let frequencies: Vec<_> = Frequency::ALL.into_iter().map(|own| (own.as_str(), own)).collect();
    let frequency = table.take("at_most", |v| v.word(&frequencies));
    let frequency = frequency.map(|own| (EventKind::FrequencyChosen { at_most: own.value }, own.span));
    let pause = table.take("paused_until", |v| v.moment());
    let pause = pause.map(|own| (EventKind::Paused { until: own.value }, own.span));
    let ended = table.take("pause_ended", only_true).map(|own| (EventKind::PauseEnded, own.span));
    let profiling = table.take("profiling", |v| v.word(PROFILING));
    let profiling = profiling.map(|own| match own.value {
        Profiling::Objected => (EventKind::ProfilingObjection, own.span),
        Profiling::Allowed => (EventKind::ProfilingAllowed, own.span),
    });
    let chosen = frequency.into_iter().chain(pause).chain(ended).chain(profiling);
    chosen.map(|(kind, span)| Said::event(kind, &span, Vec::new())).collect()
}

fn delivered(table: &mut Table<'_>) -> Option<Said> {
    let given = table.take("delivered", |v| v.parsed::<Scope>())?;
    let scopes = vec![(given.value.clone(), given.span.clone())];
    Some(Said { what: What::Delivered(given.value), span: given.span, scopes })
}

fn place(table: &mut Table<'_>) -> Option<Given<String>> {
    let pack = table.take("jurisdiction", |v| v.non_empty());
    let country = table.take("country", |v| v.read(value::country));
    if let (Some(_), Some(country)) = (&pack, &country) {
        let message = "a fact names a `jurisdiction` or a `country`, not both";
        table.source().error(&country.span, message);
    }
    pack.or(country)
}

fn time_zone(value: Value<'_>) -> Option<String> {
    value.read(|text| value::time_zone(text).map(|_| text.to_owned()))
}

fn only_true(value: Value<'_>) -> Option<()> {
    if value.boolean()? { Some(()) } else { value.wrong("leave it out if it did not happen") }
}

fn some_scopes(value: Value<'_>) -> Option<Vec<Placed>> {
    match scopes(value)? {
        none if none.is_empty() => value.wrong("at least one scope must stand here"),
        some => Some(some),
    }
}

fn names(placed: &[Placed]) -> Vec<Scope> {
    placed.iter().map(|(scope, _)| scope.clone()).collect()
}

impl Said {
    fn event(kind: EventKind, span: &Range<usize>, scopes: Vec<Placed>) -> Self {
        Self { what: What::Event(kind), span: span.clone(), scopes }
    }
}

/// The history that facts make, and the mail that the person got. Ids grow as the facts stand in the list.
pub fn split(facts: Vec<Fact>) -> (Vec<Event>, Vec<(Scope, Timestamp)>) {
    let (mut events, mut deliveries) = (Vec::new(), Vec::new());
    for (fact, id) in facts.into_iter().zip(1u128..) {
        let at = fact.at.value;
        match fact.what {
            What::Delivered(scope) => deliveries.push((scope, at)),
            What::Event(kind) => events.push(Event {
                id: Uuid::from_u128(id),
                kind,
                occurred_at: at,
                recorded_at: at,
                channel: "case".to_owned(),
                jurisdiction: fact.place.map(|given| given.value),
                locale: None,
                time_zone: fact.time_zone,
                texts: ShownTexts::new(),
                told_at: None,
            }),
        }
    }
    (events, deliveries)
}
