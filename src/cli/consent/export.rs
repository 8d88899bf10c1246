//! `optgate consent export`: all people of a sender with grounds, noes, history and evidence, a JSON document a line;
//! or with `--csv` as the table that `import` reads, so that a move to another gateway keeps every no.

use std::io::{self, BufWriter, Write};

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use crate::cli::{Session, Status, argument, output};
use crate::consent::row::{COLUMNS, written};
use crate::consent::view::SubscriberView;
use crate::csv;
use crate::policy::PolicySet;
use crate::store::{PersonRecord, Store};

/// People read at a time.
const PAGE: u32 = 500;

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    #[arg(long, value_parser = argument::text)]
    pub(super) sender: String,
    /// What stands now, as the table that `import` reads; not the history, nor who was erased.
    #[arg(long)]
    csv: bool,
}

/// One line.
#[derive(Serialize)]
struct Line {
    /// Null of whom was erased.
    email: Option<String>,
    /// HMAC of the address, hexadecimal: all that is left of whom was erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    lookup_hash: Option<String>,
    created_at: Timestamp,
    #[serde(flatten)]
    subscriber: SubscriberView,
}

/// Who has no row in the table.
#[derive(Default)]
struct Left {
    erased: u64,
    empty: u64,
    nameless: u64,
    restricted: u64,
}

pub(super) async fn run(
    session: &Session,
    policies: &PolicySet,
    store: &Store,
    arguments: Arguments,
) -> anyhow::Result<Status> {
    let mut out = BufWriter::new(io::stdout());
    let mut left = Left::default();
    if arguments.csv {
        out.write_all(&csv::line(COLUMNS.map(str::as_bytes)))?;
    }
    let mut after = None;
    loop {
        let page = store.people(&arguments.sender, after, PAGE).await?;
        for person in page.people {
            if arguments.csv {
                rows(&mut out, &person, &mut left)?;
            } else {
                let now = session.clock.now();
                output::json_line(&mut out, &line(policies, &arguments.sender, person, now))?;
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    out.flush()?;
    left.tell();
    Ok(Status::Done)
}

fn line(policies: &PolicySet, sender: &str, person: PersonRecord, now: Timestamp) -> Line {
    let PersonRecord { subscriber, hash, address, created_at, history } = person;
    let erased = subscriber.state.erased.is_some();
    let view =
        SubscriberView::new(policies, policies.sender(sender), subscriber.id, subscriber.state, history, now);
    Line {
        email: address.map(|address| address.to_string()),
        lookup_hash: erased.then(|| data_encoding::HEXLOWER.encode(&hash.0)),
        created_at,
        subscriber: view,
    }
}

fn rows(out: &mut impl Write, person: &PersonRecord, left: &mut Left) -> io::Result<()> {
    let state = &person.subscriber.state;
    let Some(address) = &person.address else {
        *(if state.erased.is_some() { &mut left.erased } else { &mut left.nameless }) += 1;
        return Ok(());
    };
    let rows = written(address, state, &person.history);
    left.empty += u64::from(rows.is_empty() && state.restricted.is_none());
    left.restricted += u64::from(state.restricted.is_some());
    for row in rows {
        out.write_all(&csv::line(row.in_order().map(String::as_bytes)))?;
    }
    Ok(())
}

impl Left {
    /// What the table could not say, on stderr.
    fn tell(&self) {
        let told = [
            (self.erased, "erased: nothing but a keyed hash is left of them (without --csv it is told)"),
            (
                self.nameless,
                "known by a no of the journal alone, whose address is not known: keep the journal too",
            ),
            (
                self.restricted,
                "restricted (GDPR 18), for which the table has no kind: restrict them there again",
            ),
            (self.empty, "known, but nothing stands of them"),
        ];
        for (count, what) in told.into_iter().filter(|(count, _)| *count > 0) {
            eprintln!("optgate: not in the table: {count} {what}");
        }
    }
}
