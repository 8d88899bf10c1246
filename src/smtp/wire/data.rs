//! Message data. It ends at CRLF.CRLF alone; a stray CR or LF becomes CRLF and can neither end it nor begin
//! a line whose dot would count (invariant 8). RFC 5321, 4.1.1.4 and 4.5.2.

use bytes::{Buf as _, BytesMut};

use super::content::{Content, EndOfData, find_line_end};
use super::{CR, LF};

/// Takes one message off a buffer: unstuffs dots, makes every line end a CRLF, keeps at most `limit` octets.
#[derive(Debug)]
pub struct DataReader {
    place: Place,
    content: Content,
}

/// Where in the data the next octet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// After a true CRLF, or right at the start: only here does a dot count.
    LineStart,
    /// After a dot at a line's start.
    Dot,
    /// After a dot and a CR at a line's start.
    DotCr,
    Within,
    /// After a CR of which it is not known yet whether it is a stray one.
    Cr,
}

impl DataReader {
    /// `limit` counts the octets of the canonical message; `hint` is what the peer said of its size.
    pub fn new(limit: usize, hint: usize) -> Self {
        Self { place: Place::LineStart, content: Content::new(limit, hint) }
    }

    /// The same, of which only the first `head` octets are kept.
    pub fn of_head(head: usize, limit: usize) -> Self {
        Self { place: Place::LineStart, content: Content::head(head, limit) }
    }

    /// Octets of memory that it takes at most once so many more have come.
    pub fn held_with(&self, more: usize) -> usize {
        self.content.held_with(more)
    }

    /// Keeps nothing from here on, and drops what was kept: the data is still read to its end.
    pub fn give_up(&mut self) {
        self.content.give_up();
    }

    /// Takes octets off `input`: all of them, or up to the end of the data, which it then returns.
    pub fn read(&mut self, input: &mut BytesMut) -> Option<EndOfData> {
        let (taken, ended) = self.scan(input);
        input.advance(taken);
        ended.then(|| self.content.end())
    }

