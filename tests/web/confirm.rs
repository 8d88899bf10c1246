//! `/c/{token}`.

use std::time::Duration;

use optgate::consent::EventKind;
use optgate::consent::event::{OptIn, SignedUpBy};
use optgate::consent::token::Purpose;
use optgate::policy::Scope;
use optgate::record::{Provenance, new_fact};
use optgate::store::Who;
use serde_json::json;
use uuid::Uuid;

use crate::support::{ANNA, DELIVERY, Gateway, answer, withdrawal};

const PRESS: [(&str, &str); 1] = [("confirm", "yes")];

/// Somebody signs up with the mail of the links that tests make; who, and the link.
async fn signed_up(gateway: &Gateway, scopes: &[&str], locale: Option<&str>) -> (Uuid, String) {
    let scopes: Vec<Scope> = scopes.iter().map(|scope| scope.parse().unwrap()).collect();
    let first = scopes[0].to_string();
    let kind = EventKind::SignupRequested { scopes, by: SignedUpBy::Mail };
    let provenance = Provenance {
        channel: "smtp".into(),
        locale: locale.map(str::to_owned),
        evidence: json!({ "delivery": DELIVERY }),
        ..Provenance::default()
    };
    let fact = new_fact("shop", Who::Address(ANNA.parse().unwrap()), kind, None, provenance);
    let anna = gateway.recorder.record_fact(fact).await.unwrap().subscriber.id;
    (anna, gateway.web(&format!("/c/{}", gateway.token(Purpose::Confirm, anna, Some(&first)))))
}

#[tokio::test]
async fn i6_a_get_of_a_link_confirms_nothing() {
    let gateway = Gateway::start().await;
    let (anna, url) = signed_up(&gateway, &["apparel"], None).await;
    let before = gateway.history(anna).await;
    for address in [url.clone(), format!("{url}?confirm=yes")] {
        assert_eq!(gateway.get(&address).await.0, 200);
        let head = gateway.http.head(&address).send().await.unwrap();
        assert_eq!(answer(head).await, (200, String::new()));
    }
    for fields in [&[][..], &[("confirm", "")], &[("save", "choices")], &[("leave", "all")], &[("x", "yes")]]
    {
        let (status, page) = gateway.post(&url, fields).await;
        assert!(status == 200 && page.contains("name=\"confirm\""), "{status} {page}");
    }
    assert_eq!(gateway.history(anna).await, before);
}

#[tokio::test]
async fn exactly_what_was_signed_up_for_is_confirmed_with_its_evidence() {
    let gateway = Gateway::start().await;
    let (anna, url) = signed_up(&gateway, &["apparel.tshirts", "furniture.office"], None).await;
    let request = gateway.http.post(&url).form(&PRESS).header("User-Agent", "a browser");
    let response = request.header("X-Forwarded-For", "203.0.113.9").send().await.unwrap();
    let (status, page) = answer(response).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("T-shirts") && page.contains("Office furniture") && page.contains("../p/"),
        "{page}"
    );
    let history = gateway.history(anna).await;
    let (asked, (yes, evidence)) = (&history[0].0, &history[1]);
    let scopes = vec!["apparel.tshirts".parse().unwrap(), "furniture.office".parse().unwrap()];
    assert_eq!(yes.kind, EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes });
    assert_eq!(yes.channel, "page");
    let proof = json!({
        "ip": "203.0.113.9", "user_agent": "a browser", "delivery": DELIVERY, "signup": asked.id,
        "clicked_at": gateway.clock.now().to_string(),
    });
    assert_eq!(evidence.as_ref(), Some(&proof));
    // Pressed again and again it says so, and stays one yes.
    for _ in 0..3 {
        gateway.clock.advance(Duration::from_secs(60));
        let (status, page) = gateway.post(&url, &PRESS).await;
        assert!(status == 200 && page.contains("redan bekräftat"), "{page}");
    }
    assert_eq!(gateway.history(anna).await.len(), 2);
    // Also long after its days.
    gateway.clock.advance(Duration::from_secs(30 * 86_400));
    assert_eq!(gateway.get(&url).await.0, 200);
}

#[tokio::test]
async fn i5_a_withdrawal_of_any_part_of_it_closes_the_link() {
    let gateway = Gateway::start().await;
    let (anna, url) = signed_up(&gateway, &["apparel", "furniture.office"], None).await;
    gateway.clock.advance(Duration::from_secs(60));
    let leave = gateway.unsubscribe_link(anna, Some("apparel.tshirts"));
    gateway.post(&leave, &[("leave", "scope")]).await;
    for (status, page) in [gateway.get(&url).await, gateway.post(&url, &PRESS).await] {
        assert!(status == 410 && page.contains("avanmält dig") && !page.contains("<form"), "{status} {page}");
    }
    assert_eq!(gateway.kinds(anna).await.last(), Some(&withdrawal(&["apparel.tshirts"])));
}

