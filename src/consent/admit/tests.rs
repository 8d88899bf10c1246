use super::super::event::{Acquaintance, OptIn, SignedUpBy, Suppression, TrackingAsked};
use super::super::fold;
use super::*;

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn scopes(texts: &[&str]) -> Vec<Scope> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn no(texts: &[&str]) -> EventKind {
    EventKind::Withdrawal { scopes: scopes(texts), complaint: false }
}

fn complaint() -> EventKind {
    EventKind::Withdrawal { scopes: vec![], complaint: true }
}

fn yes(texts: &[&str]) -> EventKind {
    EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: scopes(texts) }
}

fn signup(by: SignedUpBy) -> EventKind {
    EventKind::SignupRequested { scopes: scopes(&["apparel"]), by }
}

fn undo(id: u128) -> EventKind {
    EventKind::WithdrawalUndone { withdrawal: Uuid::from_u128(id), scopes: Vec::new() }
}

fn event(id: u128, second: i64, kind: EventKind) -> Event {
    Event {
        id: Uuid::from_u128(id),
        kind,
        occurred_at: at(second),
        recorded_at: at(second),
        channel: "page".to_owned(),
        jurisdiction: None,
        locale: None,
        time_zone: None,
        texts: Default::default(),
        told_at: None,
    }
}

/// A history of facts with the ids 1, 2, … at these seconds.
fn history(facts: &[(i64, EventKind)]) -> Vec<Event> {
    let numbered = facts.iter().zip(1u128..);
    numbered.map(|((second, kind), id)| event(id, *second, kind.clone())).collect()
}

#[track_caller]
fn check(facts: &[(i64, EventKind)], fact: (i64, EventKind), now: i64, expected: Result<Onto, NotAdmitted>) {
    let history = history(facts);
    let fact = event(500, fact.0, fact.1);
    assert_eq!(admit(&history, &fold(&history), &fact, at(now)), expected);
}

fn already(id: u128) -> Result<Onto, NotAdmitted> {
    Ok(Onto::Already(Uuid::from_u128(id)))
}

#[test]
fn a_fact_may_be_dated_five_minutes_ahead_and_no_more() {
    check(&[], (300, yes(&["apparel"])), 0, Ok(Onto::History));
    check(&[], (301, yes(&["apparel"])), 0, Err(NotAdmitted::DatedAhead));
    check(&[], (301, no(&[])), 0, Err(NotAdmitted::DatedAhead));
}

#[test]
fn i5_a_tombstone_yields_to_a_younger_opt_in_or_sign_up_alone() {
    let erased = [(10, EventKind::Erased)];
    for own in [yes(&["apparel"]), signup(SignedUpBy::Told)] {
        check(&erased, (11, own.clone()), 20, Ok(Onto::FreshHistory));
        for older in [9, 10] {
            check(&erased, (older, own.clone()), 20, Err(NotAdmitted::Erased));
        }
    }
    // A mail that a tool submitted is nobody's new beginning.
    check(&erased, (11, signup(SignedUpBy::Mail)), 20, Err(NotAdmitted::Erased));
    let sent = EventKind::ConfirmationSent { scopes: scopes(&["apparel"]) };
    check(&erased, (11, sent), 20, Err(NotAdmitted::Erased));
    let purchase = EventKind::Acquainted {
        how: Acquaintance::Purchase,
        scope: "apparel".parse().unwrap(),
        notice: true,
    };
    for kind in [purchase, EventKind::Erased, EventKind::Restricted] {
        check(&erased, (11, kind), 20, Err(NotAdmitted::Erased));
    }
}

#[test]
fn i5_a_no_about_a_tombstone_is_kept_and_outweighs_an_older_yes() {
    let bounce = EventKind::Suppressed { why: Suppression::Bounce };
    for no in [no(&[]), no(&["apparel"]), complaint(), bounce] {
        check(&[(10, EventKind::Erased)], (20, no.clone()), 20, Ok(Onto::History));
        let facts = [(10, EventKind::Erased), (20, no)];
        for older in [11, 20] {
            check(&facts, (older, yes(&["apparel"])), 30, Err(NotAdmitted::Erased));
        }
        check(&facts, (21, yes(&["apparel"])), 30, Ok(Onto::FreshHistory));
    }
    let facts = [(10, EventKind::Erased), (20, no(&[]))];
    check(&facts, (20, no(&[])), 25, already(2));
    check(&facts, (25, no(&[])), 25, Ok(Onto::History));
}

