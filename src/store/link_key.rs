//! Keys that sign links. They lie here, wrapped, so that a rotation reaches all nodes.

use jiff::Timestamp;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::sql::{Row, Session, Tx, values};
use super::{Store, StoreError};
use crate::keys::{DataKey, Keys, LinkKey, LinkKeyState, LinkKeys, LinkSecret};

/// A link key as `keys list` shows it.
#[derive(Clone, Debug)]
pub struct LinkKeyView {
    pub id: u16,
    pub state: LinkKeyState,
    pub created_at: Timestamp,
}

impl Store {
    /// All keys, revoked ones included; `Unreadable` before `bind_keys` made the first.
    pub async fn link_keys(&self) -> Result<LinkKeys, StoreError> {
        let rows = select(&mut self.inner.database.read().await?).await?;
        let key = |row: &Row| -> Result<LinkKey> {
            let secret = self.inner.keys.unwrap(row.blob(3)?)?;
            Ok(LinkKey { id: id(row)?, state: state(row)?, key: LinkSecret::new(secret) })
        };
        let keys = rows.iter().map(key).collect::<Result<Vec<_>>>()?;
        LinkKeys::new(keys).ok_or_else(|| StoreError::Unreadable("there is no active link key".into()))
    }

    /// All keys without their secrets, by id.
    pub async fn list_link_keys(&self) -> Result<Vec<LinkKeyView>, StoreError> {
        let rows = select(&mut self.inner.database.read().await?).await?;
        let view = |row: &Row| Ok(LinkKeyView { id: id(row)?, state: state(row)?, created_at: row.time(2)? });
        Ok(rows.iter().map(view).collect::<Result<_>>()?)
    }

    /// Makes a new active key; the old one stays valid. Returns its id.
    pub async fn rotate_link_keys(&self) -> Result<u16, StoreError> {
        let mut tx = self.begin_on_keys().await?;
        let newest = select(&mut tx).await?.iter().map(id).collect::<Result<Vec<_>>>()?.into_iter().max();
        let next = newest.unwrap_or(0).checked_add(1);
        let next = next.ok_or_else(|| StoreError::Unreadable("65,535 link keys were made".into()))?;
        tx.execute("UPDATE link_keys SET state = 'valid' WHERE state = 'active'", Vec::new()).await?;
        insert(&mut tx, next, &self.inner.keys, self.inner.clock.now()).await?;
        tx.commit().await?;
        Ok(next)
    }

    /// Retires or revokes; false if there is no such key or it is the only active one.
    pub async fn set_link_key_state(&self, id: u16, state: LinkKeyState) -> Result<bool, StoreError> {
        let mut tx = self.begin_on_keys().await?;
        let change = "UPDATE link_keys SET state = $1 WHERE id = $2";
        let changed = tx.execute(change, values![word(state), i64::from(id)]).await?;
        let active = tx.fetch("SELECT id FROM link_keys WHERE state = 'active'", Vec::new()).await?;
        if changed == 0 || active.is_empty() {
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Changes of keys take turns: the row that every bound database has is their lock.
    async fn begin_on_keys(&self) -> Result<Tx> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let lock = tx.either(
            "SELECT value FROM meta WHERE name = 'seal'",
            "SELECT value FROM meta WHERE name = 'seal' FOR UPDATE",
        );
        tx.fetch(lock, Vec::new()).await?;
        Ok(tx)
    }
}

/// The first key of a database; does nothing when there is one. The caller holds the lock of `bind_keys`.
pub(super) async fn make_first(session: &mut Session, keys: &Keys, now: Timestamp) -> Result<()> {
    insert(session, 1, keys, now).await
}

async fn insert(session: &mut Session, id: u16, keys: &Keys, now: Timestamp) -> Result<()> {
    let wrapped = keys.wrap(&DataKey::generate());
    let insert = "INSERT INTO link_keys (id, state, key, created_at) VALUES ($1, 'active', $2, $3)
                  ON CONFLICT (id) DO NOTHING";
    session.execute(insert, values![i64::from(id), wrapped, now]).await.map(drop)
}

async fn select(session: &mut Session) -> Result<Vec<Row>> {
    session.fetch("SELECT id, state, created_at, key FROM link_keys ORDER BY id", Vec::new()).await
}

fn id(row: &Row) -> Result<u16> {
    row.int(0)?.try_into().map_err(|_| Fault::Unreadable("a link key's id".into()))
}

fn word(state: LinkKeyState) -> &'static str {
    match state {
        LinkKeyState::Active => "active",
        LinkKeyState::Valid => "valid",
        LinkKeyState::Retired => "retired",
        LinkKeyState::Revoked => "revoked",
    }
}

fn state(row: &Row) -> Result<LinkKeyState> {
    let states = [LinkKeyState::Active, LinkKeyState::Valid, LinkKeyState::Retired, LinkKeyState::Revoked];
    let text = row.text(1)?;
    let found = states.into_iter().find(|state| word(*state) == text);
    found.ok_or_else(|| Fault::Unreadable("a link key's state".into()))
}
