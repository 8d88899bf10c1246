//! `/v1/…`, `/healthz`, `/readyz`.

use optgate::store::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{ANNA, Gateway, withdrawal};

pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub json: Value,
}

/// The name of a problem's type.
pub fn problem(answer: &Answer) -> &str {
    answer.json["type"].as_str().unwrap().strip_prefix("urn:problem-type:optgate:").unwrap()
}

pub async fn call(gateway: &Gateway, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut request = gateway.http.request(method, gateway.api(path)).bearer_auth(key);
    if let Some(body) = body {
        request = request.json(&body);
    }
    read(request).await
}

pub async fn read(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let header = response.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap();
    let answer = Answer {
        status,
        kind: header.unwrap_or_default(),
        json: serde_json::from_str(&text).unwrap_or_default(),
    };
    if status >= 400 {
        assert_eq!(answer.kind, "application/problem+json", "{status} {text}");
        assert_eq!(answer.json["status"], status);
    }
    answer
}

pub async fn post(gateway: &Gateway, key: &str, path: &str, body: Value) -> Answer {
    call(gateway, key, Method::POST, path, Some(body)).await
}

fn ground(scopes: &[&str], obtained_at: &str) -> Value {
    json!({
        "email": ANNA,
        "kind": "double_opt_in",
        "scopes": scopes,
        "obtained_at": obtained_at,
        "evidence": { "form_url": "https://shop.example/signup", "ip": "192.0.2.1" },
    })
}

#[tokio::test]
async fn without_a_key_in_force_nothing_is_told() {
    let gateway = Gateway::start().await;
    let url = gateway.api("/v1/subscribers/lookup");
    for key in [None, Some("Bearer nonsense"), Some("Basic Zm9vOmJhcg=="), Some("Bearer ")] {
        let mut request = gateway.http.post(&url).json(&json!({ "email": ANNA }));
        if let Some(key) = key {
            request = request.header("Authorization", key);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 401);
        assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
    }
}

#[tokio::test]
async fn each_role_opens_what_it_is_for() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let mut statuses = Vec::new();
    for role in [Role::Smtp, Role::Ops, Role::Api, Role::Compliance] {
        let key = gateway.key("shop", role).await;
        let person = format!("/v1/subscribers/{anna}");
        let message = "/v1/messages/0193a000-0000-7000-8000-000000000000";
        let read = call(&gateway, &key, Method::GET, &person, None).await.status;
        let message = call(&gateway, &key, Method::GET, message, None).await.status;
        let erase = call(&gateway, &key, Method::DELETE, &person, None).await.status;
        statuses.push((read, message, erase));
    }
    assert_eq!(statuses, [(403, 403, 403), (403, 404, 403), (200, 404, 403), (200, 404, 204)]);
}

#[tokio::test]
async fn i15_a_key_reaches_its_own_senders_people_alone() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let key = gateway.key("other", Role::Compliance).await;
    let person = format!("/v1/subscribers/{anna}");
    assert_eq!(call(&gateway, &key, Method::GET, &person, None).await.status, 404);
    assert_eq!(call(&gateway, &key, Method::DELETE, &person, None).await.status, 404);
    let looked = post(&gateway, &key, "/v1/subscribers/lookup", json!({ "email": ANNA })).await;
    assert_eq!(looked.status, 404);
    let no = json!({ "email": ANNA, "source": { "channel": "phone" } });
    assert_eq!(post(&gateway, &key, "/v1/withdrawals", no).await.status, 201);
    assert!(gateway.known("shop", ANNA).await.unwrap().state.withdrawals.is_empty());
    let asked = json!({ "stream": "marketing", "scope": "apparel", "recipients": [ANNA] });
    let answer = post(&gateway, &key, "/v1/decisions", asked).await;
    assert_eq!(answer.json["verdicts"][0]["reason"], "withdrawn");
}

