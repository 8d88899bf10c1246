//! The queue: spooled, claimed, settled; leases and fences.

use std::collections::HashSet;
use std::time::Duration;

use optgate::policy::decide::DeliveryKind;
use optgate::policy::{Reason, Stream, Verdict, VerdictKind};
use optgate::spool::{Fence, Outcome, Settlement, State};
use optgate::store::{DeliveryFilter, NewMessage, Order, Reach, Seen, Settled};

use crate::support::*;

rules! {
    what_is_spooled_is_claimed_with_all_that_sending_needs,
    an_end_drops_the_content_with_the_last_delivery,
    what_is_refused_is_recorded_and_never_queued,
    a_later_is_due_then_and_not_before,
    i10_a_settle_with_an_old_fence_changes_nothing,
    i9_a_lease_that_ran_out_is_taken_over,
    a_node_takes_back_its_own_at_start,
    what_is_given_back_counts_no_attempt,
    i3_a_claim_is_as_old_as_its_beginning,
    what_is_made_due_is_all_that_matches,
    two_nodes_never_claim_the_same_delivery,
    lanes_wait_functional_first_and_each_comes_up_in_its_turn,
    what_is_past_its_deadline_is_claimed_whatever_its_lane,
    a_look_passes_so_many_lanes_due_or_not,
    notifications_wait_in_lanes_of_their_own,
    a_lane_goes_when_nothing_waits_in_it_and_nobody_uses_it,
    i14_a_hold_that_is_written_after_a_release_is_released_by_the_next,
}

async fn what_is_spooled_is_claimed_with_all_that_sending_needs(home: &Home) {
    let message = home.message(&[home.delivery("anna@example.se"), home.delivery("bo@example.se")]);
    home.store.spool(vec![message.clone()]).await.unwrap();
    let lane_id = home.lane_id().await;
    let claims = home.store.claim(&ask(lane_id, 10)).await.unwrap().claims;
    assert_eq!(claims.len(), 2);
    for claim in &claims {
        let delivery = message.deliveries.iter().find(|one| one.id == claim.fence.delivery).unwrap();
        assert_eq!(claim.message, message.id);
        assert_eq!(claim.recipient, delivery.recipient);
        assert_eq!(claim.content, message.content);
        assert_eq!(claim.facts, message.facts);
        assert_eq!(claim.envelope_sender, message.envelope_sender);
        assert_eq!(claim.trace, message.trace);
        assert_eq!(claim.received_at, message.received_at);
        assert_eq!(claim.deadline, delivery.deadline);
        assert_eq!(claim.lane, delivery.lane);
        assert_eq!(claim.attempts, 0);
        assert_eq!(claim.verdict, verdict(VerdictKind::Deliver, None));
        // The unsubscribe link of an unknown person needs a subscriber: spooling made one.
        assert!(claim.consent.as_ref().unwrap().person.is_some());
    }
    assert_eq!(home.count("SELECT count(*) FROM deliveries WHERE subscriber IS NULL").await, 0);
    assert!(home.store.claim(&ask(lane_id, 10)).await.unwrap().claims.is_empty());
    let in_hand = home.store.in_hand().await.unwrap();
    assert_eq!((in_hand.len(), in_hand[0].count), (1, 2));
    assert_eq!(in_hand[0].lane, lane("example.se"));
}

async fn an_end_drops_the_content_with_the_last_delivery(home: &Home) {
    let message = home.message(&[home.delivery("anna@example.se"), home.delivery("bo@example.se")]);
    home.store.spool(vec![message.clone()]).await.unwrap();
    let claims = home.store.claim(&ask(home.lane_id().await, 10)).await.unwrap().claims;
    let end = |fence| settle(fence, Settlement::End(Outcome::Relayed));
    assert_eq!(home.store.settle(end(claims[0].fence)).await.unwrap(), Settled::Done);
    assert_eq!(home.count("SELECT count(*) FROM contents").await, 1);
    assert_eq!(home.store.settle(end(claims[1].fence)).await.unwrap(), Settled::Done);
    assert_eq!(home.count("SELECT count(*) FROM contents").await, 0);
    let shown = home.store.message(SENDER, message.id).await.unwrap().unwrap();
    assert_eq!(shown.size, message.content.len() as u64);
    assert_eq!(shown.stream, Some(Stream::Marketing));
    assert!(shown.deliveries.iter().all(|one| one.state == State::Ended(Outcome::Relayed)));
    assert!(shown.deliveries.iter().any(|one| one.recipient == Some(address("anna@example.se"))));
    assert!(home.store.in_hand().await.unwrap().is_empty());
}

