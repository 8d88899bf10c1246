//! Bringing a restored database in step: the noes of the journal are recorded again, in slices, each once
//! however often it is tried. Erasures erase again. What was said since counts by its time, as always: `fold`
//! knows no order of arrival.

use jiff::Timestamp;
use uuid::Uuid;

use super::address::Occupant;
use super::database::Commit;
use super::erase;
use super::fact::{Held, Locked, Whom, insert_event, lock as lock_person, make_due};
use super::fault::{Fault, Result};
use super::journal::{self, Standing, off_thread};
use super::sql::{Session, Value, to_json, values};
use super::{Store, StoreError, address, mailings, rows, subscriber};
use crate::consent::event::LEFT_BEHIND;
use crate::consent::{ConsentState, Event, EventKind, fold};
use crate::journal::{JournalError, No, Numbered, Reader, is_no};
use crate::keys::LookupHash;

/// Noes in one transaction.
const SLICE: usize = 200;
/// Held deliveries that are made due in one transaction.
const DUE: u32 = 1_000;

/// Which noes a pass records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pass {
    /// Before anything is accepted: who was erased must not be met again, under whichever address.
    Erasures,
    /// All, after which the journal is in step.
    All,
}

impl Store {
    /// Records what the journal holds and the database lacks. Returns how many noes were looked at.
    pub async fn replay(&self, pass: Pass) -> Result<u64, StoreError> {
        fail::fail_point!("replay", pass == Pass::All, |_| Err(StoreError::Unavailable(
            "a test says so".into()
        )));
        let Some(journal) = journal::of(self) else { return Ok(0) };
        let node = self.inner.node;
        let mut seen = 0;
        loop {
            let own = self.journals().await?.into_iter().find(|own| own.node == node);
            let position = own.map_or(0, |own| own.position);
            let reader = journal.clone();
            let mut reader = off_thread(move || reader.after(position)).await?;
            loop {
                let (slice, rest) = off_thread(move || next_slice(reader, pass)).await?;
                reader = rest;
                if slice.is_empty() {
                    break;
                }
                seen += slice.len() as u64;
                self.replay_slice(slice, pass).await?;
                tokio::task::yield_now().await;
            }
            if pass == Pass::Erasures || self.now_in_step().await? {
                return Ok(seen);
            }
        }
    }

