//! Writing our text in the charset that a leaf declares. RFC 2046, 4.1.2.
//!
//! encoding_rs reads labels as browsers do (`us-ascii` is windows-1252 to it): here a character counts as held
//! only if the *declared* charset has it, so that no octet ever stands under a label that forbids it.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE, X_USER_DEFINED};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A charset that agrees with ASCII on the octets of ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Charset {
    encoding: &'static Encoding,
    held: Held,
}

/// Which octets the declared charset allows of those that encoding_rs writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    All,
    Ascii,
    /// An ISO 8859: none from 0x80 to 0x9F.
    NoC1,
    /// GB 2312, EUC-KR proper: both octets from 0xA1.
    HighPairs,
}

impl Charset {
    pub const ASCII: Self = Self { encoding: UTF_8, held: Held::Ascii };
    pub const UTF_8: Self = Self { encoding: UTF_8, held: Held::All };

    /// The charset of a label, `None` being us-ascii; `None` for one that we can't write in.
    pub fn declared(label: Option<&str>) -> Option<Self> {
        let Some(label) = label else { return Some(Self::ASCII) };
        let label = label.trim().to_ascii_lowercase();
        let known = match label.as_str() {
            "us-ascii" | "ascii" | "ansi_x3.4-1968" | "iso646-us" | "us" => return Some(Self::ASCII),
            "latin-1" => "iso-8859-1",
            "cp932" => "shift_jis",
            other => other,
        };
        let encoding = Encoding::for_label(known.as_bytes())?;
        let held = match (encoding.name(), known) {
            (_, "euc-kr") => Held::HighPairs,
            ("GBK", known) if known.contains("2312") => Held::HighPairs,
            ("windows-1252" | "windows-1254" | "windows-874", known) if !is_windows(known) => Held::NoC1,
            _ => Held::All,
        };
        let unfit = [REPLACEMENT, UTF_16BE, UTF_16LE, X_USER_DEFINED];
        (!unfit.contains(&encoding)).then_some(Self { encoding, held })
    }

    pub fn is_ascii(self) -> bool {
        self.held == Held::Ascii
    }

    /// Whether octets of ASCII may stand for something else: those have to be hidden from a search.
    pub fn shifts(self) -> bool {
        self.encoding == ISO_2022_JP
    }

    /// Whether it has all of the text.
    fn holds(self, text: &str) -> bool {
        text.is_ascii() || text.chars().all(|character| self.holds_character(character))
    }

    fn holds_character(self, character: char) -> bool {
        if character.is_ascii() {
            return true;
        }
        let mut buffer = [0; 4];
        let (octets, _, lost) = self.encoding.encode(character.encode_utf8(&mut buffer));
        !lost
            && match self.held {
                Held::All => true,
                Held::Ascii => false,
                Held::NoC1 => octets.iter().all(|octet| *octet >= 0xA0),
                Held::HighPairs => octets.iter().all(|octet| *octet >= 0xA1),
            }
    }

    /// The text in this charset; what it can't hold as `instead` writes it, in ASCII.
    pub fn encode(self, text: &str, instead: fn(char, &mut String)) -> Vec<u8> {
        if self.holds(text) {
            return self.encoding.encode(text).0.into_owned();
        }
        let mut held = String::with_capacity(text.len());
        for character in text.chars() {
            if self.holds_character(character) { held.push(character) } else { instead(character, &mut held) }
        }
        self.encoding.encode(&held).0.into_owned()
    }

    /// The text that octets in this charset say, with replacement characters where they say none.
    pub fn decode(self, octets: &[u8]) -> Cow<'_, str> {
        self.encoding.decode_without_bom_handling(octets).0
    }
}

/// Under any other label these are an ISO 8859 that browsers read as Windows' superset of it.
fn is_windows(label: &str) -> bool {
    let number = label.trim_start_matches("windows-").trim_start_matches("x-").trim_start_matches("cp");
    matches!(number, "1252" | "1254" | "874")
}

/// A numeric character reference. HTML, 13.5.
pub(super) fn reference(character: char, out: &mut String) {
    out.push_str(&format!("&#{};", u32::from(character)));
}

