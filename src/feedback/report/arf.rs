//! Complaints. RFC 5965.

use std::borrow::Cow;

use mail_parser::{Message, PartType};

use super::{groups, kind, part, text, value};

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

/// The octets of an enclosed mail that are looked into.
const MOST_ENCLOSED: usize = 1 << 20;

pub fn of(message: &Message<'_>) -> Option<Complaint> {
    let Some(report) = part(message, &["message/feedback-report"]).and_then(text) else {
        return outlooks(message);
    };
    let fields: Vec<_> = groups(&report).into_iter().flatten().collect();
    let of_kind = value(&fields, "feedback-type").unwrap_or("abuse");
    Some(Complaint { kind: of_kind.trim().to_ascii_lowercase(), enclosed: enclosed(message) })
}

/// outlook.com's Junk Mail Reporting sends the mail alone, and names who complains in a field of that.
fn outlooks(message: &Message<'_>) -> Option<Complaint> {
    let marked = |part: &mail_parser::MessagePart<'_>| match &part.body {
        PartType::Message(own) => own.header("X-HmXmrOriginalRecipient").is_some(),
        _ => false,
    };
    let found = message.parts.iter().any(marked);
    found.then(|| Complaint { kind: "abuse".to_owned(), enclosed: enclosed(message) })
}

/// Of the part with the mail itself, else of that with its header.
pub fn enclosed(message: &Message<'_>) -> Vec<u8> {
    let cut = |octets: &[u8]| octets[..octets.len().min(MOST_ENCLOSED)].to_vec();
    let whole = message.parts.iter().find_map(|part| match &part.body {
        // The octets of an enclosed mail that stands there as it is are those of the whole.
        PartType::Message(own) => Some(cut(match &own.raw_message {
            Cow::Borrowed(whole) => whole.get(part.offset_body as usize..part.offset_end as usize)?,
            Cow::Owned(decoded) => decoded,
        })),
        _ => None,
    });
    let header = || {
        let headers = message.parts.iter().find(|part| {
            matches!(kind(part).as_str(), "text/rfc822-headers" | "message/rfc822-headers" | "message/rfc822")
        })?;
        text(headers).map(|text| cut(text.as_bytes()))
    };
    whole.or_else(header).unwrap_or_default()
}
