//! The octets between 354 and the answer to the final dot. RFC 5321, 4.5.2. Pure.

use crate::deliver::response::Unfit;

/// A message as it goes over the wire: its dots stuffed, a final dot after it. It is made block by block, so that a
/// large one is not in memory once more.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    parts: &'a [&'a [u8]],
    size: usize,
}

/// Its blocks, in order.
pub struct Blocks<'a> {
    parts: std::slice::Iter<'a, &'a [u8]>,
    /// Of the part that is in hand.
    rest: &'a [u8],
    place: Place,
    block: Vec<u8>,
    /// Octets of a block, roughly.
    length: usize,
    follows: Follows,
}

/// Whether another block follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    More,
    Nothing,
}

/// Where the next octet stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    LineStart,
    Within,
}

impl<'a> Content<'a> {
    /// `parts` are one message, cut at line starts.
    ///
    /// Invariant 8: what is not canonical, a stray CR or LF anywhere, never gets here alive.
    pub fn of(parts: &'a [&'a [u8]]) -> Result<Self, Unfit> {
        let sizes = parts.iter().map(|part| size_of(part).ok_or(Unfit::NotCanonical));
        let size = sizes.sum::<Result<usize, Unfit>>()? + FINAL_DOT.len();
        Ok(Self { parts, size })
    }

    /// Octets on the wire, the final dot included.
    pub fn size(&self) -> usize {
        self.size
    }

    pub fn blocks(&self, length: usize) -> Blocks<'a> {
        Blocks {
            parts: self.parts.iter(),
            rest: &[],
            place: Place::LineStart,
            block: Vec::with_capacity(self.size.min(length + length / 64)),
            length,
            follows: Follows::More,
        }
    }
}

impl Blocks<'_> {
    pub fn next_block(&mut self) -> Option<(&[u8], Follows)> {
        if self.follows == Follows::Nothing {
            return None;
        }
        self.block.clear();
        while self.block.len() < self.length {
            if self.rest.is_empty() {
                let Some(part) = self.parts.next() else {
                    self.block.extend_from_slice(FINAL_DOT);
                    self.follows = Follows::Nothing;
                    break;
                };
                (self.rest, self.place) = (part, Place::LineStart);
                continue;
            }
            let (now, later) = self.rest.split_at(self.rest.len().min(self.length - self.block.len()));
            self.rest = later;
            self.stuff(now);
            if later.is_empty() && self.place == Place::Within {
                self.block.extend_from_slice(LINE_END);
            }
        }
        Some((&self.block, self.follows))
    }

    /// Octets of one part, of which there is at least one.
    fn stuff(&mut self, octets: &[u8]) {
        if self.place == Place::LineStart && octets.first() == Some(&b'.') {
            self.block.push(b'.');
        }
        let mut copied = 0;
        for line_feed in memchr::memchr_iter(b'\n', octets) {
            let next = line_feed + 1;
            if octets.get(next) == Some(&b'.') {
                self.block.extend_from_slice(&octets[copied..next]);
                self.block.push(b'.');
                copied = next;
            }
        }
        self.block.extend_from_slice(&octets[copied..]);
        self.place = if octets.ends_with(b"\n") { Place::LineStart } else { Place::Within };
    }
}

const LINE_END: &[u8] = b"\r\n";
const FINAL_DOT: &[u8] = b".\r\n";

/// What a part takes on the wire, if every CR is followed by LF and every LF preceded by CR.
fn size_of(part: &[u8]) -> Option<usize> {
    let mut size = part.len() + usize::from(part.first() == Some(&b'.'));
    let mut pairs = 0;
    for line_feed in memchr::memchr_iter(b'\n', part) {
        if line_feed == 0 || part[line_feed - 1] != b'\r' {
            return None;
        }
        pairs += 1;
        size += usize::from(part.get(line_feed + 1) == Some(&b'.'));
    }
    if memchr::memchr_iter(b'\r', part).count() != pairs {
        return None;
    }
    let unended = !part.is_empty() && !part.ends_with(LINE_END);
    Some(size + if unended { LINE_END.len() } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[&str], expect: &str) {
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        let content = Content::of(&parts).unwrap();
        assert_eq!(content.size(), expect.len());
        // However it is cut into blocks.
        for length in [1, 2, 3, 5, 7, 1_000] {
            let (mut blocks, mut whole, mut ended) = (content.blocks(length), Vec::new(), Follows::More);
            while let Some((block, follows)) = blocks.next_block() {
                assert_eq!(ended, Follows::More);
                assert!(block.len() <= 2 * length + FINAL_DOT.len() + LINE_END.len());
                whole.extend_from_slice(block);
                ended = follows;
            }
            assert_eq!(ended, Follows::Nothing);
            assert_eq!(String::from_utf8(whole).unwrap(), expect, "in blocks of {length}");
        }
    }

    #[test]
    fn a_dot_that_starts_a_line_is_doubled() {
        check(&["a: b\r\n\r\n.\r\n..\r\nx.y\r\n.z\r\n"], "a: b\r\n\r\n..\r\n...\r\nx.y\r\n..z\r\n.\r\n");
        check(&[".a\r\n"], "..a\r\n.\r\n");
        check(&["a: b\r\n", ".c\r\n"], "a: b\r\n..c\r\n.\r\n");
    }

    #[test]
    fn the_final_dot_stands_on_a_line_of_its_own() {
        check(&["a: b\r\n\r\nc"], "a: b\r\n\r\nc\r\n.\r\n");
        check(&[], ".\r\n");
        check(&["", "a\r\n"], "a\r\n.\r\n");
    }

    #[test]
    fn i8_a_stray_cr_or_lf_never_leaves() {
        for text in ["a\nb\r\n", "a\rb\r\n", "\n", "a\r\r\n", "a\r\n\n", "a\r\n.\r", "a\r"] {
            assert_eq!(Content::of(&[text.as_bytes()]).err(), Some(Unfit::NotCanonical), "{text:?}");
        }
    }
}
