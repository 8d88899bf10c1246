//! Salutations that lack the name they were made for: `Hej ,`, `Dear null,`, `Hi FNAME,`. Pure; looks at the lines
//! with which a text begins.

use std::ops::Range;

use super::merge_field::field;
use super::merge_field::greeting::{self, Opening};
use super::merge_field::letters::start_of;

/// Lines with something in them at which a salutation is looked for.
const LINES: usize = 200;
/// The longest line that is looked at, in octets.
const LONGEST: usize = 200;

/// What programs print for nothing, as they write it: somebody is called Null, and a grandmother Nan.
const VALUES: &[&str] =
    &["null", "NULL", "undefined", "none", "None", "nan", "NaN", "nil", "n/a", "N/A", "#n/a", "#N/A"];
/// Said with a blank before the mark by who writes French, or to nobody at all.
const CRIES: &[&str] = &[
    "bonjour",
    "bonsoir",
    "salut",
    "coucou",
    "bienvenue",
    "joyeux anniversaire",
    "thanks",
    "thank you",
    "welcome",
    "tack",
    "welcome back",
    "congratulations",
    "grattis",
    "happy birthday",
    "happy anniversary",
    "hello there",
    "hi there",
];
/// They end a mail, too.
const SIGN_OFFS: &[&str] = &["thanks", "thank you", "greetings", "tack", "ciao", "salut"];
const BLANKS: [char; 3] = [' ', '\t', '\u{a0}'];
/// What ends a salutation, or the name in it.
const ENDS: [char; 12] = [',', '!', ':', ';', '.', '،', '，', '–', '?', '！', '：', '。'];
/// Those of them that a mail may begin with.
const GREETINGS_TOO: &[&str] = &["ciao", "salut"];
/// What follows a name where nothing may stand before.
const HONORIFICS: &[&str] = &["様", "さん", "님"];

/// What stands where a name should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    Nothing,
    /// What a program prints for nothing, or the field's own name.
    Value,
}

/// Those of a text, in order: the salutation with what follows it.
pub fn find(text: &str) -> Vec<(Range<usize>, Slip)> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut looked_at = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            looked_at += 1;
            let place = if looked_at == 1 { Place::First } else { Place::Later };
            found.extend(in_line(line, place).map(|(length, slip)| (at..at + length, slip)));
        }
        if looked_at == LINES {
            break;
        }
        at += line.len();
    }
    found
}

/// In a subject, which may begin with the name itself.
pub fn in_subject(subject: &str) -> Option<(Range<usize>, Slip)> {
    let begun = subject.trim_start();
    if begun.starts_with([',', '،', '，']) {
        return Some((0..subject.len().min(1), Slip::Nothing));
    }
    find(subject).into_iter().next()
}

/// Where a line stands among those that say something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Later,
}

fn in_line(line: &str, place: Place) -> Option<(usize, Slip)> {
    let line = start_of(line, LONGEST).trim_end();
    let begun = line.trim_start();
    if HONORIFICS
        .iter()
        .any(|own| begun.strip_prefix(own).is_some_and(|rest| !rest.starts_with(char::is_alphabetic)))
    {
        return Some((line.len(), Slip::Nothing));
    }
    let Opening { words, needs_name, rest } = greeting::split(line)?;
    let rest = without_title(rest);
    if let Some(found) = after_a_comma(line, rest) {
        return Some(found);
    }
    let name = rest.trim_start_matches(BLANKS);
    let blanks = rest[..rest.len() - name.len()].chars().count();
    let end = |length: usize| line.len() - name.len() + length;
    let mark = name.chars().next().filter(|_| blanks > 0)?;
    let alone = name[mark.len_utf8()..].chars().next().is_none_or(char::is_whitespace);
    let greets = place == Place::First && GREETINGS_TOO.contains(&words);
    let empty = match mark {
        // What ends a mail doesn't begin it.
        ',' | '،' | '，' | '、' => alone && (!SIGN_OFFS.contains(&words) || greets),
        '!' | '！' => alone && (!CRIES.contains(&words) || blanks > 1),
        ':' | ';' | '.' | '：' => alone && needs_name && !words.starts_with("cher"),
        _ => false,
    };
    if empty {
        return Some((end(mark.len_utf8()), Slip::Nothing));
    }
    let written = name.split(|own: char| own.is_whitespace() || matches!(own, ',' | '!' | '?')).next()?;
    if is_a_place(written.trim_end_matches(['.', ':', ';'])) {
        return Some((end(written.len()), Slip::Value));
    }
    let length = name.find(ENDS).unwrap_or(name.len());
    is_no_name(&name[..length], length == name.len()).then(|| (end(length), Slip::Value))
}

