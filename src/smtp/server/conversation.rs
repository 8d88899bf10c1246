//! One conversation over one stream: reads lines and data, lets the session judge them, does what it asks
//! for, and writes replies. Ends with its stream; a new one under TLS begins with nothing read.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::Zeroize as _;

use super::chunks::Gathering;
use super::connection::Guest;
use super::limits::Limits;
use super::pace::Pace;
use super::room::Taken;
use super::{Shared, Taker, answer};
use crate::intake::{Intake, IntakeError, Submission};
use crate::mail::Reply;
use crate::smtp::session::{Effect, HandOver, Keeps, Session, Step};
use crate::smtp::wire::{BadLine, DataReader, EndOfData, Foreign, LineReader};
use crate::store::Trace;
use crate::telemetry::metrics::{self, Stopwatch};

/// Octets to read at once: commands, and data.
const COMMAND_READ: usize = 4 * 1024;
const DATA_READ: usize = 64 * 1024;
/// What data may come to at most, of an octet that was read: a stray CR or LF is kept as two.
pub(super) const AT_MOST: usize = 2;
/// Of mail that unsubscribes, so many octets are kept: its header. Signatures with pictures may follow.
pub(super) const HEAD: usize = 64 * 1024;
/// Replies beyond this are written although there is more input at hand.
const MAX_OUTPUT: usize = 16 * 1024;

/// A conversation with a peer.
pub(super) struct Conversation<'a, S> {
    stream: &'a mut S,
    pub(super) session: &'a mut Session,
    pub(super) shared: &'a Shared,
    pub(super) guest: &'a Guest,
    pub(super) input: BytesMut,
    lines: LineReader,
    output: String,
    /// Of a message that comes in chunks.
    pub(super) gathering: Option<Gathering>,
}

/// What comes after a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    Close,
    StartTls,
}

/// Why a conversation ends before the peer wants it to.
pub(super) enum End {
    Lost(io::Error),
    Farewell(Reply),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

/// A line, or why it is none.
type Line = Result<BytesMut, BadLine>;

impl<'a, S: AsyncRead + AsyncWrite + Unpin> Conversation<'a, S> {
    /// From the greeting on.
    pub async fn greet(
        stream: &'a mut S,
        session: &'a mut Session,
        shared: &'a Shared,
        guest: &'a Guest,
    ) -> io::Result<Then> {
        let greeting = session.greeting().to_string();
        Self::new(stream, session, shared, guest, greeting).run().await
    }

    /// After a handshake: the peer speaks first. RFC 3207, 4.2.
    pub async fn resume(
        stream: &'a mut S,
        session: &'a mut Session,
        shared: &'a Shared,
        guest: &'a Guest,
    ) -> io::Result<Then> {
        Self::new(stream, session, shared, guest, String::new()).run().await
    }

    fn new(
        stream: &'a mut S,
        session: &'a mut Session,
        shared: &'a Shared,
        guest: &'a Guest,
        output: String,
    ) -> Self {
        let (input, lines) = (BytesMut::new(), LineReader::default());
        Self { stream, session, shared, guest, input, lines, output, gathering: None }
    }

    pub(super) fn limits(&self) -> &'a Limits {
        &self.shared.limits
    }

    async fn run(mut self) -> io::Result<Then> {
        let then = match self.talk().await {
            Ok(then) => then,
            Err(End::Lost(error)) => return Err(error),
            Err(End::Farewell(reply)) => {
                self.output.push_str(&reply.to_string());
                Then::Close
            }
        };
        self.flush().await?;
        Ok(then)
    }

    async fn talk(&mut self) -> Result<Then, End> {
        loop {
            let step = match self.next_line().await? {
                Ok(mut line) => {
                    let step = self.session.line(&line);
                    // It may have held a secret.
                    line.as_mut().zeroize();
                    step
                }
                Err(bad) => self.session.bad_line(bad),
            };
            if !self.session.is_gathering() {
                self.gathering = None;
            }
            if let Some(then) = self.carry_out(step).await? {
                return Ok(then);
            }
        }
    }

