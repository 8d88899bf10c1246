//! The row that facts about a person are added to, found and locked.

use jiff::Timestamp;
use uuid::Uuid;

use crate::consent::ConsentState;
use crate::consent::admit::barrier;
use crate::keys::LookupHash;
use crate::store::fault::Result;
use crate::store::sql::{Row, Session, values};

/// A subscriber's row, locked.
pub(in crate::store) struct Locked {
    pub subscriber: Uuid,
    pub hash: LookupHash,
    pub version: i64,
    /// Wrapped; gone with an erasure. A person whom only the journal of noes knows has none yet.
    pub key: Option<Vec<u8>>,
    pub address: Held,
    pub created_at: Timestamp,
    pub erased_at: Option<Timestamp>,
}

/// Whether a row holds its person's address. After an erasure, and of whom only the journal of noes knew it, it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Held {
    Yes,
    No,
}

impl Held {
    pub fn of(count: i64) -> Self {
        if count == 0 { Self::No } else { Self::Yes }
    }
}

/// The youngest barrier that the tombstones of this hash put up.
pub(super) async fn barrier_of(
    session: &mut Session,
    sender: &str,
    hash: LookupHash,
) -> Result<Option<Timestamp>> {
    let select =
        "SELECT state FROM subscribers WHERE sender = $1 AND lookup_hash = $2 AND erased_at IS NOT NULL";
    let mut youngest = None;
    for row in session.fetch(select, values![sender, hash]).await? {
        youngest = youngest.max(barrier(&row.json::<ConsentState>(0)?));
    }
    Ok(youngest)
}

/// How a row is found.
#[derive(Clone, Copy)]
pub(in crate::store) enum Whom {
    Id(Uuid),
    Hash(LookupHash),
}

/// The row of this id; or of this hash: the living one, else the youngest tombstone.
pub(in crate::store) async fn lock(
    session: &mut Session,
    sender: &str,
    whom: Whom,
) -> Result<Option<Locked>> {
    let (by_id, by_hash) = session.either(
        (
            "SELECT id, lookup_hash, version, key, created_at, erased_at,
                    CAST(CASE WHEN address IS NULL THEN 0 ELSE 1 END AS BIGINT)
             FROM subscribers WHERE sender = $1 AND id = $2",
            "SELECT id, lookup_hash, version, key, created_at, erased_at,
                    CAST(CASE WHEN address IS NULL THEN 0 ELSE 1 END AS BIGINT)
             FROM subscribers WHERE sender = $1 AND lookup_hash = $2
             ORDER BY CASE WHEN erased_at IS NULL THEN 0 ELSE 1 END, erased_at DESC LIMIT 1",
        ),
        (
            "SELECT id, lookup_hash, version, key, created_at, erased_at,
                    CAST(CASE WHEN address IS NULL THEN 0 ELSE 1 END AS BIGINT)
             FROM subscribers WHERE sender = $1 AND id = $2 FOR UPDATE",
            "SELECT id, lookup_hash, version, key, created_at, erased_at,
                    CAST(CASE WHEN address IS NULL THEN 0 ELSE 1 END AS BIGINT)
             FROM subscribers WHERE sender = $1 AND lookup_hash = $2
             ORDER BY CASE WHEN erased_at IS NULL THEN 0 ELSE 1 END, erased_at DESC LIMIT 1 FOR UPDATE",
        ),
    );
    let row = match whom {
        Whom::Id(id) => session.fetch_optional(by_id, values![sender, id]).await?,
        Whom::Hash(hash) => session.fetch_optional(by_hash, values![sender, hash]).await?,
    };
    let locked = |row: Row| -> Result<Locked> {
        Ok(Locked {
            subscriber: row.id(0)?,
            hash: LookupHash(row.hash(1)?),
            version: row.int(2)?,
            key: row.opt_blob(3)?.map(<[u8]>::to_vec),
            created_at: row.time(4)?,
            erased_at: row.opt_time(5)?,
            address: Held::of(row.int(6)?),
        })
    };
    row.map(locked).transpose()
}
