//! A log line that many may want to write while something is wrong, and one a while is enough.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets one through in a while, and counts the others.
#[derive(Debug)]
pub struct Seldom {
    every: Duration,
    last: Mutex<Last>,
}

#[derive(Debug)]
struct Last {
    said: Option<Instant>,
    unsaid: u64,
}

impl Seldom {
    pub const fn new(every: Duration) -> Self {
        Self { every, last: Mutex::new(Last { said: None, unsaid: 0 }) }
    }

    /// How many were left out since the last that was said, if it is time to say one again.
    pub fn due(&self) -> Option<u64> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if last.said.is_some_and(|said| now.duration_since(said) < self.every) {
            last.unsaid += 1;
            return None;
        }
        last.said = Some(now);
        Some(std::mem::take(&mut last.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_said_and_the_others_are_counted() {
        let seldom = Seldom::new(Duration::from_secs(3600));
        assert_eq!((seldom.due(), seldom.due(), seldom.due()), (Some(0), None, None));
        let often = Seldom::new(Duration::ZERO);
        assert_eq!((often.due(), often.due()), (Some(0), Some(0)));
    }
}
