//! The PROXY protocol, version 2: a balancer says for whom it opened a connection. Believed from named balancers
//! alone, and demanded of them; version 1 is not served, since a text of no certain end is easily forged.
//! <https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use ppp::v2::{Addresses, Command, Header, ParseError, Protocol};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Signature, version, family and length.
const FIXED: usize = 16;
/// The most that may follow: addresses take 36 octets, and a balancer's other facts a few hundred.
const MAX_REST: usize = 4 * 1024;
/// A balancer says it at once.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The peer itself, or whom a balancer named.
    Peer(IpAddr),
    /// The balancer's own: it looks whether we live, or can't say for whom it came. Its network stands for nobody.
    Balancer(IpAddr),
}

impl Source {
    pub fn address(self) -> IpAddr {
        match self {
            Self::Peer(address) | Self::Balancer(address) => address,
        }
    }
}

/// Why a balancer's connection can't be served.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unnamed {
    #[error("a balancer said nothing of its client in time")]
    Late,
    #[error("a balancer's connection broke: {0}")]
    Lost(#[from] io::Error),
    #[error("no PROXY header of version 2: {0}")]
    Malformed(#[from] ParseError),
    #[error("a PROXY header of {0} octets")]
    TooLong(usize),
    #[error("a PROXY header for no TCP connection")]
    NoTcp,
}

/// Reads the header, and not an octet more.
pub(super) async fn source(tcp: &mut TcpStream, balancer: IpAddr) -> Result<Source, Unnamed> {
    timeout(PATIENCE, read(tcp, balancer)).await.unwrap_or(Err(Unnamed::Late))
}

async fn read(tcp: &mut TcpStream, balancer: IpAddr) -> Result<Source, Unnamed> {
    let mut header = vec![0; FIXED];
    tcp.read_exact(&mut header).await?;
    let rest = announced(&header)?;
    header.resize(FIXED + rest, 0);
    tcp.read_exact(&mut header[FIXED..]).await?;
    named(&header, balancer)
}

/// How many octets follow the fixed ones.
fn announced(fixed: &[u8]) -> Result<usize, Unnamed> {
    match Header::try_from(fixed) {
        Ok(_) => Ok(0),
        Err(ParseError::Partial(_, rest)) if rest <= MAX_REST => Ok(rest),
        Err(ParseError::Partial(_, rest)) => Err(Unnamed::TooLong(rest)),
        Err(error) => Err(error.into()),
    }
}

fn named(header: &[u8], balancer: IpAddr) -> Result<Source, Unnamed> {
    let header = Header::try_from(header)?;
    match (header.command, header.protocol, header.addresses) {
        (Command::Local, ..) | (Command::Proxy, _, Addresses::Unspecified) => Ok(Source::Balancer(balancer)),
        (Command::Proxy, Protocol::Stream, Addresses::IPv4(named)) => {
            Ok(Source::Peer(named.source_address.into()))
        }
        (Command::Proxy, Protocol::Stream, Addresses::IPv6(named)) => {
            Ok(Source::Peer(IpAddr::from(named.source_address).to_canonical()))
        }
        _ => Err(Unnamed::NoTcp),
    }
}

#[cfg(test)]
mod tests {
    use ppp::v2::PROTOCOL_PREFIX;
    use proptest::prelude::*;

    use super::*;

    const BALANCER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [PROTOCOL_PREFIX, &[0x20 | command, family], &length, rest].concat()
    }

    fn read_whole(header: &[u8]) -> Result<Source, Unnamed> {
        let (fixed, rest) = header.split_at(FIXED);
        assert_eq!(announced(fixed)?, rest.len());
        named(header, BALANCER)
    }

    fn check(header: &[u8], expected: Source) {
        assert_eq!(read_whole(header).unwrap(), expected);
    }

    #[test]
    fn a_balancer_names_its_client() {
        let v4 = [192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 25];
        let peer = |text: &str| Source::Peer(text.parse().unwrap());
        check(&header(1, 0x11, &v4), peer("192.0.2.7"));
        let with_facts = [&v4[..], &[0x04, 0, 3, 1, 2, 3]].concat();
        check(&header(1, 0x11, &with_facts), peer("192.0.2.7"));
        let mut v6 = vec![0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
        v6.extend([0; 20]);
        check(&header(1, 0x21, &v6), peer("2001:db8::7"));
        let mut mapped = vec![0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7];
        mapped.extend([0; 20]);
        check(&header(1, 0x21, &mapped), peer("192.0.2.7"));
    }

    #[test]
    fn a_balancer_that_comes_for_itself_is_nobody() {
        check(&header(0, 0x00, &[]), Source::Balancer(BALANCER));
        check(&header(0, 0x11, &[192, 0, 2, 7, 10, 0, 0, 1, 0, 1, 0, 25]), Source::Balancer(BALANCER));
        check(&header(1, 0x00, &[1, 2, 3]), Source::Balancer(BALANCER));
    }

    #[test]
    fn what_is_no_header_for_a_tcp_connection_is_refused() {
        let v4 = [192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x34, 0, 25];
        assert!(matches!(read_whole(&header(1, 0x12, &v4)), Err(Unnamed::NoTcp)), "UDP");
        assert!(matches!(read_whole(&header(1, 0x31, &[0; 216])), Err(Unnamed::NoTcp)), "a Unix socket");
        assert!(matches!(read_whole(&header(1, 0x11, &v4[..11])), Err(Unnamed::Malformed(_))));
        assert!(matches!(read_whole(&header(2, 0x11, &v4)), Err(Unnamed::Malformed(_))));
        assert!(matches!(read_whole(&header(1, 0x11, &[0; MAX_REST + 1])), Err(Unnamed::TooLong(_))));
        for text in [b"PROXY TCP4 192.0.2.7 10.0.0.1 1 25\r\n".as_slice(), b"EHLO tool.example\r\n"] {
            assert!(matches!(announced(&text[..FIXED]), Err(Unnamed::Malformed(_))));
        }
    }

    proptest! {
        #[test]
        fn no_header_upsets_the_reader(command in any::<u8>(), family in any::<u8>(), rest in prop::collection::vec(any::<u8>(), 0..300)) {
            let header = header(command & 0x0f, family, &rest);
            let _ = read_whole(&header);
        }
    }
}
