//! Addresses in one canonical form, parsed and written anew, never echoed (invariant 8).
//! RFC 5321, 4.1.2; RFC 6531; domains by UTS 46 to A-labels.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
    pub fn canonical(&self) -> String {
        todo!()
    }

    /// For logs and pages: `a***@example.se`.
    pub fn redacted(&self) -> String {
        todo!()
    }

    /// Whether it can be sent to a server without SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.local.is_ascii()
    }
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let _ = text;
        todo!()
    }
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
        write!(out, "{}@{}", self.local, self.domain)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.redacted())
    }
}
