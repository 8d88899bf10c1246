//! Where in HTML a place stands: in text, in a tag, in a comment. One pass over a document for all its places, near
//! enough to what browsers read (HTML, 13.2.5); nothing is written here.

use std::ops::Range;

/// The longest tag that is read, in octets.
const LONGEST_TAG: usize = 16 * 1024;

/// What a place is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    Text,
    /// The text of a link.
    Linked,
    /// A tag that begins here.
    Tag {
        start: usize,
    },
    /// A comment, a script, a style, or what else is no markup.
    Raw,
}

/// Elements whose content is no markup.
const RAW: [&[u8]; 6] = [b"script", b"style", b"title", b"textarea", b"xmp", b"iframe"];

/// What each of these places, which are in order and apart, stands in.
pub(super) fn stands<'r>(html: &[u8], places: impl Iterator<Item = &'r Range<usize>>) -> Vec<Stand> {
    let mut walk = Walk { html, at: 0, within: Within::Text, linked: false };
    let stand = |place: &Range<usize>| {
        walk.to(place.start);
        walk.at = walk.at.max(place.end);
        walk.stand()
    };
    places.map(stand).collect()
}

#[derive(Clone, Copy)]
enum Within {
    Text,
    Comment,
    Raw(&'static [u8]),
    Tag { start: usize, quote: Option<u8> },
}

struct Walk<'h> {
    html: &'h [u8],
    at: usize,
    within: Within,
    linked: bool,
}

impl Walk<'_> {
    fn stand(&self) -> Stand {
        match self.within {
            Within::Text if self.linked => Stand::Linked,
            Within::Text => Stand::Text,
            Within::Tag { start, .. } => Stand::Tag { start },
            Within::Comment | Within::Raw(_) => Stand::Raw,
        }
    }

    fn to(&mut self, end: usize) {
        while self.at < end {
            let rest = &self.html[self.at..end];
            match self.within {
                Within::Text => match memchr::memchr(b'<', rest) {
                    Some(found) => self.opens(self.at + found),
                    None => self.at = end,
                },
                Within::Comment => match memchr::memmem::find(rest, b"-->") {
                    Some(found) => self.enters(self.at + found + 3, Within::Text),
                    None => self.at = end,
                },
                Within::Raw(name) => match end_tag(rest, name) {
                    Some(found) => self.enters(self.at + found, Within::Text),
                    None => self.at = end,
                },
                Within::Tag { start, quote: Some(quote) } => match memchr::memchr(quote, rest) {
                    Some(found) => self.enters(self.at + found + 1, Within::Tag { start, quote: None }),
                    None => self.at = end,
                },
                Within::Tag { start, quote: None } => match memchr::memchr3(b'>', b'"', b'\'', rest) {
                    Some(found) if rest[found] == b'>' => self.closes(start, self.at + found + 1),
                    Some(found) => self.quotes(start, self.at + found),
                    None => self.at = end,
                },
            }
        }
    }

    fn enters(&mut self, at: usize, within: Within) {
        (self.at, self.within) = (at, within);
    }

    /// A `<` in a text.
    fn opens(&mut self, at: usize) {
        let rest = &self.html[at..];
        match rest {
            [b'<', b'!', b'-', b'-', ..] => self.enters(at + 4, Within::Comment),
            [b'<', b'/' | b'!' | b'?', ..] => self.enters(at + 2, Within::Tag { start: at, quote: None }),
            [b'<', letter, ..] if letter.is_ascii_alphabetic() => {
                self.enters(at + 2, Within::Tag { start: at, quote: None });
            }
            _ => self.at = at + 1,
        }
    }

    /// A quote in a tag, which only begins a value after a `=`.
    fn quotes(&mut self, start: usize, at: usize) {
        let value = self.html[start..at].trim_ascii_end().ends_with(b"=");
        let quote = value.then(|| self.html[at]);
        self.enters(at + 1, Within::Tag { start, quote });
    }

    /// The `>` of a tag.
    fn closes(&mut self, start: usize, at: usize) {
        let tag = &self.html[start + 1..at];
        let (name, ends) = match tag.strip_prefix(b"/") {
            Some(name) => (name, true),
            None => (tag, false),
        };
        let length = name.iter().position(|octet| !octet.is_ascii_alphanumeric()).unwrap_or(name.len());
        let name = &name[..length];
        if name.eq_ignore_ascii_case(b"a") {
            self.linked = !ends;
        }
        let raw = RAW.into_iter().find(|own| !ends && own.eq_ignore_ascii_case(name));
        self.enters(at, raw.map_or(Within::Text, Within::Raw));
    }
}