/// The same where a comma parts the greeting from the name: `Hej, !`, `您好，null！`.
fn after_a_comma(line: &str, rest: &str) -> Option<(usize, Slip)> {
    let after = rest.strip_prefix([',', '،', '，'])?;
    let name = after.trim_start_matches(BLANKS);
    let end = |length: usize| line.len() - name.len() + length;
    let length = name.find(ENDS)?;
    if name.starts_with(['!', '！']) {
        return Some((end(length), Slip::Nothing));
    }
    let printed = is_no_name(&name[..length], false) || is_a_place(&name[..length]);
    printed.then(|| (end(length), Slip::Value))
}

/// What a program printed for nothing, or the field's own name.
fn is_no_name(said: &str, to_the_end: bool) -> bool {
    let said = said.trim_matches([' ', '\u{a0}', '(', ')', '[', ']', '<', '>', '"', '\'']);
    let printed = !said.is_empty() && said.split_whitespace().all(|word| VALUES.contains(&word));
    printed && is_a_value(said, to_the_end) || field::is_bare(said)
}

/// Where a program was to print a name: `%s`, `%1$s`, `%(name)s`, `{}`, `{0}`, `${user.name}`, `#{name}`, `$name`.
fn is_a_place(written: &str) -> bool {
    let is_name = |text: &str| {
        !text.is_empty()
            && text.len() <= 40
            && text.chars().all(|own| own.is_alphanumeric() || matches!(own, '_' | '.' | '-'))
    };
    if let Some(format) = written.strip_prefix('%') {
        let format = format.trim_start_matches(|own: char| own.is_ascii_digit() || own == '$');
        let named = format.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        return matches!(format, "s" | "d" | "@" | "v")
            || named.is_some_and(|(name, of)| is_name(name) && of == "s");
    }
    let within =
        |text: &str| text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).map(str::to_owned);
    let braced = within(written).or_else(|| within(written.strip_prefix(['$', '#', '@'])?));
    if let Some(inner) = braced {
        return inner.is_empty() || is_name(&inner);
    }
    let variable =
        written.strip_prefix('$').filter(|name| name.starts_with(|own: char| own.is_ascii_alphabetic()));
    variable.is_some_and(is_name)
}

/// `None` and `NaN` are names of things and people, too, where nothing ends them.
fn is_a_value(said: &str, to_the_end: bool) -> bool {
    !(to_the_end && said.eq_ignore_ascii_case("none"))
}

fn without_title(rest: &str) -> &str {
    let begun = rest.trim_start();
    let Some((title, after)) = greeting::of(greeting::TITLES, begun) else { return rest };
    let blank = rest.len() > begun.len();
    if title.is_empty() || !blank { rest } else { after.strip_prefix('.').unwrap_or(after) }
}

/// Values that a program printed for nothing outside of salutations: `[object Object]`, `NaN kr`, `undefined €`.
pub fn printed(text: &str) -> Option<Range<usize>> {
    const OBJECT: &str = "[object Object]";
    if let Some(at) = text.find(OBJECT) {
        return Some(at..at + OBJECT.len());
    }
    let price = |at: usize, value: &str| {
        let (before, after) =
            (text[..at].trim_end_matches(' '), text[at + value.len()..].trim_start_matches([' ', '\u{a0}']));
        let currencies = ["kr", "€", "EUR", "USD", "SEK", "GBP", "DKK", "NOK", ":-", "zł", "Ft"];
        before.ends_with(['€', '$', '£', '¥']) || currencies.iter().any(|own| after.starts_with(own))
    };
    ["NaN", "undefined"].into_iter().find_map(|value| {
        let mut found = memchr::memmem::find_iter(text.as_bytes(), value).take(LINES);
        found.find(|at| price(*at, value)).map(|at| at..at + value.len())
    })
}
