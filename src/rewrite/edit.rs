//! Changes to a sequence of bytes, as ranges and what stands there instead. What no edit names stays byte for
//! byte (invariant 7).

use std::ops::Range;

/// `with` instead of what stands at `at`; an empty range inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub at: Range<usize>,
    pub with: Vec<u8>,
}

impl Edit {
    pub fn insert(at: usize, with: Vec<u8>) -> Self {
        Self { at: at..at, with }
    }

    pub fn replace(at: Range<usize>, with: Vec<u8>) -> Self {
        Self { at, with }
    }

    pub fn remove(at: Range<usize>) -> Self {
        Self { at, with: Vec::new() }
    }
}

/// Brings edits into the order in which they stand; those at one place keep theirs.
pub(super) fn sort(edits: &mut [Edit]) {
    edits.sort_by_key(|edit| edit.at.start);
}

/// The original with all edits made. They are sorted and don't overlap; one that does is left out.
pub(super) fn apply(original: &[u8], edits: &[Edit]) -> Vec<u8> {
    apply_from(0, original, edits)
}

/// What becomes of the original from here on, where no edit stands before.
pub(super) fn apply_from(start: usize, original: &[u8], edits: &[Edit]) -> Vec<u8> {
    let growth: usize = edits.iter().map(|edit| edit.with.len()).sum();
    let gone: usize = edits.iter().map(|edit| edit.at.len()).sum();
    let mut out = Vec::with_capacity((original.len() + growth).saturating_sub(start + gone));
    let mut done = start;
    for edit in edits {
        debug_assert!(edit.at.start >= done && edit.at.end <= original.len(), "edits overlap");
        let Some(kept) = original.get(done..edit.at.start) else { continue };
        out.extend_from_slice(kept);
        out.extend_from_slice(&edit.with);
        done = edit.at.end;
    }
    out.extend_from_slice(original.get(done..).unwrap_or_default());
    out
}
