//! Which lanes are served next, and how much of the room each gets. Pure.
//!
//! Functional mail goes first; within a class, the lane that waited longest for its turn. No lane takes all:
//! a million due rows of one must not keep another waiting.

use std::collections::{HashMap, HashSet};

use crate::policy::Stream;
use crate::spool::Lane;
use crate::store::{Look, Reach, Seen, WaitingLane};

/// Lanes of one class that are looked at at once.
pub const PAGE: u32 = 1_000;
/// Lanes that are remembered though they were not in the last answer.
const REMEMBERED: usize = 100_000;

/// The most that one lane gets in one turn.
pub const SHARE: u32 = 64;

/// Octets of content that one lane gets in one turn, as far as its last turn tells.
const WEIGHT: usize = 32 * 1024 * 1024;
/// Of a lane whose messages nobody has seen yet.
const UNSEEN: usize = 1024 * 1024;

/// When each lane had its last turn, and how much to ask for it.
#[derive(Default)]
pub struct Turns {
    turn: u64,
    lanes: HashMap<i64, Last>,
    seen: Seen,
    /// This turn's lanes, due or not, in the order in which the store passed them.
    given: Vec<(Stream, i64)>,
    looked_at: HashSet<i64>,
}

#[derive(Clone, Copy)]
struct Last {
    turn: u64,
    /// What this node paces is gone once it is taken, and how many are due is not known: so a lane starts with
    /// one and gets twice as many each time it used them all.
    ask: u32,
    /// Octets of the largest message of its last turn.
    heaviest: usize,
}

/// What came of a lane's turn.
#[derive(Clone, Copy, Debug)]
pub struct Outturn {
    /// Permits that it could have.
    pub permits: u32,
    pub claimed: u32,
    /// Octets of the largest message.
    pub heaviest: usize,
}

/// Room that lanes share in the order in which they come.
pub struct Room {
    left: u32,
    lanes: u32,
}

impl Turns {
    /// From where the store is to go on.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// Puts the waiting lanes in the order in which they are to be served; forgets those that don't wait.
    pub fn begin(&mut self, Look { passed, mut waiting, reach }: Look) -> Vec<WaitingLane> {
        self.turn += 1;
        // What isn't due needs no looking at.
        let due: HashSet<i64> = waiting.iter().map(|own| own.id).collect();
        self.looked_at = passed.iter().map(|(_, id)| *id).filter(|id| !due.contains(id)).collect();
        self.given = passed;
        // Where lanes were left out, those that are not here may still wait.
        let all_here = reach == Reach::All;
        let known = std::mem::take(&mut self.lanes);
        let last = |id: i64| known.get(&id).copied().unwrap_or(Last { turn: 0, ask: 1, heaviest: UNSEEN });
        waiting.sort_by_key(|own| (Lane::class(own.lane.stream), last(own.id).turn));
        let here: HashMap<i64, Last> = waiting.iter().map(|own| (own.id, last(own.id))).collect();
        self.lanes = if all_here || known.len() > REMEMBERED { HashMap::new() } else { known };
        self.lanes.extend(here);
        waiting
    }

    /// There was room for this lane, whatever came of it.
    pub fn look_at(&mut self, lane: i64) {
        self.looked_at.insert(lane);
    }

    /// Moves on behind the lanes that were looked at without a gap, so that none is passed over.
    pub fn end(&mut self) {
        for stream in [Stream::Functional, Stream::Confirmation, Stream::Marketing] {
            let of_class = self.given.iter().filter(|(own, _)| *own == stream).map(|(_, id)| *id);
            if let Some(last) = of_class.take_while(|id| self.looked_at.contains(id)).last() {
                match stream {
                    Stream::Functional => self.seen.functional = last,
                    Stream::Confirmation => self.seen.confirmation = last,
                    Stream::Marketing => self.seen.marketing = last,
                }
            }
        }
    }

    /// It is this lane's turn: what fails goes to the end of its class as well.
    pub fn take_turn(&mut self, lane: i64) {
        let turn = self.turn;
        if let Some(last) = self.lanes.get_mut(&lane) {
            last.turn = turn;
        }
    }

    /// How many permits this lane should ask for where a rate limits it.
    pub fn ask(&self, lane: i64) -> u32 {
        self.lanes.get(&lane).map_or(1, |last| last.ask)
    }

    /// How many of this lane's messages may be in memory at once.
    pub fn bearable(&self, lane: i64) -> u32 {
        let heaviest = self.lanes.get(&lane).map_or(UNSEEN, |last| last.heaviest);
        u32::try_from(WEIGHT / heaviest.max(1)).unwrap_or(u32::MAX).clamp(1, SHARE)
    }

    /// A lane had its turn.
    pub fn served(&mut self, lane: i64, outturn: Outturn) {
        self.take_turn(lane);
        if let Some(last) = self.lanes.get_mut(&lane) {
            let doubled = outturn.permits.saturating_mul(2).clamp(1, SHARE);
            last.ask = if outturn.claimed < outturn.permits { 1 } else { doubled };
            if outturn.claimed > 0 {
                last.heaviest = outturn.heaviest;
            }
        }
    }
}

impl Room {
    pub fn new(left: usize, lanes: usize) -> Self {
        let bounded = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Self { left: bounded(left), lanes: bounded(lanes) }
    }

    /// The next lane's share.
    pub fn share(&self) -> u32 {
        self.left.div_ceil(self.lanes.max(1)).min(SHARE)
    }

    /// What was taken and not used goes to the lanes that follow.
    pub fn give_back(&mut self, unused: u32) {
        self.left = self.left.saturating_add(unused);
    }

