//! Our own placeholders in a text: where they stand, however braces were escaped on the way. CONTRACT.md,
//! "Submitting by SMTP".
//!
//! What is put in is never searched again, so that no value can bring in another.

use std::ops::Range;

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Unsubscribe,
    Preferences,
    PostalAddress,
    Confirm,
}

/// A placeholder, its braces included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placeholder {
    pub at: Range<usize>,
    pub meaning: Meaning,
}

/// The most that are filled in one leaf, so that no message grows without bound.
const MAX_FILLED: usize = 1_000;
const PREFIX: &[u8] = b"optgate.";
const NAMES: [(&[u8], Meaning); 4] = [
    (b"unsubscribe_url", Meaning::Unsubscribe),
    (b"preferences_url", Meaning::Preferences),
    (b"postal_address", Meaning::PostalAddress),
    (b"confirm_url", Meaning::Confirm),
];
/// As typed, percent-encoded in an address, or as HTML writes it.
const OPENING: [&[u8]; 6] = [b"{", b"%7B", b"&#123;", b"&#x7B;", b"&lbrace;", b"&lcub;"];
const CLOSING: [&[u8]; 6] = [b"}", b"%7D", b"&#125;", b"&#x7D;", b"&rbrace;", b"&rcub;"];
const BLANKS: [&[u8]; 5] = [b" ", b"\t", b"%20", b"&nbsp;", b"&#160;"];

/// All of them, in order, up to `MAX_FILLED`.
pub(super) fn find(text: &[u8]) -> Vec<Placeholder> {
    let mut found: Vec<Placeholder> = Vec::new();
    for prefix in memchr::memmem::find_iter(text, PREFIX) {
        let floor = found.last().map_or(0, |last| last.at.end);
        if found.len() == MAX_FILLED {
            break;
        }
        if prefix >= floor {
            found.extend(around(text, prefix, floor));
        }
    }
    found
}

fn around(text: &[u8], prefix: usize, floor: usize) -> Option<Placeholder> {
    let name = prefix + PREFIX.len();
    let (length, meaning) = NAMES
        .iter()
        .find_map(|(own, meaning)| text[name..].starts_with(own).then_some((own.len(), *meaning)))?;
    let before = &text[floor..prefix];
    let start = ending(ending(skip_blanks_back(before), &OPENING)?, &OPENING)?;
    let after = &text[name + length..];
    let end = starting(starting(skip_blanks(after), &CLOSING)?, &CLOSING)?;
    // Mustache's third pair, where it is one.
    let (start, end) = match (ending(start, &OPENING), starting(end, &CLOSING)) {
        (Some(wider_start), Some(wider_end)) => (wider_start, wider_end),
        _ => (start, end),
    };
    Some(Placeholder { at: floor + start.len()..text.len() - end.len(), meaning })
}

/// An editor's `http://` before a placeholder in an attribute, which would break the address that comes in.
pub(super) fn with_scheme(text: &[u8], at: Range<usize>) -> Range<usize> {
    let before = &text[..at.start];
    let scheme = [&b"http://"[..], b"https://"].into_iter().find_map(|scheme| {
        let rest = before.strip_suffix(scheme)?;
        matches!(rest.last(), Some(b'"' | b'\'')).then_some(scheme.len())
    });
    at.start - scheme.unwrap_or(0)..at.end
}

/// The text without the form that it ends in.
fn ending<'a>(text: &'a [u8], forms: &[&[u8]]) -> Option<&'a [u8]> {
    forms.iter().find_map(|form| {
        let (rest, last) = text.split_at_checked(text.len().checked_sub(form.len())?)?;
        last.eq_ignore_ascii_case(form).then_some(rest)
    })
}

/// The text without the form that it starts with.
fn starting<'a>(text: &'a [u8], forms: &[&[u8]]) -> Option<&'a [u8]> {
    forms.iter().find_map(|form| {
        let (first, rest) = text.split_at_checked(form.len())?;
        first.eq_ignore_ascii_case(form).then_some(rest)
    })
}

fn skip_blanks(mut text: &[u8]) -> &[u8] {
    while let Some(rest) = starting(text, &BLANKS) {
        text = rest;
    }
    text
}

fn skip_blanks_back(mut text: &[u8]) -> &[u8] {
    while let Some(rest) = ending(text, &BLANKS) {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_known_in_every_dress() {
        for dress in [
            "{{optgate.unsubscribe_url}}",
            "{{ optgate.unsubscribe_url }}",
            "{{{optgate.unsubscribe_url}}}",
            "%7B%7Boptgate.unsubscribe_url%7D%7D",
            "%7b%7b%20optgate.unsubscribe_url%20%7d%7d",
            "&#123;&#123;optgate.unsubscribe_url&#125;&#125;",
        ] {
            let text = format!("<a {dress}>");
            let found = find(text.as_bytes());
            assert_eq!(
                found,
                [Placeholder { at: 3..3 + dress.len(), meaning: Meaning::Unsubscribe }],
                "{dress}"
            );
        }
    }

    #[test]
    fn what_is_no_placeholder_of_ours_stays() {
        for text in [
            "{optgate.unsubscribe_url}",
            "{{optgate.unsubscribe_url}",
            "{{optgate.confirm}}",
            "optgate.unsubscribe_url}}",
            "{{optgate.unsubscribe_url_x}}",
            "{{optgate.",
        ] {
            assert_eq!(find(text.as_bytes()), [], "{text}");
        }
    }

    #[test]
    fn neighbours_are_told_apart() {
        let text = b"{{optgate.postal_address}}{{optgate.preferences_url}}{{optgate.confirm_url}}";
        let found: Vec<_> = find(text).into_iter().map(|one| (one.at, one.meaning)).collect();
        assert_eq!(
            found,
            [(0..26, Meaning::PostalAddress), (26..53, Meaning::Preferences), (53..76, Meaning::Confirm)]
        );
    }

    #[test]
    fn a_scheme_before_an_address_in_an_attribute_goes() {
        let text = b"href=\"http://{{optgate.unsubscribe_url}}\"";
        assert_eq!(with_scheme(text, 13..40), 6..40);
        assert_eq!(with_scheme(b"see http://{{x}}", 11..16), 11..16);
    }
}
