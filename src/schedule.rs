//! What is due and allowed: retries, permits under the limits of `shaping.toml`, how a pace gives way, and how domains warm up.

pub mod pacing;
pub mod permits;
pub mod retry;
pub mod throttle;
pub mod warm_up;
