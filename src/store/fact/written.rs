//! What a fact leaves behind once it is admitted: the person's row, the event, the projection, and mail that meets the
//! second decision. Only under the row's lock.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Fact, Held, Locked, Recorded, Who, recorded};
use crate::consent::admit::{begun_anew, begun_anew_event};
use crate::consent::{ConsentState, Event, fold};
use crate::journal::{No, is_no};
use crate::keys::{DataKey, LookupHash};
use crate::mail::Address;
use crate::store::batch::Shared;
use crate::store::fault::{Fault, Result};
use crate::store::sql::{Session, Value, to_json, values};
use crate::store::subscriber::{self, context};
use crate::store::{confirmations, rows};

/// A new row; `None` if another node was first.
pub(super) async fn create(
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
pub(super) async fn open(
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

pub(super) async fn append(
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
pub(in crate::store) async fn insert_event(
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

pub(in crate::store) const EVENTS: &str =
    "consent_events (id, sender, subscriber, version, kind, body, evidence, occurred_at, recorded_at)";

/// One row of `EVENTS`.
pub(in crate::store) fn event_row(
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
pub(in crate::store) async fn make_due(
    session: &mut Session,
    sender: &str,
    hash: LookupHash,
    now: Timestamp,
) -> Result<()> {
    make_all_due(session, sender, vec![hash.into()], now).await
}

/// The same of several people, by their hashes.
pub(in crate::store) async fn make_all_due(
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

pub(in crate::store) fn seal_evidence(key: &DataKey, event: Uuid, evidence: &serde_json::Value) -> Vec<u8> {
    key.seal(to_json(evidence).as_bytes(), &context("evidence", event))
}

pub(in crate::store) fn open_evidence(
    key: &DataKey,
    event: Uuid,
    sealed: &[u8],
) -> Result<serde_json::Value> {
    let plain = key.open(sealed, &context("evidence", event))?;
    serde_json::from_slice(&plain).map_err(|_| Fault::Unreadable("evidence is not JSON".into()))
}
