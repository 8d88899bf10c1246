//! What is due and allowed: retries, and permits under the limits of `shaping.toml`.

pub mod pacing;
pub mod permits;
pub mod retry;
