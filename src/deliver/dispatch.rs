//! The loop of departure: lanes that wait → permits → claims → workers, until it is told to stop.
//!
//! Permits come first, and no more is claimed than they allow. Store gone: no permits, no sending.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::hand::Hand;
use super::lanes::{Outturn, Room, SHARE, Turns};
use super::settlement::Settling;
use super::upkeep;
use super::upstream::{Availability, Upstream};
use super::{Departures, Parts};
use crate::outcome::dsn::Notifier;
use crate::policy::PolicySet;
use crate::policy::shaping::{Limit, Per};
use crate::schedule::pacing::Pacer;
use crate::schedule::permits::{concurrency_left, counters, matching};
use crate::spool::Fence;
use crate::store::{Claim, Draw, InHand, StoreError, WaitingLane};

/// The queue is looked at this often even if nobody rings: what is due grows by time alone.
const LOOK: Duration = Duration::from_millis(250);
/// Permits die with their slice; before the next there is no use in asking.
const SLICE: Duration = Duration::from_millis(100);
/// Rings that follow each other are answered together.
const GATHER: Duration = Duration::from_millis(5);
/// After the store failed.
const STORE_GONE: Duration = Duration::from_secs(1);
/// Lanes that are looked at in one turn.
const LANES: u32 = 1_000;
/// Lanes that are claimed from at once.
const AT_ONCE: usize = 8;
/// Claims in hand beyond the connections, so that settling one doesn't leave a connection idle.
const BEYOND_CONNECTIONS: usize = 64;

/// Moves what is due until cancelled; then finishes what is in hand within `drain` and gives the rest back.
pub async fn run(mut parts: Parts, shutdown: CancellationToken, drain: Duration) {
    if parts.upstreams.is_empty() {
        tracing::error!("no upstream is configured: nothing can be sent");
        shutdown.cancelled().await;
        return;
    }
    let dispatcher = Arc::new(Dispatcher::new(parts.upstreams.remove(0), parts));
    dispatcher.take_back_own(&shutdown).await;
    let drained = CancellationToken::new();
    let leases = tokio::spawn(upkeep::renew(dispatcher.departures.clone(), drained.clone()));
    let sweeps = tokio::spawn(upkeep::sweep(dispatcher.clone(), shutdown.clone()));
    dispatcher.dispatch(&shutdown).await;
    // A sweep that still runs may put claims in hand.
    let _ = sweeps.await;
    dispatcher.drain(drain).await;
    drained.cancel();
    let _ = leases.await;
}

/// Feeds the workers.
pub struct Dispatcher {
    pub departures: Arc<Departures>,
    pacer: Pacer,
    turns: Mutex<Turns>,
    workers: TaskTracker,
    /// Tells workers that their time is over.
    give_up: CancellationToken,
    given_up: Arc<Mutex<Vec<Fence>>>,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// Something was claimed; there may be more.
    Again,
    /// The hand is full.
    Full,
    /// Nothing may leave before this, unless somebody rings.
    Idle(Duration),
}

/// A lane that may claim now.
struct Serving {
    lane: i64,
    want: u32,
    draws: Vec<Draw>,
}

