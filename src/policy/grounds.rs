//! Which ground carries marketing in a scope, or which one came nearest. Pure.
//!
//! A withdrawal beats every older ground (invariant 5); only a younger yes of the person lifts it, and
//! what is older than it stays dead even then. It must be a yes that suffices where the pack judges: where one must be
//! confirmed, anybody may have filled in the form, and an objection (GDPR 21) doesn't end by that.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use uuid::Uuid;

use super::jurisdiction::{Expires, Jurisdiction, SoftOptIn};
use super::sender::{SenderPolicy, Similar};
use super::witness::{Asked, Said, Witness};
use super::{GroundKind, Reason, RuleRef, Scope};
use crate::consent::ConsentState;
use crate::consent::event::{Acquaintance, OptIn};
use crate::consent::fold::{Acquainted, No, NoticeText, Yes};

/// Why mail may go.
#[derive(Clone, Debug)]
pub struct Standing<'p> {
    pub kind: GroundKind,
    /// The consent event that it rests on.
    pub event: Option<Uuid>,
    pub rule: &'p RuleRef,
    pub text: &'static str,
}

/// Why it may not.
#[derive(Clone, Debug)]
pub struct Missing<'p> {
    pub reason: Reason,
    pub rule: &'p RuleRef,
    pub text: String,
}

/// When something ends as a ground.
#[derive(Clone, Copy, Debug)]
pub struct End<'p> {
    pub at: Timestamp,
    /// The line that says so.
    pub rule: &'p RuleRef,
}

/// One question: what carries marketing of this sender in this scope, where this pack judges.
#[derive(Clone, Copy, Debug)]
pub struct Question<'p> {
    pub sender: &'p SenderPolicy,
    pub pack: &'p Jurisdiction,
    pub scope: &'p Scope,
    pub consent: &'p ConsentState,
    pub now: Timestamp,
}

/// The youngest no that covers a scope, lifted or not.
pub fn youngest_no<'c>(consent: &'c ConsentState, scope: &Scope) -> Option<&'c No> {
    consent.withdrawals.iter().filter(|no| no.covers(scope)).max_by_key(|no| no.at)
}

/// The no that stands against a scope: covering it, and no strictly younger yes that suffices here covers it too.
pub fn standing_no<'c>(consent: &'c ConsentState, scope: &Scope, pack: &Jurisdiction) -> Option<&'c No> {
    youngest_no(consent, scope)
        .filter(|no| !younger_yes(consent, scope, no).any(|yes| pack.lifts(yes.ground)))
}

/// The youngest yes since a no that stands against a scope all the same.
pub fn yes_that_lifts_nothing<'c>(consent: &'c ConsentState, scope: &Scope, no: &No) -> Option<&'c Yes> {
    younger_yes(consent, scope, no).max_by_key(|yes| yes.at)
}

fn younger_yes<'c>(consent: &'c ConsentState, scope: &Scope, no: &No) -> impl Iterator<Item = &'c Yes> {
    let (at, scope) = (no.at, scope.clone());
    consent.opt_ins.iter().filter(move |yes| yes.at > at && yes.scope.covers(&scope))
}

impl<'p> Question<'p> {
    /// The strongest ground, or what the nearest ones lack. Asked where no withdrawal stands.
    pub fn ground(&self, witness: &mut impl Witness) -> Result<Standing<'p>, Missing<'p>> {
        let (grounds, soft) = (&self.pack.grounds_rule, &self.pack.soft_opt_in.rule);
        let double =
            || self.opt_in(OptIn::DoubleOptIn, GroundKind::DoubleOptIn, "confirmed by the recipient");
        let single =
            || self.opt_in(OptIn::SingleOptIn, GroundKind::SingleOptIn, "asked for by the recipient");
        carried(witness, Asked::DoubleOptIn, grounds, double())
            .or_else(|| carried(witness, Asked::SingleOptIn, grounds, single()))
            .or_else(|| carried(witness, Asked::SoftOptIn, soft, self.soft_opt_in()))
            .or_else(|| carried(witness, Asked::NoObjection, grounds, self.no_objection()))
            .ok_or_else(|| self.nearest(witness))
    }

    /// Whether a fact counts: what is not younger than a no, even a lifted one, is dead.
    fn counts(&self, at: Timestamp) -> bool {
        youngest_no(self.consent, self.scope).is_none_or(|no| at > no.at)
    }

