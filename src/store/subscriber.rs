//! Subscribers: one address known to one sender, with the projection of their history.

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::rows;
use super::sql::{Row, Session, Value, to_json, values};
use super::{Store, StoreError, address, fact};
use crate::consent::{ConsentState, Event, fold};
use crate::keys::{DataKey, Keys, LookupHash};
use crate::mail::Address;
use crate::policy::decide::Records;

/// What a decision reads of a person.
#[derive(Clone, Debug)]
pub struct Subscriber {
    pub id: Uuid,
    /// Grows with every fact, under the row's lock.
    pub version: i64,
    pub state: ConsentState,
}

/// What a decision to send rests on.
#[derive(Clone, Debug)]
pub struct Consent {
    /// `None` of whom nothing is known.
    pub person: Option<Subscriber>,
    /// Whether all noes were there when the person was read.
    pub records: Records,
}

/// All of a subscriber but the history.
#[derive(Clone, Debug)]
pub struct SubscriberRecord {
    pub sender: String,
    pub subscriber: Subscriber,
    /// `None` once erased.
    pub address: Option<Address>,
    pub created_at: Timestamp,
    pub found: Found,
}

/// Whether who writes to an address finds this row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    ByAddress,
    /// It stood where somebody had left an address, and made room when they came back.
    ByIdAlone,
}

pub(super) const SELECT_RECORD: &str =
    "SELECT id, version, state, sender, key, address, created_at, lookup_hash FROM subscribers";

impl Store {
    /// Whether anything is kept of a sender of this name: a person, or a credential.
    pub async fn knows_sender(&self, sender: &str) -> Result<bool, StoreError> {
        let select = "SELECT 1 FROM credentials WHERE sender = $1
                      UNION ALL SELECT 1 FROM subscribers WHERE sender = $1 AND erased_at IS NULL LIMIT 1";
        let found = self.inner.database.read().await?.fetch_optional(select, values![sender]).await?;
        Ok(found.is_some())
    }

    /// What is known of each recipient, in their order; an erased person gives the tombstone's state.
    /// `Unreadable` if any of it can't be read (invariant 4).
    pub async fn consent_of(
        &self,
        sender: &str,
        recipients: &[Address],
    ) -> Result<Vec<Option<Subscriber>>, StoreError> {
        let hashes: Vec<LookupHash> =
            recipients.iter().map(|address| self.inner.keys.lookup_hash(address)).collect();
        let mut session = self.inner.database.read().await?;
        let mut known = find(&mut session, sender, &hashes).await?;
        let mut last: HashMap<LookupHash, Subscriber> = HashMap::new();
        let mut one = |hash: &LookupHash| -> Result<Option<Subscriber>> {
            if let Some(found) = known.remove(hash) {
                // Invariant 4: one that cannot be read fails the question, it is not left out.
                last.insert(*hash, found?);
            }
            Ok(last.get(hash).cloned())
        };
        Ok(hashes.iter().map(&mut one).collect::<Result<_>>()?)
    }

    /// The same of one recipient in the moment of sending: also whether the database may lack a no (invariant 14).
    pub async fn consent_to_send(&self, sender: &str, recipient: &Address) -> Result<Consent, StoreError> {
        let before = self.inner.watch.before();
        let person = self.consent_of(sender, std::slice::from_ref(recipient)).await?.pop();
        let person = person.ok_or_else(|| StoreError::Unreadable("no answer for the recipient".into()))?;
        let records = self.records_since(&before, &mut self.inner.database.read().await?).await?;
        Ok(Consent { person, records })
    }

    /// By id, erased ones too; `None` if this sender has none of that id.
    pub async fn subscriber(&self, sender: &str, id: Uuid) -> Result<Option<SubscriberRecord>, StoreError> {
        let sql = super::sql::built(format!("{SELECT_RECORD} WHERE id = $1 AND sender = $2"));
        let row = self.inner.database.read().await?.fetch_optional(sql, values![id, sender]).await?;
        Ok(row.map(|row| self.record_of(&row)).transpose()?)
    }

    /// The subscriber whom a signed link names: the signature stands for the sender (invariant 15).
    pub async fn subscriber_of_link(
        &self,
        link: &crate::consent::token::Link,
    ) -> Result<Option<SubscriberRecord>, StoreError> {
        self.signed_for(link.subscriber).await
    }

