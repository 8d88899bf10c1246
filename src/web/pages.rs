//! Pages for subscribers: `/u/{token}`, `/p/{token}`, `/c/{token}` and `/d/{token}`. CONTRACT.md, "Pages for subscribers"; RFC 8058.
//!
//! A GET changes nothing (invariant 6). "Done" is said after the commit alone (invariant 5). No scripts, no
//! cookies, nothing loaded from elsewhere; whatever is wrong with a link, the answer is the same.

mod asking;
mod choice;
mod confirm;
mod dress;
mod form;
mod leave;
mod less;
mod manner;
mod preferences;
mod rate;
mod rights;
mod trouble;
mod unsubscribe;
mod view;
mod visit;
mod visitor;
mod why;

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;

use crate::clock::Clock;
use crate::intake::Intake;
use crate::keys::LinkKeys;
use crate::limits::PeerRate;
use crate::policy::PolicySet;
use crate::record::Recorder;
use crate::store::Store;

use trouble::Trouble;
use visitor::Visitor;

/// How long one request may take, its body included.
const REQUEST_TIME: Duration = Duration::from_secs(20);

/// What the pages are made of.
#[derive(Clone)]
pub struct Pages {
    pub store: Store,
    /// By which mail of ours enters the queue.
    pub intake: Arc<Intake>,
    pub recorder: Recorder,
    pub clock: Clock,
    pub policies: Arc<ArcSwap<PolicySet>>,
    pub link_keys: Arc<ArcSwap<LinkKeys>>,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    pub body_limit: usize,
    /// How often an address may come.
    pub rate: Arc<PeerRate>,
}

/// The routes of `[web]`. Serve it with `into_make_service_with_connect_info::<SocketAddr>()`.
pub fn router(pages: Pages) -> Router {
    let body_limit = DefaultBodyLimit::max(pages.body_limit);
    Router::new()
        .route("/u/{token}", get(unsubscribe::ask).post(unsubscribe::act))
        .route("/p/{token}", get(preferences::show_choices).post(preferences::act))
        .route("/c/{token}", get(confirm::ask).post(confirm::act))
        .route("/d/{token}", get(rights::show).post(rights::act))
        .fallback(missing)
        .method_not_allowed_fallback(not_allowed)
        .layer(body_limit)
        .layer(from_fn_with_state(pages.clone(), rate::within_rate))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(from_fn(answered))
        .with_state(pages)
}

async fn missing(visitor: Visitor) -> Response {
    Trouble::Missing.page(&visitor)
}

async fn not_allowed(visitor: Visitor) -> Response {
    Trouble::NotAllowed.page(&visitor)
}

/// In time, and whatever happens by a page in the visitor's language.
async fn answered(request: Request, next: Next) -> Response {
    let visitor = Visitor::of(request.headers(), None, &[]);
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) if response.extensions().get::<Panicked>().is_some() => {
            let mut page = Trouble::Later.page(&visitor);
            *page.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            page
        }
        Ok(response) => response,
        Err(_) => Trouble::Later.page(&visitor),
    }
}

/// Marks an answer that nobody is to see.
#[derive(Clone)]
struct Panicked;

/// What the panic said may hold anything, so that it goes nowhere.
fn after_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a page panicked");
    let mut response = Response::default();
    response.extensions_mut().insert(Panicked);
    response
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use tower_service::Service as _;

    use super::*;

    #[tokio::test]
    async fn a_page_that_breaks_down_says_so_in_the_visitors_language() {
        let breaks = get(async || -> &'static str { panic!("of what is not to be told") });
        let pages: Router = Router::new().route("/", breaks);
        let mut pages = pages.layer(CatchPanicLayer::custom(after_panic)).layer(from_fn(answered));
        let request = Request::builder().header("accept-language", "sv").body(Body::empty()).unwrap();
        let response = pages.call(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key("retry-after"));
        let page = to_bytes(response.into_body(), 100_000).await.unwrap();
        let page = String::from_utf8_lossy(&page);
        assert!(page.contains("lang=\"sv\"") && !page.contains("not to be told"), "{page}");
    }
}
