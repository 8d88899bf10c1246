//! A decision in steps that people can follow: what was asked, in what order, by which line, what it said, and what
//! would have changed the answer. Pure, and no second judge: each step is what `decide` itself said of it, and each
//! change was put to `decide`.

mod changes;
mod tracking;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::confirmation::AskedBefore;
use super::decide::{Circumstances, witnessed};
use super::grounds::{Missing, Standing};
use super::holds::{Earlier, Hold, Stage};
use super::witness::{Asked, Said, Witness};
use super::{Facts, GroundKind, PolicySet, Reason, RuleRef, Scope, Stream, Verdict, VerdictKind};
use crate::consent::ConsentState;
pub use changes::Change;
pub use tracking::TrackingChange;

/// How a verdict came about. Holds no address.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    pub message: Message,
    /// `None` where no pack could judge.
    pub judged: Option<Judged>,
    /// In the order in which they were asked.
    pub steps: Vec<Step>,
    /// What the person's purchases and the like reach, rule by rule.
    pub likes: Vec<Like>,
    /// What marketing the person was sent before, as far as caps count it, or which mails asked to confirm; youngest
    /// first.
    pub sent: Vec<Sent>,
    /// What would have changed the answer.
    pub changes: Vec<Change>,
    /// The line by which pixels and tracked links stay or go; null where no copy leaves.
    pub tracking_rule: Option<Line>,
    /// What would have changed that.
    pub tracking_changes: Vec<TrackingChange>,
    #[serde(skip)]
    pub verdict: Verdict,
}

/// What the message is.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    pub sender: String,
    pub stream: Stream,
    pub scope: Option<Scope>,
    pub campaign: Option<String>,
    /// None of a message that is only supposed.
    pub from_domain: Option<String>,
    /// What told the stream.
    pub rule: Line,
}

/// A rule, with its line as it stands in the policy set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub file: Arc<str>,
    /// From 1; 0 where the file as a whole is meant.
    pub line: u32,
    /// Null where the set has no such line.
    pub text: Option<String>,
}

/// Which pack judges, and why that one.
#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    pub pack: Arc<str>,
    pub because: &'static str,
    /// The code that was told: a pack's id or a country.
    pub told: Option<String>,
    pub takes: Vec<GroundKind>,
    pub rule: Line,
    /// What the pack says of itself: the statute, how the pack's weakest statement is known, and when somebody last
    /// compared.
    pub law: Option<String>,
    pub confidence: &'static str,
    pub reviewed: Option<Date>,
}

/// One question and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    pub asked: Asked,
    pub question: &'static str,
    pub answer: Answer,
    pub reason: Option<Reason>,
    pub ground: Option<GroundKind>,
    /// The fact that a ground rests on.
    pub event: Option<Uuid>,
    pub rule: Line,
    /// None where there is nothing to say beside the answer.
    pub text: Option<String>,
}

/// What a rule said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing against the message.
    Passes,
    /// No ground for it.
    CarriesNot,
    Carries,
    Refuses,
    Holds,
    /// Stopped by another, but let pass.
    LetsPass,
}

/// Mail that a limit may count.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    pub at: Timestamp,
    pub scope: Option<Scope>,
    pub stage: SentStage,
}

/// How far it had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SentStage {
    Delivered,
    OnItsWay,
}

/// What one acquaintance allows by one rule.
#[derive(Clone, Debug, Serialize)]
pub struct Like {
    /// Bought, asked about, negotiated about.
    pub bought: Scope,
    pub allows: Scope,
    pub reaches: bool,
    pub rule: Line,
}

/// The verdict of `decide`, and how it came about.
pub fn explain(
    policy: &PolicySet,
    facts: &Facts,
    consent: &ConsentState,
    circumstances: &Circumstances,
    now: Timestamp,
) -> Explanation {
    let mut notes = Notes { policy, steps: Vec::new() };
    let verdict = witnessed(policy, facts, consent, circumstances, now, &mut notes);
    let otherwise = changes::Asked { policy, facts, consent, circumstances, now, verdict: &verdict };
    Explanation {
        message: message(policy, facts),
        judged: judged(policy, facts, consent),
        steps: notes.steps,
        likes: likes(policy, facts, consent),
        sent: sent(circumstances),
        changes: otherwise.changes(),
        tracking_rule: verdict.tracking.as_ref().map(|tracking| Line::of(policy, &tracking.rule)),
        tracking_changes: tracking::changes(policy, facts, consent, circumstances, now, &verdict),
        verdict,
    }
}

impl Line {
    pub fn of(policy: &PolicySet, rule: &RuleRef) -> Self {
        let text = policy.line(rule).map(|line| line.trim().to_owned());
        Self { file: rule.file.clone(), line: rule.line, text }
    }

