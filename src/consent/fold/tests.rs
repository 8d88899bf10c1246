use proptest::prelude::*;

use super::*;

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

fn event(id: u128, second: i64, kind: EventKind) -> Event {
    Event {
        id: Uuid::from_u128(id),
        kind,
        occurred_at: Timestamp::from_second(second).unwrap(),
        recorded_at: Timestamp::from_second(1_000_000).unwrap(),
        channel: "test".to_owned(),
        jurisdiction: None,
        locale: None,
        time_zone: None,
        texts: Default::default(),
        told_at: None,
    }
}

fn withdrawal(scopes: &[&str]) -> EventKind {
    EventKind::Withdrawal { scopes: scopes.iter().map(|text| scope(text)).collect(), complaint: false }
}

fn opt_in(text: &str) -> EventKind {
    EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec![scope(text)] }
}

fn undone(id: u128) -> EventKind {
    EventKind::WithdrawalUndone { withdrawal: Uuid::from_u128(id), scopes: Vec::new() }
}

#[test]
fn the_youngest_fact_of_a_kind_and_scope_is_kept() {
    let state = fold(&[event(1, 30, opt_in("apparel")), event(2, 20, opt_in("apparel"))]);
    assert_eq!(state.opt_ins.len(), 1);
    assert_eq!(state.opt_ins[0].event, Uuid::from_u128(1));
}

fn click(id: u128, second: i64, kind: EventKind) -> Event {
    Event { channel: "page".to_owned(), ..event(id, second, kind) }
}

#[test]
fn undoing_takes_back_the_repetitions_of_a_click_too() {
    let events = [click(1, 0, withdrawal(&[])), click(2, 700, withdrawal(&[])), click(3, 800, undone(2))];
    assert!(fold(&events).withdrawals.is_empty());
    // What was said before a yes between them was no repetition.
    let mut between = events.to_vec();
    between.push(event(4, 300, opt_in("apparel")));
    assert_eq!(fold(&between).withdrawals.len(), 1);
    // Nor is a narrower no.
    let narrower = [click(1, 0, withdrawal(&["apparel"])), events[1].clone(), events[2].clone()];
    assert_eq!(fold(&narrower).withdrawals[0].scope, Some(scope("apparel")));
    // Nor is what a support desk told.
    let desk = [event(1, 0, withdrawal(&[])), events[1].clone(), events[2].clone()];
    assert_eq!(fold(&desk).withdrawals[0].event, Uuid::from_u128(1));
}

#[test]
fn i5_an_undoing_for_some_scopes_leaves_all_others_withdrawn() {
    let back = |id, scopes: &[&str]| EventKind::WithdrawalUndone {
        withdrawal: Uuid::from_u128(id),
        scopes: scopes.iter().map(|text| scope(text)).collect(),
    };
    let stands =
        |events: &[Event], about: &str| fold(events).withdrawals.iter().any(|no| no.covers(&scope(about)));
    let mut events = vec![click(1, 0, withdrawal(&[])), click(2, 5, back(1, &["apparel.tshirts"]))];
    assert!(!stands(&events, "apparel.tshirts") && !stands(&events, "apparel.tshirts.long"));
    for other in ["apparel", "apparel.trousers", "furniture", "whatever.comes.later"] {
        assert!(stands(&events, other), "{other}");
    }
    // A second one adds to it; an older no of the same extent is hidden only where the younger one stands.
    events.push(click(3, 6, back(1, &["furniture"])));
    assert!(
        !stands(&events, "furniture") && !stands(&events, "apparel.tshirts") && stands(&events, "apparel")
    );
    events.push(event(4, -9, withdrawal(&[])));
    assert!(stands(&events, "furniture"));
    // Of a no for scopes, one that is named whole is gone.
    let scoped = [click(1, 0, withdrawal(&["apparel", "furniture"])), click(2, 5, back(1, &["apparel"]))];
    assert_eq!(fold(&scoped).withdrawals.len(), 1);
    assert!(stands(&scoped, "furniture") && !stands(&scoped, "apparel.tshirts"));
}

#[test]
fn an_undone_withdrawal_lets_an_older_one_stand() {
    let day = 24 * 3600;
    let events =
        [event(1, 0, withdrawal(&[])), event(2, 3 * day, withdrawal(&[])), event(3, 3 * day + 9, undone(2))];
    let state = fold(&events);
    assert_eq!(state.withdrawals.len(), 1);
    assert_eq!(state.withdrawals[0].event, Uuid::from_u128(1));
}

#[test]
fn a_complaint_is_never_taken_back() {
    let complaint = EventKind::Withdrawal { scopes: vec![], complaint: true };
    let state = fold(&[event(1, 0, complaint), event(2, 5, undone(1))]);
    assert!(state.withdrawals[0].complaint);
}

