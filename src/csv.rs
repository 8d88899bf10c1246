//! CSV as we write it: RFC 4180, comma, UTF-8, and nothing in it that a spreadsheet would run.

use std::borrow::Cow;

/// What makes a spreadsheet take a cell for a formula, or look behind it for one.
const FORMULA: &[u8] = b"=+-@\t\r";

/// One cell, its commas and quotes guarded. A cell that a spreadsheet would run gets a leading `'`.
pub fn cell(text: &[u8]) -> Vec<u8> {
    let text = if begins_formula(text) { Cow::Owned([b"'", text].concat()) } else { Cow::Borrowed(text) };
    if !text.iter().any(|octet| b",\"\r\n".contains(octet)) {
        return text.into_owned();
    }
    let mut quoted = vec![b'"'];
    for octet in text.iter() {
        if *octet == b'"' {
            quoted.push(b'"');
        }
        quoted.push(*octet);
    }
    quoted.push(b'"');
    quoted
}

/// A line of cells.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut line = cells.into_iter().map(cell).collect::<Vec<_>>().join(b",".as_slice());
    line.extend_from_slice(b"\r\n");
    line
}

/// The text of a cell whose formula was disarmed as above.
pub fn rearmed(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if begins_formula(rest.as_bytes()) => rest,
        _ => text,
    }
}

/// Quotes of an earlier disarming count with it, so that each writing is undone by one reading.
fn begins_formula(text: &[u8]) -> bool {
    let first = text.iter().find(|octet| **octet != b'\'');
    first.is_some_and(|octet| FORMULA.contains(octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_that_a_spreadsheet_would_run_is_disarmed_and_read_as_it_was() {
        for text in ["=1+1", "+47@x.se", "-a", "@a", "\tx", "\rx", "'=x", "''@x"] {
            let written = String::from_utf8(cell(text.as_bytes())).unwrap();
            let inner = written.trim_matches('"');
            assert_eq!(inner, format!("'{text}"));
            assert_eq!(rearmed(inner), text);
        }
        for text in ["a=b", "o'hara@x.se", "'quoted'", "", "'"] {
            assert_eq!(cell(text.as_bytes()), text.as_bytes());
            assert_eq!(rearmed(text), text);
        }
    }

    #[test]
    fn commas_quotes_and_line_ends_are_guarded() {
        let cells: [&[u8]; 4] = [b"a,b", b"say \"no\"", b"two\nlines", b"plain"];
        assert_eq!(line(cells), b"\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",plain\r\n");
    }
}
