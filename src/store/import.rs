//! Many facts at once: an import, slice by slice. What each fact asks and writes is asked and written for a whole
//! slice together, in a transaction of its own; the judgement is that of a single fact (`fact::judge`), and so is
//! what it leaves behind.
//!
//! On SQLite, mail waits for the one writer: transactions are short, and between them the way is free.

mod history;
mod pace;
pub(super) mod people;
mod rehearsal;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use uuid::Uuid;

use super::batch::{Shared, Try, crash_point};
use super::database::Commit;
use super::fact::{Fact, judge, seal_evidence};
use super::fault::{Fault, Result};
use super::sql::{Session, Value, to_json};
use super::{NewFact, RecordError, Store, Who, address, fact, journal, rows, subscriber};
use crate::consent::admit::{NotAdmitted, Onto};
use crate::consent::{ConsentState, EventKind};
use crate::journal::is_no;
use crate::keys::{Keys, LookupHash};
use crate::mail::Address;
use history::Kept;
use pace::Pace;
use people::People;

/// For how long a slice is tried again while the database is locked or gone.
const PATIENCE: Duration = Duration::from_secs(60);

/// One fact of a table.
#[derive(Clone, Debug)]
pub struct TableFact {
    pub address: Address,
    pub kind: EventKind,
    /// `None`: now, and the same fact again whenever the same is told by the same source.
    pub occurred_at: Option<Timestamp>,
    pub jurisdiction: Option<String>,
    pub locale: Option<String>,
    pub time_zone: Option<String>,
    /// Sealed under the person's own key.
    pub evidence: serde_json::Value,
}

/// The channel of all that is imported.
const CHANNEL: &str = "import";

/// Facts of one sender with all that can be made of them before the transaction: ids, hashes, keys and seals.
pub struct Slice {
    sender: String,
    facts: Vec<Prepared>,
    newcomers: BTreeMap<LookupHash, Newcomer>,
}

struct Prepared {
    hash: LookupHash,
    address: Address,
    fact: Fact,
    /// The evidence under the newcomer's key.
    sealed: Option<Vec<u8>>,
}

/// The row of a person who may turn out to be unknown.
struct Newcomer {
    id: Uuid,
    key: Vec<u8>,
    address: Vec<u8>,
}

/// What became of a fact that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    Recorded,
    /// It, or one that says the same, was recorded before.
    Unchanged,
}

/// The judgement on one fact of a slice.
#[derive(Clone, Debug)]
pub struct Judged {
    pub result: Result<Imported, RecordError>,
    /// Of a person who has withdrawn something: the state after the fact's transaction.
    pub withdrawn: Option<Arc<ConsentState>>,
}

/// The way in for the slices of one import.
pub struct Importer {
    store: Store,
    pace: Pace,
    kept: Kept,
}

impl Store {
    /// What an import's writing is done with.
    pub fn importer(&self) -> Importer {
        Importer { store: self.clone(), pace: Pace::default(), kept: Kept::default() }
    }

    /// Makes ids, keys and seals. It takes the processor's time and nothing else: call it where that may block.
    pub fn slice(&self, sender: &str, facts: Vec<TableFact>) -> Slice {
        let keys = &self.inner.keys;
        let mut newcomers = BTreeMap::new();
        let mut data_keys = BTreeMap::new();
        let facts = facts.into_iter().map(|table| {
            let hash = keys.lookup_hash(&table.address);
            let address = table.address.clone();
            let mut fact = self.fact(new_fact(sender, table), None);
            if has_own_id(&fact) {
                fact.event.id = own_id(keys, hash, &fact);
            }
            let key = data_keys.entry(hash).or_insert_with(|| {
                let (newcomer, key) = newcomer(keys, self.inner.clock.id(), &address);
                newcomers.insert(hash, newcomer);
                key
            });
            let sealed =
                (!fact.evidence.is_null()).then(|| seal_evidence(key, fact.event.id, &fact.evidence));
            Prepared { hash, address, fact, sealed }
        });
        let facts = facts.collect();
        Slice { sender: sender.to_owned(), facts, newcomers }
    }
}

fn new_fact(sender: &str, table: TableFact) -> NewFact {
    NewFact {
        id: None,
        sender: sender.to_owned(),
        who: Who::Address(table.address),
        kind: table.kind,
        occurred_at: table.occurred_at,
        channel: CHANNEL.to_owned(),
        jurisdiction: table.jurisdiction,
        locale: table.locale,
        time_zone: table.time_zone,
        evidence: table.evidence,
        confirms: None,
    }
}

