//! The provider: takes everything, keeps nothing, counts. Messages are told apart by their `Message-ID`, so that
//! a lost one and a double one don't cancel out.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use regex::bytes::Regex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What arrived since the last `expect`.
#[derive(Clone, Default)]
pub struct Tally {
    seen: Vec<bool>,
    distinct: usize,
    pub duplicates: usize,
    /// Messages without one of the marks that all must have.
    pub unmarked: usize,
    marks: &'static [&'static str],
}

#[derive(Default)]
struct Shared {
    tally: Mutex<Tally>,
    complete: Notify,
}

pub struct Sink {
    port: u16,
    shared: Arc<Shared>,
}

impl Sink {
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let sink = Self { port: listener.local_addr()?.port(), shared: Arc::default() };
        let shared = sink.shared.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                // A relay may hang up in the middle: the count shows it.
                tokio::spawn(async move { serve(stream, &shared).await.ok() });
            }
        });
        Ok(sink)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Begins to count anew; ends when so many different messages are here.
    pub fn expect(
        &self,
        messages: usize,
        marks: &'static [&'static str],
    ) -> impl Future<Output = ()> + use<> {
        *self.shared.tally() = Tally { seen: vec![false; messages], marks, ..Tally::default() };
        let shared = self.shared.clone();
        async move {
            while shared.tally().distinct < messages {
                shared.complete.notified().await;
            }
        }
    }

    pub fn tally(&self) -> Tally {
        self.shared.tally().clone()
    }

    pub fn arrived(&self) -> usize {
        self.shared.tally().distinct
    }
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, message: &[u8]) {
        static HEADER_END: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\r\n\r\n").unwrap());
        static ID: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?im)^Message-ID: <(\d+)@").unwrap());
        let header = &message[..HEADER_END.find(message).map_or(message.len(), |end| end.start())];
        let index = ID.captures(header).and_then(|found| std::str::from_utf8(&found[1]).ok()?.parse().ok());
        let header = String::from_utf8_lossy(header).to_ascii_lowercase();
        let mut tally = self.tally();
        if !tally.marks.iter().all(|mark| header.contains(mark)) {
            tally.unmarked += 1;
        }
        let Some(seen) = index.and_then(|index: usize| tally.seen.get_mut(index)) else { return };
        if std::mem::replace(seen, true) {
            tally.duplicates += 1;
            return;
        }
        tally.distinct += 1;
        if tally.distinct == tally.seen.len() {
            self.complete.notify_one();
        }
    }
}

/// One session, as far as RFC 5321 is spoken by relays.
async fn serve(mut stream: TcpStream, shared: &Shared) -> Result<()> {
    static DATA_END: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\r\n\.\r\n").unwrap());
    stream.set_nodelay(true)?;
    stream.write_all(b"220 sink.example ESMTP\r\n").await?;
    let mut input = Vec::with_capacity(128 * 1024);
    let mut replies = Vec::new();
    loop {
        let Some(line) = take_line(&mut input) else {
            stream.write_all(&replies).await?;
            replies.clear();
            if stream.read_buf(&mut input).await? == 0 {
                return Ok(());
            }
            continue;
        };
        let verb = line.get(..4).unwrap_or(&line).to_ascii_uppercase();
        let reply: &[u8] = match verb.as_slice() {
            b"EHLO" => b"250-sink.example\r\n250-PIPELINING\r\n250-SIZE 50000000\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n",
            b"DATA" => {
                replies.extend_from_slice(b"354 go on\r\n");
                stream.write_all(&replies).await?;
                replies.clear();
                let mut searched = 0;
                let end = loop {
                    if let Some(end) = DATA_END.find_at(&input, searched) {
                        break end;
                    }
                    searched = input.len().saturating_sub(4);
                    if stream.read_buf(&mut input).await? == 0 {
                        return Ok(());
                    }
                };
                shared.count(&input[..end.start()]);
                input.drain(..end.end());
                b"250 2.0.0 taken\r\n"
            }
            b"QUIT" => {
                replies.extend_from_slice(b"221 2.0.0 bye\r\n");
                stream.write_all(&replies).await?;
                return Ok(());
            }
            _ => b"250 2.0.0 ok\r\n",
        };
        replies.extend_from_slice(reply);
    }
}

/// The next command, without its line end.
fn take_line(input: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = input.windows(2).position(|pair| pair == b"\r\n")?;
    let line = input[..end].to_vec();
    input.drain(..end + 2);
    Some(line)
}