#[tokio::test]
async fn a_person_gets_another_address_and_keeps_the_rest() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let bo = gateway.opted_in("bo@example.se", &["apparel"]).await;
    let path = format!("/v1/subscribers/{anna}/address");
    let to = |email: &str| json!({ "email": email, "source": { "channel": "phone", "agent": "Eva" } });
    // Whoever reads the new address may ask for all that is kept.
    let tool = gateway.key("shop", Role::Api).await;
    assert_eq!(post(&gateway, &tool, &path, to("anna.berg@example.se")).await.status, 403);
    let key = gateway.key("shop", Role::Compliance).await;
    let done = post(&gateway, &key, &path, to("anna.berg@example.se")).await;
    assert_eq!(
        (done.status, done.json["id"].as_str()),
        (200, Some(anna.to_string().as_str())),
        "{}",
        done.json
    );
    let again = post(&gateway, &key, &path, to("anna.berg@example.se")).await;
    assert_eq!((again.status, again.json["event"].is_null()), (200, true), "{}", again.json);
    let taken = post(&gateway, &key, &path, to("bo@example.se")).await;
    assert_eq!((taken.status, problem(&taken)), (409, "conflict"));
    let empty =
        post(&gateway, &key, &path, json!({ "email": "x@example.se", "source": { "channel": "" } })).await;
    assert_eq!(empty.status, 422, "{}", empty.json);
    let other = gateway.key("other", Role::Compliance).await;
    assert_eq!(post(&gateway, &other, &path, to("x@example.se")).await.status, 404, "invariant 15");

    let shown = call(&gateway, &key, Method::GET, &format!("/v1/subscribers/{anna}"), None).await;
    let last = shown.json["history"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["kind"].as_str(), last["confirmed"].as_bool()), (Some("address_changed"), Some(false)));
    assert_eq!(last["evidence"]["source"]["agent"], "Eva");
    // Nobody has shown that the address is hers.
    assert_eq!(shown.json["grounds"][0]["kind"], "single_opt_in");
    assert_eq!(shown.json["id"], anna.to_string());
    // Nothing is kept of the call that holds an address in clear, and no second person stands under the new one.
    let old = post(&gateway, &key, "/v1/subscribers/lookup", json!({ "email": ANNA })).await;
    assert_eq!((old.json["state"].as_str(), old.json["id"] == anna.to_string()), (Some("withdrawn"), false));
    assert_ne!(bo, anna);
}

#[tokio::test]
async fn a_ground_is_recorded_and_says_what_is_in_force() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let answer = post(&gateway, &key, "/v1/grounds", ground(&["apparel"], "2026-11-01T09:00:00Z")).await;
    assert_eq!((answer.status, answer.json), (201, json!({ "in_force": ["apparel"] })));

    let no = json!({ "email": ANNA, "scopes": ["apparel.tshirts"], "source": { "channel": "phone" } });
    assert_eq!(post(&gateway, &key, "/v1/withdrawals", no).await.status, 201);
    let both = ground(&["apparel.tshirts", "furniture.office"], "2026-11-02T09:00:00Z");
    let answer = post(&gateway, &key, "/v1/grounds", both).await;
    assert_eq!((answer.status, answer.json), (201, json!({ "in_force": ["furniture.office"] })));
    let beaten = ground(&["apparel.tshirts"], "2026-11-03T09:00:00Z");
    let answer = post(&gateway, &key, "/v1/grounds", beaten).await;
    assert_eq!((answer.status, &answer.json["reason"]), (409, &json!("withdrawn")));
    let anna = gateway.known("shop", ANNA).await.unwrap();
    assert_eq!(gateway.history(anna.id).await.len(), 4, "recorded always");
    gateway.clock.advance(std::time::Duration::from_secs(60));
    let younger = ground(&["apparel.tshirts"], "2026-11-21T12:00:30Z");
    let answer = post(&gateway, &key, "/v1/grounds", younger).await;
    assert_eq!((answer.status, answer.json), (201, json!({ "in_force": ["apparel.tshirts"] })));
}

