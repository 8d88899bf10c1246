//! Logins of senders.

use jiff::Timestamp;
use uuid::Uuid;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::sql::{Row, values};
use super::{Store, StoreError};
use crate::policy::Stream;

/// A login of a sender.
#[derive(Clone, Debug)]
pub struct Credential {
    pub id: Uuid,
    pub sender: String,
    pub name: String,
    pub role: Role,
    /// For `smtp`: what it may send.
    pub streams: Vec<Stream>,
    /// argon2id, PHC string.
    pub secret_hash: String,
    pub created_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// What a credential is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Smtp,
    Api,
    Compliance,
    Ops,
}

impl Role {
    pub const ALL: &[Role] = &[Self::Smtp, Self::Api, Self::Compliance, Self::Ops];

    /// The word that the contract uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smtp => "smtp",
            Self::Api => "api",
            Self::Compliance => "compliance",
            Self::Ops => "ops",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = crate::policy::verdict::UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|role| role.as_str() == text);
        found.ok_or(crate::policy::verdict::UnknownWord)
    }
}

const SELECT: &str =
    "SELECT id, sender, name, role, streams, secret_hash, created_at, revoked_at FROM credentials";

impl Store {
    /// `Exists` if one of this name is in force.
    pub async fn add_credential(&self, credential: &Credential) -> Result<(), StoreError> {
        let streams: Vec<&str> = credential.streams.iter().map(|stream| stream.as_str()).collect();
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        tx.execute(
            "INSERT INTO credentials (id, sender, name, role, streams, secret_hash, created_at, revoked_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            values![
                credential.id,
                credential.sender.as_str(),
                credential.name.as_str(),
                credential.role.as_str(),
                streams.join(","),
                credential.secret_hash.as_str(),
                credential.created_at,
                credential.revoked_at,
            ],
        )
        .await?;
        Ok(tx.commit().await?)
    }

    /// All of them, revoked ones included, by sender and name.
    pub async fn credentials(&self) -> Result<Vec<Credential>, StoreError> {
        let sql = super::sql::built(format!("{SELECT} ORDER BY sender, name, created_at"));
        let rows = self.inner.database.read().await?.fetch(sql, Vec::new()).await?;
        Ok(rows.iter().map(read).collect::<Result<_>>()?)
    }

    /// The credential of this name that is not revoked.
    pub async fn credential(&self, sender: &str, name: &str) -> Result<Option<Credential>, StoreError> {
        let sql = format!("{SELECT} WHERE sender = $1 AND name = $2 AND revoked_at IS NULL");
        let mut session = self.inner.database.read().await?;
        let row = session.fetch_optional(super::sql::built(sql), values![sender, name]).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// Revoked or not; the id is of our own making and tells nothing of another sender.
    pub async fn credential_by_id(&self, id: Uuid) -> Result<Option<Credential>, StoreError> {
        let sql = super::sql::built(format!("{SELECT} WHERE id = $1"));
        let row = self.inner.database.read().await?.fetch_optional(sql, values![id]).await?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// False if there was none in force.
    pub async fn revoke_credential(&self, sender: &str, name: &str) -> Result<bool, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        let revoke =
            "UPDATE credentials SET revoked_at = $1 WHERE sender = $2 AND name = $3 AND revoked_at IS NULL";
        let revoked = tx.execute(revoke, values![self.inner.clock.now(), sender, name]).await?;
        tx.commit().await?;
        Ok(revoked > 0)
    }
}

fn read(row: &Row) -> Result<Credential> {
    let streams = row.text(4)?.split(',').filter(|word| !word.is_empty()).map(str::parse);
    Ok(Credential {
        id: row.id(0)?,
        sender: row.text(1)?.to_owned(),
        name: row.text(2)?.to_owned(),
        role: row.word(3)?,
        streams: streams
            .collect::<Result<_, _>>()
            .map_err(|_| Fault::Unreadable("a credential's streams".into()))?,
        secret_hash: row.text(5)?.to_owned(),
        created_at: row.time(6)?,
        revoked_at: row.opt_time(7)?,
    })
}
