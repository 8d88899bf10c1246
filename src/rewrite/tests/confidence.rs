//! What marketing can't be told of, because mail clients differ on it: no guess is made. Other mail passes untouched.

use super::*;

/// Refused as marketing, and otherwise left byte for byte.
#[track_caller]
fn doubtful(text: &str, why: Unparsable) {
    let message = message(text);
    assert_eq!(check(&message), Ok(()), "{text}");
    assert_eq!(check_marketing(&message), Err(why), "{text}");
    assert_eq!(rewrite(&message, &marketing()).unwrap_err(), why.into(), "{text}");
    let header = text.find("\n\n").unwrap() + 2;
    assert!(copy(text, &functional()).ends_with(&text[header..].replace('\n', "\r\n")), "{text}");
}

#[track_caller]
fn certain(text: &str) {
    assert_eq!(check_marketing(&message(text)), Ok(BodySeal::Open), "{text}");
    assert!(body(&copy(text, &marketing())).contains(UNSUBSCRIBE), "{text}");
}

#[test]
fn fields_that_contradict_each_other_are_not_chosen_from() {
    for (one, other) in [
        ("Content-Type: text/plain", "Content-Type: text/html"),
        ("Content-Type: multipart/mixed; boundary=b", "Content-Type: text/plain"),
        ("Content-Type: multipart/mixed; boundary=b", "Content-Type: multipart/mixed; boundary=c"),
        ("Content-Type: multipart/mixed; boundary=b", "Content-Type: multipart/mixed; boundary=B"),
        ("Content-Transfer-Encoding: 7bit", "Content-Transfer-Encoding: base64"),
        ("Content-Disposition: inline", "Content-Disposition: attachment"),
    ] {
        for (first, last) in [(one, other), (other, one)] {
            let body = "--b\n\nHello\n--b--\n";
            doubtful(&format!("From: a@x.example\n{first}\n{last}\n\n{body}"), Unparsable::Contradiction);
            let part = format!("--o\n{first}\n{last}\n\nHello\n--o--\n");
            let text = format!("From: a@x.example\nContent-Type: multipart/mixed; boundary=o\n\n{part}");
            doubtful(&text, Unparsable::Contradiction);
        }
    }
    // The same said twice is said once.
    certain("From: a@x.example\nContent-Type: text/html\ncontent-type:  TEXT/html \n\n<p>Hello</p>\n");
    certain(
        "From: a@x.example\nContent-Type: text/html; charset=utf-8\nContent-Type: text/html;\n\tcharset=utf-8\n\n<p>Hello</p>\n",
    );
    // Whatever an attachment says of itself.
    certain(
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\n\
         Content-Type: application/pdf\nContent-Type: image/png\nContent-Disposition: attachment\n\nx\n--b--\n",
    );
}

#[test]
fn a_type_that_nobody_can_read_is_no_body() {
    for kind in ["html", "text/html; charset=utf-8; charset=koi8-r", "; charset=utf-8", "/html"] {
        doubtful(&format!("From: a@x.example\nContent-Type: {kind}\n\nHello\n"), Unparsable::ContentType);
    }
    let twice =
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=b; boundary=c\n\n--b\n\nHello\n--b--\n";
    assert_eq!(check_marketing(&message(twice)), Err(Unparsable::ContentType));
    for kind in
        ["text", "TEXT/HTML (a comment; charset=x)", "text/html; charset=\"utf-8\" ; charset=UTF-8", ""]
    {
        certain(&format!("From: a@x.example\nContent-Type: {kind}\n\nHello\n"));
    }
}

#[test]
fn a_body_that_can_not_be_opened_gets_no_guess() {
    for (encoding, body) in
        [("base64", "SGVsbG8=\nSGVsbG8=\n"), ("x-uuencode", "begin\n"), ("7bit, base64", "x\n")]
    {
        let part = format!("Content-Type: text/html\nContent-Transfer-Encoding: {encoding}\n\n{body}");
        doubtful(&format!("From: a@x.example\n{part}"), Unparsable::Body);
        // Nor where the other form of the same could take a footer.
        let both = format!(
            "From: a@x.example\nContent-Type: multipart/alternative; boundary=b\n\n--b\n\nHello\n--b\n{part}--b--\n"
        );
        doubtful(&both, Unparsable::Body);
    }
}

