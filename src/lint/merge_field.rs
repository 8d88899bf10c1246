//! Merge fields that a tool was to fill and did not (`Kära [FÖRSTANAMN]`, `*|FNAME|*`), in text as a reader gets it.
//! Pure; linear in the text: from each opening only so far is looked as a field may be long.
//!
//! Which delimiters say enough by themselves, and which need a known name between them, is in `form`; the names are
//! in `field_name`. What a tag of a list, a style, a patch or a shell script looks like is none.

mod field_name;
mod form;
pub(super) mod greeting;
pub(super) mod letters;

use std::cell::{Cell, OnceCell};
use std::ops::Range;

use field_name::{Rate, rate};
use form::{FORMS, Form, Shape};

/// The most that are told of one text.
const MOST: usize = 20;
/// The most openings that are looked at, and the most pairs that are looked into; no text that a person wrote has as
/// many.
const MOST_OPENINGS: usize = 50_000;
const MOST_LOOKED_AT: usize = 10_000;
/// The longest field in octets, its delimiters left out.
const LONGEST: usize = 160;
/// A longer line of code is looked at no further.
const LOOKED_AT: usize = 400;

/// A field that was not filled, with its delimiters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    pub at: Range<usize>,
    pub certainty: Certainty,
}

/// How sure it is that a tool should have filled it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    Sure,
    /// Words in brackets, as a template leaves them to whoever writes the mail: `[Product Name]`.
    Possible,
}

/// What is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A plain text, in which people write code, too.
    Plain,
    /// The text of a document, without the elements that show code.
    Document,
    /// The value of a header, or of an attribute that is shown.
    Line,
    /// The address that a link leads to: delimiters that addresses have by nature tell nothing.
    Address,
}

/// All of them, in order, up to `MOST`.
pub fn find(text: &str, reading: Reading) -> Vec<Leak> {
    let mut found: Vec<Leak> = Vec::new();
    let mut at = 0;
    let mut line = Line::default();
    let (mut openings, mut looked_at) = (0, 0);
    while let Some(start) = form::next_opening(text, at) {
        openings += 1;
        if found.len() == MOST || openings > MOST_OPENINGS || looked_at > MOST_LOOKED_AT {
            break;
        }
        if reading == Reading::Plain && start >= line.end {
            line = Line::around(text, start);
        }
        let spot =
            Spot { text, start, reading, line: line.kind, greeted: OnceCell::new(), looked_at: Cell::new(0) };
        let leak = FORMS.iter().find_map(|form| form.leak_at(&spot));
        let leak = leak.or_else(|| directive(&spot)).or_else(|| unclosed(&spot));
        looked_at += spot.looked_at.get();
        at = leak.as_ref().map_or(start + form::opening_width(text, start), |leak| leak.at.end);
        found.extend(leak);
    }
    found
}

/// Where something opens.
struct Spot<'a> {
    text: &'a str,
    start: usize,
    reading: Reading,
    line: LineKind,
    greeted: OnceCell<bool>,
    /// Pairs of delimiters that were looked into.
    looked_at: Cell<usize>,
}

impl Spot<'_> {
    /// Whether a salutation stands before it.
    fn is_greeted(&self) -> bool {
        *self.greeted.get_or_init(|| {
            self.reading != Reading::Address && greeting::stands_before(&self.text[..self.start])
        })
    }
}

/// What no text says: Velocity's `#if($name)` and `$!name`, FreeMarker's `<#if name??>`.
fn directive(spot: &Spot<'_>) -> Option<Leak> {
    const BEGINNINGS: [&str; 9] =
        ["<#if ", "<#list ", "<#assign ", "[#if ", "[#list ", "[#assign ", "#if($", "#foreach($", "#set($"];
    let Spot { text, start, .. } = *spot;
    let rest = text.get(start..)?;
    if spot.line != LineKind::Prose && !rest.starts_with("<#") {
        return None;
    }
    let length = match rest.strip_prefix("$!") {
        Some(name) => {
            let plain = |own: char| own.is_alphanumeric() || own == '_' || own == '.';
            let name = letters::start_of(name, LONGEST);
            let name = &name[..name.find(|own| !plain(own)).unwrap_or(name.len())];
            let name = name.trim_end_matches('.');
            (rate(name) >= Rate::Likely).then_some("$!".len() + name.len())?
        }
        None => BEGINNINGS.iter().find(|own| rest.starts_with(**own))?.len(),
    };
    Some(Leak { at: start..start + length, certainty: Certainty::Sure })
}

