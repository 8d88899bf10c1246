//! Mailgun's webhooks: one event each. The signature is over a time and a token alone, so that the event itself is
//! not signed: a token is good for one event, and whoever acts on it asks the store.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>

use data_encoding::HEXLOWER_PERMISSIVE;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use super::naming::{by_id, by_message_id};
use super::reason::{reason, with_code};
use super::{Event, Refused, is_fresh, seconds, told};
use crate::feedback::told::{Reason, What};
use crate::keys::hmac;

/// The key that Mailgun calls "HTTP webhook signing key".
#[derive(Debug)]
pub struct Mailgun(SecretString);

/// A token of theirs has 50 characters.
const LONGEST_TOKEN: usize = 200;

/// One event, with what it may be told by once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    pub token: String,
    /// The event, in one form however it was written.
    pub said: String,
    pub event: Event,
}

impl Mailgun {
    pub fn new(key: SecretString) -> Self {
        Self(key)
    }

    /// Verifies, then reads.
    pub fn read(&self, body: &[u8], now: Timestamp) -> Result<Signed, Refused> {
        let body: Value = serde_json::from_slice(body).map_err(|_| Refused::Malformed)?;
        let part = |name: &str| body["signature"][name].as_str().ok_or(Refused::Unsigned);
        // Some accounts write the time as a number.
        let time = match &body["signature"]["timestamp"] {
            Value::Number(seconds) => seconds.to_string(),
            _ => part("timestamp")?.to_owned(),
        };
        let (token, signature) = (part("token")?, part("signature")?);
        if token.is_empty() || token.len() > LONGEST_TOKEN || time.len() > LONGEST_TOKEN {
            return Err(Refused::Unverified);
        }
        let signature = HEXLOWER_PERMISSIVE.decode(signature.as_bytes()).map_err(|_| Refused::Unverified)?;
        let own = hmac(self.0.expose_secret().as_bytes(), format!("{time}{token}").as_bytes());
        if !bool::from(own.ct_eq(&signature)) {
            return Err(Refused::Unverified);
        }
        if !seconds(&time).is_some_and(|at| is_fresh(at, now)) {
            return Err(Refused::Stale);
        }
        let data = &body["event-data"];
        Ok(Signed { token: format!("{time}.{token}"), said: data.to_string(), event: event(data) })
    }
}

fn event(data: &Value) -> Event {
    let message_id = data["message"]["headers"]["message-id"].as_str();
    let of = by_id(&data["user-variables"]).or_else(|| by_message_id(message_id, data["recipient"].as_str()));
    let what = match data["event"].as_str()? {
        "failed" => Some(failed(data)),
        // By its own rules, before it tried.
        "rejected" => {
            let why = data["reject"]["reason"].as_str().unwrap_or_default();
            Some(What::Failed(reason(why, None, Some((5, 7, 0)))))
        }
        "complained" => Some(What::Complaint),
        "unsubscribed" => Some(What::Unsubscribed),
        _ => None,
    };
    told(of, what)
}

fn failed(data: &Value) -> What {
    let permanent = data["severity"].as_str() != Some("temporary");
    match data["reason"].as_str() {
        // Whom it remembers as having left or complained said a no, though not to this mail.
        Some("suppress-unsubscribe" | "suppress-complaint") => What::Unsubscribed,
        Some("suppress-bounce") => What::Failed(status(data, (5, 1, 1))),
        // It gave up after trying for long.
        Some("old") => What::Failed(status(data, (4, 4, 7))),
        _ if permanent => What::Failed(status(data, (5, 0, 0))),
        _ => What::Delayed(status(data, (4, 0, 0))),
    }
}

