//! `/d/{token}`: what is kept of a person opens for a short time, to a link that was mailed to the address itself.

use std::io::Read as _;
use std::time::Duration;

use optgate::consent::EventKind;
use optgate::consent::request::{Action, Kind, State};
use optgate::consent::token::Purpose;
use optgate::keys::LinkKeyState;
use optgate::store::Role;
use reqwest::Method;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{ANNA, Gateway};

const MINUTE: Duration = Duration::from_secs(60);

/// A link as it is mailed at this moment.
fn fresh(gateway: &Gateway, purpose: Purpose, person: Uuid) -> String {
    gateway.web(&format!("/d/{}", gateway.token_of(purpose, person, gateway.clock.id())))
}

async fn letters(gateway: &Gateway, person: Uuid) -> usize {
    gateway.store.deliveries_to("shop", person, None, 100).await.unwrap().deliveries.len()
}

#[tokio::test]
async fn a_link_of_a_newsletter_opens_no_data() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    for purpose in [Purpose::Unsubscribe, Purpose::Preferences, Purpose::Confirm] {
        let (status, page) = gateway.get(&fresh(&gateway, purpose, anna)).await;
        assert_eq!((status, page.contains(ANNA)), (404, false), "{purpose:?}");
    }
    // One that is to change the address shows nothing of the rest, and without its letter not even that.
    let (status, page) = gateway.get(&fresh(&gateway, Purpose::Address, anna)).await;
    assert_eq!((status, page.contains(ANNA)), (404, false));
    for page in [gateway.unsubscribe_link(anna, None), gateway.preferences_link(anna)] {
        let (status, shown) = gateway.post(&page, &[("rights", "ask")]).await;
        assert!(status == 200 && !shown.contains(ANNA), "{shown}");
    }
    assert_eq!(letters(&gateway, anna).await, 1, "the second one came within five minutes");
}

#[tokio::test]
async fn a_fresh_link_ends_after_its_time_and_offers_a_new_one() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let link = fresh(&gateway, Purpose::Data, anna);
    gateway.clock.advance(59 * MINUTE);
    let (status, page) = gateway.get(&link).await;
    assert!(status == 200 && page.contains(ANNA), "{page}");
    gateway.clock.advance(MINUTE);
    let (status, page) = gateway.get(&link).await;
    assert!(status == 410 && !page.contains(ANNA) && page.contains("value=\"link\""), "{page}");
    for right in ["erase-for-good", "take", "object", "restrict"] {
        assert_eq!(gateway.post(&link, &[("right", right)]).await.0, 410, "{right}");
    }
    assert!(gateway.store.requests_of("shop", anna).await.unwrap().is_empty());
    for sent in 1..=5 {
        assert_eq!(gateway.post(&link, &[("right", "link")]).await.0, 200);
        assert_eq!(gateway.post(&link, &[("right", "link")]).await.0, 200);
        assert_eq!(letters(&gateway, anna).await, sent, "one in five minutes");
        gateway.clock.advance(5 * MINUTE);
    }
    assert_eq!(gateway.post(&link, &[("right", "link")]).await.0, 200);
    assert_eq!(letters(&gateway, anna).await, 5, "and five a day");
    gateway.clock.advance(24 * 60 * MINUTE);
    gateway.post(&link, &[("right", "link")]).await;
    assert_eq!(letters(&gateway, anna).await, 6);
}

#[tokio::test]
async fn a_link_under_a_retired_or_revoked_key_shows_nothing() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let link = fresh(&gateway, Purpose::Data, anna);
    let old = gateway.store.list_link_keys().await.unwrap()[0].id;
    gateway.store.rotate_link_keys().await.unwrap();
    for (state, expected) in [(LinkKeyState::Retired, 410), (LinkKeyState::Revoked, 404)] {
        assert!(gateway.store.set_link_key_state(old, state).await.unwrap());
        gateway.reload_link_keys().await;
        let (status, page) = gateway.get(&link).await;
        assert_eq!((status, page.contains(ANNA)), (expected, false));
    }
}

