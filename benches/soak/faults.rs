//! What happens to the machines around the gateway.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tokio_util::sync::CancellationToken;

use crate::ledger::Ledger;
use crate::upstream::{micros, send};

const BETWEEN_STILLS: Duration = Duration::from_secs(50);
const STILL: Duration = Duration::from_secs(7);
const BETWEEN_RESTARTS: Duration = Duration::from_secs(200);

/// The upstream stops where it is, and goes on after a while.
pub async fn stand_still(upstream: u32, ledger: Arc<Ledger>, over: CancellationToken) -> Result<()> {
    while wait(BETWEEN_STILLS, &over).await {
        let from = micros();
        send(upstream, "STOP")?;
        wait(STILL, &over).await;
        send(upstream, "CONT")?;
        ledger.stood_still(from, micros());
    }
    Ok(())
}

/// The database goes away and comes back.
pub async fn restart(command: Option<PathBuf>, over: CancellationToken) -> Result<()> {
    let Some(command) = command else { return Ok(()) };
    while wait(BETWEEN_RESTARTS, &over).await {
        println!("the database restarts");
        let own = command.clone();
        let ended = tokio::task::spawn_blocking(move || Command::new(own).status()).await?;
        let status = ended.with_context(|| command.display().to_string())?;
        ensure!(status.success(), "{}: {status}", command.display());
    }
    Ok(())
}

/// Whether it goes on after that time.
async fn wait(time: Duration, over: &CancellationToken) -> bool {
    tokio::time::timeout(time, over.cancelled()).await.is_err()
}
