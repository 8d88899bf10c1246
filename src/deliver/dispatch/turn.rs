//! One turn of the dispatcher: which lanes may claim how much, permits, claims.
//!
//! What the store refuses one lane goes to the next in the same turn, and a lane that fails holds up no other.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::Departures;
use super::super::lanes::{Outturn, PAGE, Room, SHARE};
use super::super::upstream::Availability;
use super::{Dispatcher, LOOK, SLICE};
use crate::policy::PolicySet;
use crate::policy::shaping::{Limit, Per};
use crate::schedule::permits::{concurrency_left, counters, matching};
use crate::spool::Lane;
use crate::store::{Claim, Draw, InHand, StoreError, WaitingLane};
use crate::telemetry::metrics;

/// Lanes that are claimed from at once.
const AT_ONCE: usize = 8;

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Something was claimed; there may be more.
    Again,
    /// The hand is full.
    Full,
    /// Nothing may leave before this, unless somebody rings.
    Idle(Duration),
}

/// What the rounds of one turn share.
struct Round {
    policy: Arc<PolicySet>,
    now: Timestamp,
    lanes: std::vec::IntoIter<WaitingLane>,
    room: Room,
    in_hand: Vec<InHand>,
    /// When to look again at those that are held up.
    again_in: Option<Duration>,
}

/// A lane that may claim now.
struct Serving {
    id: i64,
    lane: Lane,
    want: u32,
    draws: Vec<Draw>,
    counters: Vec<String>,
}

/// What one lane got.
struct Served {
    permits: u32,
    claims: Vec<Claim>,
}

/// What came of a round.
#[derive(Default)]
struct Sum {
    claimed: u32,
    /// Lanes that got an answer from the store.
    answered: usize,
    failed: Vec<(i64, StoreError)>,
}

