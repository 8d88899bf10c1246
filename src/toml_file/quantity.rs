//! Sizes, durations and rates as people type them: `25 MiB`, `60s`, `20/s`.

use std::time::Duration;

use crate::policy::shaping::{Per, Rate};

/// The longest duration that makes sense anywhere.
const MAX_DURATION: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// `24h`, `5d`, `90m`, `30s`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration such as `24h`, `5d`, `90m` or `30s`");
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 24 * 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let duration = Duration::from_secs(number.saturating_mul(seconds));
    if duration.is_zero() || duration > MAX_DURATION {
        return Err(format!("`{text}` is too short or too long"));
    }
    Ok(duration)
}

/// `64 KiB`, `25 MiB`, `1 GiB`: octets.
pub fn size(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is not a size such as `64 KiB` or `25 MiB`");
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let shift = match unit.trim_start() {
        "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        _ => return Err(wrong()),
    };
    let number: usize = number.parse().map_err(|_| wrong())?;
    number.checked_mul(1 << shift).ok_or_else(|| format!("`{text}` is too large"))
}

/// `20/s`, `600/minute`, `5000/hour`, `500000/day`.
pub fn rate(text: &str) -> Result<Rate, String> {
    let wrong =
        || format!("`{text}` is not a rate such as `20/s`, `600/minute`, `5000/hour` or `500000/day`");
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let per = match unit {
        "s" => Per::Second,
        "minute" => Per::Minute,
        "hour" => Per::Hour,
        "day" => Per::Day,
        _ => return Err(wrong()),
    };
    let permits: u32 = number.parse().map_err(|_| wrong())?;
    if permits == 0 {
        return Err(format!("`{text}` would let nothing through, ever"));
    }
    Ok(Rate { permits, per })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_unit() {
        assert_eq!(duration("90m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("5d"), Ok(Duration::from_secs(5 * 24 * 3600)));
        for wrong in ["", "5", "h", "5 d", "-5d", "1.5h", "0s", "99999999999999999999d", "1h30m", "5å"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_binary_and_have_a_unit() {
        assert_eq!(size("25 MiB"), Ok(25 << 20));
        assert_eq!(size("64KiB"), Ok(65_536));
        for wrong in ["25", "25 MB", "MiB", "", "-1 B", "18446744073709551615 GiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