#[test]
fn i5_a_block_outlives_an_erasure() {
    let block = event(1, 5, EventKind::Suppressed { why: Suppression::Operator });
    let mut events = vec![block, event(2, 6, EventKind::Erased)];
    assert_eq!(fold(&events).suppressed, [(Suppression::Operator, Timestamp::from_second(5).unwrap())]);
    events.push(event(3, 7, EventKind::SuppressionLifted { why: Suppression::Operator }));
    assert!(fold(&events).suppressed.is_empty());
}

#[test]
fn only_a_younger_lift_of_the_same_kind_ends_a_block() {
    let bounce = EventKind::Suppressed { why: Suppression::Bounce };
    let lift = |why| EventKind::SuppressionLifted { why };
    let of =
        |second, why| fold(&[event(1, 10, bounce.clone()), event(2, second, lift(why))]).suppressed.len();
    assert_eq!(of(11, Suppression::Bounce), 0);
    assert_eq!(of(10, Suppression::Bounce), 1);
    assert_eq!(of(9, Suppression::Bounce), 1);
    assert_eq!(of(11, Suppression::Operator), 1);
    let restricted = [event(1, 10, EventKind::Restricted), event(2, 10, EventKind::RestrictionLifted)];
    assert!(fold(&restricted).restricted.is_some());
}

#[test]
fn an_erasure_leaves_nothing_older_than_itself() {
    let mut told = event(1, 5, opt_in("apparel"));
    told.jurisdiction = Some("se".to_owned());
    let state = fold(&[told, event(2, 6, EventKind::Erased)]);
    let erased = Timestamp::from_second(6).ok();
    assert_eq!(state, ConsentState { erased, ..ConsentState::default() });
}

#[test]
fn a_confirmed_sign_up_is_no_longer_pending() {
    let signup =
        || EventKind::SignupRequested { scopes: vec![scope("apparel.tshirts")], by: SignedUpBy::Told };
    assert_eq!(fold(&[event(1, 1, signup())]).pending.len(), 1);
    assert!(fold(&[event(1, 1, signup()), event(2, 2, opt_in("apparel"))]).pending.is_empty());
    assert_eq!(fold(&[event(1, 3, signup()), event(2, 2, opt_in("apparel"))]).pending.len(), 1);
}

#[test]
fn a_sign_up_that_a_mail_implies_hides_none_that_was_told() {
    let by =
        |id, second, by| event(id, second, EventKind::SignupRequested { scopes: vec![scope("apparel")], by });
    let signed_up = [by(1, 1, SignedUpBy::Told), by(2, 2, SignedUpBy::Mail)];
    let state = fold(&signed_up);
    let known: Vec<_> = state.pending.iter().map(|one| (one.by, one.event.as_u128())).collect();
    assert_eq!(known, [(SignedUpBy::Told, 1), (SignedUpBy::Mail, 2)]);
    let confirmed: Vec<_> = signed_up.into_iter().chain([event(3, 3, opt_in("apparel"))]).collect();
    assert!(fold(&confirmed).pending.is_empty());
}

#[test]
fn a_confirmation_mail_grants_nothing_and_is_remembered() {
    let asked =
        |id, second| event(id, second, EventKind::ConfirmationSent { scopes: vec![scope("apparel")] });
    let state = fold(&[asked(1, 5), asked(2, 7), event(3, 9, opt_in("apparel"))]);
    assert_eq!(state.confirmations.iter().map(|one| one.event.as_u128()).collect::<Vec<_>>(), [2]);
    assert!(fold(&[asked(1, 5)]).pending.is_empty() && fold(&[asked(1, 5)]).opt_ins.is_empty());
    assert_eq!(fold(&[asked(1, 5), event(2, 6, EventKind::Erased)]).confirmations, []);
}

#[test]
fn what_was_imported_without_proof_waits_until_it_is_confirmed() {
    let imported = || EventKind::Unconfirmed { scopes: vec![scope("apparel.tshirts")] };
    let state = fold(&[event(1, 1, imported())]);
    assert_eq!((state.unconfirmed.len(), state.pending.len(), state.opt_ins.len()), (1, 0, 0));
    assert!(fold(&[event(1, 1, imported()), event(2, 2, opt_in("apparel"))]).unconfirmed.is_empty());
}

#[test]
fn jurisdiction_is_that_of_the_youngest_fact_that_names_one() {
    let mut old = event(1, 1, opt_in("apparel"));
    old.jurisdiction = Some("se".to_owned());
    let mut young = event(2, 2, EventKind::Restricted);
    young.jurisdiction = Some("NL".to_owned());
    let last = event(3, 3, EventKind::RestrictionLifted);
    assert_eq!(fold(&[last, young, old]).jurisdiction.as_deref(), Some("NL"));
}

