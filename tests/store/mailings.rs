//! Places under frequency caps: reserved with the claim, taken by what is relayed, free again whatever else happens.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use optgate::consent::EventKind;
use optgate::consent::event::Frequency;
use optgate::policy::holds::{Earlier, Stage};
use optgate::spool::{Fence, Outcome, Settlement};
use optgate::store::{Ask, Claim, NewDelivery, Seen, Store};
use uuid::Uuid;

use crate::support::*;

rules! {
    of_two_nodes_that_claim_for_one_person_only_one_finds_the_place_free,
    whoever_chose_a_cap_has_one_place_though_the_sender_has_no_caps,
    of_two_in_one_claim_the_older_comes_first,
    only_what_is_relayed_keeps_its_place,
    a_delivery_that_is_claimed_again_takes_one_place,
    i9_a_dead_nodes_place_is_free_once_its_lease_has_run_out,
    what_is_claimed_to_end_takes_no_place_and_sees_what_was_delivered,
    senders_without_caps_pay_nothing,
    i15_what_one_sender_sent_counts_for_no_other,
    an_erasure_takes_along_what_was_sent,
    what_no_window_holds_any_more_is_swept,
}

const ANNA: &str = "anna@example.se";

/// Everything of a lane, as under caps.
fn capped(lane: i64) -> Ask {
    Ask { counts_since: Some(Timestamp::UNIX_EPOCH), ..ask(lane, 64) }
}

async fn claim(store: &Store, lane: i64) -> Vec<Claim> {
    store.claim(&capped(lane)).await.unwrap().claims
}

/// One delivery to each in a campaign of its own; its lane.
async fn campaign(home: &Home, name: &str, recipients: &[String]) -> i64 {
    let delivery = |recipient: &String| {
        let mut delivery = home.delivery(recipient);
        delivery.lane.campaign = name.to_owned();
        delivery
    };
    let before = lanes(home).await;
    let messages = recipients.iter().map(|recipient| home.message(&[delivery(recipient)])).collect();
    home.store.spool(messages).await.unwrap();
    let mut new = lanes(home).await;
    new.retain(|lane| !before.contains(lane));
    new[0]
}

async fn lanes(home: &Home) -> Vec<i64> {
    let look = home.store.waiting_lanes(Seen::default(), 100).await.unwrap();
    look.waiting.iter().map(|waiting| waiting.id).collect()
}

/// What is known to have been sent to Anna.
async fn sent(home: &Home) -> Vec<Earlier> {
    let since = Some(Timestamp::UNIX_EPOCH);
    home.store.earlier(SENDER, &[address(ANNA)], since, &[]).await.unwrap().pop().unwrap()
}

async fn of_two_nodes_that_claim_for_one_person_only_one_finds_the_place_free(home: &Home) {
    let other = home.another_node().await;
    for round in 0..10 {
        let people: Vec<String> = (0..20).map(|number| format!("r{round}n{number}@example.se")).collect();
        let mut backwards = people.clone();
        backwards.reverse();
        let one = campaign(home, &format!("one{round}"), &people).await;
        let two = campaign(home, &format!("two{round}"), &backwards).await;
        let (first, second) = tokio::join!(claim(&home.store, one), claim(&other, two));
        let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for claim in first.iter().chain(&second) {
            assert!(claim.earlier.iter().all(|earlier| earlier.stage == Stage::Reserved));
            found.entry(claim.recipient.to_string()).or_default().push(claim.earlier.len());
        }
        assert_eq!(found.len(), 20);
        for (recipient, mut counts) in found {
            counts.sort_unstable();
            assert_eq!(counts, [0, 1], "{recipient}");
        }
    }
    other.close().await;
}

