//! Whose request it is: the connection's other end, or whom a trusted proxy names. For evidence and for limits,
//! and never for a right: X-Forwarded-For is believed of named proxies alone.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

/// How many of the proxies that a request names are looked at.
const LIST_LIMIT: usize = 32;

/// The address that a request comes from. Where a test has no connection, it is that of nobody.
pub(super) fn of(parts: &Parts, trusted: &[IpNet]) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    client(&parts.headers, peer.unwrap_or(std::net::Ipv6Addr::UNSPECIFIED.into()), trusted)
}

/// The rightmost address that no trusted proxy stands for: what is left of it anybody may have written.
pub(super) fn client(headers: &HeaderMap, peer: IpAddr, trusted: &[IpNet]) -> IpAddr {
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
}
