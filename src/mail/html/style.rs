//! What takes an element out of a reader's sight: styles of its own, and rules of the document's `<style>` for a class
//! or an id. CSS Syntax Level 3, as far as templates hide something.

pub mod comment;

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Name, Token, Tokens, attributes};
use crate::mail::effort::looked_at;

/// Rules that are read of one document.
const MOST: usize = 2_000;
/// Octets of a `<style>` that are read: what Gmail reads is less.
const LONGEST: usize = 64 * 1024;

/// Classes and ids that a document hides on every screen.
#[derive(Debug, Default)]
pub struct Hiding {
    classes: HashSet<Vec<u8>>,
    ids: HashSet<Vec<u8>>,
}

impl Hiding {
    /// From the document's `<style>`. Rules within `@media` and the like are for some readers alone, and don't count.
    pub fn read(html: &[u8]) -> Self {
        let mut hiding = Self::default();
        let mut in_style = false;
        for token in Tokens::of(html) {
            match token {
                Token::Start { name, .. } => in_style = Name::of(&html[name]).bytes() == b"style",
                Token::Raw(whole) if in_style => {
                    let end = whole.end.min(whole.start + LONGEST);
                    hiding.sheet(&html[whole.start..end]);
                }
                _ => {}
            }
        }
        hiding
    }

    /// Whether a tag's inside, from the end of its name on, says that its element is hidden.
    pub fn hides(&self, tag: &[u8]) -> bool {
        let mut hidden = false;
        attributes(tag, |attribute, value| {
            let value = &tag[value];
            hidden |= match Name::of(&tag[attribute]).bytes() {
                b"style" => hides(value),
                b"hidden" => true,
                b"class" => value
                    .split(u8::is_ascii_whitespace)
                    .any(|class| !class.is_empty() && self.classes.contains(class)),
                b"id" => self.ids.contains(value.trim_ascii()),
                _ => false,
            };
        });
        hidden
    }

    fn sheet(&mut self, sheet: &[u8]) {
        let sheet = comment::blanked(sheet);
        let trimmed = sheet.trim_ascii_start();
        // Sheets hide themselves from browsers of another age.
        let sheet = trimmed.strip_prefix(b"<!--").unwrap_or(trimmed);
        let (mut at, mut rules) = (0, 0);
        while let Some(open) = memchr::memchr(b'{', &sheet[at..]).map(|open| at + open) {
            let selectors = sheet[at..open].rsplit(|byte| *byte == b';').next().unwrap_or_default();
            let selectors = selectors.trim_ascii();
            rules += 1;
            if rules > MOST {
                return;
            }
            if selectors.starts_with(b"@") {
                at = after_block(sheet, open);
                continue;
            }
            let close = memchr::memchr(b'}', &sheet[open..]).map_or(sheet.len(), |close| open + close);
            looked_at(close - at);
            if hides(&sheet[open + 1..close]) {
                selectors.split(|byte| *byte == b',').for_each(|one| self.add(one.trim_ascii()));
            }
            at = (close + 1).min(sheet.len());
        }
    }

    /// `.class`, `#id`, `td.class`: what is more than that is for fewer elements than it seems.
    fn add(&mut self, selector: &[u8]) {
        let Some(mark) = selector.iter().position(|byte| matches!(byte, b'.' | b'#')) else { return };
        let (of, name) = (&selector[..mark], &selector[mark + 1..]);
        let is_name = |text: &[u8]| {
            text.iter()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || !byte.is_ascii())
        };
        if name.is_empty() || !is_name(of) || !is_name(name) {
            return;
        }
        let names = if selector[mark] == b'.' { &mut self.classes } else { &mut self.ids };
        names.insert(name.to_vec());
    }
}

/// Whether these declarations take their element out of sight.
pub fn hides(declarations: &[u8]) -> bool {
    let declarations = comment::blanked(declarations);
    let declarations = unescaped(&declarations);
    let plain: Vec<u8> =
        declarations.iter().filter(|byte| !byte.is_ascii_whitespace()).map(u8::to_ascii_lowercase).collect();
    plain.split(|byte| *byte == b';').any(|one| {
        let Some(colon) = memchr::memchr(b':', one) else { return false };
        let (property, value) = (&one[..colon], &one[colon + 1..]);
        let value = value.strip_suffix(b"!important").unwrap_or(value);
        match property {
            b"display" => value == b"none",
            b"visibility" => matches!(value, b"hidden" | b"collapse"),
            b"mso-hide" => value == b"all",
            b"max-height" | b"opacity" | b"font-size" => is_zero(value),
            _ => false,
        }
    })
}

