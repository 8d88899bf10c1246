//! Words of the sender's own, by language: titles of scopes, `[texts]`.

use super::value;
use crate::language;
use crate::policy::codes;
use crate::policy::sender::{Texts, Translated};
use crate::toml_file::{Given, Source, Table, Value};

/// The most characters of a scope's title, and of a text of the sender's own: a footer stays a footer.
pub const MAX_TITLE: usize = 100;
const MAX_TEXT: usize = 500;

/// `[texts]`. `locale` is the sender's language.
pub fn read(table: &mut Table<'_>, locale: &str) -> Texts {
    let Some(mut own) = table.table("texts") else { return Texts::default() };
    let source = own.source();
    let mut text = |key| {
        let given = own.take(key, |v| translated(v, MAX_TEXT));
        speaks(source, given.as_ref(), locale);
        given.map(|given| given.value).unwrap_or_default()
    };
    let texts = Texts { footer: text("footer"), pages: text("pages") };
    own.finish();
    texts
}

/// `{ en = "Clothing", sv = "Kläder" }`.
pub fn translated(value: Value<'_>, most: usize) -> Option<Translated> {
    if value.is_text() {
        return value.wrong("this must be a table of texts by language, such as { en = \"…\" }");
    }
    let mut texts = Translated::new();
    for (key, given) in value.table()?.entries() {
        let text = given.non_empty().and_then(|text| match text.chars().count() {
            length if length > most => given.wrong(format!("this may have {most} characters at most")),
            _ => Some(text),
        });
        match value::language(key.value) {
            Ok(tag) => {
                doubted(value.source(), &key, &tag);
                texts.extend(text.map(|text| (tag, text)));
            }
            Err(error) => value.source().error(&key.span, error),
        }
    }
    Some(texts)
}

/// `default_locale`.
pub fn default_locale(value: Value<'_>) -> Option<String> {
    let tag = value.read(value::language)?;
    let (source, span) = (value.source(), value.span());
    let given = Given { value: tag.as_str(), rule: source.rule(span.start), span };
    doubted(source, &given, &tag);
    if language::known(&tag).is_none() {
        let message = format!(
            "the words of pages and footers are not there in `{tag}` but in {}: who reads none of these gets English, \
             and only words of your own in `{tag}`",
            language::LANGUAGES.join(", ")
        );
        source.warning(&given.span, message);
    }
    Some(tag)
}

/// Tells of a language that exists and that few mean.
fn doubted(source: &Source<'_>, given: &Given<&str>, tag: &str) {
    let primary = tag.split('-').next().unwrap_or(tag);
    if let Some((name, meant)) = codes::lookalike(primary) {
        source.warning(&given.span, format!("`{primary}` is {name}; did you mean `{meant}`?"));
    }
}

/// Tells of a text that is not there in the sender's own language, which stands in for all that are not there.
pub fn speaks(source: &Source<'_>, given: Option<&Given<Translated>>, locale: &str) {
    let Some(given) = given.filter(|given| !given.value.is_empty()) else { return };
    if !given.value.contains_key(locale) {
        let message = format!("this is not there in `{locale}`, the sender's `default_locale`");
        source.warning(&given.span, message);
    }
}
