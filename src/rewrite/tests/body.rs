//! What comes into the content: footers, placeholders, the address line; and what is never touched.

use super::*;

pub(super) fn html(body: &str) -> String {
    format!("From: a@x.example\nContent-Type: text/html; charset=utf-8\n\n{body}")
}

pub(super) fn plain(body: &str) -> String {
    format!("From: a@x.example\nContent-Type: text/plain; charset=utf-8\n\n{body}")
}

#[test]
fn both_bodies_get_a_footer_with_links_and_address() {
    let text = "From: a@x.example\nContent-Type: multipart/alternative; boundary=b\n\npreamble\n--b\n\
                Content-Type: text/plain\n\nHello\n--b\nContent-Type: text/html\n\n<body><p>Hello</p></body>\n--b--\nend\n";
    let copy = copy(text, &marketing());
    let (plain, html) = (text_of(&copy, 1), text_of(&copy, 2));
    for seen in [&plain, &html] {
        assert!(seen.contains(UNSUBSCRIBE) && seen.contains(PREFERENCES) && seen.contains(ADDRESS));
        assert!(seen.contains("Demo Shop AB sent you this e-mail."));
    }
    assert!(plain.starts_with("Hello\r\n\r\n____") && html.ends_with("</div>\r\n</body>"));
    assert!(copy.contains("\r\n\r\npreamble\r\n--b\r\n") && copy.ends_with("\r\n--b--\r\nend\r\n"));
}

#[test]
fn the_senders_own_words_stand_in_the_footer_above_the_links() {
    let text = "You get this because you are a customer of ours & asked for <news>. ".repeat(3);
    let own = OwnText { language: "en-GB".into(), text };
    let rewriting = Rewriting { language: "sv", footer_text: Some(own), ..marketing() };
    let html = copy(&html("<p>Hello</p>\n"), &rewriting);
    let told = html.find("<div lang=\"en-GB\" dir=\"auto\"").unwrap();
    assert!(
        told < html.rfind(UNSUBSCRIBE).unwrap() && html.contains("ours &amp; asked for &lt;news&gt;."),
        "{html}"
    );
    let plain = copy(&plain("Hello\n"), &rewriting);
    let footer = plain.split_once("____\r\n").unwrap().1;
    let (words, _) = footer.split_once("\r\n\r\n").unwrap();
    assert!(words.starts_with("You get this") && words.ends_with("<news>."), "{plain}");
    assert!(words.lines().count() > 1 && words.lines().all(|line| line.len() <= 72), "{words}");
}

#[test]
fn other_streams_get_no_footer() {
    assert_eq!(body(&copy(&plain("Hello\n"), &functional())), "Hello\r\n");
}

#[test]
fn the_footer_speaks_the_readers_language() {
    for (language, word) in
        [("en", "Unsubscribe"), ("sv", "Avregistrera"), ("nl", "Uitschrijven"), ("de", "Abmelden")]
    {
        let copy = copy(&html("<p>Hi</p>\n"), &Rewriting { language, ..marketing() });
        assert!(
            copy.contains(&format!("\">{word}")) && copy.contains(&format!("lang=\"{language}\"")),
            "{language}"
        );
    }
}

#[test]
fn names_and_addresses_are_escaped_in_html() {
    let mut rewriting = marketing();
    rewriting.sender_name = "<script>alert(1)</script> & \"Co\"".into();
    let copy = copy(&html("<p>Hi</p>\n"), &rewriting);
    assert!(
        !body(&copy).contains("<script>")
            && copy.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;Co&quot;")
    );
}

