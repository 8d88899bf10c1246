//! `[[placeholder]]`: each must be told from words, or it would be put in place of them.

use crate::policy::dialect::dress;
use crate::policy::dialect::placeholder::{Between, Form, Meaning, Placeholder, SHORTEST_CORE, attribute};
use crate::policy::file::value;
use crate::toml_file::{Table, Value};

/// The longest text of a placeholder, in characters.
const MOST_TEXT: usize = 100;

const MEANINGS: &[(&str, Meaning)] = &[
    ("unsubscribe", Meaning::Unsubscribe),
    ("preferences", Meaning::Preferences),
    ("confirm", Meaning::Confirm),
    ("postal_address", Meaning::PostalAddress),
];
const FORMS: &[(&str, Form)] = &[
    ("address", Form::Address),
    ("link", Form::Link),
    ("attribute", Form::Attribute),
    ("suffix", Form::Suffix),
];

pub fn read(mut own: Table<'_>) -> Option<Placeholder> {
    let (source, rule) = (own.source(), own.rule());
    let between = &[("nothing", Between::Nothing), ("label", Between::Label)];
    let text = own.need("text", marked);
    let until = own.take("until", |v| v.read(|text| plain(text).map(str::to_owned)));
    let between = own.take("between", |v| v.word(between));
    let means = own.need("means", |v| v.word(MEANINGS));
    let form = own.take("form", |v| v.word(FORMS));
    let only_with = own.take("only_with", |v| v.read(value::header_name)).map(|given| given.value);
    own.finish();
    let form_is = |wanted: Form| form.as_ref().filter(|given| given.value == wanted);
    if let Some(given) = between.as_ref().filter(|_| until.is_none()) {
        source.error(&given.span, "nothing stands between without an `until`");
    }
    if let (Some(given), Some(text)) = (form_is(Form::Attribute), &text)
        && (attribute(&text.value).is_none() || until.is_some())
    {
        source.error(&given.span, "the text of an attribute is `name=\"value\"`, without an `until`");
    }
    let means = means?.value;
    if let (Some(given), Meaning::PostalAddress) =
        (form.as_ref().filter(|own| own.value != Form::Address), means)
    {
        source.error(&given.span, "a postal address is no link");
    }
    Some(Placeholder {
        text: text?.value,
        until: until.map(|given| given.value),
        between: between.map_or(Between::Nothing, |given| given.value),
        means,
        form: form.map_or(Form::Address, |given| given.value),
        only_with,
        rule: Some(rule),
    })
}

fn marked(value: Value<'_>) -> Option<String> {
    let text = value.non_empty()?;
    value.read(|_| {
        plain(&text)?;
        if dress::core(&text).len() < SHORTEST_CORE {
            return Err(format!(
                "this needs a word of {SHORTEST_CORE} letters at least by which it is looked for"
            ));
        }
        if text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b" _-.,".contains(&octet)) {
            return Err(
                "nothing tells this from words: a placeholder has marks such as `{{ }}` or `%`".to_owned()
            );
        }
        if text.contains("optgate.") {
            return Err("our own placeholders are always known".to_owned());
        }
        Ok(())
    })?;
    Some(text)
}

fn plain(text: &str) -> Result<&str, String> {
    let fits = !text.trim().is_empty()
        && text.len() <= MOST_TEXT
        && text.bytes().all(|octet| matches!(octet, b' '..=b'~'));
    if fits { Ok(text) } else { Err(format!("a placeholder has 1 to {MOST_TEXT} characters of ASCII")) }
}
