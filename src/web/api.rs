//! The REST API. CONTRACT.md, "API, under `/v1` on `[api]`".
//!
//! A key's sender is the sender (invariant 15). Every error is `application/problem+json` (RFC 9457) and
//! tells nothing of our insides. Nothing is answered with a 2xx before its commit (invariant 5).

mod body;
mod caller;
mod check;
mod decisions;
mod grounds;
mod health;
mod messages;
mod problem;
mod purchases;
mod subscribers;
mod withdrawals;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::clock::Clock;
use crate::credential::Verifier;
use crate::limits::PeerRate;
use crate::policy::PolicySet;
use crate::record::Recorder;
use crate::store::Store;
use crate::telemetry::metrics;

use super::client;
use problem::Problem;

/// The largest body, in octets: a thousand recipients and some room.
const BODY_LIMIT: usize = 1 << 20;

/// How long one request may take, its body included.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// What the API is made of.
#[derive(Clone)]
pub struct Api {
    pub store: Store,
    pub recorder: Recorder,
    pub clock: Clock,
    pub policies: Arc<ArcSwap<PolicySet>>,
    pub verifier: Verifier,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// How often an address may call.
    pub rate: Arc<PeerRate>,
}

/// The routes of `[api]`: `/v1/…`, `/healthz`, `/readyz`, `/metrics`.
pub fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/grounds", post(grounds::add))
        .route("/v1/purchases", post(purchases::add))
        .route("/v1/withdrawals", post(withdrawals::add))
        .route("/v1/subscribers/lookup", post(subscribers::lookup))
        .route("/v1/subscribers/{id}", get(subscribers::show).delete(subscribers::erase))
        .route("/v1/decisions", post(decisions::decide))
        .route("/v1/messages/{id}", get(messages::show))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(super::measure::page))
        .fallback(missing)
        .method_not_allowed_fallback(not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(api.clone(), within_rate))
        .layer(from_fn(guarded))
        .layer(CatchPanicLayer::custom(after_panic))
        .with_state(api)
}

async fn missing() -> Problem {
    Problem::missing("there is no such resource")
}

async fn not_allowed() -> Problem {
    Problem::not_allowed()
}

/// Turns away who calls too often. Whoever asks after our health is never told to wait.
async fn within_rate(State(api): State<Api>, request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with("/v1/") {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    match api.rate.take(client::of(&parts, &api.trusted_proxies), api.clock.now()) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(wait) => {
            metrics::limited("api", "rate");
            Problem::too_many(wait).into_response()
        }
    }
}

/// Bounds a request in time; its answer is for its caller alone.
async fn guarded(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(REQUEST_TIME, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| Problem::unavailable().into_response());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// What the panic said may hold anything, so that it goes nowhere.
fn after_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("an API call panicked");
    Problem::internal().into_response()
}
