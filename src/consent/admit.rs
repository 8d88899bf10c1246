//! Whether a fact may be added to a history, and to which. Asked under the subscriber's row lock.

use jiff::Timestamp;
use uuid::Uuid;

use super::{ConsentState, EventKind};

/// How far ahead of our clock a fact may be dated, in seconds: clocks differ.
pub const AHEAD_SECONDS: i64 = 300;

/// Where a fact goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Onto {
    /// The person's own history (a new one, if the person is unknown).
    History,
    /// A new history: the old one was erased, and this fact is the person's new beginning.
    FreshHistory,
    /// Nowhere: this event said the same before, and nothing since said otherwise.
    Already(Uuid),
}

/// Why a fact is not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    #[error("it is dated more than five minutes ahead")]
    DatedAhead,
    #[error("the person was erased, and only a younger opt-in of their own begins anew")]
    Erased,
    #[error("there is no such withdrawal to undo, or its 24 hours are over")]
    NothingToUndo,
}

/// Whether this fact may be recorded. `state` is the person's as it stands.
pub fn admit(
    state: &ConsentState,
    kind: &EventKind,
    occurred_at: Timestamp,
    now: Timestamp,
) -> Result<Onto, NotAdmitted> {
    let _ = (state, kind, occurred_at, now);
    todo!()
}
