//! What is kept, to take along (GDPR 20): a ZIP with everything as JSON, and tables as CSV for a spreadsheet. Nothing in
//! them is run by one.
//!
//! Written while it is read, in constant memory, since a person's mail may go back for years: sizes come after the content,
//! which every unpacker takes of what is deflated alone.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::held::Held;
use crate::clock::time_of;
use crate::csv;
use crate::store::{DeliveryPage, DeliveryView, Store};
use crate::web::stream::{Gone, Pieces};

/// Deliveries read and written at a time.
const PAGE: u32 = 200;

/// Writes all of it.
pub(super) async fn write(pieces: Pieces, store: &Store, held: &Held) -> Result<(), Gone> {
    let mut archive = Archive::new(pieces);
    archive.begin("everything.json").await?;
    let last = everything(&mut archive, store, held).await?;
    archive.file("history.csv", &history(held)).await?;
    archive.begin("mail.csv").await?;
    mail(&mut archive, store, held, last).await?;
    archive.file("requests.csv", &requests(held)).await?;
    archive.finish().await
}

/// A ZIP that leaves as it grows.
struct Archive {
    zip: Box<ZipWriter<StreamWriter<Outgoing>>>,
    outgoing: Outgoing,
    pieces: Pieces,
}

/// What the ZIP has written and nobody has been sent.
#[derive(Clone, Default)]
struct Outgoing(Arc<Mutex<Vec<u8>>>);

impl Outgoing {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Outgoing {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Archive {
    fn new(pieces: Pieces) -> Self {
        let outgoing = Outgoing::default();
        Self { zip: Box::new(ZipWriter::new_stream(outgoing.clone())), outgoing, pieces }
    }

    async fn begin(&mut self, name: &str) -> Result<(), Gone> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        self.zip.start_file(name, options).map_err(broken)?;
        self.pieces.write(&self.outgoing.take()).await
    }

    async fn write(&mut self, octets: &[u8]) -> Result<(), Gone> {
        self.zip.write_all(octets).map_err(broken)?;
        self.pieces.write(&self.outgoing.take()).await
    }

    async fn file(&mut self, name: &str, octets: &[u8]) -> Result<(), Gone> {
        self.begin(name).await?;
        self.write(octets).await
    }

    async fn finish(mut self) -> Result<(), Gone> {
        self.zip.finish().map_err(broken)?;
        self.pieces.write(&self.outgoing.take()).await
    }
}

fn broken(error: impl std::fmt::Display) -> Gone {
    tracing::error!(%error, "a person's data can't be packed");
    Gone
}

async fn page(store: &Store, held: &Held, after: Option<Uuid>) -> Result<DeliveryPage, Gone> {
    store.deliveries_to(&held.sender, held.person, after, PAGE).await.map_err(|error| {
        tracing::error!(%error, "a person's archive breaks off");
        Gone
    })
}

/// Tells the last delivery that it holds, after which the table of mail ends as well.
async fn everything(archive: &mut Archive, store: &Store, held: &Held) -> Result<Option<Uuid>, Gone> {
    let head = json!({
        "exported_at": held.at,
        "sender": held.sender,
        "email": held.address,
        "created_at": held.known_since,
        "subscriber": held.subscriber,
        "requests": held.requests.iter().map(|own| json!({
            "id": own.id, "kind": own.kind, "state": own.state, "received": own.received, "due": own.due,
            "ended": own.ended, "steps": own.steps,
        })).collect::<Vec<_>>(),
    });
    let mut head = serde_json::to_vec_pretty(&head).unwrap_or_default();
    head.truncate(head.len().saturating_sub("\n}".len()));
    head.extend_from_slice(b",\n  \"deliveries\": [");
    archive.write(&head).await?;
    let (mut after, mut last, mut between) = (None, None, "\n    ");
    loop {
        let page = page(store, held, after).await?;
        for view in &page.deliveries {
            archive.write(format!("{between}{}", text(&shown(view))).as_bytes()).await?;
            (last, between) = (Some(view.delivery), ",\n    ");
        }
        after = page.next;
        if after.is_none() {
            archive.write(b"\n  ]\n}\n").await?;
            return Ok(last);
        }
    }
}

fn shown(view: &DeliveryView) -> Value {
    json!({
        "delivery": view.delivery,
        "message": view.message,
        "recipient": view.recipient.as_ref().map(ToString::to_string),
        "stream": view.stream.map(|stream| stream.as_str()),
        "scope": view.scope.as_ref().map(ToString::to_string),
        "campaign": view.lane.campaign,
        "accepted_at": time_of(view.delivery),
        "state": view.state.shown(),
        "reason": view.reason,
        "attempts": view.attempts,
        "ended_at": view.ended_at,
        "last_response": view.last_response,
    })
}

fn history(held: &Held) -> Vec<u8> {
    let head = ["occurred_at", "recorded_at", "fact", "details", "channel", "evidence"];
    let rows = held.history.iter().map(|(event, evidence)| {
        vec![
            event.occurred_at.to_string(),
            event.recorded_at.to_string(),
            event.kind.word().to_owned(),
            text(&event.kind),
            event.channel.clone(),
            evidence.as_ref().map(Value::to_string).unwrap_or_default(),
        ]
    });
    table(&head, rows)
}

async fn mail(archive: &mut Archive, store: &Store, held: &Held, last: Option<Uuid>) -> Result<(), Gone> {
    let head = ["accepted_at", "stream", "scope", "campaign", "state", "ended_at"];
    archive.write(&csv::line(head.iter().map(|cell| cell.as_bytes()))).await?;
    let mut after = None;
    loop {
        let page = page(store, held, after).await?;
        for view in page.deliveries.iter().filter(|view| last.is_some_and(|last| view.delivery <= last)) {
            archive.write(&row(view)).await?;
        }
        after = page.next.filter(|next| last.is_some_and(|last| *next < last));
        if after.is_none() {
            return Ok(());
        }
    }
}

fn row(view: &DeliveryView) -> Vec<u8> {
    let cells = [
        time_of(view.delivery).map(|at| at.to_string()).unwrap_or_default(),
        view.stream.map(|stream| stream.to_string()).unwrap_or_default(),
        view.scope.as_ref().map(ToString::to_string).unwrap_or_default(),
        view.lane.campaign.clone(),
        view.state.shown().to_owned(),
        view.ended_at.map(|at| at.to_string()).unwrap_or_default(),
    ];
    csv::line(cells.iter().map(|cell| cell.as_bytes()))
}

fn requests(held: &Held) -> Vec<u8> {
    let head = ["received", "kind", "state", "due", "ended", "steps"];
    let rows = held.requests.iter().map(|own| {
        vec![
            own.received.to_string(),
            own.kind.as_str().to_owned(),
            own.state.as_str().to_owned(),
            own.due.to_string(),
            own.ended.map(|at| at.to_string()).unwrap_or_default(),
            text(&own.steps),
        ]
    });
    table(&head, rows)
}

fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Vec<u8> {
    let mut table = csv::line(head.iter().map(|cell| cell.as_bytes()));
    for row in rows {
        table.extend(csv::line(row.iter().map(|cell| cell.as_bytes())));
    }
    table
}
