//! `policies/shaping.toml`: limits on what leaves, by provider, sender and upstream, and how they give way where
//! an upstream or a provider resists.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use regex::Regex;

use super::bounce::Bounces;
use super::brake::Brake;
use super::{RuleRef, Stream};

/// How fast mail may leave.
#[derive(Clone, Debug, Default)]
pub struct Shaping {
    /// Domain (A-labels) to provider id, from `[[provider]]`.
    pub providers: BTreeMap<String, String>,
    pub limits: Vec<Limit>,
    pub adaptive: Adaptive,
    /// The first that fits an answer says what it means.
    pub responses: Vec<ResponseRule>,
    pub bounces: Bounces,
    pub brakes: Vec<Brake>,
    pub warm_ups: Vec<WarmUp>,
}

/// One `[[warm_up]]`: how many messages a day a domain may send that its recipients' providers don't know yet.
#[derive(Clone, Debug)]
pub struct WarmUp {
    /// That of From.
    pub domain: String,
    /// To this provider alone; else to each, counted apart.
    pub provider: Option<String>,
    /// By this upstream alone; else by each, counted apart.
    pub upstream: Option<String>,
    /// From the first day on.
    pub curve: Vec<u32>,
    pub rule: RuleRef,
}

/// One `[[limit]]`.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Unique among the limits: the store counts under it.
    pub name: String,
    pub matches: LimitMatch,
    pub rates: Vec<Rate>,
    /// Deliveries in hand at once, over the whole cluster.
    pub concurrency: Option<u32>,
    pub rule: RuleRef,
}

/// `match`: what is named must be equal; `{}` matches all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LimitMatch {
    pub provider: Option<String>,
    pub sender: Option<String>,
    pub stream: Option<Stream>,
    pub campaign: Option<String>,
    pub upstream: Option<String>,
    /// `SENDER/NAME`.
    pub credential: Option<String>,
}

/// `"20/s"`: paced evenly by the second and minute, a quota over any sliding window by the hour and day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub permits: u32,
    pub per: Per,
}

/// `20/s`, as it is written.
impl fmt::Display for Rate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per = match self.per {
            Per::Second => "s",
            Per::Minute => "minute",
            Per::Hour => "hour",
            Per::Day => "day",
        };
        write!(out, "{}/{per}", self.permits)
    }
}

/// The window of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    Second,
    Minute,
    Hour,
    Day,
}

/// `[adaptive]`: how a pace gives way to resistance and comes back. Shares are of the whole pace, above 0 and at most 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adaptive {
    /// What is left of the pace each time it is slowed.
    pub decrease: f64,
    /// Resistance within this time after it was slowed is the same resistance.
    pub react: Duration,
    /// What comes back in each `recover`.
    pub increase: f64,
    pub recover: Duration,
    /// It is never slower than this.
    pub floor: f64,
}

impl Default for Adaptive {
    fn default() -> Self {
        Self {
            decrease: 0.5,
            react: Duration::from_secs(30),
            increase: 0.05,
            recover: Duration::from_secs(60),
            floor: 0.02,
        }
    }
}

/// `[[response]]`: what an answer means that the pattern is found in.
#[derive(Clone, Debug)]
pub struct ResponseRule {
    /// Of this provider alone; else of anyone.
    pub provider: Option<String>,
    /// Sought in `421 4.7.28 text of the answer`.
    pub pattern: Regex,
    pub action: Action,
    pub rule: RuleRef,
}

/// What is done about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The pace gives way.
    Slow,
    /// It gives way, and marketing stops for this long.
    Suspend(Duration),
    /// The campaign stops until somebody resumes it.
    PauseCampaign,
}

impl Shaping {
    /// The warm-up of a domain to this provider by this upstream: the one that names most.
    pub fn warm_up(&self, domain: &str, provider: &str, upstream: &str) -> Option<&WarmUp> {
        let agrees = |wanted: &Option<String>, own: &str| wanted.as_ref().is_none_or(|wanted| wanted == own);
        let holds = |own: &&WarmUp| {
            own.domain == domain && agrees(&own.provider, provider) && agrees(&own.upstream, upstream)
        };
        self.warm_ups.iter().filter(holds).max_by_key(|own| (own.provider.is_some(), own.upstream.is_some()))
    }

    /// The domains that warm up, each once.
    pub fn warming_domains(&self) -> impl Iterator<Item = &str> {
        self.warm_ups
            .iter()
            .map(|own| own.domain.as_str())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
    }

    /// The provider of a recipient's domain: its group, else its registrable domain, else itself.
    pub fn provider(&self, domain: &str) -> String {
        if let Some(group) = self.providers.get(domain) {
            return group.clone();
        }
        psl::domain_str(domain).unwrap_or(domain).to_owned()
    }
}
