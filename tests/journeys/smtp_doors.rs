//! The ways in: certificates that change under a running gateway, balancers that say for whom they connect, and
//! peers that speak something else.

use std::path::Path;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::gateway::Setup;
use crate::support::mailbox::header;
use crate::support::tool::service_mail;
use crate::support::{Database, Gateway, PATIENCE, Tool, Upstream, eventually};

/// Writes a new certificate and its key into a folder.
fn write_certificate(folder: &Path) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["gateway.test".to_owned()]).expect("a certificate");
    std::fs::create_dir_all(folder).expect("a folder");
    std::fs::write(folder.join("tls.crt"), cert.pem()).expect("it is written");
    std::fs::write(folder.join("tls.key"), signing_key.serialize_pem()).expect("it is written");
    cert.der().clone()
}

/// `[smtp]` with the certificate and key of this folder.
fn keys(folder: &Path) -> String {
    format!(
        "implicit_tls = [\"127.0.0.1:0\"]\ncertificate = \"{0}/tls.crt\"\nkey = \"{0}/tls.key\"\n",
        folder.display()
    )
}

/// Points `current` at another folder, as a ConfigMap's volume does: by renaming a link over it.
fn swap(volume: &Path, target: &str) {
    let fresh = volume.join("fresh");
    std::os::unix::fs::symlink(target, &fresh).expect("a link");
    std::fs::rename(&fresh, volume.join("current")).expect("it takes the other's place");
}

/// The certificate that a tool is shown.
async fn shown(gateway: &Gateway, roots: &[&CertificateDer<'static>]) -> Option<usize> {
    for (index, root) in roots.iter().enumerate() {
        if Tool::try_connect_tls(gateway.implicit_tls(), root).await.is_some() {
            return Some(index);
        }
    }
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_read_anew_when_its_link_is_swapped_and_a_broken_one_is_not() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let volume = database.folder().join("volume");
    let first = write_certificate(&volume.join("first"));
    let second = write_certificate(&volume.join("second"));
    let third = write_certificate(&volume.join("third"));
    // Of another pair, and of no pair at all.
    std::fs::copy(volume.join("first/tls.key"), volume.join("third/tls.key")).expect("it is copied");
    swap(&volume, "first");
    let gateway = Setup::new(&database, &upstream).smtp(keys(&volume.join("current"))).start().await;
    let roots = [&first, &second, &third];
    assert_eq!(shown(&gateway, &roots).await, Some(0));
    swap(&volume, "second");
    eventually("the second certificate is shown", || async {
        (shown(&gateway, &roots).await == Some(1)).then_some(())
    })
    .await;
    let complaints = || gateway.log().matches("the new certificate can't be used").count();
    swap(&volume, "third");
    eventually("the third is complained of", || async { (complaints() == 1).then_some(()) }).await;
    assert_eq!(shown(&gateway, &roots).await, Some(1), "the old one stays");
    std::fs::write(volume.join("third/tls.crt"), "half of a fi").expect("it is written");
    eventually("what is torn is complained of", || async { (complaints() == 2).then_some(()) }).await;
    swap(&volume, "first");
    eventually("the first certificate is shown", || async {
        (shown(&gateway, &roots).await == Some(0)).then_some(())
    })
    .await;
    assert_eq!(complaints(), 2, "each is told of once");
}

/// What a peer hears until the gateway hangs up.
async fn hears(address: std::net::SocketAddr, says: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("the gateway listens");
    stream.write_all(says).await.expect("it reads");
    let mut heard = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
    read.expect("the gateway hangs up").expect("and not in the middle");
    String::from_utf8_lossy(&heard).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_speaks_tls_in_clear_or_something_else_in_tls_is_hung_up_on() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let root = write_certificate(database.folder());
    let gateway = Setup::new(&database, &upstream).smtp(keys(database.folder())).start().await;
    let hello = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(), &[7; 600]].concat();
    let heard = hears(gateway.smtp(), &hello).await;
    assert!(heard.starts_with("220 ") && heard.contains("\r\n500 5.5.1 "), "{heard:?}");
    for garbage in
        [b"EHLO x.test\r\nMAIL FROM:<>\r\n".as_slice(), &[0xff; 5_000], b"\x16\x03\x01\x00\x05abcde"]
    {
        let heard = hears(gateway.implicit_tls(), garbage).await;
        assert!(!heard.contains("220") && !heard.contains("250"), "no word in clear: {heard:?}");
    }
    let mut tool = Tool::connect(gateway.smtp()).await;
    tool.say("EHLO x.test").await;
    assert!(tool.say("STARTTLS").await.starts_with("220 "));
    tool.send(b"MAIL FROM:<a@shop.example>\r\nRCPT TO:<anna@example.se>\r\n").await;
    while let Ok(reply) = tool.try_reply().await
        && !reply.is_empty()
    {
        assert!(!reply.starts_with('2') && !reply.starts_with('5'), "no word in clear: {reply:?}");
    }
    assert!(Tool::try_connect_tls(gateway.implicit_tls(), &root).await.is_some(), "others are served");
    let metrics = gateway.metrics().await;
    assert!(metrics.contains("optgate_smtp_not_smtp_total{what=\"tls_in_clear\"} 1"), "{metrics}");
    assert!(metrics.contains("optgate_tls_handshakes_total{result=\"failed\"} 4"), "{metrics}");
}

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

fn proxied(command: u8, source: [u8; 4], facts: &[u8]) -> Vec<u8> {
    let rest = [&source[..], &[127, 0, 0, 1, 0x30, 0x39, 0, 25], facts].concat();
    let length = u16::try_from(rest.len()).expect("it is short").to_be_bytes();
    [SIGNATURE, &[0x20 | command, 0x11], &length, &rest].concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_balancer_says_for_whom_it_connects() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "allow_plaintext_auth = true\nproxy_protocol = [\"127.0.0.0/8\"]\n";
    let trusted =
        "[[smtp.trusted]]\nnetworks = [\"192.0.2.0/24\", \"127.0.0.0/8\"]\ncredential = \"demo-shop/tool\"\n";
    let gateway = Setup::new(&database, &upstream).smtp(keys.to_owned()).config(trusted).start().await;
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
