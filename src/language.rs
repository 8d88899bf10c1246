//! The words that subscribers read, in their languages: one folder of Fluent files a language. `pages.ftl` for the
//! pages, `footer.ftl` for what goes into marketing, `mail.ftl` for mail of our own. Adding a language is adding a folder.

use std::sync::LazyLock;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, static_loader};

static_loader! {
    static TEXTS = {
        locales: "./src/locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// The languages that we have, as the folders name them; the first serves where none is known.
pub static LANGUAGES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let texts: &'static _ = &*TEXTS;
    let mut all: Vec<&'static str> = Loader::locales(texts).map(|own| own.language.as_str()).collect();
    all.sort_by_key(|own| (*own != DEFAULT, *own));
    all
});

const DEFAULT: &str = "en";

/// English from right to left, as CLDR names it: shows how pages will look in a language that is written so. Nobody's
/// browser asks for it by itself.
const MIRRORED: &str = "ar-XB";

/// The language, among those that we have, that serves a tag such as `sv-SE`; English if none does.
pub fn serving(tag: &str) -> &'static str {
    known(tag).unwrap_or(DEFAULT)
}

/// The language that we have for a tag, if any.
pub fn known(tag: &str) -> Option<&'static str> {
    if tag.eq_ignore_ascii_case(MIRRORED) {
        return Some(MIRRORED);
    }
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    LANGUAGES.iter().copied().find(|own| *own == primary)
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
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The keys of each file of a language with what each is told, by the file's name.
    fn texts_of(folder: &std::path::Path) -> BTreeMap<String, Vec<(String, BTreeSet<String>)>> {
        let told = |value: &str| -> BTreeSet<String> {
            let name =
                |rest: &str| rest.split(|own: char| !own.is_ascii_alphanumeric()).next().map(str::to_owned);
            value.split('$').skip(1).filter_map(name).collect()
        };
        let keys = |text: &str| {
            let key = |line: &str| line.split_once(" = ").map(|(key, value)| (key.to_owned(), told(value)));
            let begins = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase());
            text.lines().filter(begins).filter_map(key).collect()
        };
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        files
            .map(|file| {
                let text = std::fs::read_to_string(file.path()).unwrap();
                (file.file_name().to_string_lossy().into_owned(), keys(&text))
            })
            .collect()
    }

    #[test]
    fn every_language_has_every_text() {
        let root = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/locales"));
        let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name());
        let mut folders: Vec<String> = folders.map(|name| name.to_string_lossy().into_owned()).collect();
        folders.sort_by_key(|own| (*own != DEFAULT, own.clone()));
        assert_eq!(*LANGUAGES, folders, "a folder is a language");
        let english = texts_of(&root.join(DEFAULT));
        assert!(english.values().flatten().count() > 60);
        for folder in &folders {
            let own = texts_of(&root.join(folder));
            assert_eq!(own.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>(), "{folder}");
            for (file, texts) in &english {
                assert_eq!(own[file], *texts, "{folder}/{file}");
                for (key, told) in texts {
                    let told: Vec<&'static str> = told.iter().map(|own| &*own.clone().leak()).collect();
                    let text = text(folder, key, &told.iter().map(|own| (*own, *own)).collect::<Vec<_>>());
                    assert!(
                        !text.contains("Unknown localization") && !text.is_empty(),
                        "{folder} {key}: {text}"
                    );
                }
            }
        }
    }

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
