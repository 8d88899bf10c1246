//! All people of a sender, page by page, with what is recorded of each: an export of any size in constant memory.

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::Value as Json;
use uuid::Uuid;

use super::fault::{Fault, Result};
use super::sql::{Row, Session, Value, values};
use super::subscriber::open_address;
use super::{Store, StoreError, Subscriber, fact, rows};
use crate::consent::Event;
use crate::keys::{DataKey, LookupHash};
use crate::mail::Address;

/// A person with the whole history.
#[derive(Clone, Debug)]
pub struct PersonRecord {
    pub subscriber: Subscriber,
    /// What outlives an erasure.
    pub hash: LookupHash,
    /// `None` once erased, and of whom only the journal of noes knew.
    pub address: Option<Address>,
    pub created_at: Timestamp,
    /// Oldest first; evidence where its key still exists.
    pub history: Vec<(Event, Option<Json>)>,
}

/// People in the order of their hashes, which tells nothing of anybody.
#[derive(Clone, Debug)]
pub struct PeoplePage {
    pub people: Vec<PersonRecord>,
    /// What to go on after; `None` after the last page.
    pub next: Option<(LookupHash, Uuid)>,
}

impl Store {
    /// At most `limit` people after this place, tombstones too. Each page is read for itself; the history may hold a
    /// fact more than the state.
    pub async fn people(
        &self,
        sender: &str,
        after: Option<(LookupHash, Uuid)>,
        limit: u32,
    ) -> Result<PeoplePage, StoreError> {
        let (hash, id) = after.unwrap_or((LookupHash([0; 32]), Uuid::nil()));
        let select = "SELECT id, version, state, lookup_hash, key, address, created_at FROM subscribers
                      WHERE sender = $1 AND lookup_hash >= $2 AND (lookup_hash, id) > ($2, $3)
                      ORDER BY lookup_hash, id LIMIT $4";
        let mut session = self.inner.database.read().await?;
        let found = session.fetch(select, values![sender, hash, id, limit]).await?;
        let mut people = found.iter().map(|row| self.person(row)).collect::<Result<Vec<_>>>()?;
        histories(&mut session, sender, &mut people).await?;
        let full = found.len() == limit as usize;
        let last = people.last().filter(|_| full).map(|(own, _)| (own.hash, own.subscriber.id));
        Ok(PeoplePage { people: people.into_iter().map(|(own, _)| own).collect(), next: last })
    }

    fn person(&self, row: &Row) -> Result<(PersonRecord, Option<DataKey>)> {
        let subscriber = Subscriber { id: row.id(0)?, version: row.int(1)?, state: row.json(2)? };
        let key = row.opt_blob(4)?.map(|wrapped| self.inner.keys.unwrap(wrapped)).transpose()?;
        let address = match (&key, row.opt_blob(5)?) {
            (Some(key), Some(sealed)) => Some(open_address(key, subscriber.id, sealed)?),
            _ => None,
        };
        let (hash, created_at) = (LookupHash(row.hash(3)?), row.time(6)?);
        Ok((PersonRecord { subscriber, hash, address, created_at, history: Vec::new() }, key))
    }
}

async fn histories(
    session: &mut Session,
    sender: &str,
    people: &mut [(PersonRecord, Option<DataKey>)],
) -> Result<()> {
    let places: HashMap<Uuid, usize> =
        people.iter().enumerate().map(|(place, (own, _))| (own.subscriber.id, place)).collect();
    let select = "SELECT subscriber, body, evidence FROM consent_events
                  WHERE sender = $1 AND subscriber IN {} ORDER BY subscriber, version";
    let ids = people.iter().map(|(own, _)| Value::from(own.subscriber.id)).collect();
    for row in rows::with_list(session, select, values![sender], ids).await? {
        let place = places.get(&row.id(0)?).and_then(|place| people.get_mut(*place));
        let (own, key) = place.ok_or_else(|| Fault::Unreadable("a history of nobody".into()))?;
        let event: Event = row.json(1)?;
        let evidence = match (row.opt_blob(2)?, key) {
            (Some(sealed), Some(key)) => Some(fact::open_evidence(key, event.id, sealed)?),
            _ => None,
        };
        own.history.push((event, evidence));
    }
    Ok(())
}
