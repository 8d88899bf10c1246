//! Compaction: of the noes that one person said under one address about one scope, the youngest stays. Reads the closed segments
//! and puts one in their place; memory is bounded however many people there are. What can't be read ends it, and
//! nothing is taken away. It needs no lock: closed segments are never written, and only the gateway that holds
//! `data_dir`, or `rebuild` in its absence, changes them.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::line::{self, No, Numbered};
use super::segment::{Draft, Reader, Segment, sync_folder};
use super::{JournalError, LINE};
use crate::consent::EventKind;

/// Less than this is not worth it.
const WORTH: u64 = 16 << 20;
/// Keys that are looked at in one pass: some 64 MiB.
const KEYS: usize = 1 << 20;

/// Compacts if what has come since the last time is as much as what that left. `active` is never touched.
pub(super) fn compact(folder: &Path, active: u32) -> Result<u64, JournalError> {
    let closed: Vec<Segment> = Segment::all(folder)?.into_iter().filter(|own| own.number < active).collect();
    let Some((base, since)) = closed.split_first() else { return Ok(0) };
    let (base, since) = (base.size()?, total(since)?);
    if since < base.max(WORTH) {
        return Ok(0);
    }
    squeeze(folder, &closed)?;
    Ok((base + since).saturating_sub(total(&Segment::all(folder)?[..1])?))
}

fn total(segments: &[Segment]) -> Result<u64, JournalError> {
    segments.iter().map(Segment::size).sum()
}

/// Writes what stays under the name of the last, then removes the others. A crash between leaves noes that are
/// there twice, which does no harm.
pub(super) fn squeeze(folder: &Path, closed: &[Segment]) -> Result<(), JournalError> {
    let Some((last, others)) = closed.split_last() else { return Ok(()) };
    let stays = choose(closed)?;
    let mut draft = Draft::begin(last, 0)?;
    let mut kept: Vec<Numbered> = Vec::with_capacity(LINE);
    for (index, no) in Reader::of(closed).enumerate() {
        if stays.get(index / 64).is_some_and(|word| word & (1 << (index % 64)) != 0) {
            kept.push(no?);
        } else {
            no?;
        }
        if kept.len() == LINE {
            draft.write(&line::write(&kept))?;
            kept.clear();
        }
    }
    if !kept.is_empty() {
        draft.write(&line::write(&kept))?;
    }
    draft.put(folder)?;
    for other in others {
        std::fs::remove_file(&other.path)
            .map_err(|error| JournalError::Io { file: other.path.clone(), error })?;
    }
    sync_folder(folder)
}

/// The youngest by what they are dated, and by when they came.
#[derive(Clone, Copy)]
struct Youngest {
    dated: (Timestamp, Option<Timestamp>, usize),
    came: usize,
}

/// One bit for each no: whether it is the youngest of its person for any of its scopes.
fn choose(closed: &[Segment]) -> Result<Vec<u64>, JournalError> {
    let mut count = 0;
    for no in Reader::of(closed) {
        count += keys(&no?.no).len();
    }
    let passes = (count / KEYS + 1) as u128;
    let mut stays = vec![0_u64; count / 64 + 1];
    for pass in 0..passes {
        let mut youngest: HashMap<u128, Youngest> = HashMap::new();
        for (index, no) in Reader::of(closed).enumerate() {
            let no = no?.no;
            // Of pauses of one moment the longest stands.
            let end = if let EventKind::Paused { until } = no.event.kind { Some(until) } else { None };
            let dated = (no.event.occurred_at, end, index);
            for key in keys(&no).into_iter().filter(|key| key % passes == pass) {
                let own = youngest.entry(key).or_insert(Youngest { dated, came: index });
                own.dated = own.dated.max(dated);
                own.came = index;
            }
        }
        for index in youngest.values().flat_map(|own| [own.dated.2, own.came]) {
            if let Some(word) = stays.get_mut(index / 64) {
                *word |= 1 << (index % 64);
            }
        }
    }
    Ok(stays)
}

/// What a no is about, once for each scope.
fn keys(no: &No) -> Vec<u128> {
    let key = |kind: &str, scope: &str| {
        let digest = Sha256::new()
            .chain_update(no.person.0)
            // Whoever has left an address, and what stands there since, are two.
            .chain_update(no.subscriber.as_bytes())
            .chain_update(no.sender.as_bytes())
            .chain_update([0])
            .chain_update(kind)
            .chain_update([0])
            .chain_update(scope)
            .finalize();
        digest.iter().take(16).fold(0_u128, |key, octet| key << 8 | u128::from(*octet))
    };
    match &no.event.kind {
        EventKind::Withdrawal { scopes, complaint } => {
            let kind = if *complaint { "complaint" } else { "withdrawal" };
            if scopes.is_empty() {
                return vec![key(kind, "")];
            }
            scopes.iter().map(|scope| key(kind, scope.as_str())).collect()
        }
        EventKind::TrackingWithdrawal => vec![key("tracking_withdrawal", "")],
        EventKind::FrequencyChosen { at_most } => vec![key("frequency_chosen", at_most.as_str())],
        EventKind::Paused { .. } => vec![key("paused", "")],
        EventKind::ProfilingObjection => vec![key("profiling_objection", "")],
        EventKind::Suppressed { why } => vec![key("suppressed", &format!("{why:?}"))],
        EventKind::Restricted => vec![key("restricted", "")],
        EventKind::Erased => vec![key("erased", "")],
        // Each tells of another address, and what stands under it.
        EventKind::AddressChanged { .. } => vec![key("address_changed", &no.event.id.to_string())],
        // Nothing else is written; what a later version writes is kept, each for itself.
        _ => vec![key("other", &no.event.id.to_string())],
    }
}
