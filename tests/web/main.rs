//! The pages and the API over HTTP, on a real SQLite store. One rule a test.

mod api;
mod api_once;
mod api_operators;
mod api_shape;
mod choices;
mod confirm;
mod hooks;
mod limits;
mod pages;
mod preferences;
mod subscriptions;
mod rights;
mod support;
