//! What is checked in every body beyond its shape. All mistakes are found before one is told.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::problem::{Mistake, Problem};
use crate::consent::admit::{AHEAD_SECONDS, EARLIEST_SECOND, NotAdmitted};
use crate::consent::evidence::EVIDENCE_LIMIT;
use crate::consent::place::{self, NoPlace};
use crate::policy::sender::SenderPolicy;
use crate::policy::{PolicySet, Scope};
use crate::record::Provenance;

/// The most scopes in one call.
pub(super) const SCOPES_LIMIT: usize = 200;

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

    /// Neither more than five minutes ahead nor an empty date.
    pub(super) fn dated(&mut self, pointer: &str, at: Timestamp, now: Timestamp) {
        if at.as_second() - now.as_second() > AHEAD_SECONDS {
            self.unfit(pointer, NotAdmitted::DatedAhead.to_string());
        } else if at.as_second() < EARLIEST_SECOND {
            self.unfit(pointer, NotAdmitted::DatedTooEarly.to_string());
        }
    }

    /// What a person's facts may say of their place and language.
    pub(super) fn place(&mut self, policy: &PolicySet, place: &Place) {
        let Place { jurisdiction, locale, time_zone } = place;
        match jurisdiction.as_ref().map_or(Ok(()), |code| place::jurisdiction(policy, code)) {
            Ok(()) => {}
            Err(wrong @ NoPlace::NoPack) => self.unfit("/jurisdiction", wrong.to_string()),
            Err(wrong) => self.mistake("/jurisdiction", wrong.to_string()),
        }
        if let Some(wrong) = locale.as_ref().and_then(|tag| place::locale(tag).err()) {
            self.mistake("/locale", wrong.to_string());
        }
        match time_zone.as_ref().map_or(Ok(()), |name| place::time_zone(name)) {
            Ok(()) => {}
            Err(wrong @ NoPlace::UnknownZone) => self.unfit("/time_zone", wrong.to_string()),
            Err(wrong) => self.mistake("/time_zone", wrong.to_string()),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn place(jurisdiction: Option<&str>, locale: Option<&str>, time_zone: Option<&str>) -> usize {
        let policy = PolicySet {
            hash: "0".into(),
            senders: Default::default(),
            jurisdictions: Default::default(),
            shaping: Default::default(),
            dialects: Default::default(),
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
        assert_eq!(place(None, None, Some("Europe/Atlantis")), 1);
    }

    #[test]
    fn evidence_is_bounded() {
        let mut checks = Checks::default();
        checks.evidence("/evidence", &Free::from_iter([("x".into(), "y".repeat(EVIDENCE_LIMIT).into())]));
        assert!(checks.done().is_err());
    }
}
