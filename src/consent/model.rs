//! A second, naive reading of what a history means, written down from CONTRACT.md fact by fact and held against
//! `fold`, `admit` and `decide`. It knows no shortcut and no projection.

mod arrival;
mod choices;
mod histories;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use proptest::prelude::*;
use uuid::Uuid;

use self::histories::*;
use super::admit::{NotAdmitted, Onto, UNDO_SECONDS, admit, barrier};
use super::event::{Acquaintance, Event, EventKind, OptIn, SignedUpBy, Suppression, TrackingAsked};
use super::{ConsentState, confirm, fold};
use crate::policy::decide::{Circumstances, decide, tracking_of};
use crate::policy::facts::ConfirmLink;
use crate::policy::{Facts, GroundKind, PolicySet, Reason, RuleRef, Scope, Stream, Tracking, Verdict, file};

const SCOPES: [&str; 4] = ["apparel", "apparel.tshirts", "apparel.trousers", "furniture.office"];
/// The moments at which facts happen: hours, so that ties are many.
const HOURS: i64 = 9;

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + hour * 3600).unwrap()
}

/// A history, read naively.
struct Model<'h>(&'h [Event]);

impl<'h> Model<'h> {
    fn erased(&self) -> Option<Timestamp> {
        self.0.iter().filter(|own| own.kind == EventKind::Erased).map(|own| own.occurred_at).max()
    }

