//! What each command does. Each handler is called only where the table allows it.

use std::collections::HashSet;

use super::chunks::Chunks;
use super::mailbox;
use super::parameters::{self, ParameterError};
use super::{
    Asked, AuthOver, Channel, Door, Effect, Hello, Protocol, Session, StartTls, State, Step, Transaction,
};
use crate::mail::parameters::Utf8;
use crate::mail::{Address, BodyType, Envelope, MailParameters, RcptParameters, Reply};
use crate::smtp::auth::{self, Failed, Next};

/// RFC 5321, 4.1.1.1: EHLO also ends a transaction.
pub(super) fn ehlo(session: &mut Session, name: &str) -> Step {
    greet(session, Protocol::Esmtp, name);
    let terms = &session.terms;
    let mut lines = vec![
        terms.hostname.clone(),
        "PIPELINING".to_owned(),
        format!("SIZE {}", terms.max_message_size),
        "8BITMIME".to_owned(),
        "SMTPUTF8".to_owned(),
        "ENHANCEDSTATUSCODES".to_owned(),
        "CHUNKING".to_owned(),
    ];
    if terms.door == Door::Submission {
        lines.push("DSN".to_owned());
    }
    if session.channel == Channel::Clear && terms.starttls == StartTls::Offered {
        lines.push("STARTTLS".to_owned());
    }
    if may_auth(session) {
        lines.push(format!("AUTH {}", auth::MECHANISMS));
    }
    Step::reply(Reply::plain(250, lines))
}

/// Served without extensions.
pub(super) fn helo(session: &mut Session, name: &str) -> Step {
    greet(session, Protocol::Smtp, name);
    Step::reply(Reply::plain(250, vec![session.terms.hostname.clone()]))
}

fn greet(session: &mut Session, protocol: Protocol, name: &str) {
    session.hello = Some(Hello { protocol, name: name.to_owned() });
    session.state = State::Idle;
}

fn may_auth(session: &Session) -> bool {
    let protected = session.channel == Channel::Tls || session.terms.auth == AuthOver::Anything;
    protected && session.terms.door == Door::Submission
}

pub(super) fn starttls(session: &mut Session, _: &str) -> Step {
    match (session.channel, session.terms.starttls) {
        (Channel::Tls, _) => Step::say(503, (5, 5, 1), "TLS is on already"),
        (Channel::Clear, StartTls::Absent) => Step::say(502, (5, 5, 1), "TLS is not offered"),
        (Channel::Clear, StartTls::Offered) => {
            Step::say(220, (2, 0, 0), "ready for TLS").then(Effect::StartTls)
        }
    }
}

pub(super) fn auth(session: &mut Session, arguments: &str) -> Step {
    if session.terms.door == Door::Feedback {
        return Step::say(502, (5, 5, 1), "nobody logs in here");
    }
    if session.authenticated.is_some() {
        return Step::say(503, (5, 5, 1), "authenticated already");
    }
    if !may_auth(session) {
        return Step::say(538, (5, 7, 11), "authentication needs TLS");
    }
    let mut words = arguments.split(' ').filter(|word| !word.is_empty());
    match (words.next(), words.next(), words.next()) {
        (Some(mechanism), initial, None) => session.go_on(auth::begin(mechanism, initial)),
        _ => Step::say(501, (5, 5, 4), "AUTH mechanism [initial-response]"),
    }
}

impl Session {
    /// Where an AUTH exchange goes from here.
    pub(super) fn go_on(&mut self, next: Result<Next, Failed>) -> Step {
        match next {
            Ok(Next::Challenge(challenge, exchange)) => {
                self.state = State::Authenticating(exchange);
                Step::reply(Reply::plain(334, vec![challenge.to_owned()]))
            }
            Ok(Next::Check(login)) => Step::ask(Effect::Verify(login)),
            Err(failed @ Failed::UnknownMechanism) => Step::say(504, (5, 5, 4), failed.to_string()),
            Err(failed @ Failed::Cancelled) => Step::say(501, (5, 7, 0), failed.to_string()),
            Err(failed @ Failed::Malformed) => Step::say(501, (5, 5, 2), failed.to_string()),
            Err(failed @ Failed::ActsForOthers) => Step::say(535, (5, 7, 8), failed.to_string()),
        }
    }
}

