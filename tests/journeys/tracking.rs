//! Pixels and tracked links stay in the copies of those alone who agreed to be tracked.

use serde_json::{Value, json};

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::preferences_path;
use crate::support::tool::marketing_with;
use crate::support::upstream::{Captured, Script};
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const ANNA: &str = "anna@example.se";
const BO: &str = "bo@example.se";

/// An open pixel by its shape, a link that tells the person and another's pixel.
const PIXEL: &str = r#"<img src="https://stats.tagger.example/o/4711.gif" width="1" height="1" alt="">"#;
const LINK: &str = r#"<a href="https://shop.example/trousers?utm_source=news&amp;mc_eid=4711">Trousers</a>"#;

/// A newsletter of a campaign that tracks its readers.
fn tracked(to: &str) -> String {
    let headers = "X-Optgate-Stream: marketing\r\nX-Optgate-Scope: apparel\r\nX-Optgate-Campaign: autumn\r\n";
    let body = format!("<p>Soft trousers have come in.</p>{LINK}{PIXEL}");
    marketing_with(to, headers).replace("<p>Soft trousers have come in.</p>", &body)
}

fn is_tracked(copy: &Captured) -> bool {
    let text = copy.text();
    let (pixel, link) = (text.contains("stats.tagger.example"), text.contains("mc_eid"));
    assert_eq!(pixel, link, "both or none:\n{text}");
    assert!(text.contains("utm_source=news") && text.contains(">Trousers</a>"), "the link stays:\n{text}");
    pixel
}

async fn answer(gateway: &Gateway, who: &str, answer: &str) -> Value {
    let mut body = json!({"email": who, "answer": answer, "evidence": {"form": "web"}});
    if answer == "yes" {
        body["asked"] = "separately".into();
        body["answered_at"] = optgate::clock::Clock::system().now().to_string().into();
    }
    let (status, told) = gateway.api("POST", "/v1/tracking", Some(body)).await;
    assert_eq!(status, 201, "{told}");
    told
}

/// Sends to one person; the copy that leaves, the youngest.
async fn copy_for(gateway: &Gateway, upstream: &Upstream, who: &str) -> Captured {
    let reply = gateway.submit(&[who], &tracked(who)).await;
    gateway.until(&message_id(&reply), "relayed").await;
    upstream.captured_for(who).pop().expect("a copy")
}

fn explained(gateway: &Gateway, decision: &str) -> Value {
    gateway.command(&["policy", "explain", "--decision", decision, "--json"]).json()
}

