//! Delivery status notifications. RFC 3464 in a multipart/report (RFC 6522), composed with lettre; of what, the tool
//! may have said (RFC 3461).
//!
//! Never for a DSN, never to a null or a foreign envelope sender: a stolen login could bomb anyone.

mod returned;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use lettre::message::header::{self, ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use uuid::Uuid;

use crate::mail::parameters::Occasion;
use crate::mail::redaction::one_line;
use crate::mail::{Address, MailParameters, RawMessage, RcptParameters, xtext};
use crate::policy::decide::{Admission, Circumstances, DeliveryKind, admit_dsn};
use crate::policy::sender::SenderPolicy;
use crate::policy::{PolicySet, Stream};
use crate::spool::Lane;
use crate::store::{NewDelivery, NewMessage, SentCopy, Trace};

/// Fields of a trace that what is passed on may have at most.
const MOST_HOPS: usize = 50;

/// Who tells, and whether the upstream takes such mail at all.
#[derive(Clone, Debug)]
pub struct Notifier {
    pub hostname: String,
    pub upstream: NullSenderMail,
}

/// Whether the upstream relays mail from the null sender: the providers don't, and get none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NullSenderMail {
    Taken,
    RefusedByProvider,
}

/// The message that a notification tells of.
#[derive(Clone, Debug)]
pub struct Original<'a> {
    pub id: Uuid,
    pub sender: &'a str,
    pub credential: &'a str,
    pub envelope_sender: Option<&'a Address>,
    pub received_at: Timestamp,
    pub asked: &'a MailParameters,
    /// Its header, the empty line included.
    pub header: &'a [u8],
    /// All of it, canonical.
    pub message: &'a [u8],
}

/// What became of the recipients that a notification tells of. RFC 3464, 2.3.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Failed,
    /// It went on to a server that can't tell what becomes of it.
    Relayed,
}

/// One recipient, and what became of them.
#[derive(Clone, Debug)]
pub struct Told {
    pub delivery: Uuid,
    pub recipient: Address,
    pub asked: RcptParameters,
    /// RFC 3463.
    pub status: (u8, u8, u8),
    /// Plain words for people.
    pub text: String,
    /// What was last heard or last failed: `Diagnostic-Code: smtp; …` where the upstream said it.
    pub diagnostic: Option<String>,
}

impl Notifier {
    /// The notification to spool, or `None` where there is to be none. `id` and `now` become its own.
    pub fn notify(
        &self,
        policy: &Arc<PolicySet>,
        original: &Original<'_>,
        (action, told): (Action, Vec<Told>),
        new_id: &dyn Fn() -> Uuid,
        now: Timestamp,
    ) -> Option<NewMessage> {
        let sender = policy.sender(original.sender)?;
        let to = self.entitled(sender, original)?;
        let told: Vec<Told> = told.into_iter().filter(|one| one.asked.wants(action.occasion())).collect();
        if told.is_empty() {
            return None;
        }
        let id = new_id();
        let content = match self.compose(id, to, original, (action, &told), now) {
            Ok(content) => content,
            Err(error) => {
                tracing::error!(message_id = %original.id, %error, "a delivery status notification can't be composed");
                return None;
            }
        };
        let trace = Trace { helo: self.hostname.clone(), peer: None, protocol: "ESMTP".to_owned() };
        let about = (original.sender, original.credential);
        let whole = notification(policy, sender, about, (to, content.into(), trace), new_id, now);
        Some(NewMessage { id, ..whole })
    }

    /// What came back of a copy, as it came, to be passed on to the envelope sender whom its tool named; `None` where that
    /// one may not be written to, or is forgotten. `id` and `now` become its own.
    pub fn pass_on(
        &self,
        policy: &Arc<PolicySet>,
        copy: &SentCopy,
        (content, trace): (Bytes, Trace),
        new_id: &dyn Fn() -> Uuid,
        now: Timestamp,
    ) -> Option<NewMessage> {
        let sender = policy.sender(&copy.sender)?;
        let to = self.allowed(sender, copy.return_to.as_ref())?;
        if copy.kind == DeliveryKind::Dsn || has_gone_round(&content) {
            return None;
        }
        let about = (copy.sender.as_str(), copy.credential.as_str());
        Some(notification(policy, sender, about, (to, content, trace), new_id, now))
    }

