//! What is checked in every body beyond its shape. All mistakes are found before one is told.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::problem::{Mistake, Problem};
use crate::consent::admit::AHEAD_SECONDS;
use crate::policy::sender::SenderPolicy;
use crate::policy::{PolicySet, Scope};
use crate::record::Provenance;

/// The most scopes in one call.
pub(super) const SCOPES_LIMIT: usize = 200;

/// The largest `evidence` or `source`, in octets of JSON.
const EVIDENCE_LIMIT: usize = 32 * 1024;

/// An object whose fields are the caller's own.
pub(super) type Free = Map<String, Value>;

/// What a fact says of the person's place and language.
pub(super) struct Place {
    pub(super) jurisdiction: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) time_zone: Option<String>,
}

impl Place {
    /// Whence a fact came that says this too.
    pub(super) fn provenance(self, evidence: Value) -> Provenance {
        let Self { jurisdiction, locale, time_zone } = self;
        Provenance { channel: "api".to_owned(), jurisdiction, locale, time_zone, evidence }
    }
}

/// The mistakes of one body.
#[derive(Debug, Default)]
pub(super) struct Checks {
    /// Against the shape that the OpenAPI document shows.
    mistakes: Vec<Mistake>,
    /// Against the sender's policies or the clock.
    unfit: Vec<Mistake>,
}

impl Checks {
    /// The end of all checks.
    pub(super) fn done(self) -> Result<(), Problem> {
        match (self.mistakes.is_empty(), self.unfit.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => Err(Problem::unfit(self.unfit)),
            (false, _) => Err(Problem::mistaken([self.mistakes, self.unfit].concat())),
        }
    }

    pub(super) fn mistake(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.mistakes.push(Mistake::at(pointer, detail));
    }

    pub(super) fn unfit(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.unfit.push(Mistake::at(pointer, detail));
    }

    /// Each is in the sender's taxonomy, and there aren't too many.
    pub(super) fn scopes(&mut self, sender: &SenderPolicy, scopes: &[Scope]) {
        if scopes.len() > SCOPES_LIMIT {
            return self.mistake("/scopes", format!("at most {SCOPES_LIMIT}"));
        }
        for (index, scope) in scopes.iter().enumerate() {
            self.scope(format!("/scopes/{index}"), sender, scope);
        }
    }

    pub(super) fn scope(&mut self, pointer: impl Into<String>, sender: &SenderPolicy, scope: &Scope) {
        if !sender.knows(scope) {
            self.unfit(pointer, format!("`{scope}` is not in the taxonomy of `{}`", sender.id));
        }
    }

    /// Not more than five minutes ahead.
    pub(super) fn not_ahead(&mut self, pointer: &str, at: Timestamp, now: Timestamp) {
        if at.as_second() - now.as_second() > AHEAD_SECONDS {
            self.unfit(pointer, "it is dated more than five minutes ahead");
        }
    }

    /// What a person's facts may say of their place and language.
    pub(super) fn place(&mut self, policy: &PolicySet, place: &Place) {
        let Place { jurisdiction, locale, time_zone } = place;
        if let Some(code) = jurisdiction {
            if !is_made_of(code, 2..=35, b"0123456789", b"-_") {
                self.mistake("/jurisdiction", "not a code such as `se`");
            } else if !is_made_of(code, 2..=2, &[], &[]) && !policy.jurisdictions.contains_key(code) {
                self.unfit("/jurisdiction", "neither a jurisdiction pack nor a country code of two letters");
            }
        }
        if locale.as_ref().is_some_and(|tag| !is_made_of(tag, 2..=35, b"0123456789", b"-_")) {
            self.mistake("/locale", "not a language tag such as `sv` or `sv-SE`");
        }
        if time_zone.as_ref().is_some_and(|name| !is_made_of(name, 2..=64, b"0123456789", b"/_+-")) {
            self.mistake("/time_zone", "not a time zone such as `Europe/Stockholm`");
        }
    }

    /// Proof is kept as it came, but not without bound.
    pub(super) fn evidence(&mut self, pointer: &str, evidence: &Free) {
        let size = serde_json::to_vec(evidence).map_or(usize::MAX, |text| text.len());
        if size > EVIDENCE_LIMIT {
            self.mistake(pointer, format!("at most {EVIDENCE_LIMIT} octets of JSON"));
        }
    }

    /// A text for people, with something in it.
    pub(super) fn text(&mut self, pointer: &str, text: &str, limit: usize) {
        if text.is_empty() {
            self.mistake(pointer, "it is empty");
        } else if text.chars().count() > limit {
            self.mistake(pointer, format!("at most {limit} characters"));
        }
    }
}

/// Whether a text of this length begins with a letter and holds only letters, `digits` and `marks`.
fn is_made_of(text: &str, length: std::ops::RangeInclusive<usize>, digits: &[u8], marks: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphabetic() || digits.contains(&byte) || marks.contains(&byte);
    length.contains(&text.len())
        && text.bytes().all(fits)
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(jurisdiction: Option<&str>, locale: Option<&str>, time_zone: Option<&str>) -> usize {
        let policy = PolicySet {
            hash: "0".into(),
            senders: Default::default(),
            jurisdictions: Default::default(),
            shaping: Default::default(),
            files: Default::default(),
        };
        let mut checks = Checks::default();
        let own = |text: Option<&str>| text.map(str::to_owned);
        let place = Place { jurisdiction: own(jurisdiction), locale: own(locale), time_zone: own(time_zone) };
        checks.place(&policy, &place);
        checks.mistakes.len() + checks.unfit.len()
    }

    #[test]
    fn places_and_languages_have_a_shape() {
        assert_eq!(place(Some("SE"), Some("sv-SE"), Some("America/Argentina/Buenos_Aires")), 0);
        assert_eq!(place(None, None, Some("Etc/GMT+5")), 0);
        assert_eq!(place(Some("Sweden"), Some("s"), Some("")), 3);
        assert_eq!(place(Some("s1"), Some("<sv>"), Some("../etc passwd")), 3);
    }

    #[test]
    fn evidence_is_bounded() {
        let mut checks = Checks::default();
        checks.evidence("/evidence", &Free::from_iter([("x".into(), "y".repeat(EVIDENCE_LIMIT).into())]));
        assert!(checks.done().is_err());
    }
}
