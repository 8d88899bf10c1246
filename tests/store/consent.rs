//! Facts, histories and what decisions read of them.

use std::time::Duration;

use optgate::consent::admit::NotAdmitted;
use optgate::consent::token::{Link, Purpose};
use optgate::consent::{EventKind, fold};
use optgate::store::{DeliveryFilter, NewFact, Order, RecordError, StoreError, Who};

use crate::support::*;

rules! {
    a_fact_is_folded_projected_and_counted,
    facts_of_one_call_are_told_apart,
    a_fact_told_twice_is_recorded_once,
    facts_from_two_nodes_about_one_person_all_count,
    two_nodes_make_an_unknown_person_once,
    i5_a_no_given_now_is_younger_than_all_that_is_recorded,
    i5_a_fact_dated_ahead_is_dated_by_the_clock_of_the_store,
    i5_what_was_dated_ahead_and_is_told_again_beats_no_no_that_came_between,
    a_fact_told_again_with_a_proof_is_recorded_with_it,
    facts_in_opposite_order_on_two_nodes_all_come_through,
    i15_one_sender_never_reaches_the_data_of_another,
    i3_a_withdrawal_before_the_claim_is_read_with_it,
    i4_unreadable_consent_is_an_error_and_harms_no_other_claim,
    a_projection_can_be_made_anew_from_the_history,
    a_person_is_found_by_any_spelling_and_by_a_link,
}

async fn record(home: &Home, fact: NewFact) -> optgate::store::Recorded {
    home.store.record(vec![fact]).await.remove(0).unwrap()
}

async fn a_fact_is_folded_projected_and_counted(home: &Home) {
    let first = record(home, home.fact("anna@example.se", opt_in())).await;
    assert_eq!((first.subscriber.version, first.subscriber.state.opt_ins.len()), (1, 1));
    home.advance(Duration::from_secs(60)).await;
    let mut no = home.fact("anna@example.se", withdrawal());
    no.who = Who::Subscriber(first.subscriber.id);
    let second = record(home, no).await;
    assert_eq!((second.subscriber.id, second.subscriber.version), (first.subscriber.id, 2));

    let recipients = ["bo@example.se", "anna@example.se", "anna@example.se"].map(address);
    let known = home.store.consent_of(SENDER, &recipients).await.unwrap();
    assert!(known[0].is_none());
    for known in &known[1..] {
        let known = known.as_ref().unwrap();
        assert_eq!((known.id, known.version), (first.subscriber.id, 2));
        assert_eq!(known.state, second.subscriber.state);
        assert_eq!(known.state.withdrawals.len(), 1);
    }
    let history = home.store.history(SENDER, first.subscriber.id).await.unwrap();
    let ids: Vec<_> = history.iter().map(|(event, _)| event.id).collect();
    assert_eq!(ids, [first.event, second.event]);
    assert_eq!(history[0].1.as_ref().unwrap()["ip"], "203.0.113.77");
    let shown = home.store.subscriber(SENDER, first.subscriber.id).await.unwrap().unwrap();
    assert_eq!(shown.address, Some(address("anna@example.se")));
    assert_eq!(shown.sender, SENDER);
}

async fn facts_of_one_call_are_told_apart(home: &Home) {
    let mut ahead = home.fact("anna@example.se", opt_in());
    ahead.occurred_at = Some(home.in_seconds(3600));
    let mut nobody = home.fact("anna@example.se", opt_in());
    nobody.who = Who::Subscriber(home.clock.id());
    let facts =
        vec![home.fact("anna@example.se", opt_in()), ahead, nobody, home.fact("bo@example.se", opt_in())];
    let results = home.store.record(facts).await;
    assert!(results[0].is_ok());
    assert!(matches!(results[1], Err(RecordError::NotAdmitted(NotAdmitted::DatedAhead))));
    assert!(matches!(results[2], Err(RecordError::Unknown)));
    assert!(results[3].is_ok());
    assert_eq!(home.count("SELECT count(*) FROM consent_events").await, 2);
}

async fn a_fact_told_twice_is_recorded_once(home: &Home) {
    let fact = home.fact("anna@example.se", opt_in());
    let first = record(home, fact.clone()).await;
    let second = record(home, fact).await;
    assert_eq!((second.event, second.subscriber.version), (first.event, 1));
    assert_eq!(home.count("SELECT count(*) FROM consent_events").await, 1);
}

