//! Settling: what a claim came to is written down, while its fence is still the row's. The content goes with
//! the message's last open delivery.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::batch::Shared;
use super::confirmations;
use super::fact::{self, Fact, NewFact};
use super::fault::Result;
use super::interned::Texts;
use super::rows;
use super::spool::{Spooling, forget_erased};
use super::sql::{Session, Value, values};
use super::tally;
use super::verdict::{self, About};
use super::{NewMessage, Store, StoreError};
use crate::clock::from_micros;
use crate::journal::No;
use crate::policy::decide::Circumstances;
use crate::policy::{Reason, Tracking, Verdict};
use crate::spool::{Because, Fence, Outcome, Settlement, State};

/// What a claim came to, to be written down.
#[derive(Clone, Debug)]
pub struct Settle {
    pub fence: Fence,
    pub settlement: Settlement,
    pub because: Because,
    /// The second verdict, where it differs from the one recorded last.
    pub verdict: Option<Redecided>,
    /// The policy set behind the second verdict.
    pub policy: Arc<str>,
    /// The DSN that tells of it, spooled in the same transaction.
    pub dsn: Option<NewMessage>,
    /// Of a mail that asked to confirm.
    pub confirmation: Option<SentConfirmation>,
    /// Of a copy that was relayed.
    pub tracked: Option<Tracked>,
}

/// What was made of pixels and tracked links in a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Tracked {
    #[serde(rename = "verdict")]
    pub tracking: Tracking,
    /// Pixels that were taken out.
    #[serde(rename = "pixels_taken_out")]
    pub pixels: u32,
    /// Links that were changed.
    #[serde(rename = "links_changed")]
    pub links: u32,
    /// Links that stayed, since nothing tells where they lead.
    #[serde(rename = "opaque_links_left")]
    pub opaque: u32,
}

/// A mail that asked to confirm, which the upstream has taken: from then on it counts under the limits.
#[derive(Clone, Debug)]
pub struct SentConfirmation {
    /// That it was sent, recorded in the same transaction; none where it held no link of ours.
    pub fact: Option<NewFact>,
}

/// What a claim decided, and on what.
#[derive(Clone, Debug)]
pub struct Redecided {
    pub verdict: Verdict,
    pub at: Timestamp,
    /// The subscriber, and the version that it rests on; `None` of whom nothing was known.
    pub person: Option<(Uuid, i64)>,
    pub circumstances: Circumstances,
}

/// Whether a settlement took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    Done,
    /// The lease went to another worker; nothing was changed.
    Fenced,
}

/// A settlement, ready for the writer.
pub(super) struct Settling {
    fence: Fence,
    settlement: Settlement,
    because: Because,
    verdict: Option<Box<([u8; 32], Redecided)>>,
    policy: Arc<str>,
    pub rulings: Texts,
    pub dsn: Option<Box<Spooling>>,
    confirmation: Option<Option<Box<Fact>>>,
    tracked: Option<Tracked>,
}

impl Settling {
    pub fn size(&self) -> usize {
        1024 + self.dsn.as_ref().map_or(0, |dsn| dsn.size)
    }

    /// The fact that is recorded if it is settled.
    pub fn fact(&self) -> Option<&Fact> {
        self.confirmation.as_ref()?.as_deref()
    }

    pub fn is_held_for(&self, reason: Reason) -> bool {
        matches!(self.settlement, Settlement::Hold(_)) && self.because.reason == Some(reason)
    }

    fn ends(&self) -> bool {
        matches!(self.settlement, Settlement::End(_))
    }
}

