//! Reports that programs read. RFC 3464.

use std::sync::LazyLock;

use regex::Regex;

use super::parts::{Mail, Part};
use super::words::{code_in, pattern, status_in};
use super::{Action, Entry, MOST, groups, value};
use crate::feedback::told::Reason;

const STATUS: [&str; 2] = ["message/delivery-status", "message/global-delivery-status"];
/// A group without any of these is about the message as a whole.
const OF_RECIPIENT: [&str; 4] = ["final-recipient", "action", "status", "diagnostic-code"];

static FINAL_RECIPIENT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?im)^(?:original|final)-recipient: *rfc822;"));

/// What a report says of each recipient; nothing where there is no report in it.
pub fn of(mail: &Mail<'_>) -> Vec<Entry> {
    // Whoever lost the boundaries on the way kept the lines.
    let Some(report) = mail.part(&STATUS).and_then(Part::text).or_else(|| unbounded(mail)) else {
        return Vec::new();
    };
    let groups = groups(&report);
    let of_recipients =
        groups.iter().filter(|group| OF_RECIPIENT.iter().any(|name| value(group, name).is_some()));
    of_recipients.take(MOST).map(|group| entry(group)).collect()
}

fn unbounded(mail: &Mail<'_>) -> Option<String> {
    let whole = mail.parts.iter().filter_map(Part::text).find(|text| FINAL_RECIPIENT.is_match(text))?;
    let (from, to) = (FINAL_RECIPIENT.find(&whole)?.start(), whole.len());
    Some(whole[from..to].to_owned())
}

fn entry(group: &[(String, String)]) -> Entry {
    let said = value(group, "diagnostic-code").map(untyped).unwrap_or_default();
    let given = value(group, "status").and_then(status_in);
    let in_words = status_in(said);
    // `5.0.0` says no more than `failed` does.
    let status = match (given, in_words) {
        (Some((_, 0, 0)), Some(found)) => Some(found),
        (given, found) => given.or(found),
    };
    let action = match value(group, "action").map(str::to_ascii_lowercase).as_deref() {
        Some(word) if word.starts_with("fail") => Action::Failed,
        Some(word) if word.starts_with("delay") => Action::Delayed,
        Some(word) if ["delivered", "relayed", "expanded"].iter().any(|own| word.starts_with(own)) => {
            Action::Done
        }
        _ if value(group, "will-retry-until").is_some() => Action::Delayed,
        _ if status.is_some_and(|(class, ..)| class == 2) => Action::Done,
        _ => Action::Failed,
    };
    let recipient = ["original-recipient", "final-recipient"].iter().find_map(|name| value(group, name));
    Entry {
        action,
        recipient: recipient.map(|own| untyped(own).trim_matches(['<', '>', ' ']).to_owned()),
        reason: Reason { code: code_in(said), status, text: said.to_owned() },
    }
}

/// `smtp; 550 …` without its type.
fn untyped(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if kind.len() <= 20 && !kind.trim().contains(' ') => rest.trim(),
        _ => value.trim(),
    }
}
