//! Recorded decisions, read back to be made again.

use std::time::Duration;

use jiff::Timestamp;
use optgate::consent::ConsentState;
use optgate::policy::decide::{Circumstances, DeliveryKind};
use optgate::policy::{Reason, VerdictKind};
use optgate::store::{FirstDecision, NewDelivery};
use uuid::Uuid;

use super::support::{Home, opt_in, refusal, withdrawal};

rules!(
    first_decisions_come_page_by_page_with_what_was_known_then,
    decisions_of_another_time_and_our_own_notifications_are_left_out,
    i16_one_decision_is_given_back_with_all_that_it_rested_on,
);

const ANNA: &str = "anna@example.se";

/// A delivery to Anna, decided on what is known of her by now.
async fn to_anna(home: &Home) -> NewDelivery {
    let known =
        home.store.consent_of("demo-shop", &[ANNA.parse().unwrap()]).await.unwrap().remove(0).unwrap();
    NewDelivery { subscriber: Some(known.id), version: known.version, ..home.delivery(ANNA) }
}

async fn record(home: &Home, kind: optgate::consent::EventKind) -> Uuid {
    let recorded = home.store.record(vec![home.fact(ANNA, kind)]).await.remove(0).unwrap();
    recorded.subscriber.id
}

fn all(home: &Home) -> (Timestamp, Timestamp) {
    (home.in_seconds(-86_400), home.in_seconds(1))
}

fn states(decisions: &[FirstDecision]) -> Vec<ConsentState> {
    decisions.iter().map(|one| one.consent.state().unwrap()).collect()
}

async fn first_decisions_come_page_by_page_with_what_was_known_then(home: &Home) {
    record(home, opt_in()).await;
    let mut made = Vec::new();
    for round in 0..3 {
        // Ids of one moment have no order.
        home.advance(Duration::from_millis(2)).await;
        let anna = to_anna(home).await;
        home.advance(Duration::from_millis(2)).await;
        let mut refused = home.delivery("bo@example.se");
        refused.admission = refusal(Reason::NoGround);
        let deliveries = [anna, refused];
        made.extend(deliveries.iter().map(|one| one.id));
        home.store.spool(vec![home.message(&deliveries)]).await.unwrap();
        if round == 1 {
            // Told later, dated earlier: it was not known before.
            home.advance(Duration::from_secs(60)).await;
            let mut fact = home.fact(ANNA, withdrawal());
            fact.occurred_at = Some(home.in_seconds(-3600));
            home.store.record(vec![fact]).await.remove(0).unwrap();
        }
    }
    let (mut found, mut after, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = home.store.first_decisions(all(home), after, 4).await.unwrap();
        found.extend(page.decisions);
        (after, pages) = (page.next, pages + 1);
        if after.is_none() {
            break;
        }
    }
    assert_eq!((found.iter().map(|one| one.delivery).collect::<Vec<_>>(), pages), (made, 2));
    let states = states(&found);
    assert_eq!(states.iter().map(|one| one.withdrawals.len()).collect::<Vec<_>>(), [0, 0, 0, 0, 1, 0]);
    assert_eq!(states.iter().map(|one| one.opt_ins.len()).collect::<Vec<_>>(), [1, 0, 1, 0, 1, 0]);
    let (anna, bo) = (&found[0], &found[1]);
    assert_eq!(
        (anna.verdict, bo.verdict, bo.reason),
        (VerdictKind::Deliver, VerdictKind::Refuse, Some(Reason::NoGround))
    );
    assert_eq!((anna.person == bo.person, anna.person == found[2].person), (false, true));
    let facts = home.store.facts_of(anna.facts.into_iter()).await.unwrap();
    assert_eq!(facts[&anna.facts.unwrap()], super::support::facts());
    // A history that lacks a fact is none.
    home.sql("DELETE FROM consent_events WHERE version = 1").await;
    let page = home.store.first_decisions(all(home), None, 1).await.unwrap();
    assert!(page.decisions[0].consent.state().is_err());
}

async fn decisions_of_another_time_and_our_own_notifications_are_left_out(home: &Home) {
    home.spool_to(&["old@example.se"]).await;
    home.advance(Duration::from_secs(2 * 86_400)).await;
    let new = home.spool_to(&["new@example.se"]).await;
    let mut ours = home.message(&[home.delivery("bounces@shop.example")]);
    ours.kind = DeliveryKind::Dsn;
    home.store.spool(vec![ours]).await.unwrap();
    let page = home.store.first_decisions(all(home), None, 10).await.unwrap();
    assert_eq!(page.decisions.iter().map(|one| one.delivery).collect::<Vec<_>>(), new);
    assert!(page.next.is_none());
}

async fn i16_one_decision_is_given_back_with_all_that_it_rested_on(home: &Home) {
    assert!(home.store.decision(Uuid::nil()).await.unwrap().is_none());
    let anna = record(home, opt_in()).await;
    let mut delivery = to_anna(home).await;
    delivery.circumstances = Circumstances::after([("apparel".parse().unwrap(), home.in_seconds(-60))]);
    let message = home.message(std::slice::from_ref(&delivery));
    home.store.spool(vec![message.clone()]).await.unwrap();
    record(home, withdrawal()).await;
    let found = home.store.decision(delivery.id).await.unwrap().unwrap();
    assert_eq!(
        (found.message, found.facts, found.received_at),
        (message.id, message.facts, message.received_at)
    );
    assert_eq!(found.recipient.map(|address| address.to_string()).as_deref(), Some(ANNA));
    let round = &found.rounds[0];
    assert_eq!((found.rounds.len(), round.number, round.at), (1, 0, message.received_at));
    assert_eq!((round.subscriber, round.version, &*round.policy), (Some(anna), 1, "policy-hash"));
    assert_eq!(
        (round.verdict.verdict, &round.circumstances),
        (VerdictKind::Deliver, &delivery.circumstances)
    );
    let history = home.store.history_until("demo-shop", anna, round.version).await.unwrap();
    assert_eq!((history.len(), history[0].0.kind.word()), (1, "opt_in"));
    assert!(history[0].1.is_some(), "with its evidence");
}
