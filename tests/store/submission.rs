//! The same submission again is sent once (invariant 10).

use std::time::Duration;

use optgate::spool::{Outcome, Settlement};
use optgate::store::{NewMessage, TakenBefore};

use crate::support::*;

rules! {
    i10_the_same_again_within_a_day_is_taken_once,
    i10_the_same_at_once_on_two_nodes_is_taken_once,
    i10_the_same_twice_in_one_transaction_is_taken_once,
    i10_only_who_is_new_is_spooled_and_the_old_are_told_of_the_first,
    a_delivery_that_was_withheld_does_not_count,
    another_credential_or_content_or_day_is_another_submission,
    with_the_person_go_the_traces_of_submissions,
}

/// The same submission again: other ids, the rest alike.
fn again(home: &Home, message: &NewMessage) -> NewMessage {
    let mut message = NewMessage { id: home.clock.id(), ..message.clone() };
    message.deliveries.iter_mut().for_each(|delivery| delivery.id = home.clock.id());
    message
}

async fn spool(home: &Home, message: &NewMessage) -> Vec<TakenBefore> {
    home.store.spool(vec![message.clone()]).await.unwrap()
}

fn of_first(again: &NewMessage, first: &NewMessage) -> TakenBefore {
    TakenBefore { delivery: again.deliveries[0].id, first: first.deliveries[0].id, message: first.id }
}

async fn rows(home: &Home) -> [i64; 4] {
    let mut counts = [0; 4];
    for (count, table) in counts.iter_mut().zip(["messages", "deliveries", "contents", "verdicts"]) {
        *count = home.count(&format!("SELECT count(*) FROM {table}")).await;
    }
    counts
}

async fn i10_the_same_again_within_a_day_is_taken_once(home: &Home) {
    let first = home.message(&[home.delivery("anna@example.se")]);
    assert_eq!(spool(home, &first).await, []);
    for settled in [false, true] {
        if settled {
            let claim = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.remove(0);
            home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
        }
        home.advance(Duration::from_secs(3600)).await;
        let second = again(home, &first);
        assert_eq!(spool(home, &second).await, [of_first(&second, &first)]);
        assert_eq!(rows(home).await, [1, 1, i64::from(!settled), 1]);
    }
    let recipients = [&address("bo@example.se"), &address("Anna@example.se")];
    let known =
        home.store.taken_before(SENDER, &first.credential, &first.content, &recipients).await.unwrap();
    assert_eq!(known.into_iter().collect::<Vec<_>>(), [(1, (first.deliveries[0].id, first.id))]);
}

async fn i10_the_same_at_once_on_two_nodes_is_taken_once(home: &Home) {
    let other = home.another_node().await;
    for round in 0..20 {
        let recipients = [0, 1, 2].map(|number| home.delivery(&format!("r{round}n{number}@example.se")));
        let one = home.message(&recipients);
        let mut two = again(home, &one);
        two.deliveries.reverse();
        let (first, second) = tokio::join!(home.store.spool(vec![one]), other.spool(vec![two]));
        assert_eq!(first.unwrap().len() + second.unwrap().len(), 3);
    }
    assert_eq!(home.count("SELECT count(*) FROM deliveries").await, 60);
    other.close().await;
}

async fn i10_the_same_twice_in_one_transaction_is_taken_once(home: &Home) {
    let first = home.message(&[home.delivery("anna@example.se")]);
    let (second, third) = (again(home, &first), again(home, &first));
    let before = home.store.spool(vec![first.clone(), second.clone(), third.clone()]).await.unwrap();
    assert_eq!(before, [of_first(&second, &first), of_first(&third, &first)]);
    let (fourth, fifth) = (again(home, &first), again(home, &first));
    let before = home.store.spool(vec![fourth.clone(), fifth.clone()]).await.unwrap();
    assert_eq!(before, [of_first(&fourth, &first), of_first(&fifth, &first)]);
    assert_eq!(rows(home).await, [1; 4]);
}

async fn i10_only_who_is_new_is_spooled_and_the_old_are_told_of_the_first(home: &Home) {
    let first = home.message(&[home.delivery("anna@example.se")]);
    spool(home, &first).await;
    let mut second = again(home, &first);
    second.deliveries.push(home.delivery("bo@example.se"));
    assert_eq!(spool(home, &second).await, [of_first(&second, &first)]);
    let shown = home.store.message(SENDER, second.id).await.unwrap().unwrap();
    assert_eq!(shown.deliveries.len(), 1);
    assert_eq!(shown.deliveries[0].recipient, Some(address("bo@example.se")));
    assert_eq!(home.store.claim(&ask(home.lane_id().await, 10)).await.unwrap().claims.len(), 2);
}

async fn a_delivery_that_was_withheld_does_not_count(home: &Home) {
    let first = home.message(&[home.delivery("anna@example.se")]);
    spool(home, &first).await;
    let claim = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.remove(0);
    home.store.settle(settle(claim.fence, Settlement::End(Outcome::Withheld))).await.unwrap();
    let recipients = [&address("anna@example.se")];
    let known =
        home.store.taken_before(SENDER, &first.credential, &first.content, &recipients).await.unwrap();
    assert!(known.is_empty());
    let second = again(home, &first);
    assert_eq!(spool(home, &second).await, []);
    let third = again(home, &first);
    assert_eq!(spool(home, &third).await, [of_first(&third, &second)]);
}

async fn another_credential_or_content_or_day_is_another_submission(home: &Home) {
    let first = home.message(&[home.delivery("anna@example.se")]);
    spool(home, &first).await;
    let credential = NewMessage { credential: format!("{SENDER}/other"), ..again(home, &first) };
    let content = NewMessage { content: "Subject: other\r\n\r\n".into(), ..again(home, &first) };
    for other in [credential, content] {
        assert_eq!(spool(home, &other).await, []);
    }
    assert_eq!(home.store.forget_submissions(10).await.unwrap(), 0);
    home.advance(Duration::from_secs(24 * 3600)).await;
    let next_day = again(home, &first);
    assert_eq!(spool(home, &next_day).await, []);
    assert_eq!(home.store.forget_submissions(1).await.unwrap(), 1);
    assert_eq!(home.store.forget_submissions(10).await.unwrap(), 1);
    assert_eq!(home.count("SELECT count(*) FROM submissions").await, 1);
    let third = again(home, &first);
    assert_eq!(spool(home, &third).await, [of_first(&third, &next_day)]);
}

async fn with_the_person_go_the_traces_of_submissions(home: &Home) {
    let known = home.store.record(vec![home.fact("anna@example.se", opt_in())]).await.remove(0).unwrap();
    home.spool_to(&["anna@example.se", "bo@example.se"]).await;
    home.store.erase(SENDER, known.subscriber.id, "api").await.unwrap();
    assert_eq!(home.count("SELECT count(*) FROM submissions").await, 1);
}
