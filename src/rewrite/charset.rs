//! Writing our text in the charset that a leaf declares. RFC 2046, 4.1.2.
//!
//! encoding_rs reads labels as browsers do (`us-ascii` is windows-1252 to it): here a character counts as held
//! only if the *declared* charset has it, so that no octet ever stands under a label that forbids it.

mod label;
mod near;
mod pairs;
mod shifts;
mod utf16;
mod utf7;
mod view;

use std::borrow::Cow;
use std::ops::Range;

use encoding_rs::{EUC_KR, Encoding, GBK, UTF_8};
use unicode_normalization::UnicodeNormalization as _;

use super::edit::{Edit, apply, sort};
pub(super) use near::{reference, transliterate};
use pairs::Pairs;
use utf16::Order;
pub(super) use view::View;

/// A longer text keeps its charset: each of its words would be an edit.
const MAX_CONVERTED: usize = 1024 * 1024;

/// A charset that we can read and write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charset {
    form: Form,
    encoding: &'static Encoding,
    held: Held,
}

/// What octets that look like ASCII stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// Themselves.
    Plain,
    /// Themselves, or the end of a longer character.
    Pairs(Pairs),
    /// What the last escape sequence says. ISO/IEC 2022; RFC 1468, RFC 1554, RFC 1557, RFC 1922.
    Escapes,
    /// What `~{` and `~}` say. RFC 1843.
    Tildes,
    /// RFC 2152.
    Utf7,
    /// Nothing alone. RFC 2781.
    Utf16(Order),
}

/// Which characters the declared charset has of those that encoding_rs writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    All,
    /// No others, or none that we know of.
    Ascii,
    /// An ISO 8859: no octets from 0x80 to 0x9F.
    NoC1,
    /// GB 2312, EUC-KR proper: both octets from 0xA1.
    HighPairs,
}

impl Charset {
    /// ASCII, and whatever has it in its lower half and something unknown in its upper one.
    pub const ASCII: Self = Self::plain(UTF_8, Held::Ascii);
    pub const UTF_8: Self = Self::plain(UTF_8, Held::All);

    const fn plain(encoding: &'static Encoding, held: Held) -> Self {
        Self { form: Form::Plain, encoding, held }
    }

    /// How a content under this label is read, `None` being us-ascii, and what of it can be searched; `None` where
    /// that would be a guess.
    pub fn of(label: Option<&str>, content: &[u8]) -> Option<(Self, View)> {
        let charset = match label::read(label) {
            Some(charset) => charset,
            // A text of printable ASCII is one under nearly any label, and what comes in is ASCII too.
            None if label::may_be_ascii(label) && is_plain_ascii(content) => Self::ASCII,
            None => return None,
        };
        let wide =
            content.starts_with(b"\xFE\xFF") || content.starts_with(b"\xFF\xFE") || content.contains(&0);
        match charset.form {
            Form::Utf16(order) => {
                let order = order.of(content)?;
                Some((Self { form: Form::Utf16(order), ..charset }, View::utf16(order, content)))
            }
            // Readers differ on which they believe, the label or the content.
            _ if wide => None,
            Form::Utf7 => Some((charset, View::utf7(content)?)),
            Form::Pairs(pairs) => Some((charset, View::masked(pairs.mask(content)))),
            Form::Tildes => Some((charset, View::masked(shifts::mask_tildes(content)))),
            // Old Japanese mail names no charset.
            Form::Escapes => Some((charset, View::masked(shifts::mask_escapes(content)))),
            Form::Plain if charset.held == Held::Ascii && shifts::is_shifted(content) => {
                let view = View::masked(shifts::mask_escapes(content));
                Some((Self { form: Form::Escapes, ..charset }, view))
            }
            Form::Plain => Some((charset, View::same())),
        }
    }

    /// The same, kept within 7 bits.
    pub fn within_seven_bits(self) -> Self {
        match self.form {
            Form::Plain | Form::Pairs(_) => Self { held: Held::Ascii, ..self },
            Form::Escapes | Form::Tildes | Form::Utf7 | Form::Utf16(_) => self,
        }
    }

    /// Whether it has all of the text.
    pub fn holds(self, text: &str) -> bool {
        text.is_ascii() || text.chars().all(|character| self.holds_character(character))
    }

    /// Whether what it doesn't have of the text can be written near to it.
    pub fn holds_nearly(self, text: &str) -> bool {
        text.chars().all(|character| self.holds_character(character) || near::has_near(character))
    }

    fn holds_character(self, character: char) -> bool {
        if character.is_ascii() || matches!(self.form, Form::Utf7 | Form::Utf16(_)) {
            return true;
        }
        let mut buffer = [0; 4];
        let text: &str = character.encode_utf8(&mut buffer);
        let (octets, _, lost) = self.encoding.encode(text);
        let held = match self.held {
            Held::All => true,
            Held::Ascii => false,
            Held::NoC1 => octets.iter().all(|octet| *octet >= 0xA0),
            Held::HighPairs => octets.iter().all(|octet| *octet >= 0xA1),
        };
        // A yen sign comes back as a backslash from some.
        held && !lost && self.encoding.decode_without_bom_handling(&octets).0.nfkc().eq(text.nfkc())
    }

