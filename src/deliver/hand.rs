//! What this node has claimed and not yet settled, and whether it is still ours. DESIGN.md, "The queue".

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::spool::{Fence, Lane};
use crate::store::{Claim, InHand};

/// Octets of content in hand from which on nothing more is claimed.
const MOST_OCTETS: usize = 256 * 1024 * 1024;

/// The deliveries in this node's hand, bounded.
pub struct Hand {
    held: Mutex<HashMap<(Uuid, i64), Held>>,
    capacity: usize,
    lease: Duration,
    /// Rung when something leaves the hand.
    pub emptied: Notify,
}

#[derive(Clone)]
struct Held {
    fence: Fence,
    lane: Lane,
    /// By which it leaves; none for what is only to end.
    upstream: Option<Arc<str>>,
    /// When the lease runs out unless it is renewed, by this node's clock.
    until: Timestamp,
    octets: usize,
    since: Instant,
}

/// One delivery in hand; it leaves the hand when this is dropped, whatever happened to its worker.
pub struct Holding {
    hand: Arc<Hand>,
    fence: Fence,
}

/// Whether a claim may still be given back as if nothing had been.
#[derive(Debug, Default)]
pub struct Standing(AtomicBool);

impl Standing {
    /// From here on the upstream may have it, or the outcome is on its way to the store (invariant 10).
    pub fn only_to_be_settled(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// The upstream is known to have taken nothing.
    pub fn nothing_was_taken(&self) {
        self.0.store(false, Ordering::Release);
    }

    pub fn may_be_given_back(&self) -> bool {
        !self.0.load(Ordering::Acquire)
    }
}

impl Hand {
    pub fn new(capacity: usize, lease: Duration) -> Arc<Self> {
        Arc::new(Self { held: Mutex::default(), capacity, lease, emptied: Notify::new() })
    }

    /// How many more may be claimed.
    pub fn room(&self) -> usize {
        let held = self.held();
        let octets: usize = held.values().map(|own| own.octets).sum();
        if octets > MOST_OCTETS { 0 } else { self.capacity.saturating_sub(held.len()) }
    }

    /// How many are in hand for one upstream.
    pub fn held_for(&self, upstream: &str) -> usize {
        self.held().values().filter(|own| own.upstream.as_deref() == Some(upstream)).count()
    }

    /// How many of them came in hand within this time.
    pub fn taken_within(&self, time: Duration, upstream: &str) -> usize {
        let young = |own: &&Held| own.upstream.as_deref() == Some(upstream) && own.since.elapsed() < time;
        self.held().values().filter(young).count()
    }

    /// What is in hand to leave, by lane and upstream.
    pub fn by_lane(&self) -> Vec<InHand> {
        let mut counts: HashMap<(Lane, Arc<str>), u32> = HashMap::new();
        for own in self.held().values() {
            if let Some(upstream) = &own.upstream {
                *counts.entry((own.lane.clone(), upstream.clone())).or_default() += 1;
            }
        }
        let one = |((lane, upstream), count): ((Lane, Arc<str>), u32)| InHand {
            lane,
            upstream: upstream.to_string(),
            count,
        };
        counts.into_iter().map(one).collect()
    }

    /// How many are in hand.
    pub fn len(&self) -> usize {
        self.held().len()
    }

    pub fn is_empty(&self) -> bool {
        self.held().is_empty()
    }

    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Takes a claim in hand.
    pub fn take(self: &Arc<Self>, claim: &Claim, upstream: Option<&str>) -> Holding {
        let until = self.end_of_lease(claim.claimed_at);
        let (lane, upstream) = (claim.lane.clone(), upstream.map(Arc::from));
        let (octets, since) = (claim.content.len(), Instant::now());
        let held = Held { fence: claim.fence, lane, upstream, until, octets, since };
        self.held().insert(key(claim.fence), held);
        Holding { hand: self.clone(), fence: claim.fence }
    }

    /// All that is in hand, to be renewed.
    pub fn fences(&self) -> Vec<Fence> {
        self.held().values().map(|held| held.fence).collect()
    }

    /// The leases of `asked` were renewed by an order given at `at`, but those of `lost`.
    pub fn renewed(&self, asked: &[Fence], lost: &[Fence], at: Timestamp) {
        let until = self.end_of_lease(at);
        let mut held = self.held();
        for fence in asked {
            if let Some(own) = held.get_mut(&key(*fence)) {
                own.until = if lost.contains(fence) { Timestamp::MIN } else { until };
            }
        }
    }

    /// Those that have not left the hand meanwhile.
    pub fn still_held(&self, fences: &[Fence]) -> usize {
        let held = self.held();
        fences.iter().filter(|fence| held.contains_key(&key(**fence))).count()
    }

    /// Whether no other worker can have this delivery yet.
    pub fn is_ours(&self, fence: Fence, now: Timestamp) -> bool {
        self.held().get(&key(fence)).is_some_and(|own| now < own.until)
    }

    fn end_of_lease(&self, from: Timestamp) -> Timestamp {
        from.checked_add(self.lease).unwrap_or(Timestamp::MAX)
    }

    fn held(&self) -> MutexGuard<'_, HashMap<(Uuid, i64), Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.hand.held().remove(&key(self.fence));
        self.hand.emptied.notify_one();
    }
}

fn key(fence: Fence) -> (Uuid, i64) {
    (fence.delivery, fence.number)
}
