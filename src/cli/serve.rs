//! `optgate serve`: the gateway in the foreground, until a signal.

use anyhow::bail;
use tokio::signal::unix::{SignalKind, signal};

use super::{Session, Status};
use crate::serve;

/// Runs the gateway. SIGTERM or SIGINT drains it; a second one ends it at once, which loses nothing:
/// what was accepted is spooled.
pub(super) async fn run(session: &Session) -> anyhow::Result<Status> {
    // Listened for first, so that a signal during a slow start is not lost.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (config, warnings) = session.config()?;
    warnings.iter().for_each(serve::log);
    let mut running = serve::start(config, session.clock.clone()).await?;
    let ended = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        part = running.part_ended() => Some(part),
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
