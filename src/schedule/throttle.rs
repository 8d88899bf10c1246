//! How a pace gives way where an upstream or a provider resists, and comes back by itself: multiplicative decrease,
//! additive increase. Pure: the store keeps it for all nodes.
//!
//! Who resists is slowed alone, by a counter of its own beside the limits of `shaping.toml`: a limit that others
//! draw on too is left as it is, so that a provider that throttles holds back nobody else.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::policy::Stream;
use crate::policy::shaping::{Adaptive, LimitMatch, Per, Rate, Shaping};
use crate::spool::Lane;

/// Who resists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// By its name.
    Upstream(String),
    /// The recipients' mailbox provider.
    Provider(String),
}

impl Party {
    /// `None` where the word is none of ours.
    pub fn parse(kind: &str, name: &str) -> Option<Self> {
        match kind {
            "upstream" => Some(Self::Upstream(name.to_owned())),
            "provider" => Some(Self::Provider(name.to_owned())),
            _ => None,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Upstream(_) => "upstream",
            Self::Provider(_) => "provider",
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Upstream(name) | Self::Provider(name) => name,
        }
    }

    /// Whether mail of this lane that leaves by this upstream meets it.
    pub fn meets(&self, lane: &Lane, upstream: &str) -> bool {
        match self {
            Self::Upstream(name) => name == upstream,
            Self::Provider(name) => *name == lane.provider,
        }
    }

    /// The counter that it is slowed by: no `[[limit]]` can have such a name.
    pub fn counter(&self) -> String {
        format!("{self}")
    }
}

/// `provider google`.
impl fmt::Display for Party {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.kind(), self.name())
    }
}

/// What was met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resistance {
    pub party: Party,
    /// For how long marketing stops; it only slows down where there is none.
    pub suspend: Option<Duration>,
    /// What was heard, in one line that may be shown.
    pub cause: String,
}

/// A pace that has given way.
#[derive(Clone, Debug, PartialEq)]
pub struct Throttle {
    pub party: Party,
    /// What is left of the pace at `changed_at`.
    pub share: f64,
    /// From then on it comes back.
    pub changed_at: Timestamp,
    /// When it was last slowed.
    pub slowed_at: Timestamp,
    /// Permits a minute that were taken before it was slowed: the whole, where no limit names one.
    pub pace: u32,
    /// Marketing doesn't leave before.
    pub suspended_until: Option<Timestamp>,
    pub cause: String,
}

/// The whole of what had next to no mail before, permits a minute: ten a second. One answer to the only message of a day
/// says nothing of pace.
pub const SLOWEST_WHOLE: u32 = 600;

impl Throttle {
    /// What is left of the pace at this moment: 1 is all of it.
    pub fn share_at(&self, adaptive: &Adaptive, now: Timestamp) -> f64 {
        let passed = now.duration_since(self.changed_at).max(SignedDuration::ZERO).as_secs_f64();
        (self.share + adaptive.increase * passed / adaptive.recover.as_secs_f64()).min(1.0)
    }

    /// When all of it is back.
    pub fn ends_at(&self, adaptive: &Adaptive) -> Timestamp {
        let missing = (1.0 - self.share).max(0.0) / adaptive.increase * adaptive.recover.as_secs_f64();
        let missing = SignedDuration::try_from_secs_f64(missing).unwrap_or(SignedDuration::MAX);
        self.changed_at.checked_add(missing).unwrap_or(Timestamp::MAX)
    }

    pub fn is_over(&self, adaptive: &Adaptive, now: Timestamp) -> bool {
        self.ends_at(adaptive) <= now && self.suspended_until.is_none_or(|until| until <= now)
    }

