//! What attackers send: ends of data that are none, lines without end, addresses that hide parameters, values that
//! would be headers, logins that are not.

use serde_json::Value;

use crate::support::gateway::{Setup, message_id};
use crate::support::mailbox::header;
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Gateway, Tool, Upstream, on_both_databases};

const ANNA: &str = "anna@example.se";
const BOUNCE: &str = "bounce@shop.example";

async fn sqlite() -> (Database, Upstream) {
    (Database::sqlite(), Upstream::start().await)
}

async fn expect(tool: &mut Tool, expected: &str) -> String {
    let reply = tool.reply().await;
    assert!(reply.starts_with(expected), "{reply:?}, expected {expected}");
    reply
}

async fn check(tool: &mut Tool, dialogue: &[(&str, &str)]) {
    for (line, expected) in dialogue {
        tool.send(format!("{line}\r\n").as_bytes()).await;
        expect(tool, expected).await;
    }
}

/// A functional message to Anna, up to the body.
async fn begin(tool: &mut Tool) {
    let mail = format!("MAIL FROM:<{BOUNCE}>");
    check(tool, &[(&mail, "250 "), ("RCPT TO:<anna@example.se>", "250 "), ("DATA", "354 ")]).await;
    let message = service_mail(ANNA);
    tool.send(format!("{}\r\n\r\n", message.split_once("\r\n\r\n").unwrap().0).as_bytes()).await;
}

