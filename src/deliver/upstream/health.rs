//! Whether mail is given to an upstream: a circuit breaker of this node's own. Pure: the time is handed in.
//!
//! Closed while the upstream answers; open after a failure that would befall any message, or after several
//! messages in a row that got no answer; then a connection finds out whether it is back, without a
//! message, and one message at a time until one was answered. What is said of one recipient or one message
//! never counts, and a message that gets no answer counts once: the next time it is under suspicion itself.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

use crate::deliver::response::{Failure, Trouble};

/// Messages in a row without an answer after which the upstream is left alone.
const STRIKES: u32 = 3;
/// Deliveries that got no answer, as many as are remembered.
const SUSPECTS: usize = 1_000;

/// Whether mail may be given to it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Up,
    /// It can be connected to again: one message at a time.
    Trial,
    Down,
}

impl Standing {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Trial => "trial",
            Self::Down => "down",
        }
    }
}

/// What an observation changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    None,
    /// It went down, or is down for another reason than before.
    Down(Trouble),
    /// It is up again after so long.
    Back(Duration),
}

/// What is known of an upstream.
#[derive(Debug, Default)]
pub struct Breaker {
    /// Messages in a row that got no answer.
    strikes: u32,
    /// Deliveries that got no answer once: what befalls them again may be their own doing. The oldest first.
    suspects: VecDeque<Uuid>,
    outage: Option<Outage>,
}

#[derive(Debug)]
struct Outage {
    since: Instant,
    trouble: Trouble,
    failure: Failure,
    /// How often it was found to be down.
    found: u32,
    look: Look,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    /// Not before this.
    At(Instant),
    /// A connection is on its way.
    Out,
    /// It took a connection; a message decides.
    Trial,
}

impl Breaker {
    pub fn standing(&self) -> Standing {
        match &self.outage {
            None => Standing::Up,
            Some(Outage { look: Look::Trial, .. }) => Standing::Trial,
            Some(_) => Standing::Down,
        }
    }

    /// Whether mail leaves by it, as far as one can tell. A connection alone is no sign of that where messages
    /// were lost.
    pub fn is_up(&self) -> bool {
        let doubtful = |own: &Outage| own.look != Look::Trial || own.trouble == Trouble::Transactions;
        !self.outage.as_ref().is_some_and(doubtful)
    }

    /// What it failed with, while there is no use in trying.
    pub fn failure(&self) -> Option<&Failure> {
        let outage = self.outage.as_ref().filter(|outage| outage.look != Look::Trial);
        outage.map(|outage| &outage.failure)
    }

    /// The trouble, for how long, and in words; `None` while it is up.
    pub fn trouble(&self, now: Instant) -> Option<(Trouble, Duration, String)> {
        let outage = self.outage.as_ref()?;
        Some((outage.trouble, now.duration_since(outage.since), outage.failure.shown()))
    }

    /// Whether a connection shall find out whether it is back: told once, until something comes of it.
    pub fn looks_now(&mut self, now: Instant) -> bool {
        match &mut self.outage {
            Some(outage) if matches!(outage.look, Look::At(at) if at <= now) => {
                outage.look = Look::Out;
                true
            }
            _ => false,
        }
    }

    /// A connection could be made ready.
    pub fn connected(&mut self) {
        if let Some(outage) = &mut self.outage {
            outage.look = Look::Trial;
        }
    }

    /// No connection could be made ready.
    pub fn unreachable(&mut self, failure: &Failure, now: Instant) -> Change {
        let trouble = failure.trouble().unwrap_or(Trouble::Connect);
        self.goes_down(trouble, failure, now)
    }

