//! `[[brake]]`: when marketing stops by itself, since people complain or addresses bounce. Pure.

use std::time::Duration;

use super::RuleRef;
use super::pause::{Target, Whose};
use crate::spool::Lane;

/// One brake.
#[derive(Clone, Debug)]
pub struct Brake {
    pub per: Per,
    pub on: On,
    /// How far back is counted.
    pub window: Duration,
    /// Of fewer mails nothing is concluded.
    pub minimum: u64,
    /// From this share on what rests on the weakest ground waits.
    pub weaken: Option<Share>,
    /// From this share on everything waits.
    pub pause: Option<Share>,
    pub rule: RuleRef,
}

/// What stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    Campaign,
    Sender,
    Provider,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Complaints,
    /// What came back for another reason than that a mailbox was full or out of order.
    Bounces,
}

/// A part of all, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub u32);

/// What became of marketing within a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub relayed: u64,
    pub bounced: u64,
    pub complained: u64,
}

impl Brake {
    /// What it would stop of this lane. A provider that is no group is too few people to judge by.
    pub fn target(&self, lane: &Lane, is_group: bool) -> Option<Target> {
        match self.per {
            Per::Campaign => Some(Target::Campaign(lane.sender.clone(), lane.campaign.clone())),
            Per::Sender => Some(Target::Sender(lane.sender.clone())),
            Per::Provider => is_group.then(|| Target::Provider(lane.provider.clone())),
        }
    }

    /// Whose mail is to wait, and why, for people.
    pub fn judge(&self, counted: Counted) -> Option<(Whose, String)> {
        let (count, what) = match self.on {
            On::Complaints => (counted.complained, "complaints"),
            On::Bounces => (counted.bounced, "bounces"),
        };
        if counted.relayed == 0 || counted.relayed < self.minimum {
            return None;
        }
        let reached = |share: &Share| {
            u128::from(count) * 1_000_000 >= u128::from(counted.relayed) * u128::from(share.0)
        };
        let whose = if self.pause.as_ref().is_some_and(reached) {
            Whose::Everybodys
        } else if self.weaken.as_ref().is_some_and(reached) {
            Whose::Weakest
        } else {
            return None;
        };
        #[expect(clippy::cast_precision_loss, reason = "for people")]
        let percent = count as f64 * 100.0 / counted.relayed as f64;
        let RuleRef { file, line } = &self.rule;
        let cause = format!("{count} {what} of {} mails: {percent:.2} % ({file}:{line})", counted.relayed);
        Some((whose, cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn brake(weaken: Option<u32>, pause: Option<u32>) -> Brake {
        Brake {
            per: Per::Campaign,
            on: On::Complaints,
            window: Duration::from_secs(7 * 86_400),
            minimum: 1000,
            weaken: weaken.map(Share),
            pause: pause.map(Share),
            rule: RuleRef { file: "shaping.toml".into(), line: 3 },
        }
    }

    fn whose(brake: &Brake, relayed: u64, complained: u64) -> Option<Whose> {
        brake.judge(Counted { relayed, complained, bounced: relayed }).map(|(whose, _)| whose)
    }

    #[test]
    fn it_weakens_first_and_then_pauses_and_concludes_nothing_of_few() {
        let own = brake(Some(1_000), Some(3_000));
        assert_eq!(whose(&own, 999, 999), None);
        assert_eq!(whose(&own, 10_000, 9), None);
        assert_eq!(whose(&own, 10_000, 10), Some(Whose::Weakest));
        assert_eq!(whose(&own, 10_000, 29), Some(Whose::Weakest));
        assert_eq!(whose(&own, 10_000, 30), Some(Whose::Everybodys));
        assert_eq!(whose(&brake(None, Some(3_000)), 10_000, 29), None);
        assert_eq!(whose(&brake(Some(1_000), None), 10_000, 10_000), Some(Whose::Weakest));
        assert_eq!(whose(&Brake { minimum: 0, ..own }, 0, 0), None, "nothing left yet");
    }

    #[test]
    fn it_says_what_it_counted_and_where_it_stands() {
        let (_, cause) =
            brake(Some(1_000), None).judge(Counted { relayed: 20_000, complained: 30, bounced: 0 }).unwrap();
        assert_eq!(cause, "30 complaints of 20000 mails: 0.15 % (shaping.toml:3)");
    }
}
