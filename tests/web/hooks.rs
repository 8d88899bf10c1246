//! What providers tell by webhook: what is believed, what is told on of it, and what the sender hears.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use optgate::feedback::told::{Of, Told, What};
use optgate::feedback::webhook::mailgun::Mailgun;
use optgate::feedback::webhook::postmark::Postmark;
use optgate::feedback::webhook::sendgrid::{SIGNATURE, Sendgrid, TIMESTAMP};
use optgate::feedback::webhook::ses::{Certificate, Place, Ses, Topic};
use optgate::feedback::webhook::{Act, Acting, Came, Provider, Webhook};
use optgate::keys::hmac;
use optgate::store::StoreError;
use optgate::web::hooks::{Certificates, Fetch, Fetching, Hooks, NotFetched, router};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Gateway, rate, serve};

const COPY: Uuid = Uuid::from_u128(7);
const ARN: &str = "arn:aws:sns:eu-north-1:123456789012:optgate";
const CERTIFICATE: &str = include_str!("../vectors/sns/certificate.pem");
const NOTIFICATION: &str = include_str!("../vectors/sns/notification-2.json");
const SUBSCRIBES: &str = include_str!("../vectors/sns/subscribes-2.json");

/// Keeps what it is told, as one that acts on it would; fails as often as it is to.
#[derive(Default)]
struct Kept {
    told: Mutex<Vec<Told>>,
    fails: Mutex<u32>,
}

impl Act for Kept {
    fn act(&self, told: Told) -> Acting<'_> {
        Box::pin(async move {
            let mut fails = self.fails.lock().unwrap();
            if *fails > 0 {
                *fails -= 1;
                return Err(StoreError::Unavailable("as it is told to".into()));
            }
            let mut all = self.told.lock().unwrap();
            if !all.contains(&told) {
                all.push(told);
            }
            Ok(Came::Done)
        })
    }
}

/// The topic's host: gives these answers, and remembers what it was asked for.
#[derive(Default)]
struct Host {
    answers: Mutex<VecDeque<&'static str>>,
    asked: Mutex<Vec<String>>,
}

impl Fetch for Host {
    fn fetch<'a>(&'a self, place: &'a Place) -> Fetching<'a> {
        self.asked.lock().unwrap().push(place.target().to_owned());
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async move { answer.map(|text| text.into()).ok_or(NotFetched::Status(500)) })
    }
}

struct Hooked {
    gateway: Gateway,
    url: String,
    kept: Arc<Kept>,
    host: Arc<Host>,
}

impl Hooked {
    async fn with(provider: Provider, refusals: u32) -> Self {
        let gateway = Gateway::start().await;
        let (kept, host) = (Arc::new(Kept::default()), Arc::new(Host::default()));
        let hooks = Hooks {
            webhooks: vec![Arc::new(Webhook { name: "feed".into(), provider })],
            store: gateway.store.clone(),
            clock: gateway.clock.clone(),
            policies: gateway.policies.clone(),
            act: kept.clone(),
            certificates: Arc::new(Certificates::new(host.clone())),
            trusted_proxies: Vec::new(),
            refusals: rate(refusals),
        };
        let url = format!("{}/hooks/feed", serve(router(hooks)).await);
        Self { gateway, url, kept, host }
    }

    async fn post(&self, headers: &[(&str, &str)], body: impl Into<String>) -> u16 {
        let mut request = self.gateway.http.post(&self.url).body(body.into());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        assert_eq!(answer.text().await.unwrap(), "", "no detail");
        status
    }

    fn told(&self) -> Vec<Told> {
        self.kept.told.lock().unwrap().clone()
    }

    fn seconds(&self) -> String {
        self.gateway.clock.now().as_second().to_string()
    }
}

fn complaint() -> Told {
    Told { of: Of::Delivery(COPY), what: What::Complaint }
}

fn mailgun(time: &str, token: &str, data: &Value) -> String {
    let signature = hmac(b"signing-key", format!("{time}{token}").as_bytes());
    let signature: String = signature.iter().map(|octet| format!("{octet:02x}")).collect();
    json!({"signature": {"timestamp": time, "token": token, "signature": signature}, "event-data": data})
        .to_string()
}