impl Dispatcher {
    /// Serves the lanes that wait, once.
    pub(super) async fn turn(&self) -> Result<Turn, StoreError> {
        let departures = &self.departures;
        let availability = departures.upstream.availability();
        metrics::upstream_up(&departures.upstream.settings().name, availability == Availability::Open);
        let room = match availability {
            Availability::Open => departures.hand.room(),
            Availability::Probe => departures.hand.room().min(1),
            Availability::LeftAlone(left) => return Ok(Turn::Idle(left.min(LOOK))),
        };
        if room == 0 {
            return Ok(Turn::Full);
        }
        let mut round = self.begin(room).await?;
        let (mut sum, began) = (Sum::default(), Instant::now());
        // What is not looked at within this time comes first in the next turn.
        while began.elapsed() < LOOK {
            let serving = self.choose(&mut round);
            if serving.is_empty() {
                break;
            }
            self.serve(serving, &mut round, &mut sum).await;
        }
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).end();
        self.judge_failures(&mut sum)?;
        Ok(match sum.claimed {
            0 => Turn::Idle(round.again_in.map_or(LOOK, |wait| wait.min(LOOK))),
            _ => Turn::Again,
        })
    }

    /// Where no lane got through it is the store, else it is those lanes.
    fn judge_failures(&self, sum: &mut Sum) -> Result<(), StoreError> {
        let of_store = |error: &StoreError| matches!(error, StoreError::Unavailable(_) | StoreError::Full);
        if sum.answered == 0
            && sum.failed.iter().all(|(_, error)| of_store(error))
            && let Some((_, error)) = sum.failed.pop()
        {
            return Err(error);
        }
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        sum.failed.iter().for_each(|(lane, _)| waits.failed(*lane, Instant::now()));
        Ok(())
    }

    async fn begin(&self, room: usize) -> Result<Round, StoreError> {
        let parts = &self.departures.parts;
        let policy = parts.policies.load_full();
        let now = parts.clock.now();
        self.pacer.follow(&policy.hash, &policy.shaping.limits, now);
        let seen = self.turns.lock().unwrap_or_else(PoisonError::into_inner).seen();
        let waiting = parts.store.waiting_lanes(seen, PAGE).await?;
        let hand = &self.departures.hand;
        metrics::dispatcher(waiting.len(), hand.len(), hand.capacity());
        let in_hand = self.in_hand_of_all(&policy).await?;
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).begin(Instant::now());
        let room = Room::new(room, waiting.len());
        let lanes = self.turns.lock().unwrap_or_else(PoisonError::into_inner).begin(waiting).into_iter();
        Ok(Round { policy, now, lanes, room, in_hand, again_in: None })
    }

    /// What the cluster has in hand, if any limit asks.
    async fn in_hand_of_all(&self, policy: &PolicySet) -> Result<Vec<InHand>, StoreError> {
        if policy.shaping.limits.iter().any(|limit| limit.concurrency.is_some()) {
            self.departures.parts.store.in_hand().await
        } else {
            Ok(Vec::new())
        }
    }

    /// Which of the lanes that are left may claim how much, as far as this node can tell, until there is no
    /// room or enough to do.
    fn choose(&self, round: &mut Round) -> Vec<Serving> {
        let mut serving = Vec::new();
        let known = round.in_hand.len();
        while serving.len() < AT_ONCE
            && round.room.share() > 0
            && let Some(waiting) = round.lanes.next()
        {
            let chosen = self.consider(waiting, round);
            round.room.take(chosen.as_ref().map_or(0, |own| own.want));
            if let Some(own) = chosen {
                round.in_hand.push(InHand { lane: own.lane.clone(), count: own.want });
                serving.push(own);
            }
        }
        // What is really claimed is known once they are served.
        round.in_hand.truncate(known);
        serving
    }

    fn consider(&self, WaitingLane { id, lane }: WaitingLane, round: &mut Round) -> Option<Serving> {
        let upstream = &self.departures.upstream.settings().name;
        let limits = matching(&round.policy.shaping, &lane, upstream);
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.look_at(id);
        let counters: Vec<String> =
            limits.iter().filter(|limit| !limit.rates.is_empty()).map(|limit| limit.name.clone()).collect();
        if self.waits.lock().unwrap_or_else(PoisonError::into_inner).holds(id, &counters, Instant::now()) {
            round.again_in = round.again_in.into_iter().chain([SLICE]).min();
            return None;
        }
        let asked = if has_quota(&limits) { turns.ask(id) } else { SHARE };
        let hands = round.in_hand.iter().map(|own| (&own.lane, own.count));
        let free = concurrency_left(&limits, upstream, hands).unwrap_or(u32::MAX);
        let want = round.room.share().min(asked).min(free).min(turns.bearable(id));
        let pace = self.pacer.pace(&limits, round.now, want);
        round.again_in = round.again_in.into_iter().chain(pace.again_in).min();
        if pace.now == 0 {
            return None;
        }
        turns.take_turn(id);
        Some(Serving { id, want: pace.now, draws: draws(&limits), lane, counters })
    }

    /// Takes permits, claims just that many and hands them to workers.
    async fn serve(&self, serving: Vec<Serving>, round: &mut Round, sum: &mut Sum) {
        let mut running = JoinSet::new();
        for own in serving {
            running.spawn(claim_of(self.departures.clone(), own));
        }
        // What the others claim while one fails is in our hand and must not be dropped.
        while let Some(done) = running.join_next().await {
            match done {
                Ok((own, Ok(served))) => {
                    sum.answered += 1;
                    if served.permits < own.want {
                        round.again_in = round.again_in.into_iter().chain([SLICE]).min();
                    }
                    let claimed = self.put_to_work(&own, served);
                    sum.claimed = sum.claimed.saturating_add(claimed);
                    round.room.give_back(own.want.saturating_sub(claimed));
                    round.in_hand.push(InHand { lane: own.lane, count: claimed });
                }
                Ok((own, Err(error))) => {
                    tracing::error!(lane = own.id, %error, "nothing can be claimed of this lane");
                    round.room.give_back(own.want);
                    sum.failed.push((own.id, error));
                }
                // A claim that panicked holds nothing: its lease runs out.
                Err(error) => tracing::error!(%error, "claiming ended unexpectedly"),
            }
        }
    }

    fn put_to_work(&self, own: &Serving, served: Served) -> u32 {
        let claimed = u32::try_from(served.claims.len()).unwrap_or(u32::MAX);
        let heaviest = served.claims.iter().map(|claim| claim.content.len()).max().unwrap_or(0);
        let outturn = Outturn { permits: served.permits, claimed, heaviest };
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).served(own.id, outturn);
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.succeeded(own.id);
        match served.permits {
            0 => waits.refused(own.counters.clone(), Instant::now()),
            _ => waits.granted(&own.counters),
        }
        drop(waits);
        served.claims.into_iter().for_each(|claim| self.hand_over(claim));
        claimed
    }
}

async fn claim_of(departures: Arc<Departures>, own: Serving) -> (Serving, Result<Served, StoreError>) {
    let served = permits_and_claims(&departures, &own).await;
    (own, served)
}

async fn permits_and_claims(departures: &Departures, own: &Serving) -> Result<Served, StoreError> {
    let store = &departures.parts.store;
    let permits =
        if own.draws.is_empty() { own.want } else { store.take_permits(&own.draws, own.want).await? };
    metrics::permits(own.want, permits);
    let claims = if permits == 0 { Vec::new() } else { store.claim(own.id, permits).await? };
    Ok(Served { permits, claims })
}

fn draws(limits: &[&Limit]) -> Vec<Draw> {
    counters(limits).into_iter().map(|counter| Draw { counter: counter.key, rate: counter.rate }).collect()
}

fn has_quota(limits: &[&Limit]) -> bool {
    limits.iter().flat_map(|limit| &limit.rates).any(|rate| matches!(rate.per, Per::Hour | Per::Day))
}
