//! Charsets of 7 bits that shift: by escape sequences and shift characters (ISO-2022-JP, -KR, -CN), or by tildes (HZ).
//! What comes in stands in ASCII, and what was shifted before goes on as it was. RFC 1468, 1554, 1557, 1843, 1922.

use std::ops::Range;

use super::pairs::MASK;
use crate::rewrite::edit::Edit;

const ESCAPE: u8 = 0x1B;
const SHIFT_OUT: u8 = 0x0E;
const SHIFT_IN: u8 = 0x0F;

/// What octets stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    set: Set,
    /// The sequence that said so; empty at the start.
    mark: Range<usize>,
    shift: Shift,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Ascii,
    /// JIS X 0201: ASCII but for two.
    Roman,
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shift {
    In,
    Out,
}

impl State {
    const BEGIN: Self = Self { set: Set::Ascii, mark: 0..0, shift: Shift::In };

    fn shows_ascii(&self) -> bool {
        self.shift == Shift::In && self.set != Set::Other
    }
}

/// Whether anything in a text shifts it.
pub(super) fn is_shifted(content: &[u8]) -> bool {
    memchr::memchr3(ESCAPE, SHIFT_OUT, SHIFT_IN, content).is_some()
}

/// Calls with every stretch in order and the state that its start stands in; answers what the content ends in.
fn escapes(content: &[u8], mut visit: impl FnMut(Range<usize>, &State, Kind)) -> State {
    let mut state = State::BEGIN;
    let mut at = 0;
    while at < content.len() {
        let next = memchr::memchr3(ESCAPE, SHIFT_OUT, SHIFT_IN, &content[at..]);
        let mark = next.map_or(content.len(), |found| at + found);
        visit(at..mark, &state, Kind::Text);
        let Some(octet) = content.get(mark) else { break };
        at = mark + if *octet == ESCAPE { sequence_length(&content[mark..]) } else { 1 };
        visit(mark..at, &state, Kind::Mark);
        match *octet {
            SHIFT_OUT => state.shift = Shift::Out,
            SHIFT_IN => state.shift = Shift::In,
            _ => designate(&mut state, &content[mark..at], mark..at),
        }
    }
    state
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Mark,
}

/// An escape, its intermediate octets and its final one; the character itself after a single shift.
fn sequence_length(rest: &[u8]) -> usize {
    let between = rest[1..].iter().take_while(|octet| matches!(octet, 0x20..=0x2F)).count();
    let last = match rest.get(1 + between) {
        Some(b'N' | b'O') if between == 0 => 3,
        Some(0x30..=0x7E) => 1,
        _ => 0,
    };
    (1 + between + last).min(rest.len())
}

fn designate(state: &mut State, sequence: &[u8], at: Range<usize>) {
    let set = match sequence {
        [ESCAPE, b'(', b'B'] => Set::Ascii,
        [ESCAPE, b'(', b'J'] => Set::Roman,
        // Of what SO shifts to, or of a second set that single shifts reach: the first stays.
        [ESCAPE, b'$', b')' | b'*' | b'+', ..] => return,
        [ESCAPE, b'$' | b'(', .., _] => Set::Other,
        _ => return,
    };
    (state.set, state.mark) = (set, at);
}

/// The content with every octet masked that doesn't stand for ASCII, so that offsets stay.
pub(super) fn mask_escapes(content: &[u8]) -> Vec<u8> {
    let mut masked = content.to_vec();
    escapes(content, |at, state, kind| {
        if kind == Kind::Mark || !state.shows_ascii() {
            mask(&mut masked[at]);
        }
    });
    masked
}

/// Line ends stay: no set has them.
fn mask(octets: &mut [u8]) {
    for octet in octets.iter_mut().filter(|octet| !matches!(octet, b'\r' | b'\n')) {
        *octet = MASK;
    }
}

/// Texts as edits, in ASCII whatever they stand in.
pub(super) fn escaped(
    content: &[u8],
    wanted: Vec<(Range<usize>, String)>,
    encode: impl Fn(&str) -> Vec<u8>,
) -> Vec<Edit> {
    let mut edits = Vec::with_capacity(wanted.len());
    let mut wanted = wanted.into_iter().peekable();
    let edit = |at: Range<usize>, text: &str, state: &State| {
        // What is in again stands in the set that was named before it went out.
        match (state.shift, state.set) {
            (Shift::In, _) => designated(content, at, encode(text), state),
            (Shift::Out, Set::Other) => shifted_in(content, designated(content, at, encode(text), state)),
            (Shift::Out, _) => shifted_in(content, Edit::replace(at, encode(text))),
        }
    };
    let last = escapes(content, |stretch, state, _| {
        while let Some((at, text)) = wanted.next_if(|(at, _)| at.start < stretch.end) {
            edits.push(edit(at, &text, state));
        }
    });
    edits.extend(wanted.map(|(at, text)| edit(at, &text, &last)));
    edits
}

/// An edit among what was shifted out.
fn shifted_in(content: &[u8], Edit { at, with }: Edit) -> Edit {
    let out: &[u8] = if at.end < content.len() { &[SHIFT_OUT] } else { b"" };
    Edit::replace(at, [&[SHIFT_IN], with.as_slice(), out].concat())
}

