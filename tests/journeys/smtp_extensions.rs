//! What EHLO offers beside the old: messages in chunks, addresses beyond ASCII, and what tools ask to be told.

use crate::support::gateway::{Gateway, Setup, message_id};
use crate::support::mailbox::header;
use crate::support::tool::{newsletter, service_mail};
use crate::support::upstream::{Captured, Script};
use crate::support::{Database, Tool, Upstream, eventually, on_both_databases};

const ANNA: &str = "anna@example.se";
const ENVELOPE: &str = "MAIL FROM:<bounce@shop.example>";

/// Says each line and compares the beginning of each reply.
async fn check(tool: &mut Tool, dialogue: &[(&str, &str)]) {
    for (line, expected) in dialogue {
        let reply = tool.say(line).await;
        assert!(reply.starts_with(expected), "{line}: {reply}");
    }
}

async fn envelope(tool: &mut Tool, to: &str) {
    check(tool, &[(ENVELOPE, "250 "), (&format!("RCPT TO:<{to}>"), "250 ")]).await;
}

/// The message below what was added on the way.
fn body(copy: &Captured) -> String {
    copy.text().split_once("\r\n\r\n").expect("a body").1.to_owned()
}

/// Service mail with this body.
fn service(body: &str) -> String {
    let message = service_mail(ANNA);
    format!("{}\r\n\r\n{body}", message.split_once("\r\n\r\n").unwrap().0)
}

async fn gateway(database: &Database, upstream: &Upstream) -> Gateway {
    Setup::new(database, upstream).start().await
}

/// Waits until every delivery of a message went on, and has been settled.
async fn all_relayed(gateway: &Gateway, message: &str) {
    eventually("all went on", || async {
        let deliveries = gateway.deliveries(message).await;
        deliveries.iter().all(|delivery| delivery["state"] == "relayed").then_some(())
    })
    .await;
}

