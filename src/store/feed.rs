//! The feed: every consent event, outcome and request, in an order that no later commit ever gets in front of. On PostgreSQL
//! numbers are given after the commit, by one sequencer at a time. SQLite has one writer, and triggers give them as it
//! writes; the sequencer says up to which they are synced. What it has not been at is not shown. DESIGN.md, "Order for
//! followers".
//!
//! It keeps ids alone: what an event says is read where it is kept, so that an erasure reaches it too. A place is
//! kept as long as what it names: whoever follows from the beginning must hear every no there is, so age alone
//! takes none away. Where outcomes are kept for a time only (`retention`), their places go with them, and a cursor
//! that names one of those is told so.

use std::collections::HashMap;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::sql::{Row, Session, Value, values};
use super::{DeliveryView, Incident, Store, StoreError, incident, request, retention, rows, subscriber};
use crate::consent::Event;
use crate::consent::request::Request;
use crate::mail::Address;

/// What gets its places in one transaction on PostgreSQL. Where it is fewer, no more was waiting.
pub const PLACES: u64 = 1_000;
/// The advisory lock of whoever gives numbers.
const ONE_AT_A_TIME: i64 = 0x6f70_7467_6174_6502;

/// A page of the feed.
#[derive(Clone, Debug, Default)]
pub struct FeedPage {
    pub entries: Vec<FeedEntry>,
    /// What to ask on from: of the last entry, else what was asked from.
    pub next: Option<String>,
    /// Whether more was there.
    pub more: bool,
}

/// One event or outcome with its place.
#[derive(Clone, Debug)]
pub struct FeedEntry {
    /// Opaque; names this entry of this sender.
    pub cursor: String,
    pub what: What,
}

/// What an entry tells of.
#[derive(Clone, Debug)]
pub enum What {
    Consent {
        subscriber: Uuid,
        /// `None` once erased.
        address: Option<Address>,
        event: Box<Event>,
    },
    Outcome(Box<DeliveryView>),
    /// A person asked for something by right, or that has ended.
    Request(Part, Box<Request>),
    Incident(Box<Incident>),
}

/// Which part of a request is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Beginning,
    End,
}

/// Why there is no page.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FeedError {
    /// Nothing that this program ever gave out.
    #[error("this is no cursor")]
    NoCursor,
    /// Another sender's, or of an event that this database does not have.
    #[error("no event has this cursor")]
    UnknownCursor,
    /// Of an outcome that was kept for its time: others may be gone with it that were never heard of.
    #[error("the outcome of this cursor is kept no longer")]
    KeptNoLonger,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Fault> for FeedError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.into())
    }
}

/// A row of the feed.
struct Place {
    sequence: i64,
    kind: Kind,
    id: Uuid,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Consent,
    Outcome,
    Request(Part),
    Incident,
}

impl std::str::FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "consent" => Ok(Self::Consent),
            "outcome" => Ok(Self::Outcome),
            "request" => Ok(Self::Request(Part::Beginning)),
            "incident" => Ok(Self::Incident),
            "request_end" => Ok(Self::Request(Part::End)),
            _ => Err(()),
        }
    }
}

impl Store {
    /// Gives what was committed its places: `PLACES` of it, on SQLite all. Returns how many; none if another node is
    /// at it.
    pub async fn sequence(&self) -> Result<u64, StoreError> {
        let mut session = self.inner.database.read().await?;
        let waiting = session.either(UNSHOWN, "SELECT id FROM unsequenced LIMIT 1");
        if session.fetch_optional(waiting, Vec::new()).await?.is_none() {
            return Ok(0);
        }
        drop(session);
        // Synced: a number that a follower has seen must not be given again after a crash.
        let mut tx = self.inner.database.begin(Commit::Synced).await?;
        if !alone(&mut tx, ONE_AT_A_TIME).await? {
            return Ok(0);
        }
        let shown = tx.fetch_optional("SELECT value FROM meta WHERE name = 'sequence'", Vec::new()).await?;
        let shown = shown.map(|row| row.word::<i64>(0)).transpose()?.unwrap_or(0);
        let last = if self.inner.database.has_one_writer() {
            let numbered = tx.fetch_optional(UNSHOWN, Vec::new()).await?;
            numbered.map(|row| row.int(0)).transpose()?.unwrap_or(shown)
        } else {
            number(&mut tx, shown).await?
        };
        let remember = "INSERT INTO meta (name, value) VALUES ('sequence', $1)
                        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        tx.execute(remember, values![last.to_string()]).await?;
        tx.commit().await?;
        Ok((last - shown).unsigned_abs())
    }

