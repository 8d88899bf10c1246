//! A tool that lost our 250 and tries again: answered with the first id, and sent once.

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Tool, Upstream, eventually, on_both_databases};

on_both_databases! {
    async fn i10_the_same_again_is_answered_with_the_first_id_and_sent_once(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let (anna, bo) = ("anna@example.se", "bo@example.se");
        let message = service_mail(anna);
        let first = message_id(&gateway.submit(&[anna], &message).await);
        gateway.until(&first, "relayed").await;
        let reply = gateway.submit(&[anna], &message).await;
        assert_eq!(reply, format!("250 2.0.0 accepted, message {first}; taken before, sent once"));
        // One more recipient: only that one is new.
        let reply = gateway.submit(&[anna, bo], &message).await;
        let second = message_id(&reply);
        assert_ne!(second, first);
        assert!(reply.ends_with(&format!("; 1 of 2 taken before as message {first}")), "{reply}");
        gateway.until(&second, "relayed").await;
        assert_eq!(gateway.deliveries(&second).await.len(), 1);
        assert_eq!((upstream.captured_for(anna).len(), upstream.captured_for(bo).len()), (1, 1));
    }

    async fn i10_the_same_at_once_by_many_sessions_is_sent_once(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let message = service_mail("anna@example.se");
        let sessions = (0..8).map(|_| {
            let (address, secret) = (gateway.smtp(), gateway.secret("demo-shop/tool").to_owned());
            let message = message.clone();
            tokio::spawn(async move {
                let mut tool = Tool::login(address, "demo-shop/tool", &secret).await;
                tool.submit("bounce@shop.example", &["anna@example.se"], &message).await
            })
        });
        let sessions: Vec<_> = sessions.collect();
        let mut ids = std::collections::BTreeSet::new();
        for session in sessions {
            ids.insert(message_id(&session.await.unwrap()));
        }
        assert_eq!(ids.len(), 1, "all hear the same id: {ids:?}");
        gateway.until(ids.first().unwrap(), "relayed").await;
        assert_eq!(upstream.captured().len(), 1);
    }

    async fn what_was_refused_is_decided_anew_and_what_was_sent_is_not(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let anna = "anna@example.se";
        let message = newsletter(anna, "apparel");
        let reply = gateway.submit(&[anna], &message).await;
        assert!(reply.contains("refused [no_ground]"), "{reply}");
        gateway.opt_in(anna, &["apparel"]).await;
        let sent = gateway.submit(&[anna], &message).await;
        assert!(!sent.contains("refused") && !sent.contains("before"), "{sent}");
        gateway.until(&message_id(&sent), "relayed").await;
        // Refused now, but the same was sent: this is its answer.
        gateway.withdraw(anna).await;
        let reply = gateway.submit(&[anna], &message).await;
        assert_eq!(message_id(&reply), message_id(&sent));
        assert!(reply.ends_with("taken before, sent once"), "{reply}");
        let reply = gateway.submit(&[anna], &newsletter(anna, "apparel")).await;
        assert!(reply.contains("refused [withdrawn]"), "{reply}");
        assert_eq!(upstream.captured().len(), 1);
    }

    async fn i10_a_250_lost_in_a_crash_and_tried_again_is_sent_once(database: Database) {
        let upstream = Upstream::start().await;
        upstream.close();
        let mut gateway = Setup::new(&database, &upstream).start().await;
        gateway.kill();
        for (boundary, kept) in [("spool_before_commit", 0), ("spool_after_commit", 1)] {
            let recipient = format!("{boundary}@example.se");
            let message = service_mail(&recipient);
            gateway.set_failpoints(&format!("{boundary}=return"));
            gateway.start().await;
            let mut tool = gateway.tool().await;
            let reply = tool.try_submit("b@shop.example", &recipient, &message).await;
            assert!(reply.is_err() || reply.is_ok_and(|reply| reply.is_empty()), "the 250 is lost");
            gateway.kill();
            let spooled = format!("SELECT count(*) FROM deliveries WHERE state IN ('queued', 'claimed') AND {kept} = 1");
            assert_eq!(database.count(&spooled).await, kept);
            gateway.set_failpoints("");
            gateway.start().await;
            let reply = gateway.submit(&[&recipient], &message).await;
            assert_eq!(reply.contains("taken before"), kept == 1, "{reply}");
            upstream.open();
            gateway.until(&message_id(&reply), "relayed").await;
            upstream.close();
            gateway.kill();
            assert_eq!(upstream.captured_for(&recipient).len(), 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_the_same_on_two_nodes_is_sent_once() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    let first = Setup::new(&database, &upstream).node("first").start().await;
    let mut second = Setup::new(&database, &upstream).node("second").keys_of(&first).prepare();
    second.start().await;
    let secret = first.secret("demo-shop/tool");
    let mut one = Tool::login(first.smtp(), "demo-shop/tool", secret).await;
    let mut two = Tool::login(second.smtp(), "demo-shop/tool", secret).await;
    for number in 0..20 {
        let recipient = format!("r{number}@example.se");
        let message = service_mail(&recipient);
        let to = [recipient.as_str()];
        let (a, b) = tokio::join!(
            one.submit("b@shop.example", &to, &message),
            two.submit("b@shop.example", &to, &message),
        );
        assert_eq!(message_id(&a), message_id(&b));
    }
    eventually("all are settled", || async {
        (database.count("SELECT count(*) FROM deliveries WHERE state = 'relayed'").await == 20).then_some(())
    })
    .await;
    assert_eq!(upstream.captured().len(), 20);
}
