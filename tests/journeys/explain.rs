//! `optgate policy explain --decision`: a decision shown again as it was, long after.

use std::fs;

use serde_json::Value;

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{marketing_with, newsletter};
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

const BO: &str = "bo@example.se";

/// Bo bought a T-shirt: a soft opt-in carries mail about clothes to him.
async fn with_bo(database: &Database, upstream: &Upstream) -> Gateway {
    let gateway = Setup::new(database, upstream).start().await;
    gateway.purchase(BO, "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
    gateway
}

/// Submits marketing to Bo; the decision's id.
async fn decided(gateway: &Gateway, scope: &str) -> String {
    let reply = gateway.submit(&[BO], &newsletter(BO, scope)).await;
    decision(gateway, &message_id(&reply)).await
}

async fn decision(gateway: &Gateway, message: &str) -> String {
    gateway.deliveries(message).await.remove(0)["delivery"].as_str().unwrap().to_owned()
}

fn explain(gateway: &Gateway, decision: &str) -> Value {
    gateway.command(&["policy", "explain", "--decision", decision, "--json"]).json()
}

/// Nobody's purchase counts in Sweden any more.
fn forget_soft_opt_ins(gateway: &Gateway) {
    let file = gateway.data_dir.join("policies/jurisdictions/eu.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, text.replace(", \"soft_opt_in\"", "")).unwrap();
}

async fn until_in_force(gateway: &Gateway) {
    eventually("the new set is in force", || async {
        gateway.log().contains("policy set in force").then_some(())
    })
    .await;
}

/// The decision that a 550 names.
fn refused(reply: &str) -> String {
    reply.rsplit("decision ").next().unwrap().trim().to_owned()
}

fn asked(round: &Value) -> Vec<&str> {
    round["steps"].as_array().unwrap().iter().map(|step| step["asked"].as_str().unwrap()).collect()
}

