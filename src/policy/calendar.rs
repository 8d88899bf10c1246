//! Days, weeks, months and hours of the day as a clock on the recipient's wall shows them. Pure: time zones are
//! those that this program was built with, so that every node decides alike (invariant 13).
//!
//! A day may have 23 or 25 hours, an hour may come twice or not at all: each window ends where the next begins.

use std::fmt;
use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Span, Timestamp, ToSpan as _};

/// The time zone of an IANA name, in any case; `None` of what is none.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok()
}

/// The names that a person may choose among, `Europe/Stockholm`, in order: no aliases of countries, no offsets.
pub fn zone_names() -> impl Iterator<Item = &'static str> {
    static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let all = TimeZoneDatabase::bundled();
        let names = all.available().map(|name| name.as_str().to_owned());
        let region =
            |name: &String| name.split_once('/').is_some_and(|(region, _)| REGIONS.contains(&region));
        let mut names: Vec<String> = names.filter(region).collect();
        names.sort();
        names
    });
    NAMES.iter().map(String::as_str)
}

const REGIONS: [&str; 10] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
];

/// A stretch of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Window {
    Day,
    /// From Monday.
    Week,
    Month,
}

/// The window that holds a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its first moment.
    pub start: Timestamp,
    /// The first moment of the next one.
    pub end: Timestamp,
    /// The first day of the next one.
    pub next: Date,
}

impl Window {
    pub const ALL: [Window; 3] = [Window::Day, Window::Week, Window::Month];

    /// The word of policy files: `1/day`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// Days for which what was delivered may matter: the window's own, and one for clocks and zones that differ.
    fn reach_days(self) -> i64 {
        match self {
            Self::Day => 2,
            Self::Week => 9,
            Self::Month => 33,
        }
    }

    /// From when on anything may matter to any window that holds this moment, wherever.
    pub fn longest_reach(now: Timestamp) -> Timestamp {
        Self::Month.reach(now)
    }

    /// From when on what was delivered may matter to the window that holds this moment, wherever.
    pub fn reach(self, now: Timestamp) -> Timestamp {
        now.checked_sub(SignedDuration::from_hours(24 * self.reach_days())).unwrap_or(Timestamp::MIN)
    }

    /// The window that holds this moment there.
    pub fn around(self, now: Timestamp, zone: &TimeZone) -> Stretch {
        let today = day(now, zone);
        let (first, length): (Date, Span) = match self {
            Self::Day => (today, 1.day()),
            Self::Week => (monday(today), 7.days()),
            Self::Month => (today.first_of_month(), 1.month()),
        };
        let next = first.checked_add(length).unwrap_or(Date::MAX);
        Stretch { start: begin(first, zone), end: begin(next, zone), next }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// The day there. A day that has begun goes on, though the clock be set back over its midnight.
fn day(now: Timestamp, zone: &TimeZone) -> Date {
    let shown = zone.to_datetime(now).date();
    match shown.tomorrow() {
        Ok(tomorrow) if begin(tomorrow, zone) <= now => tomorrow,
        _ => shown,
    }
}

fn begin(day: Date, zone: &TimeZone) -> Timestamp {
    first_moment(day.to_datetime(Time::midnight()), zone)
}

fn monday(day: Date) -> Date {
    let since = i64::from(day.weekday().to_monday_zero_offset());
    day.checked_sub(since.days()).unwrap_or(Date::MIN)
}

/// A part of every day, over midnight where it ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hours {
    pub from: Time,
    pub to: Time,
}

impl Hours {
    /// If this moment lies within them there: the first moment after them, and the day and time that a clock
    /// there is meant to show then.
    pub fn end(&self, now: Timestamp, zone: &TimeZone) -> Option<(Timestamp, DateTime)> {
        let there = zone.to_datetime(now);
        let (after_from, before_to) = (there.time() >= self.from, there.time() < self.to);
        let tomorrow = || there.date().tomorrow().unwrap_or(Date::MAX);
        let day = match (self.from < self.to, after_from, before_to) {
            (true, true, true) | (false, false, true) => there.date(),
            (false, true, _) => tomorrow(),
            (true, ..) | (false, false, false) => return None,
        };
        let end = day.to_datetime(self.to);
        let first = first_moment(end, zone);
        // The hour comes twice, and this is its second time.
        let at = if first > now { first } else { last_moment(end, zone) };
        Some((at, end))
    }

    /// Their length by the clock, in minutes.
    pub fn minutes(&self) -> i64 {
        let minutes = |time: Time| i64::from(time.hour()) * 60 + i64::from(time.minute());
        (minutes(self.to) - minutes(self.from)).rem_euclid(24 * 60)
    }
}

/// The first moment at which a clock there shows this time, or has passed it where the time does not exist.
fn first_moment(time: DateTime, zone: &TimeZone) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    let at = |offset: jiff::tz::Offset| offset.to_timestamp(time).unwrap_or(Timestamp::MAX);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => at(offset),
        AmbiguousOffset::Fold { before, .. } => at(before),
        AmbiguousOffset::Gap { before, after } => {
            // Between the two the clock is set forward.
            let change = zone.following(at(after)).next().map(|change| change.timestamp());
            change.map_or(at(before), |change| change.min(at(before)))
        }
    }
}

/// The last moment at which a clock there shows this time.
fn last_moment(time: DateTime, zone: &TimeZone) -> Timestamp {
    match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Fold { after, .. } => after.to_timestamp(time).unwrap_or(Timestamp::MAX),
        _ => first_moment(time, zone),
    }
}

#[cfg(test)]
mod tests;
