//! What a verdict opens: the spool after the first decision, the way out after the second. The only maker of
//! what the spool takes and of what may leave (invariant 2).

use jiff::Timestamp;

use super::super::sender::{Mode, SenderPolicy};
use super::super::{Facts, GroundKind, PolicySet, Reason, RuleRef, Stream, Verdict, VerdictKind};

/// The verdict on our own delivery status notification: it is functional mail about functional matters.
pub(super) fn dsn_verdict(sender: &SenderPolicy) -> Verdict {
    Verdict {
        verdict: VerdictKind::Deliver,
        reason: None,
        ground: Some(GroundKind::Functional),
        ground_event: None,
        scope: None,
        stream: Some(Stream::Functional),
        jurisdiction: None,
        rule: sender.stream(Stream::Functional).rule.clone(),
        text: "a delivery status notification to the sender's own address".to_owned(),
        shadow: None,
        tracking: None,
        until: None,
    }
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
    entry: Entry,
}

/// How it enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    Queued,
    /// Looked at again then; at once where nothing tells when.
    Held {
        until: Option<Timestamp>,
    },
}

/// Whose mail it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryKind {
    /// Submitted by a tool: decided twice.
    Submitted,
    /// Our own delivery status notification.
    Dsn,
    /// Composed by us for one person in a sender's name: decided twice.
    Own,
}

impl Spoolable {
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    pub fn kind(&self) -> DeliveryKind {
        self.kind
    }

    pub fn entry(&self) -> Entry {
        self.entry
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
pub fn admit(verdict: Verdict) -> Admission {
    let entry = match verdict.verdict {
        _ if verdict.passes() => Entry::Queued,
        VerdictKind::Hold => Entry::Held { until: verdict.until },
        VerdictKind::Deliver | VerdictKind::Refuse => return Admission::Refuse(verdict),
    };
    Admission::Spool(Spoolable { verdict, kind: DeliveryKind::Submitted, entry })
}

/// The same of mail that we composed ourselves.
pub fn admit_own(verdict: Verdict) -> Admission {
    match admit(verdict) {
        Admission::Spool(spoolable) => Admission::Spool(Spoolable { kind: DeliveryKind::Own, ..spoolable }),
        refused @ Admission::Refuse(_) => refused,
    }
}

/// Whether a verdict lets a claimed delivery leave.
pub fn release(verdict: Verdict) -> Release {
    match verdict.verdict {
        _ if verdict.passes() => Release::Send(Deliverable { verdict }),
        VerdictKind::Hold => Release::Hold(verdict),
        VerdictKind::Deliver | VerdictKind::Refuse => Release::Withhold(verdict),
    }
}

/// The line of the shadow mode that lets mail go which the verdict would stop: never past a recorded no, nor past a
/// hold that is not the policy's own.
pub(super) fn let_pass(policy: &PolicySet, facts: &Facts, verdict: &Verdict) -> Option<RuleRef> {
    let (mode, rule) = policy.sender(&facts.sender)?.mode_in(facts.scope.as_ref());
    let passes = match verdict.verdict {
        VerdictKind::Deliver => false,
        // Invariant 14: a recorded no holds in every mode.
        VerdictKind::Refuse => !verdict.holds_in_shadow(),
        VerdictKind::Hold => verdict.is_spacing() || verdict.reason.is_some_and(Reason::is_of_content),
    };
    (passes && mode == Mode::Shadow).then(|| rule.clone())
}

/// A DSN of our own: to the tool's envelope sender, on no one's consent.
pub fn admit_dsn(sender: &SenderPolicy) -> Spoolable {
    Spoolable { verdict: dsn_verdict(sender), kind: DeliveryKind::Dsn, entry: Entry::Queued }
}

/// The second decision of a DSN: it stands on the first.
pub fn release_dsn(verdict: Verdict) -> Deliverable {
    Deliverable { verdict }
}

/// Leave for a probe: a message of the operator's own to an address that the operator names, to see how mail comes
/// through (`optgate check --live`). It is about nobody's consent, and there is no delivery of it.
pub fn release_probe() -> Deliverable {
    let verdict = Verdict {
        verdict: VerdictKind::Deliver,
        reason: None,
        ground: Some(GroundKind::Functional),
        ground_event: None,
        scope: None,
        stream: Some(Stream::Functional),
        jurisdiction: None,
        rule: RuleRef { file: "optgate.toml".into(), line: 1 },
        text: "a probe that an operator sends".to_owned(),
        shadow: None,
        tracking: None,
        until: None,
    };
    Deliverable { verdict }
}
