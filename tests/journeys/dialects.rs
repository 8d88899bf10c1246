//! A tool that used another provider's SMTP host changes host and password, and nothing else.

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::{dkim_public, header, unsubscribe_path, verify_dkim};
use crate::support::tool::Tool;
use crate::support::upstream::Captured;
use crate::support::{Database, Upstream, eventually, on_both_databases};

const SENDER: &str = include_str!("../../policies/senders/demo-shop.toml");
const DIALECTS: &str = include_str!("../../policies/dialects.toml");

/// A sender who says what these names of a provider stand for.
fn sender(names: &str) -> String {
    format!("{SENDER}\n{names}")
}

/// As a template of a provider comes out of a mail library: two bodies, the HTML quoted-printable.
fn mail(header: &str, plain: &str, html: &str) -> String {
    let html = html.replace('=', "=3D");
    format!(
        "From: Demo Shop <news@shop.example>\r\nTo: list@shop.example\r\nSubject: New in the shop\r\n\
         Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{}@shop.example>\r\n{header}\
         MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"b1\"\r\n\r\n\
         --b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{plain}\r\n\
         --b1\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
         <html><body>{html}</body></html>\r\n--b1--",
        uuid::Uuid::new_v4()
    )
}

/// The text of a copy, its soft line breaks joined.
fn text(copy: &Captured) -> String {
    copy.text().replace("=\r\n", "").replace("=3D", "=")
}

fn link(copy: &Captured) -> String {
    format!("https://mail.test{}", unsubscribe_path(copy))
}

