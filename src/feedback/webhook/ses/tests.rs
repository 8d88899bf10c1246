//! Messages of SNS, signed by `openssl` as its documentation says: `tests/vectors/sns`.

use uuid::Uuid;

use super::*;
use crate::feedback::told::{Of, Reason, Told, What};

const ARN: &str = "arn:aws:sns:eu-north-1:123456789012:optgate";

macro_rules! vector {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/sns/", $name))
    };
}

fn certificate() -> Certificate {
    Certificate::read(vector!("certificate.pem").as_bytes()).unwrap()
}

fn other_certificate() -> Certificate {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let made = rcgen::CertificateParams::new(["sns.amazonaws.com".to_owned()]).unwrap().self_signed(&key);
    Certificate::read(made.unwrap().pem().as_bytes()).unwrap()
}

fn hook(pinned: Option<Certificate>) -> Ses {
    Ses::new(Topic::new(ARN).unwrap(), pinned)
}

fn proved(text: &str) -> Result<Proved, Refused> {
    let hook = hook(Some(certificate()));
    hook.prove(hook.open(text.as_bytes())?, None)
}

#[test]
fn both_versions_of_the_signature_are_believed() {
    let text = "smtp; 550 5.1.1 user unknown å".to_owned();
    let what = What::Failed(Reason { code: Some(550), status: Some((5, 1, 1)), text });
    let event = Some(Told { of: Of::Delivery(Uuid::from_u128(7)), what });
    for text in [vector!("notification-1.json"), vector!("notification-2.json"), vector!("subject-2.json")] {
        assert_eq!(proved(text), Ok(Proved::Event(event.clone())));
    }
    for text in [vector!("subscribes-1.json"), vector!("subscribes-2.json")] {
        assert!(
            matches!(proved(text), Ok(Proved::Subscribes(place)) if place.target().ends_with("Token=2336412f37"))
        );
    }
    assert_eq!(proved(vector!("unsubscribed-2.json")), Ok(Proved::Unsubscribed));
}

#[test]
fn whatever_is_changed_is_not_believed() {
    let own = vector!("subject-2.json");
    for (from, to) in [
        ("5.1.1 user", "5.1.2 user"),
        ("22b80b92", "22b80b93"),
        ("12:00:00", "12:00:01"),
        ("Email Event", "email event"),
        ("\"Subject\"", "\"Object\""),
        ("\"SignatureVersion\": \"2\"", "\"SignatureVersion\": \"1\""),
    ] {
        let changed = own.replace(from, to);
        assert_ne!(changed, own, "{from}");
        assert_eq!(proved(&changed), Err(Refused::Unverified), "{from}");
    }
    let version = own.replace("\"SignatureVersion\": \"2\"", "\"SignatureVersion\": \"3\"");
    assert_eq!(proved(&version), Err(Refused::Unsigned));
    // A confirmation that is passed off as an event, and one whose link leads elsewhere though it is signed.
    let passed_off = vector!("subscribes-2.json").replace("\"SubscriptionConfirmation\"", "\"Notification\"");
    assert_eq!(proved(&passed_off), Err(Refused::Unverified));
    assert_eq!(proved(vector!("elsewhere-2.json")), Err(Refused::OtherHost));
    for text in ["", "{}", "[]", "{\"Type\": \"Notification\"}"] {
        assert_eq!(proved(text), Err(Refused::Malformed), "{text}");
    }
}

#[test]
fn another_topic_is_not_believed_whoever_signed_it() {
    let other = Ses::new(Topic::new(&ARN.replace("optgate", "other")).unwrap(), Some(certificate()));
    let opened = other.open(vector!("notification-2.json").as_bytes());
    assert_eq!(opened.err(), Some(Refused::OtherTopic));
}

#[test]
fn without_a_pinned_certificate_the_topics_own_host_has_it() {
    let hook = hook(None);
    let text = vector!("notification-2.json");
    let open = || hook.open(text.as_bytes()).unwrap();
    assert_eq!(open().certificate().unwrap().host(), "sns.eu-north-1.amazonaws.com");
    assert!(matches!(hook.prove(open(), Some(&certificate())), Ok(Proved::Event(_))));
    assert_eq!(hook.prove(open(), None), Err(Refused::Unverified));
    assert_eq!(hook.prove(open(), Some(&other_certificate())), Err(Refused::Unverified));
    let elsewhere = text.replace("https://sns.eu-north-1", "https://sns.evil");
    assert_eq!(hook.open(elsewhere.as_bytes()).err(), Some(Refused::OtherHost));
}

#[test]
fn a_pinned_certificate_is_the_only_one() {
    let hook = hook(Some(other_certificate()));
    let opened = hook.open(vector!("notification-2.json").as_bytes()).unwrap();
    assert_eq!(opened.certificate(), None);
    assert_eq!(hook.prove(opened, Some(&certificate())), Err(Refused::Unverified));
}

#[test]
fn what_is_no_certificate_of_theirs_is_told() {
    assert_eq!(Certificate::read(b"x").err().unwrap(), "holds no certificate");
    let elliptic = rcgen::generate_simple_self_signed(["sns.amazonaws.com".to_owned()]).unwrap();
    let told = Certificate::read(elliptic.cert.pem().as_bytes()).err().unwrap();
    assert_eq!(told, "its key is not RSA of at least 2048 bits");
}
