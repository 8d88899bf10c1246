//! A socket to the upstream, plain or protected: commands out, replies in, each within its time.

use std::pin::pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::client::TlsStream;

use super::Timeouts;
use super::content::{Content, Follows};
use super::reply::{Replies, Reply};
use super::tls::Protection;
use crate::deliver::response::{Failure, Lost, Stage};

/// How long an upstream that stopped taking our message may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Octets that are written at once, each time within the time for a block of data.
const BLOCK: usize = 64 * 1024;
const READ: usize = 4 * 1024;

/// One connection's octets.
pub struct Wire {
    socket: Socket,
    replies: Replies,
    timeouts: Timeouts,
}

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// Between the two, and after a handshake that failed.
    Gone,
}

/// Whether what is said can be read on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    Plain,
    Protected,
}

impl Wire {
    pub fn new(socket: TcpStream, timeouts: Timeouts) -> Self {
        Self { socket: Socket::Plain(socket), replies: Replies::default(), timeouts }
    }

    pub fn secrecy(&self) -> Secrecy {
        match self.socket {
            Socket::Plain(_) | Socket::Gone => Secrecy::Plain,
            Socket::Tls(_) => Secrecy::Protected,
        }
    }

    /// Makes a plain connection a protected one. What came in plain and was not yet read is dropped.
    pub async fn protect(&mut self, protection: &Protection) -> Result<(), Failure> {
        self.replies.clear();
        let Socket::Plain(socket) = std::mem::replace(&mut self.socket, Socket::Gone) else {
            return Err(Failure::Tls("it is protected already".into()));
        };
        match timeout(self.timeouts.connect, protection.handshake(socket)).await {
            Ok(Ok(stream)) => {
                self.socket = Socket::Tls(Box::new(stream));
                Ok(())
            }
            Ok(Err(error)) => Err(handshake_failed(&error)),
            Err(_) => Err(Failure::Tls("no answer to the handshake in time".into())),
        }
    }

    /// Writes one or more commands, CRLF included.
    pub async fn write(&mut self, stage: Stage, commands: &[u8]) -> Result<(), Failure> {
        let wait = self.timeouts.command;
        within(wait, stage, write_all(self.stream(stage)?, commands)).await
    }

    /// Writes the message, final dot included, block by block. An upstream that answers before it has all of it
    /// is heard: what it says is the reason, and the connection of no more use.
    pub async fn write_content(&mut self, content: &Content<'_>) -> Result<(), Failure> {
        // What was said before the final dot can't be the answer to it.
        match self.replies.take() {
            Ok(None) if self.replies.is_empty() => {}
            Ok(Some(early)) => return Err(Failure::Answered(Stage::Content, early.response)),
            Ok(None) | Err(_) => return Err(Failure::Garbled(Stage::Content)),
        }
        let mut blocks = content.blocks(BLOCK);
        while let Some((block, follows)) = blocks.next_block() {
            if let Err(failure) = self.write_and_listen(block).await {
                // What it said may have come just before it hung up.
                return match timeout(LAST_WORDS, self.next_reply(Stage::Content)).await {
                    Ok(Ok(reply)) => Err(Failure::Answered(Stage::Content, reply.response)),
                    _ => Err(failure),
                };
            }
            // Nothing is due before the final dot has left.
            if follows == Follows::More
                && let Some(reply) = self.replies.take().map_err(|_| Failure::Garbled(Stage::Content))?
            {
                return Err(Failure::Answered(Stage::Content, reply.response));
            }
        }
        Ok(())
    }

    /// Writes one block and takes in what comes meanwhile.
    async fn write_and_listen(&mut self, block: &[u8]) -> Result<(), Failure> {
        let lost = |how| Failure::Lost(Stage::Content, how);
        let until = Instant::now() + self.timeouts.data;
        let stream: &mut (dyn Stream + '_) = match &mut self.socket {
            Socket::Plain(socket) => socket,
            Socket::Tls(stream) => stream.as_mut(),
            Socket::Gone => return Err(lost(Lost::Closed)),
        };
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut writing = pin!(async {
            writer.write_all(block).await?;
            writer.flush().await
        });
        let mut octets = [0; READ];
        loop {
            tokio::select! {
                biased;
                written = &mut writing => return written.map_err(|error| lost(Lost::from(&error))),
                read = reader.read(&mut octets) => match read {
                    Ok(0) => return Err(lost(Lost::Closed)),
                    Ok(count) => self.replies.push(octets.get(..count).unwrap_or_default()),
                    Err(error) => return Err(lost(Lost::from(&error))),
                },
                () = sleep_until(until) => return Err(lost(Lost::TimedOut)),
            }
            // More than a reply while we speak: whoever does that listens to nobody.
            match self.replies.take() {
                Ok(None) => {}
                Ok(Some(reply)) => return Err(Failure::Answered(Stage::Content, reply.response)),
                Err(_) => return Err(Failure::Garbled(Stage::Content)),
            }
        }
    }

