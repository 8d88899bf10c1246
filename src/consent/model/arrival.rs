//! Whatever the order in which facts are told, within minutes of each other, the answer is what the rules say of all of
//! them: through `admit`, `fold` and `decide`, in all orders.

use super::super::admit::{begun_anew, begun_anew_event, occurred_at};
use proptest::sample::select;

use super::*;
use crate::consent::fold::OwnChoices;

/// Seconds after the moment from which the facts are dated.
fn at_second(second: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + second).unwrap()
}

/// The history after this was told `now`, as the store keeps it.
fn hear(history: &mut Vec<Event>, told: &Event, now: Timestamp) -> Result<Onto, NotAdmitted> {
    let at = occurred_at(&told.kind, told.occurred_at, now);
    let told_at = Some(told.occurred_at).filter(|told| *told != at);
    let fact = Event { occurred_at: at, told_at, recorded_at: now, ..told.clone() };
    let state = fold(history);
    let onto = admit(history, &state, &fact, now);
    match onto {
        Ok(Onto::History) => history.push(fact),
        Ok(Onto::FreshHistory) => {
            let opening = begun_anew(&state).into_iter().zip(900u128..);
            *history = opening.map(|(own, id)| begun_anew_event(Uuid::from_u128(id), own, now)).collect();
            history.push(fact);
        }
        Ok(Onto::Already(_)) | Err(_) => {}
    }
    onto
}

fn heard<'e>(told: impl IntoIterator<Item = &'e Event>, now: Timestamp) -> Vec<Event> {
    let mut history = Vec::new();
    for event in told {
        let _ = hear(&mut history, event, now);
    }
    history
}

/// Without the ids: of the same fact that is told twice, the first telling is kept.
fn choices(history: &[Event]) -> OwnChoices {
    let mut choices = fold(history).choices;
    choices.frequency.iter_mut().for_each(|own| own.event = Uuid::nil());
    choices.pause.iter_mut().for_each(|own| own.event = Uuid::nil());
    choices.profiling.iter_mut().for_each(|own| own.event = Uuid::nil());
    choices
}

/// Facts with the ids 0, 1, … within so many steps of so many seconds; an undoing is told by its id.
fn facts(steps: std::ops::Range<i64>, second: i64, most: usize) -> impl Strategy<Value = Vec<Event>> {
    let undone = (0..most as u128, some_scopes(0))
        .prop_map(|(id, scopes)| EventKind::WithdrawalUndone { withdrawal: Uuid::from_u128(id), scopes });
    let kind =
        prop_oneof![4 => yes_like(), 5 => no_like(), 2 => undone, 3 => tracking_like(), 3 => choice_like()];
    let one = (kind, steps, select(vec!["page", "one_click", "api", "import"]));
    prop::collection::vec(one, 2..=most).prop_map(move |facts| {
        let event = |((kind, step, channel), id): ((EventKind, i64, &str), u128)| Event {
            occurred_at: at_second(step * second),
            channel: channel.to_owned(),
            ..told(id, 0, kind)
        };
        facts.into_iter().zip(0u128..).map(event).collect()
    })
}

/// All orders of these, but that an undoing is told after what it takes back.
fn orders(facts: &[Event]) -> Vec<Vec<&Event>> {
    let mut orders: Vec<Vec<&Event>> = vec![Vec::new()];
    for event in facts {
        let mut longer = Vec::new();
        for order in &orders {
            for place in 0..=order.len() {
                let mut order = order.clone();
                order.insert(place, event);
                longer.push(order);
            }
        }
        orders = longer;
    }
    let is_after = |order: &[&Event], undo: usize| match &order[undo].kind {
        EventKind::WithdrawalUndone { withdrawal, .. } => {
            order[undo..].iter().all(|later| later.id != *withdrawal)
        }
        _ => true,
    };
    orders.retain(|order| (0..order.len()).all(|place| is_after(order, place)));
    orders
}

/// The facts but undoings of what is no own withdrawal, or younger than they are: those are told nowhere.
fn sensible(facts: Vec<Event>) -> Vec<Event> {
    let is_own = |own: &Event, undo: &Event| {
        Model::own_no(own).is_some() && own.occurred_at <= undo.occurred_at && own.id != undo.id
    };
    let makes_sense = |event: &&Event| match &event.kind {
        EventKind::WithdrawalUndone { withdrawal, .. } => {
            facts.iter().any(|own| own.id == *withdrawal && is_own(own, event))
        }
        _ => true,
    };
    facts.iter().filter(makes_sense).cloned().collect()
}

