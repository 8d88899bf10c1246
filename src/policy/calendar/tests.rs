//! Windows and hours where clocks are set forward and back.

use jiff::civil::time;
use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[track_caller]
fn check(window: Window, zone_name: &str, now: &str, start: &str, end: &str) {
    let stretch = window.around(at(now), &zone(zone_name).unwrap());
    assert_eq!((stretch.start, stretch.end), (at(start), at(end)), "{window} in {zone_name} at {now}");
}

#[test]
fn a_day_is_the_recipients() {
    check(Window::Day, "UTC", "2026-11-22T23:59:59Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z");
    check(
        Window::Day,
        "Europe/Stockholm",
        "2026-11-22T23:30:00Z",
        "2026-11-22T23:00:00Z",
        "2026-11-23T23:00:00Z",
    );
    check(Window::Day, "asia/tokyo", "2026-11-22T15:00:00Z", "2026-11-22T15:00:00Z", "2026-11-23T15:00:00Z");
}

#[test]
fn a_day_has_23_or_25_hours_where_clocks_are_set() {
    check(
        Window::Day,
        "Europe/Stockholm",
        "2026-03-29T12:00:00Z",
        "2026-03-28T23:00:00Z",
        "2026-03-29T22:00:00Z",
    );
    check(
        Window::Day,
        "Europe/Stockholm",
        "2026-10-25T12:00:00Z",
        "2026-10-24T22:00:00Z",
        "2026-10-25T23:00:00Z",
    );
}

#[test]
fn a_day_without_a_midnight_begins_when_the_clock_is_set_forward() {
    // 00:00 to 01:00 was left out that night.
    check(
        Window::Day,
        "America/Sao_Paulo",
        "2018-11-04T12:00:00Z",
        "2018-11-04T03:00:00Z",
        "2018-11-05T02:00:00Z",
    );
    // A whole day was left out.
    check(
        Window::Day,
        "Pacific/Apia",
        "2011-12-30T09:59:59Z",
        "2011-12-29T10:00:00Z",
        "2011-12-30T10:00:00Z",
    );
}

#[test]
fn a_week_begins_on_monday_and_a_month_on_its_first() {
    check(
        Window::Week,
        "Europe/Stockholm",
        "2026-11-22T22:59:00Z",
        "2026-11-15T23:00:00Z",
        "2026-11-22T23:00:00Z",
    );
    check(
        Window::Week,
        "Europe/Stockholm",
        "2026-11-22T23:00:00Z",
        "2026-11-22T23:00:00Z",
        "2026-11-29T23:00:00Z",
    );
    check(
        Window::Month,
        "America/New_York",
        "2026-03-01T04:59:00Z",
        "2026-02-01T05:00:00Z",
        "2026-03-01T05:00:00Z",
    );
    check(
        Window::Month,
        "America/New_York",
        "2026-03-10T00:00:00Z",
        "2026-03-01T05:00:00Z",
        "2026-04-01T04:00:00Z",
    );
}

#[track_caller]
fn quiet(from: i8, to: (i8, i8), zone_name: &str, now: &str, expected: Option<&str>) {
    let hours = Hours { from: time(from, 0, 0, 0), to: time(to.0, to.1, 0, 0) };
    let end = hours.end(at(now), &zone(zone_name).unwrap()).map(|(end, _)| end);
    assert_eq!(end, expected.map(at), "{from} to {to:?} in {zone_name} at {now}");
}

#[test]
fn hours_may_go_over_midnight() {
    let stockholm = "Europe/Stockholm";
    quiet(21, (8, 0), stockholm, "2026-11-22T19:59:59Z", None);
    quiet(21, (8, 0), stockholm, "2026-11-22T20:00:00Z", Some("2026-11-23T07:00:00Z"));
    quiet(21, (8, 0), stockholm, "2026-11-23T06:59:59Z", Some("2026-11-23T07:00:00Z"));
    quiet(21, (8, 0), stockholm, "2026-11-23T07:00:00Z", None);
    quiet(12, (14, 0), stockholm, "2026-11-22T11:30:00Z", Some("2026-11-22T13:00:00Z"));
    quiet(12, (14, 0), stockholm, "2026-11-22T13:00:00Z", None);
    quiet(21, (0, 0), stockholm, "2026-11-22T20:00:00Z", Some("2026-11-22T23:00:00Z"));
}

