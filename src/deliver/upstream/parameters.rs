//! The parameters of MAIL and RCPT that one copy needs, or that the tool asked to have passed on. RFC 1870,
//! RFC 3461, RFC 6152, RFC 6531. Pure; nothing is offered to an upstream that didn't offer it.

use std::fmt::Write as _;

use super::connection::{Body, Envelope};
use super::open::{Capabilities, Offer};
use crate::mail::parameters::Utf8;
use crate::mail::{Address, MailParameters, RcptParameters};

/// What the tool asked for, and what the copy's header is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    pub of_mail: Option<&'a MailParameters>,
    pub of_rcpt: Option<&'a RcptParameters>,
    pub header: Header,
}

/// What a copy's header is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Header {
    #[default]
    Ascii,
    /// RFC 6532, or octets that a careless tool left unencoded.
    BeyondAscii,
}

impl Header {
    /// Of a copy, up to its empty line.
    pub fn of(copy: &[u8]) -> Self {
        let end = memchr::memmem::find(copy, b"\r\n\r\n").unwrap_or(copy.len());
        if copy.get(..end).is_none_or(<[u8]>::is_ascii) { Self::Ascii } else { Self::BeyondAscii }
    }
}

/// Whether this mail can go to no server without SMTPUTF8. That the tool said SMTPUTF8 is not enough, since some
/// always do; and a raw header of a tool that didn't say it leaves as raw as it came.
pub fn needs_utf8(envelope: &Envelope<'_>) -> bool {
    let utf8 = envelope.asked.of_mail.map_or(Utf8::NotAsked, |asked| asked.utf8);
    let header = utf8 == Utf8::Asked && envelope.asked.header == Header::BeyondAscii;
    header || !envelope.recipient.is_ascii() || !envelope.sender.is_none_or(Address::is_ascii)
}

/// What follows the path of MAIL, each with its blank.
pub fn of_mail(envelope: &Envelope<'_>, capabilities: &Capabilities, size: usize) -> String {
    let mut text = String::new();
    if capabilities.size == Offer::Offered {
        let _ = write!(text, " SIZE={size}");
    }
    if envelope.body == Body::EightBit {
        text.push_str(" BODY=8BITMIME");
    }
    if needs_utf8(envelope) {
        text.push_str(" SMTPUTF8");
    }
    if let Some(asked) = envelope.asked.of_mail.filter(|_| capabilities.dsn == Offer::Offered) {
        if let Some(ret) = asked.ret {
            let _ = write!(text, " RET={ret}");
        }
        if let Some(envid) = &asked.envid {
            let _ = write!(text, " ENVID={envid}");
        }
    }
    text
}

/// What follows the path of RCPT, each with its blank.
pub fn of_rcpt(envelope: &Envelope<'_>, capabilities: &Capabilities) -> String {
    let mut text = String::new();
    if let Some(asked) = envelope.asked.of_rcpt.filter(|_| capabilities.dsn == Offer::Offered) {
        if let Some(notify) = &asked.notify {
            let _ = write!(text, " NOTIFY={notify}");
        }
        if let Some(orcpt) = &asked.orcpt {
            let _ = write!(text, " ORCPT={orcpt}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::parameters::{Envid, Notify, Orcpt, Ret};

    fn all() -> Capabilities {
        let on = Offer::Offered;
        Capabilities { eight_bit_mime: on, smtp_utf8: on, dsn: on, ..Capabilities::default() }
    }

    fn written(recipient: &str, utf8: Utf8, header: Header, capabilities: &Capabilities) -> (String, String) {
        let (sender, recipient): (Address, Address) =
            ("b@shop.example".parse().unwrap(), recipient.parse().unwrap());
        let of_mail =
            MailParameters { utf8, ret: Some(Ret::Headers), envid: Some(Envid::parse("a+2B").unwrap()) };
        let of_rcpt = RcptParameters {
            notify: Some(Notify::parse("FAILURE,DELAY").unwrap()),
            orcpt: Some(Orcpt::parse("rfc822;a@b.example").unwrap()),
        };
        let envelope = Envelope {
            sender: Some(&sender),
            recipient: &recipient,
            body: Body::SevenBit,
            asked: Asked { of_mail: Some(&of_mail), of_rcpt: Some(&of_rcpt), header },
        };
        (super::of_mail(&envelope, capabilities, 9), super::of_rcpt(&envelope, capabilities))
    }

    #[test]
    fn what_the_tool_asked_for_is_passed_on_where_it_is_offered() {
        let (mail, rcpt) = written("a@b.example", Utf8::NotAsked, Header::Ascii, &all());
        assert_eq!(mail, " RET=HDRS ENVID=a+2B");
        assert_eq!(rcpt, " NOTIFY=FAILURE,DELAY ORCPT=rfc822;a@b.example");
        let none = written("a@b.example", Utf8::NotAsked, Header::Ascii, &Capabilities::default());
        assert_eq!(none, (String::new(), String::new()));
    }

    #[test]
    fn smtputf8_is_said_where_it_is_needed_alone() {
        let says = |recipient, utf8, header| written(recipient, utf8, header, &all()).0.contains("SMTPUTF8");
        assert!(!says("a@b.example", Utf8::Asked, Header::Ascii));
        assert!(!says("a@köp.example", Utf8::Asked, Header::Ascii), "domains go as A-labels");
        assert!(!says("a@b.example", Utf8::NotAsked, Header::BeyondAscii));
        assert!(says("a@b.example", Utf8::Asked, Header::BeyondAscii));
        assert!(says("å@b.example", Utf8::Asked, Header::Ascii));
    }

    #[test]
    fn the_header_ends_at_the_empty_line() {
        assert_eq!(Header::of("A: b\r\n\r\nå\r\n".as_bytes()), Header::Ascii);
        assert_eq!(Header::of("A: å\r\n\r\nb\r\n".as_bytes()), Header::BeyondAscii);
        assert_eq!(Header::of("A: å\r\n".as_bytes()), Header::BeyondAscii);
    }
}
