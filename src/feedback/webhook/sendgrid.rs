//! SendGrid's event webhook: a list of events, signed by ECDSA over the time and the body as it came.
//! <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

use super::naming::{by_id, by_message_id};
use super::reason::reason;
use super::{Event, Refused, is_fresh, seconds, told};
use crate::feedback::told::What;

/// The key that SendGrid shows beside the webhook.
#[derive(Debug)]
pub struct Sendgrid(ParsedPublicKey);

/// The headers that prove it.
pub const SIGNATURE: &str = "X-Twilio-Email-Event-Webhook-Signature";
pub const TIMESTAMP: &str = "X-Twilio-Email-Event-Webhook-Timestamp";

impl Sendgrid {
    /// Of the key as SendGrid shows it (base64), or of a PEM file.
    pub fn new(key: &str) -> Result<Self, String> {
        let key = key.trim();
        let der = if key.starts_with("-----") {
            SubjectPublicKeyInfoDer::from_pem_slice(key.as_bytes()).map(|der| der.to_vec()).ok()
        } else {
            STANDARD.decode(key).ok()
        };
        let parsed = der.and_then(|der| ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, der).ok());
        let key = parsed.ok_or("holds no public key of ECDSA P-256, such as SendGrid shows")?;
        Ok(Self(key))
    }

    /// Verifies, then reads.
    pub fn read(
        &self,
        signature: Option<&str>,
        timestamp: Option<&str>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Event>, Refused> {
        let (Some(signature), Some(timestamp)) = (signature, timestamp) else {
            return Err(Refused::Unsigned);
        };
        let signature = STANDARD.decode(signature.trim()).map_err(|_| Refused::Unverified)?;
        let signed = [timestamp.as_bytes(), body].concat();
        self.0.verify_sig(&signed, &signature).map_err(|_| Refused::Unverified)?;
        if !seconds(timestamp).is_some_and(|at| is_fresh(at, now)) {
            return Err(Refused::Stale);
        }
        match serde_json::from_slice(body) {
            Ok(Value::Array(events)) => Ok(events.iter().map(event).collect()),
            _ => Err(Refused::Malformed),
        }
    }
}

/// Arguments of ours stand at the event's top level.
fn event(event: &Value) -> Event {
    let text = |name: &str| event[name].as_str();
    let of = by_id(event).or_else(|| by_message_id(text("smtp-id"), text("email")));
    let words = text("reason").or(text("response")).unwrap_or_default();
    let what = match text("event")? {
        // `type` is `bounce`, or `blocked` where it may go well another time; the reply says so too.
        "bounce" => Some(What::Failed(reason(words, text("status"), Some(meant(text("type")))))),
        "dropped" => dropped(words),
        "deferred" => Some(What::Delayed(reason(words, text("status"), Some((4, 0, 0))))),
        "spamreport" => Some(What::Complaint),
        "unsubscribe" | "group_unsubscribe" => Some(What::Unsubscribed),
        // `group_resubscribe` is no ground that anybody could show: who wants mail again says so to the sender.
        _ => None,
    };
    told(of, what)
}

fn meant(kind: Option<&str>) -> (u8, u8, u8) {
    if kind == Some("blocked") { (5, 7, 1) } else { (5, 1, 1) }
}