    /// A transaction with this delivery failed.
    pub fn failed(&mut self, delivery: Uuid, failure: &Failure, now: Instant) -> Change {
        if let Some(trouble) = failure.trouble() {
            return self.goes_down(trouble, failure, now);
        }
        if !failure.is_lost_on_the_way() {
            return self.answered(now);
        }
        if self.suspects.contains(&delivery) {
            return Change::None;
        }
        if self.suspects.len() >= SUSPECTS {
            self.suspects.pop_front();
        }
        self.suspects.push_back(delivery);
        self.strikes = self.strikes.saturating_add(1);
        match self.standing() {
            Standing::Down => Change::None,
            Standing::Up if self.strikes < STRIKES => Change::None,
            Standing::Up | Standing::Trial => self.goes_down(Trouble::Transactions, failure, now),
        }
    }

    /// It said something to a transaction, whatever it was.
    pub fn answered(&mut self, now: Instant) -> Change {
        self.strikes = 0;
        match &self.outage {
            Some(Outage { look: Look::Trial, since, .. }) => {
                let lasted = now.duration_since(*since);
                self.outage = None;
                Change::Back(lasted)
            }
            // What was begun before the outage tells nothing of a new connection.
            _ => Change::None,
        }
    }

    /// Nothing came of the look, and that tells nothing: another one, later.
    pub fn looked_in_vain(&mut self, now: Instant) {
        if let Some(outage) = &mut self.outage
            && outage.look == Look::Out
        {
            outage.look = Look::At(now + pause(outage.trouble, outage.found));
        }
    }

    fn goes_down(&mut self, trouble: Trouble, failure: &Failure, now: Instant) -> Change {
        let Some(outage) = &mut self.outage else {
            let look = Look::At(now + pause(trouble, 0));
            self.outage = Some(Outage { since: now, trouble, failure: failure.clone(), found: 1, look });
            return Change::Down(trouble);
        };
        // What was begun before the outage was known tells nothing new.
        if matches!(outage.look, Look::At(_)) {
            return Change::None;
        }
        outage.look = Look::At(now + pause(trouble, outage.found));
        outage.found = outage.found.saturating_add(1);
        outage.failure = failure.clone();
        let before = std::mem::replace(&mut outage.trouble, trouble);
        if before == trouble { Change::None } else { Change::Down(trouble) }
    }
}

