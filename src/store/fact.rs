//! Facts: admitted, appended, folded and projected, all under the subscriber's row lock. The judgement is
//! `consent`'s; this file only keeps the books.

use jiff::Timestamp;
use uuid::Uuid;

use super::batch::Shared;
use super::fault::{Fault, Result};
use super::rows;
use super::sql::{Session, to_json, values};
use super::subscriber::{self, context};
use super::{Store, StoreError, Subscriber};
use crate::clock::from_micros;
use crate::consent::admit::{NotAdmitted, Onto, admit};
use crate::consent::{ConsentState, Event, EventKind, fold};
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

/// A fact with its event, ready for the writer. The id is made once, so that a second try finds the first.
pub(super) struct Fact {
    pub sender: String,
    pub who: Who,
    pub event: Event,
    pub evidence: serde_json::Value,
}

impl Store {
    /// Records facts through the batching writer: all of one call in one transaction; each is admitted, folded
    /// and projected under its subscriber's lock, and the person's queued deliveries are made due, so that the
    /// second decision meets them. Results are in the order of the facts.
    pub async fn record(&self, facts: Vec<NewFact>) -> Vec<Result<Recorded, RecordError>> {
        let clock = &self.inner.clock;
        let count = facts.len();
        let fact = |new: NewFact| Fact {
            sender: new.sender,
            who: new.who,
            event: Event {
                id: clock.id(),
                kind: new.kind,
                occurred_at: from_micros(new.occurred_at.as_microsecond()),
                recorded_at: clock.now(),
                channel: new.channel,
                jurisdiction: new.jurisdiction,
                locale: new.locale,
                time_zone: new.time_zone,
            },
            evidence: new.evidence,
        };
        match self.inner.writer.record(facts.into_iter().map(fact).collect()).await {
            Ok(results) => results,
            Err(error) => (0..count).map(|_| Err(error.clone().into())).collect(),
        }
    }
}

/// A subscriber's row, locked.
struct Locked {
    subscriber: Uuid,
    hash: LookupHash,
    version: i64,
    /// Wrapped; gone with an erasure.
    key: Option<Vec<u8>>,
}

/// Records one fact. The inner error is the fact's own; the outer one undoes the whole batch.
pub(super) async fn apply(
    session: &mut Session,
    shared: &Shared,
    fact: &Fact,
    now: Timestamp,
) -> Result<Result<Recorded, RecordError>> {
    let mut whom = match &fact.who {
        Who::Subscriber(id) => Whom::Id(*id),
        Who::Address(address) => Whom::Hash(shared.keys.lookup_hash(address)),
    };
    // Further rounds only where another node made the same person, or made them anew, in between.
    for round in 0..3 {
        let found = lock(session, &fact.sender, whom).await?;
        let events = match (&found, whom) {
            (Some(row), _) => subscriber::events(session, &fact.sender, row.subscriber).await?,
            (None, Whom::Id(_)) => return Ok(Err(RecordError::Unknown)),
            (None, Whom::Hash(_)) => Vec::new(),
        };
        let state = fold(&events);
        let event = &fact.event;
        match (admit(&state, &event.kind, event.occurred_at, event.recorded_at), found, &fact.who) {
            // Invariant 5: a no by a link from before an erasure counts for the person who began anew since.
            (Err(NotAdmitted::Erased), Some(row), _) if round == 0 => {
                if matches!(event.kind, EventKind::Withdrawal { .. }) {
                    whom = Whom::Hash(row.hash);
                }
            }
            (Err(refused), ..) => return Ok(Err(refused.into())),
            (Ok(Onto::Already(event)), Some(row), _) => return Ok(Ok(recorded(event, &row, state))),
            (Ok(Onto::History), Some(row), _) => {
                return Ok(Ok(append(session, shared, fact, row, events, now).await?));
            }
            // Who was erased is no longer known by the old id, only by the address given anew.
            (Ok(_), _, Who::Subscriber(_)) => return Ok(Err(NotAdmitted::Erased.into())),
            (Ok(_), _, Who::Address(address)) => {
                if let Some(row) = create(session, shared, fact, address).await? {
                    return Ok(Ok(append(session, shared, fact, row, Vec::new(), now).await?));
                }
            }
        }
    }
    Err(Fault::Conflict("another node keeps making the same subscriber".into()))
}

/// How a row is found.
#[derive(Clone, Copy)]
enum Whom {
    Id(Uuid),
    Hash(LookupHash),
}

