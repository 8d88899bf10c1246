//! Signed links: what a link says, and the proof that we made it. Pure; `keys` has the keys.
//!
//! A token holds no personal data (invariant 11): purpose, subscriber id, scope and delivery, then a MAC
//! (HMAC-SHA256, cut to 16 octets) under the link key that it names. base64url without padding.

use uuid::Uuid;

use crate::keys::LinkKeys;
use crate::policy::Scope;

/// What a link is for; a token for one purpose opens no other page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Unsubscribe,
    Preferences,
}

/// What a link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub purpose: Purpose,
    pub subscriber: Uuid,
    /// The scope of the message that carried it.
    pub scope: Option<Scope>,
    /// The delivery that carried it: evidence of where a click came from.
    pub delivery: Uuid,
}

/// What an opened link may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    Full,
    /// Its key is retired: it unsubscribes and shows no data.
    UnsubscribeOnly,
}

/// Any token that is not ours, whatever is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a link of ours")]
pub struct Forged;

/// The token of a link, under the newest key.
pub fn seal(keys: &LinkKeys, link: &Link) -> String {
    let _ = (keys, link);
    todo!()
}

/// The link that a token stands for, if it is of this purpose and one of our keys signed it.
pub fn open(keys: &LinkKeys, purpose: Purpose, token: &str) -> Result<(Link, Power), Forged> {
    let _ = (keys, purpose, token);
    todo!()
}
