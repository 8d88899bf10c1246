//! The course of a week: what comes in, whose turn it is, what breaks.

use std::time::Duration;

use jiff::SignedDuration;
use optgate::policy::shaping::{Limit, LimitMatch, Per, Rate, Shaping};
use optgate::policy::{RuleRef, Stream};
use optgate::spool::Lane;

use super::node::{Node, Turn};
use super::watch::Watch;
use crate::support::{Home, SENDER};

const WEEK: Duration = Duration::from_secs(7 * 86_400);
/// Nothing lives longer than this.
const LONGEST: u64 = 3 * 86_400;
/// More turns than any week takes: who needs them is stuck.
const TURNS: usize = 20_000;
/// With a domain of each.
const PROVIDERS: [(&str, &str); 4] = [
    ("google", "gmail.com"),
    ("microsoft", "outlook.com"),
    ("example.se", "example.se"),
    ("slow.example", "slow.example"),
];
pub const UPSTREAMS: [&str; 2] = ["primary", "backup"];

/// Numbers by a seed. Sebastiano Vigna's SplitMix64.
pub struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True so many times in a thousand.
    pub fn chance(&mut self, in_a_thousand: u64) -> bool {
        self.below(1_000) < in_a_thousand
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    pub fn unit(&mut self) -> f64 {
        f64::from(u32::try_from(self.below(1 << 32)).unwrap()) / f64::from(u32::MAX)
    }
}

pub struct World<'h> {
    home: &'h Home,
    random: Random,
    nodes: Vec<Node>,
    shaping: Shaping,
    watch: Watch,
    /// How much time has passed: a clock that steps back takes none of it back, one that steps ahead adds to it.
    passed: Duration,
    came_in: usize,
}

impl<'h> World<'h> {
    pub async fn begin(home: &'h Home, nodes: usize, seed: u64) -> Self {
        let mut random = Random(seed);
        let shaping = shaping(&mut random);
        let mut all = vec![Node::new(home.store.clone(), home.node)];
        while all.len() < nodes {
            let id = home.clock.id();
            all.push(Node::new(home.node_with(id).await, id));
        }
        let watch = Watch::new(&shaping);
        Self { home, random, nodes: all, shaping, watch, passed: Duration::ZERO, came_in: 0 }
    }

    pub async fn run(mut self) {
        let mut turns = 0;
        while self.passed < WEEK || self.left().await > 0 {
            turns += 1;
            assert!(turns < TURNS, "{} deliveries never end", self.left().await);
            if self.passed < WEEK && self.random.chance(60) {
                self.campaign().await;
            }
            self.time_goes_on().await;
            self.something_breaks().await;
            self.turn().await;
        }
        for node in &mut self.nodes {
            node.revive(self.home).await;
        }
        self.watch.ended(self.home, self.came_in).await;
        for node in self.nodes {
            node.close(self.home).await;
        }
    }

    async fn left(&self) -> i64 {
        self.home.count("SELECT count(*) FROM deliveries WHERE ended_at IS NULL").await
    }

    /// A few deliveries of one lane, to be sent within an hour or within days.
    async fn campaign(&mut self) {
        let random = &mut self.random;
        let stream = *random.of(&[Stream::Marketing, Stream::Marketing, Stream::Functional]);
        let campaign = *random.of(&["spring", "summer"]);
        let (provider, domain) = *random.of(&PROVIDERS);
        let lane = Lane {
            sender: SENDER.into(),
            stream,
            provider: provider.into(),
            campaign: if stream == Stream::Marketing { campaign.into() } else { String::new() },
            credential: format!("{SENDER}/{}", random.of(&["mautic", "shop"])),
        };
        let (count, life) = (random.between(1, 25), random.between(3_600, LONGEST));
        let deadline = self.home.in_seconds(i64::try_from(life).unwrap());
        let messages = (0..count).map(|number| {
            let mut delivery = self.home.delivery(&format!("r{number}@{domain}"));
            (delivery.lane, delivery.deadline) = (lane.clone(), deadline);
            let mut message = self.home.message(&[delivery]);
            message.credential = lane.credential.clone();
            message
        });
        let messages: Vec<_> = messages.collect();
        let count = messages.len();
        // A tool that hears no answer sends again; here it is as if it never had.
        if self.home.store.spool(messages).await.is_ok() {
            self.came_in += count;
        }
    }

