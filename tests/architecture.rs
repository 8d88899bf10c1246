//! The rules of DESIGN.md as a test: what may import what, how long things may be, and that every invariant
//! is upheld somewhere and tested by name.

#[path = "architecture/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use regex::Regex;
use source::{Source, below};

/// DESIGN.md, "What must never import what".
const PURE: &[&str] = &[
    "mail",
    "classify",
    "lint",
    "policy",
    "consent",
    "spool",
    "schedule",
    "rewrite",
    "sign",
    "smtp::session",
    "smtp::wire",
];
/// Parts of the pure that read files by nature.
const PURE_BUT: &[&str] = &["policy::file"];
const IMPURE: &[&str] = &[
    "tokio",
    "tokio_util",
    "sqlx",
    "axum",
    "std::fs",
    "std::env",
    "std::process",
    "std::thread",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::time::SystemTime",
    "std::time::Instant",
    "crate::clock",
    "crate::store",
];

const HTTP: &[&str] = &["axum", "tower_http", "hyper", "http"];
const SOCKETS: &[&str] = &[
    "tokio::net",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "std::os::unix::net",
];
/// Where a socket may be opened; the demo's upstream and its visitor need one by nature.
const SOCKETS_IN: &[&str] = &[
    "smtp::server",
    "deliver::upstream",
    "web",
    "serve",
    "cli::demo::upstream",
    "cli::demo::visitor",
    "cli::check::ready",
    "cli::check::live::listener",
];

/// Each story is told top down, in functions that may be a little longer.
const SPINES: &[&str] = &["intake", "record", "deliver"];
const SPINE_LINES: usize = 80;
const FUNCTION_LINES: usize = 60;
const FILE_LINES: usize = 600;
const RARE_LINES: usize = 400;

/// Those that an issue has built.
const INVARIANTS: &[u32] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
/// What a rule still waits for. These lists only shrink: an entry that is no longer needed fails too.
const UNTESTED: &[u32] = &[];
const UNDONE: &[&str] = &[];
const TOO_LONG: &[&str] = &["src/cli/demo/cast.rs cast"];

