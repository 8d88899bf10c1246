//! What the providers need and do: which header comes back with their webhooks, which fields they write anew, which
//! they obey, whether they take mail from the null sender. Pure.
//!
//! What a tool put into such a header stays where it only names things. What could add recipients or send
//! otherwise than we decided never gets through. Names and forms are those of the providers' documentation:
//!
//! - SES: <https://docs.aws.amazon.com/ses/latest/dg/event-publishing-send-email.html>, and of a tag's form
//!   <https://docs.aws.amazon.com/ses/latest/APIReference/API_MessageTag.html>
//! - SendGrid: <https://www.twilio.com/docs/sendgrid/for-developers/sending-email/building-an-x-smtpapi-header>, and
//!   <https://sendgrid.com/docs/for-developers/sending-email/unique-arguments/>
//! - Mailgun: <https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/pass-sending-options>, and of
//!   variables, which recipients can see, `send-attachments` beside it
//! - SES again, of fields: <https://docs.aws.amazon.com/ses/latest/dg/header-fields.html> (it refuses a second
//!   `DKIM-Signature`), and of signing, `send-email-authentication-dkim-manual` beside it
//! - Postmark: <https://postmarkapp.com/support/article/1125-custom-metadata-faq>

use serde_json::{Map, Value};
use uuid::Uuid;

use crate::mail::RawMessage;
use crate::outcome::dsn::NullSenderMail;
use crate::rewrite::Withheld;
use crate::sign::{Handling, Signatures};

/// What the provider is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Generic,
    Ses,
    Sendgrid,
    Mailgun,
    Postmark,
}

/// Under this name the delivery's id comes back: a message tag of SES (letters, digits, `-`, `_`), a unique
/// argument of SendGrid, a variable of Mailgun, metadata of Postmark (a name of at most 20 characters, a value of at most
/// 80).
pub const DELIVERY: &str = "optgate-delivery";

const SES_TAGS: &str = "X-SES-MESSAGE-TAGS";
const SENDGRID_API: &str = "X-SMTPAPI";
const MAILGUN_VARIABLES: &str = "X-Mailgun-Variables";

/// Tags of the tool's own that stay beside ours.
const MOST_TAGS: usize = 9;
/// Characters of a tag's name, and of its value.
const MOST_TAG: usize = 256;
/// Octets of a tool's JSON that are read, and of what is written: it has to fit on one line. SendGrid takes 10,000.
const MOST_JSON: usize = 900;

impl Kind {
    /// Whether it relays mail from the null sender.
    pub fn null_sender_mail(self) -> NullSenderMail {
        match self {
            Self::Generic => NullSenderMail::Taken,
            Self::Ses | Self::Sendgrid | Self::Mailgun | Self::Postmark => NullSenderMail::RefusedByProvider,
        }
    }

    /// Whether mail that comes back finds the return path that we gave: the providers put their own in its place, and tell
    /// by their webhooks.
    pub fn keeps_return_path(self) -> bool {
        self == Self::Generic
    }

    /// What it does to a message that we signed.
    pub fn handling(self) -> Handling {
        match self {
            Self::Ses => Handling {
                rewrites: &["Message-ID", "Date"],
                adds: &["Feedback-ID"],
                signatures: Signatures::One,
            },
            Self::Generic | Self::Sendgrid | Self::Mailgun | Self::Postmark => Handling::default(),
        }
    }

    /// What a tool could have it do that was not decided: send later, by another pool, to lists of its own, not at
    /// all, or with links written anew. Names for its statistics are let pass. Postmark's streams are not: it puts
    /// links of its own into what goes by a broadcast one, and the configuration says which one that may be.
    pub fn withheld(self) -> Option<Withheld> {
        let (prefix, but): (_, &[_]) = match self {
            Self::Generic => return None,
            Self::Ses => ("X-SES-", &[]),
            Self::Sendgrid => (SENDGRID_API, &[]),
            Self::Mailgun => ("X-Mailgun-", &["X-Mailgun-Tag"]),
            Self::Postmark => ("X-PM-", &["X-PM-Tag", "X-PM-Metadata-"]),
        };
        // A second signature it would refuse, and the message with it.
        let also: &[_] = if self == Self::Ses { &["DKIM-Signature"] } else { &[] };
        Some(Withheld { prefix, but, also })
    }

