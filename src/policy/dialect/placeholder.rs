//! The placeholders of all dialects, ours among them, found in a text in one pass: first the words that each has
//! (most bodies have none), then each in its dress around them. Linear in the text's length.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};

use super::RuleRef;
use super::dress::{core, dressed, dressed_attribute};
use crate::mail::RawMessage;
use crate::mail::effort::looked_at;

/// The most that are found in one text, so that no message grows without bound.
const MOST_FOUND: usize = 1_000;
/// Texts that begin like a placeholder and are none: after so many the rest is not looked at.
const MOST_TRIED: usize = 20_000;
/// The longest text between `text` and `until`, in octets.
const LONGEST_BETWEEN: usize = 2_000;
/// The shortest word by which a placeholder is looked for, in octets.
pub const SHORTEST_CORE: usize = 4;
/// What the expressions may take in memory, in octets.
const SIZE_LIMIT: usize = 16 << 20;

/// `[[placeholder]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// As it stands in templates; a blank in it stands for any number of them.
    pub text: String,
    /// It goes on to the next of these.
    pub until: Option<String>,
    pub between: Between,
    pub means: Meaning,
    pub form: Form,
    /// It is one only in messages that have this header field.
    pub only_with: Option<String>,
    /// `None`: it is ours.
    pub rule: Option<RuleRef>,
}

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Unsubscribe,
    Preferences,
    PostalAddress,
    Confirm,
    /// A link to a person's data: in mail of our own alone.
    Data,
}

/// What comes in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The bare address.
    Address,
    /// A link where HTML shows text, and the bare address in attributes and in plain text.
    Link,
    /// It is an attribute (`name="value"`): the link that has it leads to us, and the attribute goes.
    Attribute,
    /// It stands right after an address: ours comes in place of both.
    Suffix,
}

/// What the text between `text` and `until` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    Nothing,
    /// The words of the link.
    Label,
}

/// One that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'p> {
    pub at: Range<usize>,
    pub placeholder: &'p Placeholder,
    /// Where the words of the link stand.
    pub label: Option<Range<usize>>,
}

/// All placeholders, made ready to be looked for. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Placeholders(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    /// The longest text first: the first that matches is meant.
    all: Vec<Placeholder>,
    /// Where each ends, for those that have an `until`.
    closings: Vec<Option<Regex>>,
    cores: Regex,
    openings: Regex,
    which: RegexSet,
    /// The most octets before and after the beginning of a core.
    reach: usize,
}

/// Which placeholders count in one message.
#[derive(Clone, Debug)]
pub struct Active<'p> {
    placeholders: &'p Placeholders,
    /// In the order of all.
    counts: Vec<bool>,
}

static OURS: LazyLock<Placeholders> =
    LazyLock::new(|| Placeholders::beside_ours(Vec::new()).expect("ours can be looked for"));

impl Default for Placeholders {
    fn default() -> Self {
        OURS.clone()
    }
}

/// CONTRACT.md, "Submitting by SMTP"; Mustache's third pair of braces is taken for two.
fn ours() -> impl Iterator<Item = Placeholder> {
    let names = [
        ("unsubscribe_url", Meaning::Unsubscribe),
        ("preferences_url", Meaning::Preferences),
        ("postal_address", Meaning::PostalAddress),
        ("confirm_url", Meaning::Confirm),
        ("data_url", Meaning::Data),
    ];
    names.into_iter().flat_map(|(name, means)| {
        [format!("{{{{ optgate.{name} }}}}"), format!("{{{{{{ optgate.{name} }}}}}}")].map(|text| {
            Placeholder {
                text,
                until: None,
                between: Between::Nothing,
                means,
                form: Form::Address,
                only_with: None,
                rule: None,
            }
        })
    })
}

impl Placeholders {
    /// Those of the files, which `policy::file` has checked, beside ours.
    pub fn beside_ours(given: Vec<Placeholder>) -> Result<Self, regex::Error> {
        let mut all: Vec<Placeholder> = ours().chain(given).collect();
        all.sort_by_key(|own| std::cmp::Reverse(own.text.len()));
        let expressions: Vec<(String, usize)> = all.iter().map(expression).collect();
        let reach = expressions.iter().map(|(_, longest)| *longest).max().unwrap_or_default();
        let one_of = |forms: Vec<&str>| {
            RegexBuilder::new(&forms.join("|")).unicode(false).size_limit(SIZE_LIMIT).build()
        };
        let openings: Vec<&str> = expressions.iter().map(|(expression, _)| expression.as_str()).collect();
        let whole: Vec<String> = openings.iter().map(|own| format!("^(?:{own})$")).collect();
        let mut cores: Vec<&str> = all.iter().map(|own| core(&own.text)).collect();
        cores.sort_by_key(|core| std::cmp::Reverse(core.len()));
        cores.dedup();
        let closing =
            |own: &Placeholder| own.until.as_deref().map(|until| one_of(vec![&dressed(until).0])).transpose();
        Ok(Self(Arc::new(Compiled {
            closings: all.iter().map(closing).collect::<Result<_, _>>()?,
            cores: one_of(cores)?,
            which: RegexSetBuilder::new(&whole).unicode(false).size_limit(SIZE_LIMIT).build()?,
            openings: one_of(openings)?,
            reach,
            all,
        })))
    }

