//! Other providers' placeholders, as their templates have them, and headers that tools bring along.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use crate::policy::dialect::Placeholder;
use crate::policy::dialect::placeholder::Form;

fn html(header: &str, body: &str) -> String {
    format!("From: a@x.example\n{header}Content-Type: text/html; charset=utf-8\n\n{body}")
}

fn plain(header: &str, body: &str) -> String {
    format!("From: a@x.example\n{header}Content-Type: text/plain; charset=utf-8\n\n{body}")
}

/// The body alone, without the footer and without the message's last line end.
fn filled(text: &str) -> String {
    let optional = Rewriting { demands: Demands::default(), ..marketing() };
    let copy = copy(text, &optional);
    let body = body(&copy);
    let end = body.find("____").or_else(|| body.find("<div lang=")).unwrap_or(body.len());
    body[..end].trim_end().to_owned()
}

#[track_caller]
fn in_html(written: &str, expected: &str) {
    assert_eq!(
        filled(&html("X-SMTPAPI: {}\n", &format!("<p>{written}</p>\n"))),
        format!("<p>{expected}</p>"),
        "{written}"
    );
}

#[track_caller]
fn in_text(written: &str, expected: &str) {
    assert_eq!(filled(&plain("X-SMTPAPI: {}\n", &format!("{written}\n"))), expected, "{written}");
}

fn link(address: &str, words: &str) -> String {
    format!("<a href=\"{address}\">{words}</a>")
}

#[test]
fn bare_addresses_come_in_as_they_are() {
    for written in [
        "{{amazonSESUnsubscribeUrl}}",
        "<%asm_group_unsubscribe_raw_url%>",
        "<%asm_global_unsubscribe_raw_url%>",
        "%unsubscribe_url%",
        "%tag_unsubscribe_url%",
        "%mailing_list_unsubscribe_url%",
        "*|UNSUB|*",
        "*|UNSUB:https://shop.example/out?a=1&b=2|*",
        "*|UNSUB:|*",
        "{{ unsubscribe }}",
        "{{unsubscribe}}",
        "{{{unsubscribe}}}",
        "[[UNSUB_LINK_EN]]",
        "[[UNSUB_LINK_SV]]",
        "{unsubscribe_url}",
        "{{{ pm:unsubscribe_url }}}",
    ] {
        in_text(&format!("Leave: {written}."), &format!("Leave: {UNSUBSCRIBE}."));
        in_html(&format!("<a href=\"{written}\">x</a>"), &link(UNSUBSCRIBE, "x"));
        in_html(&format!("<a href='http://{written}'>x</a>"), &format!("<a href='{UNSUBSCRIBE}'>x</a>"));
    }
    for written in [
        "<%asm_preferences_raw_url%>",
        "*|UPDATE_PROFILE|*",
        "{{ update_profile }}",
        "{{{unsubscribe_preferences}}}",
        "{resubscribe_url}",
    ] {
        in_text(written, PREFERENCES);
        in_html(&format!("<a href=\"{written}\">x</a>"), &link(PREFERENCES, "x"));
    }
    in_text("*|HTML:LIST_ADDRESS_HTML|*", ADDRESS);
    in_html("*|LIST:ADDRESS|*", ADDRESS);
}

