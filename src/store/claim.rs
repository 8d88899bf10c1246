//! Claims: deliveries taken in hand under a lease, with all that sending them needs. The consent is read in
//! the claim's own transaction, so that a withdrawal committed before it stops the delivery (invariant 3).

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

use super::database::Commit;
use super::fault::{Fault, Result};
use super::limits::{Cap, Draw, Locked};
use super::rows;
use super::spool::{SealedEnvelope, Trace, off_thread_if, parse_kind};
use super::sql::{Row, Session, Tx, Value, parse_json, values};
use super::subscriber::{self, context, parse_address};
use super::verdict::{self, Which};
use super::{Settle, Store, StoreError, Subscriber};
use crate::clock::from_micros;
use crate::keys::{DataKey, LookupHash};
use crate::mail::{Address, MailParameters, RcptParameters};
use crate::policy::decide::DeliveryKind;
use crate::policy::{Facts, Reason, Verdict};
use crate::spool::{Because, Fence, Lane, Outcome, Settlement};

/// A delivery in this node's hands.
#[derive(Clone, Debug)]
pub struct Claim {
    pub fence: Fence,
    pub message: Uuid,
    pub kind: DeliveryKind,
    pub sender: String,
    pub credential: String,
    pub lane: Lane,
    pub envelope_sender: Option<Address>,
    pub recipient: Address,
    pub asked: MailParameters,
    pub asked_for_recipient: RcptParameters,
    pub received_at: Timestamp,
    pub trace: Trace,
    pub content: Bytes,
    pub facts: Option<Facts>,
    /// The verdict at intake.
    pub verdict: Verdict,
    /// Read in the claim's transaction; `Err` where it can't be read: then "later", never a send.
    pub consent: Result<Option<Subscriber>, StoreError>,
    /// How often it was claimed before, holds not counted.
    pub attempts: u32,
    /// What was last heard or last failed.
    pub last_response: Option<String>,
    pub deadline: Timestamp,
    /// Why it waited: `held_by_operator` keeps it from leaving, whatever is decided.
    pub reason: Option<Reason>,
    /// By this node's clock, before the claim began.
    pub claimed_at: Timestamp,
}

/// What one lane asks for: permits and claims are one, so that none is taken that isn't used.
#[derive(Clone, Debug)]
pub struct Ask {
    pub lane: i64,
    /// At most this many.
    pub want: u32,
    /// The upstream by which they are to leave.
    pub upstream: String,
    pub draws: Vec<Draw>,
    pub caps: Vec<Cap>,
}

/// What an ask came to.
#[derive(Clone, Debug, Default)]
pub struct Granted {
    /// How many the limits allowed; as many as were claimed are gone.
    pub permits: u32,
    pub claims: Vec<Claim>,
}

/// `WITH` the rows to take; only PostgreSQL has other nodes whose rows must be skipped. Materialized, because
/// it may else be evaluated twice and claim more than the limit.
macro_rules! claim_sql {
    ($due:literal, $lock:literal) => {
        concat!(
            "WITH due(delivery) AS MATERIALIZED (SELECT id FROM deliveries WHERE state IN ('queued', 'held') AND ",
            $due,
            $lock,
            ") UPDATE deliveries SET state = 'claimed', node = $1, lease_until = $2, upstream = $3, fence = fence + 1,
               attempts = attempts + 1
               FROM due WHERE id = delivery
               RETURNING id, fence, message, sender, lane, lookup_hash, recipient, spool_day, size, attempts, deadline,
               last_response, reason"
        )
    };
}

/// The same statement for SQLite and for PostgreSQL.
macro_rules! claim_both {
    ($due:literal) => {
        (claim_sql!($due, ""), claim_sql!($due, " FOR UPDATE SKIP LOCKED"))
    };
}

pub(super) const DUE: (&str, &str) =
    claim_both!("lane = $4 AND next_attempt_at <= $5 ORDER BY next_attempt_at LIMIT $6");
pub(super) const EXPIRED: (&str, &str) = claim_both!("deadline <= $4 ORDER BY deadline LIMIT $5");

/// How much content one call opens.
const MOST_OCTETS: i64 = 64 << 20;

/// How long a delivery that can't be read is put off: time for somebody to bring the key back.
const UNREADABLE_SECONDS: i64 = 900;

