//! The pages and the API over HTTP, on a real SQLite store. One rule a test.

mod api;
mod pages;
mod preferences;
mod support;
