//! Words as they are compared: lower case, without marks on Latin letters, without what joins words in a name.

use unicode_normalization::UnicodeNormalization as _;

/// Lower case, marks taken off; whatever else there is stays.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut out = String::with_capacity(text.len());
    for character in text.nfkd().filter(|own| !is_mark(*own)).flat_map(char::to_lowercase) {
        match character {
            'ß' => out.push_str("ss"),
            'ø' => out.push('o'),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'ı' => out.push('i'),
            'þ' => out.push_str("th"),
            own if is_mark(own) => {}
            own => out.push(own),
        }
    }
    // Letters of Hangul come apart above.
    out.nfc().collect()
}

/// Of Latin, Greek and Cyrillic letters; those of other scripts tell words apart.
fn is_mark(own: char) -> bool {
    matches!(own, '\u{300}'..='\u{36F}')
}

/// `First_Name`, `first name`, `firstName` → `firstname`.
pub fn joined(text: &str) -> String {
    folded(text).chars().filter(|own| own.is_alphanumeric()).collect()
}

/// The words of a name, folded: at separators and where a capital follows a small letter.
pub fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for character in name.chars() {
        let begins = small && character.is_uppercase();
        if (!character.is_alphanumeric() || begins)
            && let Some(last) = words.last()
            && !last.is_empty()
        {
            words.push(String::new());
        }
        if character.is_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.push(character);
        }
        small = character.is_lowercase() || character.is_numeric();
    }
    words.into_iter().filter(|word| !word.is_empty()).map(|word| folded(&word)).collect()
}

/// At most so many octets of the start, whole characters.
pub fn start_of(text: &str, octets: usize) -> &str {
    let mut end = octets.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// At most so many octets of the end, whole characters.
pub fn end_of(text: &str, octets: usize) -> &str {
    let mut start = text.len().saturating_sub(octets);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}
