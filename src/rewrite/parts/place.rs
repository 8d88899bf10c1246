//! Where each part of a message is shown: RFC 2183, RFC 2387, and what mail clients make of them. It reads what was
//! split and cuts nothing.

use super::{Kind, Part, Place};
use crate::mail::message::Field;
use crate::rewrite::media::Disposition;

/// Fills in every part's place.
pub(super) fn tell(bytes: &[u8], parts: &mut [Part]) {
    let roots = roots(bytes, parts);
    let mut text_was_shown = false;
    for index in 0..parts.len() {
        let part = &parts[index];
        let place = match part.parent {
            _ if part.place == Place::Nested => Place::Nested,
            None => own_place(bytes, part, Within::Nothing),
            Some(parent) => {
                let container = &parts[parent];
                let within = match roots[parent] {
                    Some(root) if root == index => Within::Alternative,
                    Some(_) => Within::Related,
                    None if container.media.is_alternative() => Within::Alternative,
                    None => Within::Mixed { text_was_shown },
                };
                own_place(bytes, part, within).max(container.place)
            }
        };
        let part = &mut parts[index];
        part.place = place;
        text_was_shown |= place == Place::Inline && part.kind == Kind::Leaf && part.media.is_text();
    }
}

/// What a part stands in, as far as its place follows from that.
enum Within {
    Nothing,
    /// One of several forms of the same, or the root of a related: shown whatever it is called.
    Alternative,
    /// What the root refers to.
    Related,
    Mixed {
        text_was_shown: bool,
    },
}

fn own_place(bytes: &[u8], part: &Part, within: Within) -> Place {
    let container = part.kind == Kind::Multipart || part.media.is_sealed_multipart();
    match (disposition(bytes, part), within) {
        (_, Within::Related) => Place::Beside,
        // What is the whole message is shown, whatever it is called; what holds others has no name.
        (Disposition::Attached, Within::Nothing) if container || part.kind == Kind::Sealed => Place::Inline,
        // An encrypted or signed file (`smime.p7m`) is the content, unless a text stands before it.
        (_, Within::Mixed { text_was_shown: false }) if part.kind == Kind::Sealed => Place::Inline,
        (Disposition::Attached, _) => Place::Beside,
        (_, Within::Nothing | Within::Alternative) => Place::Inline,
        _ if container => Place::Inline,
        (Disposition::Named, _) => Place::Beside,
        _ if part.media.named() => Place::Beside,
        (Disposition::Inline, _) => Place::Inline,
    }
}

/// Where two contradict each other it may be shown.
fn disposition(bytes: &[u8], part: &Part) -> Disposition {
    let said = |field: &Field| Disposition::read(bytes, field);
    part.disposition.iter().map(said).min().unwrap_or(Disposition::Inline)
}

/// Of each multipart/related its root: the child that `start` names, else the first. RFC 2387, 3.2. A `start` that
/// names none is taken for none, as readers do.
fn roots(bytes: &[u8], parts: &[Part]) -> Vec<Option<usize>> {
    let mut roots: Vec<Option<(usize, Told)>> = vec![None; parts.len()];
    for (index, part) in parts.iter().enumerate() {
        let Some(parent) = part.parent.filter(|parent| parts[*parent].media.is_related()) else { continue };
        let id = part.id.as_ref().map(|field| &bytes[field.value.clone()]);
        let named = id.is_some_and(|id| parts[parent].media.starts_at(id));
        roots[parent] = match (roots[parent], named) {
            (None, true) | (Some((_, Told::ByOrder)), true) => Some((index, Told::ByName)),
            (None, false) => Some((index, Told::ByOrder)),
            (told, _) => told,
        };
    }
    roots.into_iter().map(|root| root.map(|(index, _)| index)).collect()
}

/// How a root is known.
#[derive(Clone, Copy)]
enum Told {
    ByOrder,
    ByName,
}
