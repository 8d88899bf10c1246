use mail_parser::{MessageParser, MimeHeaders as _};

use super::*;
use crate::language::LANGUAGES;
use crate::policy::file;
use crate::policy::look::{Color, Look};

const PLACE: &str = "{{optgate.confirm_url}}";

fn sender() -> SenderPolicy {
    file::parse(&file::shipped()).unwrap().0.senders.remove("demo-shop").unwrap()
}

fn letter(blocks: Vec<Block>) -> Letter {
    Letter { language: "en", subject: "Please confirm".to_owned(), blocks }
}

fn composed_for(letter: &Letter, sender: &SenderPolicy, to: &str) -> String {
    let from = sender.author().unwrap();
    let envelope = Envelope {
        id: Uuid::from_u128(7),
        sender,
        from: &from,
        to: &to.parse().unwrap(),
        hostname: "gateway.example",
        now: "2026-11-21T12:00:00Z".parse().unwrap(),
    };
    String::from_utf8(compose(letter, &envelope).unwrap()).unwrap()
}

fn composed(letter: &Letter) -> String {
    composed_for(letter, &sender(), "anna@example.se")
}

/// The text part and the HTML part, decoded.
fn parts(message: &str) -> (String, String) {
    let message = MessageParser::default().parse(message.as_bytes()).unwrap();
    assert_eq!(message.content_type().unwrap().subtype(), Some("alternative"));
    let body = |index: usize| String::from_utf8_lossy(message.parts[index].contents()).into_owned();
    (body(1), body(2))
}

fn header(message: &str) -> &str {
    message.split_once("\r\n\r\n").unwrap().0
}

#[test]
fn a_letter_has_the_header_of_automatic_mail_and_nothing_of_a_campaigns() {
    let message = composed(&letter(vec![Block::Text("Hello".to_owned())]));
    let mut names: Vec<&str> = header(&message)
        .lines()
        .filter(|line| !line.starts_with([' ', '\t']))
        .map(|line| line.split_once(':').unwrap().0)
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]
    );
    for line in [
        "Auto-Submitted: auto-generated",
        "From: \"Demo Shop\" <news@shop.example>",
        "To: <anna@example.se>",
        "Message-ID: <00000000-0000-0000-0000-000000000007@gateway.example>",
        "Date: Sat, 21 Nov 2026 12:00:00 +0000",
    ] {
        assert!(header(&message).lines().any(|own| own == line), "{line} in {}", header(&message));
    }
    assert!(!message.replace("\r\n", "").contains(['\r', '\n']), "lines end in CRLF alone");
}

#[test]
fn nothing_that_stands_in_a_header_makes_another_field_of_it() {
    let mut shop = sender();
    let name = "Shop\r\nBcc: all@example.se\r\n\r\n<b>body</b>".to_owned();
    shop.name.clone_from(&name);
    shop.streams.get_mut(&crate::policy::Stream::Confirmation).unwrap().from =
        Some(Author { name: Some(name.clone()), address: "news@shop.example".parse().unwrap() });
    let subject = format!("Confirm: {name}\u{202E}");
    let message = composed_for(
        &Letter { subject, ..letter(vec![Block::Text("Hello".to_owned())]) },
        &shop,
        "anna@example.se",
    );
    assert!(!header(&message).to_lowercase().contains("\r\nbcc"), "{}", header(&message));
    assert!(header(&message).contains("Content-Type: multipart/alternative"), "{}", header(&message));
    let parsed = MessageParser::default().parse(message.as_bytes()).unwrap();
    assert_eq!(parsed.subject(), Some("Confirm: Shop Bcc: all@example.se <b>body</b>"));
    let from = parsed.from().unwrap().first().unwrap();
    assert_eq!(from.address(), Some("news@shop.example"));
    assert_eq!(from.name(), Some("Shop Bcc: all@example.se <b>body</b>"));
    let (text, html) = parts(&message);
    assert!(!html.contains("<b>") && html.contains("&#60;b&#62;body"), "{html}");
    assert!(text.starts_with("Shop Bcc: all@example.se <b>body</b>\r\n\r\nHello\r\n"), "{text}");
}

#[test]
fn letters_beyond_ascii_are_encoded_in_headers_but_for_an_address_that_has_them() {
    let mut shop = sender();
    shop.streams.get_mut(&crate::policy::Stream::Confirmation).unwrap().from = Some(Author {
        name: Some("Bücher 书店".to_owned()),
        address: "news@shop.example".parse().unwrap(),
    });
    let letter = Letter { subject: "请确认：Bücher".to_owned(), ..letter(vec![]) };
    let message = composed_for(&letter, &shop, "anna@example.se");
    assert!(header(&message).is_ascii(), "{}", header(&message));
    let parsed = MessageParser::default().parse(message.as_bytes()).unwrap();
    assert_eq!(parsed.subject(), Some("请确认：Bücher"));
    assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("Bücher 书店"));
    let message = composed_for(&letter, &shop, "åsa@exämple.se");
    assert!(header(&message).contains("\r\nTo: <åsa@xn--exmple-cua.se>\r\n"), "{}", header(&message));
}

