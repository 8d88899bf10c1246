//! ★ The spine of entry: classify → decide → spool. Every message comes in here, whichever door it used.

mod asking;
mod findings;
mod own;
mod receipt;

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::classify::{self, Grant, Unfit};
use crate::clock::Clock;
use crate::consent::fold::OwnChoices;
use crate::limits::heavy;
use crate::lint::{self, Home};
use crate::mail::message::{Bounds, MAX_HOPS, Unparsable};
use crate::mail::{Address, Envelope, RawMessage};
use crate::outcome::dsn::{Action, Notifier, Original, Told};
use crate::policy::confirmation;
use crate::policy::decide::{Admission, Circumstances, DeliveryKind, admit, decide};
use crate::policy::facts::ConfirmLink;
use crate::policy::holds::counted;
use crate::policy::pause::Pauses;
use crate::policy::{Facts, PolicySet, Reason, RuleRef, Stream, Verdict, VerdictKind};
use crate::record::{Asking, BY_MAIL};
use crate::rewrite::{self, Opened, Tracked};
use crate::spool::Lane;
use crate::store::{
    HostOf, NewDelivery, NewFact, NewMessage, Store, StoreError, Subscriber, Trace, UnknownHost,
};
use crate::telemetry::metrics::{self, Stopwatch};
pub use asking::{Form, SignUp};
pub use findings::ContentLog;
pub use own::{IfRefused, NotSent, OwnMail};
pub use receipt::{Decided, Fate, Receipt};
use receipt::{count, log, reason_of, receipt, tell_signups};

/// What a session hands over at the end of DATA.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Whom the credential stands for.
    pub grant: Grant,
    pub envelope: Envelope,
    /// Canonical: every line ends in CRLF, dots unstuffed.
    pub content: Bytes,
    /// Whence it came, for its `Received` field.
    pub trace: Trace,
}

/// Why nothing was accepted.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Consent or queue can't be read or written now: 451, or 452 without room (invariant 4).
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IntakeError {
    /// One word for the metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Full) => "full",
            Self::Store(StoreError::Behind) => "behind",
            Self::Store(StoreError::Unreadable(_)) => "unreadable",
            Self::Store(_) => "unavailable",
        }
    }
}

/// Accepts messages. One for all sessions.
pub struct Intake {
    pub store: Store,
    pub clock: Clock,
    /// Always the set in force.
    pub policies: Arc<ArcSwap<PolicySet>>,
    pub notifier: Notifier,
    /// Wakes the dispatcher.
    pub queue_changed: Arc<Notify>,
    /// Beyond them a message is `unparsable`.
    pub bounds: Bounds,
    /// What content is looked at by.
    pub home: Home,
    /// What the log has said of content.
    pub told: ContentLog,
}

impl Intake {
    /// From the end of DATA to a reply that is durable and decided. RFC 5321, 4.2.5.
    pub async fn accept(&self, mut submission: Submission) -> Result<Receipt, IntakeError> {
        let policy = self.policies.load_full();
        let now = self.clock.now();
        let id = self.clock.id();
        let size = submission.content.len();
        let read =
            heavy::run(size, || read_and_classify(&submission, &policy, self.bounds, &self.home)).await;
        let (classified, unknown_hosts, message_id) = match read {
            Ok(Read { facts, unknown_hosts, message_id }) => (Ok(facts), unknown_hosts, message_id),
            Err(unfit) => (Err(unfit), Vec::new(), None),
        };
        let consent =
            self.store.consent_of(&submission.grant.sender, &submission.envelope.recipients).await?;
        let circumstances =
            self.circumstances(&submission, classified.as_ref().ok(), &policy, &consent, now).await?;
        let deciding = Stopwatch::start();
        let verdicts = match &classified {
            Ok(facts) => decide_each(&policy, facts, &consent, &circumstances, now),
            Err(unfit) => refuse_each(unfit, submission.envelope.recipients.len()),
        };
        metrics::decided("first", deciding.took());
        let facts = classified.as_ref().ok();
        // Handed on, so that what waits for its commit is in memory once, sealed.
        let content = std::mem::take(&mut submission.content);
        let message =
            self.message(id, &submission, content, facts, &policy, verdicts, consent, circumstances, now);
        let message = NewMessage { unknown_hosts, message_id, ..message };
        let mut receipt = receipt(&message, facts, &policy);
        self.recall_refused(&message, &mut receipt).await?;
        let notification = self.notification(&message, &receipt, facts, &policy, now);
        let message = but_for_recalled(message, &receipt);
        // Invariant 1: committed and synced before anybody hears of it.
        let before = self.store.spool(message.into_iter().chain(notification).collect()).await?;
        receipt.recall(before.iter().map(|known| (known.delivery, known.first, known.message)));
        self.queue_changed.notify_one();
        log(&receipt, &submission.grant);
        count(&receipt, &submission.grant);
        tell_signups(&receipt, facts, BY_MAIL);
        facts.into_iter().for_each(|facts| self.told.tell(facts, &policy, now));
        Ok(receipt)
    }

