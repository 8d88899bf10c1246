//! Values of labels: names out of configuration, and never more of them than a metrics store can bear.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Names of a kind that are told apart; all others share one.
const MOST: usize = 200;
/// What the others are called.
pub(super) const OTHER: &str = "other";
/// Octets of a name.
const LONGEST: usize = 64;

static SEEN: Mutex<Option<HashMap<&'static str, HashSet<String>>>> = Mutex::new(None);

/// A name as a label's value: the first 200 of a kind as they are, the rest together.
pub(super) fn named(kind: &'static str, name: &str) -> String {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    known(seen.get_or_insert_default(), kind, name)
}

fn known(seen: &mut HashMap<&'static str, HashSet<String>>, kind: &'static str, name: &str) -> String {
    let names = seen.entry(kind).or_default();
    if names.contains(name) {
        return name.to_owned();
    }
    if names.len() >= MOST || name.len() > LONGEST || name.chars().any(char::is_control) {
        return OTHER.to_owned();
    }
    names.insert(name.to_owned());
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_a_bounded_number_of_values() {
        let mut seen = HashMap::new();
        let values: HashSet<String> =
            (0..3 * MOST).map(|n| known(&mut seen, "sender", &format!("s{n}"))).collect();
        assert_eq!(values.len(), MOST + 1);
        assert_eq!(known(&mut seen, "sender", "s0"), "s0");
        assert_eq!(known(&mut seen, "sender", "new"), OTHER);
        assert_eq!(known(&mut seen, "upstream", "new"), "new");
        assert_eq!(known(&mut seen, "upstream", &"long".repeat(50)), OTHER);
        assert_eq!(known(&mut seen, "upstream", "a\nb"), OTHER);
    }
}
