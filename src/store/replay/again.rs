//! One no of the journal, recorded again: as it was said, of whom it was said, whatever has become of them since.

use jiff::Timestamp;
use uuid::Uuid;

use crate::consent::event::LEFT_BEHIND;
use crate::consent::{ConsentState, Event, EventKind, fold};
use crate::journal::No;
use crate::keys::LookupHash;
use crate::store::address::{self, Occupant};
use crate::store::fact::{Held, Locked, Whom, insert_event, lock as lock_person, make_due};
use crate::store::fault::{Fault, Result};
use crate::store::sql::{Session, to_json, values};
use crate::store::{erase, mailings, subscriber};

/// Records one no as it was, unless it is there.
pub(super) async fn record_again(session: &mut Session, no: &No, now: Timestamp) -> Result<()> {
    let there = session.fetch_optional("SELECT 1 FROM consent_events WHERE id = $1", values![no.event.id]);
    if there.await?.is_some() {
        return Ok(());
    }
    if let EventKind::AddressChanged { left, .. } = no.event.kind {
        return move_again(session, no, left, now).await;
    }
    let found = person_of(session, no).await?;
    if no.event.kind == EventKind::Erased {
        return erase_again(session, no, found, now).await;
    }
    let row = match found {
        Some(row) if row.subscriber != no.subscriber && has_left(session, no, &row).await? => return Ok(()),
        Some(row) => row,
        None => known_by_hash_alone(session, no, None).await?,
    };
    note(session, no, &row, now).await
}

/// Whom a no is about: the living person of that id, under whichever address; else who is known by the address.
async fn person_of(session: &mut Session, no: &No) -> Result<Option<Locked>> {
    let own = lock_person(session, &no.sender, Whom::Id(no.subscriber)).await?;
    match own.filter(|row| row.erased_at.is_none()) {
        Some(row) => Ok(Some(row)),
        None => lock_person(session, &no.sender, Whom::Hash(no.person)).await,
    }
}

/// Whether a no is what this person has left behind, who is back at that address: it stands elsewhere by now.
async fn has_left(session: &mut Session, no: &No, row: &Locked) -> Result<bool> {
    if no.event.channel != LEFT_BEHIND {
        return Ok(false);
    }
    let events = readable(session, &no.sender, row.subscriber).await?;
    Ok(address::left_behind(&events).any(|left| left == no.subscriber))
}

/// A person whom the backup knows under an old address is known under the new one again, by hash alone: the address
/// itself comes with the next fact that names it. Who is under that hash already stays there, and the no that was left
/// behind stops mail to the old one.
async fn move_again(session: &mut Session, no: &No, left: Uuid, now: Timestamp) -> Result<()> {
    let sender = no.sender.as_str();
    let Some(row) = lock_person(session, sender, Whom::Id(no.subscriber)).await? else {
        let there = lock_person(session, sender, Whom::Hash(no.person)).await?;
        if there.is_some_and(|row| row.erased_at.is_none()) {
            return Ok(());
        }
        let row = known_by_hash_alone(session, no, None).await?;
        return note(session, no, &row, now).await;
    };
    if row.erased_at.is_some() {
        return Ok(());
    }
    if row.hash != no.person {
        let events = readable(session, sender, row.subscriber).await?;
        if moved_since(&events, no.event.occurred_at) {
            stay_left(session, no, left).await?;
            return note(session, no, &row, now).await;
        }
        match address::occupant(session, sender, no.person, &events).await? {
            Occupant::Nobody | Occupant::Erased => {}
            Occupant::LeftByThis(stood) => drop(address::make_room(session, sender, stood).await?),
            Occupant::Somebody => return Ok(()),
        }
        let at = no.event.occurred_at;
        address::rekey(session, sender, row.subscriber, row.hash, no.person, left, at).await?;
        let forget = "UPDATE subscribers SET address = NULL WHERE id = $1 AND sender = $2";
        session.execute(forget, values![row.subscriber, sender]).await?;
        mailings::follow_person(session, sender, row.hash, no.person).await?;
        make_due(session, sender, row.hash, now).await?;
    }
    note(session, no, &Locked { hash: no.person, ..row }, now).await
}

/// Whether the person went on from there, as another node's journal told before.
fn moved_since(events: &[Event], at: Timestamp) -> bool {
    let moves = |event: &&Event| matches!(event.kind, EventKind::AddressChanged { .. });
    events.iter().filter(moves).any(|event| event.occurred_at > at)
}

/// An address that was left again before this was heard of: what this change left takes its place there, and the no
/// that comes with it.
async fn stay_left(session: &mut Session, no: &No, left: Uuid) -> Result<()> {
    let there = lock_person(session, &no.sender, Whom::Hash(no.person)).await?;
    if there.is_none() && !is_there(session, left).await? {
        known_by_hash_alone(session, &No { subscriber: left, ..no.clone() }, None).await?;
    }
    Ok(())
}

/// A history, or none where it can't be read: one damaged record must not keep out the noes that follow.
async fn readable(session: &mut Session, sender: &str, subscriber: Uuid) -> Result<Vec<Event>> {
    match subscriber::events(session, sender, subscriber).await {
        Err(Fault::Unreadable(_)) => Ok(Vec::new()),
        other => other,
    }
}

