//! How far domains have come in warming up, for the whole cluster and over restarts. A place is taken in the claim's own
//! transaction, under a row's lock, so that no two claims both find the last one free.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::claim::TakenRows;
use super::database::Commit;
use super::fault::Result;
use super::sql::{Row, Session, Tx, Value, values};
use super::{Store, StoreError, rows, verdict};
use crate::policy::Stream;
use crate::policy::warming::{self, Full};
use crate::schedule::warm_up::{Progress, day, tomorrow};

/// Who sent nothing for so many days is not known any more, and begins anew.
const KEPT_DAYS: i64 = 60;

/// A domain that warms up, as a lane asks for it: by the ask's upstream, to its lane's provider.
#[derive(Clone, Debug)]
pub struct WarmingUp {
    pub domain: String,
    pub provider: String,
    pub curve: Vec<u32>,
    /// Places that earlier claims took and did not use: when (`Claim::taken_at`), and how many.
    pub unused: Vec<(Timestamp, u32)>,
}

/// What a claim of a domain that warms up got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// It counts.
    Taken { domain: String },
    /// It waits.
    Lacking(Full),
}

/// How far a domain has come, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarmUpView {
    pub domain: String,
    pub upstream: String,
    pub provider: String,
    pub progress: Progress,
}

/// The rows of the domains that an ask names, locked, as of today.
pub(super) struct Locked<'a> {
    upstream: &'a str,
    all: BTreeMap<&'a str, (&'a WarmingUp, Progress)>,
    now: Timestamp,
}

impl<'a> Locked<'a> {
    pub async fn new(tx: &mut Tx, upstream: &'a str, asked: &'a [WarmingUp], now: Timestamp) -> Result<Self> {
        let mut all = BTreeMap::new();
        for own in asked {
            all.insert(own.domain.as_str(), (own, Progress::default()));
        }
        // In the order of their names, as by everybody.
        for (own, progress) in all.values_mut() {
            *progress = lock(tx, own, upstream, now).await?;
            let unused = own.unused.iter().filter(|(at, _)| day(*at) == progress.day);
            progress.taken = unused.fold(progress.taken, |taken, (_, count)| taken.saturating_sub(*count));
            *progress = progress.on(day(now), &own.curve);
        }
        Ok(Self { upstream, all, now })
    }

    /// Gives places to what was just claimed, the best-grounded first. Mail that is no marketing gets one in any case.
    pub async fn give(
        mut self,
        tx: &mut Tx,
        stream: Stream,
        taken: &TakenRows,
    ) -> Result<HashMap<Uuid, Place>> {
        let mut places = HashMap::new();
        for (domain, mut deliveries) in domains(tx, taken).await? {
            let Some((asked, progress)) = self.all.get_mut(domain.as_str()) else { continue };
            let room = match stream {
                Stream::Marketing => progress.room(&asked.curve),
                Stream::Functional | Stream::Confirmation => None,
            };
            let room = room.map_or(deliveries.len(), |room| usize::try_from(room).unwrap_or(usize::MAX));
            if room > 0 && room < deliveries.len() {
                best_first(tx, taken, &mut deliveries, self.now).await?;
            }
            let waiting = deliveries.split_off(room.min(deliveries.len()));
            progress.taken =
                progress.taken.saturating_add(u32::try_from(deliveries.len()).unwrap_or(u32::MAX));
            let full = full(asked, *progress, self.upstream, self.now);
            let place = |id| (id, Place::Taken { domain: domain.clone() });
            places.extend(deliveries.into_iter().map(place));
            places.extend(waiting.into_iter().map(|id| (id, Place::Lacking(full.clone()))));
        }
        self.write(tx).await?;
        Ok(places)
    }

    async fn write(&self, tx: &mut Tx) -> Result<()> {
        for (own, Progress { day, step, taken }) in self.all.values() {
            let update = "UPDATE warm_ups SET day = $4, step = $5, taken = $6
                          WHERE domain = $1 AND upstream = $2 AND provider = $3";
            let (domain, provider) = (own.domain.as_str(), own.provider.as_str());
            let (step, taken) = (i64::from(*step), i64::from(*taken));
            tx.execute(update, values![domain, self.upstream, provider, *day, step, taken]).await?;
        }
        Ok(())
    }
}

fn full(own: &WarmingUp, progress: Progress, upstream: &str, now: Timestamp) -> Full {
    let text = format!(
        "{} warms up: today's {} messages to {} by {upstream} are taken (step {} of {})",
        own.domain,
        progress.cap(&own.curve).unwrap_or_default(),
        own.provider,
        progress.step + 1,
        own.curve.len()
    );
    Full { opens: tomorrow(now), text }
}

