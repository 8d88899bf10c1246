//! Base64. RFC 2045, 6.8. Characters outside its alphabet are skipped; what goes on after padding is not read.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::mail::message::{line_end, without_crlf};
use crate::rewrite::edit::{Edit, apply_from};

/// The longest line in characters.
const MAX_LINE: usize = 76;

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// `None` where readers would differ on what it means.
pub(in crate::rewrite) fn decode(raw: &[u8]) -> Option<Vec<u8>> {
    // Room for all of it: a buffer that grows is there twice while it does.
    let mut data = Vec::with_capacity(raw.len());
    data.extend(raw.iter().copied().filter(|byte| is_data(*byte) || *byte == b'='));
    let (data, padding) = data.split_at(memchr::memchr(b'=', &data).unwrap_or(data.len()));
    if padding.iter().any(|byte| *byte != b'=') {
        return None;
    }
    ENGINE.decode(data).ok()
}

/// A whole content, in lines of 76 characters, without a final line break.
pub(in crate::rewrite) fn encode(content: &[u8]) -> Vec<u8> {
    in_lines(content, MAX_LINE)
}

/// Edits of the content as one edit of the raw text, which leaves alone the lines before the first of them.
pub(in crate::rewrite) fn splice(raw: &[u8], content: &[u8], edits: &[Edit]) -> Vec<Edit> {
    let Some(first) = edits.first() else { return Vec::new() };
    let data = raw.trim_ascii_end();
    let (kept_raw, kept_content) = kept(data, first.at.start);
    let tail = apply_from(kept_content, content, edits);
    vec![Edit::replace(kept_raw..data.len(), in_lines(&tail, width(raw)))]
}

/// How far whole lines reach that hold nothing of what changes: in the raw text, and in the content.
fn kept(data: &[u8], first_change: usize) -> (usize, usize) {
    let (mut kept, mut at, mut characters) = ((0, 0), 0, 0);
    while at < data.len() {
        let end = line_end(data, at);
        characters += data[at..end].iter().filter(|byte| is_data(**byte)).count();
        if characters / 4 * 3 > first_change {
            break;
        }
        at = end;
        if characters % 4 == 0 && data[..end].ends_with(b"\n") {
            kept = (at, characters / 4 * 3);
        }
    }
    kept
}

fn width(raw: &[u8]) -> usize {
    let first = without_crlf(raw, line_end(raw, 0));
    if first.is_multiple_of(4) && (4..=MAX_LINE).contains(&first) { first } else { MAX_LINE }
}

fn in_lines(content: &[u8], width: usize) -> Vec<u8> {
    let octets = width / 4 * 3;
    let mut out = String::with_capacity(content.len() / 3 * 4 + content.len() / octets * 2 + 8);
    for (index, line) in content.chunks(octets).enumerate() {
        if index > 0 {
            out.push_str("\r\n");
        }
        base64::engine::general_purpose::STANDARD.encode_string(line, &mut out);
    }
    out.into_bytes()
}

fn is_data(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rewrite::edit::apply;

    #[test]
    fn padding_ends_the_data() {
        assert_eq!(decode(b"YWJj\r\nZA==\r\n").unwrap(), b"abcd");
        assert_eq!(decode(b"YWJjZA").unwrap(), b"abcd");
        assert_eq!(decode(b"ZA==\r\nYWJj\r\n"), None);
    }

    proptest! {
        #[test]
        fn a_splice_keeps_the_lines_before_it(content in proptest::collection::vec(any::<u8>(), 0..400), width in 1usize..20, at: prop::sample::Index, with in proptest::collection::vec(any::<u8>(), 0..99)) {
            let mut raw = in_lines(&content, width * 4);
            raw.extend_from_slice(b"\r\n");
            prop_assert_eq!(decode(&raw).unwrap(), content.clone());
            let edit = Edit::insert(at.index(content.len() + 1), with);
            let expected = apply(&content, std::slice::from_ref(&edit));
            let spliced = splice(&raw, &content, std::slice::from_ref(&edit));
            let whole_lines = edit.at.start / (width * 3) * (width * 4 + 2);
            prop_assert!(spliced[0].at.start + width * 4 + 2 >= whole_lines);
            prop_assert_eq!(decode(&apply(&raw, &spliced)).unwrap(), expected);
        }
    }
}
