//! Pages for subscribers, and the API. The only place with HTTP in it.

pub mod api;
pub mod listener;
pub mod pages;
