//! Where things come into plain text, and how they stand there.

use super::body::plain;
use super::*;

#[test]
fn a_signature_stays_last() {
    let copy = copy(&plain("Hello\n\n-- \nAnna\nShop\n"), &marketing());
    let body = body(&copy);
    assert!(body.starts_with("Hello\r\n\r\n____") && body.ends_with("Sweden\r\n\r\n-- \r\nAnna\r\nShop\r\n"));
    let long = format!("-- \n{}", "news\n".repeat(20));
    assert!(super::copy(&plain(&long), &marketing()).ends_with("Sweden\r\n"));
}

#[test]
fn flowed_text_gets_lines_that_are_not_quotes() {
    let text = "From: a@x.example\nContent-Type: text/plain; format=flowed\n\nHello \nyou\n";
    let mut rewriting = marketing();
    rewriting.sender_name = "x".into();
    rewriting.postal_address = Some("> From here ".into());
    let copy = copy(text, &rewriting);
    assert!(body(&copy).starts_with("Hello \r\nyou\r\n") && copy.ends_with("\r\n > From here\r\n"));
}

#[test]
fn what_looks_like_a_signature_and_is_none_stays_where_it_is() {
    for (text, last) in [
        ("Hello\n--\nAnna\n", "Sweden\r\n"),
        ("Hello\n--  \nAnna\n", "Sweden\r\n"),
        ("> -- \n> Anna\n", "Sweden\r\n"),
        ("-- \nAnna\n", "-- \r\nAnna\r\n"),
        ("Hello\n-- \nold\n\n-- \nAnna\n", "old\r\n\r\n-- \r\nAnna\r\n"),
    ] {
        let copy = copy(&plain(text), &marketing());
        let end = if last.starts_with("old") { "-- \r\nAnna\r\n" } else { last };
        assert!(copy.ends_with(end) && copy.contains(UNSUBSCRIBE), "{text}: {copy}");
    }
    let quoted = "From: a@x.example\nContent-Transfer-Encoding: quoted-printable\n\nHello\n--=20\nAnna\n";
    assert!(copy(quoted, &marketing()).ends_with("Sweden\r\n\r\n--=20\r\nAnna\r\n"));
}

#[test]
fn a_signature_stays_last_though_a_tool_left_the_blank_of_its_mark_unencoded() {
    let quoted =
        |text: &str| format!("From: a@x.example\nContent-Transfer-Encoding: quoted-printable\n\n{text}");
    for text in ["Hello\n-- \nAnna\n", "-- \nAnna\n"] {
        let copy = copy(&quoted(text), &marketing());
        assert!(copy.ends_with("Sweden\r\n\r\n-- \r\nAnna\r\n"), "{copy}");
    }
    let none = copy(&quoted("Hello\n--\nAnna\n"), &marketing());
    assert!(none.ends_with("Sweden\r\n"), "{none}");
}

#[test]
fn blank_lines_and_blanks_at_the_end_stay() {
    for text in ["Hello\n\n\n", "Hello  \n \n", "\n", "> quoted\n>\n"] {
        let copy = copy(&plain(text), &marketing());
        assert!(
            body(&copy).starts_with(&format!("{}\r\n____", text.replace('\n', "\r\n"))),
            "{text:?}: {copy}"
        );
    }
}

#[test]
fn lines_are_short_in_every_language_and_may_be_joined_by_nobody() {
    let demands = Demands {
        postal_address: true,
        advertising_label: true,
        privacy_notice: Some("https://shop.example/privacy".to_owned()),
    };
    for language in crate::language::LANGUAGES.iter().copied() {
        for parameters in
            ["", "; format=flowed", "; format=Flowed; DelSp=yes", "; delsp=yes; format=\"flowed\""]
        {
            let text = format!(
                "From: a@x.example\nContent-Type: text/plain; charset=utf-8{parameters}\n\nHello \nyou \n"
            );
            let rewriting = Rewriting {
                language,
                demands: demands.clone(),
                sender_name: "From > Möbler & Söner AB med ett ganska långt namn i Göteborg".into(),
                postal_address: Some("Storgatan 1, 111 22 Stockholm, ".repeat(5)),
                ..marketing()
            };
            let copy = copy(&text, &rewriting);
            let seen = text_of(&copy, 0);
            assert!(seen.starts_with("Hello \r\nyou \r\n\r\n____"), "{seen}");
            for line in seen.split("\r\n").skip(2) {
                assert!(line.chars().count() <= 78 && !line.ends_with(' '), "{line}");
                let stuffed = !line.starts_with("From ") && !line.starts_with('>');
                assert!(stuffed || parameters.is_empty(), "{line}");
            }
        }
    }
}
