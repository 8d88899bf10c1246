//! A dry run: a slice is written for real into a database that is thrown away, after what is known of its people was
//! copied there. So it tells just what the import would, at any size, and the real one is only read.

use std::path::Path;

use super::Slice;
use crate::store::database::Commit;
use crate::store::fault::Result;
use crate::store::sql::{Row, Session, Value, values};
use crate::store::{Store, StoreError, StoreOptions, fact, rows};

impl Store {
    /// An empty store in this folder, under the same keys; its noes are kept in no journal.
    pub async fn rehearsal(&self, folder: &Path) -> Result<Store, StoreError> {
        let inner = &self.inner;
        let url = format!("sqlite://{}", folder.join("rehearsal.db").display());
        let options = StoreOptions { url, node: inner.node, lease: inner.lease };
        let store = Store::open(&options, inner.keys.clone(), inner.clock.clone()).await?;
        store.migrate().await?;
        store.bind_keys().await?;
        Ok(store)
    }

    /// Copies what is known of a slice's people to a rehearsal, unless it has them already. All of it stays sealed.
    pub async fn lend(&self, slice: &Slice, to: &Store) -> Result<(), StoreError> {
        let mut session = self.inner.database.read().await?;
        let people = people(&mut session, slice).await?;
        let mut tx = to.inner.database.begin(Commit::Lazy).await?;
        // Whoever began anew in the rehearsal, and then really, stays as rehearsed.
        let lent =
            rows::insert_returning(&mut tx, PEOPLE, people, "ON CONFLICT DO NOTHING RETURNING id").await?;
        let ids = lent.iter().map(|row| row.id(0).map(Value::from)).collect::<Result<_>>()?;
        let events = events(&mut session, slice, ids).await?;
        rows::insert(&mut tx, fact::EVENTS, events, "ON CONFLICT DO NOTHING").await?;
        Ok(tx.commit().await?)
    }
}

const PEOPLE: &str =
    "subscribers (id, sender, lookup_hash, version, state, key, address, suppressed, created_at, erased_at)";

async fn people(session: &mut Session, slice: &Slice) -> Result<Vec<Vec<Value>>> {
    let select =
        "SELECT id, sender, lookup_hash, version, state, key, address, suppressed, created_at, erased_at
                  FROM subscribers WHERE sender = $1 AND lookup_hash IN {}";
    let hashes = slice.newcomers.keys().map(|hash| Value::from(*hash)).collect();
    let found = rows::with_list(session, select, values![slice.sender.as_str()], hashes).await?;
    found.iter().map(person).collect()
}

async fn events(session: &mut Session, slice: &Slice, people: Vec<Value>) -> Result<Vec<Vec<Value>>> {
    let select = "SELECT id, sender, subscriber, version, kind, body, evidence, occurred_at, recorded_at
                  FROM consent_events WHERE sender = $1 AND subscriber IN {}";
    let found = rows::with_list(session, select, values![slice.sender.as_str()], people).await?;
    found.iter().map(event).collect()
}

fn person(row: &Row) -> Result<Vec<Value>> {
    let (key, address) = (row.opt_blob(5)?.map(<[u8]>::to_vec), row.opt_blob(6)?.map(<[u8]>::to_vec));
    Ok(values![
        row.id(0)?,
        row.text(1)?,
        row.hash(2)?,
        row.int(3)?,
        row.text(4)?,
        key,
        address,
        row.opt_text(7)?,
        row.int(8)?,
        row.opt_int(9)?
    ])
}

fn event(row: &Row) -> Result<Vec<Value>> {
    let evidence = row.opt_blob(6)?.map(<[u8]>::to_vec);
    Ok(values![
        row.id(0)?,
        row.text(1)?,
        row.id(2)?,
        row.int(3)?,
        row.text(4)?,
        row.text(5)?,
        evidence,
        row.int(7)?,
        row.int(8)?
    ])
}
