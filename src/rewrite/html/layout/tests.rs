//! Documents as templates write them, and as nobody should.

use proptest::prelude::*;

use super::*;
use crate::mail::effort;

/// The document with marks where it begins and ends.
#[track_caller]
fn check(html: &str, expected: &str) {
    let layout = Layout::read(html.as_bytes(), &[]);
    let footer = format!("{}[END]{}", layout.before_end, layout.after_end);
    let mut marked = html.to_owned();
    for (at, mark) in if layout.start <= layout.end {
        [(layout.end, &*footer), (layout.start, "[START]")]
    } else {
        [(layout.start, "[START]"), (layout.end, &*footer)]
    } {
        marked.insert_str(at, mark);
    }
    assert_eq!(marked, expected);
}

#[test]
fn only_a_real_end_of_the_body_counts() {
    let decoys = "<!-- </body> --><script>'</body>'</script><style></body></style><p title='</body>'>x</p>\
                  <template></body></template><textarea></body></textarea><svg><![CDATA[</body>]]></svg>\
                  <!--[if mso]></body><![endif]-->";
    check(&format!("<body>{decoys}</BODY ></html>"), &format!("<body>[START]{decoys}[END]</BODY ></html>"));
    check("<title></body></title><p>x", "[START]<title></body></title><p>x[END]");
}

#[test]
fn the_last_of_two_ends_counts_and_a_start_may_be_missing() {
    check("<body>a</body><body>b</body>", "<body>[START]a</body><body>b[END]</body>");
    check("a</body> b </body> c </body>", "[START]a</body> b </body> c [END]</body>");
    check("<p>x</p></body></html> y", "[START]<p>x</p>[END]</body></html> y");
}

#[test]
fn without_an_end_of_the_body_the_last_content_is_the_end() {
    check("<p>x</p>\r\n\r\n", "[START]<p>x</p>[END]\r\n\r\n");
    check("<html><p>x</html>\r\n", "<html>[START]<p>x[END]</html>\r\n");
    check("\u{FEFF}x", "\u{FEFF}[START]x[END]");
    check("", "[START][END]");
}

#[test]
fn the_beginning_is_where_content_may_begin() {
    check(
        "<!doctype html><html><head></head><body class=a>x",
        "<!doctype html><html><head></head><body class=a>[START]x[END]",
    );
    check("<!doctype html><html><head></head>x", "<!doctype html><html><head></head>[START]x[END]");
    check("<!-- x --><!DOCTYPE html>x", "<!-- x --><!DOCTYPE html>[START]x[END]");
    check("<template><body></template><body>x", "<template><body></template><body>[START]x[END]");
}

#[test]
fn what_was_left_open_is_closed() {
    for (html, closing) in [
        ("<p>x</p>", ""),
        ("<p>x<!-- y", "-->"),
        ("<p>x<!-- y --> z", ""),
        ("<!--[if mso]> x", "<![endif]-->"),
        ("<style>p { }", "</style>"),
        ("<a href='/x' class=y", ">"),
        ("<a href=\"/x>y</a>", "\">"),
        ("<a href='/x>y</a>", "'>"),
        ("<script>x", "</script>"),
        ("<script><!-- <script>x", "--></script>"),
        ("<title>x</body>", "</title>"),
        ("<textarea title=\"x", "\"></textarea>"),
        ("<noframes>x", "</noframes>"),
        ("x</", ">"),
        ("x<!", ">"),
        ("x<", ""),
        ("<plaintext>x", ""),
        // Of elements those that would hide what follows, or squeeze it.
        ("<table><tr><td>x", "</table>"),
        ("<table><tr><td><table><tr><td>x</table>", "</table>"),
        ("<div><span><b>x", ""),
        ("<div style='color:red; DISPLAY : none'>x", "</div>"),
        ("<div style='display:none'><div>x</div>", "</div>"),
        ("<div style='display:none'><table><tr><td></div>x", "</table></div>"),
        ("<p hidden>x<p>y", ""),
        ("<template>x</body>", "</template>"),
        ("<details>x", "</details>"),
        ("<details open>x", ""),
        ("<select><option>x<option>y", "</select>"),
        ("<div style=opacity:0.9>x", ""),
        ("<div style=opacity:0>x", "</div>"),
    ] {
        check(html, &format!("[START]{html}{closing}[END]"));
    }
    check("<body><div hidden>x</body>", "<body>[START]<div hidden>x</div>[END]</body>");
}

#[test]
fn what_is_shown_to_some_clients_alone_is_left_for_a_moment() {
    for (opening, closing) in [
        ("<!--[if !mso]><!-->", "<!--<![endif]-->"),
        ("<![if !mso]>", "<![endif]>"),
        ("<!--[if !mso]><!--->", "<!--<![endif]-->"),
    ] {
        check(
            &format!("<body>x{opening}y</body>{closing}"),
            &format!("<body>[START]x{opening}y{closing}[END]{opening}</body>{closing}"),
        );
        check(&format!("{opening}y{closing}</body>"), &format!("[START]{opening}y{closing}[END]</body>"));
    }
    // What the comment itself holds is not said twice.
    check(
        "<body><!--[if mso]><td style='background:url(a)'><!-->y</body>",
        "<body>[START]<!--[if mso]><td style='background:url(a)'><!-->y<!--<![endif]-->[END]<!--[if mso]><!--></body>",
    );
    check("<!--[if mso<!-->y</body>", "[START]<!--[if mso<!-->y[END]</body>");
    check("x<!--[if mso]>y<![endif]--></body>", "[START]x<!--[if mso]>y<![endif]-->[END]</body>");
}

