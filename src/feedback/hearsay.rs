//! Reports by mail prove whose copy they are about, and nothing else: whoever has a newsletter has its return path, and can
//! write there what they like. What such a report does to its own address is theirs to have; what it would do to everybody
//! else's mail waits until several people's copies say it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// So many people, within this time.
const PEOPLE: usize = 3;
const WITHIN: Duration = Duration::from_secs(3600);
/// Providers that are remembered: beyond it all is forgotten, and has to be said anew.
const PROVIDERS: usize = 1_000;

/// Who said of which provider that it resists, as this node heard it.
#[derive(Default)]
pub struct Hearsay(Mutex<HashMap<String, HashMap<Uuid, Instant>>>);

impl Hearsay {
    /// Whether enough people's copies have said so by now, this one's included.
    pub fn is_enough(&self, provider: &str, person: Uuid, now: Instant) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= PROVIDERS && !all.contains_key(provider) {
            all.clear();
        }
        let said = all.entry(provider.to_owned()).or_default();
        said.retain(|_, at| now.duration_since(*at) < WITHIN);
        // No more are needed than are asked for.
        if said.len() < PEOPLE || said.contains_key(&person) {
            said.insert(person, now);
        }
        said.len() >= PEOPLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_alone_says_nothing_of_a_provider_however_often() {
        let (own, now) = (Hearsay::default(), Instant::now());
        for _ in 0..10 {
            assert!(!own.is_enough("google", Uuid::from_u128(1), now));
        }
        assert!(!own.is_enough("google", Uuid::from_u128(2), now));
        assert!(!own.is_enough("yahoo", Uuid::from_u128(3), now), "each provider by itself");
        assert!(own.is_enough("google", Uuid::from_u128(3), now));
        assert!(own.is_enough("google", Uuid::from_u128(4), now));
        assert!(!own.is_enough("google", Uuid::from_u128(5), now + WITHIN), "long ago");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (own, now) = (Hearsay::default(), Instant::now());
        for number in 0..3 * PROVIDERS as u128 {
            own.is_enough(&number.to_string(), Uuid::from_u128(number), now);
            own.is_enough("google", Uuid::from_u128(number), now);
        }
        let all = own.0.lock().unwrap();
        assert!(all.len() <= PROVIDERS && all.values().all(|said| said.len() <= PEOPLE));
    }
}
