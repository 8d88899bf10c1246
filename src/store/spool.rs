//! Messages on their way into the queue: what they look like, how they are sealed, and the rows that they
//! become. Only a `Spoolable` becomes a queued row (invariant 2).

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::batch::Shared;
use super::campaign::{CameIn, UnknownHost};
use super::fact::{self, Fact, NewFact};
use super::fault::{Fault, Result};
use super::interned::{Texts, insert_texts};
use super::sql::{Session, Value, to_json, values};
use super::submission::{self, Before, TakenBefore};
use super::subscriber::{self, context};
use super::verdict::{self, About};
use super::{Store, StoreError, campaign, confirmations, rows, webhook};
use crate::journal::No;
use crate::keys::{DataKey, LookupHash};
use crate::limits::heavy;
use crate::mail::{Address, MailParameters, RcptParameters};
use crate::policy::decide::{Admission, Circumstances, DeliveryKind, Entry};
use crate::policy::{Facts, Reason, Stream, Verdict};
use crate::spool::{Lane, Outcome, State};

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
    pub asked: MailParameters,
    /// `None` where the message could not be classified, and for DSNs.
    pub facts: Option<Facts>,
    /// The policy set that decided.
    pub policy: Arc<str>,
    pub deliveries: Vec<NewDelivery>,
    /// Of its pixels and tracked links, those that no policy names.
    pub unknown_hosts: Vec<UnknownHost>,
    /// What its `Message-ID` says, if a tool gave it one: a provider may know the copy by nothing else.
    pub message_id: Option<String>,
}

/// One recipient's copy. What is refused is recorded as an ended delivery and never enters the queue.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    pub id: Uuid,
    pub recipient: Address,
    pub asked: RcptParameters,
    pub subscriber: Option<Uuid>,
    /// The subscriber's version that the verdict rests on; 0 for an unknown person.
    pub version: i64,
    /// What bore on the verdict beside policy and consent.
    pub circumstances: Circumstances,
    pub admission: Admission,
    /// The sign-up that a mail which asks to confirm implies: recorded with it, if it is spooled.
    pub signup: Option<NewFact>,
    pub lane: Lane,
    pub deadline: Timestamp,
}

/// What is sealed beside the content.
#[derive(Serialize, Deserialize)]
pub(super) struct SealedEnvelope {
    pub sender: Option<Address>,
    pub trace: Trace,
    #[serde(default)]
    pub asked: MailParameters,
    /// Of those deliveries for which something was asked.
    #[serde(default)]
    pub asked_for_each: BTreeMap<Uuid, RcptParameters>,
}

/// Contents from this size on are sealed and opened off the async threads.
const LARGE: usize = 256 * 1024;

/// Messages as rows, sealed, ready for the writer.
#[derive(Default)]
pub(super) struct Spooling {
    messages: Vec<MessageRow>,
    pub deliveries: Vec<DeliveryRow>,
    pub facts: Texts,
    pub rulings: Texts,
    /// By the delivery that implies it.
    pub signups: Vec<(Uuid, Fact)>,
    /// The first message's id: whether it is there tells whether an earlier try went through.
    first: Option<Uuid>,
    /// Octets, roughly.
    pub size: usize,
}

struct MessageRow {
    id: Uuid,
    row: Vec<Value>,
    /// Kept only while a delivery is open.
    contents: Option<Vec<Value>>,
    /// None of our own mail, and of what could not be classified.
    came_in: Option<CameIn>,
}

pub(super) struct DeliveryRow {
    pub id: Uuid,
    pub message: Uuid,
    pub sender: String,
    pub hash: LookupHash,
    /// What tells the same submission again; none where nothing is spooled, and for our own mail.
    pub fingerprint: Option<[u8; 32]>,
    stream: Stream,
    lane: i64,
    subscriber: Option<Uuid>,
    /// The row of an unknown person whom marketing is spooled for: its unsubscribe link needs a subscriber.
    stranger: Option<Vec<Value>>,
    recipient: Vec<u8>,
    day: i64,
    size: i64,
    state: State,
    waits: Option<Timestamp>,
    deadline: Timestamp,
    reason: Option<Reason>,
    verdict: Vec<Value>,
}

impl Store {
    /// Durable when it returns: through the batching writer, one synced transaction for all that wait
    /// (invariant 1). Gives those deliveries that were not spooled because the same was taken before.
    pub async fn spool(&self, messages: Vec<NewMessage>) -> Result<Vec<TakenBefore>, StoreError> {
        let spooling = self.prepare(messages).await?;
        self.inner.writer.spool(spooling).await
    }

