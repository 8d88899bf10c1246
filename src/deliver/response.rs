//! The one place where what the upstream said, or failed to say, becomes Done, Later or Never. Pure.
//! RFC 5321, 4.2 and 4.5.3.1.10; RFC 3463.
//!
//! Never is said only where the upstream said it of this recipient or this message; what is unknown, and what
//! is the upstream's own trouble, is Later. A reply is a stranger's text: only `told` may leave this module
//! for people, and it is bounded, escaped and without addresses.

use std::fmt;

use crate::mail::Address;
use crate::mail::redaction::{one_line, one_line_about};

/// An enhanced status code. RFC 3463.
pub type Status = (u8, u8, u8);

/// What was asked when the answer came, or didn't.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Connect,
    Greeting,
    Ehlo,
    StartTls,
    Auth,
    Reset,
    Mail,
    Rcpt,
    Data,
    /// While the message was being written; its final dot has not left.
    Content,
    /// The final dot has left.
    EndOfData,
}

/// What the upstream says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub code: u16,
    /// Absent where there was none, or one that contradicts the code.
    pub enhanced: Option<Status>,
    /// As it came, without the codes; lines joined by `\n`. Not fit to be shown.
    pub text: String,
}

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Done,
    Later,
    Never(Status),
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Any answer but the one that the stage needs.
    Answered(Stage, Response),
    /// No answer: closed, reset, timed out.
    Lost(Stage, Lost),
    /// An answer that is not SMTP, or without end.
    Garbled(Stage),
    /// STARTTLS is wanted and not offered.
    NoStartTls,
    /// The upstream's certificate is not to be trusted; the text is ours.
    Certificate(String),
    /// No protected connection could be made for another reason; the text is ours.
    Tls(String),
    /// It has no AUTH mechanism that we speak, or none that may be used without TLS.
    NoMechanism(&'static str),
    /// The upstream can't carry this message.
    Unfit(Unfit),
}

/// Why an upstream can't be used at all, whoever the recipient: a word for metrics and for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Its name has no address.
    Name,
    /// No connection, or it was lost before anything could be asked.
    Connect,
    /// It does not want us: 4xx or 5xx to connection or EHLO.
    Greeting,
    StartTls,
    Certificate,
    Tls,
    /// Our login is refused, or there is no way to log in.
    Login,
    /// It takes connections, and loses one transaction after another.
    Transactions,
}

impl Trouble {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Connect => "connect",
            Self::Greeting => "greeting",
            Self::StartTls => "starttls",
            Self::Certificate => "certificate",
            Self::Tls => "tls",
            Self::Login => "login",
            Self::Transactions => "transactions",
        }
    }

    /// What to look at.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Name => "its name can't be resolved: check `address` and DNS",
            Self::Connect => "no connection comes about: is it up, may this machine reach it?",
            Self::Greeting => "it does not want us: ask the provider",
            Self::StartTls => "STARTTLS fails: check the port and `tls`",
            Self::Certificate => {
                "its certificate is not to be trusted: check `address`, `ca_file`, the clock"
            }
            Self::Tls => "the TLS handshake fails: check the port and `tls`",
            Self::Login => "our login is refused: check `username` and `password_file`",
            Self::Transactions => "one message after another is lost on the way",
        }
    }
}

/// How an answer failed to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    Unresolved,
    Refused,
    Closed,
    TimedOut,
    Failed,
}

/// What the message needs and the upstream lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// RFC 6531: an address or a header beyond ASCII, no SMTPUTF8.
    Utf8,
    /// RFC 6152: octets beyond ASCII that we may not re-encode, no 8BITMIME.
    EightBit,
    /// A line end that is no CRLF: our own mistake, and it never reaches the upstream (invariant 8).
    NotCanonical,
}

