//! An upstream that misbehaves on demand (`tools/fault_upstream.py` of the shared folder): each fault with
//! the outcome that it must have.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::service_mail;
use crate::support::{Database, Gateway, eventually};

/// The script, or `None` with a note where there is no shared folder; in CI there has to be one.
fn script() -> Option<PathBuf> {
    let Some(shared) = std::env::var_os("OPTGATE_SHARED") else {
        assert!(std::env::var_os("CI").is_none(), "CI names the shared folder");
        eprintln!("no OPTGATE_SHARED: not run");
        return None;
    };
    Some(PathBuf::from(shared).join("tools/fault_upstream.py"))
}

struct Faulty {
    child: Child,
    address: SocketAddr,
}

impl Faulty {
    async fn start(script: &PathBuf, database: &Database, options: &[&str]) -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = database.folder().join(format!("faults-{port}"));
        let child = Command::new("python3")
            .arg(script)
            .arg(port.to_string())
            .arg(&folder)
            .arg("120")
            .args(options)
            .stdin(Stdio::null())
            .spawn()
            .expect("python3 runs");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        eventually("the faulty upstream listens", || async {
            tokio::net::TcpStream::connect(address).await.ok().map(drop)
        })
        .await;
        Self { child, address }
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn send(gateway: &Gateway, recipient: &str) -> String {
    let long = "x".repeat(70);
    let body: String = (0..60).map(|_| format!("{long}\r\n")).collect();
    let message = format!("{}\r\n{body}", service_mail(recipient));
    let reply = gateway.submit(&[recipient], &message).await;
    assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
    message_id(&reply)
}

async fn tried(gateway: &Gateway, message: &str) -> serde_json::Value {
    eventually(&format!("an attempt at {message}"), || async {
        let delivery = gateway.deliveries(message).await.remove(0);
        (delivery["last_response"].is_string() || delivery["state"] != "queued").then_some(delivery)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_of_a_transaction_has_its_outcome() {
    let Some(script) = script() else { return };
    let database = Database::sqlite();
    let faulty = Faulty::start(&script, &database, &[]).await;
    let gateway = Setup::towards(&database, faulty.address).start().await;
    for (fault, state) in [
        ("ok", "relayed"),
        ("multi", "relayed"),
        ("split", "relayed"),
        ("enh", "relayed"),
        ("slow", "relayed"),
        ("rcpt450", "queued"),
        ("rcpt452", "queued"),
        ("rcpt550", "rejected"),
        ("rcptdrop", "queued"),
        ("data451", "queued"),
        ("data554", "rejected"),
        ("datadrop", "queued"),
        ("mid", "queued"),
        ("end451", "queued"),
        ("end552", "rejected"),
        ("end421", "queued"),
        ("enddrop", "queued"),
        ("endlost", "queued"),
        ("once451", "queued"),
    ] {
        let id = send(&gateway, &format!("{fault}@example.se")).await;
        let delivery = tried(&gateway, &id).await;
        if state == "relayed" {
            gateway.until(&id, "relayed").await;
        } else {
            assert_eq!(delivery["state"], state, "{fault}: {delivery}");
        }
        if state == "queued" {
            assert!(delivery["next_attempt_at"].is_string(), "{fault}: {delivery}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_refuses_everybody_bounces_nobody() {
    let Some(script) = script() else { return };
    for options in [["--banner", "554"], ["--banner", "421"]] {
        let database = Database::sqlite();
        let faulty = Faulty::start(&script, &database, &options).await;
        let gateway = Setup::towards(&database, faulty.address).start().await;
        let id = send(&gateway, "ok@example.se").await;
        assert_eq!(tried(&gateway, &id).await["state"], "queued", "{options:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_is_down_keeps_mail_waiting() {
    let database = Database::sqlite();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gateway = Setup::towards(&database, port).start().await;
    let id = send(&gateway, "ok@example.se").await;
    assert_eq!(tried(&gateway, &id).await["state"], "queued");
}