/// A field whose closing delimiter was lost: `{{first_name, `.
fn unclosed(spot: &Spot<'_>) -> Option<Leak> {
    let Spot { text, start, .. } = *spot;
    let rest = text.get(start..)?;
    let open = form::UNCLOSED.iter().find(|open| rest.starts_with(**open))?;
    if spot.line != LineKind::Prose || text[..start].ends_with(['`', '"']) {
        return None;
    }
    let after = letters::start_of(rest.get(open.len()..)?, LONGEST);
    let name = after.trim_start_matches(' ');
    let blanks = after.len() - name.len();
    let plain = |own: char| own.is_alphanumeric() || own == '_' || own == '.';
    let length = name.find(|own| !plain(own)).unwrap_or(name.len());
    let end = start + open.len() + blanks + length;
    (rate(name.get(..length)?) == Rate::Sure).then_some(Leak { at: start..end, certainty: Certainty::Sure })
}

/// The line of a plain text in which a field stands.
#[derive(Debug, Default)]
struct Line {
    end: usize,
    kind: LineKind,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LineKind {
    #[default]
    Prose,
    /// Of a program, a patch, a command or a description of one.
    Code,
    /// Quoted from another mail.
    Quoted,
}

impl Line {
    fn around(text: &str, at: usize) -> Self {
        let bytes = text.as_bytes();
        let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |before| before + 1);
        let end = memchr::memchr(b'\n', &bytes[at..]).map_or(text.len(), |after| at + after);
        let line = letters::start_of(&text[start..end], LOOKED_AT);
        Self { end, kind: kind_of(line) }
    }
}

fn kind_of(line: &str) -> LineKind {
    let trimmed = line.trim();
    if trimmed.starts_with(['>', '|']) && !trimmed.starts_with("|F") && !trimmed.starts_with(">>") {
        return LineKind::Quoted;
    }
    if trimmed.starts_with(">> ") || trimmed.starts_with(">>>") {
        return LineKind::Quoted;
    }
    let starts =
        ["+", "@@ ", "$ ", "# ", "//", "/*", "def ", "sub ", "my $", "use ", "export ", "echo ", "print"];
    let ends = [";", "{", "}", ");", "\\", "*/", "||", "&&"];
    let holds = [
        "==", "->", "::", "();", "=>", "$(", "&&", "!=", " = ", "+=", "<-", "/usr/", "/bin/", "/etc/",
        "usage:", "Usage:", "USAGE:", "</", "/>", "printf", "%{_", "\t\t",
    ];
    // A salutation is none, whatever else stands in its line.
    if greeting::opens(trimmed) {
        return LineKind::Prose;
    }
    let code = starts.iter().any(|start| trimmed.starts_with(start))
        || ends
            .iter()
            .any(|end| trimmed.ends_with(end) && !["}}", "%}"].iter().any(|own| trimmed.ends_with(own)))
            && !is_sentence(trimmed)
        || holds.iter().any(|part| trimmed.contains(part));
    if code { LineKind::Code } else { LineKind::Prose }
}

/// Whether it begins as a sentence does and has words enough.
fn is_sentence(line: &str) -> bool {
    line.starts_with(char::is_uppercase) && line.split_whitespace().filter(|word| word.len() > 1).count() > 3
}

impl Form {
    fn leak_at(&self, spot: &Spot<'_>) -> Option<Leak> {
        let Spot { text, start, reading, line, .. } = *spot;
        let after = text.get(start..)?.strip_prefix(self.open)?;
        if reading == Reading::Address && !self.in_addresses || line == LineKind::Quoted {
            return None;
        }
        let window = letters::start_of(after, LONGEST + self.close.len());
        let length = window.find(self.close)?;
        let inner = &window[..length];
        let mut end = start + self.open.len() + length + self.close.len();
        if self.open == "{{" && text[end..].starts_with('}') && inner.starts_with('{') {
            end += 1;
        }
        let at = start..end;
        if !self.is_bounded(text, &at) {
            return None;
        }
        spot.looked_at.set(spot.looked_at.get() + 1);
        let rated = self.rate(inner, reading)?;
        let named = reading != Reading::Address && greeting::follows_a_name(&text[end..]);
        let greeted = || named || spot.is_greeted();
        if (is_spelled_out(text, &at) || is_joined(self, text, &at, reading)) && !greeted() {
            return None;
        }
        let certainty = self.certainty(inner, rated, reading, line == LineKind::Code, greeted)?;
        Some(Leak { at, certainty })
    }

    fn certainty(
        &self,
        inner: &str,
        rated: Rate,
        reading: Reading,
        code: bool,
        greeted: impl Fn() -> bool,
    ) -> Option<Certainty> {
        let Shape::Name(needs) = self.shape else {
            let sure = self.shape == Shape::Markers || rated >= Rate::Person || !code || greeted();
            return sure.then_some(Certainty::Sure);
        };
        let form = self.open == "[" && is_form(inner);
        if rated >= needs && !form && (!code || rated >= Rate::Sure) {
            return Some(Certainty::Sure);
        }
        let addressed = (self.greets && is_wordish(inner) || rated >= Rate::Person) && greeted();
        if addressed {
            return Some(Certainty::Sure);
        }
        let shown = matches!(reading, Reading::Plain | Reading::Document);
        let possible =
            self.open == "[" && !code && shown && (rated == Rate::Possible || form && rated > Rate::Possible);
        possible.then_some(Certainty::Possible)
    }

