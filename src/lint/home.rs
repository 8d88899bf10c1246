//! What a message has wrong for the gateway that it leaves by: links of ours that belong to somebody, and an author whose
//! mail nobody signs.

use super::Findings;
use super::link::percent_decoded;
use crate::policy::Stream;
use crate::policy::finding::FindingName as Name;
use crate::rewrite::Shown;
use crate::sign::is_within;

/// The routes of links that are made for one person.
const OF_ONE_PERSON: [&str; 4] = ["/u/", "/p/", "/c/", "/d/"];
/// What is shorter is no token.
const SHORTEST_TOKEN: usize = 16;

/// What `lint` knows of the gateway; what it doesn't know it finds no fault with.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// What our links begin with, without a final slash.
    pub public_url: Option<String>,
    /// The domains that mail is signed for; `None` where all of it is.
    pub signed: Option<Vec<String>>,
}

impl Home {
    /// Whether mail of this author leaves with a signature of its own domain.
    pub fn signs(&self, domain: &str) -> bool {
        self.signed.as_ref().is_none_or(|own| own.iter().any(|own| is_within(domain, own)))
    }

    pub(super) fn look(&self, author: Option<&str>, shown: &Shown, stream: Stream, findings: &mut Findings) {
        if let Some(domain) = author.filter(|domain| stream == Stream::Marketing && !self.signs(domain)) {
            findings.add(Name::FromUnsigned, "header", None, domain);
        }
        if stream == Stream::Functional {
            return;
        }
        let Some(public_url) = &self.public_url else { return };
        let public_url = public_url.to_ascii_lowercase();
        for leaf in &shown.leaves {
            if let Some(at) = of_one_person(&leaf.text, &public_url) {
                let place = format!("part {}", leaf.part);
                // Whom it belongs to is nobody's business.
                findings.add(Name::PersonalLink, &place, Some((&leaf.text, at)), &format!("{public_url}/…"));
            }
        }
    }
}

/// Where the first link of ours to one person's page stands, also where another address holds it.
fn of_one_person(text: &str, public_url: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let stands = |text: &str| {
        text.match_indices(public_url).map(|(at, _)| at).find(|at| {
            let rest = &text[at + public_url.len()..];
            let token = OF_ONE_PERSON.iter().find_map(|route| rest.strip_prefix(route)).unwrap_or_default();
            let of_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            token.bytes().take_while(of_token).count() >= SHORTEST_TOKEN
        })
    };
    if let Some(at) = stands(&lower) {
        return Some(at);
    }
    let encoded = lower.contains("%2f").then(|| percent_decoded(&lower))?;
    stands(&encoded).map(|_| lower.find("%2f").unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_one_persons_page_is_found_and_a_link_to_us_is_not() {
        let ours = "https://mail.test";
        for (text, found) in [
            ("<a href='https://mail.test/u/AQFm9bU0xxxxxxxxxxxx'>", true),
            ("HTTPS://MAIL.TEST/p/AQFm9bU0xxxxxxxxxxxx", true),
            ("https://click.example/?to=https%3A%2F%2Fmail.test%2Fu%2FAQFm9bU0xxxxxxxxxxxx", true),
            ("https://mail.test/", false),
            ("https://mail.test/u/short", false),
            ("https://mail.test/about/AQFm9bU0xxxxxxxxxxxx", false),
            ("https://mail.test.example/u/AQFm9bU0xxxxxxxxxxxx", false),
        ] {
            assert_eq!(of_one_person(text, ours).is_some(), found, "{text}");
        }
    }

    #[test]
    fn a_domain_is_signed_for_by_its_own_key_or_one_above() {
        let home = Home { signed: Some(vec!["shop.example".to_owned()]), ..Home::default() };
        assert!(home.signs("shop.example") && home.signs("news.shop.example"));
        assert!(!home.signs("workshop.example") && !home.signs("other.example"));
        assert!(Home::default().signs("any.example"), "nothing is known");
    }
}