#[tokio::test]
async fn the_senders_file_says_how_long_a_link_lives() {
    let gateway = Gateway::with("[streams.confirmation]\nlink_life = \"2d\"").await;
    let (anna, url) = signed_up(&gateway, &["apparel"], None).await;
    gateway.clock.advance(Duration::from_secs(2 * 86_400 - 1));
    assert_eq!(gateway.get(&url).await.0, 200);
    gateway.clock.advance(Duration::from_secs(1));
    for (status, page) in [gateway.get(&url).await, gateway.post(&url, &PRESS).await] {
        assert!(
            status == 410 && page.contains("name=\"link\" value=\"new\"") && !page.contains("value=\"yes\""),
            "{status} {page}"
        );
    }
    assert_eq!(gateway.history(anna).await.len(), 1);
}

#[tokio::test]
async fn a_link_for_which_nobody_signed_up_confirms_nothing() {
    let gateway = Gateway::start().await;
    let bo = gateway.opted_in("bo@example.se", &["apparel"]).await;
    let url = gateway.web(&format!("/c/{}", gateway.token(Purpose::Confirm, bo, Some("furniture.office"))));
    assert_eq!(gateway.get(&url).await.0, 410);
    assert_eq!(gateway.post(&url, &PRESS).await.0, 410);
    assert_eq!(gateway.history(bo).await.len(), 1);
    // Neither does a link of another purpose, nor one that is forged.
    let expected = gateway.get(&gateway.web("/nothing/here")).await;
    let preferences = gateway.token(Purpose::Preferences, bo, Some("furniture.office"));
    for token in [preferences, "x".repeat(5000), "%ff".to_owned()] {
        let url = gateway.web(&format!("/c/{token}"));
        assert_eq!(gateway.get(&url).await, expected);
        assert_eq!(gateway.post(&url, &PRESS).await, expected);
    }
}

#[tokio::test]
async fn the_page_speaks_the_recorded_language_and_says_what_is_agreed_to() {
    for (locale, button, title) in [
        ("en", "Yes, send it to me", "Clothing"),
        ("sv", "Ja, skicka till mig", "Kläder"),
        ("nl", "Ja, stuur het mij", "Kläder"),
        ("de", "Ja, bitte an mich senden", "Kleidung"),
    ] {
        let gateway = Gateway::start().await;
        let (_, url) = signed_up(&gateway, &["apparel"], Some(locale)).await;
        let (_, page) = gateway.get(&url).await;
        assert!(
            page.contains(&format!("<html lang=\"{locale}\" dir=\"ltr\">")) && page.contains(button),
            "{page}"
        );
        assert!(page.contains(&format!("<li>{title}</li>")), "{locale}: {page}");
        assert!(page.contains("a***@example.se") && !page.contains(ANNA), "{page}");
        assert!(page.contains("Demo &#60;Shop&#62; &#38; Co"), "{page}");
        let response = gateway.http.post(&url).form(&PRESS).send().await.unwrap();
        for (name, value) in
            [("cache-control", "no-store"), ("referrer-policy", "no-referrer"), ("x-robots-tag", "noindex")]
        {
            assert_eq!(response.headers()[name], value);
        }
        assert!(
            response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'")
        );
        let page = response.text().await.unwrap();
        assert!(!page.contains("<script") && !page.contains("http") && !page.contains("<form"), "{page}");
    }
}

#[tokio::test]
async fn i5_without_the_store_nobody_is_told_that_it_is_confirmed() {
    let gateway = Gateway::start().await;
    let (_, url) = signed_up(&gateway, &["apparel"], None).await;
    gateway.store.close().await;
    for (status, page) in [gateway.get(&url).await, gateway.post(&url, &PRESS).await] {
        assert!(status == 503 && page.contains("Please try again"), "{status} {page}");
    }
}

#[tokio::test]
async fn who_presses_too_often_waits() {
    let gateway = Gateway::limited("", 3, 100_000).await;
    let (anna, url) = signed_up(&gateway, &["apparel"], None).await;
    for _ in 0..3 {
        assert_eq!(gateway.get(&url).await.0, 200);
    }
    let response = gateway.http.post(&url).form(&PRESS).send().await.unwrap();
    assert_eq!(response.status(), 429);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(gateway.history(anna).await.len(), 1);
    gateway.clock.advance(Duration::from_secs(120));
    assert_eq!(gateway.post(&url, &PRESS).await.0, 200);
}
