//! An address of the web, cut as browsers cut it, as far as a pattern asks: host, path and query. WHATWG URL, 4.4;
//! RFC 3986, 3.
//!
//! It normalises nothing but the host: what isn't named is never written anew.

use std::ops::Range;

use crate::mail::address::domain_to_ascii;

/// A longer one is nobody's link, in octets.
const LONGEST: usize = 16 * 1024;
/// RFC 1035, 2.3.4.
const LONGEST_HOST: usize = 253;

/// One that leads to the web.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAddress {
    text: String,
    host: String,
    path: Range<usize>,
    query: Option<Range<usize>>,
}

/// One parameter of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter<'a> {
    pub name: &'a str,
    pub value: &'a str,
    /// Where both stand in the address, without the marks around them.
    pub at: Range<usize>,
}

impl WebAddress {
    /// `https://host/…`, `http://host/…`, or `//host/…`; `None` of all else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let bytes = text.as_bytes();
        let slash = |byte: &u8| matches!(byte, b'/' | b'\\');
        let scheme = ["https:", "http:"]
            .into_iter()
            .find(|own| text.get(..own.len()).is_some_and(|start| start.eq_ignore_ascii_case(own)));
        let after_scheme = scheme.map_or(0, str::len);
        let slashes = bytes.iter().skip(after_scheme).take_while(|byte| slash(byte)).count();
        // Browsers take any number of them after a scheme; without one, two begin a host.
        let begins = if scheme.is_some() { slashes > 0 } else { slashes == 2 };
        if !begins {
            return None;
        }
        let authority = after_scheme + slashes;
        let ends = |byte: &u8| slash(byte) || matches!(byte, b'?' | b'#');
        let path = authority + bytes.iter().skip(authority).take_while(|byte| !ends(byte)).count();
        let host = host(text.get(authority..path)?)?;
        let fragment = memchr::memchr(b'#', bytes.get(path..)?).map_or(text.len(), |at| path + at);
        let query = memchr::memchr(b'?', bytes.get(path..fragment)?).map(|at| path + at + 1..fragment);
        let path = path..query.as_ref().map_or(fragment, |query| query.start - 1);
        Some(Self { text: text.to_owned(), host, path, query })
    }

    /// As A-labels in lower case, without a port.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// As it is written; empty where there is none.
    pub fn path(&self) -> &str {
        self.text.get(self.path.clone()).unwrap_or_default()
    }

    /// The pieces of the path, empty ones included: of `/a/b` they are `a` and `b`.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.path().get(1..).unwrap_or_default().split(['/', '\\'])
    }

    pub fn has_query(&self) -> bool {
        self.query.as_ref().is_some_and(|query| !query.is_empty())
    }

    /// In order.
    pub fn parameters(&self) -> Vec<Parameter<'_>> {
        let Some(query) = &self.query else { return Vec::new() };
        let mut at = query.start;
        let pieces = self.text.get(query.clone()).unwrap_or_default().split('&');
        pieces
            .map(|piece| {
                let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
                let own = at..at + piece.len();
                at = own.end + 1;
                Parameter { name, value, at: own }
            })
            .collect()
    }

    /// What goes of the address where the parameters that are picked go: each with one of the marks beside it, or the
    /// whole query.
    pub fn without(&self, picked: impl Fn(&Parameter<'_>) -> bool) -> Vec<Range<usize>> {
        let parameters = self.parameters();
        let goes: Vec<bool> = parameters.iter().map(picked).collect();
        if !goes.contains(&true) {
            return Vec::new();
        }
        if !goes.contains(&false) {
            return self.query.iter().map(|query| query.start - 1..query.end).collect();
        }
        let mut kept = false;
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for (parameter, goes) in parameters.iter().zip(goes) {
            if !goes {
                kept = true;
            } else if kept {
                ranges.push(parameter.at.start - 1..parameter.at.end);
            } else {
                ranges.push(parameter.at.start..parameter.at.end + 1);
            }
        }
        ranges
    }
}

