//! The names of charsets: those of the Encoding Standard, and those that mail uses beside them. RFC 2978; the IANA
//! registry of character sets.

use encoding_rs::{
    BIG5, EUC_KR, Encoding, GB18030, GBK, ISO_2022_JP, REPLACEMENT, SHIFT_JIS, UTF_16BE, UTF_16LE,
    X_USER_DEFINED,
};

use super::pairs::Pairs;
use super::utf16::Order;
use super::{Charset, Form, Held};

/// A longer one is none.
const MAX_LABEL: usize = 64;

/// What has ASCII in its lower half, and an upper half that we have no table of.
const WITH_ASCII: [&str; 63] = [
    "437",
    "720",
    "737",
    "775",
    "850",
    "852",
    "855",
    "856",
    "857",
    "858",
    "860",
    "861",
    "862",
    "863",
    "865",
    "869",
    "1006",
    "1125",
    "1129",
    "1133",
    "1163",
    "154",
    "armscii8",
    "binary",
    "cskoi8t",
    "cyrillicasian",
    "default",
    "euctw",
    "geostd8",
    "georgianps",
    "hproman8",
    "iso885912",
    "isoir111",
    "koi8f",
    "koi8t",
    "kz1048",
    "macarabic",
    "maccentraleurope",
    "maccroatian",
    "macfarsi",
    "macgreek",
    "machebrew",
    "maciceland",
    "maclatin2",
    "macromania",
    "macthai",
    "macturkish",
    "mulelao1",
    "nextstep",
    "none",
    "ptcp154",
    "rk1048",
    "roman8",
    "strk10482002",
    "tcvn",
    "tcvn57121",
    "unknown",
    "unknown8bit",
    "userdefined",
    "viscii",
    "viscii111",
    "vps",
    "8bit",
];
/// Names without marks of charsets in which the octets of ASCII mean something else.
const WITHOUT_ASCII: [&str; 12] = [
    "ebcdic",
    "ucs4",
    "utf32",
    "utfebcdic",
    "scsu",
    "bocu",
    "utf7imap",
    "imap4utf7",
    "johab",
    "cp1361",
    "cp864",
    "iso2022",
];
/// EBCDIC by number, and the variants of ISO 646 in which braces are letters.
const WITHOUT_ASCII_EXACTLY: [&str; 44] = [
    "cp037",
    "ibm037",
    "cp1026",
    "ibm1026",
    "cp1047",
    "ibm1047",
    "cp1140",
    "ibm1140",
    "cp273",
    "ibm273",
    "cp277",
    "ibm277",
    "cp278",
    "ibm278",
    "cp280",
    "ibm280",
    "cp284",
    "ibm284",
    "cp285",
    "ibm285",
    "cp297",
    "ibm297",
    "cp424",
    "ibm424",
    "cp500",
    "ibm500",
    "cp871",
    "ibm871",
    "cp875",
    "din66003",
    "iso646se",
    "iso646se2",
    "iso646de",
    "iso646dk",
    "iso646no",
    "iso646fi",
    "iso646fr",
    "iso646es",
    "iso646it",
    "sen850200b",
    "sen850200c",
    "nfz62010",
    "ns45511",
    "xia5",
];

/// The charset of a label, `None` being us-ascii; `None` for one that we can't write in.
pub(super) fn read(label: Option<&str>) -> Option<Charset> {
    let Some(label) = label else { return Some(Charset::ASCII) };
    let label = bare(label)?;
    let first = label.split_whitespace().next()?;
    let other = (first.len() < label.len()).then(|| named(first)).flatten();
    named(&label).or(other)
}

fn named(label: &str) -> Option<Charset> {
    let plain = without_marks(label);
    if let Some(charset) = by_form(&plain) {
        return Some(charset);
    }
    let known = standard(&plain).unwrap_or(label);
    match Encoding::for_label(known.as_bytes()) {
        Some(encoding) if encoding == X_USER_DEFINED => Some(Charset::ASCII),
        Some(encoding) if [REPLACEMENT, UTF_16BE, UTF_16LE].contains(&encoding) => None,
        Some(encoding) => Some(of_encoding(encoding, &without_marks(known))),
        None if has_ascii(&plain) => Some(Charset::ASCII),
        None => None,
    }
}

