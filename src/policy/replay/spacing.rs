//! What new caps and quiet hours would have made of recorded mail. What was recorded tells only what the old ones
//! counted, so mail is followed through the new ones: each person's, in the order of time, as if it had been taken
//! when it was decided or when its waiting ended. Pure.
//!
//! Of each person only what the caps can still count is remembered.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::super::calendar::Window;
use super::super::holds::{Cap, Earlier, Stage, Wait};
use super::super::sender::SenderPolicy;
use super::super::witness::Nobody;
use super::super::{PolicySet, Reason, Scope, Stream};

/// People who are followed; beyond it others wait for nothing, and memory stays what it is.
const MOST_PEOPLE: usize = 4_000_000;
/// Holds that may follow each other before a message is taken to wait for ever.
const MOST_HOLDS: usize = 100;

/// A message that may go, and is yet to go through caps and quiet hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailing {
    pub at: Timestamp,
    /// The zone that the person's facts name.
    pub zone: Option<String>,
    /// What was delivered before the time that is replayed, as far as it was recorded.
    pub before: Vec<Earlier>,
    pub spaced: Spaced,
}

/// Whether caps and quiet hours bind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spaced {
    Binding,
    /// In shadow mode it leaves at once, and counts.
    InShadow,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Now,
    Waits(Reason, Leaves),
}

/// Whether what waits leaves in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaves {
    BeforeDeadline,
    Never,
}

/// Whether mail waits otherwise by these files than by those.
pub fn differs(old: Option<&SenderPolicy>, new: &SenderPolicy) -> bool {
    let Some(old) = old else { return is_spaced(new) };
    let cap = |cap: &Cap| (cap.scope.clone(), cap.most, cap.per);
    let hours = |own: &SenderPolicy| own.quiet_hours.as_ref().map(|quiet| quiet.hours);
    let same_caps = old.caps.iter().map(cap).eq(new.caps.iter().map(cap));
    let same_zone = old.time_zone == new.time_zone;
    !(same_caps && hours(old) == hours(new) && (same_zone || !is_spaced(new)))
}

/// Whether its marketing may wait at all.
pub fn is_spaced(sender: &SenderPolicy) -> bool {
    !sender.caps.is_empty() || sender.quiet_hours.is_some()
}

/// A set in which nothing waits.
pub fn without_spacing(policy: &PolicySet) -> PolicySet {
    let mut unspaced = policy.clone();
    for sender in unspaced.senders.values_mut() {
        sender.caps.clear();
        sender.quiet_hours = None;
    }
    unspaced
}

/// What each person was sent so far, as far as caps count it.
#[derive(Debug, Default)]
pub struct Simulated {
    senders: HashMap<String, u16>,
    scopes: Vec<Option<Scope>>,
    numbers: HashMap<Option<Scope>, u32>,
    sent: HashMap<(u16, u64), Vec<Sent>>,
    /// Whether there were more people than are followed.
    pub people_at_least: bool,
}

/// When, in microseconds, and the number of the scope.
type Sent = (i64, u32);

impl Simulated {
    /// Follows a message. Messages to one person come in the order of time.
    pub fn follow(
        &mut self,
        sender: &SenderPolicy,
        person: u64,
        scope: Option<&Scope>,
        mailing: Mailing,
    ) -> Turn {
        let key = (self.sender(&sender.id), person);
        if !sender.caps.is_empty() {
            // Each message tells of what its own caps count alone.
            let before: Vec<Sent> = mailing.before.iter().map(|one| self.told(one)).collect();
            self.learn(key, before);
        }
        let (mut at, mut turn) = (mailing.at, Turn::Now);
        let wait = SignedDuration::try_from(sender.stream(Stream::Marketing).deadline)
            .unwrap_or(SignedDuration::MAX);
        let deadline = at.checked_add(wait).unwrap_or(Timestamp::MAX);
        for round in 0..=MOST_HOLDS {
            let earlier = self.earlier(key, at);
            let wait = Wait { sender, scope, told_zone: mailing.zone.as_deref(), earlier: &earlier, now: at };
            let Some(hold) = wait.hold(&mut Nobody) else { break };
            let reason = if let Turn::Waits(first, _) = turn { first } else { hold.reason };
            turn = Turn::Waits(reason, Leaves::BeforeDeadline);
            if mailing.spaced == Spaced::InShadow {
                break;
            }
            if hold.until >= deadline || round == MOST_HOLDS {
                return Turn::Waits(reason, Leaves::Never);
            }
            at = hold.until;
        }
        if !sender.caps.is_empty() {
            let sent = (at.as_microsecond(), self.scope(scope));
            self.remember(sender, key, mailing.at, sent);
        }
        turn
    }

