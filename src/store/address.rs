//! A change of address: the person's row takes the new one over, and under the old one a row is left that says no to
//! everything. One transaction, under the row's lock. The id, the grounds and the noes stay where they are, and links in
//! old mail go on working.
//!
//! It never brings two histories together: an address that somebody else of this sender's has is refused.

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::batch::Shared;
use super::fact::{Held, Locked, Whom, after_all, found_by, insert_event, lock, make_due, seal_evidence};
use super::fault::{Fault, Result};
use super::sql::{Session, to_json, values};
use super::{Found, Store, StoreError, Who, mailings, subscriber};
use crate::consent::event::LEFT_BEHIND;
use crate::consent::{ConsentState, Event, EventKind, fold};
use crate::journal::{No, is_no};
use crate::keys::LookupHash;
use crate::mail::Address;

/// A person's new address.
#[derive(Clone, Debug)]
pub struct ChangeAddress {
    pub sender: String,
    pub who: Who,
    pub address: Address,
    /// Whether its reader pressed a link that was mailed to it.
    pub confirmed: bool,
    pub channel: String,
    /// Who asked for it, and how: sealed under the subscriber's own key.
    pub evidence: Json,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    Done {
        subscriber: Uuid,
        event: Uuid,
    },
    /// It is the person's address already.
    Same {
        subscriber: Uuid,
    },
}

/// Why an address was not changed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotChanged {
    #[error("no such subscriber")]
    Unknown,
    #[error("the person was erased")]
    Erased,
    #[error("this sender knows somebody else by the new address")]
    Taken,
    #[error("who had the new address was erased")]
    TakenByErased,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a job comes to; its refusals are its own, and undo nothing of the batch.
pub(super) type Made = Result<Changed, NotChanged>;

/// A change, ready for the writer. The ids are made once, so that a second try finds the first.
pub(super) struct Change {
    sender: String,
    who: Who,
    address: Address,
    hash: LookupHash,
    /// Its times are set under the subscriber's lock.
    event: Event,
    evidence: Json,
    /// The row that is left behind, and its no.
    left: Uuid,
    no: Uuid,
}

impl Store {
    /// Gives a person another address. Durable when it returns; what is queued for the old one is looked at again.
    pub async fn change_address(&self, new: ChangeAddress) -> Made {
        let left = self.inner.clock.id();
        let change = Change {
            hash: self.inner.keys.lookup_hash(&new.address),
            sender: new.sender,
            who: new.who,
            address: new.address,
            event: Event {
                id: self.inner.clock.id(),
                kind: EventKind::AddressChanged { confirmed: new.confirmed, left },
                occurred_at: Timestamp::UNIX_EPOCH,
                told_at: None,
                recorded_at: Timestamp::UNIX_EPOCH,
                channel: new.channel,
                jurisdiction: None,
                locale: None,
                time_zone: None,
                texts: Default::default(),
            },
            evidence: new.evidence,
            left,
            no: self.inner.clock.id(),
        };
        self.inner.writer.change_address(change).await?
    }
}

/// The rows that this person has left under other addresses.
pub(super) fn left_behind(history: &[Event]) -> impl Iterator<Item = Uuid> + '_ {
    let left = |event: &Event| match &event.kind {
        EventKind::AddressChanged { left, .. } => Some(*left),
        _ => None,
    };
    let mut seen = std::collections::BTreeSet::new();
    history.iter().filter_map(left).filter(move |id| seen.insert(*id))
}

/// Whether this is what somebody has left behind, and nobody has said yes under that address since. That somebody signed
/// up is no yes: anybody may have typed it in.
pub(super) fn is_left(history: &[Event]) -> bool {
    let left =
        history.iter().filter(|event| event.channel == LEFT_BEHIND).map(|event| event.occurred_at).max();
    let since = |event: &Event| {
        matches!(event.kind, EventKind::OptIn { .. }) && left.is_some_and(|left| event.occurred_at > left)
    };
    left.is_some() && !history.iter().any(since)
}

/// What a person says who may be somebody that has left the address: it is theirs, whoever passes it on.
pub(super) fn is_own_no(kind: &EventKind) -> bool {
    let of_the_address =
        matches!(kind, EventKind::Suppressed { .. } | EventKind::AddressChanged { .. } | EventKind::Erased);
    is_no(kind) && !of_the_address
}

/// Whose address it was that is left behind.
pub(super) async fn who_left(session: &mut Session, sender: &str, left: Uuid) -> Result<Option<Uuid>> {
    let select = session.either(
        "SELECT subscriber FROM consent_events WHERE kind = 'address_changed' AND sender = $1
         AND json_extract(body, '$.kind.left') = $2 LIMIT 1",
        "SELECT subscriber FROM consent_events WHERE kind = 'address_changed' AND sender = $1
         AND body::json -> 'kind' ->> 'left' = $2 LIMIT 1",
    );
    session.fetch_optional(select, values![sender, left.to_string()]).await?.map(|row| row.id(0)).transpose()
}

