//! What a pack asks of a message's content, as it leaves.

use serde_json::json;

use crate::support::gateway::Setup;
use crate::support::tool::newsletter;
use crate::support::{Database, Upstream, on_both_databases};

const LABEL: &str = "This e-mail is an advertisement.";
const NOTICE: &str = "https://shop.example/privacy";

/// A newsletter whose text is signed in the clear.
fn signed_within(to: &str) -> String {
    let start = "-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\n";
    newsletter(to, "apparel").replacen("Soft trousers", &format!("{start}Soft trousers"), 1)
}

on_both_databases! {
    async fn a_received_mail_that_is_made_a_template_is_refused_and_the_tool_hears_why(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        gateway.opt_in("bo@example.se", &["apparel"]).await;
        gateway.submit(&["anna@example.se"], &newsletter("anna@example.se", "apparel")).await;
        let received = upstream.first_for("anna@example.se").await.text();
        let link = received.split("https://mail.test/u/").nth(1).unwrap();
        let link = format!("https://mail.test/u/{}", link.split(['>', '"', '\r']).next().unwrap());
        let copied = newsletter("bo@example.se", "apparel").replace("Soft trousers", &format!("{link} Soft trousers"));
        let reply = gateway.submit(&["bo@example.se"], &copied).await;
        assert!(reply.contains("refused [content_rule]"), "{reply}");
        let id = crate::support::gateway::message_id(&reply);
        let verdict = gateway.deliveries(&id).await[0]["verdict"]["text"].to_string();
        assert!(verdict.contains("personal_link") && !verdict.contains(&link), "{verdict}");
    }

    async fn a_copy_shows_what_the_pack_of_its_reader_asks(database: Database) {
        let upstream = Upstream::start().await;
        let sweden = include_str!("../../policies/jurisdictions/se.toml");
        let sweden = format!("{sweden}\n[content]\nprivacy_notice = true\n");
        let gateway = Setup::new(&database, &upstream).policy("jurisdictions/se.toml", &sweden).start().await;
        for (email, place) in [("bo@example.se", "SE"), ("al@example.com", "US")] {
            let purchase = json!({
                "email": email, "scope": "apparel.tshirts", "purchased_at": "2026-05-01T10:00:00Z",
                "reference": "order 1", "jurisdiction": place, "locale": "en",
                "notice": {"given": true, "text": "We may write about similar goods."},
            });
            let (status, answer) = gateway.api("POST", "/v1/purchases", Some(purchase)).await;
            assert_eq!(status, 201, "{answer}");
            gateway.submit(&[email], &newsletter(email, "apparel.tshirts")).await;
        }
        let american = upstream.first_for("al@example.com").await.text();
        assert!(american.contains(LABEL) && !american.contains(NOTICE), "{american}");
        let swedish = upstream.first_for("bo@example.se").await.text();
        assert!(swedish.contains(NOTICE) && !swedish.contains(LABEL), "{swedish}");
    }

    async fn marketing_that_readers_would_cut_differently_is_refused(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let news = newsletter("anna@example.se", "apparel");
        let kind = "Content-Type: multipart/alternative; boundary=\"b1\"\r\n";
        for (broken, why) in [
            (news.replace(kind, &format!("{kind}Content-Type: text/plain\r\n")), "stands twice"),
            (news.replace("Soft trousers", "--b1-x\r\nSoft trousers"), "begins like a boundary"),
            (news.replace("charset=utf-8", "charset=utf-8; charset=koi8-r"), "names a boundary or charset twice"),
        ] {
            let reply = gateway.submit(&["anna@example.se"], &broken).await;
            assert!(reply.starts_with("550 5.7.1 [unparsable] ") && reply.contains(why), "{reply}");
        }
        gateway.submit(&["anna@example.se"], &news).await;
        upstream.first_for("anna@example.se").await;
    }

    async fn i7_what_is_signed_within_a_text_leaves_as_it_came(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let signed = signed_within("anna@example.se");
        gateway.submit(&["anna@example.se"], &signed).await;
        let copy = upstream.first_for("anna@example.se").await.text();
        let (header, body) = copy.split_once("\r\n\r\n").unwrap();
        assert!(header.contains("\r\nList-Unsubscribe: <http"), "{header}");
        assert_eq!(body.trim_end(), signed.split_once("\r\n\r\n").unwrap().1.trim_end());
    }

    async fn what_is_signed_within_a_text_is_refused_where_policy_wants_it_so(database: Database) {
        let upstream = Upstream::start().await;
        let shop = include_str!("../../policies/senders/demo-shop.toml");
        let strict = shop.replace("signed_body = \"headers\"", "signed_body = \"refuse\"");
        let gateway = Setup::new(&database, &upstream).policy("senders/demo-shop.toml", &strict).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let reply = gateway.submit(&["anna@example.se"], &signed_within("anna@example.se")).await;
        assert!(reply.contains("refused [content_missing]"), "{reply}");
    }

    async fn the_way_out_stands_above_a_body_that_is_cut_off(database: Database) {
        let upstream = Upstream::start().await;
        let shop = include_str!("../../policies/senders/demo-shop.toml");
        let shop = shop.replace("signed_body = \"headers\"", "clipped_footer = \"top\"");
        let gateway = Setup::new(&database, &upstream).policy("senders/demo-shop.toml", &shop).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let line = format!("<p>{}</p>\r\n", "Soft trousers. ".repeat(50));
        let news = newsletter("anna@example.se", "apparel");
        let long = news.replace("<body>", &format!("<body>{}", line.repeat(150)));
        gateway.submit(&["anna@example.se"], &long).await;
        let copy = upstream.first_for("anna@example.se").await.text();
        let html = copy.split_once("<body>").unwrap().1;
        assert!(html.starts_with("\r\n<div lang="), "{}", &html[..200]);
        assert_eq!(html.matches("/u/").count(), 2);
    }
}
