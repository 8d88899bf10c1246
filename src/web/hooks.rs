//! `POST /hooks/{name}`: what providers tell of mail that left. CONTRACT.md, `[[webhook]]`.
//!
//! 200 is said after the commit alone, and to a repeat too. What is not believed is refused without a word of why; the
//! log says it to the operator, without anything that the request held.

mod certificates;
mod https;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use ipnet::IpNet;
use tokio::sync::Semaphore;
use tower_http::catch_panic::CatchPanicLayer;

use super::client;
use crate::clock::Clock;
use crate::feedback::told::{Of, Told};
use crate::feedback::webhook::ses::{Place, Proved, Ses};
use crate::feedback::webhook::{Act, Came, Provider, Refused, Webhook, sendgrid};
use crate::limits::PeerRate;
use crate::policy::PolicySet;
use crate::store::{Store, StoreError, Token};
use crate::telemetry::metrics;
pub use certificates::Certificates;
pub use https::{Fetch, Fetched, Fetching, Https, NotFetched};

/// The largest body: SendGrid sends batches of up to 768 KiB, SNS messages of up to 256 KiB in JSON's escapes.
const LARGEST: usize = 1 << 20;
/// Bodies in hand at once: strangers may send them too.
const IN_HAND: usize = 32;
/// How long a body may take, and all that follows.
const BODY_TIME: Duration = Duration::from_secs(10);
const REQUEST_TIME: Duration = Duration::from_secs(20);
/// When a provider is asked to come again, in seconds.
const AGAIN: u64 = 30;

/// What the route is made of.
#[derive(Clone)]
pub struct Hooks {
    pub webhooks: Vec<Arc<Webhook>>,
    pub store: Store,
    pub clock: Clock,
    pub policies: Arc<ArcSwap<PolicySet>>,
    /// Acts on what is told.
    pub act: Arc<dyn Act>,
    /// What SNS signs with, fetched from where it says.
    pub certificates: Arc<Certificates>,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How often an address may be refused: what is proved is never turned away for its rate.
    pub refusals: Arc<PeerRate>,
}

/// Why there is no 200.
enum Trouble {
    Refused(Refused),
    /// It is to come again.
    Store(StoreError),
    NotFetched(NotFetched),
}