#[test]
fn links_are_links_in_html_and_addresses_elsewhere() {
    for written in [
        "<%asm_group_unsubscribe_url%>",
        "&lt;%asm_group_unsubscribe_url%&gt;",
        "<%asm_global_unsubscribe_url%>",
        "[Unsubscribe]",
        "{{{ pm:unsubscribe }}}",
        "{{{pm:unsubscribe}}}",
        "{unsubscribe_text}",
    ] {
        in_html(written, &link(UNSUBSCRIBE, "Unsubscribe"));
        in_html(
            &format!("<a class=b href=\"{written}\">Leave</a>"),
            &format!("<a class=b href=\"{UNSUBSCRIBE}\">Leave</a>"),
        );
        in_html(&format!("<a href=\"{UNSUBSCRIBE}\">{written}</a>"), &link(UNSUBSCRIBE, "Unsubscribe"));
        in_text(&format!("Leave: {written}"), &format!("Leave: {UNSUBSCRIBE}"));
    }
    in_html("[Unsubscribe_Preferences]", &link(PREFERENCES, "Choose what you hear about"));
    in_html("<%asm_preferences_url%>", &link(PREFERENCES, "Choose what you hear about"));
    let swedish = copy(&html("", "<p>{{{ pm:unsubscribe }}}</p>\n"), &swedish());
    assert!(swedish.contains(&link(UNSUBSCRIBE, "Avregistrera dig")), "{swedish}");
}

#[test]
fn a_tool_may_bring_the_words_of_its_link() {
    let label = "{{{ pm:unsubscribe label=\"Leave &amp; forget\" }}}";
    in_html(label, &link(UNSUBSCRIBE, "Leave &amp; forget"));
    in_html("{{{ pm:unsubscribe label=&quot;Leave&quot; }}}", &link(UNSUBSCRIBE, "Leave"));
    in_html("{{{ pm:unsubscribe label=\"\" }}}", &link(UNSUBSCRIBE, "Unsubscribe"));
    in_text("{{{ pm:unsubscribe label=\"Leave\" }}}", UNSUBSCRIBE);
}

#[test]
fn a_word_in_brackets_is_a_placeholder_only_in_that_providers_mail() {
    assert!(filled(&html("", "<p>[Unsubscribe]</p>\n")).contains("<p>[Unsubscribe]</p>"));
}

#[test]
fn a_link_that_says_so_leads_to_us() {
    for (written, expected) in [
        (
            "<a href=\"https://x.example/\" data-msys-unsubscribe=\"1\" title=\"y\">z</a>",
            format!("<a href=\"{UNSUBSCRIBE}\" title=\"y\">z</a>"),
        ),
        (
            "<a data-msys-unsubscribe='1' href=https://x.example/>z</a>",
            format!("<a href=\"{UNSUBSCRIBE}\">z</a>"),
        ),
        ("<a data-msys-unsubscribe=1>z</a>", format!("<a href=\"{UNSUBSCRIBE}\">z</a>")),
        (
            "<a href=\"%unsubscribe_url%\" data-msys-unsubscribe=\"1\">z</a>",
            format!("<a href=\"{UNSUBSCRIBE}\">z</a>"),
        ),
        ("<b data-msys-unsubscribe=\"1\">z</b>", "<b >z</b>".to_owned()),
    ] {
        in_html(written, &expected);
    }
    in_text(
        "Out: https://x.example/?a=b[[data-msys-unsubscribe=\"1\"]] (really)",
        &format!("Out: {UNSUBSCRIBE} (really)"),
    );
    in_text("Out: [[data-msys-unsubscribe=\"1\"]]", &format!("Out: {UNSUBSCRIBE}"));
    // Somebody writes about it.
    in_text("Add data-msys-unsubscribe=\"1\" to it.", "Add data-msys-unsubscribe=\"1\" to it.");
    in_html("Add data-msys-unsubscribe=\"1\" to it.", "Add data-msys-unsubscribe=\"1\" to it.");
}

#[test]
fn a_longer_placeholder_of_somebody_elses_is_not_filled_in_part() {
    in_html("<a href=\"{{unsubscribe_url}}\">x</a>", "<a href=\"{{unsubscribe_url}}\">x</a>");
}

#[test]
fn an_address_in_another_address_is_encoded() {
    let encoded = UNSUBSCRIBE.replace(':', "%3A").replace('/', "%2F");
    in_html(
        "<a href=\"https://t.example/c?a=1&amp;u=%unsubscribe_url%&amp;b=2\">x</a>",
        &format!("<a href=\"https://t.example/c?a=1&amp;u={encoded}&amp;b=2\">x</a>"),
    );
    in_text("https://t.example/?u=*|UNSUB|*", &format!("https://t.example/?u={encoded}"));
    in_text("Any questions? *|UNSUB|*", &format!("Any questions? {UNSUBSCRIBE}"));
}

