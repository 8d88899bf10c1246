//! Bringing a restored database in step: the noes of the journal are recorded again, in slices, each once
//! however often it is tried. Erasures erase again. What was said since counts by its time, as always: `fold`
//! knows no order of arrival.

mod again;

use uuid::Uuid;

use again::record_again;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::journal::{self, Standing, off_thread};
use super::sql::{Value, values};
use super::{Store, StoreError, rows};
use crate::consent::EventKind;
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
