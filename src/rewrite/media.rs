//! What the MIME fields of a part say: mail-parser behind one adapter. RFC 2045, 5 and 6; RFC 2183; RFC 2231.

use std::borrow::Cow;

use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType, HeaderValue};

use crate::mail::message::Field;

/// A longer field is not read, so that no parser can be made to work on it.
const MAX_FIELD: usize = 8 * 1024;
/// RFC 2046, 5.1.1, allows 70 octets; some tools take more.
const MAX_BOUNDARY: usize = 256;
/// Subtypes of text that programs read.
const DATA: [&str; 11] = [
    "calendar",
    "x-vcalendar",
    "vcard",
    "x-vcard",
    "directory",
    "csv",
    "css",
    "javascript",
    "xml",
    "rfc822-headers",
    "rtf",
];

/// A part's Content-Type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Media {
    /// `text/html`, lower case.
    essence: String,
    charset: Option<String>,
    boundary: Option<String>,
    /// multipart/related: the Content-ID of its root.
    start: Option<String>,
    flowed: Flowed,
    name: Named,
    certainty: Certainty,
}

/// Whether readers agree on what a field says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certainty {
    Certain,
    /// No type and subtype, or a boundary or charset that is given twice and differs.
    Doubtful,
}

/// Whether the lines of a text may be joined again. RFC 3676.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flowed {
    Fixed,
    Flowed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    No,
    Yes,
}

/// How a part wants to be shown, the most visible first. RFC 2183, 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Disposition {
    Inline,
    /// Inline, but a file.
    Named,
    Attached,
}

/// How a content travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    SevenBit,
    /// `8bit` or `binary`.
    EightBit,
    QuotedPrintable,
    Base64,
    /// None that we know, or more than one: hands off.
    Unknown,
}

impl Media {
    /// What a part without a Content-Type is. RFC 2045, 5.2.
    pub fn text() -> Self {
        Self::plain("text/plain")
    }

    /// Of what isn't there.
    pub fn none() -> Self {
        Self::plain("")
    }

    fn message() -> Self {
        Self::plain("message/rfc822")
    }

    fn plain(essence: &str) -> Self {
        Self {
            essence: essence.to_owned(),
            charset: None,
            boundary: None,
            start: None,
            flowed: Flowed::Fixed,
            name: Named::No,
            certainty: Certainty::Certain,
        }
    }

