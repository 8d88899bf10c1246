//! Campaigns: how many messages came in them, the hosts in those that no policy knows, and what became of their
//! deliveries. Nothing here is about a person: numbers, names of campaigns, host names, and a message's id.
//!
//! A campaign without a name is that of messages that name none.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::batch::Shared;
use super::database::Commit;
use super::fault::{Fault, Result};
use super::rows;
use super::sql::{Row, Session, Value, values};
use super::{Store, StoreError};
use crate::policy::Tracking;
use crate::spool::State;

/// So many hosts of a campaign are kept: the oldest stay.
pub const MOST_HOSTS: usize = 200;
/// For so many days a campaign is kept that no message comes in: as long as its lanes.
const KEPT_DAYS: i64 = 90;
const DAY_MICROS: i64 = 86_400_000_000;
/// Campaigns that are removed in one transaction.
const FORGOTTEN: u32 = 100;
/// Campaigns in one list.
const MOST_LISTED: u32 = 1_000;

/// What a host is that no policy knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HostOf {
    /// What looks like an open pixel is loaded from it.
    Pixel,
    /// A link leads there.
    Link,
}

/// A host in a message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnknownHost {
    pub of: HostOf,
    /// In lower case, as A-labels.
    pub host: String,
}

/// A message that came in a campaign.
#[derive(Clone, Debug)]
pub(super) struct CameIn {
    pub sender: String,
    pub campaign: String,
    pub message: Uuid,
    pub hosts: Vec<UnknownHost>,
}

/// All that is known of one campaign.
#[derive(Clone, Debug, Default)]
pub struct CampaignView {
    pub messages: u64,
    /// Of the first message and of the last; none where none came.
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
    /// By state, each once; what a worker has in hand is queued.
    pub deliveries: Vec<(State, u64)>,
    pub copies: Vec<Copies>,
    /// Oldest first.
    pub hosts: Vec<SeenHost>,
}

/// Copies that were relayed, by what was made of their pixels and tracked links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copies {
    pub tracking: Tracking,
    pub copies: u64,
    /// Pixels that were taken out of them, links that were changed, and links that stayed since nothing tells where they
    /// lead.
    pub pixels: u64,
    pub links: u64,
    pub opaque: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenHost {
    pub of: HostOf,
    pub host: String,
    pub first_at: Timestamp,
    /// The first message that had it.
    pub message: Uuid,
}

/// A campaign in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignLine {
    pub campaign: String,
    pub messages: u64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl HostOf {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pixel => "pixel",
            Self::Link => "link",
        }
    }

    fn parse(text: &str) -> Result<Self> {
        match text {
            "pixel" => Ok(Self::Pixel),
            "link" => Ok(Self::Link),
            _ => Err(Fault::Unreadable("what a host is".into())),
        }
    }
}

/// The end of an index on deliveries that ended, so that no row is looked at.
pub(super) const ENDED: &str =
    "SELECT d.state, d.tracking, count(*), CAST(coalesce(sum(d.pixels), 0) AS BIGINT),
        CAST(coalesce(sum(d.links), 0) AS BIGINT), CAST(coalesce(sum(d.opaque), 0) AS BIGINT)
    FROM lanes l JOIN deliveries d ON d.lane = l.id AND d.ended_at IS NOT NULL
    WHERE l.sender = $1 AND l.campaign = $2 AND l.kind = 'submitted'
    GROUP BY d.state, d.tracking ORDER BY d.state, d.tracking";
pub(super) const WAITING: &str = "SELECT d.state, count(*)
    FROM lanes l JOIN deliveries d ON d.lane = l.id AND d.state IN ('queued', 'held')
    WHERE l.sender = $1 AND l.campaign = $2 AND l.kind = 'submitted' GROUP BY d.state ORDER BY d.state";
pub(super) const IN_HAND: &str = "SELECT count(*)
    FROM lanes l JOIN deliveries d ON d.lane = l.id AND d.state = 'claimed'
    WHERE l.sender = $1 AND l.campaign = $2 AND l.kind = 'submitted'";