#[test]
fn an_empty_date_is_refused() {
    let early = EARLIEST_SECOND - 1_700_000_000;
    for fact in [no(&[]), yes(&["apparel"]), EventKind::Suppressed { why: Suppression::Operator }] {
        check(&[], (early - 1, fact.clone()), 0, Err(NotAdmitted::DatedTooEarly));
        check(&[], (early, fact), 0, Ok(Onto::History));
    }
}

#[test]
fn i5_a_no_is_recorded_however_shortly_it_follows_another() {
    // A yes of that time, heard of later, must not beat the second no.
    for repeated in [no(&[]), no(&["apparel"]), complaint()] {
        check(&[(0, no(&[]))], (1, repeated.clone()), 1, Ok(Onto::History));
        check(&[(0, complaint())], (1, repeated.clone()), 1, Ok(Onto::History));
        // The younger no may still be undone, and must then leave the older one.
        check(&[(9, no(&[]))], (5, repeated), 10, Ok(Onto::History));
    }
}

#[test]
fn a_link_that_a_program_presses_over_and_over_does_not_make_history_grow_without_bound() {
    let presses: Vec<_> = (0..PRESSES as i64).map(|second| (second, no(&[]))).collect();
    let last = PRESSES as i64 - 1;
    check(&presses[1..], (last + 1, no(&[])), last + 1, Ok(Onto::History));
    check(&presses, (last + 1, no(&[])), last + 1, already(PRESSES as u128));
    // Less than that says nothing new either.
    check(&presses, (last + 1, no(&["apparel"])), last + 1, already(PRESSES as u128));
    // More than was said, or a no after a yes, or a minute later, is recorded all the same.
    let of_a_part: Vec<_> = (0..PRESSES as i64).map(|second| (second, no(&["apparel"]))).collect();
    check(&of_a_part, (last + 1, no(&["apparel", "furniture"])), last + 1, Ok(Onto::History));
    check(&of_a_part, (last + 1, no(&[])), last + 1, Ok(Onto::History));
    check(&of_a_part, (last + 1, no(&["apparel.tshirts"])), last + 1, already(PRESSES as u128));
    check(&presses, (last + PRESSED_SECONDS, no(&[])), last + 60, Ok(Onto::History));
    let with_yes = [presses, vec![(last, yes(&["apparel"]))]].concat();
    check(&with_yes, (last + 1, no(&[])), last + 1, Ok(Onto::History));
}

#[test]
fn what_a_program_takes_back_over_and_over_stays_withdrawn_in_the_end() {
    // Of a no at each even second, the next second takes it back.
    let turns = |count: usize| {
        let one = |turn| {
            let (second, id) = (2 * turn as i64, 2 * turn as u128 + 1);
            [(second, no(&[])), (second + 1, undo(id))]
        };
        (0..count).flat_map(one).chain([(2 * count as i64, no(&[]))]).collect::<Vec<_>>()
    };
    let last = |count: usize| (2 * count as i64 + 1, undo(2 * count as u128 + 1));
    let few = PRESSES - 1;
    check(&turns(few), last(few), last(few).0, Ok(Onto::History));
    check(&turns(PRESSES), last(PRESSES), last(PRESSES).0, Err(NotAdmitted::NothingToUndo));
}

#[test]
fn the_same_withdrawal_told_again_is_recorded_once() {
    let facts = [(0, no(&["apparel"])), (3, yes(&["apparel"]))];
    check(&facts, (0, no(&["apparel"])), 9, already(1));
    check(&facts, (4, no(&["apparel"])), 9, Ok(Onto::History));
    check(&[(0, complaint())], (0, complaint()), 9, already(1));
    check(&[(0, no(&[]))], (0, complaint()), 9, Ok(Onto::History));
}

#[test]
fn a_fact_told_again_with_another_place_is_recorded_once_more() {
    let told =
        |id, place: &str| Event { jurisdiction: Some(place.to_owned()), ..event(id, 0, yes(&["apparel"])) };
    let mut history = vec![told(1, "se")];
    let mut tell = |fact: Event| {
        let onto = admit(&history, &fold(&history), &fact, at(9)).unwrap();
        if onto == Onto::History {
            history.push(Event { recorded_at: at(9), ..fact });
        }
        (onto, fold(&history).jurisdiction.unwrap())
    };
    assert_eq!(tell(told(2, "de")), (Onto::History, "de".to_owned()));
    // A list from before the correction changes nothing, nor does one without places.
    let before = Onto::Already(Uuid::from_u128(2));
    assert_eq!(tell(told(3, "se")), (before, "de".to_owned()));
    assert_eq!(tell(event(4, 0, yes(&["apparel"]))), (before, "de".to_owned()));
}