/// Whether a path is one of these or something in it.
fn is_in(path: &str, roots: &[&str]) -> bool {
    roots
        .iter()
        .any(|root| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
}

fn within(file: &Source, modules: &[&str]) -> bool {
    modules.iter().any(|module| file.within(module))
}

/// Fails with all findings at once, each on a line that an editor can follow.
#[track_caller]
fn none(rule: &str, findings: Vec<String>) {
    assert!(findings.is_empty(), "{rule}:\n  {}", findings.join("\n  "));
}

/// Where files that `concerned` picks name something that `forbidden` picks.
fn naming(concerned: impl Fn(&Source) -> bool, forbidden: impl Fn(&str) -> bool) -> Vec<String> {
    let mut findings = BTreeSet::new();
    for file in below("src").iter().filter(|file| concerned(file)) {
        for named in file.named().into_iter().filter(|named| forbidden(&named.path)) {
            findings.insert(format!("{}:{} names {}", file.path, named.line, named.path));
        }
    }
    findings.into_iter().collect()
}

#[test]
fn pure_code_has_no_files_sockets_clock_or_store() {
    let pure = |file: &Source| within(file, PURE) && !within(file, PURE_BUT);
    none("what decides gets all it needs handed in", naming(pure, |path| is_in(path, IMPURE)));
}

#[test]
fn only_the_store_speaks_sql() {
    let other = |file: &Source| !file.within("store");
    none("sqlx lies behind the store", naming(other, |path| is_in(path, &["sqlx"])));
}

#[test]
fn only_web_speaks_http() {
    let other = |file: &Source| !file.within("web");
    none("HTTP ends at web", naming(other, |path| is_in(path, HTTP)));
}

#[test]
fn sockets_are_opened_where_one_looks_for_them() {
    let other = |file: &Source| !within(file, SOCKETS_IN);
    none("no socket elsewhere", naming(other, |path| is_in(path, SOCKETS)));
}

#[test]
fn the_doors_do_not_know_each_other() {
    let doors = ["smtp", "web", "cli"];
    for door in doors {
        let others: Vec<String> =
            doors.iter().filter(|other| **other != door).map(|other| format!("crate::{other}")).collect();
        let others: Vec<&str> = others.iter().map(String::as_str).collect();
        none("smtp, web and cli stay apart", naming(|file| file.within(door), |path| is_in(path, &others)));
    }
}

#[test]
fn the_store_decides_nothing() {
    let decides = |path: &str| {
        let function = path.split("decide::").nth(1);
        function.is_some_and(|name| name.starts_with(|first: char| first.is_lowercase() || first == '*'))
    };
    none("the store takes types from decide, no verdicts", naming(|file| file.within("store"), decides));
}

#[test]
fn only_the_wiring_sees_the_configuration() {
    let other = |file: &Source| !within(file, &["main", "cli", "serve", "config"]);
    none("each part gets just what it needs", naming(other, |path| is_in(path, &["crate::config"])));
}

#[test]
fn errors_are_typed_below_the_edge() {
    let other = |file: &Source| !within(file, &["main", "cli", "serve"]);
    none("anyhow only at the edge", naming(other, |path| is_in(path, &["anyhow"])));
}

#[test]
fn a_file_can_be_read_in_one_sitting() {
    let mut findings = Vec::new();
    for file in ["src", "tests", "benches"].iter().flat_map(|folder| below(folder)) {
        let lines = file.text.lines().count();
        if lines > FILE_LINES {
            findings.push(format!("{} has {lines} lines; split it", file.path));
        } else if lines > RARE_LINES {
            println!("{} has {lines} lines, which should be rare", file.path);
        }
    }
    none("a file has at most 600 lines", findings);
}

#[test]
fn a_function_can_be_seen_at_once() {
    let mut findings = Vec::new();
    for file in below("src") {
        let limit = if SPINES.contains(&file.module().as_str()) { SPINE_LINES } else { FUNCTION_LINES };
        for function in file.functions() {
            let (name, lines) = (function.name, function.lines);
            let known = TOO_LONG.contains(&format!("{} {name}", file.path).as_str());
            match (lines >= limit, known) {
                (true, false) => {
                    findings.push(format!("{}:{} fn {name} has {lines} lines", file.path, function.line));
                }
                (false, true) => {
                    findings.push(format!("{} {name} is short now: take it off the list", file.path));
                }
                _ => {}
            }
        }
    }
    none("functions stay under 60 lines, the spines' under 80", findings);
}

#[test]
fn a_file_says_what_it_is_for() {
    let silent = |file: &Source| !file.is_test() && !file.text.starts_with("//!");
    let findings = below("src").into_iter().filter(silent).map(|file| file.path).collect();
    none("a file opens with its purpose", findings);
}

#[test]
fn names_say_something() {
    let vague = Regex::new(r"(?:^|[/_])(?:utils?|common|helpers?|managers?|misc)(?:[/_.]|$)").unwrap();
    let files = ["src", "tests", "benches"].iter().flat_map(|folder| below(folder));
    none(
        "no drawer for odds and ends",
        files.map(|file| file.path).filter(|path| vague.is_match(path)).collect(),
    );
}

#[test]
fn nothing_is_left_undone() {
    let undone = Regex::new(r"\b(?:todo|unimplemented|dbg)!|\bF\x49XME\b|\bXXX\b|\bT\x4FDO\b").unwrap();
    let mut findings = Vec::new();
    for file in ["src", "tests", "benches"].iter().flat_map(|folder| below(folder)) {
        let expected = UNDONE.contains(&file.path.as_str());
        if expected && !undone.is_match(&file.text) {
            findings.push(format!("{} is done: take it off the list", file.path));
        }
        for (index, line) in file.text.lines().enumerate().filter(|(_, line)| undone.is_match(line)) {
            if !expected {
                findings.push(format!("{}:{} {}", file.path, index + 1, line.trim()));
            }
        }
    }
    none("what is there works", findings);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = |database: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(database);
        let entries =
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert!(!sqlite.is_empty(), "there is a first migration");
    assert_eq!(sqlite, postgres, "same file names, same meaning");
}

#[test]
fn every_invariant_is_upheld_and_tested_by_name() {
    let comment = Regex::new(r"//.*\b[Ii]nvariants? ([\d, and]+)").unwrap();
    let number = Regex::new(r"\d+").unwrap();
    let test = Regex::new(r"\bfn i(\d+)_\w+").unwrap();
    let mut upheld: BTreeMap<u32, usize> = BTreeMap::new();
    let mut tested: BTreeMap<u32, usize> = BTreeMap::new();
    for file in below("src") {
        for found in comment.captures_iter(&file.text) {
            for number in number.find_iter(&found[1]) {
                *upheld.entry(number.as_str().parse().unwrap()).or_default() += 1;
            }
        }
    }
    for file in ["src", "tests"].iter().flat_map(|folder| below(folder)) {
        for found in test.captures_iter(&file.text) {
            *tested.entry(found[1].parse().unwrap()).or_default() += 1;
        }
    }
    let mut findings = Vec::new();
    let mut table = String::new();
    for invariant in INVARIANTS {
        let (places, tests) = (upheld.get(invariant).copied(), tested.get(invariant).copied());
        let _ = writeln!(
            table,
            "invariant {invariant}: {} places, {} tests",
            places.unwrap_or(0),
            tests.unwrap_or(0)
        );
        if places.is_none() {
            findings.push(format!("no comment `Invariant {invariant}:` in src"));
        }
        match (tests, UNTESTED.contains(invariant)) {
            (None, false) => findings.push(format!("no test `i{invariant}_…`")),
            (Some(_), true) => findings.push(format!("{invariant} is tested: take it off the list")),
            _ => {}
        }
    }
    print!("{table}");
    none("an invariant is named where it holds and by its test", findings);
}