    /// The fields that a message for it gets: those of the configuration, and the one that its webhooks give
    /// back. Each replaces what the message has under that name.
    pub fn headers(
        self,
        configured: &[(String, String)],
        message: &RawMessage,
        delivery: Uuid,
    ) -> Vec<(String, String)> {
        let own = |name: &str| {
            let given = configured.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
            given.map(|(_, value)| value.clone()).or_else(|| message.value(name))
        };
        let id = delivery.to_string();
        let added: Vec<(&str, String)> = match self {
            Self::Generic => Vec::new(),
            Self::Ses => vec![(SES_TAGS, tags(own(SES_TAGS).as_deref(), &id))],
            Self::Sendgrid => vec![(SENDGRID_API, sendgrid(own(SENDGRID_API).as_deref(), &id))],
            Self::Mailgun => vec![(MAILGUN_VARIABLES, variables(own(MAILGUN_VARIABLES).as_deref(), &id))],
            // It keeps a Message-ID only if it is told to.
            Self::Postmark => {
                vec![("X-PM-Metadata-optgate-delivery", id), ("X-PM-KeepID", "true".to_owned())]
            }
        };
        let replaced = |name: &str| added.iter().any(|(own, _)| own.eq_ignore_ascii_case(name));
        let mut headers: Vec<_> = configured.iter().filter(|(name, _)| !replaced(name)).cloned().collect();
        headers.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value)));
        headers
    }
}

/// `name=value, name=value`.
fn tags(own: Option<&str>, id: &str) -> String {
    let plain = |text: &str| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        !text.is_empty() && text.len() <= MOST_TAG && text.bytes().all(letter)
    };
    let sound = |tag: &&str| {
        tag.split_once('=').is_some_and(|(name, value)| plain(name) && plain(value) && name != DELIVERY)
    };
    let own = own.unwrap_or_default().split([',', ';']).map(str::trim).filter(sound).take(MOST_TAGS);
    let all: Vec<String> = own.map(str::to_owned).chain([format!("{DELIVERY}={id}")]).collect();
    all.join(", ")
}

/// Of the tool's own only categories and arguments stay: `to` would send to others, filters would add a
/// footer, a copy or tracking. Arguments are texts, whatever the tool made of them.
fn sendgrid(own: Option<&str>, id: &str) -> String {
    let mut own = own.and_then(object).unwrap_or_default();
    let mut arguments = own.remove("unique_args").and_then(as_object).unwrap_or_default();
    for value in arguments.values_mut().filter(|value| !value.is_string()) {
        *value = value.to_string().into();
    }
    arguments.insert(DELIVERY.to_owned(), id.into());
    let category = own.remove("category");
    let with = |arguments: Map<String, Value>, category: Option<Value>| {
        let mut api = Map::new();
        api.insert("unique_args".to_owned(), arguments.into());
        api.extend(category.map(|category| ("category".to_owned(), category)));
        ascii(&Value::Object(api))
    };
    fitting(with(arguments, category)).unwrap_or_else(|| with(alone(id), None))
}

fn variables(own: Option<&str>, id: &str) -> String {
    let mut own = own.and_then(object).unwrap_or_default();
    own.insert(DELIVERY.to_owned(), id.into());
    fitting(ascii(&Value::Object(own))).unwrap_or_else(|| ascii(&Value::Object(alone(id))))
}

fn alone(id: &str) -> Map<String, Value> {
    Map::from_iter([(DELIVERY.to_owned(), id.into())])
}

fn fitting(json: String) -> Option<String> {
    (json.len() <= MOST_JSON).then_some(json)
}

fn object(text: &str) -> Option<Map<String, Value>> {
    let short = text.len() <= MOST_JSON;
    short.then(|| serde_json::from_str(text).ok().and_then(as_object))?
}

