//! `POST /v1/subscriptions`.

use std::time::Duration;

use optgate::consent::EventKind;
use optgate::consent::event::{ShownText, SignedUpBy};
use optgate::keys::sha256_hex;
use optgate::policy::Stream;
use optgate::store::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Answer, call, post, problem, read};
use crate::support::{ANNA, Gateway};

const PATH: &str = "/v1/subscriptions";

fn signup(email: &str) -> Value {
    json!({
        "email": email, "scopes": ["apparel", "furniture.office", "apparel"], "locale": "fr", "jurisdiction": "fr",
        "source": { "channel": "website", "form_url": "https://shop.example/news", "form_text": "Yes, write to me." },
    })
}

async fn deliveries(gateway: &Gateway, key: &str) -> Vec<Value> {
    let page = call(gateway, key, Method::GET, "/v1/deliveries", None).await;
    page.json["deliveries"].as_array().unwrap().clone()
}

#[track_caller]
fn taken(answer: &Answer) -> String {
    assert_eq!((answer.status, &answer.json["state"]), (202, &json!("pending")), "{}", answer.json);
    assert_eq!(answer.json.as_object().unwrap().len(), 2);
    answer.json["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_sign_up_is_recorded_with_its_proof_and_its_mail_in_one_commit() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let id = taken(&post(&gateway, &key, PATH, signup(ANNA)).await);
    let anna = gateway.known("shop", ANNA).await.unwrap();
    let [(event, evidence)] = &gateway.history(anna.id).await[..] else { panic!("one fact") };
    assert_eq!(event.id.to_string(), id);
    let scopes = ["apparel", "furniture.office"].map(|scope| scope.parse().unwrap()).to_vec();
    assert_eq!(event.kind, EventKind::SignupRequested { scopes, by: SignedUpBy::Told });
    assert_eq!((event.channel.as_str(), event.locale.as_deref()), ("api", Some("fr")));
    assert_eq!(event.texts[&ShownText::FormText], sha256_hex(b"Yes, write to me."));
    let evidence = evidence.as_ref().unwrap();
    assert_eq!(evidence["source"]["form_url"], "https://shop.example/news");
    let [delivery] = &deliveries(&gateway, &key).await[..] else { panic!("one mail") };
    assert_eq!(
        (&delivery["state"], &delivery["stream"]),
        (&json!("queued"), &json!(Stream::Confirmation.as_str()))
    );
    assert_eq!((&delivery["delivery"], &delivery["message"]), (&evidence["delivery"], &evidence["message"]));
    let message = format!("/v1/messages/{}", evidence["message"].as_str().unwrap());
    let message = call(&gateway, &key, Method::GET, &message, None).await;
    assert_eq!(
        (message.status, &message.json["credential"]),
        (200, &json!("shop/(gateway)")),
        "{}",
        message.json
    );
}

#[tokio::test]
async fn the_answer_is_the_same_whoever_it_is() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    gateway.opted_in("yes@example.se", &["apparel", "furniture.office"]).await;
    let blocked = json!({ "email": "blocked@example.se" });
    assert_eq!(post(&gateway, &key, "/v1/suppressions", blocked).await.status, 201);
    let mut ids = Vec::new();
    for email in ["new@example.se", "new@example.se", "yes@example.se", "blocked@example.se"] {
        ids.push(taken(&post(&gateway, &key, PATH, signup(email)).await));
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    let all = deliveries(&gateway, &key).await;
    let mut found: Vec<&str> =
        all.iter().map(|one| one["verdict"]["reason"].as_str().unwrap_or("asked")).collect();
    found.sort_unstable();
    assert_eq!(found, ["asked", "asked", "confirmation_limit", "suppressed_operator"]);
}

#[tokio::test]
async fn a_sign_up_told_again_under_its_key_is_one() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let once = async || {
        let request = gateway.http.post(gateway.api(PATH)).bearer_auth(&key).header("Idempotency-Key", "k1");
        taken(&read(request.json(&signup(ANNA))).await)
    };
    assert_eq!(once().await, once().await);
    assert_eq!(deliveries(&gateway, &key).await.len(), 1);
}

