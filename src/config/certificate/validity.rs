//! When a certificate ends: the one field of X.509 that has to be read here. RFC 5280, 4.1.
//!
//! It only serves the metric that warns in time, so what can't be read has no end rather than being a mistake.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of a certificate's validity. `None` if it can't be read.
pub fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (_, mut certificate) = expect(SEQUENCE, &mut { certificate })?;
    let (_, mut signed) = expect(SEQUENCE, &mut certificate)?;
    if signed.first() == Some(&VERSION) {
        element(&mut signed)?;
    }
    for tag in [INTEGER, SEQUENCE, SEQUENCE] {
        expect(tag, &mut signed)?;
    }
    let (_, mut validity) = expect(SEQUENCE, &mut signed)?;
    element(&mut validity)?;
    let (tag, text) = element(&mut validity)?;
    time(tag, std::str::from_utf8(text).ok()?)
}

fn expect<'a>(wanted: u8, rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    element(rest).filter(|(tag, _)| *tag == wanted)
}

/// The next element's tag and content, taken off `rest`.
fn element<'a>(rest: &mut &'a [u8]) -> Option<(u8, &'a [u8])> {
    let (&[tag, short], mut after) = rest.split_first_chunk::<2>()?;
    let length = match short {
        0..=0x7f => usize::from(short),
        // A certificate of more than 16 MiB is none.
        0x81..=0x83 => {
            let (digits, content) = after.split_at_checked(usize::from(short & 0x0f))?;
            after = content;
            digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit))
        }
        _ => return None,
    };
    let (content, after) = after.split_at_checked(length)?;
    *rest = after;
    Some((tag, content))
}

/// `YYMMDDHHMMSSZ` (from 1950 to 2049) or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let full = match tag {
        UTC_TIME if text.get(..2)?.parse::<u8>().ok()? < 50 => format!("20{text}"),
        UTC_TIME => format!("19{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let at = DateTime::strptime("%Y%m%d%H%M%SZ", full).ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read() {
        for (year, expected) in [(2031, "2031-02-03T00:00:00Z"), (2077, "2077-02-03T00:00:00Z")] {
            let mut wanted = rcgen::CertificateParams::new(vec!["gateway.example".to_owned()]).unwrap();
            wanted.not_after = rcgen::date_time_ymd(year, 2, 3);
            let made = wanted.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
            assert_eq!(not_after(made.der()).unwrap().to_string(), expected);
        }
    }

    proptest! {
        #[test]
        fn nothing_upsets_the_reader(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = not_after(&octets);
            let framed = [&[0x30, 0x82, 0x00, 0xc0, 0x30, 0x81, 0xb0, 0x02, 0x01, 0x01], &octets[..]].concat();
            let _ = not_after(&framed);
        }
    }
}
