//! Other programs: what a key opens, and what those hear who follow.

use std::collections::HashSet;

use optgate::clock::Clock;
use serde_json::{Value, json};

use crate::support::gateway::{Gateway, Setup, message_id};
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Upstream, eventually, on_both_databases};

const ANNA: &str = "anna@example.se";
const OTHER: &str = "id = \"other\"\nname = \"Other\"\nfrom_domains = [\"other.example\"]\n\
                     default_jurisdiction = \"se\"\n[scopes.apparel]\ntitle = { en = \"News\" }\n\
                     [scopes.\"apparel.tshirts\"]\ntitle = { en = \"T-shirts\" }\n";

/// One operation of the OpenAPI document, with ids of `demo-shop`'s own in its path.
struct Operation {
    method: String,
    path: String,
    /// An example of the body that it asks for.
    body: Option<Value>,
    /// Who may call it; nobody in particular where no key is needed.
    roles: Option<Vec<String>>,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    async fn call(&self, gateway: &Gateway, key: Option<&str>) -> (u16, String) {
        gateway.ask(key, &self.method, &self.path, self.body.as_ref()).await
    }
}

/// All there are. A route that isn't described, or that says not who may call it, fails here.
async fn operations(gateway: &Gateway, subscriber: &str, message: &str) -> Vec<Operation> {
    let (status, text) = gateway.ask(None, "GET", "/v1/openapi.json", None).await;
    assert_eq!(status, 200);
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let id = if path.starts_with("/v1/messages/") { message } else { subscriber };
        for (method, described) in item.as_object().expect("operations") {
            let body =
                described.pointer("/requestBody/content/application~1json/schema/$ref").map(|schema| {
                    let schema =
                        document.pointer(&schema.as_str().expect("a reference")[1..]).expect("a schema");
                    schema.get("example").unwrap_or_else(|| panic!("{method} {path} shows no body")).clone()
                });
            let roles = described.get("security").map(|security| {
                let roles = security[0]["key"].as_array().expect("roles");
                roles.iter().map(|role| role.as_str().expect("a role").to_owned()).collect()
            });
            assert_eq!(roles.is_none(), !path.starts_with("/v1/"), "{method} {path}: who may call it?");
            let (method, path) = (method.to_uppercase(), path.replace("{id}", id));
            operations.push(Operation { method, path, body, roles });
        }
    }
    // What erases comes last: the others need somebody.
    operations.sort_by_key(|operation| (operation.method == "DELETE", operation.path.clone()));
    operations
}