    /// What no erasure is as young as.
    fn living(&self) -> impl Iterator<Item = &'h Event> + Clone {
        let erased = self.erased();
        self.0.iter().filter(move |own| erased.is_none_or(|at| own.occurred_at > at))
    }

    fn before(one: &Event, other: &Event) -> bool {
        (one.occurred_at, one.id) < (other.occurred_at, other.id)
    }

    /// The scopes of a withdrawal that may be taken back.
    fn own_no(event: &Event) -> Option<BTreeSet<&Scope>> {
        match &event.kind {
            EventKind::Withdrawal { scopes, complaint: false } => Some(scopes.iter().collect()),
            _ => None,
        }
    }

    /// By an undoing for this scope that names it, or that names a no that it is a click before: the same scopes within a
    /// day, by the person's own link, no yes between.
    fn is_taken_back(&self, no: &Event, scope: &Scope) -> bool {
        self.is_undone(no, |back| back.is_empty() || back.iter().any(|own| own.covers(scope)))
    }

    /// By an undoing of which this holds.
    fn is_undone(&self, no: &Event, wanted: impl Fn(&[Scope]) -> bool) -> bool {
        let Some(scopes) = Self::own_no(no) else { return false };
        self.living().any(|undo| {
            let EventKind::WithdrawalUndone { withdrawal, scopes: back } = &undo.kind else { return false };
            if !wanted(back) {
                return false;
            }
            if *withdrawal == no.id {
                return true;
            }
            let Some(named) = self.living().find(|own| own.id == *withdrawal) else { return false };
            let yes_between = self.living().any(|yes| {
                matches!(yes.kind, EventKind::OptIn { .. })
                    && Self::before(no, yes)
                    && Self::before(yes, named)
            });
            ["page", "one_click", "mailto"].contains(&no.channel.as_str())
                && Self::own_no(named) == Some(scopes.clone())
                && Self::before(no, named)
                && undo.occurred_at.as_second() - no.occurred_at.as_second() <= UNDO_SECONDS
                && !yes_between
        })
    }

    /// When the person said no to this scope, or to all.
    fn noes(&self, scope: &Scope) -> Vec<Timestamp> {
        let covers = |own: &&Event| match &own.kind {
            EventKind::Withdrawal { scopes, .. } => {
                scopes.is_empty() || scopes.iter().any(|above| above.covers(scope))
            }
            _ => false,
        };
        self.living()
            .filter(covers)
            .filter(|own| !self.is_taken_back(own, scope))
            .map(|own| own.occurred_at)
            .collect()
    }

    /// When the person said yes, in this way or any, to this scope or one above it.
    fn yeses(&self, scope: &Scope, how: Option<OptIn>) -> Vec<Timestamp> {
        let covers = |own: &&Event| match &own.kind {
            EventKind::OptIn { ground, scopes } => {
                let ground =
                    if self.was_told_another_address_since(own) { OptIn::SingleOptIn } else { *ground };
                how.is_none_or(|how| how == ground) && scopes.iter().any(|above| above.covers(scope))
            }
            _ => false,
        };
        self.living().filter(covers).map(|own| own.occurred_at).collect()
    }

    /// Nobody has shown that it is the person's.
    fn was_told_another_address_since(&self, fact: &Event) -> bool {
        let told = |own: &Event| matches!(own.kind, EventKind::AddressChanged { confirmed: false, .. });
        self.living().any(|own| told(own) && own.occurred_at >= fact.occurred_at)
    }

    /// The younger of no and a yes that Sweden takes wins, and a tie is a no.
    fn is_withdrawn(&self, scope: &Scope) -> bool {
        let yeses = self.yeses(scope, Some(OptIn::DoubleOptIn));
        self.noes(scope).iter().max().is_some_and(|no| yeses.iter().all(|yes| yes <= no))
    }

    /// Only what is younger than every no counts.
    fn counts(&self, scope: &Scope, at: Timestamp) -> bool {
        self.noes(scope).iter().all(|no| at > *no)
    }

    fn is_blocked(&self, block: &EventKind, lift: &EventKind) -> bool {
        self.is_blocked_in(self.living(), block, lift)
    }

    fn is_blocked_in(
        &self,
        facts: impl Iterator<Item = &'h Event> + Clone,
        block: &EventKind,
        lift: &EventKind,
    ) -> bool {
        let of =
            |kind: &EventKind| facts.clone().filter(|own| own.kind == *kind).map(|own| own.occurred_at).max();
        of(block).is_some_and(|at| of(lift).is_none_or(|lifted| lifted <= at))
    }

    fn is_suppressed(&self, why: Suppression) -> bool {
        // The block of an address outlives an erasure, and what bounced ends with the address.
        let (block, lift) = (EventKind::Suppressed { why }, EventKind::SuppressionLifted { why });
        let blocked = self.0.iter().filter(|own| own.kind == block).map(|own| own.occurred_at).max();
        let changed =
            |own: &&Event| why == Suppression::Bounce && matches!(own.kind, EventKind::AddressChanged { .. });
        if self.0.iter().filter(changed).any(|own| Some(own.occurred_at) > blocked) {
            return false;
        }
        self.is_blocked_in(self.0.iter(), &block, &lift)
    }

    /// What `decide` must say of marketing in Sweden (RULES.md: double opt-in, or soft opt-in from purchases with
    /// notice, without end; likes of demo-shop: T-shirts allow apparel).
    fn verdict(&self, scope: &Scope) -> Result<GroundKind, Reason> {
        if self.erased().is_some() {
            return Err(Reason::Erased);
        }
        if self.is_suppressed(Suppression::Bounce) {
            return Err(Reason::SuppressedBounce);
        }
        if self.is_suppressed(Suppression::Operator) {
            return Err(Reason::SuppressedOperator);
        }
        if self.is_withdrawn(scope) {
            return Err(Reason::Withdrawn);
        }
        if self.is_blocked(&EventKind::Restricted, &EventKind::RestrictionLifted) {
            return Err(Reason::Restricted);
        }
        if self.yeses(scope, Some(OptIn::DoubleOptIn)).iter().any(|yes| self.counts(scope, *yes)) {
            return Ok(GroundKind::DoubleOptIn);
        }
        let bought = |wanted: &dyn Fn(&Scope, bool) -> bool| {
            self.living().any(|own| match &own.kind {
                EventKind::Acquainted { how: Acquaintance::Purchase, scope: bought, notice } => {
                    self.counts(scope, own.occurred_at) && wanted(bought, *notice)
                }
                _ => false,
            })
        };
        let allows = |bought: &Scope| {
            let likes = (self::scope("apparel.tshirts").covers(bought)).then(|| self::scope("apparel"));
            bought.covers(scope) || likes.is_some_and(|like| like.covers(scope))
        };
        if bought(&|one, notice| notice && allows(one)) {
            return Ok(GroundKind::SoftOptIn);
        }
        if bought(&|one, _| allows(one)) {
            return Err(Reason::NoticeMissing);
        }
        if self.waits(scope) {
            return Err(Reason::Unconfirmed);
        }
        let other_yes = SCOPES.iter().any(|other| {
            let yeses = self.yeses(&self::scope(other), Some(OptIn::DoubleOptIn));
            yeses.iter().any(|yes| self.counts(scope, *yes))
        });
        Err(if bought(&|_, _| true) || other_yes { Reason::OutOfScope } else { Reason::NoGround })
    }

    /// What `decide` must say of a mail that asks to confirm, in Sweden, to an address that nobody asked lately.
    fn confirmation(&self, scope: &Scope) -> Result<GroundKind, Reason> {
        let told = self.told(scope);
        let since = |no: Option<&Timestamp>| no.is_some_and(|no| told.iter().any(|at| at > no));
        if self.erased().is_some() && !since(self.erased().as_ref()) {
            return Err(Reason::Erased);
        }
        for (why, reason) in [
            (Suppression::Bounce, Reason::SuppressedBounce),
            (Suppression::Operator, Reason::SuppressedOperator),
        ] {
            if self.is_suppressed(why) {
                return Err(reason);
            }
        }
        if self.is_withdrawn(scope) && !since(self.noes(scope).iter().max()) {
            return Err(Reason::Withdrawn);
        }
        if self.is_blocked(&EventKind::Restricted, &EventKind::RestrictionLifted) {
            return Err(Reason::Restricted);
        }
        let known = |own: &Event| matches!(own.kind, EventKind::OptIn { .. } | EventKind::Acquainted { .. });
        let nothing_else = !self.living().any(known);
        let imported = self.living().any(|own| match &own.kind {
            EventKind::Unconfirmed { scopes } => scopes.iter().any(|one| {
                (nothing_else || one.covers(scope) || scope.covers(one))
                    && self.is_open(one, own.occurred_at)
                    && !since(Some(&own.occurred_at))
            }),
            _ => false,
        });
        if imported && self.yeses(scope, None).is_empty() {
            return Err(Reason::Unconfirmed);
        }
        Ok(GroundKind::Functional)
    }

    /// Whether pixels may stay, where consent is asked for and a yes that was asked for like this counts, or either does:
    /// a yes that is younger than every no to tracking and than every withdrawal of everything that was not taken back
    /// as a whole.
    fn is_tracked(&self, least: TrackingAsked) -> bool {
        let ends = |own: &&Event| match &own.kind {
            EventKind::TrackingWithdrawal => true,
            EventKind::Withdrawal { scopes, .. } => {
                scopes.is_empty() && !self.is_undone(own, |back| back.is_empty())
            }
            _ => false,
        };
        let counts = |own: &&Event| match &own.kind {
            EventKind::TrackingConsent { asked } => {
                least == TrackingAsked::WithOptIn || *asked == TrackingAsked::Separately
            }
            _ => false,
        };
        let is_younger = |yes: &Event| self.living().filter(ends).all(|no| no.occurred_at < yes.occurred_at);
        self.erased().is_none()
            && !self.is_blocked(&EventKind::Restricted, &EventKind::RestrictionLifted)
            && self.living().filter(counts).any(is_younger)
    }

    /// When somebody told that the person signed up for this, and nobody has confirmed it since.
    fn told(&self, scope: &Scope) -> Vec<Timestamp> {
        let covers = |own: &&Event| match &own.kind {
            EventKind::SignupRequested { scopes, by: SignedUpBy::Told } => {
                scopes.iter().any(|above| above.covers(scope) && self.is_open(above, own.occurred_at))
            }
            _ => false,
        };
        self.living().filter(covers).map(|own| own.occurred_at).collect()
    }

    /// Whether no confirmed yes has come since.
    fn is_open(&self, scope: &Scope, at: Timestamp) -> bool {
        self.yeses(scope, Some(OptIn::DoubleOptIn)).iter().all(|yes| *yes < at)
    }

    /// A yes that is not confirmed, a sign-up, or an address without proof.
    fn waits(&self, scope: &Scope) -> bool {
        let confirmed = |scope: &Scope, at: Timestamp| {
            self.yeses(scope, Some(OptIn::DoubleOptIn)).iter().any(|yes| *yes >= at)
        };
        let single = self.yeses(scope, Some(OptIn::SingleOptIn)).iter().any(|yes| self.counts(scope, *yes));
        single
            || self.living().filter(|own| self.counts(scope, own.occurred_at)).any(|own| match &own.kind {
                EventKind::SignupRequested { scopes, .. } | EventKind::Unconfirmed { scopes } => {
                    scopes.iter().any(|above| above.covers(scope) && !confirmed(above, own.occurred_at))
                }
                _ => false,
            })
    }
}

