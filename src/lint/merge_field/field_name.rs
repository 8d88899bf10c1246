//! What fields are called, by `names.txt`: `förnamn` is `fornamn` there.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::letters::{joined, words};

/// How much a text looks like a field's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rate {
    Nothing,
    /// A name that a program could have given to anything.
    Identifier,
    /// Words that a template may leave to its author.
    Possible,
    /// A field of many lists, and a word of prose and programs.
    Likely,
    /// The same, of a person.
    Person,
    /// Nothing else is called so.
    Sure,
}

/// What a form asks for before the name of the field.
const FILLERS: &[&str] = &[
    "your",
    "the",
    "insert",
    "enter",
    "add",
    "recipient",
    "recipients",
    "customer",
    "customers",
    "subscriber",
    "contact",
    "user",
    "member",
    "client",
    "lead",
    "my",
    "din",
    "ditt",
    "er",
    "ert",
    "kundens",
    "mottagarens",
    "skriv",
    "ange",
    "infoga",
    "ihr",
    "ihre",
    "dein",
    "deine",
    "hier",
    "bitte",
    "kunden",
    "votre",
    "inserer",
    "uw",
    "jouw",
    "je",
    "su",
    "tu",
    "nombre",
    "inserisci",
    "prospect",
    "guest",
    "here",
    "her",
    "har",
    "ici",
    "field",
    "feld",
    "falt",
    "value",
    "goes",
    "s",
    "personal",
    "personligt",
    "merge",
    "var",
];

/// `name`, as it is called where mail is written: of a person as of a thing.
const WORDS_FOR_A_NAME: &[&str] =
    &["name", "namn", "navn", "naam", "nom", "nome", "nombre", "nimi", "nev", "імя"];

/// With one of them a `name` is that of a thing.
const THINGS: &[&str] = &[
    "file",
    "host",
    "domain",
    "package",
    "class",
    "function",
    "variable",
    "path",
    "list",
    "dir",
    "directory",
    "server",
    "machine",
    "module",
    "method",
    "column",
    "table",
    "key",
    "tag",
    "type",
    "device",
    "interface",
    "database",
    "db",
    "project",
    "program",
    "product",
    "sender",
    "statement",
    "site",
    "page",
    "brand",
    "plan",
];

/// Words of prose in brackets that are a template's, not a tool's.
const TEMPLATE_WORDS: &[&str] = &[
    "name", "address", "date", "link", "url", "action", "email", "title", "city", "state", "zip", "number",
    "company", "product", "amount", "price", "text", "image", "time", "place", "sender", "insert", "your",
    "brand",
];

/// Words by which a template language decides or repeats.
const KEYWORDS: &[&str] = &[
    "if", "else", "elseif", "elsif", "elif", "endif", "unless", "each", "with", "end", "for", "foreach",
    "range", "block", "case", "when", "set", "assign", "include", "end_if", "raw",
];

/// What the inside of a field's delimiters looks like.
pub fn rate(inner: &str) -> Rate {
    // `leadfield=firstname`
    if let Some((kind, name)) = inner.split_once('=')
        && kind.chars().all(char::is_alphanumeric)
        && known(&joined(name)) == Rate::Sure
    {
        return Rate::Sure;
    }
    let head = inner.split(['|', ',', '?', '(', '"', '\'', '=', ';']).next().unwrap_or_default().trim();
    let head =
        head.split_once(':').map_or(head, |(before, after)| if is_object(before) { after } else { before });
    let head = head.trim();
    if head.is_empty()
        || head.chars().count() > 48
        || !head.starts_with(|c: char| c.is_alphabetic() || c == '_')
    {
        return Rate::Nothing;
    }
    let own = rate_name(head);
    match head.rsplit_once(['.', '>']) {
        Some((before, last)) if !last.starts_with(' ') && before.split('.').any(is_object) => {
            rate_name(last).max(Rate::Person).max(own)
        }
        Some((_, last)) if rate_name(last) >= Rate::Person && !head.contains(' ') => {
            Rate::Sure.min(rate_name(last))
        }
        // `item.price`
        Some((_, last)) if !head.contains(' ') => own.max(rate_name(last).min(Rate::Likely)),
        _ => own,
    }
}

fn is_object(name: &str) -> bool {
    KNOWN.get(joined(name).as_str()).is_some_and(|own| own.is_object)
}