async fn facts_from_two_nodes_about_one_person_all_count(home: &Home) {
    let other = home.another_node().await;
    let tell = |store: optgate::store::Store, facts: Vec<NewFact>| async move {
        for fact in facts {
            store.record(vec![fact]).await.remove(0).unwrap();
        }
    };
    let facts = |from: i64| -> Vec<NewFact> {
        let at = |n: i64| NewFact {
            occurred_at: Some(home.in_seconds(-1000 * (from + n))),
            ..home.fact("anna@example.se", opt_in())
        };
        (0..20).map(at).collect()
    };
    let one = tokio::spawn(tell(home.store.clone(), facts(0)));
    let two = tokio::spawn(tell(other.clone(), facts(20)));
    one.await.unwrap();
    two.await.unwrap();
    let known = home.store.consent_of(SENDER, &[address("anna@example.se")]).await.unwrap();
    let known = known[0].clone().unwrap();
    assert_eq!(known.version, 40);
    let history = home.store.history(SENDER, known.id).await.unwrap();
    assert_eq!(history.len(), 40);
    let events: Vec<_> = history.into_iter().map(|(event, _)| event).collect();
    assert_eq!(known.state, fold(&events));
    other.close().await;
}

async fn two_nodes_make_an_unknown_person_once(home: &Home) {
    let other = home.another_node().await;
    for round in 0..10 {
        let who = format!("person{round}@example.se");
        let (one, two) = tokio::join!(
            home.store.record(vec![home.fact(&who, opt_in())]),
            other.record(vec![home.fact(&who, withdrawal())]),
        );
        let (one, two) = (one[0].as_ref().unwrap(), two[0].as_ref().unwrap());
        assert_eq!(one.subscriber.id, two.subscriber.id);
    }
    assert_eq!(home.count("SELECT count(*) FROM subscribers").await, 10);
    other.close().await;
}

async fn i5_a_no_given_now_is_younger_than_all_that_is_recorded(home: &Home) {
    let yes = record(home, home.fact("anna@example.se", opt_in())).await.subscriber;
    // As if a node whose clock ran ahead had recorded it.
    let (now, ahead) = (home.clock.now(), home.in_seconds(120));
    home.sql(&format!("UPDATE consent_events SET body = replace(body, '{now}', '{ahead}')")).await;
    assert!(home.store.rebuild_projection(SENDER, yes.id).await.unwrap());
    let no = NewFact { occurred_at: None, ..home.fact("anna@example.se", withdrawal()) };
    let state = record(home, no).await.subscriber.state;
    assert_eq!(state.opt_ins[0].at, ahead);
    assert!(state.withdrawals[0].at > ahead);
    // And so is an erasure.
    home.store.erase(SENDER, yes.id, "api").await.unwrap();
    let erased = home.store.subscriber(SENDER, yes.id).await.unwrap().unwrap().subscriber.state;
    assert!(erased.erased > Some(ahead) && erased.opt_ins.is_empty());
}

async fn i5_a_fact_dated_ahead_is_dated_by_the_clock_of_the_store(home: &Home) {
    let mut ahead = home.fact("anna@example.se", opt_in());
    ahead.occurred_at = Some(home.in_seconds(300));
    assert_eq!(record(home, ahead).await.subscriber.state.opt_ins[0].at, home.clock.now());
}

async fn i5_what_was_dated_ahead_and_is_told_again_beats_no_no_that_came_between(home: &Home) {
    let ahead = NewFact { occurred_at: Some(home.in_seconds(240)), ..home.fact("anna@example.se", opt_in()) };
    let first = record(home, ahead.clone()).await;
    home.advance(Duration::from_secs(60)).await;
    record(home, NewFact { occurred_at: None, ..home.fact("anna@example.se", withdrawal()) }).await;
    home.advance(Duration::from_secs(60)).await;
    let again = record(home, ahead).await;
    assert_eq!((again.event, again.subscriber.version), (first.event, 2));
    // A no keeps its time, so that a yes told later, of an earlier time, does not outlive it.
    let told = |seconds, kind| NewFact {
        occurred_at: Some(home.in_seconds(seconds)),
        ..home.fact("bo@example.se", kind)
    };
    let no = told(240, withdrawal());
    record(home, no.clone()).await;
    let state = record(home, told(180, opt_in())).await.subscriber.state;
    assert_eq!((state.withdrawals[0].at, state.opt_ins[0].at), (home.in_seconds(240), home.clock.now()));
    assert_eq!(record(home, no).await.subscriber.version, 2);
}

