//! How long a message's data may take: no peer may stay away for long, none may take very long in all, and none
//! may come so slowly that it is here for nothing but to be here.

use std::time::Duration;

use tokio::time::Instant;

use super::limits::Limits;

/// What a slow peer has beside the time that the pace allows, unless the idle time is shorter.
const HEAD_START: Duration = Duration::from_secs(60);

/// Counts what came, and how long the peer was waited for; what we take our time for is not held against it.
pub(super) struct Pace {
    until: Instant,
    waited: Duration,
    received: usize,
}

impl Pace {
    pub fn begin(limits: &Limits) -> Self {
        Self { until: Instant::now() + limits.data, waited: Duration::ZERO, received: 0 }
    }

    /// The same, ending earlier where it would last beyond `until`.
    pub fn no_longer_than(self, until: Instant) -> Self {
        Self { until: self.until.min(until), ..self }
    }

    /// When the data must have come in all.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// When the next octets must be there.
    pub fn deadline(&self, limits: &Limits) -> Instant {
        let allowed = HEAD_START.min(limits.idle).saturating_add(Duration::from_secs(
            u64::try_from(self.received / limits.data_pace.max(1)).unwrap_or(u64::MAX),
        ));
        let left = allowed.saturating_sub(self.waited).min(limits.idle);
        self.until.min(Instant::now() + left)
    }

    pub fn came(&mut self, octets: usize, since: Instant) {
        self.received = self.received.saturating_add(octets);
        self.waited += since.elapsed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { idle: Duration::from_secs(300), data_pace: 1_000, ..Limits::default() }
    }

    fn left(waited: u64, received: usize) -> Duration {
        let (limits, now) = (limits(), Instant::now());
        let pace = Pace { until: now + limits.data, waited: Duration::from_secs(waited), received };
        pace.deadline(&limits).saturating_duration_since(now)
    }

    #[test]
    fn who_drips_is_cut_off_and_who_keeps_the_pace_is_not() {
        assert!(left(0, 0).as_secs().abs_diff(60) <= 1);
        assert!(left(59, 10).as_secs() <= 1);
        assert!(left(60, 10) <= Duration::from_millis(500));
        assert!(left(60, 100_000).as_secs().abs_diff(100) <= 1);
        assert!(left(600, 10_000_000).as_secs().abs_diff(300) <= 1, "no longer than the idle time");
    }

    #[test]
    fn in_all_there_is_a_bound_whatever_the_pace() {
        let (limits, now) = (limits(), Instant::now());
        let pace = Pace { until: now + Duration::from_secs(5), waited: Duration::ZERO, received: usize::MAX };
        assert!(pace.deadline(&limits) <= now + Duration::from_secs(5));
    }
}
