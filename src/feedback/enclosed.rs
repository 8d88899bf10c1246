//! Which mail of ours a complaint encloses: told by the signed tokens in it, and by nothing else. Pure.

use std::sync::LazyLock;

use regex::bytes::Regex;
use uuid::Uuid;

use crate::consent::token::{Opened, Purpose, ReturnLink, open, open_return};
use crate::keys::LinkKeys;

/// What a mail shows itself to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ours {
    Delivery(Uuid),
    /// Of this person, whatever delivery it was.
    Person(ReturnLink),
}

/// So many candidates are tried: a forger may enclose as many as there is room for.
const MOST: usize = 50;

/// The token of a page's link, and that of an address of ours, in the words of either.
#[expect(clippy::expect_used, reason = "constant, and compiled by every test")]
static TOKENS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"/([up])/([A-Za-z0-9_-]{40,400})|(?i-u:\b([ub])\+([a-z2-7]{61})@)").expect("a pattern")
});

/// The first token of ours that names a delivery; else the first that names a person.
pub fn of(enclosed: &[u8], keys: &LinkKeys) -> Option<Ours> {
    let mut person = None;
    for found in TOKENS.captures_iter(enclosed).take(MOST) {
        let text = |group| found.get(group).and_then(|own| std::str::from_utf8(own.as_bytes()).ok());
        if let (Some(purpose), Some(token)) = (text(1), text(2)) {
            let purpose = if purpose == "u" { Purpose::Unsubscribe } else { Purpose::Preferences };
            if let Ok((link, _)) = open(keys, purpose, token) {
                return Some(Ours::Delivery(link.delivery));
            }
        } else if let Some(token) = text(4) {
            match open_return(keys, token) {
                Ok(Opened::Bounce(delivery)) => return Some(Ours::Delivery(delivery)),
                Ok(Opened::Unsubscribe(link)) => person = person.or(Some(link)),
                Err(_) => {}
            }
        }
    }
    person.map(Ours::Person)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::token::{Link, seal, seal_bounce, seal_unsubscribe};
    use crate::keys::{DataKey, LinkKey, LinkKeyState, LinkSecret};

    fn keys() -> LinkKeys {
        let key = LinkSecret::new(DataKey::generate());
        LinkKeys::new(vec![LinkKey { id: 1, state: LinkKeyState::Active, key }]).unwrap()
    }

    #[test]
    fn a_token_of_ours_names_the_mail_whatever_else_is_in_it() {
        let keys = keys();
        let (delivery, person) = (Uuid::from_u128(7), Uuid::from_u128(9));
        let link =
            seal(&keys, &Link { purpose: Purpose::Unsubscribe, subscriber: person, scope: None, delivery });
        let to = seal_unsubscribe(&keys, person, None);
        let back = seal_bounce(&keys, delivery).to_ascii_uppercase();
        let forged = seal_bounce(&super::tests::keys(), delivery);
        let unsubscribe =
            format!("List-Unsubscribe: <https://mail.test/u/{link}>,\r\n <mailto:u+{to}@b.test>\r\n");
        assert_eq!(of(unsubscribe.as_bytes(), &keys), Some(Ours::Delivery(delivery)));
        let returned = format!("Return-Path: <B+{back}@bounces.test>\r\nX: <b+{forged}@bounces.test>\r\n");
        assert_eq!(of(returned.as_bytes(), &keys), Some(Ours::Delivery(delivery)));
        let alone = format!("X: <b+{forged}@bounces.test>\r\nY: mailto:u+{to}@bounces.test\r\n");
        let known = Ours::Person(ReturnLink { subscriber: person, scope: None });
        assert_eq!(of(alone.as_bytes(), &keys), Some(known));
        assert_eq!(of(format!("<b+{forged}@bounces.test> /u/{}", &link[1..]).as_bytes(), &keys), None);
        assert_eq!(of(b"", &keys), None);
    }
}