fn newcomer(keys: &Keys, id: Uuid, address: &Address) -> (Newcomer, crate::keys::DataKey) {
    let (key, sealed) = subscriber::sealed_address(id, address);
    (Newcomer { id, key: keys.wrap(&key), address: sealed }, key)
}

/// Whether a fact is known again by its id, whenever the same row comes again:
/// - what tells no time, so that a list can be imported again after the person has said yes anew;
/// - a no, since it may be in the journal already and be replayed, though its transaction never ended.
fn has_own_id(fact: &Fact) -> bool {
    fact.told.is_none() || is_no(&fact.event.kind)
}

/// All that the row says, under a key: the id is no secret, and an address is.
fn own_id(keys: &Keys, hash: LookupHash, fact: &Fact) -> Uuid {
    let (kind, evidence) = (to_json(&fact.event.kind), to_json(&fact.evidence));
    let told = fact.told.map_or(i64::MIN, Timestamp::as_microsecond).to_be_bytes();
    // Who is told of without a time has said nothing new where only the place was corrected.
    let event = fact.told.map(|_| &fact.event);
    let place = event.map(|own| [&own.jurisdiction, &own.locale, &own.time_zone]);
    let place = place.map(|place| to_json(&place)).unwrap_or_default();
    let parts =
        [fact.sender.as_bytes(), &hash.0, kind.as_bytes(), &told, evidence.as_bytes(), place.as_bytes()];
    let mut octets = [0; 16];
    octets.copy_from_slice(&keys.digest("imported fact", &parts)[..16]);
    uuid::Builder::from_custom_bytes(octets).into_uuid()
}

impl Slice {
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    pub fn sender(&self) -> &str {
        &self.sender
    }

    /// The words of its facts, in their order.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.facts.iter().map(|own| own.fact.event.kind.word())
    }
}

impl Judged {
    pub fn is_recorded(&self) -> bool {
        matches!(self.result, Ok(Imported::Recorded))
    }
}

impl Importer {
    /// Records a slice in the order of its facts, in transactions short enough for those who wait; durable when it
    /// returns. What the database does not take together is tried again fact by fact, so that one bad record harms
    /// no other. An error means that the database is gone, or the like; the same slice may be written again.
    pub async fn write(&mut self, slice: &Slice) -> Result<Vec<Judged>, super::StoreError> {
        let mut all = Vec::with_capacity(slice.facts.len());
        let mut rest = slice.facts.as_slice();
        while !rest.is_empty() {
            let (part, others) = rest.split_at(self.pace.facts().min(rest.len()));
            rest = others;
            match self.write_part(slice, part).await {
                Ok(judged) => all.extend(judged),
                Err(fault) if ends_all(&fault) => return Err(fault.into()),
                Err(_) => {
                    for one in part.chunks(1) {
                        all.extend(self.write_part(slice, one).await.or_else(of_its_own)?);
                    }
                }
            }
        }
        Ok(all)
    }

