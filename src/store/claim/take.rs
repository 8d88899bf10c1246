//! Which rows a claim takes, and the consent of their people, all in its own transaction.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use crate::keys::LookupHash;
use crate::policy::Reason;
use crate::policy::confirmation::AskedBefore;
use crate::policy::decide::Records;
use crate::policy::holds::Earlier;
use crate::policy::pause::Pauses;
use crate::spool::Fence;
use crate::store::fault::Result;
use crate::store::sql::{Row, Tx, Value, values};
use crate::store::{Place, Store, Subscriber, pause, rows, subscriber};

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
               last_response, reason, subscriber"
        )
    };
}

/// The same statement for SQLite and for PostgreSQL.
macro_rules! claim_both {
    ($due:literal) => {
        (claim_sql!($due, ""), claim_sql!($due, " FOR UPDATE SKIP LOCKED"))
    };
}

pub(in crate::store) const DUE: (&str, &str) =
    claim_both!("lane = $4 AND next_attempt_at <= $5 ORDER BY next_attempt_at LIMIT $6");
pub(in crate::store) const EXPIRED: (&str, &str) = claim_both!("deadline <= $4 ORDER BY deadline LIMIT $5");

/// How much content one call opens.
const MOST_OCTETS: i64 = 64 << 20;

impl Store {
    /// Takes rows and reads their people's consent; what is too much for the memory stays as it was.
    pub(super) async fn take(
        &self,
        tx: &mut Tx,
        (sqlite, postgres): (&'static str, &'static str),
        which: Vec<Value>,
        now: Timestamp,
    ) -> Result<TakenRows> {
        let before = self.inner.watch.before();
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
        // Invariant 14: and from a database that has all noes, or marketing waits.
        let records = match rows.is_empty() {
            true => self.records(),
            false => self.records_since(&before, tx).await?,
        };
        let pauses = if rows.is_empty() { Pauses::default() } else { pause::read(tx).await? };
        let (earlier, asked_before, places) = (HashMap::new(), HashMap::new(), HashMap::new());
        Ok(TakenRows { rows, consent, records, pauses, earlier, asked_before, places })
    }
}

/// Rows that were just claimed, with the consent that was read in the same transaction.
pub(in crate::store) struct TakenRows {
    pub rows: Vec<Taken>,
    pub consent: Consents,
    pub records: Records,
    pub pauses: Pauses,
    /// What each delivery's person was sent before, where it was asked for.
    pub earlier: HashMap<Uuid, Vec<Earlier>>,
    /// What asked it to confirm before, likewise.
    pub asked_before: HashMap<Uuid, Vec<AskedBefore>>,
    /// Of domains that warm up.
    pub places: HashMap<Uuid, Place>,
}

/// Undoes a claim within its own transaction.
const UNTAKE: &str =
    "UPDATE deliveries SET state = 'queued', node = NULL, lease_until = NULL, attempts = attempts - 1
    WHERE id IN {} RETURNING id";

/// A row that was just claimed.
pub(in crate::store) struct Taken {
    pub fence: Fence,
    pub message: Uuid,
    pub sender: String,
    pub lane: i64,
    pub hash: LookupHash,
    pub recipient: Option<Vec<u8>>,
    pub day: i64,
    pub size: i64,
    pub attempts: i64,
    pub deadline: Timestamp,
    pub last_response: Option<String>,
    pub reason: Option<Reason>,
    pub subscriber: Option<Uuid>,
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
            subscriber: row.opt_id(13)?,
        })
    }
}

/// The consent of each delivery's recipient.
pub(in crate::store) type Consents = HashMap<Uuid, Result<Option<Subscriber>>>;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(message: u128, size: i64) -> Taken {
        Taken {
            subscriber: None,
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
