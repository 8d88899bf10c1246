//! What would have changed what became of tracking: one answer of the person's at a time is supposed, and the decision is
//! asked again. Pure.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::consent::ConsentState;
use crate::consent::event::TrackingAsked;
use crate::consent::fold::{TrackingNo, TrackingYes};
use crate::policy::decide::{Circumstances, decide};
use crate::policy::verdict::{TrackingReason, Verdict};
use crate::policy::{Facts, PolicySet, Tracking};

/// One thing that would have changed it, and to what.
#[derive(Clone, Debug, Serialize)]
pub struct TrackingChange {
    /// For people: `a yes to tracking that is asked for by itself`.
    pub what: &'static str,
    pub verdict: Tracking,
    pub reason: TrackingReason,
}

/// Answers that a person might give, each by itself.
pub(super) fn changes(
    policy: &PolicySet,
    facts: &Facts,
    consent: &ConsentState,
    circumstances: &Circumstances,
    now: Timestamp,
    verdict: &Verdict,
) -> Vec<TrackingChange> {
    let Some(own) = verdict.tracking.as_ref() else { return Vec::new() };
    let yes = |asked| {
        let mut consent = consent.clone();
        consent.tracking.yeses.push(TrackingYes { asked, at: now, event: Uuid::nil() });
        consent
    };
    let mut no = consent.clone();
    no.tracking.no = Some(TrackingNo { at: now, event: Uuid::nil() });
    let supposed = [
        ("a yes to tracking, asked for within the consent to marketing", yes(TrackingAsked::WithOptIn)),
        ("a yes to tracking, asked for by itself", yes(TrackingAsked::Separately)),
        ("a no to tracking", no),
    ];
    let change = |(what, consent): (&'static str, ConsentState)| {
        let then = decide(policy, facts, &consent, circumstances, now).tracking?;
        let changes = then.tracking != own.tracking;
        changes.then_some(TrackingChange { what, verdict: then.tracking, reason: then.reason })
    };
    supposed.into_iter().filter_map(change).collect()
}
