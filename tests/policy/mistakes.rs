//! A folder full of mistakes: all are told at once, each with its file, its line, the line itself, a caret and what
//! would be right, and nothing is told that is none.
//!
//! In `tests/vectors/mistakes` each line says of itself what is wrong with it, after `#!`.

use std::fs;
use std::path::Path;

use super::{copy, json, policy};

/// A mistake that a line says it has.
struct Expected {
    file: String,
    line: usize,
    text: String,
    about: String,
}

fn expected(folder: &Path, below: &str) -> Vec<Expected> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder.join(below)).unwrap() {
        let entry = entry.unwrap();
        let own = entry.file_name().into_string().unwrap();
        let file = if below.is_empty() { own } else { format!("{below}/{own}") };
        if entry.file_type().unwrap().is_dir() {
            found.extend(expected(folder, &file));
            continue;
        }
        for (index, line) in fs::read_to_string(entry.path()).unwrap().lines().enumerate() {
            let about = line.split("#!").skip(1).map(str::trim);
            found.extend(about.map(|about| Expected {
                file: file.clone(),
                line: index + 1,
                text: line.to_owned(),
                about: about.to_owned(),
            }));
        }
    }
    found
}

#[test]
fn all_mistakes_of_a_folder_are_told_at_once_each_with_its_line_and_what_would_be_right() {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/mistakes"), folder.path());
    let (status, said) = policy(&["check"], folder.path());
    assert_eq!(status, 1, "{said}");
    let told = json(&["check"], folder.path());
    let mut told: Vec<_> = told.as_array().unwrap().iter().filter(|one| one["severity"] == "error").collect();
    let expected = expected(folder.path(), "");
    assert!(expected.len() >= 40, "{}", expected.len());
    let mut missing = Vec::new();
    for one in &expected {
        let is = |told: &&serde_json::Value| {
            told["file"] == *one.file
                && told["line"] == one.line
                && told["message"].as_str().unwrap().contains(&one.about)
        };
        match told.iter().position(is) {
            Some(at) => drop(told.remove(at)),
            None => missing.push(format!("{}:{} {}", one.file, one.line, one.about)),
        }
        // As people read it: the place, the line itself, and a caret below it.
        let shown = said.split("\n\n").any(|block| {
            block.contains(&one.about)
                && block.contains(&format!("--> {}:{}:", one.file, one.line))
                && block.contains(&one.text)
                && block.lines().last().is_some_and(|line| line.contains('^'))
        });
        assert!(shown, "{}:{} is not shown:\n{said}", one.file, one.line);
    }
    // The one that has no line.
    let misplaced = told.iter().position(|told| told["file"] == "sender/misplaced.toml");
    told.remove(misplaced.expect("a file in no place is told"));
    assert!(missing.is_empty() && told.is_empty(), "not told: {missing:#?}\ntold without cause: {told:#?}");
    assert!(said.contains(&format!("{} errors", expected.len() + 1)), "{said}");
}
