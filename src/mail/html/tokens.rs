//! An HTML document cut into tags and comments as browsers cut it, and what is left open where it ends. The HTML
//! standard, 13.2.5; scripting is off, as it is in mail clients.
//!
//! It builds no tree and changes nothing. One pass; octets that are no ASCII pass through it, so that any charset that
//! agrees with ASCII on those of ASCII can be read.

use std::ops::Range;

use memchr::{memchr, memmem};

use super::foreign::Foreign;
use crate::mail::effort::looked_at;

/// What stands in a document besides text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Start {
        name: Range<usize>,
        whole: Range<usize>,
    },
    End {
        name: Range<usize>,
        whole: Range<usize>,
    },
    /// Comments of all kinds, and the doctype.
    Comment(Range<usize>),
    /// The content of an element that holds no markup.
    Raw(Range<usize>),
}

impl Token {
    pub fn whole(&self) -> Range<usize> {
        match self {
            Self::Start { whole, .. } | Self::End { whole, .. } => whole.clone(),
            Self::Comment(whole) | Self::Raw(whole) => whole.clone(),
        }
    }
}

/// What a start tag may end besides its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Nothing,
    /// A drawing or formula: what follows is read as HTML again.
    Foreign,
}

/// What the document ends within, and what ends that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Unended {
    #[default]
    Nothing,
    /// What ends it.
    Comment(&'static str),
    /// In a tag; the mark of the value that it ends within, and the element's name where it holds no markup.
    Tag {
        quote: Option<u8>,
        raw: Option<Raw>,
    },
    Raw(Raw, Script),
}

/// Elements that hold text alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raw {
    Title,
    Textarea,
    Style,
    Xmp,
    Iframe,
    Noembed,
    Noframes,
    Script,
    /// Nothing ends it.
    Plaintext,
}

/// How deep in comments of its own a script is. The HTML standard, 13.2.5.15 to 13.2.5.31.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Script {
    #[default]
    Plain,
    Escaped,
    DoublyEscaped,
}

impl Raw {
    fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"title" => Self::Title,
            b"textarea" => Self::Textarea,
            b"style" => Self::Style,
            b"xmp" => Self::Xmp,
            b"iframe" => Self::Iframe,
            b"noembed" => Self::Noembed,
            b"noframes" => Self::Noframes,
            b"script" => Self::Script,
            b"plaintext" => Self::Plaintext,
            _ => return None,
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Textarea => "textarea",
            Self::Style => "style",
            Self::Xmp => "xmp",
            Self::Iframe => "iframe",
            Self::Noembed => "noembed",
            Self::Noframes => "noframes",
            Self::Script => "script",
            Self::Plaintext => "plaintext",
        }
    }
}

/// Tags and comments, in order: what lies between them is text.
pub struct Tokens<'a> {
    html: &'a [u8],
    at: usize,
    /// The element whose content comes next.
    raw: Option<Raw>,
    foreign: Foreign,
    left: Left,
    unended: Unended,
}

impl<'a> Tokens<'a> {
    pub fn of(html: &'a [u8]) -> Self {
        Self {
            html,
            at: 0,
            raw: None,
            foreign: Foreign::default(),
            left: Left::Nothing,
            unended: Unended::Nothing,
        }
    }

    /// Meant for when all is read.
    pub fn unended(self) -> Unended {
        self.unended
    }

    /// Whether the last start tag ended a drawing or formula, in which what follows would be read otherwise.
    pub fn left(&self) -> Left {
        self.left
    }

    fn tag_or_comment(&mut self, from: usize) -> Option<Token> {
        match &self.html[from..] {
            [b'<', b'!', b'-', b'-', ..] => Some(self.comment(from)),
            [b'<', b'!', rest @ ..] if self.foreign.is_here() && rest.starts_with(b"[CDATA[") => {
                Some(self.until(from, "]]>"))
            }
            [b'<', b'!' | b'?', ..] => Some(self.until(from, ">")),
            [b'<', letter, ..] if letter.is_ascii_alphabetic() => Some(self.start(from)),
            [b'<', b'/', letter, ..] if letter.is_ascii_alphabetic() => Some(self.end(from)),
            // A browser drops `</>`, which here is a comment too.
            [b'<', b'/', ..] => Some(self.until(from, ">")),
            _ => None,
        }
    }