#[test]
fn what_others_wrote_is_text_and_holds_no_link_and_no_placeholder() {
    let wrote = format!("<script>x</script> Yes! https://evil.example/x {PLACE}\nand more");
    let button = Block::Button { label: "Confirm <it>".to_owned(), place: Place::Confirm };
    let blocks = vec![Block::Quote(Quote::of(&wrote).unwrap()), button];
    let (text, html) = parts(&composed(&letter(blocks)));
    for part in [&text, &html] {
        assert!(!part.contains("https://evil") && !part.contains("evil.example"), "{part}");
        assert_eq!(part.matches(PLACE).count(), 1, "{part}");
    }
    assert!(!html.contains("<script") && html.contains("Confirm &#60;it&#62;</a>"), "{html}");
    assert!(html.contains(&format!("href=\"{PLACE}\"")), "{html}");
    let quoted: Vec<&str> = text.lines().filter(|line| line.starts_with("> ")).collect();
    assert!(quoted.len() >= 2 && quoted.last() == Some(&"> and more"), "{text}");
    assert!(text.contains(&format!("Confirm <it>:\r\n{PLACE}\r\n")), "{text}");
    assert!(text.ends_with(
        "-- \r\nDemo Shop AB\r\nStorgatan 1, 111 22 Stockholm, Sweden\r\nPrivacy notice: https://shop.example/privacy\r\n"
    ));
}

#[test]
fn lines_of_the_text_are_short_and_a_list_is_one() {
    let long = "word ".repeat(100);
    let items = vec!["Clothing".to_owned(), long.clone()];
    let (text, html) = parts(&composed(&letter(vec![Block::Text(long), Block::List(items)])));
    assert!(text.lines().all(|line| line.chars().count() <= MAX_LINE), "{text}");
    assert!(text.contains("\r\n- Clothing\r\n- word word"), "{text}");
    assert!(html.contains("<li dir=\"auto\">Clothing</li>"), "{html}");
}

#[test]
fn each_language_has_its_words_and_its_direction() {
    for language in LANGUAGES.iter().copied() {
        let letter = Letter { language, ..letter(vec![Block::Text("Hello".to_owned())]) };
        let (text, html) = parts(&composed(&letter));
        let notice = crate::language::text(language, "mail-privacy", &[]);
        assert!(
            text.contains(&format!("{notice}: https://")) && html.contains(&notice),
            "{language}: {text}"
        );
        let direction = if matches!(language, "ar" | "he") { "rtl" } else { "ltr" };
        assert!(html.contains(&format!("<html lang=\"{language}\" dir=\"{direction}\">")), "{html}");
    }
    let spoken_by = |own: &str, told, recorded| {
        let mut shop = sender();
        shop.default_locale = own.to_owned();
        spoken(&shop, told, recorded)
    };
    assert_eq!(spoken_by("sv", Some("fr-CA"), Some("de")), "fr");
    assert_eq!(spoken_by("sv", Some("tlh"), Some("de-AT")), "de");
    assert_eq!((spoken_by("sv", Some("tlh"), Some("tlh")), spoken_by("sv", None, None)), ("sv", "sv"));
    assert_eq!(spoken_by("tlh", Some("tlh"), None), "en");
}

#[test]
fn who_writes_is_said_by_the_file_or_is_nobody_in_particular() {
    let mut shop = sender();
    assert_eq!(shop.author().unwrap().address.to_string(), "news@shop.example");
    shop.streams.get_mut(&crate::policy::Stream::Confirmation).unwrap().from = None;
    let nobody = shop.author().unwrap();
    assert_eq!(nobody.address.to_string(), "no-reply@shop.example");
    assert_eq!(nobody.name.as_deref(), Some("Demo Shop AB"));
    shop.from_domains = vec![crate::policy::sender::DomainPattern::Below("shop.example".to_owned())];
    assert_eq!(shop.author(), None);
}

#[test]
fn a_letter_looks_like_its_senders_pages_and_loads_nothing() {
    let plain = composed(&letter(vec![Block::Button { label: "Yes".to_owned(), place: Place::Confirm }]));
    assert!(parts(&plain).1.contains("background-color:#0b57d0;color:#ffffff"), "as shipped");
    let logo = b"\x89PNG\r\n\x1a\nlogo";
    let data = |kind: &str| Logo(format!("data:{kind};base64,{}", data_encoding::BASE64.encode(logo)).into());
    let dressed = |kind: &str| {
        let mut shop = sender();
        // Too bright for a button that is to be read.
        shop.look = Look { color: Color::parse("#ffcc00"), dark_color: None, logo: Some(data(kind)) };
        let letter = letter(vec![Block::Button { label: "Yes".to_owned(), place: Place::Confirm }]);
        composed_for(&letter, &shop, "anna@example.se")
    };
    let shaded = Color::parse("#ffcc00").unwrap().readable_on(Ground::Light);
    let message = dressed("image/png");
    let parsed = MessageParser::default().parse(message.as_bytes()).unwrap();
    let html = parsed.body_html(0).unwrap().into_owned();
    assert!(html.contains(&format!("background-color:{shaded};color:#ffffff")), "{html}");
    assert!(
        html.contains(".act { background-color: #ffcc00 !important; color: #000000 !important; }"),
        "{html}"
    );
    let picture = parsed.parts.iter().find(|part| part.content_id().is_some()).unwrap();
    assert_eq!(picture.contents(), logo);
    assert!(
        html.contains(&format!("<img src=\"cid:{}\" alt=\"Demo Shop AB\"", picture.content_id().unwrap())),
        "{html}"
    );
    assert!(!html.contains("http") || !html.contains("src=\"http"), "{html}");
    // Hardly a mail client shows the drawings of a browser.
    let message = dressed("image/svg+xml");
    assert!(!message.contains("cid:") && !message.contains("Content-ID"), "{message}");
}