/// The nearest that ASCII has; `?` where it has nothing near.
pub(super) fn transliterate(character: char, out: &mut String) {
    let near = match character {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'ł' => "l",
        'Ł' => "L",
        'þ' => "th",
        'Þ' => "Th",
        'ı' => "i",
        '‐' | '‑' | '‒' | '–' | '—' | '−' => "-",
        '‘' | '’' | '‚' | '′' => "'",
        '“' | '”' | '„' | '″' | '«' | '»' => "\"",
        '·' | '•' => "*",
        '€' => "EUR",
        _ => "",
    };
    if !near.is_empty() {
        return out.push_str(near);
    }
    let before = out.len();
    out.extend(character.nfkd().filter(char::is_ascii).filter(|part| !part.is_ascii_control()));
    if out.len() == before && !is_combining_mark(character) {
        out.push('?');
    }
}

/// ISO-2022-JP with every octet that stands in a double-byte set made `x`, so that offsets stay and nothing in
/// it is mistaken for ASCII. RFC 1468.
pub(super) fn mask_shifted(content: &[u8]) -> Vec<u8> {
    let mut masked = content.to_vec();
    let (mut at, mut ascii) = (0, true);
    while at < masked.len() {
        match masked[at..] {
            [0x1B, b'(', b'B' | b'J', ..] => ascii = true,
            [0x1B, b'$', b'@' | b'B' | b'(', ..] | [0x1B, b'(', b'I', ..] => ascii = false,
            [b'\r' | b'\n', ..] => {}
            _ if !ascii => masked[at] = b'x',
            _ => {}
        }
        if masked[at] == 0x1B {
            let sequence = masked.len().min(at + 3);
            masked[at..sequence].fill(b'x');
            at = sequence;
        } else {
            at += 1;
        }
    }
    masked
}

/// Whether a shifted text is out of ASCII at an offset.
pub(super) fn shifted_at(content: &[u8], offset: usize) -> bool {
    let before = &content[..offset.min(content.len())];
    match memchr::memrchr(0x1B, before) {
        Some(escape) => !matches!(before[escape..], [0x1B, b'(', b'B' | b'J', ..]),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(label: &str, text: &str) -> bool {
        Charset::declared(Some(label)).unwrap().holds(text)
    }

    #[test]
    fn a_label_holds_what_its_own_standard_has() {
        assert!(!holds("us-ascii", "å") && holds("iso-8859-1", "åß") && holds("windows-1252", "€–"));
        assert!(!holds("iso-8859-1", "€") && !holds("latin1", "–") && holds("iso-8859-15", "€"));
        assert!(!holds("iso-8859-9", "€") && holds("windows-1254", "€") && holds("ISO-8859-9", "å"));
        assert!(
            !holds("koi8-r", "å") && holds("utf-8", "😀") && holds("gb2312", "中") && !holds("gb2312", "€")
        );
        assert!(holds("iso-2022-jp", "日本") && !holds("iso-2022-jp", "å"));
        assert_eq!(Charset::declared(None), Some(Charset::ASCII));
        for label in ["utf-16", "utf-7", "x-unknown", "iso-2022-kr", "x-user-defined"] {
            assert_eq!(Charset::declared(Some(label)), None, "{label}");
        }
    }

    #[test]
    fn what_cannot_be_held_is_written_near_to_it() {
        let ascii = |text: &str| String::from_utf8(Charset::ASCII.encode(text, transliterate)).unwrap();
        assert_eq!(ascii("Ö Strauße – 5 €…"), "O Strausse - 5 EUR...");
        assert_eq!(ascii("中"), "?");
        let koi = Charset::declared(Some("koi8-r")).unwrap();
        assert_eq!(koi.encode("ä<п", reference), [&b"&#228;<"[..], &[0xD0]].concat());
    }

    #[test]
    fn shifted_text_hides_what_looks_like_ascii() {
        let content = b"a\x1B$B<{{\x1B(B<b>";
        assert_eq!(mask_shifted(content), b"axxxxxxxxx<b>");
        assert!(shifted_at(content, 5) && !shifted_at(content, content.len()));
    }
}
