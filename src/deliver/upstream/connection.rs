//! One transaction on a connection that is ready. RFC 5321, 3.3; RFC 2920.
//!
//! One recipient, one copy. Nothing is sent without a `Deliverable`, and sending uses it up.

use tokio::time::Instant;

use super::content::Content;
use super::open::{Capabilities, Offer};
use super::parameters::{self, Asked};
use super::wire::Wire;
use crate::deliver::response::{Failure, Response, Stage, Unfit};
use crate::mail::Address;
use crate::policy::decide::Deliverable;
use crate::telemetry::metrics;

/// Who sends and who shall have it, and what the copy is like.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// `None` is the null sender.
    pub sender: Option<&'a Address>,
    pub recipient: &'a Address,
    pub body: Body,
    pub asked: Asked<'a>,
}

/// What octets the copy has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    SevenBit,
    EightBit,
}

/// A connection that is ready for a transaction.
pub struct Connection {
    wire: Wire,
    capabilities: Capabilities,
    state: State,
    /// Messages that it carried.
    pub(super) carried: u32,
    /// Since when it waits.
    pub(super) idle_since: Instant,
    _counted: metrics::Open,
}

/// Where the conversation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    /// A transaction was begun and refused: RSET comes before the next.
    Begun,
    /// In a transaction, or out of step: good for nothing more.
    Spent,
}

impl Connection {
    pub fn new(wire: Wire, capabilities: Capabilities, counted: metrics::Open) -> Self {
        let idle_since = Instant::now();
        Self { wire, capabilities, state: State::Ready, carried: 0, idle_since, _counted: counted }
    }

    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// Whether it can carry another message.
    pub fn is_usable(&self) -> bool {
        self.state != State::Spent
    }

    /// Whether the upstream said something, or closed, while nothing was asked.
    pub fn has_spoken(&mut self) -> bool {
        self.wire.has_spoken()
    }

    /// Sends one copy: `parts` are one message, cut at line starts. The response is a 2xx to the final dot.
    ///
    /// Invariant 2: `leave` is what only the second decision gives, and this is where it ends.
    pub async fn send(
        &mut self,
        leave: Deliverable,
        envelope: &Envelope<'_>,
        parts: &[&[u8]],
    ) -> Result<Response, Failure> {
        drop(leave);
        let content = self.fit(envelope, parts)?;
        let commands = self.commands(envelope, content.size());
        // Whoever stops waiting for us leaves a connection that is in the middle of something.
        self.state = State::Spent;
        self.carried += 1;
        let result = self.transact(&commands, &content).await;
        self.state = match &result {
            Ok(_) => State::Ready,
            Err((state @ (State::Begun | State::Ready), failure)) if failure.leaves_connection() => *state,
            Err(_) => State::Spent,
        };
        result.map_err(|(_, failure)| failure)
    }

    /// Says goodbye, and doesn't wait long for the answer.
    pub async fn quit(mut self) {
        if self.wire.write(Stage::Reset, b"QUIT\r\n").await.is_ok() {
            let _ = self.wire.read(Stage::Reset).await;
        }
    }

    fn fit<'a>(&self, envelope: &Envelope<'_>, parts: &'a [&'a [u8]]) -> Result<Content<'a>, Failure> {
        if parameters::needs_utf8(envelope) && self.capabilities.smtp_utf8 == Offer::Lacking {
            return Err(Failure::Unfit(Unfit::Utf8));
        }
        if envelope.body == Body::EightBit && self.capabilities.eight_bit_mime == Offer::Lacking {
            return Err(Failure::Unfit(Unfit::EightBit));
        }
        Content::of(parts).map_err(Failure::Unfit)
    }

    /// The commands of a transaction, in order. Invariant 8: addresses are written anew from their parts.
    fn commands(&self, envelope: &Envelope<'_>, size: usize) -> Vec<(Stage, String)> {
        let mut mail = match envelope.sender {
            Some(sender) => format!("MAIL FROM:<{sender}>"),
            None => "MAIL FROM:<>".to_owned(),
        };
        mail.push_str(&parameters::of_mail(envelope, &self.capabilities, size));
        let rcpt = parameters::of_rcpt(envelope, &self.capabilities);
        let mut commands = Vec::with_capacity(4);
        if self.state == State::Begun {
            commands.push((Stage::Reset, "RSET\r\n".to_owned()));
        }
        commands.push((Stage::Mail, mail + "\r\n"));
        commands.push((Stage::Rcpt, format!("RCPT TO:<{}>{rcpt}\r\n", envelope.recipient)));
        commands.push((Stage::Data, "DATA\r\n".to_owned()));
        commands
    }

    async fn transact(
        &mut self,
        commands: &[(Stage, String)],
        content: &Content<'_>,
    ) -> Result<Response, (State, Failure)> {
        match self.capabilities.pipelining {
            Offer::Offered => self.ask_at_once(commands).await?,
            Offer::Lacking => self.ask_in_turn(commands).await?,
        }
        self.wire.write_content(content).await.map_err(|failure| (State::Spent, failure))?;
        let answer = self.wire.expect(Stage::EndOfData).await;
        // Whatever the answer, it ends the transaction.
        answer.map(|reply| reply.response).map_err(|failure| (State::Ready, failure))
    }

    async fn ask_in_turn(&mut self, commands: &[(Stage, String)]) -> Result<(), (State, Failure)> {
        for (stage, command) in commands {
            self.wire.write(*stage, command.as_bytes()).await.map_err(|failure| (State::Spent, failure))?;
            self.wire.expect(*stage).await.map_err(|failure| (State::Begun, failure))?;
        }
        Ok(())
    }

    /// All commands in one write (RFC 2920, 3.1). The first failure is the one that counts; the answers to the
    /// others are still read, so that the next transaction doesn't take them for its own.
    async fn ask_at_once(&mut self, commands: &[(Stage, String)]) -> Result<(), (State, Failure)> {
        let all: String = commands.iter().map(|(_, command)| command.as_str()).collect();
        let first = commands.first().map_or(Stage::Mail, |(stage, _)| *stage);
        self.wire.write(first, all.as_bytes()).await.map_err(|failure| (State::Spent, failure))?;
        let mut failed: Option<Failure> = None;
        let mut recipient = Recipient::Refused;
        for (stage, _) in commands {
            match (self.wire.expect(*stage).await, failed.take()) {
                (Ok(_), Some(before)) if *stage == Stage::Data => {
                    return Err((self.leave_data(recipient).await, before));
                }
                (Ok(_), before) => {
                    failed = before;
                    if *stage == Stage::Rcpt {
                        recipient = Recipient::Taken;
                    }
                }
                (Err(failure), before) => {
                    let gone = !failure.leaves_connection();
                    let first = before.unwrap_or(failure);
                    if gone {
                        return Err((State::Spent, first));
                    }
                    failed = Some(first);
                }
            }
        }
        failed.map_or(Ok(()), |failure| Err((State::Begun, failure)))
    }

    /// It waits for a message although it refused what came before. Without a recipient an empty one ends that
    /// (RFC 2920, 3.1); with one it would be sent, and only hanging up gets us out of there.
    async fn leave_data(&mut self, recipient: Recipient) -> State {
        match recipient {
            Recipient::Taken => State::Spent,
            Recipient::Refused => match self.wire.write(Stage::EndOfData, b".\r\n").await {
                // A 554, as it has no recipients; whatever it says, the transaction is over.
                Ok(()) if self.wire.read(Stage::Data).await.is_ok() => State::Ready,
                _ => State::Spent,
            },
        }
    }
}

/// Whether the upstream would send what it is given now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Recipient {
    Taken,
    Refused,
}
