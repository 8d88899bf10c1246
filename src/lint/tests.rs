use std::sync::LazyLock;

use bytes::Bytes;

use super::merge_field::{Certainty, Reading, find};
use super::*;
use crate::mail::RawMessage;
use crate::policy::file;
use crate::policy::tracking::Trackers;
use crate::rewrite;

/// Our own list; `leaks` in a line are found in a plain text and in a document alike.
const LEAKS: &str = include_str!("../../tests/vectors/lint/leaks.txt");
const CLEAN: &str = include_str!("../../tests/vectors/lint/clean.txt");
/// Leaks, and what only looks like one, written by people who had not read what looks for them.
const HELD_OUT: [[&str; 2]; 2] = [
    [
        include_str!("../../tests/vectors/lint/held-out-leaks.tsv"),
        include_str!("../../tests/vectors/lint/held-out-clean.tsv"),
    ],
    [
        include_str!("../../tests/vectors/lint/second-held-out-leaks.tsv"),
        include_str!("../../tests/vectors/lint/second-held-out-clean.tsv"),
    ],
];

fn message(header: &str, content_type: &str, body: &str) -> RawMessage {
    let text = format!(
        "From: Demo Shop <news@shop.example>\nTo: anna@example.se\nDate: Sun, 22 Nov 2026 10:00:00 +0000\n\
         Message-ID: <1@shop.example>\n{header}MIME-Version: 1.0\nContent-Type: {content_type}; charset=utf-8\n\
         Content-Transfer-Encoding: 8bit\n\n{body}\n"
    );
    RawMessage::index(Bytes::from(text.replace('\n', "\r\n"))).unwrap()
}

fn look(message: &RawMessage, stream: Stream) -> Vec<Finding> {
    let checked = rewrite::check(message).unwrap();
    let opened = checked.open();
    super::look(&opened, stream, &Dialects::default(), &opened.tracked(trackers(), None), &Home::default())
}

/// A provider that hides where its links lead, and one whose pixel is named.
fn trackers() -> &'static Trackers {
    static TRACKERS: LazyLock<Trackers> = LazyLock::new(read_trackers);
    &TRACKERS
}

fn read_trackers() -> Trackers {
    let files = [
        (
            "tracking.toml",
            "[[redirect]]\nhosts = [\"dark.example\"]\n[[pixel]]\nhosts = [\"named.example\"]\n",
        ),
        (
            "senders/x.toml",
            "id = \"x\"\nname = \"X\"\nfrom_domains = [\"x.example\"]\npostal_address = \"S\"\nprivacy_notice = \"https://x.example/\"\n",
        ),
    ];
    let files: Vec<_> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Trackers::clone(&file::parse(&files).unwrap().0.sender("x").unwrap().trackers)
}

#[test]
fn what_can_not_be_taken_out_and_what_nobody_named_is_told() {
    let pixel = |host: &str| format!("<img alt='' src='https://{host}/o?u=1' width=1 height=1>");
    html(
        "<p>Hello, here is some news that is long enough to be a text beside a picture, and then some words more than that, so that nobody takes it for a mail of pictures alone.</p>\
          <a href='https://dark.example/c?u=1'>Read</a>",
        &["opaque_tracked_link"],
    );
    let words = "<p>Hello, here is some news that is long enough to be a text beside a picture, and then some words more than that, so that nobody takes it for a mail of pictures alone.</p>";
    html(&format!("{words}{}", pixel("named.example")), &[]);
    html(&format!("{words}{}", pixel("new.example")), &["unknown_pixel_host"]);
    let signed = format!(
        "--s\nContent-Type: text/html; charset=utf-8\n\n{}\n--s\nContent-Type: application/pkcs7-signature\n\nMII=\n--s--",
        pixel("named.example")
    );
    let message = message("Subject: Autumn news\n", "multipart/signed; boundary=s", &signed);
    assert!(names(&message).contains(&"sealed_tracker"), "{:?}", names(&message));
}