/// What was claimed, by the domain of its From, in the order in which it is due.
async fn domains(session: &mut Session, taken: &TakenRows) -> Result<BTreeMap<String, Vec<Uuid>>> {
    let select = session.either(
        "SELECT d.id, f.body ->> '$.from_domain' FROM deliveries d JOIN messages m ON m.id = d.message
         JOIN message_facts f ON f.hash = m.facts WHERE d.id IN {} ORDER BY d.next_attempt_at",
        "SELECT d.id, CAST(f.body AS JSON) ->> 'from_domain' FROM deliveries d JOIN messages m ON m.id = d.message
         JOIN message_facts f ON f.hash = m.facts WHERE d.id IN {} ORDER BY d.next_attempt_at",
    );
    let ids = taken.rows.iter().map(|one| Value::from(one.fence.delivery)).collect();
    let mut domains: BTreeMap<String, Vec<Uuid>> = BTreeMap::new();
    for row in rows::with_list(session, select, Vec::new(), ids).await? {
        domains.entry(row.text(1)?.to_owned()).or_default().push(row.id(0)?);
    }
    Ok(domains)
}

/// By the ground that each had at intake; what can't be read comes last.
async fn best_first(
    session: &mut Session,
    taken: &TakenRows,
    deliveries: &mut [Uuid],
    now: Timestamp,
) -> Result<()> {
    let verdicts = verdict::read(session, deliveries.iter().copied()).await?;
    deliveries.sort_by_cached_key(|id| {
        let first = verdicts.get(id).and_then(|own| own.first.as_ref().ok()).map(|own| &own.verdict);
        let person = taken.consent.get(id).and_then(|own| own.as_ref().ok()?.as_ref());
        let since = person.and_then(|own| warming::since(&own.state, first?.ground_event));
        warming::rank(first.and_then(|own| own.ground), since, now)
    });
    Ok(())
}

/// A row, locked, and made where it is new.
async fn lock(session: &mut Session, own: &WarmingUp, upstream: &str, now: Timestamp) -> Result<Progress> {
    let select = session.either(
        "SELECT day, step, taken FROM warm_ups WHERE domain = $1 AND upstream = $2 AND provider = $3",
        "SELECT day, step, taken FROM warm_ups WHERE domain = $1 AND upstream = $2 AND provider = $3 FOR UPDATE",
    );
    let key = || values![own.domain.as_str(), upstream, own.provider.as_str()];
    if let Some(row) = session.fetch_optional(select, key()).await? {
        return progress(&row, 0);
    }
    let new =
        "INSERT INTO warm_ups (domain, upstream, provider, day, step, taken) VALUES ($1, $2, $3, $4, 0, 0)
               ON CONFLICT (domain, upstream, provider) DO NOTHING";
    let mut values = key();
    values.extend(values![day(now)]);
    session.execute(new, values).await?;
    let row = session.fetch_optional(select, key()).await?;
    row.map_or(Ok(Progress { day: day(now), ..Progress::default() }), |row| progress(&row, 0))
}

fn progress(row: &Row, column: usize) -> Result<Progress> {
    let count = |column| Ok::<_, super::fault::Fault>(u32::try_from(row.int(column)?).unwrap_or(u32::MAX));
    Ok(Progress { day: row.int(column)?, step: count(column + 1)?, taken: count(column + 2)? })
}

impl Store {
    /// How far all domains have come, and the store's time.
    pub async fn warm_ups(&self) -> Result<(Vec<WarmUpView>, Timestamp), StoreError> {
        let mut session = self.inner.database.read().await?;
        let now = session.now().await?;
        let select = "SELECT domain, upstream, provider, day, step, taken FROM warm_ups
                      ORDER BY domain, upstream, provider";
        let view = |row: &Row| -> Result<WarmUpView> {
            let text = |column| row.text(column).map(str::to_owned);
            Ok(WarmUpView {
                domain: text(0)?,
                upstream: text(1)?,
                provider: text(2)?,
                progress: progress(row, 3)?,
            })
        };
        let all = session.fetch(select, Vec::new()).await?.iter().map(view).collect::<Result<Vec<_>>>()?;
        Ok((all, now))
    }

    /// Forgets how far those have come that sent nothing for long. How many there were.
    pub async fn forget_warm_ups(&self) -> Result<u64, StoreError> {
        let mut tx = self.inner.database.begin(Commit::Lazy).await?;
        let before = day(tx.now().await?) - KEPT_DAYS;
        let forget = tx.either(
            "DELETE FROM warm_ups WHERE day < $1",
            "WITH old AS MATERIALIZED (SELECT domain, upstream, provider FROM warm_ups WHERE day < $1
                FOR UPDATE SKIP LOCKED)
             DELETE FROM warm_ups w USING old WHERE w.domain = old.domain AND w.upstream = old.upstream
             AND w.provider = old.provider",
        );
        let forgotten = tx.execute(forget, values![before]).await?;
        tx.commit().await?;
        Ok(forgotten)
    }
}
