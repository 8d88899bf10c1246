//! From history to state: `fold(events)`. Pure, and blind to the order in which facts arrived.

mod choices;
mod noes;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use choices::{Chosen, OwnChoices, Profiling};
pub use noes::{TakenBack, taken_back};

use super::event::{
    Acquaintance, Event, EventKind, OptIn, ShownText, SignedUpBy, Suppression, TrackingAsked,
};
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
    /// Sign-ups that were never confirmed: the youngest for each (scope, by).
    pub pending: Vec<Signup>,
    /// Imported without proof and never confirmed: the youngest for each scope.
    pub unconfirmed: Vec<Pending>,
    /// Mails that asked to confirm: the youngest for each scope, confirmed or not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confirmations: Vec<Sent>,
    /// The youngest no for each scope (`None` is all marketing), and older ones of the same scope that cover more. What
    /// was undone is left out.
    pub withdrawals: Vec<No>,
    /// What the person answered to tracking.
    #[serde(skip_serializing_if = "TrackingAnswers::are_none")]
    pub tracking: TrackingAnswers,
    /// How marketing is to come to the person.
    #[serde(skip_serializing_if = "OwnChoices::are_none")]
    pub choices: OwnChoices,
    pub suppressed: Vec<(Suppression, Timestamp)>,
    pub restricted: Option<Timestamp>,
    pub erased: Option<Timestamp>,
    /// From the youngest fact that names one; language and time zone from the person's own choice where there is one.
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
    /// Whether notice was given, as told.
    pub notice: bool,
    #[serde(default, skip_serializing_if = "NoticeText::is_not_kept")]
    pub notice_text: NoticeText,
    pub at: Timestamp,
    pub event: Uuid,
}

/// Whether it can be shown which notice was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeText {
    /// By its hash: whoever has the text can prove that it was this one.
    Kept,
    /// That it was given is told, and nothing more.
    #[default]
    NotKept,
}