    async fn signed_for(&self, id: Uuid) -> Result<Option<SubscriberRecord>, StoreError> {
        // Invariant 15: the one query without its sender; only a link or an address that our key signed gets here.
        let sql = super::sql::built(format!("{SELECT_RECORD} WHERE id = $1"));
        let row = self.inner.database.read().await?.fetch_optional(sql, values![id]).await?;
        Ok(row.map(|row| self.record_of(&row)).transpose()?)
    }

    /// The subscriber whom an address that we signed names.
    pub async fn subscriber_of_return(
        &self,
        link: &crate::consent::token::ReturnLink,
    ) -> Result<Option<SubscriberRecord>, StoreError> {
        self.signed_for(link.subscriber).await
    }

    /// The history, oldest first, with the evidence where its key still exists.
    pub async fn history(
        &self,
        sender: &str,
        id: Uuid,
    ) -> Result<Vec<(Event, Option<serde_json::Value>)>, StoreError> {
        self.history_until(sender, id, i64::MAX).await
    }

    /// The same, up to a version: the number of its facts, where that many are there.
    pub async fn history_until(
        &self,
        sender: &str,
        id: Uuid,
        version: i64,
    ) -> Result<Vec<(Event, Option<serde_json::Value>)>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let wrapped = session
            .fetch_optional("SELECT key FROM subscribers WHERE id = $1 AND sender = $2", values![id, sender])
            .await?;
        let key = match wrapped.as_ref().map(|row| row.opt_blob(0)).transpose()?.flatten() {
            Some(wrapped) => Some(self.inner.keys.unwrap(wrapped).map_err(Fault::from)?),
            None => None,
        };
        let rows = session
            .fetch(
                "SELECT body, evidence FROM consent_events WHERE subscriber = $1 AND sender = $2
                 AND version <= $3 ORDER BY version",
                values![id, sender, version],
            )
            .await?;
        let entry = |row: &Row| -> Result<(Event, Option<serde_json::Value>)> {
            let event: Event = row.json(0)?;
            let evidence = match (row.opt_blob(1)?, &key) {
                (Some(sealed), Some(key)) => Some(fact::open_evidence(key, event.id, sealed)?),
                _ => None,
            };
            Ok((event, evidence))
        };
        Ok(rows.iter().map(entry).collect::<Result<_>>()?)
    }

    /// Makes the projection of one subscriber anew from the history. False if unknown.
    pub async fn rebuild_projection(&self, sender: &str, id: Uuid) -> Result<bool, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let lock = tx.either(
            "SELECT version FROM subscribers WHERE id = $1 AND sender = $2",
            "SELECT version FROM subscribers WHERE id = $1 AND sender = $2 FOR UPDATE",
        );
        if tx.fetch_optional(lock, values![id, sender]).await?.is_none() {
            return Ok(false);
        }
        let events = events(&mut tx, sender, id).await?;
        let version = events.len() as i64;
        write_projection(&mut tx, id, version, &fold(&events)).await?;
        tx.commit().await?;
        Ok(true)
    }

    pub(super) fn record_of(&self, row: &Row) -> Result<SubscriberRecord> {
        let subscriber = read(row)?;
        let address = match (row.opt_blob(4)?, row.opt_blob(5)?) {
            (Some(key), Some(sealed)) => {
                Some(open_address(&self.inner.keys.unwrap(key)?, subscriber.id, sealed)?)
            }
            _ => None,
        };
        Ok(SubscriberRecord {
            sender: row.text(3)?.to_owned(),
            subscriber,
            address,
            created_at: row.time(6)?,
            found: address::found(row.id(0)?, LookupHash(row.hash(7)?)),
        })
    }
}

/// A subscriber from `id, version, state`.
fn read(row: &Row) -> Result<Subscriber> {
    Ok(Subscriber { id: row.id(0)?, version: row.int(1)?, state: row.json(2)? })
}

