//! The form of secrets, and argon2id over them, always off the async threads.

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Argon2, PasswordHash};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::BASE32_NOPAD;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use crate::keys::random;

const PREFIX: &str = "optgate_";

/// A hash that nothing opens, with the cost of those that we make: who asks for an unknown name waits as
/// long as who has a wrong secret.
pub(super) const OF_NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A new secret of the credential with this id.
pub(super) fn generate(id: Uuid) -> SecretString {
    let id = BASE32_NOPAD.encode(id.as_bytes()).to_ascii_lowercase();
    format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(random::<32>())).into()
}

/// The credential's id, if the text has the form of our secrets.
pub(super) fn id_of(secret: &str) -> Option<Uuid> {
    let (id, _) = secret.strip_prefix(PREFIX)?.split_once('_')?;
    let octets = BASE32_NOPAD.decode(id.to_ascii_uppercase().as_bytes()).ok()?;
    Uuid::from_slice(&octets).ok()
}

/// argon2id with OWASP's least cost (19 MiB, two passes), as a PHC string.
pub(super) async fn hash(secret: SecretString) -> String {
    let hash = move || {
        let octets = secret.expose_secret().as_bytes();
        Argon2::default()
            .hash_password_with_salt(octets, &random::<16>())
            .expect("salt and cost are within argon2's bounds")
            .to_string()
    };
    tokio::task::spawn_blocking(hash).await.expect("hashing does not panic")
}

/// Whether the secret opens this hash; a hash that can't be read opens to nothing.
pub(super) async fn verify(secret: SecretString, hash: String) -> bool {
    let verify = move || {
        let Ok(hash) = PasswordHash::new(&hash) else { return false };
        Argon2::default().verify_password(secret.expose_secret().as_bytes(), &hash).is_ok()
    };
    // A thread that is cancelled or dies has verified nothing.
    tokio::task::spawn_blocking(verify).await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_in_a_secret_finds_its_row() {
        for id in [Uuid::nil(), Uuid::max(), Uuid::from_u128(0x0193_aaaa_bbbb_7ccc_8ddd_eeee_ffff_0123)] {
            let secret = generate(id);
            assert_eq!(id_of(secret.expose_secret()), Some(id));
        }
        let first = generate(Uuid::nil());
        assert_ne!(first.expose_secret(), generate(Uuid::nil()).expose_secret());
        for text in ["", "optgate_", "optgate__", "optgate_aa_x", "other_aaaaaaaaaaaaaaaaaaaaaaaaaa_x"] {
            assert_eq!(id_of(text), None, "{text}");
        }
    }

    #[tokio::test]
    async fn only_the_secret_opens_its_hash() {
        let secret = generate(Uuid::nil());
        let made = hash(secret.clone()).await;
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(secret.clone(), made.clone()).await);
        assert!(!verify("other".into(), made).await);
        assert!(!verify(secret, "no hash".into()).await);
    }

    #[tokio::test]
    async fn nobody_costs_as_much_as_anybody() {
        let nobody = PasswordHash::new(OF_NOBODY).unwrap();
        let made = hash("x".to_owned().into()).await;
        assert_eq!(nobody.params, PasswordHash::new(&made).unwrap().params);
        assert!(!verify("x".to_owned().into(), OF_NOBODY.to_owned()).await);
    }
}
