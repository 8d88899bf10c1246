//! Pages of deliveries: complete, the sender's own, and in the order of arrival.

use std::time::Duration;

use optgate::policy::Stream;
use optgate::spool::{Outcome, Settlement, State};
use optgate::store::PageFilter;
use uuid::Uuid;

use super::support::{Home, SENDER, ask, settle};

rules! {
    pages_hold_every_delivery_once_in_the_order_of_arrival,
    a_filter_finds_what_it_names_and_nothing_else,
    i15_another_sender_finds_nothing,
    i15_a_page_does_not_tell_where_the_rows_of_others_end,
    a_row_that_cannot_be_read_hides_no_other,
    an_export_ends_with_the_last_row_not_with_one_that_cannot_be_read,
}

fn page_of(limit: u32) -> PageFilter {
    PageFilter { limit, ..PageFilter::default() }
}

/// All pages of a filter.
async fn found(home: &Home, sender: &str, mut filter: PageFilter) -> Vec<Uuid> {
    let mut found = Vec::new();
    loop {
        let page = home.store.delivery_page(sender, &filter).await.unwrap();
        assert!(page.deliveries.len() <= filter.limit as usize);
        found.extend(page.deliveries.iter().map(|view| view.delivery));
        filter.after = page.next;
        if page.next.is_none() {
            return found;
        }
    }
}

async fn spool_several(home: &Home) -> Vec<Uuid> {
    let mut all = Vec::new();
    for domain in ["a.example", "b.example"] {
        let people: Vec<String> = (0..4).map(|number| format!("p{number}@{domain}")).collect();
        all.extend(home.spool_to(&people.iter().map(String::as_str).collect::<Vec<_>>()).await);
        home.advance(Duration::from_secs(60)).await;
    }
    all
}

async fn pages_hold_every_delivery_once_in_the_order_of_arrival(home: &Home) {
    let all = spool_several(home).await;
    let mut sorted = all.clone();
    sorted.sort();
    for limit in [1, 3, 8, 100] {
        assert_eq!(found(home, SENDER, page_of(limit)).await, sorted, "{limit}");
    }
}

async fn a_filter_finds_what_it_names_and_nothing_else(home: &Home) {
    let begin = home.clock.now();
    let all = spool_several(home).await;
    let lanes = home.store.waiting_lanes(Default::default(), 10).await.unwrap().waiting;
    let lane = lanes.iter().find(|lane| lane.lane.provider == "a.example").unwrap().id;
    let claims = home.store.claim(&ask(lane, 2)).await.unwrap().claims;
    home.store.settle(settle(claims[0].fence, Settlement::End(Outcome::Rejected))).await.unwrap();
    let ended = claims[0].fence.delivery;

    let count = async |filter: PageFilter| found(home, SENDER, filter).await.len();
    let state = |state| PageFilter { state: Some(state), ..page_of(3) };
    assert_eq!(found(home, SENDER, state(State::Ended(Outcome::Rejected))).await, [ended]);
    assert_eq!(count(state(State::Queued)).await, 7, "what is in hand too");
    assert_eq!(count(state(State::Held)).await, 0);
    let provider = |name: &str| PageFilter { provider: Some(name.into()), ..page_of(3) };
    assert_eq!(found(home, SENDER, provider("b.example")).await, {
        let mut theirs = all[4..].to_vec();
        theirs.sort();
        theirs
    });
    assert_eq!(count(PageFilter { campaign: Some("spring".into()), ..page_of(3) }).await, 8);
    assert_eq!(count(PageFilter { campaign: Some("autumn".into()), ..page_of(3) }).await, 0);
    assert_eq!(count(PageFilter { stream: Some(Stream::Functional), ..page_of(3) }).await, 0);
    let later = begin.checked_add(jiff::SignedDuration::from_secs(30)).unwrap();
    assert_eq!(count(PageFilter { since: Some(later), ..page_of(3) }).await, 4);
    assert_eq!(count(PageFilter { until: Some(later), ..page_of(3) }).await, 4);
    let view = home.store.delivery_page(SENDER, &page_of(1)).await.unwrap().deliveries.pop().unwrap();
    let of_message = PageFilter { message: Some(view.message), ..page_of(3) };
    assert_eq!(found(home, SENDER, of_message).await, [view.delivery]);
}