async fn what_is_refused_is_recorded_and_never_queued(home: &Home) {
    let mut delivery = home.delivery("anna@example.se");
    delivery.admission = refusal(Reason::NoGround);
    let message = home.message(&[delivery.clone()]);
    home.store.spool(vec![message.clone()]).await.unwrap();
    assert!(home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting.is_empty());
    assert_eq!(home.count("SELECT count(*) FROM contents").await, 0);
    assert_eq!(home.count("SELECT count(*) FROM subscribers").await, 0);
    let shown = home.store.message(SENDER, message.id).await.unwrap().unwrap();
    let shown = &shown.deliveries[0];
    assert_eq!((shown.state, shown.reason), (State::Ended(Outcome::Refused), Some(Reason::NoGround)));
    assert_eq!(shown.verdict.reason, Some(Reason::NoGround));
    assert_eq!((shown.next_attempt_at, shown.attempts), (None, 0));
}

async fn a_later_is_due_then_and_not_before(home: &Home) {
    home.spool_to(&["anna@example.se"]).await;
    let lane = home.lane_id().await;
    let claim = home.store.claim(&ask(lane, 1)).await.unwrap().claims.remove(0);
    let mut later = settle(claim.fence, Settlement::Later(home.in_seconds(120)));
    later.because.response = Some("451 4.7.1 try\0again".into());
    assert_eq!(home.store.settle(later).await.unwrap(), Settled::Done);
    home.advance(Duration::from_secs(119)).await;
    assert!(home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting.is_empty());
    assert!(home.store.claim(&ask(lane, 1)).await.unwrap().claims.is_empty());
    home.advance(Duration::from_secs(1)).await;
    let again = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.remove(0);
    assert_eq!((again.attempts, again.fence.number), (1, claim.fence.number + 1));
    let shown = home.store.deliveries(&DeliveryFilter::default()).await.unwrap().deliveries.remove(0);
    assert_eq!(shown.last_response.as_deref(), Some("451 4.7.1 try again"));
    // Beyond the deadline there is no later; and a hold is no attempt.
    let hold = settle(again.fence, Settlement::Hold(home.in_seconds(30 * 86_400)));
    home.store.settle(hold).await.unwrap();
    let shown = home.store.deliveries(&DeliveryFilter::default()).await.unwrap().deliveries.remove(0);
    assert_eq!((shown.state, shown.attempts), (State::Held, 1));
    assert_eq!(shown.next_attempt_at, Some(shown.deadline));
}

async fn i10_a_settle_with_an_old_fence_changes_nothing(home: &Home) {
    home.spool_to(&["anna@example.se"]).await;
    let old = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.remove(0);
    home.advance(LEASE + Duration::from_secs(1)).await;
    let other = home.another_node().await;
    assert_eq!(other.take_over_expired().await.unwrap(), 1);
    let dsn = NewMessage { facts: None, ..home.message(&[home.delivery("bounces@shop.example")]) };
    let mut late = settle(old.fence, Settlement::End(Outcome::Rejected));
    late.dsn = Some(dsn);
    assert_eq!(home.store.settle(late.clone()).await.unwrap(), Settled::Fenced);
    let new = other.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.remove(0);
    assert_eq!(home.store.settle(late.clone()).await.unwrap(), Settled::Fenced);
    late.fence = new.fence;
    assert_eq!(home.store.settle(late).await.unwrap(), Settled::Fenced, "the number, but another node");
    assert_eq!(home.count("SELECT count(*) FROM messages").await, 1, "no DSN for what was not settled");
    let end = settle(new.fence, Settlement::End(Outcome::Relayed));
    assert_eq!(other.settle(end).await.unwrap(), Settled::Done);
    other.close().await;
}

