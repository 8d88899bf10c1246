//! `optgate keys`: the keys that sign links. The seal and lookup keys are files and are never touched here.

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::output::{self, Output};
use super::{Session, Status};
use crate::keys::LinkKeyState;
use crate::store::{LinkKeyView, Store};

#[derive(Subcommand)]
pub(super) enum Verb {
    /// All keys and what they may still do.
    List,
    /// Make a new key that signs from now on; links under the old one stay valid.
    Rotate,
    /// Links under this key unsubscribe only.
    Retire { id: u16 },
    /// Links under this key are answered 404.
    Revoke { id: u16 },
}

pub(super) async fn run(session: &Session, verb: Verb) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let store = session.store(&config).await?;
    let status = match verb {
        Verb::List => {
            list(session.output, &store.list_link_keys().await?)?;
            Status::Done
        }
        Verb::Rotate => {
            let id = store.rotate_link_keys().await?;
            match session.output {
                Output::Json => output::json(&json!({ "id": id }))?,
                Output::Text => {
                    output::line(&format!("key {id} signs new links within seconds; older links stay valid"))?
                }
            }
            Status::Done
        }
        Verb::Retire { id } => set(session.output, &store, id, LinkKeyState::Retired).await?,
        Verb::Revoke { id } => set(session.output, &store, id, LinkKeyState::Revoked).await?,
    };
    store.close().await;
    Ok(status)
}

fn list(output: Output, keys: &[LinkKeyView]) -> anyhow::Result<()> {
    if output == Output::Json {
        let shown =
            |key: &LinkKeyView| Listed { id: key.id, state: word(key.state), created_at: key.created_at };
        return output::json(&keys.iter().map(shown).collect::<Vec<_>>());
    }
    let row =
        |key: &LinkKeyView| vec![key.id.to_string(), word(key.state).to_owned(), key.created_at.to_string()];
    Ok(output::table(&["ID", "STATE", "CREATED"], &keys.iter().map(row).collect::<Vec<_>>())?)
}

#[derive(Serialize)]
struct Listed {
    id: u16,
    state: &'static str,
    created_at: Timestamp,
}

async fn set(output: Output, store: &Store, id: u16, state: LinkKeyState) -> anyhow::Result<Status> {
    if !store.set_link_key_state(id, state).await? {
        eprintln!("optgate: there is no key {id}, or it is the one that signs: rotate first");
        return Ok(Status::Findings);
    }
    match output {
        Output::Json => output::json(&json!({ "id": id, "state": word(state) }))?,
        Output::Text => output::line(&format!("key {id} is {} on every node within seconds", word(state)))?,
    }
    Ok(Status::Done)
}

fn word(state: LinkKeyState) -> &'static str {
    match state {
        LinkKeyState::Active => "active",
        LinkKeyState::Valid => "valid",
        LinkKeyState::Retired => "retired",
        LinkKeyState::Revoked => "revoked",
    }
}
