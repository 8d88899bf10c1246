//! Real bounces and complaints of others: what is read in each. `verdicts.tsv` was reviewed by hand.

use std::fmt::Write as _;
use std::path::PathBuf;

use optgate::feedback::report::{Action, Report, read};
use optgate::policy::bounce::Answer;
use optgate::policy::file::{parse, shipped};

#[test]
fn every_report_of_others_is_read_and_says_what_was_reviewed() {
    let Ok(shared) = std::env::var("OPTGATE_SHARED") else {
        assert!(std::env::var("CI").is_err(), "OPTGATE_SHARED has to be set");
        return eprintln!("skipped: OPTGATE_SHARED says where the corpus is");
    };
    let bounces = shipped_bounces();
    let mut found = String::new();
    for folder in ["sisimai-bounces", "kumomta-dsn-arf"] {
        let mut files: Vec<PathBuf> = std::fs::read_dir(PathBuf::from(&shared).join("corpus").join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        for file in files {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            let content = std::fs::read(&file).unwrap();
            match read(&content, true) {
                Report::Nothing => writeln!(found, "{name}\tnothing").unwrap(),
                Report::Complaint(complaint) => {
                    let enclosed = if complaint.enclosed.is_empty() { "alone" } else { "with the mail" };
                    writeln!(found, "{name}\tcomplaint\t{}\t{enclosed}", complaint.kind).unwrap();
                }
                Report::Status(entries) => {
                    for entry in entries {
                        let reason = &entry.reason;
                        let answer = Answer { code: reason.code, status: reason.status, text: &reason.text };
                        let (class, rule) = bounces.classify("", answer);
                        let action = match entry.action {
                            Action::Failed => "failed",
                            Action::Delayed => "delayed",
                            Action::Done => "done",
                        };
                        let by =
                            rule.map_or_else(|| "code".to_owned(), |rule| format!("line {}", rule.rule.line));
                        let code = reason.code.map_or_else(|| "-".to_owned(), |code| code.to_string());
                        let status =
                            reason.status.map_or_else(|| "-".to_owned(), |(a, b, c)| format!("{a}.{b}.{c}"));
                        writeln!(found, "{name}\t{action}\t{}\t{code}\t{status}", class.as_str()).unwrap();
                        if std::env::var("SHOW").is_ok() {
                            let text: String = answer.line().chars().take(300).collect();
                            println!("{name}\t{action}\t{}\t{by}\t{text}", class.as_str());
                        }
                    }
                }
            }
        }
    }
    let reviewed = include_str!("verdicts.tsv");
    if found != reviewed {
        std::fs::write(std::env::temp_dir().join("optgate-verdicts.tsv"), &found).unwrap();
    }
    let differing: Vec<_> =
        found.lines().zip(reviewed.lines()).filter(|(found, reviewed)| found != reviewed).collect();
    assert!(
        found == reviewed,
        "{} lines, {} reviewed; {differing:#?}",
        found.lines().count(),
        reviewed.lines().count()
    );
}

fn shipped_bounces() -> optgate::policy::bounce::Bounces {
    parse(&shipped()).expect("the shipped policy is sound").0.shaping.bounces
}
