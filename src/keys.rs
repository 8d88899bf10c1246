//! Keys: `seal` and `lookup` from files, and the data keys that `seal` wraps. DESIGN.md, "Keys".
//!
//! Nothing here is ever printed: no `Debug` shows a key.

use std::fmt;
use std::fs;
use std::io::{self, Write as _};
use std::ops::Range;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::mail::Address;

/// Octets of every key here.
pub const KEY_LEN: usize = 32;

/// HMAC-SHA256 of an address's canonical form under the lookup key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct LookupHash(pub [u8; 32]);

/// Why keys can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    #[error("{0} is missing: put it back from its backup")]
    Missing(PathBuf),
    #[error("{0}: a key file holds 64 hexadecimal digits and nothing else")]
    Format(PathBuf),
    #[error("{0}: others than its owner may read or write it; chmod 600")]
    Rights(PathBuf),
    #[error("what was sealed under another key, or was changed since, can't be opened")]
    Sealed,
}

/// The two keys that every node shares.
pub struct Keys {
    seal: DataKey,
    lookup: Secret,
}

#[derive(Clone, Zeroize, ZeroizeOnDrop)]
struct Secret([u8; KEY_LEN]);

/// What identifies the two keys without telling them; the database remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    pub seal: String,
    pub lookup: String,
}

impl Keys {
    /// Reads `seal.key` and `lookup.key`.
    pub fn load(folder: &Path) -> Result<Self, KeyError> {
        let [seal, lookup] = files(folder);
        Ok(Self { seal: DataKey(load(&seal)?), lookup: load(&lookup)? })
    }

    /// The same; makes those that aren't there, for a database that knows of none.
    pub fn create(folder: &Path) -> Result<Self, KeyError> {
        fs::create_dir_all(folder).map_err(|error| KeyError::Io(folder.to_owned(), error))?;
        for file in files(folder) {
            if !file.exists() {
                create(folder, &file).map_err(|error| KeyError::Io(file, error))?;
            }
        }
        Self::load(folder)
    }

    /// All that is wrong with the keys, `Missing` included.
    pub fn check(folder: &Path) -> Vec<KeyError> {
        files(folder).iter().filter_map(|file| load(file).err()).collect()
    }

    /// Fresh keys that live in memory alone.
    pub fn generate() -> Self {
        Self { seal: DataKey::generate(), lookup: Secret(random()) }
    }

    /// Under which an address is found again.
    pub fn lookup_hash(&self, address: &Address) -> LookupHash {
        LookupHash(hmac(&self.lookup.0, address.canonical().as_bytes()))
    }

    /// What stands for a text that is not ours to keep; each part may hold anything. No address's lookup hash
    /// is ever the same, since no address holds a NUL.
    pub fn digest(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut text = [b"\0optgate ".as_slice(), label.as_bytes()].concat();
        for part in parts {
            text.extend_from_slice(&(part.len() as u64).to_be_bytes());
            text.extend_from_slice(part);
        }
        hmac(&self.lookup.0, &text)
    }

    /// A data key as the database may hold it.
    pub fn wrap(&self, key: &DataKey) -> Vec<u8> {
        self.seal.seal(&key.0.0, b"data key")
    }

    /// A data key that `wrap` wrapped.
    pub fn unwrap(&self, wrapped: &[u8]) -> Result<DataKey, KeyError> {
        let mut plain = self.seal.open(wrapped, b"data key")?;
        let key = <[u8; KEY_LEN]>::try_from(plain.as_slice()).map_err(|_| KeyError::Sealed);
        plain.zeroize();
        Ok(DataKey(Secret(key?)))
    }

    pub fn fingerprints(&self) -> Fingerprints {
        let print = |key: &Secret, label: &[u8]| hex(&hmac(&key.0, label)[..16]);
        Fingerprints {
            seal: print(&self.seal.0, b"optgate seal fingerprint"),
            lookup: print(&self.lookup, b"optgate lookup fingerprint"),
        }
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Keys(…)")
    }
}

/// A key that seals data: a subscriber's own, or the spool's of a day. AES-256-GCM with a random nonce
/// before the ciphertext.
#[derive(Clone)]
pub struct DataKey(Secret);

impl DataKey {
    pub fn generate() -> Self {
        Self(Secret(random()))
    }

    /// `context` binds the ciphertext to its place; opening needs the same.
    pub fn seal(&self, plain: &[u8], context: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .cipher()
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context),
                &mut sealed[NONCE_LEN..],
            )
            .expect("AES-GCM seals anything below 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// What `seal` sealed under this key and context.
    pub fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut plain = sealed.to_vec();
        let within = self.open_in_place(&mut plain, context)?;
        plain.truncate(within.end);
        plain.drain(..within.start);
        Ok(plain)
    }

    /// The same of a large one, which is not copied.
    pub fn open_large(&self, mut sealed: Vec<u8>, context: &[u8]) -> Result<Bytes, KeyError> {
        let within = self.open_in_place(&mut sealed, context)?;
        Ok(Bytes::from(sealed).slice(within))
    }

    /// Where it then lies.
    fn open_in_place(&self, sealed: &mut [u8], context: &[u8]) -> Result<Range<usize>, KeyError> {
        let (nonce, rest) = sealed.split_at_mut_checked(NONCE_LEN).ok_or(KeyError::Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KeyError::Sealed)?;
        let opened = self.cipher().open_in_place(nonce, Aad::from(context), rest);
        let length = opened.map_err(|_| KeyError::Sealed)?.len();
        Ok(NONCE_LEN..NONCE_LEN + length)
    }

    fn cipher(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &self.0.0).expect("the key has the right length"))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("DataKey(…)")
    }
}