/// Whether an unknown label is none of those whose charset is known not to hold ASCII as ASCII.
pub(super) fn may_be_ascii(label: Option<&str>) -> bool {
    let plain = label.and_then(bare).map(|label| without_marks(&label)).unwrap_or_default();
    !WITHOUT_ASCII.iter().any(|other| plain.contains(other))
        && !WITHOUT_ASCII_EXACTLY.contains(&plain.as_str())
}

/// The label in lower case, without the quotes, comments, parameters and options that some tools leave on it.
fn bare(label: &str) -> Option<String> {
    if label.len() > MAX_LABEL {
        return None;
    }
    let end = label.find("//").unwrap_or(label.len());
    let quote = |character: char| matches!(character, '"' | '\'' | '<' | '>') || character.is_whitespace();
    let token = label[..end].trim_matches(quote).split([';', ',', '(']).next()?.trim_matches(quote);
    Some(token.to_ascii_lowercase())
}

fn without_marks(label: &str) -> String {
    label.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// What encoding_rs doesn't have, or has otherwise than mail means it.
fn by_form(plain: &str) -> Option<Charset> {
    let escapes = |encoding, held| Charset { form: Form::Escapes, encoding, held };
    Some(match plain {
        "usascii" | "ascii" | "ansix341968" | "ansix341986" | "iso646us" | "iso646irv1991" | "isoir6"
        | "us" | "cp367" | "ibm367" | "csascii" | "646" | "7bit" | "cp20127" => Charset::ASCII,
        "utf7" | "csutf7" | "unicode11utf7" | "xunicode20utf7" | "cp65000" => {
            Charset { form: Form::Utf7, ..Charset::UTF_8 }
        }
        "utf16" | "csutf16" | "ucs2" | "iso10646ucs2" | "csunicode" | "unicode" => utf16(Order::ByMark),
        "utf16be" | "csutf16be" | "unicodefffe" => utf16(Order::Big),
        "utf16le" | "csutf16le" | "unicodefeff" => utf16(Order::Little),
        "hzgb2312" | "hz" | "hzgb" => Charset { form: Form::Tildes, encoding: GBK, held: Held::HighPairs },
        // encoding_rs writes none of these two: what comes in is ASCII.
        "iso2022kr" | "csiso2022kr" => escapes(EUC_KR, Held::Ascii),
        "iso2022cn" | "iso2022cnext" | "csiso2022cn" => escapes(GBK, Held::Ascii),
        "cp50220" | "cp50221" | "cp50222" => escapes(ISO_2022_JP, Held::All),
        _ if plain.trim_start_matches("cs").starts_with("iso2022jp") => escapes(ISO_2022_JP, Held::All),
        _ => return None,
    })
}

fn utf16(order: Order) -> Charset {
    Charset { form: Form::Utf16(order), ..Charset::UTF_8 }
}

/// The Encoding Standard's label for one that it lacks.
fn standard(plain: &str) -> Option<&'static str> {
    Some(match plain {
        "utf8mb4" | "utf8mb3" | "utf8bom" | "utf8n" | "xutf8" | "cp65001" | "utf8strict" | "al32utf8" => {
            "utf-8"
        }
        "latin7" | "l7" => "iso-8859-13",
        "latin8" | "l8" => "iso-8859-14",
        "latin9" | "latin0" => "iso-8859-15",
        "latin10" | "l10" => "iso-8859-16",
        "cp28603" => "iso-8859-13",
        "cp28605" => "iso-8859-15",
        "cp932" | "ms932" | "windows932" | "shiftjis2004" | "shiftjisx0213" | "mssjis" | "xmssjis" => {
            "shift_jis"
        }
        "eucjpms" | "cp51932" | "eucjis2004" | "eucjisx0213" | "ujis" => "euc-jp",
        "cp936" | "ms936" | "windows936" => "gbk",
        "euccn" | "xeuccn" | "gb23121980" | "gb231280" => "gb2312",
        "cp54936" | "gb180302000" | "gb180302005" | "gb180302022" => "gb18030",
        "cp949" | "ms949" | "uhc" | "windows949" | "xwindows949" => "windows-949",
        "ksc5601" | "ksc56011987" | "ksc56011989" | "ksc56011992" | "ksx1001" | "cp51949" => "euc-kr",
        "cp950" | "ms950" | "windows950" | "xwindows950" | "big5eten" | "big5hkscs2004" => "big5",
        "macroman" | "xmacroman" => "macintosh",
        "maccyrillic" | "xmacukraine" => "x-mac-cyrillic",
        "cp20866" => "koi8-r",
        "cp21866" | "koi8ru" => "koi8-u",
        "tis620" | "tis62025331" | "cp28601" => "iso-8859-11",
        _ => return iso_8859(plain).or_else(|| by_number(plain)),
    })
}

