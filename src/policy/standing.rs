//! How a person stands towards a sender's marketing, scope by scope: the question that pages, API and
//! commands put to `decide` without a message in hand. Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::consent::ConsentState;
use crate::policy::decide::{Circumstances, decide};
use crate::policy::facts::ConfirmLink;
use crate::policy::grounds::standing_no;
use crate::policy::sender::SenderPolicy;
use crate::policy::{Facts, PolicySet, Scope, Stream, Verdict, VerdictKind};

/// A message that nobody submitted, to ask what would become of it.
pub fn supposed(sender: &SenderPolicy, credential: &str, stream: Stream, scope: Option<Scope>) -> Facts {
    Facts {
        sender: sender.id.clone(),
        credential: credential.to_owned(),
        stream,
        scope,
        campaign: None,
        from_domain: String::new(),
        confirm_link: ConfirmLink::supposed(stream),
        language: None,
        rule: sender.rule.clone(),
        findings: Default::default(),
    }
}

/// What would become of marketing in this scope.
pub fn verdict(
    policy: &PolicySet,
    sender: &SenderPolicy,
    state: &ConsentState,
    scope: &Scope,
    now: Timestamp,
) -> Verdict {
    let facts = supposed(sender, "", Stream::Marketing, Some(scope.clone()));
    decide(policy, &facts, state, &Circumstances::default(), now)
}

/// Whether a no of the person's own stands against marketing in this scope, whatever else does.
pub fn is_withdrawn(policy: &PolicySet, sender: &SenderPolicy, state: &ConsentState, scope: &Scope) -> bool {
    let pack = policy.jurisdiction(state.jurisdiction.as_deref(), sender.default_jurisdiction.as_deref());
    // Nothing tells then what would lift it.
    pack.is_none_or(|pack| standing_no(state, scope, pack).is_some())
}

/// Whether a ground is in force: mail may go, now or once a hold ends.
pub fn in_force(verdict: &Verdict) -> bool {
    verdict.verdict != VerdictKind::Refuse
}

/// The scopes of the taxonomy, of those asked about, in which a ground is in force.
pub fn scopes_in_force<'a>(
    policy: &PolicySet,
    sender: &SenderPolicy,
    state: &ConsentState,
    scopes: impl IntoIterator<Item = &'a Scope>,
    now: Timestamp,
) -> BTreeSet<Scope> {
    let stands = |scope: &&Scope| in_force(&verdict(policy, sender, state, scope, now));
    scopes.into_iter().filter(stands).cloned().collect()
}
