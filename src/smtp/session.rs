//! The protocol: State, Command → State, Reply, Effect. Pure: what needs sockets, secrets or the store is
//! an `Effect` that the server carries out, telling the session what came of it. RFC 5321, 4.1; 6409; 4954; 3030.

mod chunks;
mod commands;
mod mailbox;
mod parameters;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

pub use chunks::{Chunk, Fate, Position};
use uuid::Uuid;

use self::chunks::Chunks;
use super::auth::{Exchange, Login};
use super::wire::BadLine;
use crate::classify::Grant;
use crate::consent::token::TO_UNSUBSCRIBE;
use crate::mail::parameters::Utf8;
use crate::mail::{Address, Envelope, RcptParameters, Reply};

/// The longest line of an AUTH exchange, CRLF included. RFC 4954, 4.
pub const MAX_AUTH_LINE: usize = 12_288;
/// The least that a command may be bounded to, CRLF included: 512 octets (RFC 5321, 4.5.3.1.4), and what may stand on
/// MAIL besides: SIZE (26 octets, RFC 1870, 3), BODY (14, RFC 6152, 3), SMTPUTF8 (10, RFC 6531, 3.1), AUTH (500,
/// RFC 4954, 3), RET and ENVID (9 and 107, RFC 3461, 4.3 and 4.4). RCPT needs less: NOTIFY and ORCPT come to 536.
pub const LEAST_COMMAND: usize = 512 + 26 + 14 + 10 + 500 + 9 + 107;
/// What is said of every address that is not one of ours, whatever is wrong with it.
pub const NOBODY: &str = "no such address here";
/// A wrong password counts as so many bad commands.
const WRONG_LOGIN: u32 = 5;

/// The protocol on one screen: each command, when it may come, and what it does.
#[rustfmt::skip]
const COMMANDS: &[Rule] = &[
    //   verb        when              arguments        handler
    rule("EHLO",     When::Always,     Arguments::One,  commands::ehlo),
    rule("HELO",     When::Always,     Arguments::One,  commands::helo),
    rule("STARTTLS", When::Extended,   Arguments::None, commands::starttls),
    rule("AUTH",     When::Extended,   Arguments::Some, commands::auth),
    rule("MAIL",     When::Greeted,    Arguments::Some, commands::mail),
    rule("RCPT",     When::Sender,     Arguments::Some, commands::rcpt),
    rule("DATA",     When::Recipients, Arguments::None, commands::data),
    rule("BDAT",     When::Always,     Arguments::Any,  Session::chunk),
    rule("RSET",     When::Always,     Arguments::None, commands::rset),
    rule("NOOP",     When::Always,     Arguments::Any,  commands::noop),
    rule("VRFY",     When::Always,     Arguments::Some, commands::vrfy),
    rule("HELP",     When::Always,     Arguments::Any,  commands::help),
    rule("QUIT",     When::Always,     Arguments::None, commands::quit),
    rule("EXPN",     When::Always,     Arguments::Any,  commands::not_served),
    rule("TURN",     When::Always,     Arguments::Any,  commands::not_served),
    rule("ETRN",     When::Always,     Arguments::Any,  commands::not_served),
];

/// Commands that may go beyond ASCII (RFC 6531, 3.4 and 3.7.4), or judge for themselves.
const INTERNATIONAL: &[&str] = &["MAIL", "RCPT", "BDAT", "VRFY", "EXPN"];

struct Rule {
    verb: &'static str,
    when: When,
    arguments: Arguments,
    run: fn(&mut Session, &str) -> Step,
}

const fn rule(
    verb: &'static str,
    when: When,
    arguments: Arguments,
    run: fn(&mut Session, &str) -> Step,
) -> Rule {
    Rule { verb, when, arguments, run }
}

#[derive(Clone, Copy)]
enum When {
    Always,
    /// After EHLO, outside a transaction.
    Extended,
    /// After EHLO or HELO, outside a transaction.
    Greeted,
    /// In a transaction, before its content.
    Sender,
    /// In a transaction that has a recipient.
    Recipients,
}

#[derive(Clone, Copy)]
enum Arguments {
    None,
    One,
    Some,
    Any,
}

