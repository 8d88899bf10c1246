//! `optgate check`: configuration and policies, all mistakes at once; what a start would stumble over, and
//! whether a gateway that runs is ready. It changes nothing. And, where asked, how mail comes through (`live`).

mod files;
mod live;
mod ready;

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use serde_json::json;

use super::output::{self, Output};
use super::{Session, Status, environment};
use crate::config::policies::Reader;
use crate::config::{self, Config};
use crate::policy::file::{self, Mistake, Severity};

#[derive(Args)]
pub(super) struct Arguments {
    /// Ask the gateway that runs with this configuration whether it can accept mail: for health checks.
    #[arg(long)]
    ready: bool,
    #[command(flatten)]
    live: live::Arguments,
    /// Taken only to say where it belongs.
    #[arg(hide = true)]
    folder: Option<PathBuf>,
}

pub(super) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<Status> {
    if let Some(folder) = arguments.folder {
        let folder = folder.display();
        anyhow::bail!(
            "`check` looks at a configuration (--config); of a folder: optgate policy check {folder}"
        );
    }
    if arguments.live.is_asked() {
        return live::run(session, arguments.live).await;
    }
    let file = session.config_file()?;
    if arguments.ready {
        return ready::ask(&file).await;
    }
    let (config, mut mistakes) = match config::load(&file, environment()) {
        Ok((config, warnings)) => (Some(config), warnings),
        Err(mistakes) => (None, mistakes),
    };
    if let Some(config) = &config {
        mistakes.extend(files::mistakes(config, session.clock.now()));
        mistakes.extend(policies(config, session.today()));
    }
    report(session.output, &mistakes)
}

/// What is wrong with the policies, and with their cases.
fn policies(config: &Config, today: Date) -> Vec<Mistake> {
    let reader = Reader::of(config);
    let (policy, mut mistakes) = match reader.load() {
        Ok((policy, warnings)) => (Some(policy), warnings),
        Err(mistakes) => (None, mistakes),
    };
    if let Some(folder) = reader.read() {
        let files = folder.files();
        let cases = folder.cases(policy.as_ref());
        if let Some(policy) = &policy {
            mistakes.extend(file::reviews(files, policy, &cases, today));
            mistakes.extend(file::shadows(files, policy));
            mistakes.extend(file::authors(files, policy));
        }
        mistakes.extend(cases.mistakes);
    }
    mistakes
}

/// Prints what was found. Warnings alone are no findings.
pub(super) fn report(output: Output, mistakes: &[Mistake]) -> anyhow::Result<Status> {
    let of = |severity| mistakes.iter().filter(move |mistake| mistake.severity == severity);
    let errors = of(Severity::Error).count();
    match output {
        Output::Json => {
            let shown: Vec<_> = mistakes.iter().map(shown).collect();
            output::json(&shown)?;
        }
        Output::Text => {
            for mistake in of(Severity::Error).chain(of(Severity::Warning)) {
                output::lines(&mistake.rendered)?;
                output::line("")?;
            }
            let warnings = of(Severity::Warning).count();
            output::line(&format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")))?;
            // Last and short, so that they hide nothing.
            for note in of(Severity::Note) {
                output::line(&format!("note: {}:{}: {}", note.file.display(), note.line, note.message))?;
            }
        }
    }
    Ok(if errors == 0 { Status::Done } else { Status::Findings })
}

fn shown(mistake: &Mistake) -> serde_json::Value {
    json!({
        "file": mistake.file,
        "line": mistake.line,
        "column": mistake.column,
        "severity": mistake.severity.as_str(),
        "message": mistake.message,
    })
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
