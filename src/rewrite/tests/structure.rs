//! MIME as it should be, as it comes, and as nobody should send it.

use super::*;
use crate::mail::effort;

fn checked(text: &str) -> Result<(), Unparsable> {
    check(&message(text))
}

fn nested(levels: usize) -> String {
    let mut text = "From: a@x.example\n".to_owned();
    for level in 0..levels {
        text.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
    }
    text.push_str("\nx\n");
    text
}

#[test]
fn broken_structure_is_refused_at_intake() {
    let cases = [
        "From: a@x.example\nContent-Type: multipart/mixed\n\nx\n",
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=\"\"\n\nx\n",
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\nx\n",
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=c\n\nx\n--b--\n",
    ];
    for text in cases {
        assert_eq!(checked(text), Err(Unparsable::Structure), "{text}");
        assert_eq!(rewrite(&message(text), &marketing()).unwrap_err(), Unparsable::Structure.into());
    }
}

#[test]
fn depth_and_number_of_parts_are_bounded() {
    assert_eq!(checked(&nested(99)), Ok(()));
    assert_eq!(checked(&nested(100)), Err(Unparsable::TooDeep));
    let parts = |parts: usize| {
        format!(
            "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n{}",
            "--b\n\nx\n".repeat(parts)
        )
    };
    assert_eq!(checked(&parts(999)), Ok(()));
    assert_eq!(checked(&parts(1000)), Err(Unparsable::TooDeep));
    let letters = format!("From: a@x.example\n{}\nx\n", "Content-Type: message/rfc822\n\n".repeat(100));
    assert_eq!(checked(&letters), Err(Unparsable::TooDeep));
}

#[test]
fn a_missing_closing_boundary_is_forgiven() {
    let text = "From: a@x.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nHello\n";
    assert!(copy(text, &marketing()).contains("\r\n\r\nHello\r\n\r\n____"));
}

#[test]
fn an_outer_boundary_ends_inner_parts() {
    let text = "From: a@x.example\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\
                Content-Type: multipart/alternative; boundary=i\n\n--i\nContent-Type: text/html\n\n<p>Hi</p>\n--o\n\
                Content-Type: application/pdf\n\nPDF\n--o--\n";
    let copy = copy(text, &marketing());
    assert!(
        copy.contains("<p>Hi</p>\r\n<div")
            && copy.ends_with("</div>\r\n\r\n--o\r\nContent-Type: application/pdf\r\n\r\nPDF\r\n--o--\r\n")
    );
}

#[test]
fn a_boundary_is_a_whole_line() {
    let text = "From: a@x.example\nContent-Type: multipart/mixed; boundary=\"b\"\n\n--b \t\n\n--bc\n --b\nx--b\n--b--\n";
    let copy = copy(text, &functional());
    assert_eq!(parts::split(&message(text)).unwrap().parts.len(), 2);
    assert_eq!(body(&copy), body(&text.replace('\n', "\r\n")));
    // Who compares the beginning of a line alone would end the text there.
    assert_eq!(check_marketing(&message(text)), Err(Unparsable::HalfBoundary));
}

#[test]
fn an_empty_body_is_parted_from_its_boundary() {
    for (gap, end) in [("\n\n", "Sweden\r\n\r\n--b--\r\n"), ("\n", "Sweden\r\n--b--\r\n")] {
        let part = format!("--b\nContent-Type: text/plain\n{gap}--b--\n");
        let text = format!("From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n{part}");
        let copy = copy(&text, &marketing());
        assert!(text_of(&copy, 1).contains(UNSUBSCRIBE) && copy.ends_with(end), "{copy}");
    }
}

#[test]
fn a_part_whose_header_never_ends_is_left_alone() {
    let text = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\nno field\n--b\nContent-Type: text/html\n--b--\n";
    assert_eq!(body(&copy(text, &functional())), body(&text.replace('\n', "\r\n")));
    assert_eq!(check_marketing(&message(text)), Err(Unparsable::PartHeader));
}

#[test]
fn a_header_that_seems_to_go_on_after_a_line_that_is_no_field_is_not_guessed_at() {
    let text = "From: a@x.example\nno field\nContent-Type: text/html\n\n<p>Hello</p>\n";
    assert_eq!(check(&message(text)), Ok(()));
    assert_eq!(check_marketing(&message(text)), Err(Unparsable::PartHeader));
    // The empty line was forgotten.
    assert_eq!(check_marketing(&message("From: a@x.example\nHello there\n\nAt 10: x\n")), Ok(BodySeal::Open));
}

#[test]
fn two_types_or_encodings_are_one_too_many() {
    for twice in ["Content-Type: text/html\n", "Content-Transfer-Encoding: base64\n"] {
        let text = format!(
            "From: a@x.example\nContent-Type: text/plain\nContent-Transfer-Encoding: 7bit\n{twice}\nSGk=\n"
        );
        assert_eq!(body(&copy(&text, &functional())), "SGk=\r\n", "{twice}");
        assert_eq!(check_marketing(&message(&text)), Err(Unparsable::Contradiction), "{twice}");
    }
}

#[test]
fn a_nested_message_may_repeat_our_boundary() {
    let text = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n\
                Content-Type: multipart/mixed; boundary=b\n\n--b\n\nours\n--b--\n";
    assert!(copy(text, &marketing()).contains("\r\n\r\nours\r\n\r\n____"));
}

/// Each of these once was, or would be, looked at as often as it stands there.
#[test]
fn hostile_repetition_is_looked_at_a_few_times() {
    const TIMES: usize = 200;
    let html = "From: a@x.example\nContent-Type: text/html\n\n";
    let mixed = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n";
    let own_link = format!("<a href={UNSUBSCRIBE}>");
    let long_boundary = format!(
        "From: a@x.example\nContent-Type: multipart/mixed; boundary={0}\n\n--{0}\n\n",
        "b".repeat(250)
    );
    let near_boundary = format!("--{}c\n", "b".repeat(249));
    for (start, piece) in [
        (nested(90).as_str(), "--\n"),
        (html, "<!-- {{optgate.unsubscribe_url}}\n"),
        (html, "<!-- https://mail.example.com/u/\n"),
        (html, "optgate. optgate.unsubscribe_url   \n"),
        (html, "<div>"),
        (&format!("{html}{own_link}\n"), "&<&&\n"),
        (mixed, "a:\n"),
        (mixed, "a: b\n "),
        (&long_boundary, &near_boundary),
        (html, "<!--[if !mso]><!--></body>\n"),
        (html, "<table><div hidden></td></div>\n"),
        (html, "</body>\n"),
        (html, "<a href=\"{{optgate.unsubscribe_url}}\n"),
        (mixed, "Content-Type: text/plain\n"),
        (html, "= =\t\n"),
    ] {
        let text = format!(
            "{start}{}\n",
            piece.repeat(1_000_000 / piece.len()).replace("<div><div>", "<div>\n<div>")
        );
        let message = message(&text);
        let (octets, ()) = effort::of(|| {
            if check(&message).is_ok() {
                assert!(rewrite(&message, &functional()).is_ok(), "{piece}");
                let marketing = rewrite(&message, &marketing());
                assert_eq!(marketing.is_ok(), check_marketing(&message).is_ok(), "{piece}");
            }
        });
        assert!(octets <= TIMES * text.len(), "{piece}: {octets} of {}", text.len());
    }
}
