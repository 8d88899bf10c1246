//! Who may do what: secrets made, and checked without paying argon2 for every connection. Never keeps a
//! secret in clear, never shows one but when it is made.

mod guard;
mod known;
mod log_peer;
mod secret;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use self::guard::Guard;
pub use self::guard::Patience;
use self::known::{Known, Name};
pub use self::log_peer::LogPeer;
use crate::clock::Clock;
use crate::policy::Stream;
use crate::store::{Credential, Role, Store, StoreError};
use crate::telemetry::LOGINS;

/// What is shown once: the credential's row and the secret that opens it.
pub struct NewCredential {
    pub credential: Credential,
    /// `optgate_` + base32 of the credential's id + `_` + base64url of 32 random octets. The same form for
    /// SMTP passwords and API keys: the id finds the row.
    pub secret: SecretString,
}

/// Makes a credential; argon2 runs on a blocking thread.
pub async fn make(
    clock: &Clock,
    sender: &str,
    name: &str,
    role: Role,
    streams: Vec<Stream>,
) -> NewCredential {
    let id = clock.id();
    let secret = secret::generate(id);
    let credential = Credential {
        id,
        sender: sender.to_owned(),
        name: name.to_owned(),
        role,
        streams,
        secret_hash: secret::hash(secret.clone()).await,
        created_at: clock.now(),
        revoked_at: None,
    };
    NewCredential { credential, secret }
}

/// Checks secrets. Verified ones are remembered (as a keyed hash, never in clear) and looked at again in
/// the store every few seconds, so that a revocation is in force within 5 s.
#[derive(Clone)]
pub struct Verifier {
    store: Store,
    clock: Clock,
    known: Arc<Known>,
    guard: Arc<Guard>,
}

/// Why nobody is let in.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotVerified {
    /// Unknown name or wrong secret: one answer for both, after the same work.
    #[error("authentication failed")]
    Wrong,
    /// Too many attempts from this address failed: nothing was looked at.
    #[error("too many attempts failed")]
    Refused { again_in: Duration },
    /// Too many wait to be checked.
    #[error("too many wait to be checked")]
    Busy,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotVerified {
    /// One word for the metrics.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Wrong => "wrong",
            Self::Refused { .. } => "refused",
            Self::Busy => "busy",
            Self::Store(_) => "unavailable",
        }
    }
}

impl Verifier {
    pub fn new(store: Store, clock: Clock, patience: Patience) -> Self {
        let (known, guard) = (Arc::new(Known::new()), Arc::new(Guard::new(patience)));
        Self { store, clock, known, guard }
    }

    /// An SMTP login from an address: `SENDER/NAME` and password, role `smtp`.
    pub async fn login(
        &self,
        from: IpAddr,
        user: &str,
        password: &SecretString,
    ) -> Result<Arc<Credential>, NotVerified> {
        self.check(from, Name::Login(user.to_owned()), password).await
    }

    /// An API key from an address, of whatever role: what it opens is the API's to say.
    ///
    /// A key is drawn from 256 bits: nobody guesses one. So a key that was verified goes on working at an address
    /// where others fail, since programs share a proxy's. What is not even of its form costs no hash, and is
    /// counted like any other that is wrong.
    pub async fn key(&self, from: IpAddr, key: &SecretString) -> Result<Arc<Credential>, NotVerified> {
        let Some(id) = secret::id_of(key.expose_secret()) else {
            return Err(self.malformed(from).await);
        };
        let name = Name::Key(id);
        match self.remembered(&name, key).await? {
            Some(credential) => Ok(credential),
            None => self.check(from, name, key).await,
        }
    }

    /// The credential of a trusted network, by `SENDER/NAME`, without a secret.
    pub async fn trusted(&self, name: &str) -> Result<Arc<Credential>, NotVerified> {
        let found = self.find(&Name::Login(name.to_owned())).await?.ok_or(NotVerified::Wrong)?;
        let found = Arc::new(found);
        self.known.saw(found.clone(), self.clock.now());
        Ok(found)
    }

