//! One text leaf of the content: its placeholders filled and, if it is a body, its footer put in, in its own
//! charset and transfer encoding.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use memchr::memmem::Finder;

use super::charset::{Charset, View, merged, reference, transliterate};
use super::edit::Edit;
use super::footer::{self, Footer};
use super::html::{self, Layout};
use super::likeness::says;
use super::media::Encoding;
use super::parts::Part;
use super::placeholders::{self, Insertion, Meaning, Placeholder, Reading, Search};
use super::relabel::Declaring;
use super::{CLIPPED_FROM, Rewriting, TakenOut, Tracking, shown, tracking};
use crate::language;
use crate::mail::RawMessage;
use crate::mail::effort::looked_at;
use crate::policy::Stream;
use crate::policy::sender::ClippedFooter;

/// The most placeholders that are filled in one copy, so that none grows without bound.
const MAX_FILLED: usize = 1_000;
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
    pub mark: SignatureMark,
}

/// How the line `-- ` that begins a signature stands in the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignatureMark {
    Whole,
    /// Some tools leave its blank as it is in quoted-printable, where it is taken for a transport's (RFC 2045, 6.7), and
    /// some readers show it all the same.
    Trimmed,
}

impl SignatureMark {
    pub fn of(encoding: Encoding, raw: &[u8]) -> Self {
        const LINE: &[u8] = b"\n-- \r\n";
        let written = || raw.starts_with(&LINE[1..]) || memchr::memmem::find(raw, LINE).is_some();
        if encoding == Encoding::QuotedPrintable && written() { Self::Trimmed } else { Self::Whole }
    }
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
    pub taken_out: TakenOut,
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
    /// This copy's own link, and as it stands within another address: another's leads to another person.
    own_links: Vec<Finder<'static>>,
    /// What goes, where anything does.
    trackers: Option<tracking::Search<'a>>,
    /// How many more placeholders may be filled.
    left: Cell<usize>,
}

impl<'a> Copy<'a> {
    pub fn new(rewriting: &'a Rewriting, message: &RawMessage) -> Self {
        let unsubscribe = rewriting.links.as_ref().map(|links| links.unsubscribe.as_str());
        let ways = |link: &str| [link.to_owned(), placeholders::encoded(link)];
        let own_links = unsubscribe.map(ways).into_iter().flatten();
        let own_links = own_links.map(|link| Finder::new(&link).into_owned()).collect();
        let search = Search::new(&rewriting.dialects, message);
        let trackers = match &rewriting.tracking {
            Tracking::Leave => None,
            Tracking::TakeOut(trackers) => Some(tracking::Search::new(trackers, unsubscribe)),
        };
        Self { rewriting, search, own_links, trackers, left: Cell::new(MAX_FILLED) }
    }
}