impl Store {
    /// Takes permits and claims as many due deliveries of a lane, in one transaction: no two nodes together
    /// exceed a limit, and a permit is taken only for what is claimed.
    pub async fn claim(&self, ask: &Ask) -> Result<Granted, StoreError> {
        // Before all work: from here on the lease runs and what is read grows old.
        let claimed_at = self.inner.clock.now();
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let limits = Locked::new(&mut tx, &ask.draws, &ask.caps).await?;
        let now = tx.now().await?;
        let permits = limits.free(&mut tx, now.as_microsecond(), ask.want).await?;
        if permits == 0 {
            return Ok(Granted::default());
        }
        let which = values![ask.upstream.as_str(), ask.lane, now, permits];
        let taken = self.take(&mut tx, DUE, which, now).await?;
        if taken.rows.is_empty() {
            return Ok(Granted { permits, claims: Vec::new() });
        }
        let count = u32::try_from(taken.rows.len()).unwrap_or(u32::MAX);
        limits.draw(&mut tx, now.as_microsecond(), count).await?;
        tx.commit().await?;
        Ok(Granted { permits, claims: self.unseal(taken, now, claimed_at).await? })
    }

    /// Claims deliveries past their deadline, whatever their lane's permits.
    pub async fn claim_expired(&self, limit: u32) -> Result<Vec<Claim>, StoreError> {
        let claimed_at = self.inner.clock.now();
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let now = tx.now().await?;
        let taken = self.take(&mut tx, EXPIRED, values![Value::Text(None), now, limit], now).await?;
        tx.commit().await?;
        self.unseal(taken, now, claimed_at).await
    }

    /// Takes rows and reads their people's consent; what is too much for the memory stays as it was.
    async fn take(
        &self,
        tx: &mut Tx,
        (sqlite, postgres): (&'static str, &'static str),
        which: Vec<Value>,
        now: Timestamp,
    ) -> Result<TakenRows> {
        let mut bound = values![self.inner.node, self.lease_from(now)];
        bound.extend(which);
        let sql = tx.either(sqlite, postgres);
        let rows = tx.fetch(sql, bound).await?;
        let rows = rows.iter().map(Taken::read).collect::<Result<Vec<_>>>()?;
        let (rows, too_much) = within_memory(rows);
        let too_much = too_much.into_iter().map(|fence| fence.delivery.into()).collect();
        rows::with_list(tx, UNTAKE, Vec::new(), too_much).await?;
        // Invariant 3: read after the rows are ours, in the same transaction.
        let consent = consent_of_taken(tx, &rows).await?;
        Ok(TakenRows { rows, consent })
    }

    /// Reads and opens what sending needs of what was taken.
    async fn unseal(
        &self,
        taken: TakenRows,
        now: Timestamp,
        claimed_at: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        if taken.rows.is_empty() {
            return Ok(Vec::new());
        }
        let fences: Vec<Fence> = taken.rows.iter().map(|one| one.fence).collect();
        match self.complete(taken.rows, taken.consent, now, claimed_at).await {
            Ok(claims) => Ok(claims),
            Err(error) => {
                // Nobody works on them: not for the length of a lease, if it can be helped.
                let _ = self.give_back(&fences).await;
                Err(error)
            }
        }
    }

