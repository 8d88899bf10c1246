//! Records end when the policy says so, and whoever asks for one that ended is told.

use serde_json::json;

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::newsletter;
use crate::support::{Database, Upstream, eventually, on_both_databases};

const SHOP: &str = include_str!("../../policies/senders/demo-shop.toml");

on_both_databases! {
    async fn outcomes_are_kept_for_as_long_as_the_policy_says(database: Database) {
        let upstream = Upstream::start().await;
        let policy = SHOP.replace("36 months", "2 months");
        let mut gateway =
            Setup::new(&database, &upstream).policy("senders/demo-shop.toml", &policy).start().await;
        let mut messages = Vec::new();
        for person in ["anna@example.se", "bo@example.se"] {
            gateway.opt_in(person, &["apparel"]).await;
            let reply = gateway.submit(&[person], &newsletter(person, "apparel")).await;
            messages.push(message_id(&reply));
            gateway.until(&message_id(&reply), "relayed").await;
        }
        let events = eventually("all is in the feed", || async {
            let (_, page) = gateway.api("GET", "/v1/events", None).await;
            let events = page["events"].as_array().unwrap().clone();
            (events.len() == 4).then_some(events)
        }).await;
        let cursor = |event: &str| {
            let found = events.iter().find(|own| own["type"] == event).unwrap();
            format!("/v1/events?after={}", found["cursor"].as_str().unwrap())
        };
        gateway.terminate().await;
        // Three months pass for the first message, and then one for both.
        let first = "(SELECT id FROM deliveries ORDER BY id LIMIT 1)";
        let months = |count: i64| count * 31 * 86_400_000_000;
        database
            .tamper(&format!("UPDATE deliveries SET ended_at = ended_at - {} WHERE id = {first}", months(3)))
            .await;
        // The clock has been looked at for a day: by one that just stepped nothing is over.
        eventually("the clock was looked at", || async {
            (database.count("SELECT count(*) FROM clock_seen").await == 1).then_some(())
        })
        .await;
        let day = 25 * 3_600_000_000_i64;
        database.tamper(&format!("UPDATE clock_seen SET steady_since = steady_since - {day}")).await;
        gateway.start().await;
        eventually("the first is gone", || async {
            let (status, _) = gateway.api("GET", &format!("/v1/messages/{}", messages[0]), None).await;
            (status == 404).then_some(())
        })
        .await;
        let (status, kept) = gateway.api("GET", &format!("/v1/messages/{}", messages[1]), None).await;
        assert_eq!((status, kept["deliveries"].as_array().unwrap().len()), (200, 1), "{kept}");

        let (status, problem) = gateway.api("GET", &cursor("relayed"), None).await;
        assert_eq!((status, &problem["type"]), (410, &"urn:problem-type:optgate:gone".into()), "{problem}");
        let (status, page) = gateway.api("GET", &cursor("opt_in"), None).await;
        let told: Vec<&str> =
            page["events"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
        assert_eq!((status, told), (200, vec!["opt_in", "relayed"]), "{page}");
        let removed = "optgate_outcomes_removed_total 1";
        assert!(gateway.metrics().await.contains(removed), "{removed}");
    }

    async fn people_who_never_confirmed_are_forgotten_when_the_policy_says(database: Database) {
        let upstream = Upstream::start().await;
        let policy = SHOP.replace("decisions = \"36 months\"", "unconfirmed = \"2 months\"");
        let mut gateway =
            Setup::new(&database, &upstream).policy("senders/demo-shop.toml", &policy).start().await;
        let rows = "email,kind,scopes,jurisdiction\nnever@example.se,unconfirmed,apparel,se\n\
                    american@example.com,no_objection,apparel,us\nno@example.se,unconfirmed,apparel,se\n";
        let import = ["consent", "import", "-", "--sender", "demo-shop", "--source", "old list"];
        let ran = gateway.command_with(&import, rows.as_bytes());
        assert_eq!(ran.status(), 0, "{}", ran.stderr());
        gateway.withdraw("no@example.se").await;
        eventually("the clock was looked at", || async {
            (database.count("SELECT count(*) FROM clock_seen").await == 1).then_some(())
        })
        .await;
        gateway.terminate().await;
        let rows = "email,kind,scopes,jurisdiction\nlately@example.se,unconfirmed,apparel,se\n";
        let long_ago = 3 * 31 * 86_400_000_000_i64;
        for statement in ["subscribers SET created_at = created_at", "consent_events SET recorded_at = recorded_at"] {
            database.tamper(&format!("UPDATE {statement} - {long_ago}")).await;
        }
        let day = 25 * 3_600_000_000_i64;
        database.tamper(&format!("UPDATE clock_seen SET steady_since = steady_since - {day}")).await;
        let ran = gateway.command_with(&import, rows.as_bytes());
        assert_eq!(ran.status(), 0, "{}", ran.stderr());
        gateway.start().await;
        let known = async |who: &str| {
            gateway.api("POST", "/v1/subscribers/lookup", Some(json!({ "email": who }))).await.0
        };
        eventually("who never confirmed is forgotten", || async {
            (known("never@example.se").await == 404).then_some(())
        })
        .await;
        // Where the law asks for no yes, silence is none; a no is never lost; and who came lately may yet confirm.
        for who in ["american@example.com", "no@example.se", "lately@example.se"] {
            assert_eq!(known(who).await, 200, "{who}");
        }
        let removed = "optgate_unconfirmed_people_removed_total 1";
        assert!(gateway.metrics().await.contains(removed), "{removed}");
    }
}
