//! The parameters of MAIL and RCPT: `KEYWORD[=value]`, each at most once. RFC 5321, 4.1.2; RFC 1870; RFC 3461;
//! RFC 4954, 5; RFC 6152; RFC 6531.
//!
//! Read here and not by smtp-proto, which takes a number of too many digits for a small one, knows no
//! `utf-8` in ORCPT, and lets a parameter stand twice.

use crate::mail::parameters::{Envid, NotAValue, Notify, Orcpt, Ret, Utf8};
use crate::mail::{BodyType, MailParameters, RcptParameters};

/// RFC 1870, 3: a size has at most so many digits.
const MAX_SIZE_DIGITS: usize = 20;

/// What stands after MAIL's path. What `AUTH=` says is checked and not used.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct OfMail {
    /// 0 where it was not said. Tools get it wrong, so that it is no more than a hint.
    pub size: u64,
    pub body: Option<BodyType>,
    pub asked: MailParameters,
}

/// What is wrong with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ParameterError {
    Malformed,
    NotOffered,
    /// It goes beyond ASCII, and SMTPUTF8 was not asked for.
    NeedsUtf8,
}

impl From<NotAValue> for ParameterError {
    fn from(_: NotAValue) -> Self {
        Self::Malformed
    }
}

type Parameter<'a> = (String, Option<&'a str>);

pub(super) fn of_mail(text: &str) -> Result<OfMail, ParameterError> {
    let mut found = OfMail::default();
    for (keyword, value) in split(text)? {
        match (keyword.as_str(), value) {
            ("SIZE", Some(digits)) => found.size = size(digits)?,
            ("BODY", Some(value)) => found.body = Some(body(value)?),
            ("SMTPUTF8", None) => found.asked.utf8 = Utf8::Asked,
            ("RET", Some(value)) => found.asked.ret = Some(Ret::parse(value)?),
            ("ENVID", Some(value)) => found.asked.envid = Some(Envid::parse(value)?),
            ("AUTH", Some(value)) if is_xtext(value) => {}
            ("SIZE" | "BODY" | "SMTPUTF8" | "RET" | "ENVID" | "AUTH", _) => {
                return Err(ParameterError::Malformed);
            }
            _ => return Err(ParameterError::NotOffered),
        }
    }
    if text.is_ascii() { Ok(found) } else { Err(ParameterError::Malformed) }
}

pub(super) fn of_rcpt(text: &str, utf8: Utf8) -> Result<RcptParameters, ParameterError> {
    if utf8 == Utf8::NotAsked && !text.is_ascii() {
        return Err(ParameterError::NeedsUtf8);
    }
    let mut found = RcptParameters::default();
    for (keyword, value) in split(text)? {
        match (keyword.as_str(), value) {
            ("NOTIFY", Some(value)) => found.notify = Some(Notify::parse(value)?),
            ("ORCPT", Some(value)) => found.orcpt = Some(Orcpt::parse(value)?),
            ("NOTIFY" | "ORCPT", None) => return Err(ParameterError::Malformed),
            _ => return Err(ParameterError::NotOffered),
        }
    }
    Ok(found)
}

/// Keywords in capitals, each with its value.
fn split(text: &str) -> Result<Vec<Parameter<'_>>, ParameterError> {
    let mut found: Vec<Parameter<'_>> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let (keyword, value) = match word.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value)),
            None => (word, None),
        };
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if keyword.is_empty()
            || !keyword.bytes().all(letters)
            || value.is_some_and(|value| value.contains('='))
        {
            return Err(ParameterError::Malformed);
        }
        let keyword = keyword.to_ascii_uppercase();
        if found.iter().any(|(known, _)| *known == keyword) {
            return Err(ParameterError::Malformed);
        }
        found.push((keyword, value));
    }
    Ok(found)
}

fn size(digits: &str) -> Result<u64, ParameterError> {
    let number =
        (1..=MAX_SIZE_DIGITS).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if number { Ok(digits.parse().unwrap_or(u64::MAX)) } else { Err(ParameterError::Malformed) }
}

