//! What a person asks for by right (GDPR 15 to 21), as a record: when it came, by when it is to be met, and what was done.
//! Kept as the proof that it was met, so that it holds nothing personal: ids, times and words of ours. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// `[rights] due`: by when a request is to be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Calendar months, as the law counts them. GDPR 12(3); Regulation 1182/71, 3.
    Months(u32),
    Days(u32),
}

impl Due {
    /// The last moment for what was received then, where the sender is.
    pub fn after(self, received: Timestamp, zone: &TimeZone) -> Timestamp {
        let span = match self {
            Self::Months(months) => i64::from(months).months(),
            Self::Days(days) => i64::from(days).days(),
        };
        let due = received.to_zoned(zone.clone()).checked_add(span);
        // Where the calendar ends it is due at once: too early harms nobody.
        due.map_or(received, |due| due.timestamp())
    }
}

/// `[rights]` of a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// How long the link to the data works that is mailed for a request.
    pub fresh_link: SignedDuration,
    pub due: Due,
}

impl Default for Rights {
    fn default() -> Self {
        Self { fresh_link: SignedDuration::from_hours(1), due: Due::Months(1) }
    }
}

macro_rules! words {
    ($(#[$of:meta])* $name:ident { $($(#[$doc:meta])* $word:ident => $text:literal,)* }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        $(#[$of])*
        pub enum $name { $($(#[$doc])* $word,)* }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$word),*];

            /// The word that records and people are shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text,)* }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|own| own.as_str() == text)
            }
        }
    };
}

words! {
    /// Which right it is.
    #[schema(as = RequestKind)]
    Kind {
        /// To see, or to take along (GDPR 15, 20).
        Access => "access",
        /// To have it put right (GDPR 16).
        Rectification => "rectification",
        /// GDPR 17.
        Erasure => "erasure",
        /// GDPR 18; its end is asked for under the same right.
        Restriction => "restriction",
        /// GDPR 21.
        Objection => "objection",
    }
}

words! {
    #[schema(as = RequestState)]
    State {
        Open => "open",
        Done => "done",
        /// The person was told why not (GDPR 12(4)).
        Refused => "refused",
    }
}

words! {
    /// What was done about a request.
    #[schema(as = RequestAction)]
    Action {
        Asked => "asked",
        TakenAlong => "taken_along",
        AddressChanged => "address_changed",
        Restricted => "restricted",
        RestrictionLifted => "restriction_lifted",
        Withdrawn => "withdrawn",
        /// To profiling; marketing goes on.
        ProfilingEnded => "profiling_ended",
        Erased => "erased",
        /// By an officer of the sender's.
        Done => "done",
        Refused => "refused",
    }
}

impl Action {
    /// How a request stands after it: what is to be done elsewhere too is met once somebody says so.
    pub fn leads_to(self) -> State {
        match self {
            Self::TakenAlong | Self::Done => State::Done,
            Self::Refused => State::Refused,
            Self::Asked
            | Self::AddressChanged
            | Self::Restricted
            | Self::RestrictionLifted
            | Self::Withdrawn
            | Self::ProfilingEnded
            | Self::Erased => State::Open,
        }
    }
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = RequestStep)]
pub struct Step {
    pub at: Timestamp,
    /// Who did it: `person`, `gateway`, or by which door an officer did, `command`.
    pub by: String,
    pub what: Action,
}

/// A request with all that is kept of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub id: Uuid,
    pub sender: String,
    pub subscriber: Uuid,
    pub kind: Kind,
    pub state: State,
    pub received: Timestamp,
    pub due: Timestamp,
    pub ended: Option<Timestamp>,
    pub steps: Vec<Step>,
}

impl Request {
    /// Whether it should have been met by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.state == State::Open && self.due < now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_one_of_the_calendar_where_the_sender_is() {
        let due = |due: Due, received: &str, zone: &str| {
            due.after(received.parse().unwrap(), &TimeZone::get(zone).unwrap()).to_string()
        };
        assert_eq!(due(Due::Months(1), "2026-01-31T12:00:00Z", "UTC"), "2026-02-28T12:00:00Z");
        // Summer time begins between.
        assert_eq!(due(Due::Months(1), "2026-03-10T12:00:00Z", "Europe/Stockholm"), "2026-04-10T11:00:00Z");
        assert_eq!(due(Due::Days(30), "2026-01-31T12:00:00Z", "UTC"), "2026-03-02T12:00:00Z");
        assert_eq!(Due::Months(1200).after(Timestamp::MAX, &TimeZone::UTC), Timestamp::MAX);
    }

    #[test]
    fn a_word_is_the_same_in_json_and_in_the_store() {
        for action in Action::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
        }
        assert!(Kind::ALL.iter().all(|kind| Kind::parse(kind.as_str()) == Some(*kind)));
    }
}
