//! What followers hear beside facts, outcomes and requests: that a copy came back, that marketing stopped or goes on.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::fault::Result;
use super::rows;
use super::sql::{Session, Value, to_json, values};

/// One of them, with its time.
#[derive(Clone, Debug)]
pub struct Incident {
    pub id: Uuid,
    pub at: Timestamp,
    pub what: Happened,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Happened {
    /// A copy came back, of this class.
    Bounced { delivery: Uuid, message: Uuid, campaign: Option<String>, class: String, response: String },
    /// Marketing of a campaign, or of the whole sender where none is named, waits.
    MarketingPaused { campaign: Option<String>, whose: String, by: String, cause: String },
    /// It goes on.
    MarketingResumed { campaign: Option<String> },
}

pub(super) async fn record(
    session: &mut Session,
    id: Uuid,
    sender: &str,
    what: &Happened,
    at: Timestamp,
) -> Result<()> {
    let insert = "INSERT INTO incidents (id, sender, at, body) VALUES ($1, $2, $3, $4)";
    session.execute(insert, values![id, sender, at, to_json(what)]).await.map(drop)
}

pub(super) async fn by_ids(
    session: &mut Session,
    sender: &str,
    ids: Vec<Value>,
) -> Result<HashMap<Uuid, Incident>> {
    let select = "SELECT id, at, body FROM incidents WHERE sender = $1 AND id IN {}";
    let mut found = HashMap::new();
    for row in rows::with_list(session, select, values![sender], ids).await? {
        let id = row.id(0)?;
        found.insert(id, Incident { id, at: row.time(1)?, what: row.json(2)? });
    }
    Ok(found)
}
