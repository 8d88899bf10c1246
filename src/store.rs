//! The only SQL. One store type over two native pools; what it takes and gives are plain types, sealed and
//! opened here. DESIGN.md, "The store".

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::Clock;
use crate::consent::admit::NotAdmitted;
use crate::consent::{ConsentState, Event, EventKind};
use crate::keys::{Keys, LinkKeyState, LinkKeys};
use crate::mail::Address;
use crate::policy::decide::{Admission, DeliveryKind};
use crate::policy::{Facts, Reason, Stream, Verdict};
use crate::spool::{Because, Fence, Lane, Outcome, Settlement, State};

/// Why the store did not do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Later it may: connection lost, locked, timed out, shutting down.
    #[error("the database does not answer: {0}")]
    Unavailable(String),
    /// No room: SQLITE_FULL, PostgreSQL 53100, ENOSPC.
    #[error("the database has no room left")]
    Full,
    #[error("the database is at version {found}, this program needs {needed}: run `optgate migrate`")]
    Schema { found: i64, needed: i64 },
    #[error("the database belongs to other keys ({0}): give this node the keys of the first one")]
    OtherKeys(&'static str),
    #[error("what the database holds can't be read: {0}")]
    Unreadable(String),
    #[error("it exists already")]
    Exists,
}

/// How to open a store.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// `sqlite:///path` or `postgres://…`.
    pub url: String,
    /// This node, the same after a restart on its `data_dir`.
    pub node: Uuid,
    /// How long a claim holds without renewal.
    pub lease: std::time::Duration,
}

/// The one handle on the database; clones share it.
#[derive(Clone)]
pub struct Store {
    // the store helper fills this in
    _keys: Arc<Keys>,
    _clock: Clock,
}

/// A login of a sender.
#[derive(Clone, Debug)]
pub struct Credential {
    pub id: Uuid,
    pub sender: String,
    pub name: String,
    pub role: Role,
    /// For `smtp`: what it may send.
    pub streams: Vec<Stream>,
    /// argon2id, PHC string.
    pub secret_hash: String,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// What a credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Smtp,
    Api,
    Compliance,
    Ops,
}

/// What a decision reads of a person.
#[derive(Clone, Debug)]
pub struct Subscriber {
    pub id: Uuid,
    /// Grows with every fact, under the row's lock.
    pub version: i64,
    pub state: ConsentState,
}

/// All of a subscriber but the history.
#[derive(Clone, Debug)]
pub struct SubscriberRecord {
    pub sender: String,
    pub subscriber: Subscriber,
    /// `None` once erased.
    pub address: Option<Address>,
    pub created_at: Timestamp,
}

/// Whom a fact is about.
#[derive(Clone, Debug)]
pub enum Who {
    Address(Address),
    Subscriber(Uuid),
}

/// A fact to record.
#[derive(Clone, Debug)]
pub struct NewFact {
    pub sender: String,
    pub who: Who,
    pub kind: EventKind,
    pub occurred_at: Timestamp,
    pub channel: String,
    pub jurisdiction: Option<String>,
    pub locale: Option<String>,
    pub time_zone: Option<String>,
    /// Form text, IP, user agent, …: sealed under the subscriber's own key.
    pub evidence: serde_json::Value,
}

/// A fact that is durable now.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub event: Uuid,
    pub subscriber: Subscriber,
}

/// Why a fact was not recorded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RecordError {
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    #[error("no such subscriber")]
    Unknown,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whence a message came, for its `Received` field. RFC 5321, 4.4.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Trace {
    /// What the peer called itself; checked to be a domain or literal before it gets here.
    pub helo: String,
    /// The peer's address; absent for our own mail.
    pub peer: Option<std::net::IpAddr>,
    /// `ESMTP`, `ESMTPS`, `ESMTPA`, `ESMTPSA`, `SMTP` (RFC 3848).
    pub protocol: String,
}

