//! ★ The spine of departure: decide again → rewrite → sign → send → settle. Every message leaves here.

pub mod response;
pub mod upstream;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::keys::LinkKeys;
use crate::policy::PolicySet;
use crate::sign::Signers;
use crate::store::Store;

/// What departure is made of.
pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    /// Always the set in force.
    pub policies: Arc<arc_swap::ArcSwap<PolicySet>>,
    /// Always the keys in force.
    pub link_keys: Arc<arc_swap::ArcSwap<LinkKeys>>,
    pub signers: Signers,
    pub upstreams: Vec<upstream::Settings>,
    pub hostname: String,
    /// `https://mail.example.com`, without a final slash.
    pub public_url: String,
    pub lease: Duration,
    /// Rung by intake and `record` when the queue changed.
    pub queue_changed: Arc<Notify>,
}

/// Moves what is due until cancelled; then finishes what is in hand within `drain` and gives the rest back.
pub async fn run(parts: Parts, shutdown: CancellationToken, drain: Duration) {
    let _ = (parts, shutdown, drain);
    todo!()
}
