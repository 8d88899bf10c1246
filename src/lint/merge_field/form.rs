//! The delimiters of merge fields, and how much must stand between them. The longer of two that begin alike first.

use super::field_name::Rate;

/// One pair of delimiters.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    pub open: &'static str,
    pub close: &'static str,
    pub shape: Shape,
    /// They stand apart from the words around them.
    pub apart: bool,
    /// Blanks may stand inside of them.
    pub padded: bool,
    /// Right after a salutation whatever they hold is a field.
    pub greets: bool,
    /// They mean as much in an address.
    pub in_addresses: bool,
    /// Shells and build tools have them, too.
    pub shell: bool,
}

/// What stands between the delimiters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// They say it all.
    Markers,
    /// Handlebars, Liquid, Jinja, Twig: a name, and what is done with it.
    Expression,
    /// A piece of a program.
    Statement,
    /// A name that is rated so at least.
    Name(Rate),
}

const fn form(open: &'static str, close: &'static str, shape: Shape) -> Form {
    Form { open, close, shape, apart: false, padded: false, greets: true, in_addresses: true, shell: false }
}

/// Delimiters that prose and code have, too.
const fn weak(open: &'static str, close: &'static str, needs: Rate) -> Form {
    Form { apart: true, greets: false, in_addresses: false, ..form(open, close, Shape::Name(needs)) }
}

const fn variable(open: &'static str, needs: Rate) -> Form {
    Form { shell: true, padded: true, ..form(open, "}", Shape::Name(needs)) }
}

const fn named(open: &'static str, close: &'static str, needs: Rate) -> Form {
    Form { padded: true, ..form(open, close, Shape::Name(needs)) }
}

/// All of them.
pub const FORMS: &[Form] = &[
    form("*|", "|*", Shape::Markers),
    form("{{", "}}", Shape::Expression),
    form("{%", "%}", Shape::Statement),
    form("<%", "%>", Shape::Statement),
    form("&lt;%", "%&gt;", Shape::Statement),
    form("<?php", "?>", Shape::Statement),
    form("<?=", "?>", Shape::Statement),
    Form { in_addresses: false, ..form("<eloqua", ">", Shape::Markers) },
    form("~~eloqua", "~~", Shape::Markers),
    form("%%=", "=%%", Shape::Markers),
    form("%%[", "]%%", Shape::Markers),
    Form { apart: true, ..form("%%", "%%", Shape::Name(Rate::Identifier)) },
    form("[[var:", "]]", Shape::Markers),
    form("[[data:", "]]", Shape::Markers),
    named("[[", "]]", Rate::Likely),
    form("[%", "%]", Shape::Statement),
    variable("{!", Rate::Likely),
    variable("{$", Rate::Likely),
    variable("${", Rate::Likely),
    variable("#{", Rate::Likely),
    variable("%{", Rate::Likely),
    variable("@{", Rate::Likely),
    variable("{", Rate::Likely),
    named("[", "]", Rate::Sure),
    named("##", "##", Rate::Likely),
    Form { in_addresses: false, ..named("@@", "@@", Rate::Likely) },
    named("$$", "$$", Rate::Likely),
    named("~~", "~~", Rate::Likely),
    weak("||", "||", Rate::Likely),
    weak("__", "__", Rate::Sure),
    weak("::", "::", Rate::Sure),
    weak("!!", "!!", Rate::Sure),
    weak("~", "~", Rate::Sure),
    weak("#", "#", Rate::Sure),
    weak("$", "$", Rate::Sure),
    Form { in_addresses: true, ..weak("%", "%", Rate::Person) },
    weak("@", "@", Rate::Sure),
    weak("|", "|", Rate::Sure),
    weak("-", "-", Rate::Person),
    weak("^", "^", Rate::Sure),
    Form { in_addresses: false, ..named("<<", ">>", Rate::Person) },
    weak("<", ">", Rate::Sure),
    Form { in_addresses: false, ..named("&lt;&lt;", "&gt;&gt;", Rate::Person) },
    Form { in_addresses: false, ..named("&lt;", "&gt;", Rate::Sure) },
    Form { in_addresses: false, padded: false, ..named("«", "»", Rate::Person) },
    Form { in_addresses: false, ..named("((", "))", Rate::Person) },
    weak("(", ")", Rate::Sure),
];

/// Delimiters that say so much that the name after them may do without the closing one.
pub const UNCLOSED: &[&str] = &["{{", "*|", "%%", "[[", "${", "{%", "<%="];

/// The first octet of each, and none that a later octet of a character could be.
const OPENINGS: &[u8] = b"*{<&~%[$#@|_:!-^(\xC2";

/// Where the next delimiter may begin, from this offset on.
pub fn next_opening(text: &str, from: usize) -> Option<usize> {
    let found = text.as_bytes().get(from..)?.iter().position(|byte| OPENINGS.contains(byte))?;
    Some(from + found)
}

/// How far to go on from what was none.
pub fn opening_width(text: &str, at: usize) -> usize {
    text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}
