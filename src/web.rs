//! Pages for subscribers, webhooks of providers, and the API. The only place with HTTP in it. CONTRACT.md, "Pages for
//! subscribers" and "API".
//!
//! It must never say "done" before the commit (invariant 5), change anything on a GET (invariant 6), or
//! let a token, a secret or an address reach a log.

pub mod api;
mod client;
pub mod hooks;
pub mod listener;
pub mod measure;
pub mod pages;
pub mod request_id;
mod stream;

/// What a listener serves.
pub use axum::Router;
