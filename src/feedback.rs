//! What comes back by mail: whether an address is one that we made, what it stands for, and what mail to it does.
//!
//! An unsubscribe mail withdraws what the mail client's button would (RFC 2369, 3.2; RFC 8058). A report to a return path
//! (RFC 3464) is acted on, and passed on to whom the tool named. A complaint (RFC 5965) counts with a token of ours in
//! the mail that it encloses. Nothing else is taken, and nothing is kept.

pub mod acting;
mod automatic;
mod brakes;
mod enclosed;
pub mod hearsay;
pub mod report;
pub mod told;
pub mod webhook;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use self::acting::{Acting, Teller};
pub use self::automatic::Automatic;
use self::report::{Action, Entry, Report, read};
use self::told::What;
use crate::clock::Clock;
use crate::consent::EventKind;
use crate::consent::event::BY_MAILTO;
use crate::consent::token::{
    NotOpened, Opened, ReturnLink, ScopeMark, TO_BOUNCE, TO_UNSUBSCRIBE, open_return,
};
use crate::keys::LinkKeys;
use crate::limits::heavy;
use crate::mail::{Address, Envelope};
use crate::outcome::dsn::Notifier;
use crate::policy::sender::OneClick;
use crate::policy::{PolicySet, Scope, Stream};
use crate::record::{Provenance, Recorder};
use crate::store::{CameBack, RecordError, SentCopy, Store, StoreError, SubscriberRecord, Trace, Who};

/// Where mailbox providers send complaints.
pub const COMPLAINTS: &str = "complaints";
/// So many mails to one return path are passed on: its owner may write to it without end.
const PASSED_ON: u32 = 20;

/// Takes mail to addresses that we made.
pub struct Feedback {
    /// A-labels, lower case. A sender may have another for its return paths.
    pub domain: String,
    pub store: Store,
    pub clock: Clock,
    pub recorder: Recorder,
    pub acting: Acting,
    pub notifier: Notifier,
    /// Always the set in force.
    pub policies: Arc<ArcSwap<PolicySet>>,
    /// Always the keys in force.
    pub link_keys: Arc<ArcSwap<LinkKeys>>,
    pub keys_read: KeysRead,
    /// Rung when something is to be passed on.
    pub queue_changed: Arc<Notify>,
}

/// When the keys were last read for one that was not among them, and whether they could be.
pub type KeysRead = tokio::sync::Mutex<Option<(Instant, bool)>>;

/// Strangers name keys that don't exist as often as they like.
const KEYS_READ_EVERY: Duration = Duration::from_secs(1);

/// Mail that has come in.
pub struct Returned {
    pub envelope: Envelope,
    /// Its header, and of the rest what was kept: all of what came to a return path.
    pub content: Bytes,
    pub peer: IpAddr,
    pub trace: Trace,
}

/// What an address of ours is for. An address that is for something else gets a variant of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    Unsubscribe(ReturnLink),
    /// The return path of a delivery.
    Bounce(Uuid),
    Complaints,
}

/// What mail was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Unsubscribed,
    /// A report, or an answer, to a return path.
    Returned,
    /// A complaint, or a report of the kind that is none.
    Complaint,
}

