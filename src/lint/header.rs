//! What the header has wrong: the fields that a reader sees, and those that mailbox providers check. RFC 5322, 3.6.

use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::merge_field::letters::folded;
use super::merge_field::{self, Certainty, Reading};
use super::{Findings, salutation};
use crate::mail::RawMessage;
use crate::mail::message::{Field, line_end};
use crate::policy::finding::FindingName as Name;

/// A longer field is not read, so that no parser can be made to work on it.
const LONGEST: usize = 8 * 1024;
/// RFC 5322, 3.6: at most one each. From is `from_not_allowed`.
const ONCE: &[&str] = &[
    "Date",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Subject",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];
/// How subjects of answers and forwarded mail begin, folded.
const ANSWERS: &[&str] = &[
    "re:",
    "fw:",
    "fwd:",
    "sv:",
    "vs:",
    "vb:",
    "vl:",
    "aw:",
    "wg:",
    "antw:",
    "doorst:",
    "tr:",
    "rv:",
    "res:",
    "enc:",
    "odp:",
    "pd:",
    "ynt:",
    "ilt:",
    "r:",
    "i:",
    "回复:",
    "回复：",
    "转发:",
    "답장:",
];
const LONGEST_LINE: usize = 998;

pub fn look(message: &RawMessage, findings: &mut Findings) {
    shown(message, findings);
    answer(message, findings);
    form(message, findings);
    from_name(message, findings);
    list_unsubscribe(message, findings);
}

/// Merge fields where a reader sees them.
fn shown(message: &RawMessage, findings: &mut Findings) {
    for (name, place) in [("Subject", "subject"), ("From", "from"), ("To", "to"), ("Reply-To", "reply_to")] {
        for field in message.all(name).take(4) {
            let text = decoded(message, field);
            let at = place_of(message, field);
            for leak in merge_field::find(&text, Reading::Line) {
                let excerpt = text.get(leak.at).unwrap_or_default();
                let name = match leak.certainty {
                    Certainty::Sure => Name::MergeFieldLeak,
                    Certainty::Possible => Name::PossibleMergeField,
                };
                findings.add(name, place, at, excerpt);
            }
            if place == "subject" {
                salutations(&text, at, findings);
            }
        }
    }
    let subject = message.all("Subject").next();
    if subject.is_none_or(|field| message.unfolded(field).is_empty()) {
        findings.add(Name::SubjectMissing, "subject", subject.and_then(|field| place_of(message, field)), "");
    }
}

fn salutations(subject: &str, at: Option<super::At<'_>>, findings: &mut Findings) {
    if let Some((range, slip)) = salutation::in_subject(subject) {
        findings.add(super::content::name_of(slip), "subject", at, subject.get(range).unwrap_or_default());
    }
    if let Some(range) = salutation::printed(subject) {
        findings.add(Name::MergeFieldLeak, "subject", at, subject.get(range).unwrap_or_default());
    }
}

fn answer(message: &RawMessage, findings: &mut Findings) {
    let Some(field) = message.all("Subject").next() else { return };
    let subject = decoded(message, field);
    let begins = folded(super::start_of(subject.trim_start(), 16));
    let refers = ["In-Reply-To", "References"].iter().any(|name| message.all(name).next().is_some());
    if !refers && ANSWERS.iter().any(|answer| begins.starts_with(answer)) {
        findings.add(Name::SubjectFalseReply, "subject", place_of(message, field), &subject);
    }
}

fn form(message: &RawMessage, findings: &mut Findings) {
    for name in ONCE {
        if let Some(second) = message.all(name).nth(1) {
            findings.add(Name::HeaderRepeated, &name.to_ascii_lowercase(), place_of(message, second), name);
        }
    }
    if let Some(field) = message.all("Date").next() {
        let value = message.unfolded(field);
        let line = format!("{value}\r\n");
        let read = MessageStream::new(line.as_bytes()).parse_date();
        let valid = matches!(read, HeaderValue::DateTime(date) if date.is_valid() && date.year > 1970);
        if !valid {
            findings.add(Name::HeaderMalformed, "date", place_of(message, field), &value);
        }
    }
    if let Some(field) = message.all("Message-ID").next() {
        let value = message.unfolded(field);
        if !is_message_id(&value) {
            findings.add(Name::HeaderMalformed, "message-id", place_of(message, field), &value);
        }
    }
    let mut at = 0;
    let header = message.header();
    while at < header.len() {
        let end = line_end(header, at);
        if end - at > LONGEST_LINE + 2 {
            let text = std::str::from_utf8(header).ok().map(|header| (header, at));
            findings.add(Name::HeaderMalformed, "header", text, "a line of more than 998 octets");
        }
        at = end;
    }
}

/// `<left@right>`. RFC 5322, 3.6.4.
fn is_message_id(value: &str) -> bool {
    let inner = value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let halves = inner.and_then(|inner| inner.rsplit_once('@'));
    let plain = |text: &str| {
        !text.is_empty() && !text.contains(|own: char| own.is_whitespace() || "<>".contains(own))
    };
    halves.is_some_and(|(left, right)| plain(left) && plain(right))
}

/// A display name that is an address, of a domain that did not write the mail.
fn from_name(message: &RawMessage, findings: &mut Findings) {
    let Some(field) = message.all("From").next() else { return };
    let text = decoded(message, field);
    let Some((name, address)) = text.rsplit_once('<') else { return };
    let Some((_, own)) = address.trim_end().trim_end_matches('>').rsplit_once('@') else { return };
    let own = own.to_ascii_lowercase();
    for (at, _) in name.match_indices('@').take(4) {
        let rest = &name[at + 1..];
        let end =
            rest.find(|own: char| !own.is_ascii_alphanumeric() && !".-".contains(own)).unwrap_or(rest.len());
        let domain = rest[..end].trim_end_matches('.').to_ascii_lowercase();
        if domain.contains('.') && super::link::registrable(&domain) != super::link::registrable(&own) {
            findings.add(Name::FromNameMisleads, "from", place_of(message, field), name.trim());
            return;
        }
    }
}

fn list_unsubscribe(message: &RawMessage, findings: &mut Findings) {
    for field in message.all("List-Unsubscribe").take(4) {
        let value = message.unfolded(field);
        if !value.to_ascii_lowercase().contains("<https://") {
            findings.add(Name::ListUnsubscribeNotHttps, "list-unsubscribe", place_of(message, field), &value);
        }
    }
}

/// A field's value as it is shown: unfolded, its encoded words read. RFC 2047.
fn decoded(message: &RawMessage, field: &Field) -> String {
    let value = message.unfolded(field);
    if value.len() > LONGEST || !value.contains("=?") {
        return value;
    }
    let line = format!("{value}\r\n");
    match MessageStream::new(line.as_bytes()).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => value,
    }
}

/// The line on which a field begins. A header that is no UTF-8 tells none.
fn place_of<'a>(message: &'a RawMessage, field: &Field) -> Option<super::At<'a>> {
    std::str::from_utf8(message.header()).ok().map(|header| (header, field.whole.start))
}