    /// The next reply, within the stage's time for all of it.
    pub async fn read(&mut self, stage: Stage) -> Result<Reply, Failure> {
        let wait = match stage {
            Stage::Greeting => self.timeouts.greeting,
            Stage::EndOfData => self.timeouts.end_of_data,
            _ => self.timeouts.command,
        };
        match timeout(wait, self.next_reply(stage)).await {
            Ok(result) => result,
            Err(_) => Err(Failure::Lost(stage, Lost::TimedOut)),
        }
    }

    /// The next reply, if it is the one that the stage needs.
    pub async fn expect(&mut self, stage: Stage) -> Result<Reply, Failure> {
        let reply = self.read(stage).await?;
        if reply.response.is_wanted(stage) {
            Ok(reply)
        } else {
            Err(Failure::Answered(stage, reply.response))
        }
    }

    /// Whether something lies unread: on a connection that waits, a goodbye.
    pub fn has_spoken(&mut self) -> bool {
        let mut octet = [0; 1];
        let waiting = match &self.socket {
            // A closed connection reads as zero octets, which is news too.
            Socket::Plain(socket) => socket.try_read(&mut octet).is_ok(),
            Socket::Tls(stream) => stream.get_ref().0.try_read(&mut octet).is_ok(),
            Socket::Gone => true,
        };
        waiting || !self.replies.is_empty()
    }

    async fn next_reply(&mut self, stage: Stage) -> Result<Reply, Failure> {
        loop {
            if let Some(reply) = self.replies.take().map_err(|_| Failure::Garbled(stage))? {
                return Ok(reply);
            }
            let mut octets = [0; READ];
            let read = self.stream(stage)?.read(&mut octets).await;
            match read {
                Ok(0) => return Err(Failure::Lost(stage, Lost::Closed)),
                Ok(count) => self.replies.push(octets.get(..count).unwrap_or_default()),
                Err(error) => return Err(Failure::Lost(stage, Lost::from(&error))),
            }
        }
    }

    fn stream(&mut self, stage: Stage) -> Result<&mut (dyn Stream + '_), Failure> {
        match &mut self.socket {
            Socket::Plain(socket) => Ok(socket),
            Socket::Tls(stream) => Ok(stream.as_mut()),
            Socket::Gone => Err(Failure::Lost(stage, Lost::Closed)),
        }
    }
}

/// A certificate that isn't trusted is told from all else: it has its own cure.
fn handshake_failed(error: &std::io::Error) -> Failure {
    let own = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match own {
        Some(rustls::Error::InvalidCertificate(why)) => Failure::Certificate(in_words(why)),
        Some(rustls::Error::NoCertificatesPresented) => Failure::Certificate("it shows none".into()),
        _ => Failure::Tls(error.to_string()),
    }
}

fn in_words(why: &rustls::CertificateError) -> String {
    match why {
        rustls::CertificateError::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
            "it is an authority's own certificate and no server's".to_owned()
        }
        rustls::CertificateError::Other(other) => other.to_string(),
        known => known.to_string(),
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

async fn write_all(stream: &mut (dyn Stream + '_), octets: &[u8]) -> std::io::Result<()> {
    stream.write_all(octets).await?;
    stream.flush().await
}

async fn within(
    wait: Duration,
    stage: Stage,
    writing: impl Future<Output = std::io::Result<()>>,
) -> Result<(), Failure> {
    match timeout(wait, writing).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Failure::Lost(stage, Lost::from(&error))),
        Err(_) => Err(Failure::Lost(stage, Lost::TimedOut)),
    }
}
