//! From history to state: `fold(events)`. Pure, and blind to the order in which facts arrived.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::admit::UNDO_SECONDS;
use super::event::{Acquaintance, Event, EventKind, OptIn, Suppression};
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
    /// Imported without proof and never confirmed: the youngest for each scope.
    pub unconfirmed: Vec<Pending>,
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

impl ConsentState {
    /// This state and the noes of another, for a history that can't be read whole. It never takes a no away.
    pub fn with_noes_of(mut self, other: Self) -> Self {
        self.withdrawals.extend(other.withdrawals);
        self.suppressed.extend(other.suppressed);
        self.restricted = self.restricted.max(other.restricted);
        self.erased = self.erased.max(other.erased);
        self
    }
}

/// The state that these facts make, in whatever order they come.
///
/// Only `occurred_at` counts, never when we heard of a fact; of two facts of the same moment the greater
/// id is kept, so that every node folds to the same. What an erasure is younger than is gone.
pub fn fold(events: &[Event]) -> ConsentState {
    let erased = events.iter().filter(|event| event.kind == EventKind::Erased).map(|e| e.occurred_at).max();
    let mut living: Vec<&Event> =
        events.iter().filter(|event| erased.is_none_or(|at| event.occurred_at > at)).collect();
    living.sort_by_key(|event| (event.occurred_at, event.id));
    let taken_back = taken_back(&living);
    let mut youngest = Youngest::default();
    for event in living.iter().filter(|event| !taken_back.contains(&event.id)) {
        youngest.add(event);
    }
    let mut state = youngest.into_state();
    state.erased = erased;
    state
}

/// The youngest fact for each key; facts are added oldest first, so that later ones replace earlier ones.
#[derive(Default)]
struct Youngest<'a> {
    opt_ins: BTreeMap<(OptIn, &'a Scope), &'a Event>,
    acquaintances: BTreeMap<(Acquaintance, &'a Scope, bool), &'a Event>,
    pending: BTreeMap<&'a Scope, &'a Event>,
    unconfirmed: BTreeMap<&'a Scope, &'a Event>,
    withdrawals: BTreeMap<Option<&'a Scope>, (&'a Event, bool)>,
    suppressed: BTreeMap<Suppression, Timestamp>,
    lifted: BTreeMap<Suppression, Timestamp>,
    restricted: Option<Timestamp>,
    restriction_lifted: Option<Timestamp>,
    jurisdiction: Option<&'a String>,
    locale: Option<&'a String>,
    time_zone: Option<&'a String>,
}

impl<'a> Youngest<'a> {
    fn add(&mut self, event: &'a Event) {
        let at = event.occurred_at;
        self.jurisdiction = named(event.jurisdiction.as_ref()).or(self.jurisdiction);
        self.locale = named(event.locale.as_ref()).or(self.locale);
        self.time_zone = named(event.time_zone.as_ref()).or(self.time_zone);
        match &event.kind {
            EventKind::SignupRequested { scopes } => {
                self.pending.extend(scopes.iter().map(|scope| (scope, event)));
            }
            EventKind::Unconfirmed { scopes } => {
                self.unconfirmed.extend(scopes.iter().map(|scope| (scope, event)));
            }
            EventKind::OptIn { ground, scopes } => {
                self.opt_ins.extend(scopes.iter().map(|scope| ((*ground, scope), event)));
            }
            EventKind::Acquainted { how, scope, notice } => {
                self.acquaintances.insert((*how, scope, *notice), event);
            }
            EventKind::Withdrawal { scopes, complaint } if scopes.is_empty() => {
                self.withdrawals.insert(None, (event, *complaint));
            }
            EventKind::Withdrawal { scopes, complaint } => {
                self.withdrawals.extend(scopes.iter().map(|scope| (Some(scope), (event, *complaint))));
            }
            EventKind::Suppressed { why } => {
                self.suppressed.insert(*why, at);
            }
            EventKind::SuppressionLifted { why } => {
                self.lifted.insert(*why, at);
            }
            EventKind::Restricted => self.restricted = Some(at),
            EventKind::RestrictionLifted => self.restriction_lifted = Some(at),
            EventKind::WithdrawalUndone { .. } | EventKind::Erased => {}
        }
    }

