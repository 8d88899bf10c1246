//! The people of a slice: read together, added to in memory, written together. PostgreSQL's row locks are taken in
//! the order of the hashes, as the batching writer takes them, so that two imports wait in a line and not in a circle.

use std::borrow::Cow;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::history::{History, Kept};
use super::{Newcomer, Prepared, Slice};
use crate::consent::admit::{barrier, begun_anew, begun_anew_event};
use crate::consent::{ConsentState, Event};
use crate::journal::{No, is_no};
use crate::keys::LookupHash;
use crate::mail::Address;
use crate::store::batch::Shared;
use crate::store::fact::{EVENTS, Held, event_row, make_all_due, seal_evidence};
use crate::store::fault::{Fault, Result};
use crate::store::proofs::{self, Proofs};
use crate::store::sql::{Row, Session, Value, to_json, values};
use crate::store::{rows, subscriber};

/// Everybody whom a slice names.
pub(super) struct People<'f>(BTreeMap<LookupHash, Person<'f>>);

/// One person, as the database has it and as the slice has added to it.
#[derive(Default)]
pub(super) struct Person<'f> {
    /// The row that facts are added to; `None` of whom nothing is known.
    own: Option<Own<'f>>,
    pub history: History,
    /// Of the facts that this slice tells again.
    pub proofs: Proofs<'f>,
    /// Up to when the tombstones keep out what speaks for mail.
    pub barrier: Option<Timestamp>,
    /// A tombstone that was added to before the person began anew.
    left: Option<(Own<'f>, ConsentState)>,
}

/// A row of the person's.
struct Own<'f> {
    id: Uuid,
    version: i64,
    kind: Kind<'f>,
    added: Vec<Added<'f>>,
}

enum Kind<'f> {
    /// With its wrapped key: gone with an erasure, not there yet of whom only the journal of noes knew.
    There {
        key: Option<Vec<u8>>,
        address: Held,
        erased_at: Option<i64>,
    },
    New(&'f Newcomer),
}

/// A fact that the slice adds; what seals its evidence depends on the row.
struct Added<'f> {
    event: Event,
    version: i64,
    evidence: Option<&'f serde_json::Value>,
    /// Under the newcomer's key.
    sealed: Option<Cow<'f, [u8]>>,
    address: &'f Address,
}

impl Own<'_> {
    fn erased_at(&self) -> Option<i64> {
        match &self.kind {
            Kind::There { erased_at, .. } => *erased_at,
            Kind::New(_) => None,
        }
    }

    fn outlives(&self, tombstone: i64) -> bool {
        self.erased_at().is_none_or(|at| at > tombstone)
    }
}

impl<'f> Person<'f> {
    /// What follows is a new history: the old one was erased. `id` makes the ids of what it opens with.
    pub fn begin_anew(
        &mut self,
        from: &'f Prepared,
        newcomer: Option<&'f Newcomer>,
        id: impl Fn() -> Uuid,
        now: Timestamp,
    ) {
        let mut erased = std::mem::take(&mut self.history);
        let state = erased.state().clone();
        self.barrier = self.barrier.max(barrier(&state));
        let opening = begun_anew(&state);
        self.left = self.own.take().filter(|own| !own.added.is_empty()).map(|own| (own, state));
        for no in opening {
            let event = begun_anew_event(id(), no, now);
            self.add(event, None, None, from, newcomer);
        }
    }

    /// Adds a fact, to a new row where there is none.
    pub fn append(&mut self, event: Event, from: &'f Prepared, newcomer: Option<&'f Newcomer>) {
        let evidence = &from.fact.evidence;
        self.proofs.keep(event.id, evidence);
        self.add(event, Some(evidence), from.sealed.as_deref().map(Cow::Borrowed), from, newcomer);
    }

    fn add(
        &mut self,
        event: Event,
        evidence: Option<&'f serde_json::Value>,
        sealed: Option<Cow<'f, [u8]>>,
        from: &'f Prepared,
        newcomer: Option<&'f Newcomer>,
    ) {
        let made =
            || newcomer.map(|new| Own { id: new.id, version: 0, kind: Kind::New(new), added: Vec::new() });
        // `slice` made a newcomer for every hash.
        let Some(own) = self.own.take().or_else(made) else { return };
        let own = self.own.insert(own);
        own.version += 1;
        let (version, address) = (own.version, &from.address);
        own.added.push(Added { event: event.clone(), version, evidence, sealed, address });
        self.history.push(event);
    }

    /// The key of the person's row, if there is one.
    fn key(&self) -> Option<&Vec<u8>> {
        match &self.own.as_ref()?.kind {
            Kind::There { key, .. } => key.as_ref(),
            Kind::New(_) => None,
        }
    }
}

