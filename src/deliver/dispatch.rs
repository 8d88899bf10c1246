//! The loop of departure: lanes that wait → permits → claims → workers, until it is told to stop.
//!
//! Permits come first, and no more is claimed than they allow. Store gone: no permits, no sending.

mod turn;
mod waits;

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::hand::{Hand, Standing};
use super::lanes::Turns;
use super::settlement::Settling;
use super::throttles::Throttles;
use super::unused::Unused;
use super::{Departures, Leaving, Parts, upkeep};
use crate::outcome::dsn::Notifier;
use crate::schedule::pacing::Pacer;
use crate::spool::Fence;
use crate::store::StoreError;
use turn::Turn;
use waits::Waits;

/// The queue is looked at this often even if nobody rings: what is due grows by time alone.
const LOOK: Duration = Duration::from_millis(250);
/// Permits die with their slice; before the next there is no use in asking.
const SLICE: Duration = Duration::from_millis(100);
/// Rings that follow each other are answered together.
const GATHER: Duration = Duration::from_millis(5);
/// After the store failed.
const STORE_GONE: Duration = Duration::from_secs(1);
/// What the drain's end finds on its way to the upstream or to the store may still get there; the gateway
/// waits for us a little longer than this.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// Claims in hand beyond an upstream's connections, so that settling one doesn't leave a connection idle.
const BEYOND_CONNECTIONS: usize = 64;
/// How often it is asked whether it is time to look at an upstream that is down.
pub(super) const LOOK_AT_UPSTREAMS: Duration = Duration::from_millis(50);

/// Moves what is due until cancelled; then finishes what is in hand within `drain` and gives the rest back.
pub async fn run(parts: Parts, shutdown: CancellationToken, drain: Duration) {
    if parts.upstreams.all().is_empty() {
        tracing::error!("no upstream is configured: nothing can be sent");
        shutdown.cancelled().await;
        return;
    }
    let dispatcher = Arc::new(Dispatcher::new(parts));
    dispatcher.take_back_own(&shutdown).await;
    let drained = CancellationToken::new();
    let leases = tokio::spawn(upkeep::renew(dispatcher.departures.clone(), drained.clone()));
    let sweeps = tokio::spawn(upkeep::sweep(dispatcher.clone(), shutdown.clone()));
    let looks = tokio::spawn(upkeep::look(dispatcher.departures.clone(), shutdown.clone()));
    dispatcher.dispatch(&shutdown).await;
    // A sweep that still runs may put claims in hand.
    let _ = sweeps.await;
    let _ = looks.await;
    dispatcher.drain(drain).await;
    drained.cancel();
    let _ = leases.await;
}

/// Feeds the workers.
pub struct Dispatcher {
    pub departures: Arc<Departures>,
    pacer: Pacer,
    turns: Mutex<Turns>,
    waits: Mutex<Waits>,
    workers: TaskTracker,
    /// Tells workers that their time is over.
    give_up: CancellationToken,
    given_up: Arc<Mutex<Vec<Fence>>>,
}

impl Dispatcher {
    fn new(parts: Parts) -> Self {
        let upstreams = parts.upstreams.clone();
        let notifier = Notifier { hostname: parts.hostname.clone(), upstream: upstreams.null_sender_mail() };
        let settling =
            Settling { clock: parts.clock.clone(), notifier, possible_duplicates: Default::default() };
        let hand = Hand::new(upstreams.connections() + BEYOND_CONNECTIONS, parts.lease);
        Self {
            departures: Arc::new(Departures {
                parts,
                upstreams,
                hand,
                settling,
                unused: Unused::default(),
                throttles: Throttles::default(),
            }),
            pacer: Pacer::new(),
            turns: Mutex::default(),
            waits: Mutex::default(),
            workers: TaskTracker::new(),
            give_up: CancellationToken::new(),
            given_up: Arc::default(),
        }
    }

