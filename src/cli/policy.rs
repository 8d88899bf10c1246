//! `optgate policy`: validate policy files, and ask them.

mod check;
mod explain;
mod init;
mod replay;
mod schema;
mod test;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{Session, Status};
use crate::policy::file::Folder;

pub(super) use explain::stream;

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Write the shipped policies into a new folder, to begin with.
    Init(init::Arguments),
    /// Validate all policy files.
    Check(check::Arguments),
    /// Decide the cases in cases/ and compare with what they expect.
    Test(test::Arguments),
    /// Print JSON Schemas of policy files, for editors.
    Schema(schema::Arguments),
    /// May this sender mail this person about this, and by which rule. Nothing is recorded.
    Explain(explain::Question),
    /// Recorded decisions under other policies: who gains, who loses mail. Exit status 1 if more would leave.
    Replay(replay::Arguments),
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    match verb {
        Verb::Init(arguments) => init::run(&arguments),
        Verb::Check(arguments) => check::run(session, &arguments),
        Verb::Test(arguments) => test::run(session, &arguments),
        Verb::Schema(arguments) => schema::run(&arguments),
        Verb::Explain(question) => explain::run(session, question).await,
        Verb::Replay(arguments) => replay::run(session, arguments).await,
    }
}

/// Which policies are meant.
#[derive(Args)]
pub(super) struct Policies {
    /// A folder of policies; else the configuration's.
    folder: Option<PathBuf>,
}

impl Policies {
    fn read(&self, session: &Session) -> anyhow::Result<Folder> {
        Ok(match &self.folder {
            Some(folder) => Folder::read(folder),
            None => Folder::read(&session.essentials()?.policies),
        })
    }
}
