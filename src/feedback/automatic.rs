//! Whether mail was sent by nobody: an answer that a machine gave, or a report of a failure. Pure.
//!
//! Only what says so itself counts, and what can't be read does not: a person's no must not be lost to a guess.
//! A provider's button may mark its mail `auto-generated`; an answer is `auto-replied`. RFC 3834, 5; RFC 6522.

use bytes::Bytes;

use crate::mail::{Envelope, RawMessage};

/// The sign that nobody sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Automatic {
    /// As bounces have, so that nothing answers them.
    #[error("it has no sender")]
    NoSender,
    #[error("it is a report")]
    Report,
    #[error("it says that it is an automatic answer")]
    Answer,
}

/// What `Auto-Submitted` says where a person stands behind it, or a button that one pressed.
const WANTED: [&str; 2] = ["no", "auto-generated"];
/// What answering machines from before RFC 3834 write, whatever its value.
const OLD_ANSWERS: [&str; 2] = ["X-Autoreply", "X-Autorespond"];

/// Apple Mail marks what it sends for whoever pressed its button.
const APPLES_BUTTON: &str = "X-Apple-Unsubscribe";

impl Automatic {
    pub fn of(envelope: &Envelope, content: &Bytes) -> Option<Self> {
        if envelope.sender.is_none() {
            return Some(Self::NoSender);
        }
        let message = RawMessage::index(header(content)).ok()?;
        // What the button of Apple's mail clients sends says of itself that it is an automatic answer.
        if message.value(APPLES_BUTTON).is_some_and(|value| first_word(&value) == "true") {
            return None;
        }
        let says = |name: &str, wanted: fn(&str) -> bool| {
            message.value(name).is_some_and(|value| wanted(first_word(&value).as_str()))
        };
        if says("Content-Type", |kind| kind == "multipart/report") {
            Some(Self::Report)
        } else if says("Auto-Submitted", |own| !own.is_empty() && !WANTED.contains(&own))
            || says("Precedence", |own| own == "auto_reply")
            || OLD_ANSWERS.iter().any(|name| message.all(name).next().is_some())
        {
            Some(Self::Answer)
        } else {
            None
        }
    }
}

/// What stands before the first empty line, without the line that mailboxes put before a message: a body that can't be read
/// tells nothing.
fn header(content: &Bytes) -> Bytes {
    let start = match content.starts_with(b"From ") {
        true => memchr::memmem::find(content, b"\r\n").map_or(0, |at| at + 2),
        false => 0,
    };
    let end = memchr::memmem::find(&content[start..], b"\r\n\r\n").map_or(content.len(), |at| start + at + 4);
    content.slice(start..end)
}

/// Before parameters and comments, in lower case.
fn first_word(value: &str) -> String {
    let end = value.find([';', '(', ' ', '\t']).unwrap_or(value.len());
    value[..end].to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(sender: Option<&str>) -> Envelope {
        Envelope {
            sender: sender.map(|own| own.parse().unwrap()),
            recipients: vec!["u+x@bounces.example".parse().unwrap()],
            body: crate::mail::BodyType::SevenBit,
            asked: Default::default(),
            asked_for_each: Vec::new(),
        }
    }

    fn judged(header: &str) -> Option<Automatic> {
        let content = Bytes::from(format!("From: a@b.example\r\n{header}\r\nbody\r\n"));
        Automatic::of(&envelope(Some("a@b.example")), &content)
    }

    #[test]
    fn what_a_person_or_a_button_sends_counts() {
        for header in [
            "",
            "Subject: unsubscribe\r\n",
            "Subject: Out of office\r\nPrecedence: bulk\r\n",
            "Auto-Submitted: no\r\n",
            "Auto-Submitted: No (by hand)\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Auto-Submitted:\r\n",
            "Auto-Submitted: auto-replied\r\nX-Apple-Unsubscribe: true\r\n",
            "Content-Type: multipart/alternative; boundary=x\r\n",
        ] {
            assert_eq!(judged(header), None, "{header}");
        }
    }

    #[test]
    fn what_answers_by_itself_does_not() {
        for header in [
            "Auto-Submitted: auto-replied\r\n",
            "Auto-Submitted: Auto-Replied; owner-email=\"a@b.example\"\r\n",
            "Auto-Submitted:\r\n auto-notified\r\n",
            "Precedence: auto_reply\r\n",
            "X-Autoreply: yes\r\n",
            "Auto-Submitted: auto-replied\r\nX-Apple-Unsubscribe: false\r\n",
        ] {
            assert_eq!(judged(header), Some(Automatic::Answer), "{header}");
        }
        let report = "Content-Type: Multipart/Report; report-type=delivery-status; boundary=x\r\n";
        assert_eq!(judged(report), Some(Automatic::Report));
        for (before, body) in [("From a@b.example Sat Nov 21\r\n", "x"), ("", "\0")] {
            let content = format!("{before}Subject: x\r\nAuto-Submitted: auto-replied\r\n\r\n{body}\r\n");
            assert_eq!(
                Automatic::of(&envelope(Some("a@b.example")), &content.into()),
                Some(Automatic::Answer)
            );
        }
        let plain = Bytes::from_static(b"Subject: x\r\n\r\n");
        assert_eq!(Automatic::of(&envelope(None), &plain), Some(Automatic::NoSender));
    }

    #[test]
    fn what_can_not_be_read_is_a_persons() {
        for content in ["", "no header at all", "\0\r\n\r\n", " folded: first\r\n\r\n"] {
            assert_eq!(Automatic::of(&envelope(Some("a@b.example")), &Bytes::from(content.to_owned())), None);
        }
    }
}