    pub(super) async fn prepare(&self, messages: Vec<NewMessage>) -> Result<Spooling> {
        let inner = &self.inner;
        let now = inner.clock.now();
        let (day, key) = inner.interned.key_to_seal(&inner.database, &inner.keys, now).await?;
        let mut spooling =
            Spooling { first: messages.first().map(|message| message.id), ..Default::default() };
        for message in messages {
            let lanes: Vec<Lane> = message.deliveries.iter().map(|one| one.lane.clone()).collect();
            let lanes = inner.interned.lane_ids(&inner.database, &lanes, message.kind, now).await?;
            let digest = heavy::run(message.content.len(), || Sha256::digest(&message.content)).await;
            let digest: [u8; 32] = digest.into();
            let submitted = (message.kind == DeliveryKind::Submitted)
                .then(|| submission::fingerprint(&message.credential, &digest));
            for (delivery, lane) in message.deliveries.iter().zip(lanes) {
                self.add_delivery(&mut spooling, &message, delivery, submitted, lane, day, &key, now);
            }
            let message_id = message.message_id.as_deref();
            let message_id = message_id.and_then(|own| webhook::message_id_hash(&inner.keys, own));
            let (id, row) = (message.id, message_row(&mut spooling, &message, digest, (message_id, &key)));
            let came_in = came_in(&message);
            let contents = match message.deliveries.iter().any(NewDelivery::is_open) {
                true => Some(seal_contents(message, day, key.clone()).await?),
                false => None,
            };
            spooling.messages.push(MessageRow { id, row, contents, came_in });
        }
        Ok(spooling)
    }

    #[expect(clippy::too_many_arguments, reason = "what a delivery's row is made of")]
    fn add_delivery(
        &self,
        spooling: &mut Spooling,
        message: &NewMessage,
        delivery: &NewDelivery,
        submitted: Option<[u8; 32]>,
        lane: i64,
        day: i64,
        key: &DataKey,
        now: Timestamp,
    ) {
        let (verdict, state, waits) = first_state(&delivery.admission);
        let hash = self.inner.keys.lookup_hash(&delivery.recipient);
        let unknown =
            delivery.is_open() && delivery.subscriber.is_none() && delivery.lane.stream == Stream::Marketing;
        let stranger = unknown.then(|| {
            let id = self.inner.clock.id();
            subscriber::new_row(&self.inner.keys, id, &message.sender, &delivery.recipient, now).0
        });
        if let Some(signup) = delivery.signup.clone().filter(|_| delivery.is_open()) {
            spooling.signups.push((delivery.id, self.fact(signup, None)));
        }
        let (ruling, text) = verdict::ruling(verdict);
        let about = About {
            delivery: delivery.id,
            round: verdict::AT_INTAKE,
            sender: &message.sender,
            subscriber: delivery.subscriber,
            version: delivery.version,
            policy: &message.policy,
            at: message.received_at,
            circumstances: &delivery.circumstances,
        };
        let row = verdict::row(&about, verdict, ruling);
        spooling.rulings.insert(ruling, text);
        let plain = delivery.recipient.to_string();
        spooling.deliveries.push(DeliveryRow {
            id: delivery.id,
            message: message.id,
            sender: message.sender.clone(),
            stream: delivery.lane.stream,
            lane,
            subscriber: delivery.subscriber,
            stranger,
            hash,
            fingerprint: submitted.filter(|_| delivery.is_open()),
            recipient: key.seal(plain.as_bytes(), &context("recipient", delivery.id)),
            day,
            size: message.content.len() as i64,
            state,
            // Invariant 9: at its deadline it ends, whatever it waits for.
            waits: waits.map(|until| until.min(delivery.deadline)),
            deadline: delivery.deadline,
            reason: verdict.reason,
            verdict: row,
        });
        spooling.size += 512;
    }
}

/// The verdict of an admission, the state that it starts in, and until when it waits there.
fn first_state(admission: &Admission) -> (&Verdict, State, Option<Timestamp>) {
    match admission {
        Admission::Spool(spoolable) => match spoolable.entry() {
            Entry::Queued => (spoolable.verdict(), State::Queued, None),
            Entry::Held { until } => (spoolable.verdict(), State::Held, until),
        },
        Admission::Refuse(verdict) => (verdict, State::Ended(Outcome::Refused), None),
    }
}

impl NewDelivery {
    fn is_open(&self) -> bool {
        matches!(self.admission, Admission::Spool(_))
    }
}