on_both_databases! {
    async fn i15_every_route_opens_for_its_roles_and_for_its_own_sender_alone(database: Database) {
        let upstream = Upstream::start().await;
        let setup = Setup::new(&database, &upstream).policy("senders/other.toml", OTHER);
        let mut gateway = setup.config("[logins]\nmax_failures = 1000\nmax_delay = \"1s\"\n").start().await;
        for sender in ["demo-shop", "other"] {
            for role in ["api", "compliance", "ops"] {
                gateway.add_credential(sender, &format!("{role}-key"), role, &[]);
            }
        }
        gateway.add_credential("demo-shop", "gone", "compliance", &[]);
        gateway.add_credential("demo-shop", "smtp-key", "smtp", &[]);
        let gone = gateway.secret("demo-shop/gone").to_owned();
        gateway.command(&["credential", "revoke", "demo-shop/gone"]).expect_success();
        gateway.opt_in(ANNA, &["apparel"]).await;
        let reply = gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        let message = message_id(&reply);
        gateway.until(&message, "relayed").await;
        let (_, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({"email": ANNA}))).await;
        let subscriber = found["id"].as_str().expect("an id").to_owned();
        eventually("the outcome is told", || async {
            let (_, page) = gateway.api("GET", "/v1/events", None).await;
            page["events"].as_array().expect("events").iter().any(|event| event["type"] == "relayed").then_some(())
        })
        .await;

        let mut operations = operations(&gateway, &subscriber, &message).await;
        assert!(operations.len() >= 17);
        // Whoever has another address says no under the old one from then on.
        operations.sort_by_key(|one| one.path.ends_with("/address"));
        let right = gateway.secret("demo-shop/api-key");
        let wrong = format!("{}AAAA", &right[..right.len() - 4]);
        for operation in &operations {
            let Some(roles) = &operation.roles else {
                assert_eq!(operation.call(&gateway, None).await.0, 200, "{}", operation.name());
                continue;
            };
            for key in [None, Some("nonsense"), Some(wrong.as_str()), Some(gone.as_str())] {
                assert_eq!(operation.call(&gateway, key).await.0, 401, "{} {key:?}", operation.name());
            }
            let smtp = gateway.secret("demo-shop/smtp-key");
            assert_eq!(operation.call(&gateway, Some(smtp)).await.0, 403, "{}", operation.name());
            for role in ["api", "compliance", "ops"] {
                let may = roles.iter().any(|one| one == role);
                let theirs = gateway.secret(&format!("other/{role}-key"));
                let (status, text) = operation.call(&gateway, Some(theirs)).await;
                if may {
                    // Invariant 15: what is another's is not there.
                    let by_id = [&subscriber, &message].iter().any(|id| operation.path.contains(*id));
                    assert!(!by_id || status == 404, "{}: {status} {text}", operation.name());
                    for secret in [subscriber.as_str(), &message, "\"relayed\""] {
                        assert!(!text.contains(secret), "{} shows another sender's: {text}", operation.name());
                    }
                } else {
                    assert_eq!(status, 403, "{} as {role}", operation.name());
                }
                if operation.method == "DELETE" && may {
                    continue;
                }
                let own = gateway.secret(&format!("demo-shop/{role}-key"));
                let (status, text) = operation.call(&gateway, Some(own)).await;
                assert_eq!(status == 403, !may, "{} as {role}: {status} {text}", operation.name());
                assert!(status < 300 || status == 403, "{} as {role}: {status} {text}", operation.name());
                if role == "ops" {
                    assert!(!text.contains(ANNA), "ops see no address: {} {text}", operation.name());
                }
            }
        }
        let deletes: Vec<&Operation> = operations.iter().filter(|one| one.method == "DELETE").collect();
        let block = json!({"email": ANNA});
        for operation in deletes.iter().rev() {
            let key = gateway.secret("demo-shop/compliance-key");
            gateway.ask(Some(key), "POST", "/v1/suppressions", Some(&block)).await;
            let status = operation.call(&gateway, Some(key)).await.0;
            assert_eq!(status, 204, "{}", operation.name());
        }
    }

    async fn who_follows_hears_of_every_refusal_outcome_and_choice(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        let people = [ANNA, "bo@example.se"];
        let marketing = message_id(&gateway.submit(&people, &newsletter(ANNA, "apparel")).await);
        let service = message_id(&gateway.submit(&["cia@example.se"], &service_mail("cia@example.se")).await);
        gateway.withdraw(ANNA).await;
        let mut expected = HashSet::from(["opt_in", "refused", "relayed", "relayed cia", "withdrawal"]);
        let mut after = String::new();
        let mut seen = HashSet::new();
        while !expected.is_empty() {
            let (status, page) = gateway.api("GET", &format!("/v1/events?wait=5&limit=2{after}"), None).await;
            assert_eq!(status, 200, "{page}");
            for event in page["events"].as_array().expect("events") {
                assert!(seen.insert(event["cursor"].to_string()), "twice: {event}");
                let kind = event["type"].as_str().expect("a type");
                let name = if event["message"] == service.as_str() { format!("{kind} cia") } else { kind.to_owned() };
                // Withdrawn at the same moment: it left before, or was stopped.
                let name = if name == "withheld" { "relayed" } else { &name };
                assert!(expected.remove(name), "{event}");
                match kind {
                    "refused" => {
                        assert_eq!((&event["address"], &event["reason"]), (&json!("bo@example.se"), &json!("no_ground")));
                        assert_eq!(event["message"], marketing.as_str());
                    }
                    "withdrawal" => assert_eq!((&event["address"], &event["scopes"]), (&json!(ANNA), &json!([]))),
                    _ => {}
                }
            }
            after = format!("&after={}", page["next"].as_str().expect("a cursor"));
        }
        let (_, page) = gateway.api("GET", &format!("/v1/events?{}", &after[1..]), None).await;
        assert_eq!(page["events"], json!([]));
        let (_, page) = gateway.api("GET", &format!("/v1/deliveries?state=refused&message={marketing}"), None).await;
        assert_eq!(page["deliveries"][0]["recipient"], "bo@example.se");
        assert_eq!((page["deliveries"].as_array().expect("a list").len(), &page["next"]), (1, &Value::Null));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_requests_log_lines_carry_its_id() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).start().await;
    gateway.add_credential("demo-shop", "reader", "api", &[]);
    database.tamper("ALTER TABLE feed RENAME TO gone").await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = gateway.api_url("/v1/events");
    let ask =
        http.get(url).bearer_auth(gateway.secret("demo-shop/reader")).header("X-Request-Id", "order-17");
    let answer = ask.send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["x-request-id"].to_str().unwrap()),
        (503, "order-17")
    );
    let log =
        eventually("the line", || async { Some(gateway.log()).filter(|log| log.contains("order-17")) }).await;
    let line = log.lines().find(|line| line.contains("order-17")).expect("a line");
    let line: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!((&line["level"], &line["span"]["request_id"]), (&json!("ERROR"), &json!("order-17")));
}

