//! HTML: where to put things (`layout`), how to write them there, and roughly what it says. What isn't named is never
//! written anew.

mod layout;
mod open;
mod stand;
mod value;

pub(super) use layout::Layout;
pub(super) use stand::{Stand, stands, tag};
pub(super) use value::Value;

use std::ops::Range;

use crate::mail::html::style::Hiding;
use crate::mail::html::{Name, Token, Tokens};
use open::{Open, Says};

/// The longest reference that is read, in octets.
const MAX_REFERENCE: usize = 12;

/// A text for element content and quoted attribute values.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// The text that a reader sees, roughly: tags, comments, scripts, styles and what is hidden left out, references read.
pub(super) fn visible_text(html: &str) -> String {
    visible_text_with(html, "")
}

/// The same with `between` where a tag stood.
pub(super) fn visible_text_with(html: &str, between: &str) -> String {
    let mut out = String::with_capacity(html.len() / 2);
    let (mut at, mut open, hiding) = (0, Open::default(), Hiding::read(html.as_bytes()));
    for token in Tokens::of(html.as_bytes()) {
        let whole = token.whole();
        if !open.hides() {
            read_references(html.get(at..whole.start).unwrap_or_default(), &mut out);
            out.push_str(between);
        }
        at = whole.end;
        match token {
            Token::Start { name, whole } => {
                let tag = html.as_bytes().get(name.end..whole.end).unwrap_or_default();
                let says = if hiding.hides(tag) { Says::Hidden } else { Says::Nothing };
                open.start(&Name::of(&html.as_bytes()[name]), says);
            }
            Token::End { name, .. } => open.end(&Name::of(&html.as_bytes()[name])),
            Token::Comment(_) | Token::Raw(_) => {}
        }
    }
    if !open.hides() {
        read_references(html.get(at..).unwrap_or_default(), &mut out);
    }
    out
}

/// What stands in `<!--[if mso]>…<![endif]-->`.
pub(super) fn conditional(document: &[u8], whole: Range<usize>) -> Option<Range<usize>> {
    const OPENING: &[u8] = b"<!--[if";
    let comment = document.get(whole.clone())?;
    let opens = comment.get(..OPENING.len()).is_some_and(|start| start.eq_ignore_ascii_case(OPENING));
    let start = memchr::memmem::find(comment, b"]>").filter(|_| opens)? + 2;
    let ended = comment.strip_suffix(b"<![endif]-->").or_else(|| comment.strip_suffix(b"-->"));
    let end = ended.unwrap_or(comment).len();
    (start < end).then(|| whole.start + start..whole.start + end)
}

fn read_references(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = after_reference(&rest[at..], out);
    }
    out.push_str(rest);
}

fn after_reference<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let end = rest.bytes().take(MAX_REFERENCE).position(|byte| byte == b';');
    let Some((name, after)) = end.map(|end| (&rest[1..end], &rest[end + 1..])) else {
        out.push('&');
        return &rest[1..];
    };
    let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None => number.parse().ok(),
    });
    match number.and_then(char::from_u32) {
        Some(character) => out.push(character),
        None if matches!(name, "szlig" | "aelig" | "AElig" | "oelig" | "OElig") => out.push_str(&name[..2]),
        // `&ouml;` and its kin are told by their letter, which is all that a comparison of letters needs.
        None if is_marked_letter(name) => out.extend(name.chars().next()),
        None => out.push(' '),
    }
    after
}

fn is_marked_letter(name: &str) -> bool {
    let marks = ["uml", "acute", "grave", "circ", "tilde", "ring", "cedil", "slash", "caron"];
    name.get(1..).is_some_and(|mark| marks.contains(&mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn visible_text_reads_references() {
        assert_eq!(visible_text("<b>Stra&szlig;e</b> &#214;&amp;<!-- x > -->y &bogus"), "Strasze Ö y &bogus");
        assert_eq!(
            visible_text("a<p style='display:none'>b</p>c<div class=h>d</div><style>.h{font-size:0}</style>"),
            "ac"
        );
        assert_eq!(visible_text("a<style><!-- b</style>c<script>d"), "ac");
    }
}
