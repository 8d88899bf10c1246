//! Addresses in one canonical form, parsed and written anew, never echoed (invariant 8).
//! RFC 5321, 4.1.2; RFC 6531; domains by UTS 46 to A-labels.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// The longest local part as it is written, in octets. RFC 5321, 4.5.3.1.1.
pub const MAX_LOCAL: usize = 64;
/// The longest address as it is written, in octets: a path of 256 without its brackets. RFC 5321, 4.5.3.1.3.
pub const MAX_ADDRESS: usize = 254;

/// A mailbox. `Display` writes it as RFC 5321 wants it (quoted where it must be); `Debug` redacts it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    local: String,
    domain: String,
}

/// A text that is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address")]
pub struct NotAnAddress;

impl Address {
    /// The local part without quotes and escapes, its case as given.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// A-labels in lower case, or a literal in canonical form (`[192.0.2.1]`, `[IPv6:2001:db8::1]`).
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The form that is looked up, fixed for ever: local part NFC and lower case, unquoted where it may be.
    ///
    /// Lower case is Unicode's simple mapping, one character for one; nothing else is folded away, neither
    /// dots nor plus tags. `tests/vectors/addresses.tsv` pins it: the lookup hash of every no depends on it.
    pub fn canonical(&self) -> String {
        // Composed twice: lower case may bring together what the upper case kept apart (`İ` and a diaeresis).
        let composed = self.local.nfc().map(simple_lower_case).nfc().collect();
        Self { local: composed, domain: self.domain.clone() }.to_string()
    }

    /// For logs and pages: `a***@example.se`; of a local part that needs quotes, nothing is shown.
    pub fn redacted(&self) -> String {
        let first = self.local.chars().next().filter(|_| is_dot_string(&self.local));
        let shown = first.map(String::from).unwrap_or_default();
        format!("{shown}***@{}", self.domain)
    }

    /// Whether it can be sent to a server without SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.local.is_ascii()
    }
}

/// A domain as A-labels in lower case: letters, digits and hyphens in labels of DNS length. `None` for
/// anything else, literals included. UTS 46, nontransitional.
pub fn domain_to_ascii(text: &str) -> Option<String> {
    // The bound spares us the work on what can't be a domain anyway; U-labels are longer than A-labels
    // by less than this.
    if text.len() > 4 * MAX_ADDRESS {
        return None;
    }
    Uts46::new()
        .to_ascii(text.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .ok()
        .map(|domain| domain.into_owned())
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let (local, domain) = if let Some(rest) = text.strip_prefix('"') {
            let (local, rest) = unquote(rest).ok_or(NotAnAddress)?;
            (local, rest.strip_prefix('@').ok_or(NotAnAddress)?)
        } else {
            let (local, domain) = text.split_once('@').ok_or(NotAnAddress)?;
            if !is_dot_string(local) {
                return Err(NotAnAddress);
            }
            (local.to_owned(), domain)
        };
        let domain = match domain.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').and_then(literal),
            None => domain_to_ascii(domain),
        };
        let address = Self { local, domain: domain.ok_or(NotAnAddress)? };
        let whole = address.to_string().len();
        if whole - address.domain.len() > MAX_LOCAL + "@".len() || whole > MAX_ADDRESS {
            return Err(NotAnAddress);
        }
        Ok(address)
    }
}

/// Dot-string of RFC 5321, 4.1.2, widened by RFC 6531, 3.3.
fn is_dot_string(local: &str) -> bool {
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

fn is_atext(character: char) -> bool {
    match character {
        '\0'..='\x7f' => character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character),
        _ => is_utf8_text(character),
    }
}

/// RFC 6531 takes any character beyond ASCII; controls and blanks among them serve only to deceive.
fn is_utf8_text(character: char) -> bool {
    !character.is_ascii() && !character.is_control() && !character.is_whitespace()
}

/// The text of a quoted string whose opening quote is gone, and what follows its closing quote.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut local = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((local, text.get(at + 1..)?)),
            '\\' => match characters.next()? {
                (_, escaped @ ' '..='~') => local.push(escaped),
                _ => return None,
            },
            ' '..='~' => local.push(character),
            _ if is_utf8_text(character) => local.push(character),
            _ => return None,
        }
    }
    None
}