impl Dispatcher {
    fn new(upstream: super::upstream::Settings, parts: Parts) -> Self {
        let capacity = upstream.connections.max(1) + BEYOND_CONNECTIONS;
        let upstream = Upstream::new(upstream, &parts.hostname);
        let notifier = Notifier { hostname: parts.hostname.clone(), upstream: upstream.null_sender_mail() };
        let settling =
            Settling { clock: parts.clock.clone(), notifier, possible_duplicates: Default::default() };
        let hand = Hand::new(capacity, parts.lease);
        Self {
            departures: Arc::new(Departures { parts, upstream, hand, settling }),
            pacer: Pacer::new(),
            turns: Mutex::default(),
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
                while hand.room() < hand.capacity() / 4 && (hand.room() == 0 || Instant::now() < until) {
                    let _ = timeout(SLICE, hand.emptied.notified()).await;
                }
            }
            Turn::Idle(at_most) => tokio::select! {
                () = sleep(at_most) => {}
                () = self.departures.parts.queue_changed.notified() => sleep(GATHER).await,
            },
        }
    }

    /// Serves the lanes that wait, once.
    async fn turn(&self) -> Result<Turn, StoreError> {
        let departures = &self.departures;
        let room = match departures.upstream.availability() {
            Availability::Open => departures.hand.room(),
            Availability::Probe => departures.hand.room().min(1),
            Availability::LeftAlone(left) => return Ok(Turn::Idle(left.min(LOOK))),
        };
        if room == 0 {
            return Ok(Turn::Full);
        }
        let policy = departures.parts.policies.load_full();
        let now = departures.parts.clock.now();
        self.pacer.follow(&policy.hash, &policy.shaping.limits, now);
        let waiting = departures.parts.store.waiting_lanes(LANES).await?;
        let in_hand = self.in_hand_of_all(&policy).await?;
        let (serving, again_in) = self.choose(&policy, waiting, in_hand, room, now);
        let (claimed, refused) = self.serve(serving).await?;
        let soonest = [again_in, refused.then_some(SLICE), Some(LOOK)].into_iter().flatten().min();
        Ok(if claimed > 0 { Turn::Again } else { Turn::Idle(soonest.unwrap_or(LOOK)) })
    }

    /// What the cluster has in hand, if any limit asks.
    async fn in_hand_of_all(&self, policy: &PolicySet) -> Result<Vec<InHand>, StoreError> {
        if policy.shaping.limits.iter().any(|limit| limit.concurrency.is_some()) {
            self.departures.parts.store.in_hand().await
        } else {
            Ok(Vec::new())
        }
    }

    /// Which lanes may claim how much, as far as this node can tell, and when to look again at those that
    /// are held up.
    fn choose(
        &self,
        policy: &PolicySet,
        waiting: Vec<WaitingLane>,
        mut in_hand: Vec<InHand>,
        room: usize,
        now: Timestamp,
    ) -> (Vec<Serving>, Option<Duration>) {
        let upstream = &self.departures.upstream.settings().name;
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let mut room = Room::new(room, waiting.len());
        let mut again_in: Option<Duration> = None;
        let mut serving = Vec::new();
        for WaitingLane { id, lane } in turns.begin(waiting) {
            let limits = matching(&policy.shaping, &lane, upstream);
            let asked = if has_quota(&limits) { turns.ask(id) } else { SHARE };
            let hands = in_hand.iter().map(|own| (&own.lane, own.count));
            let free = concurrency_left(&limits, upstream, hands).unwrap_or(u32::MAX);
            let want = room.share().min(asked).min(free).min(turns.bearable(id));
            let pace = self.pacer.pace(&limits, now, want);
            again_in = again_in.into_iter().chain(pace.again_in).min();
            room.take(pace.now);
            if pace.now > 0 {
                in_hand.push(InHand { lane, count: pace.now });
                serving.push(Serving { lane: id, want: pace.now, draws: draws(&limits) });
            }
        }
        (serving, again_in)
    }

    /// Takes permits, claims just that many and hands them to workers. Returns how many, and whether the store
    /// refused permits.
    async fn serve(&self, serving: Vec<Serving>) -> Result<(u32, bool), StoreError> {
        let mut rest = serving.into_iter();
        let mut running: JoinSet<Result<Served, StoreError>> = JoinSet::new();
        let (mut claimed, mut refused, mut failed) = (0, false, None);
        loop {
            while running.len() < AT_ONCE
                && failed.is_none()
                && let Some(next) = rest.next()
            {
                running.spawn(claim_of(self.departures.clone(), next));
            }
            let Some(done) = running.join_next().await else { break };
            match done {
                Ok(Ok(served)) => {
                    refused |= served.permits < served.asked;
                    claimed += self.put_to_work(served);
                }
                // What the others claim meanwhile is in our hand and must not be dropped.
                Ok(Err(error)) => failed = Some(error),
                // A claim that panicked holds nothing: its lease runs out.
                Err(error) => tracing::error!(%error, "claiming ended unexpectedly"),
            }
        }
        failed.map_or(Ok((claimed, refused)), Err)
    }

    fn put_to_work(&self, served: Served) -> u32 {
        let claimed = u32::try_from(served.claims.len()).unwrap_or(u32::MAX);
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let heaviest = served.claims.iter().map(|claim| claim.content.len()).max().unwrap_or(0);
        turns.served(served.lane, Outturn { permits: served.permits, claimed, heaviest });
        drop(turns);
        served.claims.into_iter().for_each(|claim| self.hand_over(claim));
        claimed
    }

    /// Gives a claim to a worker of its own.
    pub fn hand_over(&self, claim: Claim) {
        let holding = self.departures.hand.take(&claim);
        let departures = self.departures.clone();
        let (give_up, given_up) = (self.give_up.clone(), self.given_up.clone());
        self.workers.spawn(async move {
            let fence = claim.fence;
            tokio::select! {
                biased;
                () = departures.depart(claim) => {}
                () = give_up.cancelled() => {
                    given_up.lock().unwrap_or_else(PoisonError::into_inner).push(fence);
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
        self.departures.upstream.close().await;
    }

    async fn store_failed(&self, error: &StoreError, shutdown: &CancellationToken) {
        tracing::error!(%error, "the queue can't be read: nothing is sent");
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(STORE_GONE) => {}
        }
    }
}

/// What one lane got.
struct Served {
    lane: i64,
    asked: u32,
    permits: u32,
    claims: Vec<Claim>,
}

async fn claim_of(departures: Arc<Departures>, serving: Serving) -> Result<Served, StoreError> {
    let store = &departures.parts.store;
    let permits = if serving.draws.is_empty() {
        serving.want
    } else {
        store.take_permits(&serving.draws, serving.want).await?
    };
    let claims = if permits == 0 { Vec::new() } else { store.claim(serving.lane, permits).await? };
    Ok(Served { lane: serving.lane, asked: serving.want, permits, claims })
}

fn draws(limits: &[&Limit]) -> Vec<Draw> {
    counters(limits).into_iter().map(|counter| Draw { counter: counter.key, rate: counter.rate }).collect()
}

fn has_quota(limits: &[&Limit]) -> bool {
    limits.iter().flat_map(|limit| &limit.rates).any(|rate| matches!(rate.per, Per::Hour | Per::Day))
}

#[cfg(test)]
mod tests;
