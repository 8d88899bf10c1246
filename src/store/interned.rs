//! What many rows share: lanes, the day's spool key, and texts stored once by hash. Remembered in memory,
//! within bounds, so that the writer's transactions need not look them up.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Mutex;

use jiff::Timestamp;

use super::database::{Commit, Database};
use super::fault::{Fault, Result};
use super::rows;
use super::spool::{parse_kind, word};
use super::sql::{Row, Session, Value, values};
use crate::keys::{DataKey, Keys};
use crate::policy::decide::DeliveryKind;
use crate::spool::Lane;

/// The most entries of each kind that are remembered: domains and campaigns come from outside.
const MOST: usize = 20_000;

/// The memory. Empty at start and whenever it is full.
#[derive(Default)]
pub(super) struct Interned {
    /// With the day on which the lane was last known to be kept.
    lanes: Mutex<HashMap<LaneOf, (i64, i64)>>,
    names: Mutex<HashMap<i64, LaneOf>>,
    days: Mutex<HashMap<i64, DataKey>>,
    texts: Mutex<HashSet<[u8; 32]>>,
}

/// A lane, and whose mail waits in it: not every upstream takes our own notifications.
pub(super) type LaneOf = (Lane, DeliveryKind);

/// A lane's id is its class times this, and a number.
pub(super) const CLASS: i64 = 1 << 40;

/// For so many days a lane is kept that nobody uses: longer than any node remembers it, and for as long as
/// people ask what became of a campaign.
const LANE_DAYS: i64 = 90;
const DAY_MICROS: i64 = 86_400_000_000;

/// Texts by their SHA-256, in an order that keeps two nodes from waiting for each other.
pub(super) type Texts = BTreeMap<[u8; 32], String>;

impl Interned {
    /// The id of each lane, made where it is new. A lane's row is touched once a day, so that it is kept.
    pub async fn lane_ids(
        &self,
        database: &Database,
        lanes: &[Lane],
        kind: DeliveryKind,
        now: Timestamp,
    ) -> Result<Vec<i64>> {
        let day = now.as_microsecond().div_euclid(DAY_MICROS);
        let lanes: Vec<LaneOf> = lanes.iter().map(|lane| (lane.clone(), kind)).collect();
        let known = |lane: &LaneOf| {
            locked(&self.lanes).get(lane).and_then(|(id, kept)| (*kept == day).then_some(*id))
        };
        let missing: BTreeSet<&LaneOf> = lanes.iter().filter(|lane| known(lane).is_none()).collect();
        let mut made = HashMap::new();
        if !missing.is_empty() {
            let mut tx = database.begin(Commit::Lazy).await?;
            for lane in missing {
                made.insert(lane.clone(), (lane_id(&mut tx, lane, now).await?, day));
            }
            tx.commit().await?;
            remember(&self.lanes, made.clone());
        }
        // A full memory may have forgotten one in between.
        let id = |lane: &LaneOf| made.get(lane).map(|(id, _)| *id).or_else(|| known(lane));
        let gone = || Fault::Conflict("a lane was forgotten".into());
        lanes.iter().map(|lane| id(lane).ok_or_else(gone)).collect()
    }

    /// The lanes of these ids.
    pub async fn lanes(
        &self,
        session: &mut Session,
        ids: impl Iterator<Item = i64>,
    ) -> Result<HashMap<i64, LaneOf>> {
        let (mut found, mut missing) = (HashMap::new(), BTreeSet::new());
        for id in ids {
            match locked(&self.names).get(&id) {
                Some(lane) => drop(found.insert(id, lane.clone())),
                None => drop(missing.insert(id)),
            }
        }
        let select =
            "SELECT id, sender, stream, provider, campaign, credential, kind FROM lanes WHERE id IN {}";
        let missing = missing.into_iter().map(Value::from).collect();
        for row in rows::with_list(session, select, Vec::new(), missing).await? {
            found.insert(row.int(0)?, (lane(&row, 1)?, parse_kind(row.text(6)?)?));
        }
        remember(&self.names, found.clone());
        Ok(found)
    }

    /// The key that seals what is spooled on this day, made with the day's first message.
    pub async fn key_to_seal(
        &self,
        database: &Database,
        keys: &Keys,
        now: Timestamp,
    ) -> Result<(i64, DataKey)> {
        let day = now.as_second().div_euclid(86_400);
        if let Some(key) = locked(&self.days).get(&day) {
            return Ok((day, key.clone()));
        }
        let mut tx = database.begin(Commit::Lazy).await?;
        let insert =
            "INSERT INTO spool_keys (day, key, created_at) VALUES ($1, $2, $3) ON CONFLICT (day) DO NOTHING";
        tx.execute(insert, values![day, keys.wrap(&DataKey::generate()), now]).await?;
        let key = read_key(&mut tx, keys, day).await?;
        tx.commit().await?;
        let key = key.ok_or_else(|| Fault::Unreadable("the day's spool key vanished".into()))?;
        remember(&self.days, [(day, key.clone())]);
        Ok((day, key))
    }

    /// The key of a day; `None` once it is destroyed.
    pub async fn key_to_open(&self, session: &mut Session, keys: &Keys, day: i64) -> Result<Option<DataKey>> {
        if let Some(key) = locked(&self.days).get(&day) {
            return Ok(Some(key.clone()));
        }
        let key = read_key(session, keys, day).await?;
        remember(&self.days, key.clone().map(|key| (day, key)));
        Ok(key)
    }