pub(super) async fn apply(
    session: &mut Session,
    shared: &Shared,
    change: &Change,
    now: Timestamp,
    noes: &mut Vec<No>,
) -> Result<Made> {
    let sender = change.sender.as_str();
    if let Some(subscriber) = made_before(session, sender, change.event.id).await? {
        return Ok(Ok(Changed::Done { subscriber, event: change.event.id }));
    }
    let whom = found_by(shared, &change.who);
    let Some(row) = lock(session, sender, whom).await? else { return Ok(Err(NotChanged::Unknown)) };
    if row.erased_at.is_some() {
        return Ok(Err(NotChanged::Erased));
    }
    let events = subscriber::events(session, sender, row.subscriber).await?;
    if is_left(&events) {
        return Ok(Err(NotChanged::Unknown));
    }
    if row.hash == change.hash {
        if row.address == Held::No {
            let (id, key) = (row.subscriber, row.key.as_deref());
            subscriber::give_address(session, &shared.keys, id, key, &change.address).await?;
        }
        return Ok(Ok(Changed::Same { subscriber: row.subscriber }));
    }
    let stood = match occupant(session, sender, change.hash, &events).await? {
        Occupant::Nobody => None,
        Occupant::LeftByThis(id) => Some(id),
        Occupant::Somebody => return Ok(Err(NotChanged::Taken)),
        Occupant::Erased => return Ok(Err(NotChanged::TakenByErased)),
    };
    let subscriber = row.subscriber;
    move_over(session, shared, change, row, events, stood, now, noes).await?;
    Ok(Ok(Changed::Done { subscriber, event: change.event.id }))
}

/// An earlier try whose commit was not heard of.
async fn made_before(session: &mut Session, sender: &str, event: Uuid) -> Result<Option<Uuid>> {
    let select = "SELECT subscriber FROM consent_events WHERE id = $1 AND sender = $2";
    session.fetch_optional(select, values![event, sender]).await?.map(|row| row.id(0)).transpose()
}

/// Who stands under an address.
pub(super) enum Occupant {
    Nobody,
    /// What this very person left there: it makes room for who goes back.
    LeftByThis(Uuid),
    Somebody,
    Erased,
}

/// Of a person with this history who comes to this address.
pub(super) async fn occupant(
    session: &mut Session,
    sender: &str,
    hash: LookupHash,
    events: &[Event],
) -> Result<Occupant> {
    let Some(there) = lock(session, sender, Whom::Hash(hash)).await? else { return Ok(Occupant::Nobody) };
    if there.erased_at.is_some() {
        return Ok(Occupant::Erased);
    }
    let id = there.subscriber;
    if !left_behind(events).any(|left| left == id) {
        return Ok(Occupant::Somebody);
    }
    match subscriber::events(session, sender, id).await {
        // In a replay its no may be still to come.
        Ok(history) if history.is_empty() || is_left(&history) => Ok(Occupant::LeftByThis(id)),
        Ok(_) | Err(Fault::Unreadable(_)) => Ok(Occupant::Somebody),
        Err(fault) => Err(fault),
    }
}

#[expect(clippy::too_many_arguments, reason = "what one transaction knows of one change")]
async fn move_over(
    session: &mut Session,
    shared: &Shared,
    change: &Change,
    row: Locked,
    mut events: Vec<Event>,
    stood: Option<Uuid>,
    now: Timestamp,
    noes: &mut Vec<No>,
) -> Result<()> {
    let (sender, id, left) = (change.sender.as_str(), row.subscriber, change.left);
    let here = fold(&events);
    let there = match stood {
        Some(stood) => make_room(session, sender, stood).await?,
        None => ConsentState::default(),
    };
    let event = Event { occurred_at: after_all(&events, now), recorded_at: now, ..change.event.clone() };
    let at = event.occurred_at;
    rekey(session, sender, id, row.hash, change.hash, left, at).await?;
    let key =
        subscriber::give_address(session, &shared.keys, id, row.key.as_deref(), &change.address).await?;
    let sealed = match &change.evidence {
        Json::Null => None,
        evidence => Some(seal_evidence(&shared.keys.unwrap(&key)?, event.id, evidence)),
    };
    // The replay is to know where the person is before it hears what was left.
    let told = |person, subscriber, event| No { sender: sender.to_owned(), person, subscriber, event };
    noes.push(told(change.hash, id, event.clone()));
    insert_event(session, sender, id, row.version + 1, &event, sealed).await?;
    events.push(event.clone());
    let mut version = row.version + 1;
    // What blocks an address blocks whoever comes to it.
    for (number, (why, _)) in (0..).zip(there.suppressed) {
        let block = Event {
            id: beside(event.id, number),
            kind: EventKind::Suppressed { why },
            occurred_at: after_all(&events, now),
            ..event.clone()
        };
        version += 1;
        insert_event(session, sender, id, version, &block, None).await?;
        noes.push(told(change.hash, id, block.clone()));
        events.push(block);
    }
    subscriber::write_projection(session, id, version, &fold(&events)).await?;

    let said = what_is_left(&here, change.no, at, now);
    for (version, no) in (1..).zip(&said) {
        insert_event(session, sender, left, version, no, None).await?;
        noes.push(told(row.hash, left, no.clone()));
    }
    let version = i64::try_from(said.len()).unwrap_or(i64::MAX);
    subscriber::write_projection(session, left, version, &fold(&said)).await?;
    make_due(session, sender, row.hash, now).await?;
    make_due(session, sender, change.hash, now).await?;
    // Last: a claim that is being made holds the delivery first.
    mailings::follow_person(session, sender, row.hash, change.hash).await
}