/// Why mail is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Forged, cut, of a revoked key, of somebody unknown, or never ours: whoever writes to it is not told which.
    #[error("no such address here")]
    Nobody,
    #[error("automatic mail does not unsubscribe: {0}")]
    Automatic(Automatic),
    /// Neither a report nor an answer by a machine: nobody reads it.
    #[error("nobody reads mail to this address")]
    NotAReport,
    /// Of mail that is not ours, or that does not show it.
    #[error("no mail of ours is enclosed")]
    NoneOfOurs,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Feedback {
    /// Whether mail to this address would be acted on.
    pub async fn knows(&self, address: &Address) -> Result<(), NotTaken> {
        match self.meaning(address).await? {
            Meaning::Unsubscribe(link) => self.person(&link).await.map(drop),
            Meaning::Bounce(delivery) => self.copy(delivery).await.map(drop),
            Meaning::Complaints => Ok(()),
        }
    }

    /// Acts on a mail. Durable when it returns; whoever hears an error may send the same again.
    pub async fn take(&self, returned: &Returned) -> Result<Taken, NotTaken> {
        let mut taken = Err(NotTaken::Nobody);
        for address in &returned.envelope.recipients {
            match self.take_at(address, returned).await {
                Ok(what) => taken = Ok(what),
                // Gone since it was asked about: no reason to lose the noes of others.
                Err(NotTaken::Nobody) => {}
                Err(error) => return Err(error),
            }
        }
        taken
    }

    async fn take_at(&self, address: &Address, returned: &Returned) -> Result<Taken, NotTaken> {
        match self.meaning(address).await? {
            Meaning::Unsubscribe(link) => {
                if let Some(why) = Automatic::of(&returned.envelope, &returned.content) {
                    return Err(NotTaken::Automatic(why));
                }
                self.unsubscribe(&link, returned.peer).await?;
                Ok(Taken::Unsubscribed)
            }
            Meaning::Bounce(delivery) => self.came_back(&self.copy(delivery).await?, returned).await,
            Meaning::Complaints => self.complaint(returned).await,
        }
    }

    async fn meaning(&self, address: &Address) -> Result<Meaning, NotTaken> {
        // Case is lost on the way.
        let local = address.local().to_ascii_lowercase();
        let ours = address.domain() == self.domain;
        if ours && local == COMPLAINTS {
            return Ok(Meaning::Complaints);
        }
        let of_sender = || {
            let policies = self.policies.load();
            policies.senders.values().any(|own| own.feedback_domain.as_deref() == Some(address.domain()))
        };
        let unsubscribes = local.strip_prefix(TO_UNSUBSCRIBE).filter(|_| ours);
        let bounces = local.strip_prefix(TO_BOUNCE).filter(|_| ours || of_sender());
        let token = unsubscribes.or(bounces).ok_or(NotTaken::Nobody)?;
        match (self.open(token).await?, unsubscribes) {
            (Opened::Unsubscribe(link), Some(_)) => Ok(Meaning::Unsubscribe(link)),
            (Opened::Bounce(delivery), None) => Ok(Meaning::Bounce(delivery)),
            _ => Err(NotTaken::Nobody),
        }
    }

    async fn open(&self, token: &str) -> Result<Opened, NotTaken> {
        let opened = match open_return(&self.link_keys.load(), token) {
            Err(NotOpened::UnknownKey) => {
                self.read_keys_anew().await?;
                open_return(&self.link_keys.load(), token)
            }
            opened => opened,
        };
        opened.map_err(|_| NotTaken::Nobody)
    }

    async fn copy(&self, delivery: Uuid) -> Result<SentCopy, NotTaken> {
        self.store.sent_copy(delivery).await?.ok_or(NotTaken::Nobody)
    }

    /// A report of a copy of ours, or what a machine answered to it: acted on, then passed on. What comes again does
    /// nothing twice but for the passing on.
    async fn came_back(&self, copy: &SentCopy, returned: &Returned) -> Result<Taken, NotTaken> {
        let what = match looked_at(returned).await {
            Report::Status(entries) => worst(entries),
            Report::Complaint(complaint) => complaint.is_a_no().then_some(What::Complaint),
            Report::Nothing if Automatic::of(&returned.envelope, &returned.content).is_some() => None,
            Report::Nothing => return Err(NotTaken::NotAReport),
        };
        if let Some(what) = what {
            self.acting.told(copy, &what, Teller::Mail).await?;
        }
        self.pass_on(copy, returned).await?;
        Ok(Taken::Returned)
    }

    /// To whom the tool named, so that its own bounce mailbox works.
    async fn pass_on(&self, copy: &SentCopy, returned: &Returned) -> Result<(), NotTaken> {
        let policy = self.policies.load_full();
        let now = self.clock.now();
        let (content, trace) = (returned.content.clone(), returned.trace.clone());
        let Some(message) = self.notifier.pass_on(&policy, copy, (content, trace), &|| self.clock.id(), now)
        else {
            return Ok(());
        };
        if self.store.remember_return(copy, CameBack::PassedOn, "").await? > PASSED_ON {
            tracing::info!(delivery = %copy.delivery, "too much came back to one return path: not passed on");
            return Ok(());
        }
        self.store.spool(vec![message]).await?;
        self.queue_changed.notify_one();
        Ok(())
    }

    /// Whose mail is complained of is told by the tokens in it alone: anybody could write the rest.
    async fn complaint(&self, returned: &Returned) -> Result<Taken, NotTaken> {
        let Report::Complaint(complaint) = looked_at(returned).await else {
            return Err(NotTaken::NotAReport);
        };
        let keys = self.link_keys.load_full();
        let found = enclosed::of(&complaint.enclosed, &keys).ok_or(NotTaken::NoneOfOurs)?;
        if !complaint.is_a_no() {
            return Ok(Taken::Complaint);
        }
        match found {
            enclosed::Ours::Delivery(delivery) => {
                let copy = self.copy(delivery).await.map_err(none_of_ours)?;
                self.acting.told(&copy, &What::Complaint, Teller::Mail).await?;
            }
            enclosed::Ours::Person(link) => {
                let record = self.person(&link).await.map_err(none_of_ours)?;
                self.withdraw(&record, (Vec::new(), true), Teller::Mail.channel(), json!({})).await?;
            }
        }
        Ok(Taken::Complaint)
    }

    /// Another node may sign with a key that this one has not read yet. Invariant 4: while that can't be told, it is not no.
    async fn read_keys_anew(&self) -> Result<(), NotTaken> {
        let mut read = self.keys_read.lock().await;
        match &*read {
            Some((at, true)) if at.elapsed() < KEYS_READ_EVERY => return Ok(()),
            Some((at, false)) if at.elapsed() < KEYS_READ_EVERY => {
                return Err(
                    StoreError::Unavailable("the link keys could not be read just now".to_owned()).into()
                );
            }
            _ => {}
        }
        let keys = self.store.link_keys().await;
        *read = Some((Instant::now(), keys.is_ok()));
        self.link_keys.store(Arc::new(keys?));
        Ok(())
    }

    async fn person(&self, link: &ReturnLink) -> Result<SubscriberRecord, NotTaken> {
        self.store.subscriber_of_return(link).await?.ok_or(NotTaken::Nobody)
    }

    /// The same commit as the one-click (invariant 5). Of an erased person too, who may have come back since.
    async fn unsubscribe(&self, link: &ReturnLink, peer: IpAddr) -> Result<(), NotTaken> {
        let record = self.person(link).await?;
        let scopes = withdrawn(&self.policies.load(), &record.sender, link.scope);
        self.withdraw(&record, (scopes, false), BY_MAILTO, json!({ "ip": peer })).await
    }

    async fn withdraw(
        &self,
        record: &SubscriberRecord,
        (scopes, complaint): (Vec<Scope>, bool),
        channel: &str,
        evidence: serde_json::Value,
    ) -> Result<(), NotTaken> {
        let kind = EventKind::Withdrawal { scopes, complaint };
        let provenance = Provenance { channel: channel.to_owned(), evidence, ..Provenance::default() };
        let who = Who::Subscriber(record.subscriber.id);
        match self.recorder.record(&record.sender, who, kind, None, provenance).await {
            Ok(_) => Ok(()),
            Err(RecordError::Unknown) => Err(NotTaken::Nobody),
            Err(RecordError::Store(error)) => Err(error.into()),
            Err(error @ (RecordError::NotAdmitted(_) | RecordError::Repeated(_))) => {
                // No withdrawal of now is; but a no is never lost.
                Err(StoreError::Unreadable(error.to_string()).into())
            }
        }
    }
}

