//! The MIME structure of a message as ranges into its bytes. RFC 2045, RFC 2046, RFC 2183.
//!
//! Boundaries are looked for line by line, those of the outer levels included, so that a part whose inner
//! closing boundary is missing never swallows what follows it; mail-parser reads the fields' values. Nothing
//! is decoded here and nothing is changed. One pass, linear in the message's size.

mod place;

use std::ops::Range;

use super::media::{Encoding, Media};
use crate::mail::RawMessage;
use crate::mail::effort::looked_at;
use crate::mail::message::{Field, Unparsable, field_colon, line_end, without_crlf};

/// The deepest nesting, nested messages included.
pub const MAX_LEVELS: usize = 100;
/// The most parts, nested messages' included.
pub const MAX_PARTS: usize = 1_000;

/// More of them in one header say nothing new.
const MAX_MIME_FIELDS: usize = 16;

/// A message as its parts.
#[derive(Debug)]
pub(super) struct Structure {
    /// In the order in which they stand: the message itself is the first, a container stands before what it holds.
    pub parts: Vec<Part>,
    /// Why readers may cut it elsewhere, outside of nested messages.
    pub doubt: Option<Unparsable>,
}

/// One part: the message itself is the first.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Its fields, without the empty line after them.
    pub header: Range<usize>,
    /// Its content, without the CRLF that belongs to the boundary after it.
    pub body: Range<usize>,
    pub ending: Ending,
    /// Where there are several, all say the same, or `doubt` tells that they don't.
    pub content_types: Vec<Field>,
    pub transfer_encodings: Vec<Field>,
    disposition: Vec<Field>,
    id: Option<Field>,
    /// The container that it stands in.
    parent: Option<usize>,
    pub media: Media,
    pub encoding: Encoding,
    pub kind: Kind,
    /// Not yet told while the message is split, but for `Nested`.
    pub place: Place,
    /// Why readers may take it for something else.
    pub doubt: Option<Unparsable>,
    /// The longest line of the content in octets, without CRLF; of a container zero.
    pub longest_line: usize,
}

/// What stands between header and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Separator {
    EmptyLine,
    /// The content follows the fields at once.
    Missing,
    /// There is neither: a boundary follows at once, or the message ends.
    Nothing,
}

/// What the content ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The end of the message, or a boundary with a CRLF of its own before it.
    Whole,
    /// A boundary right after the line before the content: whatever is put there needs a CRLF.
    NoCrlf,
}

/// What a part is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Leaf,
    Multipart,
    /// message/rfc822: its content is the next part.
    Message,
    /// Signed or encrypted: never opened, never touched (invariant 7).
    Sealed,
}

/// How a part is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// As the message's content.
    Inline,
    /// Beside it: an attachment, a named part, or what the root of a multipart/related refers to.
    Beside,
    /// Within a nested message.
    Nested,
}

/// All parts, and where each is shown.
pub(super) fn split(message: &RawMessage) -> Result<Structure, Unparsable> {
    let mut splitter = Splitter {
        bytes: message.bytes(),
        parts: Vec::new(),
        open: Vec::new(),
        frames: Vec::new(),
        doubt: None,
    };
    let fields_end = message.fields().last().map_or(0, |field| field.whole.end);
    let header = Header {
        range: 0..fields_end,
        separator: if message.body_offset() > fields_end { Separator::EmptyLine } else { Separator::Missing },
        mime: message
            .fields()
            .iter()
            .cloned()
            .filter_map(|field| mime_field(message.bytes(), field))
            .collect(),
    };
    if header.separator == Separator::Missing && more_fields(&message.bytes()[fields_end..]) {
        splitter.doubt = Some(Unparsable::PartHeader);
    }
    splitter.open_part(header, message.body_offset())?;
    splitter.run()?;
    let Splitter { bytes, mut parts, doubt, .. } = splitter;
    place::tell(bytes, &mut parts);
    Ok(Structure { parts, doubt })
}