/// What was left under an address to which its person comes back stands under none from now on: a sign-up that somebody
/// typed in there must not come to stand under another address. What it came to.
pub(super) async fn make_room(session: &mut Session, sender: &str, stood: Uuid) -> Result<ConsentState> {
    let state = fold(&subscriber::events(session, sender, stood).await?);
    let update = "UPDATE subscribers SET lookup_hash = $1 WHERE id = $2 AND sender = $3";
    session.execute(update, values![LookupHash(aside(stood)), stood, sender]).await?;
    Ok(state)
}

/// The row takes the new hash over, and what is left behind stands under the old one.
pub(super) async fn rekey(
    session: &mut Session,
    sender: &str,
    id: Uuid,
    old: LookupHash,
    new: LookupHash,
    left: Uuid,
    at: Timestamp,
) -> Result<()> {
    let stands = session.fetch_optional("SELECT id FROM subscribers WHERE id = $1", values![left]).await?;
    let update = "UPDATE subscribers SET lookup_hash = $1 WHERE id = $2 AND sender = $3";
    if stands.is_some() {
        // A replay may have met it before: both rows are under one hash at no time.
        let between = LookupHash(aside(left));
        session.execute(update, values![between, left, sender]).await?;
        occupied(session.execute(update, values![new, id, sender]).await)?;
        return session.execute(update, values![old, left, sender]).await.map(drop);
    }
    occupied(session.execute(update, values![new, id, sender]).await)?;
    let insert = "INSERT INTO subscribers (id, sender, lookup_hash, version, state, created_at)
                  VALUES ($1, $2, $3, 0, $4, $5)";
    let state = to_json(&ConsentState::default());
    occupied(session.execute(insert, values![left, sender, old, state, at]).await)
}

/// Another node was there first: looked at again, it is found.
fn occupied(done: Result<u64>) -> Result<()> {
    match done {
        Err(Fault::Exists) => Err(Fault::Conflict("another node made somebody of that address".into())),
        other => other.map(drop),
    }
}

/// The hash of no address: 16 octets of an id and 16 of nothing.
fn aside(id: Uuid) -> [u8; 32] {
    let mut octets = [0; 32];
    octets[..16].copy_from_slice(id.as_bytes());
    octets
}

/// Whether a row of this hash has made room.
pub(super) fn found(id: Uuid, hash: LookupHash) -> Found {
    if hash == LookupHash(aside(id)) { Found::ByIdAlone } else { Found::ByAddress }
}

/// What stands under the old address says no to everything from the change on; what blocked the address, and a no to
/// being tracked, stand there as they did.
fn what_is_left(state: &ConsentState, id: Uuid, at: Timestamp, now: Timestamp) -> Vec<Event> {
    let no = (EventKind::Withdrawal { scopes: Vec::new(), complaint: false }, at);
    let blocks = state.suppressed.iter().map(|(why, since)| (EventKind::Suppressed { why: *why }, *since));
    let untracked = state.tracking.no.map(|no| (EventKind::TrackingWithdrawal, no.at));
    let said = std::iter::once(no).chain(blocks).chain(untracked);
    let event = |(number, (kind, occurred_at))| Event {
        id: if number == 0 { id } else { beside(id, number) },
        kind,
        occurred_at,
        told_at: None,
        recorded_at: now,
        channel: LEFT_BEHIND.to_owned(),
        jurisdiction: None,
        locale: None,
        time_zone: None,
        texts: Default::default(),
    };
    (0..).zip(said).map(event).collect()
}

/// An id of the same moment, the same whenever it is made.
fn beside(id: Uuid, number: u8) -> Uuid {
    let mut octets = *id.as_bytes();
    octets[15] ^= number.wrapping_add(1);
    Uuid::from_bytes(octets)
}
