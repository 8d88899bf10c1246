//! Spreads permits evenly over their slice on this node, by `governor`. Pure: the time is handed in.
//!
//! It only ever says "not yet"; what may leave in all is the store's count. Whatever it remembers of one set
//! of policies must never be carried into the next: an old state under a new quota looks exhausted.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::Add;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use jiff::Timestamp;

use crate::policy::shaping::{Limit, Per, Rate};

/// A rate may be over by this much of itself, never more (DESIGN.md, "Limits").
const SLICES_PER_SECOND: u32 = 10;

/// How many may leave now, and when to ask again where that is fewer than wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    pub now: u32,
    pub again_in: Option<Duration>,
}

/// One limiter for each rate that some limit has, keyed by the limit's name.
pub struct Pacer {
    tiers: ArcSwap<Tiers>,
}

type Limiter = RateLimiter<String, HashMapStateStore<String>, Told, NoOpMiddleware<Moment>>;

struct Tiers {
    policy: Arc<str>,
    clock: Told,
    /// By permits, and seconds of the window.
    limiters: BTreeMap<(u32, u64), Limiter>,
}

impl Pacer {
    pub fn new() -> Self {
        Self { tiers: ArcSwap::from_pointee(Tiers::new(&"".into(), &[])) }
    }

    /// Starts afresh when another policy set is in force; forgets limits that have been still for a while.
    pub fn follow(&self, policy: &Arc<str>, limits: &[Limit], now: Timestamp) {
        if self.tiers.load().policy != *policy {
            self.tiers.store(Arc::new(Tiers::new(policy, limits)));
        }
        let tiers = self.tiers.load();
        tiers.clock.tell(now);
        tiers.limiters.values().for_each(Limiter::retain_recent);
    }

    /// Takes up to `want` from each of these limits' paced rates; `limits` has the tightest first.
    pub fn pace(&self, limits: &[&Limit], now: Timestamp, want: u32) -> Pace {
        let tiers = self.tiers.load();
        tiers.clock.tell(now);
        let mut pace = Pace { now: want, again_in: None };
        for limit in limits {
            for limiter in limit.rates.iter().filter_map(|rate| tiers.limiters.get(&tier(*rate)?)) {
                take(limiter, &limit.name, &mut pace, tiers.clock.now());
            }
        }
        pace
    }
}

impl Default for Pacer {
    fn default() -> Self {
        Self::new()
    }
}

impl Tiers {
    fn new(policy: &Arc<str>, limits: &[Limit]) -> Self {
        let clock = Told::default();
        let rates = limits.iter().flat_map(|limit| &limit.rates);
        let limiter = |rate: &Rate| {
            let limiter = RateLimiter::new(quota(*rate)?, HashMapStateStore::default(), clock.clone());
            Some((tier(*rate)?, limiter))
        };
        let limiters = rates.filter_map(limiter).collect();
        Self { policy: policy.clone(), clock, limiters }
    }
}

/// Takes as many as the limiter has, at most what is asked for so far.
fn take(limiter: &Limiter, name: &String, pace: &mut Pace, now: Moment) {
    let mut ask = pace.now;
    while let Some(count) = NonZeroU32::new(ask) {
        match limiter.check_key_n(name, count) {
            Ok(Ok(())) => break,
            Ok(Err(not_until)) => {
                let wait = not_until.wait_time_from(now);
                pace.again_in = Some(pace.again_in.map_or(wait, |own| own.min(wait)));
                ask /= 2;
            }
            Err(capacity) => ask = ask.saturating_sub(1).min(capacity.0),
        }
    }
    pace.now = ask;
}

/// Permits, and seconds of the window; `None` for rates that aren't paced.
fn tier(rate: Rate) -> Option<(u32, u64)> {
    match rate.per {
        Per::Second => Some((rate.permits, 1)),
        Per::Minute => Some((rate.permits, 60)),
        Per::Hour | Per::Day => None,
    }
}