on_both_databases! {
    async fn a_call_made_again_after_a_crash_is_done_once(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let noes = "SELECT count(*) FROM consent_events WHERE kind = 'withdrawal'";
        for (done, moment) in ["record_before_commit", "record_after_commit"].into_iter().enumerate() {
            let email = format!("{moment}@example.se");
            gateway.opt_in(&email, &["apparel"]).await;
            let call = |gateway: &Gateway| {
                let request = http.post(gateway.api_url("/v1/withdrawals")).header("Idempotency-Key", moment);
                let body = json!({ "email": email, "source": { "channel": "phone" } });
                request.bearer_auth(gateway.secret("demo-shop/api")).json(&body).send()
            };
            gateway.kill();
            gateway.set_failpoints(&format!("{moment}=return"));
            gateway.start().await;
            call(&gateway).await.expect_err("it crashed before it answered");
            gateway.kill();
            gateway.set_failpoints("");
            gateway.start().await;
            // What the journal has of it is recorded then; that nobody was told of it, so the call made again says
            // one more no, which harms nothing.
            eventually("the journal is in step", || async {
                (gateway.command(&["journal", "show"]).status() == 0).then_some(())
            })
            .await;
            let mut answers = Vec::new();
            for _ in 0..2 {
                if moment == "record_after_commit" {
                    // Whoever has said yes since then hasn't said no again.
                    let yes = json!({
                        "email": email, "kind": "double_opt_in", "scopes": ["apparel"],
                        "obtained_at": Clock::system().now().to_string(), "evidence": {},
                    });
                    let (status, answer) = gateway.api("POST", "/v1/grounds", Some(yes)).await;
                    assert_eq!(status, 201, "{answer}");
                }
                let answer = call(&gateway).await.expect("an answer");
                assert_eq!(answer.status(), 201, "{moment}");
                answers.push(answer.json::<Value>().await.expect("JSON"));
            }
            assert_eq!(answers[0], answers[1], "{moment}");
            assert_eq!(database.count(noes).await, done as i64 + 2, "{moment}");
        }
    }
}