fn complained() -> Value {
    json!({"event": "complained", "user-variables": {"optgate-delivery": COPY}})
}

fn mailgun_hook() -> Provider {
    Provider::Mailgun(Mailgun::new("signing-key".into()))
}

#[tokio::test]
async fn a_mailgun_token_is_good_for_one_event_however_often_it_comes() {
    let hooked = Hooked::with(mailgun_hook(), 100).await;
    let (time, token) = (hooked.seconds(), "a".repeat(50));
    let body = mailgun(&time, &token, &complained());
    assert_eq!(hooked.post(&[], body.clone()).await, 200);
    assert_eq!(hooked.post(&[], body.clone()).await, 200, "a repeat is answered alike");
    assert_eq!(hooked.told(), [complaint()]);
    let other = json!({"event": "unsubscribed", "user-variables": {"optgate-delivery": Uuid::from_u128(8)}});
    assert_eq!(hooked.post(&[], mailgun(&time, &token, &other)).await, 406, "the event is not signed");
    assert_eq!(hooked.told(), [complaint()]);
    assert_eq!(hooked.post(&[], mailgun(&time, "another", &other)).await, 200);
    assert_eq!(hooked.told().len(), 2);
    hooked.gateway.clock.advance(Duration::from_secs(26 * 3_600));
    assert_eq!(hooked.post(&[], body).await, 406, "too old to be believed");
}

#[tokio::test]
async fn what_could_not_be_committed_is_not_answered_200_and_may_come_again() {
    let hooked = Hooked::with(mailgun_hook(), 100).await;
    *hooked.kept.fails.lock().unwrap() = 1;
    let body = mailgun(&hooked.seconds(), "token", &complained());
    assert_eq!(hooked.post(&[], body.clone()).await, 503);
    assert_eq!(hooked.told(), []);
    assert_eq!(hooked.post(&[], body).await, 200);
    assert_eq!(hooked.told(), [complaint()]);
}

#[tokio::test]
async fn forged_requests_are_refused_and_slowed_and_proved_ones_never_are() {
    let hooked = Hooked::with(mailgun_hook(), 2).await;
    let body = mailgun(&hooked.seconds(), "token", &complained());
    let forged = body.replace("\"token\":\"token\"", "\"token\":\"nekot\"");
    assert_ne!(forged, body);
    assert_eq!(hooked.post(&[], forged.clone()).await, 403);
    assert_eq!(hooked.post(&[], "{".to_owned()).await, 400);
    assert_eq!(hooked.post(&[], forged).await, 429);
    assert_eq!(hooked.post(&[], body).await, 200);
    assert_eq!(hooked.told(), [complaint()]);
}

#[tokio::test]
async fn there_is_nothing_under_another_name_or_by_another_method_and_nothing_large() {
    let hooked = Hooked::with(mailgun_hook(), 100).await;
    let other = hooked.url.replace("feed", "other");
    let body = mailgun(&hooked.seconds(), "token", &complained());
    assert_eq!(hooked.gateway.http.post(other).body(body).send().await.unwrap().status().as_u16(), 404);
    assert_eq!(hooked.gateway.http.get(&hooked.url).send().await.unwrap().status().as_u16(), 405);
    assert_eq!(hooked.post(&[], "x".repeat((1 << 20) + 1)).await, 413);
    assert_eq!(hooked.told(), []);
}

#[tokio::test]
async fn sendgrid_is_believed_by_its_signature_over_the_body_as_it_came() {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
    let key = STANDARD.encode(pair.public_key().as_der().unwrap().as_ref());
    let hooked = Hooked::with(Provider::Sendgrid(Sendgrid::new(&key).unwrap()), 100).await;
    let body = format!(
        "[{{\"event\": \"spamreport\",  \"optgate-delivery\": \"{COPY}\"}},\r\n {{\"event\": \"open\"}}, 7]\r\n"
    );
    let time = hooked.seconds();
    let signed =
        pair.sign(&SystemRandom::new(), [time.as_bytes(), body.as_bytes()].concat().as_slice()).unwrap();
    let signature = STANDARD.encode(signed);
    let headers = [(SIGNATURE, signature.as_str()), (TIMESTAMP, time.as_str())];
    assert_eq!(hooked.post(&headers, body.clone()).await, 200);
    assert_eq!(hooked.post(&headers, body.clone()).await, 200);
    assert_eq!(hooked.told(), [complaint()], "what nobody can read is passed over beside it");
    assert_eq!(hooked.post(&headers, body.replace("  ", " ")).await, 403);
    assert_eq!(hooked.post(&headers[..1], body.clone()).await, 403);
    let twice = [headers[0], (SIGNATURE, "AAAA"), headers[1]];
    assert_eq!(hooked.post(&twice, body).await, 403, "two signatures are none");
}

