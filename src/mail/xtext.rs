//! xtext: printable ASCII in which other characters stand as `+` and two hexadecimal digits. RFC 3461, 4.
//! And what RFC 6533, 3 does for addresses beyond ASCII: `\x{HEX}`. What was decoded is written anew.

use std::fmt::Write as _;

/// The decoded text, if it is printable ASCII and blanks as RFC 3461, 4.2 and 4.4 want it.
pub fn decode(text: &str) -> Option<String> {
    let mut octets = text.bytes();
    let mut plain = String::with_capacity(text.len());
    while let Some(octet) = octets.next() {
        let decoded = match octet {
            b'+' => 16 * upper_hex(octets.next()?)? + upper_hex(octets.next()?)?,
            b'=' => return None,
            b'!'..=b'~' => octet,
            _ => return None,
        };
        plain.push(char::from(decoded));
        if !matches!(decoded, b' '..=b'~') {
            return None;
        }
    }
    Some(plain)
}

pub fn encode(plain: &str) -> String {
    let mut text = String::with_capacity(plain.len());
    for octet in plain.bytes() {
        match octet {
            b'!'..=b'~' if octet != b'+' && octet != b'=' => text.push(char::from(octet)),
            _ => {
                let _ = write!(text, "+{octet:02X}");
            }
        }
    }
    text
}

/// utf-8-addr-xtext and utf-8-addr-unitext → the address. RFC 6533, 3.
pub fn decode_utf8(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        rest = &rest[character.len_utf8()..];
        let decoded = match character {
            '\\' => {
                let (hex, after) = rest.strip_prefix("x{")?.split_once('}')?;
                rest = after;
                let short = (2..=6).contains(&hex.len()) && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
                char::from_u32(u32::from_str_radix(hex, 16).ok().filter(|_| short)?)?
            }
            '+' | '=' | '\0'..=' ' => return None,
            other => other,
        };
        if decoded.is_control() {
            return None;
        }
        plain.push(decoded);
    }
    Some(plain)
}

/// utf-8-addr-xtext, which is ASCII and so good with and without SMTPUTF8.
pub fn encode_utf8(plain: &str) -> String {
    let mut text = String::with_capacity(plain.len());
    for character in plain.chars() {
        match character {
            '!'..='~' if !matches!(character, '\\' | '+' | '=') => text.push(character),
            _ => {
                let _ = write!(text, "\\x{{{:02X}}}", u32::from(character));
            }
        }
    }
    text
}

/// RFC 3461, 4 has capital letters alone; small ones are met too.
fn upper_hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn xtext_is_printable_ascii() {
        assert_eq!(decode("QQ314159").as_deref(), Some("QQ314159"));
        assert_eq!(decode("a+2Bb+20c+3D").as_deref(), Some("a+b c="));
        for bad in ["a b", "a=b", "+", "+4", "+4G", "+0D+0A", "+00", "+7F", "+FF", "å"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
        assert_eq!(encode("a+b c=d"), "a+2Bb+20c+3Dd");
    }

    #[test]
    fn addresses_beyond_ascii_stand_as_numbers() {
        assert_eq!(decode_utf8(r"\x{E5}sa@example.se").as_deref(), Some("åsa@example.se"));
        assert_eq!(decode_utf8("åsa@example.se").as_deref(), Some("åsa@example.se"));
        for bad in [r"\x{}", r"\x{D800}", r"\x{0D}", r"\x{1234567}", r"\x{-5}", r"\y", "a b", "a+2B", "a=b"] {
            assert_eq!(decode_utf8(bad), None, "{bad}");
        }
        assert_eq!(encode_utf8("åsa+x@example.se"), r"\x{E5}sa\x{2B}x@example.se");
    }

    proptest! {
        #[test]
        fn what_was_encoded_decodes_to_the_same(ascii in "[ -~]{0,60}", any in "\\PC{0,60}") {
            prop_assert_eq!(decode(&encode(&ascii)), Some(ascii));
            prop_assert!(encode_utf8(&any).bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(decode_utf8(&encode_utf8(&any)), Some(any));
        }

        #[test]
        fn nothing_upsets_the_decoders(text in "\\PC{0,60}|[\\\\x{}0-9A-F+=]{0,40}") {
            let _ = (decode(&text), decode_utf8(&text));
        }
    }
}
