//! All that stands against a message whoever it is for, at once: for who writes it and can mend it.

use super::{Case, Judged, Nobody};
use crate::consent::ConsentState;
use crate::policy::{Facts, PolicySet, Stream, Verdict};

/// What `decide` would refuse the message for, in its order, as people of this jurisdiction (else the sender's own) are
/// judged; what its content has wrong left out, since each finding has its own line. Empty too where no policy has the
/// sender.
pub fn objections(policy: &PolicySet, facts: &Facts, jurisdiction: Option<&str>) -> Vec<Verdict> {
    let consent = ConsentState { jurisdiction: jurisdiction.map(str::to_owned), ..ConsentState::default() };
    let sender = policy.sender(&facts.sender);
    let default = sender.and_then(|sender| sender.default_jurisdiction.as_deref());
    let Some((sender, pack)) = sender.zip(policy.jurisdiction(jurisdiction, default)) else {
        return Vec::new();
    };
    let now = jiff::Timestamp::UNIX_EPOCH;
    let mut facts = facts.clone();
    facts.findings.content.clear();
    let case =
        Case { sender, pack, facts: &facts, consent: &consent, confirmations: &[], signing_up: None, now };
    let judged: Vec<Judged<'_, ()>> = match facts.stream {
        Stream::Marketing => vec![
            case.from(),
            case.grant(),
            case.scope(),
            case.signed_body(),
            case.postal_address(),
            case.privacy_notice(),
        ],
        Stream::Confirmation => vec![case.from(), case.grant(), case.scope(), case.confirm_link()],
        Stream::Functional => vec![case.from(), case.grant(), case.scope()],
    };
    let refused: Vec<Verdict> =
        judged.into_iter().filter_map(Result::err).map(|missing| case.refuse(missing)).collect();
    debug_assert_eq!(
        case.fits(&mut Nobody).err().map(|missing| missing.reason),
        refused.first().and_then(|verdict| verdict.reason),
        "what is asked here is what a decision asks"
    );
    refused
}