impl Leaf<'_> {
    /// Whether the place of this stands in it, where a reader sees it.
    pub fn holds(&self, meaning: Meaning, search: &Search<'_>) -> bool {
        let searched = self.searched();
        let found = search.find(searched, self.reading());
        let wanted = found.iter().filter(|one| one.meaning == meaning).map(Placeholder::seen_at);
        let asked: Vec<usize> = wanted.collect();
        let layout = self.layout(searched, &asked);
        asked.into_iter().any(|at| layout.as_ref().is_none_or(|layout| layout.shows(at)))
    }

    /// Of HTML; of any other text all is seen.
    fn layout(&self, text: &[u8], asked: &[usize]) -> Option<Layout> {
        self.part.media.is_html().then(|| Layout::read(text, asked))
    }

    /// Its text for who looks at it before it leaves: without what is filled on this stream, or as it is written.
    pub fn read(&self, filled: Option<(Stream, &Search<'_>)>) -> String {
        let text = self.charset.decode(&self.content);
        let Some((stream, search)) = filled else { return text.into_owned() };
        let found = search.find(text.as_bytes(), self.reading());
        shown::blanked(text.into_owned(), &found, stream)
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
        let mut found = copy.search.find(searched, self.reading());
        found.truncate(copy.left.get());
        copy.left.set(copy.left.get() - found.len());
        let words = |at| self.words(at);
        let mut insertions = placeholders::fill(searched, &found, self.reading(), copy.rewriting, words);
        if self.role == Role::Body && copy.rewriting.stream == Stream::Marketing {
            insertions.extend(self.footer(searched, &found, copy));
        }
        insertions.sort_by_key(|insertion| insertion.at.start);
        let taken_out = match &copy.trackers {
            Some(trackers) if self.is_searched_for_trackers() => {
                trackers.take_out(searched, self.reading(), &mut insertions)
            }
            _ => TakenOut::default(),
        };
        Filled { taken_out, ..self.encode(insertions) }
    }

    /// What is neither HTML nor plain text has addresses of a form that nobody here knows.
    fn is_searched_for_trackers(&self) -> bool {
        self.part.media.is_markup() || self.part.media.is_plain()
    }

    /// What tracks in it.
    pub fn trackers(&self, search: &tracking::Search<'_>) -> Option<tracking::Finds> {
        self.is_searched_for_trackers().then(|| search.look(self.searched(), self.reading()))
    }

    /// What a body gets besides what its placeholders stand for.
    fn footer(&self, text: &[u8], found: &[Placeholder], copy: &Copy<'_>) -> Vec<Insertion> {
        let unsubscribe = found.iter().enumerate().filter(|(_, one)| one.meaning == Meaning::Unsubscribe);
        let unsubscribe = unsubscribe.filter(|(at, one)| {
            let joined = found.get(at + 1).is_some_and(|next| one.joins(next, self.reading()));
            !joined && leads_where_it_says(&text[one.at.end..])
        });
        let own_links = copy.own_links.iter().flat_map(|own_link| {
            let ends = |at: &usize| {
                let end = at + own_link.needle().len();
                let next = found.binary_search_by_key(&end, |one| one.at.start).ok();
                let joined = next.is_some_and(|next| found[next].goes_on(end, self.reading()));
                !joined && leads_where_it_says(&text[end..])
            };
            own_link.find_iter(text).filter(ends)
        });
        let notices =
            copy.rewriting.demands.privacy_notice.iter().flat_map(|notice| addresses_of(text, notice));
        let notices: Vec<usize> = notices.collect();
        let mut links: Vec<usize> = unsubscribe.map(|(_, one)| one.seen_at()).chain(own_links).collect();
        links.sort_unstable();
        let mut asked: Vec<usize> =
            found.iter().map(|one| one.seen_at()).chain(links.iter().chain(&notices).copied()).collect();
        asked.sort_unstable();
        let layout = self.layout(text, &asked);
        let shown = |at: usize| layout.as_ref().is_none_or(|layout| layout.shows(at));
        let link = links.into_iter().find(|at| shown(*at));
        let named = found.iter().any(|one| one.meaning == Meaning::PostalAddress && shown(one.seen_at()));
        let noticed = notices.into_iter().any(shown);
        let lacks = || self.lacks_what_is_asked(copy.rewriting, named, noticed);
        let footer = match link {
            None => Some(Footer::Full),
            Some(_) => lacks().then_some(Footer::Demanded),
        };
        match layout {
            Some(layout) => self.around_html(text, footer, link, &layout, copy.rewriting),
            None => footer.map(|footer| self.after_text(text, footer, copy.rewriting)).into_iter().collect(),
        }
    }

    /// A footer before the end of the body, and above all a link where the footer's may be cut off.
    fn around_html(
        &self,
        text: &[u8],
        footer: Option<Footer>,
        link: Option<usize>,
        layout: &Layout,
        rewriting: &Rewriting,
    ) -> Vec<Insertion> {
        let newline = self.newline();
        let mut insertions = Vec::new();
        if let Some(footer) = footer {
            let lines = footer::html(footer, rewriting).join(newline);
            let ended = text[layout.end..].starts_with(b"\r\n") || text[layout.end..].starts_with(b"\n");
            let last = if ended { "" } else { newline };
            let (before, after) = (&layout.before_end, &layout.after_end);
            let text = format!("{before}{newline}{lines}{after}{last}");
            insertions.push(Insertion { at: layout.end..layout.end, text });
        }
        let size = self.content.len() + insertions.iter().map(|one| one.text.len()).sum::<usize>();
        let cut_off = size > CLIPPED_FROM && link.is_none_or(|at| at >= CLIPPED_FROM);
        if let Some(top) = footer::top(rewriting)
            && rewriting.clipped_footer == ClippedFooter::Top
            && cut_off
        {
            let text = format!("{newline}{top}{newline}");
            insertions.push(Insertion { at: layout.start..layout.start, text });
        }
        insertions
    }

    /// Whether the template shows less than the pack asks. `named` is whether a placeholder stands for the address,
    /// `noticed` whether the address of the privacy notice is there to be pressed or read.
    fn lacks_what_is_asked(&self, rewriting: &Rewriting, named: bool, noticed: bool) -> bool {
        let demands = &rewriting.demands;
        if demands.privacy_notice.is_some() && !noticed {
            return true;
        }
        let spoken =
            if self.part.media.is_html() { Cow::Borrowed(rewriting) } else { self.sayable(rewriting) };
        let address = footer::address(rewriting).filter(|_| demands.postal_address && !named);
        let label = demands.advertising_label.then(|| footer::label(spoken.language));
        if address.is_none() && label.is_none() {
            return false;
        }
        let text = self.charset.decode(&self.content);
        let text = if self.part.media.is_html() { html::visible_text(&text).into() } else { text };
        let lacks = |wanted: &str| !says(&text, wanted) && !self.says_as_written_here(&text, wanted);
        address.is_some_and(|address| lacks(&address)) || label.is_some_and(lacks)
    }

    /// Whether a text has the words with question marks for what its charset doesn't know, as an earlier pass had to
    /// write them.
    fn says_as_written_here(&self, text: &str, wanted: &str) -> bool {
        if self.part.media.is_markup() || self.charset.holds_nearly(wanted) {
            return false;
        }
        let mut written = String::with_capacity(wanted.len());
        for character in wanted.chars() {
            let held = self.charset.holds(character.encode_utf8(&mut [0; 4]));
            if held { written.push(character) } else { transliterate(character, &mut written) }
        }
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        words(text).contains(&words(&written))
    }

    /// After the content, and before a signature, which stays the last thing.
    fn after_text(&self, text: &[u8], footer: Footer, rewriting: &Rewriting) -> Insertion {
        let newline = self.newline();
        let spoken = self.sayable(rewriting);
        let lines = footer::text(footer, &spoken, self.part.media.flowed()).join(newline);
        if let Some(at) = signature(text, self.mark) {
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

    /// In English where the letters of the footer's language would all become question marks.
    fn sayable<'r>(&self, rewriting: &'r Rewriting) -> Cow<'r, Rewriting> {
        let words = footer::link_words(Meaning::Unsubscribe, rewriting.language).unwrap_or_default();
        let becomes_utf8 = || {
            self.declaring != Declaring::Unclear
                && (self.charset.is_utf8_already(&self.content)
                    || self.charset.to_utf8(&self.content, &self.view).is_some())
        };
        if self.charset.holds_nearly(words) || becomes_utf8() {
            return Cow::Borrowed(rewriting);
        }
        Cow::Owned(Rewriting { language: language::DEFAULT, ..rewriting.clone() })
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
        let taken_out = TakenOut::default();
        match conversion {
            None => Filled { edits, charset: Relabelled::No, taken_out },
            Some(conversion) => {
                Filled { edits: merged(edits, conversion), charset: Relabelled::Utf8, taken_out }
            }
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

/// The same of an address that HTML may write with references for its ampersands.
fn addresses_of(text: &[u8], address: &str) -> Vec<usize> {
    let escaped = html::escape(address);
    let mut found = whole_addresses(text, &Finder::new(address));
    if escaped != address {
        found.extend(whole_addresses(text, &Finder::new(&escaped)));
    }
    found
}

/// Where this address stands as a whole: nothing follows that would make it another.
fn whole_addresses(text: &[u8], address: &Finder<'_>) -> Vec<usize> {
    let length = address.needle().len();
    address.find_iter(text).filter(|at| is_over(&text[at + length..])).collect()
}

/// Whether a link of ours, with its token last, still is that link before this: a query, which tools append, changes
/// nothing.
fn leads_where_it_says(rest: &[u8]) -> bool {
    let dots = rest.iter().take_while(|byte| **byte == b'.').count();
    looked_at(dots);
    let of_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_~/%=".contains(byte);
    !rest.get(dots).is_some_and(of_path)
}

/// Whether an address is over before this.
fn is_over(rest: &[u8]) -> bool {
    // What ends a sentence is not the address's.
    let marks = rest.iter().take_while(|byte| b".,;:!?)]".contains(byte)).count();
    let rest = &rest[marks..];
    rest.first().is_none_or(|next| next.is_ascii_whitespace() || b"<>\"'".contains(next))
        || rest.starts_with(b"&nbsp;")
}

/// The charset that a text's insertions are written in.
enum Fitting {
    Own,
    /// UTF-8, with the edits that make the text that.
    Utf8(Vec<Edit>),
}

/// Where the line `-- ` stands that begins a signature. RFC 3676, 4.3.
fn signature(text: &[u8], mark: SignatureMark) -> Option<usize> {
    let line = |mark: &[u8]| {
        let at = memchr::memmem::rfind(text, mark).map(|at| at + 1);
        at.or_else(|| text.starts_with(&mark[1..]).then_some(0))
    };
    let trimmed = line(b"\n--\r\n").filter(|_| mark == SignatureMark::Trimmed);
    let at = line(b"\n-- \r\n").max(line(b"\n-- \n")).max(trimmed)?;
    let lines = memchr::memchr_iter(b'\n', text[at..].trim_ascii_end()).count();
    (lines <= MAX_SIGNATURE_LINES).then_some(at)
}