fn names(message: &RawMessage) -> Vec<&'static str> {
    let mut names: Vec<_> = look(message, Stream::Marketing).iter().map(|own| own.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[track_caller]
fn check(header: &str, content_type: &str, body: &str, expected: &[&str]) {
    assert_eq!(names(&message(header, content_type, body)), expected, "{header}{body}");
}

fn text(body: &str, expected: &[&str]) {
    check("Subject: Autumn news\n", "text/plain", body, expected);
}

fn html(body: &str, expected: &[&str]) {
    let mut expected = [&["no_text_alternative"], expected].concat();
    expected.sort_unstable();
    check("Subject: Autumn news\n", "text/html", body, &expected);
}

fn lines(of: &str) -> impl Iterator<Item = String> {
    let lines = of.lines().filter(|line| !line.is_empty() && !line.starts_with("// "));
    lines.map(|line| line.replace("\\n", "\n"))
}

#[test]
fn unfilled_merge_fields_of_all_dialects_are_found() {
    let missed: Vec<String> = lines(LEAKS)
        .filter(|line| {
            !names(&message("Subject: Autumn news\n", "text/plain", line)).contains(&"merge_field_leak")
        })
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

/// Of a held-out list those lines in which a leak is found, and those in which none is, and how many there are.
fn held_out(list: &str) -> (Vec<String>, Vec<String>) {
    lines(list).partition(|line| {
        let (place, content) = line.split_once('\t').unwrap();
        let message = match place {
            "subject" => message(&format!("Subject: {content}\n"), "text/plain", "News"),
            "text" => message("Subject: Autumn news\n", "text/plain", content),
            "html" => message(
                "Subject: Autumn news\n",
                "text/html",
                &format!("<html><body>{content}</body></html>"),
            ),
            other => panic!("no place {other}"),
        };
        let found = names(&message);
        ["merge_field_leak", "empty_salutation"].iter().any(|name| found.contains(name))
    })
}

#[test]
fn of_lists_that_nobody_tuned_it_to_nine_in_ten_are_found_with_few_false_alarms() {
    for [leaks, clean] in HELD_OUT {
        let ((found, missed), (alarms, quiet)) = (held_out(leaks), held_out(clean));
        let (leaks, clean) = (found.len() + missed.len(), alarms.len() + quiet.len());
        let told = format!(
            "{} of {leaks} missed: {missed:#?}\n{} of {clean} false: {alarms:#?}",
            missed.len(),
            alarms.len()
        );
        // Seen with `--nocapture`: what is still missed.
        println!("{told}");
        assert!(leaks >= 120 && clean >= 100, "{told}");
        assert!(found.len() * 10 >= leaks * 9 && alarms.len() * 100 <= clean * 2, "{told}");
    }
}

#[test]
fn they_are_found_in_a_document_as_in_a_text() {
    let escaped = |line: &str| line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let missed: Vec<String> = lines(LEAKS)
        .filter(|line| {
            let body = format!("<html><body><p>{}</p></body></html>", escaped(line));
            !names(&message("Subject: Autumn news\n", "text/html", &body)).contains(&"merge_field_leak")
        })
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn they_are_found_in_a_subject() {
    let all: Vec<String> = lines(LEAKS).collect();
    let missed: Vec<&String> = all
        .iter()
        .filter(|line| {
            !names(&message(&format!("Subject: {line}\n"), "text/plain", "News"))
                .contains(&"merge_field_leak")
        })
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn tags_of_lists_code_and_prose_are_no_merge_fields() {
    let alarms: Vec<(String, Vec<&str>)> = lines(CLEAN)
        .map(|line| {
            let subject = if line.starts_with('[') { line.as_str() } else { "News" };
            let found = names(&message(&format!("Subject: {subject}\n"), "text/plain", &line));
            (line, found)
        })
        .filter(|(_, found)| ["merge_field_leak", "empty_salutation"].iter().any(|name| found.contains(name)))
        .collect();
    assert!(alarms.is_empty(), "{alarms:#?}");
}

#[test]
fn an_encoded_subject_and_the_name_in_from_are_read() {
    check("Subject: =?utf-8?B?SGVqIFtGw5ZSTkFNTl0h?=\n", "text/plain", "News", &["merge_field_leak"]);
    let other = message("Subject: News\n", "text/plain", "News");
    let other = String::from_utf8(other.bytes().to_vec()).unwrap().replace("Demo Shop", "{{ store_name }}");
    assert_eq!(names(&RawMessage::index(other.into()).unwrap()), ["merge_field_leak"]);
}

#[test]
fn attributes_addresses_and_the_preview_line_are_read() {
    html("<div style='display:none'>Hej {{first_name}}</div><p>News</p>", &["merge_field_leak"][..]);
    for body in [
        "<p title='For *|FNAME|*'>News</p>",
        "<p>News</p><a href='https://shop.example/?e=%7B%7Bemail%7D%7D'>Read</a>",
        "<p>News</p><a href='https://shop.example/?e=*%7CEMAIL%7C*'>Read</a>",
        "<p>News</p><a href='https://shop.example/?n=%FIRSTNAME%'>Read</a>",
        "<p>News</p><a href='[[unsub_link]]'>Leave</a>",
        "<p>Hej <b>{{</b><b>first_name}}</b></p>",
        "<p>Hej &#123;&#123;first_name&#125;&#125;</p>",
        "<p>Hej <firstname>, news</p>",
        "<p>Hej <span class=eloquaemail>C_FirstName</span></p>",
    ] {
        assert!(
            names(&message("Subject: News\n", "text/html", body)).contains(&"merge_field_leak"),
            "{body}"
        );
    }
}

#[test]
fn what_is_ours_to_fill_is_no_leak() {
    text("News\n{{optgate.unsubscribe_url}} {{ optgate.postal_address }}\n", &[]);
    let link = "<p>News</p><a href=\"http://{{optgate.unsubscribe_url}}\">Leave</a>";
    html(link, &[]);
    // On marketing it would stay as it was written.
    text("News {{optgate.confirm_url}}", &["merge_field_leak"]);
}

#[test]
fn scripts_styles_comments_and_shown_code_are_no_text() {
    html("<style>a{color:red} {name}</style><!-- {{x}} --><p>News</p><pre>{{first_name}}</pre>", &[]);
}

#[test]
fn a_salutation_without_its_name_is_told() {
    for body in [
        "Hej ,\nnews",
        "Dear ,",
        "Hello !",
        "Guten Tag  ,",
        "Bonjour ,",
        "Beste ,",
        "Kära  , välkommen",
        "様\nnews",
    ] {
        text(body, &["empty_salutation"]);
    }
    check("Subject: , your order\n", "text/plain", "News", &["empty_salutation"]);
    check("Subject: Hej , nu är det rea\n", "text/plain", "News", &["empty_salutation"]);
    for body in [
        "Hej Anna,",
        "Hello!",
        "Bonjour !",
        "Dear all,",
        "Hi there,",
        "Hej hej!",
        "Thanks ,\nBob",
        "Dear Sir,",
    ] {
        text(body, &[]);
    }
}

#[test]
fn a_header_is_told_of_by_field_and_line() {
    check("", "text/plain", "x", &["subject_missing"]);
    check("Subject: Re: our offer\n", "text/plain", "x", &["subject_false_reply"]);
    check("Subject: Re: our offer\nIn-Reply-To: <a@b>\n", "text/plain", "x", &[]);
    check("Subject: Regarding: our offer\n", "text/plain", "x", &[]);
    check("Subject: a\nSubject: b\n", "text/plain", "x", &["header_repeated"]);
    check("Subject: a\nDate: yesterday\n", "text/plain", "x", &["header_repeated"]);
    check(
        "Subject: a\nList-Unsubscribe: <mailto:x@shop.example>\n",
        "text/plain",
        "x",
        &["list_unsubscribe_not_https"],
    );
    check("Subject: a\nList-Unsubscribe: <https://shop.example/u>\n", "text/plain", "x", &[]);
    let header = "Subject: Hi *|FNAME|*\n";
    let finding = look(&message(header, "text/plain", "x"), Stream::Marketing).remove(0);
    assert_eq!((finding.place.as_str(), finding.line, finding.excerpt.as_str()), ("subject", 5, "*|FNAME|*"));
}

#[test]
fn malformed_fields_and_misleading_names_are_told() {
    let base = message("Subject: a\n", "text/plain", "x");
    let changed = |from: &str, to: &str| {
        let text = String::from_utf8(base.bytes().to_vec()).unwrap().replace(from, to);
        names(&RawMessage::index(text.into()).unwrap())
    };
    assert_eq!(changed("<1@shop.example>", "1@shop.example"), ["header_malformed"]);
    assert_eq!(changed("Sun, 22 Nov 2026 10:00:00 +0000", "today"), ["header_malformed"]);
    assert_eq!(changed("Demo Shop", "\"service@bank.example\""), ["from_name_misleads"]);
    assert_eq!(changed("Demo Shop", "\"news@shop.example\""), [""; 0]);
}

#[test]
fn links_are_told_of_by_where_they_lead() {
    for (link, expected) in [
        ("<a href='http://shop.example/'>Read</a>", "link_not_https"),
        ("<a href='https://192.0.2.7/x'>Read</a>", "link_to_ip"),
        ("<a href='https://bit.ly/x'>Read</a>", "link_shortened"),
        ("<a href='https://click.other.example/'>https://www.shop.example/</a>", "link_text_misleads"),
        ("<a href='www.shop.example'>Read</a>", "link_broken"),
        ("<a href='#'>Read</a>", "link_broken"),
        ("<a href=''>Read</a>", "link_broken"),
        ("<a href='javascript:alert(1)'>Read</a>", "script_in_mail"),
    ] {
        let all = names(&message("Subject: a\n", "text/html", &format!("<p>News of the day</p>{link}")));
        assert!(all.contains(&expected), "{link}: {all:?}");
    }
    html(
        "<p>News</p><a href='https://www.shop.example/a'>shop.example</a> <a href='mailto:a@shop.example'>a@shop.example</a>\
         <a href='#top'>Up</a><a href='tel:+4612345'>Call</a>",
        &[],
    );
    text("News: https://shop.example/", &[]);
    text("News: http://shop.example/", &["link_not_https"]);
}

#[test]
fn what_providers_clip_block_or_distrust_is_told() {
    html("<p>News</p><script src='https://x.example/x.js'></script>", &["script_in_mail"]);
    html("<p>News</p><form action='https://shop.example'><input></form>", &["form_in_mail"][..]);
    let picture = "<img src='https://shop.example/a.png' alt='x'>";
    assert!(names(&message("Subject: a\n", "text/html", picture)).contains(&"image_only"));
    let hidden = format!("<p>News</p><div style='display:none'>{}</div>", "words ".repeat(200));
    assert!(names(&message("Subject: a\n", "text/html", &hidden)).contains(&"hidden_text"));
    let long = "<p>A line of news that is read by everybody.</p>\r\n".repeat(2_200);
    assert!(names(&message("Subject: a\n", "text/html", &long)).contains(&"html_clipped"));
    let short = "<p>A line of news that is read by everybody.</p>\r\n".repeat(2_000);
    assert!(!names(&message("Subject: a\n", "text/html", &short)).contains(&"html_clipped"));
    let parts =
        "--b\n\nNews\n--b\nContent-Type: application/octet-stream; name=\"offer.pdf.exe\"\n\nx\n--b--\n";
    let mixed = message("Subject: a\n", "multipart/mixed; boundary=b", parts);
    assert_eq!(names(&mixed), ["attachment_blocked"]);
    let harmless = message("Subject: a\n", "multipart/mixed; boundary=b", &parts.replace(".pdf.exe", ".pdf"));
    assert_eq!(names(&harmless), [""; 0]);
}

#[test]
fn what_can_take_no_footer_is_told_of_marketing_alone() {
    let calendar = message("Subject: a\n", "application/pdf", "x");
    assert_eq!(names(&calendar), ["footer_impossible"]);
    assert!(look(&calendar, Stream::Functional).is_empty());
}

#[test]
fn attachments_and_nested_messages_are_not_read() {
    let parts = "--b\n\nNews\n--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nHej {{name}}\n\
                 --b\nContent-Type: message/rfc822\n\nSubject: Hej {{name}}\n\nHej {{name}}\n--b--\n";
    assert_eq!(names(&message("Subject: a\n", "multipart/mixed; boundary=b", parts)), [""; 0]);
}

#[test]
fn facts_keep_the_first_of_each_name_and_no_address() {
    let message = message("Subject: Hi {{ a@example.se }}\n", "text/plain", "Hi {{name}}, {{name}}");
    let checked = rewrite::check(&message).unwrap();
    let opened = checked.open();
    let found = found(
        &opened,
        Stream::Marketing,
        &Dialects::default(),
        &opened.tracked(trackers(), None),
        &Home::default(),
    );
    assert_eq!(found.len(), 1);
    let detail = found[0].detail.as_deref().unwrap();
    assert!(!detail.contains("a@example.se"), "{detail}");
}

#[test]
fn places_are_those_of_the_source() {
    let message = message("Subject: a\n", "text/html", "<p>one</p>\n<p>two {{name}}</p>");
    let found = look(&message, Stream::Marketing);
    let leak = found.iter().find(|own| own.name == FindingName::MergeFieldLeak).unwrap();
    assert_eq!((leak.place.as_str(), leak.line, leak.column), ("html part 1", 2, 8));
}

#[test]
fn hostile_text_costs_no_more_than_its_length() {
    for unit in [
        "{{", "*|", "[", "%%", "<%", "Hi {", "Dear ", "&lt;", "\u{ab}", "{name", "href=", "://", "NaN",
        "<a href=", "@@ ", "-x",
    ] {
        let long = unit.repeat(200_000 / unit.len());
        let _ = find(&long, Reading::Plain);
        let lines = format!("{}\n", unit.repeat(5_000)).repeat(10);
        let _ = look(&message("Subject: a\n", "text/html", &lines), Stream::Marketing);
        let _ = look(&message("Subject: a\n", "text/plain", &lines), Stream::Marketing);
    }
}

#[test]
fn words_in_brackets_for_the_author_are_only_possible() {
    for words in ["[Product Name]", "[Sender_Address]", "[type_of_action]", "[Company Name, LLC]"] {
        let text = format!("Thank you for using {words}.");
        let found = find(&text, Reading::Plain);
        assert!(
            found.iter().all(|leak| leak.certainty == Certainty::Possible) && found.len() == 1,
            "{words}: {found:?}"
        );
    }
}

#[test]
fn what_is_quoted_holds_no_control_character() {
    let text = message("Subject: a\n", "text/plain", "Hi {{first\u{1b}[31m name\u{7f}}}");
    let finding =
        look(&text, Stream::Marketing).into_iter().find(|own| own.name == FindingName::MergeFieldLeak);
    let excerpt = finding.unwrap().excerpt;
    assert!(excerpt.contains("first") && !excerpt.contains(char::is_control), "{excerpt:?}");
}

/// What is found of a gateway's own in a message of this type and body.
fn of_home(stream: Stream, content_type: &str, body: &str) -> Vec<&'static str> {
    let home = Home {
        public_url: Some("https://mail.test".to_owned()),
        signed: Some(vec!["shop.example".to_owned()]),
    };
    let message = message("Subject: Autumn news\n", content_type, body);
    let checked = rewrite::check(&message).unwrap();
    let opened = checked.open();
    let tracked = opened.tracked(trackers(), None);
    let dialects = file::parse(&file::shipped()).unwrap().0.dialects;
    let found = super::look(&opened, stream, &dialects, &tracked, &home);
    let own = ["personal_link", "from_unsigned", "amp_without_link"];
    found.iter().map(|own| own.name.as_str()).filter(|name| own.contains(name)).collect()
}

#[test]
fn a_received_mail_that_is_made_a_template_still_holds_its_readers_links() {
    let received = "Hello\n\nhttps://mail.test/u/AQFm9bU0xxxxxxxxxxxx\n";
    assert_eq!(of_home(Stream::Marketing, "text/plain", received), ["personal_link"]);
    assert_eq!(of_home(Stream::Confirmation, "text/plain", received), ["personal_link"]);
    assert!(
        of_home(Stream::Functional, "text/plain", received).is_empty(),
        "an answer quotes what it answers"
    );
    let link = "<p>Hello</p><a href=\"https://mail.test/p/AQFm9bU0xxxxxxxxxxxx\">choose</a>";
    assert_eq!(of_home(Stream::Marketing, "text/html", link), ["personal_link"]);
    let own = "Hello\n\n{{optgate.unsubscribe_url}}\nhttps://mail.test/\n";
    assert!(of_home(Stream::Marketing, "text/plain", own).is_empty());
}

#[test]
fn an_author_whose_mail_nobody_signs_is_told_of_before_the_campaign() {
    let home = Home { signed: Some(vec!["club.example".to_owned()]), ..Home::default() };
    let message = message("Subject: Autumn news\n", "text/plain", "Hello, some news");
    let checked = rewrite::check(&message).unwrap();
    let opened = checked.open();
    let tracked = opened.tracked(trackers(), None);
    let names = |stream| -> Vec<_> {
        let found = super::look(&opened, stream, &Dialects::default(), &tracked, &home);
        found.into_iter().map(|own| (own.name.as_str(), own.excerpt)).collect()
    };
    assert!(names(Stream::Marketing).contains(&("from_unsigned", "shop.example".to_owned())));
    assert!(names(Stream::Functional).is_empty());
}

#[test]
fn who_reads_the_amp_part_must_find_a_way_out_there() {
    let parts = |amp: &str| {
        format!(
            "--b\nContent-Type: text/plain\n\nHello, some news\n--b\nContent-Type: text/x-amp-html\n\n<html amp4email>{amp}</html>\n--b\n\
             Content-Type: text/html\n\n<p>Hello, some news</p>\n--b--"
        )
    };
    let of = |amp: &str| of_home(Stream::Marketing, "multipart/alternative; boundary=b", &parts(amp));
    assert_eq!(of("<p>Hello</p>"), ["amp_without_link"]);
    assert!(of("<a href=\"{{optgate.unsubscribe_url}}\">no more</a>").is_empty());
}
