//! Postmark's webhooks: one record each, not signed. What proves them is the name and password in the URL that they
//! are told to call, which come as basic authentication. RFC 7617; <https://postmarkapp.com/developer/webhooks/webhooks-overview>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::naming::by_id;
use super::reason::reason;
use super::{Event, Refused, told};
use crate::feedback::told::What;

/// `USER:PASSWORD`.
#[derive(Debug)]
pub struct Postmark(SecretString);

impl Postmark {
    pub fn new(login: SecretString) -> Result<Self, String> {
        let both = login.expose_secret().split_once(':');
        match both.filter(|(user, password)| !user.is_empty() && !password.is_empty()) {
            Some(_) => Ok(Self(login)),
            None => Err("holds no USER:PASSWORD".to_owned()),
        }
    }

    /// Whether this is what they say who know the password: `Authorization`, as it came. Asked before the body is read.
    pub fn admits(&self, authorization: Option<&str>) -> Result<(), Refused> {
        let (scheme, told) = authorization.and_then(|text| text.split_once(' ')).ok_or(Refused::Unsigned)?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(Refused::Unsigned);
        }
        let told = STANDARD.decode(told.trim()).map_err(|_| Refused::Unverified)?;
        // Digests are compared, so that not even the length shows.
        let (told, own) = (Sha256::digest(&told), Sha256::digest(self.0.expose_secret().as_bytes()));
        if bool::from(told.as_slice().ct_eq(own.as_slice())) { Ok(()) } else { Err(Refused::Unverified) }
    }

    /// Of who was admitted.
    pub fn read(&self, body: &[u8]) -> Result<Event, Refused> {
        let record: Value = serde_json::from_slice(body).map_err(|_| Refused::Malformed)?;
        Ok(event(&record))
    }
}

/// Its own MessageID is in nothing that we have: only our id names a copy.
fn event(record: &Value) -> Event {
    let what = match record["RecordType"].as_str()? {
        "Bounce" => bounce(record),
        "SpamComplaint" => Some(What::Complaint),
        "SubscriptionChange" => subscription(record),
        _ => None,
    };
    told(by_id(&record["Metadata"]), what)
}

/// Of its types, what each means where the server's own words have no code. What says that mail came back for reasons
/// that are nobody's is passed over. <https://postmarkapp.com/developer/api/bounce-api#bounce-types>
fn bounce(record: &Value) -> Option<What> {
    let text = |name: &str| record[name].as_str().filter(|text| !text.is_empty());
    let because =
        |meant| reason(text("Details").or(text("Description")).unwrap_or_default(), None, Some(meant));
    match text("Type")? {
        "HardBounce" | "BadEmailAddress" => Some(What::Failed(because((5, 1, 1)))),
        "SoftBounce" | "Unknown" => Some(What::Failed(because((4, 0, 0)))),
        "DnsError" => Some(What::Failed(because((4, 4, 3)))),
        "Blocked" | "SpamNotification" | "DMARCPolicy" => Some(What::Failed(because((5, 7, 1)))),
        "VirusNotification" => Some(What::Failed(because((5, 6, 0)))),
        "SMTPApiError" | "ManuallyDeactivated" => Some(What::Failed(because((5, 7, 0)))),
        "Transient" => Some(What::Delayed(because((4, 0, 0)))),
        "SpamComplaint" => Some(What::Complaint),
        "Unsubscribe" => Some(What::Unsubscribed),
        _ => None,
    }
}

/// Its list of addresses that get nothing more. What a bounce put there came as a bounce; what the account's own people
/// did there is no word of the recipient's, and being taken off it is no ground.
fn subscription(record: &Value) -> Option<What> {
    let by_recipient = record["Origin"].as_str() == Some("Recipient");
    match (record["SuppressSending"].as_bool()?, record["SuppressionReason"].as_str()?) {
        (true, "SpamComplaint") => Some(What::Complaint),
        (true, "ManualSuppression") if by_recipient => Some(What::Unsubscribed),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::feedback::told::{Of, Reason, Told};

    fn basic(login: &str) -> String {
        format!("Basic {}", STANDARD.encode(login))
    }

    #[test]
    fn only_who_knows_the_password_is_admitted() {
        let hook = Postmark::new("post:se:cret".into()).unwrap();
        assert_eq!(hook.admits(Some(&basic("post:se:cret"))), Ok(()));
        assert_eq!(hook.admits(Some(&basic("post:se:cret").replace("Basic", "basic"))), Ok(()));
        for wrong in ["post:secret", "post:se:cre", "post:se:cret ", ""] {
            assert_eq!(hook.admits(Some(&basic(wrong))), Err(Refused::Unverified), "{wrong}");
        }
        assert_eq!(hook.admits(Some("Basic ?")), Err(Refused::Unverified));
        for none in [None, Some(""), Some("Bearer cG9zdDpzZTpjcmV0"), Some("Basic")] {
            assert_eq!(hook.admits(none), Err(Refused::Unsigned), "{none:?}");
        }
        for file in ["", "user", ":password", "user:"] {
            assert!(Postmark::new(file.into()).is_err(), "{file}");
        }
    }

    #[track_caller]
    fn check(mut record: Value, expect: Option<What>) {
        record["Metadata"] = json!({ "optgate-delivery": Uuid::from_u128(7), "brand": "shop" });
        let of = Of::Delivery(Uuid::from_u128(7));
        assert_eq!(event(&record), expect.map(|what| Told { of, what }), "{record}");
    }

    fn because(code: Option<u16>, status: (u8, u8, u8), text: &str) -> Reason {
        Reason { code, status: Some(status), text: text.to_owned() }
    }

    #[test]
    fn each_record_says_what_became_of_the_copy() {
        let details = "smtp;550 5.1.1 The email account does not exist";
        check(
            json!({"RecordType": "Bounce", "Type": "HardBounce", "Details": details, "Description": "no such user"}),
            Some(What::Failed(because(Some(550), (5, 1, 1), details))),
        );
        check(
            json!({"RecordType": "Bounce", "Type": "SoftBounce", "Description": "mailbox full"}),
            Some(What::Failed(because(None, (4, 0, 0), "mailbox full"))),
        );
        check(
            json!({"RecordType": "Bounce", "Type": "Transient", "Details": "smtp;421 4.7.0 later"}),
            Some(What::Delayed(because(Some(421), (4, 7, 0), "smtp;421 4.7.0 later"))),
        );
        check(json!({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}), Some(What::Complaint));
        let change = |suppress: bool, why: &str, by: &str| json!({"RecordType": "SubscriptionChange", "SuppressSending": suppress, "SuppressionReason": why, "Origin": by});
        check(change(true, "ManualSuppression", "Recipient"), Some(What::Unsubscribed));
        check(change(true, "SpamComplaint", "Recipient"), Some(What::Complaint));
        check(change(true, "ManualSuppression", "Admin"), None);
        check(change(true, "HardBounce", "Recipient"), None);
        check(change(false, "ManualSuppression", "Recipient"), None);
        for passed_over in
            ["AutoResponder", "AddressChange", "ChallengeVerification", "Subscribe", "invented"]
        {
            check(json!({"RecordType": "Bounce", "Type": passed_over}), None);
        }
        for passed_over in ["Delivery", "Open", "Click", "Inbound", "invented"] {
            check(json!({ "RecordType": passed_over }), None);
        }
        assert_eq!(event(&json!({"RecordType": "SpamComplaint", "Metadata": {}})), None);
    }
}
