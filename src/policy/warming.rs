//! Marketing of a domain that warms up: how it waits for a day's room, the best-grounded first. Pure.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::GroundKind;
use crate::consent::ConsentState;

/// Who rests on a weaker ground comes so much later after the day has begun.
const CLASS: SignedDuration = SignedDuration::from_mins(10);
/// Of grounds older than this the age makes no difference any more.
const OLDEST: SignedDuration = SignedDuration::from_hours(24 * 3650);

/// That today's messages of a domain are all taken: recorded with the verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Full {
    /// When there is room again.
    pub opens: Timestamp,
    /// For people: what is full.
    pub text: String,
}

/// When it is this recipient's turn, after room opens: those with the best ground first, of these the one with the
/// youngest. What is due first is claimed first.
pub fn rank(ground: Option<GroundKind>, since: Option<Timestamp>, now: Timestamp) -> SignedDuration {
    let class = match ground {
        Some(GroundKind::DoubleOptIn) => 0,
        Some(GroundKind::SingleOptIn) => 1,
        Some(_) => 2,
        None => 3,
    };
    let age = since.map_or(OLDEST, |at| now.duration_since(at)).clamp(SignedDuration::ZERO, OLDEST);
    let within = CLASS.as_micros() * age.as_micros() / OLDEST.as_micros();
    CLASS * class + SignedDuration::from_micros(i64::try_from(within).unwrap_or(0))
}

/// Since when a ground stands that rests on this event.
pub fn since(consent: &ConsentState, event: Option<Uuid>) -> Option<Timestamp> {
    let event = event?;
    let opt_ins = consent.opt_ins.iter().map(|own| (own.event, own.at));
    let acquaintances = consent.acquaintances.iter().map(|own| (own.event, own.at));
    opt_ins.chain(acquaintances).find(|(own, _)| *own == event).map(|(_, at)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_ground_comes_first_and_of_equals_the_youngest() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let ago = |days: i64| Some(now - SignedDuration::from_hours(24 * days));
        let ranks = [
            rank(Some(GroundKind::DoubleOptIn), ago(1), now),
            rank(Some(GroundKind::DoubleOptIn), ago(2), now),
            rank(Some(GroundKind::DoubleOptIn), ago(20_000), now),
            rank(Some(GroundKind::SingleOptIn), ago(1), now),
            rank(Some(GroundKind::SoftOptIn), ago(1), now),
            rank(Some(GroundKind::SoftOptIn), ago(900), now),
            rank(None, None, now),
        ];
        assert!(ranks.is_sorted() && ranks[0] < ranks[1] && ranks[4] < ranks[5], "{ranks:?}");
        assert!(ranks[6] <= SignedDuration::from_mins(40));
    }
}