    pub(super) fn lease_from(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.inner.lease).unwrap_or(Timestamp::MAX)
    }

    /// Joins what was taken with messages, lanes and verdicts, and opens what is sealed. What can't be opened
    /// is put off: it harms none of the others.
    async fn complete(
        &self,
        taken: Vec<Taken>,
        mut consent: Consents,
        now: Timestamp,
        claimed_at: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let lanes = self.inner.interned.lanes(&mut session, taken.iter().map(|one| one.lane)).await?;
        let mut verdicts =
            verdict::read(&mut session, taken.iter().map(|one| one.fence.delivery), Which::AtIntake).await?;
        let messages = self.messages(&mut session, &taken).await?;
        let mut keys = HashMap::new();
        for day in taken.iter().map(|one| one.day).collect::<BTreeSet<_>>() {
            keys.insert(day, self.inner.interned.key_to_open(&mut session, &self.inner.keys, day).await?);
        }
        drop(session);
        let mut claims = Vec::with_capacity(taken.len());
        let mut unreadable = Vec::new();
        for one in taken {
            let (fence, deadline) = (one.fence, one.deadline);
            let key = keys.get(&one.day).and_then(Option::as_ref);
            let consent = consent.remove(&fence.delivery).unwrap_or(Ok(None)).map_err(StoreError::from);
            let verdict = verdicts.remove(&fence.delivery);
            let parts = Parts {
                key,
                verdict,
                message: messages.get(&one.message),
                lane: lanes.get(&one.lane).map(|(lane, _)| lane),
            };
            match claim(one, parts, consent, claimed_at) {
                Ok(claim) => claims.push(claim),
                Err(fault) => {
                    tracing::error!(delivery = %fence.delivery, error = ?fault, "a delivery can't be read");
                    unreadable.push((fence, deadline));
                }
            }
        }
        for (fence, deadline) in unreadable {
            self.put_off(fence, deadline, now).await?;
        }
        Ok(claims)
    }

    /// Invariant 9: a delivery that can't be read waits, and expires at its deadline.
    async fn put_off(&self, fence: Fence, deadline: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        let settlement = if deadline <= now {
            Settlement::End(Outcome::Expired)
        } else {
            Settlement::Later(from_micros(now.as_microsecond() + UNREADABLE_SECONDS * 1_000_000))
        };
        let response = Some("what the queue holds of it can't be read".to_owned());
        let because = Because { response, reason: None };
        let (verdict, policy, dsn) = (None, "".into(), None);
        self.settle(Settle { fence, settlement, because, verdict, policy, dsn }).await.map(drop)
    }

    async fn messages(
        &self,
        session: &mut Session,
        taken: &[Taken],
    ) -> Result<HashMap<Uuid, Result<Message>>> {
        let ids: BTreeSet<Uuid> = taken.iter().map(|one| one.message).collect();
        let select =
            "SELECT m.id, m.kind, m.credential, m.received_at, f.body, c.spool_day, c.envelope, c.content
                      FROM messages m JOIN contents c ON c.message = m.id
                      LEFT JOIN message_facts f ON f.hash = m.facts WHERE m.id IN {}";
        let rows = rows::with_list(session, select, Vec::new(), ids.into_iter().map(Value::from).collect());
        let mut messages = HashMap::new();
        for row in rows.await? {
            let key = self.inner.interned.key_to_open(session, &self.inner.keys, row.int(5)?).await?;
            messages.insert(row.id(0)?, open_message(&row, key).await);
        }
        Ok(messages)
    }
}

/// Rows that were just claimed, with the consent that was read in the same transaction.
struct TakenRows {
    rows: Vec<Taken>,
    consent: Consents,
}

/// Undoes a claim within its own transaction.
const UNTAKE: &str =
    "UPDATE deliveries SET state = 'queued', node = NULL, lease_until = NULL, attempts = attempts - 1
    WHERE id IN {} RETURNING id";

/// A row that was just claimed.
struct Taken {
    fence: Fence,
    message: Uuid,
    sender: String,
    lane: i64,
    hash: LookupHash,
    recipient: Option<Vec<u8>>,
    day: i64,
    size: i64,
    attempts: i64,
    deadline: Timestamp,
    last_response: Option<String>,
    reason: Option<Reason>,
}

impl Taken {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            fence: Fence { delivery: row.id(0)?, number: row.int(1)? },
            message: row.id(2)?,
            sender: row.text(3)?.to_owned(),
            lane: row.int(4)?,
            hash: LookupHash(row.hash(5)?),
            recipient: row.opt_blob(6)?.map(<[u8]>::to_vec),
            day: row.int(7)?,
            size: row.int(8)?,
            attempts: row.int(9)?,
            deadline: row.time(10)?,
            last_response: row.opt_text(11)?.map(str::to_owned),
            reason: row.opt_word(12)?,
        })
    }
}

/// The consent of each delivery's recipient.
type Consents = HashMap<Uuid, Result<Option<Subscriber>>>;

async fn consent_of_taken(tx: &mut Tx, taken: &[Taken]) -> Result<Consents> {
    let mut by_sender: HashMap<&str, Vec<&Taken>> = HashMap::new();
    for one in taken {
        by_sender.entry(&one.sender).or_default().push(one);
    }
    let mut consents = HashMap::with_capacity(taken.len());
    for (sender, theirs) in by_sender {
        let hashes: BTreeSet<LookupHash> = theirs.iter().map(|one| one.hash).collect();
        let found = subscriber::find(tx, sender, &hashes.into_iter().collect::<Vec<_>>()).await?;
        for one in theirs {
            let consent = found.get(&one.hash).cloned().transpose();
            consents.insert(one.fence.delivery, consent);
        }
    }
    Ok(consents)
}

