//! Pages and API: how often an address may come, and how slowly.

use std::net::SocketAddr;
use std::time::Duration;

use optgate::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::gateway::Setup;
use crate::support::mailbox::unsubscribe_path;
use crate::support::tool::newsletter;
use crate::support::{Database, PATIENCE, Upstream};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_too_often_waits_and_a_no_never_does() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let clock = Clock::driven(Clock::system().now());
    let gateway = Setup::new(&database, &upstream).web("rate = \"3/minute\"").start_on(clock.clone()).await;
    gateway.opt_in("anna@example.se", &["apparel"]).await;
    gateway.submit(&["anna@example.se"], &newsletter("anna@example.se", "apparel")).await;
    let link = unsubscribe_path(&upstream.first_for("anna@example.se").await);
    for _ in 0..3 {
        assert_eq!(gateway.get(&link).await.0, 200);
    }
    let (status, page) = gateway.get(&link).await;
    assert_eq!(status, 429, "{page}");
    assert!(page.contains("<html"), "a page for people: {page}");
    assert_eq!(gateway.post(&link, &[("undo", "x")]).await.0, 429);
    assert_eq!(gateway.post("/u/forged", &[("List-Unsubscribe", "One-Click")]).await.0, 429);
    for _ in 0..10 {
        assert_eq!(gateway.post(&link, &[("List-Unsubscribe", "One-Click")]).await.0, 200);
    }
    assert_eq!(gateway.one_click_multipart(&link).await, 200);
    clock.advance(Duration::from_secs(66));
    assert_eq!(gateway.get(&link).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_calls_too_often_waits() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let clock = Clock::driven(Clock::system().now());
    let gateway = Setup::new(&database, &upstream).api("rate = \"3/minute\"").start_on(clock.clone()).await;
    let lookup =
        || gateway.api("POST", "/v1/subscribers/lookup", Some(serde_json::json!({"email": "a@b.example"})));
    for _ in 0..3 {
        assert_eq!(lookup().await.0, 404);
    }
    let (status, problem) = lookup().await;
    assert_eq!((status, problem["status"].as_u64()), (429, Some(429)), "{problem}");
    assert_eq!(gateway.api("GET", "/healthz", None).await.0, 200);
    clock.advance(Duration::from_secs(66));
    assert_eq!(lookup().await.0, 404);
}

/// Sends a request's head octet by octet; whether it is hung up on.
async fn drip(address: SocketAddr) -> bool {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut octets = b"GET / HTTP/1.1\r\nHost: x\r\nX-Filler: ".to_vec();
    octets.extend(std::iter::repeat_n(b'x', 4_096));
    for octet in octets {
        let mut heard = [0; 64];
        tokio::select! {
            read = stream.read(&mut heard) => if !matches!(read, Ok(1..)) { return true },
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
        if stream.write_all(&[octet]).await.is_err() {
            return true;
        }
        if tokio::time::Instant::now() > deadline {
            return false;
        }
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_only_drips_is_not_waited_for() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = Setup::new(&database, &upstream).web("idle_timeout = \"1s\"").start().await;
    assert!(drip(gateway.web()).await, "it was never hung up on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = Setup::new(&database, &upstream).web("idle_timeout = \"1s\"").start().await;
    gateway.opt_in("anna@example.se", &["apparel"]).await;
    gateway.submit(&["anna@example.se"], &newsletter("anna@example.se", "apparel")).await;
    let link = unsubscribe_path(&upstream.first_for("anna@example.se").await);
    let mut stream = TcpStream::connect(gateway.web()).await.expect("it listens");
    let head = format!("POST {link} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nlist-unsub");
    stream.write_all(head.as_bytes()).await.expect("it reads");
    let mut heard = Vec::new();
    let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut heard)).await;
    assert!(ended.is_ok(), "it was never hung up on");
    assert!(!heard.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&heard));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_has_so_many_connections_to_the_pages() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let keys = "trusted_proxies = []\nmax_connections_per_address = 2";
    let gateway = Setup::new(&database, &upstream).web(keys).start().await;
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(gateway.web()).await.expect("it listens");
        stream.write_all(b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n").await.expect("it reads");
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.expect("it answers");
        assert_eq!(&answer, b"HTTP/1.1 404");
        held.push(stream);
    }
    let mut one_more = TcpStream::connect(gateway.web()).await.expect("it listens");
    let mut answer = Vec::new();
    one_more.read_to_end(&mut answer).await.expect("an answer, and the end");
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("Retry-After: "), "{answer}");
}
