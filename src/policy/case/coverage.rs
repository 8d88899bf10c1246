//! Which rules no case touches. What a case touches is read off its verdict, so that a case can't claim a rule
//! that it never reached. Pure.
//!
//! Counted are the rules that let marketing pass or stop it by what is known of a person: each ground that a pack
//! takes, each acquaintance that may carry a soft opt-in, the notice that it needs, each expiry, each `[[similar]]`,
//! each cap, the quiet hours, and where a pack lets imported addresses be asked; and of each pack that anybody can be
//! judged by, whether a case is.
//! What every message needs whoever gets it (an address in the sender's file, say) is for `check` itself.

use std::collections::HashSet;
use std::sync::Arc;

use super::Outcome;
use crate::consent::EventKind;
use crate::policy::calendar::Window;
use crate::policy::holds::Cap;
use crate::policy::jurisdiction::{Acquaintance, Expires, Jurisdiction};
use crate::policy::{GroundKind, PolicySet, Reason, RuleRef, Scope, Verdict};

/// A rule that no case touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untouched {
    /// Where it stands, which may be in a base.
    pub rule: RuleRef,
    /// The rule in words: `ground soft_opt_in`.
    pub what: String,
}

/// One rule; several may stand on one line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Rule {
    Ground(RuleRef, GroundKind),
    From(RuleRef, Acquaintance),
    Notice(RuleRef),
    Expiry(RuleRef, Acquaintance),
    Similar(RuleRef),
    Cap(RuleRef, Option<Scope>, u32, Window),
    QuietHours(RuleRef),
    /// Whatever it says: what it leaves out is its base's.
    Pack(RuleRef, Arc<str>),
    Reconfirmation(RuleRef),
}

