//! Paces that have given way: one for all nodes, by the store's clock, over restarts.

use std::time::Duration;

use optgate::policy::shaping::{Adaptive, Limit, LimitMatch, Per, Rate, Shaping};
use optgate::schedule::throttle::{Party, Resistance, SLOWEST_WHOLE, Throttle};
use optgate::spool::{Outcome, Settlement};
use optgate::store::Store;

use crate::support::*;

rules! {
    what_one_node_meets_slows_all_of_them_and_outlives_a_restart,
    nodes_that_meet_the_same_at_once_slow_it_once,
    the_whole_of_an_unlimited_pace_is_what_was_relayed_within_the_last_minute,
    a_pace_comes_back_by_time_or_by_hand_and_its_row_goes,
    a_clock_that_is_set_back_keeps_no_pace_slow_for_as_long,
}

fn google() -> Party {
    Party::Provider("google".into())
}

async fn meet(store: &Store, party: Party, shaping: &Shaping) -> Option<Throttle> {
    store.meet(Resistance { party, suspend: None, cause: "421 slow down".into() }, shaping).await.unwrap()
}

async fn shares(store: &Store) -> Vec<(String, f64)> {
    let (all, now) = store.throttles(&Adaptive::default()).await.unwrap();
    all.iter().map(|own| (own.party.to_string(), own.share_at(&Adaptive::default(), now))).collect()
}

async fn what_one_node_meets_slows_all_of_them_and_outlives_a_restart(home: &Home) {
    let (shaping, other) = (Shaping::default(), home.another_node().await);
    meet(&home.store, google(), &shaping).await.unwrap();
    assert_eq!(shares(&other).await, [("provider google".to_owned(), 0.5)]);
    home.advance(Duration::from_secs(30)).await;
    meet(&other, google(), &shaping).await.unwrap();
    meet(&other, Party::Upstream("primary".into()), &shaping).await.unwrap();
    let restarted = home.restarted().await;
    let shares = shares(&restarted).await;
    assert_eq!(shares, [("provider google".to_owned(), 0.2625), ("upstream primary".to_owned(), 0.5)]);
    restarted.close().await;
    other.close().await;
}

async fn nodes_that_meet_the_same_at_once_slow_it_once(home: &Home) {
    let (shaping, other) = (Shaping::default(), home.another_node().await);
    let mut met = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (store, shaping) =
            (if number % 2 == 0 { home.store.clone() } else { other.clone() }, shaping.clone());
        met.spawn(async move { meet(&store, google(), &shaping).await.is_some() });
    }
    let slowed = met.join_all().await.into_iter().filter(|slowed| *slowed).count();
    assert_eq!(slowed, 1);
    assert_eq!(shares(&home.store).await, [("provider google".to_owned(), 0.5)]);
    other.close().await;
}

async fn the_whole_of_an_unlimited_pace_is_what_was_relayed_within_the_last_minute(home: &Home) {
    let relay = async |count: usize| {
        let recipients: Vec<String> = (0..count).map(|number| format!("r{number}@example.se")).collect();
        home.spool_to(&recipients.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let claims = home.store.claim(&ask(home.lane_id().await, 1_000)).await.unwrap().claims;
        assert_eq!(claims.len(), count);
        for claim in claims {
            home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
        }
    };
    let shaping = Shaping::default();
    relay(300).await;
    home.advance(Duration::from_secs(90)).await;
    relay(700).await;
    let met = meet(&home.store, Party::Provider("example.se".into()), &shaping).await.unwrap();
    assert_eq!(met.pace, 700, "what left before that minute doesn't count");
    let none = meet(&home.store, Party::Provider("elsewhere.example".into()), &shaping).await.unwrap();
    assert_eq!(none.pace, SLOWEST_WHOLE);
    let matches = LimitMatch { provider: Some("google".into()), ..LimitMatch::default() };
    let limit = Limit {
        name: "google".into(),
        matches,
        rates: vec![Rate { permits: 20, per: Per::Second }],
        concurrency: None,
        rule: rule(),
    };
    let limited = Shaping { limits: vec![limit], ..Shaping::default() };
    let met = meet(&home.store, google(), &limited).await.unwrap();
    assert_eq!((met.pace, met.rate_at(&limited, met.changed_at).permits), (1_200, 600));
}

async fn a_pace_comes_back_by_time_or_by_hand_and_its_row_goes(home: &Home) {
    let (shaping, adaptive) = (Shaping::default(), Adaptive::default());
    meet(&home.store, google(), &shaping).await.unwrap();
    meet(&home.store, Party::Upstream("primary".into()), &shaping).await.unwrap();
    assert!(home.store.end_throttle(&google()).await.unwrap());
    assert!(!home.store.end_throttle(&google()).await.unwrap());
    assert_eq!(home.store.forget_throttles(&adaptive).await.unwrap(), 0);
    home.advance(Duration::from_secs(599)).await;
    assert_eq!(shares(&home.store).await.len(), 1);
    home.advance(Duration::from_secs(1)).await;
    assert!(shares(&home.store).await.is_empty());
    assert_eq!(home.store.forget_throttles(&adaptive).await.unwrap(), 1);
    assert_eq!(home.count("SELECT count(*) FROM throttles").await, 0);
}

async fn a_clock_that_is_set_back_keeps_no_pace_slow_for_as_long(home: &Home) {
    let shaping = Shaping::default();
    let suspend = Some(Duration::from_secs(600));
    let met = Resistance { party: google(), suspend, cause: "421 not now".into() };
    home.store.meet(met, &shaping).await.unwrap();
    home.step_back(Duration::from_secs(36_000)).await;
    home.store.bring_throttles_back().await.unwrap();
    let (all, now) = home.store.throttles(&shaping.adaptive).await.unwrap();
    let left = all[0].suspended_until.unwrap().duration_since(now);
    assert!((599..=600).contains(&left.as_secs()), "{left}");
    home.advance(Duration::from_secs(1_200)).await;
    assert!(shares(&home.store).await.is_empty());
}