fn iso_8859(plain: &str) -> Option<&'static str> {
    let rest = plain.trim_start_matches('x').trim_start_matches("iso");
    let number = match rest.strip_prefix("cp2859") {
        Some(number) => number,
        None => rest.strip_prefix("8859").or_else(|| latin(rest))?,
    };
    Some(match number {
        "1" => "iso-8859-1",
        "2" => "iso-8859-2",
        "3" => "iso-8859-3",
        "4" => "iso-8859-4",
        "5" => "iso-8859-5",
        "6" | "6i" | "6e" => "iso-8859-6",
        "7" => "iso-8859-7",
        "8" | "8e" => "iso-8859-8",
        "8i" => "iso-8859-8-i",
        "9" => "iso-8859-9",
        "10" => "iso-8859-10",
        "11" => "iso-8859-11",
        "13" => "iso-8859-13",
        "14" => "iso-8859-14",
        "15" => "iso-8859-15",
        "16" => "iso-8859-16",
        _ => return None,
    })
}

/// Latin-1 to Latin-4 are the ISO 8859 of the same number.
fn latin(rest: &str) -> Option<&str> {
    rest.strip_prefix("latin").filter(|number| matches!(*number, "1" | "2" | "3" | "4"))
}

fn by_number(plain: &str) -> Option<&'static str> {
    Some(match code_page(plain)? {
        "866" => "ibm866",
        "874" => "windows-874",
        "1250" => "windows-1250",
        "1251" => "windows-1251",
        "1252" => "windows-1252",
        "1253" => "windows-1253",
        "1254" => "windows-1254",
        "1255" => "windows-1255",
        "1256" => "windows-1256",
        "1257" => "windows-1257",
        "1258" => "windows-1258",
        _ => return None,
    })
}

/// The number in `windows1252`, `xcp850`, `ibm437`.
fn code_page(plain: &str) -> Option<&str> {
    let rest = plain.trim_start_matches('x');
    let begun = ["windows", "win", "cp", "ibm", "ms", "dos", "cspc", "cs"];
    let number = begun.iter().find_map(|start| rest.strip_prefix(start)).unwrap_or(rest);
    let digits = number.len() - number.trim_start_matches(|character: char| character.is_ascii_digit()).len();
    // `cspc850multilingual`.
    (digits > 0 && !number[digits..].starts_with(|after: char| after.is_ascii_digit()))
        .then(|| &number[..digits])
}

fn has_ascii(plain: &str) -> bool {
    let bare = plain.trim_start_matches('x');
    [plain, bare].iter().any(|name| WITH_ASCII.contains(name))
        || code_page(plain).is_some_and(|number| WITH_ASCII.contains(&number))
        || bare.starts_with("mac") && !["macsymbol", "macdingbats"].contains(&bare)
}

fn of_encoding(encoding: &'static Encoding, plain: &str) -> Charset {
    let held = match encoding.name() {
        "EUC-KR" if !["windows949", "cp949", "ms949", "uhc"].contains(&plain) => Held::HighPairs,
        "GBK" if plain.contains("2312") => Held::HighPairs,
        "windows-1252" | "windows-1254" | "windows-874" if !is_windows(plain) => Held::NoC1,
        _ => Held::All,
    };
    let form = match encoding {
        _ if encoding == SHIFT_JIS => Form::Pairs(Pairs::ShiftJis),
        _ if encoding == GBK || encoding == GB18030 => Form::Pairs(Pairs::Gb18030),
        _ if encoding == BIG5 || encoding == EUC_KR => Form::Pairs(Pairs::Double),
        _ if encoding == ISO_2022_JP => Form::Escapes,
        _ => Form::Plain,
    };
    Charset { form, encoding, held }
}

/// Under any other label these are an ISO 8859 that browsers read as Windows' superset of it.
fn is_windows(plain: &str) -> bool {
    matches!(code_page(plain), Some("1252" | "1254" | "874"))
}
