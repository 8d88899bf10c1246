//! What MAIL and RCPT say beside the addresses: SMTPUTF8 (RFC 6531), and of what the tool wants to be told
//! (DSN, RFC 3461). Parsed and written anew, never echoed (invariant 8).

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Address, xtext};

/// The longest ENVID, encoded. RFC 3461, 4.4.
const MAX_ENVID: usize = 100;
/// The longest ORCPT, encoded: as it came, and as it is written anew. RFC 3461, 4.2 and 5.4.
const MAX_ORCPT: usize = 500;
/// The longest address type; those that are registered have at most eight letters.
const MAX_KIND: usize = 32;

/// What MAIL asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MailParameters {
    pub utf8: Utf8,
    pub ret: Option<Ret>,
    pub envid: Option<Envid>,
}

/// What RCPT asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RcptParameters {
    pub notify: Option<Notify>,
    pub orcpt: Option<Orcpt>,
}

/// Whether the tool said SMTPUTF8. Some always do, so it tells nothing of what the message holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Utf8 {
    Asked,
    #[default]
    NotAsked,
}

/// How much of a message that failed goes back. RFC 3461, 4.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ret {
    Full,
    Headers,
}

/// The tool's own name for the transaction, decoded: printable ASCII and blanks. RFC 3461, 4.4.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envid(String);

/// Of what a notification may tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    Success,
    Failure,
    Delay,
}

/// Of what the tool wants to be told about a recipient; of nothing, where it said NEVER. RFC 3461, 4.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify(BTreeSet<Occasion>);

/// Whom the message was for at first. RFC 3461, 4.2.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orcpt {
    /// The address type in lower case: `rfc822`, `utf-8`.
    kind: String,
    /// Decoded; an address that we can read in our own writing.
    address: String,
}

/// A text that is no value of the parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a value of this parameter")]
pub struct NotAValue;

impl RcptParameters {
    /// Whether a notification may tell of this. Without NOTIFY failures alone are told (RFC 3461, 4.1).
    pub fn wants(&self, occasion: Occasion) -> bool {
        match &self.notify {
            Some(notify) => notify.0.contains(&occasion),
            None => occasion == Occasion::Failure,
        }
    }
}

impl Ret {
    pub fn parse(text: &str) -> Result<Self, NotAValue> {
        match text.to_ascii_uppercase().as_str() {
            "FULL" => Ok(Self::Full),
            "HDRS" => Ok(Self::Headers),
            _ => Err(NotAValue),
        }
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Full => "FULL",
            Self::Headers => "HDRS",
        })
    }
}

impl Envid {
    /// From its xtext.
    pub fn parse(text: &str) -> Result<Self, NotAValue> {
        let fits = (1..=MAX_ENVID).contains(&text.len());
        xtext::decode(text).filter(|_| fits).map(Self).ok_or(NotAValue)
    }

    /// Decoded.
    pub fn text(&self) -> &str {
        &self.0
    }
}

/// As xtext.
impl fmt::Display for Envid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&xtext::encode(&self.0))
    }
}

impl Notify {
    /// NEVER stands alone.
    pub fn parse(text: &str) -> Result<Self, NotAValue> {
        if text.eq_ignore_ascii_case("NEVER") {
            return Ok(Self(BTreeSet::new()));
        }
        let occasion = |word: &str| match word.to_ascii_uppercase().as_str() {
            "SUCCESS" => Ok(Occasion::Success),
            "FAILURE" => Ok(Occasion::Failure),
            "DELAY" => Ok(Occasion::Delay),
            _ => Err(NotAValue),
        };
        text.split(',').map(occasion).collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |occasion: &Occasion| match occasion {
            Occasion::Success => "SUCCESS",
            Occasion::Failure => "FAILURE",
            Occasion::Delay => "DELAY",
        };
        let words: Vec<&str> = self.0.iter().map(word).collect();
        out.write_str(if words.is_empty() { "NEVER" } else { "" })?;
        out.write_str(&words.join(","))
    }
}

impl Orcpt {
    /// From `addr-type;xtext`. What is beyond ASCII takes up to three times as much where it is written as
    /// RFC 6533, 3 has it for every server; an address always fits, but what is none may not.
    pub fn parse(text: &str) -> Result<Self, NotAValue> {
        let (kind, encoded) = text.split_once(';').ok_or(NotAValue)?;
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let kind_fits = (1..=MAX_KIND).contains(&kind.len()) && kind.bytes().all(letters);
        if text.len() > MAX_ORCPT || encoded.is_empty() || !kind_fits {
            return Err(NotAValue);
        }
        let kind = kind.to_ascii_lowercase();
        let address = if kind == "utf-8" { xtext::decode_utf8(encoded) } else { xtext::decode(encoded) };
        let address = address.ok_or(NotAValue)?;
        // Whom it was for elsewhere may be no address here; then it is kept as a text.
        let address = address.parse::<Address>().map_or(address, |address| address.to_string());
        let orcpt = Self { kind, address };
        if orcpt.to_string().len() > MAX_ORCPT { Err(NotAValue) } else { Ok(orcpt) }
    }

    /// As a field of a notification has it: `rfc822; anna@example.se`. Always printable ASCII.
    pub fn typed(&self) -> String {
        let address =
            if self.kind == "utf-8" { xtext::encode_utf8(&self.address) } else { self.address.clone() };
        format!("{}; {address}", self.kind)
    }
}