impl From<Refused> for Trouble {
    fn from(why: Refused) -> Self {
        Self::Refused(why)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<NotFetched> for Trouble {
    fn from(error: NotFetched) -> Self {
        Self::NotFetched(error)
    }
}

/// The route, for the listener of `[web]`.
pub fn router(hooks: Hooks) -> Router {
    let places = Arc::new(Semaphore::new(IN_HAND));
    let take = move |hooks: State<Hooks>, name: Option<Path<String>>, request: Request| {
        let places = places.clone();
        async move {
            let answer = tokio::time::timeout(REQUEST_TIME, take(hooks.0, name, request, &places)).await;
            answer.unwrap_or_else(|_| later())
        }
    };
    Router::new()
        .route("/hooks/{name}", post(take))
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            tracing::error!("a webhook panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }))
        .with_state(hooks)
}

async fn take(hooks: Hooks, name: Option<Path<String>>, request: Request, places: &Semaphore) -> Response {
    let (parts, body) = request.into_parts();
    let peer = client::of(&parts, &hooks.trusted_proxies);
    let own = name.and_then(|Path(name)| hooks.webhooks.iter().find(|hook| hook.name == name).cloned());
    let Some(hook) = own else {
        metrics::webhook("none", "refused");
        return hooks.turned_away(peer, StatusCode::NOT_FOUND.into_response());
    };
    if let Provider::Postmark(postmark) = &hook.provider
        && let Err(why) = postmark.admits(text(&parts.headers, header::AUTHORIZATION.as_str()))
    {
        return hooks.answer(&hook, peer, Err(why.into()));
    }
    let Ok(_place) = places.try_acquire() else {
        metrics::limited("web", "webhooks");
        return later();
    };
    let body = match tokio::time::timeout(BODY_TIME, to_bytes(body, LARGEST)).await {
        Ok(Ok(body)) => body,
        // Too large, or broken off: which of them, only the metrics of HTTP need to know.
        Ok(Err(_)) => return hooks.turned_away(peer, StatusCode::PAYLOAD_TOO_LARGE.into_response()),
        Err(_) => return hooks.turned_away(peer, StatusCode::REQUEST_TIMEOUT.into_response()),
    };
    let heard = hooks.hear(&hook, &parts.headers, &body).await;
    hooks.answer(&hook, peer, heard)
}

impl Hooks {
    /// Verifies, reads and acts. Durable when it is well.
    async fn hear(&self, hook: &Webhook, headers: &HeaderMap, body: &Bytes) -> Result<(), Trouble> {
        let now = self.clock.now();
        let events = match &hook.provider {
            Provider::Ses(ses) => vec![self.hear_topic(hook, ses, body).await?],
            Provider::Sendgrid(sendgrid) => {
                let (signature, signed) =
                    (text(headers, sendgrid::SIGNATURE), text(headers, sendgrid::TIMESTAMP));
                sendgrid.read(signature, signed, body, now)?
            }
            Provider::Mailgun(mailgun) => {
                let signed = mailgun.read(body, now)?;
                match self.store.take_token(&hook.name, &signed.token, &signed.said).await? {
                    Token::Good => vec![signed.event],
                    Token::Used => return Err(Refused::Replayed.into()),
                }
            }
            Provider::Postmark(postmark) => vec![postmark.read(body)?],
        };
        for event in events {
            let came = match event {
                Some(told) => self.act(told).await?,
                None => "passed_over",
            };
            metrics::webhook(hook.provider.as_str(), came);
        }
        Ok(())
    }

    async fn act(&self, told: Told) -> Result<&'static str, StoreError> {
        let Some(delivery) = self.delivery(&told.of).await? else { return Ok("nobody") };
        match self.act.act(Told { of: Of::Delivery(delivery), ..told }).await? {
            Came::Done => Ok("done"),
            Came::Nobody => Ok("nobody"),
        }
    }

    /// Whose mail it was the provider can't say: every sender's is looked through, by index.
    async fn delivery(&self, of: &Of) -> Result<Option<uuid::Uuid>, StoreError> {
        let (message_id, recipient) = match of {
            Of::Delivery(delivery) => return Ok(Some(*delivery)),
            Of::MessageId { message_id, recipient } => (message_id, recipient),
        };
        let policies = self.policies.load_full();
        for sender in policies.senders.keys() {
            let found = self.store.copy_by_message_id(sender, recipient, message_id).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    async fn hear_topic(&self, hook: &Webhook, ses: &Ses, body: &[u8]) -> Result<Option<Told>, Trouble> {
        let unproved = ses.open(body)?;
        let fetched = match unproved.certificate() {
            Some(place) => Some(self.certificates.at(place, self.clock.now()).await?),
            None => None,
        };
        match ses.prove(unproved, fetched.as_deref())? {
            Proved::Event(event) => return Ok(event),
            Proved::Subscribes(place) => self.confirm(hook, &place).await?,
            Proved::Unsubscribed => {
                tracing::warn!(webhook = %hook.name, "the topic's subscription was ended: nothing more comes of it");
            }
        }
        Ok(None)
    }

    async fn confirm(&self, hook: &Webhook, place: &Place) -> Result<(), NotFetched> {
        self.certificates.fetch(place).await?;
        tracing::info!(webhook = %hook.name, "the topic's subscription is confirmed");
        Ok(())
    }

    fn answer(&self, hook: &Webhook, peer: IpAddr, heard: Result<(), Trouble>) -> Response {
        let provider = hook.provider.as_str();
        match heard {
            Ok(()) => StatusCode::OK.into_response(),
            Err(Trouble::Refused(why)) => {
                metrics::webhook(provider, "refused");
                tracing::warn!(webhook = %hook.name, trouble = %why, "a webhook is not believed");
                self.turned_away(peer, refusal(&hook.provider, why))
            }
            Err(Trouble::Store(error)) => {
                metrics::webhook(provider, "failed");
                tracing::error!(webhook = %hook.name, %error, "a webhook can't reach the store");
                later()
            }
            Err(Trouble::NotFetched(error)) => {
                metrics::webhook(provider, "failed");
                tracing::warn!(webhook = %hook.name, trouble = %error, "a webhook can't ask the topic's host");
                later()
            }
        }
    }

    /// Counts a refusal of this address; from its limit on it hears when to come again.
    fn turned_away(&self, peer: IpAddr, refusal: Response) -> Response {
        match self.refusals.take(peer, self.clock.now()) {
            Ok(()) => refusal,
            Err(wait) => {
                metrics::limited("web", "rate");
                let wait = (wait.as_secs() + 1).to_string();
                (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, wait)]).into_response()
            }
        }
    }
}

/// What each provider takes for a refusal. Postmark gives up for good at 403, which a password that is being changed
/// is no reason for; Mailgun gives up at 406 alone.
fn refusal(provider: &Provider, why: Refused) -> Response {
    let status = match (provider, why) {
        (Provider::Postmark(_), Refused::Unsigned | Refused::Unverified) => {
            let challenge = (header::WWW_AUTHENTICATE, "Basic realm=\"webhook\", charset=\"UTF-8\"");
            return (StatusCode::UNAUTHORIZED, [challenge]).into_response();
        }
        (Provider::Mailgun(_), Refused::Replayed | Refused::Stale) => StatusCode::NOT_ACCEPTABLE,
        (_, Refused::Malformed) => StatusCode::BAD_REQUEST,
        _ => StatusCode::FORBIDDEN,
    };
    status.into_response()
}

fn later() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, AGAIN.to_string())]).into_response()
}

/// A header's only value: of two that differ nobody knows which is meant.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut all = headers.get_all(name).iter();
    let first = all.next()?.to_str().ok();
    if all.next().is_some() { None } else { first }
}
