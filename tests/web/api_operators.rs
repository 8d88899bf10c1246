//! What operators and compliance officers do by the API: suppressions, exports, many decisions.

use optgate::consent::request::{Due, Kind};
use optgate::policy::Reason;
use optgate::store::{NewRequest, Role};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::api::{call, post, problem, read};
use crate::support::{ANNA, Gateway};

#[tokio::test]
async fn a_block_stops_all_mail_until_it_is_lifted_and_brings_back_no_ground() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let reason = async |stream: &str, to: &str| {
        let asked = json!({ "stream": stream, "scope": "apparel", "recipients": [to] });
        post(&gateway, &key, "/v1/decisions", asked).await.json["verdicts"][0]["reason"].clone()
    };
    let blocked = post(&gateway, &key, "/v1/suppressions", json!({ "email": ANNA })).await;
    assert_eq!((blocked.status, &blocked.json["id"]), (201, &json!(anna)));
    assert_eq!(blocked.json["suppressions"][0]["why"], "operator");
    for stream in ["marketing", "functional", "confirmation"] {
        assert_eq!(reason(stream, ANNA).await, json!(Reason::SuppressedOperator));
    }
    let again = post(&gateway, &key, "/v1/suppressions", json!({ "email": ANNA })).await;
    assert_eq!((again.status, again.json), (201, blocked.json));
    assert_eq!(gateway.history(anna).await.len(), 2, "blocking again says nothing new");

    let listed = call(&gateway, &key, Method::GET, "/v1/suppressions", None).await;
    assert_eq!(listed.json["suppressions"][0]["email"], ANNA);
    let lifted =
        call(&gateway, &key, Method::DELETE, "/v1/suppressions", Some(json!({ "email": ANNA }))).await;
    assert_eq!(lifted.status, 204);
    assert_eq!(reason("marketing", ANNA).await, Value::Null);
    let listed = call(&gateway, &key, Method::GET, "/v1/suppressions", None).await;
    assert_eq!(listed.json, json!({ "suppressions": [], "next": null }));
    let twice =
        call(&gateway, &key, Method::DELETE, "/v1/suppressions", Some(json!({ "email": ANNA }))).await;
    assert_eq!(twice.status, 404);

    let stranger = json!({ "email": "bo@example.se" });
    assert_eq!(post(&gateway, &key, "/v1/suppressions", stranger).await.status, 201);
    let bo = gateway.known("shop", "bo@example.se").await.unwrap().id;
    let path = format!("/v1/suppressions/{bo}");
    assert_eq!(call(&gateway, &key, Method::DELETE, &path, None).await.status, 204);
    assert_eq!(reason("marketing", "bo@example.se").await, json!(Reason::NoGround));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_and_holds_the_senders_own_alone() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Compliance).await;
    let other = gateway.key("other", Role::Api).await;
    for number in 0..5 {
        let block = json!({ "email": format!("p{number}@example.se") });
        assert_eq!(post(&gateway, &key, "/v1/suppressions", block).await.status, 201);
    }
    assert_eq!(post(&gateway, &other, "/v1/suppressions", json!({ "email": ANNA })).await.status, 201);
    let erased = gateway.known("shop", "p2@example.se").await.unwrap().id;
    assert!(gateway.recorder.erase("shop", erased, "test").await.unwrap());
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/suppressions?limit=2{after}");
        let page = call(&gateway, &key, Method::GET, &path, None).await;
        let people = page.json["suppressions"].as_array().unwrap().clone();
        assert!(people.len() <= 2);
        seen.extend(people.iter().map(|person| person["email"].as_str().unwrap().to_owned()));
        let Some(next) = page.json["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    seen.sort();
    assert_eq!(seen, ["p0@example.se", "p1@example.se", "p3@example.se", "p4@example.se"]);
    for query in ["limit=0", "limit=1001", "limit=x", "after=x", "colour=red", "limit=1&limit=2"] {
        let answer = call(&gateway, &key, Method::GET, &format!("/v1/suppressions?{query}"), None).await;
        assert_eq!((answer.status, problem(&answer)), (400, "parameter"), "{query}");
        let name = query.split('=').next().unwrap();
        if query.matches('=').count() == 1 {
            assert_eq!(answer.json["errors"][0]["parameter"], name, "{query}");
        }
    }
}

#[tokio::test]
async fn an_export_holds_all_there_is_and_after_an_erasure_there_is_none() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Compliance).await;
    let purchase = json!({
        "email": ANNA, "scope": "apparel.tshirts", "purchased_at": "2026-05-01T10:00:00Z",
        "reference": "order 17", "notice": { "given": true, "text": "We mail you about likes." },
    });
    assert_eq!(post(&gateway, &key, "/v1/purchases", purchase).await.status, 201);
    let anna = gateway.known("shop", ANNA).await.unwrap().id;
    let path = format!("/v1/subscribers/{anna}/export");
    let export = call(&gateway, &key, Method::GET, &path, None).await;
    assert_eq!((export.status, &export.json["email"]), (200, &json!(ANNA)));
    assert_eq!(export.json["subscriber"]["history"][0]["evidence"]["reference"], "order 17");
    assert_eq!(export.json["deliveries"], json!([]));
    assert!(gateway.recorder.erase("shop", anna, "test").await.unwrap());
    let export = call(&gateway, &key, Method::GET, &path, None).await;
    assert_eq!((export.status, problem(&export)), (404, "erased"));
}

