//! The words that subscribers read, in their languages: one Fluent file a language, with the same keys in the same order.
//! Adding a language is adding a file. Cargo sees a new one when this file is compiled anew.

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

/// The languages that we have, as the files' names say; the first serves where none is known.
pub static LANGUAGES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let texts: &'static _ = &*TEXTS;
    let mut all: Vec<&'static str> = Loader::locales(texts).map(|own| own.language.as_str()).collect();
    all.sort_by_key(|own| (*own != DEFAULT, *own));
    all
});

/// What is spoken where nothing else can be.
pub const DEFAULT: &str = "en";

/// English from right to left, as CLDR names it: shows how pages will look in a language that is written so. Nobody's
/// browser asks for it by itself.
const MIRRORED: &str = "ar-XB";

/// Tags of the same language, or of one that its readers read as well.
const OTHER_NAMES: [(&str, &str); 3] = [("iw", "he"), ("no", "nb"), ("nn", "nb")];

/// The values that are numbers. A brand may be called `007`, and stays it.
const COUNTS: [&str; 2] = ["days", "minutes"];

/// The values of pages that would fall apart among letters from right to left: `2026-05-03` after an Arabic one. Unicode
/// Bidirectional Algorithm (UAX 9), 2.4.2. Names stand as they are, since they go into mail, where filters mind such marks.
const ISOLATED: [&str; 2] = ["date", "address"];

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
    let primary = OTHER_NAMES.iter().find(|(other, _)| *other == primary).map_or(&*primary, |(_, own)| *own);
    LANGUAGES.iter().copied().find(|own| *own == primary)
}

/// Whether two languages look so much alike on paper that a text is easily taken for one of the other.
pub fn are_alike(one: &str, other: &str) -> bool {
    const ALIKE: [&str; 2] = ["da", "nb"];
    ALIKE.contains(&one) && ALIKE.contains(&other)
}

/// The language of a footer below a message whose own language, or its script (`und-Cyrl`), is this, if anybody could
/// tell: the sender's, unless the message is in another of ours, or in a script that the sender's is not written in.
pub fn of_a_footer(written: Option<&str>, default: &'static str) -> &'static str {
    let Some(written) = written else { return default };
    match known(written) {
        Some(own) if are_alike(own, default) => default,
        Some(own) => own,
        None if written.strip_prefix("und-").is_some_and(|script| script != script_of(default)) => DEFAULT,
        None => default,
    }
}

/// The script in which a language of ours is written. ISO 15924.
fn script_of(language: &str) -> &'static str {
    match language {
        "ar" => "Arab",
        "he" => "Hebr",
        "uk" => "Cyrl",
        "zh" => "Hani",
        _ => "Latn",
    }
}

/// The direction in which a language is written, as HTML's `dir` names it.
pub fn direction(tag: &str) -> &'static str {
    const LEFTWARDS: [&str; 12] = ["ar", "he", "iw", "fa", "ur", "yi", "ps", "sd", "ug", "dv", "ckb", "syr"];
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    if LEFTWARDS.contains(&primary.as_str()) { "rtl" } else { "ltr" }
}

