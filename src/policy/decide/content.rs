//! What the sender's policy makes of content that has something wrong. `lint` has found it; here it is only judged.

use jiff::SignedDuration;

use super::{Asked, Case, Hold, Judged, Missing, Said, Witness, ask};
use crate::policy::finding::{Found, Handling};
use crate::policy::{Reason, RuleRef};

/// Policy is looked at again so often: an operator who lets it go wants to see it go.
const LOOKED_AT_EVERY: SignedDuration = SignedDuration::from_mins(5);

impl<'p> Case<'p> {
    /// Nothing is asked of content in which nothing was found.
    pub(super) fn content(&self, witness: &mut impl Witness) -> Judged<'p, ()> {
        if self.facts.findings.content.is_empty() {
            return Ok(());
        }
        let refused = self.found(Handling::Refuse);
        let rule = refused.as_ref().map_or(self.stream_rule(), |(_, rule)| rule);
        let judged = refused.map_or(Ok(()), |(found, rule)| {
            Err(Missing { reason: found.name.reason(), rule, text: text(found) })
        });
        ask(witness, Asked::Content, rule, judged)
    }

    /// Content that waits: an operator lets it go by the policy, or cancels it.
    pub(super) fn content_hold(&self, witness: &mut impl Witness) -> Option<Hold<'p>> {
        let (found, rule) = self.found(Handling::Hold)?;
        let until = self.now.checked_add(LOOKED_AT_EVERY).unwrap_or(jiff::Timestamp::MAX);
        let hold = Hold { reason: found.name.reason(), until, rule, text: text(found) };
        witness.hear(Asked::Content, rule, Said::Waits(&hold));
        Some(hold)
    }

    fn found(&self, wanted: Handling) -> Option<(&'p Found, &'p RuleRef)> {
        let stream = self.sender.stream(self.facts.stream);
        self.facts.findings.content.iter().find_map(|found| match stream.handling(found.name) {
            (handling, rule) if handling == wanted => Some((found, rule)),
            _ => None,
        })
    }

    fn stream_rule(&self) -> &'p RuleRef {
        &self.sender.stream(self.facts.stream).rule
    }
}

impl Reason {
    /// Whether it is said of what `lint` finds.
    pub fn is_of_content(self) -> bool {
        matches!(self, Self::MergeFieldLeak | Self::ContentMissing | Self::ContentRule)
    }
}

fn text(found: &Found) -> String {
    let Found { name, detail } = found;
    match detail {
        Some(detail) => format!("{name}: {detail}: {}", name.advice()),
        None => format!("{name}: {}", name.advice()),
    }
}