/// What a link key may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKeyState {
    /// Signs new links: the newest of these.
    Active,
    /// Rotated away; its links work in full.
    Valid,
    /// Its links unsubscribe only.
    Retired,
    /// Its links are answered 404.
    Revoked,
}

/// One link key. `id` names it inside tokens.
#[derive(Clone, Debug)]
pub struct LinkKey {
    pub id: u16,
    pub state: LinkKeyState,
    pub key: LinkSecret,
}

/// A link key's secret octets.
#[derive(Clone)]
pub struct LinkSecret(DataKey);

impl LinkSecret {
    pub fn new(key: DataKey) -> Self {
        Self(key)
    }

    pub fn mac(&self, text: &[u8]) -> [u8; 32] {
        hmac(&self.0.0.0, text)
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("LinkSecret(…)")
    }
}

/// All link keys of the gateway; there is always an active one.
#[derive(Clone, Debug)]
pub struct LinkKeys(Arc<[LinkKey]>);

impl LinkKeys {
    /// `None` without an active key.
    pub fn new(keys: Vec<LinkKey>) -> Option<Self> {
        keys.iter().any(|key| key.state == LinkKeyState::Active).then(|| Self(keys.into()))
    }

    /// The key that signs new links.
    pub fn signing(&self) -> &LinkKey {
        let active = self.0.iter().filter(|key| key.state == LinkKeyState::Active);
        active.max_by_key(|key| key.id).expect("`new` saw an active key")
    }

    pub fn by_id(&self, id: u16) -> Option<&LinkKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

/// SHA-256, lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// HMAC-SHA256. RFC 2104.
pub fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// Octets from the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    aws_lc_rs::rand::fill(&mut octets).expect("the operating system gives randomness");
    octets
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

fn files(folder: &Path) -> [PathBuf; 2] {
    ["seal.key", "lookup.key"].map(|name| folder.join(name))
}

/// Written under another name and linked, so that a crash leaves no half of it and of two that make it at once
/// one wins.
fn create(folder: &Path, path: &Path) -> io::Result<()> {
    let draft = path.with_extension(format!("{}", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", hex(&Secret(random()).0))?;
    file.sync_all()?;
    match fs::hard_link(&draft, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => fs::remove_file(&draft)?,
    }
    fs::File::open(folder)?.sync_all()
}

fn load(path: &Path) -> Result<Secret, KeyError> {
    let failed = |error| KeyError::Io(path.to_owned(), error);
    match fs::read_to_string(path) {
        Ok(mut text) => {
            let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(KeyError::Rights(path.to_owned()));
            }
            let octets = data_encoding::HEXLOWER_PERMISSIVE.decode(text.trim().as_bytes());
            text.zeroize();
            let octets = octets.map_err(|_| KeyError::Format(path.to_owned()))?;
            Ok(Secret(octets.try_into().map_err(|_| KeyError::Format(path.to_owned()))?))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(KeyError::Missing(path.to_owned())),
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_in_its_context_alone() {
        let key = DataKey::generate();
        let sealed = key.seal(b"a@b.example", b"address");
        assert_eq!(key.open(&sealed, b"address").unwrap(), b"a@b.example");
        assert_eq!(key.open_large(sealed.clone(), b"address").unwrap(), &b"a@b.example"[..]);
        assert!(key.open_large(sealed.clone(), b"evidence").is_err());
        assert!(key.open(&sealed, b"evidence").is_err());
        assert!(DataKey::generate().open(&sealed, b"address").is_err());
        assert!(key.open(&sealed[..sealed.len() - 1], b"address").is_err());
        assert!(key.open(b"short", b"address").is_err());
    }

    #[test]
    fn keys_survive_a_restart_and_refuse_open_rights() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::create(folder.path()).unwrap().fingerprints();
        assert_eq!(Keys::create(folder.path()).unwrap().fingerprints(), first);
        assert_eq!(Keys::load(folder.path()).unwrap().fingerprints(), first);
        let file = folder.path().join("seal.key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(Keys::create(folder.path()), Err(KeyError::Rights(_))));
    }

    #[test]
    fn reading_makes_no_key() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Keys::load(folder.path()), Err(KeyError::Missing(_))));
        assert_eq!(Keys::check(folder.path()).len(), 2);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        Keys::create(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");
        fs::remove_file(folder.path().join("lookup.key")).unwrap();
        assert!(
            matches!(Keys::load(folder.path()), Err(KeyError::Missing(file)) if file.ends_with("lookup.key"))
        );
    }
}
