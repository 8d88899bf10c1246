//! How the log names a peer whose login failed, or who speaks something else than SMTP. An IP address is personal
//! data: nowhere else does one reach the log (invariant 11), and here it may be shortened to its network, or left out.

use std::net::IpAddr;

use ipnet::IpNet;

/// `[logins] log_peer`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogPeer {
    /// Whole, so that a guesser can be kept out by a firewall.
    #[default]
    Address,
    /// `192.0.2.0/24`, `2001:db8::/64`.
    Network,
    /// `-`.
    Nothing,
}

impl LogPeer {
    pub fn shown(self, address: IpAddr) -> String {
        let address = address.to_canonical();
        let length = if address.is_ipv4() { 24 } else { 64 };
        match (self, IpNet::new(address, length)) {
            (Self::Address, _) => address.to_string(),
            (Self::Network, Ok(network)) => network.trunc().to_string(),
            (Self::Network, Err(_)) | (Self::Nothing, _) => "-".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_named_as_far_as_operators_say() {
        let shown = |how: LogPeer, address: &str| how.shown(address.parse().unwrap());
        assert_eq!(shown(LogPeer::Address, "::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(shown(LogPeer::Network, "::ffff:192.0.2.7"), "192.0.2.0/24");
        assert_eq!(shown(LogPeer::Network, "2001:db8:0:1:2::7"), "2001:db8:0:1::/64");
        assert_eq!(shown(LogPeer::Nothing, "192.0.2.7"), "-");
    }
}
