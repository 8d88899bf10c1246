//! What is kept, to take along (GDPR 20): a ZIP with everything as JSON, and tables as CSV for a spreadsheet. Nothing in
//! them is run by one.

use std::io::{Cursor, Write as _};

use serde::Serialize;
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::held::Held;
use crate::clock::time_of;
use crate::csv;

/// Packs it.
pub(super) fn of(held: &Held) -> Result<Vec<u8>, zip::result::ZipError> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, content) in [
        ("everything.json", everything(held)),
        ("history.csv", history(held)),
        ("mail.csv", mail(held)),
        ("requests.csv", requests(held)),
    ] {
        zip.start_file(name, options)?;
        zip.write_all(&content)?;
    }
    Ok(zip.finish()?.into_inner())
}

fn everything(held: &Held) -> Vec<u8> {
    let mail = held.deliveries.iter().map(|view| {
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
    });
    let requests = held.requests.iter().map(|own| {
        json!({
            "id": own.id, "kind": own.kind, "state": own.state, "received": own.received, "due": own.due,
            "ended": own.ended, "steps": own.steps,
        })
    });
    let document = json!({
        "exported_at": held.at,
        "sender": held.sender,
        "email": held.address,
        "created_at": held.known_since,
        "subscriber": held.subscriber,
        "deliveries": mail.collect::<Vec<_>>(),
        "requests": requests.collect::<Vec<_>>(),
    });
    serde_json::to_vec_pretty(&document).unwrap_or_default()
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

fn mail(held: &Held) -> Vec<u8> {
    let head = ["accepted_at", "stream", "scope", "campaign", "state", "ended_at"];
    let rows = held.deliveries.iter().map(|view| {
        vec![
            time_of(view.delivery).map(|at| at.to_string()).unwrap_or_default(),
            view.stream.map(|stream| stream.to_string()).unwrap_or_default(),
            view.scope.as_ref().map(ToString::to_string).unwrap_or_default(),
            view.lane.campaign.clone(),
            view.state.shown().to_owned(),
            view.ended_at.map(|at| at.to_string()).unwrap_or_default(),
        ]
    });
    table(&head, rows)
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