async fn whoever_chose_a_cap_has_one_place_though_the_sender_has_no_caps(home: &Home) {
    let other = home.another_node().await;
    let people: Vec<String> = (0..20).map(|number| format!("n{number}@example.se")).collect();
    // Half of them chose.
    let weekly = EventKind::FrequencyChosen { at_most: Frequency::Weekly };
    let chose = people.iter().step_by(2).map(|who| home.fact(who, weekly.clone())).collect();
    assert!(home.store.record(chose).await.iter().all(Result::is_ok));
    let mut backwards = people.clone();
    backwards.reverse();
    let (one, two) = (campaign(home, "one", &people).await, campaign(home, "two", &backwards).await);
    let (one, two) = (ask(one, 64), ask(two, 64));
    let (first, second) = tokio::join!(home.store.claim(&one), other.claim(&two));
    let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for claim in first.unwrap().claims.iter().chain(&second.unwrap().claims) {
        found.entry(claim.recipient.to_string()).or_default().push(claim.earlier.len());
    }
    for (number, recipient) in people.iter().enumerate() {
        let mut counts = found.remove(recipient).unwrap();
        counts.sort_unstable();
        assert_eq!(counts, if number % 2 == 0 { [0, 1] } else { [0, 0] }, "{recipient}");
    }
    // Asked before sending, the same counts, in the scope that it was about, and of nobody else.
    let recipients = [address(&people[0]), address(&people[1])];
    let own = [Some(Timestamp::UNIX_EPOCH), None];
    let earlier = home.store.earlier(SENDER, &recipients, None, &own).await.unwrap();
    assert_eq!(earlier.iter().map(Vec::len).collect::<Vec<_>>(), [2, 0]);
    assert!(earlier[0].iter().all(|one| one.scope == Some("apparel".parse().unwrap())), "{earlier:?}");
    assert_eq!(home.count("SELECT count(*) FROM mailings").await, 0, "nothing is kept for it");
    other.close().await;
}