/// A size that is too large is refused before the data has to travel (RFC 1870, 6.1); any other is no more
/// than a hint, since tools get it wrong.
pub(super) fn mail(session: &mut Session, arguments: &str) -> Step {
    let door = session.terms.door;
    if session.holder().is_none() && door == Door::Submission {
        return Step::say(530, (5, 7, 0), "authentication required");
    }
    let Some(path) = mailbox::cut("FROM:", arguments) else {
        return Step::say(501, (5, 5, 4), "MAIL FROM:<address> [parameters]");
    };
    let parameters = match parameters::of_mail(path.parameters) {
        _ if !path.parameters.is_empty() && !is_extended(session) => Err(ParameterError::NotOffered),
        other => other,
    };
    let asks_for_reports = |asked: &MailParameters| asked.ret.is_some() || asked.envid.is_some();
    let parameters = match parameters {
        Ok(found) if door == Door::Feedback && asks_for_reports(&found.asked) => {
            return refuse_parameters(ParameterError::NotOffered);
        }
        Ok(parameters) => parameters,
        Err(error) => return refuse_parameters(error),
    };
    let sender = match path.mailbox {
        "" => None,
        mailbox => match read_address(mailbox, parameters.asked.utf8) {
            Ok(address) => Some(address),
            Err(NotRead::NeedsUtf8) => return refuse_parameters(ParameterError::NeedsUtf8),
            // Who writes a no under a strange name is heard: nothing goes back to it.
            Err(NotRead::NoAddress) if door == Door::Feedback => UNREADABLE.parse().ok(),
            Err(NotRead::NoAddress) => return Step::say(553, (5, 1, 7), NO_ADDRESS),
        },
    };
    if parameters.size > session.terms.max_message_size as u64 {
        return Step::say(552, (5, 3, 4), "message too large").beyond("max_message_size");
    }
    let envelope = Envelope {
        sender,
        recipients: Vec::new(),
        body: parameters.body.unwrap_or(BodyType::SevenBit),
        asked: parameters.asked,
        asked_for_each: Vec::new(),
    };
    let (seen, size, chunks) = (HashSet::new(), parameters.size, Chunks::None);
    session.state = State::Transaction(Transaction { envelope, seen, octets: 0, size, chunks });
    Step::say(250, (2, 1, 0), "sender ok").then(Effect::Confirm)
}

/// All that RCPT says comes to at most so many octets for each recipient that a message may have: addresses and
/// ORCPT as long as they may be, a thousand times, would be large messages that no bound on memory counts.
const OCTETS_FOR_EACH: usize = 256;
/// But a hundred recipients always find room, however long they are (RFC 5321, 4.5.3.1.8).
const LEAST_OCTETS: usize = 128 * 1024;

/// Stands for a sender that is there and is no address. RFC 2606, 2.
const UNREADABLE: &str = "unreadable@sender.invalid";
const NO_ADDRESS: &str = "not an address, or one with a route";

fn is_extended(session: &Session) -> bool {
    session.hello.as_ref().is_some_and(|hello| hello.protocol == Protocol::Esmtp)
}

/// Why a path holds no address that may stand there.
enum NotRead {
    /// RFC 6531, 3.4: beyond ASCII only where SMTPUTF8 was said.
    NeedsUtf8,
    NoAddress,
}

fn read_address(mailbox: &str, utf8: Utf8) -> Result<Address, NotRead> {
    if utf8 == Utf8::NotAsked && !mailbox.is_ascii() {
        return Err(NotRead::NeedsUtf8);
    }
    mailbox.parse().map_err(|_| NotRead::NoAddress)
}

fn refuse_parameters(error: ParameterError) -> Step {
    match error {
        ParameterError::Malformed => Step::say(501, (5, 5, 4), "malformed parameter"),
        ParameterError::NotOffered => Step::say(555, (5, 5, 4), "parameter not offered"),
        ParameterError::NeedsUtf8 => Step::say(553, (5, 6, 7), "beyond ASCII only after MAIL with SMTPUTF8"),
    }
}

