//! Facts: admitted, appended, folded and projected, all under the subscriber's row lock. The judgement is
//! `consent`'s; this file only keeps the books.

mod locked;

use jiff::Timestamp;
use uuid::Uuid;

use locked::barrier_of;
pub(super) use locked::{Held, Locked, Whom, lock};

use super::batch::Shared;
use super::fault::{Fault, Result};
use super::once::{CallKey, MakeAnswer, Once, Repeated};
use super::proofs::Proofs;
use super::rows;
use super::sql::{Session, Value, to_json, values};
use super::subscriber::{self, context};
use super::{Store, StoreError, Subscriber, address, confirmations};
use crate::clock::from_micros;
use crate::consent::admit::{
    NotAdmitted, Onto, admit, begun_anew, begun_anew_event, occurred_at, speaks_for_mail,
};
use crate::consent::confirm::{self, Standing};
use crate::consent::evidence::shown_texts;
use crate::consent::{ConsentState, Event, EventKind, fold};
use crate::journal::{No, is_no};
use crate::keys::{DataKey, LookupHash};
use crate::mail::Address;

/// Whom a fact is about.
#[derive(Clone, Debug)]
pub enum Who {
    Address(Address),
    Subscriber(Uuid),
}

/// A fact to record.
#[derive(Clone, Debug)]
pub struct NewFact {
    /// Of its event, where somebody has to know it before; else one is made.
    pub id: Option<Uuid>,
    pub sender: String,
    pub who: Who,
    pub kind: EventKind,
    /// When it happened, as told; `None`: now, and after all that is recorded of the person.
    pub occurred_at: Option<Timestamp>,
    pub channel: String,
    pub jurisdiction: Option<String>,
    pub locale: Option<String>,
    pub time_zone: Option<String>,
    /// Form text, IP, user agent, …: sealed under the subscriber's own key.
    pub evidence: serde_json::Value,
    /// Of a yes by the link that was mailed: the sign-up that it confirms, once and unless withdrawn since.
    pub confirms: Option<Uuid>,
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
    /// Of calls that are done once: it was made before, and this is what came of it.
    #[error("the call was made before")]
    Repeated(Repeated),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A fact with its event, ready for the writer. The id is made once, so that a second try finds the first.
pub(super) struct Fact {
    pub sender: String,
    pub who: Who,
    /// Its times are set under the subscriber's lock.
    pub event: Event,
    pub told: Option<Timestamp>,
    pub evidence: serde_json::Value,
    pub confirms: Option<Uuid>,
    pub once: Option<Once>,
}

impl Store {
    /// Records facts through the batching writer: all of one call in one transaction; each is admitted, folded
    /// and projected under its subscriber's lock, and the person's queued deliveries are made due, so that the
    /// second decision meets them. Results are in the order of the facts.
    pub async fn record(&self, facts: Vec<NewFact>) -> Vec<Result<Recorded, RecordError>> {
        let count = facts.len();
        let facts = facts.into_iter().map(|new| self.fact(new, None)).collect();
        match self.inner.writer.record(facts).await {
            Ok(results) => results,
            Err(error) => (0..count).map(|_| Err(error.clone().into())).collect(),
        }
    }

    /// Records a fact of a call that is done once, and keeps its answer in the same transaction. `Repeated` if
    /// the call was made before.
    pub async fn record_once(
        &self,
        new: NewFact,
        key: CallKey,
        answer: MakeAnswer,
    ) -> Result<Recorded, RecordError> {
        let once = self.once(key, answer).await.map_err(StoreError::from)?;
        let results = self.inner.writer.record(vec![self.fact(new, Some(once))]).await?;
        results.into_iter().next().unwrap_or(Err(RecordError::Unknown))
    }

    /// The id of a sign-up's confirmation, made or not: there is one.
    pub fn confirmation_of(&self, signup: Uuid) -> Uuid {
        let digest = self.inner.keys.digest("confirmation", &[signup.as_bytes()]);
        let mut octets = [0; 16];
        octets.copy_from_slice(&digest[..16]);
        uuid::Builder::from_custom_bytes(octets).into_uuid()
    }

