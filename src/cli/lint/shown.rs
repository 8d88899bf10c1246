//! The report as people and programs read it.

use super::Report;
use super::changes::Change;
use crate::cli::output::{self, Output};
use crate::policy::RuleRef;
use crate::policy::finding::Handling;

/// Lines of one change that are shown; `--json` has all of them.
const LINES: usize = 12;
/// Characters of one line that are shown.
const WIDTH: usize = 100;

pub fn print(output: Output, report: &Report) -> anyhow::Result<()> {
    if output == Output::Json {
        return output::json(report);
    }
    let stream = report.stream.map_or("unclassified", |stream| stream.as_str());
    let scope = report.scope.as_ref().map(|scope| format!(" {scope}")).unwrap_or_default();
    let assumed = if report.assumed { " (supposed: nothing in the message says what it is)" } else { "" };
    output::line(&format!("{}: {stream}{scope}{assumed}", report.sender))?;
    for refusal in &report.refusals {
        output::line("")?;
        output::line(&format!("refuse: {}: {}", refusal.reason, refusal.text))?;
        output::line(&format!("  by {}", place_of(&refusal.rule)))?;
    }
    for own in &report.findings {
        let at = match own.finding.line {
            0 => own.finding.place.clone(),
            line => format!("{}, line {line}, column {}", own.finding.place, own.finding.column),
        };
        output::line("")?;
        output::line(&format!("{}: {}: {}", own.handling.as_str(), own.finding.name, own.advice))?;
        let excerpt =
            if own.finding.excerpt.is_empty() { String::new() } else { format!(": {}", own.finding.excerpt) };
        output::line(&format!("  {at}{excerpt}"))?;
        if own.handling > Handling::Warn {
            output::line(&format!("  by {}", place_of(&own.rule)))?;
        }
    }
    for change in &report.changes {
        output::line("")?;
        print_change(change)?;
    }
    output::line("")?;
    output::line(&summary(report))?;
    Ok(())
}

fn print_change(change: &Change) -> anyhow::Result<()> {
    let line = if change.line == 0 { String::new() } else { format!(", line {}", change.line) };
    output::line(&format!("change: {}{line}", change.place))?;
    for (mark, lines) in [("-", &change.removed), ("+", &change.added)] {
        for line in lines.iter().take(LINES) {
            let cut: String = line.chars().take(WIDTH).collect();
            let more = if cut.len() < line.len() { "…" } else { "" };
            output::line(&format!("  {mark} {cut}{more}"))?;
        }
        if lines.len() > LINES {
            output::line(&format!("  {mark} … {} more", lines.len() - LINES))?;
        }
    }
    Ok(())
}

fn summary(report: &Report) -> String {
    let of = |wanted| report.findings.iter().filter(|own| own.handling == wanted).count();
    let refused = report.refusals.len() + of(Handling::Refuse);
    let counted = |number, one: &str, many: &str| output::counted(number, one, many);
    format!(
        "{}, {}, {}, {}",
        counted(refused, "refusal", "refusals"),
        counted(of(Handling::Hold), "hold", "holds"),
        counted(of(Handling::Warn), "warning", "warnings"),
        counted(report.changes.len(), "change", "changes")
    )
}

fn place_of(rule: &RuleRef) -> String {
    if rule.line == 0 { rule.file.to_string() } else { format!("{}:{}", rule.file, rule.line) }
}
