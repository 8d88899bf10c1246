//! The REST API. CONTRACT.md, "API, under `/v1` on `[api]`".
//!
//! A key's sender is the sender (invariant 15). Every error is `application/problem+json` (RFC 9457) and
//! tells nothing of our insides. Nothing is answered with a 2xx before its commit (invariant 5).

mod address;
mod body;
mod caller;
mod check;
mod decisions;
mod deliveries;
mod document;
mod events;
mod export;
mod grounds;
mod health;
mod messages;
mod once;
mod page;
mod preferences;
mod problem;
mod purchases;
mod requests;
mod subscribers;
mod subscriptions;
mod suppressions;
mod tracking;
mod withdrawals;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::clock::Clock;
use crate::credential::Verifier;
use crate::deliver::choice::Upstreams;
use crate::feed::Feed;
use crate::intake::Intake;
use crate::limits::{KeyRate, PeerRate};
use crate::policy::PolicySet;
use crate::record::Recorder;
use crate::store::Store;
use crate::telemetry::metrics;

use super::client;
use problem::{Kind, Problem};

/// The largest body, in octets: a thousand recipients and some room.
const BODY_LIMIT: usize = 1 << 20;

/// How long one request may take, its body included.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// What the API is made of.
#[derive(Clone)]
pub struct Api {
    pub store: Store,
    /// By which mail of ours enters the queue.
    pub intake: Arc<Intake>,
    pub recorder: Recorder,
    pub clock: Clock,
    pub policies: Arc<ArcSwap<PolicySet>>,
    pub verifier: Verifier,
    /// Whose health is shown.
    pub upstreams: Arc<Upstreams>,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// How often an address may call.
    pub rate: Arc<PeerRate>,
    pub signups: Arc<SignupRates>,
    pub feed: Feed,
    /// Ends the waits for news.
    pub stopping: CancellationToken,
    pub in_hand: InHand,
}

/// How many sign-ups are taken.
pub struct SignupRates {
    /// Of one person's address.
    pub per_ip: PeerRate,
    /// By one key.
    pub per_key: KeyRate<Uuid>,
}

/// What is being answered just now.
#[derive(Clone, Default)]
pub struct InHand {
    calls: once::Calls,
    waits: events::Waits,
}

/// The routes of `[api]`: `/v1/…`, `/healthz`, `/readyz`, `/metrics`.
pub fn router(api: Api) -> Router {
    let (router, described) = described().split_for_parts();
    let document =
        axum::body::Bytes::from(serde_json::to_vec(&document::complete(described)).unwrap_or_default());
    let shown = move || async move { ([(header::CONTENT_TYPE, "application/json")], document) };
    router
        .route("/v1/openapi.json", get(shown))
        .route("/metrics", get(super::measure::page))
        .fallback(missing)
        .method_not_allowed_fallback(not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(api.clone(), within_rate))
        .layer(from_fn(guarded))
        .layer(CatchPanicLayer::custom(after_panic))
        .with_state(api)
}

/// The OpenAPI 3.1 document, as JSON.
pub fn openapi() -> String {
    serde_json::to_string_pretty(&document::complete(described().into_openapi())).unwrap_or_default()
}

/// Every route with its description: none is in the document alone, or in the router alone.
fn described() -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(document::base())
        .routes(routes!(subscriptions::add))
        .routes(routes!(grounds::add))
        .routes(routes!(purchases::add))
        .routes(routes!(withdrawals::add))
        .routes(routes!(tracking::add))
        .routes(routes!(preferences::add))
        .routes(routes!(subscribers::lookup))
        .routes(routes!(subscribers::show, subscribers::erase))
        .routes(routes!(address::change))
        .routes(routes!(export::export))
        .routes(routes!(suppressions::list, suppressions::add, suppressions::lift))
        .routes(routes!(suppressions::lift_by_id))
        .routes(routes!(requests::list))
        .routes(routes!(decisions::decide))
        .routes(routes!(messages::show))
        .routes(routes!(deliveries::list))
        .routes(routes!(events::list))
        .routes(routes!(health::alive))
        .routes(routes!(health::ready))
}

async fn missing() -> Problem {
    Problem::missing("there is no such resource")
}

async fn not_allowed() -> Problem {
    Problem::new(Kind::NotAllowed, "this resource has no such method")
}

/// Whether the caller takes what we answer. RFC 9110, 12.5.1.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut given = headers.get_all(header::ACCEPT).into_iter().peekable();
    let fits = |range: &str| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
        let refused = parts.any(|parameter| {
            let weight = parameter.strip_prefix("q=").or_else(|| parameter.strip_prefix("Q="));
            weight.and_then(|weight| weight.parse::<f32>().ok()) == Some(0.0)
        });
        let ours = kind == "*/*" || kind == "application/*";
        !refused && (ours || kind.starts_with("application/") && kind.ends_with("json"))
    };
    given.peek().is_none() || given.any(|value| value.to_str().unwrap_or_default().split(',').any(fits))
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
    let mut response = if request.uri().path().starts_with("/v1/") && !accepts_json(request.headers()) {
        Problem::new(Kind::NotAcceptable, "answers are application/json").into_response()
    } else {
        let answered = tokio::time::timeout(REQUEST_TIME, next.run(request)).await;
        answered.unwrap_or_else(|_| Problem::unavailable().into_response())
    };
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
