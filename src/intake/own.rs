//! Mail that we write ourselves, such as one that asks to confirm a sign-up: composed, and then decided, spooled and
//! recorded like any other. CONTRACT.md, "Configuration", `[streams.confirmation] from`.
//!
//! No credential stands behind it, and nothing of it is submitted: whatever it says was put together by `compose`.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

use super::{Decided, Intake, Receipt, count, log, receipt, tell_signups};
use crate::classify::Grant;
use crate::compose::{self, Letter, NotComposed};
use crate::consent::ConsentState;
use crate::consent::EventKind;
use crate::consent::event::SignedUpBy;
use crate::mail::message::Unparsable;
use crate::mail::{Address, MailParameters, RawMessage, RcptParameters};
use crate::policy::confirmation;
use crate::policy::decide::{Admission, Circumstances, DeliveryKind, SigningUp, admit_own, decide};
use crate::policy::dialect::Dialects;
use crate::policy::facts::{ConfirmLink, Findings};
use crate::policy::sender::{Author, SenderPolicy};
use crate::policy::{Facts, PolicySet, Reason, Scope, Stream};
use crate::rewrite;
use crate::spool::Lane;
use crate::store::{NewDelivery, NewFact, NewMessage, StoreError, Subscriber, Trace};
use crate::telemetry::metrics;

/// Stands where a credential's name would: none has brackets in its name.
const OURS: &str = "(gateway)";

/// A letter to one person.
#[derive(Clone, Debug)]
pub struct OwnMail {
    pub sender: String,
    pub to: Address,
    pub stream: Stream,
    /// What it is about; none on `functional`.
    pub scopes: Vec<Scope>,
    pub letter: Letter,
    /// The sign-up that it asks to confirm: recorded with it, if it is spooled. Its evidence, an object, is told which
    /// mail that was.
    pub signup: Option<NewFact>,
    /// Whose data its link opens, where it has such a link.
    pub about: Option<Uuid>,
    pub if_refused: IfRefused,
}

/// Whether it is recorded that a person could not be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfRefused {
    Record,
    /// Where anybody with a link could have any number of them recorded.
    Forget,
}

