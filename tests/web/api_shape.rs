//! The OpenAPI document: complete, and true to what the routes ask for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Gateway, documented, serve};

async fn document() -> Value {
    let gateway = Gateway::start().await;
    let (status, text) = gateway.get(&gateway.api("/v1/openapi.json")).await;
    assert_eq!(status, 200);
    serde_json::from_str(&text).unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap().iter();
        item.map(move |(method, operation)| (path.clone(), method.to_uppercase(), operation))
    });
    all.collect()
}

#[tokio::test]
async fn the_document_is_of_version_3_1_and_every_reference_in_it_leads_somewhere() {
    let document = document().await;
    assert_eq!(document["openapi"], "3.1.0");
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                found.insert(reference.clone());
            }
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_operation_says_who_may_call_it_and_how_it_can_fail() {
    let document = document().await;
    let known = ["api", "compliance", "ops"];
    let mut ids = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let name = format!("{method} {path}");
        assert!(ids.insert(operation["operationId"].as_str().unwrap()), "{name}");
        assert!(operation["summary"].is_string(), "{name}");
        if !path.starts_with("/v1/") {
            assert!(operation.get("security").is_none(), "{name}");
            continue;
        }
        let roles = operation["security"][0]["key"].as_array().unwrap_or_else(|| panic!("{name}: whose?"));
        assert!(
            !roles.is_empty() && roles.iter().all(|role| known.contains(&role.as_str().unwrap())),
            "{name}"
        );
        let answers = operation["responses"].as_object().unwrap();
        for status in ["401", "403", "406", "429", "500", "503"] {
            assert!(answers.contains_key(status), "{name} {status}");
        }
        assert!(answers.keys().any(|status| status.starts_with('2')), "{name}");
        if operation.get("requestBody").is_some() {
            assert_eq!(operation["requestBody"]["required"], true, "{name}");
            for status in ["400", "413", "415", "422"] {
                assert!(answers.contains_key(status), "{name} {status}");
            }
        }
        let is_write = method != "GET" && !path.ends_with("/lookup") && !path.ends_with("/decisions");
        let keyed = operation.get("x-idempotency-key").is_some();
        assert_eq!(keyed, is_write, "{name}: every write can be done once");
        // Invariant 6: a GET changes nothing, so it has no body.
        assert!(method != "GET" || operation.get("requestBody").is_none(), "{name}");
    }
}

/// Every answer in these tests passes by `documented`.
#[tokio::test]
async fn what_the_document_does_not_promise_is_found_out() {
    let answer = |status: u16, kind: &'static str| {
        axum::routing::get(move || async move {
            let status = axum::http::StatusCode::from_u16(status).unwrap();
            (status, [("content-type", kind)], "{}")
        })
    };
    let router = axum::Router::new()
        .route("/v1/events", answer(418, "application/problem+json"))
        .route("/v1/deliveries", answer(200, "text/plain"))
        .route("/v1/messages/{id}", answer(200, "application/json"));
    let url = serve(documented(router)).await;
    for (path, status) in [("events", 599), ("deliveries", 599), ("messages/1", 200)] {
        let answer = reqwest::get(format!("{url}/v1/{path}")).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn i11_no_address_is_ever_asked_for_in_a_url() {
    let document = document().await;
    for (path, method, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap();
            assert!(!["email", "address", "recipient", "to"].contains(&name), "{method} {path} {name}");
        }
    }
}
