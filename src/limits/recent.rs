//! Counts what happened of late, by key. Pure: the time is handed in. Remembers a bounded number of keys, and
//! nobody for longer than a window, whatever the clock does.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use jiff::Timestamp;

/// The window moves on in so many steps.
const SLOTS: usize = 12;
const KEPT: usize = SLOTS + 1;

/// Events of the last window: every one in it is counted, and none that is a twelfth of a window older.
#[derive(Debug)]
pub struct Recent<K> {
    /// Microseconds of one slot.
    slot: i64,
    most: usize,
    /// Keys that were met since the last change of generation, and those from before it. A generation ends
    /// when it is full: forgetting costs nothing then, and whoever keeps coming is never forgotten.
    young: HashMap<K, Count>,
    old: HashMap<K, Count>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    /// The number of the newest slot since 1970.
    newest: i64,
    slots: [u32; KEPT],
}

impl<K: Eq + Hash + Clone> Recent<K> {
    /// Remembers at least `most` keys that are met again and again, and at most twice as many.
    pub fn new(window: Duration, most: usize) -> Self {
        let micros = i64::try_from(window.as_micros()).unwrap_or(i64::MAX);
        let slot = (micros / SLOTS as i64).max(1);
        Self { slot, most: most.max(1), young: HashMap::new(), old: HashMap::new() }
    }

    /// One more now; how many there are then.
    pub fn add(&mut self, key: K, now: Timestamp) -> u32 {
        let number = self.number(now);
        let before = self.old.remove(&key);
        if self.young.len() >= self.most && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        let count = self.young.entry(key).or_insert_with(|| before.unwrap_or_default());
        count.advance(number);
        let slot = &mut count.slots[place(number)];
        *slot = slot.saturating_add(1);
        count.sum()
    }

    /// How many there are in the window that ends now.
    pub fn count(&self, key: &K, now: Timestamp) -> u32 {
        self.advanced(key, now).map_or(0, |count| count.sum())
    }

    /// If there are `limit` or more of them: how long until there are fewer, if no more come.
    pub fn wait(&self, key: &K, limit: u32, now: Timestamp) -> Option<Duration> {
        let count = self.advanced(key, now)?;
        let mut sum = count.sum();
        if sum < limit {
            return None;
        }
        let mut leaves = count.newest;
        for number in count.newest - SLOTS as i64..=count.newest {
            sum = sum.saturating_sub(count.slots[place(number)]);
            leaves = number;
            if sum < limit {
                break;
            }
        }
        let at = leaves.saturating_add(KEPT as i64).saturating_mul(self.slot);
        let micros = at.saturating_sub(now.as_microsecond()).max(1);
        Some(Duration::from_micros(micros.unsigned_abs()))
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn advanced(&self, key: &K, now: Timestamp) -> Option<Count> {
        let mut count = *self.young.get(key).or_else(|| self.old.get(key))?;
        count.advance(self.number(now));
        Some(count)
    }

    fn number(&self, now: Timestamp) -> i64 {
        now.as_microsecond().div_euclid(self.slot)
    }
}

/// Where the slot of this number is kept.
fn place(number: i64) -> usize {
    usize::try_from(number.rem_euclid(KEPT as i64)).unwrap_or(0)
}

impl Count {
    fn sum(&self) -> u32 {
        self.slots.iter().fold(0, |sum, slot| sum.saturating_add(*slot))
    }

    /// Makes this slot the newest. After a clock went back all that was counted counts from now: nobody gains
    /// by it, and nobody is held for longer than a window.
    fn advance(&mut self, number: i64) {
        if number < self.newest {
            let sum = self.sum();
            self.slots = [0; KEPT];
            self.slots[place(number)] = sum;
        } else if number - self.newest >= KEPT as i64 {
            self.slots = [0; KEPT];
        } else {
            for passed in self.newest + 1..=number {
                self.slots[place(passed)] = 0;
            }
        }
        self.newest = number;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WINDOW: i64 = 12_000_000;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_microsecond(1_800_000_000_000_000 + micros).unwrap()
    }

    fn recent(most: usize) -> Recent<u32> {
        Recent::new(Duration::from_micros(WINDOW as u64), most)
    }

    #[test]
    fn what_is_older_than_the_window_no_longer_counts() {
        let mut recent = recent(10);
        assert_eq!(recent.add(1, at(0)), 1);
        assert_eq!(recent.add(1, at(WINDOW)), 2);
        assert_eq!(recent.count(&1, at(WINDOW)), 2);
        assert_eq!(recent.count(&1, at(WINDOW + WINDOW / 12)), 1);
        assert_eq!(recent.count(&1, at(3 * WINDOW)), 0);
        assert_eq!(recent.count(&2, at(WINDOW)), 0);
    }

    #[test]
    fn a_clock_that_goes_back_neither_forgives_nor_holds_for_longer_than_a_window() {
        let mut recent = recent(10);
        for _ in 0..5 {
            recent.add(1, at(0));
        }
        let back = -365 * 24 * 3_600 * 1_000_000;
        assert_eq!(recent.count(&1, at(back)), 5);
        let wait = recent.wait(&1, 5, at(back)).unwrap();
        assert!(wait.as_micros() <= (WINDOW + WINDOW / 12) as u128, "{wait:?}");
        recent.add(1, at(back));
        assert_eq!(recent.count(&1, at(back + WINDOW + WINDOW / 12)), 0);
    }

    #[test]
    fn memory_is_bounded_and_who_keeps_coming_is_remembered() {
        let mut recent = recent(100);
        for key in 1..10_000 {
            recent.add(0, at(0));
            recent.add(key, at(0));
            assert!(recent.len() <= 200);
        }
        assert_eq!(recent.count(&0, at(0)), 9_999);
    }

    proptest! {
        /// Against the plain list of all events.
        #[test]
        fn every_event_of_the_window_is_counted_and_none_much_older(
            steps in prop::collection::vec(0..WINDOW / 3, 1..60), limit in 1..8_u32)
        {
            let (mut recent, mut events, mut now) = (recent(10), Vec::new(), 0);
            for step in steps {
                now += step;
                recent.add(7, at(now));
                events.push(now);
                let since = |age: i64| events.iter().filter(|event| now - **event < age).count();
                let counted = recent.count(&7, at(now)) as usize;
                prop_assert!(counted >= since(WINDOW + 1), "{counted}");
                prop_assert!(counted <= since(WINDOW + WINDOW / 12 + 1), "{counted}");
                match recent.wait(&7, limit, at(now)) {
                    None => prop_assert!(counted < limit as usize),
                    Some(wait) => {
                        let then = now + wait.as_micros() as i64;
                        prop_assert!(recent.count(&7, at(then)) < limit);
                        prop_assert!(recent.count(&7, at(then - 1)) >= limit);
                    }
                }
            }
        }

        #[test]
        fn no_step_of_the_clock_confuses_it(steps in prop::collection::vec(-5 * WINDOW..5 * WINDOW, 1..60)) {
            let (mut recent, mut now) = (recent(10), 0_i64);
            for step in steps {
                now += step;
                let before = recent.count(&7, at(now));
                prop_assert_eq!(recent.add(7, at(now)), before + 1);
                prop_assert_eq!(recent.count(&7, at(now + WINDOW + WINDOW / 12)), 0);
            }
        }
    }
}
