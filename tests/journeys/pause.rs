//! Campaigns that ops stop: what waits then, what goes on, and how it is let go or ended.

use serde_json::{Value, json};

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{marketing_with, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const AUTUMN: [&str; 4] = ["campaign", "pause", "autumn", "--sender=demo-shop"];

async fn send(gateway: &Gateway, recipient: &str, campaign: &str) -> String {
    gateway.opt_in(recipient, &["apparel"]).await;
    let header = format!("X-Optgate-Scope: apparel\r\nX-Optgate-Campaign: {campaign}\r\n");
    let reply = gateway.submit(&[recipient], &marketing_with(recipient, &header)).await;
    assert!(reply.starts_with("250 2.0.0"), "{reply}");
    reply
}

fn states(gateway: &Gateway, campaign: &str) -> Vec<(String, Value)> {
    let listed = gateway.command(&["queue", "list", "--campaign", campaign, "--json"]).json();
    let state = |own: &Value| (own["state"].as_str().unwrap().to_owned(), own["reason"].clone());
    listed.as_array().unwrap().iter().map(state).collect()
}

on_both_databases! {
    async fn a_paused_campaign_is_held_and_told_while_all_else_goes_on_until_it_is_resumed(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.command(&[&AUTUMN[..], &["--because", "wrong prices"]].concat()).expect_success();
        let reply = send(&gateway, "anna@example.se", "autumn").await;
        assert!(reply.contains("held [campaign_paused]"), "{reply}");
        let held = message_id(&reply);
        let delivery = gateway.until(&held, "held").await;
        assert!(delivery["verdict"]["text"].as_str().unwrap().contains("wrong prices"), "{delivery}");
        gateway.until(&message_id(&send(&gateway, "bo@example.se", "winter").await), "relayed").await;
        let service = gateway.submit(&["anna@example.se"], &service_mail("anna@example.se")).await;
        gateway.until(&message_id(&service), "relayed").await;
        let shown = gateway.command(&["campaign", "show", "autumn", "--sender=demo-shop", "--json"]).json();
        let paused = &shown["paused"][0];
        assert_eq!((&paused["by"], &paused["cause"]), (&json!("operator"), &json!("wrong prices")));
        let resume = ["campaign", "resume", "autumn", "--sender=demo-shop"];
        gateway.command(&resume).expect_success();
        gateway.until(&held, "relayed").await;
        assert_eq!(gateway.command(&resume).status(), 1, "nothing is paused any more");
        gateway.until(&message_id(&send(&gateway, "cilla@example.se", "autumn").await), "relayed").await;
    }

    async fn what_is_queued_already_stops_with_its_campaign_and_can_be_cancelled(database: Database) {
        let upstream = Upstream::start().await;
        let limit = "[[limit]]\nname = \"autumn\"\nmatch = { campaign = \"autumn\" }\nrate = [\"1/day\"]\n";
        let gateway = Setup::new(&database, &upstream).policy("shaping.toml", limit).start().await;
        gateway.until(&message_id(&send(&gateway, "first@example.se", "autumn").await), "relayed").await;
        for number in 0..3 {
            send(&gateway, &format!("r{number}@example.se"), "autumn").await;
        }
        gateway.command(&AUTUMN).expect_success();
        let held = ("held".to_owned(), json!("campaign_paused"));
        let relayed = ("relayed".to_owned(), Value::Null);
        assert_eq!(states(&gateway, "autumn"), [relayed, held.clone(), held.clone(), held]);
        let cancelled = gateway.command(&["campaign", "cancel", "autumn", "--sender=demo-shop", "--json"]).json();
        assert_eq!(cancelled, json!({"cancelled": 3, "in_hand": 0}));
        assert_eq!(states(&gateway, "autumn").iter().filter(|(state, _)| state == "cancelled").count(), 3);
        let reply = send(&gateway, "late@example.se", "autumn").await;
        assert!(reply.contains("held [campaign_paused]"), "what still comes is not sent: {reply}");
        assert_eq!(upstream.captured().len(), 1);
    }

    async fn an_answer_that_policy_knows_pauses_the_campaign(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script("first@example.se", Script::End("550 5.7.1 this looks like spam"));
        let rule = "[[response]]\npattern = \"looks like spam\"\naction = \"pause_campaign\"\n";
        let gateway = Setup::new(&database, &upstream).policy("shaping.toml", rule).start().await;
        let first = message_id(&send(&gateway, "first@example.se", "autumn").await);
        gateway.until(&first, "rejected").await;
        let pauses = eventually("it is paused", || async {
            let pauses = gateway.command(&["campaign", "pauses", "--json"]).json();
            pauses.as_array().unwrap().first().cloned()
        }).await;
        assert_eq!((&pauses["name"], &pauses["by"]), (&json!("autumn"), &json!("response")));
        eventually("what comes is held", || async {
            send(&gateway, "anna@example.se", "autumn").await.contains("held [campaign_paused]").then_some(())
        }).await;
        assert!(gateway.log().contains("marketing paused"), "{}", gateway.log());
    }

    async fn a_provider_or_all_marketing_of_a_sender_can_be_paused(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.command(&["campaign", "pause", "--provider", "google"]).expect_success();
        assert!(send(&gateway, "anna@gmail.com", "autumn").await.contains("held [campaign_paused]"));
        gateway.until(&message_id(&send(&gateway, "anna@example.se", "autumn").await), "relayed").await;
        gateway.command(&["campaign", "resume", "--provider", "google"]).expect_success();
        gateway.command(&["campaign", "pause", "--all", "--sender=demo-shop"]).expect_success();
        assert!(send(&gateway, "bo@example.se", "").await.contains("held [campaign_paused]"));
        assert_eq!(gateway.command(&["campaign", "pause", "--provider", "google", "--all"]).status(), 2);
        assert_eq!(gateway.command(&["campaign", "pause", "autumn", "--sender=nobody"]).status(), 2);
    }
}