/// It never tried. Whom it remembers as having unsubscribed or complained said a no, though not to this mail.
fn dropped(why: &str) -> Option<What> {
    let meant = match why {
        "Unsubscribed Address" | "Spam Reporting Address" => return Some(What::Unsubscribed),
        "Bounced Address" | "Invalid" => (5, 1, 1),
        // A quota, a filter: nothing that the recipient has to do with.
        _ => (5, 7, 0),
    };
    Some(What::Failed(reason(why, None, Some(meant))))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::feedback::told::{Of, Reason, Told};

    const AT: &str = "1800000000";
    const ID: &str = "00000000-0000-0000-0000-000000000007";

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_100).unwrap()
    }

    fn pair() -> (EcdsaKeyPair, Sendgrid) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let hook =
            Sendgrid(ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, pair.public_key().as_ref()).unwrap());
        (pair, hook)
    }

    fn sign(pair: &EcdsaKeyPair, timestamp: &str, body: &[u8]) -> String {
        let signed = [timestamp.as_bytes(), body].concat();
        STANDARD.encode(pair.sign(&SystemRandom::new(), &signed).unwrap())
    }

    #[test]
    fn what_is_not_signed_by_the_key_or_not_fresh_is_refused() {
        let (own, hook) = pair();
        let body = b"[]\r\n";
        let signature = sign(&own, AT, body);
        let read = |signature, timestamp, body: &[u8], now| hook.read(signature, timestamp, body, now);
        assert_eq!(read(Some(&signature), Some(AT), body, now()), Ok(Vec::new()));
        assert_eq!(read(None, Some(AT), body, now()), Err(Refused::Unsigned));
        assert_eq!(read(Some(&signature), None, body, now()), Err(Refused::Unsigned));
        assert_eq!(read(Some(&signature), Some("1800000001"), body, now()), Err(Refused::Unverified));
        assert_eq!(read(Some(&signature), Some(AT), b"[]", now()), Err(Refused::Unverified));
        assert_eq!(read(Some("?"), Some(AT), body, now()), Err(Refused::Unverified));
        let other = sign(&pair().0, AT, body);
        assert_eq!(read(Some(&other), Some(AT), body, now()), Err(Refused::Unverified));
        let later = now() + SignedDuration::from_hours(26);
        assert_eq!(read(Some(&signature), Some(AT), body, later), Err(Refused::Stale));
        let earlier = now() - SignedDuration::from_hours(1);
        assert_eq!(read(Some(&signature), Some(AT), body, earlier), Err(Refused::Stale));
        let signature = sign(&own, AT, b"{");
        assert_eq!(read(Some(&signature), Some(AT), b"{", now()), Err(Refused::Malformed));
    }

    use jiff::SignedDuration;

    #[test]
    fn a_key_is_taken_as_it_is_shown_and_as_pem_and_no_other() {
        use aws_lc_rs::encoding::AsDer as _;
        let (own, _) = pair();
        let der = own.public_key().as_der().unwrap();
        let shown = STANDARD.encode(der.as_ref());
        assert!(Sendgrid::new(&shown).is_ok());
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{shown}\n-----END PUBLIC KEY-----\n");
        assert!(Sendgrid::new(&pem).is_ok());
        for wrong in ["", "key", "AAAA", "-----BEGIN PUBLIC KEY-----\n"] {
            assert!(Sendgrid::new(wrong).is_err(), "{wrong}");
        }
    }

    #[track_caller]
    fn check(mut told: Value, expect: Option<What>) {
        told[crate::deliver::upstream::kind::DELIVERY] = json!(ID);
        let of = Of::Delivery(Uuid::from_u128(7));
        assert_eq!(event(&told), expect.map(|what| Told { of, what }), "{told}");
    }

    fn because(code: Option<u16>, status: (u8, u8, u8), text: &str) -> Reason {
        Reason { code, status: Some(status), text: text.to_owned() }
    }

    #[test]
    fn each_event_says_what_became_of_the_copy() {
        let gone = because(Some(550), (5, 1, 1), "550 5.1.1 no such user");
        check(
            json!({"event": "bounce", "type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"}),
            Some(What::Failed(gone)),
        );
        check(
            json!({"event": "bounce", "type": "blocked", "reason": "blocked by policy"}),
            Some(What::Failed(because(None, (5, 7, 1), "blocked by policy"))),
        );
        let later = because(Some(421), (4, 7, 0), "421 4.7.0 try later");
        check(
            json!({"event": "deferred", "response": "421 4.7.0 try later", "attempt": "2"}),
            Some(What::Delayed(later)),
        );
        check(
            json!({"event": "dropped", "reason": "Bounced Address"}),
            Some(What::Failed(because(None, (5, 1, 1), "Bounced Address"))),
        );
        check(json!({"event": "dropped", "reason": "Unsubscribed Address"}), Some(What::Unsubscribed));
        check(json!({"event": "spamreport"}), Some(What::Complaint));
        check(json!({"event": "unsubscribe"}), Some(What::Unsubscribed));
        check(json!({"event": "group_unsubscribe", "asm_group_id": 1}), Some(What::Unsubscribed));
        for passed_over in ["processed", "delivered", "open", "click", "group_resubscribe", "invented"] {
            check(json!({ "event": passed_over }), None);
        }
        check(json!({"event": 7}), None);
    }

    #[test]
    fn without_our_id_the_copy_is_named_by_message_id_and_recipient() {
        let told =
            event(&json!({"event": "spamreport", "smtp-id": "<a@shop.example>", "email": "anna@example.se"}));
        let recipient = "anna@example.se".parse().unwrap();
        let of = Of::MessageId { message_id: "a@shop.example".into(), recipient };
        assert_eq!(told, Some(Told { of, what: What::Complaint }));
        for nameless in [
            json!({"event": "spamreport"}),
            json!({"event": "spamreport", "optgate-delivery": "x"}),
            json!(7),
        ] {
            assert_eq!(event(&nameless), None, "{nameless}");
        }
    }
}
