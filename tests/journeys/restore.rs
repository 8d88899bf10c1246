//! A backup is restored, and what people said since is not forgotten (invariant 14).

use std::path::PathBuf;

use serde_json::json;
use sha2::Digest as _;

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::unsubscribe_path;
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

/// The newest segment of a node's journal.
fn journal(gateway: &Gateway) -> PathBuf {
    gateway.data_dir.join("journal/00000001.noes")
}

async fn ready(gateway: &Gateway) -> serde_json::Value {
    gateway.api("GET", "/readyz", None).await.1
}

pub async fn released(gateway: &Gateway) {
    eventually("marketing is released", || async {
        (ready(gateway).await["marketing"] == "ready").then_some(())
    })
    .await;
}

/// A backup from before these people's no is put back; the gateway runs no more.
async fn lose_the_noes_of(gateway: &mut Gateway, database: &Database, people: &[&str]) {
    gateway.terminate().await;
    let backup = database.back_up().await;
    gateway.start().await;
    for person in people {
        gateway.withdraw(person).await;
    }
    gateway.terminate().await;
    database.restore(&backup).await;
}

async fn erase(gateway: &Gateway, address: &str) {
    let (_, found) = gateway.api("POST", "/v1/subscribers/lookup", Some(json!({"email": address}))).await;
    let path = format!("/v1/subscribers/{}", found["id"].as_str().unwrap());
    assert_eq!(gateway.api_as("demo-shop/officer", "DELETE", &path, None).await.0, 204);
}