    /// What follows a cursor, or the beginning; at most `limit` entries of this sender (invariant 15).
    pub async fn feed(&self, sender: &str, after: Option<&str>, limit: u32) -> Result<FeedPage, FeedError> {
        let mut session = self.inner.database.read().await?;
        let start = match after {
            Some(cursor) => place_of(&mut session, sender, cursor).await?,
            None => 0,
        };
        let select = "SELECT sequence, kind, ref FROM feed WHERE sender = $1 AND sequence > $2
                      AND sequence <= (SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'sequence')
                      ORDER BY sequence LIMIT $3";
        let found = session.fetch(select, values![sender, start, limit.saturating_add(1)]).await?;
        let mut places = found.iter().map(place).collect::<Result<Vec<_>>>()?;
        let more = places.len() > limit as usize;
        places.truncate(limit as usize);
        let entries = self.entries(&mut session, sender, &places).await?;
        let next = places.last().map(|place| cursor(sender, place.sequence, place.id));
        Ok(FeedPage { entries, next: next.or_else(|| after.map(str::to_owned)), more })
    }

    /// What the places tell of; a place whose row retention has taken away is passed over.
    async fn entries(&self, session: &mut Session, sender: &str, places: &[Place]) -> Result<Vec<FeedEntry>> {
        let ids = |kind| places.iter().filter(move |place| place.kind == kind).map(|place| place.id);
        let select = "SELECT e.body, e.id, s.id, s.key, s.address FROM consent_events e
                      JOIN subscribers s ON s.id = e.subscriber WHERE e.sender = $1 AND e.id IN {}";
        let consents = ids(Kind::Consent).map(Value::from).collect();
        let mut found = HashMap::with_capacity(places.len());
        for row in rows::with_list(session, select, values![sender], consents).await? {
            found.insert(row.id(1)?, self.consent(&row)?);
        }
        let outcomes: Vec<Uuid> = ids(Kind::Outcome).collect();
        for view in self.delivery_views(session, sender, &outcomes).await? {
            found.insert(view.delivery, What::Outcome(Box::new(view)));
        }
        let happened = ids(Kind::Incident).map(Value::from).collect();
        for (id, incident) in incident::by_ids(session, sender, happened).await? {
            found.insert(id, What::Incident(Box::new(incident)));
        }
        let is_request = |place: &&Place| matches!(place.kind, Kind::Request(_));
        let asked = places.iter().filter(is_request).map(|place| Value::from(place.id)).collect();
        let requests = request::by_ids(session, sender, asked).await?;
        let requests: HashMap<Uuid, Request> = requests.into_iter().map(|own| (own.id, own)).collect();
        let entry = |place: &Place| {
            let cursor = cursor(sender, place.sequence, place.id);
            let what = match place.kind {
                // Begun and ended, it has two places.
                Kind::Request(part) => {
                    requests.get(&place.id).map(|own| What::Request(part, Box::new(own.clone())))
                }
                Kind::Consent | Kind::Outcome | Kind::Incident => found.remove(&place.id),
            };
            what.map(|what| FeedEntry { cursor, what })
        };
        Ok(places.iter().filter_map(entry).collect())
    }

    fn consent(&self, row: &Row) -> Result<What> {
        let subscriber = row.id(2)?;
        let address = match (row.opt_blob(3)?, row.opt_blob(4)?) {
            (Some(key), Some(sealed)) => self.address_if_readable(subscriber, key, sealed),
            _ => None,
        };
        Ok(What::Consent { subscriber, address, event: Box::new(row.json(0)?) })
    }

