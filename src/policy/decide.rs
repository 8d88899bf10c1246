//! *May this sender mail this person about this, now?* A pure function of policy, facts, consent,
//! circumstances and time. What a verdict opens is in `leave`.

mod choices;
mod confirmation;
mod content;
mod leave;
mod objections;
mod tracking;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::confirmation::AskedBefore;
use super::facts::{BodySeal, NamedScope, StreamGrant, Unmapped};
use super::grounds::{self, Missing, Question, Standing};
use super::holds::{Earlier, Hold, Stage};
use super::jurisdiction::Jurisdiction;
use super::pause::Paused;
use super::sender::{Mode, SenderPolicy, SignedBody};
use super::warming::{self, Full};
use super::witness::{Asked, Nobody, Said, Witness};
use super::{Facts, GroundKind, PolicySet, Reason, RuleRef, Scope, Stream, Verdict, VerdictKind};
use crate::consent::ConsentState;
use crate::consent::event::Suppression;
use crate::toml_file::nearest::hint;
use leave::let_pass;
pub use leave::{
    Admission, Deliverable, DeliveryKind, Entry, Release, Spoolable, admit, admit_dsn, admit_own, release,
    release_dsn, release_probe,
};
pub use objections::objections;
pub use tracking::tracking_of;

/// What else bears on a decision. Read at intake, binding at the claim; recorded with the verdict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Circumstances {
    #[serde(skip_serializing_if = "Records::are_complete")]
    pub records: Records,
    /// Marketing of the sender that the person was sent already, as far as caps may count it, in any order. Empty
    /// where no cap asks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Earlier>,
    /// Mails that asked the address to confirm, whoever sent them, as far as they count, in any order. Empty where
    /// the message is no such mail.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub confirmations: Vec<AskedBefore>,
    /// The sign-up that is recorded together with the mail of ours that asks to confirm it. From then on it stands in
    /// the history.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_up: Option<SigningUp>,
    /// Of marketing: what somebody paused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<Paused>,
    /// Of a domain that warms up: that today's messages are all taken. Known at the claim alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warm_up: Option<Full>,
}

/// A sign-up that was told just now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigningUp {
    pub event: Uuid,
    pub at: Timestamp,
    pub scopes: Vec<Scope>,
}

impl Circumstances {
    /// Those of a person to whom marketing in these scopes was delivered at these times.
    pub fn after(delivered: impl IntoIterator<Item = (Scope, Timestamp)>) -> Self {
        let earlier = |(scope, at)| Earlier { scope: Some(scope), at, stage: Stage::Delivered };
        Self { earlier: delivered.into_iter().map(earlier).collect(), ..Self::default() }
    }
}

/// Whether all noes that were ever recorded can be read now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Records {
    #[default]
    Complete,
    /// A backup was restored, and what came after it is not all back yet.
    Behind,
}

impl Records {
    fn are_complete(&self) -> bool {
        *self == Self::Complete
    }
}

/// The verdict for one recipient.
///
/// Reasons take precedence as CONTRACT.md orders them. The same inputs give the same verdict.
pub fn decide(
    policy: &PolicySet,
    facts: &Facts,
    consent: &ConsentState,
    circumstances: &Circumstances,
    now: Timestamp,
) -> Verdict {
    witnessed(policy, facts, consent, circumstances, now, &mut Nobody)
}

