//! Against a server of HTTPS on this machine.

use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::feedback::webhook::ses::Topic;

const HOST: &str = "sns.eu-north-1.amazonaws.com";

fn place() -> Place {
    let topic = Topic::new("arn:aws:sns:eu-north-1:123456789012:optgate").unwrap();
    topic.certificate("https://sns.eu-north-1.amazonaws.com/SimpleNotificationService-0a.pem").unwrap()
}

/// What is fetched from a server that has a certificate for this name and answers this.
async fn fetched(name: &str, answer: &str) -> (Result<Fetched, NotFetched>, String) {
    let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let root = own.cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![root.clone()], key.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let answer = answer.to_owned();
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(socket).await else {
            return String::new();
        };
        let mut request = vec![0; 4_096];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(answer.as_bytes()).await.unwrap();
        let _ = stream.shutdown().await;
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    let https = Https::trusting(vec![root], Some(address)).unwrap();
    let fetched = https.fetch(&place()).await;
    (fetched, server.await.unwrap())
}

#[tokio::test]
async fn what_the_topics_host_has_is_fetched() {
    let (fetched, asked) = fetched(HOST, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").await;
    assert_eq!(fetched.unwrap(), "abc");
    assert!(asked.starts_with("GET /SimpleNotificationService-0a.pem HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("host: {HOST}\r\n")), "{asked}");
}

#[tokio::test]
async fn a_redirect_an_error_and_what_is_too_large_are_no_answer() {
    let moved = "HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n";
    assert!(matches!(fetched(HOST, moved).await.0, Err(NotFetched::Status(302))));
    let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    assert!(matches!(fetched(HOST, missing).await.0, Err(NotFetched::Status(404))));
    let large = format!("HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n{}", "x".repeat(70_000));
    assert!(matches!(fetched(HOST, &large).await.0, Err(NotFetched::Http)));
}

#[tokio::test]
async fn whoever_has_no_certificate_for_the_host_is_not_asked() {
    let (fetched, asked) = fetched("evil.example", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").await;
    assert!(matches!(fetched, Err(NotFetched::Connection(_))), "{fetched:?}");
    assert_eq!(asked, "");
}

#[test]
fn only_public_addresses_are_connected_to() {
    for public in ["52.94.0.1", "2600:1f00::1", "::ffff:52.94.0.1"] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
    for own in [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "ff02::1",
    ] {
        assert!(!is_public(own.parse().unwrap()), "{own}");
    }
}
