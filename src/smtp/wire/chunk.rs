//! Messages in chunks (BDAT): so many octets, whatever they are. No dot counts, no octet is a command, and a
//! stray CR or LF becomes CRLF as in message data (invariant 8). RFC 3030, 2.

use bytes::{Buf as _, BytesMut};

use super::content::{Content, Dropped, EndOfData, find_line_end};
use super::{CR, LF};

/// Gathers one message out of its chunks, at most `limit` octets of it.
#[derive(Debug)]
pub struct ChunkReader {
    content: Content,
    last: LastOctet,
}

/// The octet before the next one; a chunk may end between CR and LF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LastOctet {
    Cr,
    Other,
}

impl ChunkReader {
    /// `limit` counts the octets of the canonical message; `hint` is what the peer said of its size.
    pub fn new(limit: usize, hint: usize) -> Self {
        Self { content: Content::new(limit, hint), last: LastOctet::Other }
    }

    /// The same, of which only the first `head` octets are kept.
    pub fn of_head(head: usize, limit: usize) -> Self {
        Self { content: Content::head(head, limit), last: LastOctet::Other }
    }

    /// Octets of memory that it takes at most once so many more have come.
    pub fn held_with(&self, more: usize) -> usize {
        self.content.held_with(more)
    }

    /// Keeps nothing from here on, and drops what was kept: what comes is still read.
    pub fn give_up(&mut self) {
        self.content.give_up();
    }

    /// Why the message can't be taken any more, if that is so.
    pub fn dropped(&self) -> Option<Dropped> {
        self.content.dropped()
    }

    /// Takes octets of a chunk off `input`, of which `left` are still to come.
    pub fn read(&mut self, input: &mut BytesMut, left: &mut u64) {
        let count = octets_of(input, *left);
        self.take(&input[..count]);
        input.advance(count);
        *left -= count as u64;
    }

    /// After the last chunk. The last line gets its CRLF if it has none.
    pub fn end(mut self) -> EndOfData {
        let open = self.content.kept() > 0 && !self.content.ends_with(b"\r\n");
        if self.last == LastOctet::Cr || open {
            self.content.put(b"\r\n");
        }
        self.content.end()
    }

    fn take(&mut self, block: &[u8]) {
        let mut rest = block;
        while let Some(&first) = rest.first() {
            if self.last == LastOctet::Cr {
                self.content.put(b"\r\n");
                self.last = LastOctet::Other;
                if first == LF {
                    rest = &rest[1..];
                    continue;
                }
            }
            let found = find_line_end(rest);
            self.content.put(&rest[..found.unwrap_or(rest.len())]);
            let Some(found) = found else { return };
            if rest[found] == CR {
                self.last = LastOctet::Cr;
            } else {
                self.content.put(b"\r\n");
            }
            rest = &rest[found + 1..];
        }
    }
}

/// Takes octets of a chunk that nobody wants off `input`, of which `left` are still to come.
pub fn skip(input: &mut BytesMut, left: &mut u64) {
    let count = octets_of(input, *left);
    input.advance(count);
    *left -= count as u64;
}

fn octets_of(input: &BytesMut, left: u64) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(input.len())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    fn gather(chunks: &[&[u8]], limit: usize) -> EndOfData {
        let mut reader = ChunkReader::new(limit, 0);
        for chunk in chunks {
            let (mut input, mut left) = (BytesMut::from(*chunk), chunk.len() as u64);
            reader.read(&mut input, &mut left);
            assert_eq!((input.len(), left), (0, 0));
        }
        reader.end()
    }

    fn complete(text: &[u8]) -> EndOfData {
        EndOfData::Complete(Bytes::copy_from_slice(text))
    }

    #[test]
    fn a_chunk_takes_its_octets_and_no_more() {
        let (mut reader, mut input, mut left) =
            (ChunkReader::new(100, 0), BytesMut::from("abcdeQUIT\r\n"), 5);
        reader.read(&mut input, &mut left);
        assert_eq!((&input[..], left), (b"QUIT\r\n".as_slice(), 0));
        assert_eq!(reader.end(), complete(b"abcde\r\n"));
        let (mut input, mut left) = (BytesMut::from("abcdef"), 4);
        skip(&mut input, &mut left);
        assert_eq!((&input[..], left), (b"ef".as_slice(), 0));
        let mut left = u64::MAX;
        skip(&mut input, &mut left);
        assert_eq!((input.len(), left), (0, u64::MAX - 2));
    }

    #[test]
    fn dots_are_octets_like_others() {
        assert_eq!(gather(&[b".a\r\n..\r\n.\r\nb\r\n"], 100), complete(b".a\r\n..\r\n.\r\nb\r\n"));
    }

    #[test]
    fn i8_stray_line_ends_become_crlf_across_chunks_too() {
        for (chunks, expected) in [
            (&[b"a\r".as_slice(), b"\nb"] as &[&[u8]], b"a\r\nb\r\n".as_slice()),
            (&[b"a\r", b"b"], b"a\r\nb\r\n"),
            (&[b"a\r", b"\r\n"], b"a\r\n\r\n"),
            (&[b"a\r"], b"a\r\n"),
            (&[b"a\n", b"\nb\r\n"], b"a\r\n\r\nb\r\n"),
            (&[b"a\n.\n"], b"a\r\n.\r\n"),
            (&[b"a\r\n.\r"], b"a\r\n.\r\n"),
            (&[b"\r"], b"\r\n"),
            (&[b"", b""], b""),
        ] {
            assert_eq!(gather(chunks, 100), complete(expected), "{chunks:?}");
        }
    }

    #[test]
    fn a_message_may_be_just_as_large_as_the_limit() {
        assert_eq!(gather(&[b"abc\r\n"], 5), complete(b"abc\r\n"));
        assert_eq!(gather(&[b"abcd\r\n"], 5), EndOfData::TooLarge);
        assert_eq!(gather(&[b"abcd"], 5), EndOfData::TooLarge, "with its line end it is too large");
        let mut reader = ChunkReader::new(9, 0);
        reader.give_up();
        assert_eq!((reader.dropped(), reader.end()), (Some(Dropped::NoRoom), EndOfData::NoRoom));
    }

    /// The slow and obvious reading.
    fn model(octets: &[u8]) -> Vec<u8> {
        let text = String::from_utf8(octets.to_vec()).unwrap();
        let lines = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut message = lines.replace('\n', "\r\n");
        if !message.is_empty() && !message.ends_with("\r\n") {
            message.push_str("\r\n");
        }
        message.into_bytes()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn i8_where_chunks_are_cut_never_shows(chunks in prop::collection::vec(prop::collection::vec(
            prop::sample::select(b"a.\r\n\r\n".as_slice()), 0..9), 0..12))
        {
            let cut: Vec<&[u8]> = chunks.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(gather(&cut, 1_000), complete(&model(&chunks.concat())));
        }
    }
}
