//! A node: what it has in hand, and what it does when it is its turn.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use optgate::policy::shaping::Shaping;
use optgate::schedule::permits::{concurrencies, counters, matching};
use optgate::schedule::retry;
use optgate::spool::{Fence, Outcome, Settlement};
use optgate::store::{Ask, Cap, Claim, Draw, Seen, Settled, Store};
use uuid::Uuid;

use super::watch::{Held, Watch};
use super::world::{Random, UPSTREAMS, later, resists};
use crate::support::{Home, LEASE, ask, settle};

/// What a turn sees of the world.
pub struct Turn<'w> {
    pub random: &'w mut Random,
    pub shaping: &'w Shaping,
    pub watch: &'w mut Watch,
    /// By the store's clock.
    pub now: Timestamp,
    pub passed: Duration,
}

pub struct Node {
    store: Store,
    id: Uuid,
    lives: bool,
    hand: Vec<Carried>,
    /// Permits that were taken for what was held again.
    unused: HashMap<Vec<String>, Vec<(Timestamp, u32)>>,
}

/// A claim in a worker's hands.
struct Carried {
    claim: Claim,
    upstream: &'static str,
    limits: Vec<String>,
    /// How long nobody else may have it, by the store's clock.
    until: Timestamp,
}

impl Node {
    pub fn new(store: Store, id: Uuid) -> Self {
        Self { store, id, lives: true, hand: Vec::new(), unused: HashMap::new() }
    }

    pub fn lives(&self) -> bool {
        self.lives
    }

    /// All that it knew is gone, and nobody is told.
    pub fn die(&mut self) {
        self.lives = false;
        self.hand.clear();
        self.unused.clear();
    }

    /// Starts it again where it is dead, as `serve` does: what it had in hand is due again.
    pub async fn revive(&mut self, home: &Home) {
        if self.lives {
            return;
        }
        if self.id != home.node {
            self.store.close().await;
            self.store = home.node_with(self.id).await;
        }
        self.lives = self.store.take_back_own().await.is_ok();
    }

    pub async fn close(self, home: &Home) {
        if self.id != home.node {
            self.store.close().await;
        }
    }

    pub async fn clock_went_back(&mut self, by: Duration) {
        let _ = self.store.clock_went_back(by).await;
    }

    /// A lease ends by the clock as it is now, however far that went back.
    pub fn shorten_leases(&mut self, now: Timestamp) {
        let longest = later(now, LEASE.as_secs());
        self.hand.iter_mut().for_each(|own| own.until = own.until.min(longest));
    }

