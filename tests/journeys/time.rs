//! What happens between two moments: the same wiring in this process, on a clock that the test drives.

use std::time::Duration;

use optgate::clock::Clock;

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

fn clock() -> Clock {
    Clock::driven(Clock::system().now())
}

/// Makes what waits due: by the test's clock, and by the database's, which judges on PostgreSQL.
fn retry(gateway: &Gateway, clock: &Clock) {
    clock.advance(Duration::from_secs(600));
    gateway.command(&["queue", "retry", "--state", "queued"]).expect_success();
}

async fn claimed(database: &Database) {
    eventually("the delivery is claimed", || async {
        (database.count("SELECT count(*) FROM deliveries WHERE state = 'claimed'").await == 1).then_some(())
    })
    .await;
}

on_both_databases! {
    async fn i3_a_withdrawal_between_claim_and_send_stops_mail_whose_claim_is_old(database: Database) {
        let upstream = Upstream::start().await;
        upstream.close();
        let clock = clock();
        let gateway = Setup::new(&database, &upstream).start_on(clock.clone()).await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let reply = gateway.submit(&["anna@example.se"], &newsletter("anna@example.se", "apparel")).await;
        claimed(&database).await;
        upstream.somebody_waits().await;
        clock.advance(Duration::from_secs(3));
        gateway.withdraw("anna@example.se").await;
        upstream.open();
        let delivery = gateway.until(&message_id(&reply), "withheld").await;
        assert_eq!(delivery["verdict"]["reason"], "withdrawn", "{delivery}");
        assert!(upstream.captured().is_empty());
    }

    async fn i4_consent_that_cannot_be_read_at_dispatch_is_later_and_never_a_send(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script("anna@example.se", Script::Rcpt("451 4.3.0 later"));
        let clock = clock();
        let gateway = Setup::new(&database, &upstream).start_on(clock.clone()).await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let reply = gateway.submit(&["anna@example.se"], &newsletter("anna@example.se", "apparel")).await;
        let id = message_id(&reply);
        eventually("the first attempt", || async {
            gateway.deliveries(&id).await[0]["last_response"].is_string().then_some(())
        }).await;
        let whole = "UPDATE subscribers SET state = substr(state, 5)";
        database.tamper(&whole.replace("substr(state, 5)", "'torn' || state")).await;
        upstream.mend("anna@example.se");
        retry(&gateway, &clock);
        eventually("the second attempt", || async {
            (gateway.deliveries(&id).await[0]["attempts"].as_u64() == Some(2)).then_some(())
        }).await;
        eventually("it waits again", || async {
            (database.count("SELECT count(*) FROM deliveries WHERE state = 'queued'").await == 1).then_some(())
        }).await;
        assert!(upstream.captured().is_empty(), "cannot tell is not yes");
        database.tamper(whole).await;
        retry(&gateway, &clock);
        gateway.until(&id, "relayed").await;
    }

    async fn i9_a_delivery_ends_at_its_deadline_and_the_sender_is_told(database: Database) {
        if database.kind == crate::support::database::Kind::Postgres {
            // Leases and deadlines are judged by the database's clock there.
            return;
        }
        let upstream = Upstream::start().await;
        upstream.script("busy@example.se", Script::Rcpt("451 4.3.0 later"));
        let clock = clock();
        let gateway = Setup::new(&database, &upstream).start_on(clock.clone()).await;
        let reply = gateway.submit(&["busy@example.se"], &service_mail("busy@example.se")).await;
        eventually("the first attempt", || async {
            gateway.deliveries(&message_id(&reply)).await[0]["last_response"].is_string().then_some(())
        }).await;
        clock.advance(Duration::from_secs(5 * 24 * 3600 + 1));
        gateway.until(&message_id(&reply), "expired").await;
        let report = upstream.first_for("bounce@shop.example").await;
        assert!(report.text().contains("Action: failed"), "{}", report.text());
        assert!(report.text().contains("Diagnostic-Code: smtp; 451 4.3.0 later"), "{}", report.text());
    }

    async fn i10_a_lost_reply_is_the_only_way_to_a_second_copy(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script("twice@example.se", Script::LoseReply);
        let clock = clock();
        let gateway = Setup::new(&database, &upstream).start_on(clock.clone()).await;
        let reply = gateway.submit(&["twice@example.se"], &service_mail("twice@example.se")).await;
        let id = message_id(&reply);
        eventually("the reply is lost", || async {
            gateway.deliveries(&id).await[0]["last_response"].is_string().then_some(())
        }).await;
        upstream.mend("twice@example.se");
        retry(&gateway, &clock);
        gateway.until(&id, "relayed").await;
        let copies = upstream.captured_for("twice@example.se");
        assert_eq!(copies.len(), 2, "at least once, and why");
        let id_of = |copy| crate::support::mailbox::header(copy, "Message-ID");
        assert_eq!(id_of(&copies[0]), id_of(&copies[1]), "the reader's client can tell that they are one");
    }
}
