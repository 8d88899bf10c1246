//! What DNS says of a key, and whether it lets verifiers find ours. RFC 6376, 3.6.1; RFC 8301; RFC 8463, 4. Pure.
//!
//! The records are strangers' text: what of them is repeated to people is bounded.

use std::fmt;

use data_encoding::BASE64;

use super::key::PrivateKey;

/// A record that is longer than this says nothing of a key.
const MOST: usize = 8 * 1024;
/// What is repeated of a word.
const SHOWN: usize = 40;

/// What is wrong with the records at a key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    Missing,
    /// So many: which of them a verifier takes is undefined.
    Several(usize),
    /// Not a list of tags; what is wrong with it.
    Syntax(String),
    /// `v=` is there and is not `DKIM1`, or does not stand first.
    Version,
    /// `p=` is empty.
    Revoked,
    /// Another `k=` than the key's.
    Type(String),
    OtherKey,
    /// The key is ours, in a form that some verifiers can't read.
    Bare,
    /// `h=` without sha256.
    Hash,
    /// `s=` without `email` or `*`.
    Service,
    /// `t=y`.
    Testing,
}

/// How bad that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// No verifier takes a signature of this key.
    Error,
    /// Some don't, or not in earnest.
    Warning,
}

impl Fault {
    pub fn weight(&self) -> Weight {
        match self {
            Self::Testing => Weight::Warning,
            _ => Weight::Error,
        }
    }

    /// A word for programs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Several(_) => "several_records",
            Self::Syntax(_) => "syntax",
            Self::Version => "version",
            Self::Revoked => "revoked",
            Self::Type(_) => "key_type",
            Self::OtherKey => "other_key",
            Self::Bare => "bare_key",
            Self::Hash => "hash",
            Self::Service => "service",
            Self::Testing => "test_mode",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => out.write_str("DNS has no record there"),
            Self::Several(count) => {
                write!(out, "DNS has {count} TXT records there: verifiers take any of them, or none")
            }
            Self::Syntax(why) => write!(out, "the record can't be read: {why}"),
            Self::Version => out.write_str("the record does not begin with `v=DKIM1`"),
            Self::Revoked => out.write_str("the record has an empty `p=`: the key is revoked"),
            Self::Type(found) => write!(out, "the record is for a key of another kind: `k={found}`"),
            Self::OtherKey => out.write_str("the record holds another key"),
            Self::Bare => out.write_str(
                "the record holds the bare RSA key, without the frame that says so: opendkim and others can't read it",
            ),
            Self::Hash => {
                out.write_str("`h=` in the record leaves out sha256, with which everything is signed")
            }
            Self::Service => out.write_str("`s=` in the record leaves out email"),
            Self::Testing => {
                out.write_str("`t=y` in the record says that the domain only tests: leave it out")
            }
        }
    }
}

/// What is wrong with the TXT records at the name of a key, each with its strings joined; nothing where verifiers find
/// the key and may use it.
pub fn judge(records: &[Vec<u8>], key: &PrivateKey) -> Vec<Fault> {
    match records {
        [] => vec![Fault::Missing],
        [record] => faults(record, key),
        several => vec![Fault::Several(several.len())],
    }
}

fn faults(record: &[u8], key: &PrivateKey) -> Vec<Fault> {
    let tags = match tags(record) {
        Ok(tags) => tags,
        Err(why) => return vec![Fault::Syntax(why)],
    };
    let value = |name: &str| tags.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
    let words = |name: &str| {
        value(name)
            .map(|value| value.split(':').map(|word| word.trim().to_ascii_lowercase()).collect::<Vec<_>>())
    };
    let has = |words: &[String], wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let mut faults = Vec::new();
    let first = tags.first().map(|(name, _)| name.as_str());
    if value("v").is_some_and(|version| version != "DKIM1" || first != Some("v")) {
        faults.push(Fault::Version);
    }
    let kind = value("k").unwrap_or("rsa");
    if !kind.eq_ignore_ascii_case(key.algorithm().as_str()) {
        faults.push(Fault::Type(clipped(kind)));
    }
    if words("h").is_some_and(|words| !has(&words, &["sha256"])) {
        faults.push(Fault::Hash);
    }
    if words("s").is_some_and(|words| !has(&words, &["*", "email"])) {
        faults.push(Fault::Service);
    }
    match value("p").map(bare) {
        None => faults.push(Fault::Syntax("it has no `p=`".to_owned())),
        Some(public) if public.is_empty() => faults.push(Fault::Revoked),
        Some(public) => match BASE64.decode(public.as_bytes()) {
            Err(_) => faults.push(Fault::Syntax("its `p=` is no base64".to_owned())),
            Ok(public) if key.is_published_as(&public) => {}
            Ok(public) if key.is_bare(&public) => faults.push(Fault::Bare),
            Ok(_) => faults.push(Fault::OtherKey),
        },
    }
    if words("t").is_some_and(|words| has(&words, &["y"])) {
        faults.push(Fault::Testing);
    }
    faults
}

