//! One text leaf of the content: its placeholders filled and, if it is a body, its footer put in, in its own
//! charset and transfer encoding.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memmem::Finder;
use unicode_normalization::UnicodeNormalization as _;

use super::charset::{Charset, View, merged, reference, transliterate};
use super::edit::Edit;
use super::footer::{self, Footer};
use super::html;
use super::media::Encoding;
use super::parts::Part;
use super::placeholders::{self, Insertion, Meaning, Placeholder, Reading, Search};
use super::relabel::Declaring;
use super::{Links, Rewriting, shown};
use crate::mail::RawMessage;
use crate::policy::Stream;

/// How many placeholders are looked at to find one that isn't in a comment.
const MAX_LOOKED_AT: usize = 32;
/// A longer signature is no signature.
const MAX_SIGNATURE_LINES: usize = 12;

/// A text leaf that is shown as content, opened.
pub(super) struct Leaf<'a> {
    pub index: usize,
    pub part: &'a Part,
    pub content: Cow<'a, [u8]>,
    pub charset: Charset,
    pub view: View,
    pub declaring: Declaring,
    pub role: Role,
}

/// Whether a leaf gets a footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The first text leaf, or the first HTML leaf.
    Body,
    Other,
}

/// The edits of a leaf's content, in the charset that the leaf then declares.
pub(super) struct Filled {
    pub edits: Vec<Edit>,
    pub charset: Relabelled,
}

/// Whether the leaf has to declare UTF-8 for what came into it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relabelled {
    No,
    Utf8,
}

/// What is the same for all leaves of a copy.
pub(super) struct Copy<'a> {
    pub rewriting: &'a Rewriting,
    search: Search<'a>,
    /// How our unsubscribe links start.
    own_link: Option<Finder<'a>>,
}

impl<'a> Copy<'a> {
    pub fn new(rewriting: &'a Rewriting, message: &RawMessage) -> Self {
        let own_link = rewriting.links.as_ref().map(|links| Finder::new(own_prefix(links)));
        Self { rewriting, search: Search::new(&rewriting.dialects, message), own_link }
    }
}

/// Up to the token: `https://mail.example.com/u/`.
fn own_prefix(links: &Links) -> &str {
    const ROUTE: &str = "/u/";
    links.unsubscribe.rfind(ROUTE).map_or(&links.unsubscribe, |at| &links.unsubscribe[..at + ROUTE.len()])
}

