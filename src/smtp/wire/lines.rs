//! Command lines. They end at CRLF alone; one that is too long is dropped as it comes, never kept.

use bytes::{Buf as _, BytesMut};

use super::{CR, LF};

/// Takes command lines off a buffer.
#[derive(Debug, Default)]
pub struct LineReader {
    /// Octets of the buffer in which no CRLF begins.
    searched: usize,
    progress: Progress,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    Keeping,
    /// The line is too long already; what comes is dropped up to its CRLF.
    Dropping,
}

/// Why a line is no command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    #[error("line too long")]
    TooLong,
    #[error("NUL, or CR or LF on its own, in a command")]
    Malformed,
}

impl LineReader {
    /// The next line without its CRLF, taken off `input`; `None` if more is needed. `limit` counts the CRLF.
    pub fn next(&mut self, input: &mut BytesMut, limit: usize) -> Option<Result<BytesMut, BadLine>> {
        let Some(length) = self.find_end(input) else {
            if self.progress == Progress::Dropping || input.len() >= limit {
                self.progress = Progress::Dropping;
                let kept = usize::from(input.ends_with(&[CR]));
                input.advance(input.len() - kept);
                self.searched = 0;
            }
            return None;
        };
        self.searched = 0;
        let line = input.split_to(length);
        input.advance(2);
        let dropped = std::mem::take(&mut self.progress) == Progress::Dropping;
        Some(if dropped || length + 2 > limit {
            Err(BadLine::TooLong)
        } else if line.iter().any(|byte| [0, CR, LF].contains(byte)) {
            Err(BadLine::Malformed)
        } else {
            Ok(line)
        })
    }

    /// Whether what comes next begins a line.
    pub fn is_at_start(&self) -> bool {
        self.progress == Progress::Keeping
    }

    /// Where the first CRLF begins; never looks at an octet twice.
    fn find_end(&mut self, input: &[u8]) -> Option<usize> {
        let rest = input.get(self.searched..)?;
        if let Some(found) = rest.windows(2).position(|pair| pair == [CR, LF]) {
            return Some(self.searched + found);
        }
        self.searched = input.len().saturating_sub(1);
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Lines = Vec<Result<Vec<u8>, BadLine>>;

    /// All lines, and the most octets that were ever kept, when `octets` come in these blocks.
    fn read(blocks: &[&[u8]], limit: usize) -> (Lines, usize) {
        let (mut reader, mut input, mut lines, mut kept) =
            (LineReader::default(), BytesMut::new(), Vec::new(), 0);
        for block in blocks {
            input.extend_from_slice(block);
            while let Some(line) = reader.next(&mut input, limit) {
                lines.push(line.map(|line| line.to_vec()));
            }
            kept = kept.max(input.len());
        }
        (lines, kept)
    }

    fn one(octets: &[u8]) -> Lines {
        read(&[octets], 64).0
    }

    #[test]
    fn a_command_ends_at_crlf_alone() {
        assert_eq!(one(b"NOOP\r\nQUIT\r\n"), [Ok(b"NOOP".to_vec()), Ok(b"QUIT".to_vec())]);
        assert_eq!(one(b"NOOP\nQUIT\n"), []);
        assert_eq!(one(b"NOOP\rQUIT\r"), []);
        assert_eq!(one(b"\r\n"), [Ok(b"".to_vec())]);
    }

    #[test]
    fn nul_and_stray_cr_or_lf_spoil_a_command() {
        for octets in [b"NO\0OP\r\n".as_slice(), b"NOOP\nQUIT\r\n", b"NOOP\r\r\n", b"NOOP\rQUIT\r\n"] {
            assert_eq!(one(octets), [Err(BadLine::Malformed)]);
        }
    }

    #[test]
    fn a_line_too_long_is_dropped_without_being_kept_and_the_next_one_counts() {
        let block = [b'x'; 50];
        let (lines, kept) = read(&[&block, &block, &block, b"\r", b"\nNOOP\r\n"], 64);
        assert_eq!(lines, [Err(BadLine::TooLong), Ok(b"NOOP".to_vec())]);
        assert!(kept <= 64, "{kept} octets were kept");
    }

    #[test]
    fn the_limit_counts_the_line_end() {
        assert_eq!(read(&[b"123456\r\n"], 8).0, [Ok(b"123456".to_vec())]);
        assert_eq!(read(&[b"1234567\r\n"], 8).0, [Err(BadLine::TooLong)]);
    }

    /// The slow and obvious reading: split at every CRLF, judge each piece.
    fn model(octets: &[u8], limit: usize) -> Lines {
        let mut lines = Vec::new();
        let mut line = Vec::new();
        for &byte in octets {
            line.push(byte);
            if line.ends_with(b"\r\n") {
                let text = line[..line.len() - 2].to_vec();
                let spoilt = text.iter().any(|byte| b"\0\r\n".contains(byte));
                lines.push(match line.len() > limit {
                    true => Err(BadLine::TooLong),
                    false if spoilt => Err(BadLine::Malformed),
                    false => Ok(text),
                });
                line.clear();
            }
        }
        lines
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]
        #[test]
        fn blocks_never_show(blocks in prop::collection::vec(prop::collection::vec(
            prop::sample::select(b"ab\r\n\r\n\0".as_slice()), 0..7), 0..12), limit in 2..12_usize)
        {
            let whole = blocks.concat();
            let blocks: Vec<&[u8]> = blocks.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(read(&blocks, limit).0, model(&whole, limit));
        }
    }
}