async fn i15_another_sender_finds_nothing(home: &Home) {
    let all = spool_several(home).await;
    assert!(found(home, "other", page_of(100)).await.is_empty());
    let recorded = home.store.record(vec![home.fact("p0@a.example", super::support::withdrawal())]).await;
    let person = recorded.into_iter().next().unwrap().unwrap().subscriber.id;
    assert_eq!(home.store.deliveries_to(SENDER, person, None, 10).await.unwrap().deliveries.len(), 1);
    assert!(home.store.deliveries_to("other", person, None, 10).await.unwrap().deliveries.is_empty());
    assert!(home.store.deliveries_to(SENDER, all[0], None, 10).await.unwrap().deliveries.is_empty());
}

async fn a_row_that_cannot_be_read_hides_no_other(home: &Home) {
    let mut all = spool_several(home).await;
    all.sort();
    let broken = all.remove(3);
    break_verdict(home, broken).await;
    assert_eq!(found(home, SENDER, page_of(3)).await, all);
    let listed = home.store.deliveries(&Default::default()).await.unwrap().deliveries;
    assert_eq!(listed.iter().map(|view| view.delivery).collect::<Vec<_>>(), all);
}

async fn an_export_ends_with_the_last_row_not_with_one_that_cannot_be_read(home: &Home) {
    let mut all = Vec::new();
    for _ in 0..4 {
        all.extend(home.spool_to(&["p0@a.example"]).await);
        home.advance(Duration::from_secs(1)).await;
    }
    all.sort();
    break_verdict(home, all[0]).await;
    let recorded = home.store.record(vec![home.fact("p0@a.example", super::support::withdrawal())]).await;
    let person = recorded.into_iter().next().unwrap().unwrap().subscriber.id;
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = home.store.deliveries_to(SENDER, person, after, 2).await.unwrap();
        found.extend(page.deliveries.iter().map(|view| view.delivery));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, all[1..]);
}

async fn i15_a_page_does_not_tell_where_the_rows_of_others_end(home: &Home) {
    let first = home.spool_to(&["p0@a.example"]).await[0];
    // More than one look takes in.
    let (numbers, id) = if home.is_postgres() {
        ("generate_series(1, 5001) AS n(n)", "decode(md5(n.n::text), 'hex')")
    } else {
        (
            "(WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5001) SELECT n FROM n) n",
            "randomblob(16)",
        )
    };
    let columns =
        "message, sender, lane, lookup_hash, spool_day, size, spooled_at, state, next_attempt_at, deadline,
                   attempts, fence";
    home.sql(&format!(
        "INSERT INTO deliveries (id, {columns}) SELECT {id}, {columns} FROM deliveries d, {numbers}
         WHERE d.id = {}",
        literal(home, first)
    ))
    .await;
    for state in [None, Some(State::Queued), Some(State::Ended(Outcome::Relayed))] {
        let page = home.store.delivery_page("other", &PageFilter { state, ..page_of(10) }).await.unwrap();
        assert!(page.deliveries.is_empty());
        assert_eq!(page.next, None);
    }
}

/// An id as this database writes it.
fn literal(home: &Home, id: Uuid) -> String {
    let id = id.simple();
    if home.is_postgres() { format!("'\\x{id}'") } else { format!("x'{id}'") }
}

async fn break_verdict(home: &Home, delivery: Uuid) {
    let delivery = literal(home, delivery);
    home.sql(&format!("UPDATE verdicts SET verdict = 'nonsense' WHERE delivery = {delivery}")).await;
}