/// Everybody of these hashes; on PostgreSQL locked, and in their order.
pub(in crate::store) const KNOWN: (&str, &str) = (
    "SELECT s.lookup_hash, s.id, s.version, s.key, s.erased_at,
            CASE WHEN s.erased_at IS NULL THEN NULL ELSE s.state END,
            CAST(CASE WHEN s.address IS NULL THEN 0 ELSE 1 END AS BIGINT)
     FROM v JOIN subscribers s ON s.sender = v.sender AND s.lookup_hash = v.hash",
    "SELECT s.lookup_hash, s.id, s.version, s.key, s.erased_at,
            CASE WHEN s.erased_at IS NULL THEN NULL ELSE s.state END,
            CAST(CASE WHEN s.address IS NULL THEN 0 ELSE 1 END AS BIGINT)
     FROM v JOIN subscribers s ON s.sender = v.sender AND s.lookup_hash = v.hash
     ORDER BY s.sender, s.lookup_hash, s.id FOR UPDATE OF s",
);

pub(in crate::store) const UPDATE: &str =
    "UPDATE subscribers SET version = v.version, state = v.state, suppressed = v.suppressed
     FROM v WHERE subscribers.id = v.id";

impl<'f> People<'f> {
    /// Reads all of them, their rows locked.
    pub async fn read(
        session: &mut Session,
        shared: &Shared,
        sender: &str,
        facts: &'f [Prepared],
        kept: &mut Kept,
    ) -> Result<Self> {
        let mut people: BTreeMap<LookupHash, Person<'f>> =
            facts.iter().map(|own| (own.hash, Person::default())).collect();
        let hashes = people.keys().map(|hash| values![sender, *hash]).collect();
        let select = session.either(KNOWN.0, KNOWN.1);
        let mut owners = HashMap::new();
        for row in rows::with_values(session, "sender, hash", hashes, select).await? {
            let hash = LookupHash(row.hash(0)?);
            let person = people.entry(hash).or_default();
            if row.opt_int(4)?.is_some() {
                person.barrier = person.barrier.max(barrier(&row.json::<ConsentState>(5)?));
            }
            let found = own(&row)?;
            // The living one, else the youngest tombstone.
            if person
                .own
                .as_ref()
                .is_none_or(|before| before.erased_at().is_some_and(|at| found.outlives(at)))
            {
                person.own = Some(found);
            }
        }
        for (hash, person) in &mut people {
            let Some(own) = &person.own else { continue };
            match kept.take(own.id, own.version) {
                Some(history) => person.history = history,
                None => drop(owners.insert(own.id, *hash)),
            }
        }
        for (id, events) in histories(session, sender, owners.keys()).await? {
            let person = owners.get(&id).and_then(|hash| people.get_mut(hash));
            person.ok_or_else(nobodys)?.history = History::of(events);
        }
        let mut people = Self(people);
        people.read_proofs(session, shared, sender, facts).await?;
        Ok(people)
    }

