//! The guide "Write a policy", followed word for word: each command is run, and what the guide shows is what comes.

use std::path::Path;
use std::process::Command;

use super::{DUE, copy, text};

const GUIDE: &str = include_str!("../../docs/write-a-policy.md");

/// The guide's blocks, each with what it is, in their order.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let fenced = GUIDE.split("```").skip(1).step_by(2);
    fenced.map(|block| block.split_once('\n').expect("a block has a first line")).collect()
}

#[test]
fn the_guide_shows_what_its_commands_say() {
    let folder = tempfile::tempdir().unwrap();
    let etc = folder.path().join("etc/optgate");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &etc.join("policies"));
    let binary = Path::new(env!("CARGO_BIN_EXE_optgate")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let (mut said, mut run, mut shown) = (String::new(), 0, 0);
    for (kind, block) in blocks() {
        match kind {
            // It asks a database.
            "sh" if block.starts_with("optgate policy explain") => {}
            "sh" => {
                let mut shell = Command::new("bash");
                let here = block.replace("/etc/optgate", &etc.display().to_string());
                shell.args(["-uc", &here]).env("PATH", &path).current_dir(folder.path());
                let output = shell.output().expect("a shell");
                said = text(&output.stdout) + &text(&output.stderr);
                run += 1;
            }
            "text" => {
                // Once the shipped packs are due for a review, one more warning is counted.
                let counted = |line: &&str| said.contains(DUE) && line.contains("no errors, ");
                for line in block.lines().filter(|line| !counted(line)) {
                    assert!(said.lines().any(|own| own == line), "shown:\n{line}\nsaid:\n{said}");
                }
                shown += 1;
            }
            other => panic!("a block of {other}"),
        }
    }
    assert!(run >= 12 && shown >= 6, "{run} {shown}");
    let sender = |name: &str| etc.join("policies/senders").join(name).exists();
    assert!(sender("my-shop.toml") && !sender("demo-shop.toml"));
    assert!(!etc.join("policies/policies").exists() && etc.join("policies.old").exists());
}
