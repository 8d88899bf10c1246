//! A pause that the gateway sets by itself: recorded, told, and what waits is marked in the background.

use crate::policy::pause::Pause;
use crate::store::{Store, StoreError};
use crate::telemetry::metrics;

/// Sets it; nothing happens where it holds already.
pub async fn pause(store: &Store, pause: Pause) -> Result<(), StoreError> {
    if !store.pause(&pause).await? {
        return Ok(());
    }
    let Pause { target, cause, whose, by, .. } = pause;
    metrics::paused(target.parts().0, by.as_str(), whose.as_str());
    let (kind, sender, name) = target.parts();
    tracing::warn!(
        per = kind,
        sender,
        name,
        by = by.as_str(),
        whose = whose.as_str(),
        cause,
        "marketing paused"
    );
    let store = store.clone();
    tokio::spawn(async move {
        if let Err(error) = store.hold_paused(&target).await {
            tracing::error!(%error, "what waits of a paused campaign can't be marked");
        }
    });
    Ok(())
}