fn message_row(
    spooling: &mut Spooling,
    message: &NewMessage,
    digest: [u8; 32],
    (message_id, key): (Option<Vec<u8>>, &DataKey),
) -> Vec<Value> {
    let facts = message.facts.as_ref().map(|facts| {
        let text = to_json(facts);
        let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        spooling.facts.insert(hash, text);
        hash
    });
    spooling.size += message.content.len();
    // What comes back finds home by it.
    let return_to =
        message.envelope_sender.as_ref().filter(|_| message.deliveries.iter().any(NewDelivery::is_open));
    let return_to =
        return_to.map(|to| key.seal(to.to_string().as_bytes(), &context("return_to", message.id)));
    values![
        message.id,
        message.sender.as_str(),
        word(message.kind),
        message.credential.as_str(),
        message.received_at,
        facts,
        &*message.policy,
        digest,
        message.content.len() as i64,
        return_to,
        message_id,
    ]
}

/// The campaign that it came in.
fn came_in(message: &NewMessage) -> Option<CameIn> {
    let facts = message.facts.as_ref().filter(|_| message.kind == DeliveryKind::Submitted)?;
    Some(CameIn {
        sender: message.sender.clone(),
        campaign: facts.campaign.clone().unwrap_or_default(),
        message: message.id,
        hosts: message.unknown_hosts.clone(),
    })
}

async fn seal_contents(message: NewMessage, day: i64, key: DataKey) -> Result<Vec<Value>> {
    let id = message.id;
    let deliveries = message.deliveries.into_iter().map(|delivery| (delivery.id, delivery.asked));
    let envelope = SealedEnvelope {
        sender: message.envelope_sender,
        trace: message.trace,
        asked: message.asked,
        asked_for_each: deliveries.filter(|(_, asked)| *asked != RcptParameters::default()).collect(),
    };
    let envelope = key.seal(to_json(&envelope).as_bytes(), &context("envelope", id));
    let content = message.content;
    let size = content.len();
    let sealed = off_thread_if(size, move || key.seal(&content, &context("content", id))).await?;
    Ok(values![id, day, envelope, Bytes::from(sealed)])
}

/// Runs at once what is quick, and on a blocking thread what is not.
pub(super) async fn off_thread_if<T: Send + 'static>(
    size: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    if size < LARGE {
        return Ok(work());
    }
    tokio::task::spawn_blocking(work).await.map_err(|_| Fault::Gone("it is shutting down".into()))
}

/// Writes the rows of several callers, but for the deliveries that were taken `before`. Those of tables that
/// many share come first, in order. Gives what is to be remembered once this is committed.
pub(super) async fn insert(
    session: &mut Session,
    shared: &Shared,
    all: &[&Spooling],
    before: &Before,
    now: Timestamp,
) -> Result<Vec<[u8; 32]>> {
    let deliveries =
        || all.iter().flat_map(|one| &one.deliveries).filter(|row| !before.contains_key(&row.id));
    let mut strangers: Vec<(LookupHash, &Vec<Value>)> =
        deliveries().filter_map(|row| Some((row.hash, row.stranger.as_ref()?))).collect();
    strangers.sort_by_key(|(hash, _)| *hash);
    let strangers = strangers.into_iter().map(|(_, row)| row.clone()).collect();
    rows::insert(session, subscriber::INTO, strangers, subscriber::UNLESS_LIVING).await?;
    let named: HashSet<Uuid> = deliveries().map(|row| row.message).collect();
    let open: HashSet<Uuid> = deliveries().filter(|row| row.is_open()).map(|row| row.message).collect();
    let messages = || all.iter().flat_map(|one| &one.messages);
    let kept = messages().filter(|one| named.contains(&one.id)).map(|one| one.row.clone()).collect();
    rows::insert(session, MESSAGES, kept, "").await?;
    let contents = messages().filter(|one| open.contains(&one.id)).filter_map(|one| one.contents.clone());
    rows::insert(session, CONTENTS, contents.collect(), "").await?;
    rows::insert(session, verdict::INTO, deliveries().map(|row| row.verdict.clone()).collect(), "").await?;
    rows::insert(session, DELIVERIES, deliveries().map(|row| row.values(now)).collect(), "").await?;
    let asking = deliveries().filter(|row| row.is_open() && row.stream == Stream::Confirmation);
    confirmations::wait(session, asking.map(|row| row.id.into()).collect(), now).await?;
    let signed_up: HashSet<Uuid> = all.iter().flat_map(|one| &one.signups).map(|(id, _)| *id).collect();
    // Who was erased and signs up with it is somebody anew.
    let unknown = deliveries().filter(|row| row.stranger.is_some() || signed_up.contains(&row.id));
    let unknown = unknown.map(|row| Value::from(row.id)).collect();
    rows::with_list(session, NAME_STRANGERS, Vec::new(), unknown).await?;
    forget_erased(session, deliveries().filter(|row| !row.is_open()).map(|row| row.id)).await?;
    let kept = messages().filter(|one| named.contains(&one.id));
    let came: Vec<&CameIn> = kept.filter_map(|one| one.came_in.as_ref()).collect();
    campaign::count(session, shared, &came, now).await
}

