//! Pages for subscribers: `/u/{token}` and `/p/{token}`. CONTRACT.md, "Pages for subscribers".
//! A GET changes nothing (invariant 6).

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::keys::LinkKeys;
use crate::policy::PolicySet;
use crate::record::Recorder;
use crate::store::Store;

/// What the pages are made of.
#[derive(Clone)]
pub struct Pages {
    pub store: Store,
    pub recorder: Recorder,
    pub clock: Clock,
    pub policies: Arc<ArcSwap<PolicySet>>,
    pub link_keys: Arc<ArcSwap<LinkKeys>>,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    pub body_limit: usize,
}

/// The routes of `[web]`. Serve it with `into_make_service_with_connect_info::<SocketAddr>()`.
pub fn router(pages: Pages) -> axum::Router {
    let _ = pages;
    todo!()
}