    /// Whether a credential that was verified earlier is still in force: asked again before each message,
    /// so that open sessions end too.
    pub async fn still_in_force(&self, id: Uuid) -> Result<bool, StoreError> {
        Ok(self.in_force(id).await?.is_some())
    }

    /// A peer as the log names it.
    pub fn shown(&self, peer: IpAddr) -> String {
        self.guard.shown(peer)
    }

    /// All that has not the form of a key is one name's failure.
    async fn malformed(&self, from: IpAddr) -> NotVerified {
        let name = Name::Key(Uuid::nil());
        if let Err(refused) = self.guard.admit(from, &name, self.clock.now()) {
            return refused;
        }
        tokio::time::sleep(self.guard.delay(from, &name, self.clock.now())).await;
        match self.guard.admit(from, &name, self.clock.now()) {
            Ok(()) => self.failed(from, &name),
            Err(refused) => refused,
        }
    }

    fn failed(&self, from: IpAddr, name: &Name) -> NotVerified {
        if self.guard.failed_once(from, name, self.clock.now()) {
            let peer = self.guard.shown(from);
            tracing::warn!(target: LOGINS, peer, "too many logins failed: refused for a while");
        }
        NotVerified::Wrong
    }

    async fn check(
        &self,
        from: IpAddr,
        name: Name,
        secret: &SecretString,
    ) -> Result<Arc<Credential>, NotVerified> {
        self.guard.admit(from, &name, self.clock.now())?;
        if let Some(credential) = self.remembered(&name, secret).await? {
            return Ok(credential);
        }
        tokio::time::sleep(self.guard.delay(from, &name, self.clock.now())).await;
        let _turn = self.guard.turn(from, self.clock.now()).await?;
        // Another session of the same campaign may have paid for it in the meantime, or many attempts at once
        // have failed.
        if let Some(credential) = self.remembered(&name, secret).await? {
            return Ok(credential);
        }
        self.guard.admit(from, &name, self.clock.now())?;
        let found = self.find(&name).await?;
        let hash = found.as_ref().map_or(secret::OF_NOBODY, |found| &found.secret_hash).to_owned();
        let right = secret::verify(secret.clone(), hash).await;
        let Some(found) = found.filter(|_| right).map(Arc::new) else {
            return Err(self.failed(from, &name));
        };
        self.known.saw(found.clone(), self.clock.now());
        self.known.remember(name, secret, &found);
        Ok(found)
    }

    /// The credential, if this very secret was verified before and both are still in force.
    async fn remembered(
        &self,
        name: &Name,
        secret: &SecretString,
    ) -> Result<Option<Arc<Credential>>, StoreError> {
        let Some(verified) = self.known.verified(name, secret) else { return Ok(None) };
        let current = self.in_force(verified.id).await?.filter(|current| verified.still_opens(current));
        if current.is_none() {
            self.known.forget(name);
        }
        Ok(current)
    }

    /// What the store says of it, now or not long ago.
    async fn in_force(&self, id: Uuid) -> Result<Option<Arc<Credential>>, StoreError> {
        let now = self.clock.now();
        let credential = match self.known.seen(id, now) {
            Some(credential) => Some(credential),
            None => {
                let credential = self.store.credential_by_id(id).await?.map(Arc::new);
                if let Some(credential) = &credential {
                    self.known.saw(credential.clone(), now);
                }
                credential
            }
        };
        Ok(credential.filter(|credential| credential.revoked_at.is_none()))
    }

    async fn find(&self, name: &Name) -> Result<Option<Credential>, StoreError> {
        let (found, fits): (_, fn(Role) -> bool) = match name {
            Name::Login(user) => {
                let Some((sender, own)) = user.split_once('/').filter(|_| is_plain(user)) else {
                    return Ok(None);
                };
                (self.store.credential(sender, own).await?, |role| role == Role::Smtp)
            }
            Name::Key(id) => (self.store.credential_by_id(*id).await?, |_| true),
        };
        Ok(found.filter(|found| found.revoked_at.is_none() && fits(found.role)))
    }
}

/// Whether a name can be one of ours; PostgreSQL takes no NUL.
fn is_plain(user: &str) -> bool {
    user.len() <= 255 && !user.contains(char::is_control)
}