#[test]
fn a_withdrawal_can_be_undone_for_a_day_while_it_stands() {
    let facts = [(0, no(&["apparel"]))];
    check(&facts, (DAY, undo(1)), DAY, Ok(Onto::History));
    check(&facts, (DAY + 1, undo(1)), DAY + 1, Err(NotAdmitted::NothingToUndo));
    // A date from within the day does not help on the day after.
    check(&facts, (5, undo(1)), DAY + 1, Err(NotAdmitted::NothingToUndo));
    check(&facts, (5, undo(2)), 5, Err(NotAdmitted::NothingToUndo));
    check(&[(0, no(&[])), (3, undo(1))], (5, undo(1)), 5, Err(NotAdmitted::NothingToUndo));
    check(&[(0, complaint())], (5, undo(1)), 5, Err(NotAdmitted::NothingToUndo));
}

#[test]
fn the_same_yes_is_recorded_once() {
    let facts = [(0, yes(&["apparel", "furniture"]))];
    check(&facts, (0, yes(&["apparel", "furniture"])), 9, already(1));
    check(&facts, (1, yes(&["apparel"])), 9, Ok(Onto::History));
    check(&facts, (0, yes(&["apparel", "garden"])), 9, Ok(Onto::History));
    let single = EventKind::OptIn { ground: OptIn::SingleOptIn, scopes: scopes(&["apparel"]) };
    check(&facts, (0, single), 9, Ok(Onto::History));
}

#[test]
fn the_same_purchase_is_recorded_once() {
    let bought = |notice| EventKind::Acquainted {
        how: Acquaintance::Purchase,
        scope: "apparel.tshirts".parse().unwrap(),
        notice,
    };
    check(&[(0, bought(true))], (0, bought(true)), 9, already(1));
    check(&[(0, bought(true))], (0, bought(false)), 9, Ok(Onto::History));
    check(&[(0, bought(true))], (1, bought(true)), 9, Ok(Onto::History));
}

#[test]
fn the_same_sign_up_is_recorded_once_but_one_that_is_told_beside_one_that_a_mail_implied() {
    let facts = [(0, signup(SignedUpBy::Mail))];
    check(&facts, (0, signup(SignedUpBy::Mail)), 9, already(1));
    check(&facts, (0, signup(SignedUpBy::Told)), 9, Ok(Onto::History));
    check(&facts, (1, signup(SignedUpBy::Mail)), 9, Ok(Onto::History));
}

#[test]
fn i5_a_withdrawal_after_a_sign_up_is_recorded_however_often_the_link_was_pressed_before() {
    let pressed = (0..PRESSES as i64).map(|second| (second, no(&["apparel"])));
    let last = PRESSES as i64;
    let pressed: Vec<_> = pressed.collect();
    check(&pressed, (last, no(&["apparel"])), last, already(PRESSES as u128));
    for by in [SignedUpBy::Told, SignedUpBy::Mail] {
        let facts: Vec<_> = pressed.iter().cloned().chain([(last, signup(by))]).collect();
        check(&facts, (last + 1, no(&["apparel"])), last + 1, Ok(Onto::History));
    }
}

