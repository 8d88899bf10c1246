//! Double opt-in by a mail that the gateway writes itself: from the API's sign-up to the button, and who is not asked.

use std::time::Duration;

use jiff::SignedDuration;
use mail_parser::{MessageParser, MimeHeaders as _};
use optgate::clock::Clock;
use serde_json::{Value, json};

use crate::support::gateway::Setup;
use crate::support::mailbox::{dkim_public, header, verify_dkim};
use crate::support::tool::newsletter;
use crate::support::upstream::{Captured, Script};
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const SHOP: &str = include_str!("../../policies/senders/demo-shop.toml");
const ANNA: &str = "anna@example.se";
const BO: &str = "bo@example.se";
const PRESS: [(&str, &str); 1] = [("confirm", "yes")];
const NEW_LINK: [(&str, &str); 1] = [("link", "new")];
/// The beginning of a picture.
const LOGO: &str = "iVBORw0KGgo=";
const FORM: &str = "Yes, write to me about https://evil.example and {{optgate.preferences_url}}";

async fn gateway(database: &Database, upstream: &Upstream, clock: Option<&Clock>) -> Gateway {
    let club = SHOP.replace("\"demo-shop\"", "\"club\"").replace("shop.example", "club.example");
    let shop = format!("{SHOP}\n[look]\ncolor = \"#7a1fa2\"\nlogo = \"data:image/png;base64,{LOGO}\"\n");
    let policies = [("senders/club.toml", &club), ("senders/demo-shop.toml", &shop)];
    let setup =
        policies.iter().fold(Setup::new(database, upstream), |setup, (file, text)| setup.policy(file, text));
    let mut gateway = match clock {
        None => setup.start().await,
        Some(clock) => setup.start_on_both(clock).await,
    };
    gateway.add_credential("club", "api", "api", &[]);
    gateway
}

fn signup(email: &str, scopes: &[&str]) -> Value {
    json!({
        "email": email, "scopes": scopes, "locale": "en",
        "source": {
            "channel": "website", "form_url": "https://shop.example/news", "form_text": FORM, "ip": "192.0.2.7",
            "user_agent": "a browser",
        },
    })
}

/// Somebody signs up; the answer's id.
async fn signs_up(gateway: &Gateway, body: Value) -> String {
    signs_up_with(gateway, "demo-shop/api", body).await
}

async fn signs_up_with(gateway: &Gateway, credential: &str, body: Value) -> String {
    let (status, answer) = gateway.api_as(credential, "POST", "/v1/subscriptions", Some(body)).await;
    assert_eq!((status, &answer["state"]), (202, &json!("pending")), "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    answer["id"].as_str().unwrap().to_owned()
}

async fn known(gateway: &Gateway, email: &str) -> Value {
    let (status, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({"email": email}))).await;
    if status == 404 { Value::Null } else { found }
}