async fn i9_a_lease_that_ran_out_is_taken_over(home: &Home) {
    home.spool_to(&["anna@example.se", "bo@example.se"]).await;
    let claims = home.store.claim(&ask(home.lane_id().await, 2)).await.unwrap().claims;
    home.advance(LEASE / 2).await;
    assert!(home.store.renew(&[claims[0].fence]).await.unwrap().is_empty());
    home.advance(LEASE / 2 + Duration::from_secs(1)).await;
    assert_eq!(home.store.take_back_expired(&[]).await.unwrap(), 1);
    let stranger = Fence { delivery: claims[0].fence.delivery, number: 99 };
    let fences = [claims[0].fence, claims[1].fence, stranger];
    assert_eq!(home.store.renew(&fences).await.unwrap(), [claims[1].fence, stranger]);
    let again = home.store.claim(&ask(home.lane_id().await, 10)).await.unwrap().claims;
    assert_eq!(again.len(), 1);
    assert_eq!((again[0].fence.delivery, again[0].attempts), (claims[1].fence.delivery, 1));
}

async fn a_node_takes_back_its_own_at_start(home: &Home) {
    home.spool_to(&["anna@example.se", "bo@example.se"]).await;
    let lane = home.lane_id().await;
    let other = home.another_node().await;
    home.store.claim(&ask(lane, 1)).await.unwrap();
    other.claim(&ask(lane, 1)).await.unwrap();
    let restarted = home.restarted().await;
    assert_eq!(restarted.take_back_own().await.unwrap(), 1);
    assert_eq!(restarted.claim(&ask(lane, 10)).await.unwrap().claims.len(), 1);
    restarted.close().await;
    other.close().await;
}

async fn what_is_given_back_counts_no_attempt(home: &Home) {
    home.spool_to(&["anna@example.se"]).await;
    let lane = home.lane_id().await;
    let claim = home.store.claim(&ask(lane, 1)).await.unwrap().claims.remove(0);
    home.store.give_back(&[claim.fence]).await.unwrap();
    assert_eq!(home.store.claim(&ask(lane, 1)).await.unwrap().claims[0].attempts, 0);
}

async fn i3_a_claim_is_as_old_as_its_beginning(home: &Home) {
    home.spool_to(&["anna@example.se"]).await;
    let lane = home.lane_id().await;
    let begun = home.clock.now();
    let asked = ask(lane, 10);
    // The claim has begun when the clock goes on; the database takes its time, and what was read by then is not
    // fresh any more.
    let time_passes = async { home.clock.advance(Duration::from_secs(5)) };
    let (claimed, ()) = tokio::join!(biased; home.store.claim(&asked), time_passes);
    let claims = claimed.unwrap().claims;
    assert_eq!((claims.len(), claims[0].claimed_at), (1, begun));
}

async fn what_is_made_due_is_all_that_matches(home: &Home) {
    home.spool_to(&["a@example.se", "b@example.se", "c@example.se", "d@example.se", "e@example.se"]).await;
    for claim in home.store.claim(&ask(home.lane_id().await, 10)).await.unwrap().claims {
        let later = settle(claim.fence, Settlement::Later(home.in_seconds(3600)));
        home.store.settle(later).await.unwrap();
    }
    let mut filter =
        DeliveryFilter { campaign: Some("spring".into()), limit: 2, ..DeliveryFilter::default() };
    let mut slices = Vec::new();
    loop {
        let obeyed = home.store.order(Order::Retry, &filter).await.unwrap();
        slices.push(obeyed.changed.len());
        filter.after = obeyed.next;
        if obeyed.next.is_none() {
            break;
        }
    }
    assert_eq!(slices, [2, 2, 1]);
    assert_eq!(home.store.claim(&ask(home.lane_id().await, 10)).await.unwrap().claims.len(), 5);
}

