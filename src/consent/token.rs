//! Signed links: what a link says, and the proof that we made it. Pure; `keys` has the keys.
//!
//! A token holds no personal data (invariant 11): purpose, subscriber id, scope and delivery, then a MAC
//! (HMAC-SHA256, cut to 16 octets) under the link key that it names. base64url without padding (RFC 4648, 5).
//!
//! Octets before the MAC: version, purpose, key id (2, big-endian), subscriber (16), delivery (16), then the
//! scope's text, or nothing. A token has one spelling only: whatever differs from it is forged.

mod returned;

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use crate::keys::{LinkKey, LinkKeyState, LinkKeys};
use crate::policy::Scope;
use crate::policy::scope::MAX_SCOPE;
pub use returned::{
    NotOpened, Opened, RETURN_TOKEN, ReturnLink, ScopeMark, TO_BOUNCE, TO_UNSUBSCRIBE, open_return,
    seal_bounce, seal_unsubscribe,
};

/// What a link is for; a token for one purpose opens no other page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Unsubscribe,
    Preferences,
    Confirm,
    /// Opens everything that is kept of a person: mailed to the person's own address, for a short time.
    Data,
    /// Opens the change to the address that it was mailed to, and nothing else.
    Address,
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
    /// Its key is retired: it unsubscribes, shows no data, and confirms nothing.
    UnsubscribeOnly,
}

/// Any token that is not ours, whatever is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a link of ours")]
pub struct Forged;

const VERSION: u8 = 1;
const FIXED: usize = 4 + 16 + 16;
const MAC: usize = 16;
/// The longest token in characters.
pub const MAX_TOKEN: usize = ((FIXED + MAX_SCOPE + MAC) * 4).div_ceil(3);
/// Keeps these MACs apart from any other use of the same key.
const CONTEXT: &[u8] = b"optgate link\0";

/// The token of a link, under the newest key.
pub fn seal(keys: &LinkKeys, link: &Link) -> String {
    let key = keys.signing();
    // Invariant 11: ids and a scope's name, nothing that tells who the person is.
    let mut octets = Vec::with_capacity(FIXED + MAX_SCOPE + MAC);
    octets.extend_from_slice(&[VERSION, link.purpose.octet()]);
    octets.extend_from_slice(&key.id.to_be_bytes());
    octets.extend_from_slice(link.subscriber.as_bytes());
    octets.extend_from_slice(link.delivery.as_bytes());
    octets.extend_from_slice(link.scope.as_ref().map_or("", Scope::as_str).as_bytes());
    octets.extend_from_slice(&mac(key, &octets));
    BASE64URL_NOPAD.encode(&octets)
}

/// The link that a token stands for, if it is of this purpose and one of our keys signed it.
pub fn open(keys: &LinkKeys, purpose: Purpose, token: &str) -> Result<(Link, Power), Forged> {
    if token.len() > MAX_TOKEN {
        return Err(Forged);
    }
    let octets = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| Forged)?;
    let (said, proof) = octets.split_last_chunk::<MAC>().ok_or(Forged)?;
    let (fixed, scope) = said.split_first_chunk::<FIXED>().ok_or(Forged)?;
    let key = keys.by_id(u16::from_be_bytes([fixed[2], fixed[3]])).ok_or(Forged)?;
    if !bool::from(mac(key, said).ct_eq(proof)) {
        return Err(Forged);
    }
    let power = match key.state {
        LinkKeyState::Active | LinkKeyState::Valid => Power::Full,
        LinkKeyState::Retired => Power::UnsubscribeOnly,
        LinkKeyState::Revoked => return Err(Forged),
    };
    if fixed[..2] != [VERSION, purpose.octet()] {
        return Err(Forged);
    }
    Ok((
        Link { purpose, subscriber: id_at(fixed, 4), scope: scope_of(scope)?, delivery: id_at(fixed, 20) },
        power,
    ))
}

impl Purpose {
    fn octet(self) -> u8 {
        match self {
            Self::Unsubscribe => b'u',
            Self::Preferences => b'p',
            Self::Confirm => b'c',
            Self::Data => b'd',
            Self::Address => b'a',
        }
    }
}

fn mac(key: &LinkKey, said: &[u8]) -> [u8; MAC] {
    let mut text = Vec::with_capacity(CONTEXT.len() + said.len());
    text.extend_from_slice(CONTEXT);
    text.extend_from_slice(said);
    let mut cut = [0; MAC];
    cut.copy_from_slice(&key.key.mac(&text)[..MAC]);
    cut
}

fn id_at(fixed: &[u8; FIXED], at: usize) -> Uuid {
    let mut octets = [0; 16];
    octets.copy_from_slice(&fixed[at..at + 16]);
    Uuid::from_bytes(octets)
}

