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

/// A certificate for 127.0.0.1 that nobody knows, and its key: two files.
fn certificate(database: &Database) -> [String; 2] {
    let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let files = ["up.crt", "up.key"].map(|name| database.folder().join(name));
    std::fs::write(&files[0], own.cert.pem()).unwrap();
    std::fs::write(&files[1], own.signing_key.serialize_pem()).unwrap();
    files.map(|file| file.display().to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_outcome_is_the_same_without_extensions() {
    let Some(script) = script() else { return };
    let database = Database::sqlite();
    let lacking = ["--without", "PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE", "ENHANCEDSTATUSCODES"];
    let faulty = Faulty::start(&script, &database, &lacking).await;
    let gateway = Setup::towards(&database, faulty.address).start().await;
    for (fault, state) in [
        ("ok", "relayed"),
        ("rcpt450", "queued"),
        ("rcpt550", "rejected"),
        ("data554", "rejected"),
        ("datadrop", "queued"),
        ("end552", "rejected"),
        ("enddrop", "queued"),
        ("ok+again", "relayed"),
    ] {
        let id = send(&gateway, &format!("{fault}@example.se")).await;
        tried(&gateway, &id).await;
        gateway.until(&id, state).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_hangs_is_waited_for_only_so_long() {
    let Some(script) = script() else { return };
    let database = Database::sqlite();
    let faulty = Faulty::start(&script, &database, &[]).await;
    let keys = "tls = \"none\"\ntimeouts = { command = \"2s\", data = \"2s\", end_of_data = \"2s\" }";
    let gateway = Setup::towards(&database, faulty.address).upstream(keys).start().await;
    for (fault, told) in [
        ("rcpthang", "no answer in time (RCPT)"),
        ("endhang", "no answer in time after the final dot: the message may have been taken"),
    ] {
        let id = send(&gateway, &format!("{fault}@example.se")).await;
        let delivery = tried(&gateway, &id).await;
        assert_eq!(
            (&delivery["state"], &delivery["last_response"]),
            (&"queued".into(), &told.into()),
            "{fault}"
        );
    }
    let id = send(&gateway, "ok@example.se").await;
    gateway.until(&id, "relayed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_way_in_which_tls_fails_is_told_and_mail_waits() {
    let Some(script) = script() else { return };
    for (how, trouble, told) in [
        ("454", "starttls", "the upstream refuses us: 454"),
        ("reset", "tls", "TLS fails"),
        ("garbage", "tls", "TLS fails"),
        ("hang", "tls", "TLS fails: no answer to the handshake in time"),
        ("ok", "certificate", "the upstream's certificate is not to be trusted"),
        ("none", "starttls", "the upstream doesn't offer STARTTLS, which is required"),
    ] {
        let database = Database::sqlite();
        let [crt, key] = certificate(&database);
        let options = if how == "none" { vec![] } else { vec!["--cert", &crt, &key, "--tls", how] };
        let faulty = Faulty::start(&script, &database, &options).await;
        let keys = "tls = \"required\"\ntimeouts = { connect = \"2s\" }";
        let gateway = Setup::towards(&database, faulty.address).upstream(keys).start().await;
        let id = send(&gateway, "ok@example.se").await;
        let delivery = tried(&gateway, &id).await;
        assert_eq!(delivery["state"], "queued", "{how}: {delivery}");
        let said = delivery["last_response"].as_str().unwrap();
        assert!(said.starts_with("primary: ") && said.contains(told), "{how}: {said}");
        let log = gateway.log();
        let down: Vec<&str> = log.lines().filter(|line| line.contains("upstream down")).collect();
        assert_eq!(down.len(), 1, "{how}: {down:?}");
        assert!(down[0].contains(&format!("\"trouble\":\"{trouble}\"")), "{how}: {}", down[0]);
        let metric = format!("optgate_upstream_failures_total{{upstream=\"primary\",stage=\"{trouble}\"}} ");
        let metrics = gateway.metrics().await;
        let none = format!("{metric}0\n");
        assert!(metrics.contains(&metric) && !metrics.contains(&none), "{how}: {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_of_ones_own_authority_is_trusted_and_unchecked_where_opportunistic() {
    let Some(script) = script() else { return };
    let database = Database::sqlite();
    let [crt, key] = certificate(&database);
    let faulty = Faulty::start(&script, &database, &["--cert", &crt, &key]).await;
    for (node, keys) in [
        ("trusting", format!("tls = \"required\"\nca_file = \"{crt}\"")),
        ("opportunistic", "tls = \"opportunistic\"".to_owned()),
    ] {
        let own = Database::sqlite();
        let gateway = Setup::towards(&own, faulty.address).node(node).upstream(&keys).start().await;
        let id = send(&gateway, &format!("ok+{node}@example.se")).await;
        gateway.until(&id, "relayed").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_refuses_everybody_bounces_nobody() {
    let Some(script) = script() else { return };
    for banner in ["554", "421", "none"] {
        let database = Database::sqlite();
        let faulty = Faulty::start(&script, &database, &["--banner", banner]).await;
        let keys = "tls = \"none\"\ntimeouts = { greeting = \"2s\" }";
        let gateway = Setup::towards(&database, faulty.address).upstream(keys).start().await;
        let id = send(&gateway, "ok@example.se").await;
        assert_eq!(tried(&gateway, &id).await["state"], "queued", "{banner}");
    }
    let database = Database::sqlite();
    let faulty = Faulty::start(&script, &database, &["--banner", "slow"]).await;
    let gateway = Setup::towards(&database, faulty.address).start().await;
    let id = send(&gateway, "ok@example.se").await;
    gateway.until(&id, "relayed").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upstream_that_is_down_keeps_mail_waiting() {
    let database = Database::sqlite();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gateway = Setup::towards(&database, port).start().await;
    let id = send(&gateway, "ok@example.se").await;
    assert_eq!(tried(&gateway, &id).await["state"], "queued");
}
