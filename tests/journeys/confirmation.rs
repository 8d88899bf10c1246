//! Double opt-in by a tool's own confirmation mail: the link, its page, its limits, and who is never asked.

use std::time::Duration;

use jiff::SignedDuration;
use optgate::clock::Clock;
use serde_json::{Value, json};

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::{confirm_path, unsubscribe_path};
use crate::support::tool::{Tool, newsletter};
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const SHOP: &str = include_str!("../../policies/senders/demo-shop.toml");
const EU: &str = include_str!("../../policies/jurisdictions/eu.toml");
const ANNA: &str = "anna@example.se";
const BO: &str = "bo@example.se";
const PLACE: &str = "{{optgate.confirm_url}}";

/// Another sender, of other domains.
fn club() -> String {
    SHOP.replace("\"demo-shop\"", "\"club\"").replace("shop.example", "club.example")
}

/// A mail that asks to confirm, with this where the link belongs.
fn asks(from: &str, to: &str, scope: &str, link: &str) -> String {
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: Please confirm\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n\
         Message-ID: <{}@shop.example>\r\nX-Optgate-Stream: confirmation\r\nX-Optgate-Scope: {scope}\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"b1\"\r\n\r\n\
         --b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nPlease confirm: {link}\r\n\
         --b1\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p><a href=\"{link}\">Confirm</a></p>\r\n--b1--",
        uuid::Uuid::new_v4()
    )
}

/// A gateway with two senders, each with a tool that may ask to confirm.
async fn gateway(database: &Database, upstream: &Upstream, clock: Option<&Clock>) -> Gateway {
    let setup = Setup::new(database, upstream).policy("senders/club.toml", &club());
    let mut gateway = match clock {
        None => setup.start().await,
        Some(clock) => setup.start_on_both(clock).await,
    };
    gateway.add_credential("demo-shop", "forms", "smtp", &["--streams", "confirmation"]);
    gateway.add_credential("club", "forms", "smtp", &["--streams", "confirmation"]);
    gateway
}

async fn tool(gateway: &Gateway, credential: &str) -> Tool {
    Tool::login(gateway.smtp(), credential, gateway.secret(credential)).await
}

/// Submits such a mail of the shop's; the reply.
async fn ask(gateway: &Gateway, to: &str, scope: &str) -> String {
    let mail = asks("Demo Shop <news@shop.example>", to, scope, PLACE);
    tool(gateway, "demo-shop/forms").await.submit("bounce@shop.example", &[to], &mail).await
}

#[track_caller]
fn taken(reply: &str) -> String {
    assert!(reply.starts_with("250 2.0.0 accepted") && !reply.contains("refused"), "{reply}");
    message_id(reply)
}

#[track_caller]
fn refused(reply: &str, reason: &str) {
    assert!(reply.starts_with(&format!("550 5.7.1 [{reason}]")), "{reason}: {reply}");
}

async fn marketing(gateway: &Gateway, to: &str, expected: &str) {
    let reply = gateway.submit(&[to], &newsletter(to, "apparel.tshirts")).await;
    match expected {
        "delivered" => assert!(reply.starts_with("250") && !reply.contains("refused"), "{reply}"),
        reason => assert!(reply.contains(&format!("refused [{reason}]")), "{reply}"),
    }
}

async fn known(gateway: &Gateway, email: &str) -> Value {
    let (status, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({"email": email}))).await;
    if status == 404 { Value::Null } else { found }
}

