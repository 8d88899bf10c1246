//! Policy files by the verbs of the real binary, with no database, no keys and no configuration.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

mod cases;
mod folder;
mod guide;
mod mistakes;
mod rules;
mod schema;

/// A copy of the shipped folder.
fn shipped_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Puts a file into a folder.
fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Another text in place of one that stands in a file.
fn replace(folder: &Path, name: &str, from: &str, to: &str) {
    let text = fs::read_to_string(folder.join(name)).unwrap();
    assert!(text.contains(from), "{name} has no {from}");
    fs::write(folder.join(name), text.replace(from, to)).unwrap();
}

/// What `optgate policy …` said of a folder, and its exit status.
fn policy(arguments: &[&str], folder: &Path) -> (i32, String) {
    let output = run(arguments, folder);
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    (output.status.code().unwrap_or(-1), said)
}

/// What a check warns of, but for packs that are due for a review: a day will come when the shipped ones are.
fn warnings(folder: &Path) -> Vec<String> {
    let told = json(&["check"], folder);
    let told = told.as_array().unwrap().iter().filter(|one| one["severity"] != "note");
    let messages =
        told.map(|one| format!("{} {}", one["severity"].as_str().unwrap(), one["message"].as_str().unwrap()));
    messages.filter(|message| !message.contains(DUE)).collect()
}

/// Part of what is said of a pack that nobody has reviewed for a year.
const DUE: &str = "was last compared with the law on";

fn json(arguments: &[&str], folder: &Path) -> Value {
    let output = run(&[arguments, &["--json"]].concat(), folder);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(&output.stdout)))
}

fn run(arguments: &[&str], folder: &Path) -> Output {
    // No configuration lies there.
    let nowhere = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_optgate"))
        .arg("policy")
        .args(arguments)
        .arg(folder)
        .current_dir(nowhere.path())
        .output()
        .expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
