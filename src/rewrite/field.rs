//! Writing header fields of our own. RFC 5322, 2.2 and 3.2; RFC 2047.
//!
//! Whatever value comes in, one field goes out: no control character of a value is ever written.

use base64::Engine as _;

/// Where lines are folded if they can be, in characters.
const WIDTH: usize = 78;
/// Octets of text in an encoded word: with its frame at most 75 characters.
const WORD: usize = 45;

/// A field whose value is folded at its blanks; what isn't ASCII goes into encoded words. `None` if the name
/// is no name of a field.
pub(super) fn unstructured(name: &str, value: &str) -> Option<Vec<u8>> {
    let named = !name.is_empty() && name.bytes().all(|byte| matches!(byte, 33..=126) && byte != b':');
    named.then(|| {
        let words: Vec<String> = if value.is_ascii() {
            plain(value).split_ascii_whitespace().map(str::to_owned).collect()
        } else {
            encoded_words(value)
        };
        folded(name, &words)
    })
}

/// A field of words that may stand on lines of their own.
pub(super) fn folded(name: &str, words: &[String]) -> Vec<u8> {
    let mut out = format!("{name}:");
    let mut column = out.len();
    for (index, word) in words.iter().enumerate() {
        // The first stays beside the name: some readers take an empty first line for an empty field.
        if index > 0 && column + 1 + word.len() > WIDTH {
            out.push_str("\r\n");
            column = 0;
        }
        out.push(' ');
        out.push_str(word);
        column += 1 + word.len();
    }
    out.push_str("\r\n");
    out.into_bytes()
}

/// A display name: quoted, or in encoded words.
pub(super) fn phrase(text: &str) -> Vec<String> {
    let text = plain(text);
    let text = text.trim();
    if text.is_empty() {
        Vec::new()
    } else if text.is_ascii() && text.len() <= WIDTH - 20 {
        vec![format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))]
    } else {
        encoded_words(text)
    }
}

/// A whole field as somebody else has folded it, with one CRLF at its end and none but folds within.
pub(super) fn as_folded(field: &str) -> Vec<u8> {
    let lines = field.trim_end_matches(['\r', '\n']).split("\r\n");
    let mut out = String::with_capacity(field.len() + 2);
    for (index, line) in lines.enumerate() {
        if index > 0 {
            out.push_str(if line.starts_with([' ', '\t']) && !line.trim().is_empty() { "\r\n" } else { " " });
        }
        out.extend(line.chars().map(|character| match character {
            '\t' => '\t',
            ' '..='~' => character,
            control if control.is_control() => ' ',
            _ => '?',
        }));
    }
    out.push_str("\r\n");
    out.into_bytes()
}

/// An address for angle brackets: what may not stand in one is percent-encoded. RFC 3986, 2.
pub(super) fn uri(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~'
                if !matches!(byte, b'<' | b'>' | b'"' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' | b',') =>
            {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// An identifier: letters, digits and a few marks; all else becomes `_`.
pub(super) fn identifier(text: &str, most: usize) -> String {
    let safe = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' | ':' | '@' | '+' | '=' | '/' => character,
        _ => '_',
    };
    text.chars().map(safe).take(most).collect()
}

/// The text with blanks for control characters.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

fn encoded_words(text: &str) -> Vec<String> {
    let text = plain(text);
    let mut words = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let mut end = rest.len().min(WORD);
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let (word, after) = rest.split_at(end);
        words.push(format!("=?utf-8?B?{}?=", base64::engine::general_purpose::STANDARD.encode(word)));
        rest = after;
    }
    words
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(field: Vec<u8>) -> String {
        String::from_utf8(field).unwrap()
    }

    #[test]
    fn a_value_stays_in_its_field() {
        assert_eq!(text(unstructured("X-A", "a\r\nBcc: x").unwrap()), "X-A: a Bcc: x\r\n");
        assert_eq!(unstructured("X-A:\r\nBcc", "x"), None);
        assert_eq!(
            text(as_folded("Received: a\r\nBcc: x\r\n\tby b\r\n\r\n")),
            "Received: a Bcc: x\r\n\tby b\r\n"
        );
        assert_eq!(uri("https://a/u/x>\r\n,<b"), "https://a/u/x%3E%0D%0A%2C%3Cb");
        assert_eq!(identifier("a:b\r\nc", 4), "a:b_");
    }

    #[test]
    fn names_are_quoted_or_encoded() {
        assert_eq!(phrase("Shop \"A\" \\"), ["\"Shop \\\"A\\\" \\\\\""]);
        assert_eq!(phrase("Möbler"), ["=?utf-8?B?TcO2Ymxlcg==?="]);
        assert!(phrase(" \r\n").is_empty());
    }

    proptest! {
        #[test]
        fn one_field_goes_out(value in "\\PC{0,200}|[\\x00-\\xff]{0,200}") {
            let fields = [unstructured("X", &value).unwrap(), as_folded(&format!("X: {value}")), folded("X", &phrase(&value))];
            for field in fields {
                let field = text(field);
                prop_assert!(field.is_ascii() && field.ends_with("\r\n"));
                let inner = field.trim_end_matches("\r\n");
                prop_assert!(inner.split("\r\n").skip(1).all(|line| line.starts_with([' ', '\t']) && !line.trim().is_empty()));
                prop_assert!(!inner.replace("\r\n", "").contains(|c: char| c.is_control() && c != '\t'));
            }
        }
    }
}
