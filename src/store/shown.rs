//! Messages and deliveries as people and programs are shown them.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::fault::{Fault, Result};
use super::sql::{Row, Session, Value, built, parse_json, values};
use super::subscriber::{context, parse_address};
use super::verdict;
use super::{DeliveryPage, Store, StoreError, Tracked, interned, rows};
use crate::mail::Address;
use crate::policy::finding::Found;
use crate::policy::{Facts, Reason, Stream, Verdict};
use crate::spool::{Lane, State};

/// A message as `/v1/messages/{id}` shows it.
#[derive(Clone, Debug)]
pub struct MessageView {
    pub id: Uuid,
    pub received_at: Timestamp,
    pub sender: String,
    pub credential: String,
    pub stream: Option<Stream>,
    pub scope: Option<crate::policy::Scope>,
    pub campaign: Option<String>,
    /// What its content has wrong.
    pub findings: Vec<Found>,
    pub size: u64,
    pub deliveries: Vec<DeliveryView>,
}

/// A delivery as people and programs are shown it.
#[derive(Clone, Debug)]
pub struct DeliveryView {
    pub delivery: Uuid,
    pub message: Uuid,
    pub sender: String,
    pub subscriber: Option<Uuid>,
    /// `None` once its key is destroyed or the person erased.
    pub recipient: Option<Address>,
    pub stream: Option<Stream>,
    pub scope: Option<crate::policy::Scope>,
    pub lane: Lane,
    pub state: State,
    /// The youngest verdict.
    pub verdict: Verdict,
    pub policy: Arc<str>,
    /// The reason of the state: a verdict's, or why it ended.
    pub reason: Option<Reason>,
    pub attempts: u32,
    pub next_attempt_at: Option<Timestamp>,
    pub deadline: Timestamp,
    pub last_response: Option<String>,
    pub ended_at: Option<Timestamp>,
    /// Of a copy that was relayed.
    pub tracked: Option<Tracked>,
}

/// Which deliveries to list. All that is named must hold.
#[derive(Clone, Debug, Default)]
pub struct DeliveryFilter {
    pub deliveries: Vec<Uuid>,
    pub sender: Option<String>,
    /// `Queued` means what people are shown as queued: what is in a worker's hand too.
    pub state: Option<State>,
    pub to: Option<Address>,
    pub campaign: Option<String>,
    pub provider: Option<String>,
    /// Only ids after this one: pages by key.
    pub after: Option<Uuid>,
    /// At most this many; 0 is 1,000.
    pub limit: u32,
}

pub(super) const SELECT: &str =
    "SELECT d.id, d.message, d.sender, d.recipient, d.spool_day, d.state, d.reason, d.attempts,
    d.next_attempt_at, d.deadline, d.last_response, l.sender, l.stream, l.provider, l.campaign, l.credential, f.body,
    d.subscriber, d.ended_at, d.tracking, d.pixels, d.links, d.opaque
    FROM deliveries d LEFT JOIN lanes l ON l.id = d.lane JOIN messages m ON m.id = d.message
    LEFT JOIN message_facts f ON f.hash = m.facts";

/// Of one message and its sender (invariant 15). Asked for the delivery's sender instead, SQLite reads all that this
/// sender ever had.
pub(super) const OF_MESSAGE: &str = " WHERE d.message = $1 AND m.sender = $2 ORDER BY d.id";

/// In the words of the index of open deliveries, so that it can be used.
pub(super) const OPEN: &str = " AND d.state IN ('queued', 'held', 'claimed')";

/// Pages end at this many, whatever is asked for.
const MOST: u32 = 10_000;

