//! Quoted-printable. RFC 2045, 6.7. Read with tolerance, written strictly.

use std::ops::Range;

use crate::mail::message::{line_end, without_crlf};
use crate::rewrite::edit::Edit;

/// The longest line in characters, a final `=` included.
const MAX_LINE: usize = 76;

/// What a stretch of the raw text stands for.
enum Unit {
    Literal,
    Octet(u8),
    /// A soft line break, or blanks that a transport has added at the end of a line.
    Nothing,
}

/// Calls with every stretch in order; together they cover all of `raw`.
fn units(raw: &[u8], mut visit: impl FnMut(Range<usize>, Unit)) {
    let mut at = 0;
    while at < raw.len() {
        let end = line_end(raw, at);
        let text_end = without_crlf(raw, end);
        let trimmed = at + trim_blanks(&raw[at..text_end]).len();
        let soft = raw[at..trimmed].ends_with(b"=");
        let stop = if soft { trimmed - 1 } else { trimmed };
        literal_and_octets(raw, at..stop, &mut visit);
        if soft {
            visit(stop..end, Unit::Nothing);
        } else {
            visit(stop..text_end, Unit::Nothing);
            visit(text_end..end, Unit::Literal);
        }
        at = end;
    }
}

fn literal_and_octets(raw: &[u8], line: Range<usize>, visit: &mut impl FnMut(Range<usize>, Unit)) {
    let mut at = line.start;
    let mut literal = at;
    while let Some(found) = memchr::memchr(b'=', &raw[at..line.end]) {
        let equals = at + found;
        let octet = raw[equals + 1..line.end].get(..2).and_then(hex);
        at = equals + 1;
        if let Some(octet) = octet {
            visit(literal..equals, Unit::Literal);
            visit(equals..equals + 3, Unit::Octet(octet));
            at = equals + 3;
            literal = at;
        }
    }
    visit(literal..line.end, Unit::Literal);
}

fn hex(digits: &[u8]) -> Option<u8> {
    let value = |digit: u8| char::from(digit).to_digit(16);
    let (high, low) = (value(digits[0])?, value(digits[1])?);
    u8::try_from(high * 16 + low).ok()
}

fn trim_blanks(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
    &line[..end]
}

pub(in crate::rewrite) fn decode(raw: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(raw.len());
    units(raw, |at, unit| match unit {
        Unit::Literal => content.extend_from_slice(&raw[at]),
        Unit::Octet(octet) => content.push(octet),
        Unit::Nothing => {}
    });
    content
}

/// A whole content, encoded as text: its CRLFs stay line breaks.
pub(in crate::rewrite) fn encode(content: &[u8]) -> Vec<u8> {
    // Room for all of it: a buffer that grows is there twice while it does.
    let escaped = content.iter().filter(|octet| !octet.is_ascii() || **octet == b'=').count();
    let octets = content.len() + 2 * escaped;
    let mut writer = Writer { out: Vec::with_capacity(octets + octets / 16), column: 0 };
    writer.text(content);
    writer.out
}

/// Edits of the content as edits of the raw text.
pub(in crate::rewrite) fn splice(raw: &[u8], content: &[u8], edits: &[Edit]) -> Vec<Edit> {
    let places = places(raw, edits);
    let mut spliced = Vec::with_capacity(edits.len());
    // How far the raw text has been dealt with, and the column that it has come to.
    let (mut done, mut column) = (0, 0);
    // Where edits began that touch and have put nothing there: what stands before them stands before the next one.
    let (mut gone, mut content_gone) = (0, 0);
    for (index, (edit, at)) in edits.iter().zip(&places).enumerate() {
        column = match memchr::memrchr(b'\n', &raw[done..at.start]) {
            Some(found) => at.start - (done + found + 1),
            None => column + (at.start - done),
        };
        let next = places.get(index + 1).map_or(raw.len(), |next| next.start);
        let rest = rest_of_line(&raw[at.end..next], next == raw.len());
        let mut writer = Writer { out: Vec::new(), column };
        let touches = done == at.start && spliced.last().is_some_and(|last: &Edit| last.with.is_empty());
        if !touches {
            (gone, content_gone) = (at.start, edit.at.start);
        }
        match &raw[..gone] {
            // A soft break that nothing follows would swallow our first line.
            [.., b'='] if at.start == raw.len() => writer.line_break(),
            // A `=` that stands for itself must not become part of what we put there.
            [.., b'='] | [.., b'=', b' '..=b'~'] => writer.soft_break(),
            // A blank must not be left at the end of a line, where it is taken for a transport's.
            [.., b' ' | b'\t'] if ends_line(&edit.with, rest) && ends_blank(content, content_gone) => {
                writer.soft_break();
            }
            _ => {}
        }
        writer.text(&edit.with);
        if writer.column > 0 && rest > 0 && writer.column + rest > MAX_LINE {
            writer.soft_break();
        }
        (done, column) = (at.end, writer.column);
        spliced.push(Edit::replace(at.clone(), writer.out));
    }
    spliced
}