/// As the parameter has it.
impl fmt::Display for Orcpt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encode = if self.kind == "utf-8" { xtext::encode_utf8 } else { xtext::encode };
        write!(out, "{};{}", self.kind, encode(&self.address))
    }
}

/// Invariant 11: it names a person.
impl fmt::Debug for Orcpt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{};***", self.kind)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn never_stands_alone() {
        let written = |text: &str| Notify::parse(text).map(|notify| notify.to_string());
        assert_eq!(written("never").as_deref(), Ok("NEVER"));
        assert_eq!(written("Failure,SUCCESS").as_deref(), Ok("SUCCESS,FAILURE"));
        assert_eq!(written("DELAY").as_deref(), Ok("DELAY"));
        for bad in ["", "NEVER,SUCCESS", "FAILURE,NEVER", "ALWAYS", "SUCCESS,", "SUCCESS, DELAY"] {
            assert_eq!(written(bad), Err(NotAValue), "{bad}");
        }
    }

    #[test]
    fn without_notify_failures_alone_are_told() {
        let wants = |notify: Option<&str>| {
            let notify = notify.map(|text| Notify::parse(text).unwrap());
            let asked = RcptParameters { notify, orcpt: None };
            [Occasion::Success, Occasion::Failure, Occasion::Delay].map(|occasion| asked.wants(occasion))
        };
        assert_eq!(wants(None), [false, true, false]);
        assert_eq!(wants(Some("NEVER")), [false, false, false]);
        assert_eq!(wants(Some("SUCCESS,DELAY")), [true, false, true]);
    }

    #[test]
    fn names_of_transactions_are_written_anew() {
        let envid = Envid::parse("QQ+2B31+20x").unwrap();
        assert_eq!((envid.text(), envid.to_string().as_str()), ("QQ+31 x", "QQ+2B31+20x"));
        let long = "x".repeat(MAX_ENVID + 1);
        for bad in ["", "a+0D+0AX:", "a b", "=", long.as_str()] {
            assert_eq!(Envid::parse(bad), Err(NotAValue), "{bad}");
        }
    }

    #[test]
    fn original_recipients_are_written_anew() {
        let check = |given: &str, parameter: &str, field: &str| {
            let orcpt = Orcpt::parse(given).unwrap();
            assert_eq!((orcpt.to_string().as_str(), orcpt.typed().as_str()), (parameter, field));
            assert_eq!(Orcpt::parse(parameter), Ok(orcpt));
        };
        check("RFC822;Anna+2Bx@EXAMPLE.se", "rfc822;Anna+2Bx@example.se", "rfc822; Anna+x@example.se");
        check("rfc822;\"a\"@b.example", "rfc822;a@b.example", "rfc822; a@b.example");
        check("rfc822;not+20an+20address", "rfc822;not+20an+20address", "rfc822; not an address");
        check("x400;/C+3DSE/A+3D/", "x400;/C+3DSE/A+3D/", "x400; /C=SE/A=/");
        check("utf-8;\\x{E5}sa@example.se", "utf-8;\\x{E5}sa@example.se", "utf-8; \\x{E5}sa@example.se");
        check("utf-8;åsa@example.se", "utf-8;\\x{E5}sa@example.se", "utf-8; \\x{E5}sa@example.se");
    }

    #[test]
    fn what_is_no_original_recipient_is_refused() {
        let long = format!("rfc822;{}", "x".repeat(MAX_ORCPT));
        for bad in [
            "",
            "rfc822",
            "rfc822;",
            ";a@b.example",
            "rf c;a@b.example",
            "rfc822;a b@c.example",
            "rfc822;a@b.example+0D+0ABcc:+20x@y.example",
            "rfc822;åsa@example.se",
            "utf-8;a+0D@b.example",
            long.as_str(),
        ] {
            assert_eq!(Orcpt::parse(bad), Err(NotAValue), "{bad}");
        }
        let wide = format!("utf-8;{}", "å".repeat(90));
        assert_eq!(Orcpt::parse(&wide), Err(NotAValue), "it fits as it came, and not as it would go on");
        let shown = format!("{:?}", Orcpt::parse("rfc822;anna@example.se").unwrap());
        assert_eq!(shown, "rfc822;***");
    }

    proptest! {
        #[test]
        fn what_is_taken_goes_on_within_the_same_bounds(
            kind in "utf-8|rfc822|x400",
            text in "[åß€😀ab@.+=;\\\\x{}2B]{0,260}|[åß€a]{1,21}@[åßéx]{1,40}\\.[a-zé]{2,40}",
        ) {
            let Ok(orcpt) = Orcpt::parse(&format!("{kind};{text}")) else { return Ok(()) };
            let written = orcpt.to_string();
            prop_assert!(written.len() <= MAX_ORCPT && written.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert_eq!(Orcpt::parse(&written), Ok(orcpt));
        }

        #[test]
        fn every_address_fits(local in "[åß€😀a]{1,64}", domain in "[aéß]{1,60}(\\.[aéß]{1,60}){1,4}") {
            let Ok(address) = format!("{local}@{domain}").parse::<Address>() else { return Ok(()) };
            let orcpt = format!("utf-8;{}", xtext::encode_utf8(&address.to_string()));
            prop_assert!(Orcpt::parse(&orcpt).is_ok());
        }
    }
}
