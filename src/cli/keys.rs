//! `optgate keys`: the keys that sign links. The seal and lookup keys are files and are never touched here.

use clap::Subcommand;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use super::output::{self, Output};
use super::{Session, Status};
use crate::keys::LinkKeyState;
use crate::store::LinkKeyView;

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
    let (config, _) = session.config()?;
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
        Verb::Retire { id } => set(store.set_link_key_state(id, LinkKeyState::Retired).await?, id)?,
        Verb::Revoke { id } => set(store.set_link_key_state(id, LinkKeyState::Revoked).await?, id)?,
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

fn set(taken: bool, id: u16) -> anyhow::Result<Status> {
    if taken {
        return Ok(Status::Done);
    }
    eprintln!("optgate: there is no key {id}, or it is the one that signs: rotate first");
    Ok(Status::Findings)
}

fn word(state: LinkKeyState) -> &'static str {
    match state {
        LinkKeyState::Active => "active",
        LinkKeyState::Valid => "valid",
        LinkKeyState::Retired => "retired",
        LinkKeyState::Revoked => "revoked",
    }
}
