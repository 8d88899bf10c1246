//! `optgate migrate`: the database to this program's version.

use serde_json::json;

use super::output::{self, Output};
use super::{Session, Status};
use crate::serve;

pub(super) async fn run(session: &Session) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let (from, to) = serve::migrate(&config, &session.clock).await?;
    match session.output {
        Output::Json => output::json(&json!({ "from": from, "to": to }))?,
        Output::Text if from == to => output::line(&format!("the database is at version {to} already"))?,
        Output::Text => output::line(&format!("the database went from version {from} to {to}"))?,
    }
    Ok(Status::Done)
}
