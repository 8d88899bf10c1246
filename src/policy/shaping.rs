//! `policies/shaping.toml`: limits on what leaves, by provider, sender and upstream.

use std::collections::BTreeMap;

use super::{RuleRef, Stream};

/// How fast mail may leave.
#[derive(Clone, Debug, Default)]
pub struct Shaping {
    /// Domain (A-labels) to provider id, from `[[provider]]`.
    pub providers: BTreeMap<String, String>,
    pub limits: Vec<Limit>,
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

/// The window of a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    Second,
    Minute,
    Hour,
    Day,
}

impl Shaping {
    /// The provider of a recipient's domain: its group, else its registrable domain, else itself.
    pub fn provider(&self, domain: &str) -> String {
        if let Some(group) = self.providers.get(domain) {
            return group.clone();
        }
        psl::domain_str(domain).unwrap_or(domain).to_owned()
    }
}