#[test]
fn a_night_is_an_hour_shorter_or_longer_where_clocks_are_set() {
    quiet(21, (8, 0), "Europe/Stockholm", "2026-03-28T20:00:00Z", Some("2026-03-29T06:00:00Z"));
    quiet(21, (8, 0), "Europe/Stockholm", "2026-10-24T19:00:00Z", Some("2026-10-25T07:00:00Z"));
}

#[test]
fn hours_that_end_at_a_time_that_does_not_exist_end_when_the_clock_has_passed_it() {
    quiet(21, (2, 30), "Europe/Stockholm", "2026-03-29T00:59:00Z", Some("2026-03-29T01:00:00Z"));
    quiet(21, (2, 30), "Europe/Stockholm", "2026-03-29T01:00:00Z", None);
}

#[test]
fn hours_that_end_at_a_time_that_comes_twice_end_at_each() {
    // 02:00 to 03:00 comes at 00:00Z and again at 01:00Z.
    quiet(21, (2, 30), "Europe/Stockholm", "2026-10-25T00:10:00Z", Some("2026-10-25T00:30:00Z"));
    quiet(21, (2, 30), "Europe/Stockholm", "2026-10-25T00:40:00Z", None);
    quiet(21, (2, 30), "Europe/Stockholm", "2026-10-25T01:10:00Z", Some("2026-10-25T01:30:00Z"));
}

#[test]
fn what_is_no_zone_is_none() {
    for name in ["", "Europe", "Europe/Atlantis", "+02:00", "../etc/passwd"] {
        assert!(zone(name).is_none(), "{name}");
    }
}

fn zones() -> impl Strategy<Value = TimeZone> {
    let names = [
        "UTC",
        "Europe/Stockholm",
        "America/Sao_Paulo",
        "America/St_Johns",
        "America/Havana",
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "Africa/Casablanca",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "Pacific/Apia",
        "Pacific/Chatham",
        "America/Toronto",
    ];
    prop::sample::select(names.to_vec()).prop_map(|name| zone(name).unwrap())
}

fn moments() -> impl Strategy<Value = Timestamp> {
    (-1_700_000_000i64..2_500_000_000).prop_map(|second| Timestamp::from_second(second).unwrap())
}

proptest! {
    #[test]
    fn every_moment_lies_in_one_window_and_windows_follow_each_other(zone in zones(), now in moments()) {
        for window in Window::ALL {
            let own = window.around(now, &zone);
            prop_assert!(own.start <= now && now < own.end, "{window}: {own:?}");
            let next = window.around(own.end, &zone);
            prop_assert_eq!(next.start, own.end, "{}", window);
            let last = window.around(Timestamp::from_second(own.end.as_second() - 1).unwrap(), &zone);
            prop_assert_eq!(last, own, "{}", window);
            prop_assert!(own.end.duration_since(own.start).as_hours() / 24 < window.reach_days());
        }
    }

    #[test]
    fn hours_end_later_than_now_and_then_they_are_over(
        zone in zones(),
        now in moments(),
        from in 0..1440i32,
        length in 1..1440i32,
    ) {
        let clock = |minute: i32| time((minute / 60 % 24) as i8, (minute % 60) as i8, 0, 0);
        let hours = Hours { from: clock(from), to: clock(from + length) };
        prop_assert_eq!(hours.minutes(), i64::from(length));
        if let Some((end, _)) = hours.end(now, &zone) {
            prop_assert!(end > now);
            prop_assert!(end.duration_since(now).as_hours() < 50);
            let minute_before = Timestamp::from_second(end.as_second() - 1).unwrap().max(now);
            prop_assert!(hours.end(minute_before, &zone).is_some());
        }
    }
}
