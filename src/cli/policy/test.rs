//! `optgate policy test`: decide the cases of a folder, and tell which came out otherwise than expected. Needs no
//! database and no keys.

use clap::Args;
use serde_json::json;

use super::Policies;
use crate::cli::output::{self, Output};
use crate::cli::{Session, Status, argument, check};
use crate::policy::PolicySet;
use crate::policy::case::{Expect, Outcome};

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    policies: Policies,
    /// Only cases whose name holds this text, in upper or lower case.
    #[arg(long, value_name = "TEXT", value_parser = argument::text)]
    name: Option<String>,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<Status> {
    let folder = arguments.policies.read(session)?;
    let policy = match folder.check() {
        Ok((policy, _)) => policy,
        Err(mistakes) => return check::report(session.output, &mistakes),
    };
    let cases = folder.cases(Some(&policy));
    if !cases.are_sound() {
        return check::report(session.output, &cases.mistakes);
    }
    let wanted = arguments.name.as_ref().map(|text| text.to_lowercase());
    let meant = |name: &str| wanted.as_ref().is_none_or(|text| name.to_lowercase().contains(text));
    let mut outcomes = cases.outcomes();
    outcomes.retain(|outcome| meant(&outcome.case.name));
    if let Some(text) = arguments.name.as_ref().filter(|_| outcomes.is_empty()) {
        anyhow::bail!("none of {} cases has `{text}` in its name", cases.all.len());
    }
    print(session.output, &policy, &outcomes)?;
    Ok(if outcomes.iter().all(Outcome::is_as_expected) { Status::Done } else { Status::Findings })
}

fn print(output: Output, policy: &PolicySet, outcomes: &[Outcome<'_>]) -> anyhow::Result<()> {
    if output == Output::Json {
        let shown: Vec<_> = outcomes.iter().map(|outcome| shown(policy, outcome)).collect();
        return output::json(&shown);
    }
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.is_as_expected()).collect();
    for outcome in &failed {
        output::line(&line(outcome))?;
    }
    let all = check::counted(outcomes.len(), "case");
    Ok(match failed.len() {
        0 if outcomes.is_empty() => output::line(&all),
        0 => output::line(&format!("{all}, all as expected")),
        failed => output::line(&format!("{all}, {failed} not as expected")),
    }?)
}

/// `cases/se.toml:12: "…": expected refuse, came deliver, ground soft_opt_in: TEXT (jurisdictions/se.toml:9)`.
fn line(outcome: &Outcome<'_>) -> String {
    let (case, verdict) = (outcome.case, &outcome.verdict);
    format!(
        "{}:{}: \"{}\": expected {}, came {}: {} ({}:{})",
        case.rule.file,
        case.rule.line,
        case.name,
        case.expect,
        outcome.came(),
        verdict.text,
        verdict.rule.file,
        verdict.rule.line
    )
}

fn shown(policy: &PolicySet, outcome: &Outcome<'_>) -> serde_json::Value {
    let case = outcome.case;
    json!({
        "file": case.rule.file,
        "line": case.rule.line,
        "name": case.name,
        "passed": outcome.is_as_expected(),
        "expect": expected(&case.expect),
        "verdict": outcome.verdict.shown(None, &policy.hash, None),
    })
}

/// What the case names, and nothing else.
fn expected(expect: &Expect) -> serde_json::Value {
    let fields = [
        ("verdict", json!(expect.verdict)),
        ("reason", json!(expect.reason)),
        ("ground", json!(expect.ground)),
        ("scope", json!(expect.scope)),
        ("stream", json!(expect.stream)),
        ("jurisdiction", json!(expect.jurisdiction)),
        ("passes", json!(expect.passes)),
    ];
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}