/// How much of the line follows up to the next edit, with room for the soft break that this may need; blanks that end
/// the line left out.
fn rest_of_line(after: &[u8], to_the_end: bool) -> usize {
    let end = line_end(after, 0);
    let line = &after[..without_crlf(after, end)];
    if to_the_end || line.len() < end { trim_blanks(line).len() } else { line.len() + 1 }
}

fn ends_line(with: &[u8], rest: usize) -> bool {
    with.starts_with(b"\r\n") || with.is_empty() && rest == 0
}

fn ends_blank(content: &[u8], at: usize) -> bool {
    matches!(content[..at].last(), Some(b' ' | b'\t'))
}

/// Where in the raw text the edits of the content lie. An insertion comes right before the octet that follows
/// it, after any soft break; at the end, at the very end.
fn places(raw: &[u8], edits: &[Edit]) -> Vec<Range<usize>> {
    let mut starts: Vec<Option<usize>> = vec![None; edits.len()];
    let mut ends: Vec<Option<usize>> = vec![None; edits.len()];
    let (mut next_start, mut next_end, mut decoded) = (0, 0, 0);
    units(raw, |at, unit| {
        let length = match unit {
            Unit::Literal => at.len(),
            Unit::Octet(_) => 1,
            Unit::Nothing => return,
        };
        let reach = decoded + length;
        let offset = |wanted: usize| match unit {
            Unit::Literal => at.start + (wanted - decoded),
            _ if wanted == decoded => at.start,
            _ => at.end,
        };
        while next_start < edits.len() && edits[next_start].at.start < reach {
            starts[next_start] = Some(offset(edits[next_start].at.start));
            next_start += 1;
        }
        while next_end < edits.len() && edits[next_end].at.end <= reach {
            ends[next_end] = Some(offset(edits[next_end].at.end));
            next_end += 1;
        }
        decoded = reach;
    });
    let place = |(edit, (start, end)): (&Edit, (Option<usize>, Option<usize>))| {
        let start = without_trailing_blanks(raw, start.unwrap_or(raw.len()));
        if edit.at.is_empty() { start..start } else { start..end.unwrap_or(raw.len()).max(start) }
    };
    edits.iter().zip(starts.into_iter().zip(ends)).map(place).collect()
}

/// At a line's end, the place before the blanks that aren't content.
fn without_trailing_blanks(raw: &[u8], at: usize) -> usize {
    if at == raw.len() || raw[at..].starts_with(b"\r\n") { trim_blanks(&raw[..at]).len() } else { at }
}

struct Writer {
    out: Vec<u8>,
    /// How many characters the line has so far.
    column: usize,
}

