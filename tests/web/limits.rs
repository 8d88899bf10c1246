//! How often an address may come: as a proxy names it.

use std::time::Duration;

use optgate::store::Role;
use serde_json::json;

use crate::support::{ANNA, Gateway};

/// A lookup with a key, from an address: status, and the seconds to wait if it says so.
async fn lookup(gateway: &Gateway, key: &str, from: &str) -> (u16, Option<u64>) {
    let request = gateway.http.post(gateway.api("/v1/subscribers/lookup")).bearer_auth(key);
    let answer = request.header("x-forwarded-for", from).json(&json!({"email": ANNA})).send().await.unwrap();
    let wait = answer.headers().get("retry-after").map(|wait| wait.to_str().unwrap().parse().unwrap());
    assert_eq!(answer.headers()["content-type"], "application/problem+json", "nobody of this name is known");
    (answer.status().as_u16(), wait)
}

#[tokio::test]
async fn wrong_keys_are_refused_for_a_time_and_right_ones_from_elsewhere_are_not() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let wrong = format!("{}AAAA", &key[..key.len() - 4]);
    for _ in 0..10 {
        assert_eq!(lookup(&gateway, &wrong, "203.0.113.9").await, (401, None));
    }
    for key in [&wrong, &key] {
        let (status, wait) = lookup(&gateway, key, "203.0.113.9").await;
        assert_eq!(status, 429);
        assert!((890..=980).contains(&wait.unwrap()), "{wait:?}");
    }
    assert_eq!(lookup(&gateway, &key, "203.0.113.10").await.0, 404);
    // The same line of IPv6 is the same peer.
    for number in 0..10 {
        assert_eq!(lookup(&gateway, &wrong, &format!("2001:db8::{number}")).await.0, 401);
    }
    assert_eq!(lookup(&gateway, &wrong, "2001:db8::ffff").await.0, 429);
    gateway.clock.advance(Duration::from_secs(16 * 60 + 15));
    assert_eq!(lookup(&gateway, &key, "203.0.113.9").await.0, 404);
    // A key that opened once goes on opening where others fail. What is no key at all is counted too.
    for number in 0..10 {
        let guess = if number % 2 == 0 { "nonsense" } else { &wrong };
        assert_eq!(lookup(&gateway, guess, "203.0.113.9").await, (401, None));
    }
    for guess in ["nonsense", &wrong] {
        assert_eq!(lookup(&gateway, guess, "203.0.113.9").await.0, 429);
    }
    assert_eq!(lookup(&gateway, &key, "203.0.113.9").await.0, 404);
}

#[tokio::test]
async fn an_address_has_a_rate_and_says_when_to_come_again() {
    let gateway = Gateway::limited("", 2, 2).await;
    let key = gateway.key("shop", Role::Api).await;
    for _ in 0..2 {
        assert_eq!(lookup(&gateway, &key, "203.0.113.9").await.0, 404);
    }
    let (status, wait) = lookup(&gateway, &key, "203.0.113.9").await;
    assert_eq!(status, 429);
    assert!((55..=67).contains(&wait.unwrap()), "{wait:?}");
    assert_eq!(lookup(&gateway, &key, "203.0.113.10").await.0, 404);
    gateway.clock.advance(Duration::from_secs(wait.unwrap()));
    assert_eq!(lookup(&gateway, &key, "203.0.113.9").await.0, 404);
}

#[tokio::test]
async fn who_is_turned_away_reads_why_in_their_language() {
    let gateway = Gateway::limited("", 1, 1).await;
    let ask = |from: &'static str| {
        let request = gateway.http.get(gateway.web("/u/forged")).header("x-forwarded-for", from);
        request.header("accept-language", "sv").send()
    };
    assert_eq!(ask("203.0.113.9").await.unwrap().status().as_u16(), 404);
    let answer = ask("203.0.113.9").await.unwrap();
    assert_eq!(answer.status().as_u16(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    let page = answer.text().await.unwrap();
    assert!(page.contains("För många förfrågningar") && page.contains("lang=\"sv\""), "{page}");
    assert_eq!(ask("203.0.113.10").await.unwrap().status().as_u16(), 404);
}

#[tokio::test]
async fn a_no_by_a_valid_link_is_never_turned_away() {
    let gateway = Gateway::limited("", 1, 1).await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let (link, preferences) =
        (gateway.unsubscribe_link(anna, Some("apparel")), gateway.preferences_link(anna));
    assert_eq!(gateway.get(&link).await.0, 200);
    assert_eq!(gateway.get(&link).await.0, 429);
    assert_eq!(gateway.post(&link, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
    assert_eq!(gateway.post(&link, &[("leave", "scope")]).await.0, 200);
    assert_eq!(gateway.post(&preferences, &[("leave", "all")]).await.0, 200);
    assert_eq!(gateway.post(&preferences, &[("save", "choices")]).await.0, 429);
    assert_eq!(gateway.post(&link, &[]).await.0, 429);
}
