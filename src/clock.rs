//! Time and identifiers, handed in (invariant 13). This file is the only caller of `now()`.
//!
//! Every moment is truncated to microseconds, the precision that the store keeps, so that a time read
//! back equals the time written.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

/// Where "now" comes from: the system, or a value that tests and simulations drive.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Driven(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands still until it is told otherwise.
    pub fn driven(at: Timestamp) -> Self {
        Self(Source::Driven(Arc::new(AtomicI64::new(at.as_microsecond()))))
    }

    /// This moment, in whole microseconds.
    #[expect(clippy::disallowed_methods, reason = "the one place that may read the system's clock")]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => from_micros(Timestamp::now().as_microsecond()),
            Source::Driven(micros) => from_micros(micros.load(Ordering::SeqCst)),
        }
    }

    /// Moves a driven clock; a system clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Source::Driven(micros) = &self.0 {
            micros.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }

    /// Steps a driven clock to any moment, back as well; a system clock stays as it is.
    pub fn set(&self, at: Timestamp) {
        if let Source::Driven(micros) = &self.0 {
            micros.store(at.as_microsecond(), Ordering::SeqCst);
        }
    }

    /// A new UUIDv7 whose time is this clock's.
    pub fn id(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
    }
}

/// When an id of ours was made; none if it has no time in it.
pub fn time_of(id: Uuid) -> Option<Timestamp> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    Timestamp::new(i64::try_from(seconds).ok()?, i32::try_from(nanos).ok()?).ok()
}

/// A time as the store keeps it: microseconds since 1970, UTC. Out of range is clamped.
pub fn from_micros(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}
