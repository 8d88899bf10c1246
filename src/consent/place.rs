//! What a fact may say of the person's place and language, whichever door it comes through. Pure.

use std::ops::RangeInclusive;

use crate::policy::{PolicySet, calendar, codes};

/// Why a cell or field about place or language is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    #[error("not a code such as `se`")]
    NoCode,
    #[error("neither a jurisdiction pack nor the code of a country")]
    NoPack,
    #[error("not a language tag such as `sv` or `sv-SE`")]
    NoLanguage,
    #[error("not a time zone such as `Europe/Stockholm`")]
    NoTimeZone,
    #[error("a time zone that is not known, unlike `Europe/Stockholm`")]
    UnknownZone,
}

/// A pack's id, or an ISO 3166-1 country code; one without a pack is judged by the strictest.
pub fn jurisdiction(policy: &PolicySet, code: &str) -> Result<(), NoPlace> {
    if !is_made_of(code, 2..=35, b"0123456789-_") {
        Err(NoPlace::NoCode)
    } else if codes::country(code).is_none() && policy.pack(code).is_none() {
        Err(NoPlace::NoPack)
    } else {
        Ok(())
    }
}

pub fn locale(tag: &str) -> Result<(), NoPlace> {
    is_made_of(tag, 2..=35, b"0123456789-_").then_some(()).ok_or(NoPlace::NoLanguage)
}

pub fn time_zone(name: &str) -> Result<(), NoPlace> {
    if !is_made_of(name, 2..=64, b"0123456789/_+-") {
        return Err(NoPlace::NoTimeZone);
    }
    calendar::zone(name).map(drop).ok_or(NoPlace::UnknownZone)
}

/// Whether a text of this length begins with a letter and holds only letters and `marks`.
fn is_made_of(text: &str, length: RangeInclusive<usize>, marks: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphabetic() || marks.contains(&byte);
    length.contains(&text.len())
        && text.bytes().all(fits)
        && text.bytes().next().is_some_and(|first| first.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::file;

    #[test]
    fn a_place_is_a_pack_or_a_country_in_either_case() {
        let policy = file::parse(&file::shipped()).unwrap().0;
        for code in ["se", "SE", "unknown", "eu", "uk", "GB", "br", "BR", "XK"] {
            assert_eq!(jurisdiction(&policy, code), Ok(()), "{code}");
        }
        for code in ["xx", "ZZ", "atlantis"] {
            assert_eq!(jurisdiction(&policy, code), Err(NoPlace::NoPack), "{code}");
        }
        assert_eq!(jurisdiction(&policy, "s e"), Err(NoPlace::NoCode));
    }
}
