//! The feed: complete, in one order, and never with anything in front of a cursor that was given out.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use optgate::feed::Feed;
use optgate::policy::Reason;
use optgate::spool::{Outcome, Settlement, State};
use optgate::store::{FeedEntry, FeedError, Store, What};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::support::{Home, SENDER, address, ask, opt_in, refusal, settle, withdrawal};

rules! {
    what_is_not_in_order_yet_is_not_shown,
    every_way_to_an_event_leads_into_the_feed,
    i15_a_cursor_opens_its_senders_feed_alone,
    fifty_writers_and_a_follower_that_misses_nothing,
    another_node_takes_over_when_one_dies,
    i12_an_erasure_reaches_what_the_feed_shows,
}

fn id(entry: &FeedEntry) -> Uuid {
    match &entry.what {
        What::Consent { event, .. } => event.id,
        What::Outcome(view) => view.delivery,
        What::Request(_, request) => request.id,
        What::Incident(incident) => incident.id,
    }
}

async fn all(store: &Store, sender: &str) -> Vec<FeedEntry> {
    store.feed(sender, None, 10_000).await.unwrap().entries
}

async fn say(home: &Home, store: &Store, who: &str) -> Uuid {
    store.record(vec![home.fact(who, withdrawal())]).await.pop().unwrap().unwrap().event
}

async fn what_is_not_in_order_yet_is_not_shown(home: &Home) {
    let first = say(home, &home.store, "anna@example.se").await;
    let page = home.store.feed(SENDER, None, 10).await.unwrap();
    assert!(page.entries.is_empty() && page.next.is_none() && !page.more);
    assert_eq!(home.store.sequence().await.unwrap(), 1);
    assert_eq!(home.store.sequence().await.unwrap(), 0);
    let page = home.store.feed(SENDER, None, 10).await.unwrap();
    assert_eq!(page.entries.iter().map(id).collect::<Vec<_>>(), [first]);

    let cursor = page.next.unwrap();
    let empty = home.store.feed(SENDER, Some(&cursor), 10).await.unwrap();
    assert_eq!((empty.entries.len(), empty.next.as_deref()), (0, Some(cursor.as_str())));
    let second = say(home, &home.store, "bo@example.se").await;
    let third = say(home, &home.store, "cia@example.se").await;
    home.store.sequence().await.unwrap();
    let page = home.store.feed(SENDER, Some(&cursor), 1).await.unwrap();
    assert_eq!((page.entries.iter().map(id).collect::<Vec<_>>(), page.more), (vec![second], true));
    let page = home.store.feed(SENDER, page.next.as_deref(), 1).await.unwrap();
    assert_eq!((page.entries.iter().map(id).collect::<Vec<_>>(), page.more), (vec![third], false));
}

async fn every_way_to_an_event_leads_into_the_feed(home: &Home) {
    let refused = home.clock.id();
    let mut delivery = home.delivery("bo@example.se");
    (delivery.id, delivery.admission) = (refused, refusal(Reason::NoGround));
    home.store.spool(vec![home.message(&[delivery])]).await.unwrap();
    let relayed = home.spool_to(&["anna@example.se"]).await[0];
    let claim = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.pop().unwrap();
    let later = settle(claim.fence, Settlement::Later(home.in_seconds(60)));
    home.store.settle(later).await.unwrap();
    home.advance(Duration::from_secs(60)).await;
    let claim = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.pop().unwrap();
    home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
    let mut facts = Vec::new();
    for kind in [opt_in(), withdrawal()] {
        facts.push(home.store.record(vec![home.fact("anna@example.se", kind)]).await.pop().unwrap().unwrap());
    }
    assert!(home.store.erase(SENDER, facts[0].subscriber.id, "api").await.unwrap());

    home.store.sequence().await.unwrap();
    let entries = all(&home.store, SENDER).await;
    let ids: Vec<Uuid> = entries.iter().map(id).collect();
    assert_eq!(ids[..4], [refused, relayed, facts[0].event, facts[1].event]);
    assert_eq!(ids.len(), 5, "and the erasure");
    let states: Vec<State> = entries
        .iter()
        .filter_map(|entry| match &entry.what {
            What::Outcome(view) => Some(view.state),
            What::Consent { .. } | What::Request(..) | What::Incident(_) => None,
        })
        .collect();
    assert_eq!(states, [State::Ended(Outcome::Refused), State::Ended(Outcome::Relayed)]);
}

