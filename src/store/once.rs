//! What a call with an Idempotency-Key was answered. The answer is kept in the transaction of the fact that it
//! tells of, so that no crash can do a thing twice, or forget that it was done.
//!
//! Never holds a key or a request in clear: both are the client's own text, so only their HMAC is kept, and the
//! answer is sealed (invariant 12). draft-ietf-httpapi-idempotency-key-header.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::batch::Shared;
use super::database::Commit;
use super::fact::{Fact, RecordError, Recorded};
use super::fault::{Fault, Result};
use super::interned::Interned;
use super::sql::{Session, values};
use super::{Store, StoreError};
use crate::keys::{DataKey, Keys};

/// For how long a call made again is answered as the first time, in microseconds: 24 hours.
const KEPT: i64 = 86_400_000_000;
/// What is purged in one transaction.
const SLICE: u32 = 500;

/// A call that is to be done once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CallKey {
    /// Of credential, method, path and Idempotency-Key.
    pub call: [u8; 32],
    /// Of the body.
    pub request: [u8; 32],
}

/// What a call was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// An HTTP status.
    pub status: u16,
    pub body: Vec<u8>,
}

/// What is known of a call that was made before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repeated {
    Answered(Answer),
    /// The key was used with another body.
    OtherRequest,
}

/// Makes the answer from what was recorded, or from why it was not. Asked inside the transaction and again after
/// it, so it must depend on nothing else.
pub type MakeAnswer = Arc<dyn Fn(Result<&Recorded, &RecordError>) -> Answer + Send + Sync>;

/// How a fact is answered once, ready for the writer.
#[derive(Clone)]
pub(super) struct Once {
    pub key: CallKey,
    pub answer: MakeAnswer,
    pub day: i64,
    pub seal: DataKey,
}

impl fmt::Debug for Once {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Once").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Store {
    /// The key of a call: what names it, part by part, and its body.
    pub fn call_key(&self, call: &[&[u8]], body: &[u8]) -> CallKey {
        let keys = &self.inner.keys;
        CallKey { call: keys.digest("call", call), request: keys.digest("request", &[body]) }
    }

    /// What this call was answered, if it was made within 24 hours.
    pub async fn answered(&self, key: CallKey) -> Result<Option<Repeated>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let now = session.now().await?;
        Ok(find(&mut session, &self.inner.interned, &self.inner.keys, key, now).await?)
    }

    /// Keeps the answer of a call that may be done twice without harm: an erasure, say.
    pub async fn keep_answer(&self, key: CallKey, answer: &Answer) -> Result<(), StoreError> {
        let inner = &self.inner;
        let (day, seal) = inner.interned.key_to_seal(&inner.database, &inner.keys, inner.clock.now()).await?;
        let mut tx = inner.database.begin(Commit::Lazy).await?;
        let now = tx.now().await?;
        if claim(&mut tx, key, day, now).await? {
            write(&mut tx, key, &seal, answer).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Forgets answers older than 24 hours, at most a slice of them. Returns how many.
    pub async fn purge_answers(&self) -> Result<u64, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let before = expiry(tx.now().await?);
        let purge = "DELETE FROM answers WHERE key IN
                     (SELECT key FROM answers WHERE made_at <= $1 ORDER BY made_at LIMIT $2)";
        let purged = tx.execute(purge, values![before, SLICE]).await?;
        tx.commit().await?;
        Ok(purged)
    }

    /// How a fact is answered once; the key that seals the answer is fetched before any transaction.
    pub(super) async fn once(&self, key: CallKey, answer: MakeAnswer) -> Result<Once> {
        let inner = &self.inner;
        let now = inner.clock.now();
        let (day, seal) = inner.interned.key_to_seal(&inner.database, &inner.keys, now).await?;
        Ok(Once { key, answer, day, seal })
    }
}

/// Takes the call for this transaction; what it was answered, if it was made before. Another node that is at the
/// same call is waited for.
pub(super) async fn begin(
    session: &mut Session,
    shared: &Shared,
    fact: &Fact,
    now: Timestamp,
) -> Result<Option<Repeated>> {
    let Some(once) = &fact.once else { return Ok(None) };
    if claim(session, once.key, once.day, now).await? {
        return Ok(None);
    }
    let found = find(session, &shared.interned, &shared.keys, once.key, now).await?;
    found.map(Some).ok_or_else(|| Fault::Conflict("a call's answer vanished".into()))
}

/// Writes the answer beside the fact.
pub(super) async fn finish(
    session: &mut Session,
    fact: &Fact,
    result: &Result<Recorded, RecordError>,
) -> Result<()> {
    let Some(once) = &fact.once else { return Ok(()) };
    let answer = (once.answer)(result.as_ref());
    write(session, once.key, &once.seal, &answer).await
}

/// False if the call was made before.
async fn claim(session: &mut Session, key: CallKey, day: i64, now: Timestamp) -> Result<bool> {
    let outdated = "DELETE FROM answers WHERE key = $1 AND made_at <= $2";
    session.execute(outdated, values![key.call, expiry(now)]).await?;
    let insert = "INSERT INTO answers (key, request, status, day, body, made_at)
                  VALUES ($1, $2, 0, $3, $4, $5) ON CONFLICT (key) DO NOTHING";
    let values = values![key.call, key.request, day, Vec::new(), now];
    Ok(session.execute(insert, values).await? > 0)
}

async fn write(session: &mut Session, key: CallKey, seal: &DataKey, answer: &Answer) -> Result<()> {
    let update = "UPDATE answers SET status = $1, body = $2 WHERE key = $3";
    let body = seal.seal(&answer.body, &context(key));
    session.execute(update, values![i64::from(answer.status), body, key.call]).await.map(drop)
}

async fn find(
    session: &mut Session,
    interned: &Interned,
    keys: &Keys,
    key: CallKey,
    now: Timestamp,
) -> Result<Option<Repeated>> {
    let select = "SELECT request, status, day, body FROM answers WHERE key = $1 AND made_at > $2";
    let row = session.fetch_optional(select, values![key.call, expiry(now)]).await?;
    let Some(row) = row else { return Ok(None) };
    if row.hash(0)? != key.request {
        return Ok(Some(Repeated::OtherRequest));
    }
    let unreadable = || Fault::Unreadable("a call's answer".into());
    let status = u16::try_from(row.int(1)?).map_err(|_| unreadable())?;
    let seal = interned.key_to_open(session, keys, row.int(2)?).await?.ok_or_else(unreadable)?;
    let body = seal.open(row.blob(3)?, &context(key))?;
    Ok(Some(Repeated::Answered(Answer { status, body })))
}

fn expiry(now: Timestamp) -> i64 {
    now.as_microsecond() - KEPT
}

/// Binds an answer to its call.
fn context(key: CallKey) -> Vec<u8> {
    [b"answer:".as_slice(), &key.call].concat()
}
