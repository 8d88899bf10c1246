//! A message as bytes plus an index of its header. RFC 5322, 2.2.
//!
//! The bytes are canonical (every line ends in CRLF, no stray CR or LF: `smtp::wire` saw to that) and are
//! never changed here. Bounds of CONTRACT.md ("What leaves"): a message beyond them is `unparsable`.

use std::ops::Range;

use bytes::Bytes;

/// The most header fields that a message may have.
pub const MAX_HEADER_FIELDS: usize = 2_000;
/// The most octets that a header may have.
pub const MAX_HEADER_SIZE: usize = 256 * 1024;
/// The longest line, header or body, in octets.
pub const MAX_LINE: usize = 64 * 1024;
/// How long a line, and how large a header, may be; never more than the two above.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    pub line: usize,
    pub header: usize,
}

impl Bounds {
    /// What can still be sent on.
    pub const MOST: Self = Self { line: MAX_LINE, header: MAX_HEADER_SIZE };
}

/// From this many `Received` fields on a message goes in circles.
pub const MAX_HOPS: usize = 100;

/// A message and where its header fields lie.
#[derive(Clone, Debug)]
pub struct RawMessage {
    bytes: Bytes,
    fields: Vec<Field>,
    body: usize,
}

/// One header field: ranges into the message's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: Range<usize>,
    /// What follows the colon, folds included, without the final CRLF.
    pub value: Range<usize>,
    /// The whole field, final CRLF included.
    pub whole: Range<usize>,
}

/// Why a message can't be read with confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unparsable {
    #[error("the message contains a NUL")]
    Nul,
    #[error("a line is longer than {0} octets")]
    LongLine(usize),
    #[error("the header is larger than {0} octets")]
    LargeHeader(usize),
    #[error("the header has more than {MAX_HEADER_FIELDS} fields")]
    ManyFields,
    #[error("line {0} of the header is not a field")]
    NotAField(usize),
    #[error("more than 100 levels or 1,000 parts")]
    TooDeep,
    #[error("the MIME structure is broken")]
    Structure,
    #[error("a Content-Type, Content-Transfer-Encoding or Content-Disposition stands twice and differs")]
    Contradiction,
    #[error("a Content-Type can't be read, or names a boundary or charset twice")]
    ContentType,
    #[error("a header runs into the content, or has a line that is no field")]
    PartHeader,
    #[error("a line begins like a boundary and is none")]
    HalfBoundary,
    #[error("the charset or transfer encoding of the body can't be read")]
    Body,
}

impl Unparsable {
    /// The limit that it is beyond, by its key in the configuration.
    pub fn limit(self) -> Option<&'static str> {
        match self {
            Self::LongLine(_) => Some("max_line_length"),
            Self::LargeHeader(_) => Some("max_header_size"),
            Self::Nul
            | Self::ManyFields
            | Self::NotAField(_)
            | Self::TooDeep
            | Self::Structure
            | Self::Contradiction
            | Self::ContentType
            | Self::PartHeader
            | Self::HalfBoundary
            | Self::Body => None,
        }
    }
}

impl RawMessage {
    /// Finds the header fields. A header that runs straight into the body without an empty line, as some
    /// tools send it, ends where the first line stands that can be no field.
    pub fn index(bytes: Bytes) -> Result<Self, Unparsable> {
        Self::index_within(bytes, Bounds::MOST)
    }

    /// The same within narrower bounds, as intake has them.
    pub fn index_within(bytes: Bytes, bounds: Bounds) -> Result<Self, Unparsable> {
        check_lines(&bytes, bounds.line)?;
        let mut fields: Vec<Field> = Vec::new();
        let mut at = 0;
        let mut line_number = 0;
        while at < bytes.len() {
            line_number += 1;
            let end = line_end(&bytes, at);
            let line = &bytes[at..end];
            if line == b"\r\n" {
                at = end;
                break;
            }
            if end > bounds.header {
                return Err(Unparsable::LargeHeader(bounds.header));
            }
            if matches!(line.first(), Some(b' ' | b'\t')) {
                let last = fields.last_mut().ok_or(Unparsable::NotAField(line_number))?;
                last.value.end = without_crlf(&bytes, end);
                last.whole.end = end;
            } else if let Some(colon) = field_colon(line) {
                let name_end = at + line[..colon].trim_ascii_end().len();
                fields.push(Field {
                    name: at..name_end,
                    value: at + colon + 1..without_crlf(&bytes, end),
                    whole: at..end,
                });
                if fields.len() > MAX_HEADER_FIELDS {
                    return Err(Unparsable::ManyFields);
                }
            } else if fields.is_empty() {
                return Err(Unparsable::NotAField(line_number));
            } else {
                break;
            }
            at = end;
        }
        Ok(Self { bytes, fields, body: at })
    }