/// Adds the fact to the history that it belongs to.
async fn note(session: &mut Session, no: &No, row: &Locked, now: Timestamp) -> Result<()> {
    let state = state_with(session, no, row.subscriber).await?;
    insert_event(session, &no.sender, row.subscriber, row.version + 1, &no.event, None).await?;
    subscriber::write_projection(session, row.subscriber, row.version + 1, &state).await?;
    make_due(session, &no.sender, row.hash, now).await
}

/// What the history and this no come to. Where the history can't be read, the no is added to what it came to
/// before: one damaged record must not keep out its own no, nor those that follow.
async fn state_with(session: &mut Session, no: &No, subscriber: Uuid) -> Result<ConsentState> {
    match subscriber::events(session, &no.sender, subscriber).await {
        Ok(mut events) => {
            events.push(no.event.clone());
            Ok(fold(&events))
        }
        Err(Fault::Unreadable(what)) => {
            tracing::error!(%subscriber, what, "a history can't be read: a no of the journal is added to what it came to");
            let select = "SELECT state FROM subscribers WHERE id = $1 AND sender = $2";
            let row = session.fetch_optional(select, values![subscriber, no.sender.as_str()]).await?;
            let before: ConsentState = row.map(|row| row.json(0)).transpose()?.unwrap_or_default();
            Ok(before.with_noes_of(fold(std::slice::from_ref(&no.event))))
        }
        Err(fault) => Err(fault),
    }
}

/// Invariant 12: who was erased after the backup is erased in what it brought back.
async fn erase_again(session: &mut Session, no: &No, found: Option<Locked>, now: Timestamp) -> Result<()> {
    match found {
        Some(row)
            if row.erased_at.is_none()
                && (row.subscriber == no.subscriber || row.created_at <= no.event.occurred_at) =>
        {
            erase::bury(session, &no.sender, row.subscriber, row.version, row.hash, no.event.clone(), now)
                .await?;
            entomb(session, no).await
        }
        Some(row) if row.subscriber == no.subscriber || erased_by(&row, no) => Ok(()),
        _ if is_there(session, no.subscriber).await? => entomb(session, no).await,
        // Became known after the backup, and was erased: the tombstone is all there was.
        _ => {
            let erased = Some(&no.event);
            let row = known_by_hash_alone(session, no, erased).await?;
            insert_event(session, &no.sender, row.subscriber, row.version, &no.event, None).await
        }
    }
}

/// Whether the tombstone that stands there bars all that this one would.
fn erased_by(row: &Locked, no: &No) -> bool {
    row.erased_at.is_some_and(|at| at >= no.event.occurred_at)
}

/// A tombstone where the person was erased, if the backup knows them elsewhere: the change of address between is in
/// another node's journal, and moves nobody who was erased.
async fn entomb(session: &mut Session, no: &No) -> Result<()> {
    let there = lock_person(session, &no.sender, Whom::Hash(no.person)).await?;
    if there.is_some_and(|row| row.erased_at.is_none() || erased_by(&row, no)) {
        return Ok(());
    }
    let id = beside(no.event.id, no.person);
    let no = No { subscriber: id, event: Event { id, ..no.event.clone() }, ..no.clone() };
    let row = known_by_hash_alone(session, &no, Some(&no.event)).await?;
    insert_event(session, &no.sender, id, row.version, &no.event, None).await
}

/// An id of the same moment, the same whenever it is made: its last octets are as random as before.
fn beside(id: Uuid, hash: LookupHash) -> Uuid {
    let mut octets = *id.as_bytes();
    octets[10..].iter_mut().zip(hash.0).for_each(|(octet, other)| *octet ^= other);
    Uuid::from_bytes(octets)
}

async fn is_there(session: &mut Session, subscriber: Uuid) -> Result<bool> {
    let found =
        session.fetch_optional("SELECT 1 FROM subscribers WHERE id = $1", values![subscriber]).await?;
    Ok(found.is_some())
}

/// A person of whom the backup knows nothing: a row without key and address, which the next fact that names the
/// address brings; or a tombstone.
async fn known_by_hash_alone(session: &mut Session, no: &No, erased: Option<&Event>) -> Result<Locked> {
    let state = erased.map_or_else(ConsentState::default, |event| fold(std::slice::from_ref(event)));
    let (version, created_at) = (i64::from(erased.is_some()), no.event.occurred_at);
    let erased_at = erased.map(|event| event.occurred_at);
    let insert = "INSERT INTO subscribers (id, sender, lookup_hash, version, state, created_at, erased_at)
                  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let sender = no.sender.as_str();
    let values = values![no.subscriber, sender, no.person, version, to_json(&state), created_at, erased_at];
    if session.execute(insert, values).await? == 0 {
        return Err(Fault::Conflict("another node made the same subscriber".into()));
    }
    let (subscriber, hash) = (no.subscriber, no.person);
    Ok(Locked { subscriber, hash, version, key: None, address: Held::No, created_at, erased_at })
}