/// `0`, `0px`, `0.0em`, `0%`.
fn is_zero(value: &[u8]) -> bool {
    let number = value.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
    let (number, unit) = value.split_at(number);
    !number.is_empty()
        && number.iter().all(|byte| matches!(byte, b'0' | b'.'))
        && number.contains(&b'0')
        && unit.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'%')
}

/// With its escapes read.
fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let read = escape(&rest[at..]);
        if let Some((character, _)) = read {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        rest = &rest[at + read.map_or(1, |(_, length)| length)..];
    }
    out.extend_from_slice(rest);
    Cow::Owned(out)
}

/// The character that an escape stands for with which a text begins, and its length: `\64 isplay` is `display`. What no
/// character of ASCII follows is none. CSS Syntax Level 3, 4.3.7.
pub fn escape(text: &[u8]) -> Option<(char, usize)> {
    let rest = text.strip_prefix(b"\\")?;
    let digits = rest.iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (hex, after) = rest.split_at(digits);
    if digits == 0 {
        let next = rest.first().filter(|next| next.is_ascii() && !matches!(next, b'\r' | b'\n' | 0x0C))?;
        return Some((char::from(*next), 2));
    }
    let number = std::str::from_utf8(hex).ok().and_then(|hex| u32::from_str_radix(hex, 16).ok());
    let said = number.filter(|number| *number != 0).and_then(char::from_u32);
    let blank = match after {
        [b'\r', b'\n', ..] => 2,
        [b' ' | b'\t' | b'\r' | b'\n' | 0x0C, ..] => 1,
        _ => 0,
    };
    Some((said.unwrap_or(char::REPLACEMENT_CHARACTER), 1 + digits + blank))
}

/// Behind the block that opens here, with all that is nested in it.
fn after_block(sheet: &[u8], open: usize) -> usize {
    let end = block_end(sheet, open);
    looked_at(end - open);
    end
}

fn block_end(sheet: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in sheet.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    sheet.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_its_element_out_of_sight_is_known_however_it_is_written() {
        for hiding in [
            "display:none",
            "DISPLAY : NONE !important",
            "color:red;visibility:hidden",
            "mso-hide:all",
            "max-height:0px;overflow:hidden",
            "opacity:0!important",
            "opacity:0.0",
            "font-size:0",
            "font-size:0em;line-height:0",
            r"d\69splay:none",
            r"\64 isplay:none",
            "\\000064\r\nispla\\y:n\\6F\tne",
            "display/* a */:/* ; */none/**/",
            "content:'/*';display:none",
            "background:url(https://x.example/*);display:none",
        ] {
            assert!(hides(hiding.as_bytes()), "{hiding}");
        }
        for shown in [
            r"\\64 isplay:none",
            "display:block",
            "opacity:0.5",
            "font-size:10px",
            "max-height:100px",
            "x-display:none",
            "/* display:none */",
            "color:red/* ; display:none ",
            "",
        ] {
            assert!(!hides(shown.as_bytes()), "{shown}");
        }
    }

    #[test]
    fn a_class_that_is_hidden_on_every_screen_is_hidden_and_one_for_phones_is_not() {
        let html = b"<style>/* .c{display:none} */ p{color:red} .a, td.b , #d { display:none } \
            @media (max-width:600px){ .phone{display:none!important} .e{color:red} } .f .g{display:none}</style>\
            <p class=a>";
        let hiding = Hiding::read(html);
        for (tag, expected) in [
            (" class=a>", true),
            (" class='x b y'>", true),
            (" id=d>", true),
            (" style='display:none'>", true),
            (" hidden>", true),
            (" class=c>", false),
            (" class=phone>", false),
            (" class=g>", false),
            (" class=A id=a>", false),
        ] {
            assert_eq!(hiding.hides(tag.as_bytes()), expected, "{tag}");
        }
        for broken in ["<style>{", "<style>}", "<style>@media{{{", "<style>.a{display:none", "<style>/*"] {
            Hiding::read(broken.as_bytes());
        }
    }
}
