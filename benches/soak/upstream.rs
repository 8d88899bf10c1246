//! The provider, as a process of its own so that it can be made to stand still. By chance it defers, refuses, drops,
//! loses its reply, answers late or never. It notes whatever it took before it says so, a line each on its standard
//! output: a pipe, since a disk may be full.

use std::io::Write as _;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

use crate::Spoil;
use crate::setup::free_port;

/// So many sessions may hang at once, or all the gateway's connections would.
const MAY_HANG: usize = 2;
/// Every line of the record ends so.
pub const END: &str = " .\n";
/// With which message something is made wrong, if it is to be.
const SPOILED: usize = 100;

/// The child, from outside.
pub struct Process {
    pub port: u16,
    child: Child,
}

impl Process {
    /// And its record, which ends with it.
    pub fn start(spoil: Option<Spoil>) -> Result<(Self, ChildStdout)> {
        let port = free_port()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(format!("--upstream={port}"));
        if let Some(name) = spoil.as_ref().and_then(clap::ValueEnum::to_possible_value) {
            command.arg(format!("--spoil={}", name.get_name()));
        }
        let mut child = command.stdout(Stdio::piped()).spawn().context("the upstream")?;
        let record = child.stdout.take().context("its record")?;
        Ok((Self { port, child }, record))
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn misbehave(&self) -> Result<()> {
        send(self.pid(), "USR1")
    }

    pub fn behave(&self) -> Result<()> {
        send(self.pid(), "USR2")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Sends a signal.
pub fn send(pid: u32, name: &str) -> Result<()> {
    let status = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status()?;
    ensure!(status.success(), "kill -{name} {pid}");
    Ok(())
}

struct Shared {
    misbehaves: AtomicBool,
    hanging: AtomicUsize,
    taken: AtomicUsize,
    spoil: Option<Spoil>,
}

/// What becomes of one message.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Taken,
    /// 421 to MAIL, and the connection ends.
    Busy,
    /// 451 to RCPT.
    Deferred,
    /// 550 to RCPT.
    Rejected,
    /// The connection ends within the data.
    Dropped,
    /// 451 after the data.
    DeferredLate,
    /// Taken, but nobody hears of it.
    ReplyLost,
    /// The reply comes after some seconds.
    Late,
    /// No reply for a minute, then the connection ends. Not taken.
    Hangs,
}

impl Shared {
    fn fate(&self) -> Fate {
        if !self.misbehaves.load(Ordering::Relaxed) {
            return Fate::Taken;
        }
        match rand::random_range(0..10_000) {
            0..30 => Fate::Busy,
            30..180 => Fate::Deferred,
            180..260 => Fate::Rejected,
            260..310 => Fate::Dropped,
            310..410 => Fate::DeferredLate,
            410..460 => Fate::ReplyLost,
            460..490 => Fate::Late,
            490..495 => Fate::Hangs,
            _ => Fate::Taken,
        }
    }

    fn note(&self, words: &str) -> Result<()> {
        let line = format!("{words}{END}");
        let spoilt = self.taken.fetch_add(1, Ordering::Relaxed) == SPOILED;
        let line = match self.spoil.filter(|_| spoilt) {
            Some(Spoil::Lose) => String::new(),
            Some(Spoil::Repeat) => line.repeat(2),
            Some(Spoil::Tear) => line[..line.len() / 2].to_owned(),
            _ => line,
        };
        let mut record = std::io::stdout().lock();
        record.write_all(line.as_bytes())?;
        Ok(record.flush()?)
    }
}

/// Runs until it is killed.
pub fn serve(port: u16, spoil: Option<Spoil>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let shared = Arc::new(Shared {
            misbehaves: AtomicBool::new(false),
            hanging: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
            spoil,
        });
        let (mut on, mut off) = (signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?);
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        loop {
            tokio::select! {
                _ = on.recv() => shared.misbehaves.store(true, Ordering::Relaxed),
                _ = off.recv() => shared.misbehaves.store(false, Ordering::Relaxed),
                accepted = listener.accept() => {
                    let (stream, shared) = (accepted?.0, shared.clone());
                    // A gateway that hangs up in the middle ends its session, nothing else.
                    tokio::spawn(async move { session(stream, &shared).await.ok() });
                }
            }
        }
    })
}

