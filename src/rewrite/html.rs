//! Where to put things into HTML, and how to write them there. It finds places; the bytes between them are
//! never written anew.

use std::cell::Cell;
use std::rc::Rc;

use lol_html::html_content::{Element, EndTag};
use lol_html::{HtmlRewriter, MemorySettings, Settings, element};

/// What the search for the body's end may take.
const MAX_MEMORY: usize = 4 * 1024 * 1024;
/// How many links are looked at to find one that isn't in a comment.
const MAX_LINKS: usize = 32;
/// The longest reference that is read, in octets.
const MAX_REFERENCE: usize = 12;
/// What may end what was left open, the likeliest first; nothing ends `<plaintext>`.
const CLOSINGS: [&str; 13] = [
    "",
    ">",
    "-->",
    "</style>",
    "\">",
    "'>",
    "</script>",
    "--></script>",
    "</title>",
    "</textarea>",
    "</xmp>",
    "</iframe>",
    "</noscript>",
];
/// An element that no document has.
const PROBE: &str = "optgate-is-this-markup";
/// Stands before the document, so that an end tag counts whose start tag was left out.
const OPENED: &[u8] = b"<body>";

/// Where the last `</body>` stands that is one: not in a comment, a script, a style or an attribute. The last,
/// because browsers go on with the body after an earlier one.
pub(super) fn end_of_body(html: &[u8]) -> Option<usize> {
    let last: Rc<Cell<Option<usize>>> = Rc::default();
    let noted = last.clone();
    let on_body = move |body: &mut Element<'_, '_>| {
        let noted = noted.clone();
        if let Some(handlers) = body.end_tag_handlers() {
            handlers.push(Box::new(move |end: &mut EndTag<'_>| {
                let start = end.source_location().bytes().start;
                if end.name() == "body" {
                    noted.set(noted.get().max(Some(start)));
                }
                Ok(())
            }));
        }
        Ok(())
    };
    let settings = Settings::new()
        .append_element_content_handler(element!("body", on_body))
        .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(MAX_MEMORY))
        .with_strict(false);
    let mut reader = HtmlRewriter::new(settings, |_: &[u8]| {});
    reader.write(OPENED).and_then(|()| reader.write(html)).and_then(|()| reader.end()).ok()?;
    last.get()?.checked_sub(OPENED.len())
}

/// What has to stand at the end of a document so that what follows is read as markup: a comment, a tag, or an element
/// whose content is text may have been left open.
pub(super) fn closing(html: &[u8]) -> &'static str {
    CLOSINGS.into_iter().find(|closing| is_markup_after(html, closing)).unwrap_or_default()
}

/// Whether an element right after these would be one.
fn is_markup_after(html: &[u8], closing: &str) -> bool {
    let seen: Rc<Cell<bool>> = Rc::default();
    let noted = seen.clone();
    let on_probe = move |_: &mut Element<'_, '_>| {
        noted.set(true);
        Ok(())
    };
    let settings = Settings::new()
        .append_element_content_handler(element!(PROBE, on_probe))
        .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(MAX_MEMORY))
        .with_strict(false);
    let mut reader = HtmlRewriter::new(settings, |_: &[u8]| {});
    let probe = format!("{closing}<{PROBE}>");
    let read = reader.write(html).and_then(|()| reader.write(probe.as_bytes())).and_then(|()| reader.end());
    read.is_ok() && seen.get()
}

/// Whether an address that starts with this prefix stands outside of comments.
pub(super) fn shows(html: &[u8], prefix: &memchr::memmem::Finder<'_>) -> bool {
    prefix.find_iter(html).take(MAX_LINKS).any(|at| is_outside_comments(html, at))
}

pub(super) fn is_outside_comments(html: &[u8], at: usize) -> bool {
    let before = &html[..at];
    let opened = memchr::memmem::rfind(before, b"<!--");
    opened.is_none_or(|opened| memchr::memmem::find(&before[opened + 2..], b"-->").is_some())
}

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

/// The text that a reader sees, roughly: tags and comments left out, references read.
pub(super) fn visible_text(html: &str) -> String {
    let mut out = String::with_capacity(html.len() / 2);
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = if rest.starts_with('<') { after_tag(rest) } else { after_reference(rest, &mut out) };
    }
    out.push_str(rest);
    out
}

fn after_tag(rest: &str) -> &str {
    let end = if rest.starts_with("<!--") { "-->" } else { ">" };
    rest.find(end).map_or("", |at| &rest[at + end.len()..])
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

    fn end(html: &str) -> Option<usize> {
        end_of_body(html.as_bytes())
    }

    #[test]
    fn only_a_real_end_tag_counts() {
        let html =
            "<html><body><!-- </body> --><script>'</body>'</script><p title='</body>'>x</p></BODY ></html>";
        assert_eq!(end(html), html.find("</BODY"));
        assert_eq!(end("<p>x</p>"), None);
        assert_eq!(end("<body><style></body></style>"), None);
        assert_eq!(end("<title></body></title><body>x"), None);
    }

    #[test]
    fn a_start_tag_may_be_missing_and_the_last_of_two_counts() {
        assert_eq!(end("<p>x</p></body></html>"), Some(8));
        assert_eq!(end("<body>a</body><body>b</body>"), Some(21));
        assert_eq!(end("<body>a</body> b </body>"), Some(17));
        assert_eq!(end("<body><body>a</body>"), Some(13));
    }

    #[test]
    fn deep_nesting_costs_no_more_than_it_may() {
        let deep = "<div>".repeat(300_000);
        let _ = end(&deep);
    }

    #[test]
    fn what_was_left_open_is_closed() {
        for (html, expected) in [
            ("<p>x</p>", ""),
            ("<table><tr><td>x", ""),
            ("<p>x<!-- y", "-->"),
            ("<p>x<!-- y --> z", ""),
            ("<style>p { }", "</style>"),
            ("<a href='/x' class=y", ">"),
            ("<a href=\"/x>y</a>", "\">"),
            ("<a href='/x>y</a>", "'>"),
            ("<script>x", "</script>"),
            ("<script><!-- <script>x", "--></script>"),
            ("<title>x", "</title>"),
            ("<textarea>x</body>", "</textarea>"),
            ("<plaintext>x", ""),
        ] {
            assert_eq!(closing(html.as_bytes()), expected, "{html}");
        }
        let endless = format!("<a {}", "x=y ".repeat(2_000_000));
        let _ = closing(endless.as_bytes());
    }

    #[test]
    fn a_link_in_a_comment_is_not_shown() {
        let finder = memchr::memmem::Finder::new("https://x/u/");
        assert!(!shows(b"<!-- <a href='https://x/u/1'> -->", &finder));
        assert!(shows(b"<!-- a --><a href='https://x/u/1'>", &finder));
        assert!(shows(b"<!--[if !mso]><!--><a href='https://x/u/1'><!--<![endif]-->", &finder));
    }

    #[test]
    fn visible_text_reads_references() {
        assert_eq!(visible_text("<b>Stra&szlig;e</b> &#214;&amp;<!-- x > -->y &bogus"), "Strasze Ö y &bogus");
    }
}
