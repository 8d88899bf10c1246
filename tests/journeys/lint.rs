//! What a message's content has wrong: found at intake once a message, and by `optgate lint` before the campaign.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use optgate::clock::Clock;
use serde_json::Value;

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::newsletter;
use crate::support::{Database, Upstream, eventually, on_both_databases};

const SHOP: &str = include_str!("../../policies/senders/demo-shop.toml");

/// A newsletter to Anna whose subject greets a field, as mail leaves a tool: the subject's words encoded.
fn leaking(campaign: &str) -> String {
    newsletter("anna@example.se", &format!("apparel\r\nX-Optgate-Campaign: {campaign}"))
        .replace("Subject: New in the shop", "Subject: =?utf-8?Q?Hej_=5BF=C3=96RNAMN=5D!?=")
}

on_both_databases! {
    async fn an_unfilled_merge_field_is_refused_counted_and_logged_once_a_campaign(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let mut last = String::new();
        for _ in 0..3 {
            last = gateway.submit(&["anna@example.se"], &leaking("autumn")).await;
            assert!(last.starts_with("250 2.0.0 accepted") && last.contains("refused [merge_field_leak]"), "{last}");
        }
        let series = "optgate_content_findings_total{sender=\"demo-shop\",stream=\"marketing\",finding=\"merge_field_leak\"} 3";
        eventually(series, || async { gateway.metrics().await.lines().any(|line| line == series).then_some(()) }).await;
        let told = || gateway.log().lines().filter(|line| line.contains("content has something wrong")).count();
        eventually("it is logged", || async { (told() > 0).then_some(()) }).await;
        assert_eq!(told(), 1, "{}", gateway.log());
        let (status, shown) = gateway.api("GET", &format!("/v1/messages/{}", message_id(&last)), None).await;
        assert_eq!((status, shown["findings"][0]["name"].as_str()), (200, Some("merge_field_leak")), "{shown}");
        assert_eq!(shown["findings"][0]["detail"], "[FÖRNAMN] in subject", "{shown}");
        // What is mended goes.
        let mended = gateway.submit(&["anna@example.se"], &newsletter("anna@example.se", "apparel")).await;
        assert!(!mended.contains("refused"), "{mended}");
        upstream.first_for("anna@example.se").await;
    }

    async fn what_policy_holds_waits(database: Database) {
        let upstream = Upstream::start().await;
        let clock = Clock::driven(Clock::system().now());
        let holding = SHOP.replace("signed_body = ", "merge_field_leak = \"hold\"\nsigned_body = ");
        let gateway = Setup::new(&database, &upstream).policy("senders/demo-shop.toml", &holding).start_on(clock.clone()).await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let reply = gateway.submit(&["anna@example.se"], &leaking("autumn")).await;
        assert!(reply.contains("held [merge_field_leak]"), "{reply}");
        clock.advance(Duration::from_secs(6 * 60));
        let listed = gateway.command(&["queue", "list", "--state", "held", "--json"]);
        assert!(listed.stdout().contains("merge_field_leak"), "{}", listed.stdout());
        assert!(upstream.captured_for("anna@example.se").is_empty(), "it waits");
    }

    async fn what_is_sent_with_a_warning_arrives(database: Database) {
        let upstream = Upstream::start().await;
        let strict = SHOP.replace("[streams.functional]", "[streams.marketing.lint]\nlink_to_ip = \"refuse\"\n[streams.functional]");
        let gateway = Setup::new(&database, &upstream).policy("senders/demo-shop.toml", &strict).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let insecure = newsletter("anna@example.se", "apparel").replace("come in.\r\n", "come in: http://shop.example/\r\n");
        let reply = gateway.submit(&["anna@example.se"], &insecure).await;
        assert!(!reply.contains("refused"), "{reply}");
        upstream.first_for("anna@example.se").await;
        let number = insecure.replace("http://shop.example/", "https://192.0.2.7/");
        let reply = gateway.submit(&["anna@example.se"], &number).await;
        assert!(reply.contains("refused [content_rule]"), "{reply}");
    }
}