#[tokio::test]
async fn a_single_opt_in_counts_only_where_the_law_takes_it() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let mut single = ground(&["apparel"], "2026-11-01T09:00:00Z");
    single["kind"] = json!("single_opt_in");
    let answer = post(&gateway, &key, "/v1/grounds", single.clone()).await;
    assert_eq!((answer.status, answer.json), (201, json!({ "in_force": [] })));
    single["email"] = json!("joe@example.ca");
    single["jurisdiction"] = json!("CA");
    let answer = post(&gateway, &key, "/v1/grounds", single).await;
    assert_eq!((answer.status, answer.json), (201, json!({ "in_force": ["apparel"] })));
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_pointed_to_and_nothing_is_recorded() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let fine = || ground(&["apparel"], "2026-11-01T09:00:00Z");
    let with = |field: &str, value: Value| {
        let mut body = fine();
        body[field] = value;
        body
    };
    let wrong = [
        ("/email", with("email", json!("anna"))),
        ("/kind", with("kind", json!("soft_opt_in"))),
        ("/scopes/1", with("scopes", json!(["apparel", "Nonsense!"]))),
        ("/scopes", with("scopes", json!([]))),
        ("/obtained_at", with("obtained_at", json!("yesterday"))),
        ("/jurisdiction", with("jurisdiction", json!("S€"))),
        ("/locale", with("locale", json!("sv SE"))),
        ("/evidence", with("evidence", json!("a form"))),
        ("/evidence", with("evidence", json!({ "text": "x".repeat(40_000) }))),
        ("/colour", with("colour", json!("red"))),
        ("", json!({ "email": ANNA })),
        ("", json!([])),
    ];
    for (pointer, body) in wrong {
        let answer = post(&gateway, &key, "/v1/grounds", body.clone()).await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.json["errors"][0]["pointer"], pointer, "{body} {}", answer.json);
    }
    let body = json!({ "email": "x", "kind": "foo", "scopes": "a", "obtained_at": "yesterday", "bogus": 1 });
    let answer = post(&gateway, &key, "/v1/grounds", body).await;
    let errors = answer.json["errors"].as_array().unwrap().iter();
    let mut places: Vec<_> = errors.map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
    places.sort();
    assert_eq!(places, ["", "/bogus", "/email", "/kind", "/obtained_at", "/scopes"], "{}", answer.json);
    let unfit = [
        ("/scopes/0", with("scopes", json!(["jewels"]))),
        ("/obtained_at", with("obtained_at", json!("2026-11-21T12:06:00Z"))),
        ("/jurisdiction", with("jurisdiction", json!("Sweden"))),
    ];
    for (pointer, body) in unfit {
        let answer = post(&gateway, &key, "/v1/grounds", body.clone()).await;
        assert_eq!((answer.status, problem(&answer)), (409, "unfit"), "{body}");
        assert_eq!(answer.json["errors"][0]["pointer"], pointer, "{body} {}", answer.json);
    }
    let mut both = with("scopes", json!(["jewels"]));
    both["locale"] = json!("");
    let answer = post(&gateway, &key, "/v1/grounds", both).await;
    assert_eq!((answer.status, answer.json["errors"].as_array().unwrap().len()), (422, 2));
    assert!(gateway.known("shop", ANNA).await.is_none());
}

#[tokio::test]
async fn the_frameworks_own_refusals_are_problems_too() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let grounds = gateway.api("/v1/grounds");
    let text = |body: String| gateway.http.post(&grounds).bearer_auth(&key).body(body);
    let json = |body: &str| text(body.to_owned()).header("Content-Type", "application/json; charset=utf-8");
    assert_eq!(read(text("{}".into())).await.status, 415);
    assert_eq!(read(json("{")).await.status, 400);
    assert_eq!(read(json("{} {}")).await.status, 400);
    assert_eq!(read(json(&"[".repeat(10_000))).await.status, 400);
    assert_eq!(read(json(&format!("\"{}\"", "x".repeat(2 << 20)))).await.status, 413);
    assert_eq!(read(gateway.http.get(gateway.api("/v1/nothing"))).await.status, 404);
    assert_eq!(read(gateway.http.get(gateway.api("/"))).await.status, 404);
    assert_eq!(call(&gateway, &key, Method::GET, "/v1/subscribers/anna", None).await.status, 404);
    let put = gateway.http.put(&grounds).send().await.unwrap();
    assert_eq!((put.status().as_u16(), put.headers()["allow"].to_str().unwrap()), (405, "POST"));
    assert_eq!(read(gateway.http.put(&grounds)).await.status, 405);
}