fn kinds(person: &Value) -> Vec<&str> {
    let history = person["history"].as_array().map(Vec::as_slice).unwrap_or_default();
    history.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

/// Waits until the upstream has put it off.
async fn tried(gateway: &Gateway, message: &str) {
    eventually("it was tried", || async {
        gateway.deliveries(message).await[0]["last_response"].is_string().then_some(())
    })
    .await;
}

async fn forward(database: &Database, clock: &Clock, hours: u64) {
    database.advance(clock, Duration::from_secs(3600 * hours)).await;
}

/// Weeks ago, so that what a command records by the machine's clock is never older than what is driven.
fn a_clock() -> Clock {
    Clock::driven(Clock::system().now().checked_sub(SignedDuration::from_hours(60 * 24)).unwrap())
}

const PRESS: [(&str, &str); 1] = [("confirm", "yes")];

on_both_databases! {
    async fn i6_a_sign_up_is_confirmed_by_its_button_alone_and_then_marketing_goes(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream, None).await;
        let message = taken(&ask(&gateway, ANNA, "apparel").await);
        let person = known(&gateway, ANNA).await;
        assert_eq!(kinds(&person)[0], "signup_requested", "durable with the 250: {person}");
        gateway.until(&message, "relayed").await;
        let copy = upstream.first_for(ANNA).await;
        assert!(!copy.text().contains("optgate.confirm_url"), "{}", copy.text());
        let path = confirm_path(&copy);
        assert!(copy.text().contains(&format!("<a href=\"https://mail.test{path}\">")), "{}", copy.text());
        marketing(&gateway, ANNA, "unconfirmed").await;
        for _ in 0..10 {
            let (status, page) = gateway.get(&path).await;
            assert_eq!(status, 200, "{page}");
            assert!(page.contains("name=\"confirm\"") && page.contains("Kläder"), "{page}");
            assert!(page.contains("a***@example.se") && !page.contains(ANNA), "{page}");
        }
        for fields in [&[][..], &[("confirm", "no")], &[("List-Unsubscribe", "One-Click")], &[("leave", "all")]] {
            assert_eq!(gateway.post(&path, fields).await.0, 200);
        }
        let person = known(&gateway, ANNA).await;
        assert_eq!(kinds(&person), ["signup_requested", "confirmation_sent"]);
        assert_eq!((&person["state"], &person["history"][0]["channel"]), (&json!("pending"), &json!("smtp")));

        let (status, page) = gateway.post(&path, &PRESS).await;
        assert!(status == 200 && page.contains("Kläder") && page.contains("/p/"), "{page}");
        let person = known(&gateway, ANNA).await;
        assert_eq!(kinds(&person), ["signup_requested", "confirmation_sent", "opt_in"]);
        let (asked, yes) = (&person["history"][0], &person["history"][2]);
        assert_eq!((&yes["ground"], &yes["scopes"]), (&json!("double_opt_in"), &json!(["apparel"])));
        assert_eq!(yes["evidence"]["signup"], asked["id"], "{yes}");
        for proof in ["delivery", "ip", "clicked_at"] {
            assert!(yes["evidence"][proof].is_string(), "{proof}: {yes}");
        }
        let delivery = &gateway.deliveries(&message).await[0]["delivery"];
        assert_eq!((&yes["evidence"]["delivery"], &asked["evidence"]["delivery"]), (delivery, delivery));
        assert_eq!(person["grounds"][0]["in_force"], true, "{person}");
        marketing(&gateway, ANNA, "delivered").await;
        assert!(!gateway.log().contains(&path[3..]), "no token in a log");

        // Pressed again it says so, and beats no withdrawal.
        let (status, page) = gateway.post(&path, &PRESS).await;
        assert!(status == 200 && page.contains("redan bekräftat"), "{page}");
        gateway.withdraw(ANNA).await;
        for (status, page) in [gateway.post(&path, &PRESS).await, gateway.get(&path).await] {
            assert!(status == 200 && page.contains("redan bekräftat") && !page.contains("<form"), "{page}");
        }
        assert_eq!(kinds(&known(&gateway, ANNA).await).len(), 4);
        marketing(&gateway, ANNA, "withdrawn").await;
    }

    async fn i5_who_withdraws_between_sign_up_and_click_has_the_last_word(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream, None).await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        taken(&ask(&gateway, ANNA, "apparel").await);
        let path = confirm_path(&upstream.first_for(ANNA).await);
        gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        eventually("the newsletter", || async { (upstream.captured_for(ANNA).len() == 2).then_some(()) }).await;
        let leave = unsubscribe_path(&upstream.captured_for(ANNA)[1]);
        assert_eq!(gateway.post(&leave, &[("leave", "scope")]).await.0, 200);
        for (status, page) in [gateway.get(&path).await, gateway.post(&path, &PRESS).await] {
            assert!(status == 410 && page.contains("avanmält dig") && !page.contains("<form"), "{status} {page}");
        }
        marketing(&gateway, ANNA, "withdrawn").await;
        // Nor is she asked back.
        refused(&ask(&gateway, ANNA, "apparel").await, "withdrawn");
    }

    async fn a_message_without_the_link_or_leave_to_ask_is_told_of_at_once(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream, None).await;
        let mail = |link: &str| asks("Demo Shop <news@shop.example>", ANNA, "apparel", link);
        let mut forms = tool(&gateway, "demo-shop/forms").await;
        let reply = forms.submit("bounce@shop.example", &[ANNA], &mail("https://shop.example/confirm")).await;
        refused(&reply, "content_missing");
        let reply = forms.submit("bounce@shop.example", &[ANNA], &mail(PLACE).replace("X-Optgate-Scope: apparel\r\n", "")).await;
        refused(&reply, "unknown_scope");
        let reply = tool(&gateway, "demo-shop/tool").await.submit("bounce@shop.example", &[ANNA], &mail(PLACE)).await;
        refused(&reply, "stream_not_allowed");
        assert_eq!(known(&gateway, ANNA).await, Value::Null, "nobody signed up");
        // In whatever dress it comes.
        let reply = forms.submit("bounce@shop.example", &[ANNA], &mail("%7B%7B optgate.confirm_url %7D%7D")).await;
        taken(&reply);
        confirm_path(&upstream.first_for(ANNA).await);
    }

    async fn i10_the_same_bytes_again_are_one_sign_up_and_fifty_recipients_fifty(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream, None).await;
        let people: Vec<String> = (0..50).map(|number| format!("r{number}@example.se")).collect();
        let to: Vec<&str> = people.iter().map(String::as_str).collect();
        let mail = asks("Demo Shop <news@shop.example>", "list@shop.example", "apparel", PLACE);
        let mut forms = tool(&gateway, "demo-shop/forms").await;
        let first = taken(&forms.submit("bounce@shop.example", &to, &mail).await);
        let again = forms.submit("bounce@shop.example", &to, &mail).await;
        assert_eq!(message_id(&again), first, "{again}");
        eventually("fifty are there", || async { (upstream.captured().len() == 50).then_some(()) }).await;
        eventually("and recorded", || async {
            let sent = "SELECT count(*) FROM consent_events WHERE kind = 'confirmation_sent'";
            (database.count(sent).await == 50).then_some(())
        }).await;
        let asked = "SELECT count(*) FROM consent_events WHERE kind = 'signup_requested'";
        assert_eq!(database.count(asked).await, 50);
        let unnamed = "SELECT count(*) FROM deliveries WHERE subscriber IS NULL";
        assert_eq!(database.count(unnamed).await, 0, "each names whom it was made for");
        // Each link is its own person's.
        let (one, other) = (upstream.first_for("r1@example.se").await, upstream.first_for("r2@example.se").await);
        assert_ne!(confirm_path(&one), confirm_path(&other));
        assert_eq!(gateway.post(&confirm_path(&one), &PRESS).await.0, 200);
        marketing(&gateway, "r1@example.se", "delivered").await;
        marketing(&gateway, "r2@example.se", "unconfirmed").await;
    }

    async fn an_address_is_asked_once_a_day_and_thrice_a_month_over_all_senders_until_it_confirms(database: Database) {
        let (clock, upstream) = (a_clock(), Upstream::start().await);
        let gateway = gateway(&database, &upstream, Some(&clock)).await;
        let mut clubs = tool(&gateway, "club/forms").await;
        let club = || asks("Club <news@club.example>", ANNA, "apparel", PLACE);
        gateway.until(&taken(&ask(&gateway, ANNA, "apparel").await), "relayed").await;
        refused(&ask(&gateway, ANNA, "furniture.office").await, "confirmation_limit");
        refused(&clubs.submit("bounce@club.example", &[ANNA], &club()).await, "confirmation_limit");
        taken(&ask(&gateway, BO, "apparel").await);
        let at = clock.now().to_string();
        let of = ["policy", "explain", "--sender", "club", "--stream", "confirmation", "--scope", "apparel"];
        let told = gateway.command(&[&of[..], &["--to", ANNA, "--at", &at]].concat()).expect_success().stdout();
        assert!(told.starts_with("refuse: confirmation_limit\n"), "{told}");
        assert!(told.contains("no confirmation mail sent to the address before"), "{told}");
        for sent in 2..=3 {
            forward(&database, &clock, 24).await;
            let reply = clubs.submit("bounce@club.example", &[ANNA], &club()).await;
            taken(&reply);
            eventually("it is there", || async { (upstream.captured_for(ANNA).len() == sent).then_some(()) }).await;
            eventually("and counts", || async {
                let counts = format!("SELECT count(*) FROM confirmations WHERE sent_at = {}", clock.now().as_microsecond());
                (database.count(&counts).await == 1).then_some(())
            }).await;
        }
        forward(&database, &clock, 24).await;
        refused(&ask(&gateway, ANNA, "apparel").await, "confirmation_limit");
        let question = json!({"stream": "confirmation", "scope": "apparel", "recipients": [ANNA, "new@example.se"]});
        let (_, answer) = gateway.api("POST", "/v1/decisions", Some(question)).await;
        assert_eq!(answer["verdicts"][0]["reason"], "confirmation_limit", "{answer}");
        assert_eq!(answer["verdicts"][1]["verdict"], "deliver", "{answer}");
        // She reads them after all, whoever sent it.
        let path = confirm_path(&upstream.captured_for(ANNA)[2]);
        assert_eq!(gateway.post(&path, &PRESS).await.0, 200);
        taken(&ask(&gateway, ANNA, "furniture.office").await);
    }

    async fn what_waits_counts_at_intake_and_what_is_sent_binds_at_the_claim(database: Database) {
        let (clock, upstream) = (a_clock(), Upstream::start().await);
        let gateway = gateway(&database, &upstream, Some(&clock)).await;
        upstream.close();
        let first = taken(&ask(&gateway, ANNA, "apparel").await);
        upstream.somebody_waits().await;
        refused(&ask(&gateway, ANNA, "furniture.office").await, "confirmation_limit");
        upstream.open();
        gateway.until(&first, "relayed").await;
        // What fails for good frees its place.
        upstream.script(BO, Script::Rcpt("550 5.7.1 not from you"));
        gateway.until(&taken(&ask(&gateway, BO, "apparel").await), "rejected").await;
        upstream.script(BO, Script::Rcpt("451 4.3.0 later"));
        let one = taken(&ask(&gateway, BO, "apparel").await);
        tried(&gateway, &one).await;
        refused(&ask(&gateway, BO, "furniture.office").await, "confirmation_limit");
        // Had intake not known of it, the claim would.
        database.tamper("DELETE FROM confirmations").await;
        let two = taken(&ask(&gateway, BO, "furniture.office").await);
        upstream.mend(BO);
        forward(&database, &clock, 6).await;
        // What was put off twice is paced, and so waits for time to go on.
        eventually("one is taken, the other not", || async {
            database.advance(&clock, Duration::from_secs(60)).await;
            let (one, two) = (gateway.deliveries(&one).await.remove(0), gateway.deliveries(&two).await.remove(0));
            let mut states = [one["state"].as_str().unwrap(), two["state"].as_str().unwrap()];
            states.sort_unstable();
            (states == ["relayed", "withheld"]).then_some(())
        }).await;
        assert_eq!(upstream.captured_for(BO).len(), 1);
        let withheld = "SELECT count(*) FROM deliveries WHERE state = 'withheld' AND reason = 'confirmation_limit'";
        assert_eq!(database.count(withheld).await, 1);
    }

    async fn a_link_ends_after_its_days_and_with_its_key(database: Database) {
        let (clock, upstream) = (a_clock(), Upstream::start().await);
        let gateway = gateway(&database, &upstream, Some(&clock)).await;
        gateway.until(&taken(&ask(&gateway, ANNA, "apparel").await), "relayed").await;
        let path = confirm_path(&upstream.first_for(ANNA).await);
        forward(&database, &clock, 7 * 24 - 1).await;
        assert_eq!(gateway.get(&path).await.0, 200);
        forward(&database, &clock, 1).await;
        for (status, page) in [gateway.get(&path).await, gateway.post(&path, &PRESS).await] {
            assert!(status == 410 && page.contains("gäller inte längre") && page.contains("value=\"new\""), "{status} {page}");
        }
        marketing(&gateway, ANNA, "unconfirmed").await;
        let (_, forged) = gateway.get("/c/forged").await;
        for bad in [path[..path.len() - 1].to_owned(), path.replacen("/c/", "/u/", 1), path.replacen("/c/", "/p/", 1)] {
            assert_eq!(gateway.get(&bad).await, (404, forged.clone()), "{bad}");
            assert_eq!(gateway.post(&bad, &PRESS).await.0, 404);
        }
        let message = taken(&ask(&gateway, ANNA, "apparel").await);
        gateway.until(&message, "relayed").await;
        let young = confirm_path(&upstream.captured_for(ANNA)[1]);
        let oldest = gateway.command(&["keys", "list", "--json"]).json()[0]["id"].as_i64().unwrap();
        gateway.command(&["keys", "rotate"]).expect_success();
        assert_eq!(gateway.get(&young).await.0, 200);
        gateway.command(&["keys", "retire", &oldest.to_string()]).expect_success();
        eventually("the retired key confirms nothing", || async {
            let (status, page) = gateway.get(&young).await;
            (status == 410 && !page.contains("example.se")).then_some(())
        }).await;
        assert_eq!(gateway.post(&young, &PRESS).await.0, 410);
        marketing(&gateway, ANNA, "unconfirmed").await;
    }

    async fn who_was_imported_without_proof_is_asked_where_the_pack_says_so_and_once_ever(database: Database) {
        let (clock, upstream) = (a_clock(), Upstream::start().await);
        let gateway = gateway(&database, &upstream, Some(&clock)).await;
        let list = database.folder().join("list.csv");
        std::fs::write(&list, "email,kind,scopes,obtained_at\nanna@example.se,unconfirmed,apparel,2026-01-01T00:00:00Z\n").unwrap();
        let file = list.display().to_string();
        let import = ["consent", "import", &file, "--sender", "demo-shop", "--source", "old list"];
        gateway.command(&import).expect_success();
        refused(&ask(&gateway, ANNA, "apparel").await, "unconfirmed");
        refused(&ask(&gateway, ANNA, "furniture.office").await, "unconfirmed");
        let asking = EU.replace("reconfirm_imported = false", "reconfirm_imported = true");
        std::fs::write(gateway.data_dir.join("policies/jurisdictions/eu.toml"), asking).unwrap();
        let question = json!({"stream": "confirmation", "scope": "apparel", "recipients": [ANNA]});
        eventually("the new pack is in force", || async {
            let answer = gateway.api("POST", "/v1/decisions", Some(question.clone())).await.1;
            (answer["verdicts"][0]["verdict"] == "deliver").then_some(())
        }).await;
        let message = taken(&ask(&gateway, ANNA, "apparel").await);
        gateway.until(&message, "relayed").await;
        marketing(&gateway, ANNA, "unconfirmed").await;
        forward(&database, &clock, 40 * 24).await;
        refused(&ask(&gateway, ANNA, "apparel").await, "unconfirmed");
        marketing(&gateway, ANNA, "unconfirmed").await;
        // Somebody tells that she signed up.
        std::fs::write(&list, format!("email,kind,scopes,obtained_at\nanna@example.se,signup,apparel,{}\n", clock.now())).unwrap();
        gateway.command(&import).expect_success();
        let message = taken(&ask(&gateway, ANNA, "apparel").await);
        gateway.until(&message, "relayed").await;
        let path = confirm_path(&upstream.captured_for(ANNA)[1]);
        assert_eq!(gateway.post(&path, &PRESS).await.0, 200);
        marketing(&gateway, ANNA, "delivered").await;
    }

    async fn erased_between_sign_up_and_click_nothing_is_kept_and_nobody_is_asked(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream, None).await;
        taken(&ask(&gateway, ANNA, "apparel").await);
        let copy = upstream.first_for(ANNA).await;
        eventually("it is settled", || async { (kinds(&known(&gateway, ANNA).await).len() == 2).then_some(()) }).await;
        // One that waits while she is erased.
        upstream.script(BO, Script::Rcpt("451 4.3.0 later"));
        let waits = taken(&ask(&gateway, BO, "apparel").await);
        tried(&gateway, &waits).await;
        for email in [ANNA, BO] {
            let path = format!("/v1/subscribers/{}", known(&gateway, email).await["id"].as_str().unwrap());
            assert_eq!(gateway.api_as("demo-shop/officer", "DELETE", &path, None).await.0, 204);
        }
        let path = confirm_path(&copy);
        for (status, page) in [gateway.get(&path).await, gateway.post(&path, &PRESS).await] {
            assert!(status == 200 && page.contains("Inget finns sparat om dig"), "{status} {page}");
        }
        upstream.mend(BO);
        let ended = gateway.until(&waits, "withheld").await;
        assert_eq!(ended["verdict"]["reason"], "erased", "{ended}");
        refused(&ask(&gateway, ANNA, "apparel").await, "erased");
        marketing(&gateway, ANNA, "erased").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_holds_over_two_nodes_and_two_senders_on_one_database() {
    let Some(database) = Database::postgres().await else { return };
    let (clock, upstream) = (a_clock(), Upstream::start().await);
    let first = gateway(&database, &upstream, Some(&clock)).await;
    let setup = Setup::new(&database, &upstream).policy("senders/club.toml", &club());
    let mut second = setup.node("second").keys_of(&first).prepare();
    second.start_on(clock.clone()).await;
    let people: Vec<String> = (0..25).map(|number| format!("r{number}@example.se")).collect();
    let to: Vec<&str> = people.iter().map(String::as_str).collect();
    // All of it waits, and intake knows of none of it.
    people.iter().for_each(|person| upstream.script(person, Script::Rcpt("451 4.3.0 later")));
    let mut all = 0;
    for (credential, from) in [("demo-shop/forms", "shop.example"), ("club/forms", "club.example")] {
        let mut forms = Tool::login(second.smtp(), credential, first.secret(credential)).await;
        let mail = asks(&format!("News <news@{from}>"), "list@shop.example", "apparel", PLACE);
        taken(&forms.submit(&format!("bounce@{from}"), &to, &mail).await);
        all += people.len();
        let what = format!("{all} were tried, or met what was in hand");
        eventually(&what, || async {
            let waits = "SELECT count(*) FROM deliveries
                         WHERE state = 'queued' AND last_response IS NOT NULL OR state = 'withheld'";
            (usize::try_from(database.count(waits).await) == Ok(all)).then_some(())
        })
        .await;
        database.tamper("DELETE FROM confirmations").await;
    }
    forward(&database, &clock, 6).await;
    people.iter().for_each(|person| upstream.mend(person));
    eventually("twenty-five are taken and as many not", || async {
        let count = |state| format!("SELECT count(*) FROM deliveries WHERE state = '{state}'");
        let (taken, not) =
            (database.count(&count("relayed")).await, database.count(&count("withheld")).await);
        ((taken, not) == (25, 25)).then_some(())
    })
    .await;
    assert!(people.iter().all(|person| upstream.captured_for(person).len() == 1));
}