    /// `-->` ends it, which may share its hyphens with the start, and so does `--!>`.
    fn comment(&mut self, from: usize) -> Token {
        let ends = |at: &usize| {
            let inner = &self.html[from + 2..*at];
            inner.ends_with(b"--") || inner.len() > 4 && inner.ends_with(b"--!")
        };
        let mut found = memchr::memchr_iter(b'>', &self.html[from + 4..]).map(|at| from + 4 + at);
        // `<!-->` and `<!--->` are whole.
        let end = found.find(ends);
        self.comment_to(from, end, "-->")
    }

    fn until(&mut self, from: usize, end: &'static str) -> Token {
        let found =
            memmem::find(&self.html[from + 2..], end.as_bytes()).map(|at| from + 2 + at + end.len() - 1);
        self.comment_to(from, found, end)
    }

    fn comment_to(&mut self, from: usize, last: Option<usize>, missing: &'static str) -> Token {
        if last.is_none() {
            self.unended = Unended::Comment(missing);
        }
        self.at = last.map_or(self.html.len(), |last| last + 1);
        looked_at(self.at - from);
        Token::Comment(from..self.at)
    }

    fn start(&mut self, from: usize) -> Token {
        let name = from + 1..name_end(self.html, from + 1);
        let tag = read_tag(self.html, name.end, |_, _| {});
        self.at = tag.end;
        let lower = Name::of(&self.html[name.clone()]);
        let raw = Raw::named(lower.bytes()).filter(|_| !self.foreign.is_here());
        if tag.closed == Closed::No {
            self.unended = Unended::Tag { quote: tag.quote, raw };
        } else {
            self.raw = raw;
            let before = self.foreign.is_here();
            self.foreign.start(lower.bytes(), tag.closed);
            let leaves = before && !self.foreign.is_here();
            self.left = if leaves { Left::Foreign } else { Left::Nothing };
        }
        Token::Start { name, whole: from..tag.end }
    }

    fn end(&mut self, from: usize) -> Token {
        let name = from + 2..name_end(self.html, from + 2);
        let tag = read_tag(self.html, name.end, |_, _| {});
        self.at = tag.end;
        if tag.closed == Closed::No {
            self.unended = Unended::Tag { quote: tag.quote, raw: None };
        }
        let lower = Name::of(&self.html[name.clone()]);
        self.foreign.end(lower.bytes());
        Token::End { name, whole: from..tag.end }
    }

    /// The content of the element that was opened last, up to its end tag.
    fn raw(&mut self, raw: Raw) -> Token {
        let from = self.at;
        let (end, script) = match raw {
            Raw::Plaintext => (None, Script::Plain),
            Raw::Script => script_end(self.html, from),
            _ => (raw_end(self.html, from, raw.name().as_bytes()), Script::Plain),
        };
        if end.is_none() {
            self.unended = Unended::Raw(raw, script);
        }
        self.at = end.unwrap_or(self.html.len());
        looked_at(self.at - from);
        Token::Raw(from..self.at)
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        if let Some(raw) = self.raw.take() {
            return Some(self.raw(raw));
        }
        loop {
            let found = memchr(b'<', &self.html[self.at..]);
            looked_at(found.map_or(self.html.len() - self.at, |found| found + 1));
            let from = self.at + found?;
            match self.tag_or_comment(from) {
                Some(token) => return Some(token),
                None => self.at = from + 1,
            }
        }
    }
}

/// A tag's or attribute's name in lower case; one that is longer than any that is looked for stays without.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Name {
    octets: [u8; 16],
    length: usize,
}

impl Name {
    pub fn of(name: &[u8]) -> Self {
        let mut octets = [0; 16];
        let length = if name.len() <= octets.len() { name.len() } else { 0 };
        octets[..length].copy_from_slice(&name[..length]);
        octets.make_ascii_lowercase();
        Self { octets, length }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.octets[..self.length]
    }
}

struct Tag {
    /// Past its `>`.
    end: usize,
    closed: Closed,
    /// Of the value that the document ends within.
    quote: Option<u8>,
}

/// How a start tag ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    No,
    Yes,
    /// By `/>`.
    Itself,
}

/// Calls with the name and the value of every attribute of a tag's inside, from the end of its name on.
pub fn attributes(tag: &[u8], visit: impl FnMut(Range<usize>, Range<usize>)) {
    read_tag(tag, 0, visit);
}

