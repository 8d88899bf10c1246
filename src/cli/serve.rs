//! `optgate serve`: the gateway in the foreground, until a signal.

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

use super::{Session, Status};
use crate::serve;

/// Runs the gateway. SIGHUP has the policies read again; SIGTERM or SIGINT drains it; a second one ends it at once, which loses nothing:
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
            _ = hangup.recv() => running.reload(),
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
