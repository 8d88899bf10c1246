//! What language the content says it is in.

use crate::mail::RawMessage;
use crate::rewrite::check;

const HEBREW: &str = "קוראים יקרים, הכול זול יותר עד יום ראשון.";
const ARABIC: &str = "عزيزي القارئ، كل شيء أرخص بعشرين بالمئة حتى يوم الأحد. أهلاً وسهلاً بكم في متجرنا الجديد.";
const UKRAINIAN: &str =
    "Шановні читачі, до неділі все дешевше на двадцять відсотків: їжа, взуття, одяг для всієї родини.";
const RUSSIAN: &str =
    "Уважаемые подписчики, до воскресенья всё дешевле на двадцать процентов: обувь и одежда для всей семьи.";
const BULGARIAN: &str = "Скъпи приятели, тази седмица обувките са наполовина по-евтини.";
const DUTCH: &str =
    "Beste leden, alles is goedkoper tot en met zaterdag, vanaf vandaag is alles te koop met korting.";
const DUTCH_TOO: &str =
    "Beste buren, tot en met zaterdag is alles in het tuincentrum goedkoper, van planten tot aarde.";
const TURKISH: &str =
    "Sevgili okurlar, pazar gününe kadar mağazamızdaki bütün ürünler daha ucuz, sizi de bekliyoruz.";
const CHINESE: &str = "尊敬的读者，周日之前全场八折，欢迎选购。秋季新品已经到店，期待您的光临。";
const JAPANESE: &str = "読者の皆様、日曜日まで全品二割引です。新作が店に届きました。表示価格から二割引です。";
const SWEDISH: &str = "Kära läsare, allt är billigare till söndag. Välkommen in i butiken och prova höstens tröjor, kängor \
                       och mössor, så bjuder vi på en kopp kaffe och något gott till.";
const GERMAN: &str = "Liebe Leserinnen und Leser, bis Sonntag ist alles zwanzig Prozent günstiger. Kommen Sie vorbei und \
                      sehen Sie sich die neuen Pullover, Stiefel und Mützen an.";
const SHORT: &str = "Höstrea: tröjor, kängor, mössor!";

fn language(message: &str) -> Option<&'static str> {
    let bytes = message.replace('\n', "\r\n").into_bytes();
    let message = RawMessage::index(bytes.into()).unwrap();
    check(&message).unwrap().open().language()
}

fn plain(fields: &str, text: &str) -> Option<&'static str> {
    language(&format!("From: a@b.example\n{fields}Content-Type: text/plain; charset=utf-8\n\n{text}\n"))
}

fn html(attribute: &str, text: &str) -> Option<&'static str> {
    let style = "p { color: red; font-family: serif }";
    language(&format!(
        "From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n<!DOCTYPE html>\n<html {attribute}><head><style>{style}\
         </style><title>Sale</title></head><body><p>{text}</p></body></html>\n"
    ))
}

#[test]
fn a_message_is_in_the_language_that_it_says() {
    for (text, expected) in [
        (HEBREW, Some("he")),
        (ARABIC, Some("ar")),
        (UKRAINIAN, Some("uk")),
        (CHINESE, Some("zh")),
        (SWEDISH, Some("sv")),
        (GERMAN, Some("de")),
        (DUTCH, Some("nl")),
        (DUTCH_TOO, Some("nl")),
        // Not ours, and no reader of these scripts has to read another.
        (RUSSIAN, Some("und-Cyrl")),
        (BULGARIAN, Some("und-Cyrl")),
        (JAPANESE, Some("und-Jpan")),
        (TURKISH, None),
        (SHORT, None),
        ("", None),
    ] {
        assert_eq!(plain("", text), expected, "{text}");
        assert_eq!(html("", text), expected, "{text}");
    }
}

#[test]
fn what_a_template_declares_never_beats_what_the_message_says() {
    assert_eq!(html("lang=\"en\"", SWEDISH), Some("sv"));
    assert_eq!(plain("Content-Language: en-US\n", GERMAN), Some("de"));
    assert_eq!(html("lang=\"ar\"", JAPANESE), Some("und-Jpan"));
}

