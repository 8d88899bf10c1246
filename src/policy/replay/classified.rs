//! Whether new files might say otherwise what a message is. What told it then, the headers, is gone: where the files
//! differ in a rule that reads them, nobody can tell what would have come of it, and more mail might leave. Pure.

use super::super::facts::NamedScope;
use super::super::sender::{ClassifyRule, SenderPolicy};
use super::super::{Facts, PolicySet, Reason, RuleRef, Stream};

/// What of a set reads a sender's messages.
#[derive(Clone, Copy)]
pub struct Reads<'p> {
    set: &'p PolicySet,
    sender: &'p SenderPolicy,
}

impl<'p> Reads<'p> {
    pub fn of(set: &'p PolicySet, sender: &str) -> Option<Self> {
        Some(Self { set, sender: set.sender(sender)? })
    }

    /// Whether other providers' headers say the same under both.
    fn dialects_agree(self, other: Self) -> bool {
        self.sender.dialect == other.sender.dialect && self.set.dialects.read_alike(&other.set.dialects)
    }

    fn agrees(self, other: Self) -> bool {
        rules_agree(self.sender, other.sender) && self.dialects_agree(other)
    }
}

/// Of a message that was refused since nothing told what it is, or whose it is.
pub fn might_be_told(reason: Option<Reason>, old: Option<Reads<'_>>, new: Option<Reads<'_>>) -> bool {
    let Some(new) = new else { return false };
    let rules_differ = old.is_none_or(|old| !old.agrees(new));
    match reason {
        // A sender without a file sends nothing, whatever it is.
        Some(Reason::Unclassified) => rules_differ,
        // Neither whose nor what it is was told, so that the files must differ in both.
        Some(Reason::FromNotAllowed) => {
            rules_differ && old.is_none_or(|old| old.sender.from_domains != new.sender.from_domains)
        }
        _ => false,
    }
}

/// Of a message that was classified: whether a rule that read it, or would have, is another now.
pub fn might_be_another(facts: &Facts, old: Option<Reads<'_>>, new: Option<Reads<'_>>) -> bool {
    let Some((old, new)) = old.zip(new) else { return false };
    if old.agrees(new) {
        return false;
    }
    let own_headers_said_all = facts.rule == old.sender.rule
        && facts.findings.scope_rule.is_none()
        && (facts.stream == Stream::Functional
            || facts.scope.is_some()
            || facts.findings.scope != NamedScope::AsIs);
    if own_headers_said_all {
        return false;
    }
    if !old.dialects_agree(new) {
        return true;
    }
    let place = |rule: &RuleRef| old.sender.classify.iter().position(|own| own.rule == *rule);
    let told_by = place(&facts.rule).or_else(|| facts.findings.scope_rule.as_ref().and_then(place));
    match told_by {
        // The first match wins: what comes after it reads nothing.
        Some(told_by) => told_by >= same_rules(old.sender, new.sender),
        // What comes before those rules said all, unless it lacked a scope.
        None => {
            facts.stream != Stream::Functional
                && facts.scope.is_none()
                && facts.findings.scope == NamedScope::AsIs
        }
    }
}

fn rules_agree(old: &SenderPolicy, new: &SenderPolicy) -> bool {
    [old.classify.len(), new.classify.len()] == [same_rules(old, new); 2]
}

/// How many rules, from the first on, are the same.
fn same_rules(old: &SenderPolicy, new: &SenderPolicy) -> usize {
    let same = |(old, new): &(&ClassifyRule, &ClassifyRule)| {
        old.header.eq_ignore_ascii_case(&new.header)
            && old.matches.as_str() == new.matches.as_str()
            && (old.stream, &old.scope) == (new.stream, &new.scope)
    };
    old.classify.iter().zip(&new.classify).take_while(same).count()
}
