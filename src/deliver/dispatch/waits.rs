//! What need not be asked again yet: counters that refused permits, and lanes that failed. Pure.
//!
//! A refusal costs a transaction and leads to nothing; a lane that fails must not use up the others' permits.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// Waits double with each refusal or failure, from the first to the second.
const REFUSED: (Duration, Duration) = (super::SLICE, Duration::from_secs(1));
const FAILED: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// Who waits until when.
#[derive(Default)]
pub struct Waits {
    /// By the counters that were drawn on together: one of them had nothing left.
    refused: HashMap<Vec<String>, Wait>,
    /// By lane.
    failed: HashMap<i64, Wait>,
}

#[derive(Clone, Copy)]
struct Wait {
    until: Instant,
    wait: Duration,
}

impl Waits {
    /// Forgets what is long past.
    pub fn begin(&mut self, now: Instant) {
        self.refused.retain(|_, own| now < own.until + own.wait);
        self.failed.retain(|_, own| now < own.until + own.wait);
    }

    /// Whether a lane that draws on these counters waits.
    pub fn holds(&self, lane: i64, counters: &[String], now: Instant) -> bool {
        // Whoever draws on all that refused together, and on others as well, is refused too.
        let within = |set: &[String]| set.iter().all(|own| counters.contains(own));
        self.failed.get(&lane).is_some_and(|own| now < own.until)
            || self.refused.iter().any(|(set, own)| now < own.until && within(set))
    }

    pub fn refused(&mut self, counters: Vec<String>, now: Instant) {
        later(&mut self.refused, counters, REFUSED, now);
    }

    pub fn granted(&mut self, counters: &[String]) {
        self.refused.remove(counters);
    }

    pub fn failed(&mut self, lane: i64, now: Instant) {
        later(&mut self.failed, lane, FAILED, now);
    }

    pub fn succeeded(&mut self, lane: i64) {
        self.failed.remove(&lane);
    }
}

fn later<K: Hash + Eq>(waits: &mut HashMap<K, Wait>, key: K, bounds: (Duration, Duration), now: Instant) {
    let own = waits.entry(key).or_insert(Wait { until: now, wait: Duration::ZERO });
    // Several lanes may have asked at once: that is one refusal.
    if own.until <= now {
        own.wait = own.wait.saturating_mul(2).clamp(bounds.0, bounds.1);
        own.until = now + own.wait;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn start() -> Instant {
        Instant::from_std(std::time::Instant::now())
    }

    #[test]
    fn whoever_draws_on_counters_that_refused_waits_and_nobody_else() {
        let (mut waits, now) = (Waits::default(), start());
        waits.refused(keys(&["shop", "all"]), now);
        assert!(waits.holds(1, &keys(&["google", "all", "shop"]), now));
        assert!(!waits.holds(1, &keys(&["all"]), now));
        assert!(!waits.holds(1, &[], now));
        assert!(!waits.holds(1, &keys(&["all", "shop"]), now + REFUSED.0));
    }

    #[test]
    fn waits_double_up_to_their_bound_and_end_with_a_grant() {
        let (mut waits, mut now) = (Waits::default(), start());
        let all = keys(&["all"]);
        for wait in [100, 200, 400, 800, 1_000, 1_000] {
            waits.refused(all.clone(), now);
            waits.refused(all.clone(), now);
            now += Duration::from_millis(wait - 1);
            assert!(waits.holds(1, &all, now), "{wait}");
            now += Duration::from_millis(1);
            assert!(!waits.holds(1, &all, now), "{wait}");
            waits.begin(now);
        }
        waits.refused(all.clone(), now);
        waits.granted(&all);
        assert!(!waits.holds(1, &all, now));
    }

    #[test]
    fn a_lane_that_failed_waits_alone() {
        let (mut waits, now) = (Waits::default(), start());
        waits.failed(1, now);
        assert!(waits.holds(1, &[], now));
        assert!(!waits.holds(2, &[], now));
        waits.succeeded(1);
        assert!(!waits.holds(1, &[], now));
    }
}
