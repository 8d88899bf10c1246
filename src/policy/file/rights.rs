//! `[rights]` of a sender's file: by when requests of people are met, and how long the link to their data works.

use std::time::Duration;

use super::value;
use crate::consent::request::{Due, Rights};
use crate::toml_file::{Table, Value};

/// A link that a mail brings must live until the mail is there; one that opens all data must not lie about for long.
const SHORTEST: Duration = Duration::from_secs(600);
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// GDPR 12(3): one month, which may be extended by two.
const MOST_MONTHS: u32 = 3;
const MOST_DAYS: u64 = 90;
const DAY: u64 = 24 * 3600;

pub fn read(table: &mut Table<'_>) -> Rights {
    let mut rights = Rights::default();
    let Some(mut own) = table.table("rights") else { return rights };
    if let Some(given) = own.take("fresh_link", fresh_link) {
        rights.fresh_link = jiff::SignedDuration::try_from(given.value).unwrap_or(rights.fresh_link);
    }
    if let Some(given) = own.take("due", due) {
        rights.due = given.value;
    }
    own.finish();
    rights
}

fn fresh_link(value: Value<'_>) -> Option<Duration> {
    let life = value.read(value::duration)?;
    match life {
        _ if life < SHORTEST => value.wrong("a link to a person's data must live ten minutes at least"),
        _ if life > LONGEST => value.wrong("a link to a person's data may live a day at most"),
        _ => Some(life),
    }
}

fn due(value: Value<'_>) -> Option<Due> {
    let due = value.read(|text| value::months(text).map(Due::Months).or_else(|_| days(text)))?;
    match due {
        Due::Months(months) if months > MOST_MONTHS => {
            value.wrong("a request is met within a month, and within three at most (GDPR 12(3))")
        }
        due => Some(due),
    }
}

fn days(text: &str) -> Result<Due, String> {
    let wrong = || format!("`{text}` is neither calendar months such as `1 month` nor days such as `30d`");
    let time = value::duration(text).map_err(|_| wrong())?.as_secs();
    let days =
        u32::try_from(time / DAY).ok().filter(|_| time.is_multiple_of(DAY) && time > 0).ok_or_else(wrong)?;
    if time / DAY > MOST_DAYS {
        Err("a request is met within a month, and within 90 days at most".to_owned())
    } else {
        Ok(Due::Days(days))
    }
}
