//! What stands for a character that a charset doesn't have.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A numeric character reference. HTML, 13.5.
pub(in crate::rewrite) fn reference(character: char, out: &mut String) {
    out.push_str(&format!("&#{};", u32::from(character)));
}

/// The nearest that ASCII has; `?` where it has nothing near.
pub(in crate::rewrite) fn transliterate(character: char, out: &mut String) {
    let near = spelled(character);
    if !near.is_empty() {
        return out.push_str(near);
    }
    let before = out.len();
    out.extend(character.nfkd().filter(char::is_ascii).filter(|part| !part.is_ascii_control()));
    if out.len() == before && !is_combining_mark(character) && !is_unseen(character) {
        out.push('?');
    }
}

/// Whether ASCII has something near.
pub(super) fn has_near(character: char) -> bool {
    let mut near = String::new();
    transliterate(character, &mut near);
    near != "?" || character == '?'
}

fn spelled(character: char) -> &'static str {
    match character {
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
        'ħ' => "h",
        'Ħ' => "H",
        'ł' => "l",
        'Ł' => "L",
        'ŋ' => "n",
        'Ŋ' => "N",
        'ŧ' => "t",
        'Ŧ' => "T",
        'þ' => "th",
        'Þ' => "Th",
        'ı' => "i",
        '‐' | '‑' | '‒' | '–' | '—' | '−' => "-",
        '‘' | '’' | '‚' | '′' => "'",
        '“' | '”' | '„' | '″' | '«' | '»' => "\"",
        '‹' => "<",
        '›' => ">",
        '·' | '•' => "*",
        '€' => "EUR",
        '£' => "GBP",
        '¥' => "JPY",
        '©' => "(c)",
        '®' => "(R)",
        '\u{2028}' | '\u{2029}' => " ",
        _ => "",
    }
}

/// Marks that only say how to lay out what is beside them.
fn is_unseen(character: char) -> bool {
    matches!(character, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}