/// The living row of each hash, else the youngest tombstone. What can't be read is an error in its place.
pub(super) async fn find(
    session: &mut Session,
    sender: &str,
    hashes: &[LookupHash],
) -> Result<HashMap<LookupHash, Result<Subscriber>>> {
    // Tombstones come first, oldest first, the living row last: the last one counts.
    let query = "SELECT id, version, state, lookup_hash FROM subscribers
                 WHERE sender = $1 AND lookup_hash IN {}
                 ORDER BY CASE WHEN erased_at IS NULL THEN 1 ELSE 0 END, erased_at, created_at";
    let list = hashes.iter().map(|hash| Value::from(*hash)).collect();
    let rows = rows::with_list(session, query, values![sender], list).await?;
    rows.iter().map(|row| Ok((LookupHash(row.hash(3)?), read(row)))).collect()
}

/// The facts of one history, oldest first.
pub(super) async fn events(session: &mut Session, sender: &str, id: Uuid) -> Result<Vec<Event>> {
    let select = "SELECT body FROM consent_events WHERE subscriber = $1 AND sender = $2 ORDER BY version";
    session.fetch(select, values![id, sender]).await?.iter().map(|row| row.json(0)).collect()
}

/// Only under the row's lock.
pub(super) async fn write_projection(
    session: &mut Session,
    id: Uuid,
    version: i64,
    state: &ConsentState,
) -> Result<()> {
    let update = "UPDATE subscribers SET version = $1, state = $2, suppressed = $3 WHERE id = $4";
    session.execute(update, values![version, to_json(state), suppressed(state), id]).await.map(drop)
}

/// What the projection says of blocks.
pub(super) fn suppressed(state: &ConsentState) -> Option<String> {
    let why: Vec<&str> = state.suppressed.iter().map(|(why, _)| why.as_str()).collect();
    (!why.is_empty()).then(|| why.join(","))
}

pub(super) const INTO: &str =
    "subscribers (id, sender, lookup_hash, version, state, key, address, created_at)";
/// Another node, or another job, made the same person first: theirs stands.
pub(super) const UNLESS_LIVING: &str = "ON CONFLICT (sender, lookup_hash, coalesce(erased_at, 0)) DO NOTHING";

/// The row of a person without a history, for `INTO`, and the key that seals what is theirs.
pub(super) fn new_row(
    keys: &Keys,
    id: Uuid,
    sender: &str,
    address: &Address,
    now: Timestamp,
) -> (Vec<Value>, DataKey) {
    let (key, sealed) = sealed_address(id, address);
    let state = to_json(&ConsentState::default());
    let row = values![id, sender, keys.lookup_hash(address), 0_i64, state, keys.wrap(&key), sealed, now];
    (row, key)
}

/// A living person gets this address, under the own key (wrapped), or under a new one where the person was known by
/// hash alone. Gives the key, wrapped.
pub(super) async fn give_address(
    session: &mut Session,
    keys: &Keys,
    id: Uuid,
    own: Option<&[u8]>,
    address: &Address,
) -> Result<Vec<u8>> {
    let key = own.map_or_else(|| Ok(DataKey::generate()), |wrapped| keys.unwrap(wrapped))?;
    let sealed = key.seal(address.to_string().as_bytes(), &context("address", id));
    let wrapped = own.map_or_else(|| keys.wrap(&key), <[u8]>::to_vec);
    let update = "UPDATE subscribers SET key = $1, address = $2 WHERE id = $3 AND erased_at IS NULL";
    session.execute(update, values![wrapped.clone(), sealed, id]).await?;
    Ok(wrapped)
}

/// A new key of a person's own, and the address under it.
pub(super) fn sealed_address(id: Uuid, address: &Address) -> (DataKey, Vec<u8>) {
    let key = DataKey::generate();
    let sealed = key.seal(address.to_string().as_bytes(), &context("address", id));
    (key, sealed)
}

pub(super) fn open_address(key: &DataKey, id: Uuid, sealed: &[u8]) -> Result<Address> {
    parse_address(&key.open(sealed, &context("address", id))?)
}

/// An address of ours that was sealed as text.
pub(super) fn parse_address(text: &[u8]) -> Result<Address> {
    let text = std::str::from_utf8(text).ok();
    let address = text.and_then(|text| text.parse().ok());
    address.ok_or_else(|| Fault::Unreadable("a sealed address is none".into()))
}

/// Binds a ciphertext to its column and row.
pub(super) fn context(column: &str, id: Uuid) -> Vec<u8> {
    [column.as_bytes(), b":", id.as_bytes()].concat()
}
