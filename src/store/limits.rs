//! Permits for the whole cluster, counted where they are granted, by the store's clock: the permits of any
//! window never exceed the limit. Store gone: no permits, no sending.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::count::Taken;
use super::fault::Result;
use super::queue::in_hand;
use super::rows;
use super::sql::{Session, Tx, Value, values};
use crate::policy::shaping::{LimitMatch, Per, Rate};
use crate::schedule::permits::concurrency_left;

/// A draw on one limit: which counter, and how it counts.
#[derive(Clone, Debug)]
pub struct Draw {
    /// The limit's name: all lanes that a limit matches draw on one counter for each of its rates' windows.
    pub counter: String,
    pub rate: Rate,
}

/// A limit on how many deliveries are in hand at once, over the whole cluster.
#[derive(Clone, Debug)]
pub struct Cap {
    /// The limit's name.
    pub counter: String,
    /// Whose deliveries count.
    pub matches: LimitMatch,
    pub most: u32,
}

/// The key of a counter's row: one limit may have a pace, a quota and a concurrency. Ordered, since rows are
/// locked in order.
type Key<'a> = (&'a str, &'static str);

/// What is left under some limits, their rows locked: whoever draws on one of them waits until we have claimed.
pub(super) struct Locked<'a> {
    draws: BTreeMap<Key<'a>, Rate>,
    caps: &'a [Cap],
    taken: BTreeMap<Key<'a>, Row>,
}

/// A limit's row.
struct Row {
    taken: Taken,
    /// Microseconds.
    used_at: i64,
}

impl<'a> Locked<'a> {
    /// Locks all rows in one order.
    pub async fn new(tx: &mut Tx, draws: &'a [Draw], caps: &'a [Cap]) -> Result<Self> {
        let draws = strictest(draws);
        let hands = caps.iter().map(|cap| (cap.counter.as_str(), HAND));
        let keys: Vec<Key<'a>> = draws.keys().copied().chain(hands).collect();
        let taken = lock(tx, keys).await?;
        Ok(Self { draws, caps, taken })
    }

    /// Quotas get back what was taken for claims of which nothing left: when, and how many.
    pub async fn put_back(&mut self, tx: &mut Tx, unused: &[(Timestamp, u32)]) -> Result<()> {
        if unused.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::new();
        for (key, row) in &mut self.taken {
            let Some(rate) = self.draws.get(key) else { continue };
            unused.iter().for_each(|(at, count)| row.taken.put_back(*rate, at.as_microsecond(), *count));
            rows.push(values![key.0, key.1, row.taken.arrival, row.taken.to_text(), row.used_at]);
        }
        write(tx, rows).await
    }

    /// How many may be claimed now. A paced rate gives a slice of 100 ms at a time at most.
    pub async fn free(&self, tx: &mut Tx, now: i64, want: u32) -> Result<u32> {
        let free =
            |(key, rate): (&Key<'_>, &Rate)| self.taken.get(key).map_or(0, |row| row.taken.free(*rate, now));
        let paced = self.draws.iter().map(free).min().unwrap_or(want).min(want);
        if paced == 0 || self.caps.is_empty() {
            return Ok(paced);
        }
        // Read behind the lock: what others claimed under these limits is committed.
        let hands = in_hand(tx).await?;
        let hands = hands.iter().map(|own| (&own.lane, own.upstream.as_str(), own.count));
        let caps = self.caps.iter().map(|cap| (&cap.matches, cap.most));
        Ok(concurrency_left(caps, hands).map_or(paced, |left| left.min(paced)))
    }

    /// Takes as many permits from each rate as were claimed. They stay taken where a claim is given back, as when
    /// its upstream turns out to be down: too few leave then, never too many, and of a quota no more is lost with an
    /// outage than a node has in hand for that upstream, since one that is down is claimed nothing for. What the
    /// second decision stops is put back.
    pub async fn draw(self, tx: &mut Tx, now: i64, count: u32) -> Result<()> {
        let rows = self.taken.into_iter().filter_map(|(key, mut row)| {
            match self.draws.get(&key) {
                Some(rate) => row.taken.take(*rate, now, count),
                // Nothing is counted there: written just often enough to be seen in use.
                None if row.used_at > now - IDLE / 2 => return None,
                None => {}
            }
            Some(values![key.0, key.1, row.taken.arrival, row.taken.to_text(), now])
        });
        let rows = rows.collect();
        write(tx, rows).await
    }
}

async fn write(session: &mut Session, rows: Vec<Vec<Value>>) -> Result<()> {
    let update = "UPDATE limits SET tat = arrival, buckets = counts, used_at = at FROM v
                  WHERE limits.counter = v.counter AND limits.per = v.per";
    rows::with_values(session, "counter, per, arrival, counts, at", rows, update).await.map(drop)
}

/// The row of a concurrency is there to be locked.
const HAND: &str = "hand";

/// A row that nobody used for so long holds nothing that counts: no window is longer than a day. Microseconds.
const IDLE: i64 = 2 * 86_400_000_000;

/// Removes rows that nobody uses any more. Waits for no claim: locks are taken in one order only by those that
/// wait, and a row that is locked is in use.
pub(super) async fn forget_idle(session: &mut Session, now: i64) -> Result<u64> {
    let forget = session.either(
        "DELETE FROM limits WHERE used_at < $1",
        "WITH idle AS MATERIALIZED (SELECT counter, per FROM limits WHERE used_at < $1 FOR UPDATE SKIP LOCKED)
         DELETE FROM limits l USING idle WHERE l.counter = idle.counter AND l.per = idle.per",
    );
    session.execute(forget, values![now - IDLE]).await
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
async fn lock<'a>(session: &mut Session, keys: Vec<Key<'a>>) -> Result<BTreeMap<Key<'a>, Row>> {
    let mut taken = select(session, &keys).await?;
    let mut missing: Vec<Key<'a>> = keys.iter().copied().filter(|key| !taken.contains_key(key)).collect();
    if !missing.is_empty() {
        missing.sort_unstable();
        missing.dedup();
        let rows = missing.iter().map(|(counter, per)| values![*counter, *per, 0_i64, "", 0_i64]).collect();
        let into = "limits (counter, per, tat, buckets, used_at)";
        rows::insert(session, into, rows, "ON CONFLICT (counter, per) DO NOTHING").await?;
        taken = select(session, &keys).await?;
    }
    Ok(taken)
}

async fn select<'a>(session: &mut Session, keys: &[Key<'a>]) -> Result<BTreeMap<Key<'a>, Row>> {
    let select = session.either(
        "SELECT l.counter, l.per, l.tat, l.buckets, l.used_at FROM limits l
         JOIN v ON l.counter = v.counter AND l.per = v.per ORDER BY l.counter, l.per",
        "SELECT l.counter, l.per, l.tat, l.buckets, l.used_at FROM limits l
         JOIN v ON l.counter = v.counter AND l.per = v.per ORDER BY l.counter, l.per FOR UPDATE OF l",
    );
    let named: Vec<Vec<Value>> = keys.iter().map(|(counter, per)| values![*counter, *per]).collect();
    let rows = rows::with_values(session, "counter, per", named, select).await?;
    let mut taken = BTreeMap::new();
    for row in &rows {
        let (counter, per) = (row.text(0)?, row.text(1)?);
        if let Some(key) = keys.iter().find(|key| **key == (counter, per)) {
            let own = Taken::from_text(row.int(2)?, row.text(3)?)?;
            taken.insert(*key, Row { taken: own, used_at: row.int(4)? });
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
