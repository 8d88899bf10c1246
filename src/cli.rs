//! The command line: one file a verb. CONTRACT.md, "Command line".

mod argument;
mod campaign;
mod check;
mod consent;
mod credential;
mod demo;
mod dkim;
mod journal;
mod keys;
mod lint;
mod migrate;
mod output;
mod person;
mod policy;
mod queue;
mod requests;
mod sender;
mod serve;
mod suppression;

use std::io;
use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::{Parser, Subcommand};

use crate::clock::Clock;
use crate::config::{self, Config, DEFAULT_FILES, Essentials};
use crate::policy::PolicySet;
use crate::policy::file::{self, Mistake};
use crate::store::Store;
use crate::telemetry;
use output::Output;

/// An SMTP relay that makes marketing mail lawful and welcome by construction.
#[derive(Parser)]
#[command(name = "optgate", version, propagate_version = true)]
pub struct Arguments {
    /// The configuration; else optgate.toml, then /etc/optgate/optgate.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print data as JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// The whole job on one machine, nothing to configure.
    Demo(demo::Arguments),
    /// Run the gateway until SIGTERM or SIGINT, then drain.
    Serve,
    /// Bring the database to this version.
    Migrate,
    /// Configuration and policies, all mistakes at once.
    Check(check::Arguments),
    /// Validate policies, or ask them.
    #[command(subcommand)]
    Policy(policy::Verb),
    /// What would be refused, changed or warned of in a message, before the campaign. Exit status 1 if it would not go.
    Lint(lint::Arguments),
    /// Who may submit, and who may use the API.
    #[command(subcommand)]
    Credential(credential::Verb),
    /// What is known of a person, and their no.
    #[command(subcommand)]
    Consent(consent::Verb),
    /// Deliveries, waiting and ended; by itself, what waits and for what.
    Queue(queue::Arguments),
    /// Campaigns: what became of them, and what in them no policy knows.
    #[command(subcommand)]
    Campaign(campaign::Verb),
    /// Noes, kept apart from the database for the day a backup is restored.
    #[command(subcommand)]
    Journal(journal::Verb),
    /// Blocks that are not the person's will.
    #[command(subcommand)]
    Suppression(suppression::Verb),
    /// What people asked for by right, and by when it is due.
    #[command(subcommand)]
    Requests(requests::Verb),
    /// The keys that sign links.
    #[command(subcommand)]
    Keys(keys::Verb),
    /// The keys that sign mail, and their DNS records.
    #[command(subcommand)]
    Dkim(dkim::Verb),
}

/// How a verb ended when nothing kept it from its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Exit status 0.
    Done,
    /// Exit status 1: the thing checked has findings, the thing named is not there.
    Findings,
}

/// What every verb needs.
struct Session {
    config: Option<PathBuf>,
    output: Output,
    clock: Clock,
}

/// Runs a verb. An error is exit status 2: wrong usage, or a configuration that can't be used.
pub async fn run(arguments: Arguments) -> anyhow::Result<Status> {
    let output = if arguments.json { Output::Json } else { Output::Text };
    let session = Session { config: arguments.config, output, clock: Clock::system() };
    match arguments.verb {
        Verb::Serve => {
            telemetry::start();
            telemetry::tell_of_panics();
        }
        _ => telemetry::start_with("warn"),
    }
    match arguments.verb {
        Verb::Demo(arguments) => demo::run(&session, arguments).await,
        Verb::Serve => serve::run(&session).await,
        Verb::Migrate => migrate::run(&session).await,
        Verb::Check(arguments) => check::run(&session, arguments).await,
        Verb::Policy(verb) => policy::run(&session, verb).await,
        Verb::Lint(arguments) => lint::run(&session, &arguments),
        Verb::Credential(verb) => credential::run(&session, verb).await,
        Verb::Consent(verb) => consent::run(&session, verb).await,
        Verb::Queue(arguments) => queue::run(&session, arguments).await,
        Verb::Campaign(verb) => campaign::run(&session, verb).await,
        Verb::Journal(verb) => journal::run(&session, verb).await,
        Verb::Suppression(verb) => suppression::run(&session, verb).await,
        Verb::Requests(verb) => requests::run(&session, verb).await,
        Verb::Keys(verb) => keys::run(&session, verb).await,
        Verb::Dkim(verb) => dkim::run(&session, verb).await,
    }
}

