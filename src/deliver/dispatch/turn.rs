//! One turn of the dispatcher: which lanes may claim how much, permits, claims.
//!
//! What the store refuses one lane goes to the next in the same turn, and a lane that fails holds up no other.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::super::hand::Hand;
use super::super::lanes::{Outturn, PAGE, Room, SHARE};
use super::super::throttles;
use super::super::upstream::{Standing, Upstream};
use super::super::{Departures, Leaving, warming};
use super::{BEYOND_CONNECTIONS, Dispatcher, LOOK, SLICE};
use crate::policy::decide::DeliveryKind;
use crate::policy::pause::Pauses;
use crate::policy::shaping::Limit;
use crate::policy::{PolicySet, Stream};
use crate::schedule::permits::{concurrencies, concurrency_left, counters, matching};
use crate::spool::Lane;
use crate::store::{Ask, Asks, Cap, Draw, Granted, InHand, Reach, StoreError, WaitingLane, WarmingUp};
use crate::telemetry::metrics;

/// Lanes that are claimed from at once.
const AT_ONCE: usize = 8;
/// A message by which an upstream is tried answers within this time, or the next one is tried beside it.
const TRIAL: Duration = Duration::from_secs(5);
/// Pages of lanes that are looked at in one turn while nothing is found to claim.
const PAGES: usize = 4;

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Something was claimed; there may be more.
    Again,
    /// The hand is full.
    Full,
    /// Nothing may leave before this, unless somebody rings.
    Idle(Duration),
    /// The same, and something may leave as soon as something in hand has left.
    Crowded(Duration),
}

/// What the rounds of one turn share.
struct Round {
    policy: Arc<PolicySet>,
    now: Timestamp,
    lanes: std::vec::IntoIter<WaitingLane>,
    room: Room,
    /// What each upstream has room for.
    rooms: HashMap<String, u32>,
    reach: Reach,
    in_hand: Vec<InHand>,
    /// When to look again at those that are held up.
    again_in: Option<Duration>,
    crowded: Crowded,
    pauses: Arc<Pauses>,
}

/// Whether a lane waits for something in hand to leave.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Crowded {
    No,
    Yes,
}