/// Whether fields follow a line that is none, before any empty line: for some readers the header goes on there.
fn more_fields(rest: &[u8]) -> bool {
    let mut at = 0;
    while at < rest.len() {
        let end = line_end(rest, at);
        let line = &rest[at..end];
        if line == b"\r\n" {
            return false;
        }
        if field_colon(line).is_some() {
            return true;
        }
        at = end;
    }
    false
}

struct Splitter<'a> {
    bytes: &'a [u8],
    parts: Vec<Part>,
    /// The parts that have not ended yet, outermost first.
    open: Vec<usize>,
    /// The multiparts whose boundary may still come, outermost first.
    frames: Vec<Frame>,
    doubt: Option<Unparsable>,
}

struct Frame {
    part: usize,
    boundary: Vec<u8>,
    /// How many parts are open when the multipart is the innermost.
    open: usize,
    seen: Seen,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    NotYet,
    Boundary,
}

/// A part's header: the fields that MIME defines, each with its kind.
struct Header {
    range: Range<usize>,
    separator: Separator,
    mime: Vec<(MimeField, Field)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum MimeField {
    Type,
    TransferEncoding,
    Disposition,
    Id,
}

impl Header {
    fn all(&self, wanted: MimeField) -> impl Iterator<Item = &Field> {
        self.mime.iter().filter(move |(kind, _)| *kind == wanted).map(|(_, field)| field)
    }

    fn first(&self, wanted: MimeField) -> Option<&Field> {
        self.all(wanted).next()
    }

    /// Of two that differ readers take the first, or the last. The same said twice is said once, but for blanks; a
    /// parameter may be a boundary, whose case counts.
    fn contradicts_itself(&self, bytes: &[u8]) -> bool {
        let value = |field: &Field| {
            let value = bytes[field.value.clone()].iter().copied().filter(|byte| !byte.is_ascii_whitespace());
            let value: Vec<u8> = value.collect();
            if value.contains(&b'=') { value } else { value.to_ascii_lowercase() }
        };
        [MimeField::Type, MimeField::TransferEncoding, MimeField::Disposition].into_iter().any(|kind| {
            let mut values = self.all(kind).map(value);
            values.next().is_some_and(|first| values.any(|other| other != first))
        })
    }
}

enum Delimiter {
    Opening(usize),
    Closing(usize),
}

impl Splitter<'_> {
    fn run(&mut self) -> Result<(), Unparsable> {
        let mut at = self.parts.last().map_or(0, |part| part.body.start);
        while at < self.bytes.len() {
            let end = line_end(self.bytes, at);
            looked_at(end - at);
            match self.delimiter(at..end) {
                Some(Delimiter::Opening(frame)) => {
                    self.doubt_opening(at..end);
                    self.end_parts_within(frame, at)?;
                    at = self.part_at(end)?;
                }
                Some(Delimiter::Closing(frame)) => {
                    self.end_parts_within(frame, at)?;
                    self.frames.truncate(frame);
                    at = end;
                }
                None => {
                    self.doubt_boundary(at..end);
                    let length = without_crlf(self.bytes, end) - at;
                    if let Some(open) = self.open.last() {
                        let part = &mut self.parts[*open];
                        part.longest_line = part.longest_line.max(length);
                    }
                    at = end;
                }
            }
        }
        while let Some(part) = self.open.pop() {
            self.parts[part].body.end = self.bytes.len();
        }
        self.all_seen(0)
    }

    /// The innermost boundary that this line is. RFC 2046, 5.1.1.
    fn delimiter(&self, line: Range<usize>) -> Option<Delimiter> {
        let said = self.bytes[line].strip_prefix(b"--")?.trim_ascii_end();
        let of = |said: &[u8]| {
            looked_at(self.frames.len() + said.len());
            self.frames.iter().rposition(|frame| frame.boundary == said)
        };
        let closing = || said.strip_suffix(b"--").and_then(of).map(Delimiter::Closing);
        of(said).map(Delimiter::Opening).or_else(closing)
    }

