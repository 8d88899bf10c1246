//! What must hold: counted beside the store, by whatever it let go.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use optgate::policy::shaping::{Limit, Per, Shaping};
use optgate::schedule::permits::matching;
use optgate::spool::{Fence, Lane, Outcome, State};
use optgate::store::{DeliveryFilter, Store};
use uuid::Uuid;

use crate::support::Home;

/// What a pace may run ahead in one call.
const SLICE: Duration = Duration::from_millis(100);

/// In a node's hand, under a lease that holds.
pub struct Held<'a> {
    pub lane: &'a Lane,
    pub upstream: &'a str,
}

pub struct Watch {
    limits: Vec<Limit>,
    left: Vec<Left>,
    relayed: HashSet<Uuid>,
    unsure: HashSet<Uuid>,
    /// When the clock went back.
    back: Vec<Duration>,
}

struct Left {
    at: Duration,
    fence: Fence,
    /// Numbers of the limits that it counts under.
    under: Vec<usize>,
}

impl Watch {
    pub fn new(shaping: &Shaping) -> Self {
        let (left, back) = (Vec::new(), Vec::new());
        Self { limits: shaping.limits.clone(), left, relayed: HashSet::new(), unsure: HashSet::new(), back }
    }

    fn under(&self, lane: &Lane, upstream: &str) -> Vec<usize> {
        let shaping = Shaping { limits: self.limits.clone(), ..Shaping::default() };
        let names: HashSet<String> =
            matching(&shaping, lane, upstream).into_iter().map(|limit| limit.name.clone()).collect();
        (0..self.limits.len()).filter(|number| names.contains(&self.limits[*number].name)).collect()
    }

    pub fn left(&mut self, at: Duration, fence: Fence, lane: &Lane, upstream: &str) {
        let under = self.under(lane, upstream);
        self.left.push(Left { at, fence, under });
    }

    pub fn did_not_leave(&mut self, fence: Fence) {
        self.left.retain(|own| own.fence != fence);
    }

    pub fn went_back(&mut self, at: Duration) {
        self.back.push(at);
    }

    pub fn relayed(&mut self, delivery: Uuid) {
        assert!(self.relayed.insert(delivery), "{delivery} was relayed twice");
    }

    pub fn unsure(&mut self, delivery: Uuid) {
        self.unsure.insert(delivery);
    }

    /// No more at once than a limit says, over all nodes.
    pub fn in_hand<'a>(&self, held: impl Iterator<Item = Held<'a>>) {
        let mut counts: HashMap<usize, u32> = HashMap::new();
        for own in held {
            for number in self.under(own.lane, own.upstream) {
                *counts.entry(number).or_default() += 1;
            }
        }
        for (number, count) in counts {
            let limit = &self.limits[number];
            let most = limit.concurrency.unwrap_or(u32::MAX);
            assert!(count <= most, "{count} in hand under {limit:?}");
        }
    }

    /// After a node has looked, nothing waits past its deadline.
    pub async fn kept_up(&self, store: &Store, now: Timestamp) {
        let filter =
            DeliveryFilter { state: Some(State::Queued), limit: 10_000, ..DeliveryFilter::default() };
        let Ok(page) = store.deliveries(&filter).await else { return };
        for own in page.deliveries {
            assert!(own.deadline > now || own.state == State::Claimed, "{own:?} waits past its deadline");
        }
    }

    /// All that came in has ended, as its nodes know it; and no window held more than it may.
    pub async fn ended(&self, home: &Home, came_in: usize) {
        let mut after = None;
        let (mut seen, mut relayed) = (0, HashSet::new());
        loop {
            let filter = DeliveryFilter { after, limit: 1_000, ..DeliveryFilter::default() };
            let page = home.store.deliveries(&filter).await.expect("the store answers").deliveries;
            let Some(last) = page.last() else { break };
            after = Some(last.delivery);
            seen += page.len();
            relayed.extend(
                page.iter().filter(|own| own.state == State::Ended(Outcome::Relayed)).map(|own| own.delivery),
            );
        }
        assert!(seen >= came_in && seen > 100, "{seen} of {came_in} deliveries are there");
        assert!(self.relayed.is_subset(&relayed), "what was relayed is not written down as such");
        let more: Vec<_> = relayed.difference(&self.relayed).collect();
        assert!(more.iter().all(|own| self.unsure.contains(own)), "{more:?} are relayed, and nobody did it");
        assert!(
            relayed.len() > 50,
            "{} of {seen} left: the limits are not what is tried here",
            relayed.len()
        );
        for (number, limit) in self.limits.iter().enumerate() {
            self.windows(number, limit);
        }
    }

    fn windows(&self, number: usize, limit: &Limit) {
        let times: Vec<Duration> =
            self.left.iter().filter(|own| own.under.contains(&number)).map(|own| own.at).collect();
        for rate in &limit.rates {
            let length = window(rate.per);
            let paced = matches!(rate.per, Per::Second | Per::Minute);
            let ahead = u128::from(rate.permits) * SLICE.as_millis() / length.as_millis();
            let slice = if paced { usize::try_from(ahead).unwrap() } else { 0 };
            for (from, begin) in times.iter().enumerate() {
                let within = times[from..].partition_point(|at| *at < *begin + length);
                let back = self.back.iter().filter(|at| (*begin..*begin + length).contains(*at)).count();
                // A pace starts anew where the clock went back, or it would stand for as long.
                let anew = if paced { back * (1 + slice) } else { 0 };
                let most = rate.permits as usize + slice + anew;
                assert!(within <= most, "{within} within {length:?} from {begin:?} under {limit:?}");
            }
        }
    }
}

fn window(per: Per) -> Duration {
    Duration::from_secs(match per {
        Per::Second => 1,
        Per::Minute => 60,
        Per::Hour => 3_600,
        Per::Day => 86_400,
    })
}
