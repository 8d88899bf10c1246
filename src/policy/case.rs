//! A case: given what is known of a person, a message and a time, which verdict is expected. Run through the same
//! `fold` and `decide` as real mail. Pure; a case decides nothing and touches nobody.

pub mod coverage;

use std::fmt;

use jiff::Timestamp;
use uuid::Uuid;

use super::confirmation::AskedBefore;
use super::decide::{Circumstances, decide};
use super::facts::{ConfirmLink, Findings, Personalisation};
use super::holds::Stage;
use super::{Facts, GroundKind, PolicySet, Reason, RuleRef, Scope, Stream, Tracking, Verdict, VerdictKind};
use crate::consent::admit::{Onto, admit, begun_anew, begun_anew_event, speaks_for_mail};
use crate::consent::event::OptIn;
use crate::consent::{Event, EventKind, fold};

/// One `[[case]]` of `policies/cases/*.toml`.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    /// The sender's id; the policy set that the case was read against has it.
    pub sender: String,
    /// The moment of the decision.
    pub at: Timestamp,
    /// None is younger than `at`.
    pub facts: Vec<Event>,
    /// Marketing that the person got before, for caps.
    pub deliveries: Vec<(Scope, Timestamp)>,
    pub stream: Stream,
    pub scope: Option<Scope>,
    pub campaign: Option<String>,
    pub confirm_link: ConfirmLink,
    pub personalisation: Personalisation,
    pub expect: Expect,
    /// The header of the case.
    pub rule: RuleRef,
}

/// What a case names of its verdict; what it leaves out may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    pub verdict: Option<VerdictKind>,
    pub reason: Option<Reason>,
    pub ground: Option<GroundKind>,
    pub scope: Option<Scope>,
    pub stream: Option<Stream>,
    /// The id of the pack that judges.
    pub jurisdiction: Option<String>,
    /// Whether the message goes on: it may, or shadow mode lets it.
    pub passes: Option<bool>,
    /// What becomes of pixels and tracked links.
    pub tracking: Option<Tracking>,
}

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Outcome<'c> {
    pub case: &'c Case,
    pub verdict: Verdict,
}

impl Case {
    /// Decides the case by these policies.
    pub fn run(&self, policy: &PolicySet) -> Outcome<'_> {
        let facts = Facts {
            sender: self.sender.clone(),
            credential: String::new(),
            stream: self.stream,
            scope: self.scope.clone(),
            campaign: self.campaign.clone(),
            from_domain: String::new(),
            confirm_link: self.confirm_link,
            language: None,
            rule: self.rule.clone(),
            findings: Findings { personalisation: self.personalisation, ..Findings::default() },
        };
        let consent = fold(&self.history());
        let mut circumstances = Circumstances::after(self.deliveries.iter().cloned());
        if self.stream == Stream::Confirmation {
            circumstances.confirmations = self.asked_before();
        }
        let verdict = decide(policy, &facts, &consent, &circumstances, self.at);
        Outcome { case: self, verdict }
    }
}

impl Case {
    /// The mails that asked to confirm and count: none that is older than a confirmed yes.
    fn asked_before(&self) -> Vec<AskedBefore> {
        let confirmed =
            |event: &&Event| matches!(event.kind, EventKind::OptIn { ground: OptIn::DoubleOptIn, .. });
        let confirmed = self.facts.iter().filter(confirmed).map(|event| event.occurred_at).max();
        let asked =
            self.facts.iter().filter(|event| matches!(event.kind, EventKind::ConfirmationSent { .. }));
        let counts = asked.filter(|event| confirmed.is_none_or(|at| event.occurred_at > at));
        counts.map(|event| AskedBefore { at: event.occurred_at, stage: Stage::Delivered }).collect()
    }

    /// The history that the gateway would hold at `at`, had it heard of each fact when it happened: who was erased has
    /// only what an own new yes began.
    fn history(&self) -> Vec<Event> {
        let mut told: Vec<&Event> = self.facts.iter().collect();
        if !told.iter().any(|event| event.kind == EventKind::Erased) {
            return self.facts.clone();
        }
        // At the same moment a no comes last, so that a tie is a no here as well.
        let is_no = |event: &Event| !speaks_for_mail(&event.kind);
        told.sort_by_key(|event| (event.occurred_at, is_no(event), event.id));
        let mut history = Vec::new();
        for event in told {
            let state = fold(&history);
            match admit(&history, &state, event, event.occurred_at) {
                Ok(Onto::FreshHistory) => {
                    let opening = begun_anew(&state).into_iter();
                    let opening = opening.map(|own| begun_anew_event(Uuid::nil(), own, event.recorded_at));
                    history = opening.chain([event.clone()]).collect();
                }
                Ok(Onto::History) => history.push(event.clone()),
                Ok(Onto::Already(_)) | Err(_) => {}
            }
        }
        history
    }
}

impl Outcome<'_> {
    /// Whether all that the case names came as expected.
    pub fn is_as_expected(&self) -> bool {
        let (expect, came) = (&self.case.expect, &self.verdict);
        same(expect.verdict, Some(came.verdict))
            && same(expect.reason, came.reason)
            && same(expect.ground, came.ground)
            && same(expect.scope.as_ref(), came.scope.as_ref())
            && same(expect.stream, came.stream)
            && same(expect.jurisdiction.as_deref(), came.jurisdiction.as_deref())
            && same(expect.passes, Some(came.passes()))
            && same(expect.tracking, came.tracking.as_ref().map(|own| own.tracking))
    }

    /// What came, in the words of `expect`: what the case named, and what a verdict always says.
    pub fn came(&self) -> Expect {
        let (expect, came) = (&self.case.expect, &self.verdict);
        Expect {
            verdict: Some(came.verdict),
            reason: came.reason,
            ground: came.ground,
            scope: expect.scope.as_ref().and(came.scope.clone()),
            stream: expect.stream.and(came.stream),
            jurisdiction: expect.jurisdiction.as_ref().and(came.jurisdiction.as_deref()).map(str::to_owned),
            // What shadow mode lets pass is told, asked for or not.
            passes: expect.passes.or(came.shadow.as_ref().map(|_| true)).map(|_| came.passes()),
            tracking: expect.tracking.and(came.tracking.as_ref()).map(|own| own.tracking),
        }
    }
}

fn same<T: PartialEq>(expected: Option<T>, came: Option<T>) -> bool {
    expected.is_none() || expected == came
}

/// `refuse, reason out_of_scope, jurisdiction se`.
impl fmt::Display for Expect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.verdict.map(|verdict| verdict.to_string()),
            self.reason.map(|reason| format!("reason {reason}")),
            self.ground.map(|ground| format!("ground {ground}")),
            self.scope.as_ref().map(|scope| format!("scope {scope}")),
            self.stream.map(|stream| format!("stream {stream}")),
            self.jurisdiction.as_ref().map(|pack| format!("jurisdiction {pack}")),
            self.tracking.map(|tracking| format!("tracking {tracking}")),
            self.passes.map(|passes| if passes { "passes" } else { "does not pass" }.to_owned()),
        ];
        out.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}
