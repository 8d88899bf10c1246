//! An upstream for tests that takes mail and remembers it; the recipient's local part chooses what it answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::{Kind, Settings, Timeouts, Tls};

/// Answers `550` to `never@…`, `450` to `later@…`, nothing after the final dot to `hang@…`, else takes it.
#[derive(Clone)]
pub struct Sink {
    pub port: u16,
    taken: Arc<Mutex<Vec<Taken>>>,
    /// Greets whom it lets in.
    gate: Arc<Semaphore>,
}

/// A message that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub recipient: String,
    pub content: String,
}

impl Sink {
    pub async fn start() -> Self {
        let sink = Self::start_closed().await;
        sink.open();
        sink
    }

    /// Lets everybody in.
    pub fn open(&self) {
        self.gate.add_permits(1_000);
    }

    /// Takes connections and says nothing until it is opened.
    pub async fn start_closed() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            port: listener.local_addr().unwrap().port(),
            taken: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
        };
        let own = sink.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(own.clone().serve(socket));
            }
        });
        sink
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    pub fn settings(&self) -> Settings {
        Settings {
            name: "primary".into(),
            host: "127.0.0.1".into(),
            port: self.port,
            tls: Tls::None,
            login: None,
            connections: 4,
            priority: 0,
            weight: 1,
            region: None,
            kind: Kind::Generic,
            signs: false,
            headers: Vec::new(),
            extra_roots: Vec::new(),
            timeouts: Timeouts { connect: Duration::from_secs(5), ..Timeouts::default() },
        }
    }

    async fn serve(self, socket: TcpStream) -> Option<()> {
        let mut stream = BufReader::new(socket);
        self.gate.acquire().await.ok()?.forget();
        stream.write_all(b"220 sink\r\n").await.ok()?;
        let (mut recipient, mut accepted) = (String::new(), false);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let verb = line.split([' ', ':', '\r']).next().unwrap_or_default();
            let answer = match verb {
                "EHLO" => "250-sink\r\n250-PIPELINING\r\n250 8BITMIME",
                "RCPT" => {
                    recipient = line[9..line.len() - 3].to_owned();
                    accepted = !recipient.starts_with("never@") && !recipient.starts_with("later@");
                    match () {
                        () if accepted => "250 2.1.5 ok",
                        () if recipient.starts_with("never@") => "550 5.1.1 no such user",
                        () => "450 4.2.1 busy",
                    }
                }
                "DATA" if !accepted => "503 5.5.1 no recipients",
                "DATA" => {
                    stream.write_all(b"354 go\r\n").await.ok()?;
                    let mut content = String::new();
                    while content != ".\r\n" && !content.ends_with("\r\n.\r\n") {
                        if stream.read_line(&mut content).await.ok()? == 0 {
                            return None;
                        }
                    }
                    if recipient.starts_with("hang@") {
                        std::future::pending::<()>().await;
                    }
                    self.taken.lock().unwrap().push(Taken { recipient: recipient.clone(), content });
                    "250 2.0.0 taken"
                }
                _ => "250 2.0.0 ok",
            };
            stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
    }
}
