//! *May this sender mail this person about this, now?* A pure function of policy, facts, consent,
//! circumstances and time, and the only maker of what the spool takes and of what may leave (invariant 2).

use jiff::Timestamp;

use super::{Facts, PolicySet, Verdict, VerdictKind};
use crate::consent::ConsentState;

/// What else bears on a decision: caps, pauses, quiet hours, warm-up. Read at intake, binding at the claim.
/// None of them is counted yet, so there is nothing in it.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {}

/// The verdict for one recipient.
pub fn decide(
    policy: &PolicySet,
    facts: &Facts,
    consent: &ConsentState,
    circumstances: &Circumstances,
    now: Timestamp,
) -> Verdict {
    let _ = (policy, facts, consent, circumstances, now);
    todo!()
}

/// What the first decision makes of a verdict.
#[derive(Clone, Debug)]
pub enum Admission {
    Spool(Spoolable),
    Refuse(Verdict),
}

/// Leave to enter the spool. Only this module makes one.
#[derive(Clone, Debug)]
pub struct Spoolable {
    verdict: Verdict,
    kind: DeliveryKind,
}

/// Whose mail it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryKind {
    /// Submitted by a tool: decided twice.
    Submitted,
    /// Our own delivery status notification.
    Dsn,
}

impl Spoolable {
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    pub fn kind(&self) -> DeliveryKind {
        self.kind
    }
}

/// What the second decision makes of a verdict.
#[derive(Debug)]
pub enum Release {
    Send(Deliverable),
    Hold(Verdict),
    Withhold(Verdict),
}

/// Leave to be sent. Only this module makes one; only `deliver` uses it up.
#[derive(Debug)]
pub struct Deliverable {
    verdict: Verdict,
}

impl Deliverable {
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }
}

/// Whether a verdict opens the spool. In shadow mode a refusal that no recorded no forbids does.
pub fn admit(policy: &PolicySet, facts: &Facts, verdict: Verdict) -> Admission {
    match verdict.verdict {
        VerdictKind::Deliver | VerdictKind::Hold => {
            Admission::Spool(Spoolable { verdict, kind: DeliveryKind::Submitted })
        }
        VerdictKind::Refuse if passes_in_shadow(policy, facts, &verdict) => {
            Admission::Spool(Spoolable { verdict, kind: DeliveryKind::Submitted })
        }
        VerdictKind::Refuse => Admission::Refuse(verdict),
    }
}

/// Whether a verdict lets a claimed delivery leave.
pub fn release(policy: &PolicySet, facts: &Facts, verdict: Verdict) -> Release {
    match verdict.verdict {
        VerdictKind::Deliver => Release::Send(Deliverable { verdict }),
        VerdictKind::Hold => Release::Hold(verdict),
        VerdictKind::Refuse if passes_in_shadow(policy, facts, &verdict) => {
            Release::Send(Deliverable { verdict })
        }
        VerdictKind::Refuse => Release::Withhold(verdict),
    }
}

fn passes_in_shadow(policy: &PolicySet, facts: &Facts, verdict: &Verdict) -> bool {
    let _ = (policy, facts, verdict);
    todo!("mode = shadow and !verdict.is_recorded_no()")
}

/// A DSN of our own: to the tool's envelope sender, on no one's consent.
pub fn admit_dsn(verdict: Verdict) -> Spoolable {
    Spoolable { verdict, kind: DeliveryKind::Dsn }
}

/// The second decision of a DSN: it stands on the first.
pub fn release_dsn(verdict: Verdict) -> Deliverable {
    Deliverable { verdict }
}