    /// Forgets the keys of days before this one: they were destroyed.
    pub fn forget_days_before(&self, day: i64) {
        locked(&self.days).retain(|kept, _| *kept >= day);
    }

    /// Those texts that the database may not have yet.
    pub fn unknown_texts<'a>(&self, texts: impl Iterator<Item = &'a Texts>) -> Texts {
        let known = locked(&self.texts);
        let all = texts.flatten().filter(|(hash, _)| !known.contains(*hash));
        all.map(|(hash, text)| (*hash, text.clone())).collect()
    }

    /// Whether the database has it, or has what it stands for.
    pub fn knows_text(&self, hash: &[u8; 32]) -> bool {
        locked(&self.texts).contains(hash)
    }

    /// Called after the commit that wrote them.
    pub fn remember_texts(&self, hashes: impl IntoIterator<Item = [u8; 32]>) {
        let mut known = locked(&self.texts);
        if known.len() > MOST {
            known.clear();
        }
        known.extend(hashes);
    }
}

/// Writes texts into `message_facts` or `rulings`.
pub(super) async fn insert_texts(session: &mut Session, into: &'static str, texts: &Texts) -> Result<()> {
    let rows: Vec<Vec<Value>> = texts.iter().map(|(hash, text)| values![*hash, text.as_str()]).collect();
    rows::insert(session, into, rows, "ON CONFLICT (hash) DO NOTHING").await.map(drop)
}

/// Reads a lane from five columns, starting at `column`.
pub(super) fn lane(row: &Row, column: usize) -> Result<Lane> {
    Ok(Lane {
        sender: row.text(column)?.to_owned(),
        stream: row.word(column + 1)?,
        provider: row.text(column + 2)?.to_owned(),
        campaign: row.text(column + 3)?.to_owned(),
        credential: row.text(column + 4)?.to_owned(),
    })
}

async fn lane_id(session: &mut Session, (lane, kind): &LaneOf, now: Timestamp) -> Result<i64> {
    let named = || {
        let (sender, stream) = (lane.sender.as_str(), lane.stream.as_str());
        let (provider, campaign) = (lane.provider.as_str(), lane.campaign.as_str());
        values![sender, stream, provider, campaign, lane.credential.as_str(), word(*kind)]
    };
    let touch = "UPDATE lanes SET used_at = $7 WHERE sender = $1 AND stream = $2 AND provider = $3
                 AND campaign = $4 AND credential = $5 AND kind = $6 RETURNING id";
    let touched = || named().into_iter().chain(values![now]).collect();
    if let Some(row) = session.fetch_optional(touch, touched()).await? {
        return row.int(0);
    }
    // The newest of a class is never removed, so that no number is given twice.
    let make = session.either(
        "INSERT INTO lanes (id, sender, stream, provider, campaign, credential, kind, used_at)
         VALUES ((SELECT coalesce(max(id), $8) + 1 FROM lanes WHERE id > $8 AND id < $9),
                 $1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (sender, stream, provider, campaign, credential, kind) DO NOTHING",
        "INSERT INTO lanes (id, sender, stream, provider, campaign, credential, kind, used_at)
         VALUES (mod(nextval(pg_get_serial_sequence('lanes', 'id')), $9 - $8) + $8,
                 $1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (sender, stream, provider, campaign, credential, kind) DO NOTHING",
    );
    let base = CLASS * i64::from(Lane::class(lane.stream));
    let made = touched().into_iter().chain(values![base, base + CLASS]).collect();
    session.execute(make, made).await?;
    let row = session.fetch_optional(touch, touched()).await?;
    row.ok_or_else(|| Fault::Conflict("a lane vanished".into()))?.int(0)
}

/// Removes lanes in which nothing waits and that nobody used for months, a slice of them. What ended in them is
/// shown without them. How many there were.
pub(super) async fn forget_idle_lanes(session: &mut Session, now: Timestamp) -> Result<u64> {
    // Judged once more where another node has touched the row meanwhile.
    let forget = "DELETE FROM lanes WHERE used_at < $1 AND id IN (
            SELECT l.id FROM lanes l WHERE l.used_at < $1
            AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.lane = l.id AND d.state IN ('queued', 'held'))
            AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.lane = l.id AND d.state = 'claimed')
            AND EXISTS (SELECT 1 FROM lanes n WHERE n.id > l.id AND n.id < (l.id / $2 + 1) * $2)
            ORDER BY l.used_at LIMIT 1000)";
    let before = now.as_microsecond() - LANE_DAYS * DAY_MICROS;
    session.execute(forget, values![before, CLASS]).await
}

async fn read_key(session: &mut Session, keys: &Keys, day: i64) -> Result<Option<DataKey>> {
    let row = session.fetch_optional("SELECT key FROM spool_keys WHERE day = $1", values![day]).await?;
    row.map(|row| Ok(keys.unwrap(row.blob(0)?)?)).transpose()
}

fn remember<K: Eq + std::hash::Hash, V>(
    memory: &Mutex<HashMap<K, V>>,
    new: impl IntoIterator<Item = (K, V)>,
) {
    let mut memory = locked(memory);
    if memory.len() > MOST {
        memory.clear();
    }
    memory.extend(new);
}

fn locked<T>(memory: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
