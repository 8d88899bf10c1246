//! The placeholders that stand in a leaf, and what comes in place of each where it stands: a link, an address, an
//! address within another. CONTRACT.md, "What leaves"; DIALECTS.md.
//!
//! What is put in is never searched again, so that no value can bring in another.

use std::ops::Range;

use super::footer;
use super::html::{self, Stand};
use super::{Links, Rewriting};
use crate::mail::RawMessage;
use crate::policy::dialect::Dialects;
pub(super) use crate::policy::dialect::Meaning;
use crate::policy::dialect::placeholder::{Active, Form};

/// How far back an address is read into which ours is put, in octets.
const LONGEST_ADDRESS: usize = 2_000;
const SCHEMES: [&[u8]; 2] = [b"http://", b"https://"];

/// A placeholder and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placeholder {
    pub at: Range<usize>,
    pub meaning: Meaning,
    form: Form,
    stand: Stand,
    /// Where the words of its link stand.
    label: Option<Range<usize>>,
}

/// What is looked for in one message.
pub(super) struct Search<'d>(Active<'d>);

/// A text that comes into the content, in place of what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Insertion {
    pub at: Range<usize>,
    pub text: String,
}

/// How a leaf is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Plain,
    /// HTML, or AMP.
    Markup,
}

impl<'d> Search<'d> {
    pub fn new(dialects: &'d Dialects, message: &RawMessage) -> Self {
        Self(dialects.placeholders.in_message(message))
    }

    /// All of them, in order.
    pub fn find(&self, text: &[u8], reading: Reading) -> Vec<Placeholder> {
        let found = self.0.find(text);
        let stands = match reading {
            Reading::Plain => vec![Stand::Text; found.len()],
            Reading::Markup => html::stands(text, found.iter().map(|one| &one.at)),
        };
        let one = |(one, stand): (crate::policy::dialect::placeholder::Found<'_>, Stand)| Placeholder {
            at: one.at,
            meaning: one.placeholder.means,
            form: one.placeholder.form,
            stand,
            label: one.label,
        };
        // An attribute is one in a tag alone: elsewhere somebody writes about it.
        let is_one =
            |own: &Placeholder| own.form != Form::Attribute || matches!(own.stand, Stand::Tag { .. });
        found.into_iter().zip(stands).map(one).filter(is_one).collect()
    }
}

impl Placeholder {
    /// Whether the address that comes in goes on in what comes in place of the next, and leads nowhere then.
    pub fn joins(&self, next: &Self, reading: Reading) -> bool {
        !self.is_element(reading) && next.goes_on(self.at.end, reading)
    }

    /// Whether an address that ends here goes on in what comes in place of this.
    pub fn goes_on(&self, end: usize, reading: Reading) -> bool {
        self.at.start == end && !self.is_element(reading)
    }

    fn is_element(&self, reading: Reading) -> bool {
        reading == Reading::Markup && self.form == Form::Link && self.stand == Stand::Text
    }

    /// Where a reader has to see it: an attribute makes a link of its tag.
    pub fn seen_at(&self) -> usize {
        match (self.form, self.stand) {
            (Form::Attribute, Stand::Tag { start }) => start,
            _ => self.at.start,
        }
    }
}

/// What comes in place of those that were found, in order and apart. `words` reads a stretch of the text.
pub(super) fn fill(
    text: &[u8],
    found: &[Placeholder],
    reading: Reading,
    rewriting: &Rewriting,
    words: impl Fn(Range<usize>) -> String,
) -> Vec<Insertion> {
    let mut insertions = Vec::with_capacity(found.len());
    for placeholder in found {
        let first = insertions.len();
        match placeholder.meaning {
            Meaning::PostalAddress => insertions.extend(postal_address(placeholder, reading, rewriting)),
            meaning => {
                let address = rewriting.links.as_ref().and_then(|links| address(meaning, links));
                if let Some(address) = address {
                    let filling =
                        Filling { text, placeholder, reading, address, language: rewriting.language };
                    insertions.extend(filling.link(&words));
                }
            }
        }
        // Elsewhere no tag begins.
        let in_text = matches!(placeholder.stand, Stand::Text | Stand::Linked | Stand::Condition);
        let around = if in_text { reading } else { Reading::Plain };
        for own in &mut insertions[first..] {
            own.text.insert_str(0, gap(text, &own.at, &own.text, around));
        }
    }
    apart(insertions)
}