#[tokio::test]
async fn postmark_is_believed_by_its_password() {
    let hook = Postmark::new("post:secret".into()).unwrap();
    let hooked = Hooked::with(Provider::Postmark(hook), 100).await;
    let body = json!({"RecordType": "SpamComplaint", "Metadata": {"optgate-delivery": COPY}}).to_string();
    let login = |text: &str| format!("Basic {}", STANDARD.encode(text));
    assert_eq!(hooked.post(&[], body.clone()).await, 401);
    assert_eq!(hooked.post(&[("authorization", &login("post:guess"))], body.clone()).await, 401);
    assert_eq!(hooked.told(), []);
    assert_eq!(hooked.post(&[("authorization", &login("post:secret"))], body).await, 200);
    assert_eq!(hooked.told(), [complaint()]);
}

fn ses(pinned: bool) -> Provider {
    let pinned = pinned.then(|| Certificate::read(CERTIFICATE.as_bytes()).unwrap());
    Provider::Ses(Ses::new(Topic::new(ARN).unwrap(), pinned))
}

#[tokio::test]
async fn a_topics_certificate_is_fetched_once() {
    let hooked = Hooked::with(ses(false), 100).await;
    assert_eq!(hooked.post(&[], NOTIFICATION).await, 503, "its host does not answer: it may come again");
    assert_eq!(hooked.told(), []);
    hooked.host.answers.lock().unwrap().push_back(CERTIFICATE);
    // After a failure the host is left alone for a second.
    assert_eq!(hooked.post(&[], NOTIFICATION).await, 503);
    hooked.gateway.clock.advance(Duration::from_secs(1));
    assert_eq!(hooked.post(&[], NOTIFICATION).await, 200);
    assert_eq!(hooked.post(&[], NOTIFICATION).await, 200);
    assert_eq!(hooked.told().len(), 1);
    assert_eq!(hooked.host.asked.lock().unwrap().len(), 2, "once in vain, once for all");
    assert_eq!(hooked.post(&[], NOTIFICATION.replace("5.1.1", "5.1.2")).await, 403);
    assert_eq!(hooked.post(&[], NOTIFICATION.replace("12:optgate", "12:other")).await, 403);
    assert_eq!(hooked.post(&[], NOTIFICATION.replace("https://sns.", "https://evil.")).await, 403);
    assert_eq!(hooked.host.asked.lock().unwrap().len(), 2, "nothing else is asked");
}

#[tokio::test]
async fn a_topic_is_subscribed_to_by_asking_its_own_host_once_it_is_proved() {
    let hooked = Hooked::with(ses(true), 100).await;
    assert_eq!(hooked.post(&[], SUBSCRIBES).await, 503, "not confirmed yet");
    hooked.host.answers.lock().unwrap().push_back("<ConfirmSubscriptionResponse/>");
    assert_eq!(hooked.post(&[], SUBSCRIBES).await, 200);
    let target = format!("/?Action=ConfirmSubscription&TopicArn={ARN}&Token=2336412f37");
    assert_eq!(*hooked.host.asked.lock().unwrap(), [target.clone(), target]);
    for forged in [
        SUBSCRIBES.replace("2336412f37", "2336412f38"),
        SUBSCRIBES.replace("12:optgate", "12:other"),
        include_str!("../vectors/sns/elsewhere-2.json").to_owned(),
    ] {
        assert_eq!(hooked.post(&[], forged).await, 403);
    }
    assert_eq!(hooked.host.asked.lock().unwrap().len(), 2);
    assert_eq!(hooked.post(&[], include_str!("../vectors/sns/unsubscribed-2.json")).await, 200);
    assert_eq!(hooked.told(), []);
}
