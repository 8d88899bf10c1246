//! How permits are counted. Pure: what was taken so far and the time go in, what may be taken comes out.
//!
//! Per second and minute: GCRA, a theoretical arrival time that moves on with every permit; a call may run
//! ahead of the pace by one slice. Per hour and day: buckets, counted so that no window of that length, however
//! it lies, holds more than the limit.

use std::collections::BTreeMap;

use super::fault::{Fault, Result};
use crate::policy::shaping::{Per, Rate};

/// What one call may run ahead of an even pace, in microseconds.
const SLICE: i64 = 100_000;

/// What was taken from one limit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Taken {
    /// GCRA: when the next permit would be due at an even pace.
    pub arrival: i64,
    /// Quotas: permits taken, by number of bucket.
    pub buckets: BTreeMap<i64, u32>,
}

/// The time that a rate counts over, and how: microseconds.
enum Pace {
    Even { period: i64 },
    Quota { bucket: i64, buckets: i64 },
}

fn pace(per: Per) -> Pace {
    const SECOND: i64 = 1_000_000;
    match per {
        Per::Second => Pace::Even { period: SECOND },
        Per::Minute => Pace::Even { period: 60 * SECOND },
        Per::Hour => Pace::Quota { bucket: 60 * SECOND, buckets: 60 },
        Per::Day => Pace::Quota { bucket: 3600 * SECOND, buckets: 24 },
    }
}

impl Taken {
    /// How many permits may be taken at this moment.
    pub fn free(&self, rate: Rate, now: i64) -> u32 {
        if rate.permits == 0 {
            return 0;
        }
        let permits = i64::from(rate.permits);
        let free = match pace(rate.per) {
            Pace::Even { period } => {
                let ahead = ahead(period, permits);
                // A clock that jumped back must not close the lane for as long as it jumped.
                let arrival = self.arrival.clamp(now, now + ahead);
                (now + ahead - arrival) * permits / period
            }
            Pace::Quota { bucket, buckets } => {
                // A window that starts and ends within buckets touches one bucket more than it is long.
                let first = now.div_euclid(bucket) - buckets;
                permits - self.buckets.range(first..).map(|(_, taken)| i64::from(*taken)).sum::<i64>()
            }
        };
        u32::try_from(free.max(0)).unwrap_or(u32::MAX)
    }

    /// Takes permits; at most as many as are free.
    pub fn take(&mut self, rate: Rate, now: i64, count: u32) {
        let permits = i64::from(rate.permits);
        match pace(rate.per) {
            Pace::Even { period } => {
                let arrival = self.arrival.clamp(now, now + ahead(period, permits));
                self.arrival = arrival + div_ceil(i64::from(count) * period, permits);
            }
            Pace::Quota { bucket, buckets } => {
                let current = now.div_euclid(bucket);
                self.buckets = self.buckets.split_off(&(current - buckets));
                *self.buckets.entry(current).or_default() += count;
            }
        }
    }

    /// Gives permits back that were taken then and never used: of quotas. A pace has moved on meanwhile.
    pub fn put_back(&mut self, rate: Rate, taken_at: i64, count: u32) {
        if let Pace::Quota { bucket, .. } = pace(rate.per)
            && let Some(taken) = self.buckets.get_mut(&taken_at.div_euclid(bucket))
        {
            *taken = taken.saturating_sub(count);
        }
    }

    /// Reads what `to_text` wrote.
    pub fn from_text(arrival: i64, buckets: &str) -> Result<Self> {
        let bucket = |text: &str| {
            let (number, taken) = text.split_once(':')?;
            Some((number.parse().ok()?, taken.parse().ok()?))
        };
        let buckets = buckets.split_ascii_whitespace().map(bucket).collect::<Option<_>>();
        let buckets = buckets.ok_or_else(|| Fault::Unreadable("a limit's buckets".into()))?;
        Ok(Self { arrival, buckets })
    }

    /// The buckets as the store keeps them.
    pub fn to_text(&self) -> String {
        let buckets: Vec<String> =
            self.buckets.iter().map(|(number, taken)| format!("{number}:{taken}")).collect();
        buckets.join(" ")
    }
}

/// How far a call may run ahead of the pace: a slice, but always far enough for one permit.
fn ahead(period: i64, permits: i64) -> i64 {
    SLICE.max(div_ceil(period, permits))
}

