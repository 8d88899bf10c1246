//! Messages that torture, made by a generator whose every choice is fixed by a message's number, so that what may
//! happen to each of its octets is known by construction: a frame and what is kept come out octet for octet, the
//! header of a body says anew how it travels at most, and a body is the old text and ours.

mod frames;
mod leaves;

use std::collections::HashSet;

use encoding_rs::Encoding;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use optgate::mail::RawMessage;
use optgate::policy::Stream;
use optgate::rewrite::{EightBit, rewrite};

use crate::corpus::{UNSUBSCRIBE, rewriting};
use crate::judges::inserted;

/// Twice the corpus.
const MESSAGES: u32 = 1_600;

/// A message as its pieces.
pub struct Message {
    pub name: String,
    pub pieces: Vec<Piece>,
}

/// What may happen to some octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The header, its empty line included: it gets fields of ours.
    Header(Vec<u8>),
    /// Nothing, ever.
    Kept(Vec<u8>),
    /// The header of a body: its type and transfer encoding may be written anew.
    BodyHeader(Vec<u8>),
    /// Footers come in; the header before it says how.
    Body(Vec<u8>),
}

impl Piece {
    fn octets(&self) -> &[u8] {
        match self {
            Self::Header(octets) | Self::Kept(octets) | Self::BodyHeader(octets) | Self::Body(octets) => {
                octets
            }
        }
    }
}

impl Message {
    pub fn bytes(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(Piece::octets).copied().collect()
    }
}

/// Choices that are the same on every run.
pub struct Choices(u64);

impl Choices {
    fn new(number: u32) -> Self {
        Self(u64::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    pub fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % most
    }

    pub fn of<'a, T: ?Sized>(&mut self, among: &[&'a T]) -> &'a T {
        among[self.below(among.len())]
    }

    pub fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }
}

pub fn messages() -> Vec<Message> {
    (0..MESSAGES).map(|number| frames::message(number, &mut Choices::new(number))).collect()
}

#[test]
fn i7_what_a_message_is_made_of_comes_out_as_it_went_in() {
    let mut skeletons = HashSet::new();
    for message in messages() {
        skeletons.insert(skeleton(&message));
        let indexed = RawMessage::index(message.bytes().into()).unwrap();
        for (language, eight_bit) in
            [("en", EightBit::AsIs), ("sv", EightBit::AsIs), ("de", EightBit::Encode)]
        {
            for stream in [Stream::Marketing, Stream::Functional] {
                let rewriting = rewriting(stream, language, eight_bit);
                let copy =
                    rewrite(&indexed, &rewriting).unwrap_or_else(|error| panic!("{}: {error}", message.name));
                let reading = Reading { message: &message, stream, eight_bit, copy: &copy.bytes, at: 0 };
                reading.check();
            }
        }
    }
    println!("{MESSAGES} messages, {} structures", skeletons.len());
    assert!(skeletons.len() > MESSAGES as usize / 2, "they are too much alike");
}

/// What tells one message's structure from another's: its types, encodings and the shapes of its boundaries.
fn skeleton(message: &Message) -> String {
    let text = String::from_utf8_lossy(&message.bytes()).to_ascii_lowercase();
    let told =
        |line: &&str| line.starts_with("content-") || line.starts_with("--") || line.starts_with([' ', '\t']);
    text.lines().filter(told).map(|line| line.replace(|digit: char| digit.is_ascii_digit(), "")).collect()
}

/// A copy read piece by piece.
struct Reading<'a> {
    message: &'a Message,
    stream: Stream,
    eight_bit: EightBit,
    copy: &'a [u8],
    at: usize,
}