/// The same, with somebody who hears each question and its answer.
pub(super) fn witnessed(
    policy: &PolicySet,
    facts: &Facts,
    consent: &ConsentState,
    circumstances: &Circumstances,
    now: Timestamp,
    witness: &mut impl Witness,
) -> Verdict {
    let sender = policy.sender(&facts.sender);
    let default = sender.and_then(|sender| sender.default_jurisdiction.as_deref());
    let pack = policy.jurisdiction(consent.jurisdiction.as_deref(), default);
    let Some((sender, pack)) = sender.zip(pack) else {
        let verdict = without_policy(facts);
        witness.hear(Asked::Policy, &verdict.rule, Said::Becomes(&verdict));
        return verdict;
    };
    let confirmations = circumstances.confirmations.as_slice();
    let signing_up = circumstances.signing_up.as_ref();
    let case = Case { sender, pack, facts, consent, confirmations, signing_up, now };
    let judged = match case.fits(witness) {
        // Invariant 14: in shadow mode the no must be seen, since a lesser reason would let it pass.
        Err(missing)
            if sender.mode_in(facts.scope.as_ref()).0 == Mode::Shadow
                && !missing.reason.holds_in_shadow() =>
        {
            case.no(witness).and(Err(missing))
        }
        Err(missing) => Err(missing),
        Ok(()) => case.no(witness).and_then(|()| case.ground(witness)),
    };
    let verdict = case.verdict_of(judged, policy, &circumstances.earlier, witness);
    let verdict = in_its_mode(sender, facts, verdict, witness);
    let verdict = match &circumstances.warm_up {
        None => verdict,
        Some(full) => until_there_is_room(&case, full, verdict, witness),
    };
    let verdict = match &circumstances.paused {
        None => verdict,
        Some(paused) => until_resumed(facts, paused, verdict, witness),
    };
    let verdict = match circumstances.records {
        Records::Complete => verdict,
        Records::Behind => until_all_is_back(facts, verdict, witness),
    };
    let goes = (verdict.verdict, verdict.shadow.as_ref());
    let tracking = tracking::of_copy(policy, facts, consent, circumstances, goes);
    Verdict { tracking, ..verdict }
}

/// Tells what shadow mode makes of what would not go.
fn in_its_mode(
    sender: &SenderPolicy,
    facts: &Facts,
    verdict: Verdict,
    witness: &mut impl Witness,
) -> Verdict {
    if let (Mode::Shadow, rule) = sender.mode_in(facts.scope.as_ref())
        && verdict.verdict != VerdictKind::Deliver
    {
        let said = if verdict.passes() { Said::LetsPass } else { Said::CarriesNot };
        witness.hear(Asked::Shadow, rule, said);
    }
    verdict
}

/// Marketing that would leave waits for its turn when room opens, whatever the mode: a provider doesn't know of modes.
fn until_there_is_room(
    case: &Case<'_>,
    full: &Full,
    verdict: Verdict,
    witness: &mut impl Witness,
) -> Verdict {
    if case.facts.stream != Stream::Marketing || !verdict.passes() {
        witness.hear(Asked::WarmUp, &verdict.rule, Said::Passes);
        return verdict;
    }
    let since = warming::since(case.consent, verdict.ground_event);
    let turn = full.opens.checked_add(warming::rank(verdict.ground, since, case.now));
    let held = Verdict {
        verdict: VerdictKind::Hold,
        reason: Some(Reason::WarmUp),
        ground: None,
        ground_event: None,
        text: full.text.clone(),
        shadow: None,
        until: Some(turn.unwrap_or(full.opens)),
        ..verdict
    };
    witness.hear(Asked::WarmUp, &held.rule, Said::Becomes(&held));
    held
}

/// Marketing that would leave waits, whatever the mode, until somebody resumes it.
fn until_resumed(facts: &Facts, paused: &Paused, verdict: Verdict, witness: &mut impl Witness) -> Verdict {
    if facts.stream != Stream::Marketing || !verdict.passes() || !paused.holds(verdict.ground) {
        witness.hear(Asked::Resumed, &verdict.rule, Said::Passes);
        return verdict;
    }
    let held = Verdict {
        verdict: VerdictKind::Hold,
        reason: Some(Reason::CampaignPaused),
        ground: None,
        ground_event: None,
        text: paused.text.clone(),
        shadow: None,
        until: None,
        ..verdict
    };
    witness.hear(Asked::Resumed, &held.rule, Said::Becomes(&held));
    held
}

/// Invariant 14: a no may be missing, so marketing that would leave waits; in shadow mode, what is refused for a
/// lesser reason too.
fn until_all_is_back(facts: &Facts, verdict: Verdict, witness: &mut impl Witness) -> Verdict {
    if facts.stream != Stream::Marketing || !verdict.passes() {
        witness.hear(Asked::Records, &verdict.rule, Said::Passes);
        return verdict;
    }
    let held = Verdict {
        verdict: VerdictKind::Hold,
        reason: Some(Reason::Restoring),
        ground: None,
        ground_event: None,
        text: "a backup was restored, and the noes that came after it are not all back yet".to_owned(),
        shadow: None,
        until: None,
        ..verdict
    };
    witness.hear(Asked::Records, &held.rule, Said::Becomes(&held));
    held
}