/// The row of this id; or of this hash: the living one, else the youngest tombstone.
async fn lock(session: &mut Session, sender: &str, whom: Whom) -> Result<Option<Locked>> {
    let (by_id, by_hash) = session.either(
        (
            "SELECT id, lookup_hash, version, key FROM subscribers WHERE sender = $1 AND id = $2",
            "SELECT id, lookup_hash, version, key FROM subscribers WHERE sender = $1 AND lookup_hash = $2
             ORDER BY CASE WHEN erased_at IS NULL THEN 0 ELSE 1 END, erased_at DESC LIMIT 1",
        ),
        (
            "SELECT id, lookup_hash, version, key FROM subscribers WHERE sender = $1 AND id = $2 FOR UPDATE",
            "SELECT id, lookup_hash, version, key FROM subscribers WHERE sender = $1 AND lookup_hash = $2
             ORDER BY CASE WHEN erased_at IS NULL THEN 0 ELSE 1 END, erased_at DESC LIMIT 1 FOR UPDATE",
        ),
    );
    let row = match whom {
        Whom::Id(id) => session.fetch_optional(by_id, values![sender, id]).await?,
        Whom::Hash(hash) => session.fetch_optional(by_hash, values![sender, hash]).await?,
    };
    let locked = |row: super::sql::Row| -> Result<Locked> {
        Ok(Locked {
            subscriber: row.id(0)?,
            hash: LookupHash(row.hash(1)?),
            version: row.int(2)?,
            key: row.opt_blob(3)?.map(<[u8]>::to_vec),
        })
    };
    row.map(locked).transpose()
}

/// A new row; `None` if another node was first.
async fn create(
    session: &mut Session,
    shared: &Shared,
    fact: &Fact,
    address: &Address,
) -> Result<Option<Locked>> {
    let id = shared.clock.id();
    let (row, key) = subscriber::new_row(&shared.keys, id, &fact.sender, address, fact.event.recorded_at);
    let made = rows::insert(session, subscriber::INTO, vec![row], subscriber::UNLESS_LIVING).await?;
    let hash = shared.keys.lookup_hash(address);
    Ok((made > 0).then(|| Locked { subscriber: id, hash, version: 0, key: Some(shared.keys.wrap(&key)) }))
}

async fn append(
    session: &mut Session,
    shared: &Shared,
    fact: &Fact,
    mut row: Locked,
    mut events: Vec<Event>,
    now: Timestamp,
) -> Result<Recorded> {
    let sealed = match (&row.key, &fact.evidence) {
        (None, _) | (_, serde_json::Value::Null) => None,
        (Some(key), evidence) => Some(seal_evidence(&shared.keys.unwrap(key)?, fact.event.id, evidence)),
    };
    row.version += 1;
    insert_event(session, &fact.sender, row.subscriber, row.version, &fact.event, sealed).await?;
    events.push(fact.event.clone());
    let state = fold(&events);
    subscriber::write_projection(session, row.subscriber, row.version, &state).await?;
    make_due(session, &fact.sender, row.hash, now).await?;
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
    let insert = "INSERT INTO consent_events
        (id, sender, subscriber, version, kind, body, evidence, occurred_at, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let body = to_json(event);
    let kind = kind_of(&event.kind);
    let (occurred, heard) = (event.occurred_at, event.recorded_at);
    let values = values![event.id, sender, subscriber, version, kind, body, evidence, occurred, heard];
    session.execute(insert, values).await.map(drop)
}

/// What is queued for a person meets the second decision now.
pub(super) async fn make_due(
    session: &mut Session,
    sender: &str,
    hash: LookupHash,
    now: Timestamp,
) -> Result<()> {
    let update = "UPDATE deliveries SET next_attempt_at = $1
                  WHERE sender = $2 AND lookup_hash = $3 AND state IN ('queued', 'held')
                  AND next_attempt_at > $1";
    session.execute(update, values![now, sender, hash]).await.map(drop)
}

fn recorded(event: Uuid, row: &Locked, state: ConsentState) -> Recorded {
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

fn seal_evidence(key: &DataKey, event: Uuid, evidence: &serde_json::Value) -> Vec<u8> {
    key.seal(to_json(evidence).as_bytes(), &context("evidence", event))
}

pub(super) fn open_evidence(key: &DataKey, event: Uuid, sealed: &[u8]) -> Result<serde_json::Value> {
    let plain = key.open(sealed, &context("evidence", event))?;
    serde_json::from_slice(&plain).map_err(|_| Fault::Unreadable("evidence is not JSON".into()))
}

/// The column that history can be searched by; the same word as in the event's JSON.
fn kind_of(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::SignupRequested { .. } => "signup_requested",
        EventKind::OptIn { .. } => "opt_in",
        EventKind::Acquainted { .. } => "acquainted",
        EventKind::Withdrawal { .. } => "withdrawal",
        EventKind::WithdrawalUndone { .. } => "withdrawal_undone",
        EventKind::Suppressed { .. } => "suppressed",
        EventKind::SuppressionLifted { .. } => "suppression_lifted",
        EventKind::Restricted => "restricted",
        EventKind::RestrictionLifted => "restriction_lifted",
        EventKind::Erased => "erased",
    }
}