    /// Some readers take a line for a boundary that only begins as one (RFC 2046, 5.1.1), and would end there
    /// what goes on for others.
    fn doubt_boundary(&mut self, line: Range<usize>) {
        let Some(said) = self.bytes[line].strip_prefix(b"--") else { return };
        let begun = |frame: &Frame| {
            said.starts_with(&frame.boundary) && self.parts[frame.part].place != Place::Nested
        };
        if self.frames.iter().any(begun) {
            self.doubt = Some(Unparsable::HalfBoundary);
        }
    }

    /// Where one boundary is another and two hyphens, its line ends the other's multipart for some readers.
    fn doubt_opening(&mut self, line: Range<usize>) {
        let said = self.bytes[line].trim_ascii_end();
        let Some(closed) = said.strip_prefix(b"--").and_then(|said| said.strip_suffix(b"--")) else { return };
        if self.frames.iter().any(|frame| frame.boundary == closed) {
            self.doubt = Some(Unparsable::HalfBoundary);
        }
    }

    /// Ends all that is open within a multipart, at its boundary line.
    fn end_parts_within(&mut self, frame: usize, boundary: usize) -> Result<(), Unparsable> {
        self.frames[frame].seen = Seen::Boundary;
        self.all_seen(frame + 1)?;
        self.frames.truncate(frame + 1);
        let keep = self.frames[frame].open;
        while self.open.len() > keep
            && let Some(open) = self.open.pop()
        {
            let part = &mut self.parts[open];
            let end = without_crlf(self.bytes, boundary);
            part.ending = if end >= part.body.start { Ending::Whole } else { Ending::NoCrlf };
            part.body.end = end.max(part.body.start);
        }
        Ok(())
    }

    /// A multipart whose boundary never came is broken, but for one in a nested message, which is not ours.
    fn all_seen(&self, from: usize) -> Result<(), Unparsable> {
        let lost =
            |frame: &Frame| frame.seen == Seen::NotYet && self.parts[frame.part].place != Place::Nested;
        if self.frames[from..].iter().any(lost) { Err(Unparsable::Structure) } else { Ok(()) }
    }

    /// Reads the part that starts here; answers where its content starts.
    fn part_at(&mut self, start: usize) -> Result<usize, Unparsable> {
        let (header, body) = self.header_at(start);
        self.open_part(header, body)
    }

    fn header_at(&self, start: usize) -> (Header, usize) {
        let mut mime = Vec::new();
        let mut field: Option<Field> = None;
        let mut at = start;
        let separator = loop {
            let end = line_end(self.bytes, at);
            looked_at(end - at);
            let line = &self.bytes[at..end];
            if line == b"\r\n" {
                break Separator::EmptyLine;
            }
            if line.is_empty() || self.delimiter(at..end).is_some() {
                break Separator::Nothing;
            }
            if let (Some(b' ' | b'\t'), Some(field)) = (line.first(), &mut field) {
                field.value.end = without_crlf(self.bytes, end);
                field.whole.end = end;
            } else if let Some(colon) = field_colon(line) {
                let name = at..at + line[..colon].trim_ascii_end().len();
                let value = at + colon + 1..without_crlf(self.bytes, end);
                let complete = field.replace(Field { name, value, whole: at..end });
                mime.extend(complete.and_then(|field| mime_field(self.bytes, field)));
                mime.truncate(MAX_MIME_FIELDS);
            } else {
                break Separator::Missing;
            }
            at = end;
        };
        mime.extend(field.and_then(|field| mime_field(self.bytes, field)));
        let body = if separator == Separator::EmptyLine { at + 2 } else { at };
        (Header { range: start..at, separator, mime }, body)
    }