/// As many as their contents may take of the memory, one at least, and the fences of the rest.
fn within_memory(taken: Vec<Taken>) -> (Vec<Taken>, Vec<Fence>) {
    let mut messages = BTreeSet::new();
    let mut octets = 0;
    let (mut kept, mut rest) = (Vec::with_capacity(taken.len()), Vec::new());
    for one in taken {
        if messages.contains(&one.message) || messages.is_empty() || octets + one.size <= MOST_OCTETS {
            if messages.insert(one.message) {
                octets += one.size;
            }
            kept.push(one);
        } else {
            rest.push(one.fence);
        }
    }
    (kept, rest)
}

/// What the copies of one message share. The content is opened once.
struct Message {
    kind: DeliveryKind,
    credential: String,
    received_at: Timestamp,
    facts: Option<Facts>,
    envelope: SealedEnvelope,
    content: Bytes,
}

async fn open_message(row: &Row, key: Option<DataKey>) -> Result<Message> {
    let id = row.id(0)?;
    let key = key.ok_or_else(|| Fault::Unreadable("the spool key of its day was destroyed".into()))?;
    let envelope = key.open(row.blob(6)?, &context("envelope", id))?;
    let envelope = std::str::from_utf8(&envelope).map_err(|_| Fault::Unreadable("an envelope".into()))?;
    let envelope = parse_json(envelope)?;
    let sealed = row.blob(7)?.to_vec();
    let open = move || key.open(&sealed, &context("content", id));
    let content = off_thread_if(row.blob(7)?.len(), open).await??;
    Ok(Message {
        kind: parse_kind(row.text(1)?)?,
        credential: row.text(2)?.to_owned(),
        received_at: row.time(3)?,
        facts: row.opt_text(4)?.map(parse_json).transpose()?,
        envelope,
        content: content.into(),
    })
}

/// What a claim is put together from.
struct Parts<'a> {
    key: Option<&'a DataKey>,
    verdict: Option<Result<verdict::Recorded>>,
    message: Option<&'a Result<Message>>,
    lane: Option<&'a Lane>,
}

fn claim(
    taken: Taken,
    parts: Parts<'_>,
    consent: Result<Option<Subscriber>, StoreError>,
    claimed_at: Timestamp,
) -> Result<Claim> {
    let missing = |what: &str| Fault::Unreadable(format!("{what} is missing"));
    let message = parts.message.ok_or_else(|| missing("its message"))?.as_ref().map_err(Fault::clone)?;
    let key = parts.key.ok_or_else(|| missing("the spool key of its day"))?;
    let sealed = taken.recipient.as_deref().ok_or_else(|| missing("its recipient"))?;
    let recipient = parse_address(&key.open(sealed, &context("recipient", taken.fence.delivery))?)?;
    let asked_for_recipient = message.envelope.asked_for_each.get(&taken.fence.delivery).cloned();
    Ok(Claim {
        fence: taken.fence,
        message: taken.message,
        kind: message.kind,
        sender: taken.sender,
        credential: message.credential.clone(),
        lane: parts.lane.ok_or_else(|| missing("its lane"))?.clone(),
        envelope_sender: message.envelope.sender.clone(),
        recipient,
        asked: message.envelope.asked.clone(),
        asked_for_recipient: asked_for_recipient.unwrap_or_default(),
        received_at: message.received_at,
        trace: message.envelope.trace.clone(),
        content: message.content.clone(),
        facts: message.facts.clone(),
        verdict: parts.verdict.ok_or_else(|| missing("its verdict"))??.verdict,
        consent,
        attempts: u32::try_from(taken.attempts.saturating_sub(1)).unwrap_or(0),
        last_response: taken.last_response,
        deadline: taken.deadline,
        reason: taken.reason,
        claimed_at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(message: u128, size: i64) -> Taken {
        Taken {
            fence: Fence { delivery: Uuid::from_u128(message), number: size },
            message: Uuid::from_u128(message),
            sender: String::new(),
            lane: 1,
            hash: LookupHash([0; 32]),
            recipient: None,
            day: 0,
            size,
            attempts: 1,
            deadline: Timestamp::MAX,
            last_response: None,
            reason: None,
        }
    }

    #[test]
    fn a_claim_opens_no_more_than_memory_may_hold_but_one_message_at_least() {
        let (kept, rest) =
            within_memory(vec![taken(1, MOST_OCTETS * 2), taken(2, 1), taken(1, MOST_OCTETS * 2)]);
        assert_eq!((kept.len(), rest.len()), (2, 1));
        let half = MOST_OCTETS / 2;
        let (kept, rest) = within_memory(vec![taken(1, half), taken(2, half), taken(3, 1), taken(2, half)]);
        assert_eq!((kept.len(), rest.len()), (3, 1));
    }
}