on_both_databases! {
    async fn i14_a_no_stands_though_a_backup_from_before_it_is_restored(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let [anna, bo, cia, dan] = ["anna@example.se", "bo@example.se", "cia@example.se", "dan@example.se"];
        for person in [anna, bo, cia] {
            gateway.opt_in(person, &["apparel"]).await;
        }
        gateway.submit(&[anna], &newsletter(anna, "apparel")).await;
        let link = unsubscribe_path(&upstream.first_for(anna).await);
        gateway.terminate().await;
        let backup = database.back_up().await;

        gateway.start().await;
        assert_eq!(gateway.post(&link, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
        // Known only since the backup, and gone again.
        gateway.opt_in(dan, &["apparel"]).await;
        gateway.withdraw(dan).await;
        gateway.command(&["consent", "withdraw", bo, "--sender", "demo-shop"]).expect_success();
        gateway.terminate().await;
        database.restore(&backup).await;

        gateway.start().await;
        assert!(gateway.log().contains("behind the journal"), "{}", gateway.log());
        released(&gateway).await;
        for person in [anna, bo] {
            let reply = gateway.submit(&[person], &newsletter(person, "apparel")).await;
            assert!(reply.contains("refused [withdrawn]"), "{person}: {reply}");
        }
        let reply = gateway.submit(&[cia], &newsletter(cia, "apparel")).await;
        gateway.until(&message_id(&reply), "relayed").await;
        // An old yes told again does not beat the no; a younger one does, and brings the address back.
        let yes = |at: &str| json!({
            "email": dan, "kind": "double_opt_in", "scopes": ["apparel"], "obtained_at": at,
            "jurisdiction": "se", "evidence": {"form": "web"},
        });
        let (status, answer) = gateway.api("POST", "/v1/grounds", Some(yes("2026-05-01T10:00:00Z"))).await;
        assert_eq!(status, 409, "{answer}");
        let reply = gateway.submit(&[dan], &newsletter(dan, "apparel")).await;
        assert!(reply.contains("refused [withdrawn]"), "{reply}");
        let now = optgate::clock::Clock::system().now().to_string();
        let (status, answer) = gateway.api("POST", "/v1/grounds", Some(yes(&now))).await;
        assert_eq!(status, 201, "{answer}");
        let reply = gateway.submit(&[dan], &newsletter(dan, "apparel")).await;
        gateway.until(&message_id(&reply), "relayed").await;
        // Once more: nothing is recorded twice.
        let events = database.count("SELECT count(*) FROM consent_events").await;
        gateway.terminate().await;
        gateway.start().await;
        assert_eq!(database.count("SELECT count(*) FROM consent_events").await, events);
        assert_eq!(ready(&gateway).await["marketing"], "ready");
    }

    async fn i14_who_was_erased_stays_erased_though_a_backup_from_before_it_is_restored(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let (anna, bo) = ("anna@example.se", "bo@example.se");
        gateway.opt_in(anna, &["apparel"]).await;
        gateway.terminate().await;
        let backup = database.back_up().await;
        gateway.start().await;
        erase(&gateway, anna).await;
        gateway.opt_in(bo, &["apparel"]).await;
        erase(&gateway, bo).await;
        gateway.terminate().await;
        database.restore(&backup).await;
        gateway.start().await;
        // Before anything is accepted.
        let personal = "SELECT count(*) FROM subscribers WHERE key IS NOT NULL OR address IS NOT NULL OR erased_at IS NULL";
        assert_eq!(database.count(personal).await, 0);
        assert_eq!(database.count("SELECT count(*) FROM consent_events WHERE evidence IS NOT NULL").await, 0);
        released(&gateway).await;
        for person in [anna, bo] {
            let reply = gateway.submit(&[person], &newsletter(person, "apparel")).await;
            assert!(reply.contains("refused [erased]"), "{person}: {reply}");
        }
    }

    async fn i14_marketing_is_held_while_the_journal_cannot_be_replayed_and_service_mail_passes(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let (anna, bo) = ("anna@example.se", "bo@example.se");
        gateway.opt_in(anna, &["apparel"]).await;
        gateway.opt_in(bo, &["apparel"]).await;
        lose_the_noes_of(&mut gateway, &database, &[anna]).await;
        gateway.set_failpoints("replay=return");
        gateway.start().await;
        let said = ready(&gateway).await;
        assert_eq!(said["status"], "ready");
        assert!(said["marketing"].as_str().unwrap().starts_with("held: this node's journal"), "{said}");
        let mut held = Vec::new();
        for person in [anna, bo] {
            let reply = gateway.submit(&[person], &newsletter(person, "apparel")).await;
            assert!(reply.contains("held [restoring]"), "{reply}");
            held.push(message_id(&reply));
        }
        let reply = gateway.submit(&[anna], &service_mail(anna)).await;
        gateway.until(&message_id(&reply), "relayed").await;
        assert_eq!(upstream.captured().len(), 1);
        gateway.terminate().await;
        gateway.set_failpoints("");
        gateway.start().await;
        gateway.until(&held[0], "withheld").await;
        gateway.until(&held[1], "relayed").await;
    }

    async fn what_was_held_for_a_journal_is_looked_at_again_though_nobody_releases_it(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let (anna, bo) = ("anna@example.se", "bo@example.se");
        gateway.opt_in(bo, &["apparel"]).await;
        lose_the_noes_of(&mut gateway, &database, &[anna]).await;
        gateway.set_failpoints("replay=return");
        gateway.start().await;
        let reply = gateway.submit(&[bo], &newsletter(bo, "apparel")).await;
        assert!(reply.contains("held [restoring]"), "{reply}");
        let held = "SELECT count(*) FROM deliveries
                    WHERE state = 'held' AND next_attempt_at - spooled_at BETWEEN 600000000 AND 700000000";
        eventually("it is held by the second decision", || async {
            (database.count(held).await == 1).then_some(())
        })
        .await;
        gateway.kill();
        // As after a crash before the release, or on a node that learned later than the one that released.
        gateway.set_failpoints("release_restoring=return");
        gateway.start().await;
        released(&gateway).await;
        database.tamper("UPDATE deliveries SET next_attempt_at = next_attempt_at - 700000000").await;
        gateway.until(&message_id(&reply), "relayed").await;
    }

    async fn a_journal_whose_disk_hangs_holds_up_no_mail(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let (anna, bo) = ("anna@example.se", "bo@example.se");
        gateway.terminate().await;
        gateway.set_failpoints("journal_before_sync=pause");
        gateway.start().await;
        let no = json!({"email": anna, "source": {"channel": "phone"}});
        for _ in 0..2 {
            let (status, told) = gateway.api("POST", "/v1/withdrawals", Some(no.clone())).await;
            assert_eq!(status, 503, "{told}");
        }
        gateway.opt_in(bo, &["apparel"]).await;
        let reply = gateway.submit(&[anna], &service_mail(anna)).await;
        gateway.until(&message_id(&reply), "relayed").await;
        // What was written and never told as done counts all the same.
        gateway.kill();
        gateway.set_failpoints("");
        gateway.start().await;
        released(&gateway).await;
        let reply = gateway.submit(&[anna], &newsletter(anna, "apparel")).await;
        assert!(reply.contains("refused [withdrawn]"), "{reply}");
    }

    async fn i14_a_no_is_brought_in_though_the_history_of_its_person_cannot_be_read(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let people = ["anna@example.se", "bo@example.se", "cia@example.se"];
        for person in people {
            gateway.opt_in(person, &["apparel"]).await;
        }
        lose_the_noes_of(&mut gateway, &database, &people).await;
        // The first one's history.
        database.tamper("UPDATE consent_events SET body = 'nonsense'
                         WHERE subscriber = (SELECT id FROM subscribers ORDER BY id LIMIT 1)").await;
        gateway.start().await;
        released(&gateway).await;
        assert!(gateway.log().contains("a history can't be read"), "{}", gateway.log());
        for person in people {
            let reply = gateway.submit(&[person], &newsletter(person, "apparel")).await;
            assert!(reply.contains("refused [withdrawn]"), "{person}: {reply}");
        }
    }

    async fn a_journal_that_was_lost_holds_marketing_until_somebody_says_that_the_database_is_complete(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let (anna, bo) = ("anna@example.se", "bo@example.se");
        gateway.opt_in(bo, &["apparel"]).await;
        gateway.withdraw(anna).await;
        gateway.terminate().await;
        std::fs::remove_dir_all(gateway.data_dir.join("journal")).unwrap();
        gateway.start().await;
        let said = ready(&gateway).await["marketing"].to_string();
        assert!(said.contains("optgate journal rebuild"), "{said}");
        let reply = gateway.submit(&[bo], &newsletter(bo, "apparel")).await;
        assert!(reply.contains("held [restoring]"), "{reply}");
        // It stands as lost after a restart too, whatever was said since.
        gateway.withdraw("cia@example.se").await;
        assert_eq!(gateway.command(&["journal", "rebuild"]).status(), 2, "not while a gateway serves");
        gateway.terminate().await;
        assert_eq!(gateway.command(&["journal", "show"]).status(), 1);
        let rebuilt = gateway.command(&["journal", "rebuild", "--json"]).json();
        assert_eq!(rebuilt["noes"], 2);
        gateway.command(&["journal", "show"]).expect_success();
        gateway.command(&["journal", "verify"]).expect_success();
        gateway.start().await;
        gateway.until(&message_id(&reply), "relayed").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_torn_tail_is_cut_and_damage_before_it_is_told_with_its_place() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).start().await;
    for person in ["anna@example.se", "bo@example.se"] {
        gateway.withdraw(person).await;
    }
    gateway.kill();
    let whole = std::fs::read(journal(&gateway)).unwrap();
    let mut torn = whole.clone();
    torn.extend_from_slice(b"0123456789abcdef [{\"seq\":3,\"sen");
    std::fs::write(journal(&gateway), &torn).unwrap();
    gateway.start().await;
    assert!(gateway.log().contains("torn by a crash"), "{}", gateway.log());
    assert_eq!(std::fs::read(journal(&gateway)).unwrap(), whole);
    gateway.kill();
    let second_line = whole.iter().position(|octet| *octet == b'\n').unwrap() + 1;
    let mut damaged = whole.clone();
    damaged[second_line + 30] ^= 1;
    std::fs::write(journal(&gateway), &damaged).unwrap();
    let log = gateway.try_start().await.expect_err("it must not start");
    assert!(log.contains(&format!("damaged at octet {second_line}")), "{log}");
    let verified = gateway.command(&["journal", "verify"]);
    assert_eq!(verified.status(), 1);
    assert!(verified.stderr().contains("damaged at octet"), "{}", verified.stderr());
    gateway.command(&["journal", "rebuild"]).expect_success();
    gateway.start().await;
    assert_eq!(ready(&gateway).await["marketing"], "ready");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_in_a_closed_segment_is_told_while_the_database_is_whole() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).start().await;
    gateway.withdraw("anna@example.se").await;
    gateway.terminate().await;
    let closed = journal(&gateway);
    let header = r#"{"optgate_noes":1,"after":1}"#;
    let sum = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(header));
    let next = closed.with_file_name("00000002.noes");
    std::fs::write(next, format!("{} {header}\n", &sum[..16])).unwrap();
    let mut damaged = std::fs::read(&closed).unwrap();
    let middle = damaged.len() - 40;
    damaged[middle] ^= 1;
    std::fs::write(&closed, damaged).unwrap();
    gateway.start().await;
    eventually("it is told", || async {
        gateway.metrics().await.contains("\noptgate_journal_damaged 1\n").then_some(())
    })
    .await;
    assert!(gateway.log().contains("00000001.noes: damaged at octet"), "{}", gateway.log());
    gateway.terminate().await;
    gateway.command(&["journal", "rebuild"]).expect_success();
    gateway.start().await;
    eventually("it is whole", || async {
        gateway.metrics().await.contains("\noptgate_journal_damaged 0\n").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i14_a_crash_between_journal_and_commit_keeps_the_no() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).start().await;
    let (anna, bo) = ("anna@example.se", "bo@example.se");
    for person in [anna, bo] {
        gateway.opt_in(person, &["apparel"]).await;
    }
    let mut links = Vec::new();
    for person in [anna, bo] {
        gateway.submit(&[person], &newsletter(person, "apparel")).await;
        links.push(unsubscribe_path(&upstream.first_for(person).await));
    }
    gateway.terminate().await;
    let boundaries = ["journal_before_sync", "journal_after_sync"];
    for ((boundary, person), link) in boundaries.into_iter().zip([anna, bo]).zip(links) {
        gateway.set_failpoints(&format!("{boundary}=return"));
        gateway.start().await;
        assert!(gateway.try_post(&link, &[("List-Unsubscribe", "One-Click")]).await.is_none(), "not told");
        gateway.kill();
        gateway.set_failpoints("");
        gateway.start().await;
        released(&gateway).await;
        let reply = gateway.submit(&[person], &newsletter(person, "apparel")).await;
        assert!(reply.contains("refused [withdrawn]"), "{boundary}: {reply}");
        gateway.terminate().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i14_the_journals_of_all_nodes_count_after_a_restore() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    let mut first = Setup::new(&database, &upstream).node("first").start().await;
    let mut second = Setup::new(&database, &upstream).node("second").keys_of(&first).prepare();
    second.start().await;
    let (anna, bo) = ("anna@example.se", "bo@example.se");
    for person in [anna, bo] {
        first.opt_in(person, &["apparel"]).await;
    }
    first.submit(&[anna], &newsletter(anna, "apparel")).await;
    let link = unsubscribe_path(&upstream.first_for(anna).await);
    first.terminate().await;
    second.terminate().await;
    let backup = database.back_up().await;
    // The no comes in by the second node; the first one only runs.
    first.start().await;
    second.start().await;
    assert_eq!(second.post(&link, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
    first.terminate().await;
    second.terminate().await;
    database.restore(&backup).await;
    first.start().await;
    let said = ready(&first).await["marketing"].to_string();
    assert!(said.contains("was not compared since a backup was restored"), "{said}");
    let reply = first.submit(&[anna], &newsletter(anna, "apparel")).await;
    assert!(reply.contains("held [restoring]"), "{reply}");
    second.start().await;
    released(&first).await;
    first.until(&message_id(&reply), "withheld").await;
    // A node that is gone for good is forgotten by command.
    second.terminate().await;
    first.terminate().await;
    database.restore(&backup).await;
    first.start().await;
    let nodes = first.command(&["journal", "show", "--json"]);
    let nodes: serde_json::Value = serde_json::from_str(&nodes.stdout()).unwrap();
    let gone = nodes.as_array().unwrap().iter().find(|own| own["standing"] == "unchecked").unwrap();
    first.command(&["journal", "forget", gone["node"].as_str().unwrap()]).expect_success();
    released(&first).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i14_the_journal_of_a_machine_that_is_gone_is_replayed_by_another() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    let mut gone = Setup::new(&database, &upstream).node("gone").start().await;
    let mut other = Setup::new(&database, &upstream).node("other").keys_of(&gone).prepare();
    other.start().await;
    let anna = "anna@example.se";
    gone.opt_in(anna, &["apparel"]).await;
    gone.terminate().await;
    other.terminate().await;
    let backup = database.back_up().await;
    // A node that runs since the backup knows by its mark that the database went back.
    other.start().await;
    gone.start().await;
    erase(&gone, anna).await;
    gone.terminate().await;
    other.terminate().await;
    database.restore(&backup).await;
    other.start().await;
    assert_eq!(other.command(&["journal", "show"]).status(), 1, "marketing waits for the one that is gone");
    let living = "SELECT count(*) FROM subscribers WHERE key IS NOT NULL OR erased_at IS NULL";
    assert_eq!(database.count(living).await, 1, "service mail may reach her");
    other.set_variable("OPTGATE__DATA_DIR", gone.data_dir.to_str().unwrap());
    other.command(&["journal", "replay"]).expect_success();
    assert_eq!(database.count(living).await, 0);
    // The running node looks at its own once more.
    eventually("all are in step", || async {
        (other.command(&["journal", "show"]).status() == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i14_a_node_that_the_backup_has_never_heard_of_is_waited_for() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    let mut first = Setup::new(&database, &upstream).node("first").start().await;
    let anna = "anna@example.se";
    first.opt_in(anna, &["apparel"]).await;
    first.submit(&[anna], &newsletter(anna, "apparel")).await;
    let link = unsubscribe_path(&upstream.first_for(anna).await);
    first.terminate().await;
    let backup = database.back_up().await;
    // The second node is younger than the backup; the first one's mark tells of it.
    let mut second = Setup::new(&database, &upstream).node("second").keys_of(&first).prepare();
    second.start().await;
    assert_eq!(second.post(&link, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
    first.start().await;
    first.terminate().await;
    second.terminate().await;
    database.restore(&backup).await;
    first.start().await;
    let reply = first.submit(&[anna], &newsletter(anna, "apparel")).await;
    assert!(reply.contains("held [restoring]"), "{reply}");
    second.start().await;
    released(&first).await;
    first.until(&message_id(&reply), "withheld").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i14_a_database_on_another_timeline_makes_every_node_compare_its_journal() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    let mut first = Setup::new(&database, &upstream).node("first").start().await;
    let mut second = Setup::new(&database, &upstream).node("second").keys_of(&first).prepare();
    second.start().await;
    second.terminate().await;
    first.terminate().await;
    // As a recovery to a point in time leaves it, younger than the last mark.
    let path = first.data_dir.join("journal/mark");
    let mut mark: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(mark["timeline"], "00000001");
    mark["timeline"] = json!("00000007");
    std::fs::write(&path, mark.to_string()).unwrap();
    first.start().await;
    let said = ready(&first).await["marketing"].to_string();
    assert!(said.contains("was not compared"), "{said}");
    second.start().await;
    released(&first).await;
}

on_both_databases! {
    async fn the_journals_standing_is_shown_as_it_is_after_a_backup_was_put_back(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        gateway.terminate().await;
        let backup = database.back_up().await;
        gateway.start().await;
        gateway.withdraw("anna@example.se").await;
        gateway.terminate().await;
        let show = || gateway.command(&["journal", "show", "--json"]);
        assert_eq!(show().expect_success().json()[0]["standing"], "in_step");
        database.restore(&backup).await;
        for _ in 0..2 {
            let shown = show();
            assert_eq!(shown.status(), 1, "{}", shown.stdout());
            let rows: serde_json::Value = serde_json::from_str(&shown.stdout()).unwrap();
            assert_eq!(rows[0]["standing"], "behind", "{rows}");
        }
        gateway.command(&["journal", "replay"]).expect_success();
        assert_eq!(show().expect_success().json()[0]["standing"], "in_step");
    }

    async fn no_node_forgets_its_own_journal(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        gateway.withdraw("anna@example.se").await;
        let shown = gateway.command(&["journal", "show", "--json"]).json();
        let forgotten = gateway.command(&["journal", "forget", shown[0]["node"].as_str().unwrap()]);
        assert_eq!(forgotten.status(), 2, "{}", forgotten.stdout());
        assert!(forgotten.stderr().contains("only one that is gone for good"), "{}", forgotten.stderr());
        assert_eq!(gateway.command(&["journal", "show", "--json"]).json(), shown);
        let nobody = gateway.command(&["journal", "forget", "0193aaaa-bbbb-7ccc-8ddd-eeeeffff0123"]);
        assert_eq!(nobody.status(), 1, "{}", nobody.stderr());
    }
}
