//! How many mails that ask to confirm an address may get, over all senders and scopes: so few that nobody can bomb it
//! by signing it up. Pure; the store counts them by the address' lookup hash, and forgets them once one is confirmed.
//! DESIGN.md, "Who attacks, and with what".

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::holds::Stage;

/// One in this time, and so many in the longer one.
const DAY: SignedDuration = SignedDuration::from_hours(24);
const PERIOD: SignedDuration = SignedDuration::from_hours(30 * 24);
const MOST: usize = 3;

/// Another mail that asked the same address to confirm. It never tells who sent it (invariant 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedBefore {
    /// When it was taken by the upstream; of one on its way, when it was claimed, and of one that waits, when it was last
    /// touched.
    pub at: Timestamp,
    pub stage: Stage,
}

/// From when on such mails count.
pub fn counts_since(now: Timestamp) -> Timestamp {
    now.checked_sub(PERIOD).unwrap_or(Timestamp::MIN)
}

/// Which limit is reached, for people; `None` while there is room.
pub fn full(asked: &[AskedBefore], now: Timestamp) -> Option<&'static str> {
    // What is on its way would be taken now, whenever it was claimed.
    let within = |period: SignedDuration| {
        let counts = |one: &&AskedBefore| one.stage == Stage::Reserved || now.duration_since(one.at) < period;
        asked.iter().filter(counts).count()
    };
    if within(DAY) > 0 {
        Some("an address gets one confirmation mail a day at most, over all senders, until one is confirmed")
    } else if within(PERIOD) >= MOST {
        Some(
            "an address gets three confirmation mails in 30 days at most, over all senders, until one is confirmed",
        )
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;
    const NOW: i64 = 1_800_000_000;

    fn at(seconds_ago: i64) -> Timestamp {
        Timestamp::from_second(NOW - seconds_ago).unwrap()
    }

    fn is_full(asked: &[(i64, Stage)]) -> bool {
        let asked: Vec<_> =
            asked.iter().map(|(ago, stage)| AskedBefore { at: at(*ago), stage: *stage }).collect();
        full(&asked, at(0)).is_some()
    }

    #[test]
    fn one_in_twenty_four_hours() {
        assert!(!is_full(&[]));
        assert!(is_full(&[(0, Stage::Delivered)]));
        assert!(is_full(&[(24 * HOUR - 1, Stage::Delivered)]));
        assert!(!is_full(&[(24 * HOUR, Stage::Delivered)]));
        // A clock that was ahead grants nothing.
        assert!(is_full(&[(-HOUR, Stage::Delivered)]));
    }

    #[test]
    fn three_in_thirty_days() {
        let day = 24 * HOUR;
        let two = [(2 * day, Stage::Delivered), (29 * day, Stage::Delivered)];
        assert!(!is_full(&two));
        assert!(is_full(&[two[0], two[1], (30 * day - 1, Stage::Delivered)]));
        assert!(!is_full(&[two[0], two[1], (30 * day, Stage::Delivered)]));
    }

    #[test]
    fn what_is_on_its_way_has_its_place_whenever_it_was_claimed() {
        assert!(is_full(&[(40 * 24 * HOUR, Stage::Reserved)]));
    }

    #[test]
    fn nothing_older_than_what_is_counted_can_matter() {
        assert_eq!(counts_since(at(0)), at(30 * 24 * HOUR));
    }
}