    fn into_state(self) -> ConsentState {
        let confirmed = |scope: &Scope, at: Timestamp| {
            self.opt_ins.iter().any(|((ground, own), yes)| {
                *ground == OptIn::DoubleOptIn && own.covers(scope) && yes.occurred_at >= at
            })
        };
        let waiting = |asked: &BTreeMap<&Scope, &Event>| {
            let open = asked.iter().filter(|(scope, event)| !confirmed(scope, event.occurred_at));
            open.map(|(scope, event)| pending(scope, event)).collect::<Vec<_>>()
        };
        // Only a strictly younger lift ends a block: a tie is a no.
        let stands = |at: Timestamp, lift: Option<&Timestamp>| lift.is_none_or(|lift| *lift <= at);
        ConsentState {
            pending: waiting(&self.pending),
            unconfirmed: waiting(&self.unconfirmed),
            suppressed: self
                .suppressed
                .iter()
                .filter(|(why, at)| stands(**at, self.lifted.get(why)))
                .map(|(why, at)| (*why, *at))
                .collect(),
            restricted: self.restricted.filter(|at| stands(*at, self.restriction_lifted.as_ref())),
            erased: None,
            jurisdiction: self.jurisdiction.cloned(),
            locale: self.locale.cloned(),
            time_zone: self.time_zone.cloned(),
            opt_ins: self.opt_ins.into_iter().map(yes).collect(),
            acquaintances: self.acquaintances.into_iter().map(acquainted).collect(),
            withdrawals: self.withdrawals.into_iter().map(no).collect(),
        }
    }
}

fn named(told: Option<&String>) -> Option<&String> {
    told.filter(|text| !text.is_empty())
}

fn yes(((ground, scope), event): ((OptIn, &Scope), &Event)) -> Yes {
    Yes { ground, scope: scope.clone(), at: event.occurred_at, event: event.id }
}

fn pending(scope: &Scope, event: &Event) -> Pending {
    Pending { scope: scope.clone(), at: event.occurred_at, event: event.id }
}

fn acquainted(((how, scope, notice), event): ((Acquaintance, &Scope, bool), &Event)) -> Acquainted {
    Acquainted { how, scope: scope.clone(), notice, at: event.occurred_at, event: event.id }
}

fn no((scope, (event, complaint)): (Option<&Scope>, (&Event, bool))) -> No {
    No { scope: scope.cloned(), at: event.occurred_at, event: event.id, complaint }
}

/// The withdrawals that their person took back: those that an undoing names, and those that the named one
/// only repeated (the same scopes within the 24 hours, no yes between). Without the latter an undoing
/// after a double click would restore nothing. A complaint is never taken back.
fn taken_back(living: &[&Event]) -> BTreeSet<Uuid> {
    let mut gone = BTreeSet::new();
    for (undone, at) in living.iter().filter_map(|event| match event.kind {
        EventKind::WithdrawalUndone { withdrawal } => Some((withdrawal, event.occurred_at)),
        _ => None,
    }) {
        let Some(position) = living.iter().position(|event| event.id == undone) else { continue };
        let Some(scopes) = own_withdrawal(living[position]) else { continue };
        gone.insert(undone);
        for earlier in living[..position].iter().rev() {
            let recent = at.as_second() - earlier.occurred_at.as_second() <= UNDO_SECONDS;
            if !recent || matches!(earlier.kind, EventKind::OptIn { .. }) {
                break;
            }
            if own_withdrawal(earlier).as_ref() == Some(&scopes) {
                gone.insert(earlier.id);
            }
        }
    }
    gone
}