/// An edit that says of itself what set it is in, and no more often than needed: a sequence right after another is an
/// error to browsers.
fn designated(content: &[u8], mut at: Range<usize>, mut with: Vec<u8>, state: &State) -> Edit {
    const ASCII: &[u8] = b"\x1B(B";
    let after_mark = state.mark.end == at.start && !state.mark.is_empty();
    let mark = &content[state.mark.clone()];
    let before_mark = matches!(content[at.end..], [ESCAPE, b'(' | b'$', ..]);
    if with.is_empty() {
        if after_mark && before_mark {
            at.start = state.mark.start;
        }
        return Edit::replace(at, with);
    }
    if after_mark {
        at.start = state.mark.start;
    }
    if !with.starts_with(&[ESCAPE]) && (after_mark || state.set != Set::Ascii) {
        with.splice(0..0, ASCII.iter().copied());
    }
    let goes_on = at.end < content.len() && !before_mark && state.set != Set::Ascii;
    if (goes_on || before_mark) && with.ends_with(ASCII) {
        with.truncate(with.len() - ASCII.len());
    }
    if goes_on {
        with.extend_from_slice(mark);
    }
    Edit::replace(at, with)
}

/// The text of a content that shifts out to pairs, which `read` is given in 8 bits.
pub(super) fn without_shifts(content: &[u8], read: impl Fn(&[u8]) -> String) -> String {
    let mut text = String::with_capacity(content.len());
    escapes(content, |at, state, kind| match (kind, state.shift) {
        (Kind::Mark, _) => {}
        (Kind::Text, Shift::In) => text.push_str(&String::from_utf8_lossy(&content[at])),
        (Kind::Text, Shift::Out) => text.push_str(&read(&raised(&content[at]))),
    });
    text
}

/// Pairs of 7 bits as pairs of 8.
fn raised(pairs: &[u8]) -> Vec<u8> {
    pairs.iter().map(|octet| if octet.is_ascii_graphic() { octet | 0x80 } else { *octet }).collect()
}

/// What a stretch of HZ is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hz {
    Ascii,
    /// `~~`.
    Tilde,
    /// `~{`, `~}`, and a tilde before a line's end.
    Mark,
    Pairs,
}

/// Calls with every stretch in order; answers what the content ends in. A line's end ends pairs.
fn tildes(content: &[u8], mut visit: impl FnMut(Range<usize>, Hz)) -> Hz {
    let (mut at, mut state) = (0, Hz::Ascii);
    while at < content.len() {
        let rest = &content[at..];
        let (length, kind) = match (state, rest) {
            (Hz::Pairs, [b'~', b'}', ..]) => {
                state = Hz::Ascii;
                (2, Hz::Mark)
            }
            (Hz::Pairs, [b'\r' | b'\n', ..]) => {
                state = Hz::Ascii;
                (1, Hz::Ascii)
            }
            (Hz::Pairs, [_, b'\r' | b'\n', ..] | [_]) => (1, Hz::Pairs),
            (Hz::Pairs, _) => (2, Hz::Pairs),
            (_, [b'~', b'{', ..]) => {
                state = Hz::Pairs;
                (2, Hz::Mark)
            }
            (_, [b'~', b'~', ..]) => (2, Hz::Tilde),
            (_, [b'~', b'\r', b'\n', ..]) => (1, Hz::Mark),
            (_, [b'~', ..]) => (1, Hz::Ascii),
            _ => (memchr::memchr(b'~', rest).unwrap_or(rest.len()), Hz::Ascii),
        };
        visit(at..at + length, kind);
        at += length;
    }
    state
}

pub(super) fn mask_tildes(content: &[u8]) -> Vec<u8> {
    let mut masked = content.to_vec();
    tildes(content, |at, kind| match kind {
        Hz::Ascii => {}
        // Nothing may come between the two.
        Hz::Tilde => masked[at.start + 1] = MASK,
        Hz::Mark | Hz::Pairs => masked[at].fill(MASK),
    });
    masked
}

pub(super) fn tilded(
    content: &[u8],
    wanted: Vec<(Range<usize>, String)>,
    encode: impl Fn(&str) -> Vec<u8>,
) -> Vec<Edit> {
    // Only the end of a content is a place within pairs.
    let closing: &[u8] = if tildes(content, |_, _| {}) == Hz::Pairs { b"~}" } else { b"" };
    let edit = |(at, text): (Range<usize>, String)| {
        let before = if at.start == content.len() { closing } else { b"" };
        Edit::replace(at, [before, &encode(&text)].concat())
    };
    wanted.into_iter().map(edit).collect()
}

/// A text with its tildes doubled and its pairs, as `write` has them in 8 bits, between tildes.
pub(super) fn with_tildes(text: &str, write: impl Fn(&str) -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let ascii = rest.is_char_boundary(1) && rest.as_bytes()[0].is_ascii();
        let end = rest.find(|other: char| other.is_ascii() != ascii).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        if ascii {
            out.extend(part.replace('~', "~~").into_bytes());
        } else {
            out.extend_from_slice(b"~{");
            out.extend(write(part).into_iter().map(|octet| octet & 0x7F));
            out.extend_from_slice(b"~}");
        }
        rest = after;
    }
    out
}

pub(super) fn without_tildes(content: &[u8], read: impl Fn(&[u8]) -> String) -> String {
    let mut text = String::with_capacity(content.len());
    tildes(content, |at, kind| match kind {
        Hz::Ascii => text.push_str(&String::from_utf8_lossy(&content[at])),
        Hz::Tilde => text.push('~'),
        Hz::Mark => {}
        Hz::Pairs => text.push_str(&read(&raised(&content[at]))),
    });
    text
}
