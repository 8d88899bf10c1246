//! The token in an address that people write back to: what it says, and the proof that we made it. Pure.
//!
//! A local part has 64 octets (RFC 5321, 4.5.3.1.1) and loses its case on the way, so that this is base32 (RFC 4648,
//! 6), read in any case, and shorter than a link: purpose, key id (2, big-endian), an id (16), the mark of a scope (3),
//! then a MAC (HMAC-SHA256, cut to 16 octets). One that unsubscribes names the subscriber, and has no room for which
//! delivery carried it; a return path names the delivery, and no scope.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::Forged;
use crate::keys::{LinkKey, LinkKeyState, LinkKeys};
use crate::policy::Scope;

/// What stands before the token of an address that unsubscribes, and of a return path.
pub const TO_UNSUBSCRIBE: &str = "u+";
pub const TO_BOUNCE: &str = "b+";

/// What an address is for, and whom or what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    Unsubscribe(ReturnLink),
    /// The return path of this delivery.
    Bounce(Uuid),
}

/// What an address that unsubscribes says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnLink {
    pub subscriber: Uuid,
    /// Of the scope of the message that carried it.
    pub scope: Option<ScopeMark>,
}

/// Why a token says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOpened {
    #[error(transparent)]
    Forged(#[from] Forged),
    /// It may be a key that was made a moment ago.
    #[error("it names a key that is not known")]
    UnknownKey,
}

/// Stands for a scope where its name has no room. Who reads it looks for the scopes that have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScopeMark([u8; MARK]);

const MARK: usize = 3;
const SAID: usize = 1 + 2 + 16 + MARK;
const MAC: usize = 16;
/// The length of every token in characters.
pub const RETURN_TOKEN: usize = ((SAID + MAC) * 8).div_ceil(5);
/// The first version of a token that unsubscribes, and of a return path's. One for another purpose begins with another
/// octet.
const UNSUBSCRIBE: u8 = b'u';
const BOUNCE: u8 = b'b';
/// Keeps these MACs apart from any other use of the same key: a link's token is never one of these.
const CONTEXT: &[u8] = b"optgate return address\0";

impl ScopeMark {
    pub fn of(scope: &Scope) -> Self {
        let digest = Sha256::digest(scope.as_str().as_bytes());
        let mark = Self([digest[0], digest[1], digest[2]]);
        // Zeros are for no scope.
        if mark.0 == [0; MARK] { Self([0, 0, 1]) } else { mark }
    }
}

/// The token of an address that unsubscribes, under the newest key; in lower case.
pub fn seal_unsubscribe(keys: &LinkKeys, subscriber: Uuid, scope: Option<&Scope>) -> String {
    seal(keys, UNSUBSCRIBE, subscriber, scope.map_or([0; MARK], |scope| ScopeMark::of(scope).0))
}

/// The token of a delivery's return path, likewise.
pub fn seal_bounce(keys: &LinkKeys, delivery: Uuid) -> String {
    seal(keys, BOUNCE, delivery, [0; MARK])
}

fn seal(keys: &LinkKeys, purpose: u8, id: Uuid, mark: [u8; MARK]) -> String {
    let key = keys.signing();
    // Invariant 11: an id and a scope's mark, nothing that tells who the person is.
    let mut octets = Vec::with_capacity(SAID + MAC);
    octets.push(purpose);
    octets.extend_from_slice(&key.id.to_be_bytes());
    octets.extend_from_slice(id.as_bytes());
    octets.extend_from_slice(&mark);
    octets.extend_from_slice(&mac(key, &octets));
    BASE32_NOPAD.encode(&octets).to_ascii_lowercase()
}

/// What a token says, in whatever case it came, if one of our keys signed it. A retired key's still does.
pub fn open_return(keys: &LinkKeys, token: &str) -> Result<Opened, NotOpened> {
    if token.len() != RETURN_TOKEN {
        return Err(Forged.into());
    }
    let octets = BASE32_NOPAD.decode(token.to_ascii_uppercase().as_bytes()).map_err(|_| Forged)?;
    let (said, proof) = octets.split_last_chunk::<MAC>().ok_or(Forged)?;
    let said: &[u8; SAID] = said.try_into().map_err(|_| Forged)?;
    let key = keys.by_id(u16::from_be_bytes([said[1], said[2]])).ok_or(NotOpened::UnknownKey)?;
    if !bool::from(mac(key, said).ct_eq(proof)) {
        return Err(Forged.into());
    }
    if key.state == LinkKeyState::Revoked {
        return Err(Forged.into());
    }
    let id = Uuid::from_slice(&said[3..19]).map_err(|_| Forged)?;
    let mark = Some(ScopeMark([said[19], said[20], said[21]])).filter(|mark| mark.0 != [0; MARK]);
    match said[0] {
        UNSUBSCRIBE => Ok(Opened::Unsubscribe(ReturnLink { subscriber: id, scope: mark })),
        BOUNCE => Ok(Opened::Bounce(id)),
        _ => Err(Forged.into()),
    }
}