    /// What a field says; what can't be read is of no type that we know.
    pub fn read(bytes: &[u8], field: &Field) -> Self {
        if bytes[field.value.clone()].trim_ascii().is_empty() {
            return Self::text();
        }
        let line = line_of(bytes, field);
        let Some(parsed) = line.as_deref().and_then(parse) else {
            return Self { certainty: Certainty::Doubtful, ..Self::plain("") };
        };
        let attribute = |name: &str| parsed.attribute(name).map(|value| value.trim().to_owned());
        let flowed = attribute("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
        let essence = match parsed.subtype() {
            Some(subtype) => format!("{}/{subtype}", parsed.ctype()).to_ascii_lowercase(),
            // RFC 1049's only one that is still sent.
            None if parsed.ctype().eq_ignore_ascii_case("text") => "text/plain".to_owned(),
            None => String::new(),
        };
        let doubtful = essence.is_empty()
            || differs(&parsed, "boundary", str::eq)
            || differs(&parsed, "charset", str::eq_ignore_ascii_case);
        Self {
            essence,
            certainty: if doubtful { Certainty::Doubtful } else { Certainty::Certain },
            charset: attribute("charset").filter(|charset| !charset.is_empty()),
            boundary: parsed.attribute("boundary").map(|value| value.trim_end().to_owned()),
            start: attribute("start"),
            flowed: if flowed { Flowed::Flowed } else { Flowed::Fixed },
            name: if parsed.has_attribute("name") { Named::Yes } else { Named::No },
        }
    }

    /// What a child without a Content-Type is. RFC 2046, 5.1.5.
    pub fn default_of_children(&self) -> fn() -> Self {
        if self.essence == "multipart/digest" { Self::message } else { Self::text }
    }

    pub fn essence(&self) -> &str {
        &self.essence
    }

    /// Whether all readers understand it alike.
    pub fn is_certain(&self) -> bool {
        self.certainty == Certainty::Certain
    }

    /// A text that people read. What machines read is theirs: an invitation, a card, a style.
    pub fn is_text(&self) -> bool {
        self.essence.strip_prefix("text/").is_some_and(|subtype| !DATA.contains(&subtype))
    }

    pub fn is_plain(&self) -> bool {
        self.essence == "text/plain"
    }

    pub fn is_html(&self) -> bool {
        self.essence == "text/html"
    }

    /// Whether values have to be escaped for HTML: what AMP and watches show is HTML too.
    pub fn is_markup(&self) -> bool {
        matches!(self.essence.as_str(), "text/html" | "text/x-amp-html" | "text/watch-html")
    }

    pub fn is_multipart(&self) -> bool {
        self.essence.starts_with("multipart/")
    }

    pub fn is_alternative(&self) -> bool {
        self.essence == "multipart/alternative"
    }

    pub fn is_related(&self) -> bool {
        self.essence == "multipart/related"
    }

    pub fn is_message(&self) -> bool {
        matches!(self.essence.as_str(), "message/rfc822" | "message/global")
    }

    /// RFC 1847; RFC 3156; RFC 8551.
    pub fn is_sealed_multipart(&self) -> bool {
        matches!(self.essence.as_str(), "multipart/signed" | "multipart/encrypted")
    }

    /// Signed or encrypted: what is in it is not ours. RFC 8551, 3.2; RFC 3156; RFC 1991's type is PGP's oldest.
    pub fn is_sealed(&self) -> bool {
        const FILES: [&str; 4] = [
            "application/pkcs7-mime",
            "application/x-pkcs7-mime",
            "application/pgp-encrypted",
            "application/pgp",
        ];
        self.is_sealed_multipart() || FILES.contains(&self.essence.as_str())
    }

    pub fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    pub fn flowed(&self) -> Flowed {
        self.flowed
    }

    pub fn named(&self) -> bool {
        self.name == Named::Yes
    }

    pub fn boundary(&self) -> Option<&[u8]> {
        let boundary = self.boundary.as_deref().map(str::as_bytes);
        boundary.filter(|boundary| (1..=MAX_BOUNDARY).contains(&boundary.len()))
    }

    /// Whether this multipart/related names the child with this Content-ID as its root. RFC 2387, 3.2.
    pub fn starts_at(&self, id: &[u8]) -> bool {
        self.start.as_ref().is_some_and(|start| bare(id) == bare(start.as_bytes()))
    }
}

impl Disposition {
    /// What a Content-Disposition says; one that can't be read says nothing.
    pub fn read(bytes: &[u8], field: &Field) -> Self {
        let line = line_of(bytes, field);
        match line.as_deref().and_then(parse) {
            Some(parsed) if !parsed.ctype().eq_ignore_ascii_case("inline") => Self::Attached,
            Some(parsed) if parsed.has_attribute("filename") => Self::Named,
            _ => Self::Inline,
        }
    }
}

impl Encoding {
    /// What a Content-Transfer-Encoding says. RFC 2045, 6.1.
    pub fn read(bytes: &[u8], field: &Field) -> Self {
        if bytes[field.value.clone()].trim_ascii().is_empty() {
            return Self::SevenBit;
        }
        let line = line_of(bytes, field);
        let parsed = line.as_deref().and_then(parse);
        let token = parsed
            .filter(|parsed| parsed.subtype().is_none())
            .map(|parsed| parsed.ctype().to_ascii_lowercase());
        match token.as_deref() {
            Some("7bit") => Self::SevenBit,
            Some("8bit" | "binary") => Self::EightBit,
            Some("quoted-printable") => Self::QuotedPrintable,
            Some("base64") => Self::Base64,
            _ => Self::Unknown,
        }
    }
}

/// Whether a parameter is given twice, with values that differ: readers take the first, or the last.
fn differs(parsed: &ContentType<'_>, name: &str, same: fn(&str, &str) -> bool) -> bool {
    let attributes = parsed.attributes().unwrap_or_default();
    let mut values = attributes.iter().filter(|own| own.name == name).map(|own| own.value.trim());
    values.next().is_some_and(|first| values.any(|other| !same(other, first)))
}

fn bare(id: &[u8]) -> &[u8] {
    let id = id.trim_ascii();
    id.strip_prefix(b"<").and_then(|id| id.strip_suffix(b">")).unwrap_or(id)
}

/// What follows the colon; mail-parser wants the line's end to be there.
fn line_of<'a>(bytes: &'a [u8], field: &Field) -> Option<Cow<'a, [u8]>> {
    let line = &bytes[field.value.start..field.whole.end];
    match line {
        _ if line.len() > MAX_FIELD => None,
        _ if line.ends_with(b"\n") => Some(line.into()),
        _ => Some([line, b"\r\n"].concat().into()),
    }
}

fn parse(line: &[u8]) -> Option<ContentType<'_>> {
    match MessageStream::new(line).parse_content_type() {
        HeaderValue::ContentType(parsed) => Some(parsed),
        _ => None,
    }
}