/// `name=value` between semicolons, blanks round both left out; names are told apart by case. RFC 6376, 3.2.
pub fn tags(record: &[u8]) -> Result<Vec<(String, String)>, String> {
    if record.len() > MOST {
        return Err("it is too long".to_owned());
    }
    let text = std::str::from_utf8(record).map_err(|_| "it is no text".to_owned())?;
    let mut tags: Vec<(String, String)> = Vec::new();
    let mut parts = text.split(';').peekable();
    while let Some(part) = parts.next() {
        let part = part.trim();
        if part.is_empty() && parts.peek().is_none() {
            break;
        }
        let Some((name, value)) = part.split_once('=') else {
            return Err(format!("`{}` is no `tag=value`", clipped(part)));
        };
        let name = name.trim();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(format!("`{}` is no name of a tag", clipped(name)));
        }
        if tags.iter().any(|(own, _)| own == name) {
            return Err(format!("the tag `{}` stands twice", clipped(name)));
        }
        tags.push((name.to_owned(), value.trim().to_owned()));
    }
    Ok(tags)
}

/// Blanks may stand anywhere in base64.
fn bare(value: &str) -> String {
    value.chars().filter(|letter| !letter.is_ascii_whitespace()).collect()
}

fn clipped(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// The record as the strings of a zone file: none may be longer than 255 octets. RFC 1035, 3.3.14.
pub fn strings(record: &str) -> Vec<&str> {
    let mut strings = Vec::new();
    let mut rest = record;
    while !rest.is_empty() {
        let (head, tail) = rest.split_at_checked(255).unwrap_or((rest, ""));
        strings.push(head);
        rest = tail;
    }
    strings
}

#[cfg(test)]
mod tests {
    use super::super::key::{Algorithm, PrivateKey};
    use super::*;

    #[test]
    fn a_record_is_read_as_verifiers_read_it() {
        let key = PrivateKey::generate(Algorithm::Ed25519, 0).unwrap().0;
        let other = PrivateKey::generate(Algorithm::Ed25519, 0).unwrap().0;
        let own = key.record();
        let p = own.split("p=").nth(1).unwrap();
        let split = format!("{} {}", &p[..9], &p[9..]);
        let cases = [
            (own.clone(), vec![]),
            (format!("k=ed25519;p={split};"), vec![]),
            (format!(" v = DKIM1 ; k = ed25519 ; n = a note ; h = sha1 : sha256 ; s = * ; p = {p}"), vec![]),
            (other.record(), vec![Fault::OtherKey]),
            (format!("v=DKIM1; p={p}"), vec![Fault::Type("rsa".into())]),
            ("v=DKIM1; k=ed25519; p=".into(), vec![Fault::Revoked]),
            (format!("{own}; t=y:s"), vec![Fault::Testing]),
            (format!("{own}; t=s"), vec![]),
            (format!("{own}; h=sha1"), vec![Fault::Hash]),
            (format!("{own}; s=tlsrpt"), vec![Fault::Service]),
            (format!("v=DKIM2; k=ed25519; p={p}"), vec![Fault::Version]),
            (format!("k=ed25519; v=DKIM1; p={p}"), vec![Fault::Version]),
            (
                "v=spf1 -all".into(),
                vec![Fault::Version, Fault::Type("rsa".into()), Fault::Syntax("it has no `p=`".into())],
            ),
            ("hello".into(), vec![Fault::Syntax("`hello` is no `tag=value`".into())]),
            (format!("{own}; p=x"), vec![Fault::Syntax("the tag `p` stands twice".into())]),
            ("v=DKIM1; k=ed25519; p=%%".into(), vec![Fault::Syntax("its `p=` is no base64".into())]),
        ];
        for (record, expect) in cases {
            assert_eq!(judge(&[record.clone().into_bytes()], &key), expect, "{record}");
        }
        assert_eq!(judge(&[], &key), [Fault::Missing]);
        assert_eq!(judge(&[own.clone().into_bytes(), own.into_bytes()], &key), [Fault::Several(2)]);
    }

    #[test]
    fn an_rsa_key_is_found_in_its_frame_alone() {
        let key = PrivateKey::generate(Algorithm::Rsa, 2_048).unwrap().0;
        let record = key.record();
        assert_eq!(judge(&[record.clone().into_bytes()], &key), []);
        let whole = BASE64.decode(record.split("p=").nth(1).unwrap().as_bytes()).unwrap();
        // The algorithm's name and the bit string's head stand before the bare key.
        let bare = format!("v=DKIM1; p={}", BASE64.encode(&whole[24..]));
        assert_eq!(judge(&[bare.into_bytes()], &key), [Fault::Bare]);
        let strings = strings(&record);
        assert!(strings.len() == 2 && strings.iter().all(|part| part.len() <= 255));
        assert_eq!(strings.concat(), record);
    }
}