impl Leaf<'_> {
    /// Whether the place of this stands in it, where a reader sees it.
    pub fn holds(&self, meaning: Meaning, search: &Search<'_>) -> bool {
        let searched = self.searched();
        let is_html = self.part.media.is_html();
        let shown = |at: usize| !is_html || html::is_outside_comments(searched, at);
        let found = search.find(searched, self.reading());
        let mut wanted = found.iter().filter(|one| one.meaning == meaning).take(MAX_LOOKED_AT);
        wanted.any(|one| shown(one.at.start))
    }

    /// Its text for who looks at it before it leaves: without what is filled on this stream, or as it is written.
    pub fn read(&self, filled: Option<(Stream, &Search<'_>)>) -> String {
        let text = self.charset.decode(&self.content);
        let Some((stream, search)) = filled else { return text.into_owned() };
        let found = search.find(text.as_bytes(), self.reading());
        let blanked = shown::blanked(text.as_bytes(), &found, stream);
        String::from_utf8_lossy(&blanked).into_owned()
    }

    fn reading(&self) -> Reading {
        if self.part.media.is_markup() { Reading::Markup } else { Reading::Plain }
    }

    /// What a stretch of what is searched says.
    fn words(&self, at: Range<usize>) -> String {
        match self.view.characters_at(&at) {
            Some(words) => words.to_owned(),
            None => self.charset.decode(self.content.get(at).unwrap_or_default()).into_owned(),
        }
    }

    fn searched(&self) -> &[u8] {
        self.view.text(&self.content)
    }

    /// What comes into this leaf for one recipient.
    pub fn fill(&self, copy: &Copy<'_>) -> Filled {
        let searched = self.searched();
        let found = copy.search.find(searched, self.reading());
        let words = |at| self.words(at);
        let mut insertions = placeholders::fill(searched, &found, self.reading(), copy.rewriting, words);
        if self.role == Role::Body && copy.rewriting.stream == Stream::Marketing {
            insertions.extend(self.footer(searched, &found, copy));
        }
        insertions.sort_by_key(|insertion| insertion.at.start);
        self.encode(insertions)
    }

    fn footer(&self, text: &[u8], found: &[Placeholder], copy: &Copy<'_>) -> Option<Insertion> {
        let shown = |placeholder: &&Placeholder| {
            !self.part.media.is_html() || html::is_outside_comments(text, placeholder.at.start)
        };
        let filled = |meaning: Meaning| {
            found.iter().take(MAX_LOOKED_AT).filter(shown).any(|one| one.meaning == meaning)
        };
        let links_already = filled(Meaning::Unsubscribe) || self.shows_own_link(text, copy);
        let footer = if !links_already {
            Footer::Full
        } else if self.lacks_what_is_asked(copy.rewriting, filled(Meaning::PostalAddress)) {
            Footer::Demanded
        } else {
            return None;
        };
        let newline = self.newline();
        if self.part.media.is_html() {
            let lines = footer::html(footer, copy.rewriting).join(newline);
            let (at, before) = match html::end_of_body(text) {
                Some(at) => (at, ""),
                // A comment that never ends would hide it, and so would a style.
                None => (text.len(), html::closing(text)),
            };
            return Some(Insertion { at: at..at, text: format!("{before}{newline}{lines}{newline}") });
        }
        let lines = footer::text(footer, copy.rewriting, self.part.media.flowed()).join(newline);
        Some(self.after_text(text, &lines, newline))
    }

    fn shows_own_link(&self, text: &[u8], copy: &Copy<'_>) -> bool {
        let Some(own_link) = &copy.own_link else { return false };
        if self.part.media.is_html() { html::shows(text, own_link) } else { own_link.find(text).is_some() }
    }

    /// Whether the template shows less than the pack asks. `named` is whether a placeholder stands for the address.
    fn lacks_what_is_asked(&self, rewriting: &Rewriting, named: bool) -> bool {
        let demands = &rewriting.demands;
        let notice = demands.privacy_notice.as_deref();
        let address = footer::address(rewriting).filter(|_| demands.postal_address && !named);
        let label = demands.advertising_label.then(|| footer::label(rewriting.language));
        if notice.is_none() && address.is_none() && label.is_none() {
            return false;
        }
        let text = self.charset.decode(&self.content);
        if notice.is_some_and(|notice| !text.contains(&*html::escape(notice)) && !text.contains(notice)) {
            return true;
        }
        let text = if self.part.media.is_html() { html::visible_text(&text).into() } else { text };
        let shown = letters(&text);
        let lacks = |wanted: &str| !shown.contains(&letters(wanted));
        address.is_some_and(|address| lacks(&address)) || label.is_some_and(lacks)
    }

    /// After the content, and before a signature, which stays the last thing.
    fn after_text(&self, text: &[u8], lines: &str, newline: &str) -> Insertion {
        if let Some(at) = signature(text) {
            let before =
                if text[..at].ends_with(b"\n\r\n") || text[..at].ends_with(b"\n\n") { "" } else { newline };
            return Insertion { at: at..at, text: format!("{before}{lines}{newline}{newline}") };
        }
        let at = text.len();
        let (before, after) = match text.last() {
            None => ("", newline),
            Some(b'\n') => (newline, newline),
            Some(_) => (newline, ""),
        };
        let gap = if text.is_empty() || text.ends_with(b"\n") { "" } else { newline };
        Insertion { at: at..at, text: format!("{gap}{before}{lines}{after}") }
    }

    /// How lines end here. Only an encoded content can have bare LFs.
    fn newline(&self) -> &'static str {
        let text = self.searched();
        let first = memchr::memchr(b'\n', text);
        let bare = first.is_some_and(|at| at == 0 || text[at - 1] != b'\r');
        if bare && self.part.encoding == Encoding::Base64 { "\n" } else { "\r\n" }
    }

    fn encode(&self, insertions: Vec<Insertion>) -> Filled {
        let markup = self.part.media.is_markup();
        let (charset, conversion) = match self.fitting(&insertions) {
            Fitting::Own => (self.charset, None),
            Fitting::Utf8(conversion) => (Charset::UTF_8, Some(conversion)),
        };
        let charset = match self.part.encoding {
            // A reference keeps the leaf within its 7 bits.
            Encoding::SevenBit if markup => charset.within_seven_bits(),
            _ => charset,
        };
        let wanted = insertions.into_iter().map(|Insertion { at, text }| (at, text)).collect();
        let instead = if markup { reference } else { transliterate };
        let edits = charset.edits(&self.content, &self.view, wanted, instead);
        match conversion {
            None => Filled { edits, charset: Relabelled::No },
            Some(conversion) => Filled { edits: merged(edits, conversion), charset: Relabelled::Utf8 },
        }
    }

    /// What a plain text is written in so that it can say what comes in. Anything else has references, or is nobody's
    /// to read.
    fn fitting(&self, insertions: &[Insertion]) -> Fitting {
        let all =
            |fits: fn(Charset, &str) -> bool| insertions.iter().all(|one| fits(self.charset, &one.text));
        if !self.part.media.is_plain() || self.declaring == Declaring::Unclear || all(Charset::holds) {
            return Fitting::Own;
        }
        if self.charset.is_utf8_already(&self.content) {
            return Fitting::Utf8(Vec::new());
        }
        match self.charset.to_utf8(&self.content, &self.view) {
            // The lines of others stay as they are as long as ours can still be read.
            Some(conversion) if !all(Charset::holds_nearly) => Fitting::Utf8(conversion),
            _ => Fitting::Own,
        }
    }
}

/// The charset that a text's insertions are written in.
enum Fitting {
    Own,
    /// UTF-8, with the edits that make the text that.
    Utf8(Vec<Edit>),
}

/// Where the line `-- ` stands that begins a signature. RFC 3676, 4.3.
fn signature(text: &[u8]) -> Option<usize> {
    let line = |mark: &[u8]| {
        let at = memchr::memmem::rfind(text, mark).map(|at| at + 1);
        at.or_else(|| text.starts_with(&mark[1..]).then_some(0))
    };
    let at = line(b"\n-- \r\n").max(line(b"\n-- \n"))?;
    let lines = memchr::memchr_iter(b'\n', text[at..].trim_ascii_end()).count();
    (lines <= MAX_SIGNATURE_LINES).then_some(at)
}

/// What an address is compared by: letters and digits alone, as near to ASCII as they come.
fn letters(text: &str) -> String {
    let mut near = String::with_capacity(text.len());
    for character in text.nfkc() {
        match character {
            _ if !character.is_alphanumeric() => {}
            _ if character.is_ascii() => near.push(character.to_ascii_lowercase()),
            _ => {
                let before = near.len();
                transliterate(character, &mut near);
                if near[before..].starts_with('?') {
                    near.truncate(before);
                    near.push(character);
                }
            }
        }
    }
    near.make_ascii_lowercase();
    near
}
