//! Policy files, whatever stands in them: a set, or mistakes that can be shown. What is read once is read so again.
//!
//! Files stand one after the other; a line `>>> NAME` begins each.
#![no_main]

use libfuzzer_sys::fuzz_target;
use optgate::policy::file::{self, NamedText};

fuzz_target!(|text: &str| {
    let files = split(text);
    match file::parse(&files) {
        Ok((set, warnings)) => {
            warnings.iter().for_each(shown);
            let cases = file::case::cases(&files, Some(&set));
            cases.mistakes.iter().for_each(shown);
            file::untouched(&files, &cases).iter().for_each(shown);
            for (one, again) in cases.outcomes().iter().zip(&cases.outcomes()) {
                assert_eq!(one.verdict, again.verdict);
            }
            let again = file::parse(&files).unwrap_or_else(|_| panic!("the second reading finds mistakes"));
            assert_eq!(set.hash, again.0.hash);
            for name in set.senders.keys() {
                assert!(set.sender(name).is_some());
            }
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused, and no reason given");
            mistakes.iter().for_each(shown);
            file::case::cases(&files, None).mistakes.iter().for_each(shown);
        }
    }
});

fn split(text: &str) -> Vec<NamedText> {
    let mut files: Vec<NamedText> = Vec::new();
    for line in text.split_inclusive('\n') {
        match (line.strip_prefix(">>> "), files.last_mut()) {
            (Some(name), _) => files.push((name.trim_end().to_owned(), String::new())),
            (None, Some((_, text))) => text.push_str(line),
            (None, None) => files.push(("senders/a.toml".to_owned(), line.to_owned())),
        }
    }
    files
}

fn shown(mistake: &file::Mistake) {
    assert!(!mistake.rendered.is_empty());
}
