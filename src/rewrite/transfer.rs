//! Transfer encodings: reading a leaf's content, and putting edits of the content back into its raw form so
//! that the physical lines before and after them stay. RFC 2045, 6.

pub(super) mod base64;
pub(super) mod quoted_printable;

use std::borrow::Cow;

use super::edit::Edit;
use super::media::Encoding;

/// The longest line that may travel, in octets without CRLF. RFC 5322, 2.1.1.
pub(super) const MAX_LINE: usize = 998;

/// The content of a raw leaf; `None` where it can't be read with confidence.
pub(super) fn decode(encoding: Encoding, raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    match encoding {
        Encoding::SevenBit | Encoding::EightBit => Some(Cow::Borrowed(raw)),
        Encoding::QuotedPrintable => Some(Cow::Owned(quoted_printable::decode(raw))),
        Encoding::Base64 => base64::decode(raw).map(Cow::Owned),
        Encoding::Unknown => None,
    }
}

/// Edits of the content (sorted) as edits of the raw leaf that held it.
pub(super) fn splice(encoding: Encoding, raw: &[u8], content: &[u8], edits: Vec<Edit>) -> Vec<Edit> {
    match encoding {
        Encoding::SevenBit | Encoding::EightBit | Encoding::Unknown => edits,
        Encoding::QuotedPrintable => quoted_printable::splice(raw, content, &edits),
        Encoding::Base64 => base64::splice(raw, content, &edits),
    }
}

/// The longest line of a text in octets, without CRLF.
pub(super) fn longest_line(bytes: &[u8]) -> usize {
    let mut longest = 0;
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', bytes) {
        longest = longest.max(end - start - usize::from(end > start && bytes[end - 1] == b'\r'));
        start = end + 1;
    }
    longest.max(bytes.len() - start)
}
