//! A decision in steps that people can follow: what was known, which rule was asked, what it said. Pure.

use jiff::Timestamp;

use super::decide::{Circumstances, decide};
use super::{Facts, PolicySet, RuleRef, Scope, Verdict};
use crate::consent::ConsentState;
use crate::consent::event::Suppression;
use crate::consent::fold::No;

/// The steps to the verdict, and the verdict itself. Holds no address.
pub fn explain(
    policy: &PolicySet,
    facts: &Facts,
    consent: &ConsentState,
    circumstances: &Circumstances,
    now: Timestamp,
) -> (Vec<String>, Verdict) {
    let verdict = decide(policy, facts, consent, circumstances, now);
    let mut steps = vec![message(facts)];
    steps.push(jurisdiction(policy, facts, consent));
    steps.extend(known(consent));
    steps.extend(likes(policy, facts, consent));
    steps.push(said(&verdict));
    (steps, verdict)
}

fn place(rule: &RuleRef) -> String {
    match rule.line {
        0 => rule.file.to_string(),
        line => format!("{}:{line}", rule.file),
    }
}

fn message(facts: &Facts) -> String {
    let scope = facts.scope.as_ref().map(|scope| format!(" in {scope}")).unwrap_or_default();
    format!("{} mail of {}{scope} ({})", facts.stream, facts.sender, place(&facts.rule))
}

fn jurisdiction(policy: &PolicySet, facts: &Facts, consent: &ConsentState) -> String {
    let sender = policy.sender(&facts.sender);
    let default = sender.and_then(|sender| sender.default_jurisdiction.as_deref());
    let Some(pack) = policy.jurisdiction(consent.jurisdiction.as_deref(), default) else {
        return "no jurisdiction pack judges".to_owned();
    };
    let why = match (&consent.jurisdiction, default) {
        (Some(told), _) => format!("the youngest fact that names one says {}", told.escape_debug()),
        (None, Some(_)) => "no fact names one, so the sender's default".to_owned(),
        (None, None) => "no fact names one, and the sender has no default".to_owned(),
    };
    let grounds: Vec<&str> = pack.grounds.iter().map(|ground| ground.as_str()).collect();
    format!(
        "judged by {} ({why}), which takes {} ({})",
        pack.id,
        grounds.join(", "),
        place(&pack.grounds_rule)
    )
}

/// What is recorded about the person, youngest first.
fn known(consent: &ConsentState) -> Vec<String> {
    let mut facts: Vec<(Timestamp, String)> = Vec::new();
    facts.extend(consent.opt_ins.iter().map(|yes| {
        let kind = super::GroundKind::from(yes.ground);
        (yes.at, format!("{kind} for {}", yes.scope))
    }));
    facts.extend(consent.acquaintances.iter().map(|one| {
        let notice = if one.notice { "with" } else { "without" };
        let how = format!("{:?}", one.how).to_lowercase();
        (one.at, format!("{how} in {}, {notice} notice", one.scope))
    }));
    let pending = consent.pending.iter();
    facts.extend(pending.map(|one| (one.at, format!("sign-up for {}, not confirmed", one.scope))));
    let imported = consent.unconfirmed.iter();
    facts.extend(imported.map(|one| (one.at, format!("imported for {} without proof", one.scope))));
    facts.extend(consent.withdrawals.iter().map(|no| (no.at, withdrawal(no))));
    facts.extend(consent.suppressed.iter().map(|(why, at)| {
        let why = match why {
            Suppression::Bounce => "after bounces",
            Suppression::Operator => "by an operator",
        };
        (*at, format!("suppressed {why}"))
    }));
    facts.extend(consent.restricted.map(|at| (at, "restricted".to_owned())));
    facts.extend(consent.erased.map(|at| (at, "erased".to_owned())));
    if facts.is_empty() {
        return vec!["nothing is recorded about this person".to_owned()];
    }
    facts.sort_by(|one, other| other.cmp(one));
    facts.into_iter().map(|(at, fact)| format!("{at}: {fact}")).collect()
}

fn withdrawal(no: &No) -> String {
    let scope = no.scope.as_ref().map_or("all marketing", Scope::as_str);
    let complaint = if no.complaint { " by a complaint" } else { "" };
    format!("withdrawal of {scope}{complaint}")
}

/// What the person's purchases allow, rule by rule.
fn likes(policy: &PolicySet, facts: &Facts, consent: &ConsentState) -> Vec<String> {
    let Some((sender, wanted)) = policy.sender(&facts.sender).zip(facts.scope.as_ref()) else {
        return Vec::new();
    };
    let acquaintances = consent.acquaintances.iter();
    let allowed = acquaintances.flat_map(|one| {
        sender.allowed_by_purchase(&one.scope).into_iter().map(|allowed| (&one.scope, allowed))
    });
    allowed
        .map(|(bought, (allowed, rule))| {
            let reach = if allowed.covers(wanted) { "covers" } else { "does not cover" };
            format!("{bought} allows {allowed}, which {reach} {wanted} ({})", place(&rule))
        })
        .collect()
}

fn said(verdict: &Verdict) -> String {
    let word = match (verdict.reason, verdict.ground) {
        (Some(reason), _) => format!("{} [{reason}]", verdict.verdict),
        (None, Some(ground)) => format!("{} on {ground}", verdict.verdict),
        (None, None) => verdict.verdict.to_string(),
    };
    format!("{word}: {} ({})", verdict.text, place(&verdict.rule))
}
