//! Changing what a part's header says of its charset and transfer encoding: one value, nothing else.

use std::ops::Range;

use super::edit::Edit;
use super::headers::Wanted;
use super::parts::Part;

/// Whether a charset can be declared without guessing what its Content-Type means.
pub(super) fn can_declare(part: &Part) -> bool {
    part.content_type.is_none() || part.media.is_plain()
}

/// Makes a text part declare UTF-8.
pub(super) fn declare_utf8(bytes: &[u8], part: &Part, edits: &mut Vec<Edit>, wanted: &mut Wanted) {
    match &part.content_type {
        None => add(part, "Content-Type: text/plain; charset=utf-8\r\n", edits, wanted),
        Some(field) => {
            let value = &bytes[field.value.clone()];
            let shift = |at: Range<usize>| field.value.start + at.start..field.value.start + at.end;
            edits.push(match charset_value(value) {
                // RFC 2231's form has a star before the equals sign.
                Some(at) if value[at.start] == b'*' => Edit::replace(shift(at), b"=utf-8".to_vec()),
                Some(at) => Edit::replace(shift(at), b"utf-8".to_vec()),
                None => {
                    let end = trim_parameters(value).len();
                    let with = if end == 0 { " text/plain; charset=utf-8" } else { "; charset=utf-8" };
                    Edit::replace(shift(end..value.len()), with.into())
                }
            });
        }
    }
}

/// Makes a part declare a transfer encoding.
pub(super) fn declare_encoding(part: &Part, encoding: &str, edits: &mut Vec<Edit>, wanted: &mut Wanted) {
    match &part.transfer_encoding {
        None => add(part, &format!("Content-Transfer-Encoding: {encoding}\r\n"), edits, wanted),
        Some(field) => edits.push(Edit::replace(field.value.clone(), format!(" {encoding}").into_bytes())),
    }
}

fn add(part: &Part, field: &str, edits: &mut Vec<Edit>, wanted: &mut Wanted) {
    if part.header.start == 0 {
        wanted.fields.extend_from_slice(field.as_bytes());
    } else {
        edits.push(Edit::insert(part.header.end, field.as_bytes().to_vec()));
    }
}

/// Where the value of a `charset` parameter stands, its quotes included.
fn charset_value(value: &[u8]) -> Option<Range<usize>> {
    const NAME: &[u8] = b"charset";
    let mut at = 0;
    while let Some(semicolon) = next_semicolon(value, at) {
        let name = skip_blanks(value, semicolon + 1);
        at = semicolon + 1;
        if !value[name..].get(..NAME.len()).is_some_and(|own| own.eq_ignore_ascii_case(NAME)) {
            continue;
        }
        let equals = skip_blanks(value, name + NAME.len());
        let start = match value.get(equals) {
            Some(b'=') => skip_blanks(value, equals + 1),
            Some(b'*') => equals,
            _ => continue,
        };
        let ends = |byte: &u8| matches!(byte, b';' | b' ' | b'\t' | b'\r' | b'\n' | b'(');
        let length = match value.get(start) {
            Some(b'"') => value[start + 1..].iter().position(|byte| *byte == b'"').map(|end| end + 2),
            _ => value[start..].iter().position(ends),
        };
        return Some(start..start + length.unwrap_or(value.len() - start));
    }
    None
}

fn next_semicolon(value: &[u8], from: usize) -> Option<usize> {
    let (mut quoted, mut at) = (false, from);
    while at < value.len() {
        match value[at] {
            b'\\' if quoted => at += 1,
            b'"' => quoted = !quoted,
            b';' if !quoted => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

fn skip_blanks(value: &[u8], from: usize) -> usize {
    let blanks = value[from.min(value.len())..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    from + blanks
}

fn trim_parameters(value: &[u8]) -> &[u8] {
    let end =
        value.iter().rposition(|byte| !byte.is_ascii_whitespace() && *byte != b';').map_or(0, |at| at + 1);
    &value[..end]
}
