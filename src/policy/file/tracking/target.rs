//! `target = ["query p", "base64", "json url"]`: the way from a redirect's address to the one within it.

use std::cell::Cell;

use crate::policy::tracking::target::Step;
use crate::toml_file::Value;
use crate::toml_file::nearest::hint;

/// Longer ways lead nowhere that anybody means.
const MOST_STEPS: usize = 8;
/// The longest name, in octets.
const MOST_NAME: usize = 64;
const WORDS: [&str; 6] = ["query", "segment", "percent", "base64", "json", "prefix"];
const PREFIXES: [&str; 2] = ["https://", "http://"];

pub fn steps(value: Value<'_>) -> Option<Vec<Step>> {
    let wrong = Cell::new(false);
    let read = |item: Value<'_>| {
        let read = item.read(step);
        wrong.set(wrong.get() || read.is_none());
        read
    };
    let steps = value.list(read)?;
    // It was told already.
    if wrong.get() {
        return None;
    }
    let begins = matches!(steps.first(), Some(Step::Query(_) | Step::Segment(_) | Step::LastSegment));
    let again =
        steps.iter().skip(1).any(|own| matches!(own, Step::Query(_) | Step::Segment(_) | Step::LastSegment));
    match () {
        () if steps.len() > MOST_STEPS => value.wrong(format!("a target is {MOST_STEPS} steps away at most")),
        () if !begins || again => value.wrong(
            "the first step, and no other, says where in the address to begin: `query NAME`, `segment 2` or `segment last`",
        ),
        () => Some(steps),
    }
}

fn step(text: &str) -> Result<Step, String> {
    let (word, rest) = text.split_once(' ').map_or((text, ""), |(word, rest)| (word, rest.trim()));
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"_-.".contains(&octet);
    let named = !rest.is_empty() && rest.len() <= MOST_NAME && rest.bytes().all(plain);
    let name = |step: fn(String) -> Step| {
        if named {
            Ok(step(rest.to_owned()))
        } else {
            Err(format!("`{text}`: `{word}` needs a name, as in `{word} url`"))
        }
    };
    match word {
        "query" => name(Step::Query),
        "json" => name(Step::Json),
        "segment" if rest == "last" => Ok(Step::LastSegment),
        "segment" => rest
            .parse()
            .ok()
            .filter(|number| (1..=99).contains(number))
            .map(Step::Segment)
            .ok_or_else(|| format!("`{text}`: `segment` needs a number from 1, or `last`")),
        "percent" | "base64" if !rest.is_empty() => Err(format!("`{text}`: nothing follows `{word}`")),
        "percent" => Ok(Step::Percent),
        "base64" => Ok(Step::Base64),
        "prefix" if PREFIXES.contains(&rest) => Ok(Step::Prefix(rest.to_owned())),
        "prefix" => Err(format!("`{text}`: a prefix is `https://` or `http://`")),
        _ => Err(format!("`{word}` is no step: `{}`{}", WORDS.join("`, `"), hint(word, WORDS))),
    }
}
