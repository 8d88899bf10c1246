//! A sign-up that is confirmed by the link which was mailed for it: what pressing the button comes to, by the history.
//! Pure; asked for the page, and again under the subscriber's row lock, where it binds.
//!
//! A link confirms the one sign-up that it was mailed for, once, and never what was withdrawn since (invariant 5). It was
//! mailed to the address of its time, and proves nothing of another that the person has since.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::fold::No;
use super::{Event, EventKind, fold};
use crate::policy::Scope;

/// How a link's sign-up stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing<'h> {
    /// It may be confirmed: a yes to exactly these, which were asked for then.
    Open { scopes: &'h [Scope], since: Timestamp },
    /// It was, by this event; whatever came of it since.
    Confirmed(Uuid, &'h [Scope]),
    /// The person has said no to something of it since.
    Withdrawn,
    /// No such sign-up is on record, or none any more.
    Unknown,
}

/// `confirmation` is the id that the sign-up's confirmation has, made or not.
pub fn standing(history: &[Event], signup: Uuid, confirmation: Uuid) -> Standing<'_> {
    let asked = history.iter().find_map(|event| match &event.kind {
        EventKind::SignupRequested { scopes, .. } if event.id == signup => Some((scopes, event.occurred_at)),
        _ => None,
    });
    let Some((scopes, at)) = asked else { return Standing::Unknown };
    if history.iter().any(|event| event.id == confirmation) {
        return Standing::Confirmed(confirmation, scopes);
    }
    let state = fold(history);
    let moved =
        |event: &Event| matches!(event.kind, EventKind::AddressChanged { .. }) && event.occurred_at >= at;
    if state.erased.is_some() || history.iter().any(moved) {
        return Standing::Unknown;
    }
    // A yes to more than the no left open would revive it, so a no to any part of it stops all. A tie is a no.
    let touches = |no: &No| {
        let within = |scope: &Scope| no.scope.as_ref().is_some_and(|own| scope.covers(own));
        scopes.iter().any(|scope| no.covers(scope) || within(scope))
    };
    match state.withdrawals.iter().any(|no| no.at >= at && touches(no)) {
        true => Standing::Withdrawn,
        false => Standing::Open { scopes, since: at },
    }
}