/// A message with the verdicts on all its recipients: what `spool` takes.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub id: Uuid,
    pub kind: DeliveryKind,
    pub sender: String,
    /// `SENDER/NAME`; of a DSN, that of the message that it tells of.
    pub credential: String,
    pub received_at: Timestamp,
    pub trace: Trace,
    /// Canonical bytes, as they came. Kept only where a delivery is spooled.
    pub content: Bytes,
    pub envelope_sender: Option<Address>,
    /// `None` where the message could not be classified, and for DSNs.
    pub facts: Option<Facts>,
    /// The policy set that decided.
    pub policy: Arc<str>,
    pub deliveries: Vec<NewDelivery>,
}

/// One recipient's copy. What is refused is recorded as an ended delivery and never enters the queue.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    pub id: Uuid,
    pub recipient: Address,
    pub subscriber: Option<Uuid>,
    /// The subscriber's version that the verdict rests on; 0 for an unknown person.
    pub version: i64,
    pub admission: Admission,
    pub lane: Lane,
    pub deadline: Timestamp,
}

/// A lane with deliveries that are due.
#[derive(Clone, Debug)]
pub struct WaitingLane {
    pub id: i64,
    pub lane: Lane,
}

/// A delivery in this node's hands.
#[derive(Clone, Debug)]
pub struct Claim {
    pub fence: Fence,
    pub message: Uuid,
    pub kind: DeliveryKind,
    pub sender: String,
    pub credential: String,
    pub lane: Lane,
    pub envelope_sender: Option<Address>,
    pub recipient: Address,
    pub received_at: Timestamp,
    pub trace: Trace,
    pub content: Bytes,
    pub facts: Option<Facts>,
    /// The verdict at intake.
    pub verdict: Verdict,
    /// Read in the claim's transaction; `Err` where it can't be read: then "later", never a send.
    pub consent: Result<Option<Subscriber>, StoreError>,
    /// How often it was claimed before.
    pub attempts: u32,
    pub deadline: Timestamp,
    /// By this node's clock.
    pub claimed_at: Timestamp,
}

/// What a claim came to, to be written down.
#[derive(Clone, Debug)]
pub struct Settle {
    pub fence: Fence,
    pub settlement: Settlement,
    pub because: Because,
    /// The second verdict, where it differs from the first.
    pub verdict: Option<Verdict>,
    /// The DSN that tells of it, spooled in the same transaction.
    pub dsn: Option<NewMessage>,
}

/// Whether a settlement took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Done,
    /// The lease went to another worker; nothing was changed.
    Fenced,
}

/// A draw on one limit: which counter, and how it counts.
#[derive(Clone, Debug)]
pub struct Draw {
    /// The limit's name and what its match left open; the counter's key.
    pub counter: String,
    pub rate: crate::policy::shaping::Rate,
}

/// Deliveries in hand over the whole cluster, for concurrency limits.
#[derive(Clone, Debug)]
pub struct InHand {
    pub lane: Lane,
    pub count: u32,
}

/// A message as `/v1/messages/{id}` shows it.
#[derive(Clone, Debug)]
pub struct MessageView {
    pub id: Uuid,
    pub received_at: Timestamp,
    pub sender: String,
    pub credential: String,
    pub stream: Option<Stream>,
    pub scope: Option<crate::policy::Scope>,
    pub campaign: Option<String>,
    pub size: u64,
    pub deliveries: Vec<DeliveryView>,
}

/// A delivery as people and programs are shown it.
#[derive(Clone, Debug)]
pub struct DeliveryView {
    pub delivery: Uuid,
    pub message: Uuid,
    pub sender: String,
    /// `None` once its key is destroyed or the person erased.
    pub recipient: Option<Address>,
    pub stream: Option<Stream>,
    pub scope: Option<crate::policy::Scope>,
    pub lane: Lane,
    pub state: State,
    /// The youngest verdict.
    pub verdict: Verdict,
    pub policy: Arc<str>,
    /// The reason of the state: a verdict's, or why it ended.
    pub reason: Option<Reason>,
    pub attempts: u32,
    pub next_attempt_at: Option<Timestamp>,
    pub deadline: Timestamp,
    pub last_response: Option<String>,
}

