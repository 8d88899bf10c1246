//! Which limits of `shaping.toml` a lane draws on, and what they leave. Pure: the store counts.

use std::cmp::Ordering;

use crate::policy::shaping::{Limit, LimitMatch, Per, Rate, Shaping};
use crate::spool::Lane;

/// A counter that all nodes share, and how it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The limit's name; with the rate's window it names the counter.
    pub key: String,
    pub rate: Rate,
}

/// The limits that hold for a lane that leaves by this upstream, the tightest rate first.
pub fn matching<'a>(shaping: &'a Shaping, lane: &Lane, upstream: &str) -> Vec<&'a Limit> {
    let holds = |limit: &&Limit| matches(&limit.matches, lane, upstream);
    let mut limits: Vec<&Limit> = shaping.limits.iter().filter(holds).collect();
    limits.sort_by(|a, b| tightest(a).partial_cmp(&tightest(b)).unwrap_or(Ordering::Equal));
    limits
}

/// The counters of these limits, one for each rate: a delivery draws one permit from each.
pub fn counters(limits: &[&Limit]) -> Vec<Counter> {
    let of = |limit: &&Limit| {
        let name = limit.name.clone();
        limit.rates.clone().into_iter().map(move |rate| Counter { key: name.clone(), rate })
    };
    limits.iter().flat_map(of).collect()
}

/// How many more deliveries may be in hand at once under these concurrencies, each with those whom it counts;
/// `None` where there is none. What is in hand comes with the upstream by which it leaves.
pub fn concurrency_left<'a>(
    caps: impl Iterator<Item = (&'a LimitMatch, u32)>,
    in_hand: impl Iterator<Item = (&'a Lane, &'a str, u32)> + Clone,
) -> Option<u32> {
    let left = |(wanted, most): (&LimitMatch, u32)| {
        let own = in_hand.clone().filter(|(lane, upstream, _)| matches(wanted, lane, upstream));
        most.saturating_sub(own.fold(0, |sum, (_, _, count)| sum.saturating_add(count)))
    };
    caps.map(left).min()
}

/// Those limits that bound how many are in hand at once.
pub fn concurrencies<'a>(limits: &[&'a Limit]) -> impl Iterator<Item = (&'a LimitMatch, u32)> {
    let caps: Vec<_> = limits.iter().filter_map(|limit| Some((&limit.matches, limit.concurrency?))).collect();
    caps.into_iter()
}

/// What is named must be equal; `{}` matches all.
fn matches(wanted: &LimitMatch, lane: &Lane, upstream: &str) -> bool {
    agrees(wanted.upstream.as_ref(), upstream) && may_match(wanted, lane)
}

/// Whether it is a limit for this lane, by whatever upstream it leaves.
pub fn may_match(wanted: &LimitMatch, lane: &Lane) -> bool {
    agrees(wanted.provider.as_ref(), &lane.provider)
        && agrees(wanted.sender.as_ref(), &lane.sender)
        && agrees(wanted.campaign.as_ref(), &lane.campaign)
        && agrees(wanted.credential.as_ref(), &lane.credential)
        && wanted.stream.is_none_or(|stream| stream == lane.stream)
}

fn agrees(wanted: Option<&String>, own: &str) -> bool {
    wanted.is_none_or(|wanted| wanted == own)
}