#[test]
fn every_dress_is_known_in_every_encoding() {
    for written in [
        "<a href=\"%3C%25asm_group_unsubscribe_raw_url%25%3E\">x</a>",
        "<a href=\"%7B%7B%20unsubscribe%20%7D%7D\">x</a>",
        "<a href=\"*%7CUNSUB%7C*\">x</a>",
        "<a href=\"&#123;&#123;unsubscribe&#125;&#125;\">x</a>",
    ] {
        in_html(written, &link(UNSUBSCRIBE, "x"));
        let quoted = html(
            "Content-Transfer-Encoding: quoted-printable\n",
            &format!("<p>{}</p>\n", soft_breaks(written)),
        );
        let quoted_copy = copy(&quoted, &marketing());
        assert!(text_of(&quoted_copy, 0).contains(&link(UNSUBSCRIBE, "x")), "{quoted_copy}");
        let base64 = html(
            "Content-Transfer-Encoding: base64\n",
            &format!("{}\n", STANDARD.encode(format!("<p>{written}</p>"))),
        );
        let base64_copy = copy(&base64, &marketing());
        assert!(text_of(&base64_copy, 0).contains(&link(UNSUBSCRIBE, "x")), "{base64_copy}");
    }
}

#[test]
fn a_link_that_was_asked_for_stands_instead_of_the_footers() {
    for written in [
        "<a href=\"*|UNSUB|*\">x</a>",
        "<%asm_group_unsubscribe_url%>",
        "<a data-msys-unsubscribe=\"1\" href=\"x\">x</a>",
    ] {
        let copy = copy(&html("", &format!("<p>{written}</p>\n")), &marketing());
        assert_eq!(body(&copy).matches(UNSUBSCRIBE).count(), 1, "{copy}");
        assert!(copy.contains(ADDRESS));
    }
    // Not one in a comment.
    let copy = copy(&html("", "<!-- %unsubscribe_url% --><p>x</p>\n"), &marketing());
    assert_eq!(body(&copy).matches(UNSUBSCRIBE).count(), 2, "{copy}");
}

#[test]
fn each_field_that_the_shipped_file_takes_out_goes() {
    let file = include_str!("../../../policies/dialects.toml");
    let removing = file.split("[[").filter(|block| block.contains("\nremove = true"));
    let names: Vec<String> = removing
        .map(|block| {
            let name = block.lines().find_map(|line| line.strip_prefix("header = \"")).unwrap();
            name.trim_end_matches('"').replace('*', "Anything")
        })
        .collect();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        let text =
            format!("From: a@x.example\n{name}: a\n b\n{}: c\nX-{name}: d\n\nHello\n", name.to_lowercase());
        let copy = copy(&text, &functional());
        assert_eq!([count(&copy, &name), count(&copy, &format!("X-{name}"))], [0, 1], "{copy}");
    }
}