#[test]
fn a_line_that_begins_like_a_boundary_is_not_passed_over() {
    let mixed = |line: &str| {
        format!(
            "From: a@x.example\nContent-Type: multipart/mixed; boundary=abc\n\n--abc\n\nHello\n{line}\nmore\n--abc--\n"
        )
    };
    for line in ["--abcd", "--abc x", "--abc--x", "--abc-"] {
        doubtful(&mixed(line), Unparsable::HalfBoundary);
    }
    for line in ["--ab", " --abc", "-- ", "x--abc", "--Abc"] {
        certain(&mixed(line));
    }
    // Mailers do name the boundaries of the inner parts so, and all readers compare whole lines then.
    certain(
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=abc\n\n--abc\n\
         Content-Type: multipart/alternative; boundary=abc_alt\n\n--abc_alt\n\nHello\n--abc_alt--\n--abc--\n",
    );
    // A nested message is not ours.
    certain(
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nHello\n--o\n\
         Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=n\n\n--n\n\nx\n--nx\n--n--\n--o--\n",
    );
}

#[test]
fn what_is_sealed_is_told_wherever_it_stands() {
    let mixed = |parts: &str| {
        format!("From: a@x.example\nContent-Type: multipart/mixed; boundary=o\n\n--o\n{parts}--o--\n")
    };
    let signed = "Content-Type: multipart/signed; boundary=s\n\n--s\n\nHello\n--s\n\nsig\n--s--\n";
    let file = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\
                Content-Disposition: attachment; filename=smime.p7m\n\nMIAG\n";
    let armored = "Content-Type: text/html\n\n<pre>\n-----BEGIN PGP MESSAGE-----\nx\n</pre>\n";
    let list = "Content-Type: text/plain\n\nthe list's words\n";
    for sealed in [
        format!("From: a@x.example\n{signed}"),
        format!("From: a@x.example\n{file}"),
        format!("From: a@x.example\n{armored}"),
        mixed(&format!("{signed}--o\n{list}")),
        mixed(&format!("{file}--o\n{list}")),
        mixed(&format!("{armored}--o\n{list}")),
        mixed(&format!("{list}--o\n{signed}")),
        mixed(&mixed(signed).replace("From: a@x.example\n", "").replace("--o", "--i").replace("=o", "=i")),
    ] {
        assert_eq!(check_marketing(&message(&sealed)), Ok(BodySeal::Sealed), "{sealed}");
        let header = sealed.find("\n\n").unwrap() + 2;
        assert_eq!(body(&copy(&sealed, &marketing())), sealed[header..].replace('\n', "\r\n"));
    }
    // Beside the text it is an attachment, and so is what a nested message holds.
    let forwarded = format!("Content-Type: message/rfc822\n\n{signed}");
    for beside in [file.to_owned(), forwarded] {
        let text = mixed(&format!("{list}--o\n{beside}"));
        assert_eq!(check_marketing(&message(&text)), Ok(BodySeal::Open), "{beside}");
    }
}

#[test]
fn a_boundary_that_closes_another_is_none() {
    let inner = "--b\nContent-Type: multipart/mixed; boundary=\"b--\"\n\n--b--\n\nHello\n--b----\n";
    let text = format!("From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n{inner}--b--\n");
    doubtful(&text, Unparsable::HalfBoundary);
}

#[test]
fn one_more_beginning_at_the_end_is_no_part() {
    let text = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p>Hello</p>\n--b\n";
    certain(text);
    assert!(copy(text, &marketing()).ends_with("</div>\r\n\r\n--b\r\n"));
    let within = text.replace("\n--b\n", "\n--b\n--b\n");
    assert_eq!(check_marketing(&message(&within)), Ok(BodySeal::Open));
}

/// RFC 2045, 6.4: a multipart has no encoding of its own, and readers pass over one that is claimed.
#[test]
fn an_encoding_of_a_multipart_is_passed_over() {
    for encoding in ["quoted-printable", "base64", "8bit", "x-none"] {
        let header = format!(
            "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: {encoding}\n\n"
        );
        certain(&format!("{header}--b\nContent-Type: text/html\n\n<p>Hello</p>\n--b--\n"));
        let encoded = format!("{header}LS1iDQoNCkhlbGxvDQotLWItLQ0K\n");
        assert_eq!(check(&message(&encoded)), Err(Unparsable::Structure), "{encoding}");
    }
}