async fn of_two_in_one_claim_the_older_comes_first(home: &Home) {
    home.spool_to(&[ANNA, "bo@example.se", ANNA, ANNA]).await;
    let mut claims = claim(&home.store, home.lane_id().await).await;
    claims.sort_by_key(|claim| claim.fence.delivery);
    let (hers, his): (Vec<&Claim>, Vec<&Claim>) =
        claims.iter().partition(|claim| claim.recipient.to_string() == ANNA);
    assert_eq!(hers.iter().map(|claim| claim.earlier.len()).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(his.iter().map(|claim| claim.earlier.len()).collect::<Vec<_>>(), [0]);
}

async fn only_what_is_relayed_keeps_its_place(home: &Home) {
    let later = home.in_seconds(0);
    let ends = [Outcome::Rejected, Outcome::Expired, Outcome::Withheld].map(Settlement::End);
    for settlement in ends.into_iter().chain([Settlement::Later(later), Settlement::Hold(later)]) {
        let own = one_claim(home).await;
        assert_eq!(sent(home).await.len(), 1, "reserved");
        home.store.settle(settle(own, settlement.clone())).await.unwrap();
        assert_eq!(sent(home).await, [], "{settlement:?}");
        finish(home).await;
    }
    let own = one_claim(home).await;
    home.store.give_back(&[own]).await.unwrap();
    assert_eq!(sent(home).await, []);
    let own = one_claim(home).await;
    home.advance(Duration::from_secs(5)).await;
    home.store.settle(settle(own, Settlement::End(Outcome::Relayed))).await.unwrap();
    let scope = Some("apparel".parse().unwrap());
    let at = home.clock.now();
    assert_eq!(sent(home).await, [Earlier { scope, at, stage: Stage::Delivered }]);
}

/// A delivery to Anna, claimed: one that waits, else a new one.
async fn one_claim(home: &Home) -> Fence {
    if lanes(home).await.is_empty() {
        home.spool_to(&[ANNA]).await;
    }
    let claims = claim(&home.store, home.lane_id().await).await;
    assert_eq!(claims.len(), 1);
    claims[0].fence
}

/// Ends what waits.
async fn finish(home: &Home) {
    if !lanes(home).await.is_empty() {
        let own = one_claim(home).await;
        home.store.settle(settle(own, Settlement::End(Outcome::Rejected))).await.unwrap();
    }
}

async fn a_delivery_that_is_claimed_again_takes_one_place(home: &Home) {
    for _ in 0..3 {
        let own = one_claim(home).await;
        home.store.settle(settle(own, Settlement::Later(home.in_seconds(0)))).await.unwrap();
    }
    let own = one_claim(home).await;
    home.store.settle(settle(own, Settlement::End(Outcome::Relayed))).await.unwrap();
    assert_eq!(sent(home).await.len(), 1);
    assert_eq!(home.count("SELECT count(*) FROM mailings").await, 1);
}

async fn i9_a_dead_nodes_place_is_free_once_its_lease_has_run_out(home: &Home) {
    let dead = home.another_node().await;
    home.spool_to(&[ANNA]).await;
    let lane = home.lane_id().await;
    let lost = claim(&dead, lane).await[0].fence;
    dead.close().await;
    home.advance(LEASE + Duration::from_secs(1)).await;
    assert_eq!(home.store.take_over_expired().await.unwrap(), 1);
    assert_eq!(sent(home).await, []);
    let own = claim(&home.store, lane).await;
    assert!(own[0].earlier.is_empty(), "its own place is no other's");
    assert_ne!(own[0].fence, lost);
    home.store.settle(settle(own[0].fence, Settlement::End(Outcome::Relayed))).await.unwrap();
    assert_eq!(sent(home).await.len(), 1);
}

async fn what_is_claimed_to_end_takes_no_place_and_sees_what_was_delivered(home: &Home) {
    let own = one_claim(home).await;
    home.store.settle(settle(own, Settlement::End(Outcome::Relayed))).await.unwrap();
    for _ in 0..2 {
        let held = one_claim(home).await;
        home.store.settle(settle(held, Settlement::Hold(home.in_seconds(4 * 86_400)))).await.unwrap();
    }
    home.advance(Duration::from_secs(3 * 86_400 + 1)).await;
    let ended = home.store.claim_expired(10).await.unwrap();
    assert_eq!(ended.len(), 2);
    for claim in ended {
        assert_eq!(claim.earlier.len(), 1, "but not the other one that ends");
    }
    assert_eq!(sent(home).await.len(), 1);
}

async fn senders_without_caps_pay_nothing(home: &Home) {
    home.spool_to(&[ANNA, ANNA]).await;
    let claims = home.store.claim(&ask(home.lane_id().await, 10)).await.unwrap().claims;
    assert!(claims.iter().all(|claim| claim.earlier.is_empty()));
    assert_eq!(home.count("SELECT count(*) FROM mailings").await, 0);
    let nothing = home.store.earlier(SENDER, &[address(ANNA), address(ANNA)], None, &[]).await.unwrap();
    assert_eq!(nothing, [[], []]);
}

async fn i15_what_one_sender_sent_counts_for_no_other(home: &Home) {
    one_claim(home).await;
    let since = Some(Timestamp::UNIX_EPOCH);
    assert_eq!(home.store.earlier("other-shop", &[address(ANNA)], since, &[]).await.unwrap(), [[]]);
    let mut delivery: NewDelivery = home.delivery(ANNA);
    delivery.lane.sender = "other-shop".into();
    let mut message = home.message(&[delivery]);
    message.sender = "other-shop".into();
    home.store.spool(vec![message]).await.unwrap();
    let claims = claim(&home.store, home.lane_id().await).await;
    assert!(claims[0].earlier.is_empty());
}

async fn an_erasure_takes_along_what_was_sent(home: &Home) {
    let recorded = home.store.record(vec![home.fact(ANNA, opt_in())]).await.pop().unwrap().unwrap();
    one_claim(home).await;
    let id: Uuid = recorded.subscriber.id;
    assert!(home.store.erase(SENDER, id, "test").await.unwrap());
    assert_eq!(home.count("SELECT count(*) FROM mailings").await, 0);
}

async fn what_no_window_holds_any_more_is_swept(home: &Home) {
    for _ in 0..2 {
        let own = one_claim(home).await;
        home.store.settle(settle(own, Settlement::End(Outcome::Relayed))).await.unwrap();
        home.advance(Duration::from_secs(86_400)).await;
    }
    let since = Some(home.in_seconds(-86_400));
    let young = home.store.earlier(SENDER, &[address(ANNA)], since, &[]).await.unwrap().pop().unwrap();
    assert_eq!(young.len(), 1);
    assert_eq!(home.store.forget_mailings(home.in_seconds(-86_400), 10).await.unwrap(), 1);
    assert_eq!(home.store.forget_mailings(home.in_seconds(-86_400), 10).await.unwrap(), 0);
    assert_eq!(sent(home).await.len(), 1);
}
