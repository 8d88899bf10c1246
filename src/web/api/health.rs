//! `/healthz`: alive; `/readyz`: able to accept. No key is needed, and nothing is told beyond that.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::problem::{Document, Kind, Problem};

#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "status": "ready" }))]
pub(super) struct Status {
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "status": "ready", "marketing": "ready" }))]
pub(super) struct Readiness {
    status: &'static str,
    /// `ready`, or `held: ` and why: a backup was restored, and the noes since are not all back yet.
    marketing: String,
}

/// Whether the process lives
#[utoipa::path(
    get, path = "/healthz", operation_id = "alive", tag = "health",
    responses((status = 200, description = "It lives", body = Status))
)]
pub(super) async fn alive() -> Json<Status> {
    Json(Status { status: "alive" })
}

/// Whether mail and calls are accepted
#[utoipa::path(
    get, path = "/readyz", operation_id = "ready", tag = "health",
    responses(
        (status = 200, description = "They are", body = Readiness),
        (status = 503, description = "They are not: `detail` says for want of what", body = Document,
         content_type = "application/problem+json"),
    )
)]
pub(super) async fn ready(State(api): State<Api>) -> Result<Json<Readiness>, Problem> {
    if api.stopping.is_cancelled() {
        return Err(Problem::new(Kind::Unavailable, "the gateway is shutting down"));
    }
    api.store.ping().await.map_err(|error| {
        tracing::error!(%error, "not ready: the database takes no writes");
        Problem::new(Kind::Unavailable, "the database takes no writes")
    })?;
    // Service mail passes, so that this node is not taken out of service for it.
    let marketing = api.store.why_held().map_or_else(|| "ready".to_owned(), |why| format!("held: {why}"));
    Ok(Json(Readiness { status: "ready", marketing }))
}