/// A blank where what comes in would make a tag or a boundary of what stands around it.
pub(super) fn gap(text: &[u8], at: &Range<usize>, coming: &str, reading: Reading) -> &'static str {
    let before = text.get(..at.start).unwrap_or_default();
    let makes_a_tag = reading == Reading::Markup && !coming.starts_with(['<', ' ']) && before.ends_with(b"<");
    let at_start = matches!(before.last(), None | Some(b'\n'));
    let makes_a_boundary = coming.is_empty() && at_start && text.get(at.end) == Some(&b'-');
    if makes_a_tag || makes_a_boundary { " " } else { "" }
}

/// The bare link, where there is one: on another stream a link that confirms is nobody's, and stays as it was written.
fn address(meaning: Meaning, links: &Links) -> Option<&str> {
    match meaning {
        Meaning::Unsubscribe => Some(&links.unsubscribe),
        Meaning::Preferences => Some(&links.preferences),
        Meaning::Confirm => links.confirm.as_deref(),
        Meaning::Data => links.data.as_deref(),
        Meaning::PostalAddress => None,
    }
}

fn postal_address(placeholder: &Placeholder, reading: Reading, rewriting: &Rewriting) -> Option<Insertion> {
    let address = match footer::address(rewriting) {
        None => rewriting.links.as_ref().map(|_| String::new())?,
        Some(address) => address,
    };
    let text = if reading == Reading::Markup { html::escape(&address) } else { address };
    Some(Insertion { at: placeholder.at.clone(), text })
}

/// One link and the place that it comes into.
struct Filling<'a> {
    text: &'a [u8],
    placeholder: &'a Placeholder,
    reading: Reading,
    address: &'a str,
    language: &'static str,
}

impl Filling<'_> {
    fn link(&self, words: impl Fn(Range<usize>) -> String) -> Vec<Insertion> {
        let at = self.placeholder.at.clone();
        match (self.placeholder.form, self.placeholder.stand) {
            (Form::Attribute, Stand::Tag { start }) => self.attribute(start),
            (Form::Suffix, _) => vec![self.bare(self.with_address_before())],
            (Form::Link, Stand::Text) if self.reading == Reading::Markup => {
                vec![Insertion { at, text: self.anchor(&words) }]
            }
            (Form::Link, Stand::Linked) => vec![Insertion { at, text: self.label(&words) }],
            _ => vec![self.bare(self.with_scheme())],
        }
    }

    fn bare(&self, at: Range<usize>) -> Insertion {
        let within = at == self.placeholder.at && is_parameter(&self.text[..at.start]);
        let address = if within { encoded(self.address) } else { self.address.to_owned() };
        let text = if self.reading == Reading::Markup { html::escape(&address) } else { address };
        Insertion { at, text }
    }

    fn anchor(&self, words: impl Fn(Range<usize>) -> String) -> String {
        format!("<a href=\"{}\">{}</a>", html::escape(self.address), self.label(words))
    }

    /// As HTML. The tool's own words are HTML already, and hold no tag.
    fn label(&self, words: impl Fn(Range<usize>) -> String) -> String {
        if let Some(own) = &self.placeholder.label {
            return words(own.clone());
        }
        let ours = footer::link_words(self.placeholder.meaning, self.language);
        html::escape(ours.unwrap_or(self.address))
    }

    /// The tag's link leads to us, and what said so goes.
    fn attribute(&self, start: usize) -> Vec<Insertion> {
        let at = self.placeholder.at.clone();
        let address = html::escape(self.address);
        let tag = html::tag(self.text, start, at.end);
        if !tag.is_link {
            return vec![Insertion { at, text: String::new() }];
        }
        match tag.href {
            Some(href) => vec![
                Insertion { at: href, text: format!("=\"{address}\"") },
                Insertion { at: self.with_blanks_before(), text: String::new() },
            ],
            None => vec![Insertion { at, text: format!("href=\"{address}\"") }],
        }
    }

    fn with_blanks_before(&self) -> Range<usize> {
        let before = self.text[..self.placeholder.at.start].trim_ascii_end().len();
        before..self.placeholder.at.end
    }

    /// An editor's `http://` before a placeholder in an attribute, which would break the address that comes in.
    fn with_scheme(&self) -> Range<usize> {
        let at = self.placeholder.at.clone();
        if self.reading == Reading::Plain {
            return at;
        }
        let before = &self.text[..at.start];
        let scheme = SCHEMES.into_iter().find_map(|scheme| {
            let rest = before.strip_suffix(scheme)?;
            matches!(rest.last(), Some(b'"' | b'\'')).then_some(scheme.len())
        });
        at.start - scheme.unwrap_or(0)..at.end
    }

    /// With the address that it marks.
    fn with_address_before(&self) -> Range<usize> {
        let at = self.placeholder.at.clone();
        let word = last_word(&self.text[..at.start]);
        let start = SCHEMES.iter().filter_map(|scheme| memchr::memmem::rfind(word, scheme)).max();
        let length = start.map_or(0, |start| word.len() - start);
        at.start - length..at.end
    }
}

