//! What the MIME fields of a part say: mail-parser behind one adapter. RFC 2045, 5 and 6; RFC 2183; RFC 2231.

use std::borrow::Cow;

use mail_parser::parsers::MessageStream;
use mail_parser::{ContentType, HeaderValue};

use crate::mail::message::Field;

/// A longer field is not read, so that no parser can be made to work on it.
const MAX_FIELD: usize = 8 * 1024;

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

/// How a part wants to be shown. RFC 2183, 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        }
    }

    /// What a field says; what can't be read is of no type that we know.
    pub fn read(bytes: &[u8], field: &Field) -> Self {
        if bytes[field.value.clone()].trim_ascii().is_empty() {
            return Self::text();
        }
        let line = line_of(bytes, field);
        let Some(parsed) = line.as_deref().and_then(parse) else { return Self::plain("") };
        let attribute = |name: &str| parsed.attribute(name).map(|value| value.trim().to_owned());
        let flowed = attribute("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"));
        Self {
            essence: match parsed.subtype() {
                Some(subtype) => format!("{}/{subtype}", parsed.ctype()).to_ascii_lowercase(),
                None => parsed.ctype().to_ascii_lowercase(),
            },
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

    pub fn is_text(&self) -> bool {
        self.essence.starts_with("text/")
    }

    pub fn is_plain(&self) -> bool {
        self.essence == "text/plain"
    }

    pub fn is_html(&self) -> bool {
        self.essence == "text/html"
    }

    /// Whether values have to be escaped for HTML: the AMP part is HTML too.
    pub fn is_markup(&self) -> bool {
        matches!(self.essence.as_str(), "text/html" | "text/x-amp-html")
    }

    pub fn is_multipart(&self) -> bool {
        self.essence.starts_with("multipart/")
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

    /// RFC 8551, 3.2.
    pub fn is_pkcs7(&self) -> bool {
        matches!(
            self.essence.as_str(),
            "application/pkcs7-mime" | "application/x-pkcs7-mime" | "application/pgp-encrypted"
        )
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
        self.boundary.as_deref().map(str::as_bytes).filter(|boundary| !boundary.is_empty())
    }

    /// Whether a child of this multipart/related is its root: the one that `start` names, else the first.
    /// RFC 2387, 3.2.
    pub fn is_root(&self, id: Option<&[u8]>, first: bool) -> bool {
        match (&self.start, id) {
            (Some(start), Some(id)) => bare(id) == bare(start.as_bytes()),
            (Some(_), None) => false,
            (None, _) => first,
        }
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