fn body(value: &str) -> Result<BodyType, ParameterError> {
    match value.to_ascii_uppercase().as_str() {
        "7BIT" => Ok(BodyType::SevenBit),
        "8BITMIME" => Ok(BodyType::EightBitMime),
        "BINARYMIME" => Err(ParameterError::NotOffered),
        _ => Err(ParameterError::Malformed),
    }
}

fn is_xtext(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_offered_parameters_are_taken() {
        let eight = |text: &str| of_mail(text).map(|found| (found.size, found.body));
        assert_eq!(eight("SIZE=99 BODY=8BITMIME"), Ok((99, Some(BodyType::EightBitMime))));
        assert_eq!(eight("body=8bitmime  size=99 AUTH=<>"), Ok((99, Some(BodyType::EightBitMime))));
        assert_eq!(eight("BODY=7BIT"), Ok((0, Some(BodyType::SevenBit))));
        assert_eq!(eight(""), Ok((0, None)));
        for text in [
            "SIZE=",
            "SIZE=x",
            "SIZE",
            "SIZE=-1",
            "SIZE=+1",
            "SIZE=1=2",
            "SIZE=1 SIZE=1",
            "BODY=9BIT",
            "BODY",
            "=",
            "=x",
            ">",
            "\"\"",
            "SMTPUTF8=",
            "SMTPUTF8=1",
            "SMTPUTF8 SMTPUTF8",
            "RET",
            "RET=X",
            "ENVID=",
            "ENVID=a+",
            "AUTH",
            "AUTH=",
            "SIZE=ö",
            "ö",
        ] {
            assert_eq!(of_mail(text), Err(ParameterError::Malformed), "{text}");
        }
        for text in [
            "BODY=BINARYMIME",
            "REQUIRETLS",
            "HOLDFOR=1",
            "MT-PRIORITY=3",
            "BY=1;N",
            "TRANSID=<a>",
            "MTRK=a",
            "SOLICIT=a",
            "XFOO=1",
            "XFOO",
            "NOTIFY=NEVER",
        ] {
            assert_eq!(of_mail(text), Err(ParameterError::NotOffered), "{text}");
        }
    }

    #[test]
    fn a_size_of_many_digits_is_large_and_never_small() {
        let size = |text: &str| of_mail(text).map(|found| found.size);
        assert_eq!(size("SIZE=18446744073709551615"), Ok(u64::MAX));
        assert_eq!(size("SIZE=18446744073709551616"), Ok(u64::MAX));
        assert_eq!(size("SIZE=99999999999999999999"), Ok(u64::MAX));
        assert_eq!(size("SIZE=999999999999999999999"), Err(ParameterError::Malformed));
    }

    #[test]
    fn what_the_tool_wants_to_be_told_is_read() {
        let asked = of_mail("RET=hdrs ENVID=QQ+2B1 SMTPUTF8").unwrap().asked;
        assert_eq!((asked.utf8, asked.ret), (Utf8::Asked, Some(Ret::Headers)));
        assert_eq!(asked.envid.unwrap().text(), "QQ+1");
        let asked = of_rcpt("NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a@B.example", Utf8::NotAsked).unwrap();
        assert_eq!(asked.notify.unwrap().to_string(), "SUCCESS,DELAY");
        assert_eq!(asked.orcpt.unwrap().to_string(), "rfc822;a@b.example");
        for text in
            ["NOTIFY", "NOTIFY=NEVER,DELAY", "NOTIFY=NEVER NOTIFY=DELAY", "ORCPT=a@b.example", "ORCPT"]
        {
            assert_eq!(of_rcpt(text, Utf8::NotAsked), Err(ParameterError::Malformed), "{text}");
        }
        assert_eq!(of_rcpt("RRVS=2026-11-21T12:00:00Z", Utf8::NotAsked), Err(ParameterError::NotOffered));
        assert_eq!(of_rcpt("ORCPT=utf-8;å@b.example", Utf8::NotAsked), Err(ParameterError::NeedsUtf8));
        assert!(of_rcpt("ORCPT=utf-8;å@b.example", Utf8::Asked).is_ok());
    }
}