/// `None` for rates that aren't paced, and for a rate of nothing: that is the store's to refuse.
fn quota(rate: Rate) -> Option<Quota> {
    let (permits, seconds) = tier(rate)?;
    let slice = u64::from(permits) / (seconds * u64::from(SLICES_PER_SECOND));
    let burst = NonZeroU32::new(u32::try_from(slice).ok()?).unwrap_or(NonZeroU32::MIN);
    let period = Duration::from_secs(seconds) / NonZeroU32::new(permits)?.get();
    Some(Quota::with_period(period)?.allow_burst(burst))
}

/// A clock that shows what it was told, and never goes back.
#[derive(Clone, Default)]
struct Told(Arc<AtomicU64>);

/// Nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

impl Told {
    fn tell(&self, now: Timestamp) {
        let nanos = u64::try_from(now.as_nanosecond()).unwrap_or(0);
        self.0.fetch_max(nanos, Ordering::Relaxed);
    }
}

impl Clock for Told {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::Relaxed))
    }
}

impl Add<Nanos> for Moment {
    type Output = Self;

    fn add(self, other: Nanos) -> Self {
        Self(self.0.saturating_add(other.as_u64()))
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        Nanos::new(self.0.saturating_sub(earlier.0))
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        self.0.checked_sub(duration.as_u64()).map_or(*self, Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::RuleRef;
    use crate::policy::shaping::LimitMatch;

    fn limit(name: &str, permits: u32, per: Per) -> Limit {
        Limit {
            name: name.into(),
            matches: LimitMatch::default(),
            rates: vec![Rate { permits, per }],
            concurrency: None,
            rule: RuleRef { file: "shaping.toml".into(), line: 1 },
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_800_000_000_000 + millis).unwrap()
    }

    fn pacer(limits: &[Limit]) -> Pacer {
        let pacer = Pacer::new();
        pacer.follow(&"one".into(), limits, at(0));
        pacer
    }

    #[test]
    fn a_rate_is_spread_over_its_second() {
        let limits = [limit("google", 20, Per::Second)];
        let pacer = pacer(&limits);
        let mut left = 0;
        for millis in 0..10_000 {
            let pace = pacer.pace(&[&limits[0]], at(millis), 64);
            assert!(pace.now <= 2);
            left += pace.now;
        }
        assert!((198..=202).contains(&left), "{left}");
    }

    #[test]
    fn it_says_when_to_ask_again() {
        let limits = [limit("google", 20, Per::Second)];
        let pacer = pacer(&limits);
        assert_eq!(pacer.pace(&[&limits[0]], at(0), 64).now, 2);
        let pace = pacer.pace(&[&limits[0]], at(0), 1);
        assert_eq!(pace, Pace { now: 0, again_in: Some(Duration::from_millis(50)) });
        assert_eq!(pacer.pace(&[&limits[0]], at(50), 1).now, 1);
    }

    #[test]
    fn quotas_by_the_day_are_not_paced() {
        let limits = [limit("google", 5, Per::Day)];
        assert_eq!(pacer(&limits).pace(&[&limits[0]], at(0), 64), Pace { now: 64, again_in: None });
    }

    #[test]
    fn another_policy_set_starts_afresh() {
        let limits = [limit("google", 1, Per::Minute)];
        let pacer = pacer(&limits);
        assert_eq!(pacer.pace(&[&limits[0]], at(0), 1).now, 1);
        assert_eq!(pacer.pace(&[&limits[0]], at(1), 1).now, 0);
        pacer.follow(&"two".into(), &limits, at(2));
        assert_eq!(pacer.pace(&[&limits[0]], at(2), 1).now, 1);
    }

    #[test]
    fn two_limits_of_one_rate_do_not_share_it() {
        let limits = [limit("google", 10, Per::Second), limit("yahoo", 10, Per::Second)];
        let pacer = pacer(&limits);
        assert_eq!(pacer.pace(&[&limits[0]], at(0), 1).now, 1);
        assert_eq!(pacer.pace(&[&limits[1]], at(0), 1).now, 1);
    }
}