    /// All of them, ours first told by having no rule.
    pub fn all(&self) -> &[Placeholder] {
        &self.0.all
    }

    /// Those that count in a message.
    pub fn in_message(&self, message: &RawMessage) -> Active<'_> {
        let has = |name: &String| message.all(name).next().is_some();
        let counts = self.0.all.iter().map(|own| own.only_with.as_ref().is_none_or(has)).collect();
        Active { placeholders: self, counts }
    }

    /// The stretches of a text in which a placeholder may stand, in order and apart.
    fn stretches(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut stretches: Vec<Range<usize>> = Vec::new();
        for word in self.0.cores.find_iter(text) {
            let around =
                word.start().saturating_sub(self.0.reach)..text.len().min(word.start() + self.0.reach);
            match stretches.last_mut() {
                Some(last) if last.end >= around.start => last.end = around.end,
                _ => stretches.push(around),
            }
        }
        stretches
    }
}

impl<'p> Active<'p> {
    /// All that stand in a text, in order and apart, up to `MOST_FOUND`.
    pub fn find(&self, text: &[u8]) -> Vec<Found<'p>> {
        let mut found: Vec<Found<'p>> = Vec::new();
        let mut tried = 0;
        for stretch in self.placeholders.stretches(text) {
            let mut free = found.last().map_or(0, |last| last.at.end);
            let mut at = stretch.start.max(free);
            while at < stretch.end {
                let opening = self.placeholders.0.openings.find(&text[at..stretch.end]);
                looked_at(opening.map_or(stretch.end - at, |opening| opening.end()));
                let Some(opening) = opening else { break };
                let opening = at + opening.start()..at + opening.end();
                tried += 1;
                if found.len() == MOST_FOUND || tried > MOST_TRIED {
                    return found;
                }
                at = opening.start + 1;
                let one = self.one(text, opening);
                let stands = |one: &Found<'_>| {
                    !is_part_of_another(text, &one.at, free) || self.begins_at(text, one.at.end)
                };
                if let Some(one) = one.filter(stands) {
                    (at, free) = (one.at.end, one.at.end);
                    found.push(one);
                }
            }
        }
        found
    }

    /// Whether the mark that stands there is the next one's.
    fn begins_at(&self, text: &[u8], at: usize) -> bool {
        let compiled = &self.placeholders.0;
        let within = &text[at..text.len().min(at.saturating_add(compiled.reach))];
        looked_at(within.len());
        let opening = compiled.openings.find(within).filter(|opening| opening.start() == 0);
        opening.is_some_and(|opening| self.one(text, at..at + opening.end()).is_some())
    }

    /// What begins so, if it goes on as it must.
    fn one(&self, text: &[u8], opening: Range<usize>) -> Option<Found<'p>> {
        let compiled = &self.placeholders.0;
        let matching = compiled.which.matches(&text[opening.clone()]);
        let index =
            matching.into_iter().find(|index| self.counts.get(*index).is_some_and(|counts| *counts))?;
        let placeholder = compiled.all.get(index)?;
        let Some(closing) = compiled.closings.get(index)? else {
            return Some(Found { at: opening, placeholder, label: None });
        };
        let rest = &text[opening.end..text.len().min(opening.end + LONGEST_BETWEEN)];
        let closing = closing.find(rest);
        looked_at(closing.map_or(rest.len(), |closing| closing.end()));
        let closing = closing?;
        let between = &rest[..closing.start()];
        if between.iter().any(|octet| matches!(octet, b'<' | b'>' | b'\n' | b'\r')) {
            return None;
        }
        let label = opening.end..opening.end + between.len();
        let at = opening.start..opening.end + closing.end();
        let labelled = placeholder.between == Between::Label && !between.trim_ascii().is_empty();
        Some(Found { at, placeholder, label: labelled.then_some(label) })
    }
}

/// Whether its own marks go on around it: `{{unsubscribe_url}}` is not `{unsubscribe_url}` in braces. What stands before
/// `free` is another's.
fn is_part_of_another(text: &[u8], at: &Range<usize>, free: usize) -> bool {
    let before = at.start.checked_sub(1).filter(|before| *before >= free).and_then(|before| text.get(before));
    let own = text.get(at.clone()).and_then(|own| Some((own.first()?, own.last()?)));
    own.is_some_and(|(first, last)| {
        !first.is_ascii_alphanumeric() && before == Some(first) && text.get(at.end) == Some(last)
    })
}

fn expression(placeholder: &Placeholder) -> (String, usize) {
    match (placeholder.form, attribute(&placeholder.text)) {
        (Form::Attribute, Some((name, value))) => dressed_attribute(name, value),
        _ => dressed(&placeholder.text),
    }
}

/// The name and value of `name="value"`.
pub fn attribute(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let value = value.strip_prefix('"')?.strip_suffix('"')?;
    let plain = |text: &str| {
        !text.is_empty()
            && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
    };
    (plain(name) && plain(value)).then_some((name, value))
}

#[cfg(test)]
#[path = "placeholder/tests.rs"]
mod tests;