/// The rules of these policies that none of these outcomes rests on, in the order of their places.
pub fn untouched(policy: &PolicySet, outcomes: &[Outcome<'_>]) -> Vec<Untouched> {
    let touched: HashSet<Rule> = outcomes.iter().flat_map(|outcome| touched(policy, outcome)).collect();
    let mut told = HashSet::new();
    let mut missing: Vec<Untouched> = rules(policy)
        .into_iter()
        // What packs inherit is one rule.
        .filter(|rule| !touched.contains(rule) && told.insert(rule.clone()))
        .map(|rule| Untouched { what: rule.words(), rule: rule.place().clone() })
        .collect();
    missing.sort_by(|one, other| (&one.rule.file, one.rule.line).cmp(&(&other.rule.file, other.rule.line)));
    missing
}

fn rules(policy: &PolicySet) -> Vec<Rule> {
    let mut rules = Vec::new();
    let defaults = || policy.senders.values().filter_map(|sender| sender.default_jurisdiction.as_deref());
    for pack in policy.jurisdictions.values() {
        if !pack.countries.is_empty() || defaults().any(|id| id == &*pack.id) {
            rules.push(Rule::Pack(pack.rule.clone(), pack.id.clone()));
        }
        rules.extend(pack.grounds.iter().map(|ground| Rule::Ground(pack.grounds_rule.clone(), *ground)));
        if pack.takes(GroundKind::SoftOptIn) {
            let soft = &pack.soft_opt_in;
            rules.extend(soft.from.iter().map(|how| Rule::From(soft.from_rule.clone(), *how)));
            rules.push(Rule::Notice(soft.notice_rule.clone()));
            rules.extend(ends(&soft.expires));
        }
    }
    rules.extend(policy.senders.values().flat_map(|sender| ends(&sender.expires)));
    let asking = policy.jurisdictions.values().filter(|pack| pack.reconfirm_imported);
    rules.extend(asking.map(|pack| Rule::Reconfirmation(pack.reconfirm_rule.clone())));
    let likes = policy.senders.values().flat_map(|sender| &sender.similar);
    rules.extend(likes.map(|like| Rule::Similar(like.rule.clone())));
    let caps = policy.senders.values().flat_map(|sender| &sender.caps);
    rules.extend(caps.map(Rule::of_cap));
    let quiet = policy.senders.values().filter_map(|sender| sender.quiet_hours.as_ref());
    rules.extend(quiet.map(|quiet| Rule::QuietHours(quiet.rule.clone())));
    rules
}

fn ends(expires: &Expires) -> impl Iterator<Item = Rule> {
    expires.months.keys().map(|how| Rule::Expiry(expires.rule.clone(), *how))
}

/// What one verdict rests on.
fn touched(policy: &PolicySet, outcome: &Outcome<'_>) -> Vec<Rule> {
    let verdict = &outcome.verdict;
    let cited = || verdict.rule.clone();
    let mut rules = match (verdict.ground, verdict.reason) {
        // A like that is cited because it does not reach so far has let nothing pass.
        (Some(GroundKind::SoftOptIn), _) => vec![Rule::Similar(cited())],
        (_, Some(Reason::FrequencyCap)) => caps(policy, outcome),
        (_, Some(Reason::QuietHours)) => vec![Rule::QuietHours(cited())],
        _ => Vec::new(),
    };
    let pack = verdict.jurisdiction.as_ref().and_then(|pack| policy.jurisdictions.get(&**pack));
    let Some(pack) = pack else { return rules };
    rules.push(Rule::Pack(pack.rule.clone(), pack.id.clone()));
    if verdict.rule == pack.reconfirm_rule {
        rules.push(Rule::Reconfirmation(cited()));
    }
    rules.extend(verdict.ground.map(|ground| Rule::Ground(pack.grounds_rule.clone(), ground)));
    rules.extend(soft_opt_in(pack, outcome));
    rules
}

/// The cap of the line that a verdict cites that makes the case wait: each is tried alone.
fn caps(policy: &PolicySet, outcome: &Outcome<'_>) -> Vec<Rule> {
    let (case, verdict) = (outcome.case, &outcome.verdict);
    let Some(sender) = policy.sender(&case.sender) else { return Vec::new() };
    let makes_it_wait = |cap: &&Cap| {
        let mut alone = policy.clone();
        if let Some(own) = alone.senders.get_mut(&case.sender) {
            own.caps = vec![(*cap).clone()];
            own.quiet_hours = None;
        }
        case.run(&alone).verdict.text == verdict.text
    };
    let cited = sender.caps.iter().filter(|cap| cap.rule == verdict.rule);
    cited.filter(makes_it_wait).map(Rule::of_cap).collect()
}

fn soft_opt_in(pack: &Jurisdiction, outcome: &Outcome<'_>) -> Vec<Rule> {
    let (soft, verdict) = (&pack.soft_opt_in, &outcome.verdict);
    match (verdict.ground, verdict.reason) {
        (Some(GroundKind::SoftOptIn), _) => {
            let Some((how, notice)) = rests_on(outcome, verdict) else { return Vec::new() };
            let mut rules = vec![Rule::From(soft.from_rule.clone(), how)];
            // That notice is not asked for shows where there was none.
            rules.extend((!notice).then(|| Rule::Notice(soft.notice_rule.clone())));
            rules
        }
        (_, Some(Reason::NoticeMissing)) => vec![Rule::Notice(verdict.rule.clone())],
        (_, Some(Reason::GroundExpired)) => {
            // Which of several ended can't be told from the verdict.
            let only = only_acquaintance(outcome);
            only.map(|how| Rule::Expiry(verdict.rule.clone(), how)).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The acquaintance that a verdict names, and whether notice was given then.
fn rests_on(outcome: &Outcome<'_>, verdict: &Verdict) -> Option<(Acquaintance, bool)> {
    let event = outcome.case.facts.iter().find(|event| Some(event.id) == verdict.ground_event)?;
    match event.kind {
        EventKind::Acquainted { how, notice, .. } => Some((how, notice)),
        _ => None,
    }
}

fn only_acquaintance(outcome: &Outcome<'_>) -> Option<Acquaintance> {
    let mut kinds = outcome.case.facts.iter().filter_map(|event| match event.kind {
        EventKind::Acquainted { how, .. } => Some(how),
        _ => None,
    });
    let first = kinds.next()?;
    kinds.all(|how| how == first).then_some(first)
}

impl Rule {
    fn of_cap(cap: &Cap) -> Self {
        Self::Cap(cap.rule.clone(), cap.scope.clone(), cap.most, cap.per)
    }

    fn place(&self) -> &RuleRef {
        match self {
            Self::Ground(rule, _)
            | Self::From(rule, _)
            | Self::Notice(rule)
            | Self::Expiry(rule, _)
            | Self::Similar(rule)
            | Self::Cap(rule, ..)
            | Self::Pack(rule, _)
            | Self::QuietHours(rule)
            | Self::Reconfirmation(rule) => rule,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Ground(_, ground) => format!("the ground `{ground}`"),
            Self::From(_, how) => format!("a soft opt-in from `{}`", how.as_str()),
            Self::Notice(_) => "the notice that a soft opt-in needs, or not".to_owned(),
            Self::Expiry(_, how) => format!("the expiry of `{}`", how.as_str()),
            Self::Similar(_) => "this [[similar]]".to_owned(),
            Self::Cap(_, _, most, per) => format!("the cap of {most}/{per}"),
            Self::Pack(_, id) => format!("the pack `{id}`: none is of a person whom it judges"),
            Self::QuietHours(_) => "these quiet hours".to_owned(),
            Self::Reconfirmation(_) => "`reconfirm_imported`".to_owned(),
        }
    }
}