    /// What else bears on the decision, recipient by recipient. Invariant 4: caps that can't be read are no yes.
    async fn circumstances(
        &self,
        submission: &Submission,
        facts: Option<&Facts>,
        policy: &PolicySet,
        consent: &[Option<Subscriber>],
        now: Timestamp,
    ) -> Result<Vec<Circumstances>, StoreError> {
        let sender = &submission.grant.sender;
        let known = policy.sender(sender).zip(facts);
        let since = known.and_then(|(own, facts)| own.counts_since(facts.stream, now));
        let recipients = &submission.envelope.recipients;
        let choices: Vec<OwnChoices> = consent
            .iter()
            .map(|known| known.as_ref().map(|own| own.state.choices.clone()).unwrap_or_default())
            .collect();
        let chosen = |own: &OwnChoices| own.counts_since(facts?.stream, now);
        let own: Vec<_> = choices.iter().map(chosen).collect();
        let earlier = self.store.earlier(sender, recipients, since, &own).await?;
        let asks = facts.is_some_and(|facts| facts.stream == Stream::Confirmation);
        let asked_since = asks.then(|| confirmation::counts_since(now));
        let asked_before = self.store.asked_before(recipients, asked_since).await?;
        let records = self.store.records();
        let marketing = facts.filter(|facts| facts.stream == Stream::Marketing);
        let pauses = match marketing {
            Some(_) => self.store.pauses().await?,
            None => Pauses::default(),
        };
        let paused = |recipient: &Address| {
            let provider = policy.shaping.provider(recipient.domain());
            pauses.of(sender, Some(marketing?.campaign.as_deref().unwrap_or_default()), &provider)
        };
        let bearing = |(earlier, choices): (_, &OwnChoices)| match known {
            Some((own, facts)) => counted(own, facts, choices, earlier),
            None => Vec::new(),
        };
        let both = earlier.into_iter().zip(&choices).map(bearing).zip(asked_before);
        let each = |((earlier, confirmations), recipient)| {
            let paused = paused(recipient);
            Circumstances { records, earlier, confirmations, signing_up: None, paused, warm_up: None }
        };
        Ok(both.zip(recipients).map(each).collect())
    }

    #[expect(clippy::too_many_arguments, reason = "what a spooled message is made of")]
    fn message(
        &self,
        id: Uuid,
        submission: &Submission,
        content: Bytes,
        facts: Option<&Facts>,
        policy: &Arc<PolicySet>,
        verdicts: Vec<Admission>,
        consent: Vec<Option<Subscriber>>,
        circumstances: Vec<Circumstances>,
        now: Timestamp,
    ) -> NewMessage {
        let sender = &submission.grant.sender;
        let stream = facts.map_or(Stream::Functional, |facts| facts.stream);
        let wait = policy.sender(sender).map(|own| own.stream(stream).wait(stream)).unwrap_or_default();
        let credential = format!("{}/{}", submission.grant.sender, submission.grant.name);
        let mut asked = submission.envelope.asked_for_each.iter().cloned();
        let mut circumstances = circumstances.into_iter();
        let recipients = submission.envelope.recipients.iter();
        let deliveries = recipients.zip(verdicts).zip(consent).map(|((recipient, admission), known)| {
            let delivery = self.clock.id();
            NewDelivery {
                id: delivery,
                recipient: recipient.clone(),
                asked: asked.next().unwrap_or_default(),
                subscriber: known.as_ref().map(|subscriber| subscriber.id),
                version: known.map_or(0, |subscriber| subscriber.version),
                circumstances: circumstances.next().unwrap_or_default(),
                admission,
                signup: facts.and_then(|facts| signup(facts, &credential, recipient, id, delivery)),
                lane: Lane {
                    sender: sender.clone(),
                    stream,
                    provider: policy.shaping.provider(recipient.domain()),
                    campaign: facts.and_then(|facts| facts.campaign.clone()).unwrap_or_default(),
                    credential: credential.clone(),
                },
                deadline: now.checked_add(wait).unwrap_or(Timestamp::MAX),
            }
        });
        NewMessage {
            id,
            kind: DeliveryKind::Submitted,
            sender: sender.clone(),
            credential: credential.clone(),
            received_at: now,
            trace: submission.trace.clone(),
            content,
            envelope_sender: submission.envelope.sender.clone(),
            asked: submission.envelope.asked.clone(),
            facts: facts.cloned(),
            policy: policy.hash.clone(),
            deliveries: deliveries.collect(),
            unknown_hosts: Vec::new(),
            message_id: None,
        }
    }

