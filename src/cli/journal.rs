//! `optgate journal`: the journals of noes, kept apart from the database so that a restored backup forgets none.

use anyhow::bail;
use clap::Subcommand;
use serde_json::json;
use uuid::Uuid;

use super::output::{self, Output};
use super::{Session, Status};
use crate::config::Essentials;
use crate::serve::restore;
use crate::store::{Forgotten, JournalView, Standing};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// How each node's journal stands against the database.
    Show,
    /// Read all of this node's journal; damage is told with its place.
    Verify,
    /// Record again what this node's journal holds and a restored database lacks.
    Replay,
    /// Write this node's journal anew from the database, which must be complete; the gateway must be stopped.
    Rebuild,
    /// A node is gone for good, and its journal with it.
    Forget {
        #[arg(value_name = "NODE")]
        node: Uuid,
    },
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    match verb {
        Verb::Show => show(session, &config).await,
        Verb::Verify => match restore::verify(&config, &session.clock) {
            Ok((last, noes)) => {
                tell(session, json!({ "noes": noes, "last": last }), &format!("{noes} noes, whole"))
            }
            Err(error) => {
                eprintln!("optgate: {}", super::told(&error));
                Ok(Status::Findings)
            }
        },
        Verb::Replay => {
            let (standing, noes) = restore::replay(&config, &session.clock).await?;
            let word = standing.as_str();
            let text = match standing {
                Standing::InStep => format!("{noes} noes were looked at; the database is in step"),
                _ => format!("{noes} noes were looked at; the journal is {word}: see docs/backup.md"),
            };
            tell(session, json!({ "noes": noes, "standing": word }), &text)?;
            Ok(if standing == Standing::InStep { Status::Done } else { Status::Findings })
        }
        Verb::Rebuild => {
            let noes = restore::rebuild(&config, &session.clock).await?;
            tell(session, json!({ "noes": noes }), &format!("the journal holds {noes} noes now"))
        }
        Verb::Forget { node } => forget(session, &config, node).await,
    }
}

async fn show(session: &Session, config: &Essentials) -> anyhow::Result<Status> {
    let store = session.store(config).await?;
    let journals = store.journals_now().await?;
    store.close().await;
    let row = |own: &JournalView| {
        vec![own.node.to_string(), own.standing.as_str().to_owned(), own.position.to_string()]
    };
    let value = |own: &JournalView| json!({ "node": own.node, "standing": own.standing.as_str(), "position": own.position });
    match session.output {
        Output::Json => output::json(&journals.iter().map(value).collect::<Vec<_>>())?,
        Output::Text => {
            output::table(&["NODE", "STANDING", "POSITION"], &journals.iter().map(row).collect::<Vec<_>>())?
        }
    }
    let in_step = journals.iter().all(|own| own.standing == Standing::InStep);
    Ok(if in_step { Status::Done } else { Status::Findings })
}

async fn forget(session: &Session, config: &Essentials, node: Uuid) -> anyhow::Result<Status> {
    let store = session.store(config).await?;
    let forgotten = store.forget_journal(node).await?;
    store.close().await;
    match forgotten {
        Forgotten::Done => tell(session, json!({ "forgotten": node }), "forgotten"),
        Forgotten::Unknown => {
            eprintln!("optgate: no journal is known of node {node}");
            Ok(Status::Findings)
        }
        Forgotten::Own => bail!(
            "{node} is the node of {}, and its journal is there: only one that is gone for good can be forgotten",
            config.data_dir.display()
        ),
    }
}

fn tell(session: &Session, value: serde_json::Value, text: &str) -> anyhow::Result<Status> {
    match session.output {
        Output::Json => output::json(&value)?,
        Output::Text => output::line(text)?,
    }
    Ok(Status::Done)
}