    fn opt_in(&self, how: OptIn, kind: GroundKind, text: &'static str) -> Option<Standing<'p>> {
        if !self.pack.takes(kind) {
            return None;
        }
        let carries = |yes: &&Yes| yes.ground == how && yes.scope.covers(self.scope) && self.counts(yes.at);
        let yes = self.consent.opt_ins.iter().filter(carries).max_by_key(|yes| yes.at)?;
        Some(Standing { kind, event: Some(yes.event), rule: &self.pack.grounds_rule, text })
    }

    fn soft_opt_in(&self) -> Option<Standing<'p>> {
        let carries = |one: &&'p Acquainted| self.notice_suffices(one) && self.ended(one).is_none();
        let candidates = self.acquaintances().filter(carries);
        let (one, rule) = candidates
            .filter_map(|one| self.allowed_by(one).map(|rule| (one, rule)))
            .max_by_key(|(one, _)| one.at)?;
        let text = match one.how {
            Acquaintance::Purchase if self.lacks_notice_text(one) => {
                "rests on a purchase of like goods; that notice was given is told, but its text is not kept"
            }
            Acquaintance::Purchase => "rests on a purchase of like goods, with notice where it is asked for",
            Acquaintance::Inquiry => "rests on an inquiry about like goods",
            Acquaintance::Negotiation => "rests on negotiations about like goods",
        };
        Some(Standing { kind: GroundKind::SoftOptIn, event: Some(one.event), rule, text })
    }

    fn no_objection(&self) -> Option<Standing<'p>> {
        let rule = &self.pack.grounds_rule;
        let text = "the recipient has not objected, which suffices there";
        self.pack.takes(GroundKind::NoObjection).then_some(Standing {
            kind: GroundKind::NoObjection,
            event: None,
            rule,
            text,
        })
    }

    /// Those that the pack lets carry a soft opt-in at all.
    fn acquaintances(&self) -> impl Iterator<Item = &'p Acquainted> {
        let takes_soft = self.pack.takes(GroundKind::SoftOptIn);
        let from = &self.pack.soft_opt_in.from;
        let known = self.consent.acquaintances.iter();
        known.filter(move |one| takes_soft && from.contains(&one.how) && self.counts(one.at))
    }

    /// Whether the law asks for a notice that nobody could show. It carries all the same: records of old purchases may
    /// hold no more than a mark, and whether that convinces is the sender's to judge. But it is said.
    fn lacks_notice_text(&self, one: &Acquainted) -> bool {
        self.pack.soft_opt_in.notice_required && one.notice_text == NoticeText::NotKept
    }

    fn notice_suffices(&self, one: &Acquainted) -> bool {
        one.notice || !self.pack.soft_opt_in.notice_required
    }

    /// The rule by which an acquaintance reaches the scope: its own scope and all below, then the likes.
    fn allowed_by(&self, one: &Acquainted) -> Option<&'p RuleRef> {
        if one.scope.covers(self.scope) {
            return Some(&self.pack.soft_opt_in.rule);
        }
        let reaches = |like: &&Similar| like.allows.iter().any(|allowed| allowed.covers(self.scope));
        self.sender.likes(&one.scope).find(reaches).map(|like| &like.rule)
    }

    /// When an acquaintance ends as a ground, if it ever does: by the pack or by the sender, whichever is sooner, in
    /// calendar months in UTC.
    pub fn end(&self, one: &Acquainted) -> Option<End<'p>> {
        let began = one.at.to_zoned(TimeZone::UTC);
        let after = |months: &u32| Some(began.checked_add(i64::from(*months).months()).ok()?.timestamp());
        let end = |expires: &'p Expires| {
            let at = expires.months.get(&one.how).and_then(after)?;
            Some(End { at, rule: &expires.rule })
        };
        let ends = [end(&self.pack.soft_opt_in.expires), end(&self.sender.expires)];
        // Of two that are the same the law's is named.
        ends.into_iter().flatten().min_by_key(|end| end.at)
    }

    /// When an acquaintance ended, if it did.
    fn ended(&self, one: &Acquainted) -> Option<End<'p>> {
        self.end(one).filter(|end| self.now >= end.at)
    }

    /// What came nearest: CONTRACT.md's order.
    fn nearest(&self, witness: &mut impl Witness) -> Missing<'p> {
        let SoftOptIn { notice_rule, expires, .. } = &self.pack.soft_opt_in;
        let grounds = &self.pack.grounds_rule;
        let near = lacking(witness, Asked::NoticeMissing, notice_rule, self.notice_missing())
            .or_else(|| lacking(witness, Asked::GroundExpired, &expires.rule, self.ground_expired()))
            .or_else(|| lacking(witness, Asked::Unconfirmed, grounds, self.unconfirmed()))
            .or_else(|| lacking(witness, Asked::OutOfScope, &self.sender.rule, self.out_of_scope()));
        near.unwrap_or_else(|| {
            let missing = self.no_ground();
            witness.hear(Asked::NoGround, grounds, Said::Refuses(&missing));
            missing
        })
    }

    fn no_ground(&self) -> Missing<'p> {
        let (scope, pack, takes) = (self.scope, &self.pack.id, words(self.pack));
        let text = format!("nothing is recorded that allows marketing in {scope}; `{pack}` takes {takes}");
        Missing { reason: Reason::NoGround, rule: &self.pack.grounds_rule, text }
    }

    fn notice_missing(&self) -> Option<Missing<'p>> {
        let one = self
            .acquaintances()
            .filter(|one| !self.notice_suffices(one) && self.allowed_by(one).is_some())
            .max_by_key(|one| one.at)?;
        let text = format!(
            "{} {} on {}, but was not told then of the right to object, as `{}` asks",
            verb(one.how),
            one.scope,
            day(one.at),
            self.pack.id
        );
        let rule = &self.pack.soft_opt_in.notice_rule;
        Some(Missing { reason: Reason::NoticeMissing, rule, text })
    }

    fn ground_expired(&self) -> Option<Missing<'p>> {
        let reached = self.acquaintances().filter(|one| self.allowed_by(one).is_some());
        let ended = reached.filter_map(|one| self.ended(one).map(|end| (one, end)));
        let (one, end) = ended.max_by_key(|(one, _)| one.at)?;
        let (who, what, when) = (verb(one.how), &one.scope, day(one.at));
        let text = format!("{who} {what} on {when}, which allowed marketing until {}", day(end.at));
        Some(Missing { reason: Reason::GroundExpired, rule: end.rule, text })
    }

    fn unconfirmed(&self) -> Option<Missing<'p>> {
        let covers = |scope: &Scope, at| scope.covers(self.scope) && self.counts(at);
        let single = self.consent.opt_ins.iter().any(|yes| covers(&yes.scope, yes.at));
        let signed_up = single || self.consent.pending.iter().any(|one| covers(&one.scope, one.at));
        let (scope, pack) = (self.scope, &self.pack.id);
        let text = if signed_up {
            format!("signed up for {scope} but never confirmed it, as `{pack}` asks")
        } else if self.consent.unconfirmed.iter().any(|one| covers(&one.scope, one.at)) {
            format!("was imported for {scope} without proof of a yes, and `{pack}` asks for one")
        } else {
            return None;
        };
        Some(Missing { reason: Reason::Unconfirmed, rule: &self.pack.grounds_rule, text })
    }

    fn out_of_scope(&self) -> Option<Missing<'p>> {
        let scope = self.scope;
        if let Some(one) = self.acquaintances().max_by_key(|one| one.at) {
            let likes = || self.sender.likes(&one.scope);
            let rule = likes().max_by_key(|like| kinship(like, scope)).map_or(&self.sender.rule, |l| &l.rule);
            let allowed: Vec<&str> = likes().flat_map(|like| &like.allows).map(Scope::as_str).collect();
            let allowed = if allowed.is_empty() { one.scope.as_str().to_owned() } else { allowed.join(", ") };
            let (who, what) = (verb(one.how), &one.scope);
            let text = format!("{who} {what}, which allows {allowed}; {scope} is not among its likes");
            return Some(Missing { reason: Reason::OutOfScope, rule, text });
        }
        let accepted = |yes: &&Yes| self.pack.takes(yes.ground.into()) && self.counts(yes.at);
        let yes = self.consent.opt_ins.iter().filter(accepted).max_by_key(|yes| yes.at)?;
        let text = format!("said yes to {}, which does not cover {scope}", yes.scope);
        Some(Missing { reason: Reason::OutOfScope, rule: &self.sender.rule, text })
    }
}

