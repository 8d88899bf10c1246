//! What a mail that came back says: a report of the delivery, a complaint, or nothing of the kind. Pure.
//!
//! Who wrote it is not believed: that it is about mail of ours is for a token to show. What can't be read says nothing,
//! and nothing that it says makes this panic or take long.

mod arf;
mod parts;
mod status;
mod words;

pub use arf::Complaint;
use parts::Mail;

use super::told::Reason;

/// Reports about more recipients than this are cut.
const MOST: usize = 100;

/// A mail that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// What became of one or more recipients. RFC 3464, or in a server's own words.
    Status(Vec<Entry>),
    /// RFC 5965.
    Complaint(Complaint),
    /// Something else: an answer, a question, an automatic reply.
    Nothing,
}

/// What became of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub action: Action,
    /// As it is named there, if it is.
    pub recipient: Option<String>,
    pub reason: Reason,
}

/// RFC 3464, 2.3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Failed,
    Delayed,
    /// Delivered, relayed or expanded: nothing is wrong.
    Done,
}

/// Reads a mail. `null_sender` tells whether it came from `<>`, as reports do.
pub fn read(content: &[u8], null_sender: bool) -> Report {
    let Some(mail) = Mail::read(content) else { return Report::Nothing };
    if let Some(complaint) = arf::of(&mail) {
        return Report::Complaint(complaint);
    }
    let mut entries = status::of(&mail);
    match entries.as_mut_slice() {
        [] => entries.extend(words::of(&mail, null_sender)),
        // What it does not say to programs it may say to people.
        [alone] if alone.reason.text.is_empty() => alone.reason.text = words::said(&mail),
        _ => {}
    }
    if entries.is_empty() { Report::Nothing } else { Report::Status(entries) }
}

/// Header-like fields in groups, which empty lines part; folded lines are joined. RFC 3464, 2.1.
fn groups(text: &str) -> Vec<Vec<(String, String)>> {
    let mut groups = vec![Vec::<(String, String)>::new()];
    for line in text.lines() {
        let last = groups.last_mut();
        if line.trim().is_empty() {
            groups.push(Vec::new());
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = last.and_then(|group| group.last_mut()) {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let (Some((name, value)), Some(group)) = (line.split_once(':'), last) {
            group.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}

fn value<'g>(group: &'g [(String, String)], name: &str) -> Option<&'g str> {
    group.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests;