/// A lane that may claim now.
struct Serving {
    lane: Lane,
    by: Arc<Upstream>,
    ask: Ask,
    counters: Vec<String>,
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
        let (mut sum, began) = (Sum::default(), Instant::now());
        let (mut again_in, mut crowded) = (LOOK, Crowded::No);
        for _ in 0..PAGES {
            let rooms = self.rooms();
            if rooms.is_empty() {
                return Ok(Turn::Idle(LOOK));
            }
            if rooms.values().all(|room| *room == 0) {
                return Ok(Turn::Full);
            }
            let mut round = self.begin(rooms).await?;
            // What is not looked at within this time comes first in the next turn.
            while began.elapsed() < LOOK {
                let serving = self.choose(&mut round);
                if serving.is_empty() {
                    break;
                }
                self.serve(serving, &mut round, &mut sum).await;
            }
            self.turns.lock().unwrap_or_else(PoisonError::into_inner).end();
            again_in = round.again_in.into_iter().chain([again_in]).min().unwrap_or(LOOK);
            if round.crowded == Crowded::Yes {
                crowded = Crowded::Yes;
            }
            if sum.claimed > 0 || round.reach == Reach::All || began.elapsed() >= LOOK {
                break;
            }
        }
        self.judge_failures(&mut sum)?;
        Ok(match (sum.claimed, crowded) {
            (0, Crowded::No) => Turn::Idle(again_in),
            (0, Crowded::Yes) => Turn::Crowded(again_in),
            _ => Turn::Again,
        })
    }

    /// What there is room for by upstream, of those by which anything may leave now.
    pub(super) fn rooms(&self) -> HashMap<String, u32> {
        let Departures { upstreams, hand, .. } = &*self.departures;
        let most = hand.room();
        let usable = [DeliveryKind::Submitted, DeliveryKind::Own, DeliveryKind::Dsn]
            .map(|kind| upstreams.candidates(kind));
        let room = |own: &Arc<Upstream>| {
            let free = free(own, hand).min(most);
            (own.settings().name.clone(), u32::try_from(free).unwrap_or(u32::MAX))
        };
        usable.iter().flatten().map(room).collect()
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

    async fn begin(&self, rooms: HashMap<String, u32>) -> Result<Round, StoreError> {
        let Departures { parts, hand, .. } = &*self.departures;
        let policy = parts.policies.load_full();
        let now = parts.clock.now();
        self.pacer.follow(&policy.hash, &policy.shaping.limits, now);
        self.departures.throttles.refresh(&parts.store, &policy.shaping, now).await?;
        let pauses = parts.store.recent_pauses().await?;
        let seen = self.turns.lock().unwrap_or_else(PoisonError::into_inner).seen();
        let look = parts.store.waiting_lanes(seen, PAGE).await?;
        metrics::dispatcher(look.waiting.len(), hand.len(), hand.capacity());
        self.waits.lock().unwrap_or_else(PoisonError::into_inner).begin(Instant::now());
        let all: u32 = rooms.values().fold(0, |sum, room| sum.saturating_add(*room));
        let all = usize::try_from(all).unwrap_or(usize::MAX).min(hand.room());
        let (room, reach) = (Room::new(all, look.waiting.len()), look.reach);
        let lanes = self.turns.lock().unwrap_or_else(PoisonError::into_inner).begin(look).into_iter();
        let in_hand = hand.by_lane();
        Ok(Round {
            policy,
            now,
            lanes,
            room,
            rooms,
            reach,
            in_hand,
            again_in: None,
            crowded: Crowded::No,
            pauses,
        })
    }

    /// Which of the lanes that are left may claim how much, as far as this node can tell, until there is no
    /// room or enough to do.
    fn choose(&self, round: &mut Round) -> Vec<Serving> {
        let mut serving: Vec<Serving> = Vec::new();
        let known = round.in_hand.len();
        while serving.len() < AT_ONCE
            && round.room.share() > 0
            && let Some(waiting) = round.lanes.next()
        {
            let chosen = self.consider(waiting, round);
            round.room.take(chosen.as_ref().map_or(0, |own| own.ask.want));
            if let Some(own) = chosen {
                let (lane, upstream, count) = (own.lane.clone(), own.ask.upstream.clone(), own.ask.want);
                round.in_hand.push(InHand { lane, upstream, count });
                serving.push(own);
            }
        }
        // What is really claimed is known once they are served.
        round.in_hand.truncate(known);
        serving
    }

    /// By the first upstream, of those that could take it, whose limits leave it something.
    fn consider(&self, waiting: WaitingLane, round: &mut Round) -> Option<Serving> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).look_at(waiting.id);
        let Lane { sender, stream, provider, campaign, .. } = &waiting.lane;
        if *stream == Stream::Marketing && round.pauses.stop(sender, campaign, provider) {
            return None;
        }
        let candidates = self.departures.upstreams.candidates(waiting.kind);
        let serving = candidates.into_iter().find_map(|own| self.consider_by(own, &waiting, round))?;
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).take_turn(waiting.id);
        if let Some(room) = round.rooms.get_mut(&serving.ask.upstream) {
            *room = room.saturating_sub(serving.ask.want);
        }
        Some(serving)
    }

    fn consider_by(&self, by: Arc<Upstream>, waiting: &WaitingLane, round: &mut Round) -> Option<Serving> {
        let upstream = by.settings().name.clone();
        let room = round.rooms.get(&upstream).copied().unwrap_or(0);
        if room == 0 {
            round.crowded = Crowded::Yes;
            return None;
        }
        let (id, lane) = (waiting.id, &waiting.lane);
        let shaping = &round.policy.shaping;
        let (throttles, now) = self.departures.throttles.of(lane, &upstream, round.now);
        if throttles.iter().any(|own| own.suspends(lane.stream, now).is_some()) {
            return None;
        }
        let limits = matching(shaping, lane, &upstream);
        let draws: Vec<Draw> =
            draws(&limits).into_iter().chain(throttles::draws(&throttles, shaping, now)).collect();
        let counters: Vec<String> =
            counted(&limits).into_iter().chain(throttles.iter().map(|own| own.party.counter())).collect();
        if self.waits.lock().unwrap_or_else(PoisonError::into_inner).holds(id, &counters, Instant::now()) {
            round.again_in = round.again_in.into_iter().chain([SLICE]).min();
            return None;
        }
        let hands = round.in_hand.iter().map(|own| (&own.lane, own.upstream.as_str(), own.count));
        let free = concurrency_left(concurrencies(&limits), hands).unwrap_or(u32::MAX);
        if free == 0 {
            round.crowded = Crowded::Yes;
            return None;
        }
        let of_provider = room_of_provider(&by, lane, &round.in_hand);
        if of_provider == 0 {
            round.crowded = Crowded::Yes;
            return None;
        }
        let room = room.min(of_provider);
        let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = if draws.is_empty() { SHARE } else { turns.ask(id) };
        let want = round.room.share().min(room).min(asked).min(free).min(turns.bearable(id));
        drop(turns);
        let pace = self.pacer.pace(&limits, round.now, want);
        round.again_in = round.again_in.into_iter().chain(pace.again_in).min();
        if pace.now == 0 {
            return None;
        }
        let caps = caps(&limits);
        let sender = round.policy.sender(&lane.sender);
        let counts_since = sender.and_then(|sender| sender.counts_since(lane.stream, round.now));
        let asks = if lane.stream == Stream::Confirmation { Asks::ToConfirm } else { Asks::Nothing };
        let unused = self.departures.unused.take(&counters);
        let warm_ups = self.warm_ups(&round.policy, lane, &upstream);
        let (want, stream) = (pace.now, lane.stream);
        let ask = Ask { lane: id, want, upstream, draws, caps, unused, counts_since, stream, asks, warm_ups };
        Some(Serving { lane: lane.clone(), by, ask, counters })
    }

    /// Which of the sender's domains warm up to the lane's provider by this upstream.
    fn warm_ups(&self, policy: &PolicySet, lane: &Lane, upstream: &str) -> Vec<WarmingUp> {
        let Some(sender) = policy.sender(&lane.sender) else { return Vec::new() };
        let domains = policy.shaping.warming_domains().filter(|domain| sender.owns_from(domain));
        let warming_up = |domain: &str| {
            let own = policy.shaping.warm_up(domain, &lane.provider, upstream)?;
            let unused = self.departures.unused.take(&warming(domain, upstream, &lane.provider));
            let (domain, provider) = (domain.to_owned(), lane.provider.clone());
            Some(WarmingUp { domain, provider, curve: own.curve.clone(), unused })
        };
        domains.filter_map(warming_up).collect()
    }

    /// Takes permits, claims just that many and hands them to workers.
    async fn serve(&self, serving: Vec<Serving>, round: &mut Round, sum: &mut Sum) {
        let mut running = JoinSet::new();
        for own in serving {
            let departures = self.departures.clone();
            running.spawn(async move {
                let granted = departures.parts.store.claim(&own.ask).await;
                (own, granted)
            });
        }
        // What the others claim while one fails is in our hand and must not be dropped.
        while let Some(done) = running.join_next().await {
            match done {
                Ok((own, Ok(granted))) => {
                    sum.answered += 1;
                    metrics::permits(own.ask.want, granted.permits);
                    if granted.permits < own.ask.want {
                        round.again_in = round.again_in.into_iter().chain([SLICE]).min();
                    }
                    let claimed = self.put_to_work(&own, granted);
                    sum.claimed = sum.claimed.saturating_add(claimed);
                    round.give_back(&own, own.ask.want.saturating_sub(claimed));
                    round.in_hand.push(InHand { lane: own.lane, upstream: own.ask.upstream, count: claimed });
                }
                Ok((own, Err(error))) => {
                    let lane = own.ask.lane;
                    tracing::error!(lane, %error, "nothing can be claimed of this lane");
                    round.give_back(&own, own.ask.want);
                    sum.failed.push((lane, error));
                }
                // A claim that panicked holds nothing: its lease runs out.
                Err(error) => tracing::error!(%error, "claiming ended unexpectedly"),
            }
        }
    }

    fn put_to_work(&self, own: &Serving, granted: Granted) -> u32 {
        let claimed = u32::try_from(granted.claims.len()).unwrap_or(u32::MAX);
        let heaviest = granted.claims.iter().map(|claim| claim.content.len()).max().unwrap_or(0);
        let outturn = Outturn { permits: granted.permits, claimed, heaviest };
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).served(own.ask.lane, outturn);
        let mut waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        waits.succeeded(own.ask.lane);
        match granted.permits {
            0 => waits.refused(own.counters.clone(), Instant::now()),
            _ => waits.granted(&own.counters),
        }
        drop(waits);
        self.departures.upstreams.claimed(&own.ask.upstream, claimed);
        for claim in granted.claims {
            self.hand_over(Leaving { claim, by: Some(own.by.clone()), limits: own.counters.clone() });
        }
        claimed
    }
}