#[test]
fn what_nobody_sees_or_can_press_is_not_shown() {
    for (html, expected) in [
        ("x LINK y", true),
        ("<a href='LINK'>", true),
        ("<A class=b HREF=LINK>", true),
        ("<area href=\"https://LINK\">", true),
        ("<!-- a --> LINK <!-- b -->", true),
        ("<!--[if !mso]><!--><a href=LINK><!--<![endif]-->", true),
        ("<!-- LINK -->", false),
        ("<!-- LINK", false),
        ("<!--[if mso]><a href=LINK><![endif]-->", false),
        ("<style>LINK</style>", false),
        ("<script>LINK</script>", false),
        ("<title>LINK</title>", false),
        ("<template><a href=LINK></template>", false),
        ("<img src=LINK>", false),
        ("<a title=LINK>", false),
        ("<a href=x href=LINK>", false),
        ("<link href=LINK>", false),
        ("</a href=LINK>", false),
        ("<div style=\"display:none\">LINK</div>", false),
        ("<div style=\"display:none\"></div>LINK", true),
        ("<a style='display:none' href=LINK>", false),
        ("<div hidden><p>a<a href=LINK></div>", false),
        ("<div style='display:none'><div></div></div> <a href=LINK>", true),
    ] {
        let at = html.find("LINK").unwrap();
        assert_eq!(Layout::read(html.as_bytes(), &[at]).shows(at), expected, "{html}");
    }
    for (html, expected) in [("x<a href=x>y", true), ("x<a hidden>y", false), ("x<b>y", false)] {
        assert_eq!(Layout::read(html.as_bytes(), &[1]).shows(1), expected, "{html}");
    }
    let several = "LINK <!-- LINK --> <a href=LINK>LINK";
    let asked: Vec<usize> = several.match_indices("LINK").map(|(at, _)| at).collect();
    let layout = Layout::read(several.as_bytes(), &asked);
    let seen: Vec<bool> = asked.iter().map(|at| layout.shows(*at)).collect();
    assert_eq!(seen, [true, false, true, true]);
}

/// Each of these would be looked at as often as it stands there, if something looked back, or ahead, from each.
#[test]
fn hostile_repetition_is_looked_at_a_few_times() {
    const TIMES: usize = 12;
    for piece in [
        "<",
        "</",
        "<!--",
        "<!-->",
        "<!",
        "<a ",
        "<a b='",
        "<div>",
        "</div>",
        "<div></p>",
        "<table><div hidden>",
        "</table>",
        "<script>",
        "<script><!--",
        "</body>",
        "<template>",
        "<svg>",
        "<svg><desc>",
        "<![CDATA[",
        "<!--[if !mso]><!-->",
        "<a href=x>",
        "<p>",
        "a=\"",
        "&",
        "<style></",
        "--!",
        ">",
    ] {
        let html = piece.repeat(300_000 / piece.len());
        let asked: Vec<usize> = (0..html.len()).step_by(64).collect();
        let (octets, layout) = effort::of(|| Layout::read(html.as_bytes(), &asked));
        assert!(layout.end <= html.len() && layout.before_end.len() < 10_000, "{piece}");
        assert!(octets <= TIMES * html.len(), "{piece}: {octets} of {}", html.len());
    }
}

/// Tags that bear on what is open where the document ends.
const TAGS: [&str; 24] = [
    "<div style='display:none'>",
    "<div>",
    "</div>",
    "<p hidden>",
    "<p>",
    "</p>",
    "<table>",
    "</table>",
    "<tr>",
    "<td>",
    "<td hidden>",
    "</td>",
    "<th>",
    "<caption>",
    "<tbody>",
    "<marquee>",
    "<applet>",
    "<object>",
    "<template>",
    "</template>",
    "<select>",
    "<details>",
    "<li>",
    "<span style='visibility:hidden'>",
];

proptest! {
    #[test]
    fn what_is_put_at_the_end_is_seen_there(tags in proptest::collection::vec(proptest::sample::select(&TAGS[..]), 0..24)) {
        let html = tags.concat() + "x";
        let layout = Layout::read(html.as_bytes(), &[]);
        let before = format!("{}{}", &html[..layout.end], layout.before_end);
        let document = format!("{before}<a href=\"FOOTER\">{}{}", layout.after_end, &html[layout.end..]);
        let link = before.len() + "<a href=\"".len();
        prop_assert!(Layout::read(document.as_bytes(), &[link]).shows(link), "{document}");
    }
}