/// A sender whose policy is gone, as after a reload: what can't be told is not a yes (invariant 4).
fn without_policy(facts: &Facts) -> Verdict {
    Verdict {
        verdict: VerdictKind::Refuse,
        reason: Some(Reason::Unclassified),
        ground: None,
        ground_event: None,
        scope: facts.scope.clone(),
        stream: Some(facts.stream),
        jurisdiction: None,
        rule: no_file(),
        text: format!("no policy file has the sender `{}`", facts.sender),
        shadow: None,
        tracking: None,
        until: None,
    }
}

/// Of an author's domain.
pub(crate) fn not_ours(domain: &str) -> String {
    format!("{domain} is not among the sender's from_domains")
}

/// Of a name of another provider's: where to say what it means.
fn stands_for_nothing(unmapped: &Unmapped, sender: &SenderPolicy) -> String {
    let Unmapped { header, name, map } = unmapped;
    let taxonomy = sender.taxonomy();
    let hint = hint(name, taxonomy.iter().map(Scope::as_str));
    let bare = name.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'));
    let key =
        if bare { name.clone() } else { format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")) };
    match map {
        Some(map) => format!(
            "{header} says {name}, which is no scope{hint}: say what it stands for in {}, as {key} = \"SCOPE\" below \
             [dialect.{map}]",
            sender.rule.file
        ),
        None => format!(
            "{header} says {name}, which is no scope{hint}: say what it stands for in {}, as {key} = \"SCOPE\" in a \
             table such as [dialect.provider.groups]",
            sender.rule.file
        ),
    }
}

/// The rule where a sender has no file: the folder in which it would lie.
pub(crate) fn no_file() -> RuleRef {
    RuleRef { file: "senders".into(), line: 0 }
}

/// All that one verdict rests on.
struct Case<'p> {
    sender: &'p SenderPolicy,
    pack: &'p Jurisdiction,
    facts: &'p Facts,
    consent: &'p ConsentState,
    confirmations: &'p [AskedBefore],
    signing_up: Option<&'p SigningUp>,
    now: Timestamp,
}

type Judged<'p, T> = Result<T, Missing<'p>>;

/// What one rule has against the message, if anything, with whoever listens.
fn ask<'p>(
    witness: &mut impl Witness,
    asked: Asked,
    rule: &RuleRef,
    judged: Judged<'p, ()>,
) -> Judged<'p, ()> {
    witness.hear(asked, rule, judged.as_ref().map_or_else(Said::Refuses, |_| Said::Passes));
    judged
}