    /// Before the first claim: what this node had in hand when it ended is due again.
    async fn take_back_own(&self, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            match self.departures.parts.store.take_back_own().await {
                Ok(0) => return,
                Ok(count) => {
                    tracing::info!(count, "taken back what was in hand when this node ended");
                    return;
                }
                Err(error) => self.store_failed(&error, shutdown).await,
            }
        }
    }

    async fn dispatch(&self, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            let turn = match self.turn().await {
                Ok(turn) => turn,
                Err(error) => {
                    self.store_failed(&error, shutdown).await;
                    continue;
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.wait(turn) => {}
            }
        }
    }

    async fn wait(&self, turn: Turn) {
        let hand = &self.departures.hand;
        match turn {
            Turn::Again => tokio::task::yield_now().await,
            Turn::Full => {
                // Claims cost a transaction each: worth it for a good part of the hand, or once in a while.
                let until = Instant::now() + SLICE;
                loop {
                    let _ = timeout(SLICE, hand.emptied.notified()).await;
                    let (room, worth_it) = self.room();
                    if room >= worth_it || room > 0 && Instant::now() >= until {
                        break;
                    }
                }
            }
            Turn::Idle(at_most) => tokio::select! {
                () = sleep(at_most) => {}
                () = self.departures.parts.queue_changed.notified() => sleep(GATHER).await,
            },
            Turn::Crowded(at_most) => tokio::select! {
                () = sleep(at_most) => {}
                () = self.departures.parts.queue_changed.notified() => sleep(GATHER).await,
                () = hand.emptied.notified() => sleep(GATHER).await,
            },
        }
    }

    /// How many may be claimed now, and how many are worth it.
    fn room(&self) -> (u32, u32) {
        let all: Vec<u32> = self.rooms().into_values().collect();
        let room = all.iter().fold(0_u32, |sum, own| sum.saturating_add(*own));
        let quarter = u32::try_from(self.departures.hand.capacity() / 4).unwrap_or(u32::MAX);
        // None at all: there is nothing to wait for here.
        (room, if all.is_empty() { 0 } else { quarter.max(1) })
    }

    /// Gives a claim to a worker of its own.
    pub fn hand_over(&self, leaving: Leaving) {
        let upstream = leaving.by.as_ref().map(|own| own.settings().name.as_str());
        let holding = self.departures.hand.take(&leaving.claim, upstream);
        let departures = self.departures.clone();
        let (give_up, given_up) = (self.give_up.clone(), self.given_up.clone());
        self.workers.spawn(async move {
            let (fence, standing) = (leaving.claim.fence, Standing::default());
            let mut departing = pin!(departures.depart(leaving, &standing));
            tokio::select! {
                biased;
                () = &mut departing => {}
                () = give_up.cancelled() => {
                    // Invariant 10: what the upstream may have is never given back.
                    if standing.may_be_given_back() {
                        given_up.lock().unwrap_or_else(PoisonError::into_inner).push(fence);
                    } else if timeout(LAST_WORDS, departing).await.is_err() {
                        let delivery = fence.delivery;
                        tracing::warn!(%delivery, "its end is not known: it stays claimed until its lease runs out");
                    }
                }
            }
            drop(holding);
        });
    }

    /// Lets the workers end what they have begun; what takes longer is given back.
    async fn drain(&self, within: Duration) {
        self.workers.close();
        if timeout(within, self.workers.wait()).await.is_err() {
            self.give_up.cancel();
            self.workers.wait().await;
        }
        let rest = std::mem::take(&mut *self.given_up.lock().unwrap_or_else(PoisonError::into_inner));
        if !rest.is_empty() {
            match self.departures.parts.store.give_back(&rest).await {
                Ok(()) => tracing::info!(count = rest.len(), "given back what was still in hand"),
                Err(error) => {
                    tracing::error!(count = rest.len(), %error, "not given back: due again when the leases run out");
                }
            }
        }
        for upstream in self.departures.upstreams.all() {
            upstream.close().await;
        }
    }

    async fn store_failed(&self, error: &StoreError, shutdown: &CancellationToken) {
        tracing::error!(%error, "the queue can't be read: nothing is sent");
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(STORE_GONE) => {}
        }
    }
}

#[cfg(test)]
mod tests;
