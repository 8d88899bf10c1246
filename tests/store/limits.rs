//! Permits: counted for the whole cluster, over every window. The counting itself has property tests beside it.

use std::time::Duration;

use optgate::policy::shaping::{LimitMatch, Per, Rate};
use optgate::spool::{Outcome, Settlement};
use optgate::store::{Ask, Cap, Draw, Store};
use sqlx::{Connection as _, PgConnection};

use crate::support::*;

rules! {
    two_nodes_share_a_pace_and_a_quota,
    a_draw_on_several_limits_takes_the_same_from_each,
    a_quota_outlives_a_restart_and_frees_up_with_its_window,
    nodes_that_ask_at_once_never_get_more_than_there_is,
    a_permit_is_taken_only_for_what_is_claimed,
    a_quota_gets_back_what_was_claimed_and_did_not_leave,
    no_two_nodes_together_have_more_in_hand_than_a_limit_says,
    a_concurrency_of_one_upstream_does_not_count_what_leaves_by_another,
    a_limit_in_use_outlives_the_sweep_of_idle_ones,
    the_sweep_of_idle_limits_waits_for_no_claim,
}

fn draw(counter: &str, permits: u32, per: Per) -> Draw {
    Draw { counter: counter.into(), rate: Rate { permits, per } }
}

/// So many deliveries in one lane; its id.
async fn waiting(home: &Home, count: usize) -> i64 {
    let recipients: Vec<String> = (0..count).map(|number| format!("r{number}@example.se")).collect();
    home.spool_to(&recipients.iter().map(String::as_str).collect::<Vec<_>>()).await;
    home.lane_id().await
}

/// How many could be claimed under these draws.
async fn take(store: &Store, lane: i64, draws: &[Draw], want: u32) -> u32 {
    let claims = store.claim(&Ask { draws: draws.to_vec(), ..ask(lane, want) }).await.unwrap().claims;
    u32::try_from(claims.len()).unwrap()
}

async fn two_nodes_share_a_pace_and_a_quota(home: &Home) {
    let (lane, other) = (waiting(home, 60).await, home.another_node().await);
    let draws = [draw("google", 20, Per::Second), draw("google", 50, Per::Hour)];
    let mut taken = 0;
    for _ in 0..10 {
        for store in [&home.store, &other] {
            let slice = take(store, lane, &draws, 100).await;
            assert!(slice <= 2, "a slice of 100 ms at most: {slice}");
            taken += slice;
        }
        home.advance(Duration::from_millis(100)).await;
    }
    assert!((18..=22).contains(&taken), "{taken} in a second");
    for _ in 0..60 {
        taken += take(&other, lane, &draws, 100).await;
        home.advance(Duration::from_millis(100)).await;
    }
    assert_eq!(taken, 50, "the quota of the hour");
    other.close().await;
}

async fn a_draw_on_several_limits_takes_the_same_from_each(home: &Home) {
    let lane = waiting(home, 130).await;
    let (wide, narrow) = (draw("wide", 100, Per::Day), draw("narrow", 3, Per::Day));
    assert_eq!(take(&home.store, lane, &[wide.clone(), narrow.clone()], 10).await, 3);
    assert_eq!(take(&home.store, lane, &[narrow, wide.clone()], 10).await, 0);
    assert_eq!(take(&home.store, lane, &[wide], 1000).await, 97);
    assert_eq!(take(&home.store, lane, &[], 5).await, 5);
}

async fn a_quota_outlives_a_restart_and_frees_up_with_its_window(home: &Home) {
    let (lane, draws) = (waiting(home, 40).await, [draw("quota", 10, Per::Hour)]);
    assert_eq!(take(&home.store, lane, &draws, 7).await, 7);
    home.advance(Duration::from_secs(1800)).await;
    let restarted = home.restarted().await;
    assert_eq!(take(&restarted, lane, &draws, 7).await, 3);
    home.advance(Duration::from_secs(1799)).await;
    assert_eq!(take(&restarted, lane, &draws, 7).await, 0);
    home.advance(Duration::from_secs(120)).await;
    assert_eq!(take(&restarted, lane, &draws, 100).await, 7);
    restarted.close().await;
}

async fn nodes_that_ask_at_once_never_get_more_than_there_is(home: &Home) {
    let (lane, other) = (waiting(home, 200).await, home.another_node().await);
    let ask = |store: Store, reversed: bool| async move {
        let mut draws = vec![draw("one", 100, Per::Day), draw("two", 1000, Per::Day)];
        if reversed {
            draws.reverse();
        }
        let mut taken = 0;
        for _ in 0..30 {
            taken += take(&store, lane, &draws, 3).await;
        }
        taken
    };
    let asked = [
        tokio::spawn(ask(home.store.clone(), false)),
        tokio::spawn(ask(other.clone(), true)),
        tokio::spawn(ask(home.store.clone(), true)),
        tokio::spawn(ask(other.clone(), false)),
    ];
    let mut taken = 0;
    for one in asked {
        taken += one.await.unwrap();
    }
    assert_eq!(taken, 100);
    other.close().await;
}

