//! Places of domains that warm up: taken with the claim, for all nodes together, over restarts.

use std::time::Duration;

use optgate::store::{Ask, Claim, Place, Store, WarmingUp};

use crate::support::*;

rules! {
    two_nodes_that_claim_at_once_never_both_find_the_last_place,
    a_day_of_which_half_was_used_is_followed_by_a_larger_one_over_restarts,
    a_place_that_was_not_used_is_free_again_on_its_own_day_alone,
    who_sent_nothing_for_months_begins_anew,
}

fn warming(lane: i64, unused: Vec<(jiff::Timestamp, u32)>) -> Ask {
    let (domain, provider) = ("shop.example".to_owned(), "example.se".to_owned());
    let warm_ups = vec![WarmingUp { domain, provider, curve: vec![5, 10, 20], unused }];
    Ask { warm_ups, ..ask(lane, 4) }
}

async fn spool(home: &Home, count: usize) -> i64 {
    let recipients: Vec<String> = (0..count).map(|number| format!("r{number}@example.se")).collect();
    home.spool_to(&recipients.iter().map(String::as_str).collect::<Vec<_>>()).await;
    home.store.waiting_lanes(Default::default(), 10).await.unwrap().waiting[0].id
}

async fn claim(store: &Store, lane: i64) -> (usize, Vec<Claim>) {
    let claims = store.claim(&warming(lane, Vec::new())).await.unwrap().claims;
    (placed(&claims), claims)
}

fn placed(claims: &[Claim]) -> usize {
    claims.iter().filter(|own| matches!(own.warm_up, Some(Place::Taken { .. }))).count()
}

async fn two_nodes_that_claim_at_once_never_both_find_the_last_place(home: &Home) {
    let lane = spool(home, 40).await;
    let other = home.another_node().await;
    let mut running = tokio::task::JoinSet::new();
    for number in 0..10 {
        let store = if number % 2 == 0 { home.store.clone() } else { other.clone() };
        running.spawn(async move { claim(&store, lane).await });
    }
    let all = running.join_all().await;
    assert_eq!(all.iter().map(|(_, claims)| claims.len()).sum::<usize>(), 40);
    assert_eq!(all.iter().map(|(placed, _)| placed).sum::<usize>(), 5);
    let waits = all.iter().flat_map(|(_, claims)| claims).find_map(|own| match &own.warm_up {
        Some(Place::Lacking(full)) => Some(full.clone()),
        _ => None,
    });
    assert_eq!(waits.unwrap().opens.to_string(), "2026-11-22T00:00:00Z");
    other.close().await;
}

async fn a_day_of_which_half_was_used_is_followed_by_a_larger_one_over_restarts(home: &Home) {
    let lane = spool(home, 60).await;
    let mut found = Vec::new();
    for _ in 0..3 {
        let store = home.restarted().await;
        let mut today = 0;
        for _ in 0..5 {
            today += claim(&store, lane).await.0;
        }
        found.push(today);
        store.close().await;
        home.advance(Duration::from_secs(86_400)).await;
    }
    assert_eq!(found, [5, 10, 20]);
}

async fn a_place_that_was_not_used_is_free_again_on_its_own_day_alone(home: &Home) {
    let lane = spool(home, 40).await;
    let (first, claims) = claim(&home.store, lane).await;
    let (second, _) = claim(&home.store, lane).await;
    assert_eq!((first, second), (4, 1));
    let unused = vec![(claims[0].taken_at, 2)];
    let again = home.store.claim(&warming(lane, unused.clone())).await.unwrap().claims;
    assert_eq!(placed(&again), 2);
    home.advance(Duration::from_secs(86_400)).await;
    let mut today = 0;
    for _ in 0..4 {
        let claims = home.store.claim(&warming(lane, unused.clone())).await.unwrap().claims;
        today += placed(&claims);
    }
    assert_eq!(today, 10);
}

async fn who_sent_nothing_for_months_begins_anew(home: &Home) {
    let lane = spool(home, 10).await;
    claim(&home.store, lane).await;
    home.advance(Duration::from_secs(60 * 86_400)).await;
    assert_eq!(home.store.forget_warm_ups().await.unwrap(), 0);
    home.advance(Duration::from_secs(86_400)).await;
    assert_eq!(home.store.forget_warm_ups().await.unwrap(), 1);
    assert!(home.store.warm_ups().await.unwrap().0.is_empty());
}