#[test]
fn a_body_with_our_link_gets_the_address_at_most() {
    let linked = format!("Out: {UNSUBSCRIBE}\n");
    let copy = copy(&plain(&linked), &marketing());
    assert_eq!(copy.matches("/p/").count(), 0);
    assert!(copy.ends_with(&format!("{ADDRESS}\r\n")));

    let complete = format!("Out: {UNSUBSCRIBE}\nStorgatan 1\n111 22  STOCKHOLM\nSweden\n");
    assert_eq!(body(&super::copy(&plain(&complete), &marketing())), complete.replace('\n', "\r\n"));
    let complete = format!("<a href='{UNSUBSCRIBE}'>x</a>Storgatan&nbsp;1<br>111 22 Stockholm<br>Sweden\n");
    assert_eq!(body(&super::copy(&html(&complete), &marketing())), complete.replace('\n', "\r\n"));
    let optional = Rewriting { demands: Demands::default(), ..marketing() };
    assert_eq!(body(&super::copy(&plain(&linked), &optional)), linked.replace('\n', "\r\n"));
}

#[test]
fn a_link_of_ours_that_goes_on_in_what_is_filled_behind_it_is_no_way_out() {
    let joined = format!("Out: {UNSUBSCRIBE}{{{{optgate.unsubscribe_url}}}}x\n");
    for message in [plain(&joined), html(&format!("<p>{joined}</p>"))] {
        let copy = copy(&message, &marketing());
        assert_eq!(copy.matches("/p/").count(), 1, "{copy}");
    }
    let apart = html(&format!("<p>{UNSUBSCRIBE} {{{{optgate.unsubscribe_url}}}}</p>\n"));
    assert_eq!(copy(&apart, &marketing()).matches("/p/").count(), 0);
}

#[test]
fn advertising_is_marked_and_the_privacy_notice_named_where_the_pack_asks() {
    const LABEL: &str = "This e-mail is an advertisement.";
    const NOTICE: &str = "https://shop.example/privacy?a=1&b=2";
    let demands =
        Demands { postal_address: true, advertising_label: true, privacy_notice: Some(NOTICE.to_owned()) };
    let rewriting = Rewriting { demands, ..marketing() };
    let full = copy(&plain("Hello\n"), &rewriting);
    assert!(full.contains(LABEL) && full.contains(NOTICE) && full.contains(UNSUBSCRIBE), "{full}");
    let full = copy(&html("<body>Hello</body>\n"), &rewriting);
    assert!(full.contains(LABEL) && full.contains(&NOTICE.replace('&', "&amp;")), "{full}");
    // A template that shows everything is left alone; what it lacks is put below it.
    let complete =
        format!("Out: {UNSUBSCRIBE}\n{LABEL}\nStorgatan 1, 111 22 Stockholm, Sweden\nPrivacy: {NOTICE}\n");
    assert_eq!(body(&copy(&plain(&complete), &rewriting)), complete.replace('\n', "\r\n"));
    for missing in [LABEL, NOTICE, "Storgatan 1"] {
        let copy = copy(&plain(&complete.replace(missing, "-")), &rewriting);
        assert!(copy.matches(missing).count() == 1 && !copy.contains("/p/"), "{copy}");
    }
}

#[test]
fn placeholders_are_filled_in_all_inline_texts_of_any_stream() {
    let text = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n\
                {{optgate.unsubscribe_url}}|{{ optgate.preferences_url }}|{{optgate.postal_address}}|{{optgate.confirm_url}}\n--b\n\
                Content-Type: text/html\n\n<a href=\"http://%7B%7Boptgate.unsubscribe_url%7D%7D\">{{optgate.postal_address}}</a>\n--b\n\
                Content-Type: text/x-amp-html\n\n{{optgate.unsubscribe_url}}\n--b\n\
                Content-Type: text/plain\nContent-Disposition: attachment\n\n{{optgate.unsubscribe_url}}\n--b--\n";
    let mut rewriting = functional();
    rewriting.postal_address = Some("A & B\nStreet 1".into());
    let copy = copy(text, &rewriting);
    assert_eq!(
        text_of(&copy, 1),
        format!("{UNSUBSCRIBE}|{PREFERENCES}|A & B, Street 1|{{{{optgate.confirm_url}}}}")
    );
    assert_eq!(text_of(&copy, 2), format!("<a href=\"{UNSUBSCRIBE}\">A &amp; B, Street 1</a>"));
    assert_eq!(text_of(&copy, 3), UNSUBSCRIBE);
    assert!(copy.ends_with("attachment\r\n\r\n{{optgate.unsubscribe_url}}\r\n--b--\r\n"));
}