fn scope_of(text: &[u8]) -> Result<Option<Scope>, Forged> {
    if text.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(text).map_err(|_| Forged)?;
    text.parse().map(Some).map_err(|_| Forged)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::keys::{DataKey, LinkSecret};

    fn key(id: u16, state: LinkKeyState) -> LinkKey {
        LinkKey { id, state, key: LinkSecret::new(DataKey::generate()) }
    }

    fn in_state(key: &LinkKey, state: LinkKeyState) -> LinkKeys {
        LinkKeys::new(vec![LinkKey { state, ..key.clone() }, self::key(900, LinkKeyState::Active)]).unwrap()
    }

    fn link(purpose: Purpose, scope: Option<&str>) -> Link {
        Link {
            purpose,
            subscriber: Uuid::from_u128(7),
            scope: scope.map(|scope| scope.parse().unwrap()),
            delivery: Uuid::from_u128(9),
        }
    }

    #[test]
    fn a_link_opens_for_its_own_purpose_alone() {
        let keys = LinkKeys::new(vec![key(1, LinkKeyState::Active)]).unwrap();
        for scope in [None, Some("apparel.tshirts"), Some("x".repeat(MAX_SCOPE).as_str())] {
            let link = link(Purpose::Unsubscribe, scope);
            let token = seal(&keys, &link);
            assert!(token.len() <= MAX_TOKEN);
            assert_eq!(open(&keys, Purpose::Unsubscribe, &token), Ok((link, Power::Full)));
            for other in [Purpose::Preferences, Purpose::Confirm, Purpose::Data, Purpose::Address] {
                assert_eq!(open(&keys, other, &token), Err(Forged));
            }
        }
    }

    #[test]
    fn a_link_may_do_what_its_key_still_may() {
        let signing = key(3, LinkKeyState::Active);
        let keys = LinkKeys::new(vec![signing.clone()]).unwrap();
        for purpose in
            [Purpose::Unsubscribe, Purpose::Preferences, Purpose::Confirm, Purpose::Data, Purpose::Address]
        {
            let token = seal(&keys, &link(purpose, None));
            let power = |state| open(&in_state(&signing, state), purpose, &token).map(|(_, power)| power);
            assert_eq!(power(LinkKeyState::Valid), Ok(Power::Full));
            assert_eq!(power(LinkKeyState::Retired), Ok(Power::UnsubscribeOnly));
            assert_eq!(power(LinkKeyState::Revoked), Err(Forged));
        }
    }

    #[test]
    fn a_link_of_an_unknown_key_or_another_key_of_that_id_is_forged() {
        let keys = LinkKeys::new(vec![key(3, LinkKeyState::Active)]).unwrap();
        let token = seal(&keys, &link(Purpose::Unsubscribe, None));
        for id in [3, 4] {
            let others = LinkKeys::new(vec![key(id, LinkKeyState::Active)]).unwrap();
            assert_eq!(open(&others, Purpose::Unsubscribe, &token), Err(Forged));
        }
    }

    #[test]
    fn a_token_has_one_spelling() {
        let keys = LinkKeys::new(vec![key(1, LinkKeyState::Active)]).unwrap();
        // 52 octets: the last character has four bits to spare.
        let token = seal(&keys, &link(Purpose::Unsubscribe, None));
        for other in [format!("{token}="), format!("{token} "), format!(" {token}"), format!("{token}\n")] {
            assert_eq!(open(&keys, Purpose::Unsubscribe, &other), Err(Forged));
        }
        let opening = |last: char| {
            let spelt = format!("{}{last}", &token[..token.len() - 1]);
            open(&keys, Purpose::Unsubscribe, &spelt).is_ok()
        };
        let alphabet = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']);
        assert_eq!(alphabet.filter(|last| opening(*last)).count(), 1);
    }

    proptest! {
        #[test]
        fn any_changed_bit_is_forged(bit in 0usize..8 * 200, subscriber: u128, delivery: u128, scope in proptest::option::of("[a-z]{1,9}(\\.[a-z0-9_-]{1,9}){0,3}")) {
            let keys = LinkKeys::new(vec![key(1, LinkKeyState::Active)]).unwrap();
            let link = Link {
                purpose: Purpose::Preferences,
                subscriber: Uuid::from_u128(subscriber),
                scope: scope.map(|scope| scope.parse().unwrap()),
                delivery: Uuid::from_u128(delivery),
            };
            let token = seal(&keys, &link);
            prop_assert_eq!(open(&keys, Purpose::Preferences, &token), Ok((link, Power::Full)));
            let mut octets = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
            let bit = bit % (octets.len() * 8);
            octets[bit / 8] ^= 1 << (bit % 8);
            let changed = BASE64URL_NOPAD.encode(&octets);
            for purpose in [Purpose::Preferences, Purpose::Unsubscribe, Purpose::Confirm] {
                prop_assert_eq!(open(&keys, purpose, &changed), Err(Forged));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,300}", octets in proptest::collection::vec(any::<u8>(), 0..160)) {
            let keys = LinkKeys::new(vec![key(1, LinkKeyState::Active)]).unwrap();
            prop_assert_eq!(open(&keys, Purpose::Unsubscribe, &text), Err(Forged));
            prop_assert_eq!(open(&keys, Purpose::Unsubscribe, &BASE64URL_NOPAD.encode(&octets)), Err(Forged));
        }
    }
}
