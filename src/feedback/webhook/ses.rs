//! Amazon SES by way of SNS: who sends it, and with which certificate it is proved. A message of SNS is signed by RSA
//! over a text made of its fields; only one topic is believed, and only its region's host is ever asked for anything.
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>

mod event;
mod place;

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::server::ParsedCertificate;
use serde::Deserialize;

use super::{Event, Refused};
pub use place::{Place, Topic};

/// The topic that is believed.
#[derive(Debug)]
pub struct Ses {
    topic: Topic,
    /// Where a file pins it: no other is looked for.
    pinned: Option<Certificate>,
}

/// The key of a certificate that SNS signs with. Whose it is, is found out by where it comes from.
#[derive(Debug)]
pub struct Certificate {
    /// The key's SubjectPublicKeyInfo. RFC 5280, 4.1.2.7.
    key: Vec<u8>,
}

/// A message of SNS whose topic is believed, and whose signature is not yet.
#[derive(Debug)]
pub struct Unproved {
    message: Message,
    kind: Kind,
    certificate: Option<Place>,
}

/// A message of SNS that is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proved {
    Event(Event),
    /// The topic asks whether it may send: yes is said by fetching this.
    Subscribes(Place),
    /// Somebody ended it. The operator wants to know.
    Unsubscribed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Notification,
    SubscriptionConfirmation,
    UnsubscribeConfirmation,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Message {
    r#type: String,
    message_id: String,
    topic_arn: String,
    message: String,
    timestamp: String,
    signature_version: String,
    signature: String,
    #[serde(rename = "SigningCertURL", alias = "SigningCertUrl")]
    signing_cert_url: Option<String>,
    subject: Option<String>,
    token: Option<String>,
    #[serde(rename = "SubscribeURL", alias = "SubscribeUrl")]
    subscribe_url: Option<String>,
}

impl Ses {
    pub fn new(topic: Topic, pinned: Option<Certificate>) -> Self {
        Self { topic, pinned }
    }

    /// A message that claims to be of this topic, and what it names lies at the topic's own host.
    pub fn open(&self, body: &[u8]) -> Result<Unproved, Refused> {
        let message: Message = serde_json::from_slice(body).map_err(|_| Refused::Malformed)?;
        if message.topic_arn != self.topic.arn() {
            return Err(Refused::OtherTopic);
        }
        let kind = match message.r#type.as_str() {
            "Notification" => Kind::Notification,
            "SubscriptionConfirmation" => Kind::SubscriptionConfirmation,
            "UnsubscribeConfirmation" => Kind::UnsubscribeConfirmation,
            _ => return Err(Refused::Malformed),
        };
        let certificate = match self.pinned {
            Some(_) => None,
            None => {
                let url = message.signing_cert_url.as_deref().ok_or(Refused::Unsigned)?;
                Some(self.topic.certificate(url).ok_or(Refused::OtherHost)?)
            }
        };
        Ok(Unproved { message, kind, certificate })
    }

    /// Proves it by the pinned certificate, or by the one that lies where it says.
    pub fn prove(&self, unproved: Unproved, fetched: Option<&Certificate>) -> Result<Proved, Refused> {
        let Unproved { message, kind, .. } = unproved;
        let certificate = self.pinned.as_ref().or(fetched).ok_or(Refused::Unverified)?;
        let text = message.signed(kind).ok_or(Refused::Malformed)?;
        certificate.verify(&message.signature_version, &message.signature, text.as_bytes())?;
        Ok(match kind {
            Kind::Notification => Proved::Event(event::read(&message.message)),
            Kind::SubscriptionConfirmation => {
                let url = message.subscribe_url.as_deref().unwrap_or_default();
                Proved::Subscribes(self.topic.confirmation(url).ok_or(Refused::OtherHost)?)
            }
            Kind::UnsubscribeConfirmation => Proved::Unsubscribed,
        })
    }
}

impl Unproved {
    /// Where its certificate lies; none where one is pinned.
    pub fn certificate(&self) -> Option<&Place> {
        self.certificate.as_ref()
    }
}

impl Certificate {
    /// Of PEM; the error is for people. A certificate is taken for what it is: where it comes from is what makes it SNS's.
    pub fn read(pem: &[u8]) -> Result<Self, String> {
        let der = CertificateDer::from_pem_slice(pem).map_err(|_| "holds no certificate".to_owned())?;
        let parsed =
            ParsedCertificate::try_from(&der).map_err(|_| "holds no certificate that can be read")?;
        let key = parsed.subject_public_key_info().to_vec();
        ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &key)
            .map_err(|_| "its key is not RSA of at least 2048 bits".to_owned())?;
        Ok(Self { key })
    }

    fn verify(&self, version: &str, signature: &str, text: &[u8]) -> Result<(), Refused> {
        let algorithm: &'static RsaParameters = match version {
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(Refused::Unsigned),
        };
        let signature = STANDARD.decode(signature.trim()).map_err(|_| Refused::Unverified)?;
        let key = ParsedPublicKey::new(algorithm, &self.key).map_err(|_| Refused::Unverified)?;
        key.verify_sig(text, &signature).map_err(|_| Refused::Unverified)
    }
}

impl Message {
    /// The text that is signed: names and values, a line each, in the order of the names.
    fn signed(&self, kind: Kind) -> Option<String> {
        let mut text = String::new();
        let mut add = |name: &str, value: &str| {
            text.push_str(name);
            text.push('\n');
            text.push_str(value);
            text.push('\n');
        };
        add("Message", &self.message);
        add("MessageId", &self.message_id);
        match kind {
            Kind::Notification => {
                if let Some(subject) = &self.subject {
                    add("Subject", subject);
                }
                add("Timestamp", &self.timestamp);
            }
            Kind::SubscriptionConfirmation | Kind::UnsubscribeConfirmation => {
                add("SubscribeURL", self.subscribe_url.as_deref()?);
                add("Timestamp", &self.timestamp);
                add("Token", self.token.as_deref()?);
            }
        }
        add("TopicArn", &self.topic_arn);
        add("Type", &self.r#type);
        Some(text)
    }
}

#[cfg(test)]
mod tests;
