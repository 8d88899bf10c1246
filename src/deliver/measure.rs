//! What the metrics hear of a try: how long it took, what the upstream said, how the delivery ended.
//! Decides nothing.

use super::response::Failure;
use super::settlement::{Sent, Stop};
use crate::spool::Settlement;
use crate::store::{Claim, Settle, Tracked};
use crate::telemetry::metrics::{self, Stopwatch};

/// What the upstream said to one try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// A reply with this code.
    Code(u16),
    /// It was asked and gave no usable answer.
    Nothing,
    /// It was never asked.
    NotAsked,
}

impl Said {
    pub fn of(result: &Result<Sent, Stop>) -> Self {
        match result {
            Ok(sent) => Self::Code(sent.response.code),
            Err(Stop::Failed(failure, _) | Stop::Stale(failure)) => match failure {
                Failure::Answered(_, response) => Self::Code(response.code),
                Failure::Unfit(_) => Self::NotAsked,
                _ => Self::Nothing,
            },
            Err(Stop::Unreachable { failure: Failure::Answered(_, response), .. }) => {
                Self::Code(response.code)
            }
            Err(Stop::Unreachable { .. }) => Self::Nothing,
            Err(_) => Self::NotAsked,
        }
    }
}

/// One try at a claim, and what is to be written down; `None` where it is not ours to write any more.
pub fn attempt(upstream: &str, said: Said, settle: Option<&Settle>, began: Stopwatch) {
    let result = match settle.map(|settle| &settle.settlement) {
        None => "lost",
        Some(Settlement::End(outcome)) => outcome.as_str(),
        Some(Settlement::Later(_)) => "later",
        Some(Settlement::Hold(_)) => "hold",
    };
    metrics::attempted(upstream, result, began.took());
    match said {
        Said::Code(code) => metrics::upstream_response(upstream, Some(code)),
        Said::Nothing => metrics::upstream_response(upstream, None),
        Said::NotAsked => {}
    }
}

/// A settlement was written down.
pub fn settled(claim: &Claim, settlement: &Settlement, tracked: Option<Tracked>) {
    if let Some(tracked) = tracked {
        metrics::tracked(&claim.sender, tracked.tracking, tracked.pixels, tracked.links);
    }
    if let Settlement::End(outcome) = settlement {
        metrics::outcome(&claim.sender, Some(claim.lane.stream), *outcome);
    }
}