impl Store {
    /// One campaign of a sender; `None` if nothing is known of one of that name (invariant 15).
    pub async fn campaign(&self, sender: &str, campaign: &str) -> Result<Option<CampaignView>, StoreError> {
        let mut session = self.inner.database.read().await?;
        let named = || values![sender, campaign];
        let select = "SELECT CAST(coalesce(sum(messages), 0) AS BIGINT), min(first_at), max(last_at)
                      FROM campaigns WHERE sender = $1 AND campaign = $2";
        let mut view = CampaignView::default();
        if let Some(row) = session.fetch_optional(select, named()).await? {
            view.messages = number(&row, 0)?;
            (view.first_at, view.last_at) = (row.opt_time(1)?, row.opt_time(2)?);
        }
        let mut deliveries: BTreeMap<&'static str, (State, u64)> = BTreeMap::new();
        let mut add = |state: State, count: u64| {
            deliveries.entry(state.as_str()).or_insert((state, 0)).1 += count;
        };
        for row in session.fetch(WAITING, named()).await? {
            add(state(&row)?, number(&row, 1)?);
        }
        if let Some(row) = session.fetch_optional(IN_HAND, named()).await? {
            let in_hand = number(&row, 0)?;
            if in_hand > 0 {
                add(State::Queued, in_hand);
            }
        }
        for row in session.fetch(ENDED, named()).await? {
            add(state(&row)?, number(&row, 2)?);
            if let Some(tracking) = row.opt_word(1)? {
                view.copies.push(Copies {
                    tracking,
                    copies: number(&row, 2)?,
                    pixels: number(&row, 3)?,
                    links: number(&row, 4)?,
                    opaque: number(&row, 5)?,
                });
            }
        }
        view.deliveries = deliveries.into_values().collect();
        let select = "SELECT kind, host, first_at, message FROM campaign_hosts
                      WHERE sender = $1 AND campaign = $2 ORDER BY first_at, kind, host";
        for row in session.fetch(select, named()).await? {
            view.hosts.push(SeenHost {
                of: HostOf::parse(row.text(0)?)?,
                host: row.text(1)?.to_owned(),
                first_at: row.time(2)?,
                message: row.id(3)?,
            });
        }
        let is_known = view.messages > 0 || !view.deliveries.is_empty();
        Ok(is_known.then_some(view))
    }

    /// A sender's campaigns, the youngest first; those that nothing came in for months are forgotten.
    pub async fn campaigns(&self, sender: &str) -> Result<Vec<CampaignLine>, StoreError> {
        let select = "SELECT campaign, CAST(sum(messages) AS BIGINT), min(first_at), max(last_at)
                      FROM campaigns WHERE sender = $1 GROUP BY campaign
                      ORDER BY max(last_at) DESC, campaign LIMIT $2";
        let rows = self.inner.database.read().await?.fetch(select, values![sender, MOST_LISTED]).await?;
        let line = |row: &Row| -> Result<CampaignLine> {
            Ok(CampaignLine {
                campaign: row.text(0)?.to_owned(),
                messages: number(row, 1)?,
                first_at: row.time(2)?,
                last_at: row.time(3)?,
            })
        };
        Ok(rows.iter().map(line).collect::<Result<_>>()?)
    }

    /// Removes campaigns that no message came in for months, in slices. How many there were.
    pub async fn forget_old_campaigns(&self) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let mut tx = self.inner.database.begin(Commit::Lazy).await?;
            let now = tx.now().await?;
            let slice = forget(&mut tx, now.as_microsecond() - KEPT_DAYS * DAY_MICROS).await?;
            tx.commit().await?;
            forgotten += slice;
            if slice < u64::from(FORGOTTEN) {
                return Ok(forgotten);
            }
        }
    }
}

async fn forget(session: &mut Session, before: i64) -> Result<u64> {
    let select = "SELECT DISTINCT c.sender, c.campaign FROM campaigns c WHERE c.last_at < $1 AND NOT EXISTS (
            SELECT 1 FROM campaigns n WHERE n.sender = c.sender AND n.campaign = c.campaign AND n.last_at >= $1)
        LIMIT $2";
    let old = session.fetch(select, values![before, FORGOTTEN]).await?;
    for row in &old {
        let (sender, campaign) = (row.text(0)?, row.text(1)?);
        let hosts = "DELETE FROM campaign_hosts WHERE sender = $1 AND campaign = $2";
        session.execute(hosts, values![sender, campaign]).await?;
        let rows = "DELETE FROM campaigns WHERE sender = $1 AND campaign = $2 AND last_at < $3";
        session.execute(rows, values![sender, campaign, before]).await?;
    }
    Ok(old.len() as u64)
}