fn host(authority: &str) -> Option<String> {
    let host = authority.rsplit('@').next()?;
    let host = match host.strip_prefix('[') {
        Some(literal) => literal.split_once(']')?.0,
        None => host.split(':').next()?,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b':');
    let host = if !host.is_empty() && host.bytes().all(plain) {
        host.to_ascii_lowercase()
    } else {
        domain_to_ascii(&percent_decoded(host)?)?
    };
    (host.len() <= LONGEST_HOST).then_some(host)
}

/// Percent-encoded octets read; `None` where what then stands there is no UTF-8. RFC 3986, 2.1.
pub fn percent_decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let octet = digits.and_then(|digits| data_encoding::HEXLOWER_PERMISSIVE.decode(digits).ok());
        match octet.as_deref() {
            Some([octet]) => {
                out.push(*octet);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, host: &str, path: &str, parameters: &[(&str, &str)]) {
        let address = WebAddress::parse(text).unwrap_or_else(|| panic!("{text}"));
        let own = address.parameters();
        let own: Vec<_> = own.iter().map(|one| (one.name, one.value)).collect();
        assert_eq!((address.host(), address.path(), &*own), (host, path, parameters), "{text}");
    }

    #[test]
    fn an_address_is_cut_as_browsers_cut_it() {
        check("https://Shop.Example/a/b?x=1&y#z?w", "shop.example", "/a/b", &[("x", "1"), ("y", "")]);
        check("HTTP:\\\\a.example\\b", "a.example", "\\b", &[]);
        check("//a.example:8443?x=/&y=a=b", "a.example", "", &[("x", "/"), ("y", "a=b")]);
        check("https://u@v:p@a.example./", "a.example", "/", &[]);
        check("https://bücher.example/", "xn--bcher-kva.example", "/", &[]);
        check("https:///b%75cher.example", "bucher.example", "", &[]);
        check("http://[2001:DB8::1]:80/x", "2001:db8::1", "/x", &[]);
        for none in [
            "",
            "cid:a@b",
            "data:image/gif;base64,x",
            "mailto:a@b.example",
            "/a/b",
            "a.gif",
            "///a.example",
            "https:a.example",
            "https://",
            "https://a b.example/",
            "#x",
            "ftp://a.example/",
            "{{x}}",
            "https://{{x}}/",
        ] {
            assert_eq!(WebAddress::parse(none), None, "{none}");
        }
        assert_eq!(WebAddress::parse(&format!("https://a.example/{}", "x".repeat(LONGEST))), None);
        assert_eq!(WebAddress::parse(&format!("https://{}/", "a.".repeat(200))), None);
    }

    #[test]
    fn what_goes_of_a_query_leaves_a_whole_address() {
        for (text, left) in [
            ("https://a.example/?p=1", "https://a.example/"),
            ("https://a.example/?p=1#f", "https://a.example/#f"),
            ("https://a.example/?p=1&q=2", "https://a.example/?q=2"),
            ("https://a.example/?q=2&p=1", "https://a.example/?q=2"),
            ("https://a.example/?p=1&p=2&q=3&p=4&r=5&p=6&p#f", "https://a.example/?q=3&r=5#f"),
            ("https://a.example/?q=p", "https://a.example/?q=p"),
        ] {
            let address = WebAddress::parse(text).unwrap();
            let mut own = text.to_owned();
            for range in address.without(|parameter| parameter.name == "p").into_iter().rev() {
                own.replace_range(range, "");
            }
            assert_eq!(own, left);
        }
    }

    #[test]
    fn octets_that_are_encoded_are_read() {
        assert_eq!(percent_decoded("https:%2F%2Fa%C3%a5%zz%").as_deref(), Some("https://aå%zz%"));
        assert_eq!(percent_decoded("%ff"), None);
    }
}
