//! The server as a tool meets it on the wire, over a store of its own and without any policy: no message
//! gets further than a refusal, which is all that is needed here.

use std::net::SocketAddr;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use secrecy::ExposeSecret as _;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use uuid::Uuid;

use super::*;
use crate::clock::Clock;
use crate::credential;
use crate::keys::Keys;
use crate::mail::message::Bounds;
use crate::outcome::dsn::{Notifier, NullSenderMail};
use crate::policy::shaping::Shaping;
use crate::policy::{PolicySet, Stream};
use crate::store::{Role, Store, StoreOptions};

/// A server on a free port, with one credential.
struct Gateway {
    address: SocketAddr,
    store: Store,
    clock: Clock,
    password: String,
    roots: rustls::RootCertStore,
    shutdown: CancellationToken,
    served: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

const DRAIN: Duration = Duration::from_secs(20);

impl Gateway {
    async fn start(trusted: Vec<Trusted>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::driven(Timestamp::from_second(1_800_000_000).unwrap());
        let store = open_store(&folder, &clock).await;
        let made = credential::make(&clock, "shop", "tool", Role::Smtp, vec![Stream::Marketing]).await;
        store.add_credential(&made.credential).await.unwrap();
        let (tls, roots) = certificate();
        let settings = Settings {
            hostname: "gateway.example".into(),
            max_message_size: 1_000,
            max_recipients: 10,
            allow_plaintext_auth: true,
            tls: Some(Arc::new(tls)),
            trusted,
            balancers: Vec::new(),
            limits: Limits::default(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let verifier = Verifier::new(store.clone(), clock.clone(), Default::default());
        let intake = Arc::new(intake(store.clone(), clock.clone()));
        let listeners = vec![(listener, Greeting::Plain)];
        let taker = Taker::Submission(intake);
        let served = tokio::spawn(serve(listeners, settings, taker, verifier, shutdown.clone(), DRAIN));
        let password = made.secret.expose_secret().to_owned();
        Self { address, store, clock, password, roots, shutdown, served, _folder: folder }
    }

    /// A connection that has read the greeting.
    async fn connect(&self) -> Client<TcpStream> {
        let mut client = Client(BufReader::new(TcpStream::connect(self.address).await.unwrap()));
        assert!(client.reply().await.starts_with("220 gateway.example ESMTP"));
        client
    }

    /// A connection that may submit.
    async fn tool(&self) -> Client<TcpStream> {
        let mut client = self.connect().await;
        client.expect("EHLO tool.example\r\n", "250").await;
        let login = format!("\0shop/tool\0{}", self.password);
        let login = data_encoding::BASE64.encode(login.as_bytes());
        client.expect(&format!("AUTH PLAIN {login}\r\n"), "235 2.7.0 ").await;
        client
    }
}

async fn open_store(folder: &tempfile::TempDir, clock: &Clock) -> Store {
    let options = StoreOptions {
        url: format!("sqlite://{}/optgate.db", folder.path().display()),
        node: Uuid::from_u128(1),
        lease: Duration::from_secs(60),
    };
    let store = Store::open(&options, Arc::new(Keys::generate()), clock.clone()).await.unwrap();
    store.migrate().await.unwrap();
    store.bind_keys().await.unwrap();
    store
}

fn intake(store: Store, clock: Clock) -> Intake {
    let policies = PolicySet {
        hash: "none".into(),
        senders: Default::default(),
        jurisdictions: Default::default(),
        shaping: Shaping::default(),
        dialects: Default::default(),
        files: Default::default(),
    };
    Intake {
        store,
        clock,
        policies: Arc::new(ArcSwap::from_pointee(policies)),
        notifier: Notifier { hostname: "gateway.example".into(), upstream: NullSenderMail::Taken },
        queue_changed: Arc::new(Notify::new()),
        bounds: Bounds::MOST,
        home: Default::default(),
        told: Default::default(),
    }
}

fn certificate() -> (rustls::ServerConfig, rustls::RootCertStore) {
    // Another test may have installed it.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let made = rcgen::generate_simple_self_signed(["gateway.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let server = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    (server, roots)
}

struct Client<S>(BufReader<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// The last line of the next reply; empty at the end.
    async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            timeout(DRAIN, self.0.read_line(&mut line)).await.expect("a reply comes").unwrap();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    async fn expect(&mut self, text: &str, expected: &str) {
        self.send(text).await;
        let reply = self.reply().await;
        assert!(reply.starts_with(expected), "{text:?}: {reply:?}, expected {expected:?}");
    }

    async fn expect_end(&mut self) {
        let mut rest = Vec::new();
        timeout(DRAIN, self.0.read_to_end(&mut rest)).await.expect("the end comes").unwrap();
        assert_eq!(rest, b"");
    }
}

const ENVELOPE: &str = "MAIL FROM:<news@shop.example>\r\nRCPT TO:<a@example.net>\r\nDATA\r\n";

#[tokio::test]
async fn pipelined_commands_are_answered_each_in_turn() {
    let gateway = Gateway::start(Vec::new()).await;
    let mut client = gateway.tool().await;
    client.send(ENVELOPE).await;
    for expected in ["250 2.1.0 ", "250 2.1.5 ", "354 "] {
        assert!(client.reply().await.starts_with(expected));
    }
    client.send("Subject: x\r\n\r\n..body\r\n.\r\nNOOP\r\nQUIT\r\n").await;
    let decided = client.reply().await;
    assert!(decided.starts_with("550 5.7.1 [") && decided.contains("; decision "), "{decided}");
    assert!(client.reply().await.starts_with("250 2.0.0 "));
    assert!(client.reply().await.starts_with("221 2.0.0 "));
    client.expect_end().await;
}

#[tokio::test]
async fn what_was_said_in_clear_does_not_survive_starttls() {
    let gateway = Gateway::start(Vec::new()).await;
    let mut client = gateway.tool().await;
    client.expect("STARTTLS\r\nMAIL FROM:<injected@shop.example>\r\nNOOP\r\n", "220 2.0.0 ").await;
    let config =
        rustls::ClientConfig::builder().with_root_certificates(gateway.roots.clone()).with_no_client_auth();
    let name = ServerName::try_from("gateway.example").unwrap();
    let tls = TlsConnector::from(Arc::new(config)).connect(name, client.0.into_inner()).await.unwrap();
    let mut client = Client(BufReader::new(tls));
    client.expect("RCPT TO:<a@example.net>\r\n", "503 5.5.1 MAIL").await;
    client.expect("EHLO tool.example\r\n", "250 AUTH PLAIN LOGIN").await;
    client.expect("MAIL FROM:<news@shop.example>\r\n", "530 5.7.0 ").await;
}

#[tokio::test]
async fn a_revocation_ends_open_sessions() {
    let gateway = Gateway::start(Vec::new()).await;
    let mut client = gateway.tool().await;
    assert!(gateway.store.revoke_credential("shop", "tool").await.unwrap());
    gateway.clock.advance(Duration::from_secs(5));
    client.send(ENVELOPE).await;
    // Pipelined, the rest of the transaction has nothing to stand on.
    for expected in ["535 5.7.8 ", "503 5.5.1 ", "503 5.5.1 "] {
        let reply = client.reply().await;
        assert!(reply.starts_with(expected), "{reply}");
    }
    client.expect("MAIL FROM:<news@shop.example>\r\n", "530 5.7.0 ").await;
    let login = data_encoding::BASE64.encode(format!("\0shop/tool\0{}", gateway.password).as_bytes());
    client.expect(&format!("AUTH PLAIN {login}\r\n"), "535 5.7.8 ").await;
}

#[tokio::test]
async fn a_revocation_within_a_transaction_is_told_when_the_data_has_come() {
    let gateway = Gateway::start(Vec::new()).await;
    let mut client = gateway.tool().await;
    client.send(ENVELOPE).await;
    for expected in ["250 2.1.0 ", "250 2.1.5 ", "354 "] {
        assert!(client.reply().await.starts_with(expected));
    }
    assert!(gateway.store.revoke_credential("shop", "tool").await.unwrap());
    gateway.clock.advance(Duration::from_secs(5));
    client.expect("Subject: x\r\n.\r\n", "535 5.7.8 ").await;
}

#[tokio::test]
async fn a_trusted_network_needs_no_login() {
    let networks = vec!["127.0.0.0/8".parse().unwrap()];
    let gateway =
        Gateway::start(vec![Trusted { networks, credential: "shop/tool".into(), max_connections: 9 }]).await;
    let mut client = gateway.connect().await;
    client.expect("HELO tool.example\r\n", "250 ").await;
    client.expect("MAIL FROM:<news@shop.example>\r\n", "250 2.1.0 ").await;
}

#[tokio::test]
async fn a_message_too_large_is_refused_and_the_session_goes_on() {
    let gateway = Gateway::start(Vec::new()).await;
    let mut client = gateway.tool().await;
    client.send(ENVELOPE).await;
    for expected in ["250 2.1.0 ", "250 2.1.5 ", "354 "] {
        assert!(client.reply().await.starts_with(expected));
    }
    client.expect(&format!("{}.\r\n", "x\r\n".repeat(500)), "552 5.3.4 ").await;
    client.expect("MAIL FROM:<news@shop.example>\r\n", "250 2.1.0 ").await;
}

#[tokio::test]
async fn shutting_down_lets_the_message_in_hand_finish() {
    let gateway = Gateway::start(Vec::new()).await;
    let mut idle = gateway.tool().await;
    let mut busy = gateway.tool().await;
    busy.send(ENVELOPE).await;
    for expected in ["250 2.1.0 ", "250 2.1.5 ", "354 "] {
        assert!(busy.reply().await.starts_with(expected));
    }
    gateway.shutdown.cancel();
    assert!(idle.reply().await.starts_with("421 4.3.2 "));
    idle.expect_end().await;
    busy.expect("Subject: x\r\n\r\nbody\r\n.\r\nNOOP\r\n", "550 5.7.1 ").await;
    assert!(busy.reply().await.starts_with("421 4.3.2 "));
    busy.expect_end().await;
    gateway.served.await.unwrap();
    assert!(TcpStream::connect(gateway.address).await.is_err());
}
