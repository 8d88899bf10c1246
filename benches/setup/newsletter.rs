//! A newsletter as tools make them: text and HTML, UTF-8 in quoted-printable, layout by tables, and no word of
//! how to unsubscribe, so that the gateway has to add it.

use std::fmt::Write;

use super::DOMAIN;

/// What is larger has text and HTML of this size, and a document attached.
const WITHOUT_ATTACHMENT: usize = 256 * 1024;
/// A line of base64, of its longest. RFC 2045, 6.8.
const BASE64_LINE: &str = "JVBERi0xLjcKJeLjz9MKNSAwIG9iago8PC9MZW5ndGggNiAwIFIvRmlsdGVyIC9GbGF0ZURlY29k\r\n";

const ARTICLE: &str = "Höstens jackor har kommit till butiken. Vi har valt ut åtta modeller i återvunnen ull, \
                       från lätta överskjortor till fodrade rockar för riktigt kalla dagar.";

/// One campaign's message; every copy differs in its identifier and greeting.
#[derive(Clone)]
pub struct Newsletter {
    header: String,
    text: String,
    html: String,
    /// Lines of base64; none without an attachment.
    attachment: String,
}

impl Newsletter {
    /// About this many bytes as submitted.
    pub fn of(size: usize) -> Self {
        let header = format!(
            "From: Demo Shop <news@{DOMAIN}>\r\nSubject: =?UTF-8?Q?H=C3=B6stens_nyheter?=\r\n\
             Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMIME-Version: 1.0\r\nX-Mailer: bench\r\n\
             X-Optgate-Stream: marketing\r\nX-Optgate-Scope: news\r\nX-Optgate-Campaign: autumn\r\n"
        );
        let mut newsletter =
            Self { header, text: String::new(), html: String::new(), attachment: String::new() };
        let (mut text, mut rows) = (String::new(), String::new());
        for article in 1.. {
            let _ =
                write!(text, "{article}. {ARTICLE}\r\nhttps://{DOMAIN}/p/{article}?utm_source=mail\r\n\r\n");
            let _ = write!(
                rows,
                "<tr><td class=\"card\" style=\"padding:12px 24px;font-family:Arial,sans-serif\">\r\n\
                 <a href=\"https://{DOMAIN}/p/{article}?utm_source=mail&amp;utm_campaign=autumn\">\
                 <img src=\"https://img.{DOMAIN}/{article}.jpg\" width=\"560\" alt=\"Jacka {article}\"></a>\r\n\
                 <h2>Nyhet {article}</h2><p>{ARTICLE}</p></td></tr>\r\n"
            );
            newsletter.text = quoted_printable(&text);
            newsletter.html = quoted_printable(&format!(
                "<!DOCTYPE html>\r\n<html lang=\"sv\"><head><meta charset=\"utf-8\"><title>Nyheter</title></head>\r\n\
                 <body style=\"margin:0\">\r\n<table role=\"presentation\" width=\"600\">\r\n{rows}</table>\r\n</body></html>\r\n"
            ));
            if newsletter.size() >= size.min(WITHOUT_ATTACHMENT) {
                break;
            }
        }
        newsletter.attachment =
            BASE64_LINE.repeat(size.saturating_sub(newsletter.size()) / BASE64_LINE.len());
        newsletter
    }

    /// Bytes of a copy.
    pub fn size(&self) -> usize {
        self.copy(0, "anna@example.com").len()
    }

    /// The copy that `index` names, with CRLF line endings and dots stuffed.
    pub fn copy(&self, index: usize, recipient: &str) -> String {
        let Self { header, text, html, attachment } = self;
        let envelope = format!("Message-ID: <{index}@{DOMAIN}>\r\nTo: <{recipient}>\r\n{header}");
        let alternative = format!(
            "Content-Type: multipart/alternative; boundary=\"=_bench\"\r\n\r\n--=_bench\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
             Hej kund {index}!\r\n\r\n{text}--=_bench\r\n\
             Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
             {html}--=_bench--\r\n"
        );
        if attachment.is_empty() {
            return envelope + &alternative;
        }
        format!(
            "{envelope}Content-Type: multipart/mixed; boundary=\"=_all\"\r\n\r\n--=_all\r\n{alternative}--=_all\r\n\
             Content-Type: application/pdf; name=\"catalogue.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment; filename=\"catalogue.pdf\"\r\n\r\n{attachment}--=_all--\r\n"
        )
    }
}

/// RFC 2045, 6.7, with soft breaks at 76. A dot at the start of a line is encoded, so nothing needs stuffing.
fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut width = 0;
        for byte in line.bytes() {
            let plain = matches!(byte, b' '..=b'~') && byte != b'=' && !(byte == b'.' && width == 0);
            let needed = if plain { 1 } else { 3 };
            if width + needed > 75 {
                out.push_str("=\r\n");
                width = 0;
            }
            if plain && !(byte == b'.' && width == 0) {
                out.push(char::from(byte));
                width += 1;
            } else {
                let _ = write!(out, "={byte:02X}");
                width += 3;
            }
        }
        out.push_str("\r\n");
    }
    out
}