    fn earlier(&self, key: (u16, u64), now: Timestamp) -> Vec<Earlier> {
        let until = now.as_microsecond();
        let sent = self.sent.get(&key).into_iter().flatten().filter(|(at, _)| *at <= until);
        sent.map(|(at, scope)| Earlier {
            scope: self.scopes.get(*scope as usize).cloned().flatten(),
            at: Timestamp::from_microsecond(*at).unwrap_or(Timestamp::MAX),
            stage: Stage::Delivered,
        })
        .collect()
    }

    /// Keeps what a cap of the sender's can still count after `now`, and no more of it than fills the cap. What waits
    /// for its turn is dated later, and fills nothing before that.
    fn remember(&mut self, sender: &SenderPolicy, key: (u16, u64), now: Timestamp, sent: Sent) {
        let Some(known) = self.sent.get_mut(&key) else { return };
        // Most people have one place, and there are many of them.
        known.reserve_exact(1);
        known.push(sent);
        known.sort_unstable_by_key(|(at, _)| std::cmp::Reverse(*at));
        let longest = sender.caps.iter().map(|cap| cap.per).max().unwrap_or(Window::Day);
        let (since, now) = (longest.reach(now).as_microsecond(), now.as_microsecond());
        let mut kept: Vec<bool> = known.iter().map(|(at, _)| *at > now).collect();
        for cap in &sender.caps {
            let covers = |number: u32| match (&cap.scope, self.scopes.get(number as usize)) {
                (None, _) => true,
                (Some(capped), Some(Some(scope))) => capped.covers(scope),
                (Some(_), _) => false,
            };
            let fills = known
                .iter()
                .zip(&mut kept)
                .filter(|((at, scope), _)| (since..=now).contains(at) && covers(*scope));
            fills.take(cap.most as usize).for_each(|(_, kept)| *kept = true);
        }
        let mut kept = kept.into_iter();
        known.retain(|_| kept.next().unwrap_or_default());
    }

    fn told(&mut self, earlier: &Earlier) -> Sent {
        (earlier.at.as_microsecond(), self.scope(earlier.scope.as_ref()))
    }

    /// Takes in what a person was sent before all that is followed.
    fn learn(&mut self, key: (u16, u64), before: Vec<Sent>) {
        if !self.sent.contains_key(&key) && self.sent.len() >= MOST_PEOPLE {
            self.people_at_least = true;
            return;
        }
        let known = self.sent.entry(key).or_default();
        for sent in before {
            if !known.contains(&sent) {
                known.push(sent);
            }
        }
    }

    fn sender(&mut self, id: &str) -> u16 {
        if let Some(number) = self.senders.get(id) {
            return *number;
        }
        let number = u16::try_from(self.senders.len()).unwrap_or(u16::MAX);
        self.senders.insert(id.to_owned(), number);
        number
    }

    fn scope(&mut self, scope: Option<&Scope>) -> u32 {
        let scope = scope.cloned();
        if let Some(number) = self.numbers.get(&scope) {
            return *number;
        }
        let number = u32::try_from(self.scopes.len()).unwrap_or(u32::MAX);
        self.scopes.push(scope.clone());
        self.numbers.insert(scope, number);
        number
    }
}