    /// Invariant 10: who would be refused now may have been sent the same before its first reply was lost, and
    /// then this is the first one's answer. Of those who are not refused, the commit tells.
    async fn recall_refused(&self, message: &NewMessage, receipt: &mut Receipt) -> Result<(), IntakeError> {
        let all = message.deliveries.iter().zip(&receipt.deliveries);
        let refused: Vec<&NewDelivery> =
            all.filter(|(_, decided)| decided.fate == Fate::Refused).map(|(delivery, _)| delivery).collect();
        if refused.is_empty() {
            return Ok(());
        }
        let recipients: Vec<&Address> = refused.iter().map(|delivery| &delivery.recipient).collect();
        let known =
            self.store.taken_before(&message.sender, &message.credential, &message.content, &recipients);
        let known = known.await?;
        let one = |(place, (first, message)): (usize, (Uuid, Uuid))| {
            refused.get(place).map(|delivery| (delivery.id, first, message))
        };
        receipt.recall(known.into_iter().filter_map(one));
        Ok(())
    }

    /// The DSN on refusals, where the stream's policy wants one and the reply has not told all already.
    fn notification(
        &self,
        message: &NewMessage,
        receipt: &Receipt,
        facts: Option<&Facts>,
        policy: &Arc<PolicySet>,
        now: Timestamp,
    ) -> Option<NewMessage> {
        let stream = policy.sender(&message.sender)?.stream(facts?.stream);
        if !stream.dsn_on_refusal || receipt.is_error() {
            return None;
        }
        let told: Vec<Told> = receipt
            .deliveries
            .iter()
            .zip(&message.deliveries)
            .filter(|(decided, _)| decided.fate == Fate::Refused)
            .map(|(decided, delivery)| Told {
                delivery: decided.delivery,
                recipient: delivery.recipient.clone(),
                asked: delivery.asked.clone(),
                status: (5, 7, 1),
                text: format!("[{}] {}", reason_of(&decided.verdict), decided.verdict.text),
                diagnostic: None,
            })
            .collect();
        let header = RawMessage::index(message.content.clone()).ok()?;
        let original = Original {
            id: message.id,
            sender: &message.sender,
            credential: &message.credential,
            envelope_sender: message.envelope_sender.as_ref(),
            received_at: message.received_at,
            asked: &message.asked,
            header: header.header(),
            message: &message.content,
        };
        self.notifier.notify(policy, &original, (Action::Failed, told), &|| self.clock.id(), now)
    }
}

/// What is read of a submission, once.
struct Read {
    facts: Facts,
    /// Of its pixels and tracked links, those that no policy knows.
    unknown_hosts: Vec<UnknownHost>,
    /// As it came.
    message_id: Option<String>,
}