    /// How many octets were taken, and whether the data ended with them. `run` is where the octets begin
    /// that go out unchanged: a block without dots and strays is copied in one piece.
    fn scan(&mut self, block: &[u8]) -> (usize, bool) {
        let (mut at, mut run) = (0, 0);
        while let Some(&byte) = block.get(at) {
            match (self.place, byte) {
                (Place::LineStart, b'.') => {
                    self.content.put(&block[run..at]);
                    (at, run, self.place) = (at + 1, at + 1, Place::Dot);
                }
                (Place::LineStart, _) => self.place = Place::Within,
                (Place::Dot, CR) => (at, run, self.place) = (at + 1, at + 1, Place::DotCr),
                (Place::Dot, _) => self.place = Place::Within,
                (Place::DotCr, LF) => return (at + 1, true),
                (Place::Cr, LF) => {
                    self.content.put(b"\r\n");
                    (at, run, self.place) = (at + 1, at + 1, Place::LineStart);
                }
                (Place::DotCr | Place::Cr, _) => {
                    self.content.put(b"\r\n");
                    self.place = Place::Within;
                }
                (Place::Within, _) => {
                    let Some(found) = find_line_end(&block[at..]) else {
                        at = block.len();
                        break;
                    };
                    at += found;
                    if block[at..].starts_with(b"\r\n") {
                        (at, self.place) = (at + 2, Place::LineStart);
                        continue;
                    }
                    self.content.put(&block[run..at]);
                    if block[at] == CR {
                        self.place = Place::Cr;
                    } else {
                        self.content.put(b"\r\n");
                    }
                    (at, run) = (at + 1, at + 1);
                }
            }
        }
        self.content.put(&block[run..at]);
        (at, false)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    /// The message, if the data ended, and what is left after it.
    fn read(blocks: &[&[u8]], limit: usize) -> (Option<EndOfData>, Vec<u8>) {
        let (mut reader, mut input, mut ended) = (DataReader::new(limit, 0), BytesMut::new(), None);
        for block in blocks {
            input.extend_from_slice(block);
            if ended.is_none() {
                ended = reader.read(&mut input);
            }
        }
        (ended, input.to_vec())
    }

    fn complete(text: &[u8]) -> Option<EndOfData> {
        Some(EndOfData::Complete(Bytes::copy_from_slice(text)))
    }

    fn one(octets: &[u8]) -> Option<EndOfData> {
        read(&[octets], 1_000).0
    }

    #[test]
    fn i8_data_ends_at_crlf_dot_crlf_alone() {
        let table: &[(&[u8], &[u8])] = &[
            (b"\n.\n", b"\r\n.\r\n"),
            (b"\r.\r", b"\r\n.\r\n"),
            (b"\r.\n", b"\r\n.\r\n"),
            (b"\n.\r", b"\r\n.\r\n"),
            (b"\n.\r\n", b"\r\n.\r\n"),
            (b"\r\n.\n", b"\r\n\r\n"),
            (b"\r.\r\n", b"\r\n.\r\n"),
            (b"\r\n.\r", b"\r\n\r\n"),
            (b"\r\n\0.\r\n", b"\r\n\0.\r\n"),
            (b"\r\n.\0\r\n", b"\r\n\0\r\n"),
            (b"\r\n. \r\n", b"\r\n \r\n"),
            (b"\r\n.\r\r\n", b"\r\n\r\n\r\n"),
            (b"\r\n.\x0b\n", b"\r\n\x0b\r\n"),
            (b"\r\n.\x85", b"\r\n\x85"),
        ];
        for (ending, read_as) in table {
            let mut octets = [b"body".as_slice(), ending].concat();
            assert_eq!(one(&octets), None, "{ending:?} ended the data");
            octets.extend_from_slice(b"more\r\n.\r\n");
            let message = [b"body".as_slice(), read_as, b"more\r\n"].concat();
            assert_eq!(one(&octets), complete(&message), "{ending:?}");
        }
    }

    #[test]
    fn what_follows_the_end_stays_in_the_buffer() {
        assert_eq!(read(&[b"a\r\n.\r\nNOOP\r\n"], 9), (complete(b"a\r\n"), b"NOOP\r\n".to_vec()));
    }

    #[test]
    fn the_empty_message_ends_at_its_dot() {
        assert_eq!(one(b".\r\n"), complete(b""));
        assert_eq!(one(b"\r\n.\r\n"), complete(b"\r\n"));
    }

    #[test]
    fn dots_are_unstuffed_on_every_line_the_first_included() {
        assert_eq!(
            one(b"..\r\n..a\r\n.b\r\n...\r\nc..\r\n.\r\n"),
            complete(b".\r\n.a\r\nb\r\n..\r\nc..\r\n")
        );
    }

    #[test]
    fn a_dot_after_a_stray_line_end_is_content() {
        assert_eq!(one(b"a\n.b\n..c\r.d\r\n.\r\n"), complete(b"a\r\n.b\r\n..c\r\n.d\r\n"));
    }

    #[test]
    fn what_is_too_large_is_read_to_its_end_and_not_kept() {
        let large = [b'x'; 64].repeat(4);
        let (mut reader, mut input) = (DataReader::new(100, usize::MAX), BytesMut::new());
        for block in [&large[..], b"\r\n", b".", b"\r\nQUIT\r\n"] {
            input.extend_from_slice(block);
            let ended = reader.read(&mut input);
            assert!(reader.held_with(64) <= 100);
            if let Some(ended) = ended {
                assert_eq!((ended, &input[..]), (EndOfData::TooLarge, b"QUIT\r\n".as_slice()));
                return;
            }
        }
        panic!("the data did not end");
    }

    #[test]
    fn a_message_may_be_just_as_large_as_the_limit() {
        assert_eq!(read(&[b"abc\r\n.\r\n"], 5).0, complete(b"abc\r\n"));
        assert_eq!(read(&[b"abcd\r\n.\r\n"], 5).0, Some(EndOfData::TooLarge));
    }

    #[test]
    fn giving_up_drops_what_was_kept() {
        let (mut reader, mut input) = (DataReader::new(100, 0), BytesMut::from("abc\r\n"));
        assert_eq!(reader.read(&mut input), None);
        reader.give_up();
        assert_eq!(reader.held_with(64), 0);
        input.extend_from_slice(b"def\r\n.\r\n");
        assert_eq!(reader.read(&mut input), Some(EndOfData::NoRoom));
    }

    /// The slow and obvious reading, of the whole at once: find the end, then go line by true line.
    fn model(octets: &[u8], limit: usize) -> (Option<EndOfData>, Vec<u8>) {
        let framed = [b"\r\n".as_slice(), octets].concat();
        let Some(end) = framed.windows(5).position(|five| five == b"\r\n.\r\n") else {
            return (None, Vec::new());
        };
        let mut message = Vec::new();
        let mut rest = framed[..end + 2].to_vec();
        rest.drain(..2);
        while !rest.is_empty() {
            let line_end = rest.windows(2).position(|two| two == b"\r\n").unwrap();
            let line: Vec<u8> = rest.drain(..line_end + 2).collect();
            let text = String::from_utf8(line[..line_end].to_vec()).unwrap();
            let text = text.strip_prefix('.').unwrap_or(&text);
            message.extend_from_slice(text.replace(['\r', '\n'], "\r\n").as_bytes());
            message.extend_from_slice(b"\r\n");
        }
        let left = framed[end + 5..].to_vec();
        let message =
            if message.len() > limit { EndOfData::TooLarge } else { EndOfData::Complete(message.into()) };
        (Some(message), left)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn i8_blocks_never_show(blocks in prop::collection::vec(prop::collection::vec(
            prop::sample::select(b"a.\r\n.\r\n".as_slice()), 0..9), 0..12), limit in 0..60_usize)
        {
            let whole = blocks.concat();
            let cut: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
            let (ended, left) = read(&cut, limit);
            let (expected, expected_left) = model(&whole, limit);
            prop_assert_eq!(&ended, &expected);
            if ended.is_some() {
                prop_assert_eq!(left, expected_left);
            }
        }
    }
}
