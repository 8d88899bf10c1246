//! Every mode of `tools/fault_upstream.py`, and what it must come to. Runs where `OPTGATE_SHARED` names the
//! folder that has it.

use std::process::{Child, Command, Stdio};

use super::*;

/// What a mode must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Done,
    Later,
    Never,
    /// Later, and perhaps taken.
    Lost,
}

struct Faulty {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Faulty {
    /// `None` where there is no such tool.
    async fn start(options: &[&str]) -> Option<Self> {
        let tool = std::path::Path::new(&std::env::var_os("OPTGATE_SHARED")?).join("tools/fault_upstream.py");
        let folder = tempfile::tempdir().unwrap();
        let port = {
            let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            free.local_addr().unwrap().port()
        };
        let mut command = Command::new("python3");
        command.arg(tool).arg(port.to_string()).arg(folder.path()).arg("120").args(options);
        let child = command.stdin(Stdio::null()).spawn().unwrap();
        let faulty = Self { child, port, _folder: folder };
        for _ in 0..500 {
            if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                return Some(faulty);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the tool does not listen");
    }

    fn upstream(&self) -> Arc<Upstream> {
        let mut settings = settings(self.port);
        // `slow` answers after three seconds; `hang` never does.
        settings.timeouts.command = Duration::from_secs(4);
        settings.timeouts.end_of_data = Duration::from_secs(4);
        settings.connections = 32;
        Upstream::new(settings, "gateway.example.com")
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn came_to(result: &Result<Response, Failure>) -> Expect {
    match result {
        Ok(_) => Expect::Done,
        Err(failure) if failure.may_have_been_taken() => Expect::Lost,
        Err(failure) => match failure.meaning() {
            Meaning::Never(_) => Expect::Never,
            Meaning::Later | Meaning::Done => Expect::Later,
        },
    }
}

/// Modes by the local part, with and without pipelining.
const MODES: [(&str, Expect); 20] = [
    ("ok", Expect::Done),
    ("rcpt450", Expect::Later),
    ("rcpt550", Expect::Never),
    ("rcpt452", Expect::Later),
    ("rcptdrop", Expect::Later),
    ("rcpthang", Expect::Later),
    ("data451", Expect::Later),
    ("data554", Expect::Never),
    ("datadrop", Expect::Later),
    ("end451", Expect::Later),
    ("end552", Expect::Never),
    ("end421", Expect::Later),
    ("enddrop", Expect::Lost),
    ("endhang", Expect::Lost),
    ("endlost", Expect::Lost),
    ("slow", Expect::Done),
    ("multi", Expect::Done),
    ("split", Expect::Done),
    ("enh", Expect::Done),
    ("once451", Expect::Done),
];

async fn check_modes(options: &[&str]) {
    let Some(faulty) = Faulty::start(options).await else { return };
    let upstream = faulty.upstream();
    let check = async |upstream: &Arc<Upstream>, mode: &str, expect: Expect| {
        let result = send_to(upstream, &format!("{mode}+x@example.se"), Body::SevenBit).await;
        assert_eq!(came_to(&result), expect, "{mode}: {result:?}");
    };
    check(&upstream, "once451", Expect::Later).await;
    // Together, since some take their time; on connections of their own and on kept ones.
    let mut running = tokio::task::JoinSet::new();
    for (mode, expect) in MODES {
        let upstream = upstream.clone();
        running.spawn(async move { check(&upstream, mode, expect).await });
    }
    running.join_all().await;
    check(&upstream, "ok", Expect::Done).await;
}

#[tokio::test]
async fn every_fault_has_the_outcome_that_it_must_have() {
    check_modes(&[]).await;
}

#[tokio::test]
async fn every_fault_has_the_same_outcome_without_extensions() {
    let lacking = ["--without", "PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE", "ENHANCEDSTATUSCODES"];
    check_modes(&lacking).await;
}

#[tokio::test]
async fn a_connection_dropped_within_a_large_message_is_later() {
    let Some(faulty) = Faulty::start(&[]).await else { return };
    let upstream = faulty.upstream();
    let large = b"0123456789012345678901234567890123456789\r\n".repeat(200_000);
    let mut connection = upstream.connection(Reuse::Allowed).await.unwrap();
    let recipient = address("mid@example.se");
    let envelope =
        Envelope { sender: None, recipient: &recipient, body: Body::SevenBit, asked: Asked::default() };
    let leave = release_dsn(super::verdict());
    let failure = connection.send(leave, &envelope, &[b"Subject: x\r\n\r\n", &large]).await.unwrap_err();
    assert_eq!(failure.meaning(), Meaning::Later);
    assert!(!connection.is_usable());
}

#[tokio::test]
async fn an_upstream_that_does_not_greet_is_later() {
    for banner in ["554", "421", "none"] {
        let Some(faulty) = Faulty::start(&["--banner", banner]).await else { return };
        let result = send(&faulty.upstream()).await;
        assert_eq!(came_to(&result), Expect::Later, "{banner}: {result:?}");
    }
}

#[tokio::test]
async fn a_starttls_that_fails_is_later() {
    let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&certificate, own.cert.pem()).unwrap();
    std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    for (how, expect) in [
        ("ok", Expect::Done),
        ("454", Expect::Later),
        ("reset", Expect::Later),
        ("garbage", Expect::Later),
        ("hang", Expect::Later),
    ] {
        let options = ["--cert", certificate, key, "--tls", how];
        let Some(faulty) = Faulty::start(&options).await else { return };
        let mut settings = faulty.upstream().settings().clone();
        settings.tls = Tls::Required;
        settings.extra_roots = vec![own.cert.pem().into_bytes()];
        let result = send(&Upstream::new(settings, "gateway.example.com")).await;
        assert_eq!(came_to(&result), expect, "{how}: {result:?}");
    }
}
