//! How often something happened since the start, and whether that is worth a line in the log: what strangers
//! can bring about at will must not fill it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts; clones would count apart, so there are none.
#[derive(Debug, Default)]
pub struct Tally(AtomicU64);

impl Tally {
    /// One more. Its number, if it is the first, tenth, hundredth or a thousandth.
    pub fn worth_a_line(&self) -> Option<u64> {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        (matches!(number, 1 | 10 | 100) || number.is_multiple_of(1_000)).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_leaves_few_lines() {
        let tally = Tally::default();
        let lines: Vec<u64> = (0..3_500).filter_map(|_| tally.worth_a_line()).collect();
        assert_eq!(lines, [1, 10, 100, 1_000, 2_000, 3_000]);
    }
}