impl Writer {
    fn text(&mut self, content: &[u8]) {
        for line in content.split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\r\n").unwrap_or(line);
            self.line(text);
            if text.len() < line.len() {
                self.line_break();
            }
        }
    }

    fn line(&mut self, text: &[u8]) {
        for (index, byte) in text.iter().copied().enumerate() {
            let last = index + 1 == text.len();
            match byte {
                b' ' | b'\t' if last => self.octet(byte),
                b'!'..=b'<' | b'>'..=b'~' | b' ' | b'\t' => {
                    self.room(1);
                    self.out.push(byte);
                    self.column += 1;
                }
                _ => self.octet(byte),
            }
        }
    }

    fn octet(&mut self, byte: u8) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        self.room(3);
        let digit = |value: u8| DIGITS[usize::from(value)];
        self.out.extend_from_slice(&[b'=', digit(byte >> 4), digit(byte & 15)]);
        self.column += 3;
    }

    fn room(&mut self, width: usize) {
        if self.column + width >= MAX_LINE {
            self.soft_break();
        }
    }

    fn soft_break(&mut self) {
        self.out.push(b'=');
        self.line_break();
    }

    fn line_break(&mut self) {
        self.out.extend_from_slice(b"\r\n");
        self.column = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rewrite::edit::apply;

    fn spliced(raw: &str, at: Range<usize>, with: &str) -> String {
        let content = decode(raw.as_bytes());
        let edits = splice(raw.as_bytes(), &content, &[Edit::replace(at, with.into())]);
        String::from_utf8(apply(raw.as_bytes(), &edits)).unwrap()
    }

    #[test]
    fn blanks_at_line_ends_and_soft_breaks_are_no_content() {
        assert_eq!(decode(b"a=20 \t\r\nb= \r\nc=3d=3D=zz=\r\n"), b"a \r\nbc===zz");
        assert_eq!(decode(b"caf=C3=A9="), "café".as_bytes());
    }

    #[test]
    fn lines_before_and_after_an_insertion_stay() {
        assert_eq!(spliced("a =\r\nb</body>\r\n", 3..3, "\r\nÅ\r\n"), "a =\r\nb\r\n=C3=85\r\n</body>\r\n");
        assert_eq!(spliced("a </body>", 2..2, "\r\nx\r\n"), "a =\r\n\r\nx\r\n</body>");
        assert_eq!(spliced("end=", 3..3, "\r\nx"), "end=\r\n\r\nx");
    }

    #[test]
    fn a_placeholder_split_by_a_soft_break_is_replaced_as_a_whole() {
        assert_eq!(spliced("go {{a=\r\nb}} now\r\n", 3..9, "x=y"), "go x=3Dy now\r\n");
    }

    #[test]
    fn a_blank_before_two_that_go_stays() {
        let content = b"a {{";
        let edits = [Edit::replace(2..3, Vec::new()), Edit::replace(3..4, Vec::new())];
        let raw = apply(content, &splice(content, content, &edits));
        assert_eq!((decode(&raw), &*raw), (b"a ".to_vec(), &b"a =\r\n"[..]));
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes_again(content in "([ -~åß=\t]|\r\n){0,300}") {
            let encoded = encode(content.as_bytes());
            prop_assert_eq!(decode(&encoded), content.as_bytes());
            prop_assert!(encoded.split(|byte| *byte == b'\n').all(|line| line.len() <= 77));
        }

        #[test]
        fn a_splice_changes_what_it_names_alone(raw in "([ -~=\t]|=\r\n|\r\n|=C3=A5){0,60}", with in "([ -~å]|\r\n){0,99}", start: prop::sample::Index, end: prop::sample::Index) {
            let content = decode(raw.as_bytes());
            // A line break of the content is not cut in two: no edit of ours does.
            let whole = |at: usize| at - usize::from(at > 0 && content[at - 1..].starts_with(b"\r\n"));
            let (start, end) = (whole(start.index(content.len() + 1)), whole(end.index(content.len() + 1)));
            let at = start.min(end)..start.max(end);
            let edit = Edit::replace(at, with.into_bytes());
            let expected = apply(&content, std::slice::from_ref(&edit));
            let raw = apply(raw.as_bytes(), &splice(raw.as_bytes(), &content, &[edit]));
            prop_assert_eq!(decode(&raw), expected);
        }

        #[test]
        fn many_edits_of_a_line_fold_it(content in "[a-z\u{e4}{} ]{1,300}", with in "[\u{431}-\u{444}= ]{0,9}|(\r\n)?") {
            let raw = encode(content.as_bytes());
            let edits: Vec<Edit> = memchr::memchr_iter(b'{', content.as_bytes())
                .map(|at| Edit::replace(at..at + 1, with.clone().into_bytes()))
                .collect();
            let spliced = apply(&raw, &splice(&raw, content.as_bytes(), &edits));
            prop_assert_eq!(decode(&spliced), apply(content.as_bytes(), &edits));
            prop_assert!(spliced.split(|byte| *byte == b'\n').all(|line| line.len() <= 77), "{}", String::from_utf8_lossy(&spliced));
        }
    }
}