async fn two_nodes_never_claim_the_same_delivery(home: &Home) {
    let recipients: Vec<String> = (0..200).map(|n| format!("person{n}@example.se")).collect();
    let spooled = home.spool_to(&recipients.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let lane = home.lane_id().await;
    let other = home.another_node().await;
    let drain = |store: optgate::store::Store| async move {
        let mut mine = Vec::new();
        loop {
            let claims = store.claim(&ask(lane, 7)).await.unwrap().claims;
            assert!(claims.len() <= 7);
            if claims.is_empty() {
                return mine;
            }
            mine.extend(claims.into_iter().map(|claim| claim.fence.delivery));
        }
    };
    let workers = [home.store.clone(), other.clone(), home.store.clone(), other.clone()]
        .map(|one| tokio::spawn(drain(one)));
    let mut claimed = Vec::new();
    for worker in workers {
        claimed.extend(worker.await.unwrap());
    }
    assert_eq!(claimed.len(), spooled.len());
    assert_eq!(claimed.into_iter().collect::<HashSet<_>>(), spooled.into_iter().collect());
    other.close().await;
}

async fn lanes_wait_functional_first_and_each_comes_up_in_its_turn(home: &Home) {
    for (recipient, stream) in [
        ("anna@one.example", Stream::Marketing),
        ("bo@two.example", Stream::Marketing),
        ("cia@three.example", Stream::Functional),
    ] {
        let mut delivery = home.delivery(recipient);
        delivery.lane.stream = stream;
        home.store.spool(vec![home.message(&[delivery])]).await.unwrap();
        home.advance(Duration::from_secs(1)).await;
    }
    let names = |lanes: Vec<optgate::store::WaitingLane>| -> Vec<String> {
        lanes.into_iter().map(|waiting| waiting.lane.provider).collect()
    };
    let lanes = home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting;
    assert_eq!(names(lanes), ["three.example", "one.example", "two.example"]);
    let first = home.store.waiting_lanes(Seen::default(), 1).await.unwrap().waiting;
    let seen = Seen { marketing: first[1].id, functional: first[0].id, ..Seen::default() };
    assert_eq!(names(first), ["three.example", "one.example"]);
    let next = home.store.waiting_lanes(seen, 1).await.unwrap().waiting;
    let seen = Seen { marketing: next[1].id, ..seen };
    assert_eq!(names(next), ["three.example", "two.example"]);
    let round = home.store.waiting_lanes(seen, 1).await.unwrap().waiting;
    assert_eq!(names(round), ["three.example", "one.example"]);
}

async fn what_is_past_its_deadline_is_claimed_whatever_its_lane(home: &Home) {
    home.spool_to(&["anna@one.example", "bo@two.example"]).await;
    assert!(home.store.claim_expired(10).await.unwrap().is_empty());
    home.advance(Duration::from_secs(3 * 86_400)).await;
    let claims = home.store.claim_expired(10).await.unwrap();
    assert_eq!(claims.len(), 2);
    for claim in claims {
        home.store.settle(settle(claim.fence, Settlement::End(Outcome::Expired))).await.unwrap();
    }
    assert!(home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting.is_empty());
}

async fn a_look_passes_so_many_lanes_due_or_not(home: &Home) {
    for number in 0..6 {
        home.spool_to(&[&format!("anna@{number}.example")]).await;
    }
    let look = home.store.waiting_lanes(Seen::default(), 10).await.unwrap();
    assert_eq!((look.waiting.len(), look.reach), (6, Reach::All));
    // Two of them are put off.
    for waiting in &look.waiting[1..3] {
        let claim = home.store.claim(&ask(waiting.id, 1)).await.unwrap().claims.remove(0);
        home.store.settle(settle(claim.fence, Settlement::Later(home.in_seconds(60)))).await.unwrap();
    }
    let first = home.store.waiting_lanes(Seen::default(), 4).await.unwrap();
    assert_eq!((first.passed.len(), first.waiting.len(), first.reach), (4, 2, Reach::Part));
    let seen = Seen { marketing: first.passed[3].1, ..Seen::default() };
    let rest = home.store.waiting_lanes(seen, 4).await.unwrap();
    let passed: Vec<i64> = rest.passed.iter().map(|(_, lane)| *lane).collect();
    let ids: Vec<i64> = look.waiting.iter().map(|waiting| waiting.id).collect();
    assert_eq!(passed, [ids[4], ids[5], ids[0], ids[1]], "on, and round");
}

async fn notifications_wait_in_lanes_of_their_own(home: &Home) {
    let mut dsn = home.delivery("bounces@shop.example");
    dsn.lane.stream = Stream::Functional;
    let mut other = home.delivery("anna@shop.example");
    other.lane = dsn.lane.clone();
    let (dsn, other) = (home.message(&[dsn]), home.message(&[other]));
    home.store.spool(vec![NewMessage { kind: DeliveryKind::Dsn, ..dsn }, other]).await.unwrap();
    let lanes = home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting;
    assert_eq!(lanes.len(), 2);
    assert_eq!(lanes[0].lane, lanes[1].lane);
    for lane in lanes {
        let claims = home.store.claim(&ask(lane.id, 10)).await.unwrap().claims;
        assert_eq!((claims.len(), claims[0].kind), (1, lane.kind));
    }
}

async fn a_lane_goes_when_nothing_waits_in_it_and_nobody_uses_it(home: &Home) {
    const DAY: Duration = Duration::from_secs(86_400);
    home.spool_to(&["anna@ended.example", "bo@waiting.example", "cia@claimed.example"]).await;
    for lane in home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting {
        if lane.lane.provider == "waiting.example" {
            continue;
        }
        let claim = home.store.claim(&ask(lane.id, 1)).await.unwrap().claims.remove(0);
        if lane.lane.provider == "ended.example" {
            home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
        }
    }
    assert_eq!(home.store.forget_idle_lanes().await.unwrap(), 0, "nobody knows yet that it is idle");
    home.advance(90 * DAY + Duration::from_secs(1)).await;
    home.spool_to(&["dora@new.example"]).await;
    assert_eq!(home.store.forget_idle_lanes().await.unwrap(), 1);
    assert_eq!(home.count("SELECT count(*) FROM lanes").await, 3);
    // What ended in it is still shown, and the lane is made anew.
    let shown = home.store.deliveries(&DeliveryFilter::default()).await.unwrap().deliveries;
    assert_eq!(shown.len(), 4);
    let ended = shown.iter().find(|one| one.lane.provider.is_empty()).unwrap();
    assert_eq!((ended.state, ended.lane.campaign.as_str()), (State::Ended(Outcome::Relayed), "spring"));
    home.spool_to(&["anna@ended.example"]).await;
    let lanes = home.store.waiting_lanes(Seen::default(), 10).await.unwrap().waiting;
    assert!(lanes.iter().any(|lane| lane.lane.provider == "ended.example"));
    assert_eq!(home.count("SELECT count(*) FROM lanes").await, 4);
}

async fn i14_a_hold_that_is_written_after_a_release_is_released_by_the_next(home: &Home) {
    let release = || async { home.store.release_restoring().await.unwrap() };
    home.spool_to(&["anna@example.se"]).await;
    let lane = home.lane_id().await;
    let claim = || async { home.store.claim(&ask(lane, 1)).await.unwrap().claims.remove(0) };
    let first = claim().await;
    assert_eq!(release().await, 0);
    let held = |fence| {
        let mut hold = settle(fence, Settlement::Hold(home.in_seconds(600)));
        hold.because.reason = Some(Reason::Restoring);
        hold
    };
    home.store.settle(held(first.fence)).await.unwrap();
    assert_eq!(release().await, 1);
    let again = claim().await;
    home.store.settle(held(again.fence)).await.unwrap();
    // What another node holds for its own journal's sake, its own release lets go.
    assert_eq!(home.another_node().await.release_restoring().await.unwrap(), 1);
    assert_eq!(release().await, 0);

    let mut delivery = home.delivery("bo@example.se");
    let until = Some(home.in_seconds(600));
    delivery.admission = admission(Verdict { until, ..verdict(VerdictKind::Hold, Some(Reason::Restoring)) });
    home.store.spool(vec![home.message(&[delivery])]).await.unwrap();
    assert_eq!(release().await, 1);
    assert_eq!(release().await, 0);
}
