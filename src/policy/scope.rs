//! Scopes: interests in a sender's taxonomy, as dotted paths. A scope covers itself and all below it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A dotted path such as `apparel.tshirts`: segments of lower-case letters, digits, `-` and `_`,
/// at most 100 octets in all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[schema(pattern = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$", max_length = 100, example = "apparel.tshirts")]
#[serde(try_from = "String", into = "String")]
pub struct Scope(String);

/// The longest scope in octets: links carry it.
pub const MAX_SCOPE: usize = 100;

/// A text that is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a scope: dotted lower-case names such as `apparel.tshirts`, at most {MAX_SCOPE} octets"
)]
pub struct NotAScope(String);

impl Scope {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this scope or lies below it.
    pub fn covers(&self, other: &Scope) -> bool {
        other.0.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// This scope and those above it, nearest first.
    pub fn ancestors(&self) -> impl Iterator<Item = Scope> + '_ {
        let ends = self.0.rmatch_indices('.').map(|(at, _)| at);
        std::iter::once(self.0.len()).chain(ends).map(|end| Scope(self.0[..end].to_owned()))
    }
}

impl FromStr for Scope {
    type Err = NotAScope;

    fn from_str(text: &str) -> Result<Self, NotAScope> {
        let segment_ok = |segment: &str| {
            !segment.is_empty()
                && segment.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
        };
        if text.len() <= MAX_SCOPE && text.split('.').all(segment_ok) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAScope(text.chars().take(MAX_SCOPE).collect()))
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = NotAScope;

    fn try_from(text: String) -> Result<Self, NotAScope> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        text.parse().unwrap()
    }

    #[test]
    fn a_scope_covers_all_below_it_and_nothing_beside_it() {
        assert!(scope("apparel").covers(&scope("apparel.tshirts")));
        assert!(scope("apparel").covers(&scope("apparel")));
        assert!(!scope("apparel").covers(&scope("apparel2")));
        assert!(!scope("apparel.tshirts").covers(&scope("apparel")));
    }

    #[test]
    fn ancestors_are_named_nearest_first() {
        let names: Vec<String> = scope("a.b.c").ancestors().map(String::from).collect();
        assert_eq!(names, ["a.b.c", "a.b", "a"]);
    }

    #[test]
    fn what_is_no_dotted_path_is_refused() {
        for text in ["", ".", "a.", ".a", "a..b", "A", "a b", "å", &"a".repeat(101)] {
            assert!(text.parse::<Scope>().is_err(), "{text}");
        }
    }
}
