//! A campaign goes out lawfully: who gets it, what they get, and what the tool hears.

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::{dkim_public, header, preferences_path, unsubscribe_path};
use crate::support::on_both_databases;
use crate::support::tool::{marketing_with, newsletter, service_mail};
use crate::support::upstream::Script;
use crate::support::{Database, Upstream};

on_both_databases! {
    async fn each_recipient_gets_a_copy_with_links_of_their_own(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        gateway.purchase("bo@example.se", "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
        let message = newsletter("list@shop.example", "apparel.trousers");
        let to = ["anna@example.se", "bo@example.se", "unknown@example.se"];
        let reply = gateway.submit(&to, &message).await;
        assert!(reply.starts_with("250 2.0.0 accepted, message "), "{reply}");
        assert!(reply.contains("[no_ground]"), "the refusal is told: {reply}");

        let anna = upstream.first_for("anna@example.se").await;
        let bo = upstream.first_for("bo@example.se").await;
        gateway.until(&message_id(&reply), "relayed").await;
        assert!(upstream.captured_for("unknown@example.se").is_empty());
        assert_ne!(unsubscribe_path(&anna), unsubscribe_path(&bo));
        for copy in [&anna, &bo] {
            assert_eq!(header(copy, "List-Unsubscribe-Post"), ["List-Unsubscribe=One-Click"]);
            assert_eq!(header(copy, "List-Id").len(), 1);
            assert_eq!(header(copy, "DKIM-Signature").len(), 1);
            assert_eq!(header(copy, "Received").len(), 1);
            assert!(header(copy, "X-Optgate-Stream").is_empty(), "selectors are consumed");
            let text = copy.text();
            assert_eq!(text.matches("Storgatan 1").count(), 2, "the footer stands in both bodies:\n{text}");
            assert!(text.contains("Soft trousers have come in."));
            assert!(preferences_path(copy).starts_with("/p/"));
        }
        let states = gateway.deliveries(&message_id(&reply)).await;
        let refused = states.iter().find(|delivery| delivery["recipient"] == "unknown@example.se").unwrap();
        assert_eq!(refused["state"], "refused");
        assert_eq!(refused["verdict"]["reason"], "no_ground");
    }

    async fn the_reasons_are_those_of_each_history(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.purchase("bo@example.se", "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
        gateway.purchase("old@example.ca", "apparel.tshirts", "2023-05-01T10:00:00Z", "ca").await;
        gateway.opt_in("left@example.se", &["apparel"]).await;
        gateway.withdraw("left@example.se").await;
        for (recipient, scope, reason) in [
            ("bo@example.se", "furniture.office", "out_of_scope"),
            ("old@example.ca", "apparel.trousers", "ground_expired"),
            ("left@example.se", "apparel.trousers", "withdrawn"),
            ("nobody@example.se", "apparel.trousers", "no_ground"),
        ] {
            let reply = gateway.submit(&[recipient], &newsletter(recipient, scope)).await;
            assert!(reply.starts_with("250 2.0.0 accepted, message "), "{reply}");
            assert!(reply.contains(&format!("refused [{reason}]")), "{recipient}: {reply}");
        }
        let reply = gateway.submit(&["left@example.se"], &service_mail("left@example.se")).await;
        gateway.until(&message_id(&reply), "relayed").await;
        let copy = upstream.first_for("left@example.se").await;
        assert!(header(&copy, "List-Unsubscribe").is_empty(), "service mail carries no marketing links");
        assert_eq!(header(&copy, "DKIM-Signature").len(), 1);
    }

    async fn what_leaves_verifies_under_dkim_with_the_pair_covered(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        gateway.submit(&["anna@example.se"], &newsletter("anna@example.se", "apparel")).await;
        let copy = upstream.first_for("anna@example.se").await;
        let signature = &header(&copy, "DKIM-Signature")[0];
        let covered = signature.split("h=").nth(1).unwrap().split(';').next().unwrap().replace(' ', "");
        let covered: Vec<String> = covered.split(':').map(str::to_ascii_lowercase).collect();
        for name in ["from", "list-unsubscribe", "list-unsubscribe-post"] {
            assert!(covered.contains(&name.to_owned()), "{name} in {covered:?}");
        }
        crate::support::mailbox::verify_dkim(&copy, "og1._domainkey.shop.example.", &dkim_public()).await;
    }

    async fn hidden_recipients_stay_hidden(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let message = service_mail("anna@example.se").replacen(
            "Subject:",
            "Bcc: secret@example.se\r\nReturn-Path: <x@shop.example>\r\nSubject:",
            1,
        );
        gateway.submit(&["anna@example.se"], &message).await;
        let copy = upstream.first_for("anna@example.se").await;
        assert!(header(&copy, "Bcc").is_empty() && header(&copy, "Return-Path").is_empty());
    }

    async fn a_rejected_message_is_told_to_the_sender_by_a_dsn(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script("gone@example.se", Script::Rcpt("550 5.1.1 <gone@example.se> no such user"));
        let gateway = Setup::new(&database, &upstream).start().await;
        let reply = gateway.submit(&["gone@example.se"], &service_mail("gone@example.se")).await;
        let delivery = gateway.until(&message_id(&reply), "rejected").await;
        let said = delivery["last_response"].as_str().unwrap();
        assert!(said.contains("5.1.1") && !said.contains("gone@"), "addresses are redacted: {said}");
        let report = upstream.first_for("bounce@shop.example").await;
        assert_eq!(report.sender, "", "a DSN has the null sender");
        let text = report.text();
        assert!(text.contains("multipart/report") && text.contains("report-type=\"delivery-status\"")
            || text.contains("report-type=delivery-status"), "{text}");
        assert!(text.contains("Status: 5.1.1"), "{text}");
        assert!(text.contains("Action: failed"), "{text}");
    }

    async fn a_temporary_failure_is_tried_again(database: Database) {
        let upstream = Upstream::start().await;
        upstream.script("busy@example.se", Script::End("451 4.7.1 greylisted"));
        let gateway = Setup::new(&database, &upstream).start().await;
        let reply = gateway.submit(&["busy@example.se"], &service_mail("busy@example.se")).await;
        let id = message_id(&reply);
        let waiting = crate::support::eventually("the first attempt", || async {
            let delivery = gateway.deliveries(&id).await.remove(0);
            (delivery["last_response"].is_string() && delivery["state"] == "queued").then_some(delivery)
        }).await;
        assert!(waiting["next_attempt_at"].is_string(), "{waiting}");
        upstream.mend("busy@example.se");
        let delivery = waiting["delivery"].as_str().unwrap();
        gateway.command(&["queue", "retry", delivery]).expect_success();
        gateway.until(&id, "relayed").await;
        assert_eq!(upstream.captured_for("busy@example.se").len(), 1);
    }

    async fn a_stray_line_end_never_reaches_the_upstream(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let message = format!("{}\nbare\n.\nlines\r.\rhere\r\n..dots", service_mail("a@example.se"));
        gateway.submit(&["a@example.se"], &message).await;
        let copy = upstream.first_for("a@example.se").await;
        let text = copy.text();
        assert!(text.contains("bare\r\n.\r\nlines\r\n.\r\nhere"), "{text:?}");
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']));
    }

    async fn own_placeholders_are_filled(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let message = marketing_with(
            "anna@example.se",
            "X-Optgate-Scope: apparel\r\nX-Optgate-Campaign: autumn\r\n",
        ).replace("Soft trousers have come in.\r\n", "Leave: {{optgate.unsubscribe_url}} at {{optgate.postal_address}}\r\n");
        gateway.submit(&["anna@example.se"], &message).await;
        let copy = upstream.first_for("anna@example.se").await;
        assert!(!copy.text().contains("{{optgate."), "{}", copy.text());
        assert!(header(&copy, "X-Optgate-Campaign").is_empty());
    }
}
