//! `optgate policy check`: validate a folder of policies, its cases included.

use clap::Args;

use super::Policies;
use crate::cli::{Session, Status, check};
use crate::policy::file;

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    #[command(flatten)]
    policies: Policies,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<Status> {
    let folder = arguments.policies.read(session)?;
    let (policy, mut mistakes) = match folder.check() {
        Ok((policy, warnings)) => (Some(policy), warnings),
        Err(mistakes) => (None, mistakes),
    };
    let cases = folder.cases(policy.as_ref());
    mistakes.extend(file::untouched(folder.files(), &cases));
    if let Some(policy) = &policy {
        mistakes.extend(file::reviews(folder.files(), policy, &cases, session.today()));
        mistakes.extend(file::shadows(folder.files(), policy));
    }
    mistakes.extend(cases.mistakes);
    check::report(session.output, &crate::toml_file::sorted(mistakes))
}
