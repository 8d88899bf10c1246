//! The message's header: what goes out of it and what comes in. CONTRACT.md, "What leaves"; RFC 2369, RFC 2919,
//! RFC 8058.

use super::edit::Edit;
use super::field::{as_folded, folded, identifier, phrase, unstructured, uri};
use super::{Links, Rewriting};
use crate::mail::RawMessage;
use crate::policy::Stream;

/// On every stream: what only we or the last server may say.
const PRIVATE: [&str; 3] = ["Bcc", "Resent-Bcc", "Return-Path"];
/// Our selectors.
const SELECTORS: &[u8] = b"X-Optgate-";

/// What the body's rewriting asks of the header.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Fields of the first part, each with its CRLF.
    pub fields: Vec<u8>,
}

/// The header's edits.
pub(super) fn edits(message: &RawMessage, rewriting: &Rewriting, wanted: Wanted) -> Vec<Edit> {
    let ours = ours(rewriting);
    let replaced = |name: &[u8]| {
        let own = ours.iter().map(|(name, _)| *name).chain(PRIVATE);
        let selector = name.get(..SELECTORS.len()).is_some_and(|start| start.eq_ignore_ascii_case(SELECTORS));
        let withheld = rewriting.withheld.is_some_and(|withheld| withheld.holds(name));
        selector || withheld || own.into_iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
    };
    let mut edits = vec![Edit::insert(0, as_folded(&rewriting.received))];
    let removed = message.fields().iter().filter(|field| replaced(message.name(field)));
    edits.extend(removed.map(|field| Edit::remove(field.whole.clone())));

    let end = message.fields().last().map_or(0, |field| field.whole.end);
    let mut added = Vec::with_capacity(1024);
    if end > 0 && !message.bytes()[..end].ends_with(b"\r\n") {
        added.extend_from_slice(b"\r\n");
    }
    added.extend(missing(message, rewriting));
    added.extend(wanted.fields);
    added.extend(ours.into_iter().flat_map(|(_, field)| field));
    if message.body_offset() == end {
        // Signers and readers must agree on where the body starts.
        added.extend_from_slice(b"\r\n");
    }
    edits.push(Edit::insert(end, added));
    edits
}

/// Fields that replace any of the same name.
fn ours(rewriting: &Rewriting) -> Vec<(&str, Vec<u8>)> {
    let mut fields = Vec::new();
    if rewriting.stream == Stream::Marketing {
        if let Some(links) = &rewriting.links {
            fields.push(("List-Unsubscribe", list_unsubscribe(links)));
            fields.push((
                "List-Unsubscribe-Post",
                b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".to_vec(),
            ));
        }
        if let Some(id) = &rewriting.list_id {
            let mut words = phrase(&rewriting.sender_name);
            words.push(format!("<{}>", identifier(id, 200)));
            fields.push(("List-Id", folded("List-Id", &words)));
        }
        if let Some(id) = &rewriting.feedback_id {
            fields.push(("Feedback-ID", folded("Feedback-ID", &[identifier(id, 200)])));
        }
    }
    let extra = rewriting.extra_headers.iter();
    fields.extend(extra.filter_map(|(name, value)| Some((name.as_str(), unstructured(name, value)?))));
    fields
}

fn list_unsubscribe(links: &Links) -> Vec<u8> {
    let mut words = vec![format!("<{}>", uri(&links.unsubscribe))];
    if let Some(mailto) = &links.mailto {
        words[0].push(',');
        words.push(format!("<mailto:{}>", uri(mailto.trim_start_matches("mailto:"))));
    }
    folded("List-Unsubscribe", &words)
}

/// What every message has and this one lacks.
fn missing(message: &RawMessage, rewriting: &Rewriting) -> Vec<u8> {
    let lacks = |name: &str| message.all(name).next().is_none();
    let mut fields = Vec::new();
    if lacks("Date") {
        fields.extend(folded("Date", &[super::field::plain(&rewriting.date)]));
    }
    if lacks("Message-ID") {
        fields.extend(folded("Message-ID", &[format!("<{}>", identifier(&rewriting.message_id, 250))]));
    }
    if lacks("MIME-Version") {
        fields.extend_from_slice(b"MIME-Version: 1.0\r\n");
    }
    fields
}