/// What of a text comes after the last blank, quote or bracket.
fn last_word(text: &[u8]) -> &[u8] {
    let near = &text[text.len().saturating_sub(LONGEST_ADDRESS)..];
    let ends =
        |octet: &u8| octet.is_ascii_whitespace() || matches!(octet, b'<' | b'>' | b'"' | b'\'' | b'(' | b')');
    near.iter().rposition(ends).map_or(near, |at| &near[at + 1..])
}

/// Whether what comes next is a part of another address' query or fragment.
fn is_parameter(before: &[u8]) -> bool {
    let word = last_word(before);
    let begins = memchr::memmem::find(word, b"://").is_some() || word.starts_with(b"mailto:");
    begins && word.iter().any(|octet| matches!(octet, b'?' | b'#'))
}

/// RFC 3986, 2.3.
pub(super) fn encoded(address: &str) -> String {
    let mut out = String::with_capacity(address.len() + 16);
    for octet in address.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            out.push(char::from(octet));
        } else {
            out.push_str(&format!("%{octet:02X}"));
        }
    }
    out
}

/// In order; of two that overlap the one that begins first, and the wider of those.
fn apart(mut insertions: Vec<Insertion>) -> Vec<Insertion> {
    insertions.sort_by_key(|own| (own.at.start, std::cmp::Reverse(own.at.end)));
    let mut end = 0;
    insertions.retain(|own| {
        let fits = own.at.start >= end;
        end = if fits { own.at.end } else { end };
        fits
    });
    insertions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_within_another_is_told_by_what_stands_before_it() {
        assert!(is_parameter(b"<a href=\"https://t.example/?u="));
        assert!(is_parameter(b"see https://t.example/#"));
        assert!(is_parameter(b"mailto:a@x.example?body="));
        assert!(!is_parameter(b"<a href=\""));
        assert!(!is_parameter(b"https://t.example/ ?u="));
        assert!(!is_parameter(b"Questions? "));
    }

    #[test]
    fn what_overlaps_comes_in_once() {
        let one = |at: Range<usize>, text: &str| Insertion { at, text: text.to_owned() };
        let all = vec![one(5..6, "c"), one(0..4, "a"), one(2..3, "b"), one(0..2, "d")];
        assert_eq!(apart(all), [one(0..4, "a"), one(5..6, "c")]);
    }
}
