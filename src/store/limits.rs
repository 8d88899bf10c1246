//! Permits for the whole cluster, counted where they are granted, by the store's clock: the permits of any
//! window never exceed the limit. Store gone: no permits, no sending.

use std::collections::BTreeMap;

use super::count::Taken;
use super::database::Commit;
use super::fault::Result;
use super::rows;
use super::sql::{Session, Value, values};
use super::{Store, StoreError};
use crate::policy::shaping::{Per, Rate};

/// A draw on one limit: which counter, and how it counts.
#[derive(Clone, Debug)]
pub struct Draw {
    /// The limit's name: all lanes that a limit matches draw on one counter for each of its rates' windows.
    pub counter: String,
    pub rate: Rate,
}

/// The key of a counter's row: one limit may have a pace and a quota. Ordered, since rows are locked in order.
type Key<'a> = (&'a str, &'static str);

impl Store {
    /// Takes up to `want` permits from all these counters at once, in one transaction; what it returns was
    /// taken from each. A paced rate gives a slice of 100 ms at a time at most.
    pub async fn take_permits(&self, draws: &[Draw], want: u32) -> Result<u32, StoreError> {
        let draws = strictest(draws);
        if draws.is_empty() || want == 0 {
            return Ok(want);
        }
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let mut taken = lock(&mut tx, &draws).await?;
        let now = tx.now().await?.as_microsecond();
        let free = |(key, rate): (&Key<'_>, &Rate)| taken.get(key).map_or(0, |taken| taken.free(*rate, now));
        let count = draws.iter().map(free).min().unwrap_or(0).min(want);
        if count > 0 {
            let rows = draws.iter().filter_map(|(key, rate)| {
                let taken = taken.get_mut(key)?;
                taken.take(*rate, now, count);
                Some(values![key.0, key.1, taken.arrival, taken.to_text(), now])
            });
            let update = "UPDATE limits SET tat = arrival, buckets = counts, used_at = at FROM v
                          WHERE limits.counter = v.counter AND limits.per = v.per";
            let columns = "counter, per, arrival, counts, at";
            let rows = rows.collect();
            rows::with_values(&mut tx, columns, rows, update).await?;
            tx.commit().await?;
        }
        Ok(count)
    }
}

/// One rate a row: of two draws on the same, the stricter.
fn strictest(draws: &[Draw]) -> BTreeMap<Key<'_>, Rate> {
    let mut strictest = BTreeMap::new();
    for draw in draws {
        let rate = strictest.entry((draw.counter.as_str(), word(draw.rate.per))).or_insert(draw.rate);
        rate.permits = rate.permits.min(draw.rate.permits);
    }
    strictest
}

/// What was taken from each counter so far, its row locked and made where it is new.
async fn lock<'a>(
    session: &mut Session,
    draws: &BTreeMap<Key<'a>, Rate>,
) -> Result<BTreeMap<Key<'a>, Taken>> {
    let mut taken = select(session, draws).await?;
    if taken.len() < draws.len() {
        let missing = draws.keys().filter(|key| !taken.contains_key(*key));
        let rows = missing.map(|(counter, per)| values![*counter, *per, 0_i64, "", 0_i64]).collect();
        let into = "limits (counter, per, tat, buckets, used_at)";
        rows::insert(session, into, rows, "ON CONFLICT (counter, per) DO NOTHING").await?;
        taken = select(session, draws).await?;
    }
    Ok(taken)
}

async fn select<'a>(
    session: &mut Session,
    draws: &BTreeMap<Key<'a>, Rate>,
) -> Result<BTreeMap<Key<'a>, Taken>> {
    let select = session.either(
        "SELECT l.counter, l.per, l.tat, l.buckets FROM limits l
         JOIN v ON l.counter = v.counter AND l.per = v.per ORDER BY l.counter, l.per",
        "SELECT l.counter, l.per, l.tat, l.buckets FROM limits l
         JOIN v ON l.counter = v.counter AND l.per = v.per ORDER BY l.counter, l.per FOR UPDATE OF l",
    );
    let keys: Vec<Vec<Value>> = draws.keys().map(|(counter, per)| values![*counter, *per]).collect();
    let rows = rows::with_values(session, "counter, per", keys, select).await?;
    let mut taken = BTreeMap::new();
    for row in &rows {
        let (counter, per) = (row.text(0)?, row.text(1)?);
        if let Some(key) = draws.keys().find(|key| **key == (counter, per)) {
            taken.insert(*key, Taken::from_text(row.int(2)?, row.text(3)?)?);
        }
    }
    Ok(taken)
}

fn word(per: Per) -> &'static str {
    match per {
        Per::Second => "second",
        Per::Minute => "minute",
        Per::Hour => "hour",
        Per::Day => "day",
    }
}