    /// The pace at this moment.
    pub fn rate_at(&self, shaping: &Shaping, now: Timestamp) -> Rate {
        let whole = f64::from(whole(shaping, &self.party).unwrap_or(self.pace));
        let permits = (whole * self.share_at(&shaping.adaptive, now)).round().clamp(1.0, f64::from(u32::MAX));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "just clamped")]
        Rate { permits: permits as u32, per: Per::Minute }
    }

    /// Until when mail of this stream doesn't leave at all. What a person waits for is slowed and never stopped.
    pub fn suspends(&self, stream: Stream, now: Timestamp) -> Option<Timestamp> {
        self.suspended_until.filter(|until| stream == Stream::Marketing && *until > now)
    }
}

/// What becomes of a pace that meets resistance; `None` where that is known already. The `pace` of one that was whole
/// before is 0: what was taken until now is not known here.
pub fn meet(
    before: Option<Throttle>,
    resistance: Resistance,
    adaptive: &Adaptive,
    now: Timestamp,
) -> Option<Throttle> {
    let before = before.filter(|own| !own.is_over(adaptive, now));
    let until = resistance.suspend.map(|time| now.checked_add(time).unwrap_or(Timestamp::MAX));
    let (left, standing, pace, recent) = match &before {
        None => (1.0, None, 0, false),
        Some(own) => {
            let since = now.duration_since(own.slowed_at);
            // A clock that was set back must not keep it from being slowed.
            let recent = !since.is_negative() && since.unsigned_abs() < adaptive.react;
            (own.share_at(adaptive, now), own.suspended_until.filter(|until| *until > now), own.pace, recent)
        }
    };
    let longer = until.is_some_and(|until| standing.is_none_or(|standing| standing < until));
    if recent && !longer {
        return None;
    }
    let share = if recent { left } else { (left * adaptive.decrease).max(adaptive.floor) };
    let suspended_until = until.max(standing);
    Some(Throttle {
        party: resistance.party,
        share,
        // What is stopped learns nothing: it comes back once it moves again.
        changed_at: suspended_until.unwrap_or(now),
        slowed_at: if recent { before.map_or(now, |own| own.slowed_at) } else { now },
        pace,
        suspended_until,
        cause: resistance.cause,
    })
}