fn div_ceil(number: i64, by: i64) -> i64 {
    (number + by - 1) / by
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000;

    /// Asks for permits at these moments (gaps in microseconds); the (time, taken) pairs.
    fn run(rate: Rate, asks: &[(i64, u32)]) -> Vec<(i64, i64)> {
        let mut taken = Taken::default();
        let mut now = 1_700_000_000 * SECOND;
        asks.iter()
            .map(|(gap, want)| {
                now += gap;
                let count = taken.free(rate, now).min(*want);
                taken.take(rate, now, count);
                taken = Taken::from_text(taken.arrival, &taken.to_text()).unwrap();
                (now, i64::from(count))
            })
            .collect()
    }

    /// The most that any window of this length holds. A fullest window starts with a grant.
    fn fullest_window(grants: &[(i64, i64)], length: i64) -> i64 {
        let sum = |from: usize| -> i64 {
            let end = grants[from].0 + length;
            grants[from..].iter().take_while(|(at, _)| *at < end).map(|(_, count)| count).sum()
        };
        (0..grants.len()).map(sum).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn no_hour_however_it_lies_exceeds_its_quota(
            permits in 1u32..500,
            asks in prop::collection::vec((0i64..400 * SECOND, 1u32..60), 1..400),
        ) {
            let rate = Rate { permits, per: Per::Hour };
            prop_assert!(fullest_window(&run(rate, &asks), 3600 * SECOND) <= i64::from(permits));
        }

        #[test]
        fn no_day_however_it_lies_exceeds_its_quota(
            permits in 1u32..500,
            asks in prop::collection::vec((0i64..7000 * SECOND, 1u32..60), 1..400),
        ) {
            let rate = Rate { permits, per: Per::Day };
            prop_assert!(fullest_window(&run(rate, &asks), 86_400 * SECOND) <= i64::from(permits));
        }

        #[test]
        fn a_paced_rate_is_over_by_one_slice_at_most(
            permits in 1u32..5000,
            minute: bool,
            asks in prop::collection::vec((0i64..300_000, 1u32..2000), 1..400),
        ) {
            let (per, period) =
                if minute { (Per::Minute, 60 * SECOND) } else { (Per::Second, SECOND) };
            let slice = (i64::from(permits) * SLICE / period).max(0);
            let fullest = fullest_window(&run(Rate { permits, per }, &asks), period);
            prop_assert!(fullest <= i64::from(permits) + slice, "{fullest}");
        }
    }

    proptest! {
        #[test]
        fn a_quota_is_used_up_and_never_exceeded_though_permits_come_back_unused(
            permits in 1u32..100,
            asks in prop::collection::vec((0i64..400 * SECOND, 1u32..30, any::<bool>()), 1..300),
        ) {
            let rate = Rate { permits, per: Per::Hour };
            let (mut taken, mut used) = (Taken::default(), Vec::new());
            let (mut now, mut unused) = (1_700_000_000 * SECOND, None);
            for (gap, want, is_used) in asks {
                now += gap;
                if let Some((at, count)) = unused.take() {
                    let before = taken.free(rate, now);
                    taken.put_back(rate, at, count);
                    prop_assert!(taken.free(rate, now) <= before + count);
                    prop_assert!(gap > 0 || taken.free(rate, now) == before + count);
                }
                let count = taken.free(rate, now).min(want);
                taken.take(rate, now, count);
                if is_used { used.push((now, i64::from(count))) } else { unused = Some((now, count)) }
            }
            prop_assert!(fullest_window(&used, 3600 * SECOND) <= i64::from(permits));
        }
    }

    #[test]
    fn a_pace_is_reached_when_asked_often_enough() {
        let rate = Rate { permits: 20, per: Per::Second };
        let asks: Vec<(i64, u32)> = (0..1000).map(|_| (10_000, 100)).collect();
        let total: i64 = run(rate, &asks).iter().map(|(_, count)| count).sum();
        assert!((200..=202).contains(&total), "{total}");
    }

    #[test]
    fn one_a_minute_is_one_a_minute() {
        let rate = Rate { permits: 1, per: Per::Minute };
        let taken: Vec<i64> =
            run(rate, &[(0, 5), (59 * SECOND, 5), (SECOND, 5)]).iter().map(|(_, count)| *count).collect();
        assert_eq!(taken, [1, 0, 1]);
    }

    #[test]
    fn a_clock_that_jumped_back_does_not_close_a_lane() {
        let rate = Rate { permits: 10, per: Per::Second };
        let mut taken = Taken::default();
        taken.take(rate, 1_000_000 * SECOND, 1);
        let now = 10 * SECOND;
        taken.take(rate, now, taken.free(rate, now));
        assert_eq!(taken.free(rate, now + 100_000), 1);
    }

    #[test]
    fn nothing_is_free_under_a_limit_of_none() {
        for per in [Per::Second, Per::Minute, Per::Hour, Per::Day] {
            assert_eq!(Taken::default().free(Rate { permits: 0, per }, 0), 0);
        }
    }
}
