//! Warming up: how many messages a domain may send today to a provider that doesn't know it yet. Pure: the
//! store counts; who of those that wait comes first is `policy::warming`'s to say.
//!
//! Days are those of UTC. A day takes the curve one step on once half of its cap was used: providers know a domain by what it
//! sent, not by the days that went by.

use jiff::Timestamp;

const DAY: i64 = 86_400;

/// How far a domain has come with one provider by one upstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Since 1970.
    pub day: i64,
    /// Days of the curve that are behind it.
    pub step: u32,
    /// Taken by messages of that day.
    pub taken: u32,
}

/// The day of a moment.
pub fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(DAY)
}

/// When the next day begins.
pub fn tomorrow(now: Timestamp) -> Timestamp {
    Timestamp::from_second((day(now) + 1) * DAY).unwrap_or(Timestamp::MAX)
}

impl Progress {
    /// As of today.
    pub fn on(self, today: i64, curve: &[u32]) -> Self {
        // A clock that was set back: it is the same day still.
        if today <= self.day {
            return Self { day: today, ..self };
        }
        let used = self.cap(curve).is_some_and(|cap| self.taken.saturating_mul(2) >= cap);
        Self { day: today, step: self.step.saturating_add(used.into()), taken: 0 }
    }

    /// The day's cap; `None` once it is warm.
    pub fn cap(self, curve: &[u32]) -> Option<u32> {
        usize::try_from(self.step).ok().and_then(|step| curve.get(step)).copied()
    }

    /// How many more may go today; `None` once it is warm.
    pub fn room(self, curve: &[u32]) -> Option<u32> {
        self.cap(curve).map(|cap| cap.saturating_sub(self.taken))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CURVE: [u32; 3] = [4, 10, 100];

    #[test]
    fn a_day_of_which_half_was_used_takes_the_curve_one_step_on() {
        let day =
            |progress: Progress, taken: u32| Progress { taken, ..progress.on(progress.day + 1, &CURVE) };
        let first = day(Progress::default(), 4);
        assert_eq!((first.cap(&CURVE), first.room(&CURVE)), (Some(4), Some(0)));
        let second = day(first, 4);
        assert_eq!((second.cap(&CURVE), second.room(&CURVE)), (Some(10), Some(6)));
        let quiet = day(second, 5);
        assert_eq!(quiet.cap(&CURVE), Some(10), "four of ten are no step");
        let last = day(quiet, 50);
        assert_eq!(last.cap(&CURVE), Some(100));
        let warm = day(last, 1_000);
        assert_eq!((warm.cap(&CURVE), warm.room(&CURVE)), (None, None));
        assert_eq!(day(warm, 0).room(&CURVE), None, "and stays so");
    }

    #[test]
    fn a_clock_that_is_set_back_opens_no_room() {
        let full = Progress { day: 20_000, step: 1, taken: 10 };
        let back = full.on(19_990, &CURVE);
        assert_eq!((back.day, back.room(&CURVE)), (19_990, Some(0)));
        assert_eq!(
            back.on(19_991, &CURVE).room(&CURVE),
            Some(100),
            "nor closes it for as long as it went back"
        );
    }

    #[test]
    fn the_next_day_begins_at_midnight_of_utc() {
        let now: Timestamp = "2026-11-21T23:59:59Z".parse().unwrap();
        assert_eq!(tomorrow(now).to_string(), "2026-11-22T00:00:00Z");
        assert_eq!(day(tomorrow(now)), day(now) + 1);
    }
}
