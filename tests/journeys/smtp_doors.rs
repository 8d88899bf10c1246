//! The ways in: certificates that change under a running gateway, and peers that speak something else.

use std::path::Path;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::CertificateDer;

use crate::support::gateway::Setup;
use crate::support::tool::{hears, service_mail};
use crate::support::{Database, Gateway, Tool, Upstream, eventually};

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

/// What a page on the web can have a browser send to a port of its own network: what it likes, behind a request line
/// and headers.
fn posted(request: &str) -> Vec<u8> {
    let mail = service_mail("anna@example.se");
    let commands = "EHLO x\r\nMAIL FROM:<bounce@shop.example>\r\nRCPT TO:<anna@example.se>\r\nDATA\r\n";
    let body = format!("{commands}{mail}\r\n.\r\nQUIT\r\n");
    let length = body.len();
    let headers = format!("Host: gateway\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n");
    format!("{request}\r\n{headers}\r\n{body}").into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i8_what_a_browser_was_made_to_post_is_never_read_as_commands() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let trusted = "[[smtp.trusted]]\nnetworks = [\"127.0.0.0/8\"]\ncredential = \"demo-shop/tool\"\n";
    let gateway = Setup::new(&database, &upstream).config(trusted).start().await;
    let long = format!("POST /{} HTTP/1.1", "x".repeat(5_000));
    let requests =
        ["POST / HTTP/1.1", "GET / HTTP/1.0", &long, "POST /\u{e9}\u{1} HTTP/1.1", "X-ANY /x HTTP/1.1"];
    for request in requests {
        let heard = hears(gateway.smtp(), &posted(request)).await;
        assert!(heard.starts_with("220 ") && heard.contains("\r\n500 5.5.1 this is no SMTP"), "{heard:?}");
        assert_eq!(heard.lines().count(), 2, "nothing else was answered: {heard:?}");
    }
    // In pieces, and behind commands of its own.
    let mut tool = Tool::connect(gateway.smtp()).await;
    assert!(tool.say("EHLO x.test").await.starts_with("250"));
    for piece in posted("POST / HTTP/1.1").chunks(3) {
        if tool.try_send(piece).await.is_err() {
            break;
        }
    }
    assert!(tool.reply().await.starts_with("500 5.5.1 this is no SMTP"));
    assert_eq!(tool.reply().await, "");
    let metrics = gateway.metrics().await;
    assert!(metrics.contains("optgate_smtp_not_smtp_total{what=\"http\"} 6"), "{metrics}");
    assert_eq!(gateway.log().matches("something else than SMTP").count(), 1, "a flood leaves few lines");
    assert!(upstream.captured().is_empty());
}