async fn i15_a_cursor_opens_its_senders_feed_alone(home: &Home) {
    say(home, &home.store, "anna@example.se").await;
    let mut theirs = home.fact("anna@example.se", withdrawal());
    theirs.sender = "other".into();
    home.store.record(vec![theirs]).await.pop().unwrap().unwrap();
    home.store.sequence().await.unwrap();
    assert_eq!(all(&home.store, SENDER).await.len(), 1);
    let cursor = all(&home.store, "other").await[0].cursor.clone();
    home.store.feed("other", Some(&cursor), 10).await.unwrap();
    let forged = format!("{}A", &cursor[..cursor.len() - 1]);
    for bad in [cursor.as_str(), &forged, "", "nonsense", "AAAAAAAAAAEAAAAAAAAAAA", "å"] {
        let refused = home.store.feed(SENDER, Some(bad), 10).await;
        assert!(matches!(refused, Err(FeedError::UnknownCursor | FeedError::NoCursor)), "{bad}");
    }
}

/// Follows until it was told to stop and has seen all that was there then.
async fn follow(store: Store, done: std::sync::Arc<AtomicBool>) -> Vec<Uuid> {
    let (mut seen, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let last_look = done.load(Ordering::SeqCst);
        let page = store.feed(SENDER, cursor.as_deref(), 7).await.unwrap();
        seen.extend(page.entries.iter().map(id));
        cursor = page.next;
        if page.entries.is_empty() {
            if last_look {
                return seen;
            }
            tokio::task::yield_now().await;
        }
    }
}

/// (written, seen) of fifty writers on two nodes, with a sequencer on each.
async fn race(home: &Home, each: usize) -> (Vec<Uuid>, Vec<Uuid>) {
    let nodes = [home.store.clone(), home.another_node().await];
    let stop = CancellationToken::new();
    let sequencers: Vec<_> =
        nodes.iter().map(|node| tokio::spawn(Feed::new(node.clone()).run(stop.clone()))).collect();
    let done = std::sync::Arc::new(AtomicBool::new(false));
    let follower = tokio::spawn(follow(nodes[0].clone(), done.clone()));
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..50 {
        let node = nodes[writer % 2].clone();
        let facts: Vec<_> = (0..each)
            .map(|number| home.fact(&format!("w{writer}n{number}@example.se"), withdrawal()))
            .collect();
        writers.spawn(async move {
            let mut written = Vec::new();
            for fact in facts {
                written.push(node.record(vec![fact]).await.pop().unwrap().unwrap().event);
            }
            written
        });
    }
    let written: Vec<Uuid> = writers.join_all().await.into_iter().flatten().collect();
    stop.cancel();
    for sequencer in sequencers {
        sequencer.await.unwrap();
    }
    Feed::new(nodes[1].clone()).catch_up().await.unwrap();
    done.store(true, Ordering::SeqCst);
    (written, follower.await.unwrap())
}

async fn fifty_writers_and_a_follower_that_misses_nothing(home: &Home) {
    let (written, seen) = race(home, 20).await;
    assert_eq!(written.len(), 1000);
    assert_eq!(seen.len(), 1000, "none twice");
    assert_eq!(seen.iter().collect::<HashSet<_>>(), written.iter().collect::<HashSet<_>>());
    let in_order: Vec<Uuid> = all(&home.store, SENDER).await.iter().map(id).collect();
    assert_eq!(in_order, seen, "who follows from the beginning sees the same order");
}

async fn another_node_takes_over_when_one_dies(home: &Home) {
    let first = say(home, &home.store, "anna@example.se").await;
    let dying = home.another_node().await;
    let ended = CancellationToken::new();
    let sequencer = tokio::spawn(Feed::new(dying.clone()).run(ended.clone()));
    while all(&home.store, SENDER).await.is_empty() {
        tokio::task::yield_now().await;
    }
    sequencer.abort();
    let _ = sequencer.await;
    let second = say(home, &dying, "bo@example.se").await;
    dying.close().await;
    let (mut placed, feed) = (0, Feed::new(home.store.clone()));
    while placed == 0 {
        placed = feed.catch_up().await.unwrap();
    }
    assert_eq!(all(&home.store, SENDER).await.iter().map(id).collect::<Vec<_>>(), [first, second]);
}

async fn i12_an_erasure_reaches_what_the_feed_shows(home: &Home) {
    let anna = address("anna@example.se");
    let delivery = home.spool_to(&["anna@example.se"]).await[0];
    let claim = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.pop().unwrap();
    home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
    let recorded =
        home.store.record(vec![home.fact("anna@example.se", opt_in())]).await.pop().unwrap().unwrap();
    home.store.sequence().await.unwrap();
    let shown = async || {
        let entries = all(&home.store, SENDER).await;
        let address = |entry: &FeedEntry| match &entry.what {
            What::Consent { address, .. } => address.clone(),
            What::Outcome(view) => {
                assert_eq!(view.delivery, delivery);
                view.recipient.clone()
            }
            What::Request(..) | What::Incident(_) => None,
        };
        entries.iter().map(address).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, [Some(anna.clone()), Some(anna)]);
    assert!(home.store.erase(SENDER, recorded.subscriber.id, "api").await.unwrap());
    home.store.sequence().await.unwrap();
    assert_eq!(shown().await, [None, None, None]);
}