impl<'p> Case<'p> {
    /// What the message is, asked again: the policy may have changed since it was classified.
    fn fits(&self, witness: &mut impl Witness) -> Judged<'p, ()> {
        let own = &self.sender.rule;
        ask(witness, Asked::From, own, self.from())?;
        ask(witness, Asked::Grant, own, self.grant())?;
        ask(witness, Asked::Scope, own, self.scope())?;
        self.content(witness)?;
        match self.facts.stream {
            Stream::Marketing => {
                let demands = &self.pack.demand_rules;
                let stream = &self.sender.stream(Stream::Marketing).rule;
                ask(witness, Asked::SignedBody, stream, self.signed_body())?;
                ask(witness, Asked::PostalAddress, &demands.postal_address, self.postal_address())?;
                ask(witness, Asked::PrivacyNotice, &demands.privacy_notice, self.privacy_notice())
            }
            Stream::Confirmation => {
                let rule = &self.sender.stream(Stream::Confirmation).rule;
                ask(witness, Asked::ConfirmLink, rule, self.confirm_link())
            }
            Stream::Functional => Ok(()),
        }
    }

    fn from(&self) -> Judged<'p, ()> {
        let (sender, facts) = (self.sender, self.facts);
        // A message that is only supposed (`standing`) has no From.
        let named = std::iter::once(&facts.from_domain).chain(&facts.findings.also_from);
        let stranger = named.filter(|domain| !domain.is_empty()).find(|domain| !sender.owns_from(domain));
        stranger.map_or(Ok(()), |domain| {
            Err(Missing { reason: Reason::FromNotAllowed, rule: &sender.rule, text: not_ours(domain) })
        })
    }

    fn grant(&self) -> Judged<'p, ()> {
        let facts = self.facts;
        match facts.findings.grant {
            StreamGrant::Granted => Ok(()),
            StreamGrant::Lacking => {
                let text = format!("the credential {} may not send {} mail", facts.credential, facts.stream);
                Err(Missing { reason: Reason::StreamNotAllowed, rule: &self.sender.rule, text })
            }
        }
    }

    fn scope(&self) -> Judged<'p, ()> {
        let (sender, facts) = (self.sender, self.facts);
        let refuse = |text| Err(Missing { reason: Reason::UnknownScope, rule: &sender.rule, text });
        if let Some(gone) = facts.findings.also_scopes.iter().find(|scope| !sender.knows(scope)) {
            return refuse(format!("the sender's taxonomy has no scope {gone}"));
        }
        match (&facts.scope, facts.findings.scope) {
            (_, NamedScope::Malformed) => {
                refuse("X-Optgate-Scope is not a dotted lower-case name such as apparel.tshirts".to_owned())
            }
            (Some(scope), _) if !sender.knows(scope) => {
                refuse(format!("the sender's taxonomy has no scope {scope}"))
            }
            (None, _) if facts.stream != Stream::Functional => {
                if let Some(unmapped) = &facts.findings.unmapped {
                    return refuse(stands_for_nothing(unmapped, sender));
                }
                refuse(format!("{} mail needs a scope: set X-Optgate-Scope", facts.stream))
            }
            _ => Ok(()),
        }
    }

    fn signed_body(&self) -> Judged<'p, ()> {
        let own = self.sender.stream(Stream::Marketing);
        if self.facts.findings.body == BodySeal::Open || own.signed_body == SignedBody::Headers {
            return Ok(());
        }
        let text = "the body is signed or encrypted, so it can't get its footer".to_owned();
        Err(Missing { reason: Reason::ContentMissing, rule: &own.rule, text })
    }

    fn postal_address(&self) -> Judged<'p, ()> {
        if !self.pack.content.postal_address || self.sender.postal_address.is_some() {
            return Ok(());
        }
        self.lacks("a postal address", "postal_address", &self.pack.demand_rules.postal_address)
    }

    fn privacy_notice(&self) -> Judged<'p, ()> {
        if !self.pack.content.privacy_notice || self.sender.privacy_notice.is_some() {
            return Ok(());
        }
        self.lacks("a privacy notice", "privacy_notice", &self.pack.demand_rules.privacy_notice)
    }

    /// The line of the demand, and where its answer would stand.
    fn lacks(&self, what: &str, key: &str, rule: &'p RuleRef) -> Judged<'p, ()> {
        let (pack, file) = (&self.pack.id, &self.sender.rule.file);
        let text = format!("`{pack}` asks for {what}, and {file} has no `{key}`");
        Err(Missing { reason: Reason::ContentMissing, rule, text })
    }

    /// The noes that are recorded about the person. CONTRACT.md, "What stops what".
    fn no(&self, witness: &mut impl Witness) -> Judged<'p, ()> {
        let functional = self.facts.stream == Stream::Functional;
        let (law, stream) = (&self.pack.rule, &self.sender.stream(self.facts.stream).rule);
        if !functional {
            ask(witness, Asked::Erased, law, self.erased())?;
        }
        ask(witness, Asked::Suppressed, stream, self.suppressed())?;
        if !functional {
            ask(witness, Asked::Withdrawn, law, self.withdrawn())?;
            ask(witness, Asked::Restricted, law, self.restricted())?;
        }
        self.profiling(witness)
    }

    fn erased(&self) -> Judged<'p, ()> {
        match self.consent.erased {
            Some(at) if !self.signed_up_since(at) => Err(Missing {
                reason: Reason::Erased,
                rule: &self.pack.rule,
                text: format!("was erased on {}", grounds::day(at)),
            }),
            _ => Ok(()),
        }
    }

    fn suppressed(&self) -> Judged<'p, ()> {
        let at = |wanted| self.consent.suppressed.iter().find(|(why, _)| *why == wanted).map(|(_, at)| *at);
        let rule = &self.sender.stream(self.facts.stream).rule;
        if let Some(at) = at(Suppression::Bounce) {
            let text = format!("mail to this address bounced for good by {}", grounds::day(at));
            return Err(Missing { reason: Reason::SuppressedBounce, rule, text });
        }
        if let Some(at) = at(Suppression::Operator) {
            let text = format!("an operator blocked this address on {}", grounds::day(at));
            return Err(Missing { reason: Reason::SuppressedOperator, rule, text });
        }
        Ok(())
    }

    fn withdrawn(&self) -> Judged<'p, ()> {
        let standing = |scope| grounds::standing_no(self.consent, scope, self.pack);
        let no = match &self.facts.scope {
            // A link to confirm several is one question, which a no to any of them answers.
            Some(_) => self.facts.scopes().filter_map(standing).max_by_key(|no| no.at),
            // Without a scope nothing tells which no is meant, so each is.
            None => self.consent.withdrawals.iter().max_by_key(|no| no.at),
        };
        let Some(no) = no.filter(|no| !self.signed_up_since(no.at)) else { return Ok(()) };
        let what = no.scope.as_ref().map_or("all marketing", Scope::as_str);
        let how = if no.complaint { "complained about" } else { "withdrew" };
        let since = self.facts.scope.as_ref();
        let since = since.and_then(|scope| grounds::yes_that_lifts_nothing(self.consent, scope, no));
        let since = match since {
            Some(yes) => format!(
                "; the {} of {} does not lift it, since it is no ground in `{}`",
                GroundKind::from(yes.ground),
                grounds::day(yes.at),
                self.pack.id
            ),
            None => ", and has not said yes to it since".to_owned(),
        };
        let text = format!("{how} {what} on {}{since}", grounds::day(no.at));
        Err(Missing { reason: Reason::Withdrawn, rule: &self.pack.rule, text })
    }

    fn restricted(&self) -> Judged<'p, ()> {
        self.consent.restricted.map_or(Ok(()), |at| {
            let text = format!("use of this person's data is restricted since {}", grounds::day(at));
            Err(Missing { reason: Reason::Restricted, rule: &self.pack.rule, text })
        })
    }

    fn deliver(&self, standing: Standing<'_>) -> Verdict {
        Verdict {
            verdict: VerdictKind::Deliver,
            reason: None,
            ground: Some(standing.kind),
            ground_event: standing.event,
            ..self.verdict(standing.rule, standing.text.to_owned())
        }
    }

    fn refuse(&self, missing: Missing<'_>) -> Verdict {
        Verdict { reason: Some(missing.reason), ..self.verdict(missing.rule, missing.text) }
    }

    fn held(&self, hold: Hold<'_>) -> Verdict {
        Verdict {
            verdict: VerdictKind::Hold,
            reason: Some(hold.reason),
            until: Some(hold.until),
            ..self.verdict(hold.rule, hold.text)
        }
    }

    /// What all verdicts share; a refusal unless told otherwise.
    fn verdict(&self, rule: &RuleRef, text: String) -> Verdict {
        Verdict {
            verdict: VerdictKind::Refuse,
            reason: None,
            ground: None,
            ground_event: None,
            scope: self.facts.scope.clone(),
            stream: Some(self.facts.stream),
            jurisdiction: Some(self.pack.id.clone()),
            rule: rule.clone(),
            text,
            shadow: None,
            tracking: None,
            until: None,
        }
    }

    fn ground(&self, witness: &mut impl Witness) -> Judged<'p, Standing<'p>> {
        let rule = &self.sender.stream(self.facts.stream).rule;
        match (self.facts.stream, &self.facts.scope) {
            (Stream::Marketing, Some(scope)) => self.marketing(scope, witness),
            (Stream::Functional, _) => {
                let text = "functional mail needs no consent";
                let standing = Standing { kind: GroundKind::Functional, event: None, rule, text };
                witness.hear(Asked::Functional, rule, Said::Carries(&standing));
                Ok(standing)
            }
            (Stream::Confirmation, _) => self.confirmation(witness),
            // `scope` has refused it.
            (Stream::Marketing, None) => {
                let text = "marketing mail needs a scope".to_owned();
                Err(Missing { reason: Reason::UnknownScope, rule, text })
            }
        }
    }

    fn marketing(&self, scope: &'p Scope, witness: &mut impl Witness) -> Judged<'p, Standing<'p>> {
        let Self { sender, pack, consent, now, .. } = *self;
        Question { sender, pack, scope, consent, now }.ground(witness)
    }
}

#[cfg(test)]
mod tests;
