//! Complaints. RFC 5965.

use mail_parser::MessageParser;

use super::parts::{Mail, Part, header_of};
use super::{groups, value};

/// What a mailbox provider says that its user thinks of a mail of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// `abuse`, `fraud`, `not-spam`, …; in lower case.
    pub kind: String,
    /// The mail complained of, or its header; empty where it is not enclosed.
    pub enclosed: Vec<u8>,
}

impl Complaint {
    /// Whether it is a no: some reports say the contrary, or are about authentication alone. RFC 5965, 7.3; RFC 6591.
    pub fn is_a_no(&self) -> bool {
        !matches!(self.kind.as_str(), "not-spam" | "auth-failure" | "dmarc")
    }
}

pub fn of(mail: &Mail<'_>) -> Option<Complaint> {
    let Some(report) = mail.part(&["message/feedback-report"]).and_then(Part::text) else {
        return outlooks(mail);
    };
    let fields: Vec<_> = groups(&report).into_iter().flatten().collect();
    let of_kind = value(&fields, "feedback-type").unwrap_or("abuse");
    Some(Complaint { kind: of_kind.trim().to_ascii_lowercase(), enclosed: enclosed(mail) })
}

/// outlook.com's Junk Mail Reporting sends the mail alone, and names who complains in a field of that.
fn outlooks(mail: &Mail<'_>) -> Option<Complaint> {
    let marked = |part: &Part<'_>| {
        let own = part.enclosed()?;
        let header = MessageParser::default().parse_headers(header_of(&own))?;
        header.header("X-HmXmrOriginalRecipient").map(drop)
    };
    let found = mail.parts.iter().any(|part| marked(part).is_some());
    found.then(|| Complaint { kind: "abuse".to_owned(), enclosed: enclosed(mail) })
}

/// Of the part with the mail itself, else of that with its header.
fn enclosed(mail: &Mail<'_>) -> Vec<u8> {
    let whole = mail.parts.iter().find_map(Part::enclosed).map(std::borrow::Cow::into_owned);
    let header = || {
        let headers = mail.part(&["text/rfc822-headers", "message/rfc822-headers"])?;
        headers.text().map(String::into_bytes)
    };
    whole.or_else(header).unwrap_or_default()
}
