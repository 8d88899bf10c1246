//! Recorded decisions, to be made again: one with all that it rested on, or all of a time, page by page.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::fault::{Fault, Result};
use super::page::first_at;
use super::spool::parse_kind;
use super::sql::{Row, Session, Value, parse_json, values};
use super::subscriber::{context, parse_address};
use super::verdict;
use super::{Store, StoreError, rows};
use crate::consent::{ConsentState, Event, fold};
use crate::mail::Address;
use crate::policy::decide::{Circumstances, DeliveryKind};
use crate::policy::{Facts, GroundKind, Reason, Verdict, VerdictKind};

/// One decision as it was recorded, and the message that it was on.
#[derive(Clone, Debug)]
pub struct Decision {
    pub delivery: Uuid,
    pub message: Uuid,
    pub kind: DeliveryKind,
    pub sender: String,
    /// `SENDER/NAME`.
    pub credential: String,
    pub received_at: Timestamp,
    /// Of the content as it was submitted.
    pub sha256: [u8; 32],
    /// `None` where the message was not classified, and of our own notifications.
    pub facts: Option<Facts>,
    /// `None` once its key is destroyed or the person erased.
    pub recipient: Option<Address>,
    /// At intake first, then at each claim that decided otherwise.
    pub rounds: Vec<Round>,
}

/// What one round decided, and on what.
#[derive(Clone, Debug)]
pub struct Round {
    /// 0 at intake, else the number of the claim.
    pub number: i64,
    pub at: Timestamp,
    /// `None` of whom nothing was known.
    pub subscriber: Option<Uuid>,
    /// The subscriber's version that the verdict rests on.
    pub version: i64,
    /// What bore on it beside policy and consent.
    pub circumstances: Circumstances,
    /// Hash of the policy set.
    pub policy: Arc<str>,
    pub verdict: Verdict,
}

/// A first decision on mail that was submitted or that we composed, with what it rested on.
#[derive(Clone, Debug)]
pub struct FirstDecision {
    pub delivery: Uuid,
    pub sender: String,
    pub at: Timestamp,
    /// Of `message_facts`; none where the message was not classified.
    pub facts: Option<[u8; 32]>,
    pub policy: String,
    pub verdict: VerdictKind,
    pub reason: Option<Reason>,
    pub ground: Option<GroundKind>,
    pub ground_event: Option<Uuid>,
    /// Tells one person from another, and nothing else.
    pub person: u64,
    pub consent: ConsentThen,
    pub circumstances: Circumstances,
}

/// What was known of a person when a decision was made; read where it is needed.
#[derive(Clone, Debug)]
pub enum ConsentThen {
    Nobody,
    /// Nothing has come since: the projection, as JSON.
    Projected(String),
    /// The history with each event's version, as JSON, and the version that counts.
    History(Arc<Vec<(i64, String)>>, i64),
}

/// A page in the order of arrival.
#[derive(Clone, Debug)]
pub struct FirstDecisions {
    pub decisions: Vec<FirstDecision>,
    /// Where to go on; none at the end.
    pub next: Option<Uuid>,
}

impl ConsentThen {
    /// The state that it rested on; `Unreadable` where a fact is missing or makes no sense.
    pub fn state(&self) -> Result<ConsentState, StoreError> {
        Ok(match self {
            Self::Nobody => ConsentState::default(),
            Self::Projected(text) => parse_json(text)?,
            Self::History(events, version) => {
                let then = events.iter().filter(|(own, _)| own <= version);
                let events = then.map(|(_, text)| parse_json(text)).collect::<Result<Vec<Event>>>()?;
                if events.len() as i64 != *version {
                    return Err(Fault::Unreadable("a history lacks a fact".into()).into());
                }
                fold(&events)
            }
        })
    }
}

impl Store {
    /// One decision by its delivery's id, whoever the sender; `None` if there is none of that id.
    pub async fn decision(&self, id: Uuid) -> Result<Option<Decision>, StoreError> {
        let mut session = self.inner.database.read().await?;
        // Invariant 15: without its sender, for the operator's command alone, as `deliveries` is.
        let select =
            "SELECT d.message, m.kind, m.sender, m.credential, m.received_at, m.sha256, f.body, d.recipient,
                          d.spool_day
                      FROM deliveries d JOIN messages m ON m.id = d.message
                      LEFT JOIN message_facts f ON f.hash = m.facts WHERE d.id = $1";
        let Some(row) = session.fetch_optional(select, values![id]).await? else { return Ok(None) };
        let key = self.inner.interned.key_to_open(&mut session, &self.inner.keys, row.int(8)?).await?;
        let recipient = match (row.opt_blob(7)?, key) {
            (Some(sealed), Some(key)) => {
                let plain = key.open(sealed, &context("recipient", id)).map_err(Fault::from)?;
                Some(parse_address(&plain)?)
            }
            _ => None,
        };
        Ok(Some(Decision {
            delivery: id,
            message: row.id(0)?,
            kind: parse_kind(row.text(1)?)?,
            sender: row.text(2)?.to_owned(),
            credential: row.text(3)?.to_owned(),
            received_at: row.time(4)?,
            sha256: row.hash(5)?,
            facts: row.opt_text(6)?.map(parse_json).transpose()?,
            recipient,
            rounds: verdict::rounds(&mut session, id).await?,
        }))
    }

    /// The decisions on a message, one a recipient, whoever the sender; none where there is no such message.
    pub async fn decisions_on(&self, message: Uuid) -> Result<Vec<Uuid>, StoreError> {
        // Invariant 15: as `decision`, for the operator's command alone.
        let select = "SELECT id FROM deliveries WHERE message = $1 ORDER BY id";
        let rows = self.inner.database.read().await?.fetch(select, values![message]).await?;
        Ok(rows.iter().map(|row| row.id(0)).collect::<Result<_>>()?)
    }

