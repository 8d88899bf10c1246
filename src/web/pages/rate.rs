//! How often an address may come. CONTRACT.md, `[web] rate`: never for a one-click POST with a valid token, nor,
//! since a no is worth no less when it comes from the page, for one that leaves by a button.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;

use super::form::Wish;
use super::{Pages, Trouble, Visitor};
use crate::consent::token::{self, Purpose};
use crate::telemetry::metrics;

/// Turns away who comes too often. What a POST by a valid link asks for is in its body: its handler asks
/// `allow` once it knows.
pub(super) async fn within_rate(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let visitor = Visitor::of(request.headers(), peer, &pages.trusted_proxies);
    if request.method() == Method::POST && pages.is_link(request.uri().path()) {
        return next.run(request).await;
    }
    match pages.may_come(&visitor) {
        Ok(()) => next.run(request).await,
        Err(trouble) => trouble.page(&visitor),
    }
}

impl Pages {
    /// Whether a visitor may have this wish now.
    pub(super) fn allow(&self, wish: &Wish, visitor: &Visitor) -> Result<(), Trouble> {
        match wish {
            Wish::OneClick | Wish::LeaveList | Wish::LeaveAll => Ok(()),
            Wish::Undo(_)
            | Wish::Less(_)
            | Wish::TakeBack(_)
            | Wish::Save(_)
            | Wish::Confirm
            | Wish::NewLink
            | Wish::Rights
            | Wish::Nothing => self.may_come(visitor),
        }
    }

    pub(super) fn may_come(&self, visitor: &Visitor) -> Result<(), Trouble> {
        let Some(address) = visitor.address() else { return Ok(()) };
        self.rate.take(address, self.clock.now()).map_err(|wait| {
            metrics::limited("web", "rate");
            Trouble::TooMany(wait)
        })
    }

    fn is_link(&self, path: &str) -> bool {
        let keys = self.link_keys.load();
        let opens = |purpose, text| token::open(&keys, purpose, text).is_ok();
        let (unsubscribe, preferences) = (path.strip_prefix("/u/"), path.strip_prefix("/p/"));
        unsubscribe.is_some_and(|text| opens(Purpose::Unsubscribe, text))
            || preferences.is_some_and(|text| opens(Purpose::Preferences, text))
    }
}