async fn a_fact_told_again_with_a_proof_is_recorded_with_it(home: &Home) {
    let at = Some(home.in_seconds(-100));
    let told = |evidence, place: &str| NewFact {
        occurred_at: at,
        evidence,
        jurisdiction: Some(place.into()),
        ..home.fact("anna@example.se", opt_in())
    };
    let form = serde_json::json!({"form_text": "Write to me"});
    let first = record(home, told(serde_json::Value::Null, "se")).await;
    home.advance(Duration::from_secs(1)).await;
    let second = record(home, told(form.clone(), "se")).await;
    assert_eq!(second.subscriber.version, 2);
    assert_eq!(second.subscriber.state.opt_ins.len(), 1);
    assert_eq!(
        second.subscriber.state.opt_ins[0].event, second.event,
        "the ground is the one that can be shown"
    );
    // The same proof by another teller, or none, says nothing new.
    let wrapped = serde_json::json!({"told_by": "demo-shop/crm", "evidence": form});
    for evidence in [form.clone(), wrapped, serde_json::Value::Null] {
        assert_eq!(record(home, told(evidence, "se")).await.subscriber.version, 2);
    }
    home.advance(Duration::from_secs(1)).await;
    let third = record(home, told(form.clone(), "de")).await.subscriber;
    assert_eq!((third.version, third.state.jurisdiction.as_deref()), (3, Some("de")));
    assert_eq!(record(home, told(form, "se")).await.subscriber.version, 3);
    let history = home.store.history(SENDER, first.subscriber.id).await.unwrap();
    assert!(history[0].1.is_none() && history[1].1.is_some() && !history[1].0.texts.is_empty());
}

async fn facts_in_opposite_order_on_two_nodes_all_come_through(home: &Home) {
    let other = home.another_node().await;
    let facts = |seconds: i64| -> Vec<NewFact> {
        let at = |number: i64| NewFact {
            occurred_at: Some(home.in_seconds(seconds - number)),
            ..home.fact(&format!("person{number}@example.se"), opt_in())
        };
        (0..30).map(at).collect()
    };
    for round in 0..5 {
        let (one, mut two) = (facts(-1000 * round), facts(-1000 * round - 500));
        two.reverse();
        let (one, two) = tokio::join!(home.store.record(one), other.record(two));
        assert!(one.iter().chain(&two).all(Result::is_ok));
    }
    assert_eq!(home.count("SELECT count(*) FROM subscribers").await, 30);
    assert_eq!(home.count("SELECT count(*) FROM consent_events").await, 300);
    other.close().await;
}

async fn i15_one_sender_never_reaches_the_data_of_another(home: &Home) {
    let known = record(home, home.fact("anna@example.se", opt_in())).await.subscriber;
    let message = home.message(&[home.delivery("anna@example.se")]);
    home.store.spool(vec![message.clone()]).await.unwrap();
    let foreign = "other-shop";
    let found = home.store.consent_of(foreign, &[address("anna@example.se")]).await.unwrap();
    assert!(found[0].is_none());
    assert!(home.store.subscriber(foreign, known.id).await.unwrap().is_none());
    assert!(home.store.history(foreign, known.id).await.unwrap().is_empty());
    assert!(!home.store.rebuild_projection(foreign, known.id).await.unwrap());
    assert!(!home.store.erase(foreign, known.id, "api").await.unwrap());
    assert!(home.store.message(foreign, message.id).await.unwrap().is_none());
    let filter = DeliveryFilter { sender: Some(foreign.into()), ..DeliveryFilter::default() };
    assert!(home.store.deliveries(&filter).await.unwrap().deliveries.is_empty());
    assert_eq!(home.store.order(Order::Retry, &filter).await.unwrap().changed.len(), 0);
    let mut fact = home.fact("anna@example.se", withdrawal());
    fact.sender = foreign.into();
    fact.who = Who::Subscriber(known.id);
    assert!(matches!(home.store.record(vec![fact]).await[0], Err(RecordError::Unknown)));
    // The same person, known to both, is two subscribers.
    let mut fact = home.fact("anna@example.se", withdrawal());
    fact.sender = foreign.into();
    let theirs = record(home, fact).await.subscriber;
    assert_ne!(theirs.id, known.id);
    let ours = home.store.consent_of(SENDER, &[address("anna@example.se")]).await.unwrap();
    assert!(ours[0].as_ref().unwrap().state.withdrawals.is_empty());
}