/// A text in a language of `serving`. A key that a language lacks falls back to English. Counts choose among a
/// language's plural forms.
pub fn text(language: &str, key: &str, values: &[(&'static str, &str)]) -> String {
    if language == MIRRORED {
        return mirrored(&text("en", key, values));
    }
    let language: LanguageIdentifier = serving(language).parse().unwrap_or_default();
    let leftwards = direction(language.language.as_str()) == "rtl";
    let read = |name: &str, value: &str| match name {
        _ if COUNTS.contains(&name) => FluentValue::try_number(value).into_owned(),
        _ if leftwards && ISOLATED.contains(&name) => FluentValue::from(format!("\u{2068}{value}\u{2069}")),
        _ => FluentValue::from(value.to_owned()),
    };
    let values = values.iter().map(|&(name, value)| (name.into(), read(name, value))).collect();
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
    use std::collections::BTreeSet;

    use super::*;

    /// The keys of a language's file with what each is told, in their order. A text may go over indented lines.
    fn texts_of(language: &str) -> Vec<(String, BTreeSet<String>)> {
        let file = std::fs::read_to_string(folder().join(format!("{language}.ftl"))).unwrap();
        let told = |value: &str| -> BTreeSet<String> {
            let name =
                |rest: &str| rest.split(|own: char| !own.is_ascii_alphanumeric()).next().map(str::to_owned);
            value.split('$').skip(1).filter_map(name).collect()
        };
        let mut texts: Vec<(String, BTreeSet<String>)> = Vec::new();
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            match line
                .split_once(" = ")
                .filter(|(key, _)| key.starts_with(|own: char| own.is_ascii_lowercase()))
            {
                Some((key, value)) => texts.push((key.to_owned(), told(value))),
                None => texts.last_mut().into_iter().for_each(|last| last.1.extend(told(line))),
            }
        }
        texts
    }

    fn folder() -> std::path::PathBuf {
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/locales")
    }

    #[test]
    fn the_script_of_every_language_is_known() {
        for language in LANGUAGES.iter().copied() {
            let script = match whatlang::detect_script(&text(language, "footer-unsubscribe-invite", &[])) {
                Some(whatlang::Script::Latin) => "Latn",
                Some(whatlang::Script::Arabic) => "Arab",
                Some(whatlang::Script::Hebrew) => "Hebr",
                Some(whatlang::Script::Cyrillic) => "Cyrl",
                Some(whatlang::Script::Mandarin) => "Hani",
                other => panic!("{language}: {other:?} has no name here"),
            };
            assert_eq!(script_of(language), script, "{language}");
        }
    }

    #[test]
    fn a_footer_is_in_a_script_that_its_reader_knows() {
        for (written, default, expected) in [
            (None, "sv", "sv"),
            (Some("he"), "sv", "he"),
            (Some("nb"), "da", "da"),
            (Some("und-Cyrl"), "sv", "en"),
            (Some("und-Cyrl"), "uk", "uk"),
            (Some("und-Jpan"), "zh", "en"),
            (Some("tlh"), "sv", "sv"),
        ] {
            assert_eq!(of_a_footer(written, default), expected, "{written:?}");
        }
    }

    #[test]
    fn every_file_is_a_language() {
        let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name());
        let name = |name: std::ffi::OsString| {
            name.to_str().and_then(|own| own.strip_suffix(".ftl")).unwrap().to_owned()
        };
        let mut files: Vec<String> = names.map(name).collect();
        files.sort_by_key(|own| (*own != DEFAULT, own.clone()));
        assert_eq!(*LANGUAGES, files, "a file that is new is seen once src/language.rs was touched");
    }

    #[test]
    fn every_language_has_every_text() {
        let english = texts_of(DEFAULT);
        assert!(english.len() > 200, "{}", english.len());
        for language in LANGUAGES.iter().copied() {
            assert_eq!(texts_of(language), english, "{language}");
            for (key, told) in &english {
                let told: Vec<&'static str> = told.iter().map(|own| &*own.clone().leak()).collect();
                let text = text(language, key, &told.iter().map(|own| (*own, *own)).collect::<Vec<_>>());
                assert!(
                    !text.contains("Unknown localization") && !text.contains('{') && !text.is_empty(),
                    "{language} {key}: {text}"
                );
                for name in told {
                    assert!(text.contains(name), "{language} {key} says its {name}: {text}");
                }
            }
        }
    }

    #[test]
    fn a_text_says_every_number_as_its_language_counts() {
        for language in LANGUAGES.iter().copied() {
            // Two is a form of its own in Arabic, which needs no digit.
            for number in (3..=31).chain([60, 100, 102, 111, 1440]).map(|own| own.to_string()) {
                for (key, name) in [("mail-confirm-days", "days"), ("data-mail-life", "minutes")] {
                    let text = text(language, key, &[(name, &number)]);
                    assert!(text.contains(&number), "{language} {key}: {text}");
                }
            }
        }
    }

    #[test]
    fn a_count_chooses_the_form_of_its_language() {
        let days = |language, number| text(language, "mail-confirm-days", &[("days", number)]);
        assert_eq!(days("uk", "2"), "Посилання діє 2 дні.");
        assert_eq!(days("uk", "7"), "Посилання діє 7 днів.");
        assert_eq!(days("uk", "21"), "Посилання діє 21 день.");
        assert_eq!(days("ar", "2"), "يعمل الرابط لمدة يومين.");
        assert_eq!(days("ar", "7"), "يعمل الرابط لمدة 7 أيام.");
        assert_eq!(days("ar", "14"), "يعمل الرابط لمدة 14 يومًا.");
        assert_eq!(text("uk", "data-title", &[("sender", "007")]), "Ваші дані");
        assert_eq!(text("en", "ask-heading", &[("sender", "007")]), "Unsubscribe from 007?");
    }

    #[test]
    fn a_date_stays_whole_among_letters_from_right_to_left() {
        assert!(text("ar", "pause-keep", &[("date", "2026-05-03")]).ends_with("\u{2068}2026-05-03\u{2069}"));
        assert!(text("en", "pause-keep", &[("date", "2026-05-03")]).ends_with(" 2026-05-03"));
    }

    #[test]
    fn a_mirrored_text_is_the_english_one_from_right_to_left() {
        assert_eq!(known("AR-xb"), Some("ar-XB"));
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