    /// All of it, as it came.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The header, the empty line after it included where there is one.
    pub fn header(&self) -> &[u8] {
        &self.bytes[..self.body]
    }

    /// Offset of the first octet of the body.
    pub fn body_offset(&self) -> usize {
        self.body
    }

    /// The header's fields, in order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The name of a field, as written.
    pub fn name(&self, field: &Field) -> &[u8] {
        &self.bytes[field.name.clone()]
    }

    /// The fields of this name, in order; names are compared without case.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Field> + 'a {
        self.fields.iter().filter(move |field| self.name(field).eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The unfolded, trimmed value of the first field of this name; bytes that are no UTF-8 are replaced.
    pub fn value(&self, name: &str) -> Option<String> {
        self.all(name).next().map(|field| self.unfolded(field))
    }

    /// A field's value without folds and outer blanks. RFC 5322, 2.2.3.
    pub fn unfolded(&self, field: &Field) -> String {
        let raw = String::from_utf8_lossy(&self.bytes[field.value.clone()]);
        raw.replace("\r\n", "").trim().to_owned()
    }

    /// How many `Received` fields it has gathered.
    pub fn hops(&self) -> usize {
        self.all("Received").count()
    }
}

fn check_lines(bytes: &[u8], longest: usize) -> Result<(), Unparsable> {
    if memchr::memchr(0, bytes).is_some() {
        return Err(Unparsable::Nul);
    }
    let mut rest = bytes;
    while !rest.is_empty() {
        let end = line_end(rest, 0);
        if end > longest + 2 {
            return Err(Unparsable::LongLine(longest));
        }
        rest = &rest[end..];
    }
    Ok(())
}

/// Where the line that starts at `from` ends, its CRLF included.
pub(crate) fn line_end(bytes: &[u8], from: usize) -> usize {
    memchr::memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |found| from + found + 1)
}

pub(crate) fn without_crlf(bytes: &[u8], end: usize) -> usize {
    if bytes[..end].ends_with(b"\r\n") { end - 2 } else { end }
}

/// The colon of a field line: printable ASCII without blanks before it (RFC 5322, 3.6.8), blanks right
/// before the colon allowed as the obsolete syntax has them (4.5).
pub(crate) fn field_colon(line: &[u8]) -> Option<usize> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = line[..colon].trim_ascii_end();
    (!name.is_empty() && name.iter().all(|byte| matches!(byte, 33..=126))).then_some(colon)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(text: &'static str) -> Result<RawMessage, Unparsable> {
        RawMessage::index(Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn fields_are_found_with_their_folds() {
        let message = index("Subject: a\r\n b\r\nfrom : x@y\r\n\r\nbody\r\n").unwrap();
        assert_eq!(message.value("subject").as_deref(), Some("a b"));
        assert_eq!(message.value("From").as_deref(), Some("x@y"));
        assert_eq!(&message.bytes()[message.body_offset()..], b"body\r\n");
    }

    #[test]
    fn a_header_may_run_into_the_body() {
        let message = index("Subject: a\r\nno field here\r\n").unwrap();
        assert_eq!(&message.bytes()[message.body_offset()..], b"no field here\r\n");
    }

    #[test]
    fn what_cannot_be_read_with_confidence_is_unparsable() {
        assert_eq!(index("hello\r\n").unwrap_err(), Unparsable::NotAField(1));
        assert_eq!(index(" folded first\r\n").unwrap_err(), Unparsable::NotAField(1));
        assert_eq!(index("a: b\r\n\r\n\0\r\n").unwrap_err(), Unparsable::Nul);
        let long = format!("a: {}\r\n", "x".repeat(MAX_LINE + 1));
        assert_eq!(RawMessage::index(long.into()).unwrap_err(), Unparsable::LongLine(MAX_LINE));
    }

    #[test]
    fn narrower_bounds_are_those_of_intake() {
        let index = |text: String| RawMessage::index_within(text.into(), Bounds { line: 998, header: 4_096 });
        assert!(index(format!("a: {}\r\n", "x".repeat(995))).is_ok());
        let long = index(format!("a: {}\r\n", "x".repeat(996)));
        assert_eq!(long.unwrap_err(), Unparsable::LongLine(998));
        let large = index("a: b\r\n".repeat(700));
        assert_eq!(large.unwrap_err(), Unparsable::LargeHeader(4_096));
        assert!(index(format!("a: b\r\n\r\n{}", "body\r\n".repeat(1_000))).is_ok());
    }
}