    /// What it has in hand and nobody else may have.
    pub fn in_hand(&self, now: Timestamp) -> impl Iterator<Item = Held<'_>> {
        let held = self.hand.iter().filter(move |own| own.until > now);
        held.map(|own| Held { lane: &own.claim.lane, upstream: own.upstream })
    }

    pub async fn turn(&mut self, turn: &mut Turn<'_>) {
        self.renew(turn.now).await;
        if turn.random.chance(300) {
            self.keep_up(turn).await;
        }
        self.settle_some(turn).await;
        self.claim_some(turn).await;
    }

    /// Whoever can't renew has lost what it had.
    async fn renew(&mut self, now: Timestamp) {
        let fences: Vec<Fence> = self.hand.iter().map(|own| own.claim.fence).collect();
        let Ok(lost) = self.store.renew(&fences).await else { return };
        self.hand.retain_mut(|own| {
            own.until = later(now, LEASE.as_secs());
            !lost.contains(&own.claim.fence)
        });
    }

    /// What nobody holds any more is due again, and what is past its deadline ends.
    async fn keep_up(&mut self, turn: &mut Turn<'_>) {
        let fences: Vec<Fence> = self.hand.iter().map(|own| own.claim.fence).collect();
        if self.store.take_back_expired(&fences).await.is_err()
            || self.store.take_over_expired().await.is_err()
        {
            return;
        }
        while let Ok(claims) = self.store.claim_expired(50).await {
            if claims.is_empty() {
                turn.watch.kept_up(&self.store, turn.now).await;
                return;
            }
            for claim in claims {
                assert!(claim.deadline <= turn.now, "{} had not expired", claim.fence.delivery);
                if self.store.settle(settle(claim.fence, Settlement::End(Outcome::Expired))).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn settle_some(&mut self, turn: &mut Turn<'_>) {
        for own in std::mem::take(&mut self.hand) {
            // An answer that takes long.
            if turn.random.chance(250) {
                self.hand.push(own);
                continue;
            }
            let claim = &own.claim;
            let settlement = match turn.random.below(100) {
                // Decided again: it may not leave now.
                0..5 => Settlement::Hold(later(turn.now, 600)),
                5..60 if resists(&claim.lane.provider, turn.passed) => {
                    let jitter = turn.random.unit();
                    Settlement::Later(retry::next_attempt(claim.attempts, jitter, turn.now, claim.deadline))
                }
                60..64 => Settlement::End(Outcome::Rejected),
                _ => Settlement::End(Outcome::Relayed),
            };
            match self.store.settle(settle(claim.fence, settlement.clone())).await {
                Ok(Settled::Done) => match settlement {
                    Settlement::End(Outcome::Relayed) => turn.watch.relayed(claim.fence.delivery),
                    // What was drawn for it goes back.
                    Settlement::Hold(_) => {
                        turn.watch.did_not_leave(claim.fence);
                        self.unused.entry(own.limits).or_default().push((claim.taken_at, 1));
                    }
                    _ => {}
                },
                Ok(Settled::Fenced) => {}
                // Whether it was written down is not known; it is tried again.
                Err(_) => {
                    turn.watch.unsure(claim.fence.delivery);
                    self.hand.push(Carried { until: turn.now, ..own });
                }
            }
        }
    }

    async fn claim_some(&mut self, turn: &mut Turn<'_>) {
        let Ok(look) = self.store.waiting_lanes(Seen::default(), 100).await else { return };
        for waiting in look.waiting {
            if turn.random.chance(300) {
                continue;
            }
            let upstream = *turn.random.of(&UPSTREAMS);
            let limits = matching(turn.shaping, &waiting.lane, upstream);
            let names: Vec<String> = limits.iter().map(|limit| limit.name.clone()).collect();
            let draws = counters(&limits).into_iter().map(|own| Draw { counter: own.key, rate: own.rate });
            let caps = limits.iter().filter_map(|limit| {
                let most = limit.concurrency?;
                Some(Cap { counter: limit.name.clone(), matches: limit.matches.clone(), most })
            });
            assert_eq!(concurrencies(&limits).count(), caps.clone().count());
            let wanted = Ask {
                upstream: upstream.into(),
                draws: draws.collect(),
                caps: caps.collect(),
                unused: self.unused.remove(&names).unwrap_or_default(),
                stream: waiting.lane.stream,
                ..ask(waiting.id, u32::try_from(turn.random.between(1, 30)).unwrap())
            };
            // Permits of a claim that nobody heard of are lost: too few leave then, never too many.
            let Ok(granted) = self.store.claim(&wanted).await else { continue };
            for claim in granted.claims {
                // Due at last, and too late.
                if claim.deadline <= turn.now {
                    let ended = settle(claim.fence, Settlement::End(Outcome::Expired));
                    if matches!(self.store.settle(ended).await, Ok(Settled::Done)) {
                        self.unused.entry(names.clone()).or_default().push((claim.taken_at, 1));
                    }
                    continue;
                }
                turn.watch.left(turn.passed, claim.fence, &claim.lane, upstream);
                let until = later(turn.now, LEASE.as_secs());
                self.hand.push(Carried { claim, upstream, limits: names.clone(), until });
            }
        }
    }
}
