//! Pages of lists: how long they are, and where the next one begins.

use super::problem::Problem;

/// Entries of a page, where none are asked for, and at most.
const USUAL: u32 = 100;
pub(super) const MOST: u32 = 1_000;

pub(super) fn page_size(asked: Option<u32>) -> Result<u32, Problem> {
    match asked {
        None => Ok(USUAL),
        Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::parameter("limit", format!("1 to {MOST}"))),
    }
}

/// The last entry, if more follow it.
pub(super) fn next<T>(more: bool, last: Option<T>) -> Option<T> {
    last.filter(|_| more)
}
