//! When a delivery that met "later" is tried again. Pure: the jitter is handed in. RFC 5321, 4.5.4.1.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

/// Minutes before the next attempt, by how many there were before; the last one goes on.
const WAITS: [u64; 7] = [1, 5, 15, 30, 60, 120, 240];

/// Up to this share is added or taken, so that what failed together does not come back together.
const SPREAD: f64 = 0.2;

/// The wait after an attempt that met "later". `attempts` is how many there were before it; `jitter` lies
/// between 0 and 1.
pub fn wait(attempts: u32, jitter: f64) -> Duration {
    let step = usize::try_from(attempts).unwrap_or(usize::MAX).min(WAITS.len() - 1);
    let factor = 1.0 + SPREAD * (2.0 * jitter.clamp(0.0, 1.0) - 1.0);
    Duration::from_secs(60 * WAITS[step]).mul_f64(factor)
}

/// When to try again, never past the deadline: there it expires.
pub fn next_attempt(attempts: u32, jitter: f64, now: Timestamp, deadline: Timestamp) -> Timestamp {
    now.checked_add(wait(attempts, jitter)).unwrap_or(Timestamp::MAX).min(deadline)
}

/// The jitter of one attempt at one delivery, between 0 and 1: from the random part of its id, so that the
/// same inputs give the same times (invariant 13).
pub fn jitter(delivery: Uuid, attempts: u32) -> f64 {
    let (_, random) = delivery.as_u64_pair();
    // Fibonacci hashing: one delivery's attempts spread too.
    let mixed = (random ^ u64::from(attempts)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    #[expect(clippy::cast_precision_loss, reason = "52 bits are more than jitter needs")]
    let share = (mixed >> 12) as f64 / (1_u64 << 52) as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_four_hours_and_stay_there() {
        let minutes: Vec<u64> = (0..9).map(|attempts| wait(attempts, 0.5).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 5, 15, 30, 60, 120, 240, 240, 240]);
        assert_eq!(wait(u32::MAX, 0.5), wait(6, 0.5));
    }

    #[test]
    fn jitter_moves_a_wait_by_a_fifth_at_most() {
        assert_eq!(wait(0, 0.0), Duration::from_secs(48));
        assert_eq!(wait(0, 1.0), Duration::from_secs(72));
        assert_eq!(wait(0, f64::INFINITY), Duration::from_secs(72));
    }

    #[test]
    fn no_attempt_is_planned_past_the_deadline() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let deadline: Timestamp = "2026-11-21T12:10:00Z".parse().unwrap();
        assert!(next_attempt(0, 0.5, now, deadline) < deadline);
        assert_eq!(next_attempt(5, 0.5, now, deadline), deadline);
    }

    #[test]
    fn i13_an_attempt_at_a_delivery_has_the_same_jitter_every_time() {
        let delivery = Uuid::from_u64_pair(1, 2);
        assert_eq!(jitter(delivery, 3).to_bits(), jitter(delivery, 3).to_bits());
        assert_ne!(jitter(delivery, 3).to_bits(), jitter(delivery, 4).to_bits());
    }

    #[test]
    fn the_jitter_of_deliveries_spreads() {
        let shares: Vec<f64> = (0..1000).map(|n| jitter(Uuid::from_u64_pair(7, n * 977), 0)).collect();
        assert!(shares.iter().all(|share| (0.0..1.0).contains(share)));
        let low = shares.iter().filter(|share| **share < 0.5).count();
        assert!((350..650).contains(&low), "{low}");
    }
}