#[test]
fn the_link_that_confirms_comes_into_confirmation_mail_alone() {
    for (text, filled) in [
        (plain("Confirm: {{ optgate.confirm_url }}\n"), format!("Confirm: {CONFIRM}\n")),
        (
            html("<a href=\"https://%7B%7Boptgate.confirm_url%7D%7D\">Yes</a>\n"),
            format!("<a href=\"{CONFIRM}\">Yes</a>\n"),
        ),
    ] {
        assert_eq!(confirm_link(&message(&text)), ConfirmLink::Present, "{text}");
        assert_eq!(body(&copy(&text, &confirmation())), filled.replace('\n', "\r\n"));
        assert!(body(&copy(&text, &functional())).contains("optgate.confirm_url"), "{text}");
        assert!(body(&copy(&text, &marketing())).contains("optgate.confirm_url"), "{text}");
    }
}

#[test]
fn a_link_that_can_not_be_pressed_does_not_count() {
    let place = "{{optgate.confirm_url}}";
    let attached = format!(
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\n\
         Content-Type: text/plain\nContent-Disposition: attachment\n\n{place}\n--b--\n"
    );
    let signed = format!(
        "From: a@x.example\nContent-Type: multipart/signed; boundary=b; protocol=x\n\n--b\n\n{place}\n--b\n\nsig\n--b--\n"
    );
    let pgp = plain(&format!("-----BEGIN PGP SIGNED MESSAGE-----\n\n{place}\n"));
    let unseen = html(&format!("<body><!-- {place} -->Hello</body>\n"));
    for text in [attached, signed, pgp, unseen, plain("Hello\n"), plain("{optgate.confirm_url}\n")] {
        assert_eq!(confirm_link(&message(&text)), ConfirmLink::Absent, "{text}");
    }
    let base64 = "From: a@x.example\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n\
                  e3tvcHRnYXRlLmNvbmZpcm1fdXJsfX0=\n";
    assert_eq!(confirm_link(&message(base64)), ConfirmLink::Present);
    let quoted = "From: a@x.example\nContent-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n\
                  {{optgate.con=\nfirm_url}}\n";
    assert_eq!(confirm_link(&message(quoted)), ConfirmLink::Present);
}

#[test]
fn a_placeholder_is_link_enough_and_brings_in_no_other() {
    let mut rewriting = marketing();
    rewriting.postal_address = Some("{{optgate.preferences_url}}".into());
    let copy = copy(&plain("{{optgate.postal_address}} {{optgate.unsubscribe_url}}\n"), &rewriting);
    assert_eq!(body(&copy), format!("{{{{optgate.preferences_url}}}} {UNSUBSCRIBE}\r\n"));
}

#[test]
fn without_links_their_placeholders_stay() {
    let rewriting = Rewriting { links: None, ..functional() };
    let copy = copy(&plain("{{optgate.unsubscribe_url}} {{optgate.postal_address}}\n"), &rewriting);
    assert_eq!(body(&copy), format!("{{{{optgate.unsubscribe_url}}}} {ADDRESS}\r\n"));
}