#[test]
fn i5_a_program_that_turns_the_switch_of_tracking_again_and_again_ends_at_a_no() {
    let answer = |id: usize, kind| event(id as u128, id as i64, kind);
    let yes = EventKind::TrackingConsent { asked: TrackingAsked::Separately };
    let mut history: Vec<Event> = Vec::new();
    let add = |history: &mut Vec<Event>, fact: Event| {
        let onto = admit(history, &fold(history), &fact, fact.occurred_at);
        if onto == Ok(Onto::History) {
            history.push(fact);
        }
        onto
    };
    for press in 0..PRESSES {
        let kind = if press % 2 == 0 { yes.clone() } else { EventKind::TrackingWithdrawal };
        assert_eq!(add(&mut history, answer(press, kind)), Ok(Onto::History), "{press}");
    }
    assert_eq!(add(&mut history, answer(PRESSES, yes.clone())), Err(NotAdmitted::PressedTooOften));
    let last = history.last().unwrap().id;
    assert_eq!(
        add(&mut history, answer(PRESSES + 1, EventKind::TrackingWithdrawal)),
        Ok(Onto::Already(last))
    );
    // A minute later it is written down again, and what a desk tells always is.
    assert_eq!(add(&mut history, answer(PRESSES + 70, EventKind::TrackingWithdrawal)), Ok(Onto::History));
    let desk = Event { channel: "api".to_owned(), ..answer(PRESSES + 71, yes) };
    assert_eq!(add(&mut history, desk), Ok(Onto::History));
    assert_eq!(add(&mut history, answer(PRESSES + 72, EventKind::TrackingWithdrawal)), Ok(Onto::History));
}

#[test]
fn i5_a_program_that_presses_choices_again_and_again_ends_at_the_stricter_one() {
    let weekly = EventKind::FrequencyChosen { at_most: Frequency::Weekly };
    let as_sent = EventKind::FrequencyChosen { at_most: Frequency::AsSent };
    let mut history: Vec<Event> = (0..PRESSES)
        .map(|press| {
            event(press as u128, press as i64, if press % 2 == 0 { as_sent.clone() } else { weekly.clone() })
        })
        .collect();
    let onto = |history: &[Event], second: usize, kind: EventKind| {
        let fact = event(1_000 + second as u128, second as i64, kind);
        admit(history, &fold(history), &fact, fact.occurred_at)
    };
    let last = history.last().unwrap().id;
    assert_eq!(onto(&history, PRESSES, as_sent), Err(NotAdmitted::PressedTooOften));
    assert_eq!(onto(&history, PRESSES, weekly.clone()), Ok(Onto::Already(last)));
    let monthly = EventKind::FrequencyChosen { at_most: Frequency::Monthly };
    assert_eq!(onto(&history, PRESSES, monthly), Ok(Onto::History), "a stricter one is never left out");
    assert_eq!(onto(&history, PRESSES + 70, weekly), Ok(Onto::History), "nor one of another minute");
    assert_eq!(onto(&history, PRESSES, EventKind::PlaceChosen), Err(NotAdmitted::PressedTooOften));
    let pause = EventKind::Paused { until: at(30 * DAY) };
    assert_eq!(onto(&history, PRESSES, pause.clone()), Ok(Onto::History));
    history.push(event(5_000, PRESSES as i64, pause));
    let again = EventKind::Paused { until: at(30 * DAY + 5) };
    let longer = EventKind::Paused { until: at(90 * DAY) };
    assert_eq!(onto(&history, PRESSES + 5, again), Ok(Onto::Already(Uuid::from_u128(5_000))));
    assert_eq!(onto(&history, PRESSES + 5, longer), Ok(Onto::History));
}

#[test]
fn a_pause_ends_after_it_began_and_within_a_year() {
    let pause = |seconds: i64| EventKind::Paused { until: event(1, seconds, no(&[])).occurred_at };
    for (end, expected) in [
        (0, Err(NotAdmitted::PauseOutOfBounds)),
        (1, Ok(Onto::History)),
        (LONGEST_PAUSE_SECONDS, Ok(Onto::History)),
        (LONGEST_PAUSE_SECONDS + 1, Err(NotAdmitted::PauseOutOfBounds)),
    ] {
        check(&[], (0, pause(end)), 9, expected);
    }
}

#[test]
fn i5_an_objection_to_profiling_outlives_an_erasure_that_it_follows() {
    let objected = (5, EventKind::ProfilingObjection);
    let erased = (0, EventKind::Erased);
    check(std::slice::from_ref(&erased), objected.clone(), 9, Ok(Onto::History));
    let paused = EventKind::Paused { until: event(1, DAY, no(&[])).occurred_at };
    check(std::slice::from_ref(&erased), (5, paused), 9, Err(NotAdmitted::Erased));
    let tombstone = [event(1, 0, EventKind::Erased), event(2, 5, EventKind::ProfilingObjection)];
    let opening: Vec<EventKind> = begun_anew(&fold(&tombstone)).into_iter().map(|(kind, _)| kind).collect();
    assert!(opening.contains(&EventKind::ProfilingObjection), "{opening:?}");
}