#[tokio::test]
async fn what_can_not_be_understood_is_told_with_its_place_and_does_nothing() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    for (pointer, value) in [
        ("/email", json!("nobody")),
        ("/scopes", json!([])),
        ("/scopes/0", json!(["toys"])),
        ("/source", json!({})),
        ("/source/ip", json!({ "channel": "x", "ip": "192.0.2" })),
        ("/source/channel", json!({ "channel": "" })),
        ("/source/form_text", json!({ "channel": "x", "form_text": "y".repeat(4001) })),
        ("/source/more", json!({ "channel": "x", "more": 1 })),
        ("/locale", json!("<fr>")),
        ("/send", json!("no")),
    ] {
        let mut body = signup(ANNA);
        body[pointer.split('/').nth(1).unwrap()] = value;
        let answer = post(&gateway, &key, PATH, body).await;
        // What the policy has not is told apart from what has no meaning.
        let status = if pointer == "/scopes/0" { 409 } else { 422 };
        let told = &answer.json["errors"][0]["pointer"];
        assert_eq!((answer.status, told), (status, &json!(pointer)), "{}", answer.json);
    }
    let ops = gateway.key("shop", Role::Ops).await;
    assert_eq!(post(&gateway, &ops, PATH, signup(ANNA)).await.status, 403);
    assert!(gateway.known("shop", ANNA).await.is_none() && deliveries(&gateway, &key).await.is_empty());
}

#[tokio::test]
async fn sign_ups_are_limited_by_the_persons_address_and_by_the_key() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let from = |number: usize, ip: &str| {
        let mut body = signup(&format!("r{number}@example.se"));
        body["source"]["ip"] = json!(ip);
        body["send"] = json!(false);
        body
    };
    for number in 0..20 {
        taken(&post(&gateway, &key, PATH, from(number, "192.0.2.1")).await);
    }
    let request = gateway.http.post(gateway.api(PATH)).bearer_auth(&key).json(&from(20, "192.0.2.1"));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 429);
    let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3_000..=4_000).contains(&wait), "{wait}");
    taken(&post(&gateway, &key, PATH, from(21, "192.0.2.2")).await);
    gateway.clock.advance(Duration::from_secs(wait));
    taken(&post(&gateway, &key, PATH, from(22, "192.0.2.1")).await);
    // A hundred by the key, where tests say so.
    for number in 23..101 {
        taken(&post(&gateway, &key, PATH, from(number, &format!("192.0.2.{number}"))).await);
    }
    let answer = post(&gateway, &key, PATH, from(200, "192.0.2.200")).await;
    assert_eq!((answer.status, problem(&answer)), (429, "too-many"), "{}", answer.json);
    let other = gateway.key("shop", Role::Api).await;
    taken(&post(&gateway, &other, PATH, from(201, "192.0.2.201")).await);
}

#[tokio::test]
async fn who_once_said_no_is_not_told_of_again_and_again() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in("anna@example.se", &["apparel"]).await;
    gateway.post(&gateway.unsubscribe_link(anna, None), &[("leave", "all")]).await;
    gateway.clock.advance(Duration::from_secs(60));
    let key = gateway.key("shop", Role::Api).await;
    let mut body = signup("anna@example.se");
    body["send"] = json!(false);
    for _ in 0..5 {
        taken(&post(&gateway, &key, PATH, body.clone()).await);
        gateway.clock.advance(Duration::from_secs(60));
    }
    assert_eq!(gateway.history(anna).await.len(), 3, "a yes, a no, and one sign-up");
}

#[tokio::test]
async fn a_key_whose_sender_has_no_policy_asks_nobody() {
    let gateway = Gateway::start().await;
    let nobody = gateway.key("nobody", Role::Api).await;
    assert_eq!(post(&gateway, &nobody, PATH, signup(ANNA)).await.status, 403);
}