/// Off the async threads where it is large.
async fn looked_at(returned: &Returned) -> Report {
    let null_sender = returned.envelope.sender.is_none();
    heavy::run(returned.content.len(), || read(&returned.content, null_sender)).await
}

/// A return path names one copy: of several recipients that a report tells of (it was sent on to a list), a failure counts
/// before a delay.
fn worst(entries: Vec<Entry>) -> Option<What> {
    let rank = |entry: &Entry| match entry.action {
        Action::Failed => 0,
        Action::Delayed => 1,
        Action::Done => 2,
    };
    let entry = entries.into_iter().min_by_key(rank)?;
    match entry.action {
        Action::Failed => Some(What::Failed(entry.reason)),
        Action::Delayed => Some(What::Delayed(entry.reason)),
        Action::Done => None,
    }
}

fn none_of_ours(error: NotTaken) -> NotTaken {
    match error {
        NotTaken::Nobody => NotTaken::NoneOfOurs,
        error => error,
    }
}

/// What a mail client's button withdraws is the sender's policy; all marketing (none named) where that, or the scope,
/// is gone.
fn withdrawn(policy: &PolicySet, sender: &str, mark: Option<ScopeMark>) -> Vec<Scope> {
    let (Some(sender), Some(mark)) = (policy.sender(sender), mark) else { return Vec::new() };
    match sender.stream(Stream::Marketing).one_click {
        OneClick::All => Vec::new(),
        OneClick::Scope => {
            sender.taxonomy().into_iter().filter(|scope| ScopeMark::of(scope) == mark).collect()
        }
    }
}