/// The canonical form of what stands between the brackets of an address literal. RFC 5321, 4.1.3;
/// IPv6 as RFC 5952 writes it.
fn literal(inner: &str) -> Option<String> {
    match inner.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => {
            inner.get(5..)?.parse().ok().map(|address: Ipv6Addr| format!("[IPv6:{address}]"))
        }
        _ => inner.parse().ok().map(|address: Ipv4Addr| format!("[{address}]")),
    }
}

/// Unicode's simple lower case. The standard library has the full one, which differs for a single
/// character: `İ` becomes two there.
fn simple_lower_case(character: char) -> char {
    let mut mapped = character.to_lowercase();
    mapped.next().unwrap_or(character)
}

impl TryFrom<String> for Address {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_string(&self.local) {
            return write!(out, "{}@{}", self.local, self.domain);
        }
        out.write_str("\"")?;
        for character in self.local.chars() {
            if matches!(character, '"' | '\\') {
                out.write_str("\\")?;
            }
            fmt::Write::write_char(out, character)?;
        }
        write!(out, "\"@{}", self.domain)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VECTORS: &str = include_str!("../../tests/vectors/addresses.tsv");

    fn unescape(text: &str) -> String {
        let mut parts = text.split("\\u{");
        let mut plain = parts.next().unwrap().to_owned();
        for part in parts {
            let (code, rest) = part.split_once('}').unwrap();
            plain.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
            plain.push_str(rest);
        }
        plain
    }

    #[test]
    fn the_canonical_form_is_that_of_the_vectors() {
        for line in VECTORS.lines().filter(|line| !line.starts_with('#')) {
            let (input, expected) = line.split_once('\t').unwrap();
            let canonical = unescape(input).parse().map(|address: Address| address.canonical());
            let expected = unescape(expected);
            assert_eq!(canonical.as_deref().unwrap_or("-"), expected, "of {input}");
        }
    }

    #[test]
    fn the_case_of_the_local_part_is_kept_for_sending() {
        let address: Address = "Anna.Berg@SHOP.example".parse().unwrap();
        assert_eq!(address.to_string(), "Anna.Berg@shop.example");
    }

    #[test]
    fn a_parameter_can_not_be_smuggled_out_of_an_address() {
        let address: Address = "\"a> NOTIFY=NEVER\"@c.example".parse().unwrap();
        assert_eq!(address.local(), "a> NOTIFY=NEVER");
        assert_eq!(address.to_string(), "\"a> NOTIFY=NEVER\"@c.example");
        assert!("a> NOTIFY=NEVER@c.example".parse::<Address>().is_err());
        assert!("a@c.example> NOTIFY=NEVER".parse::<Address>().is_err());
        assert!("\"a\r\nDATA\"@c.example".parse::<Address>().is_err());
    }

    #[test]
    fn logs_see_one_letter_or_none() {
        let redacted = |text: &str| format!("{:?}", text.parse::<Address>().unwrap());
        assert_eq!(redacted("anna@example.se"), "a***@example.se");
        assert_eq!(redacted("\"anna b\"@example.se"), "***@example.se");
    }

    #[test]
    fn simple_lower_case_is_one_character_for_one() {
        assert_eq!(simple_lower_case('İ'), 'i');
        let several = ('\0'..=char::MAX).filter(|character| character.to_lowercase().count() > 1);
        assert_eq!(several.collect::<String>(), "İ");
    }

    #[test]
    fn lengths_are_bounded() {
        let local = "a".repeat(MAX_LOCAL);
        assert!(format!("{local}@b.example").parse::<Address>().is_ok());
        assert!(format!("{local}a@b.example").parse::<Address>().is_err());
        let domain = vec!["d".repeat(61); 4].join(".");
        assert!(format!("abcdef@{domain}").parse::<Address>().is_ok());
        assert!(format!("abcdefgh@{domain}").parse::<Address>().is_err());
        assert!(format!("a@{}.example", "d".repeat(64)).parse::<Address>().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_parses_to_the_same(text in "(\"[ -~é]{0,12}\"|[a-zA-Z.+é\u{37e}İ\u{308}]{1,12})@(b\\.example|\\[192\\.0\\.2\\.1\\])") {
            if let Ok(address) = text.parse::<Address>() {
                prop_assert_eq!(&address.to_string().parse::<Address>().unwrap(), &address);
                let canonical = address.canonical();
                prop_assert_eq!(canonical.parse::<Address>().unwrap().canonical(), canonical);
            }
        }

        #[test]
        fn nothing_makes_the_parser_panic(text in "\\PC{0,80}") {
            let _ = text.parse::<Address>();
        }
    }
}
