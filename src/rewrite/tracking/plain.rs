//! Links in a text without markup: an address ends where mail clients end it.

use super::{Finds, Search};
use crate::policy::tracking::address::WebAddress;
use crate::rewrite::html::Value;
use crate::rewrite::placeholders::Insertion;

const SCHEMES: [&[u8]; 2] = [b"https", b"http"];

pub(super) fn look(text: &[u8], search: &Search<'_>, finds: &mut Finds) {
    let mut free = 0;
    for colon in memchr::memmem::find_iter(text, b"://") {
        let Some(start) = start(text, colon).filter(|start| *start >= free) else { continue };
        let end = end(text, start);
        free = end;
        let Some(value) = Value::plain(text, start..end) else { continue };
        if let Some(address) = WebAddress::parse(&value.text) {
            finds.link(&address, search, |at, with| Insertion {
                at: value.origin(&at),
                text: with.to_owned(),
            });
        }
    }
}

/// Where an address begins whose scheme ends here, whatever stands before it: some clients find it there too.
fn start(text: &[u8], colon: usize) -> Option<usize> {
    let before = text.get(..colon)?;
    let scheme = SCHEMES.into_iter().find(|own| {
        before.len() >= own.len() && before[before.len() - own.len()..].eq_ignore_ascii_case(own)
    })?;
    Some(colon - scheme.len())
}

/// Before a blank, a bracket or a character beyond ASCII, and before the marks that end a sentence.
fn end(text: &[u8], start: usize) -> usize {
    let stops = |octet: &u8| !octet.is_ascii_graphic() || b"<>\"`|".contains(octet);
    let rest = text.get(start..).unwrap_or_default();
    let mut own = rest.get(..rest.iter().position(stops).unwrap_or(rest.len())).unwrap_or_default();
    let count = |octet: u8| memchr::memchr_iter(octet, own).count();
    let mut spare = [(b')', b'('), (b']', b'['), (b'}', b'{')]
        .map(|(close, open)| (close, count(close).saturating_sub(count(open))));
    while let Some((last, before)) = own.split_last() {
        let bracket = spare.iter_mut().find(|(close, _)| close == last);
        match bracket {
            Some((_, left)) if *left > 0 => *left -= 1,
            None if b".,:;!?'*_~".contains(last) => {}
            _ => break,
        }
        own = before;
    }
    start + own.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_in_a_text_ends_before_what_ends_the_sentence() {
        for (text, address) in [
            ("see https://a.example/x?y=1. Then", "https://a.example/x?y=1"),
            ("(https://a.example/x)", "https://a.example/x"),
            ("https://a.example/x_(y)", "https://a.example/x_(y)"),
            ("[https://a.example/x].", "https://a.example/x"),
            ("<HTTP://a.example/x>", "HTTP://a.example/x"),
            ("https://a.example/x\u{3002}Next", "https://a.example/x"),
            ("https://a.example/?u=https://b.example/", "https://a.example/?u=https://b.example/"),
        ] {
            let colon = text.find("://").unwrap();
            let start = start(text.as_bytes(), colon).unwrap();
            assert_eq!(&text[start..end(text.as_bytes(), start)], address);
        }
        assert_eq!(start(b"xhttp://a.example", 5), Some(1));
        assert_eq!(start(b"ftp://a.example", 3), None);
        assert_eq!(start(b"://", 0), None);
    }
}