/// A ground, if it carries the message, with whoever listens.
fn carried<'p>(
    witness: &mut impl Witness,
    asked: Asked,
    rule: &RuleRef,
    found: Option<Standing<'p>>,
) -> Option<Standing<'p>> {
    witness.hear(asked, rule, found.as_ref().map_or(Said::CarriesNot, Said::Carries));
    found
}

/// What a ground that came near lacks, if one did, with whoever listens.
fn lacking<'p>(
    witness: &mut impl Witness,
    asked: Asked,
    rule: &RuleRef,
    found: Option<Missing<'p>>,
) -> Option<Missing<'p>> {
    witness.hear(asked, rule, found.as_ref().map_or(Said::CarriesNot, Said::Refuses));
    found
}

/// How many leading names a like shares with a scope: which rule came nearest.
fn kinship(like: &Similar, scope: &Scope) -> usize {
    let shared = |allowed: &Scope| {
        let pairs = allowed.as_str().split('.').zip(scope.as_str().split('.'));
        pairs.take_while(|(own, other)| own == other).count()
    };
    like.allows.iter().map(shared).max().unwrap_or_default()
}

impl From<OptIn> for GroundKind {
    fn from(how: OptIn) -> Self {
        match how {
            OptIn::DoubleOptIn => Self::DoubleOptIn,
            OptIn::SingleOptIn => Self::SingleOptIn,
        }
    }
}

fn words(pack: &Jurisdiction) -> String {
    pack.grounds.iter().map(|ground| ground.as_str()).collect::<Vec<_>>().join(", ")
}

fn verb(how: Acquaintance) -> &'static str {
    match how {
        Acquaintance::Purchase => "bought",
        Acquaintance::Inquiry => "asked about",
        Acquaintance::Negotiation => "negotiated about",
    }
}

/// A date for people, in UTC.
pub fn day(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(TimeZone::UTC).date()
}