on_both_databases! {
    async fn a_message_in_chunks_arrives_as_it_was_sent(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream).await;
        let mut tool = gateway.tool().await;
        let text = ".dot\r\n..two\r\n.\r\nQUIT\r\nMAIL FROM:<evil@shop.example>\r\n.\r\nend\r\n";
        let message = service(text);
        envelope(&mut tool, ANNA).await;
        let (first, rest) = message.split_at(message.find("QUIT").unwrap() + 2);
        // All at once, as PIPELINING allows.
        let all = format!("BDAT {}\r\n{first}BDAT {}\r\n{rest}BDAT 0 LAST\r\nNOOP\r\n", first.len(), rest.len());
        tool.send(all.as_bytes()).await;
        assert_eq!(tool.reply().await, format!("250 2.0.0 {} octets taken", first.len()));
        assert_eq!(tool.reply().await, format!("250 2.0.0 {} octets taken", rest.len()));
        let reply = tool.reply().await;
        assert!(reply.starts_with("250 2.0.0 accepted, message "), "{reply}");
        assert_eq!(tool.reply().await, "250 2.0.0 ok");
        gateway.until(&message_id(&reply), "relayed").await;
        assert_eq!(body(&upstream.first_for(ANNA).await), text);
        assert_eq!(upstream.captured().len(), 1);
    }

    async fn i8_stray_line_ends_in_chunks_never_reach_the_upstream(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream).await;
        let mut tool = gateway.tool().await;
        let message = service("a\n.\nb\r.\rc\r\n.\nd\n.\r\nMAIL FROM:<evil@shop.example>");
        envelope(&mut tool, ANNA).await;
        for octet in message.as_bytes() {
            tool.send(&[b"BDAT 1\r\n", std::slice::from_ref(octet)].concat()).await;
            assert_eq!(tool.reply().await, "250 2.0.0 1 octets taken");
        }
        let reply = tool.say("BDAT 0 LAST").await;
        assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
        let copy = body(&upstream.first_for(ANNA).await);
        assert_eq!(copy, "a\r\n.\r\nb\r\n.\r\nc\r\n.\r\nd\r\n.\r\nMAIL FROM:<evil@shop.example>\r\n");
    }

    async fn octets_of_refused_chunks_are_never_commands(database: Database) {
        let upstream = Upstream::start().await;
        let setup = Setup::new(&database, &upstream);
        let setup = setup.smtp("allow_plaintext_auth = true\nmax_message_size = \"64 KiB\"".to_owned());
        let gateway = setup.start().await;
        let mut tool = gateway.tool().await;
        let smuggled = "NOOP\r\nMAIL FROM:<evil@shop.example>\r\nRCPT TO:<anna@example.se>\r\nDATA\r\n";
        let out_of_place = format!("BDAT {}\r\n{smuggled}", smuggled.len());
        tool.send(format!("{out_of_place}{ENVELOPE}\r\n{out_of_place}RSET\r\n").as_bytes()).await;
        for expected in ["503 5.5.1 MAIL", "250 2.1.0", "503 5.5.1 no recipient", "250 2.0.0"] {
            let reply = tool.reply().await;
            assert!(reply.starts_with(expected), "{reply}, expected {expected}");
        }
        // Too large, in one chunk and in many; what was pipelined after the refusal goes too.
        envelope(&mut tool, ANNA).await;
        let large = "NOOP\r\n".repeat(20_000);
        tool.send(format!("BDAT {} LAST\r\n{large}{ENVELOPE}\r\nRSET\r\n", large.len()).as_bytes()).await;
        for expected in ["552 5.3.4", "250 2.1.0", "250 2.0.0"] {
            let reply = tool.reply().await;
            assert!(reply.starts_with(expected), "{reply}, expected {expected}");
        }
        envelope(&mut tool, ANNA).await;
        let chunk = format!("BDAT 60000\r\n{}", "NOOP\r\n".repeat(10_000));
        tool.send(format!("{}BDAT 6 LAST\r\nNOOP\r\nDATA\r\nRSET\r\n", chunk.repeat(4)).as_bytes()).await;
        for expected in ["250 2.0.0", "552 5.3.4", "503 5.5.1", "503 5.5.1", "503 5.5.1", "503 5.5.1", "250 2.0.0"] {
            let reply = tool.reply().await;
            assert!(reply.starts_with(expected), "{reply}, expected {expected}");
        }
        let reply = tool.submit("bounce@shop.example", &[ANNA], &service("after all that")).await;
        assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
        upstream.first_for(ANNA).await;
        assert_eq!(upstream.captured().len(), 1);
    }

    async fn data_and_bdat_do_not_mix_and_rset_takes_what_came(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream).await;
        let mut tool = gateway.tool().await;
        envelope(&mut tool, ANNA).await;
        tool.send(b"BDAT 10\r\nSubject: 1BDAT 3\r\n\r\n\r").await;
        assert!(tool.reply().await.starts_with("250 "));
        assert!(tool.reply().await.starts_with("250 "));
        check(&mut tool, &[("DATA", "503 5.5.1"), ("BDAT 0 LAST", "503 5.5.1"), ("RSET", "250 ")]).await;
        envelope(&mut tool, ANNA).await;
        let message = service("the second");
        tool.send(format!("BDAT {} LAST\r\n{message}", message.len()).as_bytes()).await;
        let reply = tool.reply().await;
        assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
        check(&mut tool, &[("BDAT 0 LAST", "503 5.5.1"), (ENVELOPE, "250 ")]).await;
        assert_eq!(body(&upstream.first_for(ANNA).await), "the second\r\n");
    }

    async fn addresses_beyond_ascii_go_to_upstreams_that_take_them(database: Database) {
        let upstream = Upstream::start().await;
        upstream.offer("SMTPUTF8");
        let gateway = gateway(&database, &upstream).await;
        let mut tool = gateway.tool().await;
        let mail = "MAIL FROM:<bounce@shop.example> SMTPUTF8 BODY=8BITMIME";
        let utf8 = service("å").replace("Subject: Your order", "Subject: Köp");
        for (to, message, says) in [
            ("åsa@köp.example", service("a"), true),
            ("bo@köp.example", service("b"), false),
            ("cecilia@example.se", utf8, true),
        ] {
            check(&mut tool, &[(mail, "250 "), (&format!("RCPT TO:<{to}>"), "250 "), ("DATA", "354 ")]).await;
            tool.send(format!("{message}\r\n.\r\n").as_bytes()).await;
            let reply = tool.reply().await;
            assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
            let copy = upstream.first_for(&to.replace("köp", "xn--kp-fka")).await;
            assert_eq!(copy.parameters.0.contains("SMTPUTF8"), says, "{to}: {:?}", copy.parameters);
            let received = &header(&copy, "Received")[0];
            assert!(received.contains("with UTF8SMTPA"), "{received}");
        }
    }

    async fn what_needs_smtputf8_is_rejected_where_the_upstream_lacks_it(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream).await;
        let mut tool = gateway.tool().await;
        let mail = "MAIL FROM:<bounce@shop.example> SMTPUTF8 BODY=8BITMIME";
        let utf8 = service("å").replace("Subject: Your order", "Subject: Köp");
        for (to, message, state) in [
            ("åsa@example.se", service("a"), "rejected"),
            ("bo@köp.example", service("b"), "relayed"),
            ("cecilia@example.se", utf8, "rejected"),
        ] {
            check(&mut tool, &[(mail, "250 "), (&format!("RCPT TO:<{to}>"), "250 "), ("DATA", "354 ")]).await;
            tool.send(format!("{message}\r\n.\r\n").as_bytes()).await;
            let delivery = gateway.until(&message_id(&tool.reply().await), state).await;
            if state == "rejected" {
                assert!(delivery["last_response"].as_str().unwrap().contains("SMTPUTF8"), "{delivery}");
            }
        }
        let report = upstream.first_for("bounce@shop.example").await.text();
        assert!(report.contains("Status: 5.6.7"), "{report}");
    }

    async fn what_the_tool_asks_to_be_told_is_passed_on(database: Database) {
        let upstream = Upstream::start().await;
        upstream.offer("DSN");
        let gateway = gateway(&database, &upstream).await;
        let mut tool = gateway.tool().await;
        check(&mut tool, &[
            ("MAIL FROM:<bounce@shop.example> RET=HDRS ENVID=QQ+2B1", "250 "),
            ("RCPT TO:<anna@example.se> NOTIFY=success,FAILURE ORCPT=rfc822;a+40b", "250 "),
            ("RCPT TO:<bo@example.se> NOTIFY=NEVER", "250 "),
            ("RCPT TO:<cecilia@example.se>", "250 "),
            ("DATA", "354 "),
        ]).await;
        tool.send(format!("{}\r\n.\r\n", service("a")).as_bytes()).await;
        let id = message_id(&tool.reply().await);
        for (to, rcpt) in
            [(ANNA, "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a@b"), ("bo@example.se", "NOTIFY=NEVER"), ("cecilia@example.se", "")]
        {
            let copy = upstream.first_for(to).await;
            assert_eq!(copy.parameters, ("RET=HDRS ENVID=QQ+2B1".to_owned(), rcpt.to_owned()));
        }
        all_relayed(&gateway, &id).await;
        // The upstream's to tell, not ours.
        assert_eq!(database.count("SELECT count(*) FROM messages WHERE kind = 'dsn'").await, 0);
    }

    async fn that_it_went_on_is_told_where_the_upstream_will_not_tell(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = gateway(&database, &upstream).await;
        let mut tool = gateway.tool().await;
        check(&mut tool, &[
            ("MAIL FROM:<bounce@shop.example> RET=FULL ENVID=order-7", "250 "),
            ("RCPT TO:<anna@example.se> NOTIFY=SUCCESS ORCPT=rfc822;anna@example.se", "250 "),
            ("RCPT TO:<bo@example.se>", "250 "),
            ("RCPT TO:<cecilia@example.se> NOTIFY=FAILURE,DELAY", "250 "),
            ("DATA", "354 "),
        ]).await;
        tool.send(format!("{}\r\n.\r\n", service("the whole body")).as_bytes()).await;
        let id = message_id(&tool.reply().await);
        let report = upstream.first_for("bounce@shop.example").await;
        let text = report.text();
        for expected in [
            "Original-Envelope-Id: order-7\r\n",
            "Final-Recipient: rfc822; anna@example.se\r\nAction: relayed\r\nStatus: 2.0.0\r\n",
        ] {
            assert!(text.contains(expected), "{expected} in\n{text}");
        }
        assert!(!text.contains("the whole body"), "only what failed goes back whole");
        assert_eq!(report.parameters.1, "", "nothing is asked of a notification");
        for to in [ANNA, "bo@example.se", "cecilia@example.se"] {
            assert_eq!(upstream.first_for(to).await.parameters.1, "");
        }
        all_relayed(&gateway, &id).await;
        assert_eq!(database.count("SELECT count(*) FROM messages WHERE kind = 'dsn'").await, 1);
    }

    async fn failures_are_told_as_the_tool_asked(database: Database) {
        let upstream = Upstream::start().await;
        for to in [ANNA, "bo@example.se", "cecilia@example.se"] {
            upstream.script(to, Script::Rcpt("550 5.1.1 no such user"));
        }
        let gateway = gateway(&database, &upstream).await;
        let mut tool = gateway.tool().await;
        let message = service("the whole body");
        let rcpt = |parameters: &str| format!("RCPT TO:<{ANNA}>{parameters}");
        for (mail, rcpt) in [
            (" RET=FULL ENVID=the+20order", rcpt(" NOTIFY=FAILURE ORCPT=rfc822;Anna+2Bx@Elsewhere.example")),
            ("", rcpt(" NOTIFY=NEVER").replace("anna", "bo")),
            ("", rcpt(" NOTIFY=SUCCESS,DELAY").replace("anna", "cecilia")),
        ] {
            check(&mut tool, &[(&format!("{ENVELOPE}{mail}"), "250 "), (&rcpt, "250 "), ("DATA", "354 ")]).await;
            tool.send(format!("{message}\r\n.\r\n").as_bytes()).await;
            gateway.until(&message_id(&tool.reply().await), "rejected").await;
        }
        let report = upstream.first_for("bounce@shop.example").await.text();
        for expected in [
            "Original-Envelope-Id: the order\r\n",
            "Original-Recipient: rfc822; Anna+x@elsewhere.example\r\nFinal-Recipient: rfc822; anna@example.se\r\n",
            "Action: failed\r\nStatus: 5.1.1\r\n",
            "Content-Type: message/rfc822\r\n",
            "\r\nthe whole body\r\n",
        ] {
            assert!(report.contains(expected), "{expected} in\n{report}");
        }
        assert_eq!(database.count("SELECT count(*) FROM messages WHERE kind = 'dsn'").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn marketing_in_chunks_and_by_helo_is_decided_like_any_other() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = gateway(&database, &upstream).await;
    let mut tool = gateway.tool().await;
    envelope(&mut tool, ANNA).await;
    let message = newsletter(ANNA, "apparel");
    tool.send(format!("BDAT {} LAST\r\n{message}", message.len()).as_bytes()).await;
    let reply = tool.reply().await;
    assert!(reply.contains("refused [no_ground]"), "{reply}");
}
