//! A clock that steps, and outcomes that wait for the store.

use std::time::Duration;

use optgate::spool::{Outcome, Settlement};
use optgate::store::{DeliveryFilter, Seen, Settled};

use crate::support::*;

rules! {
    i9_what_waits_waits_no_longer_when_the_clock_goes_back,
    i10_what_is_in_hand_is_not_taken_back_however_late_its_outcome_is,
    i12_who_is_erased_while_their_mail_is_settled_leaves_no_address,
}

async fn i9_what_waits_waits_no_longer_when_the_clock_goes_back(home: &Home) {
    let ids = home.spool_to(&["anna@example.se", "bo@example.se", "cia@example.se"]).await;
    let lane = home.lane_id().await;
    let claims = home.store.claim(&ask(lane, 2)).await.unwrap().claims;
    let later = settle(claims[0].fence, Settlement::Later(home.in_seconds(60)));
    home.store.settle(later).await.unwrap();
    let hours = Duration::from_secs(5 * 3600);
    home.step_back(hours).await;
    assert!(home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting.is_empty());
    assert_eq!(home.store.clock_went_back(hours).await.unwrap(), 3);
    // What was due is due, and what waits for a minute waits for a minute.
    assert_eq!(home.store.claim(&ask(lane, 10)).await.unwrap().claims.len(), 1);
    home.advance(Duration::from_secs(60)).await;
    let again = home.store.claim(&ask(lane, 10)).await.unwrap().claims;
    assert_eq!(again.iter().map(|one| one.fence.delivery).collect::<Vec<_>>(), [claims[0].fence.delivery]);
    // A dead node's lease runs out in its time.
    let other = home.another_node().await;
    home.advance(LEASE).await;
    assert_eq!(other.take_over_expired().await.unwrap(), 2);
    home.advance(Duration::from_secs(1)).await;
    assert_eq!(other.take_over_expired().await.unwrap(), 1);
    assert_eq!(home.store.deliveries(&DeliveryFilter::default()).await.unwrap().deliveries.len(), ids.len());
    other.close().await;
}

async fn i10_what_is_in_hand_is_not_taken_back_however_late_its_outcome_is(home: &Home) {
    home.spool_to(&["anna@example.se", "bo@example.se"]).await;
    let claims = home.store.claim(&ask(home.lane_id().await, 2)).await.unwrap().claims;
    home.advance(LEASE * 3).await;
    assert_eq!(home.store.take_over_expired().await.unwrap(), 0, "one's own are no others'");
    let in_hand = [claims[0].fence];
    assert_eq!(home.store.take_back_expired(&in_hand).await.unwrap(), 1);
    let end = settle(claims[0].fence, Settlement::End(Outcome::Relayed));
    assert_eq!(home.store.settle(end).await.unwrap(), Settled::Done);
    let end = settle(claims[1].fence, Settlement::End(Outcome::Relayed));
    assert_eq!(home.store.settle(end).await.unwrap(), Settled::Fenced);
}

async fn i12_who_is_erased_while_their_mail_is_settled_leaves_no_address(home: &Home) {
    let other = home.another_node().await;
    for round in 0..20 {
        let who = format!("person{round}@example.se");
        let known = home.store.record(vec![home.fact(&who, opt_in())]).await.remove(0).unwrap().subscriber;
        home.spool_to(&[&who]).await;
        home.advance(Duration::from_secs(1)).await;
        let claim = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.remove(0);
        let (settled, erased) = tokio::join!(
            home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))),
            other.erase(SENDER, known.id, "api"),
        );
        assert_eq!((settled.unwrap(), erased.unwrap()), (Settled::Done, true));
    }
    assert_eq!(home.count("SELECT count(*) FROM deliveries WHERE recipient IS NOT NULL").await, 0);
    other.close().await;
}
