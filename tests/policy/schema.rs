//! `optgate policy schema`: what it prints is what lies beside the shipped files.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::run;

const KINDS: [&str; 6] = ["sender", "jurisdiction", "shaping", "dialects", "tracking", "case"];

fn beside_the_policies(kind: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/schema");
    fs::read_to_string(folder.join(format!("{kind}.json"))).unwrap()
}

#[test]
fn what_is_printed_is_what_lies_beside_the_shipped_files() {
    for kind in KINDS {
        let printed = run(&["schema"], Path::new(kind));
        assert_eq!(String::from_utf8(printed.stdout).unwrap(), beside_the_policies(kind));
    }
}

#[test]
fn a_folder_without_schemas_gets_them() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("policies/schema");
    assert!(run(&["schema", "--write"], &target).status.success());
    for kind in KINDS {
        let written = fs::read_to_string(target.join(format!("{kind}.json"))).unwrap();
        assert_eq!(written, beside_the_policies(kind));
    }
}

#[test]
fn without_a_kind_all_are_one_schema() {
    let folder = tempfile::tempdir().unwrap();
    let printed = std::process::Command::new(env!("CARGO_BIN_EXE_optgate"))
        .args(["policy", "schema"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let all: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(all["$schema"], "https://json-schema.org/draft/2020-12/schema");
    for kind in KINDS {
        let own: Value = serde_json::from_str(&beside_the_policies(kind)).unwrap();
        assert_eq!(all["$defs"][kind], own);
    }
    assert_eq!(all["anyOf"].as_array().unwrap().len(), KINDS.len());
}