impl Store {
    /// Writes an outcome down, batched; drops the message's content with its last delivery. `Later` and `Hold`
    /// wait until the deadline at most; a hold does not count as an attempt.
    pub async fn settle(&self, settle: Settle) -> Result<Settled, StoreError> {
        let dsn = match settle.dsn {
            Some(dsn) => Some(Box::new(self.prepare(vec![dsn]).await?)),
            None => None,
        };
        let mut rulings = Texts::new();
        let verdict = settle.verdict.map(|redecided| {
            let (hash, text) = verdict::ruling(&redecided.verdict);
            rulings.insert(hash, text);
            Box::new((hash, redecided))
        });
        let confirmation =
            settle.confirmation.map(|sent| sent.fact.map(|fact| Box::new(self.fact(fact, None))));
        let Settle { fence, settlement, mut because, policy, tracked, .. } = settle;
        because.response = because.response.as_deref().map(printable);
        let settling =
            Settling { fence, settlement, because, verdict, policy, rulings, dsn, confirmation, tracked };
        self.inner.writer.settle(settling).await
    }
}

/// A text of the upstream's as a column takes it: PostgreSQL refuses NUL, and what can't be written down would be
/// sent again and again.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Settles what is still in this node's hands under its fence.
pub(super) async fn apply(
    session: &mut Session,
    shared: &Shared,
    settles: &[&Settling],
    now: Timestamp,
) -> Result<Vec<Settled>> {
    // The same claim settled twice at once: the first counts.
    let mut seen = HashSet::with_capacity(settles.len());
    let first: Vec<bool> = settles.iter().map(|settling| seen.insert(settling.fence)).collect();
    let firsts = settles.iter().zip(&first).filter(|(_, first)| **first);
    let rows = firsts.map(|(settling, _)| row(settling, shared.node, now)).collect();
    let changed = rows::with_values(session, COLUMNS, rows, UPDATE).await?;
    let mut done = HashMap::with_capacity(changed.len());
    for row in &changed {
        done.insert(Fence { delivery: row.id(0)?, number: row.int(1)? }, row);
    }
    let mut settled = Vec::with_capacity(settles.len());
    let (mut ended, mut asked, mut relayed) = (Vec::new(), Vec::new(), Vec::new());
    for (settling, first) in settles.iter().zip(first) {
        let Some(row) = done.get(&settling.fence).filter(|_| first) else {
            settled.push(Settled::Fenced);
            continue;
        };
        settled.push(Settled::Done);
        if let Some((hash, redecided)) = settling.verdict.as_deref() {
            insert_verdict(session, settling, *hash, redecided, row.text(2)?).await?;
        }
        if settling.ends() {
            ended.push(settling.fence.delivery);
        }
        if settling.settlement == Settlement::End(Outcome::Relayed) {
            relayed.push(row.int(5)?);
        }
        if settling.confirmation.is_some() && settling.settlement == Settlement::End(Outcome::Relayed) {
            asked.push(settling.fence.delivery.into());
        }
    }
    confirmations::sent(session, asked, now).await?;
    tally::relayed(session, shared, relayed.into_iter(), now).await?;
    forget_erased(session, ended.into_iter()).await?;
    Ok(settled)
}

/// Records that mails which asked to confirm were sent, of those that were settled; in the order of the people, as their
/// rows are locked. Of who was erased meanwhile nothing is.
pub(super) async fn record_sent(
    session: &mut Session,
    shared: &Shared,
    settles: &[&Settling],
    settled: &[Settled],
    now: Timestamp,
    noes: &mut Vec<No>,
) -> Result<()> {
    let done = settles.iter().zip(settled).filter(|(_, settled)| **settled == Settled::Done);
    let mut facts: Vec<&Fact> = done.filter_map(|(settling, _)| settling.fact()).collect();
    facts.sort_by_cached_key(|fact| fact::person(shared, fact));
    for fact in facts {
        let _ = fact::apply(session, shared, fact, now, noes).await?;
    }
    Ok(())
}

const COLUMNS: &str = "delivery, held_fence, held_node, new_state, next_at, response, new_reason, end_at, uncounted, \
                       made_of_tracking, pixels_out, links_out, opaque_left";
