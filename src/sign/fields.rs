//! The copy's header as a signer walks it, and which of its fields a signature covers. RFC 6376, 3.5 and 5.4.
//!
//! A field that is listed once more than it is there can't be added on the way: a second `Subject` would be shown by
//! some readers and verified by none.

use mail_auth::common::headers::HeaderStream;

use super::Handling;

/// RFC 8058, 3.
pub(super) const PAIR: [&str; 2] = ["List-Unsubscribe", "List-Unsubscribe-Post"];
/// Listed once more than they are there, even where they are not: nobody adds them in good faith.
pub(super) const NEVER_ADDED: [&str; 6] = ["From", "Subject", "Cc", "Reply-To", PAIR[0], PAIR[1]];
/// Listed once more than they are there, where they are. An upstream may add what is missing of them.
pub(super) const NEVER_REPEATED: [&str; 10] = [
    "To",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "List-Id",
    "Feedback-ID",
];

/// What `h=` asks of a copy with fields of these names: a name for each time that it counts.
pub(super) fn listed(names: &[&[u8]], handling: &Handling) -> Vec<&'static str> {
    let is_in = |list: &[&str], name: &str| list.iter().any(|own| own.eq_ignore_ascii_case(name));
    let mut listed = Vec::with_capacity(2 * (NEVER_ADDED.len() + NEVER_REPEATED.len()));
    // mail-auth signs every field of a name that is listed at all, and once more for each time it is listed beyond.
    for name in NEVER_ADDED {
        listed.extend([name, name]);
    }
    for name in NEVER_REPEATED {
        if count(names, name) == 0 || is_in(handling.rewrites, name) {
            continue;
        }
        listed.push(name);
        if !is_in(handling.adds, name) {
            listed.push(name);
        }
    }
    listed
}

pub(super) fn count(names: &[&[u8]], wanted: &str) -> usize {
    names.iter().filter(|name| name.eq_ignore_ascii_case(wanted.as_bytes())).count()
}

/// The names of the copy's header fields, in order.
pub(super) fn names(copy: &[u8]) -> Vec<&[u8]> {
    let mut fields = Fields::of(copy);
    std::iter::from_fn(|| fields.next_header()).map(|(name, _)| name).collect()
}

/// A canonical message's header, field by field, and then its body. Its header ends where `RawMessage`'s does.
pub struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub fn of(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// The line that stands next, its end included, and the folds that belong to it.
    fn folded(&self) -> usize {
        let mut end = 0;
        loop {
            let Some(rest) = self.rest.get(end..) else { return self.rest.len() };
            end = memchr::memchr(b'\n', rest).map_or(self.rest.len(), |at| end + at + 1);
            if !matches!(self.rest.get(end), Some(b' ' | b'\t')) {
                return end;
            }
        }
    }
}

impl<'a> HeaderStream<'a> for Fields<'a> {
    /// Name, without the blanks that the obsolete syntax lets stand before the colon, and what follows the colon, folds
    /// and final line end included.
    fn next_header(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            if let Some(body) = self.rest.strip_prefix(b"\r\n") {
                self.rest = body;
                return None;
            }
            let (field, rest) = self.rest.split_at(self.folded());
            self.rest = rest;
            if let Some(colon) = memchr::memchr(b':', field) {
                return Some((field[..colon].trim_ascii_end(), &field[colon + 1..]));
            }
        }
    }

    /// What follows the header, once that was read.
    fn body(&mut self) -> &'a [u8] {
        self.rest
    }
}
