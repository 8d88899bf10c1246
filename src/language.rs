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

/// The language, among those that we have, that serves a tag such as `sv-SE`; English if none does.
pub fn serving(tag: &str) -> &'static str {
    known(tag).unwrap_or("en")
}

/// The language that we have for a tag, if any.
pub fn known(tag: &str) -> Option<&'static str> {
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
    let language: LanguageIdentifier = serving(language).parse().unwrap_or_default();
    let values = values.iter().map(|(name, value)| ((*name).into(), FluentValue::from(*value))).collect();
    TEXTS.lookup_with_args(&language, key, &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_written_in_a_direction() {
        for (tag, expected) in
            [("ar-EG", "rtl"), ("he", "rtl"), ("FA_ir", "rtl"), ("sv", "ltr"), ("arn", "ltr"), ("", "ltr")]
        {
            assert_eq!(direction(tag), expected, "{tag}");
        }
    }
}