fn kinds(person: &Value) -> Vec<&str> {
    let history = person["history"].as_array().map(Vec::as_slice).unwrap_or_default();
    history.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

/// The deliveries of mail of ours, oldest first.
async fn asked(gateway: &Gateway, credential: &str) -> Vec<Value> {
    let (_, page) = gateway.api_as(credential, "GET", "/v1/deliveries?stream=confirmation", None).await;
    page["deliveries"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
}

/// Once so many have come to this; the last of them.
async fn until(gateway: &Gateway, count: usize, state: &str) -> Value {
    eventually(&format!("{count} are {state}"), || async {
        let mut all = asked(gateway, "demo-shop/api").await;
        all.retain(|one| one["state"] == state);
        (all.len() == count).then(|| all.pop()).flatten()
    })
    .await
}

/// Why the refused ones were, in alphabetical order.
async fn reasons(gateway: &Gateway, credential: &str) -> Vec<String> {
    let refused = asked(gateway, credential).await.into_iter().filter(|one| one["state"] == "refused");
    let mut reasons: Vec<String> =
        refused.map(|one| one["verdict"]["reason"].as_str().unwrap().to_owned()).collect();
    reasons.sort();
    reasons
}

/// The text part and the HTML part.
fn parts(copy: &Captured) -> (String, String) {
    let message = MessageParser::default().parse(&copy.content).expect("a message");
    assert_eq!(
        message.content_type().and_then(|kind| kind.subtype()),
        Some("alternative"),
        "{}",
        copy.text()
    );
    let html = message.body_html(0).expect("an HTML part").into_owned();
    (message.body_text(0).expect("a text part").into_owned(), html)
}

fn confirm_path(copy: &Captured) -> String {
    let (text, _) = parts(copy);
    let start = text.find("/c/").expect("a link that confirms");
    let is_token = |own: char| own.is_ascii_alphanumeric() || own == '-' || own == '_';
    let end = text[start + 3..].find(|own| !is_token(own)).map_or(text.len(), |end| start + 3 + end);
    text[start..end].to_owned()
}

async fn marketing(gateway: &Gateway, to: &str, scope: &str, expected: &str) {
    let reply = gateway.submit(&[to], &newsletter(to, scope)).await;
    match expected {
        "delivered" => assert!(reply.starts_with("250") && !reply.contains("refused"), "{reply}"),
        reason => assert!(reply.contains(&format!("refused [{reason}]")), "{reply}"),
    }
}

async fn forward(database: &Database, clock: &Clock, hours: u64) {
    database.advance(clock, Duration::from_secs(3600 * hours)).await;
}

fn a_clock() -> Clock {
    Clock::driven(Clock::system().now().checked_sub(SignedDuration::from_hours(60 * 24)).unwrap())
}

async fn mails_for(upstream: &Upstream, email: &str, count: usize) -> Vec<Captured> {
    eventually(&format!("{count} mails for {email}"), || async {
        Some(upstream.captured_for(email)).filter(|all| all.len() == count)
    })
    .await
}

on_both_databases! {
    async fn i6_a_sign_up_is_asked_by_mail_of_ours_and_confirmed_by_its_button_alone(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream, None).await;
        let id = signs_up(&gateway, signup(ANNA, &["apparel", "furniture.office"])).await;
        let person = known(&gateway, ANNA).await;
        let event = &person["history"][0];
        assert_eq!((&event["kind"], &event["id"]), (&json!("signup_requested"), &json!(id)), "{person}");
        assert_eq!(event["evidence"]["source"]["form_text"], FORM, "{event}");
        let delivery = until(&gateway, 1, "relayed").await;
        let copy = upstream.first_for(ANNA).await;
        assert_eq!(copy.sender, "news@shop.example");
        assert_eq!(header(&copy, "From"), ["\"Demo Shop\" <news@shop.example>"]);
        assert_eq!(header(&copy, "To"), ["<anna@example.se>"]);
        assert_eq!(header(&copy, "Auto-Submitted"), ["auto-generated"]);
        assert!(header(&copy, "List-Unsubscribe").is_empty() && header(&copy, "Feedback-ID").is_empty());
        verify_dkim(&copy, "og1._domainkey.shop.example.", &dkim_public()).await;
        let (text, html) = parts(&copy);
        for part in [&text, &html] {
            assert!(part.contains("Clothing") && part.contains("Office furniture"), "{part}");
            assert!(part.contains("https://mail.test/c/") && part.contains("need to do anything"), "{part}");
            assert!(!part.contains("/p/") && !part.contains("https://evil") && !part.contains("confirm_url"), "{part}");
        }
        assert!(html.contains("background-color:#7a1fa2") && html.contains("src=\"cid:logo-"), "{html}");
        assert!(copy.text().contains(LOGO), "the logo comes with it");
        let path = confirm_path(&copy);
        for _ in 0..10 {
            let (status, page) = gateway.get(&path).await;
            assert!(status == 200 && page.contains("name=\"confirm\"") && !page.contains(ANNA), "{page}");
        }
        let person = known(&gateway, ANNA).await;
        assert_eq!(kinds(&person), ["signup_requested", "confirmation_sent"], "a GET changes nothing");
        assert_eq!(person["history"][1]["scopes"], json!(["apparel", "furniture.office"]));
        marketing(&gateway, ANNA, "apparel.tshirts", "unconfirmed").await;
        assert_eq!(gateway.post(&path, &PRESS).await.0, 200);
        let person = known(&gateway, ANNA).await;
        let yes = &person["history"][2];
        assert_eq!((&yes["kind"], &yes["ground"]), (&json!("opt_in"), &json!("double_opt_in")), "{yes}");
        assert_eq!(yes["scopes"], json!(["apparel", "furniture.office"]), "all by the one link");
        assert_eq!((&yes["evidence"]["signup"], &yes["evidence"]["delivery"]), (&json!(id), &delivery["delivery"]));
        for proof in ["ip", "clicked_at", "message", "form_text_sha256"] {
            assert!(yes["evidence"][proof].is_string(), "{proof}: {yes}");
        }
        marketing(&gateway, ANNA, "apparel.tshirts", "delivered").await;
        marketing(&gateway, ANNA, "furniture.office", "delivered").await;
        let decision = delivery["delivery"].as_str().unwrap();
        let told = gateway.command(&["policy", "explain", "--decision", decision, "--json"]).json();
        assert_eq!((&told["agrees"], &told["credential"]), (&json!(true), &json!("demo-shop/(gateway)")), "{told}");
        assert!(!gateway.log().contains(&path[3..]) && !gateway.log().contains(ANNA), "no token, no address in a log");
    }

    async fn i3_a_sign_up_that_is_withdrawn_before_its_mail_leaves_is_not_asked_about(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream, None).await;
        upstream.script(ANNA, Script::Rcpt("451 4.3.0 later"));
        signs_up(&gateway, signup(ANNA, &["apparel", "furniture.office"])).await;
        eventually("it was tried", || async {
            asked(&gateway, "demo-shop/api").await.first()?["last_response"].is_string().then_some(())
        }).await;
        let no = json!({"email": ANNA, "scopes": ["furniture.office"], "source": {"channel": "phone"}});
        assert_eq!(gateway.api("POST", "/v1/withdrawals", Some(no)).await.0, 201);
        upstream.mend(ANNA);
        let ended = until(&gateway, 1, "withheld").await;
        assert_eq!(ended["verdict"]["reason"], "withdrawn", "{ended}");
        assert!(upstream.captured().is_empty());
        // Whoever signs up after a no is asked: the sign-up is younger.
        gateway.withdraw(BO).await;
        signs_up(&gateway, signup(BO, &["apparel"])).await;
        let path = confirm_path(&upstream.first_for(BO).await);
        marketing(&gateway, BO, "apparel", "withdrawn").await;
        assert_eq!(gateway.post(&path, &PRESS).await.0, 200);
        marketing(&gateway, BO, "apparel", "delivered").await;
        let delivery = until(&gateway, 1, "relayed").await;
        let of = ["policy", "explain", "--decision", delivery["delivery"].as_str().unwrap(), "--json"];
        assert_eq!(gateway.command(&of).json()["agrees"], true, "it rested on the sign-up that came with it");
    }

    async fn who_is_not_asked_is_answered_like_anybody_and_nothing_is_kept_of_the_sign_up(database: Database) {
        let (clock, upstream) = (a_clock(), Upstream::start().await);
        let gateway = gateway(&database, &upstream, Some(&clock)).await;
        signs_up(&gateway, signup(ANNA, &["apparel"])).await;
        mails_for(&upstream, ANNA, 1).await;
        until(&gateway, 1, "relayed").await;
        // The same, another interest, another sender, on the same day.
        signs_up(&gateway, signup(ANNA, &["apparel"])).await;
        signs_up(&gateway, signup(ANNA, &["furniture.office"])).await;
        signs_up_with(&gateway, "club/api", signup(ANNA, &["apparel"])).await;
        assert_eq!(reasons(&gateway, "demo-shop/api").await, ["confirmation_limit"; 2]);
        assert_eq!(reasons(&gateway, "club/api").await, ["confirmation_limit"]);
        assert_eq!(kinds(&known(&gateway, ANNA).await), ["signup_requested", "confirmation_sent"]);
        for sent in 2..=3 {
            forward(&database, &clock, 24).await;
            signs_up_with(&gateway, "club/api", signup(ANNA, &["apparel"])).await;
            mails_for(&upstream, ANNA, sent).await;
            eventually("and counts", || async {
                let counts = format!("SELECT count(*) FROM confirmations WHERE sent_at = {}", clock.now().as_microsecond());
                (database.count(&counts).await == 1).then_some(())
            }).await;
        }
        forward(&database, &clock, 24).await;
        signs_up(&gateway, signup(ANNA, &["apparel"])).await;
        assert_eq!(reasons(&gateway, "demo-shop/api").await, ["confirmation_limit"; 3]);
        // Blocked.
        gateway.command(&["suppression", "add", BO, "--sender", "demo-shop"]).expect_success();
        signs_up(&gateway, signup(BO, &["apparel"])).await;
        assert_eq!(reasons(&gateway, "demo-shop/api").await.last().unwrap(), "suppressed_operator");
        assert_eq!(kinds(&known(&gateway, BO).await), ["suppressed"]);
        assert!(upstream.captured_for(BO).is_empty() && upstream.captured_for(ANNA).len() == 3);
    }

    async fn a_tool_that_asks_itself_has_its_sign_ups_recorded_once_a_day(database: Database) {
        let (clock, upstream) = (a_clock(), Upstream::start().await);
        let gateway = gateway(&database, &upstream, Some(&clock)).await;
        let mut body = signup(ANNA, &["apparel"]);
        body["send"] = json!(false);
        let id = signs_up(&gateway, body.clone()).await;
        assert_ne!(signs_up(&gateway, body.clone()).await, id);
        let person = known(&gateway, ANNA).await;
        assert_eq!((kinds(&person), &person["history"][0]["id"]), (vec!["signup_requested"], &json!(id)));
        forward(&database, &clock, 25).await;
        signs_up(&gateway, body).await;
        assert_eq!(kinds(&known(&gateway, ANNA).await).len(), 2);
        assert!(asked(&gateway, "demo-shop/api").await.is_empty() && upstream.captured().is_empty());
    }

    async fn a_link_whose_days_are_over_has_a_button_for_a_new_one(database: Database) {
        let (clock, upstream) = (a_clock(), Upstream::start().await);
        let gateway = gateway(&database, &upstream, Some(&clock)).await;
        signs_up(&gateway, signup(ANNA, &["apparel", "furniture.office"])).await;
        let old = confirm_path(&mails_for(&upstream, ANNA, 1).await[0]);
        until(&gateway, 1, "relayed").await;
        forward(&database, &clock, 7 * 24).await;
        for (status, page) in [gateway.get(&old).await, gateway.post(&old, &PRESS).await] {
            assert!(status == 410 && page.contains("value=\"new\""), "{status} {page}");
        }
        assert_eq!(upstream.captured().len(), 1, "a GET mails nothing");
        let (status, first) = gateway.post(&old, &NEW_LINK).await;
        assert_eq!(status, 200, "{first}");
        let copies = mails_for(&upstream, ANNA, 2).await;
        until(&gateway, 2, "relayed").await;
        // Pressed again: the same page, and nothing is sent or kept.
        assert_eq!(gateway.post(&old, &NEW_LINK).await, (200, first));
        assert_eq!((asked(&gateway, "demo-shop/api").await.len(), kinds(&known(&gateway, ANNA).await).len()), (2, 4));
        let new = confirm_path(&copies[1]);
        assert_ne!(new, old);
        let (_, html) = parts(&copies[1]);
        assert!(html.contains("Clothing") && html.contains("Yes, write to me about"), "{html}");
        assert_eq!(gateway.post(&new, &PRESS).await.0, 200);
        let person = known(&gateway, ANNA).await;
        let yes = person["history"].as_array().unwrap().last().unwrap();
        assert_eq!(yes["scopes"], json!(["apparel", "furniture.office"]), "{yes}");
        assert!(yes["evidence"]["form_text_sha256"].is_string(), "{yes}");
        marketing(&gateway, ANNA, "apparel", "delivered").await;
    }

    async fn no_new_link_goes_to_who_withdrew_or_was_erased_since(database: Database) {
        let (clock, upstream) = (a_clock(), Upstream::start().await);
        let gateway = gateway(&database, &upstream, Some(&clock)).await;
        let mut paths = Vec::new();
        for (email, count) in [(ANNA, 1), (BO, 2)] {
            signs_up(&gateway, signup(email, &["apparel"])).await;
            paths.push(confirm_path(&upstream.first_for(email).await));
            until(&gateway, count, "relayed").await;
        }
        gateway.withdraw(ANNA).await;
        let bo = known(&gateway, BO).await;
        let path = format!("/v1/subscribers/{}", bo["id"].as_str().unwrap());
        assert_eq!(gateway.api_as("demo-shop/officer", "DELETE", &path, None).await.0, 204);
        forward(&database, &clock, 8 * 24).await;
        let (status, page) = gateway.post(&paths[0], &NEW_LINK).await;
        assert!(status == 410 && !page.contains("<form"), "{status} {page}");
        let (status, page) = gateway.post(&paths[1], &NEW_LINK).await;
        assert!(status == 200 && page.contains("Inget finns sparat om dig"), "{status} {page}");
        assert_eq!(upstream.captured().len(), 2);
        // Who was erased signs up anew and starts clean.
        signs_up(&gateway, signup(BO, &["apparel"])).await;
        let anew = confirm_path(&mails_for(&upstream, BO, 2).await[1]);
        assert_eq!(gateway.post(&anew, &PRESS).await.0, 200);
        marketing(&gateway, BO, "apparel", "delivered").await;
        marketing(&gateway, BO, "furniture.office", "withdrawn").await;
        let delivery = until(&gateway, 3, "relayed").await;
        let person = known(&gateway, BO).await;
        assert_ne!(person["id"], bo["id"]);
        let of = "SELECT count(*) FROM deliveries WHERE message IN (SELECT id FROM messages WHERE kind = 'own')
                  AND subscriber IN (SELECT id FROM subscribers WHERE erased_at IS NULL)";
        assert_eq!(database.count(of).await, 2, "hers, and that of who came anew: {delivery}");
    }
}