/// What the message is, or why nobody may get it. What would make a rewrite impossible on the way out is
/// found here, where the tool can still be told.
fn read_and_classify(
    submission: &Submission,
    policy: &PolicySet,
    bounds: Bounds,
    home: &Home,
) -> Result<Read, Unfit> {
    let whole_file = policy.sender(&submission.grant.sender).map(|own| own.rule.clone());
    let rule = whole_file.unwrap_or(RuleRef { file: "".into(), line: 0 });
    let unfit = |reason, text: String| Unfit { reason, text, rule: rule.clone() };
    let message = RawMessage::index_within(submission.content.clone(), bounds)
        .inspect_err(|error| {
            if let Some(limit) = error.limit() {
                metrics::limited("smtp", limit);
            }
        })
        .map_err(|error| unfit(Reason::Unparsable, error.to_string()))?;
    if message.hops() >= MAX_HOPS {
        return Err(unfit(Reason::Loop, format!("it passed {MAX_HOPS} hosts already")));
    }
    let checked = rewrite::check(&message).map_err(|error| unfit(Reason::Unparsable, error.to_string()))?;
    let mut facts = classify::classify(&message, &submission.grant, policy)?;
    let opened = checked.open();
    let trackers = policy.sender(&facts.sender).map(|own| own.trackers.clone()).unwrap_or_default();
    let tracked = opened.tracked(&trackers, None);
    facts.findings.content = lint::found(&opened, facts.stream, &policy.dialects, &tracked, home);
    let facts = read_body(facts, &opened, policy);
    let facts = facts.map_err(|error| unfit(Reason::Unparsable, error.to_string()))?;
    let message_id = message.value("Message-ID");
    Ok(Read { facts, unknown_hosts: unknown_hosts(tracked), message_id })
}

/// Kept with the campaign, so that a new tag can't slip in.
fn unknown_hosts(tracked: Tracked) -> Vec<UnknownHost> {
    let of = |of, hosts: BTreeSet<String>| hosts.into_iter().map(move |host| UnknownHost { of, host });
    let pixels = of(HostOf::Pixel, tracked.unknown_pixel_hosts);
    pixels.chain(of(HostOf::Link, tracked.unknown_link_hosts)).collect()
}

/// What policy asks of the body that the header doesn't say.
pub fn read_body(mut facts: Facts, opened: &Opened<'_>, policy: &PolicySet) -> Result<Facts, Unparsable> {
    match facts.stream {
        Stream::Marketing => {
            facts.findings.body = opened.takes_a_footer()?;
            facts.language = opened.language().map(str::to_owned);
        }
        Stream::Confirmation => facts.confirm_link = opened.confirm_link(&policy.dialects),
        Stream::Functional => {}
    }
    Ok(facts)
}

/// The sign-up that mail with our link implies. Whoever is spooled gets the link, so that it must have one.
fn signup(
    facts: &Facts,
    credential: &str,
    recipient: &Address,
    message: Uuid,
    delivery: Uuid,
) -> Option<NewFact> {
    let scopes = vec![facts.scope.clone().filter(|_| facts.confirm_link == ConfirmLink::Present)?];
    let channel = BY_MAIL;
    let asking = Asking { sender: &facts.sender, credential, recipient, scopes, message, delivery, channel };
    Some(asking.signup())
}

fn decide_each(
    policy: &PolicySet,
    facts: &Facts,
    consent: &[Option<Subscriber>],
    circumstances: &[Circumstances],
    now: Timestamp,
) -> Vec<Admission> {
    let unknown = crate::consent::ConsentState::default();
    let verdict = |(known, circumstances): (&Option<Subscriber>, &Circumstances)| {
        let state = known.as_ref().map_or(&unknown, |subscriber| &subscriber.state);
        admit(decide(policy, facts, state, circumstances, now))
    };
    consent.iter().zip(circumstances).map(verdict).collect()
}

fn refuse_each(unfit: &Unfit, recipients: usize) -> Vec<Admission> {
    let verdict = Verdict {
        verdict: VerdictKind::Refuse,
        reason: Some(unfit.reason),
        ground: None,
        ground_event: None,
        scope: None,
        stream: None,
        jurisdiction: None,
        rule: unfit.rule.clone(),
        text: unfit.text.clone(),
        shadow: None,
        tracking: None,
        until: None,
    };
    vec![Admission::Refuse(verdict); recipients]
}

/// The message without the recipients who were recalled; nothing where that is all of them.
fn but_for_recalled(mut message: NewMessage, receipt: &Receipt) -> Option<NewMessage> {
    let mut decided = receipt.deliveries.iter();
    message
        .deliveries
        .retain(|_| decided.next().is_none_or(|own| !matches!(own.fate, Fate::TakenBefore { .. })));
    (!message.deliveries.is_empty()).then_some(message)
}
