//! Facts: admitted, appended, folded and projected, all under the subscriber's row lock. The judgement is
//! `consent`'s; this file only keeps the books.

mod locked;
mod written;

use jiff::Timestamp;
use uuid::Uuid;

use locked::barrier_of;
pub(super) use locked::{Held, Locked, Whom, lock};
pub(super) use written::{
    EVENTS, event_row, insert_event, make_all_due, make_due, open_evidence, seal_evidence,
};
use written::{append, create, open};

use super::batch::Shared;
use super::fault::{Fault, Result};
use super::once::{CallKey, MakeAnswer, Once, Repeated};
use super::proofs::Proofs;
use super::sql::{Session, values};
use super::subscriber;
use super::{Found, Store, StoreError, Subscriber, address};
use crate::clock::from_micros;
use crate::consent::admit::{NotAdmitted, Onto, admit, occurred_at, speaks_for_mail};
use crate::consent::confirm::{self, Standing};
use crate::consent::evidence::shown_texts;
use crate::consent::{ConsentState, Event, EventKind, fold};
use crate::journal::No;
use crate::keys::LookupHash;
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
        if confirms_in_vain(fact, found.as_ref()) {
            return Ok(Err(NotAdmitted::NothingToConfirm.into()));
        }
        let barrier = barrier_to(session, fact, found.as_ref()).await?;
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

/// A yes that no decision would find must not be told as one.
fn confirms_in_vain(fact: &Fact, found: Option<&Locked>) -> bool {
    let by_id_alone = |row: &Locked| address::found(row.subscriber, row.hash) == Found::ByIdAlone;
    fact.confirms.is_some() && found.is_some_and(by_id_alone)
}

async fn barrier_to(session: &mut Session, fact: &Fact, found: Option<&Locked>) -> Result<Option<Timestamp>> {
    match found {
        Some(row) if speaks_for_mail(&fact.event.kind) => barrier_of(session, &fact.sender, row.hash).await,
        _ => Ok(None),
    }
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