async fn a_permit_is_taken_only_for_what_is_claimed(home: &Home) {
    let (lane, draws) = (waiting(home, 3).await, [draw("quota", 10, Per::Day)]);
    let granted = home.store.claim(&Ask { draws: draws.to_vec(), ..ask(lane, 64) }).await.unwrap();
    assert_eq!((granted.permits, granted.claims.len()), (10, 3));
    assert_eq!(take(&home.store, lane, &draws, 64).await, 0, "nothing waits");
    home.spool_to(&["a@example.se", "b@example.se"]).await;
    let granted = home.store.claim(&Ask { draws: draws.to_vec(), ..ask(lane, 64) }).await.unwrap();
    assert_eq!((granted.permits, granted.claims.len()), (7, 2));
}

async fn a_quota_gets_back_what_was_claimed_and_did_not_leave(home: &Home) {
    let (lane, draws) =
        (waiting(home, 5).await, [draw("quota", 2, Per::Day), draw("quota", 20, Per::Second)]);
    let asked = |unused| Ask { draws: draws.to_vec(), unused, ..ask(lane, 64) };
    let claims = home.store.claim(&asked(Vec::new())).await.unwrap().claims;
    assert_eq!(claims.len(), 2);
    home.advance(Duration::from_secs(2 * 3600)).await;
    assert_eq!(take(&home.store, lane, &draws, 64).await, 0);
    let unused = vec![(claims[0].taken_at, 1)];
    // Though nothing can be claimed at that moment.
    let elsewhere = Ask { lane: lane + 1, ..asked(unused) };
    assert_eq!(home.store.claim(&elsewhere).await.unwrap().claims.len(), 0);
    assert_eq!(take(&home.store, lane, &draws, 64).await, 1);
    home.advance(Duration::from_secs(1)).await;
    assert_eq!(take(&home.store, lane, &draws, 64).await, 0);
}

fn cap(most: u32, matches: LimitMatch) -> Cap {
    Cap { counter: "narrow".into(), matches, most }
}

async fn no_two_nodes_together_have_more_in_hand_than_a_limit_says(home: &Home) {
    let (lane, other) = (waiting(home, 60).await, home.another_node().await);
    let ask = Ask { caps: vec![cap(5, LimitMatch::default())], ..ask(lane, 4) };
    let asking = |store: Store, ask: Ask| async move {
        let mut claims = Vec::new();
        for _ in 0..10 {
            claims.extend(store.claim(&ask).await.unwrap().claims);
        }
        claims
    };
    let (one, two) = tokio::join!(
        tokio::spawn(asking(home.store.clone(), ask.clone())),
        tokio::spawn(asking(other.clone(), ask.clone()))
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.len() + two.len(), 5);
    let (store, claim) = match one.first() {
        Some(claim) => (&home.store, claim),
        None => (&other, &two[0]),
    };
    store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
    assert_eq!(other.claim(&ask).await.unwrap().claims.len(), 1);
    other.close().await;
}

async fn a_concurrency_of_one_upstream_does_not_count_what_leaves_by_another(home: &Home) {
    let lane = waiting(home, 10).await;
    let primary = LimitMatch { upstream: Some("primary".into()), ..LimitMatch::default() };
    let backup = Ask { upstream: "backup".into(), ..ask(lane, 3) };
    assert_eq!(home.store.claim(&backup).await.unwrap().claims.len(), 3);
    let capped = Ask { caps: vec![cap(2, primary)], ..ask(lane, 10) };
    assert_eq!(home.store.claim(&capped).await.unwrap().claims.len(), 2);
    assert!(home.store.claim(&capped).await.unwrap().claims.is_empty());
    let in_hand = home.store.in_hand().await.unwrap();
    assert_eq!(in_hand.iter().map(|own| own.count).sum::<u32>(), 5);
}

const ROWS: &str = "SELECT count(*) FROM limits";

async fn a_limit_in_use_outlives_the_sweep_of_idle_ones(home: &Home) {
    let lane = waiting(home, 10).await;
    let caps = vec![cap(100, LimitMatch::default())];
    let used = Ask { draws: vec![draw("quota", 100, Per::Hour)], caps, ..ask(lane, 1) };
    let day = Duration::from_secs(86_400);
    for _ in 0..4 {
        assert_eq!(home.store.claim(&used).await.unwrap().claims.len(), 1);
        home.advance(day).await;
        home.store.destroy_old_spool_keys().await.unwrap();
        assert_eq!(home.count(ROWS).await, 2);
    }
    home.advance(2 * day).await;
    home.store.destroy_old_spool_keys().await.unwrap();
    assert_eq!(home.count(ROWS).await, 0);
}

/// It locked rows in whatever order, and waited: against claims that lock several in theirs, a deadlock.
async fn the_sweep_of_idle_limits_waits_for_no_claim(home: &Home) {
    if !home.is_postgres() {
        // One writes at a time.
        return;
    }
    let lane = waiting(home, 10).await;
    assert_eq!(
        take(&home.store, lane, &[draw("one", 100, Per::Hour), draw("two", 100, Per::Hour)], 1).await,
        1
    );
    home.advance(Duration::from_secs(3 * 86_400)).await;
    let mut claim = PgConnection::connect(&home.url).await.unwrap();
    sqlx::raw_sql("BEGIN; SELECT 1 FROM limits WHERE counter = 'one' FOR UPDATE")
        .execute(&mut claim)
        .await
        .unwrap();
    home.store.destroy_old_spool_keys().await.unwrap();
    assert_eq!(home.count(ROWS).await, 1, "what is locked is in use");
    sqlx::raw_sql("ROLLBACK").execute(&mut claim).await.unwrap();
}
