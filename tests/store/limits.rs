//! Permits: counted for the whole cluster, over every window. The counting itself has property tests beside it.

use std::time::Duration;

use optgate::policy::shaping::{Per, Rate};
use optgate::store::Draw;

use crate::support::*;

rules! {
    two_nodes_share_a_pace_and_a_quota,
    a_draw_on_several_limits_takes_the_same_from_each,
    a_quota_outlives_a_restart_and_frees_up_with_its_window,
    nodes_that_ask_at_once_never_get_more_than_there_is,
}

fn draw(counter: &str, permits: u32, per: Per) -> Draw {
    Draw { counter: counter.into(), rate: Rate { permits, per } }
}

async fn two_nodes_share_a_pace_and_a_quota(home: &Home) {
    let other = home.another_node().await;
    let draws = [draw("google", 20, Per::Second), draw("google", 50, Per::Hour)];
    let mut taken = 0;
    for _ in 0..10 {
        for store in [&home.store, &other] {
            let slice = store.take_permits(&draws, 100).await.unwrap();
            assert!(slice <= 2, "a slice of 100 ms at most: {slice}");
            taken += slice;
        }
        home.advance(Duration::from_millis(100)).await;
    }
    assert!((18..=22).contains(&taken), "{taken} in a second");
    for _ in 0..100 {
        taken += other.take_permits(&draws, 100).await.unwrap();
        home.advance(Duration::from_millis(100)).await;
    }
    assert_eq!(taken, 50, "the quota of the hour");
    other.close().await;
}

async fn a_draw_on_several_limits_takes_the_same_from_each(home: &Home) {
    let (wide, narrow) = (draw("wide", 100, Per::Day), draw("narrow", 3, Per::Day));
    assert_eq!(home.store.take_permits(&[wide.clone(), narrow.clone()], 10).await.unwrap(), 3);
    assert_eq!(home.store.take_permits(&[narrow, wide.clone()], 10).await.unwrap(), 0);
    assert_eq!(home.store.take_permits(&[wide], 1000).await.unwrap(), 97);
    assert_eq!(home.store.take_permits(&[], 5).await.unwrap(), 5);
}

async fn a_quota_outlives_a_restart_and_frees_up_with_its_window(home: &Home) {
    let draws = [draw("quota", 10, Per::Hour)];
    assert_eq!(home.store.take_permits(&draws, 7).await.unwrap(), 7);
    home.advance(Duration::from_secs(1800)).await;
    let restarted = home.restarted().await;
    assert_eq!(restarted.take_permits(&draws, 7).await.unwrap(), 3);
    home.advance(Duration::from_secs(1799)).await;
    assert_eq!(restarted.take_permits(&draws, 7).await.unwrap(), 0);
    home.advance(Duration::from_secs(120)).await;
    assert_eq!(restarted.take_permits(&draws, 100).await.unwrap(), 7);
    restarted.close().await;
}

async fn nodes_that_ask_at_once_never_get_more_than_there_is(home: &Home) {
    let other = home.another_node().await;
    let ask = |store: optgate::store::Store, reversed: bool| async move {
        let mut draws = vec![draw("one", 100, Per::Day), draw("two", 1000, Per::Day)];
        if reversed {
            draws.reverse();
        }
        let mut taken = 0;
        for _ in 0..30 {
            taken += store.take_permits(&draws, 3).await.unwrap();
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
