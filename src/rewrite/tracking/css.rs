//! Addresses that a style loads, with the escapes of CSS read as browsers read them: `u\72l(` is `url(`. CSS Syntax
//! Level 3, 4.3.4 to 4.3.7; CSS Cascade 5, 2. One pass; what it says besides is not read.

use std::borrow::Cow;
use std::ops::Range;

use crate::mail::html::style::comment::{blanked, step, word_end};
use crate::mail::html::style::escape;

/// A longer address is nobody's, in octets.
const LONGEST: usize = 16 * 1024;

/// Where a style names what it loads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Loaded {
    /// All that says so, from `url` to the bracket, or what stands between the quotes of an `@import`.
    pub whole: Range<usize>,
    pub address: String,
}

/// `url(…)`, which the end of the style ends too.
pub(super) fn urls(text: &[u8]) -> Vec<Loaded> {
    let text = &*blanked(text);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(next) = memchr::memchr3(b'u', b'U', b'\\', &text[from..]) {
        let start = from + next;
        let open = word_end(text, start, "url").filter(|at| text.get(*at) == Some(&b'('));
        let Some(open) = open else {
            from = start + step(&text[start..]);
            continue;
        };
        let inner = open + 1;
        let end = closing(text, inner);
        from = (end + 1).min(text.len());
        found.extend(address(&text[inner..end]).map(|address| Loaded { whole: start..from, address }));
    }
    found
}

/// `@import "…"`, which is short for `@import url(…)`.
pub(super) fn imports(text: &[u8]) -> Vec<Loaded> {
    let text = &*blanked(text);
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(next) = memchr::memchr(b'@', &text[from..]) {
        let start = from + next;
        from = start + 1;
        let Some(end) = word_end(text, from, "import") else { continue };
        let open = end + text[end..].iter().take_while(|octet| octet.is_ascii_whitespace()).count();
        let Some(quote @ (b'"' | b'\'')) = text.get(open).copied() else { continue };
        let Some(end) = unescaped_at(text, open + 1, quote) else { return found };
        let whole = open + 1..end;
        found.extend(address(&text[whole.clone()]).map(|address| Loaded { whole, address }));
        from = end;
    }
    found
}

/// With its escapes read. A line end after a backslash goes on with the string.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (plain, escaped) = rest.split_at(at);
        out.push_str(plain);
        let length = match escape(escaped.as_bytes()) {
            Some((character, length)) => {
                out.push(character);
                length
            }
            None => 1 + escaped[1..].len() - escaped[1..].trim_start_matches(['\r', '\n']).len(),
        };
        rest = escaped.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Where the bracket stands that ends what begins here, or the style's end.
fn closing(text: &[u8], from: usize) -> usize {
    let blank = text[from..].iter().take_while(|octet| octet.is_ascii_whitespace()).count();
    let after = match text.get(from + blank) {
        Some(quote @ (b'"' | b'\'')) => unescaped_at(text, from + blank + 1, *quote),
        _ => Some(from),
    };
    after.and_then(|after| unescaped_at(text, after, b')')).unwrap_or(text.len())
}

fn unescaped_at(text: &[u8], mut from: usize, octet: u8) -> Option<usize> {
    loop {
        let at = from + memchr::memchr2(octet, b'\\', text.get(from..)?)?;
        if text[at] == octet {
            return Some(at);
        }
        from = at + step(&text[at..]);
    }
}

fn address(text: &[u8]) -> Option<String> {
    let text = text.get(..text.len().min(LONGEST + 1)).filter(|text| text.len() <= LONGEST)?;
    let text = String::from_utf8_lossy(text);
    let blank = |octet: char| octet.is_ascii_whitespace();
    let text = text.trim_matches(blank);
    let quoted = |quote: char| text.strip_prefix(quote).map(|own| own.strip_suffix(quote).unwrap_or(own));
    let bare = quoted('"').or_else(|| quoted('\'')).unwrap_or(text);
    Some(unescaped(bare).trim_matches(blank).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn names(text: &str, expected: &[(&str, &str)]) {
        let found = urls(text.as_bytes());
        let own: Vec<(&str, &str)> =
            found.iter().map(|own| (&text[own.whole.clone()], &*own.address)).collect();
        assert_eq!(own, expected, "{text}");
    }

    #[test]
    fn what_is_loaded_is_found_however_it_is_written() {
        names("a: URL( 'x' ) b", &[("URL( 'x' )", "x")]);
        names(r"u\72l(x)", &[(r"u\72l(x)", "x")]);
        names(r"\75\000052\6c (x)", &[(r"\75\000052\6c (x)", "x")]);
        names("\\75\r\nr\\l(x)", &[("\\75\r\nr\\l(x)", "x")]);
        names(r"url(a\2e b\)c)", &[(r"url(a\2e b\)c)", "a.b)c")]);
        names("url(\"a)b\\\"c\\\r\nd\")", &[("url(\"a)b\\\"c\\\r\nd\")", "a)b\"cd")]);
        names("url(a) uurl(b", &[("url(a)", "a"), ("url(b", "b")]);
        names(r"url\28x) \\75rl(x) url (x) u\0072 l(x)", &[(r"u\0072 l(x)", "x")]);
        names("url('x", &[("url('x", "x")]);
        names(r"\", &[]);
        names("/* it's url('no */ a:url(x)/**/;b:url/**/(no)", &[("url(x)", "x")]);
        names(
            "a:'/*';b:url(x);c:url(d/*e);f:url(g)",
            &[("url(x)", "x"), ("url(d/*e)", "d/*e"), ("url(g)", "g")],
        );
        names("a:'b\n/*c*/d:url(x)", &[("url(x)", "x")]);
        names("/* url(no)", &[]);
        names("\\\nurl(å\\å\\110000 )", &[("url(å\\å\\110000 )", "åå\u{FFFD}")]);
    }

    #[test]
    fn what_is_imported_is_found_however_it_is_written() {
        let text = "@import 'a'; @\\49mport\t\"b\\22 c\" screen; @imports 'd'; @import url(e); @import 'f";
        let found = imports(text.as_bytes());
        let own: Vec<(&str, &str)> =
            found.iter().map(|own| (&text[own.whole.clone()], &*own.address)).collect();
        assert_eq!(own, [("a", "a"), ("b\\22 c", "b\"c")]);
        let text = "/* @import 'no'; */ @import/* it's */'a'/**/; @import /**/ \"b\";";
        let own: Vec<String> = imports(text.as_bytes()).into_iter().map(|own| own.address).collect();
        assert_eq!(own, ["a", "b"]);
    }
}
