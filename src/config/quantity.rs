//! Sizes and durations as people type them: `25 MiB`, `60s`.

use std::time::Duration;

/// A length of time: a whole number and `ms`, `s`, `m`, `h` or `d`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text).ok_or_else(|| NOT_A_DURATION.to_owned())?;
    let seconds = |each: u64| number.checked_mul(each).map(Duration::from_secs);
    let length = match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "m" | "min" => seconds(60),
        "h" => seconds(3_600),
        "d" => seconds(86_400),
        _ => return Err(NOT_A_DURATION.to_owned()),
    };
    length.ok_or_else(|| "too long a time".to_owned())
}

/// A size in octets: a whole number and `B`, `KiB`, `MiB` or `GiB`.
pub fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = split(text).ok_or_else(|| NOT_A_SIZE.to_owned())?;
    let octets = match unit {
        "B" => Some(number),
        "KiB" => number.checked_mul(1 << 10),
        "MiB" => number.checked_mul(1 << 20),
        "GiB" => number.checked_mul(1 << 30),
        _ => return Err(NOT_A_SIZE.to_owned()),
    };
    octets.and_then(|octets| usize::try_from(octets).ok()).ok_or_else(|| "too large a size".to_owned())
}

const NOT_A_DURATION: &str = "not a length of time; write it like \"60s\", \"5m\" or \"24h\"";
const NOT_A_SIZE: &str = "not a size; write it like \"25 MiB\" or \"64 KiB\"";

fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_as_people_type_them() {
        assert_eq!(duration("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(duration("24 h"), Ok(Duration::from_secs(86_400)));
        assert_eq!(size("25 MiB"), Ok(25 << 20));
        assert_eq!(size("64KiB"), Ok(65_536));
    }

    #[test]
    fn what_has_no_unit_or_overflows_is_refused() {
        for text in ["60", "", "s", "-1s", "1.5h", "99999999999999999999s", "9999999999999999999d"] {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["25", "25 MB", "MiB", "18446744073709551615 GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