/// How long to leave it alone: doubled each time. A provider may lock out whom it refuses too often, so a
/// login that fails is tried seldom.
fn pause(trouble: Trouble, found: u32) -> Duration {
    let (first, longest) = match trouble {
        Trouble::Login => (5_000, 300_000),
        Trouble::StartTls | Trouble::Certificate | Trouble::Tls => (1_000, 30_000),
        Trouble::Name | Trouble::Connect | Trouble::Greeting | Trouble::Transactions => (250, 5_000),
    };
    Duration::from_millis((first << found.min(16)).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::deliver::response::{Lost, Response, Stage};

    fn refused() -> Failure {
        Failure::Lost(Stage::Connect, Lost::Refused)
    }

    fn answer(stage: Stage, code: u16) -> Failure {
        Failure::Answered(stage, Response { code, enhanced: None, text: String::new() })
    }

    fn another() -> Uuid {
        Clock::system().id()
    }

    fn after(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn it_is_left_alone_and_looked_at_less_and_less_often() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        assert_eq!(breaker.unreachable(&refused(), start), Change::Down(Trouble::Connect));
        let mut now = start;
        for pause in [250, 500, 1_000, 2_000, 4_000, 5_000, 5_000] {
            assert!(!breaker.looks_now(after(now, pause - 1)), "{pause}");
            now = after(now, pause);
            assert!(breaker.looks_now(now), "{pause}");
            assert!(!breaker.looks_now(after(now, 60_000)), "one look at a time");
            assert_eq!(breaker.unreachable(&refused(), now), Change::None);
            assert_eq!(breaker.standing(), Standing::Down);
        }
    }

    #[test]
    fn one_message_at_a_time_until_one_is_answered() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        breaker.unreachable(&refused(), start);
        assert!(breaker.looks_now(after(start, 250)));
        breaker.connected();
        assert_eq!(breaker.standing(), Standing::Trial);
        // A refusal of one recipient is an answer.
        let change = breaker.failed(another(), &answer(Stage::Rcpt, 550), after(start, 300));
        assert_eq!(change, Change::Back(Duration::from_millis(300)));
        assert_eq!(breaker.standing(), Standing::Up);
    }

    #[test]
    fn a_trial_that_is_lost_ends_at_once() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        breaker.unreachable(&refused(), start);
        assert!(breaker.looks_now(after(start, 250)));
        breaker.connected();
        let lost = Failure::Lost(Stage::EndOfData, Lost::TimedOut);
        assert_eq!(breaker.failed(another(), &lost, after(start, 300)), Change::Down(Trouble::Transactions));
        assert_eq!(breaker.standing(), Standing::Down);
    }

    #[test]
    fn only_many_lost_transactions_in_a_row_are_the_upstreams_trouble() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        let lost = Failure::Lost(Stage::Rcpt, Lost::Closed);
        for _ in 0..10 {
            assert_eq!(breaker.failed(another(), &lost, now), Change::None);
            assert_eq!(breaker.failed(another(), &lost, now), Change::None);
            assert_eq!(breaker.answered(now), Change::None);
        }
        breaker.failed(another(), &lost, now);
        breaker.failed(another(), &lost, now);
        assert_eq!(breaker.failed(another(), &lost, now), Change::Down(Trouble::Transactions));
    }

    #[test]
    fn a_message_that_is_lost_again_and_again_says_nothing_of_the_upstream() {
        let (mut breaker, start, lost) =
            (Breaker::default(), Instant::now(), Failure::Lost(Stage::EndOfData, Lost::TimedOut));
        let guilty = another();
        for _ in 0..10 {
            assert_eq!(breaker.failed(guilty, &lost, start), Change::None);
        }
        assert_eq!(breaker.failed(another(), &lost, start), Change::None);
        let last = another();
        assert_eq!(breaker.failed(last, &lost, start), Change::Down(Trouble::Transactions));
        assert!(breaker.looks_now(after(start, 60_000)));
        breaker.connected();
        assert!(!breaker.is_up(), "a connection alone proves nothing");
        for known in [guilty, last] {
            assert_eq!(breaker.failed(known, &lost, after(start, 60_000)), Change::None);
            assert_eq!(breaker.standing(), Standing::Trial, "the next message decides");
        }
        breaker.answered(after(start, 60_000));
        assert!(breaker.is_up());
    }

    #[test]
    fn what_is_remembered_of_messages_is_bounded() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..2 * SUSPECTS {
            breaker.failed(another(), &Failure::Lost(Stage::Rcpt, Lost::Closed), now);
        }
        assert_eq!(breaker.suspects.len(), SUSPECTS);
    }

    #[test]
    fn what_is_said_of_a_recipient_never_counts() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        for _ in 0..20 {
            for (stage, code) in [(Stage::Mail, 550), (Stage::Rcpt, 450), (Stage::EndOfData, 552)] {
                assert_eq!(breaker.failed(another(), &answer(stage, code), now), Change::None);
            }
        }
        assert_eq!(breaker.standing(), Standing::Up);
    }

    #[test]
    fn a_refused_login_is_tried_seldom_and_another_trouble_is_told() {
        let (mut breaker, start) = (Breaker::default(), Instant::now());
        assert_eq!(breaker.unreachable(&answer(Stage::Auth, 535), start), Change::Down(Trouble::Login));
        assert!(!breaker.looks_now(after(start, 4_999)));
        assert!(breaker.looks_now(after(start, 5_000)));
        assert_eq!(breaker.unreachable(&refused(), after(start, 5_000)), Change::Down(Trouble::Connect));
    }

    #[test]
    fn what_was_begun_before_an_outage_does_not_end_it() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        breaker.unreachable(&refused(), now);
        assert_eq!(breaker.answered(now), Change::None);
        assert_eq!(breaker.standing(), Standing::Down);
    }
}