fn without_undoings(mut facts: Vec<Event>) -> Vec<Event> {
    facts.retain(|event| !matches!(event.kind, EventKind::WithdrawalUndone { .. }));
    facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn i5_in_whatever_order_facts_of_one_hour_are_told_the_answer_is_the_same(
        told in facts(0..12, 60, 4).prop_map(sensible),
    ) {
        for about in SCOPES.map(scope) {
            let expected = Model(&told).verdict(&about);
            let tracked = Model(&told).is_tracked(TrackingAsked::Separately);
            for order in orders(&told) {
                let history = heard(order.iter().copied(), at_second(7200));
                let verdict = decided(&history, &about);
                let said = verdict.ground.ok_or_else(|| verdict.reason.unwrap());
                prop_assert_eq!(said, expected, "{:?}", order);
                prop_assert_eq!(is_tracked(&history, "fr"), tracked, "{:?}", order);
                prop_assert_eq!(choices(&history), choices(&told), "{:?}", order);
            }
        }
    }

    #[test]
    fn i5_nor_does_it_matter_by_clocks_that_are_ahead(
        told in facts(-3..6, 60, 4).prop_map(sensible),
    ) {
        // All of it is heard at one moment: some of it is dated after that. An undoing is never told by another clock.
        let told = without_undoings(told);
        for about in SCOPES.map(scope) {
            let mut answers = orders(&told).into_iter().map(|order| {
                let history = heard(order, at_second(0));
                let verdict = decided(&history, &about);
                let tracking = verdict.tracking.map(|own| own.tracking);
                (verdict.ground, verdict.reason, tracking, choices(&history))
            });
            let first = answers.next();
            prop_assert!(answers.all(|one| Some(one) == first));
        }
    }

    #[test]
    fn what_is_told_again_is_not_recorded_again_whatever_came_between(
        told in facts(-3..6, 60, 5).prop_map(sensible),
        between in no_like(),
    ) {
        let told = without_undoings(told);
        let mut history = heard(&told, at_second(0));
        let no = Event { occurred_at: at_second(400), ..super::told(50, 0, between) };
        let _ = hear(&mut history, &no, at_second(400));
        let before = history.clone();
        for event in &told {
            let _ = hear(&mut history, event, at_second(500));
        }
        prop_assert_eq!(history, before);
    }
}

#[test]
fn i5_a_yes_told_between_two_clicks_does_not_beat_the_second() {
    let no = |id, second, channel: &str| Event {
        occurred_at: at_second(second),
        channel: channel.to_owned(),
        ..told(id, 0, EventKind::Withdrawal { scopes: Vec::new(), complaint: false })
    };
    let yes = EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec![scope("apparel")] };
    let yes = Event { occurred_at: at_second(1), ..told(3, 0, yes) };
    let history = heard(&[no(1, 0, "one_click"), no(2, 2, "page"), yes], at_second(9));
    assert_eq!(decided(&history, &scope("apparel")).reason, Some(Reason::Withdrawn));
}

#[test]
fn i5_whose_address_was_erased_is_revived_in_nothing_but_the_own_new_yes() {
    let mut history = heard(&[told(1, 1, EventKind::Suppressed { why: Suppression::Operator })], at(2));
    let lift = EventKind::SuppressionLifted { why: Suppression::Operator };
    let yes = |ground| EventKind::OptIn { ground, scopes: vec![scope("apparel.tshirts")] };
    for (id, hour, kind) in [(2, 3, EventKind::Erased), (3, 4, yes(OptIn::DoubleOptIn))] {
        // An erasure is recorded by its own way.
        match kind {
            EventKind::Erased => history.push(told(id, hour, kind)),
            kind => assert_eq!(hear(&mut history, &told(id, hour, kind), at(hour)), Ok(Onto::FreshHistory)),
        }
    }
    let reason = |history: &[Event], about| decided(history, &scope(about)).reason;
    assert_eq!(reason(&history, "apparel.tshirts"), Some(Reason::SuppressedOperator));
    hear(&mut history, &told(4, 5, lift), at(5)).unwrap();
    assert_eq!(reason(&history, "apparel.tshirts"), None);
    assert_eq!(reason(&history, "furniture.office"), Some(Reason::Withdrawn));
    // Nobody takes that back.
    let opening = history[0].id;
    let undo = EventKind::WithdrawalUndone { withdrawal: opening, scopes: Vec::new() };
    assert_eq!(hear(&mut history, &told(5, 6, undo), at(6)), Err(NotAdmitted::NothingToUndo));
}
