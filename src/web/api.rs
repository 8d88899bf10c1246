//! The REST API. CONTRACT.md, "API, under /v1 on [api]".

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::clock::Clock;
use crate::credential::Verifier;
use crate::policy::PolicySet;
use crate::record::Recorder;
use crate::store::Store;

/// What the API is made of.
#[derive(Clone)]
pub struct Api {
    pub store: Store,
    pub recorder: Recorder,
    pub clock: Clock,
    pub policies: Arc<ArcSwap<PolicySet>>,
    pub verifier: Verifier,
}

/// The routes of `[api]`: `/v1/…`, `/healthz`, `/readyz`.
pub fn router(api: Api) -> axum::Router {
    let _ = api;
    todo!()
}
