//! Whom a limit per address counts, and how often one may come.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::Recent;
use crate::policy::shaping::{Per, Rate};

/// So many addresses are remembered by each count, or twice that: what an attacker with more of them makes us
/// forget is how often he came, never how much memory he may take.
pub const REMEMBERED: usize = 32_768;

/// An IPv4 address, or the IPv6 network of 64 bits that one subscriber line gets. RFC 6177.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(IpAddr);

impl Peer {
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
            address => address,
        })
    }
}

/// How often each of some keys may come: never more than the rate's permits in any of its windows.
pub struct KeyRate<K> {
    permits: u32,
    came: Mutex<Recent<K>>,
}

/// The same of peers.
pub struct PeerRate(KeyRate<Peer>);

impl<K: Eq + Hash + Clone> KeyRate<K> {
    pub fn new(rate: Rate) -> Self {
        let window = Duration::from_secs(match rate.per {
            Per::Second => 1,
            Per::Minute => 60,
            Per::Hour => 3_600,
            Per::Day => 86_400,
        });
        Self { permits: rate.permits, came: Mutex::new(Recent::new(window, REMEMBERED)) }
    }

    /// Counts one more; or says how long this one has to wait. Who is turned away isn't counted.
    pub fn take(&self, key: K, now: Timestamp) -> Result<(), Duration> {
        // No panic leaves a count half-written.
        let mut came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        match came.wait(&key, self.permits, now) {
            Some(wait) => Err(wait),
            None => {
                came.add(key, now);
                Ok(())
            }
        }
    }
}

impl PeerRate {
    pub fn new(rate: Rate) -> Self {
        Self(KeyRate::new(rate))
    }

    /// Counts one more of this peer; or says how long it has to wait.
    pub fn take(&self, address: IpAddr, now: Timestamp) -> Result<(), Duration> {
        self.0.take(Peer::of(address), now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer::of(text.parse().unwrap())
    }

    #[test]
    fn ipv6_counts_by_the_line_and_ipv4_by_the_address() {
        assert_eq!(peer("2001:db8:1:2::1"), peer("2001:db8:1:2:ffff::9"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
    }

    #[test]
    fn a_peer_over_its_rate_waits_and_others_do_not() {
        let rate = PeerRate::new(Rate { permits: 2, per: Per::Minute });
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        assert_eq!((rate.take(one, at(0)), rate.take(one, at(1))), (Ok(()), Ok(())));
        let wait = rate.take(one, at(2)).unwrap_err();
        assert!((58..=65).contains(&wait.as_secs()), "{wait:?}");
        assert_eq!(rate.take(other, at(2)), Ok(()));
        assert_eq!(rate.take(one, at(2) + wait), Ok(()));
    }
}
