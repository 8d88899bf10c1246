//! `optgate serve`: the gateway in the foreground, until a signal.

use std::path::PathBuf;

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

use super::{Session, Status, environment};
use crate::config;
use crate::serve::{self, Running};

/// Runs the gateway. SIGHUP has the policies and the DKIM keys read again; SIGTERM or SIGINT drains it; a second one ends it at once, which loses nothing:
/// what was accepted is spooled.
pub(super) async fn run(session: &Session) -> anyhow::Result<Status> {
    // Listened for first, so that a signal during a slow start is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (config, warnings) = session.config()?;
    warnings.iter().for_each(serve::log);
    let mut running = serve::start(config, session.clock.clone()).await?;
    let ended = loop {
        tokio::select! {
            _ = terminate.recv() => break None,
            _ = interrupt.recv() => break None,
            _ = hangup.recv() => {
                running.reload();
                renew_keys(&running, session.config_file()?).await;
            }
            part = running.part_ended() => break Some(part),
        }
    };
    tokio::select! {
        () = running.drain() => {}
        _ = terminate.recv() => bail!("ended at once by a second signal"),
        _ = interrupt.recv() => bail!("ended at once by a second signal"),
    }
    match ended {
        None => Ok(Status::Done),
        Some(part) => bail!("the {part} part ended by itself"),
    }
}

/// Of the configuration `[[dkim]]` alone is taken anew, so that keys are rotated without a restart. A mistake anywhere in
/// it leaves the old keys in force.
async fn renew_keys(running: &Running, file: PathBuf) {
    let read = tokio::task::spawn_blocking(move || config::load(&file, environment())).await;
    let keys = match read {
        Ok(Ok((config, _))) => config.dkim,
        Ok(Err(mistakes)) => {
            mistakes.iter().for_each(serve::log);
            return tracing::error!("the configuration can't be used: the DKIM keys stay as they were");
        }
        Err(error) => return tracing::error!(%error, "the configuration was not read anew"),
    };
    if let Err(error) = running.sign_with(keys) {
        tracing::error!(%error, "the DKIM keys stay as they were");
    }
}
