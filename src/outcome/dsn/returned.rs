//! What of the original goes back with a notification: its header, or all of it where the tool asked for that
//! (RET=FULL) and it can travel as it is. RFC 3461, 4.3; RFC 3464, 2; RFC 6522, 3.

use lettre::message::header::{ContentTransferEncoding, ContentType, ContentTypeErr};
use lettre::message::{Body, SinglePart};

use super::{Action, Original};
use crate::mail::parameters::Ret;

/// The most octets of the original's header that go back.
pub(super) const MAX_HEADER: usize = 32 * 1024;
/// A larger original goes back as its header alone.
pub(super) const MAX_WHOLE: usize = 256 * 1024;
/// RFC 5322, 2.1.1: a nested message may not be encoded, so that its lines must be fit to travel.
const MAX_LINE: usize = 998;

/// The last part of the report.
pub(super) fn part(original: &Original<'_>, action: Action) -> Result<SinglePart, ContentTypeErr> {
    // RET speaks of failures; a message that went on is not sent back as well.
    let whole = action == Action::Failed && original.asked.ret == Some(Ret::Full);
    if whole && can_travel(original.message) {
        let body = Body::dangerous_pre_encoded(original.message.to_vec(), ContentTransferEncoding::SevenBit);
        return Ok(SinglePart::builder().header(ContentType::parse("message/rfc822")?).body(body));
    }
    let part = SinglePart::builder().header(ContentType::parse("text/rfc822-headers")?);
    Ok(part.body(header(original.header)))
}

/// What is beyond ASCII could meet a server that can't take it, and the notification would be lost with it.
fn can_travel(message: &[u8]) -> bool {
    let short = || message.split(|&octet| octet == b'\n').all(|line| line.len() <= MAX_LINE + 1);
    message.len() <= MAX_WHOLE && message.is_ascii() && short()
}

/// Whole lines of the header's beginning, without the empty line at its end.
fn header(header: &[u8]) -> String {
    let header = header.strip_suffix(b"\r\n\r\n").map_or(header, |rest| &header[..rest.len() + 2]);
    let bounded = match header.get(..MAX_HEADER) {
        None => header,
        Some(cut) => {
            let end = cut.windows(2).rposition(|pair| pair == b"\r\n").map_or(0, |at| at + 2);
            &cut[..end]
        }
    };
    String::from_utf8_lossy(bounded).into_owned()
}
