//! Marketing that stops by itself: when, whose, and how it goes on.

use serde_json::Value;

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{marketing_with, service_mail};
use crate::support::upstream::Captured;
use crate::support::{Database, Gateway, Tool, Upstream, eventually, on_both_databases};

const FEEDBACK: &str = "[feedback]\nlisten = [\"127.0.0.1:0\"]\ndomain = \"bounces.test\"\n";

/// A tenth weakens, a fifth pauses, of ten or more.
const BRAKE: &str = r#"
[[brake]]
per = "campaign"
on = "WHAT"
window = "1d"
minimum = 10
weaken = "10%"
pause = "20%"
"#;

async fn braked(database: &Database, upstream: &Upstream, on: &str) -> Gateway {
    let shaping = BRAKE.replace("WHAT", on);
    let gateway =
        Setup::new(database, upstream).config(FEEDBACK).policy("shaping.toml", &shaping).start().await;
    gateway.purchase("soft@example.se", "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
    for number in 0..30 {
        gateway.opt_in(&format!("r{number}@example.se"), &["apparel"]).await;
    }
    gateway
}

fn newsletter(to: &str, campaign: &str) -> String {
    let selectors = "X-Optgate-Stream: marketing\r\nX-Optgate-Scope: apparel\r\n";
    marketing_with(to, &format!("{selectors}X-Optgate-Campaign: {campaign}\r\n"))
}

/// The copies of a campaign to these, once all have left.
async fn sent(
    gateway: &Gateway,
    upstream: &Upstream,
    campaign: &str,
    numbers: std::ops::Range<usize>,
) -> Vec<Captured> {
    let mut copies = Vec::new();
    for number in numbers {
        let to = format!("r{number}@example.se");
        let before = upstream.captured_for(&to).len();
        let id = message_id(&gateway.submit(&[&to], &newsletter(&to, campaign)).await);
        gateway.until(&id, "relayed").await;
        copies.push(upstream.captured_for(&to)[before].clone());
    }
    copies
}

async fn complains(gateway: &Gateway, copy: &Captured) {
    let report = format!(
        "From: fbl@mailbox.example\r\nSubject: complaint\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=feedback-report; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\n{}\r\n--b--\r\n",
        copy.text()
    );
    comes_back(gateway, "complaints@bounces.test", &report).await;
}

async fn bounces(gateway: &Gateway, copy: &Captured) {
    let report = format!(
        "From: MAILER-DAEMON@mx.example.se\r\nSubject: Undelivered\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n\
         Final-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n",
        copy.recipient
    );
    comes_back(gateway, &copy.sender, &report).await;
}

async fn comes_back(gateway: &Gateway, to: &str, report: &str) {
    let mut peer = Tool::connect(gateway.feedback()).await;
    peer.say("EHLO mx.example.se").await;
    let reply = peer.submit("", &[to], report).await;
    assert!(reply.starts_with("250"), "{reply}");
}

fn pauses(gateway: &Gateway) -> Vec<Value> {
    gateway.command(&["campaign", "pauses", "--json"]).json().as_array().expect("a list").clone()
}

on_both_databases! {
    async fn complaints_stop_the_weakest_ground_first_then_the_campaign_and_never_service_mail(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = braked(&database, &upstream, "complaints").await;
        let copies = sent(&gateway, &upstream, "summer", 0..9).await;
        // Of fewer than ten nothing is concluded.
        complains(&gateway, &copies[0]).await;
        assert_eq!(pauses(&gateway), Vec::<Value>::new());
        let more = sent(&gateway, &upstream, "summer", 9..19).await;
        complains(&gateway, &copies[1]).await;
        let [weakened] = &pauses(&gateway)[..] else { panic!("{:?}", pauses(&gateway)) };
        let text = weakened.to_string();
        assert!(text.contains("weakest") && text.contains("brake") && text.contains("2 complaints of 19 mails"), "{text}");
        let soft = gateway.submit(&["soft@example.se"], &newsletter("soft@example.se", "summer")).await;
        assert!(soft.contains("held [campaign_paused]"), "{soft}");
        sent(&gateway, &upstream, "summer", 19..20).await;
        complains(&gateway, &more[0]).await;
        complains(&gateway, &more[1]).await;
        let [paused] = &pauses(&gateway)[..] else { panic!("{:?}", pauses(&gateway)) };
        assert!(paused.to_string().contains("everybodys"), "{paused}");
        let held = gateway.submit(&["r20@example.se"], &newsletter("r20@example.se", "summer")).await;
        assert!(held.contains("held [campaign_paused]"), "{held}");
        // Another campaign goes on, and so does service mail.
        sent(&gateway, &upstream, "autumn", 21..22).await;
        let service = message_id(&gateway.submit(&["r20@example.se"], &service_mail("r20@example.se")).await);
        gateway.until(&service, "relayed").await;
        let metrics = gateway.metrics().await;
        let line = |whose| format!("optgate_pauses_total{{per=\"campaign\",by=\"brake\",whose=\"{whose}\"}} 1");
        assert!(metrics.contains(&line("weakest")) && metrics.contains(&line("everybodys")), "{metrics}");
        let log = gateway.log();
        assert!(log.contains("marketing paused") && log.contains("4 complaints of 20 mails"), "{log}");
        let stopped = eventually("both events", || async {
            let (_, page) = gateway.api("GET", "/v1/events?limit=1000", None).await;
            let events = page["events"].as_array().unwrap();
            let stopped: Vec<Value> = events.iter().filter(|own| own["type"] == "marketing_paused").cloned().collect();
            (stopped.len() == 2).then_some(stopped)
        }).await;
        assert_eq!((&stopped[1]["campaign"], &stopped[1]["whose"], &stopped[1]["by"]), (&"summer".into(), &"everybodys".into(), &"brake".into()));
        // Who resumes it has seen why: it is judged by what comes from then on.
        gateway.command(&["campaign", "resume", "--sender", "demo-shop", "summer"]).expect_success();
        gateway.until(&message_id(&held), "relayed").await;
        complains(&gateway, &more[2]).await;
        assert_eq!(pauses(&gateway), Vec::<Value>::new());
    }

    async fn bounces_stop_a_campaign_that_goes_to_who_is_gone(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = braked(&database, &upstream, "bounces").await;
        let copies = sent(&gateway, &upstream, "old list", 0..12).await;
        for copy in &copies[..3] {
            // Told twice, counted once.
            bounces(&gateway, copy).await;
            bounces(&gateway, copy).await;
        }
        let [paused] = &pauses(&gateway)[..] else { panic!("{:?}", pauses(&gateway)) };
        assert!(paused.to_string().contains("3 bounces of 12 mails"), "{paused}");
        let held = gateway.submit(&["r20@example.se"], &newsletter("r20@example.se", "old list")).await;
        assert!(held.contains("held [campaign_paused]"), "{held}");
    }
}
