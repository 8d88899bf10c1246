//! Metrics of HTTP: how long requests take, by the route that matched; and the page that shows all metrics.

use axum::extract::{MatchedPath, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};

use crate::telemetry::metrics::{self, Stopwatch};

/// What a request is counted under that no route took: its path is a stranger's text.
const NO_ROUTE: &str = "none";

/// Measures all requests of a listener.
pub fn measured(router: axum::Router, listener: &'static str) -> axum::Router {
    router.layer(from_fn(move |request: Request, next: Next| async move {
        let route = request.extensions().get::<MatchedPath>().cloned();
        let taking = Stopwatch::start();
        let response = next.run(request).await;
        if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
            metrics::limited(listener, "body_limit");
        }
        let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
        metrics::http_request(listener, route, response.status().as_u16(), taking.took());
        response
    }))
}

/// `GET /metrics`: Prometheus text, without a key; no personal data is in it.
pub async fn page() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics::render()).into_response()
}