on_both_databases! {
    async fn a_sendgrid_tool_needs_no_other_change(database: Database) {
        let upstream = Upstream::start().await;
        let names = sender("[dialect.sendgrid.groups]\n7 = \"apparel\"\n");
        let gateway = Setup::new(&database, &upstream).policy("senders/demo-shop.toml", &names).start().await;
        for email in ["anna@example.se", "bo@example.se"] {
            gateway.opt_in(email, &["apparel"]).await;
        }
        let message = mail(
            "X-SMTPAPI: {\"asm_group_id\": 7,\r\n \"asm_groups_to_display\": [7, 8], \"category\": [\"autumn\"],\r\n \
             \"filters\": {\"clicktrack\": {\"settings\": {\"enable\": 1}}}}\r\n",
            "Leave: <%asm_group_unsubscribe_raw_url%>",
            "<p>New!</p><a href=\"<%asm_group_unsubscribe_raw_url%>\">Leave</a> <%asm_preferences_url%> [Unsubscribe]",
        );
        let reply = gateway.submit(&["anna@example.se", "bo@example.se"], &message).await;
        let id = message_id(&reply);
        let copies = [upstream.first_for("anna@example.se").await, upstream.first_for("bo@example.se").await];
        assert_ne!(link(&copies[0]), link(&copies[1]));
        for copy in &copies {
            let (text, link) = (text(copy), link(copy));
            assert!(text.contains(&format!("Leave: {link}\r\n")), "{text}");
            assert!(text.contains(&format!("<a href=\"{link}\">Leave</a>")), "{text}");
            assert!(text.contains(&format!("<a href=\"{link}\">Avregistrera dig</a>")), "{text}");
            assert!(text.contains("<a href=\"https://mail.test/p/") && !text.contains("asm_"), "{text}");
            assert!(header(copy, "X-SMTPAPI").is_empty());
            assert_eq!(text.matches(&link).count(), 4, "the pair, the text, and two in the HTML: no footer doubles it\n{text}");
            verify_dkim(copy, "og1._domainkey.shop.example.", &dkim_public()).await;
        }
        let (status, shown) = gateway.api("GET", &format!("/v1/messages/{id}"), None).await;
        assert_eq!((status, &shown["stream"], &shown["scope"]), (200, &"marketing".into(), &"apparel".into()), "{shown}");
        assert_eq!(shown["campaign"], "autumn", "{shown}");
    }

    async fn a_group_that_stands_for_nothing_is_refused_and_tells_which_key_would_say_it(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let reply = gateway.submit(&["anna@example.se"], &mail("X-SMTPAPI: {\"asm_group_id\": 8}\r\n", "x", "x")).await;
        assert!(reply.starts_with("250 2.0.0 accepted") && reply.contains("[unknown_scope]"), "{reply}");
        let deliveries = gateway.deliveries(&message_id(&reply)).await;
        let said = deliveries[0]["verdict"]["text"].as_str().unwrap();
        for told in ["X-SMTPAPI asm_group_id says 8", "senders/demo-shop.toml", "8 = \"SCOPE\" below [dialect.sendgrid.groups]"] {
            assert!(said.contains(told), "{told}: {said}");
        }
        // What can't be read is no service mail either, nor what asks for more than we do.
        for broken in ["{\"asm_group_id\": 7", "{\"to\": [\"bo@example.se\"], \"asm_group_id\": 7}"] {
            let reply = gateway.submit(&["anna@example.se"], &mail(&format!("X-SMTPAPI: {broken}\r\n"), "x", "x")).await;
            assert!(reply.starts_with("550 5.7.1 [unclassified]") && reply.contains("X-SMTPAPI"), "{reply}");
        }
        assert!(upstream.captured().is_empty());
    }

    async fn postmark_streams_are_ours(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let service = mail("X-PM-Message-Stream: outbound\r\nX-PM-Tag: receipt\r\nX-PM-TrackOpens: true\r\n", "Thank you.", "<p>Thank you.</p>");
        gateway.submit(&["anna@example.se"], &service).await;
        let copy = upstream.first_for("anna@example.se").await;
        assert!(header(&copy, "List-Unsubscribe").is_empty() && !copy.text().contains("X-PM-"), "{}", copy.text());

        let letter = mail(
            "X-PM-Message-Stream: broadcast\r\nX-PM-Tag: apparel\r\nPrecedence: bulk\r\n\
             List-Unsubscribe: <https://old.example/u>, <mailto:leave@shop.example>\r\n",
            "Leave: {{{ pm:unsubscribe }}}",
            "<p>New! {{{ pm:unsubscribe label=\"Leave us\" }}}</p>",
        );
        gateway.opt_in("bo@example.se", &["apparel"]).await;
        gateway.submit(&["bo@example.se"], &letter).await;
        let copy = upstream.first_for("bo@example.se").await;
        let (text, link) = (text(&copy), link(&copy));
        assert!(text.contains(&format!("Leave: {link}\r\n")), "{text}");
        assert!(text.contains(&format!("<a href=\"{link}\">Leave us</a>")), "{text}");
        assert!(!text.contains("X-PM-") && !text.contains("old.example") && !text.contains("mailto:"), "{text}");
        assert_eq!(header(&copy, "List-Unsubscribe").len(), 1);
        assert_eq!(header(&copy, "Precedence"), ["bulk"]);
    }

    async fn an_ops_team_adds_a_dialect_while_the_gateway_runs(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).policy("dialects.toml", DIALECTS).start().await;
        gateway.opt_in("anna@example.se", &["apparel"]).await;
        let message = || mail("X-Acme: {\"list\": {\"name\": \"apparel\"}}\r\nX-Acme-Track: yes\r\n", "Leave: ~~LEAVE_HERE~~", "<p>~~LEAVE_HERE~~</p>");
        let reply = gateway.submit(&["anna@example.se"], &message()).await;
        assert!(reply.starts_with("550 5.7.1 [unclassified]"), "{reply}");
        let own = "[[selector]]\nheader = \"X-Acme\"\njson = \"list.name\"\npattern = '^(?<scope>.+)$'\nmap = \"acme.lists\"\n\
                   [[selector]]\nheader = \"X-Acme*\"\nremove = true\n\
                   [[placeholder]]\ntext = \"~~LEAVE_HERE~~\"\nmeans = \"unsubscribe\"\n";
        let folder = gateway.data_dir.join("policies/dialects");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("acme.toml"), own).unwrap();
        gateway.hang_up();
        let reply = eventually("the new dialect is spoken", || {
            let gateway = &gateway;
            let message = message();
            async move {
                let reply = gateway.submit(&["anna@example.se"], &message).await;
                reply.starts_with("250").then_some(reply)
            }
        }).await;
        gateway.until(&message_id(&reply), "relayed").await;
        let copy = upstream.first_for("anna@example.se").await;
        let (text, link) = (text(&copy), link(&copy));
        assert!(text.contains(&format!("Leave: {link}\r\n")) && text.contains(&format!("<p>{link}</p>")), "{text}");
        assert!(!text.contains("X-Acme"), "{text}");
        // A mistake in it leaves what was in force, and is told with its line.
        std::fs::write(folder.join("acme.toml"), own.replace("scope>", "scoop>")).unwrap();
        let checked = gateway.command(&["policy", "check"]);
        assert_eq!(checked.status(), 1);
        assert!(checked.stdout().contains("dialects/acme.toml:4:"), "{}", checked.stdout());
    }

    async fn a_dialects_own_place_of_a_confirmation_is_one(database: Database) {
        let upstream = Upstream::start().await;
        let own = "[[placeholder]]\ntext = \"##DOI_LINK##\"\nmeans = \"confirm\"\n";
        let mut gateway = Setup::new(&database, &upstream).policy("dialects/doi.toml", own).start().await;
        gateway.add_credential("demo-shop", "forms", "smtp", &["--streams", "confirmation"]);
        let message = mail("X-Optgate-Stream: confirmation\r\nX-Optgate-Scope: apparel\r\n", "Yes: ##DOI_LINK##", "<a href=\"##DOI_LINK##\">Yes</a>");
        let mut tool = Tool::login(gateway.smtp(), "demo-shop/forms", gateway.secret("demo-shop/forms")).await;
        let reply = tool.submit("bounce@shop.example", &["new@example.se"], &message).await;
        assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
        let copy = upstream.first_for("new@example.se").await;
        assert!(text(&copy).contains("<a href=\"https://mail.test/c/"), "{}", copy.text());
    }
}
