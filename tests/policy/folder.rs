//! A folder of policies as a whole: where it comes from, where it belongs, and what is noted of it.

use std::fs;
use std::process::Command;

use super::{policy, replace, shipped_folder, text};

#[test]
fn the_binary_writes_its_policies_out_and_never_over_anything() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("mine/policies");
    let (status, said) = policy(&["init"], &folder);
    assert!(status == 0 && said.contains(" files in "), "{said}");
    let (status, said) = policy(&["check"], &folder);
    assert!(status == 0 && !said.contains("error:") && !said.contains("demo-shop` is in shadow"), "{said}");
    let original = shipped_folder();
    for name in
        ["senders/demo-shop.toml", "cases/senders/example-club.toml", "shaping.toml", "schema/case.json"]
    {
        let read = |folder: &std::path::Path| fs::read(folder.join(name)).unwrap();
        assert_eq!(read(&folder), read(original.path()), "{name}");
    }
    assert_eq!(policy(&["test"], &folder).0, 0);
    fs::remove_dir_all(folder.join("cases")).unwrap();
    let (status, said) = policy(&["init"], &folder);
    assert!(status == 2 && said.contains("already: nothing was written"), "{said}");
    assert!(!folder.join("cases").exists());
}

#[test]
fn a_folder_is_for_policy_check_and_check_says_so() {
    let folder = shipped_folder();
    let output =
        Command::new(env!("CARGO_BIN_EXE_optgate")).arg("check").arg(folder.path()).output().unwrap();
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains(&format!("optgate policy check {}", folder.path().display())), "{said}");
}

#[test]
fn a_folder_that_is_not_there_draws_one_error_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (status, said) = policy(&["check"], &folder.path().join("absent"));
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("can't be read") && said.trim_end().ends_with("1 error, no warnings"), "{said}");
}

#[test]
fn shadow_mode_is_noted_though_nothing_is_wrong() {
    let folder = shipped_folder();
    replace(folder.path(), "senders/demo-shop.toml", "mode = \"enforce\"", "mode = \"shadow\"");
    let (status, said) = policy(&["check"], folder.path());
    assert_eq!(status, 0, "{said}");
    let note = "`demo-shop` is in shadow mode: mail without consent leaves, and only a recorded no stops it";
    assert!(said.lines().any(|line| line.starts_with("note: senders/") && line.ends_with(note)), "{said}");
}
