//! What is kept for a time only goes when its time is over, whole, and takes nothing else with it.

use std::time::Duration;

use jiff::Timestamp;
use optgate::consent::event::{EventKind, Suppression};
use optgate::spool::{Outcome, Settlement};
use optgate::store::{FeedError, Removed, What};
use uuid::Uuid;

use super::support::{Home, SENDER, ask, opt_in, settle, withdrawal};

rules! {
    an_outcome_goes_with_its_verdict_its_message_and_its_place,
    what_is_younger_or_has_not_ended_stays,
    i5_no_age_takes_a_fact_about_a_person_away,
    a_message_stays_for_as_long_as_one_of_its_copies,
    i15_one_senders_time_takes_nothing_of_another,
    a_cursor_of_what_is_gone_is_told_so,
    what_is_over_goes_in_slices,
    a_clock_that_stepped_is_believed_after_a_steady_day,
    whom_nothing_came_of_goes_whole_and_whoever_said_anything_stays,
    whom_mail_waits_for_or_who_came_lately_stays,
}

const DAY: Duration = Duration::from_secs(86_400);

/// Relays one message to each recipient, in this order.
async fn relay(home: &Home, recipients: &[&str]) -> Vec<Uuid> {
    let ids = home.spool_to(recipients).await;
    end(home, ids.len()).await;
    home.store.sequence().await.unwrap();
    ids
}

/// Ends so many deliveries of those that wait.
async fn end(home: &Home, count: usize) {
    let ask = ask(home.lane_id().await, u32::try_from(count).unwrap());
    for claim in home.store.claim(&ask).await.unwrap().claims {
        home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
    }
}

async fn remove(home: &Home, before: Timestamp) -> Removed {
    home.store.remove_outcomes(SENDER, before, 100).await.unwrap()
}

async fn rows(home: &Home) -> [i64; 4] {
    let mut counts = [0; 4];
    for (count, table) in counts.iter_mut().zip(["deliveries", "verdicts", "messages", "feed"]) {
        *count = home.count(&format!("SELECT count(*) FROM {table}")).await;
    }
    counts
}

async fn an_outcome_goes_with_its_verdict_its_message_and_its_place(home: &Home) {
    relay(home, &["anna@example.se", "bo@example.se"]).await;
    assert_eq!(rows(home).await, [2, 2, 2, 2]);
    home.advance(DAY).await;
    assert_eq!(remove(home, home.clock.now()).await, Removed { outcomes: 2, more: false });
    assert_eq!(rows(home).await, [0, 0, 0, 0]);
    assert_eq!(remove(home, home.clock.now()).await, Removed::default());
}

async fn what_is_younger_or_has_not_ended_stays(home: &Home) {
    relay(home, &["anna@example.se"]).await;
    home.advance(DAY).await;
    let border = home.clock.now();
    relay(home, &["bo@example.se"]).await;
    home.spool_to(&["cia@example.se"]).await;
    assert_eq!(remove(home, border).await.outcomes, 1);
    assert_eq!(rows(home).await, [2, 2, 2, 1]);
    // What ends later has its own time.
    home.advance(DAY).await;
    end(home, 1).await;
    home.store.sequence().await.unwrap();
    assert_eq!(remove(home, home.clock.now()).await.outcomes, 1, "it ended just now");
    home.advance(DAY).await;
    assert_eq!(remove(home, home.clock.now()).await.outcomes, 1);
    assert_eq!(rows(home).await, [0, 0, 0, 0]);
}

