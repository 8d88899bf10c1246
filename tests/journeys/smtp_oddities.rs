//! What tools and attackers do that no table of line ends shows: hanging up in the middle, commands behind a QUIT, odd
//! parameters, messages that are mostly header, nesting or boundary. Nothing is lost, sent twice or guessed at.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::gateway::Setup;
use crate::support::tool::{hears, service_mail};
use crate::support::{Database, Gateway, Tool, Upstream, eventually};

const BOUNCE: &str = "bounce@shop.example";

async fn trusting(database: &Database, upstream: &Upstream) -> Gateway {
    let trusted = "[[smtp.trusted]]\nnetworks = [\"127.0.0.0/8\"]\ncredential = \"demo-shop/tool\"\n";
    let keys = "allow_plaintext_auth = true\nmax_errors = 1000";
    Setup::new(database, upstream).smtp(keys.to_owned()).config(trusted).start().await
}

/// All of a dialogue, up to and with DATA's end.
fn dialogue(to: &str) -> String {
    let mail = service_mail(to);
    format!("EHLO x.test\r\nMAIL FROM:<{BOUNCE}>\r\nRCPT TO:<{to}>\r\nDATA\r\n{mail}\r\n.\r\n")
}

/// Says it and hangs up: orderly, or with a reset.
async fn hang_up(address: SocketAddr, says: &[u8], orderly: bool) {
    let mut stream = TcpStream::connect(address).await.expect("the gateway listens");
    stream.write_all(says).await.expect("it reads");
    if orderly {
        stream.shutdown().await.expect("it is still there");
        let _ = stream.read_to_end(&mut Vec::new()).await;
    } else {
        stream.set_zero_linger().expect("a socket of this machine");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_in_the_middle_leaves_nothing_behind() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = trusting(&database, &upstream).await;
    let whole = dialogue("cut@example.se");
    let data = whole.find("DATA\r\n").expect("it has data");
    for at in
        [data + 3, data + 6, data + 60, whole.len() - 5, whole.len() - 3, whole.len() - 2, whole.len() - 1]
    {
        for orderly in [true, false] {
            hang_up(gateway.smtp(), &whole.as_bytes()[..at], orderly).await;
        }
    }
    let chunk = "MAIL FROM:<a@shop.example>\r\nRCPT TO:<cut@example.se>\r\nBDAT 500 LAST\r\nFrom: news@shop.example\r\n";
    hang_up(gateway.smtp(), format!("EHLO x.test\r\n{chunk}").as_bytes(), false).await;
    // Half closed behind the last dot, all was said.
    hang_up(gateway.smtp(), dialogue("whole@example.se").as_bytes(), true).await;
    upstream.first_for("whole@example.se").await;
    assert_eq!(upstream.captured().len(), 1, "nothing else was sent");
    eventually("their places are free again", || async {
        gateway.metrics().await.contains("\noptgate_smtp_connections 0").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_behind_a_quit_is_done() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = trusting(&database, &upstream).await;
    let whole = dialogue("after@example.se");
    for behind in ["MAIL", "RCPT", "DATA"] {
        let says = whole.replacen(behind, &format!("QUIT\r\n{behind}"), 1);
        let heard = hears(gateway.smtp(), says.as_bytes()).await;
        assert!(heard.ends_with("\r\n221 2.0.0 bye\r\n"), "{heard}");
    }
    assert!(upstream.captured().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_parameters_and_paths_are_refused_and_never_guessed_at() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = trusting(&database, &upstream).await;
    let mut tool = Tool::connect(gateway.smtp()).await;
    tool.say("EHLO x.test").await;
    for (after, expected) in [
        (" SIZE=-1", "501 "),
        (" SIZE=１", "501 "),
        (" SIZE = 1", "501 "),
        ("SIZE=1", "501 "),
        ("\tSIZE=1", "500 "),
        (" SIZE=1 SIZE=2", "501 "),
        (" BODY=BINARYMIME", "555 "),
        (" BODY=7BIT BODY=8BITMIME", "501 "),
        (" REQUIRETLS", "555 "),
        (" SIZE=18446744073709551616", "552 "),
    ] {
        let reply = tool.say(&format!("MAIL FROM:<{BOUNCE}>{after}")).await;
        assert!(reply.starts_with(expected), "{after:?}: {reply}");
    }
    assert!(tool.say(&format!("MAIL FROM:<{BOUNCE}> SMTPUTF8")).await.starts_with("250 "));
    let brackets = "<".repeat(1_000);
    for path in [
        brackets.as_str(),
        "<@a.example,@b.example:c@example.se>",
        "<a..b@example.se>",
        "<a@[IPv6:1::2::3]>",
        "<a@[999.1.1.1]>",
        "<a@[x-tag:foo]>",
        "<a@\u{202e}example.se>",
        "<a@xn--a.example>",
        "<a\u{85}@example.se>",
        "<a(comment)@example.se>",
        "<a b@example.se>",
        "a@example.se",
        "<>",
    ] {
        let reply = tool.say(&format!("RCPT TO:{path}")).await;
        assert!(reply.starts_with('5'), "{path:?}: {reply}");
    }
    for octets in [b"a\xc0\xaf".as_slice(), b"\xff", b"a\xed\xa0\x80"] {
        tool.send(&[b"RCPT TO:<", octets, b"@example.se>\r\n"].concat()).await;
        assert!(tool.reply().await.starts_with("553 "), "{octets:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_that_are_mostly_structure_are_taken_whole_or_refused() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = trusting(&database, &upstream).await;
    let mut tool = Tool::connect(gateway.smtp()).await;
    tool.say("EHLO x.test").await;
    let nested: String = (0..1_000)
        .map(|n| format!("--b{n}\r\nContent-Type: multipart/mixed; boundary=b{}\r\n\r\n", n + 1))
        .collect();
    for (what, field, body, expected) in [
        ("many fields", "X: y\r\n".repeat(10_000), String::new(), "550 5.7.1 [unparsable]"),
        ("a long name", format!("{}: x\r\n", "X".repeat(70_000)), String::new(), "550 5.7.1 [unparsable]"),
        ("two authors", "From: evil@evil.example\r\n".into(), String::new(), "550 5.7.1 [from_not_allowed]"),
        (
            "selectors at odds",
            "X-Optgate-Stream: marketing\r\n".into(),
            String::new(),
            "550 5.7.1 [unclassified]",
        ),
        ("a loop", "Received: by x\r\n".repeat(100), String::new(), "554 5.4.6 [loop]"),
        (
            "nesting",
            "Content-Type: multipart/mixed; boundary=b0\r\n".into(),
            nested,
            "550 5.7.1 [unparsable]",
        ),
        ("lines", String::new(), "a\r\n".repeat(300_000), "250 2.0.0 accepted"),
        (
            "no boundary",
            "Content-Type: multipart/mixed\r\n".into(),
            "--x\r\n\r\nhi\r\n".into(),
            "550 5.7.1 [unparsable]",
        ),
    ] {
        let message = format!("{field}{}\r\n{body}", service_mail("s@example.se"));
        let reply = tool.submit(BOUNCE, &["s@example.se"], message.trim_end()).await;
        assert!(reply.starts_with(expected), "{what}: {reply}");
    }
}
