//! What is due and allowed: retries, permits under the limits of `shaping.toml`, and how a pace gives way.

pub mod pacing;
pub mod permits;
pub mod retry;
pub mod throttle;
