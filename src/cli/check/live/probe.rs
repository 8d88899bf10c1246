//! The probe: a small newsletter, made into a copy just as `deliver` makes one. It is the same whenever it is made anew
//! from its id, its author and its recipient, so that what arrives can be compared with what left.

use std::sync::Arc;

use anyhow::anyhow;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::deliver::upstream::{Body, Capabilities, Settings};
use crate::mail::{Address, RawMessage};
use crate::policy::Stream;
use crate::policy::sender::{ClippedFooter, SenderMailto};
use crate::rewrite::{Demands, EightBit, Links, Rewriting, Tracking, rewrite};
use crate::sign::{Pair, Signers};

/// What of the configuration and the policies goes into a probe.
pub struct Gateway {
    pub hostname: String,
    pub public_url: String,
    pub from_domains: Vec<String>,
    pub signers: Signers,
}

/// One probe.
#[derive(Clone, Debug)]
pub struct Probe {
    /// A UUIDv7: its time is the message's.
    pub id: Uuid,
    pub from: Address,
    pub to: Address,
}

/// What leaves.
pub struct Copy {
    pub signatures: Vec<u8>,
    pub message: Vec<u8>,
    pub body: Body,
}

/// Before the id, in the Subject.
pub const SUBJECT: &str = "optgate probe";

impl Probe {
    /// For this upstream.
    pub fn copy(&self, gateway: &Gateway, settings: &Settings, _: Capabilities) -> anyhow::Result<Copy> {
        let original = self.original()?;
        let rewriting = Rewriting {
            extra_headers: settings.kind.headers(&settings.headers, &original, self.id),
            withheld: settings.kind.withheld(),
            ..self.rewriting(gateway)
        };
        let message = rewrite(&original, &rewriting)?.bytes;
        let signatures = match settings.signs {
            true => Vec::new(),
            false => {
                let (domain, handling) = (self.from.domain(), settings.kind.handling());
                gateway.signers.sign(domain, &message, Pair::Required, &handling, self.at())?
            }
        };
        // It is ASCII throughout, so that every upstream gets the same octets.
        Ok(Copy { signatures, message, body: Body::SevenBit })
    }

    /// What any upstream gets, but for signatures and fields of its own.
    pub fn bare(&self, gateway: &Gateway) -> anyhow::Result<Vec<u8>> {
        Ok(rewrite(&self.original()?, &self.rewriting(gateway))?.bytes)
    }

    /// The id's time.
    fn at(&self) -> Timestamp {
        let (seconds, nanos) = self.id.get_timestamp().map_or((0, 0), |time| time.to_unix());
        let (seconds, nanos) = (i64::try_from(seconds).unwrap_or(0), i32::try_from(nanos).unwrap_or(0));
        Timestamp::new(seconds, nanos).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    fn date(&self) -> String {
        jiff::fmt::rfc2822::to_string(&self.at().to_zoned(TimeZone::UTC)).unwrap_or_default()
    }

    /// Both leaves of a newsletter, and lines that careless servers change: blanks at their end, dots, `From `.
    fn original(&self) -> anyhow::Result<RawMessage> {
        let text = "This message was sent to see how mail comes through.\r\nIt asks nothing of you.\r\n\r\n\
            From here on stand lines that careless servers change:\r\n.\r\n..two dots\r\n  two  blanks\r\n";
        let message = format!(
            "From: optgate <{from}>\r\nTo: <{to}>\r\nSubject: {SUBJECT} {id}\r\nDate: {date}\r\n\
             Message-ID: <{id}@{domain}>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n\
             --{boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n{text}\r\n\
             --{boundary}\r\nContent-Type: text/html; charset=us-ascii\r\n\r\n\
             <html><body><p>This message was sent to see how mail comes through.</p></body></html>\r\n\r\n\
             --{boundary}--\r\n",
            from = self.from,
            to = self.to,
            id = self.id,
            date = self.date(),
            domain = self.from.domain(),
            boundary = self.id.simple(),
        );
        RawMessage::index(message.into()).map_err(|error| anyhow!("no probe can be made: {error}"))
    }

    fn rewriting(&self, gateway: &Gateway) -> Rewriting {
        let Gateway { hostname, public_url, .. } = gateway;
        // Links that open nothing: whoever presses them changes nothing.
        let link = |page: char| format!("{public_url}/{page}/probe-{}", self.id.simple());
        Rewriting {
            stream: Stream::Marketing,
            links: Some(Links {
                unsubscribe: link('u'),
                preferences: link('p'),
                confirm: None,
                data: None,
                mailto: None,
            }),
            language: "en",
            footer_text: None,
            sender_name: "optgate".to_owned(),
            postal_address: None,
            demands: Demands::default(),
            clipped_footer: ClippedFooter::Bottom,
            list_id: Some(format!("probe.{}", self.from.domain())),
            feedback_id: Some("probe::marketing:optgate".to_owned()),
            received: format!(
                "Received: by {hostname} (optgate) with ESMTP\r\n\tid {}; {}\r\n",
                self.id,
                self.date()
            ),
            date: self.date(),
            message_id: format!("{}@{}", self.id, self.from.domain()),
            extra_headers: Vec::new(),
            withheld: None,
            dialects: Arc::default(),
            tracking: Tracking::Leave,
            sender_mailto: SenderMailto::Remove,
            eight_bit: EightBit::Encode,
        }
    }
}
