//! What became of marketing, counted for the brakes in steps of ten minutes.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::batch::Shared;
use super::database::Commit;
use super::fault::Result;
use super::rows;
use super::sql::{Session, Value, values};
use super::{Store, StoreError};
use crate::policy::brake::Counted;
use crate::policy::pause::Target;
use crate::spool::Lane;

/// Of a step, in microseconds.
const STEP: i64 = 600_000_000;
/// Steps that are kept: a day more than the longest window.
const KEPT: i64 = 31 * 144;

/// What is counted of a copy that came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tallied {
    Bounced,
    Complained,
}

fn step(at: Timestamp) -> i64 {
    at.as_microsecond().div_euclid(STEP)
}

/// A provider without a dot is a group's name; a domain of its own is too few people to count apart.
const ADD_RELAYED: &str = "INSERT INTO tallies (sender, step, campaign, provider, node, relayed, bounced, complained)
    SELECT l.sender, v.at_step, l.campaign, CASE WHEN l.provider LIKE '%.%' THEN '' ELSE l.provider END, v.by_node,
        CAST(sum(v.number) AS BIGINT), 0, 0
    FROM v JOIN lanes l ON l.id = v.lane WHERE l.stream = 'marketing'
    GROUP BY l.sender, v.at_step, l.campaign, CASE WHEN l.provider LIKE '%.%' THEN '' ELSE l.provider END, v.by_node
    ON CONFLICT (sender, step, campaign, provider, node)
    DO UPDATE SET relayed = tallies.relayed + excluded.relayed RETURNING 1";

/// Counts copies that were relayed, by their lanes.
pub(super) async fn relayed(
    session: &mut Session,
    shared: &Shared,
    lanes: impl Iterator<Item = i64>,
    now: Timestamp,
) -> Result<()> {
    let mut counts = BTreeMap::<i64, i64>::new();
    for lane in lanes {
        *counts.entry(lane).or_default() += 1;
    }
    let row = |(lane, count): (i64, i64)| values![lane, count, step(now), shared.node];
    let rows = counts.into_iter().map(row).collect();
    rows::with_values(session, "lane, number, at_step, by_node", rows, ADD_RELAYED).await.map(drop)
}

/// Counts one that came back.
pub(super) async fn came_back(
    session: &mut Session,
    node: uuid::Uuid,
    lane: &Lane,
    what: Tallied,
    now: Timestamp,
) -> Result<()> {
    let provider = if lane.provider.contains('.') { "" } else { lane.provider.as_str() };
    let one = |own| i64::from(what == own);
    let insert = "INSERT INTO tallies (sender, step, campaign, provider, node, relayed, bounced, complained)
                  VALUES ($1, $2, $3, $4, $5, 0, $6, $7) ON CONFLICT (sender, step, campaign, provider, node)
                  DO UPDATE SET bounced = tallies.bounced + excluded.bounced,
                      complained = tallies.complained + excluded.complained";
    let (sender, campaign) = (lane.sender.as_str(), lane.campaign.as_str());
    let (bounced, complained) = (one(Tallied::Bounced), one(Tallied::Complained));
    let all: Vec<Value> = values![sender, step(now), campaign, provider, node, bounced, complained];
    session.execute(insert, all).await.map(drop)
}

impl Store {
    /// What became of marketing within this time, and since a pause of it was ended last.
    pub async fn counted(&self, target: &Target, within: SignedDuration) -> Result<Counted, StoreError> {
        let mut session = self.inner.database.read().await?;
        let now = session.now().await?;
        let (kind, sender, name) = target.parts();
        let select = "SELECT at FROM resumed WHERE kind = $1 AND sender = $2 AND name = $3";
        let row = session.fetch_optional(select, values![kind, sender, name]).await?;
        let resumed = row.map(|row| row.time(0)).transpose()?;
        let window = now.checked_sub(within).unwrap_or(Timestamp::MIN);
        // What came in the step of the resumption came before it, for the most part.
        let after = resumed.filter(|at| *at > window).map_or(step(window) - 1, step);
        const SUMS: &str = "CAST(coalesce(sum(relayed), 0) AS BIGINT), CAST(coalesce(sum(bounced), 0) AS BIGINT), \
                            CAST(coalesce(sum(complained), 0) AS BIGINT)";
        let (condition, all) = match target {
            Target::Campaign(sender, name) => {
                ("sender = $2 AND campaign = $3", values![after, sender.as_str(), name.as_str()])
            }
            Target::Sender(sender) => ("sender = $2", values![after, sender.as_str()]),
            Target::Provider(name) => ("provider = $2 AND provider <> ''", values![after, name.as_str()]),
        };
        let select = format!("SELECT {SUMS} FROM tallies WHERE step > $1 AND {condition}");
        let row = session.fetch_optional(super::sql::built(select), all).await?;
        let Some(row) = row else { return Ok(Counted::default()) };
        let count = |column| -> Result<u64> { Ok(u64::try_from(row.int(column)?).unwrap_or(0)) };
        Ok(Counted { relayed: count(0)?, bounced: count(1)?, complained: count(2)? })
    }

    /// Forgets what no window reaches. How many rows.
    pub async fn forget_tallies(&self) -> Result<u64, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let before = step(tx.now().await?) - KEPT;
        let forgotten = tx.execute("DELETE FROM tallies WHERE step < $1", values![before]).await?;
        let old = Timestamp::from_microsecond(before.saturating_mul(STEP)).unwrap_or(Timestamp::MIN);
        tx.execute("DELETE FROM resumed WHERE at < $1", values![old]).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