#[test]
fn i7_what_is_signed_or_encrypted_keeps_its_bytes() {
    let bodies = [
        (
            "multipart/signed; boundary=b; protocol=x",
            "--b\nContent-Type: text/plain\n\n{{optgate.unsubscribe_url}} \n--b\n\nsig\n--b--\n",
        ),
        ("multipart/encrypted; boundary=b", "--b\n\nVersion: 1\n--b\n\nx\n--b--\n"),
        ("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", "MIAGCSqGSIb3DQ==\n"),
        (
            "multipart/mixed; boundary=o",
            "--o\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nHi\n--b--\n--o\n\nlist footer\n--o--\n",
        ),
        ("text/plain", "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{{optgate.unsubscribe_url}}\n"),
        ("text/html", "<pre>-----BEGIN PGP MESSAGE-----\nx\n</pre>\n"),
    ];
    for (kind, sealed) in bodies {
        let copy = copy(&format!("From: a@x.example\nContent-Type: {kind}\n\n{sealed}"), &marketing());
        assert_eq!(body(&copy), sealed.replace('\n', "\r\n"), "{kind}");
        assert_eq!(count(&copy, "List-Unsubscribe"), 1);
    }
}

#[test]
fn only_what_is_shown_as_content_is_a_body() {
    let text = "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n\
                --b\nContent-Type: text/plain; name=note.txt\n\nnamed\n\
                --b\nContent-Type: text/plain\nContent-Disposition: inline; filename=a.txt\n\nfile\n\
                --b\nContent-Type: message/rfc822\n\nSubject: nested\n\nnested\n\
                --b\nContent-Type: multipart/related; boundary=r; start=\"<root>\"\n\n\
                --r\nContent-Type: text/html\n\nframe\n--r\nContent-Type: text/html\nContent-ID: <root>\n\nroot\n--r--\n\
                --b\nContent-Type: text/plain\n\nfirst\n\
                --b\nContent-Type: text/plain\n\nsecond\n--b--\n";
    let copy = copy(text, &marketing());
    for kept in ["named", "file", "nested", "frame", "second"] {
        assert!(copy.contains(&format!("\r\n\r\n{kept}\r\n--")), "{kept}");
    }
    assert!(copy.contains("\r\n\r\nroot\r\n<div") && copy.contains("\r\n\r\nfirst\r\n"));
    assert_eq!(copy.matches("________").count(), 5, "one rule of forty");
}

#[test]
fn a_message_without_a_body_gets_headers_alone() {
    let attachment =
        "From: a@x.example\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBERi0=\n";
    assert_eq!(body(&copy(attachment, &marketing())), "JVBERi0=\r\n");
    let text = "From: a@x.example\nContent-Type: text/plain\nContent-Disposition: attachment\n\nx\n";
    assert_eq!(body(&copy(text, &marketing())), "x\r\n");
}

/// What of the footer came into a text and an HTML body.
fn footers(text: &str, html: &str, rewriting: &Rewriting) -> [bool; 2] {
    let plain = copy(
        &format!("From: a@shop.example\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"),
        rewriting,
    );
    let html = copy(
        &format!("From: a@shop.example\nContent-Type: text/html; charset=utf-8\n\n<p>{html}</p>\n"),
        rewriting,
    );
    [body(&plain).contains(PREFERENCES), body(&html).contains(PREFERENCES)]
}

#[test]
fn a_link_that_belongs_to_another_recipient_is_no_way_out_for_this_one() {
    let another = "https://mail.example.com/u/AQFm9bU0-_xAnother";
    for (link, own) in [
        (UNSUBSCRIBE.to_owned(), true),
        (format!("{UNSUBSCRIBE}."), true),
        (format!("{UNSUBSCRIBE}?utm_source=news"), true),
        ("{{optgate.unsubscribe_url}}?utm_source=news".to_owned(), true),
        ("{{optgate.unsubscribe_url}}more".to_owned(), false),
        (another.to_owned(), false),
        (format!("{UNSUBSCRIBE}x"), false),
        (format!("{UNSUBSCRIBE}/undo"), false),
        ("https://mail.example.com/u/".to_owned(), false),
    ] {
        let html = format!("<a href=\"{link}\">no more</a>");
        assert_eq!(footers(&link, &html, &marketing()), [!own, !own], "{link}");
    }
}