/// Records the sign-ups that these imply, but for deliveries that were taken `before`; in the order of the people, as
/// their rows are locked. Who was erased meanwhile is told of by the second decision.
pub(super) async fn record_signups(
    session: &mut Session,
    shared: &Shared,
    all: &[&Spooling],
    before: &Before,
    now: Timestamp,
    noes: &mut Vec<No>,
) -> Result<()> {
    let mut signups: Vec<&(Uuid, Fact)> = all.iter().flat_map(|one| &one.signups).collect();
    signups.retain(|(delivery, _)| !before.contains_key(delivery));
    signups.sort_by_cached_key(|(_, fact)| fact::person(shared, fact));
    for (_, signup) in signups {
        let _ = fact::apply(session, shared, signup, now, noes).await?;
    }
    Ok(())
}

/// Writes the texts that the database may not have yet.
pub(super) async fn insert_shared(session: &mut Session, facts: &Texts, rulings: &Texts) -> Result<()> {
    insert_texts(session, "message_facts (hash, body)", facts).await?;
    insert_texts(session, "rulings (hash, body)", rulings).await
}

/// Of ended deliveries to people who were erased, only the lookup hash stays.
pub(super) async fn forget_erased(session: &mut Session, ended: impl Iterator<Item = Uuid>) -> Result<()> {
    let forget = "UPDATE deliveries SET recipient = NULL WHERE id IN {} AND EXISTS (
        SELECT 1 FROM subscribers t
        WHERE t.sender = deliveries.sender AND t.lookup_hash = deliveries.lookup_hash
        AND (t.erased_at >= deliveries.spooled_at OR t.erased_at IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM subscribers l
            WHERE l.sender = t.sender AND l.lookup_hash = t.lookup_hash AND l.erased_at IS NULL)))";
    rows::with_list(session, forget, Vec::new(), ended.map(Value::from).collect()).await.map(drop)
}

/// Whether an earlier try, whose commit was not heard of, went through.
pub(super) async fn spooled_before(session: &mut Session, spooling: &Spooling) -> Result<bool> {
    let Some(first) = spooling.first else { return Ok(true) };
    let row = session.fetch_optional("SELECT id FROM messages WHERE id = $1", values![first]).await?;
    Ok(row.is_some())
}

/// Invariant 16: the row names the subscriber whom it was made for, whoever made it first.
const NAME_STRANGERS: &str = "UPDATE deliveries SET subscriber = (SELECT s.id FROM subscribers s
        WHERE s.sender = deliveries.sender AND s.lookup_hash = deliveries.lookup_hash AND s.erased_at IS NULL)
    WHERE id IN {}";

const MESSAGES: &str = "messages (id, sender, kind, credential, received_at, facts, policy, sha256, size, \
                        return_to, message_id)";
const CONTENTS: &str = "contents (message, spool_day, envelope, content)";
const DELIVERIES: &str = "deliveries (id, message, sender, lane, subscriber, lookup_hash, recipient, \
                          spool_day, size, spooled_at, state, next_attempt_at, deadline, attempts, fence, reason, \
                          ended_at)";

impl Spooling {
    pub fn is_held_for(&self, reason: Reason) -> bool {
        self.deliveries.iter().any(|one| matches!(one.state, State::Held) && one.reason == Some(reason))
    }
}

impl DeliveryRow {
    fn is_open(&self) -> bool {
        !matches!(self.state, State::Ended(_))
    }

    fn values(&self, now: Timestamp) -> Vec<Value> {
        let ended = matches!(self.state, State::Ended(_)).then_some(now);
        values![
            self.id,
            self.message,
            self.sender.as_str(),
            self.lane,
            self.subscriber,
            self.hash,
            self.recipient.clone(),
            self.day,
            self.size,
            now,
            self.state.as_str(),
            self.waits.unwrap_or(now),
            self.deadline,
            0_i64,
            0_i64,
            self.reason.map(|reason| reason.as_str()),
            ended,
        ]
    }
}

/// The word that the store keeps.
pub(super) fn word(kind: DeliveryKind) -> &'static str {
    match kind {
        DeliveryKind::Submitted => "submitted",
        DeliveryKind::Dsn => "dsn",
        DeliveryKind::Own => "own",
    }
}

pub(super) fn parse_kind(text: &str) -> Result<DeliveryKind> {
    let kinds = [DeliveryKind::Submitted, DeliveryKind::Dsn, DeliveryKind::Own];
    let found = kinds.into_iter().find(|kind| word(*kind) == text);
    found.ok_or_else(|| Fault::Unreadable("a message's kind".into()))
}
