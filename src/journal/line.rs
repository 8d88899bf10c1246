//! One line of the journal: a checksum, a blank, and noes as JSON.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::consent::event::Frequency;
use crate::consent::{Event, EventKind};
use crate::keys::LookupHash;

/// A no about one person. Holds no address and no evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct No {
    pub sender: String,
    #[serde(serialize_with = "write_hash", deserialize_with = "read_hash")]
    pub person: LookupHash,
    pub subscriber: Uuid,
    pub event: Event,
}

/// A no with its place in the order of this journal, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    pub seq: u64,
    #[serde(flatten)]
    pub no: No,
}

/// What the journal keeps: whatever stops mail, puts it off, or stops tracking or profiling, and may only be ended by something younger.
pub fn is_no(kind: &EventKind) -> bool {
    match kind {
        EventKind::FrequencyChosen { at_most } => *at_most > Frequency::AsSent,
        EventKind::Withdrawal { .. }
        | EventKind::TrackingWithdrawal
        | EventKind::Paused { .. }
        | EventKind::ProfilingObjection
        | EventKind::Suppressed { .. }
        | EventKind::AddressChanged { .. }
        | EventKind::Restricted
        | EventKind::Erased => true,
        EventKind::SignupRequested { .. }
        | EventKind::ConfirmationSent { .. }
        | EventKind::OptIn { .. }
        | EventKind::Unconfirmed { .. }
        | EventKind::Acquainted { .. }
        | EventKind::WithdrawalUndone { .. }
        | EventKind::TrackingConsent { .. }
        | EventKind::PauseEnded
        | EventKind::ProfilingAllowed
        | EventKind::PlaceChosen
        | EventKind::SuppressionLifted { .. }
        | EventKind::RestrictionLifted => false,
    }
}

/// Hexadecimal digits of the checksum: 64 bits of SHA-256 against accidents.
const CHECKSUM: usize = 16;

/// A text with its checksum and line end.
pub(super) fn sealed(text: &str) -> String {
    format!("{} {text}\n", checksum(text.as_bytes()))
}

/// The text of a whole line (without its end) if its checksum is right.
pub(super) fn opened(line: &[u8]) -> Option<&str> {
    let (sum, rest) = line.split_at_checked(CHECKSUM)?;
    let text = rest.strip_prefix(b" ")?;
    (checksum(text).as_bytes() == sum).then(|| std::str::from_utf8(text).ok()).flatten()
}

pub(super) fn write(noes: &[Numbered]) -> String {
    sealed(&serde_json::to_string(noes).expect("our own types have no keys that JSON can't hold"))
}

/// `None` if the line is damaged.
pub(super) fn read(line: &[u8]) -> Option<Vec<Numbered>> {
    serde_json::from_str(opened(line)?).ok()
}

fn checksum(text: &[u8]) -> String {
    let mut sum = data_encoding::HEXLOWER.encode(&Sha256::digest(text));
    sum.truncate(CHECKSUM);
    sum
}

fn write_hash<S: Serializer>(hash: &LookupHash, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&data_encoding::HEXLOWER.encode(&hash.0))
}

fn read_hash<'de, D: Deserializer<'de>>(from: D) -> Result<LookupHash, D::Error> {
    let text = String::deserialize(from)?;
    let octets = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
    let octets = octets.and_then(|octets| octets.try_into().ok());
    octets.map(LookupHash).ok_or_else(|| serde::de::Error::custom("not a lookup hash"))
}
