//! The words that subscribers read, in their languages: one folder of Fluent files a language.
//! `pages.ftl` for the pages, `footer.ftl` for what goes into mail. Adding a language is adding a folder.

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, static_loader};

static_loader! {
    static TEXTS = {
        locales: "./src/locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The languages that we have; the first serves where none is known.
pub const LANGUAGES: [&str; 4] = ["en", "sv", "nl", "de"];

/// English from right to left, as CLDR names it: shows how pages will look in a language that is written so. Nobody's
/// browser asks for it by itself.
const MIRRORED: &str = "ar-XB";

/// The language, among those that we have, that serves a tag such as `sv-SE`; English if none does.
pub fn serving(tag: &str) -> &'static str {
    known(tag).unwrap_or("en")
}

/// The language that we have for a tag, if any.
pub fn known(tag: &str) -> Option<&'static str> {
    if tag.eq_ignore_ascii_case(MIRRORED) {
        return Some(MIRRORED);
    }
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    LANGUAGES.into_iter().find(|own| *own == primary)
}

/// The direction in which a language is written, as HTML's `dir` names it.
pub fn direction(tag: &str) -> &'static str {
    const LEFTWARDS: [&str; 12] = ["ar", "he", "iw", "fa", "ur", "yi", "ps", "sd", "ug", "dv", "ckb", "syr"];
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    if LEFTWARDS.contains(&primary.as_str()) { "rtl" } else { "ltr" }
}

/// A text in a language of `serving`. A key that a language lacks falls back to English.
pub fn text(language: &str, key: &str, values: &[(&'static str, &str)]) -> String {
    if language == MIRRORED {
        return mirrored(&text("en", key, values));
    }
    let language: LanguageIdentifier = serving(language).parse().unwrap_or_default();
    let values = values.iter().map(|(name, value)| ((*name).into(), FluentValue::from(*value))).collect();
    TEXTS.lookup_with_args(&language, key, &values)
}

/// Each word as if its letters were written from right to left. Unicode Bidirectional Algorithm (UAX 9), 2.2.
fn mirrored(text: &str) -> String {
    let word = |word: &str| format!("\u{202E}{word}\u{202C}");
    text.split_inclusive(' ')
        .map(|part| part.strip_suffix(' ').map_or_else(|| word(part), |bare| word(bare) + " "))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirrored_text_is_the_english_one_from_right_to_left() {
        assert_eq!(known("AR-xb"), Some("ar-XB"));
        assert_eq!(known("ar"), None);
        assert_eq!(direction("ar-XB"), "rtl");
        assert_eq!(text("ar-XB", "ask-title", &[]), "\u{202E}Unsubscribe\u{202C}");
        assert_eq!(mirrored("a b"), "\u{202E}a\u{202C} \u{202E}b\u{202C}");
    }

    #[test]
    fn a_language_is_written_in_a_direction() {
        for (tag, expected) in
            [("ar-EG", "rtl"), ("he", "rtl"), ("FA_ir", "rtl"), ("sv", "ltr"), ("arn", "ltr"), ("", "ltr")]
        {
            assert_eq!(direction(tag), expected, "{tag}");
        }
    }
}
