//! `POST /v1/decisions` by lines: a segment is filtered while it is sent, whoever reads how slowly.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::support::gateway::Setup;
use crate::support::{Database, Gateway, PATIENCE, Upstream, on_both_databases};

/// Recipients, a thousand of them over and over.
const LINES: usize = 40_000;
const PEOPLE: usize = 1_000;
/// Every so many, a line is none.
const MALFORMED: usize = 9_000;
/// What an answer may hold in memory, in KiB: buffers of the connection, and what an allocator keeps.
const MARGIN: u64 = 24 << 10;

fn line(number: usize) -> String {
    match number % MALFORMED {
        0 => "nonsense\n".to_owned(),
        _ => format!("{{\"recipient\":\"p{}@example.se\"}}\n", number % PEOPLE),
    }
}

/// A question by lines, as far as its first.
async fn ask(gateway: &Gateway) -> (OwnedReadHalf, OwnedWriteHalf) {
    let address: SocketAddr = gateway.api_url("").trim_start_matches("http://").parse().unwrap();
    let (read, mut write) = TcpStream::connect(address).await.unwrap().into_split();
    let head = format!(
        "POST /v1/decisions HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
        gateway.secret("demo-shop/api")
    );
    write.write_all(head.as_bytes()).await.unwrap();
    write.write_all(&chunk("{\"stream\":\"marketing\",\"scope\":\"apparel\"}\n")).await.unwrap();
    (read, write)
}

fn chunk(text: &str) -> Vec<u8> {
    format!("{:x}\r\n{text}\r\n", text.len()).into_bytes()
}

/// The lines of an answer that came in chunks, and whether it came to its end.
fn lines(octets: &[u8]) -> (Vec<Value>, bool) {
    let text = String::from_utf8_lossy(octets);
    let (head, mut rest) = text.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let (mut body, mut whole) = (String::new(), false);
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        whole = size == 0;
        let Some(piece) = after.get(..size).filter(|_| !whole) else { break };
        body.push_str(piece);
        rest = after.get(size + 2..).unwrap_or_default();
    }
    (body.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(), whole)
}

async fn read_to_end(mut read: OwnedReadHalf) -> Vec<u8> {
    let mut octets = Vec::new();
    let end = tokio::time::timeout(4 * PATIENCE, read.read_to_end(&mut octets)).await;
    // How it ends is of no matter here, but it does.
    let _ = end.expect("the answer ends");
    octets
}

/// Until nobody reads any more of what is sent.
async fn until_it_stands(sent: &AtomicUsize) {
    loop {
        let before = sent.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(500)).await;
        if sent.load(Ordering::SeqCst) == before {
            return;
        }
    }
}

on_both_databases! {
    async fn a_segment_is_filtered_in_constant_memory_however_slowly_it_is_read(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in("p7@example.se", &["apparel"]).await;
        let before = gateway.resident();
        let (read, mut write) = ask(&gateway).await;
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = sent.clone();
        let sending = tokio::spawn(async move {
            for from in (1..=LINES).step_by(100) {
                let some: String = (from..from + 100).map(line).collect();
                write.write_all(&chunk(&some)).await.expect("it is read on");
                counted.fetch_add(100, Ordering::SeqCst);
            }
            write.write_all(b"0\r\n\r\n").await.expect("it is read to its end");
            write
        });
        until_it_stands(&sent).await;
        let grown = gateway.resident().saturating_sub(before);
        assert!(grown < MARGIN, "{grown} KiB more than before, {} lines in", sent.load(Ordering::SeqCst));
        let octets = read_to_end(read).await;
        drop(sending.await.expect("all was sent"));
        let (answers, whole) = lines(&octets);
        assert_eq!((answers.len(), whole), (LINES, true));
        for (answer, number) in answers.iter().zip(1..) {
            if number % MALFORMED == 0 {
                assert_eq!((&answer["line"], &answer["problem"]["status"]), (&(number + 1).into(), &400.into()));
                continue;
            }
            let person = number % PEOPLE;
            assert_eq!(answer["recipient"], format!("p{person}@example.se"));
            assert_eq!(answer["verdict"], if person == 7 { "deliver" } else { "refuse" }, "{answer}");
        }
        let grown = gateway.resident().saturating_sub(before);
        assert!(grown < MARGIN, "{grown} KiB more than before");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_sending_is_answered_what_was_sent_and_hung_up_on() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let gateway = Setup::new(&database, &upstream).api("idle_timeout = \"1s\"").start().await;
    let (read, mut write) = ask(&gateway).await;
    let some = format!("{}{}{{\"recipient\":\"p3@ex", line(1), line(2));
    write.write_all(&chunk(&some)).await.unwrap();
    let (answers, _) = lines(&read_to_end(read).await);
    let verdicts: Vec<&Value> = answers.iter().filter(|answer| answer["verdict"].is_string()).collect();
    assert_eq!(verdicts.len(), 2, "what was whole is answered, what was not is not: {answers:?}");
    // Another is served all the same.
    assert_eq!(gateway.api("GET", "/healthz", None).await.0, 200);
}