#[test]
fn a_short_text_is_in_the_language_that_it_declares_if_that_can_be() {
    assert_eq!(plain("Content-Language: sv-SE\n", SHORT), Some("sv"));
    assert_eq!(html("dir=ltr LANG='sv'", SHORT), Some("sv"));
    assert_eq!(html("lang=he", SHORT), None, "in another script");
    assert_eq!(html("lang=en", SHORT), None, "templates are in English before anybody writes in them");
    assert_eq!(plain("Content-Language: sv, de\n", SHORT), None, "of two nobody knows which");
}

#[test]
fn the_html_is_asked_before_a_plain_text_that_only_tells_of_it() {
    let message = format!(
        "From: a@b.example\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain\n\nYou can see \
         this newsletter in your browser, where all of its pictures are shown to you: https://shop.example/\n--x\nContent-Type: \
         text/html; charset=utf-8\n\n<p>{HEBREW}</p>\n--x--\n"
    );
    assert_eq!(language(&message), Some("he"));
}

fn both(html: &str, text: &str) -> Option<&'static str> {
    language(&format!(
        "From: a@b.example\nContent-Type: multipart/alternative; boundary=x\n\n--x\nContent-Type: text/plain; charset=utf-8\n\n\
         {text}\n--x\nContent-Type: text/html; charset=utf-8\n\n<p>{html}</p>\n--x--\n"
    ))
}

#[test]
fn the_plain_text_says_in_full_what_the_html_says_in_short() {
    let short = "Everything in our shop costs less until Saturday.";
    let long = "Everything in our shop costs less until Saturday. Come and see the new boots and jumpers.";
    assert_eq!(html("", short), None);
    assert_eq!(both(short, long), Some("en"));
    assert_eq!(both("Höstrea på tröjor, kängor och mössor!", long), None, "it only tells where to see it");
}

#[test]
fn words_of_a_template_or_a_brand_do_not_hide_the_script_of_the_message() {
    let text =
        format!("Nordic Outdoor Company. New arrivals. {HEBREW} View in browser. Facebook, Instagram.");
    assert_eq!(html("", &text), Some("he"));
    assert_eq!(plain("", &text), Some("he"));
    let quoted = format!("{GERMAN} {} „שלום חברים“", GERMAN.to_lowercase());
    assert_eq!(plain("", &quoted), Some("de"), "a few words of another script");
}

#[test]
fn words_that_no_blank_parts_are_read_too() {
    let sale = "尊敬的读者，周日之前全场8折，欢迎选购。秋季新品已经到店，满300元减50元。";
    assert_eq!(plain("", sale), Some("zh"));
    assert_eq!(html("", &sale.replace('，', "</p><p>")), Some("zh"));
    let long = "秋季新品已经到店欢迎选购".repeat(200);
    assert_eq!(plain("", &long), Some("zh"));
    assert_eq!(
        plain("Content-Language: zh\n", "全场8折"),
        Some("zh"),
        "few letters of the script that is declared"
    );
    assert_eq!(plain("", "全场8折"), None);
}

#[test]
fn a_sentence_of_signs_that_are_words_is_enough() {
    let sentence = "尊敬的读者，周日之前全场八折，欢迎选购。";
    let template = "View this e-mail in your browser, Nordic Outdoor Company";
    assert_eq!(plain("", &format!("{sentence}\n{template}\nhttps://shop.example/zh?c=1")), Some("zh"));
    assert_eq!(html("lang=en", &format!("{sentence}</p><p>{template}")), Some("zh"));
    assert_eq!(plain("", &format!("読者の皆様、日曜日まで全品二割引です。\n{template}")), Some("und-Jpan"));
}

#[test]
fn what_stands_around_the_content_declares_its_language_too() {
    for tags in
        ["<body lang=sv>", "<div role=article lang='sv'>", "<html><body><table lang=\"SV-se\"><tr><td>"]
    {
        assert_eq!(
            language(&format!(
                "From: a@b.example\nContent-Type: text/html; charset=utf-8\n\n{tags}{SHORT}\n"
            )),
            Some("sv"),
            "{tags}"
        );
    }
    assert_eq!(html("", &format!("<span lang=sv>Hygge</span> {SHORT}")), None, "a word of another language");
    assert_eq!(html("lang=de", &format!("<div lang=sv>{SHORT}</div>")), Some("de"), "the document's own");
}

#[test]
fn addresses_and_merge_fields_are_no_words() {
    let text = format!(
        "*|FNAME|* https://shop.example/the-best-offers-of-this-week {{{{the.unsubscribe_url}}}}\n{HEBREW}"
    );
    assert_eq!(plain("", &text), Some("he"));
}