impl Store {
    /// A message with all its deliveries; `None` if this sender has none of that id (invariant 15).
    pub async fn message(&self, sender: &str, id: Uuid) -> Result<Option<MessageView>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let select = "SELECT m.received_at, m.credential, m.size, f.body FROM messages m
                      LEFT JOIN message_facts f ON f.hash = m.facts WHERE m.id = $1 AND m.sender = $2";
        let Some(row) = session.fetch_optional(select, values![id, sender]).await? else { return Ok(None) };
        let facts: Option<Facts> = row.opt_text(3)?.map(parse_json).transpose()?;
        let sql = built(format!("{SELECT}{OF_MESSAGE}"));
        let deliveries = session.fetch(sql, values![id, sender]).await?;
        Ok(Some(MessageView {
            id,
            received_at: row.time(0)?,
            sender: sender.to_owned(),
            credential: row.text(1)?.to_owned(),
            stream: facts.as_ref().map(|facts| facts.stream),
            scope: facts.as_ref().and_then(|facts| facts.scope.clone()),
            campaign: facts.as_ref().and_then(|facts| facts.campaign.clone()),
            findings: facts.map(|facts| facts.findings.content).unwrap_or_default(),
            size: u64::try_from(row.int(2)?).unwrap_or(0),
            deliveries: self.views(&mut session, &deliveries).await?,
        }))
    }

    /// In the order of their ids, which is that of their arrival.
    pub async fn deliveries(&self, filter: &DeliveryFilter) -> Result<DeliveryPage, StoreError> {
        let mut session = self.inner.database.read().await?;
        let (conditions, mut values) = self.conditions(filter);
        let limit = if filter.limit == 0 { 1_000 } else { filter.limit.min(MOST) };
        values.push(Value::from(limit));
        let sql = format!("{SELECT} WHERE {conditions} ORDER BY d.id LIMIT ${}", values.len());
        let rows = session.fetch(built(sql), values).await?;
        let last = rows.get(limit.max(1) as usize - 1);
        let next = last.map(|row| row.id(0)).transpose()?;
        Ok(DeliveryPage { deliveries: self.readable_views(&mut session, &rows).await?, next })
    }

    /// What a filter asks for, as conditions over `d` and `l`; constants and placeholders alone.
    pub(super) fn conditions(&self, filter: &DeliveryFilter) -> (String, Vec<Value>) {
        let mut text = String::from("1 = 1");
        let mut values = Vec::new();
        let mut and = |condition: &str, value: Value| {
            values.push(value);
            let _ = write!(text, " AND {condition} ${}", values.len());
        };
        if let Some(sender) = &filter.sender {
            and("d.sender =", sender.as_str().into());
        }
        if let Some(address) = &filter.to {
            and("d.lookup_hash =", self.inner.keys.lookup_hash(address).into());
        }
        if let Some(campaign) = &filter.campaign {
            and("l.campaign =", campaign.as_str().into());
        }
        if let Some(provider) = &filter.provider {
            and("l.provider =", provider.as_str().into());
        }
        if let Some(after) = filter.after {
            and("d.id >", after.into());
        }
        match filter.state {
            Some(State::Queued) => {
                text.push_str(OPEN);
                text.push_str(" AND d.state IN ('queued', 'claimed')");
            }
            Some(state) => {
                if !matches!(state, State::Ended(_)) {
                    text.push_str(OPEN);
                }
                values.push(state.as_str().into());
                let _ = write!(text, " AND d.state = ${}", values.len());
            }
            None => {}
        }
        if !filter.deliveries.is_empty() {
            let list = rows::tuples(values.len() + 1, 1, filter.deliveries.len());
            let _ = write!(text, " AND d.id IN {list}");
            values.extend(filter.deliveries.iter().map(|id| Value::from(*id)));
        }
        (text, values)
    }

    pub(super) async fn views(&self, session: &mut Session, rows: &[Row]) -> Result<Vec<DeliveryView>> {
        let ids = rows.iter().map(|row| row.id(0)).collect::<Result<Vec<_>>>()?;
        let mut verdicts = verdict::read(session, ids.into_iter()).await?;
        let mut keys = HashMap::new();
        for day in rows.iter().map(|row| row.int(4)).collect::<Result<BTreeSet<_>>>()? {
            keys.insert(day, self.inner.interned.key_to_open(session, &self.inner.keys, day).await?);
        }
        let view = |row: &Row| -> Result<DeliveryView> {
            let id = row.id(0)?;
            let missing = || Fault::Unreadable("a delivery has no verdict".into());
            let recorded = verdicts.remove(&id).ok_or_else(missing)?.last()?;
            let recipient = match (row.opt_blob(3)?, keys.get(&row.int(4)?)) {
                (Some(sealed), Some(Some(key))) => {
                    Some(parse_address(&key.open(sealed, &context("recipient", id))?)?)
                }
                _ => None,
            };
            delivery_view(row, recipient, recorded)
        };
        rows.iter().map(view).collect()
    }
}

fn tracked(row: &Row) -> Result<Option<Tracked>> {
    let Some(tracking) = row.opt_word(19)? else { return Ok(None) };
    let count =
        |column: usize| -> Result<u32> { Ok(u32::try_from(row.opt_int(column)?.unwrap_or(0)).unwrap_or(0)) };
    Ok(Some(Tracked { tracking, pixels: count(20)?, links: count(21)?, opaque: count(22)? }))
}

fn delivery_view(row: &Row, recipient: Option<Address>, recorded: verdict::Recorded) -> Result<DeliveryView> {
    let facts: Option<Facts> = row.opt_text(16)?.map(parse_json).transpose()?;
    let state = State::parse(row.text(5)?);
    let state = state.ok_or_else(|| Fault::Unreadable("a delivery's state".into()))?;
    let waits = !matches!(state, State::Ended(_));
    // A lane that nobody used for months is gone; what ended in it stays.
    let lane = match row.opt_text(11)? {
        Some(_) => interned::lane(row, 11)?,
        None => Lane {
            sender: row.text(2)?.to_owned(),
            stream: facts.as_ref().map_or(Stream::Functional, |facts| facts.stream),
            provider: String::new(),
            campaign: facts.as_ref().and_then(|facts| facts.campaign.clone()).unwrap_or_default(),
            credential: String::new(),
        },
    };
    Ok(DeliveryView {
        delivery: row.id(0)?,
        message: row.id(1)?,
        sender: row.text(2)?.to_owned(),
        subscriber: row.opt_id(17)?,
        recipient,
        stream: facts.as_ref().map(|facts| facts.stream),
        scope: facts.and_then(|facts| facts.scope),
        lane,
        state,
        verdict: recorded.verdict,
        policy: recorded.policy,
        reason: row.opt_word(6)?,
        attempts: u32::try_from(row.int(7)?).unwrap_or(0),
        next_attempt_at: if waits { Some(row.time(8)?) } else { None },
        deadline: row.time(9)?,
        last_response: row.opt_text(10)?.map(str::to_owned),
        ended_at: row.opt_time(18)?,
        tracked: tracked(row)?,
    })
}
