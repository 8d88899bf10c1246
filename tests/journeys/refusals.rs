//! What a tool hears when a message may not go, and when it is not let in.

use std::time::Duration;

use optgate::clock::Clock;

use crate::support::gateway::Setup;
use crate::support::tool::{marketing_with, newsletter};
use crate::support::{Database, Tool, Upstream};
use crate::support::{eventually, on_both_databases};

const STRICT: &str = r#"
id = "strict"
name = "Strict AB"
postal_address = "Gatan 2, 111 22 Stockholm, Sweden"
from_domains = ["strict.example"]
default_jurisdiction = "se"
default_locale = "sv"
[streams.marketing]
refusal_reply = "reject"
[scopes.news]
title = { en = "News" }
"#;

on_both_databases! {
    async fn what_has_no_stream_to_ask_is_a_550(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let reply = gateway.submit(&["anna@example.se"], &marketing_with("anna@example.se", "")).await;
        assert!(reply.starts_with("550 5.7.1 [unclassified] "), "{reply}");
        assert!(reply.contains("; decision "), "{reply}");
        let foreign = newsletter("anna@example.se", "apparel").replace("news@shop.example", "news@elsewhere.example");
        let reply = gateway.submit(&["anna@example.se"], &foreign).await;
        assert!(reply.starts_with("550 5.7.1 [from_not_allowed] "), "{reply}");
        let reply = gateway.submit(&["anna@example.se"], "no header here\r\n").await;
        assert!(reply.starts_with("550 5.7.1 [unparsable] "), "{reply}");
        let hops = "Received: by x; Sat, 21 Nov 2026 10:00:00 +0000\r\n".repeat(100);
        let reply = gateway.submit(&["anna@example.se"], &format!("{hops}{}", newsletter("a@b.se", "apparel"))).await;
        assert!(reply.starts_with("554 5.4.6 [loop] "), "{reply}");
    }

    async fn a_stream_that_wants_it_says_550_when_all_are_refused(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).policy("senders/strict.toml", STRICT).start().await;
        gateway.add_credential("strict", "tool", "smtp", &[]);
        let mut tool = Tool::login(gateway.smtp(), "strict/tool", gateway.secret("strict/tool")).await;
        let message = newsletter("x@example.se", "news").replace("shop.example", "strict.example");
        let reply = tool.submit("b@strict.example", &["x@example.se"], &message).await;
        assert!(reply.starts_with("550 5.7.1 [no_ground] "), "{reply}");
        assert!(reply.contains("; decision "), "{reply}");
        let functional = message.replace("Stream: marketing", "Stream: functional");
        let reply = tool.submit("b@strict.example", &["x@example.se"], &functional).await;
        assert!(reply.starts_with("550 5.7.1 [stream_not_allowed] "), "a credential sends marketing only: {reply}");
    }

    async fn a_refusal_for_what_the_message_is_is_answered_as_its_stream_wants(database: Database) {
        let upstream = Upstream::start().await;
        let lax = STRICT.replace("refusal_reply = \"reject\"", "signed_body = \"refuse\"\ndsn_on_refusal = true");
        let mut gateway = Setup::new(&database, &upstream).policy("senders/strict.toml", &lax).start().await;
        gateway.add_credential("strict", "tool", "smtp", &[]);
        let mut tool = Tool::login(gateway.smtp(), "strict/tool", gateway.secret("strict/tool")).await;
        let news = newsletter("x@example.se", "news").replace("shop.example", "strict.example");
        let signed = news.replace("multipart/alternative", "multipart/signed");
        for (message, reason) in [
            (news.replace("Scope: news", "Scope: shoes"), "unknown_scope"),
            (news.replace("Scope: news", "Scope: Not A Name"), "unknown_scope"),
            (news.replace("Stream: marketing", "Stream: functional"), "stream_not_allowed"),
            (signed, "content_missing"),
        ] {
            let to = format!("b-{reason}@strict.example");
            let reply = tool.submit(&to, &["x@example.se"], &message).await;
            if reason == "stream_not_allowed" {
                // Service mail, whose default is to say so.
                assert!(reply.starts_with("550 5.7.1 [stream_not_allowed] "), "{reply}");
                continue;
            }
            assert!(reply.starts_with("250 2.0.0 accepted") && reply.contains(&format!("refused [{reason}]")), "{reply}");
            let report = upstream.first_for(&to).await.text();
            assert!(report.contains(&format!("[{reason}]")), "{report}");
        }
        // And what is written in another's name is always a 550.
        let foreign = news.replace("news@strict.example", "news@elsewhere.example");
        let reply = tool.submit("b@strict.example", &["x@example.se"], &foreign).await;
        assert!(reply.starts_with("550 5.7.1 [from_not_allowed] "), "{reply}");
    }

    async fn i14_shadow_mode_lets_pass_what_the_message_lacks_and_never_a_foreign_from(database: Database) {
        let upstream = Upstream::start().await;
        let shadow = STRICT.replace("default_locale", "mode = \"shadow\"\ndefault_locale");
        let mut gateway = Setup::new(&database, &upstream).policy("senders/strict.toml", &shadow).start().await;
        gateway.add_credential("strict", "tool", "smtp", &[]);
        let mut tool = Tool::login(gateway.smtp(), "strict/tool", gateway.secret("strict/tool")).await;
        let news = newsletter("x@example.se", "shoes").replace("shop.example", "strict.example");
        let reply = tool.submit("b@strict.example", &["x@example.se"], &news).await;
        assert!(reply.starts_with("250 2.0.0 accepted") && !reply.contains("refused"), "{reply}");
        upstream.first_for("x@example.se").await;
        // The same again: it was taken, and that is what the log says of it, too.
        let reply = tool.submit("b@strict.example", &["x@example.se"], &news).await;
        assert!(reply.contains("taken before"), "{reply}");
        let told = eventually("both are logged", || async {
            let log = gateway.log();
            let told = log.lines().filter(|line| line.contains("recipient not cleared")).map(str::to_owned);
            Some(told.collect::<Vec<_>>()).filter(|told| told.len() == 2)
        }).await;
        assert!(told.iter().all(|line| line.contains("\"passes\":true")), "{told:#?}");
        let foreign = news.replace("news@strict.example", "news@elsewhere.example");
        let reply = tool.submit("b@strict.example", &["x@example.se"], &foreign).await;
        assert!(reply.starts_with("550 5.7.1 [from_not_allowed] "), "{reply}");
    }

    async fn nobody_submits_without_a_credential(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        let mut tool = Tool::connect(gateway.smtp()).await;
        tool.say("EHLO x.test").await;
        let reply = tool.say("MAIL FROM:<a@shop.example>").await;
        assert!(reply.starts_with("530 5.7.0"), "{reply}");
        let reply = tool.say("AUTH PLAIN AGRlbW8tc2hvcC90b29sAHdyb25n").await;
        assert!(reply.starts_with("535 5.7.8"), "{reply}");
    }

    async fn a_revoked_credential_is_out_within_five_seconds_in_open_sessions_too(database: Database) {
        let upstream = Upstream::start().await;
        let clock = Clock::driven(Clock::system().now());
        let gateway = Setup::new(&database, &upstream).start_on(clock.clone()).await;
        let mut tool = gateway.tool().await;
        gateway.command(&["credential", "revoke", "demo-shop/tool"]).expect_success();
        clock.advance(Duration::from_secs(5));
        let reply = tool.say("MAIL FROM:<a@shop.example>").await;
        assert!(reply.starts_with("535 5.7.8 "), "{reply}");
        let mut again = Tool::connect(gateway.smtp()).await;
        again.say("EHLO tool.test").await;
        let reply = again.try_authenticate("demo-shop/tool", gateway.secret("demo-shop/tool")).await;
        assert!(reply.starts_with("535 5.7.8 "), "{reply}");
    }

    async fn a_trusted_network_stands_for_its_credential(database: Database) {
        let upstream = Upstream::start().await;
        let config = "[[smtp.trusted]]\nnetworks = [\"127.0.0.0/8\"]\ncredential = \"demo-shop/tool\"\n";
        let gateway = Setup::new(&database, &upstream).config(config).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let mut tool = Tool::connect(gateway.smtp()).await;
        tool.say("EHLO x.test").await;
        let reply = tool.submit("b@shop.example", &["anna@example.se"], &newsletter("a", "apparel")).await;
        assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
        upstream.first_for("anna@example.se").await;
    }

    async fn i4_consent_that_cannot_be_read_is_a_451(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        database.tamper("UPDATE subscribers SET state = 'torn'").await;
        let reply = gateway.submit(&["anna@example.se"], &newsletter("a@b.se", "apparel")).await;
        assert!(reply.starts_with("451 4.3.0"), "{reply}");
    }

    async fn a_stream_that_wants_it_tells_the_envelope_sender_who_was_refused(database: Database) {
        let upstream = Upstream::start().await;
        let told = STRICT.replace("refusal_reply = \"reject\"", "dsn_on_refusal = true");
        let mut gateway = Setup::new(&database, &upstream).policy("senders/strict.toml", &told).start().await;
        gateway.add_credential("strict", "tool", "smtp", &["--streams", "marketing,functional"]);
        let mut tool = Tool::login(gateway.smtp(), "strict/tool", gateway.secret("strict/tool")).await;
        let message = newsletter("x@example.se", "news").replace("shop.example", "strict.example");
        // A foreign envelope sender and the null sender are told nothing, whoever wrote there.
        for foreign in ["victim@elsewhere.example", ""] {
            let reply = tool.submit(foreign, &["x@example.se"], &message).await;
            assert!(reply.contains("refused [no_ground]"), "{reply}");
        }
        let reply = tool.submit("b@strict.example", &["x@example.se"], &message).await;
        assert!(reply.starts_with("250 2.0.0 accepted") && reply.contains("refused [no_ground]"), "{reply}");
        let report = upstream.first_for("b@strict.example").await;
        let text = report.text();
        assert_eq!(report.sender, "");
        assert!(text.contains("Final-Recipient: rfc822") && text.contains("x@example.se"), "{text}");
        assert!(text.contains("Status: 5.7.1") && text.contains("[no_ground]"), "{text}");
        // A notification is spooled with the refusal that it tells of, so there is nothing to wait for.
        assert_eq!(database.count("SELECT count(*) FROM messages WHERE kind = 'dsn'").await, 1);
    }
}