#[tokio::test]
async fn i6_a_get_shows_and_changes_nothing() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let link = fresh(&gateway, Purpose::Data, anna);
    let before = gateway.history(anna).await;
    for address in [link.clone(), format!("{link}?right=erase-for-good")] {
        assert_eq!(gateway.get(&address).await.0, 200);
    }
    for fields in [&[][..], &[("right", "")], &[("right", "erase")], &[("save", "choices")]] {
        assert_eq!(gateway.post(&link, fields).await.0, 200);
    }
    assert_eq!(gateway.history(anna).await, before);
    assert!(gateway.store.requests_of("shop", anna).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_restriction_is_put_on_and_lifted_by_its_person_alone() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let link = fresh(&gateway, Purpose::Data, anna);
    let restricted = async || gateway.known("shop", ANNA).await.unwrap().state.restricted.is_some();
    gateway.post(&link, &[("right", "restrict")]).await;
    assert!(restricted().await);
    gateway.clock.advance(MINUTE);
    assert!(gateway.get(&link).await.1.contains("value=\"lift\""));
    gateway.post(&link, &[("right", "lift")]).await;
    assert!(!restricted().await);
    gateway.tell(ANNA, EventKind::Restricted).await;
    assert!(!gateway.get(&link).await.1.contains("value=\"lift\""), "somebody else's");
    gateway.post(&link, &[("right", "lift")]).await;
    assert!(restricted().await);
    gateway.clock.advance(MINUTE);
    gateway.post(&link, &[("right", "object")]).await;
    assert!(gateway.known("shop", ANNA).await.unwrap().state.withdrawals[0].scope.is_none());
    let requests = gateway.store.requests_of("shop", anna).await.unwrap();
    let kinds: Vec<(Kind, State, Vec<Action>)> = requests
        .iter()
        .map(|own| (own.kind, own.state, own.steps.iter().map(|step| step.what).collect()))
        .collect();
    // The sender's other systems must act too, and an officer says when they have.
    let restriction = vec![Action::Asked, Action::Restricted, Action::RestrictionLifted];
    let objection = vec![Action::Asked, Action::Withdrawn];
    assert_eq!(
        kinds,
        [(Kind::Restriction, State::Open, restriction), (Kind::Objection, State::Open, objection)]
    );
}

#[tokio::test]
async fn what_is_taken_along_holds_everything_and_runs_in_no_spreadsheet() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    gateway.post(&gateway.unsubscribe_link(anna, None), &[("rights", "ask")]).await;
    let link = fresh(&gateway, Purpose::Data, anna);
    gateway.post(&link, &[("right", "object")]).await;
    gateway.clock.advance(MINUTE);
    let answer = gateway.http.post(&link).form(&[("right", "take")]).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/zip");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let octets = answer.bytes().await.unwrap();
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(octets)).unwrap();
    let mut read = |name: &str| {
        let mut text = String::new();
        zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let all: Value = serde_json::from_str(&read("everything.json")).unwrap();
    assert_eq!(all["email"], ANNA);
    let history = gateway.store.history("shop", anna).await.unwrap();
    let shown = all["subscriber"]["history"].as_array().unwrap();
    assert_eq!(shown.len(), history.len());
    for ((event, evidence), shown) in history.iter().zip(shown) {
        assert_eq!(
            (shown["id"].as_str(), &shown["evidence"]),
            (Some(event.id.to_string().as_str()), &evidence.clone().unwrap_or_default())
        );
    }
    assert_eq!(all["deliveries"].as_array().unwrap().len(), 1);
    assert_eq!(all["deliveries"][0]["recipient"], ANNA);
    assert_eq!(all["requests"].as_array().unwrap().len(), 1);
    assert_eq!(read("history.csv").lines().count(), history.len() + 1);
    assert_eq!((read("mail.csv").lines().count(), read("requests.csv").lines().count()), (2, 2));
    let requests = gateway.store.requests_of("shop", anna).await.unwrap();
    assert_eq!((requests[1].kind, requests[1].state), (Kind::Access, State::Done));
    // The same as a compliance officer's export.
    let key = gateway.key("shop", Role::Compliance).await;
    let path = format!("/v1/subscribers/{anna}/export");
    let export = crate::api::call(&gateway, &key, Method::GET, &path, None).await;
    assert_eq!(export.json["subscriber"]["history"], all["subscriber"]["history"]);
}

#[tokio::test]
async fn erasure_asks_once_more_and_then_nothing_is_kept() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let link = fresh(&gateway, Purpose::Data, anna);
    let (status, page) = gateway.post(&link, &[("right", "erase")]).await;
    assert!(status == 200 && page.contains("value=\"erase-for-good\""), "{page}");
    assert!(gateway.known("shop", ANNA).await.unwrap().state.erased.is_none());
    assert_eq!(gateway.post(&link, &[("right", "erase-for-good")]).await.0, 200);
    assert!(gateway.known("shop", ANNA).await.unwrap().state.erased.is_some());
    let (status, page) = gateway.get(&link).await;
    assert!(status == 200 && !page.contains("<form") && !page.contains(ANNA), "{page}");
    let requests = gateway.store.requests_of("shop", anna).await.unwrap();
    assert_eq!((requests.len(), requests[0].kind, requests[0].state), (1, Kind::Erasure, State::Open));
}

#[tokio::test]
async fn every_page_speaks_the_persons_language() {
    let gateway = Gateway::start().await;
    for (language, heading) in
        [("sv", "har sparat om dig"), ("de", "gespeichert hat"), ("zh", "保存的您的信息")]
    {
        let who = format!("{language}@example.se");
        let person = gateway.speaks(&who, language).await;
        let (status, page) = gateway.get(&fresh(&gateway, Purpose::Data, person)).await;
        assert!(status == 200 && page.contains(heading), "{language}: {page}");
        assert!(page.contains(&format!("lang=\"{language}\"")) && page.contains(&who));
    }
}