on_both_databases! {
    async fn i16_a_decision_is_made_again_as_it_was_whatever_came_since(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = with_bo(&database, &upstream).await;
        let (sent, refused) = (decided(&gateway, "apparel.tshirts").await, decided(&gateway, "furniture.office").await);
        // Other files, other facts: neither bears on what was decided before.
        forget_soft_opt_ins(&gateway);
        until_in_force(&gateway).await;
        gateway.opt_in(BO, &["furniture.office"]).await;
        gateway.withdraw(BO).await;
        let told = explain(&gateway, &sent);
        assert_eq!((&told["agrees"], told["recipient"].as_str()), (&Value::Bool(true), Some(BO)), "{told:#}");
        let round = &told["rounds"][0];
        assert_eq!((&round["version"], &round["again"]["ground"]), (&1.into(), &"soft_opt_in".into()));
        assert_eq!(round["recorded"]["rule"], round["again"]["rule"]);
        let line = round["steps"].as_array().unwrap().last().unwrap();
        assert!(asked(round).contains(&"soft_opt_in"), "{line}");
        let carries = round["steps"].as_array().unwrap().iter().find(|step| step["answer"] == "carries").unwrap();
        assert!(!carries["rule"]["text"].as_str().unwrap().is_empty(), "the line of that time: {carries}");
        assert_eq!(carries["event"], told["facts"][0]["id"], "and the fact that it rests on");
        assert_eq!(told["facts"].as_array().unwrap().len(), 1, "{told:#}");
        assert_eq!(told["facts"][0]["evidence"]["reference"], "order 1");
        let told = explain(&gateway, &refused);
        let round = &told["rounds"][0];
        assert_eq!((&round["agrees"], &round["again"]["reason"]), (&Value::Bool(true), &"out_of_scope".into()));
        let changes: Vec<&str> =
            round["changes"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
        assert!(changes.contains(&"a double opt-in for furniture.office"), "{changes:?}");
        let text = gateway.command(&["policy", "explain", "--decision", &refused]);
        let text = text.expect_success().stdout();
        for part in ["recorded: refuse: out_of_scope", "the two agree", "what would have changed the answer", "order 1"] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    async fn a_claim_that_decided_otherwise_is_made_again_too(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script(BO, crate::support::upstream::Script::Rcpt("450 4.2.1 later"));
        let gateway = with_bo(&database, &upstream).await;
        let message = message_id(&gateway.submit(&[BO], &newsletter(BO, "apparel.tshirts")).await);
        eventually("it was tried once", || async {
            gateway.deliveries(&message).await.remove(0)["last_response"].is_string().then_some(())
        })
        .await;
        gateway.withdraw(BO).await;
        gateway.until(&message, "withheld").await;
        let told = explain(&gateway, &decision(&gateway, &message).await);
        let rounds = told["rounds"].as_array().unwrap();
        assert_eq!((rounds.len(), &told["agrees"]), (2, &Value::Bool(true)), "{told:#}");
        assert_eq!((&rounds[0]["again"]["verdict"], &rounds[0]["version"]), (&"deliver".into(), &1.into()));
        assert_eq!((&rounds[1]["again"]["reason"], &rounds[1]["version"]), (&"withdrawn".into(), &2.into()));
        assert!(rounds[1]["round"].as_i64().unwrap() > 0);
    }

    async fn after_an_erasure_the_proof_is_left_without_the_person(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = with_bo(&database, &upstream).await;
        let sent = decided(&gateway, "apparel.tshirts").await;
        eventually("it left", || async { (upstream.captured().len() == 1).then_some(()) }).await;
        let (_, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(serde_json::json!({"email": BO}))).await;
        let path = format!("/v1/subscribers/{}", found["id"].as_str().unwrap());
        let (status, _) = gateway.api_as("demo-shop/officer", "DELETE", &path, None).await;
        assert_eq!(status, 204);
        let told = eventually("the address is gone", || async {
            Some(explain(&gateway, &sent)).filter(|told| told["recipient"].is_null())
        })
        .await;
        assert_eq!(told["agrees"], true, "{told:#}");
        assert!(told["erased_at"].is_string());
        let fact = &told["facts"][0];
        assert_eq!((&fact["kind"], &fact["evidence"]), (&"acquainted".into(), &Value::Null));
        assert!(fact["texts"]["notice"].is_string(), "the notice's hash is left: {fact}");
        let text = gateway.command(&["policy", "explain", "--decision", &sent]).expect_success().stdout();
        assert!(!text.contains("example.se") && !text.contains("order 1"), "{text}");
    }

    async fn what_a_cap_had_counted_counts_again(database: Database) {
        let upstream = Upstream::start().await;
        let file = "senders/demo-shop.toml";
        let own = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/policies/senders/demo-shop.toml")).unwrap();
        let capped = format!("{own}\n[caps]\nmarketing = [\"1/day\"]\n");
        let gateway = Setup::new(&database, &upstream).policy(file, &capped).start().await;
        gateway.purchase(BO, "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
        let first = message_id(&gateway.submit(&[BO], &newsletter(BO, "apparel.tshirts")).await);
        gateway.until(&first, "relayed").await;
        let reply = gateway.submit(&[BO], &newsletter(BO, "apparel.tshirts")).await;
        assert!(reply.contains("[frequency_cap]"), "{reply}");
        let told = explain(&gateway, &decision(&gateway, &message_id(&reply)).await);
        let round = &told["rounds"][0];
        assert_eq!((&told["agrees"], &round["again"]["reason"]), (&Value::Bool(true), &"frequency_cap".into()), "{told:#}");
        assert_eq!((&round["sent"][0]["stage"], &round["sent"][0]["scope"]), (&"delivered".into(), &"apparel.tshirts".into()));
        let changes = round["changes"].as_array().unwrap().iter();
        let changes: Vec<&str> = changes.map(|one| one["what"].as_str().unwrap()).collect();
        assert!(changes.contains(&"nothing sent to the person before"), "{changes:?}");
        let same = gateway.data_dir.join("policies").display().to_string();
        let replayed = gateway.command(&["policy", "replay", "--against", &same, "--json"]).json();
        assert_eq!((&replayed["unchanged"], &replayed["not_reproduced"]), (&2.into(), &serde_json::json!([])), "{replayed:#}");
    }

    async fn a_messages_id_leads_to_the_decisions_on_it(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = with_bo(&database, &upstream).await;
        let reply = gateway.submit(&[BO, "cia@example.se"], &newsletter(BO, "apparel")).await;
        let message = message_id(&reply);
        let mut decisions: Vec<String> = Vec::new();
        for own in gateway.deliveries(&message).await {
            decisions.push(own["delivery"].as_str().unwrap().to_owned());
        }
        let ran = gateway.command(&["policy", "explain", "--decision", &message]);
        assert_eq!((ran.status(), ran.stdout().lines().map(str::to_owned).collect::<Vec<_>>()), (1, decisions.clone()));
        assert!(ran.stderr().contains("is a message"), "{}", ran.stderr());
        let told = gateway.command(&["policy", "explain", "--message", &message, "--json"]).json();
        let shown: Vec<&str> = told.as_array().unwrap().iter().map(|one| one["decision"].as_str().unwrap()).collect();
        assert_eq!(shown, decisions);
        let reasons = told.as_array().unwrap().iter().map(|one| &one["rounds"][0]["again"]["reason"]);
        assert_eq!(reasons.filter(|reason| *reason == "no_ground").count(), 1, "{told:#}");
        let text = gateway.command(&["policy", "explain", "--message", &message]).expect_success().stdout();
        assert!(decisions.iter().all(|own| text.contains(own)), "{text}");
        let nothing = ["policy", "explain", "--message", "0193a000-0000-7000-8000-000000000000"];
        assert_eq!(gateway.command(&nothing).status(), 1);
    }

    async fn what_is_asked_while_a_restore_holds_marketing_is_held(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = with_bo(&database, &upstream).await;
        let question = ["policy", "explain", "--sender", "demo-shop", "--to", BO, "--scope", "apparel", "--json"];
        assert_eq!(gateway.command(&question).json()["verdict"], "deliver");
        database.tamper("UPDATE journals SET standing = 'lost'").await;
        assert_eq!(gateway.command(&question).json()["reason"], "restoring");
        let earlier = [&question[..], &["--at", "2026-11-01T10:00:00Z"]].concat();
        assert_eq!(gateway.command(&earlier).json()["verdict"], "deliver", "nobody knows how it was then");
    }

    async fn what_is_refused_for_what_it_is_is_made_again_with_its_steps(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = with_bo(&database, &upstream).await;
        let foreign = newsletter(BO, "apparel.tshirts").replace("shop.example>", "elsewhere.example>");
        let reply = gateway.submit(&[BO], &foreign).await;
        assert!(reply.starts_with("550"), "{reply}");
        let told = explain(&gateway, &refused(&reply));
        assert_eq!((&told["agrees"], &told["rounds"][0]["again"]["reason"]), (&true.into(), &"from_not_allowed".into()), "{told:#}");
        assert_eq!(asked(&told["rounds"][0]), ["from"]);
        let shoes = decided(&gateway, "shoes").await;
        let told = explain(&gateway, &shoes);
        assert_eq!((&told["agrees"], &told["rounds"][0]["again"]["reason"]), (&true.into(), &"unknown_scope".into()), "{told:#}");
        assert_eq!(asked(&told["rounds"][0]), ["from", "grant", "scope"]);
        let changes = told["rounds"][0]["changes"][0]["what"].as_str().unwrap();
        assert!(changes.starts_with("[scopes.\"shoes\"] in "), "{changes}");
    }

    async fn what_shadow_mode_lets_pass_is_told_wherever_it_is_shown(database: Database) {
        let upstream = Upstream::start().await;
        let file = "senders/demo-shop.toml";
        let own = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/policies/senders/demo-shop.toml")).unwrap();
        let shadow = own.replace("[scopes.apparel]", "[scopes.apparel]\nmode = \"shadow\"");
        let line = shadow.lines().position(|line| line == "mode = \"shadow\"").unwrap() + 1;
        let gateway = Setup::new(&database, &upstream).policy(file, &shadow).start().await;
        let decision = decided(&gateway, "apparel").await;
        eventually("it left", || async { (upstream.captured().len() == 1).then_some(()) }).await;
        let told = explain(&gateway, &decision);
        let round = &told["rounds"][0];
        let by = serde_json::json!({"file": file, "line": line});
        assert_eq!((&told["agrees"], &round["recorded"]["shadow"], &round["again"]["shadow"]), (&true.into(), &by, &by), "{told:#}");
        assert_eq!(round["steps"].as_array().unwrap().last().unwrap()["answer"], "lets_pass");
        let passed = format!("refuse: no_ground (let pass in shadow mode, {file}:{line})");
        let text = gateway.command(&["policy", "explain", "--decision", &decision]).expect_success().stdout();
        assert!(text.contains(&format!("recorded: {passed}")) && text.contains(&format!("again:    {passed}")), "{text}");
        let question = ["policy", "explain", "--sender", "demo-shop", "--to", "cia@example.se", "--scope", "apparel"];
        let text = gateway.command(&question).expect_success().stdout();
        assert!(text.starts_with(&passed), "{text}");
        let json = gateway.command(&[&question[..], &["--json"]].concat()).json();
        assert_eq!((&json["verdict"], &json["shadow"]), (&"refuse".into(), &by), "{json:#}");
        let listed = eventually("it is relayed", || async {
            let listed = gateway.command(&["queue", "list", "--json"]).json();
            (listed[0]["state"] == "relayed").then_some(listed)
        }).await;
        assert_eq!((&listed[0]["reason"], &listed[0]["let_pass"]), (&Value::Null, &"no_ground".into()), "{listed}");
        let text = gateway.command(&["queue", "list"]).expect_success().stdout();
        assert!(text.contains("no_ground (let pass in shadow mode)"), "{text}");
        let check = gateway.command(&["check"]).expect_success().stdout();
        assert!(check.contains("is in shadow mode"), "{check}");
    }

    async fn what_can_not_be_shown_again_is_a_finding(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = with_bo(&database, &upstream).await;
        let sent = decided(&gateway, "apparel.tshirts").await;
        // Nothing tells what it is: nobody was looked at, and that was all.
        let reply = gateway.submit(&[BO], &marketing_with(BO, "")).await;
        assert!(reply.starts_with("550"), "{reply}");
        let told = explain(&gateway, &refused(&reply));
        assert_eq!((&told["agrees"], &told["rounds"][0]["recorded"]["reason"]), (&Value::Null, &"unclassified".into()));
        assert!(told["rounds"][0]["not_made_again"].as_str().unwrap().contains("SHA-256"), "{told:#}");
        // A record that says something else than its facts and files do.
        database.tamper("UPDATE verdicts SET ground = 'double_opt_in'").await;
        let ran = gateway.command(&["policy", "explain", "--decision", &sent]);
        assert_eq!(ran.status(), 1);
        assert!(ran.stdout().contains("the two differ in: ground"), "{}", ran.stdout());
        database.tamper("DELETE FROM policy_sets").await;
        let ran = gateway.command(&["policy", "explain", "--decision", &sent]);
        assert_eq!(ran.status(), 1);
        assert!(ran.stdout().contains("is not in this database"), "{}", ran.stdout());
        let unknown = gateway.command(&["policy", "explain", "--decision", "0193a000-0000-7000-8000-000000000000"]);
        assert_eq!(unknown.status(), 1);
        assert_eq!(gateway.command(&["policy", "explain", "--sender", "demo-shop"]).status(), 2);
    }
}