    /// One transaction, again where the database itself asks for it.
    async fn write_part(&mut self, slice: &Slice, facts: &[Prepared]) -> Result<Vec<Judged>> {
        let start = Instant::now();
        let mut which = Try::First;
        let mut pause = Duration::from_millis(20);
        loop {
            let fault = match self.attempt(slice, facts, which).await {
                Err(fault @ (Fault::Conflict(_) | Fault::Gone(_))) => fault,
                settled => return settled,
            };
            if start.elapsed() + pause > PATIENCE {
                return Err(fault);
            }
            tracing::debug!(?fault, "a slice of an import is tried again");
            which = Try::Again;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    async fn attempt(&mut self, slice: &Slice, facts: &[Prepared], which: Try) -> Result<Vec<Judged>> {
        let shared = &self.store.inner.shared;
        let alone = !shared.database.has_one_writer();
        if !alone {
            self.pace.makes_way().await;
        }
        let mut tx = shared.database.begin(Commit::Synced).await?;
        let begun = Instant::now();
        let now = tx.now().await?;
        let mut people = People::read(&mut tx, shared, &slice.sender, facts, &mut self.kept).await?;
        let before = known_ids(&mut tx, &slice.sender, facts).await?;
        let passed_on = passed_on(facts, &mut people, &before);
        let own = |own: &&Prepared| !passed_on.iter().any(|other| other.fact.event.id == own.fact.event.id);
        let mut results = admit_all(shared, slice, facts, own, &mut people, &before, which, now);
        let mut noes = people.write(&mut tx, shared, slice, now).await?;
        for (own, result) in facts.iter().zip(&mut results).filter(|(one, _)| !own(one)) {
            *result = match fact::apply(&mut tx, shared, &own.fact, now, &mut noes).await? {
                Ok(_) => Ok(Imported::Recorded),
                Err(RecordError::NotAdmitted(why)) => Err(why),
                Err(_) => Err(NotAdmitted::Erased),
            };
        }
        let kept = journal::keep(&mut tx, shared, noes).await?;
        crash_point("import_before_commit");
        // Invariant 5: nobody is told of a no that is not durable.
        tx.commit().await?;
        crash_point("import_after_commit");
        if let Some(position) = kept {
            shared.watch.recorded(shared.node, position);
        }
        if !alone {
            self.pace.wrote(facts.len(), begun.elapsed(), people.longest());
        }
        let states = people.committed(&mut self.kept);
        let judged = facts.iter().zip(results).map(|(own, result)| Judged {
            result: result.map_err(RecordError::from),
            withdrawn: states.get(&own.hash).cloned(),
        });
        Ok(judged.collect())
    }
}

/// Whether no other fact would fare better. A journal that can't be written would let the grounds in and keep the
/// noes out.
fn ends_all(fault: &Fault) -> bool {
    fault.befalls_all() || matches!(fault, Fault::NotKept(_))
}

/// A fault of one fact alone is its result.
fn of_its_own(fault: Fault) -> Result<Vec<Judged>, super::StoreError> {
    if ends_all(&fault) {
        return Err(fault.into());
    }
    Ok(vec![Judged { result: Err(RecordError::Store(fault.into())), withdrawn: None }])
}

/// The facts of an own id among these that are recorded already, whichever of the person's rows has them.
async fn known_ids(session: &mut Session, sender: &str, facts: &[Prepared]) -> Result<HashSet<Uuid>> {
    let known = facts.iter().filter(|own| has_own_id(&own.fact));
    let ids = known.map(|own| Value::from(own.fact.event.id)).collect();
    let select = "SELECT id FROM consent_events WHERE sender = $1 AND id IN {}";
    let found = rows::with_list(session, select, vec![Value::from(sender)], ids).await?;
    found.iter().map(|row| row.id(0)).collect()
}

/// The noes under an address that somebody has left: they are that person's, whoever passes them on (invariant 5).
fn passed_on<'f>(
    facts: &'f [Prepared],
    people: &mut People<'f>,
    before: &HashSet<Uuid>,
) -> Vec<&'f Prepared> {
    let mut known = BTreeMap::new();
    let mut is_left = |own: &&Prepared| {
        *known.entry(own.hash).or_insert_with(|| address::is_left(people.of(own.hash).history.events()))
    };
    let said_no = facts.iter().filter(|own| address::is_own_no(&own.fact.event.kind));
    said_no.filter(|own| !before.contains(&own.fact.event.id)).filter(|own| is_left(own)).collect()
}

/// Judges each fact against what those before it have left.
#[expect(clippy::too_many_arguments, reason = "what one transaction knows of its slice")]
fn admit_all<'f>(
    shared: &Shared,
    slice: &'f Slice,
    facts: &'f [Prepared],
    is_its_own: impl Fn(&&'f Prepared) -> bool,
    people: &mut People<'f>,
    before: &HashSet<Uuid>,
    which: Try,
    now: Timestamp,
) -> Vec<Result<Imported, NotAdmitted>> {
    let one = |own: &'f Prepared| {
        let person = people.of(own.hash);
        if !is_its_own(&own) {
            return Ok(Imported::Unchanged);
        }
        if before.contains(&own.fact.event.id) || person.history.holds(own.fact.event.id) {
            // The commit of an earlier try went through unheard.
            return Ok(if which == Try::Again { Imported::Recorded } else { Imported::Unchanged });
        }
        let newcomer = slice.newcomers.get(&own.hash);
        person.history.prepare(&own.fact);
        let (bearing, state) = (person.history.bearing_on(&own.fact), person.history.standing());
        let (onto, event) = judge(&own.fact, &bearing, state, person.barrier, &person.proofs, now)?;
        match onto {
            Onto::Already(_) if own.fact.told.is_some() => return Ok(Imported::Unchanged),
            // What has no time is known again by its id alone: left out today, it would count as new tomorrow.
            Onto::Already(_) => {}
            Onto::FreshHistory => person.begin_anew(own, newcomer, || shared.clock.id(), now),
            Onto::History => {}
        }
        person.append(event, own, newcomer);
        Ok(Imported::Recorded)
    };
    facts.iter().map(one).collect()
}
