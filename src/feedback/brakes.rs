//! Brakes: when what came back is too much of what was sent, marketing stops by itself, the weakest ground first.
//! Functional mail never does.

use jiff::SignedDuration;

use crate::deliver::pausing::pause;
use crate::policy::Stream;
use crate::policy::brake::On;
use crate::policy::pause::{By, Pause};
use crate::policy::shaping::Shaping;
use crate::spool::Lane;
use crate::store::{Store, StoreError};

/// Looks whether one more of these, from mail of this lane, is too many.
pub async fn judge(store: &Store, shaping: &Shaping, lane: &Lane, on: On) -> Result<(), StoreError> {
    if lane.stream != Stream::Marketing {
        return Ok(());
    }
    let is_group = shaping.providers.values().any(|id| *id == lane.provider);
    for brake in shaping.brakes.iter().filter(|brake| brake.on == on) {
        let Some(target) = brake.target(lane, is_group) else { continue };
        let window = SignedDuration::try_from(brake.window).unwrap_or(SignedDuration::MAX);
        let Some((whose, cause)) = brake.judge(store.counted(&target, window).await?) else { continue };
        let since = store.now().await?;
        pause(store, Pause { target, whose, by: By::Brake, cause, since }).await?;
    }
    Ok(())
}
