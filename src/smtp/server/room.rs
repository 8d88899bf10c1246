//! How much of messages may be in hand at once, over all sessions: a bound on memory that no number of
//! peers gets over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// Room is taken in steps of so many octets.
const STEP: usize = 64 * 1024;
/// The first steps of each message may come out of what is kept: ordinary mail gets through beside large mail.
const ORDINARY: usize = 4;
/// This part of all room is kept for them.
const KEPT: usize = 8;
/// How long a peer waits for room before it hears that there is none.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// All the room there is; clones share it.
#[derive(Clone)]
pub(super) struct Room {
    common: Arc<Semaphore>,
    kept: Arc<Semaphore>,
    patience: Duration,
}

/// Room that one message has; given back when dropped.
#[derive(Default)]
pub(super) struct Taken {
    common: Option<OwnedSemaphorePermit>,
    kept: Option<OwnedSemaphorePermit>,
    steps: usize,
}

/// No room is left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Room {
    /// So many octets in all, of which one message of the largest size always finds room when it is alone.
    pub fn new(octets: usize, largest: usize, patience: Duration) -> Self {
        let steps = octets.div_ceil(STEP).min(Semaphore::MAX_PERMITS / 2);
        let largest = largest.div_ceil(STEP);
        let kept = (steps / KEPT).min(steps.saturating_sub(largest));
        let semaphore = |steps: usize| Arc::new(Semaphore::new(steps));
        Self { common: semaphore((steps - kept).max(largest)), kept: semaphore(kept), patience }
    }

    /// Whether there is none left even for the first step of a message.
    pub fn is_full(&self) -> bool {
        self.common.available_permits() == 0 && self.kept.available_permits() == 0
    }

    /// Sees to it that `taken` has room for so many octets; waits for a while where there is none. A peer that is
    /// not read from meanwhile sends more slowly.
    pub async fn extend(&self, taken: &mut Taken, octets: usize) -> Result<(), NoRoom> {
        let wanted = octets.div_ceil(STEP);
        let missing = wanted.saturating_sub(taken.steps);
        if missing == 0 {
            return Ok(());
        }
        let permits = u32::try_from(missing).map_err(|_| NoRoom)?;
        if let Ok(more) = self.common.clone().try_acquire_many_owned(permits) {
            add(&mut taken.common, more);
        } else if let (true, Ok(more)) =
            (wanted <= ORDINARY, self.kept.clone().try_acquire_many_owned(permits))
        {
            add(&mut taken.kept, more);
        } else if wanted > ORDINARY && taken.kept.is_some() {
            // A large message: it must not wait in room that is kept for others.
            return Err(NoRoom);
        } else {
            let more = timeout(self.patience, self.common.clone().acquire_many_owned(permits)).await;
            add(&mut taken.common, more.map_err(|_| NoRoom)?.map_err(|_| NoRoom)?);
        }
        taken.steps += missing;
        Ok(())
    }
}

fn add(held: &mut Option<OwnedSemaphorePermit>, more: OwnedSemaphorePermit) {
    match held {
        Some(permit) => permit.merge(more),
        None => *held = Some(more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT_ONCE: Duration = Duration::ZERO;

    #[tokio::test]
    async fn room_is_bounded_over_all_and_comes_back() {
        let room = Room::new(3 * STEP, STEP, AT_ONCE);
        let (mut one, mut other) = (Taken::default(), Taken::default());
        assert_eq!(room.extend(&mut one, 2 * STEP).await, Ok(()));
        assert_eq!(room.extend(&mut one, 2 * STEP).await, Ok(()));
        assert_eq!(room.extend(&mut other, STEP + 1).await, Err(NoRoom));
        assert!(!room.is_full());
        assert_eq!(room.extend(&mut other, STEP).await, Ok(()));
        assert!(room.is_full());
        assert_eq!(room.extend(&mut one, 2 * STEP + 1).await, Err(NoRoom));
        drop(other);
        assert_eq!(room.extend(&mut one, 3 * STEP).await, Ok(()));
    }

    #[tokio::test]
    async fn a_peer_waits_for_room_before_there_is_none() {
        let room = Room::new(STEP, STEP, Duration::from_secs(60));
        let (mut one, mut other) = (Taken::default(), Taken::default());
        assert_eq!(room.extend(&mut one, 1).await, Ok(()));
        let free = async { drop(one) };
        let (taken, ()) = tokio::join!(room.extend(&mut other, 1), free);
        assert_eq!(taken, Ok(()));
    }

    #[tokio::test]
    async fn large_messages_leave_room_for_ordinary_ones() {
        let room = Room::new(80 * STEP, 60 * STEP, AT_ONCE);
        let (mut large, mut larger, mut ordinary) = (Taken::default(), Taken::default(), Taken::default());
        assert_eq!(room.extend(&mut large, 60 * STEP).await, Ok(()));
        assert_eq!(room.extend(&mut larger, 10 * STEP).await, Ok(()));
        assert_eq!(room.extend(&mut larger, 11 * STEP).await, Err(NoRoom));
        assert_eq!(room.extend(&mut ordinary, 2 * STEP).await, Ok(()));
    }

    #[tokio::test]
    async fn what_turns_out_large_does_not_wait_in_room_that_is_kept() {
        let room = Room::new(80 * STEP, 60 * STEP, Duration::from_secs(3_600));
        let (mut all, mut grows) = (Taken::default(), Taken::default());
        assert_eq!(room.extend(&mut all, 70 * STEP).await, Ok(()));
        assert_eq!(room.extend(&mut grows, ORDINARY * STEP).await, Ok(()));
        assert_eq!(room.extend(&mut grows, ORDINARY * STEP + 1).await, Err(NoRoom));
    }

    #[tokio::test]
    async fn one_message_of_the_largest_size_always_finds_room() {
        for octets in [STEP, 10 * STEP, 100 * STEP] {
            let room = Room::new(octets, 50 * STEP, AT_ONCE);
            assert_eq!(room.extend(&mut Taken::default(), 50 * STEP).await, Ok(()));
        }
    }
}