    /// An address that can't be opened keeps nobody from hearing of the no that it belongs to.
    fn address_if_readable(&self, subscriber: Uuid, key: &[u8], sealed: &[u8]) -> Option<Address> {
        let key = self.inner.keys.unwrap(key).map_err(Fault::from);
        let opened = key.and_then(|key| subscriber::open_address(&key, subscriber, sealed));
        if opened.is_err() {
            tracing::error!(%subscriber, "the address of a subscriber can't be opened");
        }
        opened.ok()
    }
}

/// SQLite: the youngest number, if followers don't see it yet.
const UNSHOWN: &str = "SELECT given.seq FROM sqlite_sequence given WHERE given.name = 'feed' AND given.seq >
    coalesce((SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'sequence'), 0)";

/// Numbers a batch of what has none, from this one on; gives the last.
async fn number(tx: &mut Session, from: i64) -> Result<i64> {
    let select = "SELECT id, sender, kind, ref FROM unsequenced ORDER BY id LIMIT $1";
    let chosen = tx.fetch(select, values![PLACES as i64]).await?;
    let mut placed = Vec::with_capacity(chosen.len());
    let mut done = Vec::with_capacity(chosen.len());
    for (row, sequence) in chosen.iter().zip(from + 1..) {
        placed.push(values![row.text(1)?, sequence, row.text(2)?, row.id(3)?]);
        done.push(Value::from(row.int(0)?));
    }
    let last = from + placed.len() as i64;
    rows::insert(tx, "feed (sender, sequence, kind, ref)", placed, "").await?;
    rows::with_list(tx, "DELETE FROM unsequenced WHERE id IN {}", Vec::new(), done).await?;
    Ok(last)
}

/// Whether this node alone may do what the number stands for, until the transaction ends; a node that dies lets
/// go of it.
pub(super) async fn alone(session: &mut Session, number: i64) -> Result<bool> {
    // SQLite's transaction excludes others by itself.
    if session.either(true, false) {
        return Ok(true);
    }
    let lock = "SELECT CAST(CASE WHEN pg_try_advisory_xact_lock($1) THEN 1 ELSE 0 END AS BIGINT)";
    let row = session.fetch_optional(lock, values![number]).await?;
    Ok(row.map(|row| row.int(0)).transpose()? == Some(1))
}

fn place(row: &Row) -> Result<Place> {
    Ok(Place { sequence: row.int(0)?, kind: row.word(1)?, id: row.id(2)? })
}

/// The number behind a cursor. One of a database that was since restored from a backup is unknown, and not
/// taken for whatever got its number anew.
async fn place_of(session: &mut Session, sender: &str, text: &str) -> Result<i64, FeedError> {
    let octets = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| FeedError::NoCursor)?;
    let number = octets.first_chunk::<8>().filter(|_| octets.len() == CURSOR);
    let sequence = number.map(|number| i64::from_be_bytes(*number)).ok_or(FeedError::NoCursor)?;
    let select = "SELECT ref FROM feed WHERE sender = $1 AND sequence = $2";
    let row = session.fetch_optional(select, values![sender, sequence]).await?;
    let Some(id) = row.map(|row| row.id(0)).transpose()? else {
        let gone = sequence > 0 && sequence <= retention::passed(session, sender).await?;
        return Err(if gone { FeedError::KeptNoLonger } else { FeedError::UnknownCursor });
    };
    if cursor(sender, sequence, id) == text { Ok(sequence) } else { Err(FeedError::UnknownCursor) }
}

/// Octets of a cursor: the number, and what binds it to the entry.
const CURSOR: usize = 16;

fn cursor(sender: &str, sequence: i64, id: Uuid) -> String {
    let bound = Sha256::new().chain_update(id.as_bytes()).chain_update(sender.as_bytes()).finalize();
    let mut octets = [0; CURSOR];
    let (number, check) = octets.split_at_mut(8);
    number.copy_from_slice(&sequence.to_be_bytes());
    check.copy_from_slice(&bound[..8]);
    BASE64URL_NOPAD.encode(&octets)
}
