//! Whether pixels and tracked links stay in a copy: by the person's answers, and by what the law of the place asks.
//! Pure. It decides of every stream, since the law on tracking (ePrivacy Directive, art. 5(3)) knows none, and it never
//! stops mail.
//!
//! The younger answer wins and a tie is a no. A withdrawal of everything ends a yes as well, though nobody asked for
//! that: who wants nothing more from a sender has not agreed to being watched by it. Taking such a withdrawal back as a
//! whole brings the yes back, as it does grounds; taking back a part does not.

use super::{Circumstances, Mode, PolicySet, RuleRef, SenderPolicy};
use crate::consent::ConsentState;
use crate::consent::event::TrackingAsked;
use crate::consent::fold::{No, TrackingNo, TrackingYes};
use crate::policy::decide::Records;
use crate::policy::grounds::day;
use crate::policy::jurisdiction::Jurisdiction;
use crate::policy::verdict::{Tracking, TrackingReason, TrackingRuling};
use crate::policy::{Facts, VerdictKind};

/// What becomes of tracking in the copy that such a verdict lets go, now or later; `None` where none will leave.
pub(super) fn of_copy(
    policy: &PolicySet,
    facts: &Facts,
    consent: &ConsentState,
    circumstances: &Circumstances,
    (verdict, shadow): (VerdictKind, Option<&RuleRef>),
) -> Option<TrackingRuling> {
    if verdict == VerdictKind::Refuse && shadow.is_none() {
        return None;
    }
    let sender = policy.sender(&facts.sender)?;
    let pack =
        policy.jurisdiction(consent.jurisdiction.as_deref(), sender.default_jurisdiction.as_deref())?;
    let ruling = match circumstances.records {
        Records::Complete => by_answers(pack, consent),
        Records::Behind => restoring(pack),
    };
    Some(in_its_mode(ruling, sender.mode_in(facts.scope.as_ref())))
}

/// The same of mail of this sender's that nobody submitted.
pub fn tracking_of(
    policy: &PolicySet,
    sender: &SenderPolicy,
    consent: &ConsentState,
) -> Option<TrackingRuling> {
    let pack =
        policy.jurisdiction(consent.jurisdiction.as_deref(), sender.default_jurisdiction.as_deref())?;
    Some(in_its_mode(by_answers(pack, consent), sender.mode_in(None)))
}

/// Shadow mode keeps what no recorded no takes out (invariant 14).
fn in_its_mode(ruling: TrackingRuling, (mode, rule): (Mode, &RuleRef)) -> TrackingRuling {
    if mode != Mode::Shadow || ruling.tracking == Tracking::Kept || ruling.reason.holds_in_shadow() {
        return ruling;
    }
    TrackingRuling { tracking: Tracking::Kept, shadow: Some(rule.clone()), ..ruling }
}

/// Invariant 14: while noes may be missing, nobody can tell that the person has not said no.
fn restoring(pack: &Jurisdiction) -> TrackingRuling {
    let text = "a backup was restored, and the noes that came after it are not all back yet";
    ruling(TrackingReason::Restoring, &pack.rule, None, text.to_owned())
}

fn by_answers(pack: &Jurisdiction, consent: &ConsentState) -> TrackingRuling {
    use TrackingReason::{
        Consented, Erased, NoConsent, NotAsked, NotSeparate, Refused, Restricted, Withdrawn,
    };
    let (law, asks, id) = (&pack.rule, &pack.tracking, &pack.id);
    let answers = Answers::of(pack, consent);
    if let Some(at) = consent.erased {
        return ruling(Erased, law, None, format!("was erased on {}", day(at)));
    }
    if let Some(no) = answers.standing_no() {
        let text = format!("said no to tracking on {}", day(no.at));
        return ruling(Refused, law, Some(no.event), text);
    }
    if let Some(at) = consent.restricted {
        let text = format!("use of this person's data is restricted since {}", day(at));
        return ruling(Restricted, law, None, text);
    }
    if !asks.consent {
        let text = format!("`{id}` asks for no consent to tracking, and the recipient has not said no to it");
        return ruling(NotAsked, &asks.consent_rule, None, text);
    }
    match (answers.yes, answers.ended_by(), answers.other_yes) {
        (Some(yes), None, _) => {
            let text = "the recipient said yes to tracking".to_owned();
            ruling(Consented, &asks.consent_rule, Some(yes.event), text)
        }
        (Some(_), Some(no), _) => {
            let text = format!("withdrew all marketing on {}, and with it the yes to tracking", day(no.at));
            ruling(Withdrawn, law, Some(no.event), text)
        }
        (None, _, Some(yes)) => {
            let text = format!(
                "`{id}` asks for a consent to tracking of its own, and the one of {} was asked for with marketing",
                day(yes.at)
            );
            ruling(NotSeparate, &asks.separate_rule, Some(yes.event), text)
        }
        (None, _, None) => {
            let text = format!("`{id}` asks for consent to tracking, and none is recorded");
            ruling(NoConsent, &asks.consent_rule, None, text)
        }
    }
}

fn ruling(reason: TrackingReason, rule: &RuleRef, event: Option<uuid::Uuid>, text: String) -> TrackingRuling {
    let tracking = if reason.allows() { Tracking::Kept } else { Tracking::TakenOut };
    TrackingRuling { tracking, reason, rule: rule.clone(), event, text, shadow: None }
}

/// A person's answers as this pack takes them.
struct Answers<'c> {
    /// The youngest that counts here.
    yes: Option<&'c TrackingYes>,
    /// The youngest that does not.
    other_yes: Option<&'c TrackingYes>,
    no: Option<&'c TrackingNo>,
    /// The youngest that stands, though parts of it were taken back.
    withdrawal: Option<&'c No>,
}

impl<'c> Answers<'c> {
    fn of(pack: &Jurisdiction, consent: &'c ConsentState) -> Self {
        let counts = |yes: &&TrackingYes| !pack.tracking.separate || yes.asked == TrackingAsked::Separately;
        let yeses = || consent.tracking.yeses.iter();
        let of_all = consent.withdrawals.iter().filter(|no| no.scope.is_none());
        Self {
            yes: yeses().filter(counts).max_by_key(|yes| (yes.at, yes.event)),
            other_yes: yeses().filter(|yes| !counts(yes)).max_by_key(|yes| (yes.at, yes.event)),
            no: consent.tracking.no.as_ref(),
            withdrawal: of_all.max_by_key(|no| (no.at, no.event)),
        }
    }

    fn standing_no(&self) -> Option<&'c TrackingNo> {
        self.no.filter(|no| self.yes.is_none_or(|yes| yes.at <= no.at))
    }

    fn ended_by(&self) -> Option<&'c No> {
        self.withdrawal.filter(|no| self.yes.is_none_or(|yes| yes.at <= no.at))
    }
}

#[cfg(test)]
mod tests;