    /// `senders/x.toml:41`.
    pub fn place(&self) -> String {
        match self.line {
            0 => self.file.to_string(),
            line => format!("{}:{line}", self.file),
        }
    }
}

/// Writes down what is asked and said.
struct Notes<'p> {
    policy: &'p PolicySet,
    steps: Vec<Step>,
}

impl Witness for Notes<'_> {
    fn hear(&mut self, asked: Asked, rule: &RuleRef, said: Said<'_>) {
        let (mut answer, mut reason, mut ground, mut event) = (Answer::Passes, None, None, None);
        let (mut line, mut text) = (rule, None);
        match said {
            Said::Passes => {}
            Said::CarriesNot => answer = Answer::CarriesNot,
            Said::LetsPass => answer = Answer::LetsPass,
            Said::Carries(Standing { kind, event: rests_on, rule, text: why }) => {
                (answer, ground, event) = (Answer::Carries, Some(*kind), *rests_on);
                (line, text) = (rule, Some((*why).to_owned()));
            }
            Said::Refuses(Missing { reason: why, rule, text: told }) => {
                (answer, reason) = (Answer::Refuses, Some(*why));
                (line, text) = (rule, Some(told.clone()));
            }
            Said::Waits(Hold { reason: why, rule, text: told, .. }) => {
                (answer, reason) = (Answer::Holds, Some(*why));
                (line, text) = (rule, Some(told.clone()));
            }
            Said::Becomes(verdict) => {
                answer = match verdict.verdict {
                    VerdictKind::Deliver => Answer::Carries,
                    VerdictKind::Refuse => Answer::Refuses,
                    VerdictKind::Hold => Answer::Holds,
                };
                (reason, ground, event) = (verdict.reason, verdict.ground, verdict.ground_event);
                (line, text) = (&verdict.rule, Some(verdict.text.clone()));
            }
        }
        let (question, rule) = (asked.question(), Line::of(self.policy, line));
        self.steps.push(Step { asked, question, answer, reason, ground, event, rule, text });
    }
}

fn message(policy: &PolicySet, facts: &Facts) -> Message {
    Message {
        sender: facts.sender.clone(),
        stream: facts.stream,
        scope: facts.scope.clone(),
        campaign: facts.campaign.clone(),
        from_domain: Some(facts.from_domain.clone()).filter(|domain| !domain.is_empty()),
        rule: Line::of(policy, &facts.rule),
    }
}

fn judged(policy: &PolicySet, facts: &Facts, consent: &ConsentState) -> Option<Judged> {
    let sender = policy.sender(&facts.sender);
    let default = sender.and_then(|sender| sender.default_jurisdiction.as_deref());
    let told = consent.jurisdiction.as_deref();
    let pack = policy.jurisdiction(told, default)?;
    let because = match (told, default) {
        (Some(_), _) => "the youngest fact that names one says so",
        (None, Some(_)) => "no fact names one, so the sender's default",
        (None, None) => "no fact names one, and the sender has no default",
    };
    Some(Judged {
        pack: pack.id.clone(),
        because,
        told: told.or(default).map(str::to_owned),
        takes: pack.grounds.clone(),
        rule: Line::of(policy, &pack.grounds_rule),
        law: pack.origin.law.clone(),
        confidence: pack.origin.confidence.as_str(),
        reviewed: pack.origin.reviewed,
    })
}

fn sent(circumstances: &Circumstances) -> Vec<Sent> {
    let stage = |stage| match stage {
        Stage::Delivered => SentStage::Delivered,
        Stage::Reserved => SentStage::OnItsWay,
    };
    let one = |earlier: &Earlier| Sent {
        at: earlier.at,
        scope: earlier.scope.clone(),
        stage: stage(earlier.stage),
    };
    let asked = |own: &AskedBefore| Sent { at: own.at, scope: None, stage: stage(own.stage) };
    let asked = circumstances.confirmations.iter().map(asked);
    let mut sent: Vec<Sent> = circumstances.earlier.iter().map(one).chain(asked).collect();
    sent.sort_by_key(|one| std::cmp::Reverse(one.at));
    sent
}

/// What the person's purchases allow, rule by rule.
fn likes(policy: &PolicySet, facts: &Facts, consent: &ConsentState) -> Vec<Like> {
    let Some((sender, wanted)) = policy.sender(&facts.sender).zip(facts.scope.as_ref()) else {
        return Vec::new();
    };
    let allowed = consent.acquaintances.iter().flat_map(|one| {
        sender.allowed_by_purchase(&one.scope).into_iter().map(|allowed| (one.scope.clone(), allowed))
    });
    let like = |(bought, (allows, rule)): (Scope, (Scope, RuleRef))| Like {
        reaches: allows.covers(wanted),
        rule: Line::of(policy, &rule),
        bought,
        allows,
    };
    allowed.map(like).collect()
}

#[cfg(test)]
mod tests;