/// What a response means at its stage.
pub fn sort(stage: Stage, response: &Response) -> Meaning {
    match (stage, response.code) {
        (Stage::EndOfData, 200..=299) => Meaning::Done,
        // The upstream's own trouble, or our login there: never the recipient's fault.
        (
            Stage::Connect | Stage::Greeting | Stage::Ehlo | Stage::StartTls | Stage::Auth | Stage::Reset,
            _,
        ) => Meaning::Later,
        // Out of order, or it wants a login or TLS first: its setting or ours is wrong.
        (_, 503 | 530 | 534 | 535 | 538) => Meaning::Later,
        // RFC 5321, 4.5.3.1.10: "too many recipients", to be treated as a 452.
        (Stage::Rcpt, 552) => Meaning::Later,
        // A 5xx beside an enhanced 4.x.x says both: unknown.
        (_, 500..=599) if response.contradicts() => Meaning::Later,
        (_, 500..=599) => Meaning::Never(response.enhanced.unwrap_or((5, 0, 0))),
        _ => Meaning::Later,
    }
}

impl Response {
    /// Whether it is what the stage needs to go on.
    pub fn is_wanted(&self, stage: Stage) -> bool {
        match stage {
            Stage::Connect | Stage::Content => false,
            Stage::Greeting | Stage::StartTls => self.code == 220,
            Stage::Auth => self.code == 235,
            Stage::Data => self.code == 354,
            Stage::Ehlo | Stage::Reset => self.code == 250,
            Stage::Mail | Stage::Rcpt | Stage::EndOfData => (200..300).contains(&self.code),
        }
    }

    fn contradicts(&self) -> bool {
        self.enhanced.is_some_and(|(class, ..)| u16::from(class) != self.code / 100)
    }

    /// One line for people.
    pub fn told(&self, about: &Address) -> String {
        one_line_about(&self.to_string(), about)
    }
}

impl fmt::Display for Response {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.code)?;
        if let Some((class, subject, detail)) = self.enhanced {
            write!(out, " {class}.{subject}.{detail}")?;
        }
        let lines = self.text.split('\n').map(str::trim).filter(|line| !line.is_empty());
        lines.into_iter().try_for_each(|line| write!(out, " {line}"))
    }
}

impl std::error::Error for Failure {}

impl Failure {
    pub fn meaning(&self) -> Meaning {
        match self {
            Self::Answered(stage, response) => match sort(*stage, response) {
                // A success that nobody asked for.
                Meaning::Done => Meaning::Later,
                sorted => sorted,
            },
            Self::Unfit(Unfit::Utf8) => Meaning::Never((5, 6, 7)),
            Self::Unfit(Unfit::EightBit) => Meaning::Never((5, 6, 3)),
            // Invariant 10: lost after the final dot is tried again too; it may have been taken.
            Self::Lost(..)
            | Self::Garbled(_)
            | Self::NoStartTls
            | Self::Certificate(_)
            | Self::Tls(_)
            | Self::NoMechanism(_)
            | Self::Unfit(Unfit::NotCanonical) => Meaning::Later,
        }
    }

    /// Whether the upstream may have taken the message all the same (invariant 10).
    pub fn may_have_been_taken(&self) -> bool {
        match self {
            Self::Lost(stage, _) | Self::Garbled(stage) => *stage == Stage::EndOfData,
            _ => false,
        }
    }

    /// Why no connection could be made ready, or why none of our mail is wanted: the next message would fare
    /// no better. What is said of a recipient or of a message is no trouble of the upstream's.
    pub fn trouble(&self) -> Option<Trouble> {
        match self {
            Self::NoStartTls => Some(Trouble::StartTls),
            Self::Certificate(_) => Some(Trouble::Certificate),
            Self::Tls(_) => Some(Trouble::Tls),
            Self::NoMechanism(_) => Some(Trouble::Login),
            // It asks for a login before all else.
            Self::Answered(Stage::Mail, Response { code: 530 | 534 | 535 | 538, .. }) => Some(Trouble::Login),
            Self::Lost(_, Lost::Unresolved) => Some(Trouble::Name),
            Self::Answered(stage, _) => stage.trouble(Trouble::Greeting),
            Self::Lost(stage, _) | Self::Garbled(stage) => stage.trouble(Trouble::Connect),
            Self::Unfit(_) => None,
        }
    }