fn policy() -> &'static PolicySet {
    static SHIPPED: LazyLock<PolicySet> = LazyLock::new(|| file::parse(&file::shipped()).unwrap().0);
    &SHIPPED
}

/// Marketing of the shipped sender, to a Swede, long after all that happened.
fn decided(history: &[Event], about: &Scope) -> Verdict {
    decided_on(Stream::Marketing, history, about)
}

fn decided_on(stream: Stream, history: &[Event], about: &Scope) -> Verdict {
    let facts = Facts {
        sender: "demo-shop".to_owned(),
        credential: "demo-shop/test".to_owned(),
        stream,
        scope: Some(about.clone()),
        campaign: None,
        from_domain: "shop.example".to_owned(),
        confirm_link: ConfirmLink::supposed(stream),
        language: None,
        rule: RuleRef { file: "senders/demo-shop.toml".into(), line: 1 },
        findings: Default::default(),
    };
    // What only puts mail off is asked in `choices`.
    let state = ConsentState { choices: Default::default(), ..fold(history) };
    decide(policy(), &facts, &state, &Circumstances::default(), at(100))
}

/// What the gateway makes of it where this pack judges.
fn is_tracked(history: &[Event], pack: &str) -> bool {
    let state = ConsentState { jurisdiction: Some(pack.to_owned()), ..fold(history) };
    let ruling = tracking_of(policy(), policy().sender("demo-shop").unwrap(), &state).unwrap();
    ruling.tracking == Tracking::Kept
}

