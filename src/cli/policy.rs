//! `optgate policy`: validate policy files, and ask them.

mod check;
mod explain;
mod replay;

use clap::Subcommand;

use super::{Session, Status};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Validate all policy files.
    Check(check::Arguments),
    /// May this sender mail this person about this, and by which rule. Nothing is recorded.
    Explain(explain::Question),
    /// Recorded decisions under other policies: who gains, who loses mail. Exit status 1 if more would leave.
    Replay(replay::Arguments),
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    match verb {
        Verb::Check(arguments) => check::run(session, &arguments),
        Verb::Explain(question) => explain::run(session, question).await,
        Verb::Replay(arguments) => replay::run(session, arguments).await,
    }
}
