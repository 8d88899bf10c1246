//! `/healthz`: alive; `/readyz`: able to accept, and what else is amiss. No key is needed, and nothing
//! personal is told.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::problem::{Document, Kind, Problem};
use crate::deliver::upstream::Health;
use crate::store::StoreError;

#[derive(Serialize, ToSchema)]
#[schema(example = json!({ "status": "ready" }))]
pub(super) struct Status {
    status: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "status": "ready", "marketing": "ready",
    "upstreams": [{ "name": "primary", "standing": "up", "trouble": null, "seconds": null }]
}))]
pub(super) struct Readiness {
    status: &'static str,
    /// By which mail leaves. One that is down keeps no mail from being accepted: it waits.
    upstreams: Vec<UpstreamStanding>,
    /// `ready`, or `held: ` and why: a backup was restored, and the noes since are not all back yet.
    marketing: String,
}

/// An upstream, as this node sees it.
#[derive(Serialize, ToSchema)]
pub(super) struct UpstreamStanding {
    name: String,
    /// `up`, `down`, or `trial`: it can be connected to again and gets one message at a time.
    standing: &'static str,
    /// What is wrong: a word of `docs/operate.md`.
    trouble: Option<&'static str>,
    /// For how long.
    seconds: Option<u64>,
}

impl From<Health> for UpstreamStanding {
    fn from(health: Health) -> Self {
        let trouble = health.trouble.as_ref();
        Self {
            standing: health.standing.as_str(),
            trouble: trouble.map(|(trouble, ..)| trouble.as_str()),
            seconds: trouble.map(|(_, lasts, _)| lasts.as_secs()),
            name: health.name,
        }
    }
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
    // The log and the metrics hear of it elsewhere, whether or not anybody asks.
    api.store.ping().await.map_err(|error| {
        let why = match error {
            StoreError::Full => "the database has no room left",
            _ => "the database does not answer, or takes no writes",
        };
        Problem::new(Kind::Unavailable, why)
    })?;
    // Service mail passes, so that this node is not taken out of service for it.
    let marketing = api.store.why_held().map_or_else(|| "ready".to_owned(), |why| format!("held: {why}"));
    let upstreams = api.upstreams.health().into_iter().map(UpstreamStanding::from).collect();
    Ok(Json(Readiness { status: "ready", upstreams, marketing }))
}
