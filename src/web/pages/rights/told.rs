//! What is kept, in words that a person uses.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::consent::event::{Acquaintance, Frequency, OptIn, Suppression};
use crate::consent::request::{Kind, State};
use crate::consent::{Event, EventKind};
use crate::language;
use crate::policy::Scope;
use crate::policy::sender::SenderPolicy;
use crate::spool::{Outcome, State as DeliveryState};

/// Lines of one fact's evidence that a page shows; the archive has all.
const MOST_LINES: usize = 40;

/// For whom it is told.
pub(super) struct Teller<'a> {
    pub language: &'static str,
    pub sender: &'a SenderPolicy,
    pub zone: TimeZone,
}

impl Teller<'_> {
    /// `2026-11-21 13:00`, where the person is.
    pub fn at(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    pub fn say(&self, key: &str) -> String {
        language::text(self.language, key, &[("sender", &self.sender.name)])
    }

    fn with(&self, key: &str, name: &'static str, value: &str) -> String {
        language::text(self.language, key, &[("sender", &self.sender.name), (name, value)])
    }

    fn about(&self, key: &str, scopes: &[&Scope]) -> String {
        let titles: Vec<&str> = scopes.iter().map(|own| self.sender.title(own, self.language)).collect();
        let interests = titles.join(", ");
        language::text(self.language, key, &[("sender", &self.sender.name), ("interests", &interests)])
    }

    /// One fact.
    pub fn fact(&self, kind: &EventKind) -> String {
        let all = |scopes: &[Scope], some: &str, none: &str| match scopes.is_empty() {
            true => self.say(none),
            false => self.about(some, &scopes.iter().collect::<Vec<_>>()),
        };
        match kind {
            EventKind::SignupRequested { scopes, .. } => {
                all(scopes, "data-fact-signup", "data-fact-signup-all")
            }
            EventKind::ConfirmationSent { scopes } => all(scopes, "data-fact-asked", "data-fact-asked-all"),
            EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes } => {
                all(scopes, "data-fact-confirmed", "data-fact-yes-all")
            }
            EventKind::OptIn { ground: OptIn::SingleOptIn, scopes } => {
                all(scopes, "data-fact-yes", "data-fact-yes-all")
            }
            EventKind::Unconfirmed { scopes } => {
                all(scopes, "data-fact-unconfirmed", "data-fact-unconfirmed-all")
            }
            EventKind::Acquainted { how, scope, notice } => {
                let key = match (how, notice) {
                    (Acquaintance::Purchase, true) => "data-fact-bought-told",
                    (Acquaintance::Purchase, false) => "data-fact-bought",
                    (Acquaintance::Inquiry | Acquaintance::Negotiation, true) => "data-fact-inquired-told",
                    (Acquaintance::Inquiry | Acquaintance::Negotiation, false) => "data-fact-inquired",
                };
                self.about(key, &[scope])
            }
            EventKind::Withdrawal { complaint: true, .. } => self.say("data-fact-complaint"),
            EventKind::Withdrawal { scopes, .. } => all(scopes, "data-fact-no", "data-fact-no-all"),
            EventKind::WithdrawalUndone { .. } => self.say("data-fact-undone"),
            EventKind::TrackingConsent { .. } => self.say("data-fact-tracking-yes"),
            EventKind::TrackingWithdrawal => self.say("data-fact-tracking-no"),
            EventKind::FrequencyChosen { at_most } => {
                let choice = match at_most {
                    Frequency::AsSent => "often-as-sent",
                    Frequency::Weekly => "often-weekly",
                    Frequency::Monthly => "often-monthly",
                };
                self.with("data-fact-often", "choice", &self.say(choice))
            }
            EventKind::Paused { until } => self.with("data-fact-paused", "date", &self.at(*until)),
            EventKind::PauseEnded => self.say("data-fact-pause-ended"),
            EventKind::ProfilingObjection => self.say("data-fact-profiling-no"),
            EventKind::ProfilingAllowed => self.say("data-fact-profiling-yes"),
            EventKind::PlaceChosen => self.say("data-fact-place"),
            EventKind::Suppressed { why: Suppression::Bounce } => self.say("data-fact-bounced"),
            EventKind::Suppressed { why: Suppression::Operator } => self.say("data-fact-blocked"),
            EventKind::SuppressionLifted { .. } => self.say("data-fact-unblocked"),
            EventKind::AddressChanged { .. } => self.say("data-fact-address"),
            EventKind::Restricted => self.say("data-fact-restricted"),
            EventKind::RestrictionLifted => self.say("data-fact-lifted"),
            EventKind::Erased => self.say("data-fact-erased"),
        }
    }

    /// How a fact is known, line by line: where it came in, and what proves it.
    pub fn proof(&self, event: &Event, evidence: Option<&Value>) -> Vec<String> {
        let mut lines = vec![format!("{}: {}", self.say("data-channel"), event.channel)];
        let place = [&event.jurisdiction, &event.locale, &event.time_zone];
        lines.extend(place.into_iter().flatten().map(|text| format!("– {text}")));
        if let Some(evidence) = evidence {
            flatten("", evidence, &mut lines);
        }
        if lines.len() > MOST_LINES {
            lines.truncate(MOST_LINES);
            lines.push("…".to_owned());
        }
        lines
    }

    pub fn state(&self, state: DeliveryState) -> String {
        self.say(match state {
            DeliveryState::Ended(Outcome::Relayed) => "data-mail-sent",
            DeliveryState::Ended(_) => "data-mail-stopped",
            _ => "data-mail-waits",
        })
    }

    pub fn request(&self, kind: Kind, state: State) -> String {
        let kind = self.say(match kind {
            Kind::Access => "data-request-access",
            Kind::Rectification => "data-request-rectification",
            Kind::Erasure => "data-request-erasure",
            Kind::Restriction => "data-request-restriction",
            Kind::Objection => "data-request-objection",
        });
        let state = self.say(match state {
            State::Open => "data-request-open",
            State::Done => "data-request-done",
            State::Refused => "data-request-refused",
        });
        format!("{kind}: {state}")
    }
}

fn flatten(path: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, lines);
            }
        }
        Value::String(text) => lines.push(format!("{path}: {text}")),
        other => lines.push(format!("{path}: {other}")),
    }
}
