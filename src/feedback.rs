//! What comes back by mail: whether an address is one that we made, what it stands for, and what mail to it does.
//! Nothing is forwarded and nothing is kept: only what is acted on is taken.
//!
//! An unsubscribe mail withdraws what the mail client's button would. RFC 2369, 3.2; RFC 8058.

mod automatic;
pub mod report;
pub mod told;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use serde_json::json;
use tokio::time::Instant;

pub use self::automatic::Automatic;
use crate::consent::EventKind;
use crate::consent::event::BY_MAILTO;
use crate::consent::token::{NotOpened, Opened, ReturnLink, ScopeMark, open_return};
use crate::keys::LinkKeys;
use crate::mail::{Address, Envelope};
use crate::policy::sender::OneClick;
use crate::policy::{PolicySet, Scope, Stream};
use crate::record::{Provenance, Recorder};
use crate::store::{RecordError, Store, StoreError, SubscriberRecord, Who};

/// What stands before the token of an address that unsubscribes.
pub const UNSUBSCRIBE: &str = "u+";

/// Takes mail to addresses that we made.
pub struct Feedback {
    /// A-labels, lower case.
    pub domain: String,
    pub store: Store,
    pub recorder: Recorder,
    /// Always the set in force.
    pub policies: Arc<ArcSwap<PolicySet>>,
    /// Always the keys in force.
    pub link_keys: Arc<ArcSwap<LinkKeys>>,
    pub keys_read: KeysRead,
}

/// When the keys were last read for one that was not among them, and whether they could be.
pub type KeysRead = tokio::sync::Mutex<Option<(Instant, bool)>>;

/// Strangers name keys that don't exist as often as they like.
const KEYS_READ_EVERY: Duration = Duration::from_secs(1);

/// Mail that has come in.
pub struct Returned {
    pub envelope: Envelope,
    /// Its header, and of the rest what was kept.
    pub content: Bytes,
    pub peer: IpAddr,
}

/// What an address of ours is for. An address that is for something else gets a variant of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    Unsubscribe(ReturnLink),
}

/// Why mail is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Forged, cut, of a revoked key, of somebody unknown, or never ours: whoever writes to it is not told which.
    #[error("no such address here")]
    Nobody,
    #[error("automatic mail does not unsubscribe: {0}")]
    Automatic(Automatic),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Feedback {
    /// Whether mail to this address would be acted on.
    pub async fn knows(&self, address: &Address) -> Result<(), NotTaken> {
        let Meaning::Unsubscribe(link) = self.meaning(address).await?;
        self.person(&link).await.map(drop)
    }

    /// Acts on a mail. Durable when it returns; whoever hears an error may send the same again.
    pub async fn take(&self, returned: &Returned) -> Result<(), NotTaken> {
        if let Some(why) = Automatic::of(&returned.envelope, &returned.content) {
            return Err(NotTaken::Automatic(why));
        }
        let mut taken = Err(NotTaken::Nobody);
        for address in &returned.envelope.recipients {
            match self.take_at(address, returned.peer).await {
                Ok(()) => taken = Ok(()),
                // Gone since it was asked about: no reason to lose the noes of others.
                Err(NotTaken::Nobody) => {}
                Err(error) => return Err(error),
            }
        }
        taken
    }

    async fn take_at(&self, address: &Address, peer: IpAddr) -> Result<(), NotTaken> {
        let Meaning::Unsubscribe(link) = self.meaning(address).await?;
        self.unsubscribe(&link, peer).await
    }

    async fn meaning(&self, address: &Address) -> Result<Meaning, NotTaken> {
        // Case is lost on the way.
        let local = address.local().to_ascii_lowercase();
        let token = local.strip_prefix(UNSUBSCRIBE).filter(|_| address.domain() == self.domain);
        let token = token.ok_or(NotTaken::Nobody)?;
        let opened = match open_return(&self.link_keys.load(), token) {
            Err(NotOpened::UnknownKey) => {
                self.read_keys_anew().await?;
                open_return(&self.link_keys.load(), token)
            }
            opened => opened,
        };
        match opened {
            Ok(Opened::Unsubscribe(link)) => Ok(Meaning::Unsubscribe(link)),
            _ => Err(NotTaken::Nobody),
        }
    }

    /// Another node may sign with a key that this one has not read yet. Invariant 4: while that can't be told, it is not no.
    async fn read_keys_anew(&self) -> Result<(), NotTaken> {
        let mut read = self.keys_read.lock().await;
        match &*read {
            Some((at, true)) if at.elapsed() < KEYS_READ_EVERY => return Ok(()),
            Some((at, false)) if at.elapsed() < KEYS_READ_EVERY => {
                return Err(
                    StoreError::Unavailable("the link keys could not be read just now".to_owned()).into()
                );
            }
            _ => {}
        }
        let keys = self.store.link_keys().await;
        *read = Some((Instant::now(), keys.is_ok()));
        self.link_keys.store(Arc::new(keys?));
        Ok(())
    }

    async fn person(&self, link: &ReturnLink) -> Result<SubscriberRecord, NotTaken> {
        self.store.subscriber_of_return(link).await?.ok_or(NotTaken::Nobody)
    }

    /// The same commit as the one-click (invariant 5). Of an erased person too, who may have come back since.
    async fn unsubscribe(&self, link: &ReturnLink, peer: IpAddr) -> Result<(), NotTaken> {
        let record = self.person(link).await?;
        let scopes = withdrawn(&self.policies.load(), &record.sender, link.scope);
        let kind = EventKind::Withdrawal { scopes, complaint: false };
        let provenance = Provenance {
            channel: BY_MAILTO.to_owned(),
            evidence: json!({ "ip": peer }),
            ..Provenance::default()
        };
        let who = Who::Subscriber(record.subscriber.id);
        match self.recorder.record(&record.sender, who, kind, None, provenance).await {
            Ok(_) => Ok(()),
            Err(RecordError::Unknown) => Err(NotTaken::Nobody),
            Err(RecordError::Store(error)) => Err(error.into()),
            Err(error @ (RecordError::NotAdmitted(_) | RecordError::Repeated(_))) => {
                // No withdrawal of now is; but a no is never lost.
                Err(StoreError::Unreadable(error.to_string()).into())
            }
        }
    }
}

/// What a mail client's button withdraws is the sender's policy; all marketing (none named) where that, or the scope,
/// is gone.
fn withdrawn(policy: &PolicySet, sender: &str, mark: Option<ScopeMark>) -> Vec<Scope> {
    let (Some(sender), Some(mark)) = (policy.sender(sender), mark) else { return Vec::new() };
    match sender.stream(Stream::Marketing).one_click {
        OneClick::All => Vec::new(),
        OneClick::Scope => {
            sender.taxonomy().into_iter().filter(|scope| ScopeMark::of(scope) == mark).collect()
        }
    }
}