#[tokio::test]
async fn a_revoked_key_is_out_of_an_open_answer_within_five_seconds() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let url = gateway.api("");
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    let head = format!(
        "POST /v1/decisions HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\
         Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let recipient = chunk(&format!("{{\"recipient\":\"{ANNA}\"}}\n"));
    let first = chunk("{\"stream\":\"marketing\",\"scope\":\"apparel\"}\n");
    stream.write_all(format!("{head}{first}{recipient}").as_bytes()).await.unwrap();
    let mut heard = String::new();
    while !heard.contains("no_ground") {
        assert!(stream.read_line(&mut heard).await.unwrap() > 0, "{heard}");
    }
    let name = gateway.store.credentials().await.unwrap().remove(0).name;
    assert!(gateway.store.revoke_credential("shop", &name).await.unwrap());
    gateway.clock.advance(std::time::Duration::from_secs(5));
    stream.write_all(recipient.as_bytes()).await.unwrap();
    let mut rest = String::new();
    // It ends though the question has not.
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("\"status\":401") && !rest.contains("no_ground"), "{rest}");
}

async fn by_lines(gateway: &Gateway, key: &str, body: String) -> (u16, Vec<Value>) {
    let request = gateway.http.post(gateway.api("/v1/decisions")).bearer_auth(key);
    let response = request.header("Content-Type", "application/x-ndjson").body(body).send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[tokio::test]
async fn decisions_by_lines_are_answered_in_order_and_each_bad_line_for_itself() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    gateway.opted_in(ANNA, &["apparel"]).await;
    let first = r#"{"stream":"marketing","scope":"apparel"}"#;
    let anna = format!(r#"{{"recipient":"{ANNA}"}}"#);
    let body = format!("{first}\r\n{anna}\n\n{{\"recipient\":\"x\"}}\nnonsense\n{anna}");
    let (status, lines) = by_lines(&gateway, &key, body).await;
    assert_eq!((status, lines.len()), (200, 4));
    assert_eq!((&lines[0]["recipient"], &lines[0]["verdict"]), (&json!(ANNA), &json!("deliver")));
    assert_eq!((&lines[1]["line"], &lines[1]["problem"]["status"]), (&json!(4), &json!(422)));
    assert_eq!(lines[1]["problem"]["errors"][0]["pointer"], "/recipient");
    assert_eq!((&lines[2]["line"], &lines[2]["problem"]["status"]), (&json!(5), &json!(400)));
    assert_eq!(lines[3]["verdict"], "deliver");

    for (body, expected) in [
        ("", 400),
        ("nonsense", 400),
        (r#"{"stream":"marketing"}"#, 409),
        (r#"{"stream":"marketing","scope":"jewels"}"#, 409),
        (r#"{"recipient":"a@b.se"}"#, 422),
        (&"x".repeat(10_000), 422),
    ] {
        assert_eq!(by_lines(&gateway, &key, body.to_owned()).await.0, expected, "{body:.40}");
    }
}

#[tokio::test]
async fn ten_thousand_decisions_are_answered_one_for_one() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Api).await;
    let mut body = String::from("{\"stream\":\"marketing\",\"scope\":\"apparel\"}\n");
    for number in 0..10_000 {
        body.push_str(&format!("{{\"recipient\":\"p{number}@example.se\"}}\n"));
    }
    body.push_str(&"x".repeat(5_000));
    let (status, lines) = by_lines(&gateway, &key, body).await;
    assert_eq!((status, lines.len()), (200, 10_001));
    for (number, line) in lines[..10_000].iter().enumerate() {
        assert_eq!(line["recipient"], format!("p{number}@example.se"));
    }
    assert_eq!(lines[10_000]["line"], 10_002, "a line without end is where the answer ends");
}

#[tokio::test]
async fn a_harmless_request_id_comes_back_and_another_is_replaced() {
    let gateway = Gateway::start().await;
    for url in [gateway.api("/healthz"), gateway.api("/v1/nothing"), gateway.api("/v1/events")] {
        let ask = async |id: &str| {
            let answer = gateway.http.get(&url).header("X-Request-Id", id).send().await.unwrap();
            answer.headers()["x-request-id"].to_str().unwrap().to_owned()
        };
        assert_eq!(ask("order:17/3").await, "order:17/3");
        for bad in ["anna@example.se", "a b", &"x".repeat(129)] {
            let made = ask(bad).await;
            assert_eq!(made.parse::<uuid::Uuid>().unwrap().get_version_num(), 7, "{bad}");
        }
    }
}

#[tokio::test]
async fn who_takes_no_json_is_told_so() {
    let gateway = Gateway::start().await;
    let key = gateway.key("shop", Role::Ops).await;
    let get =
        |accept: &str| gateway.http.get(gateway.api("/v1/events")).bearer_auth(&key).header("Accept", accept);
    for fine in ["*/*", "application/json", "text/html, application/*;q=0.1", "application/problem+json"] {
        assert_eq!(read(get(fine)).await.status, 200, "{fine}");
    }
    for bad in ["text/html", "application/json;q=0", "image/*"] {
        let answer = read(get(bad)).await;
        assert_eq!((answer.status, problem(&answer)), (406, "not-acceptable"), "{bad}");
    }
}

#[tokio::test]
async fn events_are_followed_from_any_point_and_operators_see_no_address() {
    let gateway = Gateway::start().await;
    let (key, ops) = (gateway.key("shop", Role::Api).await, gateway.key("shop", Role::Ops).await);
    let follow = async |key: &str, query: &str| {
        call(&gateway, key, Method::GET, &format!("/v1/events?{query}"), None).await
    };
    let empty = json!({ "events": [], "next": null, "more": false });
    assert_eq!(follow(&key, "").await.json, empty);
    gateway.opted_in(ANNA, &["apparel"]).await;
    let no = json!({ "email": ANNA, "scopes": ["apparel"], "source": { "channel": "phone" } });
    assert_eq!(post(&gateway, &key, "/v1/withdrawals", no).await.status, 201);
    assert_eq!(follow(&key, "").await.json, empty, "not in order yet");
    gateway.feed.catch_up().await.unwrap();

    let page = follow(&key, "limit=1").await.json;
    assert_eq!((&page["events"][0]["type"], &page["more"]), (&json!("opt_in"), &json!(true)));
    assert_eq!(
        (&page["events"][0]["ground"], &page["events"][0]["address"]),
        (&json!("double_opt_in"), &json!(ANNA))
    );
    let next = page["next"].as_str().unwrap();
    let page = follow(&key, &format!("after={next}")).await.json;
    assert_eq!((&page["events"][0]["type"], &page["more"]), (&json!("withdrawal"), &json!(false)));
    assert_eq!(page["events"][0]["scopes"], json!(["apparel"]));
    assert_eq!(page["events"][0]["reason"], "withdrawn");
    let seen = follow(&ops, "").await.json;
    assert_eq!(seen["events"].as_array().unwrap().len(), 2);
    assert!(!seen.to_string().contains(ANNA), "{seen}");

    let last = page["next"].as_str().unwrap();
    for query in ["after=", "after=nonsense", "wait=11", &format!("after={last}x")] {
        let answer = follow(&key, query).await;
        assert_eq!((answer.status, problem(&answer)), (400, "parameter"), "{query}");
    }
    let other = gateway.key("other", Role::Api).await;
    assert_eq!(follow(&other, &format!("after={last}")).await.status, 404);
    assert_eq!(follow(&other, "").await.json, empty);

    let news = async {
        gateway.opted_in("bo@example.se", &["apparel"]).await;
        gateway.feed.catch_up().await.unwrap();
    };
    let query = format!("after={last}&wait=10");
    let (page, ()) = tokio::join!(follow(&key, &query), news);
    assert_eq!(page.json["events"][0]["address"], "bo@example.se");
}

#[tokio::test]
async fn what_people_asked_for_by_right_is_listed_with_its_due_date() {
    let gateway = Gateway::start().await;
    let anna = gateway.opted_in(ANNA, &["apparel"]).await;
    let key = gateway.key("shop", Role::Compliance).await;
    let received = gateway.clock.now();
    let due = Due::Months(1).after(received, &jiff::tz::TimeZone::UTC);
    let new = NewRequest {
        sender: "shop".into(),
        subscriber: anna,
        kind: Kind::Erasure,
        received,
        due,
        by: "person",
    };
    let request = gateway.store.open_request(new).await.unwrap();
    let list =
        async |query: &str| call(&gateway, &key, Method::GET, &format!("/v1/requests{query}"), None).await;
    let found = list("").await;
    let shown = &found.json["requests"][0];
    assert_eq!(
        (shown["id"].as_str(), shown["kind"].as_str()),
        (Some(request.id.to_string().as_str()), Some("erasure"))
    );
    assert_eq!((shown["state"].as_str(), shown["overdue"].as_bool()), (Some("open"), Some(false)));
    assert_eq!(shown["due"], due.to_string());
    assert_eq!(shown["steps"][0]["what"], "asked");
    gateway.clock.advance(std::time::Duration::from_secs(32 * 86_400));
    assert_eq!(list("?state=open").await.json["requests"][0]["overdue"], true);
    assert_eq!(list("?state=done").await.json["requests"], json!([]));
    assert_eq!(list("?state=lost").await.status, 400);
    for role in [Role::Api, Role::Ops] {
        let key = gateway.key("shop", role).await;
        assert_eq!(call(&gateway, &key, Method::GET, "/v1/requests", None).await.status, 403);
    }
    let other = gateway.key("other", Role::Compliance).await;
    let elsewhere = call(&gateway, &other, Method::GET, "/v1/requests", None).await;
    assert_eq!(elsewhere.json["requests"], json!([]), "invariant 15");
}
