//! The message's header: what goes out of it and what comes in. CONTRACT.md, "What leaves"; RFC 2369, RFC 2919,
//! RFC 8058.

use super::edit::Edit;
use super::field::{as_folded, folded, identifier, phrase, unstructured, uri};
use super::placeholders::{Reading, Search};
use super::{Links, Passage, Rewriting};
use crate::mail::{Address, RawMessage};
use crate::policy::Stream;
use crate::policy::sender::SenderMailto;

/// On every stream: what only we or the last server may say.
const PRIVATE: [&str; 3] = ["Bcc", "Resent-Bcc", "Return-Path"];
/// RFC 8058.
const PAIR: [&str; 2] = ["List-Unsubscribe", "List-Unsubscribe-Post"];
const MAILTO: &str = "mailto:";
/// Fields of one name, and octets of a value, that are read.
const MOST_FIELDS: usize = 16;
const MOST_VALUE: usize = 4_000;
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
    let ours = ours(message, rewriting);
    let replaced = |name: &[u8]| {
        let own = ours.iter().map(|(name, _)| *name).chain(PRIVATE);
        is_taken_out(name, rewriting) || own.into_iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
    };
    let unfilled = holds_placeholder(message, rewriting);
    let mut edits = vec![Edit::insert(0, as_folded(&rewriting.received))];
    let removed = message.fields().iter().filter(|field| {
        let name = message.name(field);
        replaced(name) || unfilled && PAIR.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes()))
    });
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
fn ours<'r>(message: &RawMessage, rewriting: &'r Rewriting) -> Vec<(&'r str, Vec<u8>)> {
    let mut fields = Vec::new();
    if rewriting.stream == Stream::Marketing {
        if let Some(links) = &rewriting.links {
            let [link, post] = PAIR;
            fields.push((link, list_unsubscribe(links, kept_mailto(message, rewriting))));
            fields.push((post, b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".to_vec()));
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

fn list_unsubscribe(links: &Links, kept: Option<String>) -> Vec<u8> {
    let mut words = vec![format!("<{}>", uri(&links.unsubscribe))];
    for mailto in links.mailto.iter().chain(&kept) {
        if let Some(before) = words.last_mut() {
            before.push(',');
        }
        words.push(format!("<mailto:{}>", uri(mailto.trim_start_matches("mailto:"))));
    }
    folded("List-Unsubscribe", &words)
}

/// What only says something to us or to a provider. In this order: our own selectors leave with nothing; the upstream
/// gets of its own fields what its kind takes; and what a dialect marks goes.
fn is_taken_out(name: &[u8], rewriting: &Rewriting) -> bool {
    let ours = name.get(..SELECTORS.len()).is_some_and(|start| start.eq_ignore_ascii_case(SELECTORS));
    ours || match rewriting.withheld.and_then(|withheld| withheld.says(name)) {
        Some(passage) => passage == Passage::Stays,
        None => rewriting.dialects.removes(name),
    }
}

/// The tool's own `mailto:`, where the sender wants it kept: the first in its List-Unsubscribe that is an address and
/// no template of one. RFC 2369, 2; RFC 6068.
fn kept_mailto(message: &RawMessage, rewriting: &Rewriting) -> Option<String> {
    if rewriting.sender_mailto == SenderMailto::Remove {
        return None;
    }
    let fields = message.all("List-Unsubscribe").take(MOST_FIELDS).map(|field| message.unfolded(field));
    let search = Search::new(&rewriting.dialects, message);
    fields.filter(|value| value.len() <= MOST_VALUE).find_map(|value| {
        let addresses = value.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0.trim()));
        let mailto = addresses
            .filter(|own| own.get(..MAILTO.len()).is_some_and(|own| own.eq_ignore_ascii_case(MAILTO)));
        let sound = |own: &&str| {
            let to = own[MAILTO.len()..].split('?').next().unwrap_or_default();
            let plain = own.bytes().all(|octet| matches!(octet, b'!'..=b'~'));
            plain && to.parse::<Address>().is_ok() && search.find(own.as_bytes(), Reading::Plain).is_empty()
        };
        mailto.filter(sound).map(|own| own[MAILTO.len()..].to_owned()).next()
    })
}

/// Whether a List-Unsubscribe of the tool's, which stays on mail that is no marketing, is one that was left to the
/// provider to fill: then the pair leads nowhere.
fn holds_placeholder(message: &RawMessage, rewriting: &Rewriting) -> bool {
    let search = Search::new(&rewriting.dialects, message);
    let [link, _] = PAIR;
    let mut fields = message.all(link).take(MOST_FIELDS);
    fields.any(|field| !search.find(message.unfolded(field).as_bytes(), Reading::Plain).is_empty())
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
