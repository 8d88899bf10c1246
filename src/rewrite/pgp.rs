//! Signatures and encryption that stand in a text: PGP without MIME. RFC 9580, 6.2 and 7.

use memchr::memmem;

use super::media::Media;

const BEGIN: &[u8] = b"-----BEGIN PGP ";
/// Of the kinds of armor those that are a message: a key is none.
const MESSAGES: [&[u8]; 2] = [b"MESSAGE", b"SIGNED MESSAGE"];

/// Whether a text holds a message in armor, or one that is signed in the clear. Armor starts a line: what is quoted,
/// or only spoken of, is none.
pub(super) fn is_armored(text: &[u8], media: &Media) -> bool {
    memmem::find_iter(text, BEGIN).any(|at| {
        let kind = &text[at + BEGIN.len()..];
        let starts_line = match &text[..at] {
            [] | [.., b'\n'] | b"\xEF\xBB\xBF" => true,
            // In markup a tag may stand before it.
            before if media.is_markup() => matches!(trim_blanks(before), [] | [.., b'\n' | b'>']),
            _ => false,
        };
        starts_line && MESSAGES.iter().any(|message| kind.starts_with(message))
    })
}

fn trim_blanks(before: &[u8]) -> &[u8] {
    let end = before.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
    &before[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn armor_starts_a_line() {
        let armor = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n";
        for text in ["", "Hello\n\n", "\u{FEFF}"] {
            assert!(is_armored(format!("{text}{armor}").as_bytes(), &Media::text()), "{text}");
        }
        for text in ["> ", "Look for ", " "] {
            assert!(!is_armored(format!("{text}{armor}").as_bytes(), &Media::text()), "{text}");
        }
        let key = b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n";
        assert!(!is_armored(key, &Media::text()));
    }
}
