//! BDAT: how many octets come next, and what becomes of them. RFC 3030.
//!
//! Octets that were announced are always read as octets, whatever the reply: never as commands. Where it can't
//! be told how many there are, or nobody could wait for so many, the session ends.

use super::{Effect, Protocol, Session, State, Step};
use crate::mail::Reply;

/// However small messages must be, a chunk of up to so many octets is read to its end before it is refused.
const LEAST_DROPPED: u64 = 16 * 1024 * 1024;
/// As often as the largest message are dropped at most between two messages.
const DROPPED_MESSAGES: u64 = 4;

/// How far a message in chunks has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    None,
    Begun,
    /// One was refused, or DATA came between: the others are dropped, up to RSET.
    Failed,
}

/// So many octets come now, and no reply was given yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub size: u64,
    pub fate: Fate,
    pub position: Position,
}

/// What becomes of a chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A message begins with it.
    Begin {
        /// What the peer said of the message's size, or 0.
        hint: usize,
    },
    Continue,
    /// It is read, dropped, and answered so.
    Drop(Reply),
}

/// Where in its message a chunk stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    Within,
    Last,
}

impl Session {
    /// Whether content is being gathered; if not, whatever was gathered goes.
    pub fn is_gathering(&self) -> bool {
        matches!(&self.state, State::Transaction(transaction) if transaction.chunks == Chunks::Begun)
    }

    /// The message can't be taken: after its last chunk the transaction is over, before it the others are dropped.
    pub fn chunk_refused(&mut self, position: Position) {
        match position {
            Position::Last => drop(self.hand_over()),
            Position::Within => self.fail_chunks(),
        }
    }

    pub(super) fn fail_chunks(&mut self) {
        if let State::Transaction(transaction) = &mut self.state {
            transaction.chunks = Chunks::Failed;
        }
    }

    pub(super) fn chunk(&mut self, arguments: &str) -> Step {
        let (size, position) = match announced(arguments) {
            Announced::Chunk(size, position) => (size, position),
            Announced::Countless => return self.too_much(),
            Announced::Nothing => {
                let reply = Reply::new(501, (5, 5, 4), "BDAT size [LAST]; closing");
                return Step::reply(reply).then(Effect::Close);
            }
        };
        let fate = self.fate(size);
        let most = LEAST_DROPPED.max(DROPPED_MESSAGES.saturating_mul(self.terms.max_message_size as u64));
        if matches!(fate, Fate::Drop(_)) {
            self.dropped = self.dropped.saturating_add(size);
        }
        if size > most || self.dropped > most {
            return self.too_much();
        }
        Step::ask(Effect::ReadChunk(Chunk { size, fate, position }))
    }

    /// Nobody waits for so many octets.
    fn too_much(&mut self) -> Step {
        self.state = State::Idle;
        let end = Step::say(552, (5, 3, 4), "message too large; closing").then(Effect::Close);
        end.beyond("max_message_size")
    }

    fn fate(&mut self, size: u64) -> Fate {
        let extended = self.hello.as_ref().is_some_and(|hello| hello.protocol == Protocol::Esmtp);
        let why = match &mut self.state {
            _ if !extended => "say EHLO first",
            State::Idle | State::Authenticating(_) => "MAIL comes first",
            State::Transaction(transaction) => match transaction.chunks {
                Chunks::Failed => {
                    // A peer that pipelined them could not know; but empty ones cost it nothing.
                    self.strikes += u32::from(size == 0);
                    return Fate::Drop(out_of_place("the message failed; RSET comes first"));
                }
                _ if transaction.envelope.recipients.is_empty() => {
                    // What follows would be but the rest of a message.
                    transaction.chunks = Chunks::Failed;
                    "no recipient was taken"
                }
                Chunks::Begun => return Fate::Continue,
                Chunks::None => {
                    transaction.chunks = Chunks::Begun;
                    return Fate::Begin { hint: transaction.hint() };
                }
            },
        };
        self.strikes += 1;
        Fate::Drop(out_of_place(why))
    }
}

/// Whether a line would be BDAT if it could be read.
pub(super) fn is_bdat(line: &[u8]) -> bool {
    line.get(..4).is_some_and(|verb| verb.eq_ignore_ascii_case(b"BDAT"))
        && line.get(4).is_none_or(|next| !next.is_ascii_alphanumeric())
}

fn out_of_place(why: &str) -> Reply {
    Reply::new(503, (5, 5, 1), why)
}

/// What stands after BDAT.
enum Announced {
    Chunk(u64, Position),
    /// More than can be counted.
    Countless,
    /// No number, or something beside it: nobody knows what follows.
    Nothing,
}

fn announced(arguments: &str) -> Announced {
    let mut words = arguments.split(' ').filter(|word| !word.is_empty());
    let (size, last, more) = (words.next().unwrap_or_default(), words.next(), words.next());
    let position = match last {
        None => Position::Within,
        Some(word) if word.eq_ignore_ascii_case("LAST") => Position::Last,
        Some(_) => return Announced::Nothing,
    };
    if size.is_empty() || more.is_some() || !size.bytes().all(|byte| byte.is_ascii_digit()) {
        return Announced::Nothing;
    }
    // Of digits alone, what can't be read is too large.
    size.parse().map_or(Announced::Countless, |size| Announced::Chunk(size, position))
}
