//! Changing what a part's header says of its charset and transfer encoding: one value, nothing else.

use std::ops::Range;

use super::edit::Edit;
use super::headers::Wanted;
use super::parts::Part;
use crate::mail::message::Field;

/// Whether a charset can be declared without guessing what the Content-Type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Declaring {
    Possible,
    /// It is no plain text, or names its charset in a way that readers differ on. RFC 2231, 4.
    Unclear,
}

impl Declaring {
    pub fn of(bytes: &[u8], part: &Part) -> Self {
        match part.content_types.iter().all(|field| Self::is_clear(&bytes[field.value.clone()], part)) {
            true => Self::Possible,
            false => Self::Unclear,
        }
    }

    fn is_clear(value: &[u8], part: &Part) -> bool {
        let named = parameters(value).filter(|name| starts_with_charset(&value[*name..])).count();
        let lower = value.to_ascii_lowercase();
        let extended =
            memchr::memmem::find(&lower, b"charset*").is_some_and(|at| lower.get(at + 8) != Some(&b'='));
        let found = named == 1 || named == 0 && part.media.charset().is_none();
        part.media.is_plain() && found && !extended && !value.contains(&b'(')
    }
}

/// Makes a text part declare UTF-8, in each of its fields.
pub(super) fn declare_utf8(bytes: &[u8], part: &Part, edits: &mut Vec<Edit>, wanted: &mut Wanted) {
    if part.content_types.is_empty() {
        add(part, "Content-Type: text/plain; charset=utf-8\r\n", edits, wanted);
    }
    edits.extend(part.content_types.iter().map(|field| {
        let value = &bytes[field.value.clone()];
        let shift = |at: Range<usize>| field.value.start + at.start..field.value.start + at.end;
        match charset_value(value) {
            // RFC 2231's form has a star before the equals sign.
            Some(at) if value[at.start] == b'*' => Edit::replace(shift(at), b"=utf-8".to_vec()),
            Some(at) => Edit::replace(shift(at), b"utf-8".to_vec()),
            None => {
                let end = trim_parameters(value).len();
                let with = if end == 0 { " text/plain; charset=utf-8" } else { "; charset=utf-8" };
                Edit::replace(shift(end..value.len()), with.into())
            }
        }
    }));
}

/// Makes a part declare a transfer encoding, in each of its fields.
pub(super) fn declare_encoding(part: &Part, encoding: &str, edits: &mut Vec<Edit>, wanted: &mut Wanted) {
    if part.transfer_encodings.is_empty() {
        add(part, &format!("Content-Transfer-Encoding: {encoding}\r\n"), edits, wanted);
    }
    let declared = |field: &Field| Edit::replace(field.value.clone(), format!(" {encoding}").into_bytes());
    edits.extend(part.transfer_encodings.iter().map(declared));
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
    let name = parameters(value).find(|name| starts_with_charset(&value[*name..]))?;
    let equals = skip_blanks(value, name + CHARSET.len());
    let start = if value.get(equals) == Some(&b'*') { equals } else { skip_blanks(value, equals + 1) };
    let ends = |byte: &u8| matches!(byte, b';' | b' ' | b'\t' | b'\r' | b'\n' | b'(');
    let length = match value.get(start) {
        Some(b'"') => value[start + 1..].iter().position(|byte| *byte == b'"').map(|end| end + 2),
        _ => value.get(start..)?.iter().position(ends),
    };
    Some(start..start + length.unwrap_or(value.len() - start))
}

const CHARSET: &[u8] = b"charset";

fn starts_with_charset(parameter: &[u8]) -> bool {
    let name = parameter.get(..CHARSET.len()).is_some_and(|own| own.eq_ignore_ascii_case(CHARSET));
    let after = parameter.get(skip_blanks(parameter, CHARSET.len())..).unwrap_or_default();
    name && matches!(after, [b'=', ..] | [b'*', b'=', ..])
}

/// Where the name of each parameter starts.
fn parameters(value: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let semicolon = next_semicolon(value, at)?;
        at = semicolon + 1;
        Some(skip_blanks(value, at))
    })
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