/// The HTML standard, 13.2.5.32 to 13.2.5.40.
fn read_tag(html: &[u8], from: usize, visit: impl FnMut(Range<usize>, Range<usize>)) -> Tag {
    let tag = read_to_end(html, from, visit);
    looked_at(tag.end - from);
    tag
}

fn read_to_end(html: &[u8], from: usize, mut visit: impl FnMut(Range<usize>, Range<usize>)) -> Tag {
    let open = |quote| Tag { end: html.len(), closed: Closed::No, quote };
    let mut at = from;
    loop {
        at += html[at..].iter().take_while(|byte| is_blank(**byte)).count();
        match html[at..] {
            [] => return open(None),
            [b'>', ..] => {
                return Tag { end: at + 1, closed: Closed::Yes, quote: None };
            }
            [b'/', b'>', ..] => {
                return Tag { end: at + 2, closed: Closed::Itself, quote: None };
            }
            [b'/', ..] => at += 1,
            _ => {
                let name = at..at + 1 + attribute_name(&html[at + 1..]);
                at = skip_blanks(html, name.end);
                if html.get(at) != Some(&b'=') {
                    visit(name, at..at);
                    continue;
                }
                at = skip_blanks(html, at + 1);
                let value = match html.get(at) {
                    Some(quote @ (b'"' | b'\'')) => {
                        let Some(length) = memchr(*quote, &html[at + 1..]) else {
                            visit(name, at + 1..html.len());
                            return open(Some(*quote));
                        };
                        at + 1..at + 1 + length
                    }
                    _ => {
                        at..at
                            + html[at..].iter().take_while(|byte| !is_blank(**byte) && **byte != b'>').count()
                    }
                };
                at = value.end + usize::from(matches!(html.get(value.end), Some(b'"' | b'\'')));
                visit(name, value);
            }
        }
    }
}

fn attribute_name(rest: &[u8]) -> usize {
    rest.iter().take_while(|byte| !is_blank(**byte) && !matches!(byte, b'/' | b'>' | b'=')).count()
}

pub fn name_end(html: &[u8], from: usize) -> usize {
    let ends = |byte: &u8| is_blank(*byte) || matches!(byte, b'/' | b'>');
    let end = html[from..].iter().position(ends).map_or(html.len(), |length| from + length);
    looked_at(end - from);
    end
}

fn skip_blanks(html: &[u8], from: usize) -> usize {
    from + html[from..].iter().take_while(|byte| is_blank(**byte)).count()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0C)
}

/// Whether a tag of this name starts here, whatever its case.
fn starts_tag(html: &[u8], opening: &[u8], name: &[u8]) -> bool {
    let Some(rest) = html.strip_prefix(opening) else {
        return false;
    };
    let Some((own, rest)) = rest.split_at_checked(name.len()) else {
        return false;
    };
    own.eq_ignore_ascii_case(name)
        && rest.first().is_some_and(|next| is_blank(*next) || matches!(next, b'/' | b'>'))
}

/// Where the end tag stands that ends this.
fn raw_end(html: &[u8], from: usize, name: &[u8]) -> Option<usize> {
    memmem::find_iter(&html[from..], b"</")
        .map(|at| from + at)
        .find(|at| starts_tag(&html[*at..], b"</", name))
}

fn script_end(html: &[u8], from: usize) -> (Option<usize>, Script) {
    let mut state = Script::Plain;
    let mut at = from;
    while let Some(found) = memchr::memchr2(b'<', b'-', &html[at..]) {
        at += found;
        let rest = &html[at..];
        let mut step = 1;
        state = match state {
            Script::Plain if rest.starts_with(b"<!--") => {
                // Its hyphens may be those of `-->` already.
                step = 2;
                Script::Escaped
            }
            Script::Plain | Script::Escaped if starts_tag(rest, b"</", b"script") => {
                return (Some(at), state);
            }
            Script::Escaped if starts_tag(rest, b"<", b"script") => Script::DoublyEscaped,
            Script::DoublyEscaped if starts_tag(rest, b"</", b"script") => Script::Escaped,
            Script::Escaped | Script::DoublyEscaped if rest.starts_with(b"-->") => Script::Plain,
            state => state,
        };
        at += step;
    }
    (None, state)
}

#[cfg(test)]
mod tests;