impl NoticeText {
    fn is_not_kept(&self) -> bool {
        *self == Self::NotKept
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub scope: Scope,
    pub at: Timestamp,
    pub event: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signup {
    pub scope: Scope,
    #[serde(default)]
    pub by: SignedUpBy,
    pub at: Timestamp,
    pub event: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// `None` where nobody told for what.
    pub scope: Option<Scope>,
    pub at: Timestamp,
    pub event: Uuid,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct No {
    pub scope: Option<Scope>,
    /// What the person took back of it: these and all below them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Scope>,
    pub at: Timestamp,
    pub event: Uuid,
    pub complaint: bool,
}

/// The youngest answers to whether the person may be tracked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackingAnswers {
    /// The youngest yes for each way of asking.
    pub yeses: Vec<TrackingYes>,
    /// The youngest no to tracking alone. That a withdrawal of everything ends it too is said by the withdrawal.
    pub no: Option<TrackingNo>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingYes {
    pub asked: TrackingAsked,
    pub at: Timestamp,
    pub event: Uuid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackingNo {
    pub at: Timestamp,
    pub event: Uuid,
}

impl TrackingAnswers {
    fn are_none(&self) -> bool {
        *self == Self::default()
    }
}

impl ConsentState {
    /// This state and the noes of another, for a history that can't be read whole. It never takes a no away.
    pub fn with_noes_of(mut self, other: Self) -> Self {
        self.withdrawals.extend(other.withdrawals);
        let noes = self.tracking.no.into_iter().chain(other.tracking.no);
        self.tracking.no = noes.max_by_key(|no| (no.at, no.event));
        self.choices = std::mem::take(&mut self.choices).with(other.choices);
        self.suppressed.extend(other.suppressed);
        self.restricted = self.restricted.max(other.restricted);
        self.erased = self.erased.max(other.erased);
        self
    }
}

/// The state that these facts make, in whatever order they come.
///
/// Only `occurred_at` counts, never when we heard of a fact; of two facts of the same moment the greater
/// id is kept, so that every node folds to the same. Place and language alone are corrected by telling a fact again: of
/// the same moment what was heard last is meant. What an erasure is younger than is gone, but for blocks: they are no
/// part of what was erased, and hold nothing personal. A double opt-in proves that its reader has the address: of one
/// that somebody told us since it proves nothing, and counts as a single one.
pub fn fold(events: &[Event]) -> ConsentState {
    let erased = events.iter().filter(|event| event.kind == EventKind::Erased).map(|e| e.occurred_at).max();
    let mut living: Vec<&Event> =
        events.iter().filter(|event| erased.is_none_or(|at| event.occurred_at > at)).collect();
    living.sort_by_key(|event| (event.occurred_at, event.id));
    let mut youngest = Youngest { unproved: unproved(&living), ..Youngest::default() };
    for event in &living {
        youngest.add(event);
    }
    ConsentState {
        withdrawals: noes::standing(&living),
        suppressed: suppressed(events),
        erased,
        ..youngest.into_state()
    }
}

/// Up to when nothing shows that the person's address is theirs: the youngest change that was only told.
fn unproved(living: &[&Event]) -> Option<Timestamp> {
    let told = |event: &&&Event| matches!(event.kind, EventKind::AddressChanged { confirmed: false, .. });
    living.iter().filter(told).map(|event| event.occurred_at).max()
}

/// The blocks that stand, each since its youngest telling. Only a strictly younger lift ends one: a tie is a no. It is
/// the address that bounced, so another address ends that.
fn suppressed(events: &[Event]) -> Vec<(Suppression, Timestamp)> {
    let mut blocks: BTreeMap<Suppression, Timestamp> = BTreeMap::new();
    let mut lifts = blocks.clone();
    for event in events {
        let (of, why) = match &event.kind {
            EventKind::Suppressed { why } => (&mut blocks, *why),
            EventKind::SuppressionLifted { why } => (&mut lifts, *why),
            EventKind::AddressChanged { .. } => (&mut lifts, Suppression::Bounce),
            _ => continue,
        };
        let at = of.entry(why).or_insert(event.occurred_at);
        *at = event.occurred_at.max(*at);
    }
    let stands = |(why, at): &(Suppression, Timestamp)| lifts.get(why).is_none_or(|lift| lift <= at);
    blocks.into_iter().filter(stands).collect()
}

/// The youngest fact for each key; facts are added oldest first, so that later ones replace earlier ones.
#[derive(Default)]
struct Youngest<'a> {
    unproved: Option<Timestamp>,
    opt_ins: BTreeMap<(OptIn, &'a Scope), &'a Event>,
    acquaintances: BTreeMap<(Acquaintance, &'a Scope, bool), &'a Event>,
    pending: BTreeMap<(&'a Scope, SignedUpBy), &'a Event>,
    unconfirmed: BTreeMap<&'a Scope, &'a Event>,
    confirmations: BTreeMap<Option<&'a Scope>, &'a Event>,
    tracking_yeses: BTreeMap<TrackingAsked, &'a Event>,
    tracking_no: Option<&'a Event>,
    choices: OwnChoices,
    restricted: Option<Timestamp>,
    restriction_lifted: Option<Timestamp>,
    jurisdiction: Named<'a>,
    locale: Named<'a>,
    time_zone: Named<'a>,
}

/// What a fact names, with the place of that fact in time; before all, whether the person chose it.
type Named<'a> = Option<((bool, Timestamp, Timestamp, Uuid), &'a String)>;

impl<'a> Youngest<'a> {
    fn add(&mut self, event: &'a Event) {
        let at = event.occurred_at;
        self.jurisdiction = self.jurisdiction.max(named(event, event.jurisdiction.as_ref()));
        self.locale = self.locale.max(named(event, event.locale.as_ref()));
        self.time_zone = self.time_zone.max(named(event, event.time_zone.as_ref()));
        match &event.kind {
            EventKind::SignupRequested { scopes, by } => {
                self.pending.extend(scopes.iter().map(|scope| ((scope, *by), event)));
            }
            EventKind::ConfirmationSent { scopes } if scopes.is_empty() => {
                self.confirmations.insert(None, event);
            }
            EventKind::ConfirmationSent { scopes } => {
                self.confirmations.extend(scopes.iter().map(|scope| (Some(scope), event)));
            }
            EventKind::Unconfirmed { scopes } => {
                self.unconfirmed.extend(scopes.iter().map(|scope| (scope, event)));
            }
            EventKind::OptIn { ground, scopes } => {
                let ground = match self.unproved {
                    Some(told) if at <= told => OptIn::SingleOptIn,
                    _ => *ground,
                };
                self.opt_ins.extend(scopes.iter().map(|scope| ((ground, scope), event)));
            }
            EventKind::Acquainted { how, scope, notice } => {
                self.acquaintances.insert((*how, scope, *notice), event);
            }
            EventKind::TrackingConsent { asked } => {
                self.tracking_yeses.insert(*asked, event);
            }
            EventKind::TrackingWithdrawal => self.tracking_no = Some(event),
            EventKind::FrequencyChosen { .. }
            | EventKind::Paused { .. }
            | EventKind::PauseEnded
            | EventKind::ProfilingObjection
            | EventKind::ProfilingAllowed => self.choices.add(event),
            EventKind::Restricted => self.restricted = Some(at),
            EventKind::RestrictionLifted => self.restriction_lifted = Some(at),
            // Asked of the history as a whole, or said by the fields that all have.
            EventKind::Withdrawal { .. }
            | EventKind::WithdrawalUndone { .. }
            | EventKind::Suppressed { .. }
            | EventKind::SuppressionLifted { .. }
            | EventKind::PlaceChosen
            | EventKind::AddressChanged { .. }
            | EventKind::Erased => {}
        }
    }

    fn into_state(self) -> ConsentState {
        let confirmed = |scope: &Scope, at: Timestamp| {
            self.opt_ins.iter().any(|((ground, own), yes)| {
                *ground == OptIn::DoubleOptIn && own.covers(scope) && yes.occurred_at >= at
            })
        };
        let open = |scope: &Scope, event: &Event| !confirmed(scope, event.occurred_at);
        let signups = self.pending.iter().filter(|((scope, _), event)| open(scope, event));
        let unconfirmed = self.unconfirmed.iter().filter(|(scope, event)| open(scope, event));
        // A tie is a no here as well.
        let stands = |at: &Timestamp| self.restriction_lifted.is_none_or(|lift| lift <= *at);
        let told = |named: Named<'_>| named.map(|(_, text)| text.clone());
        ConsentState {
            pending: signups.map(|((scope, by), event)| signup(scope, *by, event)).collect(),
            unconfirmed: unconfirmed.map(|(scope, event)| pending(scope, event)).collect(),
            confirmations: self.confirmations.iter().map(|(scope, event)| sent(*scope, event)).collect(),
            tracking: TrackingAnswers {
                yeses: self.tracking_yeses.iter().map(tracking_yes).collect(),
                no: self.tracking_no.map(|event| TrackingNo { at: event.occurred_at, event: event.id }),
            },
            choices: self.choices,
            restricted: self.restricted.filter(stands),
            jurisdiction: told(self.jurisdiction),
            locale: told(self.locale),
            time_zone: told(self.time_zone),
            opt_ins: self.opt_ins.into_iter().map(yes).collect(),
            acquaintances: self.acquaintances.into_iter().map(acquainted).collect(),
            ..ConsentState::default()
        }
    }
}

fn named<'a>(event: &Event, told: Option<&'a String>) -> Named<'a> {
    let text = told.filter(|text| !text.is_empty())?;
    let is_chosen = event.kind == EventKind::PlaceChosen;
    Some(((is_chosen, event.occurred_at, event.recorded_at, event.id), text))
}

fn yes(((ground, scope), event): ((OptIn, &Scope), &Event)) -> Yes {
    Yes { ground, scope: scope.clone(), at: event.occurred_at, event: event.id }
}

fn pending(scope: &Scope, event: &Event) -> Pending {
    Pending { scope: scope.clone(), at: event.occurred_at, event: event.id }
}

fn signup(scope: &Scope, by: SignedUpBy, event: &Event) -> Signup {
    Signup { scope: scope.clone(), by, at: event.occurred_at, event: event.id }
}

fn sent(scope: Option<&Scope>, event: &Event) -> Sent {
    Sent { scope: scope.cloned(), at: event.occurred_at, event: event.id }
}

fn tracking_yes((asked, event): (&TrackingAsked, &&Event)) -> TrackingYes {
    TrackingYes { asked: *asked, at: event.occurred_at, event: event.id }
}

fn acquainted(((how, scope, notice), event): ((Acquaintance, &Scope, bool), &Event)) -> Acquainted {
    let notice_text = match event.texts.contains_key(&ShownText::Notice) {
        true => NoticeText::Kept,
        false => NoticeText::NotKept,
    };
    Acquainted { how, scope: scope.clone(), notice, notice_text, at: event.occurred_at, event: event.id }
}

#[cfg(test)]
mod tests;