    /// Mostly moments, now and then hours: short paces and long quotas both come to their ends.
    async fn time_goes_on(&mut self) {
        let random = &mut self.random;
        let milliseconds = match random.below(100) {
            0..30 => random.between(5, 400),
            30..60 => random.between(1_000, 50_000),
            60..97 => random.between(60_000, 1_800_000),
            _ => random.between(3_600_000, 6 * 3_600_000),
        };
        let by = Duration::from_millis(milliseconds);
        self.home.advance(by).await;
        self.passed += by;
    }

    async fn something_breaks(&mut self) {
        match self.random.below(1_000) {
            0..8 => {
                let node = self.random.below(self.nodes.len() as u64);
                self.nodes[usize::try_from(node).unwrap()].die();
            }
            8..20 => {
                let node = self.random.below(self.nodes.len() as u64);
                self.nodes[usize::try_from(node).unwrap()].revive(self.home).await;
            }
            20..22 => {
                let by = Duration::from_secs(self.random.between(10, 2 * 3_600));
                self.home.step_back(by).await;
                self.watch.went_back(self.passed);
                self.somebody().await.clock_went_back(by).await;
                let now = self.home.clock.now();
                self.nodes.iter_mut().for_each(|node| node.shorten_leases(now));
            }
            22..24 => {
                let by = Duration::from_secs(self.random.between(60, 4 * 3_600));
                self.home.advance(by).await;
                self.passed += by;
            }
            24..32 if self.home.is_postgres() => self.home.break_connections().await,
            _ => {}
        }
    }

    /// A node that lives.
    async fn somebody(&mut self) -> &mut Node {
        let at = usize::try_from(self.random.below(self.nodes.len() as u64)).unwrap();
        self.nodes[at].revive(self.home).await;
        &mut self.nodes[at]
    }

    async fn turn(&mut self) {
        let at = usize::try_from(self.random.below(self.nodes.len() as u64)).unwrap();
        if !self.nodes[at].lives() {
            return;
        }
        let mut turn = Turn {
            random: &mut self.random,
            shaping: &self.shaping,
            watch: &mut self.watch,
            now: self.home.clock.now(),
            passed: self.passed,
        };
        self.nodes[at].turn(&mut turn).await;
        let hands = self.nodes.iter().flat_map(|node| node.in_hand(self.home.clock.now()));
        self.watch.in_hand(hands);
    }
}

/// Limits of all kinds, wide and narrow.
fn shaping(random: &mut Random) -> Shaping {
    let matches = [
        LimitMatch::default(),
        LimitMatch { provider: Some("google".into()), ..LimitMatch::default() },
        LimitMatch { provider: Some("slow.example".into()), ..LimitMatch::default() },
        LimitMatch { stream: Some(Stream::Marketing), ..LimitMatch::default() },
        LimitMatch { campaign: Some("spring".into()), ..LimitMatch::default() },
        LimitMatch { credential: Some(format!("{SENDER}/shop")), ..LimitMatch::default() },
        LimitMatch { upstream: Some("primary".into()), ..LimitMatch::default() },
        LimitMatch { sender: Some(SENDER.into()), ..LimitMatch::default() },
    ];
    let mut limits = Vec::new();
    for (number, matches) in matches.into_iter().enumerate() {
        let mut rates = Vec::new();
        for (per, low, high) in
            [(Per::Second, 1, 20), (Per::Minute, 1, 60), (Per::Hour, 2, 60), (Per::Day, 20, 200)]
        {
            if random.chance(350) {
                rates.push(Rate { permits: u32::try_from(random.between(low, high)).unwrap(), per });
            }
        }
        let concurrency = random.chance(400).then(|| u32::try_from(random.between(1, 12)).unwrap());
        let rule = RuleRef { file: "shaping.toml".into(), line: 1 };
        limits.push(Limit { name: format!("limit {number}"), matches, rates, concurrency, rule });
    }
    Shaping { limits, ..Shaping::default() }
}

/// Which provider is in a bad mood now: by the hour, the same for all who ask.
pub fn resists(provider: &str, passed: Duration) -> bool {
    let hour = passed.as_secs() / 3_600;
    let mixed = provider.bytes().fold(hour, |sum, octet| sum.wrapping_mul(31).wrapping_add(u64::from(octet)));
    mixed % 5 == 0
}

/// Later by this, or as late as times go.
pub fn later(from: jiff::Timestamp, seconds: u64) -> jiff::Timestamp {
    let by = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    from.checked_add(by).unwrap_or(jiff::Timestamp::MAX)
}