/// What a server offers and allows; the same for all its sessions.
#[derive(Clone, Debug)]
pub struct Terms {
    pub door: Door,
    pub hostname: String,
    pub max_message_size: usize,
    pub max_recipients: usize,
    pub starttls: StartTls,
    pub auth: AuthOver,
    pub bounds: Bounds,
}

/// Whose mail comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Tools', which log in. RFC 6409.
    Submission,
    /// Everybody's, to a few addresses of ours. Nobody logs in, and each recipient is asked about: nothing is relayed.
    Feedback,
}

impl Door {
    /// One word for the metrics and the log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Submission => "smtp",
            Self::Feedback => "feedback",
        }
    }
}

/// How much of a message is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    Whole,
    Head,
}

/// What a session may take of our patience.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The longest command, CRLF included.
    pub command: usize,
    /// So many bad commands end a session; a message whose data came in full is a new beginning.
    pub errors: u32,
    /// So many commands without a message do too, recipients not counted.
    pub commands_without_mail: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        // The least, and room for the first response of AUTH.
        Self { command: 2_048, errors: 20, commands_without_mail: 100 }
    }
}

/// Whether a connection in clear may become one under TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartTls {
    Offered,
    Absent,
}

/// Over what AUTH is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthOver {
    TlsAlone,
    Anything,
}

/// What the connection is protected by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Clear,
    Tls,
}

/// A credential that a session may submit with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub id: Uuid,
    pub grant: Grant,
}

/// One session with a peer.
#[derive(Debug)]
pub struct Session {
    terms: Arc<Terms>,
    channel: Channel,
    hello: Option<Hello>,
    /// By the peer's network; outlives STARTTLS.
    trusted: Option<Holder>,
    /// By AUTH; goes before `trusted`.
    authenticated: Option<Holder>,
    state: State,
    strikes: u32,
    /// Octets of refused chunks since the last message.
    dropped: u64,
    /// Commands since the last message.
    idle_commands: u32,
    /// So many more commands may be out of place only because the MAIL before them was refused: they were sent
    /// along with it (RFC 2920, 3.1).
    echoes: usize,
}

#[derive(Debug)]
struct Hello {
    protocol: Protocol,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Smtp,
    Esmtp,
}

#[derive(Debug)]
enum State {
    Idle,
    Authenticating(Exchange),
    Transaction(Transaction),
}

/// What MAIL began and RCPT goes on with.
#[derive(Debug)]
struct Transaction {
    envelope: Envelope,
    /// Canonical forms of the recipients.
    seen: HashSet<String>,
    /// What RCPT said of them, in octets.
    octets: usize,
    /// What `SIZE=` said.
    size: u64,
    chunks: Chunks,
}

impl Transaction {
    /// What the peer said of its size, or 0.
    fn hint(&self) -> usize {
        usize::try_from(self.size).unwrap_or(usize::MAX)
    }
}

/// What one line leads to: a reply, and what the server has to do after it was written.
#[derive(Debug)]
pub struct Step {
    /// `None` while the server finds out what to say.
    pub reply: Option<Reply>,
    pub effect: Effect,
    /// Beyond which limit the line was, by its key in the configuration.
    pub beyond: Option<&'static str>,
}

/// What the session can't do itself.
#[derive(Debug)]
pub enum Effect {
    Nothing,
    Close,
    /// Forget all input that came before the handshake, do it, then call `secured`.
    StartTls,
    /// Check it, then call `verified`.
    Verify(Login),
    /// Before the reply is said: if the holder's credential is no longer in force, call `revoked` and say that.
    Confirm,
    /// Find out whether it is an address of ours, then call `judged`.
    Ask(Box<Asked>),
    /// Read message data, then call `hand_over`.
    ReadData {
        /// What the peer said of its size, or 0.
        hint: usize,
    },
    /// Read so many octets; then `chunk_refused`, or after the last chunk `hand_over`.
    ReadChunk(Chunk),
}

/// A recipient that was named and is not taken yet.
#[derive(Debug)]
pub struct Asked {
    pub address: Address,
    parameters: RcptParameters,
    /// Of the command's arguments.
    octets: usize,
}

