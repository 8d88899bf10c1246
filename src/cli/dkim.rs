//! `optgate dkim`: a key and its DNS record; the records against DNS.

mod check;
pub mod dns;
mod domain;
mod generate;

use clap::Subcommand;

use super::{Session, Status};
pub(super) use check::{Finding, Severity, key_findings, resolver};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Make a key, and show its DNS record and its place in the configuration.
    Generate(generate::Arguments),
    /// Ask DNS for the record of each key of the configuration, and for SPF and DMARC of each From domain.
    Check(check::Arguments),
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    match verb {
        Verb::Generate(arguments) => generate::run(session, arguments),
        Verb::Check(arguments) => check::run(session, arguments).await,
    }
}