    /// Whom to tell: an envelope sender within the sender's own domains, if the upstream takes such mail.
    fn entitled<'a>(&self, sender: &SenderPolicy, original: &Original<'a>) -> Option<&'a Address> {
        self.allowed(sender, original.envelope_sender)
    }

    fn allowed<'a>(&self, sender: &SenderPolicy, to: Option<&'a Address>) -> Option<&'a Address> {
        match self.upstream {
            NullSenderMail::Taken => to.filter(|address| sender.owns_bounces(address.domain())),
            NullSenderMail::RefusedByProvider => None,
        }
    }

    fn compose(
        &self,
        id: Uuid,
        to: &Address,
        original: &Original<'_>,
        (action, told): (Action, &[Told]),
        now: Timestamp,
    ) -> Result<Vec<u8>, Uncomposable> {
        let daemon: lettre::Address =
            format!("MAILER-DAEMON@{}", self.hostname).parse().map_err(|_| Uncomposable::Hostname)?;
        let report = MultiPart::builder()
            .header(content_type(&format!(
                "multipart/report; report-type=delivery-status; boundary=\"report-{}\"",
                id.simple()
            ))?)
            .build()
            .singlepart(SinglePart::plain(self.text(action, told)))
            .singlepart(
                SinglePart::builder().header(content_type("message/delivery-status")?).body(self.status(
                    original,
                    (action, told),
                    now,
                )),
            )
            .singlepart(returned::part(original, action)?);
        // Only `to` matters, and that stands in our own envelope: lettre's has to be there and is not used.
        let unused = lettre::address::Envelope::new(None, vec![daemon.clone()])?;
        let message = lettre::Message::builder()
            .envelope(unused)
            .from(Mailbox::new(Some("Mail Delivery System".to_owned()), daemon))
            .raw_header(ascii_header("To", header_address(to)))
            .subject(action.subject())
            .date(system_time(now))
            .message_id(Some(format!("<{id}@{}>", self.hostname)))
            .raw_header(ascii_header("Auto-Submitted", "auto-replied".to_owned()))
            .header(header::MIME_VERSION_1_0)
            .multipart(report)?;
        Ok(message.formatted())
    }

    /// The part for people.
    fn text(&self, action: Action, told: &[Told]) -> String {
        let what = action.in_words();
        let mut text = format!("This is the mail gateway at {}.\r\n\r\n{what}\r\n", self.hostname);
        for one in told {
            let _ = write!(text, "\r\n<{}>\r\n    {}\r\n", one.recipient, one_line(&one.text));
            if let Some(diagnostic) = &one.diagnostic {
                let who = if is_reply(diagnostic) { "the mail server said" } else { "last" };
                let _ = write!(text, "    {who}: {}\r\n", one_line(diagnostic));
            }
            let _ = write!(text, "    delivery {}\r\n", one.delivery);
        }
        text
    }

    /// The part for programs. RFC 3464, 2.2 and 2.3.
    fn status(&self, original: &Original<'_>, (action, told): (Action, &[Told]), now: Timestamp) -> String {
        let envid = original.asked.envid.as_ref();
        let envid = envid.map(|envid| format!("Original-Envelope-Id: {}\r\n", envid.text()));
        let mut text = format!(
            "{}Reporting-MTA: dns; {}\r\nX-Optgate-Message: {}\r\nArrival-Date: {}\r\n",
            envid.unwrap_or_default(),
            self.hostname,
            original.id,
            date(original.received_at)
        );
        for one in told {
            let (class, subject, detail) = one.status;
            text.push_str("\r\n");
            if let Some(orcpt) = &one.asked.orcpt {
                let _ = write!(text, "Original-Recipient: {}\r\n", orcpt.typed());
            }
            let _ = write!(
                text,
                "Final-Recipient: {}\r\nAction: {}\r\nStatus: {class}.{subject}.{detail}\r\n",
                typed_address(&one.recipient),
                action.word()
            );
            if let Some(diagnostic) = &one.diagnostic {
                let kind = if is_reply(diagnostic) { "smtp" } else { "X-Optgate" };
                let _ = write!(text, "Diagnostic-Code: {kind}; {}\r\n", ascii(&one_line(diagnostic)));
            }
            let _ =
                write!(text, "Last-Attempt-Date: {}\r\nX-Optgate-Delivery: {}\r\n", date(now), one.delivery);
        }
        text
    }
}

