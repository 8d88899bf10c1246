//! How long an import keeps SQLite's one writer, and how it makes way. The turn to write is handed to whoever waits
//! for it (`database::turn`), so that a transaction need only be short, and end.

use std::time::Duration;

/// A transaction should not take longer, whatever machine and disk it is: so long mail waits behind it.
const LONG: Duration = Duration::from_millis(40);
/// Facts in a transaction.
const FEWEST: usize = 32;
const MOST: usize = 2048;
/// Each commit folds the longest history anew. One fact at least is added at once for so many of it, however slow the
/// machine: what a fact costs must not grow with those before it.
const FOLDED: usize = 128;
/// Of many facts, so many times these: then a table's rows are one statement, and no rest of a few rows another.
const STEP: usize = 64;
/// Enough for those who were woken to be there first.
const GAP: Duration = Duration::from_millis(1);

/// How an import goes beside others.
pub(super) struct Pace {
    facts: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self { facts: MOST / 8 }
    }
}

impl Pace {
    /// How many facts the next transaction may have.
    pub fn facts(&self) -> usize {
        if self.facts < STEP { self.facts } else { self.facts / STEP * STEP }
    }

    /// Between transactions.
    pub async fn makes_way(&self) {
        tokio::time::sleep(GAP).await;
    }

    /// So many facts held the turn for so long, and the longest history that they were added to has so many.
    pub fn wrote(&mut self, facts: usize, held: Duration, longest: usize) {
        let fewest = (longest / FOLDED).clamp(FEWEST, MOST);
        if held > LONG {
            self.facts = (self.facts * 3 / 4).max(fewest);
        } else if held < LONG * 2 / 3 && facts >= self.facts() {
            self.facts = (self.facts * 5 / 4).min(MOST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_takes_about_as_long_on_a_slow_machine_as_on_a_fast_one() {
        let mut pace = Pace::default();
        let mut all_take = |millis| {
            for _ in 0..20 {
                pace.wrote(MOST, Duration::from_millis(millis), 5);
            }
            // The last few facts of a file tell nothing of the pace.
            pace.wrote(3, Duration::from_millis(1), 5);
            pace.facts()
        };
        assert_eq!(all_take(1), MOST);
        assert_eq!(all_take(15), MOST);
        assert_eq!(all_take(100), FEWEST);
    }

    #[test]
    fn the_longer_a_history_the_more_facts_are_added_at_once() {
        let mut pace = Pace::default();
        for (longest, facts) in [(1000, FEWEST), (64_000, 500), (1_000_000, MOST)] {
            for _ in 0..20 {
                pace.wrote(MOST, Duration::from_secs(1), longest);
            }
            assert_eq!(pace.facts, facts);
        }
    }
}
