//! What begins like no SMTP of anybody's, and is better told so at once than waited for or read as commands: a web
//! page can have a browser post commands to any port, behind a request line and headers that are none. Pure.

/// Another protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Foreign {
    /// A ClientHello where nothing is encrypted yet.
    Tls,
    /// The PROXY protocol, of either version, from whom it is not expected.
    Proxy,
    Http,
}

/// Record type and version. RFC 8446, 5.1.
const TLS_HANDSHAKE: &[u8] = &[0x16, 0x03];
/// <https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt>, 2.1 and 2.2.
const PROXY: [&[u8]; 2] = [b"PROXY ", b"\r\n\r\n\0\r\nQUIT\n"];
/// RFC 9110, 9.3; RFC 5789; the preface of RFC 9113, 3.4. They are told by their name alone, since a request line may
/// be longer than any command.
const METHODS: [&str; 10] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"];
/// How a request line ends, whatever its method.
const VERSIONS: [&[u8]; 3] = [b" HTTP/1.1", b" HTTP/1.0", b" HTTP/2.0"];

impl Foreign {
    /// What `beginning` is, where a command should begin; `None` where it may yet be one.
    pub fn of(beginning: &[u8]) -> Option<Self> {
        if beginning.starts_with(TLS_HANDSHAKE) {
            Some(Self::Tls)
        } else if PROXY.iter().any(|header| beginning.starts_with(header)) {
            Some(Self::Proxy)
        } else if is_request(beginning) {
            Some(Self::Http)
        } else {
            None
        }
    }

    /// One word for metrics and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Tls => "tls_in_clear",
            Self::Proxy => "proxy_header",
            Self::Http => "http",
        }
    }
}

fn is_request(beginning: &[u8]) -> bool {
    let begins = |method: &str| {
        beginning.strip_prefix(method.as_bytes()).is_some_and(|rest| rest.first() == Some(&b' '))
    };
    METHODS.iter().any(|method| begins(method)) || {
        let line = beginning.split(|&octet| octet == super::LF).next().unwrap_or_default();
        let line = line.strip_suffix(&[super::CR]).unwrap_or(line);
        line.len() < beginning.len() && VERSIONS.iter().any(|version| line.ends_with(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_protocol_is_told_by_how_it_begins() {
        for (beginning, what) in [
            (b"\x16\x03\x01\x02\x00\x01".as_slice(), Foreign::Tls),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n", Foreign::Proxy),
            (b"\r\n\r\n\0\r\nQUIT\n\x21\x11", Foreign::Proxy),
            (b"GET / HTTP/1.1\r\n", Foreign::Http),
            (b"POST /", Foreign::Http),
            (b"PRI * HTTP/2.0\r\n", Foreign::Http),
            (b"PROPFIND /x HTTP/1.1\r\nHost: x\r\n", Foreign::Http),
            (b"get /x HTTP/1.0\n", Foreign::Http),
        ] {
            assert_eq!(Foreign::of(beginning), Some(what), "{beginning:?}");
        }
    }

    #[test]
    fn what_may_yet_be_a_command_is_waited_for() {
        for beginning in [
            b"".as_slice(),
            b"\x16",
            b"P",
            b"POST",
            b"PUTS x",
            b"GETTY x\r\n",
            b"NOOP HTTP/1.1",
            b"MAIL FROM:<a@b.example>\r\nNOOP HTTP/1.1\r\n",
            b"EHLO GET / HTTP/1.2\r\n",
            b"\r\nGET / HTTP/1.1\r\n",
            b"QUIT\r\n",
        ] {
            assert_eq!(Foreign::of(beginning), None, "{beginning:?}");
        }
    }
}
