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
    a_row_that_cannot_be_read_hides_no_other,
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
    assert_eq!(home.store.deliveries_to(SENDER, person, None, 10).await.unwrap().len(), 1);
    assert!(home.store.deliveries_to("other", person, None, 10).await.unwrap().is_empty());
    assert!(home.store.deliveries_to(SENDER, all[0], None, 10).await.unwrap().is_empty());
}

async fn a_row_that_cannot_be_read_hides_no_other(home: &Home) {
    let mut all = spool_several(home).await;
    all.sort();
    let broken = all.remove(3);
    let id = broken.simple();
    let literal = if home.is_postgres() { format!("'\\x{id}'") } else { format!("x'{id}'") };
    home.sql(&format!("UPDATE verdicts SET verdict = 'nonsense' WHERE delivery = {literal}")).await;
    assert_eq!(found(home, SENDER, page_of(3)).await, all);
}
