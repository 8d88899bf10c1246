//! ★ The spine of facts: check → commit → stop what is queued. Every fact about a person comes in here,
//! whichever door it used.

use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::consent::EventKind;
use crate::consent::event::{OptIn, SignedUpBy};
use crate::mail::Address;
use crate::policy::Scope;
use crate::store::{
    CallKey, ChangeAddress, Changed, Importer, Judged, MakeAnswer, NewFact, NotChanged, RecordError,
    Recorded, Slice, Store, StoreError, Who,
};
use crate::telemetry::metrics;

/// The channel of what a tool's mail says, and of what mail of ours does.
pub const BY_MAIL: &str = "smtp";
pub const BY_GATEWAY: &str = "gateway";

/// Where facts are recorded. Clones share the store.
#[derive(Clone)]
pub struct Recorder {
    store: Store,
    queue_changed: std::sync::Arc<tokio::sync::Notify>,
}

/// How a fact came to us, and what shows it.
#[derive(Clone, Debug, Default)]
pub struct Provenance {
    /// `api`, `page`, `one_click`, `command`, …
    pub channel: String,
    pub jurisdiction: Option<String>,
    pub locale: Option<String>,
    pub time_zone: Option<String>,
    /// Form text, IP, user agent, reference, …
    pub evidence: serde_json::Value,
}

impl Recorder {
    /// `queue_changed` wakes the dispatcher: what a no stops is looked at again at once.
    pub fn new(store: Store, queue_changed: std::sync::Arc<tokio::sync::Notify>) -> Self {
        Self { store, queue_changed }
    }

    /// One fact about one person; it happened now where no time is told. Durable when it returns (invariant 5).
    pub async fn record(
        &self,
        sender: &str,
        who: Who,
        kind: EventKind,
        occurred_at: Option<Timestamp>,
        provenance: Provenance,
    ) -> Result<Recorded, RecordError> {
        self.record_fact(new_fact(sender, who, kind, occurred_at, provenance)).await
    }

    /// The same, as it is.
    pub async fn record_fact(&self, fact: NewFact) -> Result<Recorded, RecordError> {
        let (sender, word, channel) = (fact.sender.clone(), fact.kind.word(), fact.channel.clone());
        let recorded = self.store.record(vec![fact]).await.pop().unwrap_or(Err(RecordError::Unknown))?;
        tell(&sender, &recorded, word, &channel);
        self.queue_changed.notify_one();
        Ok(recorded)
    }

    /// The same for a call that is done once: its answer is kept with the fact. `Repeated` if it was made before.
    pub async fn record_once(
        &self,
        fact: NewFact,
        call: CallKey,
        answer: MakeAnswer,
    ) -> Result<Recorded, RecordError> {
        let (sender, word, channel) = (fact.sender.clone(), fact.kind.word(), fact.channel.clone());
        let recorded = self.store.record_once(fact, call, answer).await?;
        tell(&sender, &recorded, word, &channel);
        self.queue_changed.notify_one();
        Ok(recorded)
    }