/// Which deliveries to list. All that is named must hold.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    pub deliveries: Vec<Uuid>,
    pub sender: Option<String>,
    pub state: Option<State>,
    pub to: Option<Address>,
    pub campaign: Option<String>,
    pub provider: Option<String>,
    /// Only ids after this one: pages by key.
    pub after: Option<Uuid>,
    /// At most this many; 0 is 1,000.
    pub limit: u32,
}

/// A link key as `keys list` shows it.
#[derive(Clone, Debug)]
pub struct LinkKeyView {
    pub id: u16,
    pub state: LinkKeyState,
    pub created_at: Timestamp,
}

impl Store {
    /// Opens the database; changes nothing in it.
    pub async fn open(options: &StoreOptions, keys: Arc<Keys>, clock: Clock) -> Result<Self, StoreError> {
        let _ = (options, keys, clock);
        todo!()
    }
    /// Brings the schema to this program's version. Returns (from, to).
    pub async fn migrate(&self) -> Result<(i64, i64), StoreError> {
        todo!()
    }
    /// `Schema` if `migrate` has work to do.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        todo!()
    }
    /// Binds an unbound database to these keys; refuses a database that is bound to others. Makes the first link key.
    pub async fn bind_keys(&self) -> Result<(), StoreError> {
        todo!()
    }
    /// That a write would succeed now; for /readyz.
    pub async fn ping(&self) -> Result<(), StoreError> {
        todo!()
    }
    /// The clock by which leases and limits are judged: PostgreSQL's, else this process's.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        todo!()
    }
    /// Finishes what is being written, then closes.
    pub async fn close(&self) {
        todo!()
    }

    // credentials
    pub async fn add_credential(&self, credential: &Credential) -> Result<(), StoreError> {
        let _ = (credential,);
        todo!()
    }
    pub async fn credentials(&self) -> Result<Vec<Credential>, StoreError> {
        todo!()
    }
    /// The credential of this name that is not revoked.
    pub async fn credential(&self, sender: &str, name: &str) -> Result<Option<Credential>, StoreError> {
        let _ = (sender, name);
        todo!()
    }
    pub async fn credential_by_id(&self, id: Uuid) -> Result<Option<Credential>, StoreError> {
        let _ = (id,);
        todo!()
    }
    /// False if there was none in force.
    pub async fn revoke_credential(&self, sender: &str, name: &str) -> Result<bool, StoreError> {
        let _ = (sender, name);
        todo!()
    }

    // keys
    pub async fn link_keys(&self) -> Result<LinkKeys, StoreError> {
        todo!()
    }
    pub async fn list_link_keys(&self) -> Result<Vec<LinkKeyView>, StoreError> {
        todo!()
    }
    /// Makes a new active key; the old one stays valid. Returns its id.
    pub async fn rotate_link_keys(&self) -> Result<u16, StoreError> {
        todo!()
    }
    /// Retires or revokes; false if there is no such key or it is the only active one.
    pub async fn set_link_key_state(&self, id: u16, state: LinkKeyState) -> Result<bool, StoreError> {
        let _ = (id, state);
        todo!()
    }

    // consent
    /// What is known of each recipient, in their order; an erased person gives the tombstone's state.
    pub async fn consent_of(
        &self,
        sender: &str,
        recipients: &[Address],
    ) -> Result<Vec<Option<Subscriber>>, StoreError> {
        let _ = (sender, recipients);
        todo!()
    }
    pub async fn subscriber(&self, sender: &str, id: Uuid) -> Result<Option<SubscriberRecord>, StoreError> {
        let _ = (sender, id);
        todo!()
    }
    /// The subscriber whom a signed link names: the signature stands for the sender (invariant 15).
    pub async fn subscriber_of_link(
        &self,
        link: &crate::consent::token::Link,
    ) -> Result<Option<SubscriberRecord>, StoreError> {
        let _ = (link,);
        todo!()
    }
    /// The history, oldest first, with the evidence where its key still exists.
    pub async fn history(
        &self,
        sender: &str,
        id: Uuid,
    ) -> Result<Vec<(Event, Option<serde_json::Value>)>, StoreError> {
        let _ = (sender, id);
        todo!()
    }
    /// Records facts through the batching writer: all of one call in one transaction; each is admitted, folded and projected under its subscriber's lock, and the person's queued deliveries are made due, so that the second decision meets them.
    pub async fn record(&self, facts: Vec<NewFact>) -> Vec<Result<Recorded, RecordError>> {
        let _ = (facts,);
        todo!()
    }
    /// Destroys the subscriber's key, address and evidence; leaves the tombstone. False if unknown or erased before.
    pub async fn erase(&self, sender: &str, id: Uuid, channel: &str) -> Result<bool, StoreError> {
        let _ = (sender, id, channel);
        todo!()
    }

    // spool and queue
    /// Durable when it returns: through the batching writer, one synced transaction for all that wait (invariant 1).
    pub async fn spool(&self, messages: Vec<NewMessage>) -> Result<(), StoreError> {
        let _ = (messages,);
        todo!()
    }
    /// Lanes with something due, functional first, longest waiting first within; at most `limit`.
    pub async fn waiting_lanes(&self, limit: u32) -> Result<Vec<WaitingLane>, StoreError> {
        let _ = (limit,);
        todo!()
    }
    /// Claims at most `limit` due deliveries of a lane, with all that sending them needs.
    pub async fn claim(&self, lane: i64, limit: u32) -> Result<Vec<Claim>, StoreError> {
        let _ = (lane, limit);
        todo!()
    }
    /// Claims deliveries past their deadline, whatever their lane's permits.
    pub async fn claim_expired(&self, limit: u32) -> Result<Vec<Claim>, StoreError> {
        let _ = (limit,);
        todo!()
    }
    /// Extends leases. Returns the fences that are no longer ours.
    pub async fn renew(&self, fences: &[Fence]) -> Result<Vec<Fence>, StoreError> {
        let _ = (fences,);
        todo!()
    }
    /// Writes an outcome down, batched; drops the message's content with its last delivery.
    pub async fn settle(&self, settle: Settle) -> Result<Settled, StoreError> {
        let _ = (settle,);
        todo!()
    }
    /// Gives a claim back untouched (shutting down): due at once, no attempt counted.
    pub async fn give_back(&self, fences: &[Fence]) -> Result<(), StoreError> {
        let _ = (fences,);
        todo!()
    }
    /// At start: this node's own claims are due again at once.
    pub async fn take_back_own(&self) -> Result<u64, StoreError> {
        todo!()
    }
    /// Claims of any node whose lease ran out are due again.
    pub async fn take_over_expired(&self) -> Result<u64, StoreError> {
        todo!()
    }
    pub async fn in_hand(&self) -> Result<Vec<InHand>, StoreError> {
        todo!()
    }
    /// Takes up to `want` permits from all these counters at once, in one transaction; what it returns was taken from each.
    pub async fn take_permits(&self, draws: &[Draw], want: u32) -> Result<u32, StoreError> {
        let _ = (draws, want);
        todo!()
    }
    /// Destroys spool keys that no delivery can need any more.
    pub async fn destroy_old_spool_keys(&self) -> Result<u64, StoreError> {
        todo!()
    }

    // shown to people
    pub async fn message(&self, sender: &str, id: Uuid) -> Result<Option<MessageView>, StoreError> {
        let _ = (sender, id);
        todo!()
    }
    pub async fn deliveries(&self, filter: &DeliveryFilter) -> Result<Vec<DeliveryView>, StoreError> {
        let _ = (filter,);
        todo!()
    }
    /// Makes queued deliveries due now. Returns how many.
    pub async fn retry(&self, filter: &DeliveryFilter) -> Result<u64, StoreError> {
        let _ = (filter,);
        todo!()
    }
}