/// Counts messages in their campaigns, and keeps the hosts that are new there. Gives what is to be remembered once this
/// is committed, so that the hosts of a campaign are asked for once a day and not with each of its messages.
pub(super) async fn count(
    session: &mut Session,
    shared: &Shared,
    all: &[&CameIn],
    now: Timestamp,
) -> Result<Vec<[u8; 32]>> {
    let mut counted: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let mut hosts: BTreeMap<(&str, &str), BTreeMap<&UnknownHost, Uuid>> = BTreeMap::new();
    let mut remembered = Vec::new();
    for one in all {
        let campaign = (one.sender.as_str(), one.campaign.as_str());
        *counted.entry(campaign).or_default() += 1;
        for host in &one.hosts {
            let known = memory(campaign, host, now);
            if !shared.interned.knows_text(&known) {
                hosts.entry(campaign).or_default().entry(host).or_insert(one.message);
                remembered.push(known);
            }
        }
    }
    let row = |((sender, campaign), messages): ((&str, &str), i64)| {
        values![sender, campaign, shared.node, messages, now, now]
    };
    let into = "campaigns (sender, campaign, node, messages, first_at, last_at)";
    let add = "ON CONFLICT (sender, campaign, node) DO UPDATE
               SET messages = campaigns.messages + excluded.messages, last_at = excluded.last_at";
    rows::insert(session, into, counted.into_iter().map(row).collect(), add).await?;
    for (campaign, found) in hosts {
        keep(session, campaign, found, now).await?;
    }
    Ok(remembered)
}

/// As many of the new hosts as there is room for.
async fn keep(
    session: &mut Session,
    (sender, campaign): (&str, &str),
    found: BTreeMap<&UnknownHost, Uuid>,
    now: Timestamp,
) -> Result<()> {
    let select = "SELECT kind, host FROM campaign_hosts WHERE sender = $1 AND campaign = $2";
    let rows = session.fetch(select, values![sender, campaign]).await?;
    let kept = rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect::<Result<BTreeSet<_>>>()?;
    let new = found.into_iter().filter(|(own, _)| !kept.contains(&(own.of.as_str(), own.host.as_str())));
    let row = |(own, message): (&UnknownHost, Uuid)| {
        values![sender, campaign, own.of.as_str(), own.host.as_str(), message, now]
    };
    let new: Vec<Vec<Value>> = new.take(MOST_HOSTS.saturating_sub(kept.len())).map(row).collect();
    let into = "campaign_hosts (sender, campaign, kind, host, message, first_at)";
    let unless = "ON CONFLICT (sender, campaign, kind, host) DO NOTHING";
    rows::insert(session, into, new, unless).await.map(drop)
}

/// What a node remembers of a host for a day.
fn memory((sender, campaign): (&str, &str), host: &UnknownHost, now: Timestamp) -> [u8; 32] {
    let day = now.as_microsecond().div_euclid(DAY_MICROS).to_be_bytes();
    let mut digest = Sha256::new();
    for part in ["campaign host", sender, campaign, host.of.as_str(), host.host.as_str()] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.chain_update(day).finalize().into()
}

fn number(row: &Row, column: usize) -> Result<u64> {
    Ok(u64::try_from(row.int(column)?).unwrap_or(0))
}

fn state(row: &Row) -> Result<State> {
    State::parse(row.text(0)?).ok_or_else(|| Fault::Unreadable("a delivery's state".into()))
}

#[cfg(test)]
mod tests {
    use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

    use super::{ENDED, IN_HAND, WAITING};

    #[tokio::test]
    async fn a_campaign_is_counted_by_its_lanes_and_no_row_is_read() {
        let mut connection = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let schema = include_str!("../../migrations/sqlite/0001_first.sql");
        sqlx::raw_sql(schema).execute(&mut connection).await.unwrap();
        for (query, index) in [
            (ENDED, "deliveries_ended_of_lane"),
            (WAITING, "deliveries_due"),
            (IN_HAND, "deliveries_claimed"),
        ] {
            let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {query}"));
            let steps: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(explain).fetch_all(&mut connection).await.unwrap();
            let steps: Vec<String> = steps.into_iter().map(|(.., step)| step).collect();
            let has = |start: &str| steps.iter().any(|step| step.starts_with(start));
            assert!(
                has("SEARCH l USING") && steps.iter().any(|step| step.contains("lanes_of_campaign")),
                "{steps:?}"
            );
            assert!(steps.iter().any(|step| step.contains(index)), "{steps:?}");
            assert!(!has("SCAN"), "{steps:?}");
        }
        let covering = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {ENDED}"));
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(covering).fetch_all(&mut connection).await.unwrap();
        assert!(
            steps.iter().any(|(.., step)| step.contains("COVERING INDEX deliveries_ended_of_lane")),
            "{steps:?}"
        );
    }
}