/// What came of `Effect::Ask`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    Ours,
    Nobody,
    /// It could not be found out.
    Unavailable,
}

/// What came of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    Holder(Holder),
    Wrong,
    /// It could not be found out.
    Unavailable,
}

/// A transaction whose data has come in full.
#[derive(Clone, Debug)]
pub struct HandOver {
    /// None at the door where nobody logs in.
    pub holder: Option<Holder>,
    pub envelope: Envelope,
    /// A domain, a literal, or `unknown`.
    pub helo: String,
    /// As `Received` has it. RFC 3848.
    pub protocol: &'static str,
}

impl Step {
    fn say(code: u16, enhanced: (u8, u8, u8), text: impl Into<String>) -> Self {
        Self::reply(Reply::new(code, enhanced, text))
    }

    fn reply(reply: Reply) -> Self {
        Self { reply: Some(reply), effect: Effect::Nothing, beyond: None }
    }

    /// The server finds out what to say.
    fn ask(effect: Effect) -> Self {
        Self { reply: None, effect, beyond: None }
    }

    fn beyond(self, limit: &'static str) -> Self {
        Self { beyond: Some(limit), ..self }
    }

    fn then(self, effect: Effect) -> Self {
        Self { effect, ..self }
    }
}

impl Session {
    /// `trusted` is what the peer's network stands for.
    pub fn new(terms: Arc<Terms>, channel: Channel, trusted: Option<Holder>) -> Self {
        let state = State::Idle;
        Self {
            terms,
            channel,
            hello: None,
            trusted,
            authenticated: None,
            state,
            strikes: 0,
            dropped: 0,
            idle_commands: 0,
            echoes: 0,
        }
    }

    /// What the server says first.
    pub fn greeting(&self) -> Reply {
        Reply::plain(220, vec![format!("{} ESMTP optgate", self.terms.hostname)])
    }

    /// The longest line that may come next, CRLF included.
    pub fn line_limit(&self) -> usize {
        match self.state {
            State::Authenticating(_) => MAX_AUTH_LINE,
            State::Idle | State::Transaction(_) => self.terms.bounds.command,
        }
    }

    /// Whether a transaction has begun, which may end whatever the time.
    pub fn in_transaction(&self) -> bool {
        matches!(self.state, State::Transaction(_))
    }

    /// Whose mail it takes now.
    pub fn holder(&self) -> Option<&Holder> {
        self.authenticated.as_ref().or(self.trusted.as_ref())
    }

    /// A line from the peer, without its CRLF.
    pub fn line(&mut self, line: &[u8]) -> Step {
        let step = match std::mem::replace(&mut self.state, State::Idle) {
            State::Authenticating(exchange) => self.go_on(exchange.answer(line)),
            other => {
                self.state = other;
                self.command(line)
            }
        };
        self.judge(step)
    }

    /// A line that is no command; it ends an AUTH exchange.
    pub fn bad_line(&mut self, bad: BadLine) -> Step {
        let exchanging = matches!(self.state, State::Authenticating(_));
        if exchanging {
            self.state = State::Idle;
        }
        let step = match bad {
            BadLine::TooLong => {
                let detail = if exchanging { 6 } else { 2 };
                Step::say(500, (5, 5, detail), bad.to_string()).beyond("max_command_length")
            }
            BadLine::Malformed => Step::say(500, (5, 5, 2), bad.to_string()),
        };
        self.judge(step)
    }

    /// What came of `Effect::Verify`.
    pub fn verified(&mut self, verified: Verified) -> Step {
        let step = match verified {
            Verified::Holder(holder) => {
                self.authenticated = Some(holder);
                Step::say(235, (2, 7, 0), "authenticated")
            }
            Verified::Wrong => Step::say(535, (5, 7, 8), "authentication failed"),
            Verified::Unavailable => Step::say(454, (4, 7, 0), "can't check it now, try again later"),
        };
        self.judge(step)
    }

