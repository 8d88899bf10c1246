//! UTF-7: runs of modified base64 between characters of ASCII. RFC 2152. What breaks its rules isn't read, since
//! readers differ on what it says.

use std::ops::Range;

/// A text of more isn't read: each has its place remembered.
const MAX_RUNS: usize = 500_000;

/// A run, `+` and the `-` that closes it included, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub raw: Range<usize>,
    pub text: Range<usize>,
    pub end: End,
}

/// What a run ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// A `-` of its own.
    Hyphen,
    /// A character that can't belong to it.
    Open,
}

/// The text as UTF-8, and its runs in order.
pub(super) fn read(content: &[u8]) -> Option<(String, Vec<Run>)> {
    let (mut text, mut runs) = (String::with_capacity(content.len()), Vec::new());
    let mut at = 0;
    while at < content.len() {
        let plus = memchr::memchr(b'+', &content[at..]).map_or(content.len(), |found| at + found);
        let direct = content.get(at..plus).filter(|direct| direct.is_ascii())?;
        text.push_str(str::from_utf8(direct).ok()?);
        if plus == content.len() {
            break;
        }
        if runs.len() == MAX_RUNS {
            return None;
        }
        let start = text.len();
        let length = content[plus + 1..].iter().take_while(|octet| value(**octet).is_some()).count();
        let after = plus + 1 + length;
        let end = if content.get(after) == Some(&b'-') { End::Hyphen } else { End::Open };
        match (length, end) {
            (0, End::Hyphen) => text.push('+'),
            (0, End::Open) => return None,
            _ => text.push_str(&characters(&content[plus + 1..after])?),
        }
        at = after + usize::from(end == End::Hyphen);
        runs.push(Run { raw: plus..at, text: start..text.len(), end });
    }
    Some((text, runs))
}

pub(super) fn decode(content: &[u8]) -> Option<String> {
    read(content).map(|(text, _)| text)
}

/// A text that starts and ends outside of runs.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 4);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if character == '+' {
            out.extend_from_slice(b"+-");
            rest = &rest[1..];
            continue;
        }
        let direct = is_direct(character);
        let end = rest.find(|other: char| other == '+' || is_direct(other) != direct).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        if direct {
            out.extend_from_slice(part.as_bytes())
        } else {
            run(part, &mut out)
        }
        rest = after;
    }
    out
}

fn run(text: &str, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.push(b'+');
    let (mut bits, mut count) = (0u32, 0);
    for unit in text.encode_utf16() {
        bits = bits << 16 | u32::from(unit);
        count += 16;
        while count >= 6 {
            count -= 6;
            out.push(DIGITS[(bits >> count & 63) as usize]);
        }
        bits &= (1 << count) - 1;
    }
    if count > 0 {
        out.push(DIGITS[(bits << (6 - count) & 63) as usize]);
    }
    out.push(b'-');
}

fn characters(digits: &[u8]) -> Option<String> {
    let (mut units, mut bits, mut count) = (Vec::with_capacity(digits.len() / 2), 0u32, 0);
    for digit in digits {
        bits = bits << 6 | u32::from(value(*digit)?);
        count += 6;
        if count >= 16 {
            count -= 16;
            units.push((bits >> count & 0xFFFF) as u16);
            bits &= (1 << count) - 1;
        }
    }
    // A digit too many, or bits that say something.
    if count >= 6 || bits != 0 {
        return None;
    }
    String::from_utf16(&units).ok()
}

fn value(octet: u8) -> Option<u8> {
    Some(match octet {
        b'A'..=b'Z' => octet - b'A',
        b'a'..=b'z' => octet - b'a' + 26,
        b'0'..=b'9' => octet - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// What may stand for itself; a backslash and a tilde may not.
fn is_direct(character: char) -> bool {
    matches!(character, '\t' | '\r' | '\n' | ' '..='}') && !matches!(character, '+' | '\\')
}