fn mac(key: &LinkKey, said: &[u8]) -> [u8; MAC] {
    let mut cut = [0; MAC];
    cut.copy_from_slice(&key.key.mac(&[CONTEXT, said].concat())[..MAC]);
    cut
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::consent::token::{Link, Purpose, seal};
    use crate::keys::{DataKey, LinkSecret};

    fn key(id: u16, state: LinkKeyState) -> LinkKey {
        LinkKey { id, state, key: LinkSecret::new(DataKey::generate()) }
    }

    fn keys() -> LinkKeys {
        LinkKeys::new(vec![key(1, LinkKeyState::Active)]).unwrap()
    }

    fn scope() -> Scope {
        "apparel.tshirts".parse().unwrap()
    }

    #[test]
    fn a_token_fits_a_local_part_and_survives_any_case() {
        let keys = keys();
        let id = Uuid::from_u128(7);
        for scope in [None, Some(scope())] {
            let token = seal_unsubscribe(&keys, id, scope.as_ref());
            assert_eq!(token.len(), RETURN_TOKEN);
            assert!("u+".len() + token.len() <= 64, "{token}");
            let link = ReturnLink { subscriber: id, scope: scope.as_ref().map(ScopeMark::of) };
            let expected = Ok(Opened::Unsubscribe(link));
            let mixed: String = token
                .char_indices()
                .map(|(at, own)| if at % 2 == 0 { own.to_ascii_uppercase() } else { own })
                .collect();
            for spelt in [token.clone(), token.to_ascii_uppercase(), mixed] {
                assert_eq!(open_return(&keys, &spelt), expected);
            }
        }
        let token = seal_bounce(&keys, id);
        assert_eq!(token.len(), RETURN_TOKEN);
        assert_eq!(open_return(&keys, &token.to_ascii_uppercase()), Ok(Opened::Bounce(id)));
    }

    #[test]
    fn a_scope_keeps_its_mark_for_ever() {
        // SHA-256 of the name begins so; addresses in old mail depend on it.
        assert_eq!(ScopeMark::of(&"apparel".parse().unwrap()), ScopeMark(first_octets("apparel")));
        assert_ne!(ScopeMark::of(&scope()), ScopeMark::of(&"apparel".parse().unwrap()));
    }

    fn first_octets(text: &str) -> [u8; 3] {
        let hex = crate::keys::sha256_hex(text.as_bytes());
        let octet = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        [octet(0), octet(2), octet(4)]
    }

    #[test]
    fn a_token_works_for_as_long_as_its_key_may_unsubscribe() {
        let signing = key(3, LinkKeyState::Active);
        let sealed = seal_unsubscribe(
            &LinkKeys::new(vec![signing.clone()]).unwrap(),
            Uuid::from_u128(7),
            Some(&scope()),
        );
        let opens = |state| {
            let keys = vec![LinkKey { state, ..signing.clone() }, key(900, LinkKeyState::Active)];
            open_return(&LinkKeys::new(keys).unwrap(), &sealed).is_ok()
        };
        assert!(opens(LinkKeyState::Valid) && opens(LinkKeyState::Retired));
        assert!(!opens(LinkKeyState::Revoked));
        let others = LinkKeys::new(vec![key(3, LinkKeyState::Active)]).unwrap();
        assert_eq!(open_return(&others, &sealed), Err(Forged.into()), "another key of that id");
    }

    #[test]
    fn a_link_is_no_return_address_whatever_its_purpose() {
        let keys = keys();
        for purpose in [Purpose::Unsubscribe, Purpose::Preferences, Purpose::Data] {
            let link =
                Link { purpose, subscriber: Uuid::from_u128(7), scope: None, delivery: Uuid::from_u128(9) };
            let octets = data_encoding::BASE64URL_NOPAD.decode(seal(&keys, &link).as_bytes()).unwrap();
            let spelt = BASE32_NOPAD.encode(&octets);
            assert!(open_return(&keys, &spelt).is_err());
            assert!(open_return(&keys, &spelt[..RETURN_TOKEN]).is_err());
        }
        // The same octets under a key's MAC for another purpose.
        let mut octets = BASE32_NOPAD
            .decode(seal_unsubscribe(&keys, Uuid::from_u128(7), None).to_ascii_uppercase().as_bytes())
            .unwrap();
        octets[0] = b'x';
        let proof = mac(keys.signing(), &octets[..SAID]);
        octets[SAID..].copy_from_slice(&proof);
        assert_eq!(open_return(&keys, &BASE32_NOPAD.encode(&octets)), Err(Forged.into()));
    }

    proptest! {
        #[test]
        fn any_changed_character_and_any_cut_is_forged(at in 0..RETURN_TOKEN, to in "[a-z2-7]", subscriber: u128) {
            let keys = keys();
            let token = seal_unsubscribe(&keys, Uuid::from_u128(subscriber), Some(&scope()));
            let mut changed = token.clone();
            changed.replace_range(at..=at, &to);
            prop_assert_eq!(open_return(&keys, &changed).is_ok(), changed == token);
            prop_assert_eq!(open_return(&keys, &token[..at]), Err(Forged.into()));
            prop_assert_eq!(open_return(&keys, &format!("{token}a")), Err(Forged.into()));
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,80}", octets in proptest::collection::vec(any::<u8>(), SAID + MAC)) {
            let keys = keys();
            prop_assert!(open_return(&keys, &text).is_err());
            prop_assert!(open_return(&keys, &BASE32_NOPAD.encode(&octets)).is_err());
        }
    }
}
