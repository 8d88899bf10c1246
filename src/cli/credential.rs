//! `optgate credential`: logins of senders. A secret is shown once and kept as a hash alone.

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use serde_json::json;

use super::output::{self, Output};
use super::{Session, Status, argument, sender};
use crate::credential;
use crate::policy::Stream;
use crate::store::{Credential, Role, Store, StoreError};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// Make a credential; its secret is printed once.
    Add(Add),
    /// All credentials, revoked ones included.
    List {
        /// Only this sender's.
        #[arg(long, value_parser = argument::text)]
        sender: Option<String>,
    },
    /// In force within 5 seconds, open sessions included.
    Revoke {
        #[arg(value_name = "SENDER/NAME", value_parser = argument::text)]
        credential: String,
    },
}

#[derive(Args)]
pub(super) struct Add {
    #[arg(long, value_parser = argument::text)]
    sender: String,
    #[arg(long, value_parser = argument::text)]
    name: String,
    #[arg(long)]
    role: RoleWord,
    /// What an smtp credential may send; without it marketing only.
    #[arg(long, value_delimiter = ',', value_parser = stream)]
    streams: Vec<Stream>,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleWord {
    Smtp,
    Api,
    Compliance,
    Ops,
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    if let Verb::Add(add) = &verb {
        let policies = session.policies(&config)?;
        if policies.sender(&add.sender).is_none() {
            bail!(sender::unknown(&policies, &add.sender));
        }
        add.check()?;
    }
    let store = session.store(&config).await?;
    let status = match verb {
        Verb::Add(add) => add.make(session, &store).await?,
        Verb::List { sender } => list(session.output, &store, sender.as_deref()).await?,
        Verb::Revoke { credential } => revoke(session.output, &store, &credential).await?,
    };
    store.close().await;
    Ok(status)
}

impl Add {
    fn check(&self) -> anyhow::Result<()> {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if self.name.is_empty() || self.name.len() > 64 || !self.name.bytes().all(letter) {
            bail!("a name has 1 to 64 letters, digits, `-`, `_` and `.`");
        }
        if !self.streams.is_empty() && !matches!(self.role, RoleWord::Smtp) {
            bail!("--streams is for the role smtp");
        }
        Ok(())
    }

    async fn make(self, session: &Session, store: &Store) -> anyhow::Result<Status> {
        let (role, mut streams) = (self.role.role(), self.streams);
        if role == Role::Smtp && streams.is_empty() {
            streams.push(Stream::Marketing);
        }
        streams.sort();
        streams.dedup();
        let made = credential::make(&session.clock, &self.sender, &self.name, role, streams).await;
        let name = format!("{}/{}", self.sender, self.name);
        match store.add_credential(&made.credential).await {
            Err(StoreError::Exists) => bail!("{name} exists already; revoke it first"),
            other => other?,
        }
        let secret = made.secret.expose_secret();
        match session.output {
            Output::Json => output::json(&json!({ "credential": name, "secret": secret }))?,
            Output::Text => {
                output::line(&format!("credential  {name}"))?;
                output::line(&format!("secret      {secret}"))?;
                output::line("The secret is shown this once.")?;
            }
        }
        Ok(Status::Done)
    }
}

async fn list(output: Output, store: &Store, sender: Option<&str>) -> anyhow::Result<Status> {
    let mut all = store.credentials().await?;
    all.retain(|credential| sender.is_none_or(|sender| sender == credential.sender));
    if output == Output::Json {
        output::json(&all.iter().map(shown).collect::<Vec<_>>())?;
        return Ok(Status::Done);
    }
    let row = |one: &Credential| {
        let streams: Vec<&str> = one.streams.iter().map(|stream| stream.as_str()).collect();
        let name = format!("{}/{}", one.sender, one.name);
        let revoked = one.revoked_at.map(|at| at.to_string()).unwrap_or_default();
        vec![name, role_word(one.role).to_owned(), streams.join(","), one.created_at.to_string(), revoked]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    output::table(&["CREDENTIAL", "ROLE", "STREAMS", "CREATED", "REVOKED"], &rows)?;
    Ok(Status::Done)
}

#[derive(Serialize)]
struct Listed<'c> {
    credential: String,
    role: &'static str,
    streams: &'c [Stream],
    created_at: Timestamp,
    revoked_at: Option<Timestamp>,
}

fn shown(one: &Credential) -> Listed<'_> {
    Listed {
        credential: format!("{}/{}", one.sender, one.name),
        role: role_word(one.role),
        streams: &one.streams,
        created_at: one.created_at,
        revoked_at: one.revoked_at,
    }
}

async fn revoke(output: Output, store: &Store, credential: &str) -> anyhow::Result<Status> {
    let (sender, name) = credential.split_once('/').context("a credential is named SENDER/NAME")?;
    if store.revoke_credential(sender, name).await? {
        match output {
            Output::Json => output::json(&json!({ "credential": credential, "revoked": true }))?,
            Output::Text => output::line(&format!("{credential} is out within 5 s, open sessions included"))?,
        }
        return Ok(Status::Done);
    }
    eprintln!("optgate: no credential of this name is in force");
    Ok(Status::Findings)
}

impl RoleWord {
    fn role(self) -> Role {
        match self {
            Self::Smtp => Role::Smtp,
            Self::Api => Role::Api,
            Self::Compliance => Role::Compliance,
            Self::Ops => Role::Ops,
        }
    }
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Smtp => "smtp",
        Role::Api => "api",
        Role::Compliance => "compliance",
        Role::Ops => "ops",
    }
}

fn stream(text: &str) -> Result<Stream, String> {
    text.parse().map_err(|_| "marketing, functional or confirmation".to_owned())
}
