//! A database goes back in time under a node that runs: nothing leaves that a lost no forbids (invariant 14).

use crate::restore::released;
use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Upstream, eventually, on_both_databases};

/// A moment that the database goes back to while a gateway runs.
struct Then;

impl Then {
    async fn of(database: &Database) -> Self {
        for table in [
            "then_events AS SELECT id FROM consent_events",
            "then_people AS SELECT id, version, state FROM subscribers",
            "then_journals AS SELECT node, position, mark FROM journals",
        ] {
            database.tamper(&format!("CREATE TABLE {table}")).await;
        }
        Self
    }

    async fn comes_back(self, database: &Database) {
        for statement in [
            "DELETE FROM consent_events WHERE id NOT IN (SELECT id FROM then_events)",
            "UPDATE subscribers SET
                 version = (SELECT t.version FROM then_people t WHERE t.id = subscribers.id),
                 state = (SELECT t.state FROM then_people t WHERE t.id = subscribers.id)",
            "UPDATE journals SET
                 position = (SELECT t.position FROM then_journals t WHERE t.node = journals.node),
                 mark = (SELECT t.mark FROM then_journals t WHERE t.node = journals.node)",
            "DROP TABLE then_events",
            "DROP TABLE then_people",
            "DROP TABLE then_journals",
        ] {
            database.tamper(statement).await;
        }
    }
}

on_both_databases! {
    async fn i14_a_database_that_goes_back_under_a_running_node_lets_no_marketing_leave(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let (anna, bo) = ("anna@example.se", "bo@example.se");
        for person in [anna, bo] {
            gateway.opt_in(person, &["apparel"]).await;
        }
        let reply = gateway.submit(&[bo], &newsletter(bo, "apparel")).await;
        gateway.until(&message_id(&reply), "relayed").await;
        gateway.terminate().await;
        // Nobody looks at the journals, as in the seconds between two looks.
        gateway.set_failpoints("follow_journals=return");
        gateway.start().await;
        let then = Then::of(&database).await;
        gateway.withdraw(anna).await;
        then.comes_back(&database).await;
        let mut held = Vec::new();
        for person in [anna, bo] {
            held.push(message_id(&gateway.submit(&[person], &newsletter(person, "apparel")).await));
            assert_eq!(gateway.until(&held[held.len() - 1], "held").await["reason"], "restoring");
        }
        assert!(gateway.log().contains("not what this node last saw"), "{}", gateway.log());
        let reply = gateway.submit(&[anna], &service_mail(anna)).await;
        gateway.until(&message_id(&reply), "relayed").await;
        gateway.kill();
        gateway.set_failpoints("");
        gateway.start().await;
        gateway.until(&held[0], "withheld").await;
        gateway.until(&held[1], "relayed").await;
    }

    async fn i14_a_node_under_which_the_database_went_back_brings_it_in_step_by_itself(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let (people, dan) = (["anna@example.se", "bo@example.se", "cia@example.se"], "dan@example.se");
        for person in people.into_iter().chain([dan]) {
            gateway.opt_in(person, &["apparel"]).await;
        }
        for (before, person) in people.into_iter().enumerate() {
            let then = Then::of(&database).await;
            gateway.withdraw(person).await;
            then.comes_back(&database).await;
            let held = gateway.submit(&[dan], &newsletter(dan, "apparel")).await;
            let reply = gateway.submit(&[person], &newsletter(person, "apparel")).await;
            if reply.starts_with("250") {
                gateway.until(&message_id(&reply), "withheld").await;
            }
            // What was held meanwhile goes on at once, and not when its hold ends.
            gateway.until(&message_id(&held), "relayed").await;
            released(&gateway).await;
            assert_eq!(upstream.captured().len(), before + 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i14_a_backup_that_is_restored_under_a_running_node_lets_no_marketing_leave() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    let mut gateway = Setup::new(&database, &upstream).start().await;
    let anna = "anna@example.se";
    gateway.opt_in(anna, &["apparel"]).await;
    gateway.terminate().await;
    let backup = database.back_up().await;
    gateway.set_failpoints("follow_journals=return");
    gateway.start().await;
    gateway.withdraw(anna).await;
    database.restore(&backup).await;
    let held = eventually("mail is taken again", || async {
        let reply = gateway.submit(&[anna], &newsletter(anna, "apparel")).await;
        reply.starts_with("250").then(|| message_id(&reply))
    })
    .await;
    assert_eq!(gateway.until(&held, "held").await["reason"], "restoring");
    gateway.kill();
    gateway.set_failpoints("");
    gateway.start().await;
    gateway.until(&held, "withheld").await;
    assert!(upstream.captured().is_empty());
}
