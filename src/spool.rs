//! The states of a delivery and what moves it between them. Pure.
//!
//! `queued` and `held` wait; `claimed` is in a worker's hand under a lease; the rest are outcomes and final.

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use crate::policy::Stream;

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Queued,
    Held,
    Claimed,
    Ended(Outcome),
}

/// How a delivery ended for us. CONTRACT.md, "Words".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Refused,
    Relayed,
    Rejected,
    Expired,
    Withheld,
    Cancelled,
}

impl State {
    pub const ALL: &[State] = &[
        State::Queued,
        State::Held,
        State::Claimed,
        State::Ended(Outcome::Refused),
        State::Ended(Outcome::Relayed),
        State::Ended(Outcome::Rejected),
        State::Ended(Outcome::Expired),
        State::Ended(Outcome::Withheld),
        State::Ended(Outcome::Cancelled),
    ];

    /// The word that the store keeps.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Claimed => "claimed",
            Self::Ended(outcome) => outcome.as_str(),
        }
    }

    /// The word that people and programs are shown: `queued`, `held` or an outcome.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Claimed => "queued",
            other => other.as_str(),
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|state| state.as_str() == text)
    }
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Relayed => "relayed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Withheld => "withheld",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.shown())
    }
}

/// What one claim came to. Settling turns it into the delivery's next state, and only while the claim's
/// fence is still the row's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// It is over.
    End(Outcome),
    /// Not now: tried again at this time, or expired at the deadline, whichever comes first.
    Later(Timestamp),
    /// The second decision holds it; looked at again at this time.
    Hold(Timestamp),
}

/// Why a settlement is what it is, kept with the delivery for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Because {
    /// The upstream's last response or what failed, addresses redacted, at most 500 octets.
    pub response: Option<String>,
    /// A reason of the contract, where a verdict stands behind it.
    pub reason: Option<crate::policy::Reason>,
}

/// Deliveries that share their fate: the unit of permits and of fairness.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lane {
    pub sender: String,
    pub stream: Stream,
    pub provider: String,
    /// Empty where the message names none.
    pub campaign: String,
    /// `SENDER/NAME` that submitted it; empty of mail of our own.
    pub credential: String,
}

impl Lane {
    /// The order in which streams are served: functional first.
    pub fn class(stream: Stream) -> u8 {
        match stream {
            Stream::Functional => 0,
            Stream::Confirmation => 1,
            Stream::Marketing => 2,
        }
    }
}

/// The right to work on a delivery until its lease runs out. Settling checks the fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fence {
    pub delivery: Uuid,
    pub number: i64,
}
