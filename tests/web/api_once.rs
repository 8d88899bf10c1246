//! Writes with an Idempotency-Key.

use std::time::Duration;

use optgate::store::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::{Answer, call, post, problem, read};
use crate::support::{ANNA, Gateway};

const DAY: Duration = Duration::from_secs(86_400);

async fn once(gateway: &Gateway, key: &str, name: &str, path: &str, body: &Value) -> Answer {
    let request = gateway.http.post(gateway.api(path)).bearer_auth(key).header("Idempotency-Key", name);
    read(request.json(body)).await
}

fn withdrawal() -> Value {
    json!({ "email": ANNA, "source": { "channel": "phone" } })
}

fn ground(obtained_at: &str) -> Value {
    json!({
        "email": ANNA, "kind": "double_opt_in", "scopes": ["apparel"], "obtained_at": obtained_at,
        "evidence": {},
    })
}

async fn facts(gateway: &Gateway) -> usize {
    let anna = gateway.known("shop", ANNA).await.unwrap();
    gateway.history(anna.id).await.len()
}

#[tokio::test]
async fn a_call_made_again_is_done_once_and_answered_as_the_first_time() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let first = once(&gateway, &key, "k1", "/v1/withdrawals", &withdrawal()).await;
    assert_eq!(first.status, 201);
    let younger = ground("2026-11-21T12:20:00Z");
    gateway.clock.advance(Duration::from_secs(1800));
    assert_eq!(once(&gateway, &key, "k2", "/v1/grounds", &younger).await.status, 201);
    gateway.clock.advance(Duration::from_secs(1800));

    let again = once(&gateway, &key, "k1", "/v1/withdrawals", &withdrawal()).await;
    assert_eq!((again.status, again.json, again.kind), (201, first.json.clone(), first.kind));
    assert_eq!(facts(&gateway).await, 2, "the person's yes since then still stands");
    let new = once(&gateway, &key, "k3", "/v1/withdrawals", &withdrawal()).await;
    assert_ne!(new.json["event"], first.json["event"]);
    assert_eq!(facts(&gateway).await, 3);
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day_whatever_happens_to_policy_and_person() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Compliance).await;
    let beaten = ground("2026-11-01T09:00:00Z");
    assert_eq!(once(&gateway, &key, "no", "/v1/withdrawals", &withdrawal()).await.status, 201);
    let first = once(&gateway, &key, "yes", "/v1/grounds", &beaten).await;
    assert_eq!((first.status, problem(&first)), (409, "conflict"));
    let anna = gateway.known("shop", ANNA).await.unwrap().id;
    let person = format!("/v1/subscribers/{anna}");
    assert_eq!(call(&gateway, &key, Method::DELETE, &person, None).await.status, 204);

    gateway.clock.advance(DAY - Duration::from_secs(1));
    let again = once(&gateway, &key, "yes", "/v1/grounds", &beaten).await;
    assert_eq!((again.status, &again.json["reason"]), (409, &json!("withdrawn")));
    assert_eq!(gateway.store.purge_answers().await.unwrap(), 0);
    gateway.clock.advance(Duration::from_secs(1));
    let after = once(&gateway, &key, "yes", "/v1/grounds", &beaten).await;
    assert_eq!((after.status, &after.json["reason"]), (409, &json!("erased")), "done anew");
    gateway.clock.advance(DAY);
    assert_eq!(gateway.store.purge_answers().await.unwrap(), 2);
}

#[tokio::test]
async fn a_key_is_for_one_call_of_one_credential() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    assert_eq!(once(&gateway, &key, "k", "/v1/withdrawals", &withdrawal()).await.status, 201);
    let other = json!({ "email": "bo@example.se", "source": { "channel": "phone" } });
    let refused = once(&gateway, &key, "k", "/v1/withdrawals", &other).await;
    assert_eq!((refused.status, problem(&refused)), (422, "key-reused"));
    assert!(gateway.known("shop", "bo@example.se").await.is_none());
    // Another route, another credential and another sender have keys of their own.
    let yes = ground("2026-11-01T09:00:00Z");
    assert_eq!(once(&gateway, &key, "k", "/v1/grounds", &yes).await.status, 409);
    for sender in ["shop", "other"] {
        let theirs = gateway.key(sender, Role::Api).await;
        assert_eq!(once(&gateway, &theirs, "k", "/v1/withdrawals", &other).await.status, 201);
    }
}

#[tokio::test]
async fn a_call_that_recorded_nothing_leaves_its_key_free() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let mistaken = json!({ "email": "anna", "source": { "channel": "phone" } });
    assert_eq!(once(&gateway, &key, "k", "/v1/withdrawals", &mistaken).await.status, 422);
    assert_eq!(once(&gateway, &key, "k", "/v1/withdrawals", &withdrawal()).await.status, 201);
    for name in ["", &"k".repeat(256), "k\u{e5}"] {
        let answer = once(&gateway, &key, name, "/v1/withdrawals", &withdrawal()).await;
        assert_eq!((answer.status, problem(&answer)), (400, "parameter"), "{name:?}");
        assert_eq!(answer.json["errors"][0]["parameter"], "Idempotency-Key");
    }
}

#[tokio::test]
async fn of_many_at_once_one_is_done_and_the_others_hear_of_it() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let yes = ground("2026-11-01T09:00:00Z");
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let request = gateway.http.post(gateway.api("/v1/grounds")).bearer_auth(&key);
        calls.spawn(read(request.header("Idempotency-Key", "k").json(&yes)));
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().any(|answer| answer.status == 201));
    for answer in answers {
        match answer.status {
            201 => assert_eq!(answer.json, json!({ "in_force": ["apparel"] })),
            _ => assert_eq!((answer.status, problem(&answer)), (409, "in-progress")),
        }
    }
    assert_eq!(facts(&gateway).await, 1);
}

#[tokio::test]
async fn erasing_and_lifting_are_answered_again_too() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Compliance).await;
    let block = json!({ "email": ANNA, "note": "asked by letter" });
    let blocked = once(&gateway, &key, "b", "/v1/suppressions", &block).await;
    assert_eq!(blocked.status, 201);
    let delete = async |path: String, name: &str| {
        let request = gateway.http.delete(gateway.api(&path)).bearer_auth(&key);
        read(request.header("Idempotency-Key", name)).await.status
    };
    let id = blocked.json["id"].as_str().unwrap();
    for _ in 0..2 {
        assert_eq!(delete(format!("/v1/suppressions/{id}"), "l").await, 204);
        assert_eq!(delete(format!("/v1/subscribers/{id}"), "e").await, 204);
    }
    assert_eq!(delete(format!("/v1/suppressions/{id}"), "l2").await, 404);
    let again = post(&gateway, &key, "/v1/suppressions", block).await;
    assert_eq!(again.status, 201, "a no about who was erased is kept");
}
