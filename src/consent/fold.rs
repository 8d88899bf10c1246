//! From history to state: `fold(events)`. Pure, and blind to the order in which facts arrived.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::event::{Acquaintance, Event, OptIn, Suppression};
use crate::policy::Scope;

/// All that a decision needs to know of one subscriber. Holds no address and no evidence. For an unknown
/// person it is `ConsentState::default()`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ConsentState {
    /// The youngest yes for each (kind, scope).
    pub opt_ins: Vec<Yes>,
    /// The youngest acquaintance for each (how, scope, notice).
    pub acquaintances: Vec<Acquainted>,
    /// Sign-ups that were never confirmed: the youngest for each scope.
    pub pending: Vec<Pending>,
    /// The youngest no for each scope; `None` is all marketing. Undone ones are left out.
    pub withdrawals: Vec<No>,
    pub suppressed: Vec<(Suppression, Timestamp)>,
    pub restricted: Option<Timestamp>,
    pub erased: Option<Timestamp>,
    /// From the youngest fact that names one.
    pub jurisdiction: Option<String>,
    pub locale: Option<String>,
    pub time_zone: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yes {
    pub ground: OptIn,
    pub scope: Scope,
    pub at: Timestamp,
    pub event: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acquainted {
    pub how: Acquaintance,
    pub scope: Scope,
    pub notice: bool,
    pub at: Timestamp,
    pub event: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub scope: Scope,
    pub at: Timestamp,
    pub event: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct No {
    pub scope: Option<Scope>,
    pub at: Timestamp,
    pub event: Uuid,
    pub complaint: bool,
}

/// The state that these facts make, in whatever order they come.
pub fn fold(events: &[Event]) -> ConsentState {
    let _ = events;
    todo!()
}
