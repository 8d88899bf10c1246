//! `/healthz`: alive; `/readyz`: able to accept. No key is needed, and nothing is told beyond that.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Api;
use super::problem::Problem;

pub(super) async fn alive() -> Json<Value> {
    Json(json!({ "status": "alive" }))
}

pub(super) async fn ready(State(api): State<Api>) -> Result<Json<Value>, Problem> {
    api.store.ping().await?;
    Ok(Json(json!({ "status": "ready" })))
}
