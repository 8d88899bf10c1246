//! A pause that the gateway sets by itself: recorded, told, and what waits is marked in the background.

use crate::policy::pause::{Pause, Target};
use crate::store::{Store, StoreError};

/// Sets it; nothing happens where it holds already.
pub async fn pause(store: &Store, pause: Pause) -> Result<(), StoreError> {
    if !store.pause(&pause).await? {
        return Ok(());
    }
    let Pause { target, cause, .. } = pause;
    let (sender, campaign) = match &target {
        Target::Campaign(sender, campaign) => (Some(sender), Some(campaign)),
        Target::Sender(sender) => (Some(sender), None),
        Target::Provider(_) => (None, None),
    };
    tracing::warn!(sender, campaign, cause, "campaign paused");
    let store = store.clone();
    tokio::spawn(async move {
        if let Err(error) = store.hold_paused(&target).await {
            tracing::error!(%error, "what waits of a paused campaign can't be marked");
        }
    });
    Ok(())
}