/// Where the end tag of this element begins.
fn end_tag(html: &[u8], name: &[u8]) -> Option<usize> {
    let ends =
        |at: &usize| html[at + 2..].get(..name.len()).is_some_and(|own| own.eq_ignore_ascii_case(name));
    memchr::memmem::find_iter(html, b"</").find(ends)
}

/// A tag that a placeholder stands in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tag {
    /// `a` or `area`.
    pub is_link: bool,
    /// Where the value of its `href` stands, quotes included.
    pub href: Option<Range<usize>>,
}

/// The tag that begins at `start` and goes on after `after`.
pub(super) fn tag(html: &[u8], start: usize, after: usize) -> Tag {
    let end = html.len().min(after.saturating_add(LONGEST_TAG));
    let mut rest = Attributes { tag: &html[..end], at: start + 1 };
    let name = rest.name();
    let is_link = [&b"a"[..], b"area"].iter().any(|own| html[name.clone()].eq_ignore_ascii_case(own));
    let href = rest.find(|(name, _)| html[name.clone()].eq_ignore_ascii_case(b"href"));
    Tag { is_link, href: href.and_then(|(_, value)| value) }
}

/// The attributes of a tag: each name, and its value.
struct Attributes<'h> {
    tag: &'h [u8],
    at: usize,
}

impl Attributes<'_> {
    fn skip(&mut self, skipped: impl Fn(u8) -> bool) -> usize {
        while self.tag.get(self.at).is_some_and(|octet| skipped(*octet)) {
            self.at += 1;
        }
        self.at
    }

    fn name(&mut self) -> Range<usize> {
        let start = self.at;
        // A first `=` is part of a name.
        self.at += usize::from(self.tag.get(start) == Some(&b'='));
        let end = self.skip(|octet| !octet.is_ascii_whitespace() && !matches!(octet, b'=' | b'>' | b'/'));
        start..end
    }

    fn value(&mut self) -> Option<Range<usize>> {
        let before = self.at;
        self.skip(|octet| octet.is_ascii_whitespace());
        if self.tag.get(self.at) != Some(&b'=') {
            self.at = before;
            return None;
        }
        self.at += 1;
        let start = self.skip(|octet| octet.is_ascii_whitespace());
        if let Some(quote @ (b'"' | b'\'')) = self.tag.get(start).copied() {
            let closing = memchr::memchr(quote, &self.tag[start + 1..]);
            self.at = closing.map_or(self.tag.len(), |length| start + length + 2);
        } else {
            self.skip(|octet| !octet.is_ascii_whitespace() && octet != b'>');
        }
        Some(start..self.at)
    }
}

impl Iterator for Attributes<'_> {
    type Item = (Range<usize>, Option<Range<usize>>);

    fn next(&mut self) -> Option<Self::Item> {
        self.skip(|octet| octet.is_ascii_whitespace() || octet == b'/');
        if self.tag.get(self.at).is_none_or(|octet| *octet == b'>') {
            return None;
        }
        let name = self.name();
        Some((name, self.value()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each `@` stands in.
    fn stands_of(html: &str) -> Vec<Stand> {
        let places: Vec<Range<usize>> = html.match_indices('@').map(|(at, _)| at..at + 1).collect();
        stands(html.as_bytes(), places.iter())
    }

    #[test]
    fn places_are_told_apart() {
        let html = "@<p title='@>'>@</p><a href=\"@\">@</a>@<!-- @ <a> --><style>@</style><script>a<b '@</script>@<br @>@";
        let tag = |name: &str| Stand::Tag { start: html.find(name).unwrap() };
        let (text, raw) = (Stand::Text, Stand::Raw);
        assert_eq!(
            stands_of(html),
            [text, tag("<p"), text, tag("<a"), Stand::Linked, text, raw, raw, raw, text, tag("<br"), text]
        );
        assert_eq!(stands_of("5 < 6 @ <% @ %>"), [text, text]);
        assert_eq!(stands_of("<p x='y' it's @> @"), [Stand::Tag { start: 0 }, text]);
    }

    #[test]
    fn the_link_of_a_tag_is_found_however_it_is_quoted() {
        for (html, href) in [
            ("<a data-x=\"1\" HREF = 'y' z>", Some("'y'")),
            ("<a href=y/z data-x=1>", Some("y/z")),
            ("<area\nhref=\"\"\n>", Some("\"\"")),
            ("<a title=\"href=x\" data-x>", None),
            ("<a href>", None),
            ("<a href=\"x", Some("\"x")),
        ] {
            let tag = tag(html.as_bytes(), 0, 0);
            assert_eq!((tag.is_link, tag.href.map(|at| &html[at])), (true, href), "{html}");
        }
        assert!(!tag(b"<img href=x>", 0, 0).is_link);
    }
}
