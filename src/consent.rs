//! A person's consent as a history of facts, and the state that the history folds to. Pure.

pub mod admit;
pub mod confirm;
pub mod event;
pub mod evidence;
pub mod fold;
#[cfg(test)]
mod model;
pub mod place;
pub mod request;
pub mod row;
pub mod token;
pub mod view;

pub use event::{Event, EventKind};
pub use fold::{ConsentState, fold};