#[tokio::test]
async fn a_purchase_makes_a_soft_opt_in_with_its_notice_as_proof() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let purchase = |email: &str, given: bool| {
        json!({
            "email": email, "scope": "apparel.tshirts", "purchased_at": "2026-05-01T10:00:00Z",
            "reference": "order 17", "notice": { "given": given, "text": "We mail you about likes." },
        })
    };
    let answer = post(&gateway, &key, "/v1/purchases", purchase(ANNA, true)).await;
    let reached = json!(["apparel", "apparel.trousers", "apparel.tshirts"]);
    assert_eq!((answer.status, &answer.json["in_force"]), (201, &reached));
    let anna = gateway.known("shop", ANNA).await.unwrap();
    let evidence = gateway.history(anna.id).await.pop().unwrap().1.unwrap();
    assert_eq!(evidence["reference"], "order 17");
    assert_eq!(evidence["notice"]["sha256"].as_str().unwrap().len(), 64);

    let unnoticed = post(&gateway, &key, "/v1/purchases", purchase("bo@example.se", false)).await;
    assert_eq!((unnoticed.status, &unnoticed.json["in_force"]), (201, &json!([])));
    let mut bare = purchase(ANNA, true);
    bare.as_object_mut().unwrap().remove("notice");
    assert_eq!(post(&gateway, &key, "/v1/purchases", bare).await.status, 422);
}

#[tokio::test]
async fn decisions_are_answered_in_order_and_recorded_nowhere() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    gateway.opted_in(ANNA, &["apparel"]).await;
    let asked = json!({
        "stream": "marketing", "scope": "apparel.trousers", "recipients": ["who@example.se", ANNA],
    });
    let answer = post(&gateway, &key, "/v1/decisions", asked).await;
    assert_eq!(answer.status, 200);
    let verdicts = &answer.json["verdicts"];
    assert_eq!(verdicts[0]["recipient"], "who@example.se");
    assert_eq!((&verdicts[0]["verdict"], &verdicts[0]["reason"]), (&json!("refuse"), &json!("no_ground")));
    let anna = verdicts[1].as_object().unwrap();
    let expected = json!({
        "recipient": ANNA, "verdict": "deliver", "reason": null, "ground": "double_opt_in",
        "scope": "apparel.trousers", "stream": "marketing", "jurisdiction": "se", "decision": null,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&anna[field], value, "{field}");
    }
    assert!(anna["rule"]["file"].is_string() && anna["rule"]["line"].is_number());
    assert!(anna["policy"].is_string() && anna["text"].is_string());
    assert!(gateway.known("shop", "who@example.se").await.is_none());

    let functional = json!({ "stream": "functional", "recipients": ["who@example.se"] });
    let answer = post(&gateway, &key, "/v1/decisions", functional).await;
    assert_eq!(answer.json["verdicts"][0]["ground"], "functional");
    let unknown = json!({ "stream": "marketing", "scope": "jewels", "recipients": [] });
    assert_eq!(post(&gateway, &key, "/v1/decisions", unknown).await.status, 409);
    let wrong = json!({ "stream": "marketing", "scope": "apparel", "recipients": [ANNA, "x"] });
    assert_eq!(
        post(&gateway, &key, "/v1/decisions", wrong).await.json["errors"][0]["pointer"],
        "/recipients/1"
    );
}