/// Runs the verb with this message on its standard input, and the shipped policies: no configuration, no database.
fn lint(message: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_optgate"));
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    command.args(["lint", "-", "--policies", policies]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn told(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

const SENDER: [&str; 2] = ["--sender", "demo-shop"];

#[test]
fn a_designer_is_told_what_would_be_refused_changed_or_warned_of() {
    let message = leaking("autumn").replace("come in.\r\n", "come in: http://shop.example/\r\n");
    let output = lint(&message.replace("\r\n", "\n"), &[&SENDER[..], &["--json"]].concat());
    let report = told(&output);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    assert_eq!((&report["stopped"], &report["assumed"]), (&true.into(), &false.into()));
    assert_eq!(report["refusals"].as_array().map(Vec::len), Some(0), "{report:#}");
    let finding = &report["findings"][0];
    assert_eq!((&finding["name"], &finding["handling"]), (&"merge_field_leak".into(), &"refuse".into()));
    assert_eq!((&finding["place"], &finding["line"]), (&"subject".into(), &3.into()), "{finding:#}");
    assert!(
        report["findings"].as_array().unwrap().iter().any(|own| own["name"] == "link_not_https"),
        "{report:#}"
    );
    let mut places: Vec<&str> =
        report["changes"].as_array().unwrap().iter().filter_map(|own| own["place"].as_str()).collect();
    places.dedup();
    assert_eq!(places, ["header", "text part 2", "html part 3"], "{report:#}");
    let text = String::from_utf8(lint(&message, &SENDER).stdout).unwrap();
    assert!(text.contains("refuse: merge_field_leak") && text.contains("+ List-Unsubscribe-Post"), "{text}");
}

#[test]
fn what_may_go_is_exit_status_0_and_what_is_no_message_says_why() {
    let clean = newsletter("anna@example.se", "apparel");
    assert_eq!(lint(&clean, &SENDER).status.code(), Some(0));
    // A mail saved from a tool's editor says nothing of itself: it is taken for marketing.
    let bare = clean.replace("X-Optgate-Stream: marketing\r\nX-Optgate-Scope: apparel\r\n", "");
    let output = lint(&bare, &[&SENDER[..], &["--json"]].concat());
    assert_eq!((output.status.code(), &told(&output)["assumed"]), (Some(0), &true.into()));
    let output = lint(&bare, &[&SENDER[..], &["--json", "--scope", "shoes"]].concat());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(told(&output)["refusals"][0]["reason"], "unknown_scope");
    let foreign = clean.replace("news@shop.example", "news@other.example");
    let output = lint(&foreign, &[&SENDER[..], &["--json"]].concat());
    assert_eq!(told(&output)["refusals"][0]["reason"], "from_not_allowed");
    let output = lint("this is no mail\n", &[&SENDER[..], &["--json"]].concat());
    assert_eq!(
        (output.status.code(), &told(&output)["refusals"][0]["reason"]),
        (Some(1), &"unparsable".into())
    );
    let output = lint(&clean, &["--sender", "nobody"]);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn what_tracks_is_shown_as_it_would_be_taken_out_where_the_law_asks_for_consent() {
    let pixel = "<img src=\"https://t.new.example/o?u=1\" width=\"1\" height=\"1\" alt=\"\">";
    let link = "<a href=\"https://u1.ct.sendgrid.net/ls/click?upn=x\">Read</a><a href=\"https://shop.example/?mc_eid=1\">Look</a>";
    let message =
        newsletter("anna@example.se", "apparel").replacen("<p>", &format!("\r\n{pixel}{link}\r\n<p>"), 1);
    assert!(message.contains(pixel), "{message}");
    let output = lint(&message, &[&SENDER[..], &["--json", "--jurisdiction", "FR"]].concat());
    let report = told(&output);
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    let named = |name: &str| report["findings"].as_array().unwrap().iter().any(|own| own["name"] == name);
    assert!(named("opaque_tracked_link") && named("unknown_pixel_host"), "{report:#}");
    let changes = report["changes"].as_array().unwrap();
    let of = |key: &str| -> String { changes.iter().map(|own| own[key].to_string()).collect() };
    assert!(of("removed").contains("t.new.example") && of("removed").contains("mc_eid"), "{report:#}");
    assert!(
        !of("added").contains("t.new.example") && of("added").contains("https://shop.example/\\\""),
        "{report:#}"
    );
}
