//! The thread that reads: records become facts, facts become slices, sealed and ready to be written, while the slice
//! before is being written. What waits is bounded.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::table::{Next, Record, Table};
use crate::consent::EventKind;
use crate::consent::event::ShownText;
use crate::consent::evidence::shown_texts;
use crate::consent::row::{self, Row};
use crate::policy::{PolicySet, Scope};
use crate::store::{Slice, Store, TableFact};

/// Records in a slice, and octets of them.
const MOST_ROWS: usize = 2048;
const MOST_OCTETS: usize = 2 << 20;

/// Records that are written together.
pub(super) struct Batch {
    pub rows: Vec<Told>,
    pub slice: Slice,
    /// Octets of the file up to here.
    pub octets: u64,
}

/// One record and what it came to so far.
pub(super) struct Told {
    pub record: Record,
    /// Its facts in the slice, or what is wrong with it.
    pub facts: Result<Range<usize>, String>,
    /// The scopes in which it would let mail go.
    pub opens: Vec<Scope>,
    /// The scopes (none: all) of a no.
    pub closes: Option<Vec<Scope>>,
    pub proof: Proof,
}

/// What would prove a record's facts, where it says that there is something to prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    AsTold,
    NoticeTextMissing,
}

impl Told {
    fn rejected(record: Record, wrong: String) -> Self {
        Self { record, facts: Err(wrong), opens: Vec::new(), closes: None, proof: Proof::AsTold }
    }
}

/// Where facts come from, and whose they are.
pub(super) struct Origin {
    pub store: Store,
    pub policies: Arc<PolicySet>,
    pub sender: String,
    pub source: String,
}

/// Reads to the end, or until nobody takes batches any more.
pub(super) fn read<R: Read>(
    table: &mut Table<R>,
    origin: &Origin,
    batches: &mpsc::Sender<Batch>,
) -> io::Result<()> {
    let mut gathered = Gathered::default();
    while let Some(next) = table.next()? {
        gathered.add(next, table, origin);
        if gathered.rows.len() >= MOST_ROWS || gathered.octets >= MOST_OCTETS {
            let batch = std::mem::take(&mut gathered).batch(table, origin);
            if batches.blocking_send(batch).is_err() {
                return Ok(());
            }
        }
    }
    if !gathered.rows.is_empty() {
        let _ = batches.blocking_send(gathered.batch(table, origin));
    }
    Ok(())
}

#[derive(Default)]
struct Gathered {
    rows: Vec<Told>,
    facts: Vec<TableFact>,
    octets: usize,
}

impl Gathered {
    fn add<R: Read>(&mut self, next: Next, table: &Table<R>, origin: &Origin) {
        let told = match next {
            Next::Record(record) => match self.facts_of(&record, table, origin) {
                Ok(facts) => {
                    let own = self.facts.get(facts.clone()).unwrap_or_default();
                    let opens = own.iter().flat_map(|fact| opened(&fact.kind)).collect();
                    let closes = own.iter().find_map(|fact| closed(&fact.kind));
                    Told {
                        record,
                        opens,
                        closes,
                        proof: own.first().map_or(Proof::AsTold, proof),
                        facts: Ok(facts),
                    }
                }
                Err(wrong) => {
                    let wrong = told_far(wrong, &record);
                    Told::rejected(record, wrong)
                }
            },
            Next::TooLong { line, until } => {
                let wrong = format!("it is too long (it goes on to line {until}): is a quote not closed?");
                Told::rejected(Record::empty(line), wrong)
            }
            Next::Unclosed(record) => {
                let wrong = "the file ends within a quote that is not closed".to_owned();
                Told::rejected(record, wrong)
            }
        };
        // A row of many scopes is as many facts, each with the row's evidence.
        self.octets += told.record.size() * told.facts.as_ref().map_or(1, |facts| facts.len().max(1));
        self.rows.push(told);
    }

    fn facts_of<R: Read>(
        &mut self,
        record: &Record,
        table: &Table<R>,
        origin: &Origin,
    ) -> Result<Range<usize>, String> {
        let cells = table.cells(record)?;
        let sender = origin.policies.sender(&origin.sender).ok_or("the sender is gone")?;
        let row = row::read(&cells, &origin.policies, sender)?;
        let Row { address, facts, occurred_at, jurisdiction, locale, time_zone, evidence } = row;
        let first = self.facts.len();
        let evidence = match evidence {
            Value::Null => json!({ "source": origin.source }),
            evidence => json!({ "source": origin.source, "evidence": evidence }),
        };
        self.facts.extend(facts.into_iter().map(|kind| TableFact {
            address: address.clone(),
            kind,
            occurred_at,
            jurisdiction: jurisdiction.clone(),
            locale: locale.clone(),
            time_zone: time_zone.clone(),
            evidence: evidence.clone(),
        }));
        Ok(first..self.facts.len())
    }

    fn batch<R: Read>(self, table: &Table<R>, origin: &Origin) -> Batch {
        let slice = origin.store.slice(&origin.sender, self.facts);
        Batch { rows: self.rows, slice, octets: table.octets() }
    }
}

/// Who forgets to close a quote must hear of the rows that went into the cell: there may be noes among them.
fn told_far(wrong: String, record: &Record) -> String {
    if record.until == record.line {
        return wrong;
    }
    format!("{wrong} (it goes on to line {}: is a quote not closed?)", record.until)
}

/// The scopes that a fact may let mail go in.
fn opened(kind: &EventKind) -> Vec<Scope> {
    match kind {
        EventKind::OptIn { scopes, .. } => scopes.clone(),
        EventKind::Acquainted { scope, .. } => vec![scope.clone()],
        _ => Vec::new(),
    }
}

/// The scopes (none: all) that a no closes.
fn closed(kind: &EventKind) -> Option<Vec<Scope>> {
    match kind {
        EventKind::Withdrawal { scopes, .. } => Some(scopes.clone()),
        _ => None,
    }
}

fn proof(fact: &TableFact) -> Proof {
    let told = matches!(fact.kind, EventKind::Acquainted { notice: true, .. });
    match told && !shown_texts(&fact.evidence).contains_key(&ShownText::Notice) {
        true => Proof::NoticeTextMissing,
        false => Proof::AsTold,
    }
}
