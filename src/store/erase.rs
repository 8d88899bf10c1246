//! Erasure (GDPR 17): the subscriber's key, address and evidence are destroyed, the lookup hash and the
//! history without personal data stay (invariant 12).

use jiff::Timestamp;
use uuid::Uuid;

use super::batch::Shared;
use super::fact::{Locked, Whom, after_all, insert_event, lock, make_due};
use super::fault::Result;
use super::sql::{Session, to_json, values};
use super::{Store, StoreError, address, confirmations, mailings, submission, subscriber};
use crate::consent::{Event, EventKind, fold};
use crate::journal::No;
use crate::keys::LookupHash;

/// An erasure, ready for the writer.
pub(super) struct Erasure {
    pub sender: String,
    pub subscriber: Uuid,
    pub event: Event,
}

impl Store {
    /// Destroys the subscriber's key, address and evidence; leaves the tombstone. False if unknown or erased
    /// before.
    pub async fn erase(&self, sender: &str, id: Uuid, channel: &str) -> Result<bool, StoreError> {
        let now = self.inner.clock.now();
        let event = Event {
            id: self.inner.clock.id(),
            kind: EventKind::Erased,
            occurred_at: now,
            recorded_at: now,
            channel: channel.to_owned(),
            jurisdiction: None,
            locale: None,
            time_zone: None,
            texts: Default::default(),
            told_at: None,
        };
        let erasure = Erasure { sender: sender.to_owned(), subscriber: id, event };
        self.inner.writer.erase(erasure).await
    }
}

/// Erases; false if there is nobody to erase.
pub(super) async fn apply(
    session: &mut Session,
    shared: &Shared,
    erasure: &Erasure,
    now: Timestamp,
    noes: &mut Vec<No>,
) -> Result<bool> {
    let Erasure { sender, subscriber: id, event } = erasure;
    let Some(row) = living(session, sender, *id).await? else { return Ok(false) };
    let events = subscriber::events(session, sender, *id).await?;
    bury_now(session, sender, &row, &events, event, now, noes).await?;
    for left in address::left_behind(&events) {
        let Some(row) = living(session, sender, left).await? else { continue };
        let history = subscriber::events(session, sender, left).await?;
        if !address::is_left(&history) {
            // Somebody has signed up there since: theirs stays, and what the erased person had goes.
            forget_deliveries(session, sender, row.hash, *id).await?;
            continue;
        }
        let event = Event { id: shared.clock.id(), ..event.clone() };
        bury_now(session, sender, &row, &history, &event, now, noes).await?;
    }
    Ok(true)
}

async fn living(session: &mut Session, sender: &str, id: Uuid) -> Result<Option<Locked>> {
    Ok(lock(session, sender, Whom::Id(id)).await?.filter(|row| row.erased_at.is_none()))
}

async fn bury_now(
    session: &mut Session,
    sender: &str,
    row: &Locked,
    events: &[Event],
    event: &Event,
    now: Timestamp,
    noes: &mut Vec<No>,
) -> Result<()> {
    // Invariant 5: nothing that was recorded before is younger than the erasure, whatever this node's clock says.
    let event = Event { occurred_at: after_all(events, now), recorded_at: now, ..event.clone() };
    let (person, subscriber) = (row.hash, row.subscriber);
    noes.push(No { sender: sender.to_owned(), person, subscriber, event: event.clone() });
    bury(session, sender, subscriber, row.version, person, event, now).await
}

/// Takes the address away from what a person got there before leaving it.
async fn forget_deliveries(
    session: &mut Session,
    sender: &str,
    hash: LookupHash,
    person: Uuid,
) -> Result<()> {
    let update = "UPDATE deliveries SET recipient = NULL
                  WHERE sender = $1 AND lookup_hash = $2 AND subscriber = $3
                  AND state NOT IN ('queued', 'held', 'claimed')";
    session.execute(update, values![sender, hash, person]).await.map(drop)
}

/// Destroys what identifies a living person, whose row is locked at this version; leaves the tombstone.
pub(super) async fn bury(
    session: &mut Session,
    sender: &str,
    id: Uuid,
    version: i64,
    hash: LookupHash,
    event: Event,
    now: Timestamp,
) -> Result<()> {
    let version = version + 1;
    insert_event(session, sender, id, version, &event, None).await?;
    let erased_at = event.occurred_at;
    let state = to_json(&fold(&subscriber::events(session, sender, id).await?));
    session
        .execute(
            "UPDATE subscribers SET version = $1, state = $2, erased_at = $3, key = NULL, address = NULL
             WHERE id = $4 AND sender = $5",
            values![version, state, erased_at, id, sender],
        )
        .await?;
    session
        .execute(
            "UPDATE consent_events SET evidence = NULL WHERE subscriber = $1 AND sender = $2",
            values![id, sender],
        )
        .await?;
    if session.either(false, true) {
        // A node may be settling one of them at this moment: whoever comes second sees what the first has done.
        let lock = "SELECT id FROM deliveries WHERE sender = $1 AND lookup_hash = $2 AND state = 'claimed'
                    ORDER BY id FOR UPDATE";
        session.fetch(lock, values![sender, hash]).await?;
    }
    // What is still queued may have to go (the sender's own duty); settling takes that address away.
    session
        .execute(
            "UPDATE deliveries SET recipient = NULL
             WHERE sender = $1 AND lookup_hash = $2 AND state NOT IN ('queued', 'held', 'claimed')",
            values![sender, hash],
        )
        .await?;
    // A tool may have written the person's address into its own.
    session
        .execute(
            "UPDATE messages SET return_to = NULL WHERE sender = $1 AND return_to IS NOT NULL
             AND id IN (SELECT message FROM deliveries WHERE sender = $1 AND lookup_hash = $2)",
            values![sender, hash],
        )
        .await?;
    submission::forget_person(session, sender, hash).await?;
    make_due(session, sender, hash, now).await?;
    // Last: a claim that is being made holds the delivery first.
    mailings::forget_person(session, sender, hash).await?;
    confirmations::forget_person(session, sender, hash).await
}
