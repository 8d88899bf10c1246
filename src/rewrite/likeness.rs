//! Whether a text says something, however it is written: a template's address has other line breaks, marks and case than
//! the sender's file.

use unicode_normalization::UnicodeNormalization as _;

use super::charset::transliterate;

/// Whether these words stand in a text, by their letters and digits alone, as near to ASCII as they come. In memory a
/// text takes nothing but its own place.
pub(super) fn says(text: &str, words: &str) -> bool {
    let mut wanted = Vec::new();
    each_letter(words, |letter| wanted.push(letter));
    let falls = falls(&wanted);
    let mut matched = 0;
    let mut found = wanted.is_empty();
    each_letter(text, |letter| {
        while !found && matched > 0 && wanted[matched] != letter {
            matched = falls[matched - 1];
        }
        if !found && wanted[matched] == letter {
            matched += 1;
            found = matched == wanted.len();
        }
    });
    found
}

/// How much of the beginning still matches where the next letter doesn't. Knuth, Morris, Pratt, 1977.
fn falls(wanted: &[char]) -> Vec<usize> {
    let mut falls = vec![0; wanted.len()];
    let mut matched = 0;
    for at in 1..wanted.len() {
        while matched > 0 && wanted[matched] != wanted[at] {
            matched = falls[matched - 1];
        }
        matched += usize::from(wanted[matched] == wanted[at]);
        falls[at] = matched;
    }
    falls
}

fn each_letter(text: &str, mut visit: impl FnMut(char)) {
    let mut near = String::new();
    for character in text.nfkc().filter(|character| character.is_alphanumeric()) {
        if character.is_ascii() {
            visit(character.to_ascii_lowercase());
            continue;
        }
        near.clear();
        transliterate(character, &mut near);
        match near.starts_with('?') {
            true => visit(character),
            false => near.chars().for_each(|near| visit(near.to_ascii_lowercase())),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn breaks_marks_and_case_make_no_difference() {
        assert!(says("Box\r\nSTORGATAN 1, 111\u{a0}22 Orebro.", "Storgatan 1\n111 22 Örebro"));
        assert!(
            !says("Storgatan 1", "Storgatan 11") && says("x", "") && says("北京", "北京") && !says("", "x")
        );
    }

    proptest! {
        #[test]
        fn it_is_a_search_for_letters(text in "[aAbö .]{0,40}", words in "[abÖ,]{0,5}") {
            let letters = |text: &str| text.to_lowercase().replace('ö', "o").replace([' ', '.', ','], "");
            prop_assert_eq!(says(&text, &words), letters(&text).contains(&letters(&words)));
        }
    }
}