/// Why nothing was sent, nor refused.
#[derive(Debug, thiserror::Error)]
pub enum NotSent {
    #[error("no policy file has the sender")]
    NoPolicy,
    #[error("the sender's file names no address that mail of ours could come from")]
    NoAuthor,
    #[error("the letter can't be written: {0}")]
    NotComposed(#[from] NotComposed),
    #[error("the letter can't be read again: {0}")]
    Unparsable(#[from] Unparsable),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Intake {
    /// From a letter to a delivery that is durable and decided. It leaves like what was submitted: decided again, its
    /// placeholders filled, signed by the From domain.
    pub async fn send_own(&self, own: OwnMail) -> Result<Receipt, NotSent> {
        let policy = self.policies.load_full();
        let sender = policy.sender(&own.sender).ok_or(NotSent::NoPolicy)?;
        let author = sender.author().ok_or(NotSent::NoAuthor)?;
        let (now, id, delivery) = (self.clock.now(), self.clock.id(), self.clock.id());
        let content = self.written(&own, sender, &author, id, now)?;
        let facts = facts(&own, sender, &author, &content)?;
        let known = self.store.consent_of(&own.sender, std::slice::from_ref(&own.to)).await?.pop().flatten();
        let signup = own.signup.clone().map(|signup| self.told(signup, id, delivery));
        let circumstances = self.around(&own, signup.as_ref(), now).await?;
        let unknown = ConsentState::default();
        let state = known.as_ref().map_or(&unknown, |known| &known.state);
        // Invariant 2: it needs a verdict like any other, and gets no other questions.
        let admission = admit_own(decide(&policy, &facts, state, &circumstances, now));
        let refused = matches!(admission, Admission::Refuse(_));
        let delivery = self.delivery(&own, &policy, delivery, known, circumstances, admission, signup, now);
        let message = self.own_message(id, &own.sender, author, content, &facts, &policy, delivery, now);
        let receipt = receipt(&message, Some(&facts), &policy);
        if !refused || own.if_refused == IfRefused::Record {
            // Invariant 1: durable before anybody hears of it.
            self.store.spool(vec![message]).await?;
            self.queue_changed.notify_one();
            let grant = Grant { sender: own.sender.clone(), name: OURS.to_owned(), streams: Vec::new() };
            log(&receipt, &grant);
            count(&receipt, &grant);
            if let Some(signup) = &own.signup {
                tell_signups(&receipt, Some(&facts), &signup.channel);
            }
        } else {
            let limited = |one: &Decided| one.verdict.reason == Some(Reason::ConfirmationLimit);
            receipt.deliveries.iter().filter(|one| limited(one)).for_each(|_| {
                metrics::limited("web", "confirmation_limit");
            });
        }
        Ok(receipt)
    }

    fn written(
        &self,
        own: &OwnMail,
        sender: &SenderPolicy,
        from: &Author,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Bytes, NotSent> {
        let hostname = &self.notifier.hostname;
        let envelope = compose::Envelope { id, sender, from, to: &own.to, hostname, now };
        Ok(compose::compose(&own.letter, &envelope)?.into())
    }

    /// The sign-up with the mail that asks to confirm it: by its delivery the link finds it again.
    fn told(&self, signup: NewFact, message: Uuid, delivery: Uuid) -> NewFact {
        let mut evidence = signup.evidence;
        if let Some(evidence) = evidence.as_object_mut() {
            evidence.insert("message".to_owned(), message.to_string().into());
            evidence.insert("delivery".to_owned(), delivery.to_string().into());
        }
        NewFact { id: signup.id.or_else(|| Some(self.clock.id())), evidence, ..signup }
    }

    async fn around(
        &self,
        own: &OwnMail,
        signup: Option<&NewFact>,
        now: Timestamp,
    ) -> Result<Circumstances, StoreError> {
        let since = (own.stream == Stream::Confirmation).then(|| confirmation::counts_since(now));
        let asked = self.store.asked_before(std::slice::from_ref(&own.to), since).await?;
        Ok(Circumstances {
            records: self.store.records(),
            confirmations: asked.into_iter().flatten().collect(),
            signing_up: signup.and_then(|signup| signing_up(signup, now)),
            ..Circumstances::default()
        })
    }

    #[expect(clippy::too_many_arguments, reason = "what a spooled delivery is made of")]
    fn delivery(
        &self,
        own: &OwnMail,
        policy: &PolicySet,
        id: Uuid,
        known: Option<Subscriber>,
        circumstances: Circumstances,
        admission: Admission,
        signup: Option<NewFact>,
        now: Timestamp,
    ) -> NewDelivery {
        let wait = policy.sender(&own.sender).map(|sender| {
            let wait = sender.stream(own.stream).wait(own.stream);
            // Its link would have ended: one that is asked for anew is of more use.
            if own.about.is_some() { wait.min(sender.rights.fresh_link.unsigned_abs()) } else { wait }
        });
        NewDelivery {
            id,
            recipient: own.to.clone(),
            asked: RcptParameters::default(),
            // Whose data it is about need not be who is known by the address.
            version: known
                .as_ref()
                .filter(|known| own.about.is_none_or(|id| id == known.id))
                .map_or(0, |known| known.version),
            subscriber: own.about.or(known.map(|known| known.id)),
            circumstances,
            admission,
            signup,
            lane: Lane {
                sender: own.sender.clone(),
                stream: own.stream,
                provider: policy.shaping.provider(own.to.domain()),
                campaign: String::new(),
                credential: String::new(),
            },
            deadline: now.checked_add(wait.unwrap_or_default()).unwrap_or(Timestamp::MAX),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "what a spooled message is made of")]
    fn own_message(
        &self,
        id: Uuid,
        sender: &str,
        author: Author,
        content: Bytes,
        facts: &Facts,
        policy: &Arc<PolicySet>,
        delivery: NewDelivery,
        now: Timestamp,
    ) -> NewMessage {
        let helo = self.notifier.hostname.clone();
        NewMessage {
            id,
            kind: DeliveryKind::Own,
            sender: sender.to_owned(),
            credential: facts.credential.clone(),
            received_at: now,
            trace: Trace { helo, peer: None, protocol: "ESMTP".to_owned() },
            content,
            envelope_sender: Some(author.address),
            asked: MailParameters::default(),
            facts: Some(facts.clone()),
            policy: policy.hash.clone(),
            deliveries: vec![delivery],
            unknown_hosts: Vec::new(),
            message_id: None,
        }
    }
}

/// What it is, as `classify` would tell of what was submitted.
fn facts(
    own: &OwnMail,
    sender: &SenderPolicy,
    author: &Author,
    content: &Bytes,
) -> Result<Facts, Unparsable> {
    let message = RawMessage::index(content.clone())?;
    let confirm_link = match own.stream {
        Stream::Confirmation => rewrite::check(&message)?.open().confirm_link(&Dialects::default()),
        Stream::Marketing | Stream::Functional => ConfirmLink::Absent,
    };
    let mut scopes = own.scopes.iter().cloned();
    Ok(Facts {
        sender: own.sender.clone(),
        credential: format!("{}/{OURS}", own.sender),
        stream: own.stream,
        scope: scopes.next(),
        campaign: None,
        from_domain: author.address.domain().to_owned(),
        confirm_link,
        // Its writer knew.
        language: None,
        rule: sender.stream(own.stream).rule.clone(),
        findings: Findings { also_scopes: scopes.collect(), ..Findings::default() },
    })
}

/// What somebody told us revives what was said no to before; what only mail implied does not.
fn signing_up(signup: &NewFact, now: Timestamp) -> Option<SigningUp> {
    match &signup.kind {
        EventKind::SignupRequested { scopes, by: SignedUpBy::Told } => {
            Some(SigningUp { event: signup.id?, at: now, scopes: scopes.clone() })
        }
        _ => None,
    }
}