    /// How much the inside of a field looks like one.
    fn rate(&self, inner: &str, reading: Reading) -> Option<Rate> {
        let lines = inner.matches('\n').count();
        match self.shape {
            Shape::Markers => {
                let inner = inner.trim();
                let begins =
                    inner.starts_with(|first: char| first.is_alphanumeric() || "_:=[.".contains(first));
                (begins && lines <= 1).then_some(Rate::Sure)
            }
            Shape::Statement => {
                let head = inner.trim_start_matches(['=', '-', '#', '_', '@', '+', '!', '~', ' ']).trim();
                let begins =
                    head.starts_with(|first: char| first.is_alphabetic() || first == '_' || first == '$');
                (begins && lines <= 1).then(|| rate(head).max(Rate::Identifier))
            }
            Shape::Expression => (lines <= 1).then(|| field_name::expression(inner)).flatten(),
            Shape::Name(_) => {
                let edge =
                    inner.starts_with(' ') || inner.ends_with(' ') || self.open == "(" && inner.contains(' ');
                if lines > 0 || edge && !self.padded || inner.is_empty() {
                    return None;
                }
                let bare = inner.trim().trim_matches(['$', '@', '#', '*', '%', '!', '&']);
                let rated = rate(bare);
                let loud = !bare.chars().any(char::is_lowercase) && bare.chars().count() > 2;
                match rated {
                    Rate::Nothing if reading == Reading::Address => None,
                    Rate::Person
                        if loud
                            && !bare.contains('.')
                            && matches!(self.open, "[" | "<" | "%" | "@" | "#") =>
                    {
                        Some(Rate::Sure)
                    }
                    rated => Some(rated),
                }
            }
        }
    }

    /// A delimiter that is a letter of prose, too, stands apart from the words around it.
    fn is_bounded(&self, text: &str, at: &Range<usize>) -> bool {
        if !self.apart {
            return true;
        }
        let delimiter = self.open.chars().next();
        let is_part =
            |next: Option<char>| next.is_some_and(|next| next.is_alphanumeric() || Some(next) == delimiter);
        !is_part(text[..at.start].chars().next_back()) && !is_part(text[at.end..].chars().next())
    }
}

/// Whether somebody writes about the field: it stands in code quotes.
fn is_spelled_out(text: &str, at: &Range<usize>) -> bool {
    let delimiters = ['{', '}', '[', ']', '%', '*', '|', '#', '$', '<', '>'];
    let before = letters::end_of(&text[..at.start], 8).trim_end_matches(delimiters);
    let after = letters::start_of(&text[at.end..], 8).trim_start_matches(delimiters);
    before.ends_with('`') || after.starts_with('`') || before.ends_with('"') && after.starts_with('"')
}

/// Whether it is part of a path, of an assignment or of another name, as variables of programs are.
fn is_joined(form: &Form, text: &str, at: &Range<usize>, reading: Reading) -> bool {
    if reading == Reading::Address || !form.shell {
        return false;
    }
    let before = text[..at.start].chars().next_back();
    let mut rest = text[at.end..].chars();
    let after = rest.next();
    let part =
        |next: Option<char>| next.is_some_and(|next| next.is_alphanumeric() || "-_/\\=$%".contains(next));
    part(before) || part(after) || after == Some('.') && rest.next().is_some_and(char::is_alphanumeric)
}

/// Whether words in brackets are for whoever writes the mail: several, and not a person's name.
fn is_form(inner: &str) -> bool {
    let inner = inner.split_once(",fallback").map_or(inner, |(before, _)| before).trim();
    inner.contains(' ') && !field_name::is_of_a_person(inner)
}

/// What may stand after a salutation in delimiters, whatever its name.
fn is_wordish(inner: &str) -> bool {
    let inner = inner.trim();
    inner.chars().any(char::is_alphabetic) && inner.chars().count() <= 40 && !inner.contains(['@', '/', '\n'])
}

/// Names of fields, where they stand without delimiters.
pub mod field {
    use super::field_name::is_of_a_person;

    /// Whether a text is a field's name as nobody is called: `FNAME`, `First Name`, `first_name`.
    pub fn is_bare(text: &str) -> bool {
        let written =
            text.contains(['_', ' ']) || text.chars().skip(1).any(char::is_uppercase) || text == "Name";
        // As a heading has it: a shorter word may be somebody's name.
        let heading = text.starts_with(char::is_uppercase) && text.chars().count() >= 6;
        (written || heading) && text.chars().count() <= 30 && is_of_a_person(text)
    }

    /// Whether an element of this name, lower case, is a field in angle brackets.
    pub fn is_tag(name: &str) -> bool {
        let known =
            name.len() > 3 && name != "name" && name.chars().all(|own| own.is_alphanumeric() || own == '_');
        known && is_of_a_person(name)
    }
}
