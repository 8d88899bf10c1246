//! Who may do what: secrets made, and checked without paying argon2 for every connection.

use std::sync::Arc;

use secrecy::SecretString;
use uuid::Uuid;

use crate::clock::Clock;
use crate::policy::Stream;
use crate::store::{Credential, Role, Store, StoreError};

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
    let _ = (clock, sender, name, role, streams);
    todo!()
}

/// Checks secrets. Verified ones are remembered (as a keyed hash, never in clear) and looked at again in
/// the store every few seconds, so that a revocation is in force within 5 s.
#[derive(Clone)]
pub struct Verifier {
    _store: Store,
    _cache: Arc<()>,
}

/// Why nobody is let in.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotVerified {
    /// Unknown name or wrong secret: one answer for both, after the same work.
    #[error("authentication failed")]
    Wrong,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Verifier {
    pub fn new(store: Store, clock: Clock) -> Self {
        let _ = clock;
        Self { _store: store, _cache: Arc::new(()) }
    }

    /// An SMTP login: `SENDER/NAME` and password, role `smtp`.
    pub async fn login(&self, user: &str, password: &SecretString) -> Result<Arc<Credential>, NotVerified> {
        let _ = (user, password);
        todo!()
    }

    /// An API key.
    pub async fn key(&self, key: &SecretString) -> Result<Arc<Credential>, NotVerified> {
        let _ = key;
        todo!()
    }

    /// The credential of a trusted network, by `SENDER/NAME`, without a secret.
    pub async fn trusted(&self, name: &str) -> Result<Arc<Credential>, NotVerified> {
        let _ = name;
        todo!()
    }

    /// Whether a credential that was verified earlier is still in force: asked again before each message,
    /// so that open sessions end too.
    pub async fn still_in_force(&self, id: Uuid) -> Result<bool, StoreError> {
        let _ = id;
        todo!()
    }
}