    pub(super) fn fact(&self, new: NewFact, once: Option<Once>) -> Fact {
        Fact {
            sender: new.sender,
            who: new.who,
            event: Event {
                id: match new.confirms {
                    Some(signup) => self.confirmation_of(signup),
                    None => new.id.unwrap_or_else(|| self.inner.clock.id()),
                },
                kind: new.kind,
                occurred_at: Timestamp::UNIX_EPOCH,
                recorded_at: Timestamp::UNIX_EPOCH,
                channel: new.channel,
                jurisdiction: new.jurisdiction,
                locale: new.locale,
                time_zone: new.time_zone,
                texts: shown_texts(&new.evidence),
                told_at: None,
            },
            told: new.occurred_at.map(|at| from_micros(at.as_microsecond())),
            evidence: new.evidence,
            confirms: new.confirms,
            once,
        }
    }
}

/// Whom a fact is about, where it says so by address: in the order in which rows are locked.
pub(super) fn person(shared: &Shared, fact: &Fact) -> Option<(String, LookupHash)> {
    match &fact.who {
        Who::Address(address) => Some((fact.sender.clone(), shared.keys.lookup_hash(address))),
        Who::Subscriber(_) => None,
    }
}

/// How the row of a fact's person is found.
pub(super) fn found_by(shared: &Shared, who: &Who) -> Whom {
    match who {
        Who::Subscriber(id) => Whom::Id(*id),
        Who::Address(address) => Whom::Hash(shared.keys.lookup_hash(address)),
    }
}

/// Records one fact. The inner error is the fact's own; the outer one undoes the whole batch.
pub(super) async fn apply(
    session: &mut Session,
    shared: &Shared,
    fact: &Fact,
    now: Timestamp,
    noes: &mut Vec<No>,
) -> Result<Result<Recorded, RecordError>> {
    let mut whom = found_by(shared, &fact.who);
    // Further rounds only where another node made the same person, or made them anew, in between.
    for round in 0..4 {
        let found = lock(session, &fact.sender, whom).await?;
        let events = match (&found, whom) {
            (Some(row), _) => subscriber::events(session, &fact.sender, row.subscriber).await?,
            (None, Whom::Id(_)) => return Ok(Err(RecordError::Unknown)),
            (None, Whom::Hash(_)) => Vec::new(),
        };
        let state = fold(&events);
        if let (0, Some(row), Some(_)) = (round, &found, state.erased)
            && goes_on(&fact.event.kind)
        {
            // Invariant 5: a no by a link from before an erasure counts for the person who began anew since.
            whom = Whom::Hash(row.hash);
            continue;
        }
        // Also where a link from before an erasure has led there.
        if let (Whom::Hash(_), Some(row)) = (whom, &found)
            && let Some(person) = who_left(session, fact, row, &events).await?
        {
            whom = Whom::Id(person);
            continue;
        }
        let barrier = match &found {
            Some(row) if speaks_for_mail(&fact.event.kind) => {
                barrier_of(session, &fact.sender, row.hash).await?
            }
            _ => None,
        };
        let proofs = Proofs::of_row(session, fact, &events, found.as_ref(), shared).await?;
        match (judge(fact, &events, &state, barrier, &proofs, now), found, &fact.who) {
            // Another node made the person anew just now.
            (Err(NotAdmitted::Erased), Some(_), _) if round == 0 => {}
            (Err(refused), ..) => return Ok(Err(refused.into())),
            (Ok((Onto::Already(event), _)), Some(row), _) => return Ok(Ok(recorded(event, &row, state))),
            (Ok((Onto::History, event)), Some(row), _) => {
                return Ok(Ok(append(session, shared, fact, event, row, events, noes).await?));
            }
            // Who was erased is no longer known by the old id, only by the address given anew.
            (Ok(_), _, Who::Subscriber(_)) => return Ok(Err(NotAdmitted::Erased.into())),
            (Ok((_, event)), _, Who::Address(address)) => {
                if let Some(row) = create(session, shared, fact, address, now).await? {
                    let (row, opening) = open(session, shared, &fact.sender, row, &state, now, noes).await?;
                    return Ok(Ok(append(session, shared, fact, event, row, opening, noes).await?));
                }
            }
        }
    }
    Err(Fault::Conflict("another node keeps making the same subscriber".into()))
}

/// Invariant 5: who says no under an address that was left may be who has left it, and there all is no.
async fn who_left(
    session: &mut Session,
    fact: &Fact,
    row: &Locked,
    events: &[Event],
) -> Result<Option<Uuid>> {
    if !address::is_own_no(&fact.event.kind) || !address::is_left(events) {
        return Ok(None);
    }
    address::who_left(session, &fact.sender, row.subscriber).await
}

/// What is said by a link or an id from before an erasure, and counts for the person who began anew since.
fn goes_on(kind: &EventKind) -> bool {
    matches!(
        kind,
        EventKind::Withdrawal { .. }
            | EventKind::TrackingWithdrawal
            | EventKind::ProfilingObjection
            | EventKind::Suppressed { .. }
            | EventKind::SuppressionLifted { .. }
    )
}

/// Whether a fact is added to this history, and its event with its times: the one judge of the two ways in.
/// `barrier` is that of the tombstones of the person's hash.
pub(super) fn judge(
    fact: &Fact,
    events: &[Event],
    state: &ConsentState,
    barrier: Option<Timestamp>,
    proofs: &Proofs,
    now: Timestamp,
) -> Result<(Onto, Event), NotAdmitted> {
    let event = dated(fact, events, now);
    if speaks_for_mail(&event.kind) && barrier.is_some_and(|at| event.occurred_at <= at) {
        // Invariant 5: a row that was made since does not bring back what was said before an erasure.
        return Err(NotAdmitted::Erased);
    }
    if let Some(signup) = fact.confirms {
        // Invariant 5: asked under the lock, so that no withdrawal slips in between.
        match confirm::standing(events, signup, event.id) {
            Standing::Open { .. } => {}
            Standing::Confirmed(before, _) => return Ok((Onto::Already(before), event)),
            Standing::Withdrawn | Standing::Unknown => return Err(NotAdmitted::NothingToConfirm),
        }
    }
    let onto = match admit(events, state, &event, now)? {
        Onto::Already(_) if state.erased.is_none() && proofs.lack(events, &event, &fact.evidence) => {
            Onto::History
        }
        onto => onto,
    };
    Ok((onto, event))
}

/// The fact's event with its times, by the store's clock: it is one, while each node has its own.
fn dated(fact: &Fact, history: &[Event], now: Timestamp) -> Event {
    let occurred_at = match fact.told {
        Some(told) => occurred_at(&fact.event.kind, told, now),
        None => after_all(history, now),
    };
    let told_at = fact.told.filter(|told| *told != occurred_at);
    Event { occurred_at, told_at, recorded_at: now, ..fact.event.clone() }
}

/// Now, or later if a clock that ran ahead has dated the history ahead: what happens now is never older than
/// what is recorded already.
pub(super) fn after_all(history: &[Event], now: Timestamp) -> Timestamp {
    let youngest = history.iter().map(|event| event.occurred_at).max();
    youngest.map_or(now, |youngest| now.max(from_micros(youngest.as_microsecond() + 1)))
}

/// A new row; `None` if another node was first.
async fn create(
    session: &mut Session,
    shared: &Shared,
    fact: &Fact,
    address: &Address,
    now: Timestamp,
) -> Result<Option<Locked>> {
    let id = shared.clock.id();
    let (row, key) = subscriber::new_row(&shared.keys, id, &fact.sender, address, now);
    let made = rows::insert(session, subscriber::INTO, vec![row], subscriber::UNLESS_LIVING).await?;
    let hash = shared.keys.lookup_hash(address);
    let key = Some(shared.keys.wrap(&key));
    let row = Locked {
        subscriber: id,
        hash,
        version: 0,
        key,
        address: Held::Yes,
        created_at: now,
        erased_at: None,
    };
    Ok((made > 0).then_some(row))
}

/// What an erased person's new history opens with; nothing for whom nobody erased.
async fn open(
    session: &mut Session,
    shared: &Shared,
    sender: &str,
    mut row: Locked,
    left: &ConsentState,
    now: Timestamp,
    noes: &mut Vec<No>,
) -> Result<(Locked, Vec<Event>)> {
    let mut opening = Vec::new();
    for no in begun_anew(left) {
        let event = begun_anew_event(shared.clock.id(), no, now);
        row.version += 1;
        insert_event(session, sender, row.subscriber, row.version, &event, None).await?;
        let (sender, person, subscriber) = (sender.to_owned(), row.hash, row.subscriber);
        noes.push(No { sender, person, subscriber, event: event.clone() });
        opening.push(event);
    }
    Ok((row, opening))
}

async fn append(
    session: &mut Session,
    shared: &Shared,
    fact: &Fact,
    event: Event,
    mut row: Locked,
    mut events: Vec<Event>,
    noes: &mut Vec<No>,
) -> Result<Recorded> {
    if let (Held::No, None, Who::Address(address)) = (row.address, row.erased_at, &fact.who)
        && shared.keys.lookup_hash(address) == row.hash
    {
        let key = row.key.as_deref();
        row.key = Some(subscriber::give_address(session, &shared.keys, row.subscriber, key, address).await?);
    }
    if is_no(&event.kind) {
        let (sender, person, subscriber) = (fact.sender.clone(), row.hash, row.subscriber);
        noes.push(No { sender, person, subscriber, event: event.clone() });
    }
    let sealed = match (&row.key, &fact.evidence) {
        (None, _) | (_, serde_json::Value::Null) => None,
        (Some(key), evidence) => Some(seal_evidence(&shared.keys.unwrap(key)?, fact.event.id, evidence)),
    };
    row.version += 1;
    insert_event(session, &fact.sender, row.subscriber, row.version, &event, sealed).await?;
    let now = event.recorded_at;
    events.push(event);
    let state = fold(&events);
    subscriber::write_projection(session, row.subscriber, row.version, &state).await?;
    make_due(session, &fact.sender, row.hash, now).await?;
    if fact.confirms.is_some() {
        // Last: a claim that is being made holds the delivery first.
        confirmations::confirmed(session, row.hash).await?;
    }
    Ok(recorded(fact.event.id, &row, state))
}

/// Appends one event to a history; `version` is the subscriber's after it.
pub(super) async fn insert_event(
    session: &mut Session,
    sender: &str,
    subscriber: Uuid,
    version: i64,
    event: &Event,
    evidence: Option<Vec<u8>>,
) -> Result<()> {
    let row = event_row(sender, subscriber, version, event, evidence);
    rows::insert(session, EVENTS, vec![row], "").await.map(drop)
}

pub(super) const EVENTS: &str =
    "consent_events (id, sender, subscriber, version, kind, body, evidence, occurred_at, recorded_at)";

/// One row of `EVENTS`.
pub(super) fn event_row(
    sender: &str,
    subscriber: Uuid,
    version: i64,
    event: &Event,
    evidence: Option<Vec<u8>>,
) -> Vec<Value> {
    let body = to_json(event);
    // The column that history can be searched by.
    let kind = event.kind.word();
    let (occurred, heard) = (event.occurred_at, event.recorded_at);
    values![event.id, sender, subscriber, version, kind, body, evidence, occurred, heard]
}

/// What is queued for a person meets the second decision now.
pub(super) async fn make_due(
    session: &mut Session,
    sender: &str,
    hash: LookupHash,
    now: Timestamp,
) -> Result<()> {
    make_all_due(session, sender, vec![hash.into()], now).await
}

/// The same of several people, by their hashes.
pub(super) async fn make_all_due(
    session: &mut Session,
    sender: &str,
    hashes: Vec<Value>,
    now: Timestamp,
) -> Result<()> {
    let update = "UPDATE deliveries SET next_attempt_at = $1
                  WHERE sender = $2 AND lookup_hash IN {} AND state IN ('queued', 'held')
                  AND next_attempt_at > $1";
    rows::with_list(session, update, values![now, sender], hashes).await.map(drop)
}

pub(super) fn recorded(event: Uuid, row: &Locked, state: ConsentState) -> Recorded {
    Recorded { event, subscriber: Subscriber { id: row.subscriber, version: row.version, state } }
}

/// What an earlier try, whose commit was not heard of, has recorded already.
pub(super) async fn recorded_before(session: &mut Session, fact: &Fact) -> Result<Option<Recorded>> {
    let select = "SELECT s.id, s.version, s.state FROM consent_events e
                  JOIN subscribers s ON s.id = e.subscriber WHERE e.id = $1 AND e.sender = $2";
    let row = session.fetch_optional(select, values![fact.event.id, fact.sender.as_str()]).await?;
    let found = |row: super::sql::Row| -> Result<Recorded> {
        let subscriber = Subscriber { id: row.id(0)?, version: row.int(1)?, state: row.json(2)? };
        Ok(Recorded { event: fact.event.id, subscriber })
    };
    row.map(found).transpose()
}

pub(super) fn seal_evidence(key: &DataKey, event: Uuid, evidence: &serde_json::Value) -> Vec<u8> {
    key.seal(to_json(evidence).as_bytes(), &context("evidence", event))
}

pub(super) fn open_evidence(key: &DataKey, event: Uuid, sealed: &[u8]) -> Result<serde_json::Value> {
    let plain = key.open(sealed, &context("evidence", event))?;
    serde_json::from_slice(&plain).map_err(|_| Fault::Unreadable("evidence is not JSON".into()))
}
