//! The demo's upstream: an SMTP server on loopback that keeps what it is given and sends it nowhere.
//! RFC 5321, just as much of it as our own client speaks.

use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Longest line that is read, and largest message that is kept.
const MAX_LINE: u64 = 128 * 1024;
const MAX_MESSAGE: usize = 64 * 1024 * 1024;
/// How long a client may be silent.
const IDLE: Duration = Duration::from_secs(300);

/// One message as it would have left for the world.
#[derive(Clone, Debug)]
pub struct Captured {
    pub recipients: Vec<String>,
    /// Dots unstuffed, the final CRLF included.
    pub bytes: Vec<u8>,
    /// Where it can be looked at.
    pub file: PathBuf,
}

/// A server that captures. Dropped, it ends.
pub struct Upstream {
    pub address: SocketAddr,
    kept: Arc<Kept>,
    server: JoinHandle<()>,
}

struct Kept {
    folder: PathBuf,
    messages: Mutex<Vec<Captured>>,
    came: Notify,
}

impl Upstream {
    /// Listens on a free loopback port; what comes is kept in `folder` as `.eml` files.
    pub async fn start(folder: &Path) -> io::Result<Self> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let kept =
            Arc::new(Kept { folder: folder.to_owned(), messages: Mutex::default(), came: Notify::new() });
        let server = tokio::spawn(accept(listener, kept.clone()));
        Ok(Self { address, kept, server })
    }

    /// All that came so far.
    pub fn captured(&self) -> Vec<Captured> {
        self.kept.messages().clone()
    }

    /// Waits until this many messages came, at most `bound`. Says whether they did.
    pub async fn wait_for(&self, count: usize, bound: Duration) -> bool {
        let enough = async {
            loop {
                let came = self.kept.came.notified();
                if self.kept.messages().len() >= count {
                    return;
                }
                came.await;
            }
        };
        tokio::time::timeout(bound, enough).await.is_ok()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Kept {
    fn messages(&self) -> std::sync::MutexGuard<'_, Vec<Captured>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, recipients: Vec<String>, bytes: Vec<u8>) -> io::Result<()> {
        let mut messages = self.messages();
        let number = messages.len() + 1;
        let first = recipients.first().map(String::as_str).unwrap_or_default();
        let letter = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        let name: String = first.chars().take(60).map(letter).collect();
        let file = self.folder.join(format!("{number:03}-{name}.eml"));
        std::fs::write(&file, &bytes)?;
        messages.push(Captured { recipients, bytes, file });
        drop(messages);
        self.came.notify_waiters();
        Ok(())
    }
}

async fn accept(listener: TcpListener, kept: Arc<Kept>) {
    let mut sessions = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            Ok((stream, _)) = listener.accept() => {
                let kept = kept.clone();
                sessions.spawn(async move {
                    let _ = tokio::time::timeout(IDLE, session(stream, &kept)).await;
                });
            }
            Some(_) = sessions.join_next() => {}
        }
    }
}

async fn session(stream: TcpStream, kept: &Kept) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut recipients = Vec::new();
    reply(&mut stream, "220 capture.example ESMTP").await?;
    while let Some(line) = line(&mut stream).await? {
        let text = String::from_utf8_lossy(&line).into_owned();
        let verb: String = text.chars().take(4).collect::<String>().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-capture.example\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES",
            "HELO" | "NOOP" => "250 2.0.0 ok",
            "MAIL" | "RSET" => {
                recipients.clear();
                "250 2.1.0 ok"
            }
            "RCPT" => {
                recipients.push(within_angles(&text));
                "250 2.1.5 ok"
            }
            "DATA" => {
                reply(&mut stream, "354 go on").await?;
                let message = data(&mut stream).await?;
                kept.keep(std::mem::take(&mut recipients), message)?;
                "250 2.0.0 captured"
            }
            "QUIT" => return reply(&mut stream, "221 2.0.0 bye").await,
            _ => "502 5.5.1 not here",
        };
        reply(&mut stream, answer).await?;
    }
    Ok(())
}

async fn reply(stream: &mut BufReader<TcpStream>, text: &str) -> io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await
}

/// One line with its end, or `None` when the client left.
async fn line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let length = stream.take(MAX_LINE).read_until(b'\n', &mut line).await?;
    match line.last() {
        Some(b'\n') => Ok(Some(line)),
        _ if length == 0 => Ok(None),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

async fn data(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    while let Some(line) = line(stream).await? {
        if line == b".\r\n" {
            return Ok(message);
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        if message.len() > MAX_MESSAGE {
            break;
        }
    }
    Err(io::ErrorKind::InvalidData.into())
}

fn within_angles(text: &str) -> String {
    let inner = text.split_once('<').and_then(|(_, rest)| rest.rsplit_once('>'));
    inner.map_or_else(String::new, |(address, _)| address.to_owned())
}