#[test]
fn selectors_of_all_providers_go_and_what_only_rules_read_stays() {
    let selectors = "X-SES-CONFIGURATION-SET: a\nx-ses-message-tags: a=b\nX-SES-LIST-MANAGEMENT-OPTIONS: l; topic=t\nX-SMTPAPI: {\"asm_group_id\":\n 1}\n\
                     X-PM-Message-Stream: broadcast\nX-PM-Tag: a\nX-PM-Metadata-user: 7\nX-Mailgun-Tag: a\nX-Mailgun-Tag: b\nX-Mailgun-Track: yes\n\
                     X-Mailgun-Track-Opens: yes\nX-Mailgun-Dkim: no\nX-MC-Tags: a\nX-MC-Track: opens\nX-MC-Metadata: {}\nX-MSYS-API: {}\nX-Mailin-Tag: a\n\
                     X-Mailjet-Campaign: a\nX-MJ-CustomID: a\nX-Listmonk-Campaign: a\nX-Listmonk-Subscriber: a\n";
    let kept = "X-Campaign: summer\nX-Mailer: own 1.0\nPrecedence: bulk\nX-Report-Abuse: <mailto:abuse@x.example>\nSender: b@x.example\n\
                List-Help: <https://x.example/>\nX-SES-Outgoing: 2016.10.12-54.240.27.6\nX-Mailgun-Sid: abc\nX-MC-User: abc\nX-MJ-Mid: abc\nX-Mailin-EID: abc\nX-PM-Message-Id: abc\n\
                DKIM-Signature: v=1; a=rsa-sha256; d=x.example; s=a; h=from; bh=AA==;\n b=AA==\nX-Entity-Ref-ID: 1\n";
    for rewriting in [marketing(), functional()] {
        let copy = copy(&format!("From: a@x.example\n{selectors}{kept}\nHello\n"), &rewriting);
        let head = copy.split("\r\n\r\n").next().unwrap();
        for name in selectors.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name) {
            assert_eq!(count(&copy, name), 0, "{name} in {head}");
        }
        assert!(head.contains(&kept.trim_end().replace('\n', "\r\n")), "{head}");
    }
}

#[test]
fn an_upstream_gets_its_own_providers_names_and_nobody_elses() {
    let rewriting =
        Rewriting { withheld: crate::deliver::upstream::Kind::Postmark.withheld(), ..marketing() };
    let header = "X-PM-Tag: a\nX-PM-Metadata-user: 7\nX-PM-Message-Stream: broadcast\nX-Mailgun-Tag: b\n";
    let copy = copy(&format!("From: a@x.example\n{header}\nHello\n"), &rewriting);
    let counts = ["X-PM-Tag", "X-PM-Metadata-user", "X-PM-Message-Stream", "X-Mailgun-Tag"]
        .map(|name| count(&copy, name));
    assert_eq!(counts, [1, 1, 0, 0], "{copy}");
}

#[test]
fn a_pair_that_nobody_filled_in_leads_nowhere_and_goes() {
    let pair = "List-Unsubscribe: <%unsubscribe_url%>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n";
    let with = |pair: &str| copy(&format!("From: a@x.example\n{pair}\nHello\n"), &functional());
    let counts = |copy: &str| [count(copy, "List-Unsubscribe"), count(copy, "List-Unsubscribe-Post")];
    assert_eq!(counts(&with(pair)), [0, 0]);
    assert_eq!(counts(&with(&pair.replace("%unsubscribe_url%", "https://x.example/u"))), [1, 1]);
    let marketing = copy(&format!("From: a@x.example\n{pair}\nHello\n"), &marketing());
    assert_eq!(counts(&marketing), [1, 1]);
    assert!(!marketing.contains("%unsubscribe_url%"));
}

#[test]
fn a_mailto_of_the_tools_stays_where_the_sender_wants_it() {
    let field = |value: &str, keep: SenderMailto| {
        let links = Links { mailto: Some("u+x@bounces.example".into()), ..marketing().links.unwrap() };
        let rewriting = Rewriting { sender_mailto: keep, links: Some(links), ..marketing() };
        let copy = copy(&format!("From: a@x.example\nList-Unsubscribe: {value}\n\nHello\n"), &rewriting);
        assert_eq!(count(&copy, "List-Unsubscribe"), 1);
        let field = parsed(copy.as_bytes()).header_raw("List-Unsubscribe").unwrap().replace("\r\n", "");
        field.trim().to_owned()
    };
    let ours = format!("<{UNSUBSCRIBE}>, <mailto:u+x@bounces.example>");
    let both = "<https://x.example/u>,\n <MailTo:leave@x.example?subject=out>";
    assert_eq!(field(both, SenderMailto::Remove), ours);
    assert_eq!(field(both, SenderMailto::Keep), format!("{ours}, <mailto:leave@x.example?subject=out>"));
    for unfit in [
        "<https://x.example/u>",
        "<mailto:leave@x.example",
        "<mailto:nobody>",
        "<mailto:%unsubscribe_email%>",
        "<mailto:a@x.example?body=%unsubscribe_url%>",
        "<mailto:a b@x.example>",
    ] {
        assert_eq!(field(unfit, SenderMailto::Keep), ours, "{unfit}");
    }
}

