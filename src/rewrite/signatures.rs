//! Signatures that a tool brought. Who signed what is not ours to judge, and a signature that broke harms nobody (RFC
//! 6376, 6.1); but at one that can't even be read there are verifiers (opendkim) that give up on the whole message, ours
//! included. Those go. RFC 6376, 3.5.

use mail_auth::dkim::Signature;

use super::edit::Edit;
use super::{Passage, Withheld};
use crate::mail::RawMessage;

const NAME: &str = "DKIM-Signature";

/// Takes out what no verifier could read. Where the upstream takes none beside ours they are all withheld already.
pub(super) fn edits(message: &RawMessage, withheld: Option<Withheld>) -> Vec<Edit> {
    if withheld.and_then(|withheld| withheld.says(NAME.as_bytes())) == Some(Passage::Stays) {
        return Vec::new();
    }
    let unreadable = message.all(NAME).filter(|field| !is_readable(&message.bytes()[field.value.clone()]));
    unreadable.map(|field| Edit::remove(field.whole.clone())).collect()
}

/// All that a verifier must find is there, and in a form of today's.
fn is_readable(value: &[u8]) -> bool {
    let named = |own: &Signature| [&own.d, &own.s].iter().all(|name| is_name(name));
    Signature::parse(value).is_ok_and(|signature| signature.v == 1 && named(&signature))
}

/// Labels that a DNS name may have, international ones in characters (RFC 8616, 3).
fn is_name(name: &str) -> bool {
    let may = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_') || !octet.is_ascii();
    name.split('.').all(|label| !label.is_empty() && label.bytes().all(may))
}