    /// The proofs of what these facts tell again: nothing is asked where nothing is.
    async fn read_proofs(
        &mut self,
        session: &mut Session,
        shared: &Shared,
        sender: &str,
        facts: &[Prepared],
    ) -> Result<()> {
        let mut owners = HashMap::new();
        for own in facts {
            let Some(person) = self.0.get(&own.hash).filter(|person| person.key().is_some()) else {
                continue;
            };
            owners.extend(
                proofs::wanted(&own.fact, &person.history.bearing_on(&own.fact))
                    .into_iter()
                    .map(|id| (id, own.hash)),
            );
        }
        let wanted: BTreeSet<Uuid> = owners.keys().copied().collect();
        let mut keys = HashMap::new();
        for (event, sealed) in proofs::sealed(session, sender, wanted).await? {
            let Some((hash, person)) =
                owners.get(&event).and_then(|hash| Some((*hash, self.0.get_mut(hash)?)))
            else {
                continue;
            };
            let Some(wrapped) = person.key() else { continue };
            let key = match keys.entry(hash) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => unknown.insert(shared.keys.unwrap(wrapped)?),
            };
            person.proofs.open(key, event, &sealed)?;
        }
        Ok(())
    }

    pub fn of(&mut self, hash: LookupHash) -> &mut Person<'f> {
        self.0.entry(hash).or_default()
    }

    /// Writes what was added; gives the noes among it.
    pub async fn write(
        &mut self,
        session: &mut Session,
        shared: &Shared,
        slice: &Slice,
        now: Timestamp,
    ) -> Result<Vec<No>> {
        let sender = slice.sender.as_str();
        let (mut made, mut changed, mut events, mut touched, mut noes) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (hash, person) in &mut self.0 {
            let is_added = |own: &&mut Own<'_>| !own.added.is_empty();
            let current = person.own.as_mut().filter(is_added).map(|own| (own, person.history.state()));
            let left = person.left.as_mut().map(|(own, state)| (own, &*state));
            for (own, state) in left.into_iter().chain(current) {
                seal(session, shared, own).await?;
                touched.push(Value::from(*hash));
                let (json, why) = (to_json(state), subscriber::suppressed(state));
                match &own.kind {
                    Kind::New(Newcomer { id, key, address }) => made.push(values![
                        *id,
                        sender,
                        *hash,
                        own.version,
                        json,
                        key.clone(),
                        address.clone(),
                        now,
                        why
                    ]),
                    Kind::There { .. } => changed.push(values![own.id, own.version, json, why]),
                }
                for added in std::mem::take(&mut own.added) {
                    let Added { event, version, sealed, .. } = added;
                    events.push(event_row(sender, own.id, version, &event, sealed.map(Cow::into_owned)));
                    if is_no(&event.kind) {
                        noes.push(No { sender: sender.to_owned(), person: *hash, subscriber: own.id, event });
                    }
                }
            }
        }
        insert_new(session, made).await?;
        rows::with_values(session, "id, version, state, suppressed", changed, UPDATE).await?;
        rows::insert(session, EVENTS, events, "").await?;
        make_all_due(session, sender, touched, now).await?;
        Ok(noes)
    }

    /// How many facts the longest history has.
    pub fn longest(&self) -> usize {
        self.0.values().map(|person| person.history.events().len()).max().unwrap_or_default()
    }

    /// The state of everybody who has withdrawn something. What is durable now is kept.
    pub fn committed(self, kept: &mut Kept) -> HashMap<LookupHash, Arc<ConsentState>> {
        let mut withdrawn = HashMap::new();
        for (hash, mut person) in self.0 {
            let state = person.history.state();
            if !state.withdrawals.is_empty() {
                withdrawn.insert(hash, Arc::new(state.clone()));
            }
            if let Some(own) = person.own {
                kept.keep(own.id, own.version, person.history);
            }
        }
        withdrawn
    }
}

/// The facts of these rows, each row's oldest first.
async fn histories(
    session: &mut Session,
    sender: &str,
    people: impl Iterator<Item = &Uuid>,
) -> Result<HashMap<Uuid, Vec<Event>>> {
    let select = "SELECT subscriber, body FROM consent_events WHERE sender = $1 AND subscriber IN {}
                  ORDER BY subscriber, version";
    let ids = people.map(|id| Value::from(*id)).collect();
    let mut histories: HashMap<Uuid, Vec<Event>> = HashMap::new();
    for row in rows::with_list(session, select, values![sender], ids).await? {
        histories.entry(row.id(0)?).or_default().push(row.json(1)?);
    }
    Ok(histories)
}

fn nobodys() -> Fault {
    Fault::Unreadable("a history of nobody".into())
}

fn own<'f>(row: &Row) -> Result<Own<'f>> {
    let kind = Kind::There {
        key: row.opt_blob(3)?.map(<[u8]>::to_vec),
        address: Held::of(row.int(6)?),
        erased_at: row.opt_int(4)?,
    };
    Ok(Own { id: row.id(1)?, version: row.int(2)?, kind, added: Vec::new() })
}

/// Seals what was added to a row that is there under the row's own key; of a tombstone there is none, and nothing
/// is kept.
async fn seal(session: &mut Session, shared: &Shared, own: &mut Own<'_>) -> Result<()> {
    let Kind::There { key, address, erased_at } = &mut own.kind else { return Ok(()) };
    if let (Held::No, None, Some(first)) = (*address, &erased_at, own.added.first()) {
        let given =
            subscriber::give_address(session, &shared.keys, own.id, key.as_deref(), first.address).await?;
        *key = Some(given);
    }
    let key = key.as_ref().map(|wrapped| shared.keys.unwrap(wrapped)).transpose()?;
    for added in &mut own.added {
        added.sealed = match (&key, added.evidence) {
            (None, _) | (_, None | Some(serde_json::Value::Null)) => None,
            (Some(key), Some(evidence)) => Some(seal_evidence(key, added.event.id, evidence).into()),
        };
    }
    Ok(())
}

async fn insert_new(session: &mut Session, made: Vec<Vec<Value>>) -> Result<()> {
    let wanted = made.len() as u64;
    let into = "subscribers (id, sender, lookup_hash, version, state, key, address, created_at, suppressed)";
    if rows::insert(session, into, made, subscriber::UNLESS_LIVING).await? == wanted {
        return Ok(());
    }
    Err(Fault::Conflict("another node made one of the same subscribers".into()))
}
