//! Requests by right: kept, carried on once, told to followers, and counted.

use std::time::Duration;

use optgate::consent::request::{Action, Kind, State, Step};
use optgate::store::{FeedEntry, NewRequest, Part, RequestFigures, What};

use crate::support::*;

rules! {
    a_request_is_kept_step_by_step_and_ends_once,
    a_button_that_is_pressed_again_and_again_makes_no_requests,
    i15_requests_of_one_sender_are_shown_to_no_other,
    a_request_and_its_end_are_told_to_followers_each_once,
    requests_that_wait_are_counted_and_those_whose_time_is_over,
    a_request_outlives_the_erasure_that_it_asked_for,
}

fn asked(home: &Home, kind: Kind) -> NewRequest {
    NewRequest {
        sender: SENDER.into(),
        subscriber: home.clock.id(),
        kind,
        received: home.clock.now(),
        due: home.in_seconds(86_400),
        by: "person",
    }
}

fn step(home: &Home, what: Action) -> Step {
    Step { at: home.clock.now(), by: "gateway".into(), what }
}

async fn a_request_is_kept_step_by_step_and_ends_once(home: &Home) {
    let request = home.store.open_request(asked(home, Kind::Rectification)).await.unwrap();
    home.advance(Duration::from_secs(60)).await;
    let changed = step(home, Action::AddressChanged);
    let waits = home.store.step_request(SENDER, request.id, changed).await.unwrap().unwrap();
    assert_eq!((waits.state, waits.ended), (State::Open, None), "other systems must act too");
    home.advance(Duration::from_secs(60)).await;
    let done = step(home, Action::Done);
    let ended = home.store.step_request(SENDER, request.id, done.clone()).await.unwrap().unwrap();
    assert_eq!((ended.state, ended.ended, ended.steps.len()), (State::Done, Some(done.at), 3));
    home.advance(Duration::from_secs(60)).await;
    let same = home.store.step_request(SENDER, request.id, step(home, Action::Refused)).await;
    assert_eq!(same.unwrap().unwrap(), ended, "what has ended stays as it was");
    assert_eq!(home.store.request(SENDER, request.id).await.unwrap().unwrap(), ended);
    assert_eq!(home.store.requests_of(SENDER, request.subscriber).await.unwrap(), [ended]);
}

async fn a_button_that_is_pressed_again_and_again_makes_no_requests(home: &Home) {
    let anna =
        home.store.record(vec![home.fact("anna@example.se", opt_in())]).await.remove(0).unwrap().subscriber;
    let of = |kind| NewRequest { subscriber: anna.id, ..asked(home, kind) };
    let other = home.another_node().await;
    let (one, two) = tokio::join!(
        home.store.open_request(of(Kind::Restriction)),
        other.open_request(of(Kind::Restriction))
    );
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one.id, two.id);
    for _ in 0..150 {
        home.store.step_request(SENDER, one.id, step(home, Action::Restricted)).await.unwrap();
    }
    let ended = home.store.step_request(SENDER, one.id, step(home, Action::Done)).await.unwrap().unwrap();
    assert_eq!((ended.steps.len(), ended.steps.last().unwrap().what), (101, Action::Done));
    assert_ne!(home.store.open_request(of(Kind::Restriction)).await.unwrap().id, one.id, "that one is met");
    // What is taken along at once is the same for a day.
    let taken = home.store.open_request(of(Kind::Access)).await.unwrap();
    home.store.step_request(SENDER, taken.id, step(home, Action::TakenAlong)).await.unwrap();
    assert_eq!(home.store.open_request(of(Kind::Access)).await.unwrap().id, taken.id);
    home.advance(Duration::from_secs(86_400)).await;
    assert_ne!(home.store.open_request(of(Kind::Access)).await.unwrap().id, taken.id);
    other.close().await;
}

async fn i15_requests_of_one_sender_are_shown_to_no_other(home: &Home) {
    let request = home.store.open_request(asked(home, Kind::Access)).await.unwrap();
    assert!(home.store.request("other-shop", request.id).await.unwrap().is_none());
    let done = step(home, Action::Done);
    assert!(home.store.step_request("other-shop", request.id, done).await.unwrap().is_none());
    assert!(home.store.requests("other-shop", None, None, 10).await.unwrap().requests.is_empty());
    assert!(home.store.requests_of("other-shop", request.subscriber).await.unwrap().is_empty());
}

async fn a_request_and_its_end_are_told_to_followers_each_once(home: &Home) {
    let request = home.store.open_request(asked(home, Kind::Erasure)).await.unwrap();
    let other = home.store.open_request(asked(home, Kind::Access)).await.unwrap();
    for what in [Action::Erased, Action::Done] {
        home.store.step_request(SENDER, request.id, step(home, what)).await.unwrap();
    }
    while home.store.sequence().await.unwrap() > 0 {}
    // All on one page, and each on a page of its own.
    for limit in [10, 1] {
        let (mut told, mut after) = (Vec::new(), None);
        loop {
            let page = home.store.feed(SENDER, after.as_deref(), limit).await.unwrap();
            for FeedEntry { what, .. } in page.entries {
                let What::Request(part, own) = what else { panic!("{what:?}") };
                told.push((part, own.id));
            }
            after = page.next;
            if !page.more {
                break;
            }
        }
        assert_eq!(
            told,
            [(Part::Beginning, request.id), (Part::Beginning, other.id), (Part::End, request.id)]
        );
    }
}

async fn requests_that_wait_are_counted_and_those_whose_time_is_over(home: &Home) {
    assert!(home.store.request_figures().await.unwrap().is_empty());
    let first = home.store.open_request(asked(home, Kind::Erasure)).await.unwrap();
    home.advance(Duration::from_secs(3600)).await;
    home.store.open_request(asked(home, Kind::Access)).await.unwrap();
    home.advance(Duration::from_secs(84_000)).await;
    let counted = |open, overdue| vec![RequestFigures { sender: SENDER.into(), open, overdue }];
    assert_eq!(home.store.request_figures().await.unwrap(), counted(2, 1));
    assert!(first.is_overdue(home.clock.now()));
    home.store.step_request(SENDER, first.id, step(home, Action::Done)).await.unwrap();
    assert_eq!(home.store.request_figures().await.unwrap(), counted(1, 0));
    let page = home.store.requests(SENDER, Some(State::Done), None, 10).await.unwrap();
    assert_eq!((page.requests.len(), page.more), (1, false));
    let page = home.store.requests(SENDER, None, None, 1).await.unwrap();
    assert_eq!((page.requests[0].id, page.more), (first.id, true));
}

async fn a_request_outlives_the_erasure_that_it_asked_for(home: &Home) {
    let anna = home
        .store
        .record(vec![home.fact("anna@example.se", opt_in())])
        .await
        .remove(0)
        .unwrap()
        .subscriber
        .id;
    let new = NewRequest { subscriber: anna, ..asked(home, Kind::Erasure) };
    let request = home.store.open_request(new).await.unwrap();
    assert!(home.store.erase(SENDER, anna, "page").await.unwrap());
    home.store.step_request(SENDER, request.id, step(home, Action::Erased)).await.unwrap();
    assert_eq!(home.store.requests_of(SENDER, anna).await.unwrap()[0].state, State::Open);
}