/// What templates write for a placeholder.
fn written(own: &Placeholder) -> String {
    let end = own.until.as_deref().map(|until| format!("EN{until}")).unwrap_or_default();
    match own.form {
        Form::Attribute => format!("<a {} href=\"https://x.example/\">x</a>", own.text),
        _ => format!("{}{end}", own.text),
    }
}

fn any_placeholder() -> impl Strategy<Value = String> {
    let all: Vec<Placeholder> = shipped_dialects().placeholders.all().to_vec();
    // On marketing a link that confirms is nobody's.
    let all: Vec<String> = all
        .iter()
        .filter(|own| !matches!(own.means, placeholders::Meaning::Confirm | placeholders::Meaning::Data))
        .map(written)
        .collect();
    proptest::sample::select(all)
}

/// As an editor or a tool may write it.
fn dressed() -> impl Strategy<Value = String> {
    let escaped = |text: &str| {
        text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    };
    let percent = |text: &str| -> String {
        let octet = |octet: u8| {
            if octet.is_ascii_alphanumeric() || b"_-.".contains(&octet) {
                char::from(octet).to_string()
            } else {
                format!("%{octet:02X}")
            }
        };
        text.bytes().map(octet).collect()
    };
    (any_placeholder(), 0..3).prop_map(move |(text, how)| match how {
        _ if text.starts_with("<a ") => text,
        0 => text,
        1 => escaped(&text),
        _ => format!("<a href=\"{}\">x</a>", percent(&text)),
    })
}

/// Quoted-printable whose lines break wherever they can.
fn soft_breaks(content: &str) -> String {
    let octets =
        content.chars().map(|letter| if letter == '=' { "=3D".to_owned() } else { letter.to_string() });
    let octets: Vec<String> = octets.collect();
    octets.chunks(7).map(<[String]>::concat).collect::<Vec<_>>().join("=\n")
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn no_placeholder_is_ever_left_in_a_marketing_body(
        pieces in proptest::collection::vec(prop_oneof![dressed(), "[a-z <>&{}%|*\\[\\]\"'=/?]{0,12}"], 0..12),
        markup in any::<bool>(),
        encoding in 0usize..3,
    ) {
        let content = pieces.concat();
        let encoded = match encoding {
            0 => content,
            1 => soft_breaks(&content),
            _ => STANDARD.encode(&content),
        };
        let kind = if markup { "html" } else { "plain" };
        let encodings = ["8bit", "quoted-printable", "base64"];
        let text = format!(
            "From: a@x.example\nX-SMTPAPI: {{}}\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: {}\n\n{encoded}\n",
            encodings[encoding]
        );
        let copy = copy(&text, &marketing());
        let all = shipped_dialects();
        let again = message(&text);
        let search = placeholders::Search::new(&all, &again);
        let reading = if markup { placeholders::Reading::Markup } else { placeholders::Reading::Plain };
        let body = text_of(&copy, 0);
        let left: Vec<String> = search.find(body.as_bytes(), reading).into_iter().filter(|own| !matches!(own.meaning, placeholders::Meaning::Confirm | placeholders::Meaning::Data)).map(|own| body[own.at].to_owned()).collect();
        prop_assert!(left.is_empty(), "{:?} in {}", left, body);
    }
}
