//! How much of messages may be in hand at once, over all sessions: a bound on memory that no number of
//! peers gets over.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room is taken in steps of so many octets.
const STEP: usize = 64 * 1024;

/// All the room there is; clones share it.
#[derive(Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// Room that one message has; given back when dropped.
#[derive(Default)]
pub(super) struct Taken {
    permit: Option<OwnedSemaphorePermit>,
    steps: usize,
}

/// No room is left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Room {
    pub fn new(octets: usize) -> Self {
        Self(Arc::new(Semaphore::new(octets.div_ceil(STEP).min(Semaphore::MAX_PERMITS))))
    }

    /// Sees to it that `taken` has room for so many octets.
    pub fn extend(&self, taken: &mut Taken, octets: usize) -> Result<(), NoRoom> {
        let missing = octets.div_ceil(STEP).saturating_sub(taken.steps);
        if missing == 0 {
            return Ok(());
        }
        let permits = u32::try_from(missing).map_err(|_| NoRoom)?;
        let more = self.0.clone().try_acquire_many_owned(permits).map_err(|_| NoRoom)?;
        match &mut taken.permit {
            Some(permit) => permit.merge(more),
            None => taken.permit = Some(more),
        }
        taken.steps += missing;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_bounded_over_all_and_comes_back() {
        let room = Room::new(3 * STEP);
        let (mut one, mut other) = (Taken::default(), Taken::default());
        assert_eq!(room.extend(&mut one, 2 * STEP), Ok(()));
        assert_eq!(room.extend(&mut one, 2 * STEP), Ok(()));
        assert_eq!(room.extend(&mut other, STEP + 1), Err(NoRoom));
        assert_eq!(room.extend(&mut other, STEP), Ok(()));
        assert_eq!(room.extend(&mut one, 2 * STEP + 1), Err(NoRoom));
        drop(other);
        assert_eq!(room.extend(&mut one, 3 * STEP), Ok(()));
    }
}
