//! Charsets and transfer encodings, and what they can't hold.

use super::*;

fn leaf(kind: &str, encoding: &str, body: &[u8]) -> RawMessage {
    let header = format!(
        "From: a@x.example\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    );
    bytes([header.as_bytes(), body].concat())
}

fn rewritten(message: &RawMessage, rewriting: &Rewriting) -> Vec<u8> {
    check(message).unwrap();
    rewrite(message, rewriting).unwrap().bytes
}

fn raw_body(copy: &[u8]) -> &[u8] {
    &copy[memchr::memmem::find(copy, b"\r\n\r\n").unwrap() + 4..]
}

fn has_field(copy: &[u8], field: &str) -> bool {
    memchr::memmem::find(copy, format!("\r\n{field}\r\n").as_bytes()).is_some()
}

#[test]
fn quoted_printable_keeps_the_lines_before_the_footer() {
    let raw = b"caf=C3=A9 a very long line that goes on and on and on until it is broken s=\r\noftly</p></body>\r\n";
    let copy = rewritten(&leaf("text/html; charset=utf-8", "quoted-printable", raw), &swedish());
    let body = raw_body(&copy);
    assert!(body.starts_with(&raw[..raw.len() - 9]) && body.ends_with(b"</div>\r\n</body>\r\n"));
    assert!(body.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
    assert!(parsed(&copy).body_html(0).unwrap().contains("Möbler &amp; Söner"));
}

#[test]
fn base64_keeps_the_lines_before_the_footer() {
    let line = "VGhpcyBpcyBhIGxpbmUgb2YgZXhhY3RseSBmaWZ0eS1zZXZlbiBvY3RldHMsIGFzIHVzdWFsLi4u\r\n";
    let raw = format!("{line}{line}Ym9keQo=\r\n");
    let copy = rewritten(&leaf("text/plain; charset=utf-8", "base64", raw.as_bytes()), &swedish());
    let body = raw_body(&copy);
    assert!(body.starts_with(format!("{line}{line}").as_bytes()) && body.ends_with(b"\r\n"));
    assert!(body.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
    let seen = parsed(&copy).body_text(0).unwrap().into_owned();
    assert!(seen.contains("body\n\n____") && seen.contains("Möbler & Söner"));
    assert!(!seen.contains('\r'), "a text of bare LFs stays one");
}

#[test]
fn eight_bit_text_is_written_in_its_own_charset() {
    for (charset, text, seen) in [
        ("iso-8859-1", &b"v\xE5r\r\n"[..], &b"M\xF6bler & S\xF6ner"[..]),
        ("utf-8", b"x\r\n", "Möbler & Söner".as_bytes()),
    ] {
        let copy = rewritten(&leaf(&format!("text/plain; charset={charset}"), "8bit", text), &swedish());
        assert!(raw_body(&copy).starts_with(text), "{charset}");
        assert!(memchr::memmem::find(&copy, seen).is_some(), "{charset}");
        assert!(has_field(&copy, "Content-Transfer-Encoding: 8bit"));
    }
}

#[test]
fn seven_bits_stay_seven() {
    let html = rewritten(&leaf("text/html; charset=iso-8859-1", "7bit", b"<p>Hi</p>\r\n"), &swedish());
    assert!(html.is_ascii() && has_field(&html, "Content-Transfer-Encoding: 7bit"));
    assert!(memchr::memmem::find(&html, b"M&#246;bler &amp; S&#246;ner").is_some());

    let text = rewritten(&leaf("text/plain; charset=iso-8859-1", "7bit", b"Hi = 1\r\n"), &swedish());
    assert!(text.is_ascii() && has_field(&text, "Content-Transfer-Encoding: quoted-printable"));
    assert!(has_field(&text, "Content-Type: text/plain; charset=iso-8859-1"));
    let seen = parsed(&text).body_text(0).unwrap().into_owned();
    assert!(seen.starts_with("Hi = 1\r\n") && seen.contains("Möbler & Söner"));
}

#[test]
fn ascii_text_becomes_utf8_where_that_says_more() {
    let kinds = [
        ("text/plain; charset=us-ascii", "Content-Type: text/plain; charset=utf-8"),
        (
            "text/plain; charset=\"US-ASCII\"; format=flowed",
            "Content-Type: text/plain; charset=utf-8; format=flowed",
        ),
        ("text/plain", "Content-Type: text/plain; charset=utf-8"),
        ("text/plain; format=flowed;", "Content-Type: text/plain; format=flowed; charset=utf-8"),
    ];
    for (kind, declared) in kinds {
        let copy = rewritten(&leaf(kind, "7bit", b"Hi\r\n"), &swedish());
        assert!(copy.is_ascii() && has_field(&copy, declared), "{kind}");
        assert!(parsed(&copy).body_text(0).unwrap().contains("Möbler & Söner"), "{kind}");
    }
    let bare = copy("From: a@x.example\n\nHi\n", &swedish());
    assert!(bare.contains(
        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    ));
    assert_eq!(count(&bare, "MIME-Version"), 1);
    let english = rewritten(&leaf("text/plain", "7bit", b"Hi\r\n"), &marketing());
    assert!(has_field(&english, "Content-Type: text/plain"), "nothing is declared that isn't needed");
}

#[test]
fn a_part_of_a_multipart_is_relabelled_in_its_own_header() {
    let text = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHi\n--b--\n";
    let copy = copy(text, &swedish());
    assert!(copy.contains("--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nHi"));
    assert!(text_of(&copy, 1).contains("Möbler"));
}

#[test]
fn what_a_charset_cannot_hold_is_written_near_to_it() {
    let russian = rewritten(&leaf("text/plain; charset=koi8-r", "8bit", b"\xF0\xD2\r\n"), &swedish());
    assert!(memchr::memmem::find(&russian, b"Mobler & Soner").is_some());
    let unlabelled = rewritten(&leaf("text/plain", "8bit", b"v\xE5r\r\n"), &swedish());
    assert!(raw_body(&unlabelled)[5..].is_ascii() && has_field(&unlabelled, "Content-Type: text/plain"));
    let euro = Rewriting { sender_name: "5 € – shop".into(), ..marketing() };
    let latin = rewritten(&leaf("text/plain; charset=iso-8859-1", "8bit", b"\xE5\r\n"), &euro);
    assert!(memchr::memmem::find(&latin, b"5 EUR - shop").is_some());
}

#[test]
fn japanese_that_shifts_is_read_and_written() {
    let body = b"\x1B$B$3$s\x1B(B <b>x</b>\x1B$B<{{\x1B(B</body>\r\n";
    let html = rewritten(&leaf("text/html; charset=iso-2022-jp", "7bit", body), &swedish());
    assert!(html.is_ascii() && raw_body(&html).starts_with(&body[..body.len() - 9]));
    let open = leaf("text/plain; charset=iso-2022-jp", "7bit", b"\x1B$B$3$s\r\n");
    assert!(raw_body(&rewritten(&open, &swedish())).starts_with(b"\x1B$B$3$s\r\n\x1B(B"));
}

#[test]
fn a_footer_in_letters_that_a_text_can_neither_hold_nor_be_made_to_hold_is_in_english() {
    let body = b"\x1B$B$3$s\x1B(B\r\n";
    let hebrew = Rewriting { language: "he", ..marketing() };
    let copy = rewritten(&leaf("text/plain; charset=iso-2022-jp", "7bit", body), &hebrew);
    let copy = String::from_utf8(raw_body(&copy).to_vec()).unwrap();
    let english = crate::language::text("en", "footer-unsubscribe-invite", &[]);
    assert!(copy.contains(&english) && !copy.contains("??"), "{copy}");
}

#[test]
fn what_cannot_be_read_with_confidence_is_left_alone() {
    let cases = [
        ("text/plain; charset=x-nothing", "8bit", "vår\r\n"),
        ("text/plain; charset=ebcdic-us", "7bit", "Hi\r\n"),
        ("text/plain; charset=utf-7", "7bit", "Hi +A\r\n"),
        ("text/html; charset=utf-16", "base64", "Ti1lhw==\r\n"),
        ("text/html; charset=utf-8", "base64", "//48AHAAPgA=\r\n"),
        ("text/plain; charset=utf-8", "x-uuencode", "Hi\r\n"),
        ("text/plain; charset=utf-8", "base64", "SGk=\r\nSGk=\r\n"),
    ];
    for (kind, encoding, body) in cases {
        let message = leaf(kind, encoding, body.as_bytes());
        let copy = rewritten(&message, &functional());
        assert_eq!(raw_body(&copy), body.as_bytes(), "{kind} {encoding}");
        assert_eq!(check_marketing(&message), Err(Unparsable::Body), "{kind} {encoding}");
        assert_eq!(rewrite(&message, &marketing()).unwrap_err(), Unparsable::Body.into());
    }
}

#[test]
fn a_placeholder_is_found_in_any_encoding() {
    let links = functional();
    let soft = leaf(
        "text/plain",
        "quoted-printable",
        b"go {{optgate.unsub=\r\nscribe_url}} now, before it is much too late for you and for\r\n",
    );
    let copy = rewritten(&soft, &links);
    assert_eq!(
        parsed(&copy).body_text(0).unwrap(),
        format!("go {UNSUBSCRIBE} now, before it is much too late for you and for\r\n")
    );
    assert!(raw_body(&copy).split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
    let encoded = data_encoding::BASE64.encode(b"go {{optgate.unsubscribe_url}} now");
    let copy = rewritten(&leaf("text/plain", "base64", format!("{encoded}\r\n").as_bytes()), &links);
    assert_eq!(parsed(&copy).body_text(0).unwrap(), format!("go {UNSUBSCRIBE} now"));
}

#[test]
fn the_footer_is_read_in_charsets_that_are_not_like_ascii() {
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let wide = [b"\xFF\xFE", utf16("<p>vår {{optgate.preferences_url}}</p></body>\n").as_slice()].concat();
    let raw = format!("{}\r\n", data_encoding::BASE64.encode(&wide));
    let copy = rewritten(&leaf("text/html; charset=utf-16", "base64", raw.as_bytes()), &swedish());
    let seen = parsed(&copy).body_html(0).unwrap().into_owned();
    assert!(seen.contains(&format!("<p>vår {PREFERENCES}</p>\n<div lang=\"sv\"")), "{seen}");
    assert!(seen.contains("Möbler &amp; Söner") && seen.ends_with("</div>\n</body>\n"), "{seen}");

    let seven = b"v+AOU-r +AHsAew-optgate.preferences+AF8-url+AH0AfQ-\r\n";
    let copy = rewritten(&leaf("text/plain; charset=utf-7", "7bit", seven), &swedish());
    assert!(copy.is_ascii() && has_field(&copy, "Content-Type: text/plain; charset=utf-7"));
    let seen = parsed(&copy).body_text(0).unwrap().into_owned();
    assert!(seen.starts_with(&format!("vår {PREFERENCES}\r\n\r\n____")) && seen.contains("Möbler & Söner"));

    let shift_jis =
        leaf("text/html; charset=shift_jis", "8bit", b"\x83\x7B{optgate.preferences_url}}</body>\r\n");
    let copy = rewritten(&shift_jis, &swedish());
    assert!(
        raw_body(&copy).starts_with(b"\x83\x7B{optgate.preferences_url}}\r\n<div"),
        "half a character is no brace"
    );
}

#[test]
fn a_text_becomes_utf8_where_nothing_else_can_be_read() {
    let arabic = Rewriting { sender_name: "متجر".into(), ..marketing() };
    let koi = b"\xF0\xD2=C9 \xD7=\r\nab\r\nplain line =3D\r\n";
    let text = leaf("text/plain; charset=\"koi8-r\"; format=flowed", "quoted-printable", koi);
    let copy = rewritten(&text, &arabic);
    assert!(has_field(&copy, "Content-Type: text/plain; charset=utf-8; format=flowed"));
    assert!(raw_body(&copy).starts_with("=D0=9F=D1=80=D0=B8 =D0=B2=\r\nab\r\nplain line =3D\r\n".as_bytes()));
    let seen = parsed(&copy).body_text(0).unwrap().into_owned();
    assert!(seen.starts_with("При вab\r\nplain line =\r\n") && seen.contains("متجر"));

    let html = rewritten(&leaf("text/html; charset=koi8-r", "8bit", b"<p>\xF0</p>\r\n"), &arabic);
    assert!(memchr::memmem::find(&html, b"&#1605;&#1578;&#1580;&#1585;").is_some(), "HTML has references");
    assert!(has_field(&html, "Content-Type: text/html; charset=koi8-r"));

    let lines = rewritten(&leaf("text/plain; charset=iso-8859-1", "7bit", b"Hi\r\n"), &arabic);
    assert!(has_field(&lines, "Content-Type: text/plain; charset=utf-8"));
    for unclear in [
        "text/plain; charset*0=koi8; charset*1=-r",
        "text/plain; charset=koi8-r; charset=koi8-r",
        "text/plain (a; b); charset=koi8-r",
        "text/plain charset=koi8-r",
    ] {
        // Where readers differ on the rest too, there is no copy at all.
        let Ok(copy) = rewrite(&leaf(unclear, "8bit", b"\xF0\r\n"), &arabic) else { continue };
        assert!(has_field(&copy.bytes, &format!("Content-Type: {unclear}")), "{unclear}");
        assert!(raw_body(&copy.bytes).starts_with(b"\xF0\r\n"), "{unclear}");
    }
}

#[test]
fn lines_that_may_not_travel_are_encoded() {
    let long = "x".repeat(1500);
    let seven = rewritten(&leaf("text/plain", "7bit", format!("{long}\r\n").as_bytes()), &functional());
    assert!(has_field(&seven, "Content-Transfer-Encoding: quoted-printable"));
    assert_eq!(parsed(&seven).body_text(0).unwrap(), format!("{long}\r\n"));
    let encoded = data_encoding::BASE64.encode(long.as_bytes());
    let sixty_four =
        rewritten(&leaf("application/pdf", "base64", format!("{encoded}\r\n").as_bytes()), &functional());
    assert_eq!(parsed(&sixty_four).parts[0].contents(), long.as_bytes());
    let filled = format!("{}{{{{optgate.unsubscribe_url}}}}\r\n", "y".repeat(960));
    let filled = rewritten(&leaf("text/plain", "7bit", filled.as_bytes()), &functional());
    for copy in [seven, sixty_four, filled] {
        assert!(copy.split(|byte| *byte == b'\n').all(|line| line.len() <= 999));
    }
}

#[test]
fn an_upstream_without_8bitmime_gets_seven_bits() {
    let encode = Rewriting { eight_bit: EightBit::Encode, ..swedish() };
    let text = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\n--b\n\
                Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nvår\n--b\n\
                Content-Type: application/x-notes; charset=utf-8\nContent-Transfer-Encoding: binary\nContent-Disposition: attachment\n\nåäö\n\
                --b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nSubject: x\nContent-Type: text/plain; charset=utf-8\n\
                Content-Transfer-Encoding: 8bit\n\nÅ\n--b--\n";
    let rewritten = rewrite(&message(text), &encode).unwrap();
    assert!(!rewritten.eight_bit && rewritten.bytes.is_ascii());
    let copy = String::from_utf8(rewritten.bytes).unwrap();
    assert!(!copy.contains("8bit") && !copy.contains("binary"));
    assert!(text_of(&copy, 1).starts_with("vår"));
    assert_eq!(parsed(copy.as_bytes()).parts[2].contents(), "åäö".as_bytes());
    assert!(rewrite(&message(text), &swedish()).unwrap().eight_bit);
}

#[test]
fn a_signed_body_of_eight_bits_cannot_be_encoded() {
    let text = "From: a@x.example\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nvår\n--b--\n";
    let encode = Rewriting { eight_bit: EightBit::Encode, ..marketing() };
    assert_eq!(rewrite(&message(text), &encode).unwrap_err(), NotRewritable::SignedEightBit);
    assert!(rewrite(&message(text), &marketing()).unwrap().eight_bit);
    let armored = "From: a@x.example\n\n-----BEGIN PGP SIGNED MESSAGE-----\nvår\n";
    assert_eq!(rewrite(&message(armored), &encode).unwrap_err(), NotRewritable::SignedEightBit);
}

#[test]
fn a_text_that_is_shifted_twice_over_gets_a_footer_that_is_found_again() {
    let text = "From: a@x.example\nContent-Type: text/plain; charset=iso-2022-jp\n\nHello \x0E8\x1B(E\nend\n";
    let once = copy(text, &marketing());
    let again = copy(&once.replace("\r\n", "\n"), &marketing());
    assert!(once.contains("\x0F\x1B(B"), "{once:?}");
    assert_eq!(again.matches(UNSUBSCRIBE).count(), once.matches(UNSUBSCRIBE).count(), "{again:?}");
}

#[test]
fn a_field_that_is_said_twice_is_changed_twice() {
    let arabic = Rewriting { sender_name: "متجر".into(), ..marketing() };
    let twice = "From: a@x.example\nContent-Type: text/plain; charset=koi8-r\nContent-Type: text/plain;\n charset=koi8-r\n\nHi\n";
    let copy = rewritten(&message(twice), &arabic);
    let text = String::from_utf8(copy.clone()).unwrap();
    assert!(text.matches("charset=utf-8").count() == 2 && !text.contains("koi8-r"), "{text}");
    check(&bytes(copy)).unwrap();

    let encode = Rewriting { eight_bit: EightBit::Encode, ..swedish() };
    let twice = "From: a@x.example\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\
                 Content-Transfer-Encoding: 8BIT\n\nvår\n";
    let copy = rewritten(&message(twice), &encode);
    let text = String::from_utf8(copy.clone()).unwrap();
    assert_eq!(text.matches("Content-Transfer-Encoding: quoted-printable").count(), 2, "{text}");
    check(&bytes(copy)).unwrap();
}

#[test]
fn a_footer_is_read_in_every_language_under_the_charsets_of_others() {
    // The same octet is a letter in all of them.
    let texts = [
        "iso-8859-8",
        "iso-8859-8-i",
        "windows-1255",
        "iso-8859-6",
        "windows-1256",
        "koi8-u",
        "windows-1251",
        "iso-8859-5",
        "iso-8859-2",
        "windows-1250",
        "iso-8859-1",
    ];
    for language in crate::language::LANGUAGES.iter().copied() {
        let words = crate::language::text(language, "footer-unsubscribe-invite", &[]);
        for charset in texts {
            let message = leaf(&format!("text/plain; charset={charset}"), "8bit", b"\xE0\r\n");
            let copy = rewritten(&message, &Rewriting { language, ..marketing() });
            let utf8 = has_field(&copy, "Content-Type: text/plain; charset=utf-8");
            let declared = if utf8 { "utf-8" } else { charset };
            let encoding = encoding_rs::Encoding::for_label(declared.as_bytes()).unwrap();
            let (seen, _, lost) = encoding.decode(raw_body(&copy));
            let letters = |text: &str| text.chars().filter(|own| own.is_alphabetic()).count();
            assert!(!lost && letters(&seen) > letters(&words), "{language} in {charset}: {seen}");
            let unsaid = |text: &str| text.matches('?').count();
            let said = crate::language::text(language, "footer-preferences-invite", &[]);
            assert_eq!(unsaid(&seen), unsaid(&words) + unsaid(&said), "{language} in {charset}: {seen}");
        }
    }
}