    /// A yes by the link that was mailed for this sign-up: to exactly what was signed up for, once, and unless it was
    /// withdrawn since, judged where nothing can come between. Durable when it returns.
    pub async fn confirm(
        &self,
        sender: &str,
        subscriber: Uuid,
        signup: Uuid,
        scopes: Vec<Scope>,
        provenance: Provenance,
    ) -> Result<Recorded, RecordError> {
        let kind = EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes };
        let fact = new_fact(sender, Who::Subscriber(subscriber), kind, None, provenance);
        self.record_fact(NewFact { confirms: Some(signup), ..fact }).await
    }

    /// Several facts about one person, in this order and one commit; each is told of its own result.
    pub async fn record_all(
        &self,
        sender: &str,
        who: &Who,
        facts: Vec<(EventKind, Provenance)>,
    ) -> Vec<Result<Recorded, RecordError>> {
        let told: Vec<(&'static str, String)> =
            facts.iter().map(|(kind, provenance)| (kind.word(), provenance.channel.clone())).collect();
        let fact = |(kind, provenance)| new_fact(sender, who.clone(), kind, None, provenance);
        let recorded = self.store.record(facts.into_iter().map(fact).collect()).await;
        for ((word, channel), one) in told.iter().zip(&recorded) {
            if let Ok(one) = one {
                tell(sender, one, word, channel);
            }
        }
        self.queue_changed.notify_one();
        recorded
    }

    /// A slice of an import: in one commit, each fact told of its own result. Durable when it returns.
    pub async fn import(&self, importer: &mut Importer, slice: &Slice) -> Result<Vec<Judged>, StoreError> {
        let judged = importer.write(slice).await?;
        for (word, _) in slice.words().zip(&judged).filter(|(_, one)| one.is_recorded()) {
            metrics::fact(slice.sender(), word);
        }
        self.queue_changed.notify_one();
        Ok(judged)
    }

    /// The person has another address from now on. What is queued for the old one is looked at again. Durable when it
    /// returns.
    pub async fn change_address(&self, change: ChangeAddress) -> Result<Changed, NotChanged> {
        let (sender, channel) = (change.sender.clone(), change.channel.clone());
        let changed = self.store.change_address(change).await?;
        if let Changed::Done { subscriber, event } = &changed {
            metrics::fact(&sender, "address_changed");
            tracing::info!(sender, %subscriber, %event, kind = "address_changed", channel, "fact recorded");
        }
        self.queue_changed.notify_one();
        Ok(changed)
    }

    /// GDPR 17: destroys what identifies the person; the tombstone stays. False if unknown or erased before.
    pub async fn erase(&self, sender: &str, subscriber: Uuid, channel: &str) -> Result<bool, RecordError> {
        let erased = self.store.erase(sender, subscriber, channel).await?;
        if erased {
            metrics::fact(sender, "erased");
            tracing::info!(sender, %subscriber, kind = "erased", channel, "fact recorded");
        }
        self.queue_changed.notify_one();
        Ok(erased)
    }
}

/// A fact, ready to be recorded.
pub fn new_fact(
    sender: &str,
    who: Who,
    kind: EventKind,
    occurred_at: Option<Timestamp>,
    provenance: Provenance,
) -> NewFact {
    NewFact {
        id: None,
        sender: sender.to_owned(),
        who,
        kind,
        occurred_at,
        channel: provenance.channel,
        jurisdiction: provenance.jurisdiction,
        locale: provenance.locale,
        time_zone: provenance.time_zone,
        evidence: provenance.evidence,
        confirms: None,
    }
}

/// Mail that asks a person to confirm, by its ids.
#[derive(Clone, Debug)]
pub struct Asking<'a> {
    pub sender: &'a str,
    /// `SENDER/NAME`.
    pub credential: &'a str,
    pub recipient: &'a Address,
    pub scopes: Vec<Scope>,
    pub message: Uuid,
    pub delivery: Uuid,
    pub channel: &'static str,
}

impl Asking<'_> {
    /// The sign-up that it implies, to be recorded with it. By its evidence the link finds it again.
    pub fn signup(&self) -> NewFact {
        self.fact(EventKind::SignupRequested { scopes: self.scopes.clone(), by: SignedUpBy::Mail })
    }

    /// That it was taken by the upstream, to be recorded with that.
    pub fn sent(&self) -> NewFact {
        self.fact(EventKind::ConfirmationSent { scopes: self.scopes.clone() })
    }

    fn fact(&self, kind: EventKind) -> NewFact {
        let Self { credential, message, delivery, .. } = self;
        let evidence = json!({ "told_by": credential, "message": message, "delivery": delivery });
        let provenance = Provenance { channel: self.channel.to_owned(), evidence, ..Provenance::default() };
        new_fact(self.sender, Who::Address(self.recipient.clone()), kind, None, provenance)
    }
}

/// Those who watch hear of it, without a name.
fn tell(sender: &str, recorded: &Recorded, kind: &'static str, channel: &str) {
    metrics::fact(sender, kind);
    let (subscriber, event) = (recorded.subscriber.id, recorded.event);
    tracing::info!(sender, %subscriber, %event, kind, channel, "fact recorded");
}

/// The same of a fact that was recorded in a delivery's own transaction.
pub fn tell_with_delivery(sender: &str, delivery: Uuid, kind: &'static str, channel: &str) {
    metrics::fact(sender, kind);
    tracing::info!(sender, %delivery, kind, channel, "fact recorded");
}
