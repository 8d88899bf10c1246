//! What happens to the machines around the gateway.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tokio_util::sync::CancellationToken;

use crate::disk::Disk;
use crate::ledger::Ledger;
use crate::setup::{Gateway, subscriber};
use crate::tool;
use crate::upstream::{micros, send};

const BETWEEN_STILLS: Duration = Duration::from_secs(50);
const STILL: Duration = Duration::from_secs(7);
const BETWEEN_FULL_DISKS: Duration = Duration::from_secs(110);
const FULL: Duration = Duration::from_secs(6);
const BETWEEN_RESTARTS: Duration = Duration::from_secs(200);
/// Messages that take memory until the end, and what they hold.
const HOARD: usize = 8;
const HOARDED: usize = 20 << 20;

/// The upstream stops where it is, and goes on after a while. Gives how often.
pub async fn stand_still(upstream: u32, ledger: Arc<Ledger>, over: CancellationToken) -> Result<String> {
    let mut times = 0;
    while wait(BETWEEN_STILLS, &over).await {
        let from = micros();
        send(upstream, "STOP")?;
        wait(STILL, &over).await;
        send(upstream, "CONT")?;
        ledger.stood_still(from, micros());
        times += 1;
    }
    Ok(format!("the upstream stood still {times} times"))
}

/// The disk is full, as far as the gateway knows, and has room again. Gives how often.
pub async fn fill_disk(disk: Disk, over: CancellationToken) -> Result<String> {
    let mut times = 0;
    while wait(BETWEEN_FULL_DISKS, &over).await {
        disk.fill();
        wait(FULL, &over).await;
        disk.make_room();
        times += 1;
    }
    Ok(format!("the disk was full {times} times"))
}

/// The database goes away and comes back. Gives how often.
pub async fn restart(command: Option<PathBuf>, over: CancellationToken) -> Result<String> {
    let mut times = 0;
    while let Some(command) = command.clone()
        && wait(BETWEEN_RESTARTS, &over).await
    {
        let shown = command.display().to_string();
        let ended = tokio::task::spawn_blocking(move || Command::new(command).status()).await?;
        let status = ended.with_context(|| shown.clone())?;
        ensure!(status.success(), "{shown}: {status}");
        times += 1;
    }
    Ok(format!("the database was restarted {times} times"))
}

/// Large messages that do not end, from then on: memory that the gateway rightly needs, and that must be noticed.
pub async fn hoard(gateway: Arc<Gateway>, from: Instant, over: CancellationToken) -> Result<String> {
    let mut sessions = Vec::new();
    if wait(from.saturating_duration_since(Instant::now()), &over).await {
        for number in 0..HOARD {
            let mut session = tool::open(&gateway).await?;
            session.envelope(&subscriber(number), HOARDED).await?;
            session.say(b"Subject: large\r\n\r\n").await?;
            session.say(&b"It never ends. \r\n".repeat(HOARDED / 17)).await?;
            sessions.push(session);
        }
        over.cancelled().await;
    }
    Ok(format!("{} messages were hoarded", sessions.len()))
}

/// Whether it goes on after that time.
async fn wait(time: Duration, over: &CancellationToken) -> bool {
    tokio::time::timeout(time, over.cancelled()).await.is_err()
}