impl Reading<'_> {
    fn check(mut self) {
        let mut header = Vec::new();
        let pieces = &self.message.pieces;
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Header(_) => header = self.header().to_vec(),
                Piece::BodyHeader(old) => {
                    header = self.header().to_vec();
                    self.same_but_for_travel(old, &header);
                }
                Piece::Kept(kept) if self.eight_bit == EightBit::Encode && !kept.is_ascii() => {
                    // It is written anew in 7 bits, which the judges read again.
                    return;
                }
                Piece::Kept(kept) => self.kept(kept),
                Piece::Body(old) => {
                    let next = pieces.get(index + 1).map_or(&b""[..], Piece::octets);
                    if self.eight_bit == EightBit::Encode && !next.is_ascii() {
                        return;
                    }
                    self.body(old, next, &header);
                }
            }
        }
        assert_eq!(self.at, self.copy.len(), "{}: something follows", self.message.name);
    }

    fn header(&mut self) -> &[u8] {
        let rest = &self.copy[self.at..];
        let end = memchr::memmem::find(rest, b"\r\n\r\n").expect("a header ends") + 4;
        self.at += end;
        &rest[..end]
    }

    fn same_but_for_travel(&self, old: &[u8], new: &[u8]) {
        let others = |header: &[u8]| {
            let text = String::from_utf8_lossy(header).replace("\r\n ", " ").replace("\r\n\t", " ");
            let travels = |line: &&str| {
                let line = line.to_ascii_lowercase();
                line.starts_with("content-type") || line.starts_with("content-transfer-encoding")
            };
            text.lines().filter(|line| !travels(line)).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(others(old), others(new), "{}", self.message.name);
    }

    fn kept(&mut self, kept: &[u8]) {
        let stands = self.copy[self.at..].starts_with(kept);
        let show = |octets: &[u8]| String::from_utf8_lossy(&octets[..octets.len().min(300)]).into_owned();
        assert!(stands, "{}: {:?} became {:?}", self.message.name, show(kept), show(&self.copy[self.at..]));
        self.at += kept.len();
    }

    fn body(&mut self, old: &[u8], next: &[u8], header: &[u8]) {
        let rest = &self.copy[self.at..];
        let found = memchr::memmem::find(rest, next).filter(|_| !next.is_empty());
        let shown = || String::from_utf8_lossy(self.copy);
        let end = match found {
            Some(end) => end,
            None if next.is_empty() => rest.len(),
            None => panic!("{}: the frame {next:?} is lost in {}", self.message.name, shown()),
        };
        let new = &rest[..end];
        self.at += end;
        let before = self.original_header(old);
        let (old, new) = (text(old, &before), text(new, header));
        let ours =
            inserted(&old, &new).unwrap_or_else(|| panic!("{}: {old:?} became {new:?}", self.message.name));
        let marketing = self.stream == Stream::Marketing;
        assert_eq!(ours.contains(UNSUBSCRIBE), marketing, "{}: {ours:?}", self.message.name);
        assert!(marketing || ours.is_empty(), "{}", self.message.name);
    }

    fn original_header(&self, body: &[u8]) -> Vec<u8> {
        let pieces = &self.message.pieces;
        let at = pieces.iter().position(|piece| matches!(piece, Piece::Body(own) if own == body)).unwrap();
        pieces[at - 1].octets().to_vec()
    }
}

/// What a reader of a leaf sees: decoded by others than the rewriter is made of, as far as there are any.
fn text(raw: &[u8], header: &[u8]) -> String {
    let header =
        String::from_utf8_lossy(header).replace("\r\n ", " ").replace("\r\n\t", " ").to_ascii_lowercase();
    let field = |name: &str| {
        header.lines().filter_map(|line| line.strip_prefix(name)).next_back().unwrap_or("").to_owned()
    };
    let octets = match field("content-transfer-encoding:").split(';').next().unwrap_or("").trim() {
        "quoted-printable" => quoted_printable_decode(raw).unwrap(),
        "base64" => {
            let data: Vec<u8> = raw
                .iter()
                .copied()
                .filter(|octet| octet.is_ascii_alphanumeric() || b"+/=".contains(octet))
                .collect();
            data_encoding::BASE64.decode(&data).unwrap()
        }
        _ => raw.to_vec(),
    };
    let kind = field("content-type:");
    let label = kind.split("charset=").nth(1).unwrap_or("utf-8").trim_matches(['"', ' ']);
    let label = label.split([';', '"', ' ']).next().unwrap_or_default();
    if label == "utf-7" {
        let decode = mail_parser::decoders::charsets::map::charset_decoder(b"utf-7").unwrap();
        return decode(&octets);
    }
    let encoding = Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::WINDOWS_1252);
    encoding.decode(&octets).0.into_owned()
}