/// Whether a body that has the link and this gets what the law asks for once more.
fn is_told_again(html: &str, demands: Demands) -> bool {
    let rewriting = Rewriting { demands, ..marketing() };
    let html = format!("<a href=\"{UNSUBSCRIBE}\">no more</a>{html}");
    let text = format!("From: a@shop.example\nContent-Type: text/html; charset=utf-8\n\n<p>{html}</p>\n");
    let copy = copy(&text, &rewriting);
    body(&copy).len() > text.len()
}

#[test]
fn a_privacy_notice_counts_where_it_can_be_seen_and_leads_to_the_very_page() {
    let demands = || Demands { privacy_notice: Some(PRIVACY.into()), ..Demands::default() };
    let escaped = PRIVACY.replace('&', "&amp;");
    for (html, there) in [
        (format!("<a href=\"{PRIVACY}\">privacy</a>"), true),
        (format!("<a href='{escaped}'>privacy</a>"), true),
        (format!("Privacy: {escaped}."), true),
        (format!("<!-- {PRIVACY} -->"), false),
        (format!("<a href=\"{PRIVACY}&c=3\">privacy</a>"), false),
        (format!("<div style='display:none'>{escaped}</div>"), false),
        (format!("<style>.h{{display:none}}</style><div class=h>{escaped}</div>"), false),
        (format!("<img src=\"{PRIVACY}\">"), false),
    ] {
        assert_eq!(is_told_again(&html, demands()), !there, "{html}");
    }
}

#[test]
fn an_address_or_a_label_that_is_hidden_is_not_shown() {
    let address = || Demands { postal_address: true, ..Demands::default() };
    assert!(!is_told_again(&format!("<b>{ADDRESS}</b>"), address()));
    for hidden in ["display:none", "font-size:0", "opacity:0 !important", "max-height:0"] {
        assert!(is_told_again(&format!("<b style='{hidden}'>{ADDRESS}</b>"), address()), "{hidden}");
    }
}

#[test]
fn what_a_charset_can_not_hold_is_not_said_again_by_a_second_pass() {
    let address = "\u{5E8}\u{5D7}\u{5D5}\u{5D1} 12";
    let rewriting = Rewriting {
        language: "he",
        postal_address: Some(address.into()),
        demands: Demands { postal_address: true, advertising_label: true, ..Demands::default() },
        ..marketing()
    };
    // A charset that is said twice can't be relabelled.
    let text = b"From: a@shop.example\r\nContent-Type: text/plain; charset=iso-8859-1; charset=iso-8859-1\r\n\r\nv\xE5r\r\n";
    let first = rewrite(&bytes(text.to_vec()), &rewriting).unwrap().bytes;
    let second = rewrite(&bytes(first.clone()), &rewriting).unwrap().bytes;
    assert_eq!(String::from_utf8_lossy(&second[rewriting.received.len()..]), String::from_utf8_lossy(&first));
}

#[test]
fn a_link_within_anothers_address_is_found_again() {
    for kind in ["plain", "html"] {
        let text = format!(
            "Content-Type: text/{kind}\n\n<a href=\"https://t.example/?u={{{{optgate.unsubscribe_url}}}}\">out</a>\n"
        );
        let first = copy(&text, &marketing());
        assert!(body(&first).contains("?u=https%3A%2F%2Fmail.example.com%2Fu%2FAQFm9bU0-_x"), "{first}");
        let second = copy_of(&bytes(first.clone().into_bytes()), &marketing());
        assert_eq!(body(&second), body(&first));
    }
}

#[test]
fn a_link_that_goes_on_in_another_is_none() {
    let first = copy(&plain("{{optgate.unsubscribe_url}}{{optgate.preferences_url}}\n"), &marketing());
    assert_eq!(body(&first).matches(UNSUBSCRIBE).count(), 2, "{first}");
    let second = copy_of(&bytes(first.clone().into_bytes()), &marketing());
    assert_eq!(body(&second), body(&first));
}