async fn i3_a_withdrawal_before_the_claim_is_read_with_it(home: &Home) {
    record(home, home.fact("anna@example.se", opt_in())).await;
    home.spool_to(&["anna@example.se"]).await;
    let lane = home.lane_id().await;
    let claim = home.store.claim(&ask(lane, 1)).await.unwrap().claims.remove(0);
    let later = optgate::spool::Settlement::Later(home.in_seconds(3600));
    home.store.settle(settle(claim.fence, later)).await.unwrap();
    assert!(home.store.claim(&ask(lane, 1)).await.unwrap().claims.is_empty());
    // The no makes it due at once: the second decision is to meet it, not the deadline.
    record(home, home.fact("anna@example.se", withdrawal())).await;
    let claim = home.store.claim(&ask(lane, 1)).await.unwrap().claims.remove(0);
    let consent = claim.consent.unwrap().person.unwrap();
    assert_eq!((consent.version, consent.state.withdrawals.len()), (2, 1));
}

async fn i4_unreadable_consent_is_an_error_and_harms_no_other_claim(home: &Home) {
    let broken = record(home, home.fact("anna@example.se", opt_in())).await.subscriber;
    record(home, home.fact("bo@example.se", opt_in())).await;
    home.spool_to(&["anna@example.se", "bo@example.se"]).await;
    let id = broken.id.simple();
    let is_anna = if home.is_postgres() { format!("id = '\\x{id}'") } else { format!("id = x'{id}'") };
    home.sql(&format!("UPDATE subscribers SET state = 'garbage' WHERE {is_anna}")).await;
    let claims = home.store.claim(&ask(home.lane_id().await, 10)).await.unwrap().claims;
    assert_eq!(claims.len(), 2);
    for claim in claims {
        let is_broken = claim.recipient == address("anna@example.se");
        assert_eq!(matches!(claim.consent, Err(StoreError::Unreadable(_))), is_broken);
    }
    let recipients = [address("bo@example.se"), address("anna@example.se")];
    let known = home.store.consent_of(SENDER, &recipients).await;
    assert!(matches!(known, Err(StoreError::Unreadable(_))));
    // History is what counts: the projection is made anew from it.
    assert!(home.store.rebuild_projection(SENDER, broken.id).await.unwrap());
    let known = home.store.consent_of(SENDER, &recipients).await.unwrap();
    assert_eq!(known[1].as_ref().unwrap().state, broken.state);
}

async fn a_projection_can_be_made_anew_from_the_history(home: &Home) {
    record(home, home.fact("anna@example.se", opt_in())).await;
    home.advance(Duration::from_secs(1)).await;
    let before = record(home, home.fact("anna@example.se", withdrawal())).await.subscriber;
    home.sql("UPDATE subscribers SET state = '{}', version = 0").await;
    assert!(home.store.rebuild_projection(SENDER, before.id).await.unwrap());
    let after = home.store.subscriber(SENDER, before.id).await.unwrap().unwrap().subscriber;
    assert_eq!((after.version, after.state), (before.version, before.state));
}

async fn a_person_is_found_by_any_spelling_and_by_a_link(home: &Home) {
    let kind = EventKind::Suppressed { why: optgate::consent::event::Suppression::Operator };
    let known = record(home, home.fact("Anna@Example.SE", kind)).await.subscriber;
    let found = home.store.consent_of(SENDER, &[address("anna@example.se")]).await.unwrap();
    assert_eq!(found[0].as_ref().unwrap().id, known.id);
    let mut link =
        Link { purpose: Purpose::Unsubscribe, subscriber: known.id, scope: None, delivery: home.clock.id() };
    let found = home.store.subscriber_of_link(&link).await.unwrap().unwrap();
    assert_eq!((found.sender.as_str(), found.subscriber.id), (SENDER, known.id));
    link.subscriber = home.clock.id();
    assert!(home.store.subscriber_of_link(&link).await.unwrap().is_none());
}