/// The pace that a limit gives this party and nobody else, permits a minute.
pub fn whole(shaping: &Shaping, party: &Party) -> Option<u32> {
    let alone = match party {
        Party::Upstream(name) => LimitMatch { upstream: Some(name.clone()), ..LimitMatch::default() },
        Party::Provider(name) => LimitMatch { provider: Some(name.clone()), ..LimitMatch::default() },
    };
    let rates = shaping.limits.iter().filter(|limit| limit.matches == alone).flat_map(|limit| &limit.rates);
    let paced = rates.filter_map(|rate| match rate.per {
        Per::Second => Some(rate.permits.saturating_mul(60)),
        Per::Minute => Some(rate.permits),
        Per::Hour | Per::Day => None,
    });
    paced.min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::RuleRef;
    use crate::policy::shaping::Limit;

    const ADAPTIVE: Adaptive = Adaptive {
        decrease: 0.5,
        react: Duration::from_secs(30),
        increase: 0.05,
        recover: Duration::from_secs(60),
        floor: 0.02,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn google() -> Party {
        Party::Provider("google".into())
    }

    fn resistance(suspend: Option<u64>) -> Resistance {
        let suspend = suspend.map(Duration::from_secs);
        Resistance { party: google(), suspend, cause: "421 4.7.28 slow down".into() }
    }

    fn met(before: Option<Throttle>, seconds: i64) -> Option<Throttle> {
        meet(before, resistance(None), &ADAPTIVE, at(seconds))
    }

    #[track_caller]
    fn assert_share(throttle: &Throttle, seconds: i64, expected: f64) {
        let share = throttle.share_at(&ADAPTIVE, at(seconds));
        assert!((share - expected).abs() < 1e-9, "{share} at {seconds}");
    }

    #[test]
    fn a_pace_is_halved_at_most_once_in_the_time_to_react_and_never_below_the_floor() {
        let mut throttle = met(None, 0).unwrap();
        assert_share(&throttle, 0, 0.5);
        assert_eq!(met(Some(throttle.clone()), 29), None);
        let mut expected = 0.5_f64;
        for round in 1..10 {
            throttle = met(Some(throttle), 30 * round).unwrap();
            expected = ((expected + 0.025) * 0.5).max(0.02);
            assert_share(&throttle, 30 * round, expected);
        }
    }

    #[test]
    fn it_comes_back_evenly_and_is_over_once_all_of_it_is_back() {
        let throttle = met(None, 0).unwrap();
        assert_share(&throttle, 60, 0.55);
        assert_share(&throttle, 90, 0.575);
        assert_share(&throttle, 600, 1.0);
        assert!(!throttle.is_over(&ADAPTIVE, at(599)));
        assert!(throttle.is_over(&ADAPTIVE, at(600)));
        assert_share(&met(Some(throttle), 700).unwrap(), 700, 0.5);
    }

    #[test]
    fn what_is_suspended_begins_to_come_back_when_it_moves_again() {
        let throttle = meet(None, resistance(Some(3600)), &ADAPTIVE, at(0)).unwrap();
        assert_eq!(throttle.suspends(Stream::Marketing, at(3599)), Some(at(3600)));
        assert_eq!(throttle.suspends(Stream::Marketing, at(3600)), None);
        assert_eq!(throttle.suspends(Stream::Functional, at(1)), None);
        assert_share(&throttle, 3600, 0.5);
        assert_share(&throttle, 3660, 0.55);
        assert!(!throttle.is_over(&ADAPTIVE, at(3600)));
    }

    #[test]
    fn a_longer_suspension_holds_though_it_was_slowed_a_moment_ago_and_a_shorter_one_ends_none() {
        let slowed = met(None, 0).unwrap();
        let throttle = meet(Some(slowed), resistance(Some(60)), &ADAPTIVE, at(1)).unwrap();
        assert_eq!(throttle.suspended_until, Some(at(61)));
        assert!((throttle.share - 0.5).abs() < 0.01, "slowed once: {}", throttle.share);
        assert_eq!(throttle.slowed_at, at(0));
        assert_eq!(meet(Some(throttle.clone()), resistance(Some(10)), &ADAPTIVE, at(2)), None);
        let again = meet(Some(throttle), resistance(Some(10)), &ADAPTIVE, at(40)).unwrap();
        assert_eq!(again.suspended_until, Some(at(61)));
    }

    #[test]
    fn the_whole_is_the_limit_of_that_party_alone_else_what_was_sent_before() {
        let limit = |matches: LimitMatch, permits, per| Limit {
            name: "own".into(),
            matches,
            rates: vec![Rate { permits, per }],
            concurrency: None,
            rule: RuleRef { file: "shaping.toml".into(), line: 1 },
        };
        let of_google = LimitMatch { provider: Some("google".into()), ..LimitMatch::default() };
        let of_shop = LimitMatch { sender: Some("shop".into()), ..of_google.clone() };
        let throttle = Throttle { pace: 200, ..met(None, 0).unwrap() };
        let mut shaping = Shaping {
            limits: vec![limit(of_google, 20, Per::Second), limit(of_shop, 1, Per::Minute)],
            ..Shaping::default()
        };
        assert_eq!(throttle.rate_at(&shaping, at(0)), Rate { permits: 600, per: Per::Minute });
        shaping.limits.clear();
        assert_eq!(throttle.rate_at(&shaping, at(0)), Rate { permits: 100, per: Per::Minute });
        let least = Throttle { pace: 1, share: 0.02, ..throttle };
        assert_eq!(least.rate_at(&shaping, at(0)).permits, 1);
    }

    #[test]
    fn a_clock_that_was_set_back_neither_speeds_it_up_nor_keeps_it_from_being_slowed() {
        let throttle = met(None, 1_000).unwrap();
        assert_share(&throttle, 0, 0.5);
        assert_share(&met(Some(throttle), 0).unwrap(), 0, 0.25);
    }
}