/// Every line that was logged is one JSON object: nothing that a peer said broke out of its place.
fn assert_log_is_whole(gateway: &Gateway) {
    for line in gateway.log().lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line:?}");
        assert!(!line.contains(|character: char| character.is_control()), "{line:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i8_nothing_but_crlf_dot_crlf_ends_data_and_nothing_is_smuggled() {
    let (database, upstream) = sqlite().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    let ends: &[&[u8]] = &[
        b"\n.\n",
        b"\r.\r",
        b"\r.\n",
        b"\n.\r",
        b"\n.\r\n",
        b"\r\n.\n",
        b"\r.\r\n",
        b"\r\n.\r",
        b"\r\n. \r\n",
        b"\r\n.\r\r\n",
        b"\r\n.\x0b\n",
        b"\r\n.\x85",
        b"\n\n.\r\n",
        b"\r\r\n.\n",
        b"\r\n\x0b.\r\n",
        b"\n.\n.\r\n",
        b"\r\n..\r\n",
        b"\r\n.\x20\n",
        b"\x85.\x85",
        b"\r\n.\n\r\n.\r",
    ];
    let smuggled =
        b"MAIL FROM:<evil@shop.example>\r\nRCPT TO:<victim@example.se>\r\nDATA\r\nSubject: x\r\n\r\n";
    let mut tool = gateway.tool().await;
    for end in ends {
        begin(&mut tool).await;
        tool.send(&[b"body", *end, smuggled, b"\r\n.\r\nNOOP\r\n"].concat()).await;
        let reply = expect(&mut tool, "250 2.0.0 accepted").await;
        // The next reply is the NOOP's: all between was content.
        assert_eq!(tool.reply().await, "250 2.0.0 ok", "{end:?}");
        gateway.until(&message_id(&reply), "relayed").await;
    }
    let copies = upstream.captured();
    assert_eq!(copies.len(), ends.len());
    for copy in copies {
        assert_eq!(copy.recipient, ANNA);
        assert!(copy.text().contains("MAIL FROM:<evil@shop.example>\r\n"), "{}", copy.text());
        let text = String::from_utf8_lossy(&copy.content).replace("\r\n", "");
        assert!(!text.contains(['\r', '\n']), "a stray line end left: {text:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_nul_is_refused_in_commands_and_in_data() {
    let (database, upstream) = sqlite().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    let mut tool = gateway.tool().await;
    check(&mut tool, &[("NOOP \0", "500 5.5.2"), ("MAIL FROM:<a\0@shop.example>", "500 5.5.2")]).await;
    for end in [b"\r\n\0.\r\n".as_slice(), b"\r\n.\0\r\n"] {
        begin(&mut tool).await;
        tool.send(&[end, b"\r\n.\r\n"].concat()).await;
        expect(&mut tool, "550 5.7.1 [unparsable]").await;
    }
    assert!(upstream.captured().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn how_the_network_cuts_a_dialogue_never_shows() {
    let (database, upstream) = sqlite().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    let message = newsletter(ANNA, "apparel");
    let half = message.len() / 2;
    let dialogue = [
        format!("EHLO x.test\r\nMAIL FROM:<{BOUNCE}> SIZE=9 SMTPUTF8 RET=FULL\r\nRCPT TO:<\"a> b\"@example.se>\r\n"),
        format!("RCPT TO:<{ANNA}> NOTIFY=NEVER\r\nRCPT TO:<nobody>\r\nDATA\r\n{message}\r\n..\r\n.\n.\r.\r\n\r\n.\r\n"),
        format!("MAIL FROM:<>\r\nRCPT TO:<{ANNA}>\r\nBDAT {half}\r\n{}", &message[..half]),
        format!("BDAT {} LAST\r\n{}BDAT 9 LAST\r\nQUIT\r\n...\0", message.len() - half, &message[half..]),
        format!("{}\r\nNO\rOP\r\nNOOP\nNOOP\r\nAUTH LOGIN\r\nVRFY å\r\nBDAT x\r\nNOOP\r\n", "x".repeat(5_000)),
    ]
    .concat();
    let mut whole = None;
    for seed in 0..24_usize {
        let mut tool = gateway.tool().await;
        let (octets, mut at, mut state) = (dialogue.as_bytes(), 0, seed.wrapping_mul(2_654_435_761) | 1);
        while at < octets.len() {
            // The first time all at once, then octet by octet, then by chance.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let size = match seed {
                0 => octets.len(),
                1 => 1 + 40 * usize::from(at > 400 && at < 3_000),
                _ => 1 + (state >> 33) % (1 << (seed % 9)),
            };
            let end = octets.len().min(at + size);
            tool.send(&octets[at..end]).await;
            at = end;
        }
        let mut replies = Vec::new();
        while let Ok(reply) = tool.try_reply().await
            && !reply.is_empty()
        {
            let cut = reply.find(", message ").or(reply.find("; decision ")).unwrap_or(reply.len());
            replies.push(reply[..cut].to_owned());
        }
        assert_eq!(replies.last().map(String::as_str), Some("501 5.5.4 BDAT size [LAST]; closing"));
        assert_eq!(whole.get_or_insert_with(|| replies.clone()), &replies, "seed {seed}");
    }
    assert_eq!(whole.map(|replies| replies.len()), Some(18));
    assert!(upstream.captured().is_empty());
    assert_log_is_whole(&gateway);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_and_lists_without_end_are_bounded_and_the_session_goes_on() {
    let (database, upstream) = sqlite().await;
    let keys = "allow_plaintext_auth = true\nmax_recipients = 20";
    let gateway = Setup::new(&database, &upstream).smtp(keys.to_owned()).start().await;
    let mut tool = gateway.tool().await;
    let megabyte = "x".repeat(1 << 20);
    check(&mut tool, &[(&megabyte, "500 "), (&format!("MAIL FROM:<{megabyte}@x>"), "500 ")]).await;
    check(&mut tool, &[("NOOP", "250 ")]).await;
    begin(&mut tool).await;
    tool.send(format!("{megabyte}\r\n.\r\n").as_bytes()).await;
    expect(&mut tool, "550 5.7.1 [unparsable]").await;
    check(&mut tool, &[(&format!("MAIL FROM:<{BOUNCE}>"), "250 ")]).await;
    for block in 0..100 {
        let lines: String =
            (0..100).map(|n| format!("RCPT TO:<p{}@example.se>\r\n", 100 * block + n)).collect();
        tool.send(lines.as_bytes()).await;
        for n in 0..100 {
            let expected = if 100 * block + n < 20 { "250 2.1.5" } else { "452 4.5.3" };
            expect(&mut tool, expected).await;
        }
    }
    check(&mut tool, &[("DATA", "354 ")]).await;
    tool.send(format!("{}\r\n.\r\n", service_mail("undisclosed@example.se")).as_bytes()).await;
    let reply = expect(&mut tool, "250 2.0.0 accepted").await;
    assert_eq!(gateway.deliveries(&message_id(&reply)).await.len(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_in_the_middle_is_sent_away() {
    let (database, upstream) = sqlite().await;
    let keys = "allow_plaintext_auth = true\nidle_timeout = \"1s\"";
    let gateway = Setup::new(&database, &upstream).smtp(keys.to_owned()).start().await;
    for unfinished in ["NOO", "MAIL FROM:<>\r\nRCPT TO:<anna@example.se>\r\nBDAT 100\r\nabc"] {
        let mut tool = gateway.tool().await;
        tool.send(unfinished.as_bytes()).await;
        let mut last = String::new();
        while let Ok(reply) = tool.try_reply().await
            && !reply.is_empty()
        {
            last = reply;
        }
        assert!(last.starts_with("421 4.4.2"), "{last}");
    }
    assert!(upstream.captured().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_that_are_none_let_nobody_in() {
    let (database, upstream) = sqlite().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    let base64 = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    let mut tool = Tool::connect(gateway.smtp()).await;
    check(&mut tool, &[("AUTH PLAIN", "503 "), ("EHLO x.test", "250"), ("AUTH", "501 5.5.4")]).await;
    check(
        &mut tool,
        &[("AUTH FOO", "504 5.5.4"), ("AUTH PLAIN %%%", "501 5.5.2"), ("AUTH PLAIN =", "501 5.5.2")],
    )
    .await;
    check(&mut tool, &[("AUTH PLAIN", "334"), ("*", "501 5.7.0"), ("*", "500 5.5.1")]).await;
    check(&mut tool, &[("AUTH LOGIN", "334"), (&"A".repeat(13_000), "500 5.5.6"), ("NOOP", "250")]).await;
    check(&mut tool, &[("AUTH LOGIN", "334"), ("EHLO x.test", "501 5.5.2"), ("NOOP", "250")]).await;
    let mut tool = Tool::connect(gateway.smtp()).await;
    check(&mut tool, &[("EHLO x.test", "250")]).await;
    let forged = base64("\0a\r\n{\"level\":\"ERROR\"}\u{1b}[31m\0secret");
    // What is pipelined behind a login is answered after it, as whoever the peer is by then.
    let pipelined = format!("AUTH PLAIN {forged}\r\nMAIL FROM:<{BOUNCE}>\r\nNOOP\r\n");
    tool.send(pipelined.as_bytes()).await;
    for expected in ["535 5.7.8", "530 5.7.0", "250 "] {
        expect(&mut tool, expected).await;
    }
    let right = base64(&format!("\0demo-shop/tool\0{}", gateway.secret("demo-shop/tool")));
    tool.send(
        format!("AUTH PLAIN {right}\r\nMAIL FROM:<{BOUNCE}>\r\nAUTH PLAIN {right}\r\nRSET\r\n").as_bytes(),
    )
    .await;
    for expected in ["235 2.7.0", "250 2.1.0", "503 5.5.1", "250 "] {
        expect(&mut tool, expected).await;
    }
    check(&mut tool, &[(&format!("AUTH PLAIN {right}"), "503 5.5.1")]).await;
    assert_log_is_whole(&gateway);
    assert!(!gateway.log().contains("secret"), "no password in the log");
}

on_both_databases! {
    async fn addresses_are_written_anew_and_hide_no_parameter(database: Database) {
        let upstream = Upstream::start().await;
        upstream.offer("DSN");
        let gateway = Setup::new(&database, &upstream).start().await;
        let mut tool = gateway.tool().await;
        let quoted = r#""a> NOTIFY=NEVER"@example.se"#;
        for (given, written) in [
            (quoted, quoted),
            (r#""anna"@EXAMPLE.se"#, "anna@example.se"),
            (r#""a\@b"@example.se"#, r#""a@b"@example.se"#),
            ("bo@[IPv6:2001:DB8:0::1]", "bo@[IPv6:2001:db8::1]"),
            ("bo@[192.0.2.1]", "bo@[192.0.2.1]"),
        ] {
            let reply = tool.submit(BOUNCE, &[given], &service_mail(ANNA)).await;
            assert!(reply.starts_with("250 2.0.0 accepted"), "{given}: {reply}");
            let copy = upstream.first_for(written).await;
            assert_eq!(copy.parameters.1, "", "{given}");
        }
        let mail = format!("MAIL FROM:<{BOUNCE}>");
        check(&mut tool, &[(&mail, "250 "), ("RCPT TO:<a@example.se> NOTIFY=NEVER>", "501 5.5.4")]).await;
        for bad in ["<a@example.se>NOTIFY=NEVER", "<a@[127.0.0.1>", "<\"a@example.se>", "<a@b@example.se>", "<@x:a@b.se>"] {
            tool.send(format!("RCPT TO:{bad}\r\n").as_bytes()).await;
            expect(&mut tool, "5").await;
        }
    }

    async fn values_that_are_folded_or_odd_stay_in_their_fields(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        let mut tool = Tool::connect(gateway.smtp()).await;
        check(&mut tool, &[("EHLO x)\tby\u{1}evil", "500"), ("EHLO (evil;by=x)", "250")]).await;
        tool.authenticate("demo-shop/tool", gateway.secret("demo-shop/tool")).await;
        let odd = "X-Optgate-Campaign: sale\r\n X-Evil: 1\r\n\tBcc: evil@example.com\r\n";
        let message = newsletter(ANNA, "apparel")
            .replace("Subject: New in the shop", "Subject: New\r\n X-Evil: 2\r\n Bcc: evil@example.com")
            .replace("From: Demo Shop <news@shop.example>", "From: Demo\r\n Shop\r\n <news@shop.example>")
            .replace("X-Optgate-Stream", &format!("{odd}X-Optgate-Stream"));
        let reply = tool.submit(BOUNCE, &[ANNA], &message).await;
        assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
        let copy = upstream.first_for(ANNA).await;
        for absent in ["X-Evil", "Bcc", "X-Optgate-Campaign"] {
            assert!(header(&copy, absent).is_empty(), "{absent} in\n{}", copy.text());
        }
        let feedback = &header(&copy, "Feedback-ID")[0];
        assert!(feedback.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-:*@".contains(&byte)), "{feedback}");
        let received = &header(&copy, "Received")[0];
        assert!(received.starts_with("from unknown ([127.0.0.1]) by gateway.test"), "{received}");
        assert_eq!(header(&copy, "Received").len(), 1);
        assert_log_is_whole(&gateway);
    }
}
