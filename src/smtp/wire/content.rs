//! A message's content as it is gathered: at most so many octets of it, and nothing at all once it is too large
//! or there is no room. Whoever reads it makes its line ends CRLF.

use bytes::Bytes;

use super::{CR, LF};

/// The most room that is set aside on a peer's word (`SIZE=`).
const LARGEST_HINT: usize = 128 * 1024;

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EndOfData {
    /// Canonical: empty, or every line ends in CRLF.
    Complete(Bytes),
    /// Larger than the limit; nothing was kept.
    TooLarge,
    /// `give_up` was called; nothing was kept.
    NoRoom,
}

/// Octets that are kept up to a limit.
#[derive(Debug)]
pub(super) struct Content {
    octets: Vec<u8>,
    keeping: Keeping,
    limit: usize,
    /// So many from the start are kept; what comes after them is counted and dropped.
    head: usize,
    came: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keeping {
    All,
    /// The rest is read and dropped.
    Nothing(Dropped),
}

/// Why nothing is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dropped {
    TooLarge,
    NoRoom,
}

impl Content {
    pub fn new(limit: usize, hint: usize) -> Self {
        let octets = Vec::with_capacity(hint.min(limit).min(LARGEST_HINT));
        Self { octets, keeping: Keeping::All, limit, head: limit, came: 0 }
    }

    /// The same, of which only the first octets are kept.
    pub fn head(head: usize, limit: usize) -> Self {
        Self { octets: Vec::new(), keeping: Keeping::All, limit, head: head.min(limit), came: 0 }
    }

    pub fn kept(&self) -> usize {
        self.octets.len()
    }

    /// Octets of memory that it takes once so many more have come.
    pub fn held_with(&self, more: usize) -> usize {
        let (length, held) = (self.octets.len(), self.octets.capacity());
        let needed = length.saturating_add(more).min(self.head);
        match self.keeping {
            Keeping::Nothing(_) => 0,
            Keeping::All if needed <= held => held,
            // A step that does not depend on how what came was cut.
            Keeping::All => needed.next_power_of_two().min(self.head),
        }
    }

    /// Why nothing is kept any more, if that is so.
    pub fn dropped(&self) -> Option<Dropped> {
        match self.keeping {
            Keeping::All => None,
            Keeping::Nothing(why) => Some(why),
        }
    }

    pub fn ends_with(&self, octets: &[u8]) -> bool {
        self.octets.ends_with(octets)
    }

    pub fn put(&mut self, octets: &[u8]) {
        if self.keeping != Keeping::All {
            return;
        }
        if octets.len() > self.limit - self.came {
            self.let_go(Dropped::TooLarge);
        } else {
            self.came += octets.len();
            let octets = &octets[..octets.len().min(self.head - self.octets.len())];
            // Never more than was foretold, which room was found for.
            let held = self.held_with(octets.len());
            self.octets.reserve_exact(held - self.octets.len());
            self.octets.extend_from_slice(octets);
        }
    }

    pub fn give_up(&mut self) {
        self.let_go(Dropped::NoRoom);
    }

    /// What was gathered; it is empty afterwards.
    pub fn end(&mut self) -> EndOfData {
        match self.keeping {
            Keeping::All => EndOfData::Complete(std::mem::take(&mut self.octets).into()),
            Keeping::Nothing(Dropped::TooLarge) => EndOfData::TooLarge,
            Keeping::Nothing(Dropped::NoRoom) => EndOfData::NoRoom,
        }
    }

    fn let_go(&mut self, why: Dropped) {
        if self.keeping == Keeping::All {
            self.keeping = Keeping::Nothing(why);
            self.octets = Vec::new();
        }
    }
}

/// The first CR or LF. Looks at whole blocks without branches first, which the compiler does in one register.
pub(super) fn find_line_end(octets: &[u8]) -> Option<usize> {
    const BLOCK: usize = 16;
    let hits = |hits, &byte: &u8| hits | u8::from(byte == CR) | u8::from(byte == LF);
    let clean = octets.chunks_exact(BLOCK).take_while(|block| block.iter().fold(0, hits) == 0);
    let skipped = clean.count() * BLOCK;
    let rest = &octets[skipped..];
    rest.iter().position(|&byte| byte == CR || byte == LF).map(|found| skipped + found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn of_a_head_no_more_is_kept_and_the_rest_still_counts() {
        let mut content = Content::head(4, 10);
        content.put(b"abc");
        content.put(b"defgh");
        assert!(content.held_with(1_000) <= 4);
        assert_eq!(content.end(), EndOfData::Complete(Bytes::from_static(b"abcd")));
        let mut content = Content::head(4, 10);
        content.put(b"abcdefgh");
        content.put(b"ijk");
        assert_eq!(content.end(), EndOfData::TooLarge);
    }

    proptest! {
        /// What is foretold before a block bounds what is held after it, however the block is cut.
        #[test]
        fn memory_is_foretold_and_never_more_than_the_limit(
            blocks in prop::collection::vec(0..5_000_usize, 1..40), cut in 1..900_usize, limit in 0..60_000_usize)
        {
            let mut content = Content::new(limit, 0);
            for block in blocks {
                let foretold = content.held_with(block);
                prop_assert!(foretold <= limit);
                vec![b'x'; block].chunks(cut).for_each(|piece| content.put(piece));
                prop_assert!(content.octets.capacity() <= foretold, "{} {foretold}", content.octets.capacity());
            }
        }

        #[test]
        fn long_runs_are_searched_to_the_octet(length in 0..200_usize, breaks in prop::sample::select(b"\r\n".as_slice())) {
            let mut octets = vec![b'x'; length];
            prop_assert_eq!(find_line_end(&octets), None);
            octets.extend_from_slice(&[breaks, b'x', b'\n']);
            prop_assert_eq!(find_line_end(&octets), Some(length));
        }
    }
}
