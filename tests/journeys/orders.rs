//! What operators do to the queue by night: hold, release, cancel; and addresses that they block.

use serde_json::Value;

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{marketing_with, newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

/// Mail that was tried once and waits for its next try.
async fn waits(gateway: &Gateway, upstream: &Upstream, to: &str, message: &str) -> String {
    upstream.script(to, Script::Rcpt("450 4.2.1 later"));
    let id = message_id(&gateway.submit(&[to], message).await);
    eventually("it was tried once", || async {
        gateway.deliveries(&id).await.remove(0)["last_response"].is_string().then_some(())
    })
    .await;
    upstream.mend(to);
    id
}

async fn delivery(gateway: &Gateway, message: &str) -> String {
    gateway.deliveries(message).await.remove(0)["delivery"].as_str().unwrap().to_owned()
}

fn campaign(to: &str, name: &str) -> String {
    marketing_with(to, &format!("X-Optgate-Scope: apparel\r\nX-Optgate-Campaign: {name}\r\n"))
}

on_both_databases! {
    async fn what_is_held_stays_until_it_is_released(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let id = waits(&gateway, &upstream, "a@example.se", &service_mail("a@example.se")).await;
        let own = delivery(&gateway, &id).await;
        let held = gateway.command(&["queue", "hold", &own, "--json"]).json();
        assert_eq!((&held[0]["delivery"], &held[0]["state"]), (&Value::from(own.as_str()), &Value::from("held")));
        let shown = gateway.command(&["queue", "list", "--state", "held", "--json"]).json();
        assert_eq!((&shown[0]["state"], &shown[0]["reason"]), (&Value::from("held"), &Value::from("held_by_operator")));
        // A retry is no release.
        assert_eq!(gateway.command(&["queue", "retry", "--all", "--json"]).json(), Value::Array(Vec::new()));
        gateway.submit(&["b@example.se"], &service_mail("b@example.se")).await;
        upstream.first_for("b@example.se").await;
        assert!(upstream.captured_for("a@example.se").is_empty());
        assert_eq!(gateway.command(&["queue", "release", &own, &own, "--json"]).json().as_array().unwrap().len(), 1);
        upstream.first_for("a@example.se").await;
        gateway.until(&id, "relayed").await;
    }

    async fn i3_what_was_withdrawn_meanwhile_is_never_released_to_be_sent(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let id = waits(&gateway, &upstream, "anna@example.se", &newsletter("anna@example.se", "apparel")).await;
        gateway.command(&["queue", "hold", "--to", "anna@example.se"]).expect_success();
        gateway.withdraw("anna@example.se").await;
        gateway.command(&["queue", "release", "--all"]).expect_success();
        let ended = gateway.until(&id, "withheld").await;
        assert_eq!(ended["verdict"]["reason"], "withdrawn", "{ended}");
        assert!(upstream.captured().is_empty());
    }

    async fn a_fact_about_the_person_does_not_let_go_what_an_operator_holds(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let id = waits(&gateway, &upstream, "anna@example.se", &newsletter("anna@example.se", "apparel")).await;
        gateway.command(&["queue", "hold", "--to", "anna@example.se"]).expect_success();
        // It makes her queued mail due, so that it is looked at.
        gateway.opt_in("anna@example.se", &["apparel", "furniture.office"]).await;
        let shown = eventually("it was looked at and held again", || async {
            let own = gateway.deliveries(&id).await.remove(0);
            (own["verdict"]["reason"] == "held_by_operator" && own["state"] == "held").then_some(own)
        })
        .await;
        assert!(shown["ended_at"].is_null() && upstream.captured().is_empty(), "{shown}");
        gateway.command(&["queue", "release", "--to", "anna@example.se"]).expect_success();
        upstream.first_for("anna@example.se").await;
    }

    async fn a_campaign_can_be_cancelled_and_its_content_goes(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let mut ids = Vec::new();
        for (to, name) in [("a@example.se", "wrong"), ("b@example.se", "wrong"), ("c@example.se", "right")] {
            gateway.opt_in(to, &["apparel"]).await;
            ids.push(waits(&gateway, &upstream, to, &campaign(to, name)).await);
        }
        let cancelled = gateway.command(&["queue", "cancel", "--campaign", "wrong", "--json"]).json();
        let rows = cancelled.as_array().unwrap();
        assert!(rows.len() == 2 && rows.iter().all(|row| row["state"] == "cancelled"), "{cancelled}");
        for id in &ids[..2] {
            gateway.until(id, "cancelled").await;
        }
        assert_eq!(database.count("SELECT count(*) FROM contents").await, 1);
        gateway.command(&["queue", "retry", "--all"]).expect_success();
        upstream.first_for("c@example.se").await;
        gateway.until(&ids[2], "relayed").await;
        assert_eq!(upstream.captured().len(), 1);
    }

    async fn the_whole_queue_is_meant_only_where_it_is_said(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let id = waits(&gateway, &upstream, "a@example.se", &service_mail("a@example.se")).await;
        for verb in ["retry", "hold", "release", "cancel"] {
            let refused = gateway.command(&["queue", verb]);
            assert_eq!(refused.status(), 2, "{verb}");
            assert!(refused.stderr().contains("--all"), "{}", refused.stderr());
        }
        let unknown = gateway.command(&["queue", "cancel", "019a9a00-0000-7000-8000-000000000000"]);
        assert_eq!(unknown.status(), 1);
        gateway.command(&["queue", "cancel", "--all"]).expect_success();
        gateway.until(&id, "cancelled").await;
    }

    async fn an_order_is_carried_out_to_its_end_whoever_stops_reading(database: Database) {
        // Nobody is there, so that all of it waits.
        let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut gateway = Setup::towards(&database, nobody).start().await;
        let people: Vec<String> = (0..700).map(|number| format!("p{number}@example.se")).collect();
        let people: Vec<&str> = people.iter().map(String::as_str).collect();
        let reply = gateway.submit(&people, &service_mail("all@example.se")).await;
        assert!(reply.starts_with("250"), "{reply}");
        gateway.terminate().await;
        assert_eq!(database.count("SELECT count(*) FROM deliveries WHERE state = 'queued'").await, 700);
        assert_eq!(gateway.command_read_in_part(&["queue", "hold", "--all", "--json"]), 0);
        assert_eq!(database.count("SELECT count(*) FROM deliveries WHERE state = 'held'").await, 700);
    }

    async fn an_address_that_an_operator_blocks_gets_nothing_until_it_is_lifted(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let person = ["a@example.se", "--sender", "demo-shop"];
        let id = waits(&gateway, &upstream, "a@example.se", &service_mail("a@example.se")).await;
        let suppression = |verb| gateway.command(&["suppression", verb, person[0], person[1], person[2]]);
        assert_eq!(suppression("list").status(), 1);
        suppression("add").expect_success();
        // What is queued stops, too.
        gateway.until(&id, "withheld").await;
        let listed = gateway.command(&["suppression", "list", person[0], person[1], person[2], "--json"]).json();
        assert_eq!(listed[0]["why"], "operator");
        let all = gateway.command(&["suppression", "list", person[1], person[2], "--json"]).json();
        assert_eq!(all[0]["email"], "a@example.se");
        let reply = gateway.submit(&["a@example.se"], &service_mail("a@example.se")).await;
        assert!(reply.contains("[suppressed_operator]"), "{reply}");
        suppression("remove").expect_success();
        assert_eq!(suppression("remove").status(), 1);
        let nothing = gateway.command(&["suppression", "remove", person[0], person[1], person[2], "--json"]);
        assert_eq!((nothing.status(), nothing.stdout().contains("\"lifted\": []")), (1, true));
        let nobody = gateway.command(&["suppression", "add", person[0], "--sender", ""]);
        assert_eq!(nobody.status(), 2, "{}", nobody.stdout());
        let reply = gateway.submit(&["a@example.se"], &service_mail("a@example.se")).await;
        assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
        upstream.first_for("a@example.se").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_need_no_secret_but_the_databases() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    std::fs::remove_file(gateway.data_dir.join("dkim.pem")).unwrap();
    let text = std::fs::read_to_string(&gateway.config).unwrap();
    let text = text.replace("tls = \"none\"", "username = \"me\"\npassword_file = \"/nowhere/password\"");
    std::fs::write(&gateway.config, text).unwrap();
    assert_eq!(gateway.command(&["check"]).status(), 1);
    for verb in [
        &["queue", "list"][..],
        &["credential", "list"],
        &["keys", "list"],
        &["migrate"],
        &["policy", "check"],
    ] {
        gateway.command(verb).expect_success();
    }
    // A no is taken while the policies are broken.
    std::fs::write(gateway.data_dir.join("policies/senders/broken.toml"), "nonsense").unwrap();
    gateway.command(&["consent", "withdraw", "a@example.se", "--sender", "demo-shop"]).expect_success();
    assert_eq!(gateway.command(&["policy", "check"]).status(), 1);
}
