//! What the verifier remembers: which secrets it verified, and what the store said of their credentials.
//! In memory alone, bounded, and never a secret in clear.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::keys::{hmac, random};
use crate::store::Credential;

/// For so many microseconds what the store said is believed: less than half of the 5 s within which a
/// revocation is in force.
const BELIEVED: i64 = 2_000_000;
/// At most so many are remembered.
const MOST: usize = 10_000;

/// By what a credential is asked for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) enum Name {
    /// `SENDER/NAME`.
    Login(String),
    Key(Uuid),
}

/// A secret that opened a credential.
#[derive(Clone)]
pub(super) struct Verified {
    pub id: Uuid,
    /// HMAC of the secret under a key of this process.
    digest: [u8; 32],
    /// The hash that it opened.
    secret_hash: String,
}

pub(super) struct Known {
    key: [u8; 32],
    verified: Mutex<HashMap<Name, Verified>>,
    seen: Mutex<HashMap<Uuid, (Arc<Credential>, Timestamp)>>,
}

impl Verified {
    /// Whether the credential still has the hash that the secret opened.
    pub fn still_opens(&self, credential: &Credential) -> bool {
        self.secret_hash.as_bytes().ct_eq(credential.secret_hash.as_bytes()).into()
    }
}

impl Known {
    pub fn new() -> Self {
        Self { key: random(), verified: Mutex::default(), seen: Mutex::default() }
    }

    /// Whether this secret opened this name before.
    pub fn verified(&self, name: &Name, secret: &SecretString) -> Option<Verified> {
        let verified = lock(&self.verified).get(name).cloned()?;
        bool::from(verified.digest.ct_eq(&self.digest(secret))).then_some(verified)
    }

    /// The secret opened the credential's hash.
    pub fn remember(&self, name: Name, secret: &SecretString, credential: &Credential) {
        let verified = Verified {
            id: credential.id,
            digest: self.digest(secret),
            secret_hash: credential.secret_hash.clone(),
        };
        insert(&mut lock(&self.verified), name, verified);
    }

    pub fn forget(&self, name: &Name) {
        lock(&self.verified).remove(name);
    }

    /// What the store said, if that is not long ago. A clock that went back makes it long ago.
    pub fn seen(&self, id: Uuid, now: Timestamp) -> Option<Arc<Credential>> {
        let (credential, at) = lock(&self.seen).get(&id).cloned()?;
        let age = now.as_microsecond() - at.as_microsecond();
        (0..BELIEVED).contains(&age).then_some(credential)
    }

    /// The store said this at `now`.
    pub fn saw(&self, credential: Arc<Credential>, now: Timestamp) {
        insert(&mut lock(&self.seen), credential.id, (credential, now));
    }

    fn digest(&self, secret: &SecretString) -> [u8; 32] {
        hmac(&self.key, secret.expose_secret().as_bytes())
    }
}

/// Starts anew when it is full: what was forgotten is found again, at a price.
fn insert<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: K, value: V) {
    if map.len() >= MOST {
        map.clear();
    }
    map.insert(key, value);
}

/// No panic leaves a map half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Role;

    fn credential(secret_hash: &str) -> Credential {
        Credential {
            id: Uuid::from_u128(1),
            sender: "shop".into(),
            name: "tool".into(),
            role: Role::Smtp,
            streams: Vec::new(),
            secret_hash: secret_hash.into(),
            created_at: Timestamp::UNIX_EPOCH,
            revoked_at: None,
        }
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_microsecond(micros).unwrap()
    }

    #[test]
    fn what_the_store_said_is_believed_for_a_moment() {
        let known = Known::new();
        let id = Uuid::from_u128(1);
        assert!(known.seen(id, at(0)).is_none());
        known.saw(Arc::new(credential("h")), at(5_000_000));
        assert!(known.seen(id, at(5_000_000 + BELIEVED - 1)).is_some());
        assert!(known.seen(id, at(5_000_000 + BELIEVED)).is_none());
        assert!(known.seen(id, at(4_999_999)).is_none());
    }

    #[test]
    fn only_the_secret_that_was_verified_is_known() {
        let known = Known::new();
        let name = Name::Login("shop/tool".into());
        let secret = SecretString::from("right");
        known.remember(name.clone(), &secret, &credential("h"));
        assert!(known.verified(&name, &"wrong".into()).is_none());
        assert!(known.verified(&Name::Login("shop/other".into()), &secret).is_none());
        let verified = known.verified(&name, &secret).unwrap();
        assert!(verified.still_opens(&credential("h")));
        assert!(!verified.still_opens(&credential("changed")));
        known.forget(&name);
        assert!(known.verified(&name, &secret).is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let mut map = HashMap::new();
        (0..3 * MOST).for_each(|key| insert(&mut map, key, ()));
        assert!(map.len() <= MOST);
    }
}