fn status(data: &Value, meant: super::reason::Status) -> Reason {
    let status = &data["delivery-status"];
    let text = |name: &str| status[name].as_str().filter(|text| !text.is_empty());
    let words = text("message").or(text("description")).unwrap_or_default();
    let code = status["code"].as_u64();
    // Its own codes (605 and on) say nothing that the reason doesn't.
    let meant = code.is_none_or(|code| !(400..600).contains(&code)).then_some(meant);
    with_code(reason(words, text("enhanced-code"), meant), code)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::feedback::told::{Of, Told};

    const ID: &str = "00000000-0000-0000-0000-000000000007";

    fn hook() -> Mailgun {
        Mailgun::new("key-of-the-webhook".into())
    }

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_100).unwrap()
    }

    fn signed(key: &str, time: &str, token: &str, data: &Value) -> Vec<u8> {
        let signature =
            HEXLOWER_PERMISSIVE.encode(&hmac(key.as_bytes(), format!("{time}{token}").as_bytes()));
        let signature = json!({"timestamp": time, "token": token, "signature": signature});
        json!({"signature": signature, "event-data": data}).to_string().into_bytes()
    }

    /// Made with `openssl dgst -sha256 -hmac`, so that it is not our own word for it.
    #[test]
    fn a_signature_that_was_made_elsewhere_is_believed() {
        let body = br#"{"signature":{"timestamp":"1800000000","token":"0123456789abcdef0123456789abcdef0123456789abcdef01",
            "signature":"bc7ef9696c8a389ce7bcae44aaeea55577e8cac12627c42a821d1f39484ba0a0"},"event-data":{"event":"opened"}}"#;
        let read = hook().read(body, now()).unwrap();
        assert_eq!((read.event, read.said.as_str()), (None, r#"{"event":"opened"}"#));
    }

    #[test]
    fn what_is_not_signed_by_the_key_or_not_fresh_is_refused() {
        let (time, data) = ("1800000000", json!({"event": "complained"}));
        let read = |body: Vec<u8>, now| hook().read(&body, now).map(|_| ());
        assert_eq!(read(signed("key-of-the-webhook", time, "abc", &data), now()), Ok(()));
        assert_eq!(read(signed("another", time, "abc", &data), now()), Err(Refused::Unverified));
        assert_eq!(read(signed("key-of-the-webhook", time, "", &data), now()), Err(Refused::Unverified));
        assert_eq!(read(b"{}".to_vec(), now()), Err(Refused::Unsigned));
        assert_eq!(read(b"[".to_vec(), now()), Err(Refused::Malformed));
        let bare = json!({"signature": {"timestamp": time, "token": "abc", "signature": "00"}});
        assert_eq!(read(bare.to_string().into_bytes(), now()), Err(Refused::Unverified));
        // Nothing of the time can be made the token's.
        let moved = String::from_utf8(signed("key-of-the-webhook", time, "abc", &data)).unwrap();
        let moved = moved.replace("1800000000", "180000000").replace("\"abc\"", "\"0abc\"");
        assert_eq!(read(moved.into_bytes(), now()), Err(Refused::Stale));
        let late = now() + SignedDuration::from_hours(26);
        assert_eq!(read(signed("key-of-the-webhook", time, "abc", &data), late), Err(Refused::Stale));
    }

    #[track_caller]
    fn check(mut data: Value, expect: Option<What>) {
        data["user-variables"] = json!({ "optgate-delivery": ID });
        let of = Of::Delivery(Uuid::from_u128(7));
        assert_eq!(event(&data), expect.map(|what| Told { of, what }), "{data}");
    }

    fn because(code: Option<u16>, status: Option<(u8, u8, u8)>, text: &str) -> Reason {
        Reason { code, status, text: text.to_owned() }
    }

    #[test]
    fn each_event_says_what_became_of_the_copy() {
        let status = json!({"code": 550, "message": "5.1.1 no such user", "description": ""});
        check(
            json!({"event": "failed", "severity": "permanent", "reason": "bounce", "delivery-status": status}),
            Some(What::Failed(because(Some(550), Some((5, 1, 1)), "5.1.1 no such user"))),
        );
        let status = json!({"code": 452, "message": "452 4.2.2 full", "enhanced-code": "4.2.2"});
        check(
            json!({"event": "failed", "severity": "temporary", "reason": "generic", "delivery-status": status}),
            Some(What::Delayed(because(Some(452), Some((4, 2, 2)), "452 4.2.2 full"))),
        );
        let status = json!({"code": 605, "message": "", "description": "Not delivering to previously bounced address"});
        check(
            json!({"event": "failed", "severity": "permanent", "reason": "suppress-bounce", "delivery-status": status}),
            Some(What::Failed(because(
                None,
                Some((5, 1, 1)),
                "Not delivering to previously bounced address",
            ))),
        );
        let left = json!({"event": "failed", "severity": "permanent", "reason": "suppress-unsubscribe"});
        check(left, Some(What::Unsubscribed));
        check(
            json!({"event": "rejected", "reject": {"reason": "Sandbox subdomains are for test purposes only"}}),
            Some(What::Failed(because(
                None,
                Some((5, 7, 0)),
                "Sandbox subdomains are for test purposes only",
            ))),
        );
        check(json!({"event": "complained"}), Some(What::Complaint));
        check(json!({"event": "unsubscribed"}), Some(What::Unsubscribed));
        for passed_over in ["accepted", "delivered", "opened", "clicked", "stored", "invented"] {
            check(json!({ "event": passed_over }), None);
        }
    }

    #[test]
    fn without_our_id_the_copy_is_named_by_message_id_and_recipient() {
        let data = json!({"event": "complained", "recipient": "anna@example.se",
                          "message": {"headers": {"message-id": "a@shop.example"}}});
        let of = Of::MessageId {
            message_id: "a@shop.example".into(),
            recipient: "anna@example.se".parse().unwrap(),
        };
        assert_eq!(event(&data), Some(Told { of, what: What::Complaint }));
    }
}