/// A message from the null sender to this address, about mail of a sender's credential.
fn notification(
    policy: &Arc<PolicySet>,
    sender: &SenderPolicy,
    (of_sender, credential): (&str, &str),
    (to, content, trace): (&Address, Bytes, Trace),
    new_id: &dyn Fn() -> Uuid,
    now: Timestamp,
) -> NewMessage {
    NewMessage {
        id: new_id(),
        kind: DeliveryKind::Dsn,
        sender: of_sender.to_owned(),
        credential: credential.to_owned(),
        received_at: now,
        trace,
        content,
        envelope_sender: None,
        asked: MailParameters::default(),
        facts: None,
        policy: policy.hash.clone(),
        unknown_hosts: Vec::new(),
        message_id: None,
        deliveries: vec![NewDelivery {
            id: new_id(),
            recipient: to.clone(),
            asked: RcptParameters::default(),
            subscriber: None,
            version: 0,
            circumstances: Circumstances::default(),
            signup: None,
            admission: Admission::Spool(admit_dsn(sender)),
            lane: Lane {
                sender: of_sender.to_owned(),
                stream: Stream::Functional,
                provider: policy.shaping.provider(to.domain()),
                campaign: String::new(),
                credential: String::new(),
            },
            deadline: now.checked_add(sender.stream(Stream::Functional).deadline).unwrap_or(Timestamp::MAX),
        }],
    }
}

/// Whether servers hand it round among themselves. RFC 5321, 6.3.
fn has_gone_round(content: &Bytes) -> bool {
    RawMessage::index(content.clone()).is_ok_and(|message| message.all("Received").count() > MOST_HOPS)
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Relayed => "relayed",
        }
    }

    fn occasion(self) -> Occasion {
        match self {
            Self::Failed => Occasion::Failure,
            Self::Relayed => Occasion::Success,
        }
    }

    fn subject(self) -> &'static str {
        match self {
            Self::Failed => "Undelivered mail returned to sender",
            Self::Relayed => "Mail relayed",
        }
    }

    fn in_words(self) -> &'static str {
        match self {
            Self::Failed => "Your message was not delivered to:",
            Self::Relayed => {
                "Your message was relayed to a mail server that does not tell of its delivery. Nothing more \
                 will be heard unless it fails:"
            }
        }
    }
}

/// Why there is no notification although there should be one.
#[derive(Debug, thiserror::Error)]
enum Uncomposable {
    #[error("the gateway's hostname can't stand in an address")]
    Hostname,
    #[error(transparent)]
    ContentType(#[from] lettre::message::header::ContentTypeErr),
    #[error(transparent)]
    Message(#[from] lettre::error::Error),
}

fn content_type(text: &str) -> Result<ContentType, Uncomposable> {
    Ok(ContentType::parse(text)?)
}

/// Whether it is what a mail server said, or our own words.
fn is_reply(diagnostic: &str) -> bool {
    let code = diagnostic.as_bytes().get(..3).unwrap_or_default();
    code.len() == 3 && code.iter().all(u8::is_ascii_digit)
}

/// RFC 3464, 2.3.2; beyond ASCII as RFC 6533, 3 has it in a report that is ASCII.
fn typed_address(address: &Address) -> String {
    if address.is_ascii() {
        format!("rfc822; {address}")
    } else {
        format!("utf-8; {}", xtext::encode_utf8(&address.to_string()))
    }
}

/// What may stand in a header field of an address: beyond ASCII only RFC 6532 could, which not everybody reads.
fn header_address(address: &Address) -> String {
    if address.is_ascii() { format!("<{address}>") } else { "undisclosed-recipients:;".to_owned() }
}

fn ascii(text: &str) -> String {
    text.chars().map(|character| if character.is_ascii() { character } else { '?' }).collect()
}

/// A field whose value is ASCII already and stays as it is.
fn ascii_header(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::dangerous_new_pre_encoded(HeaderName::new_from_ascii_str(name), value.clone(), value)
}

fn date(at: Timestamp) -> String {
    jiff::fmt::rfc2822::to_string(&at.to_zoned(TimeZone::UTC)).unwrap_or_default()
}

/// lettre writes dates from 1970 on.
fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0))
}

#[cfg(test)]
#[path = "dsn/tests.rs"]
mod tests;