#[tokio::test]
async fn a_person_is_shown_with_grounds_withdrawals_and_history() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let lookup = async || post(&gateway, &key, "/v1/subscribers/lookup", json!({ "email": ANNA })).await;
    assert_eq!(lookup().await.status, 404);
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let shown = lookup().await.json;
    assert_eq!((&shown["id"], &shown["state"]), (&json!(anna), &json!("active")));
    assert_eq!(shown["grounds"][0]["kind"], "double_opt_in");
    assert_eq!(shown["grounds"][0]["in_force"], true);
    assert!(!shown.to_string().contains(ANNA), "{shown}");

    let no = json!({ "email": ANNA, "source": { "channel": "phone", "agent": "Eva" } });
    let told = post(&gateway, &key, "/v1/withdrawals", no).await;
    assert_eq!((told.status, &told.json["id"]), (201, &json!(anna)));
    let shown = lookup().await.json;
    assert_eq!(shown["state"], "withdrawn");
    assert_eq!(shown["grounds"][0]["in_force"], false);
    assert_eq!(shown["withdrawals"][0]["scope"], Value::Null);
    assert_eq!(shown["history"][1]["kind"], "withdrawal");
    assert_eq!(shown["history"][1]["evidence"]["source"]["agent"], "Eva");
    let by_id = call(&gateway, &key, Method::GET, &format!("/v1/subscribers/{anna}"), None).await;
    assert_eq!((by_id.status, by_id.json), (200, shown));
}

#[tokio::test]
async fn a_withdrawal_of_someone_unknown_is_kept_for_the_day_they_are_known() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let no = json!({
        "email": ANNA, "scopes": ["apparel"], "source": { "channel": "phone" },
        "withdrawn_at": "2026-11-20T10:00:00Z",
    });
    assert_eq!(post(&gateway, &key, "/v1/withdrawals", no).await.status, 201);
    let older = ground(&["apparel"], "2026-11-19T09:00:00Z");
    assert_eq!(post(&gateway, &key, "/v1/grounds", older).await.status, 409);
    let anna = gateway.known("shop", ANNA).await.unwrap();
    assert!(gateway.kinds(anna.id).await.contains(&withdrawal(&["apparel"])));
    let ahead = json!({
        "email": ANNA, "source": { "channel": "phone" }, "withdrawn_at": "2026-11-21T12:06:00Z",
    });
    assert_eq!(post(&gateway, &key, "/v1/withdrawals", ahead).await.status, 409);
    let silent = json!({ "email": ANNA, "source": {} });
    assert_eq!(post(&gateway, &key, "/v1/withdrawals", silent).await.status, 422);
}

#[tokio::test]
async fn a_no_beats_a_yes_that_another_clock_dated_ahead() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let ahead = ground(&["apparel"], "2026-11-21T12:04:00Z");
    assert_eq!(post(&gateway, &key, "/v1/grounds", ahead).await.status, 201);
    let no = json!({ "email": ANNA, "source": { "channel": "phone" } });
    assert_eq!(post(&gateway, &key, "/v1/withdrawals", no).await.status, 201);
    gateway.clock.advance(std::time::Duration::from_secs(600));
    let asked = json!({ "stream": "marketing", "scope": "apparel", "recipients": [ANNA] });
    let answer = post(&gateway, &key, "/v1/decisions", asked).await;
    assert_eq!(answer.json["verdicts"][0]["reason"], "withdrawn");
}

#[tokio::test]
async fn an_erased_person_leaves_a_tombstone_that_older_facts_do_not_pass() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Compliance).await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let person = format!("/v1/subscribers/{anna}");
    assert_eq!(call(&gateway, &key, Method::DELETE, &person, None).await.status, 204);
    assert_eq!(call(&gateway, &key, Method::DELETE, &person, None).await.status, 204);
    let nobody = "/v1/subscribers/0193a000-0000-7000-8000-000000000000";
    assert_eq!(call(&gateway, &key, Method::DELETE, nobody, None).await.status, 404);
    let older = ground(&["apparel"], "2026-11-20T09:00:00Z");
    let answer = post(&gateway, &key, "/v1/grounds", older).await;
    assert_eq!((answer.status, &answer.json["reason"]), (409, &json!("erased")));
    let gone = call(&gateway, &key, Method::GET, &person, None).await;
    assert_eq!((gone.status, problem(&gone), &gone.json["reason"]), (404, "erased", &json!("erased")));
    let shown = post(&gateway, &key, "/v1/subscribers/lookup", json!({ "email": ANNA })).await;
    assert_eq!((shown.status, &shown.json["state"]), (200, &json!("erased")));
    assert!(shown.json["history"].as_array().unwrap().iter().all(|event| event["evidence"].is_null()));
}