on_both_databases! {
    async fn a_copy_for_who_gave_no_consent_to_tracking_carries_no_pixel(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        gateway.opt_in(BO, &["apparel"]).await;
        answer(&gateway, BO, "yes").await;
        // Of one message each gets what they agreed to.
        let reply = gateway.submit(&[ANNA, BO], &tracked(ANNA)).await;
        let id = message_id(&reply);
        let (anna, bo) = (upstream.first_for(ANNA).await, upstream.first_for(BO).await);
        assert!(!is_tracked(&anna));
        assert!(is_tracked(&bo));
        eventually("both are settled", || async {
            gateway.deliveries(&id).await.iter().all(|own| own["state"] == "relayed").then_some(())
        }).await;
        for delivery in gateway.deliveries(&id).await {
            let (verdict, reason) =
                if delivery["recipient"] == ANNA { ("taken_out", "no_consent") } else { ("kept", "consented") };
            let ruling = &delivery["verdict"]["tracking"];
            assert_eq!((&ruling["verdict"], &ruling["reason"]), (&json!(verdict), &json!(reason)), "{delivery}");
            let told = explained(&gateway, delivery["delivery"].as_str().unwrap());
            let round = &told["rounds"][0];
            assert_eq!((&round["agrees"], &round["recorded"]["tracking"]), (&json!(true), ruling), "{told}");
            assert!(round["tracking_rule"]["text"].as_str().unwrap().starts_with("consent = true"), "{told}");
            let would = round["tracking_changes"].as_array().unwrap();
            assert!(!would.is_empty() && would.iter().all(|own| own["verdict"] != verdict), "{told}");
        }

        let shown = gateway.command(&["campaign", "show", "autumn", "--sender", "demo-shop", "--json"]).json();
        assert_eq!((&shown["messages"], &shown["deliveries"]), (&json!(1), &json!({"relayed": 2})), "{shown}");
        let made = &shown["tracking"];
        assert_eq!((&made["kept"], &made["taken_out"]), (&json!(1), &json!(1)), "{shown}");
        assert_eq!((&made["pixels_taken_out"], &made["links_changed"]), (&json!(1), &json!(1)), "{shown}");
        let hosts = shown["unknown_hosts"].as_array().unwrap();
        assert_eq!(hosts.len(), 1, "{shown}");
        assert_eq!((&hosts[0]["host"], &hosts[0]["of"]), (&json!("stats.tagger.example"), &json!("pixel")));
        assert_eq!(hosts[0]["message"], id.as_str());
        let text = gateway.command(&["campaign", "show", "autumn", "--sender", "demo-shop"]).stdout();
        assert!(text.contains("[[tracking.pixel]] hosts = [\"stats.tagger.example\"]"), "{text}");
        let metrics = gateway.metrics().await;
        for line in [
            r#"optgate_copies_total{sender="demo-shop",tracking="kept"} 1"#,
            r#"optgate_copies_total{sender="demo-shop",tracking="taken_out"} 1"#,
            r#"optgate_trackers_taken_out_total{sender="demo-shop",what="pixel"} 1"#,
        ] {
            assert!(metrics.contains(line), "{line} in\n{metrics}");
        }
        let missing = gateway.command(&["campaign", "show", "winter", "--sender", "demo-shop"]);
        assert_eq!(missing.status(), 1);
    }

    async fn i3_a_no_to_tracking_that_comes_while_mail_waits_takes_the_pixel_out(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script(ANNA, Script::Rcpt("451 4.3.0 later"));
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        answer(&gateway, ANNA, "yes").await;
        let reply = gateway.submit(&[ANNA], &tracked(ANNA)).await;
        let id = message_id(&reply);
        eventually("the first attempt", || async {
            gateway.deliveries(&id).await[0]["last_response"].is_string().then_some(())
        }).await;
        upstream.mend(ANNA);
        // Its next attempt is minutes away; the no makes it due, to be decided again.
        assert_eq!(answer(&gateway, ANNA, "no").await["tracking"], "taken_out");
        let delivery = gateway.until(&id, "relayed").await;
        assert!(!is_tracked(&upstream.first_for(ANNA).await));
        // What it left on is recorded beside what was decided first.
        let told = explained(&gateway, delivery["delivery"].as_str().unwrap());
        let reasons: Vec<&str> = told["rounds"].as_array().unwrap().iter()
            .map(|round| round["recorded"]["tracking"]["reason"].as_str().unwrap()).collect();
        assert_eq!(reasons, ["consented", "refused"], "{told}");
        assert_eq!(told["agrees"], true, "{told}");
        // And a yes brings it back.
        answer(&gateway, ANNA, "yes").await;
        assert!(is_tracked(&copy_for(&gateway, &upstream, ANNA).await));
    }

    async fn the_switch_on_the_preference_page_is_the_persons_answer(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        let copy = copy_for(&gateway, &upstream, ANNA).await;
        assert!(!is_tracked(&copy));
        let path = preferences_path(&copy);
        let (status, page) = gateway.post(&path, &[("tracking", "on"), ("save", "choices")]).await;
        assert_eq!(status, 200, "{page}");
        assert!(is_tracked(&copy_for(&gateway, &upstream, ANNA).await));
        let (status, page) = gateway.post(&path, &[("tracking_was", "on"), ("save", "choices")]).await;
        assert_eq!(status, 200, "{page}");
        assert!(!is_tracked(&copy_for(&gateway, &upstream, ANNA).await));
        // The tool that serves the pixel hears of it.
        eventually("both answers are in the feed", || async {
            let (_, feed) = gateway.api("GET", "/v1/events?limit=1000", None).await;
            let types = feed["events"].as_array().unwrap().iter().map(|event| event["type"].clone());
            let types: Vec<Value> = types.collect();
            ["tracking_consent", "tracking_withdrawal"].iter().all(|one| types.contains(&json!(one))).then_some(())
        }).await;
        let timeline = gateway.command(&["consent", "show", ANNA, "--sender", "demo-shop"]).stdout();
        assert!(timeline.contains("said yes to tracking, asked for by itself"), "{timeline}");
        assert!(timeline.contains("said no to tracking"), "{timeline}");
        assert!(timeline.contains("pixels and tracked links are taken out"), "{timeline}");
    }

    async fn where_no_consent_is_asked_for_the_pixel_stays_but_for_who_said_no(database: Database) {
        let upstream = Upstream::start().await;
        let lax = "id = \"lax\"\ntitle = \"Lax\"\ncountries = [\"US\"]\n[marketing]\ngrounds = [\"no_objection\"]\n\
                   [tracking]\nconsent = false\n";
        let gateway = Setup::new(&database, &upstream).policy("jurisdictions/us.toml", lax)
            .policy("cases/us.toml", "").policy("cases/tracking.toml", "").start().await;
        gateway.purchase(ANNA, "apparel", "2026-05-01T10:00:00Z", "US").await;
        assert!(is_tracked(&copy_for(&gateway, &upstream, ANNA).await));
        gateway.command(&["consent", "withdraw", ANNA, "--sender", "demo-shop", "--tracking"]).expect_success();
        assert!(!is_tracked(&copy_for(&gateway, &upstream, ANNA).await));
    }

    async fn i14_a_no_to_tracking_stands_though_a_backup_from_before_it_is_restored(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        for person in [ANNA, BO] {
            gateway.opt_in(person, &["apparel"]).await;
            answer(&gateway, person, "yes").await;
        }
        gateway.terminate().await;
        let backup = database.back_up().await;
        gateway.start().await;
        answer(&gateway, ANNA, "no").await;
        gateway.terminate().await;
        database.restore(&backup).await;
        gateway.start().await;
        crate::restore::released(&gateway).await;
        assert!(!is_tracked(&copy_for(&gateway, &upstream, ANNA).await));
        assert!(is_tracked(&copy_for(&gateway, &upstream, BO).await));
    }
}
