//! The batching writer: everybody is told of their own.

use optgate::policy::{Reason, VerdictKind};
use optgate::spool::{Outcome, Settlement, State};
use optgate::store::{DeliveryFilter, NewMessage, Order, Redecided, Seen, Settled, StoreError};

use crate::support::*;

rules! {
    i1_each_of_many_callers_is_told_of_its_own,
    what_waits_is_written_before_the_store_closes,
    a_settlement_and_its_notification_are_one,
    a_claim_settled_twice_at_once_is_settled_once,
    deliveries_are_listed_as_asked_and_made_due,
    large_and_many_are_kept_whole,
}

async fn i1_each_of_many_callers_is_told_of_its_own(home: &Home) {
    let taken = home.delivery("taken@example.se");
    home.store.spool(vec![home.message(std::slice::from_ref(&taken))]).await.unwrap();
    let calls = (0..100).map(|number| {
        let mut delivery = home.delivery(&format!("person{number}@example.se"));
        let spoiled = number % 10 == 3;
        if spoiled {
            // An id that is there already: the database refuses this row.
            delivery.id = taken.id;
        }
        let message = home.message(&[delivery]);
        let store = home.store.clone();
        let call = async move { (message.id, spoiled, store.spool(vec![message]).await) };
        tokio::spawn(call)
    });
    for call in calls.collect::<Vec<_>>() {
        let (id, spoiled, told) = call.await.unwrap();
        let there = home.store.message(SENDER, id).await.unwrap().is_some();
        match told {
            Ok(_) => assert!(there && !spoiled),
            Err(error) => assert!(matches!(error, StoreError::Exists) && !there && spoiled),
        }
    }
}

async fn what_waits_is_written_before_the_store_closes(home: &Home) {
    let other = home.another_node().await;
    let calls: Vec<_> = (0..50)
        .map(|number| {
            let message = home.message(&[home.delivery(&format!("person{number}@example.se"))]);
            let store = other.clone();
            tokio::spawn(async move { (message.id, store.spool(vec![message]).await) })
        })
        .collect();
    other.close().await;
    for call in calls {
        let (id, told) = call.await.unwrap();
        let there = home.store.message(SENDER, id).await.unwrap().is_some();
        // Who came too late is told so.
        assert_eq!(told.is_ok(), there);
    }
}

async fn a_settlement_and_its_notification_are_one(home: &Home) {
    home.spool_to(&["anna@example.se"]).await;
    let claim = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.remove(0);
    let dsn = NewMessage { facts: None, ..home.message(&[home.delivery("bounces@shop.example")]) };
    let mut end = settle(claim.fence, Settlement::End(Outcome::Withheld));
    let second = verdict(VerdictKind::Refuse, Some(Reason::Withdrawn));
    end.because.reason = Some(Reason::Withdrawn);
    let (at, person) = (home.clock.now(), None);
    end.verdict = Some(Redecided { verdict: second.clone(), at, person, circumstances: Default::default() });
    end.policy = "a-younger-policy".into();
    end.dsn = Some(dsn.clone());
    assert_eq!(home.store.settle(end).await.unwrap(), Settled::Done);
    let filter = DeliveryFilter { deliveries: vec![claim.fence.delivery], ..DeliveryFilter::default() };
    let shown = home.store.deliveries(&filter).await.unwrap().deliveries.remove(0);
    assert_eq!((shown.state, shown.reason), (State::Ended(Outcome::Withheld), Some(Reason::Withdrawn)));
    assert_eq!((shown.verdict, &*shown.policy), (second, "a-younger-policy"));
    let dsn = home.store.message(SENDER, dsn.id).await.unwrap().unwrap();
    assert_eq!((dsn.stream, dsn.deliveries[0].state), (None, State::Queued));
}

async fn a_claim_settled_twice_at_once_is_settled_once(home: &Home) {
    home.spool_to(&["anna@example.se"]).await;
    let claim = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.remove(0);
    let end = |outcome| home.store.settle(settle(claim.fence, Settlement::End(outcome)));
    let (one, two) = tokio::join!(end(Outcome::Relayed), end(Outcome::Expired));
    let mut told = [one.unwrap(), two.unwrap()];
    told.sort_by_key(|told| *told == Settled::Fenced);
    assert_eq!(told, [Settled::Done, Settled::Fenced]);
}

async fn deliveries_are_listed_as_asked_and_made_due(home: &Home) {
    let ids = home.spool_to(&["anna@one.example", "bo@two.example", "cia@two.example"]).await;
    let list = async |filter: DeliveryFilter| home.store.deliveries(&filter).await.unwrap().deliveries;
    let all = DeliveryFilter::default;
    assert_eq!(list(all()).await.len(), 3);
    assert_eq!(list(DeliveryFilter { provider: Some("two.example".into()), ..all() }).await.len(), 2);
    assert_eq!(list(DeliveryFilter { campaign: Some("autumn".into()), ..all() }).await.len(), 0);
    let to = list(DeliveryFilter { to: Some(address("BO@two.example")), ..all() }).await;
    assert_eq!(to[0].delivery, ids[1]);
    let page = list(DeliveryFilter { limit: 2, ..all() }).await;
    let rest = list(DeliveryFilter { after: Some(page[1].delivery), ..all() }).await;
    assert_eq!((page.len(), rest.len()), (2, 1));
    let two = DeliveryFilter { deliveries: vec![ids[0], ids[2]], ..all() };
    assert_eq!(list(two.clone()).await.len(), 2);

    for lane in home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting {
        for claim in home.store.claim(&ask(lane.id, 10)).await.unwrap().claims {
            let shown = list(DeliveryFilter { state: Some(State::Queued), ..all() }).await;
            assert_eq!(shown.len(), 3, "what is in hand is shown as queued");
            let later = settle(claim.fence, Settlement::Later(home.in_seconds(3600)));
            home.store.settle(later).await.unwrap();
        }
    }
    assert!(home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting.is_empty());
    assert_eq!(home.store.order(Order::Retry, &two).await.unwrap().changed.len(), 2);
    assert_eq!(home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting.len(), 2);
}

async fn large_and_many_are_kept_whole(home: &Home) {
    let deliveries: Vec<_> =
        (0..300).map(|number| home.delivery(&format!("person{number}@example.se"))).collect();
    let mut message = home.message(&deliveries);
    message.content = "0123456789abcdef".repeat(100_000).into();
    home.store.spool(vec![message.clone()]).await.unwrap();
    let claims = home.store.claim(&ask(home.lane_id().await, 300)).await.unwrap().claims;
    assert_eq!(claims.len(), 300);
    assert!(claims.iter().all(|claim| claim.content == message.content));
    let settles = claims.iter().map(|claim| {
        let end = settle(claim.fence, Settlement::End(Outcome::Relayed));
        let store = home.store.clone();
        tokio::spawn(async move { store.settle(end).await.unwrap() })
    });
    for told in settles.collect::<Vec<_>>() {
        assert_eq!(told.await.unwrap(), Settled::Done);
    }
    assert_eq!(home.count("SELECT count(*) FROM contents").await, 0);
}
