//! An upstream that says and expects what a script tells it to, one script a connection.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::deliver::upstream::Settings;

const PATIENCE: Duration = Duration::from_secs(10);

/// One thing that the upstream does.
#[derive(Clone, Debug)]
pub enum Step {
    Say(String),
    /// The next line begins so.
    Hear(String),
    /// All that comes up to the final dot.
    HearContent(&'static str),
    /// Something of a message comes.
    HearSome,
    /// The other side closes, and says nothing (or goodbye) before.
    HearClose,
    /// Nothing comes for a moment.
    Silence,
    /// Stays open without a word until the other side goes.
    Hold,
    StartTls,
}

pub fn say(text: &str) -> Step {
    Step::Say(text.to_owned())
}

pub fn hear(text: &str) -> Step {
    Step::Hear(text.to_owned())
}

pub struct Scripted {
    pub port: u16,
    certificate: String,
    running: JoinHandle<()>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

impl Scripted {
    /// Serves these scripts to the connections that come, in order.
    pub async fn run(scripts: Vec<Vec<Step>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let own = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
        let acceptor = acceptor(own.cert.der().clone(), own.signing_key.serialize_der());
        let certificate = own.cert.pem();
        let running = tokio::spawn(async move {
            let mut connections = Vec::new();
            for script in scripts {
                let (socket, _) = listener.accept().await.unwrap();
                connections.push(tokio::spawn(play(socket, script, acceptor.clone())));
            }
            for connection in connections {
                connection.await.unwrap();
            }
        });
        Self { port, certificate, running }
    }

    /// All scripts were played to their end.
    pub async fn ended(self) {
        timeout(PATIENCE, self.running).await.expect("the scripts come to an end").unwrap();
    }

    /// Settings that trust this upstream's certificate.
    pub fn trusting(&self, settings: Settings) -> Settings {
        Settings { extra_roots: vec![self.certificate.clone().into_bytes()], ..settings }
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: Vec<u8>) -> TlsAcceptor {
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key).unwrap())
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn play(socket: TcpStream, script: Vec<Step>, acceptor: TlsAcceptor) {
    let mut plain = Some(socket);
    let mut stream: Option<Box<dyn Stream>> = None;
    for step in script {
        if let Step::StartTls = step {
            let socket = plain.take().expect("plain until here");
            // A client that refuses the certificate ends the script.
            let Ok(protected) = acceptor.accept(socket).await else { return };
            stream = Some(Box::new(protected));
            continue;
        }
        let stream: &mut dyn Stream = match (&mut stream, &mut plain) {
            (Some(stream), _) => stream,
            (None, Some(socket)) => socket,
            (None, None) => return,
        };
        if !act(stream, step).await {
            return;
        }
    }
}

/// False once the other side has gone.
async fn act(stream: &mut (dyn Stream + '_), step: Step) -> bool {
    match step {
        Step::Say(text) => stream.write_all(text.as_bytes()).await.is_ok(),
        Step::Hear(start) => {
            let line = line(stream).await;
            assert!(line.starts_with(&start), "heard {line:?} instead of {start:?}");
            true
        }
        Step::HearContent(expect) => {
            let mut content = String::new();
            while !content.ends_with("\r\n.\r\n") {
                content.push_str(&line(stream).await);
                content.push_str("\r\n");
            }
            assert_eq!(content, expect);
            true
        }
        Step::HearSome => {
            let mut some = [0; 4096];
            matches!(timeout(PATIENCE, stream.read(&mut some)).await, Ok(Ok(1..)))
        }
        Step::HearClose => {
            let mut rest = Vec::new();
            let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it closes");
            let content = rest.iter().filter(|octet| **octet == b'\n').count() > 10;
            assert!(rest.is_empty() || rest == b"QUIT\r\n" || content, "{rest:?}");
            true
        }
        Step::Silence => {
            let mut octet = [0; 1];
            let heard = timeout(Duration::from_millis(50), stream.read(&mut octet)).await;
            assert!(!matches!(heard, Ok(Ok(1..))), "heard {octet:?} instead of silence");
            true
        }
        Step::Hold => {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            false
        }
        Step::StartTls => unreachable!("done by `play`"),
    }
}

async fn line(stream: &mut (dyn Stream + '_)) -> String {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let octet = timeout(PATIENCE, stream.read_u8()).await.expect("a line in time").expect("a line");
        line.push(octet);
    }
    String::from_utf8(line).unwrap().trim_end().to_owned()
}