async fn session(stream: TcpStream, shared: &Shared) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    say(&mut stream, "220 sink.example ESMTP").await?;
    let (mut fate, mut recipient, mut begun) = (Fate::Taken, String::new(), 0);
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                say(
                    &mut stream,
                    "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES",
                )
                .await?
            }
            "MAIL" => {
                (fate, begun) = (shared.fate(), micros());
                if fate == Fate::Busy {
                    return say(&mut stream, "421 4.3.2 busy").await;
                }
                say(&mut stream, "250 2.1.0 ok").await?;
            }
            "RCPT" => {
                recipient = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                match fate {
                    Fate::Deferred => say(&mut stream, "451 4.7.1 later").await?,
                    Fate::Rejected => say(&mut stream, "550 5.1.1 nobody").await?,
                    _ => say(&mut stream, "250 2.1.5 ok").await?,
                }
            }
            "DATA" if matches!(fate, Fate::Deferred | Fate::Rejected) => {
                say(&mut stream, "503 5.5.1 no recipient").await?;
            }
            "DATA" => {
                say(&mut stream, "354 go on").await?;
                if !data(&mut stream, shared, fate, &recipient, begun).await? {
                    return Ok(());
                }
            }
            "QUIT" => return say(&mut stream, "221 2.0.0 bye").await,
            _ => say(&mut stream, "250 2.0.0 ok").await?,
        }
    }
}

/// Whether the session goes on.
async fn data(
    stream: &mut BufReader<TcpStream>,
    shared: &Shared,
    fate: Fate,
    recipient: &str,
    begun: u128,
) -> Result<bool> {
    let (mut line, mut id, mut link, mut lines) = (Vec::new(), String::new(), String::new(), 0);
    let mut in_header = true;
    loop {
        line.clear();
        ensure!(stream.read_until(b'\n', &mut line).await? > 0, "it hung up within the data");
        if line == b".\r\n" {
            break;
        }
        lines += 1;
        if fate == Fate::Dropped && lines == 20 {
            return Ok(false);
        }
        in_header &= line != b"\r\n";
        if !in_header {
            continue;
        }
        let text = std::str::from_utf8(&line).unwrap_or_default();
        if let Some(found) = text.strip_prefix("Message-ID: <").and_then(|rest| rest.split('@').next()) {
            id = found.to_owned();
        }
        if let Some(found) = text.strip_prefix("List-Unsubscribe: <") {
            link = found
                .split_once("/u/")
                .map_or("", |(_, token)| token)
                .split('>')
                .next()
                .unwrap_or("")
                .to_owned();
        }
    }
    let link = if link.is_empty() { "-" } else { &link };
    let taken = |how: &str| shared.note(&format!("{how} {begun} {id} {recipient} {link}"));
    match fate {
        Fate::DeferredLate => say(stream, "451 4.3.0 later").await?,
        Fate::ReplyLost => {
            taken("lost")?;
            return Ok(false);
        }
        Fate::Hangs if shared.hanging.fetch_add(1, Ordering::Relaxed) < MAY_HANG => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            shared.hanging.fetch_sub(1, Ordering::Relaxed);
            return Ok(false);
        }
        other => {
            match other {
                Fate::Hangs => drop(shared.hanging.fetch_sub(1, Ordering::Relaxed)),
                Fate::Late => tokio::time::sleep(Duration::from_secs(5)).await,
                _ => {}
            }
            taken("said")?;
            say(stream, "250 2.0.0 taken").await?;
        }
    }
    Ok(true)
}

async fn say(stream: &mut BufReader<TcpStream>, text: &str) -> Result<()> {
    Ok(stream.get_mut().write_all(format!("{text}\r\n").as_bytes()).await?)
}

/// Microseconds of the clock that all processes share.
#[expect(clippy::disallowed_methods, reason = "two processes are compared here, and no gateway is inside")]
pub fn micros() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros()
}