/// The scopes of a withdrawal that its person may take back.
fn own_withdrawal(event: &Event) -> Option<BTreeSet<&Scope>> {
    match &event.kind {
        EventKind::Withdrawal { scopes, complaint: false } => Some(scopes.iter().collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scope(text: &str) -> Scope {
        text.parse().unwrap()
    }

    fn event(id: u128, second: i64, kind: EventKind) -> Event {
        Event {
            id: Uuid::from_u128(id),
            kind,
            occurred_at: Timestamp::from_second(second).unwrap(),
            recorded_at: Timestamp::from_second(1_000_000).unwrap(),
            channel: "test".to_owned(),
            jurisdiction: None,
            locale: None,
            time_zone: None,
            texts: Default::default(),
        }
    }

    fn withdrawal(scopes: &[&str]) -> EventKind {
        EventKind::Withdrawal { scopes: scopes.iter().map(|text| scope(text)).collect(), complaint: false }
    }

    fn opt_in(text: &str) -> EventKind {
        EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec![scope(text)] }
    }

    fn undone(id: u128) -> EventKind {
        EventKind::WithdrawalUndone { withdrawal: Uuid::from_u128(id) }
    }

    #[test]
    fn the_youngest_fact_of_a_kind_and_scope_is_kept() {
        let state = fold(&[event(1, 30, opt_in("apparel")), event(2, 20, opt_in("apparel"))]);
        assert_eq!(state.opt_ins.len(), 1);
        assert_eq!(state.opt_ins[0].event, Uuid::from_u128(1));
    }

    #[test]
    fn an_undone_withdrawal_lets_an_older_one_stand() {
        let day = 24 * 3600;
        let events = [
            event(1, 0, withdrawal(&[])),
            event(2, 3 * day, withdrawal(&[])),
            event(3, 3 * day + 9, undone(2)),
        ];
        let state = fold(&events);
        assert_eq!(state.withdrawals.len(), 1);
        assert_eq!(state.withdrawals[0].event, Uuid::from_u128(1));
    }

    #[test]
    fn undoing_takes_back_the_repetitions_of_a_click_too() {
        let events = [event(1, 0, withdrawal(&[])), event(2, 700, withdrawal(&[])), event(3, 800, undone(2))];
        assert!(fold(&events).withdrawals.is_empty());
        // What was said before a yes between them was no repetition.
        let mut between = events.to_vec();
        between.push(event(4, 300, opt_in("apparel")));
        assert_eq!(fold(&between).withdrawals.len(), 1);
        // Nor is a narrower no.
        let narrower = [event(1, 0, withdrawal(&["apparel"])), events[1].clone(), events[2].clone()];
        assert_eq!(fold(&narrower).withdrawals[0].scope, Some(scope("apparel")));
    }

    #[test]
    fn a_complaint_is_never_taken_back() {
        let complaint = EventKind::Withdrawal { scopes: vec![], complaint: true };
        let state = fold(&[event(1, 0, complaint), event(2, 5, undone(1))]);
        assert!(state.withdrawals[0].complaint);
    }

    #[test]
    fn only_a_younger_lift_of_the_same_kind_ends_a_block() {
        let bounce = EventKind::Suppressed { why: Suppression::Bounce };
        let lift = |why| EventKind::SuppressionLifted { why };
        let of =
            |second, why| fold(&[event(1, 10, bounce.clone()), event(2, second, lift(why))]).suppressed.len();
        assert_eq!(of(11, Suppression::Bounce), 0);
        assert_eq!(of(10, Suppression::Bounce), 1);
        assert_eq!(of(9, Suppression::Bounce), 1);
        assert_eq!(of(11, Suppression::Operator), 1);
        let restricted = [event(1, 10, EventKind::Restricted), event(2, 10, EventKind::RestrictionLifted)];
        assert!(fold(&restricted).restricted.is_some());
    }

    #[test]
    fn an_erasure_leaves_nothing_older_than_itself() {
        let mut told = event(1, 5, opt_in("apparel"));
        told.jurisdiction = Some("se".to_owned());
        let state = fold(&[told, event(2, 6, EventKind::Erased)]);
        let erased = Timestamp::from_second(6).ok();
        assert_eq!(state, ConsentState { erased, ..ConsentState::default() });
    }

    #[test]
    fn a_confirmed_sign_up_is_no_longer_pending() {
        let signup = || EventKind::SignupRequested { scopes: vec![scope("apparel.tshirts")] };
        assert_eq!(fold(&[event(1, 1, signup())]).pending.len(), 1);
        assert!(fold(&[event(1, 1, signup()), event(2, 2, opt_in("apparel"))]).pending.is_empty());
        assert_eq!(fold(&[event(1, 3, signup()), event(2, 2, opt_in("apparel"))]).pending.len(), 1);
    }

    #[test]
    fn what_was_imported_without_proof_waits_until_it_is_confirmed() {
        let imported = || EventKind::Unconfirmed { scopes: vec![scope("apparel.tshirts")] };
        let state = fold(&[event(1, 1, imported())]);
        assert_eq!((state.unconfirmed.len(), state.pending.len(), state.opt_ins.len()), (1, 0, 0));
        assert!(fold(&[event(1, 1, imported()), event(2, 2, opt_in("apparel"))]).unconfirmed.is_empty());
    }

    #[test]
    fn jurisdiction_is_that_of_the_youngest_fact_that_names_one() {
        let mut old = event(1, 1, opt_in("apparel"));
        old.jurisdiction = Some("se".to_owned());
        let mut young = event(2, 2, EventKind::Restricted);
        young.jurisdiction = Some("NL".to_owned());
        let last = event(3, 3, EventKind::RestrictionLifted);
        assert_eq!(fold(&[last, young, old]).jurisdiction.as_deref(), Some("NL"));
    }

    fn any_kind() -> impl Strategy<Value = EventKind> {
        let scopes = prop::sample::subsequence(vec!["apparel", "apparel.tshirts", "furniture"], 0..=2);
        let scopes = scopes.prop_map(|texts| texts.iter().map(|text| scope(text)).collect::<Vec<_>>());
        let suppression = prop_oneof![Just(Suppression::Bounce), Just(Suppression::Operator)];
        prop_oneof![
            scopes.clone().prop_map(|scopes| EventKind::SignupRequested { scopes }),
            scopes.clone().prop_map(|scopes| EventKind::Unconfirmed { scopes }),
            (any::<bool>(), scopes.clone()).prop_map(|(double, scopes)| EventKind::OptIn {
                ground: if double { OptIn::DoubleOptIn } else { OptIn::SingleOptIn },
                scopes
            }),
            any::<bool>().prop_map(|notice| EventKind::Acquainted {
                how: Acquaintance::Purchase,
                scope: scope("apparel.tshirts"),
                notice
            }),
            (scopes, any::<bool>())
                .prop_map(|(scopes, complaint)| EventKind::Withdrawal { scopes, complaint }),
            (0..12u128).prop_map(undone),
            suppression.clone().prop_map(|why| EventKind::Suppressed { why }),
            suppression.prop_map(|why| EventKind::SuppressionLifted { why }),
            Just(EventKind::Restricted),
            Just(EventKind::RestrictionLifted),
            Just(EventKind::Erased),
        ]
    }

    fn histories() -> impl Strategy<Value = Vec<Event>> {
        let place = prop::option::of(prop::sample::select(vec!["se".to_owned(), "de".to_owned()]));
        let facts = prop::collection::vec((any_kind(), 0..6i64, place), 0..12);
        facts.prop_map(|facts| {
            let numbered = facts.into_iter().zip(0u128..);
            numbered
                .map(|((kind, second, jurisdiction), id)| Event { jurisdiction, ..event(id, second, kind) })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_changes_nothing(
            (told, mut shuffled) in histories().prop_flat_map(|h| (Just(h.clone()), Just(h).prop_shuffle())),
            heard in 0..1_000i64,
        ) {
            for (event, late) in shuffled.iter_mut().zip(heard..) {
                event.recorded_at = Timestamp::from_second(late).unwrap();
            }
            prop_assert_eq!(fold(&told), fold(&shuffled));
        }
    }
}