    /// Whether a transaction was begun and got no answer: one is bad luck, many in a row are not.
    pub fn is_lost_on_the_way(&self) -> bool {
        match self {
            Self::Lost(stage, _) | Self::Garbled(stage) => *stage > Stage::Auth,
            Self::Answered(stage, response) => *stage > Stage::Auth && response.code == 421,
            _ => false,
        }
    }

    /// Whether a kept connection that fails so was just too old: nothing of the message had been accepted.
    pub fn is_stale(&self) -> bool {
        match self {
            Self::Answered(stage, response) => *stage <= Stage::Mail && response.code == 421,
            Self::Lost(stage, _) | Self::Garbled(stage) => *stage <= Stage::Mail,
            _ => false,
        }
    }

    /// Whether the connection can carry another message.
    pub fn leaves_connection(&self) -> bool {
        match self {
            Self::Answered(Stage::Mail | Stage::Rcpt | Stage::Data | Stage::EndOfData, response) => {
                (400..600).contains(&response.code) && response.code != 421
            }
            Self::Unfit(_) => true,
            _ => false,
        }
    }

    /// One line for people: at most 500 octets, without addresses.
    pub fn told(&self, about: &Address) -> String {
        match self {
            Self::Answered(stage, response) if *stage > Stage::Auth => response.told(about),
            _ => one_line_about(&self.to_string(), about),
        }
    }

    /// The same for logs, where no recipient is at hand.
    pub fn shown(&self) -> String {
        one_line(&self.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(Stage::Auth, response) => {
                write!(out, "the upstream refuses our login: {response}")
            }
            Self::Answered(stage, response) if *stage < Stage::Auth => {
                write!(out, "the upstream refuses us: {response} (to {stage})")
            }
            Self::Answered(stage, response) => write!(out, "{response} (to {stage})"),
            Self::Lost(Stage::EndOfData, how) => {
                write!(out, "{how} after the final dot: the message may have been taken")
            }
            Self::Lost(stage, how) => write!(out, "{how} ({stage})"),
            Self::Garbled(stage) => write!(out, "an answer that is no SMTP ({stage})"),
            Self::NoStartTls => out.write_str("the upstream doesn't offer STARTTLS, which is required"),
            Self::Certificate(text) => write!(out, "the upstream's certificate is not to be trusted: {text}"),
            Self::Tls(text) => write!(out, "TLS fails: {text}"),
            Self::NoMechanism(text) => out.write_str(text),
            Self::Unfit(Unfit::Utf8) => out.write_str(
                "an address or the header goes beyond ASCII and needs SMTPUTF8, which the upstream lacks",
            ),
            Self::Unfit(Unfit::EightBit) => {
                out.write_str("a signed 8-bit body needs 8BITMIME, which the upstream lacks")
            }
            Self::Unfit(Unfit::NotCanonical) => out.write_str("the copy has a line end that is no CRLF"),
        }
    }
}

impl Stage {
    /// What trouble it is when this stage fails; none once a transaction has begun.
    fn trouble(self, otherwise: Trouble) -> Option<Trouble> {
        match self {
            Self::StartTls => Some(Trouble::StartTls),
            Self::Auth => Some(Trouble::Login),
            Self::Connect | Self::Greeting | Self::Ehlo => Some(otherwise),
            Self::Reset | Self::Mail | Self::Rcpt | Self::Data | Self::Content | Self::EndOfData => None,
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Connect => "connecting",
            Self::Greeting => "greeting",
            Self::Ehlo => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Reset => "RSET",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Content => "the message",
            Self::EndOfData => "the final dot",
        })
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Unresolved => "the upstream's name can't be resolved",
            Self::Refused => "the upstream refuses connections",
            Self::Closed => "the connection was lost",
            Self::TimedOut => "no answer in time",
            Self::Failed => "the connection failed",
        })
    }
}

impl From<&std::io::Error> for Lost {
    fn from(error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::TimedOut => Self::TimedOut,
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof => Self::Closed,
            _ => Self::Failed,
        }
    }
}

#[cfg(test)]
#[path = "response/tests.rs"]
mod tests;