    /// Under the row's lock nobody writes the journal: either all of it is here, or there is more to replay.
    async fn now_in_step(&self) -> Result<bool, StoreError> {
        let Some(journal) = journal::of(self) else { return Ok(true) };
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let position = journal::lock(&mut tx, self.inner.node).await?.position;
        let last = off_thread(move || journal.refreshed()).await?;
        if position < last {
            return Ok(false);
        }
        let update = "UPDATE journals SET standing = 'in_step' WHERE node = $1 AND standing <> 'lost'";
        tx.execute(update, values![self.inner.node]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// One slice in one transaction, again where the database asks for it.
    async fn replay_slice(&self, mut slice: Vec<Numbered>, pass: Pass) -> Result<(), StoreError> {
        let last = slice.iter().map(|own| own.seq).max().unwrap_or(0);
        // Who is where comes first. Else rows are locked in one order, so that two nodes don't wait for each other in a
        // circle; those whom an address change takes elsewhere may, and the database tells one of them to try again.
        slice.sort_by_cached_key(|Numbered { seq, no }| {
            let moves = matches!(no.event.kind, EventKind::AddressChanged { .. });
            let person = if moves { LookupHash([0; 32]) } else { no.person };
            (!moves, no.sender.clone(), person, *seq)
        });
        for attempt in 1.. {
            match self.try_slice(&slice, pass, last).await {
                Err(Fault::Conflict(why)) if attempt < 10 => {
                    tracing::debug!(why, "a slice of the journal is tried again");
                    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                }
                done => return Ok(done?),
            }
        }
        Ok(())
    }

    async fn try_slice(&self, slice: &[Numbered], pass: Pass, last: u64) -> Result<()> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let now = tx.now().await?;
        for Numbered { no, .. } in slice {
            record_again(&mut tx, no, now).await?;
        }
        if pass == Pass::All {
            journal::lock(&mut tx, self.inner.node).await?;
            journal::advance(&mut tx, self.inner.node, last).await?;
        }
        tx.commit().await?;
        if slice.iter().any(|own| own.no.event.kind == EventKind::Erased) {
            // Invariant 12: the destroyed key must not live on in the log.
            self.inner.database.clone().truncate_log().await;
        }
        Ok(())
    }

    /// What this node or an earlier run of it held for the journals' sake is looked at now, and not when its hold ends
    /// by itself, as it does for what is held by a node that hears later of it. Returns how many deliveries that are.
    pub async fn release_restoring(&self) -> Result<u64, StoreError> {
        fail::fail_point!("release_restoring", |_| Ok(0));
        let Some(holds) = self.inner.watch.holds_to_release() else { return Ok(0) };
        let (mut after, mut released) = (Uuid::nil(), 0);
        loop {
            let select = "SELECT id FROM deliveries WHERE state IN ('queued', 'held', 'claimed')
                          AND state = 'held' AND reason = 'restoring' AND id > $1 ORDER BY id LIMIT $2";
            let found = self.inner.database.read().await?.fetch(select, values![after, DUE]).await?;
            let ids = found.iter().map(|row| row.id(0)).collect::<Result<Vec<_>>>()?;
            let Some(last) = ids.last() else { break };
            after = *last;
            let mut tx = self.inner.database.begin(Commit::Lazy).await?;
            let now = tx.now().await?;
            let update = "UPDATE deliveries SET next_attempt_at = $1
                          WHERE id IN {} AND state = 'held' AND next_attempt_at > $1 RETURNING id";
            let ids = ids.into_iter().map(Value::from).collect();
            released += rows::with_list(&mut tx, update, values![now], ids).await?.len() as u64;
            tx.commit().await?;
        }
        self.inner.watch.released(holds);
        Ok(released)
    }

    /// The journal of this node written anew from the history, which has the noes of all nodes. Meanwhile it
    /// stands as lost. Returns how many noes it holds.
    pub async fn rebuild_journal(&self) -> Result<u64, StoreError> {
        let Some(journal) = journal::of(self) else { return Ok(0) };
        let node = self.inner.node;
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let floor = journal::lock(&mut tx, node).await?.position;
        journal::stand(&mut tx, node, Standing::Lost).await?;
        tx.commit().await?;
        let (mut after, mut count) = (Uuid::nil(), 0);
        loop {
            let noes = self.recorded_noes(after).await?;
            let Some(last) = noes.last() else { break };
            after = last.event.id;
            let noes: Vec<No> = noes.into_iter().filter(|no| is_no(&no.event.kind)).collect();
            count += noes.len() as u64;
            let journal = journal.clone();
            off_thread(move || journal.append(&noes, floor)).await?;
        }
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        journal::lock(&mut tx, node).await?;
        let last = off_thread(move || journal.refreshed()).await?;
        journal::advance(&mut tx, node, last).await?;
        journal::stand(&mut tx, node, Standing::InStep).await?;
        tx.commit().await?;
        Ok(count)
    }

    /// With them what is of a kind that may be one.
    async fn recorded_noes(&self, after: Uuid) -> Result<Vec<No>, StoreError> {
        let select = "SELECT e.sender, s.lookup_hash, s.id, e.body FROM consent_events e
                      JOIN subscribers s ON s.id = e.subscriber
                      WHERE e.kind IN ('withdrawal', 'tracking_withdrawal', 'frequency_chosen', 'paused',
                                       'profiling_objection', 'suppressed', 'address_changed', 'restricted',
                                       'erased')
                      AND e.id > $1
                      ORDER BY e.id LIMIT $2";
        let mut session = self.inner.database.read().await?;
        let rows = session.fetch(select, values![after, DUE]).await?;
        let no = |row: &super::sql::Row| -> Result<No> {
            Ok(No {
                sender: row.text(0)?.to_owned(),
                person: LookupHash(row.hash(1)?),
                subscriber: row.id(2)?,
                event: row.json(3)?,
            })
        };
        Ok(rows.iter().map(no).collect::<Result<_>>()?)
    }
}

/// At most a slice, and the reader behind it.
fn next_slice(mut reader: Reader, pass: Pass) -> Result<(Vec<Numbered>, Reader), JournalError> {
    let wanted = |own: &Result<Numbered, JournalError>| match own {
        Ok(own) => {
            let kind = &own.no.event.kind;
            pass == Pass::All || matches!(kind, EventKind::AddressChanged { .. } | EventKind::Erased)
        }
        Err(_) => true,
    };
    let slice = reader.by_ref().filter(wanted).take(SLICE).collect::<Result<_, _>>()?;
    Ok((slice, reader))
}

/// Records one no as it was, unless it is there.
async fn record_again(session: &mut Session, no: &No, now: Timestamp) -> Result<()> {
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
