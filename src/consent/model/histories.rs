//! Histories of all kinds of facts, for properties to be tried on.

use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::{HOURS, SCOPES, at, scope};
use crate::consent::event::{
    Acquaintance, Event, EventKind, Frequency, OptIn, SignedUpBy, Suppression, TrackingAsked,
};
use crate::policy::Scope;

pub fn some_scopes(least: usize) -> impl Strategy<Value = Vec<Scope>> {
    let texts = prop::sample::subsequence(SCOPES.to_vec(), least..=2);
    texts.prop_map(|texts| texts.into_iter().map(scope).collect())
}

/// What can speak for mail.
pub fn yes_like() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        2 => some_scopes(1).prop_map(|scopes| EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes }),
        1 => some_scopes(1).prop_map(|scopes| EventKind::OptIn { ground: OptIn::SingleOptIn, scopes }),
        2 => no_yes(),
    ]
}

/// What can speak for mail, but never undoes a no.
pub fn no_yes() -> impl Strategy<Value = EventKind> {
    let how = select(vec![Acquaintance::Purchase, Acquaintance::Inquiry, Acquaintance::Negotiation]);
    prop_oneof![
        (how, select(SCOPES.to_vec()), any::<bool>()).prop_map(|(how, text, notice)| EventKind::Acquainted {
            how,
            scope: scope(text),
            notice
        }),
        (some_scopes(1), any::<bool>()).prop_map(|(scopes, told)| EventKind::SignupRequested {
            scopes,
            by: if told { SignedUpBy::Told } else { SignedUpBy::Mail },
        }),
        some_scopes(0).prop_map(|scopes| EventKind::ConfirmationSent { scopes }),
        some_scopes(1).prop_map(|scopes| EventKind::Unconfirmed { scopes }),
    ]
}

pub fn no_like() -> impl Strategy<Value = EventKind> {
    let why = select(vec![Suppression::Bounce, Suppression::Operator]);
    prop_oneof![
        4 => (some_scopes(0), any::<bool>()).prop_map(|(scopes, complaint)| EventKind::Withdrawal { scopes, complaint }),
        1 => why.prop_map(|why| EventKind::Suppressed { why }),
    ]
}

pub fn correction() -> impl Strategy<Value = EventKind> {
    let why = select(vec![Suppression::Bounce, Suppression::Operator]);
    prop_oneof![
        (0..10u128, some_scopes(0))
            .prop_map(|(id, scopes)| EventKind::WithdrawalUndone { withdrawal: Uuid::from_u128(id), scopes }),
        why.prop_map(|why| EventKind::SuppressionLifted { why }),
        Just(EventKind::Restricted),
        Just(EventKind::RestrictionLifted),
        any::<bool>()
            .prop_map(|confirmed| EventKind::AddressChanged { confirmed, left: Uuid::from_u128(77) }),
    ]
}

/// What changes nothing but what becomes of tracking.
pub fn tracking_like() -> impl Strategy<Value = EventKind> {
    let asked = select(vec![TrackingAsked::Separately, TrackingAsked::WithOptIn]);
    prop_oneof![
        2 => asked.prop_map(|asked| EventKind::TrackingConsent { asked }),
        1 => Just(EventKind::TrackingWithdrawal),
    ]
}

/// What changes nothing but when and how marketing comes.
pub fn choice_like() -> impl Strategy<Value = EventKind> {
    let at_most = select(Frequency::ALL.to_vec()).prop_map(|at_most| EventKind::FrequencyChosen { at_most });
    // Some end before the decision, some after it.
    let paused = select(vec![50, 101, 150]).prop_map(|hour| EventKind::Paused { until: at(hour) });
    let others = vec![EventKind::PauseEnded, EventKind::ProfilingObjection, EventKind::ProfilingAllowed];
    prop_oneof![2 => at_most, 2 => paused, 3 => select(others)]
}

/// `erasures` in a hundred facts and some.
pub fn any_fact(erasures: u32) -> impl Strategy<Value = EventKind> {
    prop_oneof![
        50 => yes_like(),
        30 => no_like(),
        20 => correction(),
        15 => tracking_like(),
        15 => choice_like(),
        erasures => Just(EventKind::Erased),
    ]
}

pub fn told(id: u128, hour: i64, kind: EventKind) -> Event {
    Event {
        id: Uuid::from_u128(id),
        kind,
        occurred_at: at(hour),
        recorded_at: at(hour),
        channel: "test".to_owned(),
        jurisdiction: Some("se".to_owned()),
        locale: None,
        time_zone: None,
        texts: Default::default(),
        told_at: None,
    }
}

pub fn histories(erasures: u32) -> impl Strategy<Value = Vec<Event>> {
    let channel = select(vec!["page", "one_click", "api"]);
    let facts = prop::collection::vec((any_fact(erasures), 0..HOURS, channel), 0..10);
    facts.prop_map(|facts| {
        let told = |((kind, hour, channel), id): ((EventKind, i64, &str), u128)| Event {
            channel: channel.to_owned(),
            ..told(id, hour, kind)
        };
        facts.into_iter().zip(0u128..).map(told).collect()
    })
}

pub fn a_scope() -> impl Strategy<Value = Scope> {
    select(SCOPES.to_vec()).prop_map(scope)
}

/// The same history with one fact more.
pub fn with(history: &[Event], hour: i64, kind: EventKind) -> Vec<Event> {
    history.iter().cloned().chain([told(99, hour, kind)]).collect()
}