    /// Says the reply and does what the session asks for.
    async fn carry_out(&mut self, step: Step) -> Result<Option<Then>, End> {
        self.count(step.beyond);
        if matches!(step.effect, Effect::Confirm) {
            let reply = match self.confirm().await {
                None if self.shared.room.is_full() => {
                    self.count(Some("max_in_hand"));
                    Some(self.drop_message(answer::no_room()))
                }
                None => step.reply,
                refused => refused,
            };
            self.say(reply);
            return Ok(None);
        }
        self.say(step.reply);
        match step.effect {
            Effect::Nothing | Effect::Confirm => Ok(None),
            Effect::Close => Ok(Some(Then::Close)),
            Effect::StartTls => Ok(Some(Then::StartTls)),
            Effect::Verify(login) => {
                let verified = self.verify(login).await?;
                let step = self.session.verified(verified);
                self.count(step.beyond);
                self.say(step.reply);
                Ok(matches!(step.effect, Effect::Close).then_some(Then::Close))
            }
            Effect::Ask(asked) => {
                let known = self.look_up(&asked.address).await;
                let step = self.session.judged(*asked, known);
                self.count(step.beyond);
                self.say(step.reply);
                Ok(matches!(step.effect, Effect::Close).then_some(Then::Close))
            }
            Effect::ReadData { hint } => {
                let reply = self.take_message(hint).await?;
                self.say(Some(reply));
                Ok(None)
            }
            Effect::ReadChunk(chunk) => {
                let reply = self.take_chunk(chunk).await?;
                self.say(Some(reply));
                Ok(None)
            }
        }
    }

    fn say(&mut self, reply: Option<Reply>) {
        if let Some(reply) = reply {
            metrics::smtp_reply(reply.code);
            self.output.push_str(&reply.to_string());
        }
    }

    /// The next line. Replies are written before it waits for one: pipelined commands are answered together
    /// (RFC 2920, 3.2).
    async fn next_line(&mut self) -> Result<Line, End> {
        let deadline = self.command_deadline();
        loop {
            if self.shared.shutdown.is_cancelled() {
                return Err(shutting_down());
            }
            if Instant::now() >= self.session_until() {
                self.count(Some("session_timeout"));
                return Err(End::Farewell(Reply::new(
                    421,
                    (4, 4, 2),
                    "the session lasted too long; closing",
                )));
            }
            if self.output.len() > MAX_OUTPUT {
                self.flush().await?;
            }
            if self.lines.is_at_start()
                && let Some(what) = Foreign::of(&self.input)
            {
                return Err(self.not_smtp(what));
            }
            if let Some(line) = self.lines.next(&mut self.input, self.session.line_limit()) {
                return Ok(line);
            }
            self.flush().await?;
            self.input.reserve(COMMAND_READ);
            let shared = self.shared;
            tokio::select! {
                biased;
                () = shared.shutdown.cancelled() => return Err(shutting_down()),
                read = self.read(deadline) => drop(read?),
            }
        }
    }

    /// Nothing of what follows is read as commands.
    fn not_smtp(&self, what: Foreign) -> End {
        let what = what.word();
        metrics::not_smtp(what);
        if let Some(times) = self.shared.foreign.worth_a_line() {
            let peer = self.shared.verifier.shown(self.guest.address);
            tracing::warn!(peer, what, times, "a peer speaks something else than SMTP");
        }
        End::Farewell(Reply::new(500, (5, 5, 1), "this is no SMTP command; closing"))
    }

    /// When the next command must have come in full.
    fn command_deadline(&self) -> Instant {
        let idle = (Instant::now() + self.limits().idle).min(self.may_last_until());
        self.gathering.as_ref().map_or(idle, |message| idle.min(message.pace.until()))
    }

    /// When the session ends whatever the peer does: a stranger has until it must have logged in.
    pub(super) fn may_last_until(&self) -> Instant {
        match self.session.holder() {
            Some(_) => self.session_until(),
            None => self.session_until().min(self.guest.login_until),
        }
    }

    /// When the session ends; a transaction that has begun may still come to its end.
    fn session_until(&self) -> Instant {
        let until = self.guest.session_until;
        if self.session.in_transaction() { until + self.limits().data } else { until }
    }

