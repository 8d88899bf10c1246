//! What another reader of HTML, who had no part in this, cuts alike; and what is left open.

use std::cell::RefCell;
use std::rc::Rc;

use lol_html::html_content::{Comment, Element};
use lol_html::{HtmlRewriter, Settings, doc_comments, element};
use proptest::prelude::*;

use super::*;

/// Start tags by name and comments, each with where it starts.
type Found = Vec<(usize, String)>;

fn ours(html: &str) -> Found {
    let found = Tokens::of(html.as_bytes()).filter_map(|token| match token {
        Token::Start { name, whole } => Some((whole.start, html[name].to_ascii_lowercase())),
        Token::Comment(whole) if html[whole.clone()].starts_with("<!--") => {
            Some((whole.start, String::new()))
        }
        _ => None,
    });
    found.collect()
}

/// As another reads it, who had no part in this.
fn theirs(html: &str) -> Found {
    let found: Rc<RefCell<Found>> = Rc::default();
    let (tags, notes) = (found.clone(), found.clone());
    let on_tag = move |tag: &mut Element<'_, '_>| {
        tags.borrow_mut().push((tag.source_location().bytes().start, tag.tag_name()));
        Ok(())
    };
    let on_comment = move |comment: &mut Comment<'_>| {
        notes.borrow_mut().push((comment.source_location().bytes().start, String::new()));
        Ok(())
    };
    let settings = Settings::new()
        .append_element_content_handler(element!("*", on_tag))
        .append_document_content_handler(doc_comments!(on_comment))
        .with_strict(false);
    let mut reader = HtmlRewriter::new(settings, |_: &[u8]| {});
    reader.write(html.as_bytes()).unwrap();
    reader.end().unwrap();
    let found = found.borrow();
    found.iter().filter(|(at, name)| !name.is_empty() || html[*at..].starts_with("<!--")).cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn another_reader_cuts_it_alike(pieces in proptest::collection::vec(prop_oneof![
        Just("<!--"), Just("-->"), Just("--!>"), Just("<!-->"), Just("<!"), Just("<?"), Just("</"), Just("<"), Just(">"),
        Just("-"), Just("--"), Just("<b"), Just("<A HREF"), Just("="), Just("\""), Just("'"), Just("/"), Just("/>"), Just(" "),
        Just("\r\n"), Just("<script>"), Just("</script"), Just("<script"), Just("</SCRIPT >"), Just("<style>"), Just("</style>"),
        Just("<title>"), Just("</title>"), Just("<textarea "), Just("</textarea>"), Just("<xmp>"), Just("</xmp>"),
        Just("<iframe>"), Just("</iframe>"), Just("<noembed>"), Just("</noembed>"), Just("<noframes>"), Just("</noframes>"),
        Just("<plaintext>"), Just("</body>"), Just("<body>"), Just("<!DOCTYPE html>"), Just("<![CDATA["), Just("]]>"), Just("x"),
        Just("ö"), Just("<img src=a>"), Just("<i title='<b>'>"), Just("<i title=\"</body>\">"), Just("<i a=/>"), Just("<!x>"),
    ], 0..24)) {
        let html = pieces.concat();
        // It tells a tag that never ends from none; here both are places where nothing may be put.
        let ended = |found: Found, html: &str| -> Found {
            let whole = Tokens::of(html.as_bytes()).filter_map(|token| match token {
                Token::Start { whole, .. } | Token::Comment(whole) => Some(whole),
                _ => None,
            });
            let last = whole.last().filter(|whole| whole.end == html.len());
            found.into_iter().filter(|(at, _)| last.as_ref().is_none_or(|last| *at != last.start)).collect()
        };
        prop_assert_eq!(ended(ours(&html), &html), ended(theirs(&html), &html), "{}", html);
    }

    #[test]
    fn what_is_read_is_read_once_and_in_order(html in "[<>/!a-c\"'= -]{0,80}|\\PC{0,80}") {
        let mut at = 0;
        let mut tokens = Tokens::of(html.as_bytes());
        for token in tokens.by_ref() {
            let (Token::Start { whole, .. } | Token::End { whole, .. } | Token::Comment(whole) | Token::Raw(whole)) = token;
            prop_assert!(whole.start >= at && whole.end >= whole.start && whole.end <= html.len());
            at = whole.end;
        }
    }
}

fn unended(html: &str) -> Unended {
    let mut tokens = Tokens::of(html.as_bytes());
    tokens.by_ref().for_each(drop);
    tokens.unended()
}

#[test]
fn what_is_left_open_is_told() {
    let raw = |raw| Unended::Raw(raw, Script::Plain);
    for (html, expected) in [
        ("<p>x</p> <", Unended::Nothing),
        ("<!-- x", Unended::Comment("-->")),
        ("</", Unended::Comment(">")),
        ("<svg><![CDATA[ x", Unended::Comment("]]>")),
        ("<a b", Unended::Tag { quote: None, raw: None }),
        ("<a b=\"c>", Unended::Tag { quote: Some(b'"'), raw: None }),
        ("<textarea b='", Unended::Tag { quote: Some(b'\''), raw: Some(Raw::Textarea) }),
        ("<STYLE>a</styl", raw(Raw::Style)),
        ("<svg><style>a</svg>", Unended::Nothing),
        ("<script>a", raw(Raw::Script)),
        ("<script><!-- <script> </script>", Unended::Raw(Raw::Script, Script::Escaped)),
        ("<script><!-- <script>", Unended::Raw(Raw::Script, Script::DoublyEscaped)),
        ("<plaintext></plaintext>", raw(Raw::Plaintext)),
    ] {
        assert_eq!(unended(html), expected, "{html}");
    }
}

#[test]
fn drawings_have_sections_that_are_text() {
    assert_eq!(ours("<svg><![CDATA[<b>]]></svg>"), [(0, "svg".to_owned())]);
    assert_eq!(ours("<svg><p><![CDATA[<b>]]>").len(), 2, "HTML ends the drawing, and has no such sections");
    assert_eq!(ours("<svg><desc><style><b></style></desc><![CDATA[<b>]]>").len(), 3);
}