fn is_withdrawn(history: &[Event], about: &Scope) -> bool {
    let sweden = policy().pack("se").unwrap();
    crate::policy::grounds::standing_no(&fold(history), about, sweden).is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_decided_is_what_the_rules_say_fact_by_fact(history in histories(2), about in a_scope()) {
        let verdict = decided(&history, &about);
        let said = verdict.ground.ok_or_else(|| verdict.reason.unwrap());
        prop_assert_eq!(said, Model(&history).verdict(&about), "{}", verdict.text);
        prop_assert_eq!(is_withdrawn(&history, &about), Model(&history).is_withdrawn(&about));
        let verdict = decided_on(Stream::Confirmation, &history, &about);
        let said = verdict.ground.ok_or_else(|| verdict.reason.unwrap());
        prop_assert_eq!(said, Model(&history).confirmation(&about), "{}", verdict.text);
    }

    #[test]
    fn tracking_is_what_the_rules_say_fact_by_fact_whatever_the_order_of_arrival(
        (history, shuffled) in histories(2).prop_flat_map(|own| (Just(own.clone()), Just(own).prop_shuffle())),
    ) {
        // Of its own in France, and either in Sweden (RULES.md).
        for (pack, least) in [("fr", TrackingAsked::Separately), ("se", TrackingAsked::WithOptIn)] {
            prop_assert_eq!(is_tracked(&history, pack), Model(&history).is_tracked(least), "{}", pack);
            prop_assert_eq!(is_tracked(&shuffled, pack), is_tracked(&history, pack), "{}", pack);
        }
    }

    #[test]
    fn i5_a_no_to_tracking_now_ends_it_and_stops_no_mail(history in histories(0), about in a_scope()) {
        // A tie with the youngest yes is a no too.
        let told = with(&history, HOURS - 1, EventKind::TrackingWithdrawal);
        prop_assert!(!is_tracked(&told, "fr") && !is_tracked(&told, "se"));
        let (before, after) = (decided(&history, &about), decided(&told, &about));
        prop_assert_eq!((before.reason, before.ground), (after.reason, after.ground));
    }

    #[test]
    fn the_order_of_arrival_changes_no_verdict(
        (history, shuffled) in histories(2).prop_flat_map(|own| (Just(own.clone()), Just(own).prop_shuffle())),
        about in a_scope(),
    ) {
        let (one, other) = (decided(&history, &about), decided(&shuffled, &about));
        prop_assert_eq!((one.reason, one.ground, one.ground_event), (other.reason, other.ground, other.ground_event));
    }

    #[test]
    fn i5_a_no_now_stops_its_scope_and_all_below_it_whatever_was_said(
        history in histories(0),
        scopes in some_scopes(0),
        about in a_scope(),
    ) {
        // A tie with the youngest yes is a no too.
        let told = with(&history, HOURS - 1, EventKind::Withdrawal { scopes: scopes.clone(), complaint: true });
        if scopes.is_empty() || scopes.iter().any(|own| own.covers(&about)) {
            prop_assert!(is_withdrawn(&told, &about));
            prop_assert!(decided(&told, &about).ground.is_none());
        } else {
            // And nothing beside it, nor above it.
            let (before, after) = (decided(&history, &about), decided(&told, &about));
            prop_assert_eq!((before.reason, before.ground), (after.reason, after.ground));
        }
    }

    #[test]
    fn i5_a_no_now_closes_the_link_of_every_sign_up_that_it_touches(
        history in histories(0),
        scopes in some_scopes(0),
        complaint in any::<bool>(),
    ) {
        let told = with(&history, HOURS - 1, EventKind::Withdrawal { scopes: scopes.clone(), complaint });
        for own in &history {
            let EventKind::SignupRequested { scopes: asked, .. } = &own.kind else { continue };
            let touches = |no: &Scope| asked.iter().any(|scope| no.covers(scope) || scope.covers(no));
            let before = confirm::standing(&history, own.id, Uuid::max());
            let after = confirm::standing(&told, own.id, Uuid::max());
            let moved = |one: &Event| {
                matches!(one.kind, EventKind::AddressChanged { .. }) && one.occurred_at >= own.occurred_at
            };
            match scopes.is_empty() || scopes.iter().any(touches) {
                // Its link was mailed to an address that is the person's no more.
                _ if history.iter().any(moved) => prop_assert_eq!(after, confirm::Standing::Unknown),
                true => prop_assert_eq!(after, confirm::Standing::Withdrawn),
                false => prop_assert_eq!(after, before),
            }
        }
    }

    #[test]
    fn i5_nothing_but_a_younger_yes_revives_what_was_withdrawn(
        history in histories(0),
        added in prop_oneof![
            (no_yes(), 0..2 * HOURS),
            (no_like(), 0..2 * HOURS),
            // As an import tells it: a yes from before the no.
            (yes_like(), Just(0)),
        ],
        about in a_scope(),
    ) {
        let (kind, hour) = added;
        let youngest = Model(&history).noes(&about).into_iter().max();
        // A repetition that a yes comes between is no longer one, and then stands: a no may only become more.
        if is_withdrawn(&history, &about) && youngest.is_some_and(|no| at(hour) <= no || !matches!(kind, EventKind::OptIn { .. })) {
            let after = with(&history, hour, kind);
            prop_assert!(is_withdrawn(&after, &about));
            prop_assert!(decided(&after, &about).ground.is_none());
        }
    }

    #[test]
    fn i5_only_a_yes_or_a_sign_up_younger_than_all_noes_gets_past_a_tombstone(
        history in histories(0),
        later in prop::collection::vec((no_like(), 10..20i64), 0..3),
        fact in any_fact(0),
        hour in 0..30i64,
    ) {
        let erased = told(100, 10, EventKind::Erased);
        let later = later.into_iter().zip(200u128..).map(|((kind, hour), id)| told(id, hour, kind));
        let tombstone: Vec<Event> = history.into_iter().chain([erased]).chain(later).collect();
        let state = fold(&tombstone);
        let admitted = admit(&tombstone, &state, &told(300, hour, fact.clone()), at(30));
        let youngest = tombstone.iter().filter(|own| own.occurred_at >= at(10)).map(|own| own.occurred_at).max();
        prop_assert_eq!(barrier(&state), youngest);
        let expected = match &fact {
            EventKind::OptIn { .. } | EventKind::SignupRequested { by: SignedUpBy::Told, .. }
                if Some(at(hour)) > youngest =>
            {
                "begins anew"
            }
            EventKind::Withdrawal { .. }
            | EventKind::TrackingWithdrawal
            | EventKind::ProfilingObjection
            | EventKind::Suppressed { .. }
            | EventKind::SuppressionLifted { .. } => "kept",
            _ => "refused",
        };
        let became = match admitted {
            Ok(Onto::FreshHistory) => "begins anew",
            Ok(Onto::History | Onto::Already(_)) => "kept",
            Err(NotAdmitted::Erased) => "refused",
            Err(other) => panic!("{other}"),
        };
        prop_assert_eq!(became, expected);
    }
}

/// An operator's mistake is corrected by a new fact: the history only grows, and the answer is the right one.
#[test]
fn a_mistake_is_corrected_by_a_new_fact() {
    let apparel = scope("apparel");
    let yes =
        |hour| told(1, hour, EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes: vec![apparel.clone()] });
    let no = EventKind::Withdrawal { scopes: vec![apparel.clone()], complaint: false };
    let block = EventKind::Suppressed { why: Suppression::Operator };
    let lift = EventKind::SuppressionLifted { why: Suppression::Operator };
    let reason = |history: &[Event]| decided(history, &apparel).reason;
    // A yes that was never said.
    assert_eq!(reason(&[yes(1)]), None);
    assert_eq!(reason(&[yes(1), told(2, 2, no.clone())]), Some(Reason::Withdrawn));
    // A no that was never said: the person's yes, with its proof, as of later.
    assert_eq!(reason(&[told(1, 3, no), yes(4)]), None);
    // A block of the wrong address.
    assert_eq!(reason(&[yes(1), told(2, 2, block.clone())]), Some(Reason::SuppressedOperator));
    assert_eq!(reason(&[yes(1), told(2, 2, block), told(3, 3, lift)]), None);
}
