//! `[[upstream]]` and `[[dkim]]`: how mail leaves.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::super::raw::{RawDkim, RawTimeouts, RawUpstream};
use super::{Checker, host, is_loopback};
use crate::deliver::upstream::{Kind, Settings, Timeouts, Tls};
use crate::mail::address::domain_to_ascii;
use crate::sign::key::{Algorithm, PrivateKey};
use crate::sign::{SigningKey, is_name};
use crate::toml_file::Given;

/// Fields that a message brings, or that the gateway sets.
const OURS: &[&str] = &[
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Subject",
    "Date",
    "Message-ID",
    "Received",
    "Return-Path",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "DKIM-Signature",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
    "Feedback-ID",
];

impl Checker<'_> {
    pub(super) fn upstreams(&self, raw: Vec<RawUpstream>) -> Option<Vec<Settings>> {
        if raw.is_empty() {
            self.source.error_of_file("there is no [[upstream]]: mail could not leave");
            return None;
        }
        let mut seen = BTreeSet::new();
        for name in raw.iter().filter_map(|one| one.name.as_ref()) {
            if !seen.insert(&name.value) {
                self.source.error(&name.span, format!("an upstream named `{}` stands above", name.value));
            }
        }
        for further in raw.iter().skip(1).filter(|one| one.name.is_none()) {
            self.source.error(&further.span, "each of several upstreams needs a `name` of its own");
        }
        let count = raw.len();
        let settings: Vec<Settings> = raw.into_iter().filter_map(|one| self.upstream(one)).collect();
        (settings.len() == count).then_some(settings)
    }

    fn upstream(&self, raw: RawUpstream) -> Option<Settings> {
        let name = raw.name.as_ref().map_or_else(|| "primary".to_owned(), |at| at.value.clone());
        let (host, port) = self.host_and_port(raw.address.as_ref()?)?;
        let tls = raw.tls.as_ref().map_or(Tls::Required, |at| at.value);
        if matches!(tls, Tls::None | Tls::Opportunistic) && !is_loopback(&host) {
            let place = raw.tls.as_ref().map_or(&raw.span, |given| &given.span);
            self.source.warning(place, "mail to this upstream can be read and changed on its way");
            if raw.username.is_some() {
                self.source.warning(place, "and so can the password");
            }
        }
        let extra_roots = raw.ca_file.as_ref().and_then(|file| self.roots(file)).into_iter().collect();
        Some(Settings {
            name,
            host,
            port,
            tls,
            login: self.login(raw.username, raw.password_file),
            connections: raw.connections.map_or(10, |given| self.connections(&given)),
            priority: raw.priority.map_or(0, |at| at.value),
            weight: raw.weight.map_or(1, |at| at.value),
            region: self.region(raw.region),
            kind: raw.kind.map_or(Kind::Generic, |at| at.value),
            signs: raw.signs.is_some_and(|at| at.value),
            headers: self.headers(raw.headers),
            extra_roots,
            timeouts: self.timeouts(raw.timeouts),
        })
    }

    /// Kept for people to see: so far no policy routes by it.
    fn region(&self, given: Option<Given<String>>) -> Option<String> {
        let given = given?;
        let message = "`region` is kept but routes nothing in this version: no policy can ask for it yet";
        self.source.warning(&given.span, message);
        Some(given.value)
    }

    fn timeouts(&self, raw: RawTimeouts) -> Timeouts {
        let most = Duration::from_secs(3_600);
        let bounded = |given, default| self.within(given, Duration::from_secs(1)..=most, default);
        let default = Timeouts::default();
        if let Some(given) = raw.end_of_data.as_ref().filter(|given| given.value < default.end_of_data) {
            let message = "an upstream that takes longer than this to answer gets the message twice; \
                           RFC 5321 wants 10m";
            self.source.warning(&given.span, message);
        }
        Timeouts {
            connect: bounded(raw.connect, default.connect),
            greeting: bounded(raw.greeting, default.greeting),
            command: bounded(raw.command, default.command),
            data: bounded(raw.data, default.data),
            end_of_data: bounded(raw.end_of_data, default.end_of_data),
        }
    }

    fn connections(&self, given: &Given<u32>) -> usize {
        if given.value > 1_000 {
            self.source.error(&given.span, "this must be from 1 to 1000");
        }
        usize::try_from(given.value).unwrap_or(usize::MAX)
    }

    fn host_and_port(&self, address: &Given<String>) -> Option<(String, u16)> {
        let name = host(&address.value);
        let port = address.value.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let host = match bare.parse::<std::net::IpAddr>() {
            Ok(literal) => Some(literal.to_string()),
            Err(_) => domain_to_ascii(name),
        };
        if let (Some(host), Some(port)) = (host, port.filter(|port| *port != 0)) {
            return Some((host, port));
        }
        let message = format!("`{}` is not HOST:PORT such as `smtp.provider.example:587`", address.value);
        self.source.error(&address.span, message);
        None
    }

    fn login(
        &self,
        username: Option<Given<String>>,
        password_file: Option<Given<PathBuf>>,
    ) -> Option<(String, SecretString)> {
        match (username, password_file) {
            (Some(username), Some(file)) => Some((username.value, self.secret(&file)?)),
            (Some(username), None) => {
                self.source.error(&username.span, "`username` needs `password_file`");
                None
            }
            (None, Some(file)) => {
                self.source.error(&file.span, "`password_file` needs `username`");
                None
            }
            (None, None) => None,
        }
    }

    fn roots(&self, file: &Given<PathBuf>) -> Option<Vec<u8>> {
        let path = self.folder.join(&file.value);
        let read = std::fs::read(&path).map_err(|error| error.to_string()).and_then(|pem| {
            let count = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
            match count.map_err(|error| error.to_string())?.len() {
                0 => Err("holds no certificate".to_owned()),
                _ => Ok(pem),
            }
        });
        read.inspect_err(|error| self.source.error(&file.span, format!("{}: {error}", path.display()))).ok()
    }

    /// Fields that are added to every message: never ones that are ours to set, and nothing that could
    /// end a field.
    fn headers(&self, raw: Vec<(String, Given<String>)>) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for (name, value) in raw {
            let name_ok =
                !name.is_empty() && name.bytes().all(|byte| matches!(byte, 33..=126) && byte != b':');
            let value_ok =
                value.value.chars().all(|letter| matches!(letter, ' '..='~')) && value.value.len() <= 900;
            if OURS.iter().any(|own| own.eq_ignore_ascii_case(&name)) {
                self.source.error(&value.span, format!("`{name}` is not for an upstream to set"));
            }
            if !name_ok || !value_ok {
                self.source
                    .error(&value.span, format!("`{}` can't be made a header field", name.escape_debug()));
            }
            headers.push((name, value.value));
        }
        headers
    }

    pub(super) fn dkim(&self, raw: Vec<RawDkim>) -> Vec<SigningKey> {
        let mut keys: Vec<(SigningKey, Algorithm, Given<PathBuf>)> = Vec::new();
        for (key, algorithm, file) in raw.into_iter().filter_map(|one| self.signing_key(one)) {
            let same = |other: &SigningKey| {
                other.domain == key.domain && other.selector.eq_ignore_ascii_case(&key.selector)
            };
            if keys.iter().any(|(other, ..)| same(other)) {
                let message = format!(
                    "{}._domainkey.{} stands above: DNS can name only one key there; give this one a selector of its own",
                    key.selector, key.domain
                );
                self.source.error(&file.span, message);
            }
            keys.push((key, algorithm, file));
        }
        for (key, algorithm, file) in &keys {
            let rsa_too = |(other, kind, _): &(SigningKey, Algorithm, _)| {
                other.domain == key.domain && *kind == Algorithm::Rsa
            };
            if *algorithm == Algorithm::Ed25519 && !keys.iter().any(rsa_too) {
                let message = "Ed25519 alone: the large providers don't verify it; add an RSA key";
                self.source.warning(&file.span, message);
            }
        }
        keys.into_iter().map(|(key, _, _)| key).collect()
    }

    fn signing_key(&self, raw: RawDkim) -> Option<(SigningKey, Algorithm, Given<PathBuf>)> {
        let (owner, selector, file) = (raw.domain?, raw.selector?, raw.key_file?);
        let Some(domain) = domain_to_ascii(&owner.value).filter(|_| is_name(&selector.value)) else {
            self.source
                .error(&owner.span, "`domain` and `selector` make a domain name: SELECTOR._domainkey.DOMAIN");
            return None;
        };
        let pem = self.secret(&file)?;
        match PrivateKey::read(pem.expose_secret()) {
            Ok(key) => {
                let signing = SigningKey { domain, selector: selector.value, pem };
                Some((signing, key.algorithm(), file))
            }
            Err(fault) => {
                let path = self.folder.join(&file.value);
                let message = format!("{} can't sign for {domain}: {fault}", path.display());
                self.source.error(&file.span, message);
                None
            }
        }
    }
}