/// Permits a second of a limit's tightest paced rate; without one, no bound.
fn tightest(limit: &Limit) -> f64 {
    let paced = limit.rates.iter().filter_map(|rate| match rate.per {
        Per::Second => Some(f64::from(rate.permits)),
        Per::Minute => Some(f64::from(rate.permits) / 60.0),
        Per::Hour | Per::Day => None,
    });
    paced.fold(f64::INFINITY, f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{RuleRef, Stream};

    fn lane(sender: &str, provider: &str) -> Lane {
        Lane {
            sender: sender.into(),
            stream: Stream::Marketing,
            provider: provider.into(),
            campaign: "summer".into(),
            credential: format!("{sender}/mautic"),
        }
    }

    fn limit(name: &str, matches: LimitMatch, rates: &[(u32, Per)], concurrency: Option<u32>) -> Limit {
        Limit {
            name: name.into(),
            matches,
            rates: rates.iter().map(|&(permits, per)| Rate { permits, per }).collect(),
            concurrency,
            rule: RuleRef { file: "shaping.toml".into(), line: 1 },
        }
    }

    fn shaping() -> Shaping {
        let google = LimitMatch { provider: Some("google".into()), ..LimitMatch::default() };
        let primary = LimitMatch { upstream: Some("primary".into()), ..LimitMatch::default() };
        let shop = LimitMatch {
            sender: Some("shop".into()),
            stream: Some(Stream::Functional),
            ..LimitMatch::default()
        };
        let limits = vec![
            limit("all", LimitMatch::default(), &[(100, Per::Second)], None),
            limit("google", google, &[(20, Per::Second), (500, Per::Day)], Some(3)),
            limit("shop", shop, &[(1, Per::Second)], None),
            limit("primary", primary, &[(60, Per::Minute)], Some(10)),
        ];
        Shaping { limits, ..Shaping::default() }
    }

    fn names(shaping: &Shaping, lane: &Lane, upstream: &str) -> Vec<String> {
        matching(shaping, lane, upstream).iter().map(|limit| limit.name.clone()).collect()
    }

    #[test]
    fn a_limit_holds_where_all_that_it_names_is_equal() {
        let shaping = shaping();
        assert_eq!(names(&shaping, &lane("shop", "google"), "primary"), ["primary", "google", "all"]);
        assert_eq!(names(&shaping, &lane("shop", "google"), "other"), ["google", "all"]);
        assert_eq!(names(&shaping, &lane("shop", "example.se"), "other"), ["all"]);
        let functional = Lane { stream: Stream::Functional, ..lane("shop", "example.se") };
        assert_eq!(names(&shaping, &functional, "other"), ["shop", "all"]);
    }

    #[test]
    fn a_limit_by_credential_holds_for_what_it_submitted_alone() {
        let tool = LimitMatch { credential: Some("shop/mautic".into()), ..LimitMatch::default() };
        let limits = vec![limit("tool", tool, &[(1, Per::Second)], None)];
        let shaping = Shaping { limits, ..Shaping::default() };
        assert_eq!(names(&shaping, &lane("shop", "google"), "primary"), ["tool"]);
        let crm = Lane { credential: "shop/crm".into(), ..lane("shop", "google") };
        let ours = Lane { credential: String::new(), ..lane("shop", "google") };
        assert!(names(&shaping, &crm, "primary").is_empty() && names(&shaping, &ours, "primary").is_empty());
    }

    #[test]
    fn every_rate_of_a_limit_has_a_counter_of_its_own() {
        let shaping = shaping();
        let limits = matching(&shaping, &lane("shop", "google"), "other");
        let counters = counters(&limits);
        let keys: Vec<(&str, Per)> = counters.iter().map(|own| (own.key.as_str(), own.rate.per)).collect();
        assert_eq!(keys, [("google", Per::Second), ("google", Per::Day), ("all", Per::Second)]);
    }

    #[test]
    fn the_narrowest_concurrency_counts_what_all_its_lanes_have_in_hand() {
        let shaping = shaping();
        let (own, other) = (lane("shop", "google"), lane("club", "google"));
        let elsewhere = lane("shop", "example.se");
        let hand = [(&own, "other", 1), (&other, "other", 1), (&elsewhere, "primary", 7)];
        let left = |lane: &Lane, upstream: &str| {
            let limits = matching(&shaping, lane, upstream);
            concurrency_left(concurrencies(&limits), hand.into_iter())
        };
        assert_eq!(left(&own, "other"), Some(1));
        assert_eq!(left(&own, "primary"), Some(1));
        assert_eq!(left(&elsewhere, "primary"), Some(3));
        assert_eq!(left(&elsewhere, "other"), None);
    }
}
