//! A provider that does what it is told: captures, refuses, delays, drops. Scripted by the recipient.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// One message as it arrived, dots unstuffed.
#[derive(Clone, Debug)]
pub struct Captured {
    pub sender: String,
    pub recipient: String,
    /// What MAIL and RCPT said after their paths.
    pub parameters: (String, String),
    pub content: Vec<u8>,
}

impl Captured {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.content).into_owned()
    }
}

/// What happens to mail for one recipient.
#[derive(Clone, Debug)]
pub enum Script {
    /// This reply to RCPT.
    Rcpt(&'static str),
    /// This reply after the final dot; nothing is captured.
    End(&'static str),
    /// The connection drops without a reply to RCPT.
    Drop,
    /// Nothing is ever said to RCPT.
    Hang,
    /// Captured, then the connection drops without a reply.
    LoseReply,
    /// After the final dot nothing is said until `open`; then it is taken.
    WaitAtEnd,
}

/// A running upstream.
pub struct Upstream {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    captured: Mutex<Vec<Captured>>,
    scripts: Mutex<HashMap<String, Script>>,
    /// Beside those that every upstream here has.
    extensions: Mutex<Vec<&'static str>>,
    /// Whether the banner may be said.
    open: watch::Sender<bool>,
    /// Connections that wait for the banner.
    waiting: watch::Sender<usize>,
}

/// An address where nobody listens, which nobody else can take.
pub struct Nowhere {
    pub address: SocketAddr,
    socket: TcpSocket,
}

impl Nowhere {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        Self { address: socket.local_addr().expect("its address"), socket }
    }

    /// From now on an upstream is there.
    pub fn listen(self) -> Upstream {
        Upstream::serve(self.socket.listen(1024).expect("a bound socket"))
    }
}

impl Upstream {
    pub async fn start() -> Self {
        Nowhere::new().listen()
    }

    fn serve(listener: TcpListener) -> Self {
        let address = listener.local_addr().expect("its address");
        let shared = Arc::new(Shared {
            captured: Mutex::default(),
            scripts: Mutex::default(),
            extensions: Mutex::default(),
            open: watch::channel(true).0,
            waiting: watch::channel(0).0,
        });
        let serving = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&serving);
                tokio::spawn(async move {
                    // A peer that hangs up in the middle ends its session, nothing else.
                    let _ = session(stream, &shared).await;
                });
            }
        });
        Self { address, shared }
    }

    /// From now on EHLO offers this too.
    pub fn offer(&self, extension: &'static str) {
        self.shared.extensions.lock().unwrap().push(extension);
    }

    /// From now on mail for `recipient`, or for all `@domain`, meets this.
    pub fn script(&self, recipient: &str, script: Script) {
        self.shared.scripts.lock().unwrap().insert(recipient.to_owned(), script);
    }

    /// From now on mail for `recipient` is taken.
    pub fn mend(&self, recipient: &str) {
        self.shared.scripts.lock().unwrap().remove(recipient);
    }

    /// Connections get no banner until `open`.
    pub fn close(&self) {
        self.shared.open.send_replace(false);
    }

    pub fn open(&self) {
        self.shared.open.send_replace(true);
    }

    /// Waits until a connection waits for its banner.
    pub async fn somebody_waits(&self) {
        let mut waiting = self.shared.waiting.subscribe();
        tokio::time::timeout(super::PATIENCE, waiting.wait_for(|count| *count > 0))
            .await
            .expect("somebody connects")
            .expect("the upstream runs");
    }

    pub fn captured(&self) -> Vec<Captured> {
        self.shared.captured.lock().unwrap().clone()
    }

    pub fn captured_for(&self, recipient: &str) -> Vec<Captured> {
        self.captured().into_iter().filter(|message| message.recipient == recipient).collect()
    }

    /// The first message for a recipient, once it is there.
    pub async fn first_for(&self, recipient: &str) -> Captured {
        super::eventually(&format!("mail for {recipient}"), || async {
            self.captured_for(recipient).into_iter().next()
        })
        .await
    }
}

async fn session(stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    wait(shared).await;
    say(&mut stream, "220 upstream.test ESMTP").await?;
    let (mut sender, mut recipient) = (String::new(), None::<String>);
    let mut parameters = (String::new(), String::new());
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                let mut lines = "250-upstream.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n".to_owned();
                for extension in shared.extensions.lock().unwrap().iter() {
                    lines.push_str(&format!("250-{extension}\r\n"));
                }
                say(&mut stream, &(lines + "250 ENHANCEDSTATUSCODES")).await?;
            }
            "MAIL" => {
                sender = path(command);
                parameters.0 = after_path(command);
                recipient = None;
                say(&mut stream, "250 2.1.0 ok").await?;
            }
            "RCPT" => {
                let to = path(command);
                parameters.1 = after_path(command);
                match script(shared, &to) {
                    Some(Script::Rcpt(reply)) => say(&mut stream, reply).await?,
                    Some(Script::Drop) => return Ok(()),
                    Some(Script::Hang) => std::future::pending().await,
                    _ => {
                        recipient = Some(to);
                        say(&mut stream, "250 2.1.5 ok").await?;
                    }
                }
            }
            "DATA" => {
                let Some(to) = recipient.take() else {
                    say(&mut stream, "503 5.5.1 no valid recipients").await?;
                    continue;
                };
                say(&mut stream, "354 go").await?;
                let content = data(&mut stream).await?;
                let (sender, parameters) = (sender.clone(), parameters.clone());
                let captured = Captured { sender, recipient: to.clone(), parameters, content };
                match script(shared, &to) {
                    Some(Script::End(reply)) => say(&mut stream, reply).await?,
                    Some(Script::WaitAtEnd) => {
                        wait(shared).await;
                        shared.captured.lock().unwrap().push(captured);
                        say(&mut stream, "250 2.0.0 queued").await?;
                    }
                    Some(Script::LoseReply) => {
                        shared.captured.lock().unwrap().push(captured);
                        return Ok(());
                    }
                    _ => {
                        shared.captured.lock().unwrap().push(captured);
                        say(&mut stream, "250 2.0.0 queued").await?;
                    }
                }
            }
            "QUIT" => {
                say(&mut stream, "221 2.0.0 bye").await?;
                return Ok(());
            }
            _ => {
                recipient = None;
                say(&mut stream, "250 2.0.0 ok").await?;
            }
        }
    }
}

/// Until it is open.
async fn wait(shared: &Shared) {
    shared.waiting.send_modify(|count| *count += 1);
    let _ = shared.open.subscribe().wait_for(|open| *open).await;
    shared.waiting.send_modify(|count| *count -= 1);
}

fn script(shared: &Shared, recipient: &str) -> Option<Script> {
    let scripts = shared.scripts.lock().unwrap();
    let of_domain = || recipient.find('@').and_then(|at| scripts.get(&recipient[at..]));
    scripts.get(recipient).or_else(of_domain).cloned()
}

fn path(command: &str) -> String {
    let inner = command.split_once('<').and_then(|(_, rest)| rest.rsplit_once('>'));
    inner.map(|(path, _)| path.to_owned()).unwrap_or_default()
}

fn after_path(command: &str) -> String {
    command.rsplit_once('>').map(|(_, rest)| rest.trim().to_owned()).unwrap_or_default()
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> std::io::Result<()> {
    stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await
}

async fn data(stream: &mut BufReader<TcpStream>) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if line == b".\r\n" {
            return Ok(content);
        }
        content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}
