//! What providers tell by webhook: whether it is theirs, and what it says of which copy.
//!
//! Reading and verifying are pure: the body, its signature and the time come in, what was told goes out. Nothing is
//! believed before it is verified, and an event that nobody can read is passed over beside those that can be.
//! Whatever they say of opens and clicks is passed over too: policy asks consent for that, and it is not ours to keep.

pub mod mailgun;
mod naming;
pub mod postmark;
mod reason;
pub mod sendgrid;
pub mod ses;

use std::future::Future;
use std::pin::Pin;

use jiff::{SignedDuration, Timestamp};

use super::told::{Told, What};
use crate::store::StoreError;
use mailgun::Mailgun;
use postmark::Postmark;
use sendgrid::Sendgrid;
use ses::Ses;

/// How far a provider's clock may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// How old a signature may be: both providers whose signatures tell the time try for less than a day.
const FRESH: SignedDuration = SignedDuration::from_hours(25);

/// `[[webhook]]`: a provider's feed.
#[derive(Debug)]
pub struct Webhook {
    /// Its place in the URL.
    pub name: String,
    pub provider: Provider,
}

/// Whose it is, and what proves that.
#[derive(Debug)]
pub enum Provider {
    Ses(Ses),
    Sendgrid(Sendgrid),
    Mailgun(Mailgun),
    Postmark(Postmark),
}

impl Provider {
    /// The word of the configuration.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ses(_) => "ses",
            Self::Sendgrid(_) => "sendgrid",
            Self::Mailgun(_) => "mailgun",
            Self::Postmark(_) => "postmark",
        }
    }
}

/// Why a request is not believed, for the operator. Whoever sent it is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("it is not what this provider sends")]
    Malformed,
    #[error("it is not signed")]
    Unsigned,
    #[error("its signature or its password is wrong")]
    Unverified,
    #[error("it is too old, or a clock is wrong")]
    Stale,
    #[error("its token was used for another event")]
    Replayed,
    #[error("it is of another topic")]
    OtherTopic,
    #[error("its certificate or link is not at the topic's host")]
    OtherHost,
}

/// What came of one thing that was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// It was acted on, now or before.
    Done,
    /// It is of no copy of ours.
    Nobody,
}

/// What acts on what was told. The copy is named by our id by then.
pub trait Act: Send + Sync {
    /// Durable when it returns; told again, it does nothing more.
    fn act(&self, told: Told) -> Acting<'_>;
}

/// The future of [`Act::act`].
pub type Acting<'a> = Pin<Box<dyn Future<Output = Result<Came, StoreError>> + Send + 'a>>;

/// One event: what it tells of a copy, or nothing that is acted on.
type Event = Option<Told>;

fn told(of: Option<super::told::Of>, what: Option<What>) -> Event {
    Some(Told { of: of?, what: what? })
}

fn is_fresh(signed: Timestamp, now: Timestamp) -> bool {
    (-AHEAD..=FRESH).contains(&now.duration_since(signed))
}

/// Seconds since 1970, as both providers write them.
fn seconds(text: &str) -> Option<Timestamp> {
    let plain = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()))?
}
