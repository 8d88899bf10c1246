//! Permits that were taken for what then did not leave, as mail that finds no place under a frequency cap: they go
//! back to their limits with the next claim that draws on these. What a node forgets of them is lost to nobody but
//! the limits: too few leave then, never too many.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Sets of limits that are remembered; a policy that was reloaded leaves some behind.
const MOST: usize = 1_000;

/// By the limits that were drawn on: when by the store's clock, and how many.
#[derive(Default)]
pub struct Unused {
    permits: Mutex<HashMap<Vec<String>, BTreeMap<Timestamp, u32>>>,
}

impl Unused {
    /// One that was taken from these limits then.
    pub fn add(&self, limits: &[String], taken_at: Timestamp) {
        if limits.is_empty() {
            return;
        }
        let mut permits = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
        if permits.len() >= MOST && !permits.contains_key(limits) {
            permits.clear();
        }
        let count = permits.entry(limits.to_vec()).or_default().entry(taken_at).or_default();
        *count = count.saturating_add(1);
    }

    /// All that these limits are to have back.
    pub fn take(&self, limits: &[String]) -> Vec<(Timestamp, u32)> {
        let mut permits = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
        permits.remove(limits).into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_goes_back_once_and_to_its_own_limits() {
        let (unused, all) = (Unused::default(), ["all".to_owned()]);
        let google = ["all".to_owned(), "google".to_owned()];
        let (one, two) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        for at in [one, two, one] {
            unused.add(&google, at);
        }
        unused.add(&[], one);
        assert_eq!(unused.take(&all), []);
        assert_eq!(unused.take(&google), [(one, 2), (two, 1)]);
        assert_eq!(unused.take(&google), []);
    }
}