    /// Reads the data to its end, then hands it over.
    async fn take_message(&mut self, hint: usize) -> Result<Reply, End> {
        let mut pace = Pace::begin(self.limits());
        let limit = self.shared.terms.max_message_size;
        let mut reader = match self.session.keeps() {
            Keeps::Whole => DataReader::new(limit, hint),
            Keeps::Head => DataReader::of_head(HEAD, limit),
        };
        let mut taken = Taken::default();
        let ended = loop {
            let held = reader.held_with(AT_MOST * self.input.len());
            if self.shared.room.extend(&mut taken, held).await.is_err() {
                self.count(Some("max_in_hand"));
                reader.give_up();
                taken = Taken::default();
            }
            if let Some(ended) = reader.read(&mut self.input) {
                break ended;
            }
            self.more_data(&mut pace).await?;
        };
        self.give_back_input();
        Ok(match ended {
            EndOfData::Complete(content) => self.submit(content).await,
            EndOfData::TooLarge => {
                self.count(Some("max_message_size"));
                self.drop_message(answer::too_large())
            }
            EndOfData::NoRoom => self.drop_message(answer::no_room()),
        })
    }

    /// Reads the next block of data, within the pace.
    pub(super) async fn more_data(&mut self, pace: &mut Pace) -> Result<(), End> {
        self.flush().await?;
        self.input.reserve(DATA_READ);
        let since = Instant::now();
        let read = self.read(pace.deadline(self.limits())).await?;
        pace.came(read, since);
        Ok(())
    }

    /// A session that waits for its next message holds no more memory than one that has just begun.
    pub(super) fn give_back_input(&mut self) {
        if self.input.capacity() > 2 * COMMAND_READ {
            self.input = BytesMut::from(self.input.as_ref());
        }
    }

    fn drop_message(&mut self, reply: Reply) -> Reply {
        self.session.hand_over();
        reply
    }

    /// Hands a whole message over, and measures what came of it.
    pub(super) async fn submit(&mut self, content: Bytes) -> Reply {
        let Some(handed) = self.session.hand_over() else {
            return Reply::new(503, (5, 5, 1), "no transaction");
        };
        match &self.shared.taker {
            Taker::Submission(intake) => {
                let taking = Stopwatch::start();
                let reply = self.take_in(intake, handed, content).await;
                metrics::accepted(reply.code, taking.took());
                reply
            }
            Taker::Feedback(feedback) => self.take_back(feedback, handed, content).await,
        }
    }

    async fn take_in(&mut self, intake: &Intake, handed: HandOver, content: Bytes) -> Reply {
        let Some(holder) = handed.holder else {
            return Reply::new(530, (5, 7, 0), "authentication required");
        };
        match self.shared.verifier.still_in_force(holder.id).await {
            Ok(true) => {}
            Ok(false) => return self.session.revoked(),
            Err(error) => return not_taken(&error.into()),
        }
        let submission = Submission {
            grant: holder.grant,
            envelope: handed.envelope,
            content,
            trace: Trace {
                helo: handed.helo,
                peer: Some(self.guest.address),
                protocol: handed.protocol.to_owned(),
            },
        };
        match intake.accept(submission).await {
            Ok(receipt) => answer::decided(&receipt),
            Err(error) => not_taken(&error),
        }
    }

    /// Octets that came.
    async fn read(&mut self, deadline: Instant) -> Result<usize, End> {
        match timeout_at(deadline, self.stream.read_buf(&mut self.input)).await {
            Ok(Ok(0)) => Err(End::Lost(io::ErrorKind::UnexpectedEof.into())),
            Ok(Ok(read)) => Ok(read),
            Ok(Err(error)) => Err(End::Lost(error)),
            Err(_) => {
                let ended = Instant::now() >= self.session_until();
                self.count(Some(if ended { "session_timeout" } else { "timeout" }));
                Err(End::Farewell(Reply::new(421, (4, 4, 2), "waited too long; closing")))
            }
        }
    }

    /// A limit had its say, by its key in the configuration.
    pub(super) fn count(&self, limit: Option<&'static str>) {
        if let Some(limit) = limit {
            metrics::limited(self.shared.terms.door.word(), limit);
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        let idle = self.limits().idle;
        let write = async {
            self.stream.write_all(self.output.as_bytes()).await?;
            self.stream.flush().await
        };
        timeout(idle, write).await??;
        self.output.clear();
        Ok(())
    }
}

/// The store did not do its part: the tool comes again (invariant 4).
fn not_taken(error: &IntakeError) -> Reply {
    metrics::intake_failed(error.word());
    tracing::error!(%error, "a message could not be taken");
    answer::failed(error)
}

fn shutting_down() -> End {
    End::Farewell(Reply::new(421, (4, 3, 2), "shutting down, try again later"))
}