fn any_kind() -> impl Strategy<Value = EventKind> {
    let scopes = prop::sample::subsequence(vec!["apparel", "apparel.tshirts", "furniture"], 0..=2);
    let scopes = scopes.prop_map(|texts| texts.iter().map(|text| scope(text)).collect::<Vec<_>>());
    let suppression = prop_oneof![Just(Suppression::Bounce), Just(Suppression::Operator)];
    prop_oneof![
        (any::<bool>(), scopes.clone()).prop_map(|(told, scopes)| EventKind::SignupRequested {
            by: if told { SignedUpBy::Told } else { SignedUpBy::Mail },
            scopes
        }),
        scopes.clone().prop_map(|scopes| EventKind::ConfirmationSent { scopes }),
        scopes.clone().prop_map(|scopes| EventKind::Unconfirmed { scopes }),
        (any::<bool>(), scopes.clone()).prop_map(|(double, scopes)| EventKind::OptIn {
            ground: if double { OptIn::DoubleOptIn } else { OptIn::SingleOptIn },
            scopes
        }),
        any::<bool>().prop_map(|notice| EventKind::Acquainted {
            how: Acquaintance::Purchase,
            scope: scope("apparel.tshirts"),
            notice
        }),
        (scopes.clone(), any::<bool>())
            .prop_map(|(scopes, complaint)| EventKind::Withdrawal { scopes, complaint }),
        (0..12u128, scopes.clone())
            .prop_map(|(id, scopes)| EventKind::WithdrawalUndone { withdrawal: Uuid::from_u128(id), scopes }),
        suppression.clone().prop_map(|why| EventKind::Suppressed { why }),
        suppression.prop_map(|why| EventKind::SuppressionLifted { why }),
        Just(EventKind::Restricted),
        Just(EventKind::RestrictionLifted),
        Just(EventKind::Erased),
    ]
}

fn histories() -> impl Strategy<Value = Vec<Event>> {
    let place = prop::option::of(prop::sample::select(vec!["se".to_owned(), "de".to_owned()]));
    let facts = prop::collection::vec((any_kind(), 0..6i64, place), 0..12);
    facts.prop_map(|facts| {
        let numbered = facts.into_iter().zip(0u128..);
        numbered
            .map(|((kind, second, jurisdiction), id)| Event { jurisdiction, ..event(id, second, kind) })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_arrival_changes_nothing(
        (told, mut shuffled) in histories().prop_flat_map(|h| (Just(h.clone()), Just(h).prop_shuffle())),
        heard in 0..1_000i64,
    ) {
        prop_assert_eq!(fold(&told), fold(&shuffled));
        for (event, late) in shuffled.iter_mut().zip(heard..) {
            event.recorded_at = Timestamp::from_second(late).unwrap();
        }
        // A place that is told again, with the same time, is corrected: there alone it counts what was heard last.
        let placeless = |events: &[Event]| ConsentState { jurisdiction: None, ..fold(events) };
        prop_assert_eq!(placeless(&told), placeless(&shuffled));
    }
}

#[test]
fn of_an_address_that_was_only_told_no_double_opt_in_stands() {
    let moved = |id, second, confirmed| {
        event(id, second, EventKind::AddressChanged { confirmed, left: Uuid::from_u128(50) })
    };
    let grounds =
        |events: &[Event]| -> Vec<OptIn> { fold(events).opt_ins.iter().map(|yes| yes.ground).collect() };
    let yes = event(1, 10, opt_in("apparel"));
    assert_eq!(grounds(&[yes.clone(), moved(2, 20, true)]), [OptIn::DoubleOptIn]);
    assert_eq!(grounds(&[yes.clone(), moved(2, 20, false)]), [OptIn::SingleOptIn]);
    assert_eq!(grounds(&[moved(2, 5, false), yes.clone()]), [OptIn::DoubleOptIn]);
    // Who asked for the second change was nobody that had shown to be the person.
    assert_eq!(grounds(&[yes, moved(2, 20, false), moved(3, 30, true)]), [OptIn::SingleOptIn]);
}

#[test]
fn what_bounced_ends_with_the_address_and_every_other_no_stays() {
    let block = |id, why| event(id, 10, EventKind::Suppressed { why });
    let moved = event(9, 20, EventKind::AddressChanged { confirmed: true, left: Uuid::from_u128(50) });
    let history = [
        block(1, Suppression::Bounce),
        block(2, Suppression::Operator),
        event(3, 10, withdrawal(&["apparel"])),
        event(4, 10, EventKind::Restricted),
        moved,
    ];
    let state = fold(&history);
    assert_eq!(state.suppressed.iter().map(|(why, _)| *why).collect::<Vec<_>>(), [Suppression::Operator]);
    assert!(state.restricted.is_some() && state.withdrawals.len() == 1);
    let again =
        [history.as_slice(), &[event(10, 30, EventKind::Suppressed { why: Suppression::Bounce })]].concat();
    assert_eq!(fold(&again).suppressed.len(), 2);
}