    /// First decisions on such mail from one moment until another, page by page: ids after `after`,
    /// at most `limit` of them. Each page is a statement of its own (and one or two for people of whom more is known
    /// since), so that no reader holds anything up.
    pub async fn first_decisions(
        &self,
        (since, until): (Timestamp, Timestamp),
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<FirstDecisions, StoreError> {
        let mut session = self.inner.database.read().await?;
        let from = after.unwrap_or(Uuid::nil()).max(first_at(since));
        let rows = session.fetch(FIRST, values![from, first_at(until), limit]).await?;
        let full = rows.len() >= limit.max(1) as usize;
        let next = rows.last().filter(|_| full).map(|row| row.id(0)).transpose()?;
        let histories = histories(&mut session, &rows).await?;
        let decided = rows.iter().filter(|row| row.text(10).is_ok_and(|kind| kind != "dsn"));
        let decisions = decided.map(|row| first(row, &histories)).collect::<Result<Vec<_>>>()?;
        Ok(FirstDecisions { decisions, next })
    }

    /// Messages' facts by hash; those that can't be read are left out.
    pub async fn facts_of(
        &self,
        hashes: impl Iterator<Item = [u8; 32]>,
    ) -> Result<HashMap<[u8; 32], Facts>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let select = "SELECT hash, body FROM message_facts WHERE hash IN {}";
        let list = hashes.map(Value::from).collect();
        let mut found = HashMap::new();
        for row in rows::with_list(&mut session, select, Vec::new(), list).await? {
            if let Ok(facts) = row.json(1) {
                found.insert(row.hash(0)?, facts);
            }
        }
        Ok(found)
    }
}

/// The page is cut before anything is joined to it: PostgreSQL might else join all there is.
const FIRST: &str =
    "SELECT v.delivery, v.subscriber, v.version, v.verdict, v.reason, v.ground, v.ground_event,
        v.policy, v.decided_at, m.facts, m.kind, d.lookup_hash, s.version, s.state, v.circumstances, v.sender
    FROM (SELECT delivery, subscriber, version, verdict, reason, ground, ground_event, policy, decided_at, circumstances,
                 sender
          FROM verdicts WHERE delivery > $1 AND delivery < $2 AND round = 0 ORDER BY delivery LIMIT $3) v
    JOIN deliveries d ON d.id = v.delivery
    JOIN messages m ON m.id = d.message
    LEFT JOIN subscribers s ON s.id = v.subscriber
    ORDER BY v.delivery";

type Histories = HashMap<Uuid, Arc<Vec<(i64, String)>>>;

/// Of those people of whom more is known since.
async fn histories(session: &mut Session, page: &[Row]) -> Result<Histories> {
    let mut wanted = BTreeSet::new();
    for row in page {
        if let Some(subscriber) = row.opt_id(1)?
            && row.opt_int(12)? != Some(row.int(2)?)
        {
            wanted.insert(subscriber);
        }
    }
    let select = "SELECT subscriber, version, body FROM consent_events WHERE subscriber IN {}
                  ORDER BY subscriber, version";
    let mut found: HashMap<Uuid, Vec<(i64, String)>> = HashMap::new();
    let list = wanted.into_iter().map(Value::from).collect();
    for row in rows::with_list(session, select, Vec::new(), list).await? {
        found.entry(row.id(0)?).or_default().push((row.int(1)?, row.text(2)?.to_owned()));
    }
    Ok(found.into_iter().map(|(subscriber, events)| (subscriber, Arc::new(events))).collect())
}

fn first(row: &Row, histories: &Histories) -> Result<FirstDecision> {
    let version = row.int(2)?;
    let consent = match row.opt_id(1)? {
        None => ConsentThen::Nobody,
        Some(_) if row.opt_int(12)? == Some(version) => ConsentThen::Projected(row.text(13)?.to_owned()),
        Some(subscriber) => {
            ConsentThen::History(histories.get(&subscriber).cloned().unwrap_or_default(), version)
        }
    };
    Ok(FirstDecision {
        delivery: row.id(0)?,
        sender: row.text(15)?.to_owned(),
        at: row.time(8)?,
        facts: row.opt_blob(9)?.map(|_| row.hash(9)).transpose()?,
        policy: row.text(7)?.to_owned(),
        verdict: row.word(3)?,
        reason: row.opt_word(4)?,
        ground: row.opt_word(5)?,
        ground_event: row.opt_id(6)?,
        // An HMAC: any eight octets of it are as good as chance.
        person: row.hash(11)?.first_chunk().map_or(0, |octets| u64::from_be_bytes(*octets)),
        consent,
        circumstances: verdict::circumstances(row, 14)?,
    })
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

    use super::FIRST;

    #[tokio::test]
    async fn a_page_of_decisions_looks_at_no_row_beside_it() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let schema = include_str!("../../migrations/sqlite/0001_first.sql");
        sqlx::raw_sql(schema).execute(&mut connection).await.unwrap();
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {FIRST}"));
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(explain).fetch_all(&mut connection).await.unwrap();
        let steps: Vec<String> = steps.into_iter().map(|(_, _, _, step)| step).collect();
        let whole = |step: &&String| step.starts_with("SCAN") && !step.ends_with("SCAN v");
        assert_eq!(steps.iter().find(whole), None, "{steps:?}");
        assert!(
            steps
                .iter()
                .any(|step| step.contains("SEARCH verdicts USING PRIMARY KEY (delivery>? AND delivery<?)")),
            "{steps:?}"
        );
        for table in ["d", "m", "s"] {
            let found = steps.iter().any(|step| step.starts_with(&format!("SEARCH {table} USING")));
            assert!(found, "{table}: {steps:?}");
        }
    }
}