/// A recipient who is named again is kept once, with what was asked for first.
pub(super) fn rcpt(session: &mut Session, arguments: &str) -> Step {
    let (most, extended, door) = (session.terms.max_recipients, is_extended(session), session.terms.door);
    let State::Transaction(transaction) = &mut session.state else {
        return Step::say(503, (5, 5, 1), "MAIL comes first");
    };
    let utf8 = transaction.envelope.asked.utf8;
    let Some(path) = mailbox::cut("TO:", arguments) else {
        return Step::say(501, (5, 5, 4), "RCPT TO:<address> [parameters]");
    };
    if is_postmaster(path.mailbox, door) {
        let elsewhere = match door {
            Door::Submission => "no mail is kept here; write to postmaster@domain",
            Door::Feedback => "no mail is kept here; write to the sender of the mail that you mean",
        };
        return Step::say(550, (5, 1, 1), elsewhere);
    }
    let address = match read_address(path.mailbox, utf8) {
        Ok(address) => address,
        Err(NotRead::NeedsUtf8) => return refuse_parameters(ParameterError::NeedsUtf8),
        Err(NotRead::NoAddress) => return Step::say(553, (5, 1, 3), NO_ADDRESS),
    };
    let asked = match parameters::of_rcpt(path.parameters, utf8) {
        _ if !path.parameters.is_empty() && !extended => Err(ParameterError::NotOffered),
        other => other,
    };
    match asked {
        Ok(asked) if door == Door::Feedback && asked != RcptParameters::default() => {
            refuse_parameters(ParameterError::NotOffered)
        }
        // Only what is new and finds room is worth asking about.
        Ok(parameters)
            if door == Door::Feedback
                && transaction.judged_alone(&address, (arguments.len(), most)).is_none() =>
        {
            Step::ask(Effect::Ask(Box::new(Asked { address, parameters, octets: arguments.len() })))
        }
        Ok(asked) => transaction.add(address, asked, (arguments.len(), most)),
        Err(error) => refuse_parameters(error),
    }
}

/// Asked for without a domain; and with any where nothing goes further.
fn is_postmaster(mailbox: &str, door: Door) -> bool {
    let local = match door {
        Door::Submission => mailbox,
        Door::Feedback => mailbox.split('@').next().unwrap_or_default(),
    };
    local.eq_ignore_ascii_case("postmaster")
}

impl Transaction {
    /// `octets` are those of the command's arguments.
    pub(super) fn add(
        &mut self,
        address: Address,
        asked: RcptParameters,
        (octets, most): (usize, usize),
    ) -> Step {
        if let Some(step) = self.judged_alone(&address, (octets, most)) {
            return step;
        }
        self.octets += octets;
        self.seen.insert(address.canonical());
        self.envelope.recipients.push(address);
        self.envelope.asked_for_each.push(asked);
        taken()
    }

    /// What can be said of a recipient whoever it is: it is there already, or there is no room.
    fn judged_alone(&self, address: &Address, (octets, most): (usize, usize)) -> Option<Step> {
        if self.seen.contains(&address.canonical()) {
            return Some(taken());
        }
        if self.envelope.recipients.len() >= most {
            let full = Step::say(452, (4, 5, 3), format!("at most {most} recipients a message"));
            return Some(full.beyond("max_recipients"));
        }
        if self.octets + octets > most.saturating_mul(OCTETS_FOR_EACH).max(LEAST_OCTETS) {
            let full = Step::say(452, (4, 5, 3), "no room for more recipients in this message");
            return Some(full.beyond("max_recipients"));
        }
        None
    }
}

fn taken() -> Step {
    Step::say(250, (2, 1, 5), "recipient ok")
}

/// RFC 3030, 2: not after BDAT, and what is left of that message can't be told from another's.
pub(super) fn data(session: &mut Session, _: &str) -> Step {
    if session.has_content() {
        session.fail_chunks();
        return Step::say(503, (5, 5, 1), "the message came by BDAT; RSET comes first");
    }
    let hint = match &session.state {
        State::Transaction(transaction) => transaction.hint(),
        State::Idle | State::Authenticating(_) => 0,
    };
    let go_ahead = Reply::plain(354, vec!["end with CRLF.CRLF".to_owned()]);
    Step::reply(go_ahead).then(Effect::ReadData { hint })
}

pub(super) fn rset(session: &mut Session, _: &str) -> Step {
    session.state = State::Idle;
    Step::say(250, (2, 0, 0), "ok")
}

pub(super) fn noop(_: &mut Session, _: &str) -> Step {
    Step::say(250, (2, 0, 0), "ok")
}

/// RFC 5321, 3.5.3: says nothing about anybody.
pub(super) fn vrfy(_: &mut Session, _: &str) -> Step {
    Step::say(252, (2, 5, 2), "can't verify, but will take mail and try")
}

pub(super) fn help(session: &mut Session, _: &str) -> Step {
    let verbs = match session.terms.door {
        Door::Submission => "EHLO HELO STARTTLS AUTH MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT",
        Door::Feedback => "EHLO HELO STARTTLS MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT",
    };
    Step::say(214, (2, 0, 0), verbs)
}

pub(super) fn quit(_: &mut Session, _: &str) -> Step {
    Step::say(221, (2, 0, 0), "bye").then(Effect::Close)
}

pub(super) fn not_served(_: &mut Session, _: &str) -> Step {
    Step::say(502, (5, 5, 1), "not served")
}
