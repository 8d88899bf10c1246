//! Balancers say for whom they connect, by the PROXY protocol: before anything else, also where TLS comes first.

use std::net::SocketAddr;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;

use crate::support::gateway::Setup;
use crate::support::mailbox::header;
use crate::support::tool::{hears, service_mail};
use crate::support::{Database, Gateway, Tool, Upstream};

const TRUSTED: &str =
    "[[smtp.trusted]]\nnetworks = [\"192.0.2.0/24\", \"127.0.0.0/8\"]\ncredential = \"demo-shop/tool\"\n";

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// A header of version 2. `family` is 0x11 for TCP over IPv4.
fn header_of(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).expect("it is short").to_be_bytes();
    [SIGNATURE, &[0x20 | command, family], &length, rest].concat()
}

fn proxied(command: u8, source: [u8; 4], facts: &[u8]) -> Vec<u8> {
    header_of(command, 0x11, &[&source[..], &[127, 0, 0, 1, 0x30, 0x39, 0, 25], facts].concat())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balancer_says_for_whom_it_connects() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "allow_plaintext_auth = true\nproxy_protocol = [\"127.0.0.0/8\"]\n";
    let gateway = Setup::new(&database, &upstream).smtp(keys.to_owned()).config(TRUSTED).start().await;
    let fact = [0x04, 0, 3, 1, 2, 3];
    // Whom it names is who counts, for trust and for the trace. Cut anywhere, with facts and without.
    let mut tool = Tool::connect_saying(gateway.smtp(), &proxied(1, [192, 0, 2, 7], &fact)).await;
    tool.say("EHLO x.test").await;
    let reply =
        tool.submit("bounce@shop.example", &["anna@example.se"], &service_mail("anna@example.se")).await;
    assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
    let copy = upstream.first_for("anna@example.se").await;
    let received = &header(&copy, "Received")[0];
    assert!(received.starts_with("from x.test ([192.0.2.7]) by gateway.test"), "{received}");
    // A stranger stays one, and the balancer itself is nobody, whatever network it is in.
    for header in [proxied(1, [198, 51, 100, 1], &[]), proxied(0, [192, 0, 2, 7], &[])] {
        let mut tool = Tool::connect_saying(gateway.smtp(), &header).await;
        tool.say("EHLO x.test").await;
        let reply = tool.say("MAIL FROM:<bounce@shop.example>").await;
        assert!(reply.starts_with("530 5.7.0"), "{reply}");
    }
    // A balancer must say it, in version 2, for a TCP connection, in bounds.
    let endless = [SIGNATURE, &[0x21, 0x11, 0xff, 0xff], &[0; 5_000]].concat();
    for wrong in [b"EHLO x.test\r\nQUIT\r\n".as_slice(), b"PROXY TCP4 192.0.2.7 127.0.0.1 1 25\r\n", &endless]
    {
        assert_eq!(hears(gateway.smtp(), wrong).await, "");
    }
    let metrics = gateway.metrics().await;
    assert!(metrics.contains("optgate_smtp_not_smtp_total{what=\"no_proxy_header\"} 3"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_no_balancer_is_not_believed() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let trusted = "[[smtp.trusted]]\nnetworks = [\"192.0.2.0/24\"]\ncredential = \"demo-shop/tool\"\n";
    let gateway = Setup::new(&database, &upstream).config(trusted).start().await;
    for header in [proxied(1, [192, 0, 2, 7], &[]), b"PROXY TCP4 192.0.2.7 127.0.0.1 1 25\r\n".to_vec()] {
        let says = [&header[..], b"EHLO x.test\r\nMAIL FROM:<bounce@shop.example>\r\nQUIT\r\n"].concat();
        let heard = hears(gateway.smtp(), &says).await;
        assert!(
            heard.starts_with("220 ") && heard.contains("\r\n50") && !heard.contains("\r\n250"),
            "{heard:?}"
        );
    }
}

/// A gateway with a door for TLS from the first octet, to which these balancers lead; and its certificate.
async fn behind(
    balancers: &str,
    database: &Database,
    upstream: &Upstream,
) -> (Gateway, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["gateway.test".to_owned()]).expect("a certificate");
    let folder = database.folder();
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(folder.join("tls.crt"), cert.pem()).expect("it is written");
    std::fs::write(folder.join("tls.key"), signing_key.serialize_pem()).expect("it is written");
    let keys = format!(
        "implicit_tls = [\"127.0.0.1:0\"]\ncertificate = \"{0}/tls.crt\"\nkey = \"{0}/tls.key\"\n\
         proxy_protocol = [\"{balancers}\"]\nmax_handshakes = 1\n",
        folder.display()
    );
    let gateway = Setup::new(database, upstream).smtp(keys).config(TRUSTED).start().await;
    (gateway, cert.der().clone())
}

/// A tool behind a balancer: the header comes in these pieces, then the handshake.
async fn tool(door: SocketAddr, pieces: &[&[u8]], root: &CertificateDer<'static>) -> Tool {
    let mut connection = Tool::silent(door).await;
    for piece in pieces {
        connection.send(piece).await;
        // A pause only makes it likelier that the pieces arrive apart; either way the outcome is the same.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut tool = connection.upgrade(root).await;
    assert!(tool.reply().await.starts_with("220 "));
    tool.say("EHLO x.test").await;
    tool
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balancer_says_it_before_the_handshake() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let (gateway, root) = behind("127.0.0.0/8", &database, &upstream).await;
    let door = gateway.implicit_tls();
    // ALPN, authority, a checksum that nobody asked us to check, and a type that nobody knows.
    let facts =
        [&[0x01, 0, 2, b'h', b'2', 0x02, 0, 3, b'a', b'.', b'b', 0xee, 0, 1, 0][..], &[0x04, 0, 0]].concat();
    let whole = proxied(1, [192, 0, 2, 7], &facts);
    for at in [1, 12, 15, 16, 20, whole.len() - 1] {
        let mut tool = tool(door, &[&whole[..at], &whole[at..]], &root).await;
        let to = format!("a{at}@example.se");
        let reply = tool.submit("bounce@shop.example", &[&to], &service_mail(&to)).await;
        assert!(reply.starts_with("250 2.0.0 accepted"), "cut at {at}: {reply}");
        let received = &header(&upstream.first_for(&to).await, "Received")[0];
        assert!(received.starts_with("from x.test ([192.0.2.7]) by gateway.test"), "{received}");
        assert!(received.contains("with ESMTPS"), "{received}");
    }
    // For itself, or for nobody that it can name, it is nobody; strangers are strangers.
    let mut v6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7].to_vec();
    v6.extend([0; 20]);
    for nobody in [
        proxied(0, [192, 0, 2, 7], &[]),
        header_of(0, 0x00, &[]),
        header_of(1, 0x00, &[]),
        header_of(1, 0x00, &[192, 0, 2, 7, 127, 0, 0, 1, 0, 1, 0, 2]),
        header_of(1, 0x21, &v6),
        proxied(1, [198, 51, 100, 1], &[]),
    ] {
        let mut tool = tool(door, &[&nobody], &root).await;
        let reply = tool.say("MAIL FROM:<bounce@shop.example>").await;
        assert!(reply.starts_with("530 5.7.0"), "{nobody:?}: {reply}");
        assert!(tool.say("QUIT").await.starts_with("221 "));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balancer_that_does_not_say_it_gets_no_handshake() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let (gateway, root) = behind("127.0.0.0/8", &database, &upstream).await;
    let door = gateway.implicit_tls();
    let hello = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(), &[7; 600]].concat();
    let wrong = [
        hello,
        b"PROXY TCP4 192.0.2.7 127.0.0.1 1 25\r\n".to_vec(),
        header_of(1, 0x31, &[0; 216]),
        header_of(1, 0x12, &[192, 0, 2, 7, 127, 0, 0, 1, 0, 1, 0, 2]),
        header_of(1, 0x11, &[192, 0, 2, 7]),
        header_of(2, 0x11, &[192, 0, 2, 7, 127, 0, 0, 1, 0, 1, 0, 2]),
        [SIGNATURE, &[0x11, 0x11, 0, 12], &[0; 12]].concat(),
        [SIGNATURE, &[0x21, 0x11, 0xff, 0xff], &[0; 5_000]].concat(),
        proxied(1, [192, 0, 2, 7], &[0; 4_096]),
    ];
    for octets in &wrong {
        assert_eq!(hears(door, octets).await, "", "{:?}", &octets[..16]);
    }
    let metrics = gateway.metrics().await;
    let counted = format!("optgate_smtp_not_smtp_total{{what=\"no_proxy_header\"}} {}", wrong.len());
    assert!(metrics.contains(&counted), "{metrics}");
    let mut handshakes = metrics.lines().filter(|line| line.starts_with("optgate_tls_handshakes_total{"));
    assert!(handshakes.all(|line| line.ends_with(" 0")), "{metrics}");
    // Within TLS a header is no header.
    let mut tool = tool(door, &[&proxied(1, [198, 51, 100, 1], &[])], &root).await;
    tool.send(&proxied(1, [192, 0, 2, 7], &[])).await;
    assert!(tool.reply().await.starts_with("500 5.5.1 this is no SMTP"));
    assert_eq!(tool.reply().await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_behind_a_balancer_wait_for_their_turn_at_the_handshake() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let (gateway, root) = behind("127.0.0.0/8", &database, &upstream).await;
    let door = gateway.implicit_tls();
    let mut beside = Tool::connect_saying(gateway.smtp(), &proxied(0, [192, 0, 2, 7], &[])).await;
    let mut stalls = Tool::silent(door).await;
    stalls.send(&[&proxied(1, [198, 51, 100, 1], &[])[..], b"\x16\x03\x01"].concat()).await;
    // Round trips of another session give the gateway time to get on with what was sent before.
    for _ in 0..30 {
        assert!(beside.say("NOOP").await.starts_with("250 "));
    }
    let stranger = proxied(1, [198, 51, 100, 2], &[]);
    let waits = tokio::spawn(async move { tool(door, &[&stranger], &root).await });
    for _ in 0..60 {
        assert!(beside.say("NOOP").await.starts_with("250 "));
    }
    assert!(!waits.is_finished(), "the only turn is taken");
    drop(stalls);
    assert!(waits.await.expect("it gets its turn").say("NOOP").await.starts_with("250 "));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_no_balancer_gets_no_handshake_by_saying_that_it_is() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let (gateway, root) = behind("127.0.0.2/32", &database, &upstream).await;
    let says = [proxied(1, [192, 0, 2, 7], &[]), b"EHLO x.test\r\nQUIT\r\n".to_vec()].concat();
    let heard = hears(gateway.implicit_tls(), &says).await;
    assert!(!heard.contains("220") && !heard.contains("250"), "{heard:?}");
    assert!(Tool::try_connect_tls(gateway.implicit_tls(), &root).await.is_some(), "others are served");
}
