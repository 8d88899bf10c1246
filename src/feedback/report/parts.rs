//! The parts of a mail that anybody may have sent, however broken. RFC 2046.
//!
//! Reports come with boundaries that are missing, doubled or cut, so that the strict reader of what we send is of no
//! use here; and a general reader of broken mail looks for a boundary to the end once for each that is announced.
//! This one goes through the lines once; mail-parser reads headers, and decodes what a part holds.

use std::borrow::Cow;

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::html::html_to_text;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{ContentType, Message, MessageParser, MimeHeaders as _};

use crate::mail::effort::looked_at;
use crate::mail::message::{line_end, without_crlf};

/// What comes after more parts than this is not read.
const MOST_PARTS: usize = 100;
/// A multipart within as many is one text.
const MOST_LEVELS: usize = 10;
/// Octets of a header that are read.
const MOST_HEADER: usize = 64 << 10;
/// Octets of a part that are read.
const MOST_READ: usize = 256 << 10;
/// Octets of an enclosed mail that are looked into.
const MOST_ENCLOSED: usize = 1 << 20;

/// A mail that came back.
pub struct Mail<'a> {
    /// Its own header, without what follows it.
    pub header: Message<'a>,
    /// What holds no others, in the order in which they stand.
    pub parts: Vec<Part<'a>>,
}

/// One part.
pub struct Part<'a> {
    header: Option<Message<'a>>,
    /// `type/subtype` in lower case.
    pub kind: String,
    body: &'a [u8],
}

impl<'a> Mail<'a> {
    /// `None` of what has no header.
    pub fn read(content: &'a [u8]) -> Option<Self> {
        let header = MessageParser::default().parse_headers(header_of(content))?;
        Some(Self { header, parts: Part::read(content).opened() })
    }

    /// The first part of a kind.
    pub fn part(&self, wanted: &[&str]) -> Option<&Part<'a>> {
        self.parts.iter().find(|part| wanted.contains(&part.kind.as_str()))
    }
}

impl<'a> Part<'a> {
    fn read(whole: &'a [u8]) -> Self {
        let (header, body) = split(whole);
        let header = MessageParser::default().parse_headers(&header[..header.len().min(MOST_HEADER)]);
        let mut part = Part { header, kind: String::new(), body };
        part.kind = match part.content_type() {
            Some(own) => format!("{}/{}", own.ctype(), own.subtype().unwrap_or_default()),
            None => "text/plain".to_owned(),
        };
        part.kind.make_ascii_lowercase();
        part
    }

    /// Whether it is an enclosed mail. RFC 2046, 5.2.1; RFC 6532, 3.7.
    pub fn is_mail(&self) -> bool {
        matches!(self.kind.as_str(), "message/rfc822" | "message/global")
    }

    /// An enclosed mail as it was; `None` of anything else.
    pub fn enclosed(&self) -> Option<Cow<'a, [u8]>> {
        self.is_mail().then(|| self.decoded(&self.body[..self.body.len().min(MOST_ENCLOSED)]))
    }

    /// Its text, HTML as its words; `None` of an enclosed mail.
    pub fn text(&self) -> Option<String> {
        if self.is_mail() {
            return None;
        }
        let octets = self.decoded(&self.body[..self.body.len().min(MOST_READ)]);
        let charset = self.content_type().and_then(|own| own.attribute("charset"));
        let text = match charset.and_then(|own| charset_decoder(own.as_bytes())) {
            Some(decoder) => decoder(&octets),
            None => String::from_utf8_lossy(&octets).into_owned(),
        };
        Some(if self.kind == "text/html" { html_to_text(&text) } else { text })
    }

    fn content_type(&self) -> Option<&ContentType<'_>> {
        self.header.as_ref()?.parts.first()?.content_type()
    }

    /// RFC 2045, 6. What can't be decoded stays as it is.
    fn decoded(&self, octets: &'a [u8]) -> Cow<'a, [u8]> {
        let encoding = self.header.as_ref().and_then(|own| own.parts.first()?.content_transfer_encoding());
        let decoded = match encoding.unwrap_or_default() {
            own if own.eq_ignore_ascii_case("base64") => base64_decode(octets),
            own if own.eq_ignore_ascii_case("quoted-printable") => quoted_printable_decode(octets),
            _ => None,
        };
        decoded.map_or(Cow::Borrowed(octets), Cow::Owned)
    }

    fn boundary(&self) -> Option<Vec<u8>> {
        let own = self.content_type().filter(|_| self.kind.starts_with("multipart/"))?;
        let own = own.attribute("boundary")?.trim_end().as_bytes();
        (!own.is_empty()).then(|| own.to_vec())
    }

    /// What it is made of, or itself: a multipart whose boundary never comes is a text, to people as well.
    fn opened(self) -> Vec<Self> {
        let Some(boundary) = self.boundary() else { return vec![self] };
        let mut open = vec![boundary];
        let mut parts = Vec::new();
        // Where the part began that the next boundary ends, if there is one, and whether it has one of its own.
        let mut begun: Option<(usize, bool)> = None;
        let mut at = 0;
        while at < self.body.len() && parts.len() < MOST_PARTS {
            let end = line_end(self.body, at);
            if let Some((level, last)) = delimiter(&self.body[at..end], &open) {
                // Of what stands before a multipart's first boundary nothing is read, unless that never comes.
                let ended = begun.filter(|(_, multipart)| !multipart || level + 1 < open.len());
                parts.extend(
                    ended.map(|(begun, _)| {
                        Part::read(&self.body[begun..without_crlf(self.body, at).max(begun)])
                    }),
                );
                open.truncate(if last { level } else { level + 1 });
                begun = None;
                if !last {
                    let (header, _) = split(&self.body[end..]);
                    let own = Part::read(header).boundary().filter(|_| open.len() < MOST_LEVELS);
                    begun = Some((end, own.is_some()));
                    open.extend(own);
                    at = end + header.len();
                    continue;
                }
            }
            at = end;
        }
        parts.extend(begun.map(|(begun, _)| Part::read(&self.body[begun..])));
        if parts.is_empty() { vec![self] } else { parts }
    }
}

/// The innermost boundary that a line is, and whether it is the last. RFC 2046, 5.1.1.
fn delimiter(line: &[u8], open: &[Vec<u8>]) -> Option<(usize, bool)> {
    looked_at(line.len());
    let said = line.strip_prefix(b"--")?.trim_ascii_end();
    let level = |said: &[u8]| {
        looked_at(open.len() * said.len());
        open.iter().rposition(|own| own == said)
    };
    let last = || said.strip_suffix(b"--").and_then(level).map(|level| (level, true));
    level(said).map(|level| (level, false)).or_else(last)
}

/// The header of a mail, as much as is read.
pub fn header_of(mail: &[u8]) -> &[u8] {
    let (header, _) = split(mail);
    &header[..header.len().min(MOST_HEADER)]
}

/// Header, with the empty line after it, and the rest.
fn split(whole: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    while at < whole.len() {
        let end = line_end(whole, at);
        looked_at(end - at);
        let empty = matches!(&whole[at..end], b"\r\n" | b"\n");
        // A boundary right after the fields: nothing was said.
        if !empty && whole[at..end].starts_with(b"--") {
            return whole.split_at(at);
        }
        at = end;
        if empty {
            break;
        }
    }
    whole.split_at(at)
}
