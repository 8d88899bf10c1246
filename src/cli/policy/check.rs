//! `optgate policy check`: validate a folder of policies.

use std::path::PathBuf;

use clap::Args;

use crate::cli::{Session, Status, check};
use crate::policy::file;

#[derive(Args)]
pub(in crate::cli) struct Arguments {
    /// A folder of policies; else the configuration's.
    folder: Option<PathBuf>,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<Status> {
    let loaded = match &arguments.folder {
        Some(folder) => file::load(folder),
        None => file::load(&session.essentials()?.policies),
    };
    let mistakes = match loaded {
        Ok((_, warnings)) => warnings,
        Err(mistakes) => mistakes,
    };
    check::report(session.output, &mistakes)
}