#[tokio::test]
async fn alive_and_ready_are_told_to_anyone_and_ready_needs_the_store() {
    let gateway = Gateway::start().await;
    assert_eq!(gateway.get(&gateway.api("/healthz")).await.0, 200);
    assert_eq!(gateway.get(&gateway.api("/readyz")).await.0, 200);
    gateway.store.close().await;
    assert_eq!(gateway.get(&gateway.api("/healthz")).await.0, 200);
    assert_eq!(read(gateway.http.get(gateway.api("/readyz"))).await.status, 503);
}

fn tracking(answer: &str, more: Value) -> Value {
    let mut body = json!({ "email": ANNA, "answer": answer, "evidence": { "form_text": "You may see it." } });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn an_answer_to_tracking_is_recorded_with_what_comes_of_it() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let path = "/v1/tracking";
    let yes = |asked: &str, at: &str| tracking("yes", json!({ "asked": asked, "answered_at": at }));
    let given = post(&gateway, &key, path, yes("with_opt_in", "2026-11-01T10:00:00Z")).await;
    assert_eq!((given.status, &given.json["tracking"]), (201, &json!("kept")), "{}", given.json);
    assert_eq!(given.json["reason"], "consented");
    // Where the person lives now another consent is asked for.
    let moved = tracking(
        "yes",
        json!({
            "asked": "with_opt_in", "answered_at": "2026-11-02T10:00:00Z", "jurisdiction": "fr",
        }),
    );
    let moved = post(&gateway, &key, path, moved).await;
    assert_eq!((moved.status, &moved.json["reason"]), (201, &json!("not_separate")), "{}", moved.json);
    let given = post(&gateway, &key, path, yes("separately", "2026-11-03T10:00:00Z")).await;
    assert_eq!(given.json["tracking"], "kept");
    let refused = post(&gateway, &key, path, tracking("no", json!({}))).await;
    assert_eq!((refused.status, &refused.json["reason"]), (201, &json!("refused")), "{}", refused.json);
    let late = post(&gateway, &key, path, yes("separately", "2026-11-04T10:00:00Z")).await;
    assert_eq!((late.status, &late.json["reason"]), (409, &json!("withdrawn")), "{}", late.json);

    let known = post(&gateway, &key, "/v1/subscribers/lookup", json!({ "email": ANNA })).await;
    let shown = &known.json["tracking"];
    assert_eq!(shown["now"], "taken_out");
    assert!(shown["withdrawn_at"].is_string() && shown["consents"].as_array().unwrap().len() == 2, "{shown}");
    let history = known.json["history"].as_array().unwrap();
    assert!(history.iter().all(|event| event["texts"]["form_text"].is_string()), "{history:?}");
}

#[tokio::test]
async fn a_yes_to_tracking_says_how_and_when_and_a_no_needs_neither() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    for (body, pointers) in [
        (tracking("yes", json!({})), vec!["/asked", "/answered_at"]),
        (tracking("no", json!({ "asked": "separately" })), vec!["/asked"]),
        (
            tracking("yes", json!({ "asked": "separately", "answered_at": "2026-11-22T10:00:00Z" })),
            vec!["/answered_at"],
        ),
    ] {
        let answer = post(&gateway, &key, "/v1/tracking", body.clone()).await;
        assert_eq!(answer.status, 409, "{body}");
        let told: Vec<&str> = answer.json["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(told, pointers, "{body}");
    }
    assert!(gateway.known("shop", ANNA).await.is_none(), "nothing was recorded");
}