fn as_object(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

/// JSON without a character beyond ASCII: in a header those would become encoded words, which no provider
/// reads here.
fn ascii(value: &Value) -> String {
    let mut out = String::new();
    for character in value.to_string().chars() {
        if character.is_ascii() {
            out.push(character);
        } else {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(kind: Kind, configured: &[(&str, &str)], header: &str) -> Vec<(String, String)> {
        let configured: Vec<_> =
            configured.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let message = RawMessage::index(format!("{header}Subject: x\r\n\r\nbody\r\n").into()).unwrap();
        kind.headers(&configured, &message, Uuid::from_u128(7))
    }

    fn check(kind: Kind, header: &str, expect: &[(&str, &str)]) {
        let found = headers(kind, &[], header);
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expect, "{header}");
    }

    const ID: &str = "00000000-0000-0000-0000-000000000007";

    #[test]
    fn every_provider_gives_our_id_back() {
        check(Kind::Generic, "", &[]);
        check(Kind::Ses, "", &[("X-SES-MESSAGE-TAGS", &format!("optgate-delivery={ID}"))]);
        let sendgrid = format!(r#"{{"unique_args":{{"optgate-delivery":"{ID}"}}}}"#);
        check(Kind::Sendgrid, "", &[("X-SMTPAPI", &sendgrid)]);
        let mailgun = format!(r#"{{"optgate-delivery":"{ID}"}}"#);
        check(Kind::Mailgun, "", &[("X-Mailgun-Variables", &mailgun)]);
        check(Kind::Postmark, "", &[("X-PM-Metadata-optgate-delivery", ID), ("X-PM-KeepID", "true")]);
    }

    #[test]
    fn a_tools_own_tags_stay_beside_ours() {
        let tags = format!("brand=shop, season=summer, optgate-delivery={ID}");
        check(
            Kind::Ses,
            "X-SES-MESSAGE-TAGS: brand=shop, bad tag, optgate-delivery=forged,\r\n season=summer\r\n",
            &[("X-SES-MESSAGE-TAGS", &tags)],
        );
        let mailgun = format!(r#"{{"order":"\u00e5","optgate-delivery":"{ID}"}}"#);
        let both: Value = serde_json::from_str(&mailgun).unwrap();
        let found = headers(Kind::Mailgun, &[], "X-Mailgun-Variables: {\"order\": \"\u{e5}\"}\r\n");
        assert!(found[0].1.is_ascii());
        assert_eq!(serde_json::from_str::<Value>(&found[0].1).unwrap(), both);
    }

    #[test]
    fn nothing_that_would_send_otherwise_gets_through() {
        let header = "X-SMTPAPI: {\"to\": [\"evil@example.com\"], \"filters\": {\"bcc\": {}},\r\n \"category\": \"a\", \"unique_args\": {\"n\": 1}}\r\n";
        let found = headers(Kind::Sendgrid, &[], header);
        let expect = format!(r#"{{"unique_args":{{"n":"1","optgate-delivery":"{ID}"}},"category":"a"}}"#);
        let (found, expect): (Value, Value) =
            (serde_json::from_str(&found[0].1).unwrap(), serde_json::from_str(&expect).unwrap());
        assert_eq!(found, expect);
    }

    #[test]
    fn what_a_provider_obeys_a_tool_may_not_say() {
        assert_eq!(Kind::Generic.withheld(), None);
        for kind in [Kind::Ses, Kind::Sendgrid, Kind::Mailgun, Kind::Postmark] {
            let withheld = kind.withheld().unwrap();
            for (name, _) in headers(kind, &[], "") {
                let ours = name.starts_with(withheld.prefix);
                assert!(ours, "{name}: a tool's own of the same kind would stay beside it");
            }
        }
    }

    #[test]
    fn what_is_configured_is_joined_with_ours() {
        let configured = [("X-SES-CONFIGURATION-SET", "main"), ("x-ses-message-tags", "node=a")];
        let found = headers(Kind::Ses, &configured, "X-SES-MESSAGE-TAGS: brand=shop\r\n");
        let tags = format!("node=a, optgate-delivery={ID}");
        let expect = [("X-SES-CONFIGURATION-SET", "main"), ("X-SES-MESSAGE-TAGS", tags.as_str())];
        let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn what_is_no_json_or_too_long_is_replaced() {
        let ours = format!(r#"{{"optgate-delivery":"{ID}"}}"#);
        check(Kind::Mailgun, "X-Mailgun-Variables: {broken\r\n", &[("X-Mailgun-Variables", &ours)]);
        let long = format!("X-Mailgun-Variables: {{\"a\": \"{}\"}}\r\n", "x".repeat(880));
        check(Kind::Mailgun, &long, &[("X-Mailgun-Variables", &ours)]);
    }
}
