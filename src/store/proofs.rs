//! What proved the facts that are told again: one that comes with a proof it lacked before is recorded, since a ground
//! that nobody can show is none (GDPR 7(1)). Evidence is opened for that alone, and kept by nobody.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value as Json;
use uuid::Uuid;

use super::batch::Shared;
use super::fact::{Fact, Locked, open_evidence};
use super::fault::Result;
use super::rows;
use super::sql::{Session, Value, values};
use crate::consent::Event;
use crate::consent::admit::told_before;
use crate::consent::evidence::proof;
use crate::keys::DataKey;

/// The proofs of events, by their ids.
#[derive(Debug, Default)]
pub(super) struct Proofs<'f>(HashMap<Uuid, Proof<'f>>);

#[derive(Debug)]
enum Proof<'f> {
    Opened(Json),
    /// Within this evidence: hardly ever is one asked for.
    Told(&'f Json),
}

impl Proof<'_> {
    fn is(&self, own: &Json) -> bool {
        match self {
            Self::Opened(proof) => proof == own,
            Self::Told(evidence) => proof(evidence) == *own,
        }
    }
}

impl<'f> Proofs<'f> {
    /// The proofs of the facts in a person's history that are this one, where it brings its own.
    pub async fn of_row(
        session: &mut Session,
        fact: &Fact,
        history: &[Event],
        row: Option<&Locked>,
        shared: &Shared,
    ) -> Result<Self> {
        let wanted = wanted(fact, history);
        let key = row.and_then(|row| row.key.as_ref()).filter(|_| !wanted.is_empty());
        let Some(key) = key.map(|wrapped| shared.keys.unwrap(wrapped)).transpose()? else {
            return Ok(Self::default());
        };
        let mut proofs = Self::default();
        for (event, sealed) in sealed(session, &fact.sender, wanted).await? {
            proofs.open(&key, event, &sealed)?;
        }
        Ok(proofs)
    }

    pub fn open(&mut self, key: &DataKey, event: Uuid, sealed: &[u8]) -> Result<()> {
        self.0.insert(event, Proof::Opened(proof(&open_evidence(key, event, sealed)?)));
        Ok(())
    }

    pub fn keep(&mut self, event: Uuid, evidence: &'f Json) {
        self.0.insert(event, Proof::Told(evidence));
    }

    /// Whether this evidence proves what none of the tellings before it has proved.
    pub fn lack(&self, history: &[Event], event: &Event, evidence: &Json) -> bool {
        let own = proof(evidence);
        !own.is_null()
            && told_before(history, event)
                .all(|before| !self.0.get(&before.id).is_some_and(|known| known.is(&own)))
    }
}

/// The events in a history whose proofs must be known to judge this fact.
pub(super) fn wanted(fact: &Fact, history: &[Event]) -> BTreeSet<Uuid> {
    let told = fact.told.filter(|_| !history.is_empty() && !proof(&fact.evidence).is_null());
    let Some(told) = told else { return BTreeSet::new() };
    let event = &fact.event;
    let same = history.iter().filter(|own| own.is_told_at(told) && own.kind == event.kind);
    same.map(|own| own.id).collect()
}

/// The evidence of these events, sealed, where it is still there.
pub(super) async fn sealed(
    session: &mut Session,
    sender: &str,
    events: BTreeSet<Uuid>,
) -> Result<Vec<(Uuid, Vec<u8>)>> {
    let select = "SELECT id, evidence FROM consent_events
                  WHERE sender = $1 AND id IN {} AND evidence IS NOT NULL";
    let ids = events.into_iter().map(Value::from).collect();
    let found = rows::with_list(session, select, values![sender], ids).await?;
    found.iter().map(|row| Ok((row.id(0)?, row.blob(1)?.to_vec()))).collect()
}
