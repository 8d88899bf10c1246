//! Comments of a style, which may stand wherever a blank may: `display:/**/none` hides. CSS Syntax Level 3, 4.3.2 to
//! 4.3.6. One pass.

use std::borrow::Cow;

use super::escape;

/// With blanks for its comments, so that all else stays where it was. In a string, and in an address without quotes, none
/// begins.
pub fn blanked(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memmem::find(text, b"/*").is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = text.to_vec();
    let (mut at, mut in_name) = (0, false);
    while let Some(octet) = text.get(at) {
        let end = match octet {
            b'/' if text[at..].starts_with(b"/*") => {
                let end = behind(text, at + 2, b"*/");
                out[at..end].fill(b' ');
                end
            }
            quote @ (b'"' | b'\'') => string_end(text, at + 1, *quote),
            b'u' | b'U' | b'\\' if !in_name => bare_address_end(text, at).unwrap_or(at + step(&text[at..])),
            _ => at + step(&text[at..]),
        };
        in_name = is_of_a_name(*octet);
        at = end;
    }
    Cow::Owned(out)
}

/// Where a word ends that stands here in letters of any case, or their escapes.
pub fn word_end(text: &[u8], mut at: usize, word: &str) -> Option<usize> {
    for wanted in word.chars() {
        let (character, length) = match text.get(at)? {
            b'\\' => escape(&text[at..])?,
            octet => (char::from(*octet), 1),
        };
        if !character.eq_ignore_ascii_case(&wanted) {
            return None;
        }
        at += length;
    }
    Some(at)
}

/// How long an escape or any other octet is.
pub fn step(text: &[u8]) -> usize {
    escape(text).map_or(1, |(_, length)| length)
}

fn is_of_a_name(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'\\') || !octet.is_ascii()
}

fn behind(text: &[u8], from: usize, mark: &[u8]) -> usize {
    memchr::memmem::find(&text[from..], mark).map_or(text.len(), |at| from + at + mark.len())
}

/// Behind the quote that ends it, or before the line end that does.
fn string_end(text: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(octet) = text.get(at) {
        match octet {
            // It goes on in the next line.
            b'\\' if text[at..].starts_with(b"\\\r\n") => at += 3,
            b'\\' if matches!(text.get(at + 1), Some(b'\r' | b'\n' | 0x0C)) => at += 2,
            b'\r' | b'\n' | 0x0C => return at,
            octet if *octet == quote => return at + 1,
            _ => at += step(&text[at..]),
        }
    }
    text.len()
}

/// Of `url(…)` without quotes, if it stands here.
fn bare_address_end(text: &[u8], at: usize) -> Option<usize> {
    let open = word_end(text, at, "url").filter(|at| text.get(*at) == Some(&b'('))? + 1;
    let blank = text[open..].iter().take_while(|octet| octet.is_ascii_whitespace()).count();
    let mut at = open + blank;
    if matches!(text.get(at), Some(b'"' | b'\'')) {
        return Some(at);
    }
    while let Some(octet) = text.get(at) {
        if *octet == b')' {
            return Some(at + 1);
        }
        at += step(&text[at..]);
    }
    Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_comment_to_a_browser_becomes_blanks_and_all_else_stays() {
        for (style, expected) in [
            ("a/* b */c", "a       c"),
            ("a/**/", "a    "),
            ("a/*/b*/c", "a      c"),
            ("/* b", "    "),
            ("'/*' /**/", "'/*'     "),
            (r#""\"/*" /**/"#, r#""\"/*"     "#),
            ("'a\n/**/", "'a\n    "),
            ("'a\\\n/**/'", "'a\\\n/**/'"),
            ("url(/*) /**/", "url(/*)     "),
            (r"U\72l( /*\)*/) /**/", r"U\72l( /*\)*/)     "),
            ("url('/*') /**/", "url('/*')     "),
            ("xurl(/*a*/)", "xurl(     )"),
            ("url/**/(/**/)", "url    (    )"),
            (r"\/* a", r"\/* a"),
            ("url(/*", "url(/*"),
            ("å/*å*/", "å      "),
            ("a / * b */", "a / * b */"),
        ] {
            assert_eq!(String::from_utf8_lossy(&blanked(style.as_bytes())), expected, "{style}");
        }
    }
}
