//! False alarms over real mail: the messages of `OPTGATE_SHARED/corpus` or `OPTGATE_CORPUS`, which people and tools wrote, and in which
//! nobody left a merge field unfilled. The test vectors are our own; how much of them is found is `lint`'s own test.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use optgate::lint::{self, Finding};
use optgate::mail::RawMessage;
use optgate::policy::dialect::Dialects;
use optgate::policy::finding::FindingName;
use optgate::policy::tracking::Trackers;
use optgate::policy::{Stream, file};
use optgate::rewrite::{Checked, check};

/// At most so many false alarms in a hundred.
const MOST: usize = 2;

/// Messages of a folder in canonical form; what can't be read is refused for that.
fn messages(folder: &Path) -> Vec<(PathBuf, RawMessage)> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    let read = |path: PathBuf| {
        let mut text = Vec::new();
        let read = std::fs::read(&path).unwrap();
        let lines = read.split(|byte| *byte == b'\n');
        // An archive's separator is no field.
        for line in lines.skip_while(|line| line.starts_with(b"From ")) {
            text.extend(line.iter().filter(|byte| !matches!(byte, b'\r' | 0)));
            text.extend(b"\r\n");
        }
        RawMessage::index(Bytes::from(text)).ok().map(|message| (path, message))
    };
    files.into_iter().filter_map(read).collect()
}

/// `$OPTGATE_SHARED/corpus`, or another (`tests/other_mail/run`).
fn corpus() -> Option<PathBuf> {
    if let Some(other) = std::env::var_os("OPTGATE_CORPUS") {
        return Some(other.into());
    }
    let shared = std::env::var_os("OPTGATE_SHARED");
    if shared.is_none() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI needs OPTGATE_SHARED");
        println!("skipped: OPTGATE_SHARED is not set, so nothing is looked at");
    }
    shared.map(|shared| PathBuf::from(shared).join("corpus"))
}

/// The folders of these names that a corpus has, and all within its folder `within`.
fn folders(corpus: &Path, names: &[&str], within: &str) -> Vec<PathBuf> {
    let named = names.iter().map(|name| corpus.join(name)).filter(|path| path.is_dir());
    let others = std::fs::read_dir(corpus.join(within)).into_iter().flatten();
    named.chain(others.map(|entry| entry.unwrap().path())).collect()
}

/// Whose merge fields are looked for, and whose placeholders are none.
static SHIPPED: LazyLock<Arc<Dialects>> = LazyLock::new(|| file::parse(&file::shipped()).unwrap().0.dialects);

/// Of a message that can't be read nothing: it is refused for that.
fn look(message: &RawMessage) -> Vec<Finding> {
    let looked = |checked: Checked<'_>| -> Vec<Finding> {
        let opened = checked.open();
        let tracked = opened.tracked(&Trackers::default(), None);
        lint::look(&opened, Stream::Marketing, &SHIPPED, &tracked, &lint::Home::default())
    };
    check(message).map(looked).unwrap_or_default()
}

fn found(message: &RawMessage, names: &[FindingName]) -> Vec<String> {
    let of = look(message).into_iter().filter(|finding| names.contains(&finding.name));
    of.map(|finding| format!("{} {}: {}", finding.name, finding.place, finding.excerpt)).collect()
}

#[test]
fn real_mail_raises_at_most_two_false_alarms_in_a_hundred() {
    let Some(corpus) = corpus() else { return };
    let mut read = 0;
    let mut alarms = Vec::new();
    let names = [
        "spamassassin-nice",
        "spamassassin-public-hard-ham",
        "nodemailer-mailparser",
        "cpython-email",
        "ruby-mail",
        "marketing",
    ];
    for folder in folders(&corpus, &names, "real") {
        for (path, message) in messages(&folder) {
            read += 1;
            let found = found(&message, &[FindingName::MergeFieldLeak, FindingName::EmptySalutation]);
            if !found.is_empty() {
                alarms.push(format!("{}: {found:?}", path.display()));
            }
        }
    }
    println!("{} alarms over {read} messages: {alarms:#?}", alarms.len());
    assert!(read > 300, "only {read} messages were read");
    assert!(alarms.len() * 100 <= read * MOST, "{alarms:#?}");
}

#[test]
fn what_is_looked_at_never_panics_and_is_told_within_bounds() {
    let Some(corpus) = corpus() else { return };
    let names = ["stalwart-mail-parser", "sisimai-bounces", "kumomta-dsn-arf", "clients", "marketing"];
    let mut read = 0;
    for folder in folders(&corpus, &names, "suites") {
        for (path, message) in messages(&folder) {
            read += 1;
            let findings = look(&message);
            assert!(findings.len() <= 200, "{}", path.display());
            assert!(findings.iter().all(|own| own.excerpt.len() <= 100), "{}: {findings:?}", path.display());
        }
    }
    assert!(read > 100, "only {read} messages were read");
}
