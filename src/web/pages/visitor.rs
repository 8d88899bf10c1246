//! Who asks for a page, as far as the request tells: language, address and browser. Never a token.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use ipnet::IpNet;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Pages;
use crate::language;
use crate::web::client::client;

/// How much of a User-Agent is kept as evidence, in octets.
const USER_AGENT_LIMIT: usize = 512;

/// How many of the languages that a request names are looked at.
const LIST_LIMIT: usize = 32;

/// What a request tells of who sent it.
#[derive(Clone, Debug, Default)]
pub(super) struct Visitor {
    /// The best of our languages that Accept-Language names; once the link is open, the one to answer in.
    pub(super) language: Option<&'static str>,
    ip: Option<IpAddr>,
    user_agent: Option<String>,
}

impl Visitor {
    /// `peer` is the connection's other end; `trusted` are the proxies whose X-Forwarded-For is believed.
    pub(super) fn of(headers: &HeaderMap, peer: Option<IpAddr>, trusted: &[IpNet]) -> Self {
        Self {
            language: accepted_language(headers),
            ip: peer.map(|peer| client(headers, peer, trusted)),
            user_agent: headers.get(header::USER_AGENT).map(|agent| bounded(agent.as_bytes())),
        }
    }

    /// Where the request comes from.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.ip
    }

    /// What shows later where a choice came from. Sealed in the store (invariant 12).
    pub(super) fn evidence(&self, delivery: Uuid) -> Value {
        json!({ "ip": self.ip, "user_agent": self.user_agent, "delivery": delivery })
    }
}

impl FromRequestParts<Pages> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        Ok(Self::of(&parts.headers, peer, &pages.trusted_proxies))
    }
}

/// The language of ours with the highest weight. RFC 9110, 12.5.4.
fn accepted_language(headers: &HeaderMap) -> Option<&'static str> {
    let text = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(&'static str, f32)> = None;
    for range in text.split(',').take(LIST_LIMIT) {
        let (tag, parameters) = range.split_once(';').unwrap_or((range, ""));
        let weight = parameters.trim().strip_prefix("q=").map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
        let Some(own) = language::known(tag.trim()) else { continue };
        if weight > best.map_or(0.0, |(_, heaviest)| heaviest) {
            best = Some((own, weight));
        }
    }
    best.map(|(own, _)| own)
}

fn bounded(agent: &[u8]) -> String {
    let kept = agent.get(..USER_AGENT_LIMIT).unwrap_or(agent);
    kept.iter().map(|byte| if (b' '..=b'~').contains(byte) { char::from(*byte) } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_that_we_have_wins() {
        let accepted = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
            accepted_language(&headers)
        };
        assert_eq!(accepted("eo, de;q=0.5, sv-SE;q=0.8"), Some("sv"));
        assert_eq!(accepted("nl"), Some("nl"));
        assert_eq!(accepted("de;q=0"), None);
        assert_eq!(accepted("eo;q=1;x, *"), None);
    }

    #[test]
    fn a_user_agent_is_kept_short_and_plain() {
        assert_eq!(bounded(b"a\x1b[31m\xff"), "a?[31m?");
        assert_eq!(bounded(&[b'x'; 9000]).len(), USER_AGENT_LIMIT);
    }
}