    /// What came of `Effect::Ask`.
    pub fn judged(&mut self, asked: Asked, known: Known) -> Step {
        let most = self.terms.max_recipients;
        let step = match (&mut self.state, known) {
            (State::Transaction(transaction), Known::Ours) => {
                transaction.add(asked.address, asked.parameters, (asked.octets, most))
            }
            (_, Known::Ours) => Step::say(503, (5, 5, 1), "MAIL comes first"),
            (_, Known::Nobody) => Step::say(550, (5, 1, 1), NOBODY),
            (_, Known::Unavailable) => Step::say(451, (4, 3, 0), "can't tell now, try again later"),
        };
        self.judge(step)
    }

    /// TLS is on. All that the peer said before is forgotten, what its network stands for is not.
    /// RFC 3207, 4.2.
    pub fn secured(&mut self) {
        *self = Self::new(self.terms.clone(), Channel::Tls, self.trusted.take());
    }

    /// All data has come: the transaction leaves the session, whatever becomes of it. `None` if there is none.
    pub fn hand_over(&mut self) -> Option<HandOver> {
        let State::Transaction(transaction) = std::mem::replace(&mut self.state, State::Idle) else {
            return None;
        };
        (self.strikes, self.dropped, self.idle_commands) = (0, 0, 0);
        let hello = self.hello.as_ref()?;
        let utf8 = transaction.envelope.asked.utf8;
        let holder = self.holder().cloned();
        if holder.is_none() && self.terms.door == Door::Submission {
            return None;
        }
        Some(HandOver {
            holder,
            envelope: transaction.envelope,
            helo: if mailbox::is_host(&hello.name) { hello.name.clone() } else { "unknown".to_owned() },
            protocol: HandOver::protocol(hello.protocol, utf8, self.channel, self.authenticated.as_ref()),
        })
    }

    /// How much of the message that comes is of any use: of mail that unsubscribes, its header.
    pub fn keeps(&self) -> Keeps {
        let State::Transaction(transaction) = &self.state else { return Keeps::Whole };
        let unsubscribes =
            |address: &Address| address.local().to_ascii_lowercase().starts_with(TO_UNSUBSCRIBE);
        match self.terms.door {
            Door::Feedback if transaction.envelope.recipients.iter().all(unsubscribes) => Keeps::Head,
            Door::Feedback | Door::Submission => Keeps::Whole,
        }
    }

    /// The credential is no longer in force. What the network stands for goes too: mail of one credential
    /// must not turn into mail of another half-way.
    pub fn revoked(&mut self) -> Reply {
        self.trusted = None;
        self.authenticated = None;
        self.state = State::Idle;
        Reply::new(535, (5, 7, 8), "the credential is no longer in force")
    }

    fn command(&mut self, line: &[u8]) -> Step {
        match readable(line) {
            Ok(line) => self.obey(line),
            // Octets follow, nobody knows how many, and they are never commands.
            Err(refused) if chunks::is_bdat(line) => refused.then(Effect::Close),
            Err(refused) => refused,
        }
    }

    fn obey(&mut self, line: &str) -> Step {
        let (verb, arguments) = line.split_once(' ').unwrap_or((line, ""));
        let Some(rule) = COMMANDS.iter().find(|rule| rule.verb.eq_ignore_ascii_case(verb)) else {
            return Step::say(500, (5, 5, 1), "unknown command");
        };
        if !arguments.is_ascii() && !INTERNATIONAL.contains(&rule.verb) {
            return Step::say(500, (5, 5, 2), "8-bit octets in a command");
        }
        if !matches!(rule.verb, "RCPT" | "DATA" | "BDAT" | "QUIT") {
            self.idle_commands += 1;
        }
        match rule.verb {
            "MAIL" => self.echoes = self.terms.max_recipients.saturating_add(1),
            "RCPT" | "DATA" | "BDAT" => {}
            _ => self.echoes = 0,
        }
        if let Err(why) = self.in_place(rule.when) {
            return Step::say(503, (5, 5, 1), why);
        }
        let arguments = arguments.trim_start_matches(' ');
        match (rule.arguments, arguments.split(' ').count(), arguments.is_empty()) {
            (Arguments::None, _, false) => Step::say(501, (5, 5, 4), "takes no arguments"),
            (Arguments::One | Arguments::Some, _, true) => Step::say(501, (5, 5, 4), "needs an argument"),
            (Arguments::One, 2.., _) => Step::say(501, (5, 5, 4), "takes one argument"),
            _ => (rule.run)(self, arguments),
        }
    }

