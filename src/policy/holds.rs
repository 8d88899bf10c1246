//! What makes marketing wait that might go: frequency caps, quiet hours, and what the person chose (`own`). Pure. Nothing but
//! marketing is ever held (CONTRACT.md, "What stops what"), and what is held is told until when.

mod counted;
mod own;

use std::cell::LazyCell;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::calendar::{self, Hours, Window};
use super::sender::SenderPolicy;
use super::witness::{Asked, Said, Witness};
use super::{Reason, RuleRef, Scope};
pub use counted::counted;

/// While a message that takes the last place is on its way, it may still come back and leave the place to another.
const WHILE_ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(60);

/// A frequency cap: so many marketing messages at most to one person in each window of the person's calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// It counts what was delivered in this scope and all below; `None`: all marketing of the sender.
    pub scope: Option<Scope>,
    pub most: u32,
    pub per: Window,
    /// The line that says so.
    pub rule: RuleRef,
}

/// `[quiet_hours]`: marketing waits within them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietHours {
    pub hours: Hours,
    /// The line that says so.
    pub rule: RuleRef,
}

/// Another marketing message of the sender to the same person, as far as caps count it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    pub scope: Option<Scope>,
    /// When it was delivered; of one on its way, when it was claimed.
    pub at: Timestamp,
    pub stage: Stage,
}

/// Whether a place under a cap is taken for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    Delivered,
    /// In a worker's hand: it has its place before what is claimed after it.
    Reserved,
}

/// Why marketing that may go does not go now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold<'p> {
    pub reason: Reason,
    /// When there is use in looking again.
    pub until: Timestamp,
    pub rule: &'p RuleRef,
    pub text: String,
}

/// One question: does marketing in this scope wait.
#[derive(Clone, Copy, Debug)]
pub struct Wait<'p> {
    pub sender: &'p SenderPolicy,
    pub scope: Option<&'p Scope>,
    /// The zone that the person chose, else the one that the youngest fact which names one names.
    pub told_zone: Option<&'p str>,
    pub earlier: &'p [Earlier],
    pub now: Timestamp,
}

impl<'p> Wait<'p> {
    /// The hold that ends last.
    pub fn hold(&self, witness: &mut impl Witness) -> Option<Hold<'p>> {
        let zone = LazyCell::new(|| self.zone());
        let mut last = None;
        for cap in caps(self.sender, self.scope) {
            let hold = self.full(cap, &cap.rule, Whose::Senders, || &zone);
            hear(witness, Asked::FrequencyCap, &cap.rule, hold.as_ref());
            last = later(last, hold);
        }
        if let Some(quiet) = &self.sender.quiet_hours {
            let hold = self.quiet(quiet, &zone);
            hear(witness, Asked::QuietHours, &quiet.rule, hold.as_ref());
            last = later(last, hold);
        }
        last
    }

    /// Where the person is, as far as we know: else where the sender is.
    fn zone(&self) -> TimeZone {
        self.own_zone().unwrap_or_else(|| self.sender.time_zone.clone())
    }

    fn own_zone(&self) -> Option<TimeZone> {
        self.told_zone.and_then(calendar::zone)
    }

    /// The zone that is asked, for people, and how we know of it.
    fn where_it_is(&self, zone: &TimeZone) -> String {
        let name = zone.iana_name().unwrap_or("UTC");
        match self.own_zone() {
            Some(_) => format!("{name}, the recipient's"),
            None => format!("{name}, the sender's, since no fact names one"),
        }
    }

    fn full<'z>(
        &self,
        cap: &Cap,
        rule: &'p RuleRef,
        whose: Whose,
        zone: impl FnOnce() -> &'z TimeZone,
    ) -> Option<Hold<'p>> {
        let most = usize::try_from(cap.most).unwrap_or(usize::MAX);
        if self.earlier.len() < most {
            return None;
        }
        let zone = zone();
        let window = cap.per.around(self.now, zone);
        let (mut delivered, mut reserved) = (0, 0);
        for one in self.earlier.iter().filter(|one| counts(cap, one)) {
            match one.stage {
                Stage::Delivered if one.at >= window.start => delivered += 1,
                Stage::Delivered => {}
                // Whenever it was claimed: it would be delivered now.
                Stage::Reserved => reserved += 1,
            }
        }
        let reached = reached(cap, whose);
        let (until, text) = if delivered >= most {
            let there = self.where_it_is(zone);
            (window.end, format!("{reached}; the next may go on {} ({there})", window.next))
        } else if delivered + reserved >= most {
            let text = format!("{reached} if what is on its way to the recipient is delivered");
            (self.now.checked_add(WHILE_ON_ITS_WAY).unwrap_or(Timestamp::MAX).min(window.end), text)
        } else {
            return None;
        };
        Some(Hold { reason: Reason::FrequencyCap, until, rule, text })
    }

    fn quiet(&self, quiet: &'p QuietHours, zone: &TimeZone) -> Option<Hold<'p>> {
        let (until, there) = quiet.hours.end(self.now, zone)?;
        let (from, to) = (shown(quiet.hours.from), shown(quiet.hours.to));
        let text = format!(
            "marketing waits from {from} to {to} ({}); may go on {} at {to}",
            self.where_it_is(zone),
            there.date()
        );
        Some(Hold { reason: Reason::QuietHours, until, rule: &quiet.rule, text })
    }
}

/// By whom a cap is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Senders,
    Persons,
}

fn reached(cap: &Cap, whose: Whose) -> String {
    let Cap { scope, most, per, .. } = cap;
    let about = scope.as_ref().map(|scope| format!(" in {scope}")).unwrap_or_default();
    match whose {
        Whose::Senders => {
            format!("the cap of {most} marketing {}{about} a {per} is reached", messages(*most))
        }
        Whose::Persons => format!("the recipient chose marketing once a {per} at most, and that is reached"),
    }
}

/// The caps that mail in this scope falls under.
fn caps<'p>(sender: &'p SenderPolicy, scope: Option<&Scope>) -> impl Iterator<Item = &'p Cap> {
    sender.caps.iter().filter(move |cap| match (&cap.scope, scope) {
        (None, _) => true,
        (Some(capped), Some(scope)) => capped.covers(scope),
        (Some(_), None) => false,
    })
}

fn hear(witness: &mut impl Witness, asked: Asked, rule: &RuleRef, hold: Option<&Hold<'_>>) {
    witness.hear(asked, rule, hold.map_or(Said::Passes, Said::Waits));
}

/// Of two that end together the first stands.
fn later<'p>(one: Option<Hold<'p>>, other: Option<Hold<'p>>) -> Option<Hold<'p>> {
    match (one, other) {
        (Some(one), Some(other)) if other.until > one.until => Some(other),
        (one, other) => one.or(other),
    }
}

fn counts(cap: &Cap, one: &Earlier) -> bool {
    match (&cap.scope, &one.scope) {
        (None, _) => true,
        (Some(capped), Some(scope)) => capped.covers(scope),
        (Some(_), None) => false,
    }
}

fn messages(count: u32) -> &'static str {
    if count == 1 { "message" } else { "messages" }
}

fn shown(time: jiff::civil::Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

#[cfg(test)]
mod tests;
