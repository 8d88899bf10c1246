//! Whether the clock by which leases and due times are judged has stepped, told from a clock that can't. Pure.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Less than this back is no step: looks take time.
const BACK: Duration = Duration::from_secs(5);

/// What was seen at the last look.
pub struct ClockWatch {
    last: Option<(Timestamp, Instant)>,
    /// More than this ahead is a step.
    ahead: Duration,
}

/// How the clock went since the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Went {
    Steadily,
    /// Leases seem to have run out that were renewed a moment ago.
    Ahead,
    /// What was due soon would wait for this much longer.
    Back(Duration),
}

impl ClockWatch {
    pub fn new(lease: Duration) -> Self {
        Self { last: None, ahead: lease / 2 }
    }

    pub fn look(&mut self, now: Timestamp, at: Instant) -> Went {
        let Some((then, was)) = self.last.replace((now, at)) else { return Went::Steadily };
        let passed = at.saturating_duration_since(was).as_micros();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let gone = now.as_microsecond().saturating_sub(then.as_microsecond());
        let off = Duration::from_micros(gone.saturating_sub(passed).unsigned_abs());
        match gone < passed {
            true if off > BACK => Went::Back(off),
            false if off > self.ahead => Went::Ahead,
            _ => Went::Steadily,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_from_time_that_passes() {
        let mut watch = ClockWatch::new(Duration::from_secs(60));
        let begin = Instant::now();
        let mut look = |clock: i64, steady: u64| {
            let now = Timestamp::from_second(1_700_000_000 + clock).unwrap();
            watch.look(now, begin + Duration::from_secs(steady))
        };
        assert_eq!(look(0, 0), Went::Steadily);
        assert_eq!(look(2, 2), Went::Steadily);
        // A look that took long.
        assert_eq!(look(302, 300), Went::Steadily);
        assert_eq!(look(3902, 302), Went::Ahead);
        assert_eq!(look(3904, 304), Went::Steadily);
        assert_eq!(look(306, 306), Went::Back(Duration::from_secs(3600)));
        assert_eq!(look(305, 307), Went::Steadily);
    }
}
