//! What systemd is told: that we are ready, reload, stop, and live. Without `NOTIFY_SOCKET` nothing is said.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio_util::sync::CancellationToken;

/// All listeners accept.
pub fn ready() {
    tell(&[NotifyState::Ready, NotifyState::Status("accepts mail")]);
}

/// The policies are read anew; `ready` follows.
pub fn reloading() {
    let mut states = vec![NotifyState::Reloading, NotifyState::Status("reads its policies")];
    // `Type=notify-reload` wants to know when it began.
    states.extend(NotifyState::monotonic_usec_now());
    tell(&states);
}

/// No more is taken.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("finishes what is in hand")]);
}

/// Tells that the program lives, as often as `WatchdogSec=` asks for, until cancelled. A runtime that is
/// stuck doesn't get here.
pub async fn live(shutdown: CancellationToken) {
    let Some(interval) = sd_notify::watchdog_enabled() else { return shutdown.cancelled().await };
    let rest = (interval / 2).max(Duration::from_millis(100));
    loop {
        tell(&[NotifyState::Watchdog]);
        if shutdown.run_until_cancelled(tokio::time::sleep(rest)).await.is_none() {
            return;
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager can't be told");
    }
}
