//! When an import lets others write. SQLite has one writer, and its waiters look again now and then: who leaves no
//! gap starves them.

use std::time::Duration;

use tokio::time::Instant;

/// For how long after others were met room is left for them.
const WARY: Duration = Duration::from_secs(1);
/// A wait for the lock that is longer than this was for somebody else's sake.
const MET: Duration = Duration::from_millis(1);
const MOST: Duration = Duration::from_millis(100);

/// A transaction should not take longer, whatever machine and disk it is: so long mail waits behind it.
const LONG: Duration = Duration::from_millis(30);
/// Facts in a transaction.
const FEWEST: usize = 32;
const MOST_FACTS: usize = 512;

/// How an import goes beside others.
pub(super) struct Pace {
    pause: Duration,
    met: Option<Instant>,
    facts: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { pause: Duration::ZERO, met: None, facts: MOST_FACTS / 4 }
    }
}

/// One transaction that was written.
pub(super) struct Written {
    pub facts: usize,
    /// For its turn.
    pub waited: Duration,
    /// The turn.
    pub held: Duration,
}

impl Pace {
    /// How many facts the next transaction may have.
    pub fn facts(&self) -> usize {
        self.facts
    }

    /// Lets go of the way, for as long as was found right.
    pub async fn yields(&mut self) {
        let pause = std::mem::take(&mut self.pause);
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }

    /// Half of the time is the others' while there are any, a tenth is left for them to show up in.
    pub fn wrote(&mut self, written: &Written, now: Instant) {
        let Written { facts, waited, held } = *written;
        if waited > MET {
            self.met = Some(now);
        }
        let wary = self.met.is_some_and(|met| now - met < WARY);
        self.pause = if wary { held } else { held / 10 }.min(MOST);
        if held > LONG {
            self.facts = (self.facts / 2).max(FEWEST);
        } else if held < LONG / 3 && facts >= self.facts {
            self.facts = (self.facts * 2).min(MOST_FACTS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(waited: u64, held: u64) -> Written {
        Written { facts: 1000, waited: Duration::from_millis(waited), held: Duration::from_millis(held) }
    }

    #[test]
    fn who_meets_others_leaves_them_half_of_the_time() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        let mut after = |waited, held, now| {
            pace.wrote(&took(waited, held), now);
            pace.pause.as_millis()
        };
        assert_eq!(after(0, 20, now), 2);
        assert_eq!(after(5, 20, now), 20);
        assert_eq!(after(0, 500, now), MOST.as_millis());
        assert_eq!(after(0, 20, now + WARY), 2);
    }

    #[test]
    fn a_transaction_takes_about_as_long_on_a_slow_machine_as_on_a_fast_one() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        for _ in 0..9 {
            pace.wrote(&took(0, 1), now);
        }
        assert_eq!(pace.facts(), MOST_FACTS);
        for _ in 0..9 {
            pace.wrote(&took(0, 100), now);
        }
        assert_eq!(pace.facts(), FEWEST);
        // The last few facts of a file tell nothing of the pace.
        pace.wrote(&Written { facts: 3, ..took(0, 1) }, now);
        assert_eq!(pace.facts(), FEWEST);
    }
}