    /// The next lane took so much of it.
    pub fn take(&mut self, taken: u32) {
        self.left = self.left.saturating_sub(taken);
        self.lanes = self.lanes.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::decide::DeliveryKind;

    fn waiting(id: i64, stream: Stream) -> WaitingLane {
        let lane = Lane {
            sender: "shop".into(),
            stream,
            provider: format!("p{id}"),
            campaign: String::new(),
            credential: String::new(),
        };
        WaitingLane { id, lane, kind: DeliveryKind::Submitted }
    }

    fn look(waiting: Vec<WaitingLane>, reach: Reach) -> Look {
        Look { passed: waiting.iter().map(|own| (own.lane.stream, own.id)).collect(), waiting, reach }
    }

    fn outturn(permits: u32, claimed: u32) -> Outturn {
        Outturn { permits, claimed, heaviest: 10_000 }
    }

    fn order(turns: &mut Turns, ids: &[i64]) -> Vec<i64> {
        let lanes: Vec<_> = ids.iter().map(|&id| waiting(id, Stream::Marketing)).collect();
        let full = lanes.len() >= usize::try_from(PAGE).unwrap();
        turns
            .begin(look(lanes, if full { Reach::Part } else { Reach::All }))
            .iter()
            .map(|lane| lane.id)
            .collect()
    }

    #[test]
    fn functional_mail_goes_first() {
        let lanes = vec![
            waiting(1, Stream::Marketing),
            waiting(2, Stream::Confirmation),
            waiting(3, Stream::Functional),
        ];
        let ids: Vec<i64> =
            Turns::default().begin(look(lanes, Reach::All)).iter().map(|lane| lane.id).collect();
        assert_eq!(ids, [3, 2, 1]);
    }

    #[test]
    fn the_lane_that_waited_longest_for_its_turn_comes_first() {
        let mut turns = Turns::default();
        assert_eq!(order(&mut turns, &[1, 2, 3]), [1, 2, 3]);
        turns.served(1, outturn(64, 64));
        assert_eq!(order(&mut turns, &[1, 2, 3]), [2, 3, 1]);
        turns.served(2, outturn(64, 64));
        assert_eq!(order(&mut turns, &[1, 2, 3]), [3, 1, 2]);
    }

    #[test]
    fn no_number_of_lanes_that_cannot_be_served_hides_another() {
        let mut turns = Turns::default();
        let page = usize::try_from(PAGE).unwrap();
        let mut left: HashSet<i64> = (1..=3 * i64::from(PAGE)).collect();
        for _ in 0..4 {
            let seen = turns.seen().marketing;
            let behind = (1..=3 * i64::from(PAGE)).filter(|id| *id > seen);
            let round = (1..=3 * i64::from(PAGE)).filter(|id| *id <= seen);
            let ids: Vec<i64> = behind.chain(round).take(page).collect();
            // Of each page there is room for all but the last ten.
            for id in order(&mut turns, &ids).into_iter().take(page - 10) {
                turns.look_at(id);
                left.remove(&id);
            }
            turns.end();
        }
        assert!(left.is_empty(), "{} were never looked at", left.len());
    }

    #[test]
    fn what_is_not_due_is_passed_over() {
        let mut turns = Turns::default();
        let due = waiting(3, Stream::Marketing);
        let passed = (1..=4).map(|id| (Stream::Marketing, id)).collect();
        turns.begin(Look { passed, waiting: vec![due], reach: Reach::Part });
        turns.end();
        assert_eq!(turns.seen().marketing, 2);
        turns.look_at(3);
        turns.end();
        assert_eq!(turns.seen().marketing, 4);
    }

    #[test]
    fn a_lane_is_not_forgotten_while_others_are_looked_at() {
        let mut turns = Turns::default();
        let page: Vec<i64> = (1..=i64::from(PAGE)).collect();
        order(&mut turns, &page);
        turns.take_turn(1);
        let others: Vec<i64> = page.iter().map(|id| id + i64::from(PAGE)).collect();
        order(&mut turns, &others);
        assert_eq!(order(&mut turns, &page).last(), Some(&1));
    }

    #[test]
    fn a_lane_asks_for_more_of_a_quota_only_while_it_uses_all() {
        let mut turns = Turns::default();
        order(&mut turns, &[1]);
        assert_eq!(turns.ask(1), 1);
        turns.served(1, outturn(1, 1));
        assert_eq!(turns.ask(1), 2);
        turns.served(1, outturn(2, 1));
        assert_eq!(turns.ask(1), 1);
        turns.served(1, outturn(64, 64));
        assert_eq!(turns.ask(1), SHARE);
        order(&mut turns, &[]);
        order(&mut turns, &[1]);
        assert_eq!(turns.ask(1), 1);
    }

    #[test]
    fn the_larger_the_messages_the_fewer_are_taken_at_once() {
        let mut turns = Turns::default();
        order(&mut turns, &[1]);
        assert_eq!(turns.bearable(1), 32);
        turns.served(1, outturn(1, 1));
        assert_eq!(turns.bearable(1), SHARE);
        turns.served(1, Outturn { heaviest: 25 * 1024 * 1024, ..outturn(1, 1) });
        assert_eq!(turns.bearable(1), 1);
    }

    #[test]
    fn room_is_shared_and_what_one_leaves_goes_to_the_next() {
        let mut room = Room::new(100, 3);
        assert_eq!(room.share(), 34);
        room.take(0);
        assert_eq!(room.share(), 50);
        room.take(50);
        assert_eq!(room.share(), 50);
        room.give_back(10);
        assert_eq!(room.share(), 60);
        assert_eq!(Room::new(1_000, 1).share(), SHARE);
        assert_eq!(Room::new(2, 10).share(), 1);
        assert_eq!(Room::new(0, 10).share(), 0);
    }
}
