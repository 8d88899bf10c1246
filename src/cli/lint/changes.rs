//! What a copy has otherwise than the message it was made of: fields of the header, and lines of the texts.

use serde::Serialize;

use crate::mail::RawMessage;
use crate::mail::message::Field;
use crate::rewrite::{self, LeafKind, ShownLeaf};

/// Lines that are looked ahead to find where a text goes on.
const AHEAD: usize = 200;
/// The most changes of one text.
const MOST: usize = 100;

/// Something that goes out, comes in, or both.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// `header`, `text part 2`, `html part 3`.
    pub place: String,
    /// Of a text as it was submitted, from 1; 0 in the header.
    pub line: usize,
    pub removed: Vec<String>,
    pub added: Vec<String>,
}

/// In the order of the message.
pub fn between(message: &RawMessage, copy: Vec<u8>) -> Vec<Change> {
    let Ok(copy) = RawMessage::index(copy.into()) else { return Vec::new() };
    let mut changes: Vec<Change> = header(message, &copy).into_iter().collect();
    let leaves = |of: &RawMessage| {
        rewrite::check(of).map(|checked| checked.open().shown(None).leaves).unwrap_or_default()
    };
    for (old, new) in leaves(message).iter().zip(&leaves(&copy)) {
        changes.extend(texts(old, new));
    }
    changes
}

fn header(message: &RawMessage, copy: &RawMessage) -> Option<Change> {
    let fields = |of: &RawMessage| -> Vec<String> {
        let shown =
            |field: &Field| format!("{}: {}", String::from_utf8_lossy(of.name(field)), of.unfolded(field));
        of.fields().iter().map(shown).collect()
    };
    let (old, new) = (fields(message), fields(copy));
    let only = |own: &[String], other: &[String]| -> Vec<String> {
        own.iter().filter(|field| !other.contains(field)).cloned().collect()
    };
    let change =
        Change { place: "header".to_owned(), line: 0, removed: only(&old, &new), added: only(&new, &old) };
    (change.removed.len() + change.added.len() > 0).then_some(change)
}

fn texts(old: &ShownLeaf, new: &ShownLeaf) -> Vec<Change> {
    let kind = match old.kind {
        LeafKind::Plain => "text",
        LeafKind::Html => "html",
        LeafKind::Amp => "amp",
        LeafKind::Other => "other",
    };
    let place = format!("{kind} part {}", old.part);
    let (old, new): (Vec<&str>, Vec<&str>) = (old.text.lines().collect(), new.text.lines().collect());
    let mut changes = Vec::new();
    let (mut at, mut other) = (0, 0);
    while (at < old.len() || other < new.len()) && changes.len() < MOST {
        if old.get(at).is_some() && old.get(at) == new.get(other) {
            (at, other) = (at + 1, other + 1);
            continue;
        }
        let line = at + 1;
        let next = old.get(at).and_then(|own| new.iter().skip(other).take(AHEAD).position(|new| new == own));
        // What is taken out may have been on lines of its own.
        let gone = new.get(other).and_then(|own| old.iter().skip(at).take(AHEAD).position(|old| old == own));
        let (goes, comes) = match (next, gone, old.get(at)) {
            (Some(length), ..) => (0, length),
            (None, Some(length), _) => (length, 0),
            (None, None, Some(_)) => (1, 1),
            (None, None, None) => (0, new.len() - other),
        };
        let lines = |of: &[&str], from: usize, count: usize| -> Vec<String> {
            of.iter().skip(from).take(count).map(|own| (*own).to_owned()).collect()
        };
        let (removed, added) = (lines(&old, at, goes), lines(&new, other, comes));
        at = (at + goes).min(old.len());
        other = (other + comes).min(new.len());
        changes.push(Change { place: place.clone(), line, removed, added });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(text: &str) -> ShownLeaf {
        ShownLeaf {
            part: 2,
            kind: LeafKind::Plain,
            is_body: true,
            text: text.to_owned(),
            has_unsubscribe: false,
            octets: text.len(),
        }
    }

    #[test]
    fn what_comes_into_a_text_is_told_by_line() {
        let changes = texts(&leaf("a\nb {{x}}\nc"), &leaf("a\nb link\nc\n---\nfooter"));
        let told: Vec<_> = changes.iter().map(|own| (own.line, own.removed.len(), own.added.len())).collect();
        assert_eq!(told, [(2, 1, 1), (4, 0, 2)]);
        assert!(texts(&leaf("a\nb"), &leaf("a\nb")).is_empty());
        let changes = texts(&leaf("a\n<img\nsrc=x>\nb\nc d"), &leaf("a\nb\nc"));
        let told: Vec<_> = changes.iter().map(|own| (own.line, own.removed.len(), own.added.len())).collect();
        assert_eq!(told, [(2, 2, 0), (5, 1, 1)], "what goes is told too");
        assert_eq!(texts(&leaf(""), &leaf("footer"))[0].added, ["footer"]);
    }
}
