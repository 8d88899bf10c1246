//! Text from a peer made fit to be kept and shown: one line, bounded, without addresses (invariant 11). Pure.
//!
//! It must never let through anything that looks like an address, whatever it costs in legibility.

use super::Address;

/// The most octets of a response that are kept.
pub const MAX_KEPT: usize = 500;

/// What stands for `@` in responses that quote an address in some encoding.
const ENCODED_AT: [&str; 2] = ["%40", "&#64;"];

/// One line of at most `MAX_KEPT` octets: control characters escaped, addresses shown as `a***@example.se`.
pub fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(MAX_KEPT));
    for character in redact(text).chars() {
        let escaped = character.is_control() || is_format(character);
        let width = if escaped { character.escape_default().count() } else { character.len_utf8() };
        if line.len() + width > MAX_KEPT {
            break;
        }
        if escaped { line.extend(character.escape_default()) } else { line.push(character) }
    }
    line
}

/// `one_line`, and the local part of an address that we know hidden too, where it stands alone as a word:
/// `user anna.berg unknown` names a person without an `@`.
pub fn one_line_about(text: &str, about: &Address) -> String {
    one_line(&hide_word(text, about.local()))
}

/// Every address in a text shown as `a***@example.se`.
pub fn redact(text: &str) -> String {
    let text = ENCODED_AT.iter().fold(text.to_owned(), |text, encoded| text.replace(encoded, "@"));
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, _) in characters.iter().enumerate().filter(|(_, character)| **character == '@') {
        let start = local_start(&characters, copied, at);
        if start == at {
            continue;
        }
        out.extend(&characters[copied..start]);
        out.extend(characters[start..at].iter().find(|character| character.is_alphanumeric()));
        out.push_str("***");
        copied = at;
    }
    out.extend(&characters[copied..]);
    out
}

/// Where the local part before the `@` at `at` starts: at its opening quote, or after the last delimiter.
fn local_start(characters: &[char], from: usize, at: usize) -> usize {
    let before = &characters[from..at];
    if before.last() == Some(&'"') {
        let inner = &before[..before.len() - 1];
        let open = (0..inner.len()).rev().find(|&i| inner[i] == '"' && (i == 0 || inner[i - 1] != '\\'));
        return from + open.unwrap_or(0);
    }
    let delimiter = |character: &char| character.is_whitespace() || "<>()[],;:\"@".contains(*character);
    from + before.iter().rposition(delimiter).map_or(0, |found| found + 1)
}

/// Hides a word of at least three characters, compared without case.
fn hide_word(text: &str, word: &str) -> String {
    let wanted: Vec<char> = word.chars().flat_map(char::to_lowercase).collect();
    if wanted.len() < 3 {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut index = 0;
    while index < characters.len() {
        let end = index + wanted.len();
        let found = characters.get(index..end).is_some_and(|found| {
            found.iter().zip(&wanted).all(|(own, wanted)| own.to_lowercase().eq([*wanted]))
        });
        let alone = |neighbour: Option<&char>| neighbour.is_none_or(|character| !character.is_alphanumeric());
        let before = index.checked_sub(1).and_then(|before| characters.get(before));
        // Followed by `@` it is an address, which `redact` shows with its domain.
        if found && alone(before) && alone(characters.get(end)) && characters.get(end) != Some(&'@') {
            out.push(characters[index]);
            out.push_str("***");
            index = end;
        } else {
            out.push(characters[index]);
            index += 1;
        }
    }
    out
}

/// Characters that change how the text around them is read: directions, joiners, line separators.
fn is_format(character: char) -> bool {
    matches!(character,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_looks_like_an_address_is_redacted() {
        let check = |text: &str, expect: &str| assert_eq!(redact(text), expect);
        check("550 <anna@shop.example> unknown", "550 <a***@shop.example> unknown");
        check("a@b.example,c.d@e.example", "a***@b.example,c***@e.example");
        check("mailto:anna+x=y@shop.example", "mailto:a***@shop.example");
        check(r#"<"anna berg"@shop.example>"#, "<a***@shop.example>");
        check(r#"<"an\"na"@shop.example>"#, "<a***@shop.example>");
        check("anna@[192.0.2.1] refused", "a***@[192.0.2.1] refused");
        check("åsa@shop.example", "å***@shop.example");
        check("anna%40shop.example and anna&#64;shop.example", "a***@shop.example and a***@shop.example");
        check("a@b@c.example", "a***@b***@c.example");
        check("@ alone, and at@ the end", "@ alone, and a***@ the end");
        check("5.1.1 no such user", "5.1.1 no such user");
    }

    #[test]
    fn a_known_local_part_is_hidden_where_it_stands_alone() {
        let anna: Address = "anna.berg@shop.example".parse().unwrap();
        let check = |text: &str, expect: &str| assert_eq!(one_line_about(text, &anna), expect);
        check("user anna.berg unknown", "user a*** unknown");
        check("user ANNA.BERG: unknown", "user A***: unknown");
        check("joanna.bergs is another", "joanna.bergs is another");
        check("<anna.berg@shop.example> unknown", "<a***@shop.example> unknown");
    }

    #[test]
    fn what_is_kept_is_one_bounded_line() {
        assert_eq!(one_line("a\r\nb\u{1b}[31m"), "a\\r\\nb\\u{1b}[31m");
        assert_eq!(one_line("a\u{202e}b"), "a\\u{202e}b");
        assert!(one_line(&"å".repeat(10_000)).len() <= MAX_KEPT);
        assert!(one_line(&"\u{1}".repeat(10_000)).len() <= MAX_KEPT);
    }
}
