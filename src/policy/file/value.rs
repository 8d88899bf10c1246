//! The small syntaxes inside policy values: durations, months, rates, domains, ids.

use jiff::civil::Time;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::mail::address::domain_to_ascii;
use crate::policy::sender::DomainPattern;
use crate::policy::{calendar, codes};
use crate::toml_file::nearest::nearest;

pub use crate::toml_file::quantity::{duration, rate};

/// `24 months`, `1 month`.
pub fn months(text: &str) -> Result<u32, String> {
    let number = text.strip_suffix(" months").or_else(|| text.strip_suffix(" month"));
    let number = number.and_then(|number| number.parse().ok()).filter(|months| (1..=1200).contains(months));
    number.ok_or_else(|| format!("`{text}` is not a number of calendar months such as `24 months`"))
}

/// `shop.example`, `*.shop.example`.
pub fn domain_pattern(text: &str) -> Result<DomainPattern, String> {
    match text.strip_prefix("*.") {
        Some(below) => domain(below).map(DomainPattern::Below),
        None => domain(text).map(DomainPattern::Exact),
    }
}

/// A domain as A-labels.
pub fn domain(text: &str) -> Result<String, String> {
    domain_to_ascii(text).ok_or_else(|| format!("`{text}` is not a domain"))
}

/// A name that others refer to: lower-case letters, digits, `-`, `_` and `.`, at most 64 octets.
pub fn id(text: &str) -> Result<String, String> {
    let fits = (1..=64).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.'));
    if fits {
        Ok(text.to_owned())
    } else {
        let lower = text.to_lowercase();
        let hint =
            if lower != text && id(&lower).is_ok() { format!("; write `{lower}`") } else { String::new() };
        Err(format!("`{text}` is not an id: lower-case letters, digits, `-`, `_` and `.`, at most 64{hint}"))
    }
}

/// An ISO 3166-1 alpha-2 code, in capital letters.
pub fn country(text: &str) -> Result<String, String> {
    codes::country(text).ok_or_else(|| {
        let hint = if text.eq_ignore_ascii_case("UK") { "; did you mean `GB`?" } else { "" };
        format!("`{text}` is not a country code of two letters such as `SE` (ISO 3166-1){hint}")
    })
}

/// A language tag (RFC 5646), roughly: of a language that there is, its code in lower case.
pub fn language(text: &str) -> Result<String, String> {
    let subtag = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    let (primary, rest) = text.split_once('-').map_or((text, None), |(primary, rest)| (primary, Some(rest)));
    if text.len() > 35 || !text.split('-').all(subtag) || !codes::is_language(primary) {
        let hint = codes::meant_language(text).map(|meant| format!("; did you mean `{meant}`?"));
        let hint = hint.unwrap_or_default();
        return Err(format!("`{text}` is not a language tag such as `sv` or `de-AT`{hint}"));
    }
    let primary = primary.to_ascii_lowercase();
    Ok(rest.map_or_else(|| primary.clone(), |rest| format!("{primary}-{rest}")))
}

/// An IANA time zone.
pub fn time_zone(text: &str) -> Result<TimeZone, String> {
    calendar::zone(text).ok_or_else(|| {
        let known: Vec<String> =
            TimeZoneDatabase::bundled().available().map(|name| name.to_string()).collect();
        match nearest(text, known.iter().map(String::as_str)) {
            Some(near) => format!("`{text}` is not a time zone; did you mean `{near}`?"),
            None => format!("`{text}` is not a time zone such as `Europe/Stockholm`"),
        }
    })
}

/// `21:00`.
pub fn time_of_day(text: &str) -> Result<Time, String> {
    let time = text.parse::<Time>().ok().filter(|_| text.len() == "21:00".len() && text.contains(':'));
    time.ok_or_else(|| format!("`{text}` is not a time of day such as `21:00`"))
}

/// A header field's name. RFC 5322, 3.6.8.
pub fn header_name(text: &str) -> Result<String, String> {
    if !text.is_empty() && text.bytes().all(|byte| matches!(byte, 33..=126) && byte != b':') {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not the name of a header field"))
    }
}

/// A regular expression, small enough to be run on every message.
pub fn regex(text: &str) -> Result<regex::Regex, String> {
    regex::RegexBuilder::new(text)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| format!("not a regular expression: {}", error.to_string().replace('\n', " ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::shaping::{Per, Rate};

    #[test]
    fn rates_name_their_window() {
        assert_eq!(rate("20/s"), Ok(Rate { permits: 20, per: Per::Second }));
        assert_eq!(rate("500000/day"), Ok(Rate { permits: 500_000, per: Per::Day }));
        for wrong in ["20", "20/", "/s", "0/s", "20/week", "-1/s", "5000000000/day"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn months_are_calendar_months() {
        assert_eq!(months("24 months"), Ok(24));
        assert_eq!(months("1 month"), Ok(1));
        assert!(months("24").is_err() && months("0 months").is_err() && months("2 years").is_err());
    }

    #[test]
    fn domains_may_be_exact_or_below() {
        assert_eq!(domain_pattern("Shop.Example"), Ok(DomainPattern::Exact("shop.example".into())));
        assert_eq!(
            domain_pattern("*.bücher.example"),
            Ok(DomainPattern::Below("xn--bcher-kva.example".into()))
        );
        assert!(
            domain_pattern("*").is_err() && domain_pattern("a b").is_err() && domain_pattern("").is_err()
        );
    }
}