/// The sign-up that a delivery was sent for: its evidence names it.
pub fn signup_of(history: &[(Event, Option<Value>)], delivery: Uuid) -> Option<Uuid> {
    let names = |evidence: &Value| {
        evidence.get("delivery").and_then(Value::as_str).and_then(|text| text.parse().ok()) == Some(delivery)
    };
    let asked = |(event, evidence): &&(Event, Option<Value>)| {
        matches!(event.kind, EventKind::SignupRequested { .. }) && evidence.as_ref().is_some_and(names)
    };
    history.iter().rev().find(asked).map(|(event, _)| event.id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::event::{OptIn, SignedUpBy};
    use super::*;

    const CONFIRMATION: Uuid = Uuid::from_u128(99);

    fn scopes(texts: &[&str]) -> Vec<Scope> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn event(id: u128, second: i64, kind: EventKind) -> Event {
        let at = Timestamp::from_second(second).unwrap();
        Event {
            id: Uuid::from_u128(id),
            kind,
            occurred_at: at,
            recorded_at: at,
            channel: "test".to_owned(),
            jurisdiction: None,
            locale: None,
            time_zone: None,
            texts: Default::default(),
            told_at: None,
        }
    }

    fn signup(texts: &[&str]) -> EventKind {
        EventKind::SignupRequested { scopes: scopes(texts), by: SignedUpBy::Mail }
    }

    fn no(texts: &[&str]) -> EventKind {
        EventKind::Withdrawal { scopes: scopes(texts), complaint: false }
    }

    fn yes(texts: &[&str]) -> EventKind {
        EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: scopes(texts) }
    }

    /// How the sign-up for clothes of second 10 stands, with these facts beside it.
    #[track_caller]
    fn check(facts: &[(u128, i64, EventKind)], expected: &str) {
        let beside = facts.iter().map(|(id, second, kind)| event(*id, *second, kind.clone()));
        let history: Vec<Event> = [event(1, 10, signup(&["apparel"]))].into_iter().chain(beside).collect();
        let found = match standing(&history, Uuid::from_u128(1), CONFIRMATION) {
            Standing::Open { scopes, .. } => format!("open {}", scopes[0]),
            Standing::Confirmed(by, _) => format!("confirmed by {}", by.as_u128()),
            Standing::Withdrawn => "withdrawn".to_owned(),
            Standing::Unknown => "unknown".to_owned(),
        };
        assert_eq!(found, expected, "{facts:?}");
    }

    #[test]
    fn a_link_to_the_address_before_confirms_nothing_for_the_new_one() {
        let moved = |confirmed| EventKind::AddressChanged { confirmed, left: Uuid::from_u128(7) };
        check(&[(2, 9, moved(true))], "open apparel");
        for confirmed in [true, false] {
            check(&[(2, 11, moved(confirmed))], "unknown");
            check(&[(99, 11, yes(&["apparel"])), (2, 12, moved(confirmed))], "confirmed by 99");
        }
    }

    #[test]
    fn i5_a_withdrawal_that_is_not_older_than_the_sign_up_closes_its_link() {
        check(&[], "open apparel");
        check(&[(2, 9, no(&[]))], "open apparel");
        for second in [10, 11] {
            for told in [&[][..], &["apparel"], &["apparel.tshirts"]] {
                check(&[(2, second, no(told))], "withdrawn");
            }
            check(&[(2, second, no(&["furniture"]))], "open apparel");
        }
        let complaint = EventKind::Withdrawal { scopes: vec![], complaint: true };
        check(&[(2, 11, complaint)], "withdrawn");
        // Another yes since is no other link's.
        check(&[(2, 11, no(&[])), (3, 12, yes(&["apparel"]))], "withdrawn");
        let undone = |back: &[&str]| EventKind::WithdrawalUndone {
            withdrawal: Uuid::from_u128(2),
            scopes: scopes(back),
        };
        check(&[(2, 11, no(&[])), (3, 12, undone(&[]))], "open apparel");
        check(&[(2, 11, no(&[])), (3, 12, undone(&["apparel"]))], "open apparel");
        // Taken back of a part: a yes to more would revive the rest.
        check(&[(2, 11, no(&[])), (3, 12, undone(&["apparel.tshirts"]))], "withdrawn");
        check(&[(2, 11, no(&["apparel.tshirts"])), (3, 12, undone(&["apparel.tshirts"]))], "open apparel");
    }

    #[test]
    fn a_link_confirms_once() {
        check(&[(99, 12, yes(&["apparel"]))], "confirmed by 99");
        check(&[(99, 12, yes(&["apparel"])), (2, 13, no(&[]))], "confirmed by 99");
        check(&[(2, 12, yes(&["apparel"]))], "open apparel");
    }

    #[test]
    fn what_is_gone_can_not_be_confirmed() {
        check(&[(2, 12, EventKind::Erased)], "unknown");
        let other = [event(1, 10, yes(&["apparel"]))];
        assert_eq!(standing(&other, Uuid::from_u128(1), CONFIRMATION), Standing::Unknown);
        assert_eq!(standing(&[], Uuid::from_u128(1), CONFIRMATION), Standing::Unknown);
    }

    #[test]
    fn a_delivery_finds_the_sign_up_that_it_was_sent_for() {
        let (first, second) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let told = |delivery: Uuid| Some(json!({ "delivery": delivery }));
        let history = [
            (event(1, 10, signup(&["apparel"])), told(first)),
            (event(2, 11, yes(&["apparel"])), told(second)),
            (event(3, 12, signup(&["furniture"])), None),
            (event(4, 13, signup(&["furniture"])), told(second)),
        ];
        assert_eq!(signup_of(&history, first), Some(Uuid::from_u128(1)));
        assert_eq!(signup_of(&history, second), Some(Uuid::from_u128(4)));
        assert_eq!(signup_of(&history, Uuid::from_u128(9)), None);
    }
}