    fn open_part(&mut self, header: Header, body: usize) -> Result<usize, Unparsable> {
        if self.parts.len() >= MAX_PARTS || self.open.len() >= MAX_LEVELS {
            return Err(Unparsable::TooDeep);
        }
        let part = self.read_part(&header, body);
        let (kind, place, boundary) = (part.kind, part.place, part.media.boundary().map(<[u8]>::to_vec));
        let index = self.parts.len();
        self.open.push(index);
        self.parts.push(part);
        match (kind, boundary) {
            (Kind::Multipart, None) if place != Place::Nested => Err(Unparsable::Structure),
            (Kind::Multipart, Some(boundary)) => {
                // A nested message that repeats an outer boundary must not end the outer parts early.
                let repeated = self.frames.iter().any(|frame| frame.boundary == boundary);
                if !repeated || place != Place::Nested {
                    let open = self.open.len();
                    self.frames.push(Frame { part: index, boundary, open, seen: Seen::NotYet });
                }
                Ok(body)
            }
            (Kind::Message, _) => self.part_at(body),
            _ => Ok(body),
        }
    }

    fn read_part(&self, header: &Header, body: usize) -> Part {
        let parent = self.open.last().copied();
        let default = parent
            .map_or(Media::text as fn() -> Media, |parent| self.parts[parent].media.default_of_children());
        let content_type = header.first(MimeField::Type);
        let transfer_encoding = header.first(MimeField::TransferEncoding);
        let void = parent.is_some() && header.separator == Separator::Nothing;
        let media = match content_type {
            Some(field) => Media::read(self.bytes, field),
            // Tools that end a multipart by one more beginning mean no part.
            None if void && header.range.is_empty() => Media::none(),
            None => default(),
        };
        let doubt = if header.contradicts_itself(self.bytes) {
            Some(Unparsable::Contradiction)
        } else if parent.is_some() && header.separator == Separator::Missing {
            Some(Unparsable::PartHeader)
        } else {
            (!media.is_certain()).then_some(Unparsable::ContentType)
        };
        let encoding = match transfer_encoding {
            // Readers differ on where its content starts, or on which of the fields holds.
            _ if matches!(doubt, Some(Unparsable::Contradiction | Unparsable::PartHeader)) => {
                Encoding::Unknown
            }
            // Whatever came in would be taken for its header.
            _ if void => Encoding::Unknown,
            None => Encoding::SevenBit,
            Some(field) => Encoding::read(self.bytes, field),
        };
        let nested = parent.is_some_and(|parent| {
            let parent = &self.parts[parent];
            parent.kind == Kind::Message || parent.place == Place::Nested
        });
        Part {
            header: header.range.clone(),
            body: body..body,
            ending: Ending::Whole,
            content_types: header.all(MimeField::Type).cloned().collect(),
            transfer_encodings: header.all(MimeField::TransferEncoding).cloned().collect(),
            disposition: header.all(MimeField::Disposition).cloned().collect(),
            id: header.first(MimeField::Id).cloned(),
            parent,
            kind: if doubt == Some(Unparsable::Contradiction) {
                Kind::Leaf
            } else {
                kind_of(&media, encoding)
            },
            place: if nested { Place::Nested } else { Place::Inline },
            media,
            encoding,
            doubt,
            longest_line: 0,
        }
    }
}

fn kind_of(media: &Media, encoding: Encoding) -> Kind {
    let identity = !matches!(encoding, Encoding::QuotedPrintable | Encoding::Base64);
    if media.is_sealed() {
        Kind::Sealed
    } else if media.is_multipart() {
        Kind::Multipart
    } else if media.is_message() && identity {
        Kind::Message
    } else {
        Kind::Leaf
    }
}

fn mime_field(bytes: &[u8], field: Field) -> Option<(MimeField, Field)> {
    let name = &bytes[field.name.clone()];
    let kind = match name.len() {
        12 if name.eq_ignore_ascii_case(b"Content-Type") => MimeField::Type,
        25 if name.eq_ignore_ascii_case(b"Content-Transfer-Encoding") => MimeField::TransferEncoding,
        19 if name.eq_ignore_ascii_case(b"Content-Disposition") => MimeField::Disposition,
        10 if name.eq_ignore_ascii_case(b"Content-ID") => MimeField::Id,
        _ => return None,
    };
    Some((kind, field))
}