async fn i5_no_age_takes_a_fact_about_a_person_away(home: &Home) {
    let mut facts = Vec::new();
    for kind in [opt_in(), withdrawal()] {
        facts.push(home.store.record(vec![home.fact("anna@example.se", kind)]).await.pop().unwrap().unwrap());
        relay(home, &["bo@example.se"]).await;
    }
    home.advance(36 * 31 * DAY).await;
    assert_eq!(remove(home, home.clock.now()).await.outcomes, 2);
    let entries = home.store.feed(SENDER, None, 10).await.unwrap().entries;
    let told: Vec<Uuid> = entries
        .into_iter()
        .map(|entry| match entry.what {
            What::Consent { event, .. } => event.id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [facts[0].event, facts[1].event]);
    let history = home.store.history(SENDER, facts[0].subscriber.id).await.unwrap();
    assert!(history.len() == 2 && history.iter().all(|(_, evidence)| evidence.is_some()));
}

async fn a_message_stays_for_as_long_as_one_of_its_copies(home: &Home) {
    let two = [home.delivery("anna@example.se"), home.delivery("bo@example.se")];
    home.store.spool(vec![home.message(&two)]).await.unwrap();
    end(home, 1).await;
    home.store.sequence().await.unwrap();
    home.advance(DAY).await;
    assert_eq!(remove(home, home.clock.now()).await.outcomes, 1);
    assert_eq!(rows(home).await, [1, 1, 1, 0]);
    end(home, 1).await;
    home.store.sequence().await.unwrap();
    home.advance(DAY).await;
    assert_eq!(remove(home, home.clock.now()).await.outcomes, 1);
    assert_eq!(rows(home).await, [0, 0, 0, 0]);
}

async fn i15_one_senders_time_takes_nothing_of_another(home: &Home) {
    relay(home, &["anna@example.se"]).await;
    home.advance(DAY).await;
    let other = home.store.remove_outcomes("other", home.clock.now(), 100).await.unwrap();
    assert_eq!(other, Removed::default());
    assert_eq!(rows(home).await, [1, 1, 1, 1]);
}

async fn a_cursor_of_what_is_gone_is_told_so(home: &Home) {
    relay(home, &["anna@example.se"]).await;
    let gone = home.store.feed(SENDER, None, 10).await.unwrap().next.unwrap();
    home.advance(DAY).await;
    let border = home.clock.now();
    relay(home, &["bo@example.se"]).await;
    let kept = home.store.feed(SENDER, Some(&gone), 10).await.unwrap().next.unwrap();
    remove(home, border).await;
    let told = home.store.feed(SENDER, Some(&gone), 10).await;
    assert!(matches!(told, Err(FeedError::KeptNoLonger)), "{told:?}");
    assert!(home.store.feed(SENDER, Some(&kept), 10).await.unwrap().entries.is_empty());
    assert_eq!(home.store.feed(SENDER, None, 10).await.unwrap().entries.len(), 1);
    let others = home.store.feed("other", Some(&gone), 10).await;
    assert!(matches!(others, Err(FeedError::UnknownCursor)), "{others:?}");
}

async fn what_is_over_goes_in_slices(home: &Home) {
    for number in 0..5 {
        relay(home, &[&format!("n{number}@example.se")]).await;
    }
    home.advance(DAY).await;
    let now = home.clock.now();
    for (left, more) in [(3, true), (1, true), (0, false)] {
        let removed = home.store.remove_outcomes(SENDER, now, 2).await.unwrap();
        assert_eq!((removed.more, home.count("SELECT count(*) FROM deliveries").await), (more, left));
    }
}

async fn a_clock_that_stepped_is_believed_after_a_steady_day(home: &Home) {
    let hour = Duration::from_secs(3_600);
    let steady_day = async || {
        for passed in 0..24 {
            assert!(!home.store.clock_is_steady().await.unwrap(), "after {passed} hours");
            home.advance(hour).await;
        }
        home.store.clock_is_steady().await.unwrap()
    };
    assert!(steady_day().await);
    // Years ahead, for one reading.
    home.advance(DAY * 365 * 5).await;
    assert!(!home.store.clock_is_steady().await.unwrap());
    home.clock.set(home.clock.now() - jiff::SignedDuration::from_hours(24 * 365 * 5));
    home.advance(Duration::ZERO).await;
    assert!(steady_day().await);
    // A node that nobody ran for a week tells nothing of what its clock did meanwhile.
    home.advance(DAY * 7).await;
    assert!(steady_day().await);
}

fn unconfirmed() -> EventKind {
    EventKind::Unconfirmed { scopes: vec!["apparel".parse().unwrap()] }
}

async fn record(home: &Home, who: &str, kind: EventKind) -> Uuid {
    home.store.record(vec![home.fact(who, kind)]).await.remove(0).unwrap().subscriber.id
}

/// Walks over all people, two at a time, and removes whom nothing came of. How many.
async fn forget(home: &Home, before: Timestamp) -> u64 {
    let (mut after, mut removed) = (None, 0);
    loop {
        let page = home.store.unconfirmed(SENDER, before, after, 2).await.unwrap();
        let ids: Vec<Uuid> = page.people.iter().map(|person| person.id).collect();
        removed += home.store.remove_unconfirmed(SENDER, before, &ids).await.unwrap();
        after = page.next;
        if after.is_none() {
            return removed;
        }
    }
}

async fn whom_nothing_came_of_goes_whole_and_whoever_said_anything_stays(home: &Home) {
    let signup =
        || EventKind::SignupRequested { scopes: vec!["apparel".parse().unwrap()], by: Default::default() };
    for (who, kind) in [("old@example.se", unconfirmed()), ("asked@example.se", signup())] {
        record(home, who, kind).await;
    }
    let people = [
        ("anna@example.se", opt_in()),
        ("no@example.se", withdrawal()),
        ("blocked@example.se", EventKind::Suppressed { why: Suppression::Operator }),
        ("restricted@example.se", EventKind::Restricted),
    ];
    let mut staying = Vec::new();
    for (who, kind) in people {
        record(home, who, unconfirmed()).await;
        staying.push(record(home, who, kind).await);
    }
    let erased = record(home, "erased@example.se", unconfirmed()).await;
    home.store.erase(SENDER, erased, "api").await.unwrap();
    home.store.sequence().await.unwrap();
    home.advance(DAY).await;
    assert_eq!(home.store.unconfirmed("other", home.clock.now(), None, 9).await.unwrap().people, []);
    assert_eq!(forget(home, home.clock.now()).await, 2);
    assert_eq!(home.count("SELECT count(*) FROM subscribers").await, 5);
    assert_eq!(home.count("SELECT count(*) FROM consent_events").await, 2 * 4 + 2);
    for id in staying {
        assert!(home.store.subscriber(SENDER, id).await.unwrap().is_some());
    }
    // The feed passes over what is gone.
    assert_eq!(home.store.feed(SENDER, None, 100).await.unwrap().entries.len(), 10);
    assert_eq!(forget(home, home.clock.now()).await, 0);
    // Who comes back is somebody new.
    record(home, "old@example.se", opt_in()).await;
    assert_eq!(home.count("SELECT count(*) FROM subscribers").await, 6);
}

async fn whom_mail_waits_for_or_who_came_lately_stays(home: &Home) {
    record(home, "old@example.se", unconfirmed()).await;
    record(home, "again@example.se", unconfirmed()).await;
    home.advance(DAY).await;
    let before = home.clock.now();
    home.advance(DAY).await;
    let again = home.store.unconfirmed(SENDER, before, None, 9).await.unwrap().people;
    assert_eq!((again.len(), again[0].jurisdiction.as_deref()), (2, Some("se")));
    // Said between the look and the removal.
    record(home, "again@example.se", unconfirmed()).await;
    home.spool_to(&["old@example.se"]).await;
    let ids: Vec<Uuid> = again.iter().map(|person| person.id).collect();
    assert_eq!(home.store.remove_unconfirmed(SENDER, before, &ids).await.unwrap(), 0);
    // What was sent has a link by which no can be said.
    end(home, 1).await;
    assert_eq!(home.store.remove_unconfirmed(SENDER, before, &ids).await.unwrap(), 0);
    home.store.sequence().await.unwrap();
    home.advance(DAY).await;
    assert_eq!(remove(home, home.clock.now()).await.outcomes, 1);
    assert_eq!(home.store.remove_unconfirmed(SENDER, before, &ids).await.unwrap(), 1);
}