/// An error with its causes, safe to print on a terminal.
pub fn told(error: &anyhow::Error) -> String {
    let lines: Vec<String> = format!("{error:#}").lines().map(telemetry::escaped).collect();
    lines.join("\n")
}

pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

impl Session {
    /// The file that was named, or the first that is there.
    fn config_file(&self) -> anyhow::Result<PathBuf> {
        if let Some(named) = &self.config {
            return Ok(named.clone());
        }
        match DEFAULT_FILES.iter().map(Path::new).find(|file| file.exists()) {
            Some(file) => Ok(file.to_owned()),
            None => bail!(
                "no configuration: neither {} is there; name one with --config",
                DEFAULT_FILES.join(" nor ")
            ),
        }
    }

    /// A configuration that can be used; its warnings belong to `check` and to the gateway's log.
    fn config(&self) -> anyhow::Result<(Config, Vec<Mistake>)> {
        config::load(&self.config_file()?, environment())
            .map_err(|mistakes| unusable("configuration", &mistakes))
    }

    /// What a command beside a gateway needs of it, whatever the rest says.
    fn essentials(&self) -> anyhow::Result<Essentials> {
        config::load_essentials(&self.config_file()?, environment())
            .map_err(|mistakes| unusable("configuration", &mistakes))
    }

    /// The day, in UTC.
    fn today(&self) -> jiff::civil::Date {
        self.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date()
    }

    fn policies(&self, config: &Essentials) -> anyhow::Result<PolicySet> {
        match file::load(&config.policies) {
            Ok((policies, _)) => Ok(policies),
            Err(mistakes) => Err(unusable("policies", &mistakes)),
        }
    }

    /// The database of the configuration, beside a gateway that may be serving from it.
    async fn store(&self, config: &Essentials) -> anyhow::Result<Store> {
        crate::serve::open(config, &self.clock).await
    }
}

/// Variables that are text; others can override nothing.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

fn unusable(what: &str, mistakes: &[Mistake]) -> anyhow::Error {
    let rendered: Vec<&str> = mistakes.iter().map(|mistake| mistake.rendered.as_str()).collect();
    anyhow::anyhow!("the {what} can't be used\n{}", rendered.join("\n"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }

    /// Every argument with a value is tried empty, whatever verb it belongs to.
    #[test]
    fn an_empty_value_is_wrong_usage() {
        fn verbs(command: &clap::Command, path: Vec<String>, found: &mut Vec<(Vec<String>, clap::Command)>) {
            for own in command.get_subcommands() {
                let path = [path.clone(), vec![own.get_name().to_owned()]].concat();
                verbs(own, path.clone(), found);
                found.push((path, own.clone()));
            }
        }
        let mut found = Vec::new();
        verbs(&Arguments::command(), vec!["optgate".to_owned()], &mut found);
        let mut tried = 0;
        for (path, verb) in found {
            for argument in verb.get_arguments().filter(|own| own.get_action().takes_values()) {
                for empty in ["", " "] {
                    let given = match argument.get_long() {
                        Some(long) => format!("--{long}={empty}"),
                        None => empty.to_owned(),
                    };
                    let line = [path.clone(), vec![given]].concat();
                    let error = Arguments::try_parse_from(&line).err().map(|error| error.kind());
                    let refused =
                        [clap::error::ErrorKind::ValueValidation, clap::error::ErrorKind::InvalidValue];
                    let is_path = argument.get_value_parser().type_id()
                        == clap::builder::ValueParser::path_buf().type_id();
                    let named_blank = is_path && empty == " ";
                    assert!(
                        named_blank || error.is_some_and(|kind| refused.contains(&kind)),
                        "{line:?}: {error:?}"
                    );
                    tried += 1;
                }
            }
        }
        assert!(tried > 40, "{tried}");
    }

    #[test]
    fn wrong_usage_is_exit_status_2() {
        for arguments in [&["optgate", "nonsense"][..], &["optgate", "queue", "list", "--state", "lost"]] {
            let error = Arguments::try_parse_from(arguments).err().unwrap();
            assert_eq!(error.exit_code(), 2);
        }
    }
}