fn rate_name(name: &str) -> Rate {
    let whole = joined(name);
    let known = known(&whole);
    if known > Rate::Nothing {
        return known;
    }
    let words = words(name);
    let bare: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| !FILLERS.contains(word) || words.len() == 1).collect();
    if bare.len() < words.len() && !bare.is_empty() {
        match self::known(&bare.concat()) {
            Rate::Nothing => {}
            Rate::Person if words.len() <= 5 => return Rate::Sure,
            other => return other,
        }
    }
    if words.len() > 1 && words.len() <= 4 && !words.iter().any(|word| THINGS.contains(&word.as_str())) {
        let pairs = words.windows(2).any(|pair| self::known(&pair.concat()) == Rate::Sure);
        let one = words.iter().any(|word| word.chars().count() > 3 && self::known(word) == Rate::Sure);
        if pairs || one {
            return Rate::Sure;
        }
        if !name.contains(' ') && words.last().is_some_and(|last| self::known(last) == Rate::Person) {
            return Rate::Person;
        }
    }
    if words.len() > 1 && words.len() <= 4 && words.iter().any(|word| TEMPLATE_WORDS.contains(&word.as_str()))
    {
        return Rate::Possible;
    }
    let plain = |own: char| own.is_alphanumeric() || "_.-$>".contains(own);
    if name.chars().all(plain) { Rate::Identifier } else { Rate::Nothing }
}

/// The names by kind.
const NAMES: &str = include_str!("names.txt");

/// What is known of a name.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// The highest where it is of several kinds.
    rate: Option<Rate>,
    /// It names a person.
    is_name: bool,
    /// Fields are parts of what is called so.
    is_object: bool,
}

static KNOWN: LazyLock<HashMap<&str, Known>> = LazyLock::new(|| {
    let mut known: HashMap<&str, Known> = HashMap::new();
    let lines = NAMES.lines().filter_map(|line| line.split_once(": "));
    for (kind, name) in lines.flat_map(|(kind, names)| names.split(' ').map(move |name| (kind, name))) {
        let own = known.entry(name).or_default();
        let rate = match kind {
            "name" | "record" => Some(Rate::Sure),
            "person" => Some(Rate::Person),
            "likely" => Some(Rate::Likely),
            _ => None,
        };
        own.rate = own.rate.max(rate);
        own.is_name |= kind == "name";
        own.is_object |= kind == "object";
    }
    known
});

fn known(joined: &str) -> Rate {
    // With a number for each of several: `email1`.
    let bare = joined.trim_end_matches(|own: char| own.is_ascii_digit());
    KNOWN.get(bare).and_then(|own| own.rate).unwrap_or(Rate::Nothing)
}

/// Whether these words are a name of a person, and no others beside what a form says to its filler.
pub fn is_of_a_person(inner: &str) -> bool {
    let words = words(inner);
    let bare: Vec<&str> = words.iter().map(String::as_str).filter(|word| !FILLERS.contains(word)).collect();
    let named =
        |joined: &str| KNOWN.get(joined).is_some_and(|own| own.is_name) || WORDS_FOR_A_NAME.contains(&joined);
    named(&words.concat())
        || !bare.is_empty() && (named(&bare.concat()) || bare.iter().all(|word| named(word)))
}

/// What stands in double braces; `None` for what no template language would read.
pub fn expression(inner: &str) -> Option<Rate> {
    let head = inner
        .trim_matches(['{', '}'])
        .trim()
        .trim_start_matches(['#', '^', '/', '>', '&', '!', '~', '=', '-', '@']);
    let head = head.trim();
    let begins = head.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | '$' | '.'));
    if !begins || inner.contains(';') || inner.trim_matches('{').contains(['{', '}']) {
        return None;
    }
    let rated = rate(head);
    let path = head
        .split(['|', '(', '"', '\'', '+', '?', ',', ':', '=', '<', '>', '!'])
        .next()
        .unwrap_or_default()
        .trim();
    let mut words = path.split_whitespace();
    let first = words.next().unwrap_or_default();
    let several = words.next().is_some();
    let reads = rated >= Rate::Likely || !several || KEYWORDS.contains(&first) || first.contains('.');
    reads.then_some(rated.max(Rate::Identifier))
}