const UPDATE: &str = "UPDATE deliveries
    SET state = new_state, node = NULL, lease_until = NULL, reason = new_reason,
        next_attempt_at = CASE WHEN next_at IS NULL THEN next_attempt_at
                               WHEN next_at < deadline THEN next_at ELSE deadline END,
        last_response = CASE WHEN response IS NULL THEN last_response ELSE response END,
        attempts = attempts - uncounted, ended_at = end_at,
        tracking = made_of_tracking, pixels = pixels_out, links = links_out, opaque = opaque_left
    FROM v
    WHERE id = delivery AND fence = held_fence AND node = held_node AND state = 'claimed'
    RETURNING id, fence, sender, subscriber, lookup_hash, lane";

fn row(settling: &Settling, node: Uuid, now: Timestamp) -> Vec<Value> {
    let (state, next, ended, uncounted) = match settling.settlement {
        Settlement::End(outcome) => (State::Ended(outcome), None, Some(now), 0),
        Settlement::Later(at) => (State::Queued, Some(at), None, 0),
        // Never at once: whatever is wrong with the time that it was given, nobody runs in circles.
        Settlement::Hold(at) => (State::Held, Some(at.max(soon(now))), None, 1),
    };
    let tracked = settling.tracked.filter(|_| settling.ends());
    values![
        settling.fence.delivery,
        settling.fence.number,
        node,
        state.as_str(),
        next,
        settling.because.response.as_deref(),
        settling.because.reason.map(|reason| reason.as_str()),
        ended,
        i64::from(uncounted),
        tracked.map(|own| own.tracking.as_str()),
        tracked.map(|own| i64::from(own.pixels)),
        tracked.map(|own| i64::from(own.links)),
        tracked.map(|own| i64::from(own.opaque)),
    ]
}

fn soon(now: Timestamp) -> Timestamp {
    from_micros(now.as_microsecond().saturating_add(1_000_000))
}

async fn insert_verdict(
    session: &mut Session,
    settling: &Settling,
    ruling: [u8; 32],
    redecided: &Redecided,
    sender: &str,
) -> Result<()> {
    let about = About {
        delivery: settling.fence.delivery,
        round: settling.fence.number,
        sender,
        subscriber: redecided.person.map(|(id, _)| id),
        version: redecided.person.map_or(0, |(_, version)| version),
        policy: &settling.policy,
        at: redecided.at,
        circumstances: &redecided.circumstances,
    };
    let row = verdict::row(&about, &redecided.verdict, ruling);
    rows::insert(session, verdict::INTO, vec![row], "").await.map(drop)
}

/// Removes the contents of messages whose last open delivery ended in this batch. Invariant 12.
pub(super) async fn drop_contents(
    session: &mut Session,
    settles: &[&Settling],
    settled: &[Settled],
) -> Result<()> {
    let ended = settles.iter().zip(settled).filter(|(one, settled)| one.ends() && **settled == Settled::Done);
    drop_unneeded(session, ended.map(|(one, _)| one.fence.delivery.into()).collect()).await
}

/// Removes the contents that only these deliveries, ended now, still needed.
pub(super) async fn drop_unneeded(session: &mut Session, ended: Vec<Value>) -> Result<()> {
    // Two nodes that end the last two deliveries of one message at the same moment would each still see the
    // other's as open: the content's row lock makes the second one look after the first has committed.
    if session.either(false, true) {
        let lock = "SELECT message FROM contents
                    WHERE message IN (SELECT message FROM deliveries WHERE id IN {})
                    ORDER BY message FOR UPDATE";
        rows::with_list(session, lock, Vec::new(), ended.clone()).await?;
    }
    let drop_unneeded = "DELETE FROM contents
        WHERE message IN (SELECT message FROM deliveries WHERE id IN {})
        AND NOT EXISTS (SELECT 1 FROM deliveries
            WHERE deliveries.message = contents.message AND state IN ('queued', 'held', 'claimed'))";
    rows::with_list(session, drop_unneeded, Vec::new(), ended).await.map(drop)
}
