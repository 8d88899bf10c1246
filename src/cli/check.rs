//! `optgate check`: configuration and policies, all mistakes at once; what a start would stumble over, and
//! whether a gateway that runs is ready. It changes nothing.

mod files;
mod ready;

use clap::Args;
use serde_json::json;

use super::output::{self, Output};
use super::{Session, Status, environment};
use crate::config;
use crate::policy::file::{Mistake, Severity};

#[derive(Args)]
pub(super) struct Arguments {
    /// Ask the gateway that runs with this configuration whether it can accept mail: for health checks.
    #[arg(long)]
    ready: bool,
}

pub(super) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<Status> {
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
        mistakes.extend(match config::policies::load(config) {
            Ok((_, warnings)) => warnings,
            Err(mistakes) => mistakes,
        });
    }
    report(session.output, &mistakes)
}

/// Prints what was found. Warnings alone are no findings.
pub(super) fn report(output: Output, mistakes: &[Mistake]) -> anyhow::Result<Status> {
    let errors = mistakes.iter().filter(|mistake| mistake.severity == Severity::Error).count();
    match output {
        Output::Json => {
            let shown: Vec<_> = mistakes.iter().map(shown).collect();
            output::json(&shown)?;
        }
        Output::Text => {
            for mistake in mistakes {
                output::lines(&mistake.rendered)?;
                output::line("")?;
            }
            let warnings = mistakes.len() - errors;
            output::line(&format!("{}, {}", counted(errors, "error"), counted(warnings, "warning")))?;
        }
    }
    Ok(if errors == 0 { Status::Done } else { Status::Findings })
}

fn shown(mistake: &Mistake) -> serde_json::Value {
    json!({
        "file": mistake.file,
        "line": mistake.line,
        "column": mistake.column,
        "severity": match mistake.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": mistake.message,
    })
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        0 => format!("no {noun}s"),
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
