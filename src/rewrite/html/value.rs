//! An attribute's value as browsers read it, with the way back to its octets. The HTML standard, 13.2.5.72 to 13.2.5.80;
//! WHATWG URL, 4.4, for what an address leaves out.
//!
//! Of character references those are read that mail has.

use std::ops::Range;

use crate::mail::html::reference;

/// A longer value is nobody's address, in octets.
const LONGEST: usize = 16 * 1024;
/// The longest reference, in octets.
const LONGEST_REFERENCE: usize = 12;

/// Those that older documents write without a semicolon.
const UNENDED: [(&str, char); 4] = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"')];

/// What a stretch of a document says.
#[derive(Clone, Debug, Default)]
pub(in crate::rewrite) struct Value {
    pub text: String,
    /// Of each octet of the text, and of its end, the place in the document.
    origins: Vec<usize>,
}

impl Value {
    /// An attribute's; `None` of one that is too long to be an address.
    pub fn attribute(html: &[u8], at: Range<usize>) -> Option<Self> {
        let raw = html.get(at.clone()).filter(|raw| raw.len() <= LONGEST)?;
        let mut value = Self::default();
        let mut from = 0;
        while let Some(found) = memchr::memchr(b'&', raw.get(from..)?) {
            let reference = from + found;
            value.push(raw.get(from..reference)?, at.start + from);
            let (said, length) = read(raw.get(reference..)?).unwrap_or(('&', 1));
            value.push_character(said, at.start + reference);
            from = reference + length;
        }
        value.push(raw.get(from..)?, at.start + from);
        value.origins.push(at.end);
        Some(value)
    }

    /// The same of a text without references.
    pub fn plain(text: &[u8], at: Range<usize>) -> Option<Self> {
        let raw = text.get(at.clone()).filter(|raw| raw.len() <= LONGEST)?;
        let mut value = Self::default();
        value.push(raw, at.start);
        value.origins.push(at.end);
        Some(value)
    }

    /// Where a stretch of the text stands in the document.
    pub fn origin(&self, at: &Range<usize>) -> Range<usize> {
        let of = |at: usize| self.origins.get(at).or(self.origins.last()).copied().unwrap_or_default();
        of(at.start)..of(at.end)
    }

    /// As an address is read: without blanks around it and line breaks within.
    pub fn address(&self) -> Self {
        let blank = |character: char| character <= ' ';
        let start = self.text.len() - self.text.trim_start_matches(blank).len();
        let end = self.text.trim_end_matches(blank).len().max(start);
        let mut own = Self::default();
        for (at, character) in self.text.get(start..end).unwrap_or_default().char_indices() {
            if !matches!(character, '\t' | '\n' | '\r') {
                let origin = self.origins.get(start + at).copied().unwrap_or_default();
                own.push_character(character, origin);
            }
        }
        own.origins.push(self.origins.get(end).copied().unwrap_or_default());
        own
    }

    fn push(&mut self, octets: &[u8], mut origin: usize) {
        for chunk in octets.utf8_chunks() {
            self.text.push_str(chunk.valid());
            self.origins.extend(origin..origin + chunk.valid().len());
            origin += chunk.valid().len();
            if !chunk.invalid().is_empty() {
                self.push_character(char::REPLACEMENT_CHARACTER, origin);
                origin += chunk.invalid().len();
            }
        }
    }

    fn push_character(&mut self, character: char, origin: usize) {
        self.text.push(character);
        self.origins.extend(std::iter::repeat_n(origin, character.len_utf8()));
    }
}

/// The character that octets begin with as a reference, and its length: with a semicolon, or as browsers forgive it.
fn read(octets: &[u8]) -> Option<(char, usize)> {
    let near = octets.get(..octets.len().min(LONGEST_REFERENCE))?;
    let near = near.utf8_chunks().next()?.valid();
    if let Some(found) = reference::at(near) {
        return Some(found);
    }
    let rest = near.strip_prefix('&')?;
    if let Some(number) = rest.strip_prefix('#') {
        let (digits, radix, before) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16, "&#x".len()),
            None => (number, 10, "&#".len()),
        };
        let length = digits.chars().take_while(|own| own.is_digit(radix)).count();
        let read = u32::from_str_radix(digits.get(..length)?, radix).ok()?;
        return Some((char::from_u32(read)?, before + length));
    }
    let (name, said) = UNENDED.into_iter().find(|(name, _)| rest.starts_with(name))?;
    // `&amp=` and `&ampere` are names of parameters.
    let goes_on =
        rest.get(name.len()..)?.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '=');
    (!goes_on).then_some((said, 1 + name.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(raw: &str) -> String {
        Value::attribute(raw.as_bytes(), 0..raw.len()).unwrap().address().text
    }

    #[test]
    fn an_address_is_read_as_browsers_read_it() {
        for (raw, read) in [
            (" https://a.example/?x=1&amp;y=2 ", "https://a.example/?x=1&y=2"),
            ("https://a.example/?x=1&#38;y=2&#x26;z&AMP;", "https://a.example/?x=1&y=2&z&AMP;"),
            ("https&colon;&sol;&sol;a&period;example", "https://a.example"),
            ("https://a.exa\r\n mple/\r\n\tb", "https://a.exa mple/b"),
            ("?amp&amp=1&copy=2&amp", "?amp&amp=1&copy=2&"),
            ("&#1114112;&#;&", "&#1114112;&#;&"),
        ] {
            assert_eq!(address(raw), read);
        }
        assert!(Value::attribute(&[b'x'; LONGEST + 1], 0..LONGEST + 1).is_none());
    }

    proptest! {
        #[test]
        fn a_place_leads_back_to_its_octets(raw in proptest::collection::vec(prop::sample::select(vec![
            &b"&amp;"[..], b"&#x26;", b"x", b"\xE5", "å".as_bytes(), b"\r\n", b" ", b"&",
        ]), 0..20)) {
            let raw = raw.concat();
            let read = Value::attribute(&raw, 0..raw.len()).unwrap();
            let own = read.address();
            for value in [&read, &own] {
                prop_assert_eq!(value.origins.len(), value.text.len() + 1);
                prop_assert!(value.origins.is_sorted() && value.origins.iter().all(|at| *at <= raw.len()));
                for (at, character) in value.text.char_indices().filter(|(_, own)| *own == 'x') {
                    let place = value.origin(&(at..at + character.len_utf8()));
                    prop_assert!(raw[place].starts_with(b"x"));
                }
            }
        }
    }
}