    /// Whether a command may come now; else why not.
    fn in_place(&self, when: When) -> Result<(), &'static str> {
        let greeted = self.hello.as_ref().map(|hello| hello.protocol);
        let recipients = match &self.state {
            State::Transaction(transaction) => Some(transaction.envelope.recipients.len()),
            State::Idle | State::Authenticating(_) => None,
        };
        match (when, greeted, recipients) {
            (When::Always, ..) => Ok(()),
            (When::Extended, None | Some(Protocol::Smtp), _) => Err("say EHLO first"),
            (When::Greeted, None, _) => Err("say EHLO or HELO first"),
            (When::Extended | When::Greeted, _, Some(_)) => Err("not within a mail transaction"),
            (When::Sender | When::Recipients, _, None) => Err("MAIL comes first"),
            (When::Recipients, _, Some(0)) => Err("no recipient was taken"),
            (When::Sender, ..) if self.has_content() => Err("its content has begun"),
            _ => Ok(()),
        }
    }

    fn has_content(&self) -> bool {
        matches!(&self.state, State::Transaction(transaction) if transaction.chunks != Chunks::None)
    }

    /// Ends a session that brings nothing but errors.
    fn judge(&mut self, step: Step) -> Step {
        self.strikes += match step.reply.as_ref().map(|reply| reply.code) {
            Some(503) if self.echoes > 0 => {
                self.echoes -= 1;
                0
            }
            Some(500..=504 | 530 | 538) => 1,
            // Somebody guesses.
            Some(550) if self.terms.door == Door::Feedback => 1,
            Some(535) => WRONG_LOGIN,
            _ => 0,
        };
        let bounds = &self.terms.bounds;
        if self.strikes >= bounds.errors {
            let end = Step::say(421, (4, 7, 0), "too many errors").then(Effect::Close);
            return end.beyond("max_errors");
        }
        if self.idle_commands > bounds.commands_without_mail {
            let end = Step::say(421, (4, 7, 0), "too many commands without mail").then(Effect::Close);
            return end.beyond("max_commands_without_mail");
        }
        step
    }
}

/// A command's text, or what to say to octets that are none.
fn readable(line: &[u8]) -> Result<&str, Step> {
    let Ok(line) = std::str::from_utf8(line) else {
        return Err(match line.get(..5).map(<[u8]>::to_ascii_uppercase).as_deref() {
            Some(b"MAIL " | b"RCPT ") => Step::say(553, (5, 6, 7), "neither ASCII nor UTF-8"),
            _ => Step::say(500, (5, 5, 2), "8-bit octets in a command"),
        });
    };
    let line = line.trim_end_matches([' ', '\t']);
    if line.contains(|character: char| character.is_ascii_control()) {
        return Err(Step::say(500, (5, 5, 2), "control characters in a command"));
    }
    Ok(line)
}

impl HandOver {
    /// The words of RFC 3848, and of RFC 6531, 4.3.
    fn protocol(protocol: Protocol, utf8: Utf8, channel: Channel, login: Option<&Holder>) -> &'static str {
        match (protocol, utf8, channel, login) {
            (Protocol::Smtp, ..) => "SMTP",
            (Protocol::Esmtp, Utf8::NotAsked, Channel::Clear, None) => "ESMTP",
            (Protocol::Esmtp, Utf8::NotAsked, Channel::Tls, None) => "ESMTPS",
            (Protocol::Esmtp, Utf8::NotAsked, Channel::Clear, Some(_)) => "ESMTPA",
            (Protocol::Esmtp, Utf8::NotAsked, Channel::Tls, Some(_)) => "ESMTPSA",
            (Protocol::Esmtp, Utf8::Asked, Channel::Clear, None) => "UTF8SMTP",
            (Protocol::Esmtp, Utf8::Asked, Channel::Tls, None) => "UTF8SMTPS",
            (Protocol::Esmtp, Utf8::Asked, Channel::Clear, Some(_)) => "UTF8SMTPA",
            (Protocol::Esmtp, Utf8::Asked, Channel::Tls, Some(_)) => "UTF8SMTPSA",
        }
    }
}