    /// The text in this charset, from and to its ASCII; what it can't hold as `instead` writes it, in ASCII.
    pub fn encode(self, text: &str, instead: fn(char, &mut String)) -> Vec<u8> {
        let mut held = String::with_capacity(text.len());
        for character in text.chars() {
            if self.holds_character(character) { held.push(character) } else { instead(character, &mut held) }
        }
        match self.form {
            Form::Utf7 => utf7::encode(&held),
            Form::Utf16(order) => order.encode(&held),
            Form::Tildes => shifts::with_tildes(&held, |text| self.encoding.encode(text).0.into_owned()),
            Form::Plain | Form::Pairs(_) | Form::Escapes => self.encoding.encode(&held).0.into_owned(),
        }
    }

    /// The text that octets in this charset say, with replacement characters where they say none.
    pub fn decode(self, octets: &[u8]) -> Cow<'_, str> {
        match self.form {
            Form::Utf7 => utf7::decode(octets).map_or_else(|| String::from_utf8_lossy(octets), Cow::Owned),
            Form::Utf16(order) => Cow::Owned(order.decode(octets)),
            Form::Tildes => {
                Cow::Owned(shifts::without_tildes(octets, |pairs| GBK.decode(pairs).0.into_owned()))
            }
            Form::Escapes if self.encoding == EUC_KR => {
                Cow::Owned(shifts::without_shifts(octets, |pairs| EUC_KR.decode(pairs).0.into_owned()))
            }
            Form::Plain | Form::Pairs(_) | Form::Escapes => {
                self.encoding.decode_without_bom_handling(octets).0
            }
        }
    }

    /// Texts that come into the content, by their places in its view (sorted), as edits of its octets.
    pub fn edits(
        self,
        content: &[u8],
        view: &View,
        wanted: Vec<(Range<usize>, String)>,
        instead: fn(char, &mut String),
    ) -> Vec<Edit> {
        let encode = |text: &str| self.encode(text, instead);
        match self.form {
            Form::Plain | Form::Pairs(_) => {
                wanted.into_iter().map(|(at, text)| Edit::replace(at, encode(&text))).collect()
            }
            Form::Escapes => shifts::escaped(content, wanted, encode),
            Form::Tildes => shifts::tilded(content, wanted, encode),
            Form::Utf7 => view.utf7_edits(wanted),
            Form::Utf16(_) => view.utf16_edits(wanted, encode),
        }
    }

    /// Whether the content says the same as UTF-8.
    pub fn is_utf8_already(self, content: &[u8]) -> bool {
        match self.form {
            Form::Plain | Form::Pairs(_) => content.is_ascii(),
            Form::Escapes => content.is_ascii() && !shifts::is_shifted(content),
            Form::Tildes => content.is_ascii() && !content.contains(&b'~'),
            Form::Utf7 | Form::Utf16(_) => false,
        }
    }

    /// The edits that make a content UTF-8 and leave its ASCII alone; `None` if that could change what it says.
    pub fn to_utf8(self, content: &[u8], view: &View) -> Option<Vec<Edit>> {
        let stateless = matches!(self.form, Form::Plain | Form::Pairs(_));
        if self.held == Held::Ascii || !stateless || content.len() > MAX_CONVERTED {
            return None;
        }
        let whole = self.encoding.decode_without_bom_handling_and_without_replacement(content)?;
        let searched = view.text(content);
        let mut edits = Vec::new();
        let mut at = 0;
        while let Some(start) =
            searched[at..].iter().position(|octet| !octet.is_ascii()).map(|found| at + found)
        {
            let length = searched[start..].iter().position(u8::is_ascii).unwrap_or(searched.len() - start);
            at = start + length;
            let text = self.encoding.decode_without_bom_handling(&content[start..at]).0;
            edits.push(Edit::replace(start..at, text.into_owned().into_bytes()));
        }
        (apply(content, &edits) == whole.as_bytes()).then_some(edits)
    }
}

/// Changes of a content together with its conversion; neither touches what the other does.
pub(super) fn merged(mut changes: Vec<Edit>, conversion: Vec<Edit>) -> Vec<Edit> {
    changes.extend(conversion);
    sort(&mut changes);
    changes
}

fn is_plain_ascii(content: &[u8]) -> bool {
    content.iter().all(|octet| matches!(octet, b'\t' | b'\r' | b'\n' | b' '..=b'~'))
        && memchr::memmem::find(content, b"~{").is_none()
}

#[cfg(test)]
mod tests;