impl Round {
    /// What was asked for and not claimed goes to the lanes that follow.
    fn give_back(&mut self, own: &Serving, unused: u32) {
        self.room.give_back(unused);
        if let Some(room) = self.rooms.get_mut(&own.ask.upstream) {
            *room = room.saturating_add(unused);
        }
    }
}

/// How many more may be claimed for an upstream.
fn free(upstream: &Upstream, hand: &Hand) -> usize {
    let (name, connections) = (&upstream.settings().name, upstream.settings().connections.max(1));
    let held = hand.held_for(name);
    match upstream.standing() {
        Standing::Up => (connections + BEYOND_CONNECTIONS).saturating_sub(held),
        // One at a time, but none that hangs takes another's turn.
        Standing::Trial if hand.taken_within(TRIAL, name) == 0 => connections.saturating_sub(held).min(1),
        Standing::Trial | Standing::Down => 0,
    }
}

/// How many more may be claimed for an upstream of mail to this provider: what waits for one that is slow to answer must
/// leave room in the hand for the others, who get a connection before it.
fn room_of_provider(upstream: &Upstream, lane: &Lane, in_hand: &[InHand]) -> u32 {
    let settings = upstream.settings();
    let most = u32::try_from(settings.connections.max(1) + BEYOND_CONNECTIONS / 2).unwrap_or(u32::MAX);
    let own =
        in_hand.iter().filter(|own| own.upstream == settings.name && own.lane.provider == lane.provider);
    most.saturating_sub(own.fold(0, |sum, own| sum.saturating_add(own.count)))
}

fn draws(limits: &[&Limit]) -> Vec<Draw> {
    counters(limits).into_iter().map(|counter| Draw { counter: counter.key, rate: counter.rate }).collect()
}

fn caps(limits: &[&Limit]) -> Vec<Cap> {
    let cap = |limit: &&Limit| {
        let most = limit.concurrency?;
        Some(Cap { counter: limit.name.clone(), matches: limit.matches.clone(), most })
    };
    limits.iter().filter_map(cap).collect()
}

/// The counters that a lane draws on.
fn counted(limits: &[&Limit]) -> Vec<String> {
    let counts = |limit: &&&Limit| !limit.rates.is_empty() || limit.concurrency.is_some();
    limits.iter().filter(counts).map(|limit| limit.name.clone()).collect()
}
