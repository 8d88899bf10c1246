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

/// How much of a User-Agent is kept as evidence, in octets.
const USER_AGENT_LIMIT: usize = 512;

/// How many of the languages or proxies that a request names are looked at.
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

/// The rightmost address that no trusted proxy stands for: what is left of it anybody may have written.
fn client(headers: &HeaderMap, peer: IpAddr, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |ip: &IpAddr| trusted.iter().any(|network| network.contains(ip));
    let mut nearest = peer.to_canonical();
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().map(|line| line.to_str().unwrap_or("")).collect();
    for hop in lines.iter().rev().flat_map(|line| line.rsplit(',')).take(LIST_LIMIT) {
        if !is_trusted(&nearest) {
            break;
        }
        let Some(ip) = address(hop.trim()) else { break };
        nearest = ip;
    }
    nearest
}

/// `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let ip = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|socket| socket.ip())).ok()?;
    Some(IpAddr::to_canonical(&ip))
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

    fn forwarded(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        headers
    }

    fn seen(lines: &[&str], peer: &str, trusted: &[&str]) -> String {
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        client(&forwarded(lines), peer.parse().unwrap(), &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(seen(&["203.0.113.9"], "198.51.100.7", &["127.0.0.1/32"]), "198.51.100.7");
        assert_eq!(seen(&["203.0.113.9"], "127.0.0.1", &["127.0.0.1/32"]), "203.0.113.9");
        assert_eq!(seen(&["203.0.113.9"], "127.0.0.1", &[]), "127.0.0.1");
        assert_eq!(seen(&[], "::ffff:127.0.0.1", &["127.0.0.1/32"]), "127.0.0.1");
    }

    #[test]
    fn the_rightmost_untrusted_address_counts_over_all_header_lines() {
        let trusted = ["127.0.0.1/32", "10.0.0.0/8"];
        assert_eq!(seen(&["6.6.6.6, 203.0.113.9, 10.0.0.2"], "127.0.0.1", &trusted), "203.0.113.9");
        assert_eq!(seen(&["6.6.6.6", "203.0.113.9", "10.0.0.2"], "127.0.0.1", &trusted), "203.0.113.9");
        assert_eq!(seen(&["203.0.113.9, junk"], "127.0.0.1", &trusted), "127.0.0.1");
        assert_eq!(seen(&["[2001:db8::1]:443"], "127.0.0.1", &trusted), "2001:db8::1");
        assert_eq!(seen(&["203.0.113.9:5000"], "127.0.0.1", &trusted), "203.0.113.9");
    }

    #[test]
    fn the_heaviest_language_that_we_have_wins() {
        let accepted = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, text.parse().unwrap());
            accepted_language(&headers)
        };
        assert_eq!(accepted("fr, de;q=0.5, sv-SE;q=0.8"), Some("sv"));
        assert_eq!(accepted("nl"), Some("nl"));
        assert_eq!(accepted("de;q=0"), None);
        assert_eq!(accepted("fr;q=1;x, *"), None);
    }

    #[test]
    fn a_user_agent_is_kept_short_and_plain() {
        assert_eq!(bounded(b"a\x1b[31m\xff"), "a?[31m?");
        assert_eq!(bounded(&[b'x'; 9000]).len(), USER_AGENT_LIMIT);
    }
}
