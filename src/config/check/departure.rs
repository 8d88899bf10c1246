//! `[[upstream]]` and `[[dkim]]`: how mail leaves.

use std::path::PathBuf;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::{ExposeSecret as _, SecretString};

use super::super::raw::{RawDkim, RawUpstream};
use super::super::reader::{At, Origin};
use super::{Checker, domain, host, is_loopback};
use crate::deliver::upstream::{Kind, Settings, Timeouts, Tls};
use crate::sign::{Signers, SigningKey};

impl Checker<'_> {
    pub(super) fn upstreams(&self, raw: Vec<RawUpstream>) -> Option<Vec<Settings>> {
        if raw.is_empty() {
            self.report.error(&Origin::Whole, "no [[upstream]]: mail could not leave");
            return None;
        }
        self.unique(raw.iter().filter_map(|one| one.name.as_ref()).map(|at| (at.value.as_str(), &at.origin)));
        let count = raw.len();
        let settings: Vec<Settings> = raw.into_iter().filter_map(|one| self.upstream(one)).collect();
        (settings.len() == count).then_some(settings)
    }

    fn upstream(&self, raw: RawUpstream) -> Option<Settings> {
        let name = raw.name.as_ref().map_or_else(|| "primary".to_owned(), |at| at.value.clone());
        let Some(address) = &raw.address else {
            self.report.error(&raw.origin, "`address` is missing in [[upstream]]: HOST:PORT");
            return None;
        };
        let (host, port) = self.host_and_port(address)?;
        let tls = raw.tls.as_ref().map_or(Tls::Required, |at| at.value);
        if matches!(tls, Tls::None | Tls::Opportunistic) && !is_loopback(&host) {
            let origin = raw.tls.as_ref().map_or(&raw.origin, |at| &at.origin);
            self.report.warn(origin, "mail to this upstream can be read and changed on its way");
            if raw.username.is_some() {
                self.report.warn(origin, "and so can the password");
            }
        }
        let extra_roots = raw.ca_file.as_ref().and_then(|file| self.roots(file)).into_iter().collect();
        Some(Settings {
            name,
            host,
            port,
            tls,
            login: self.login(raw.username, raw.password_file),
            connections: raw.connections.map_or(10, |at| at.value),
            kind: raw.kind.map_or(Kind::Generic, |at| at.value),
            signs: raw.signs.is_some_and(|at| at.value),
            headers: self.headers(raw.headers),
            extra_roots,
            timeouts: Timeouts::default(),
        })
    }

    fn host_and_port(&self, address: &At<String>) -> Option<(String, u16)> {
        let name = host(&address.value);
        let port = address.value.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        let host = match bare.parse::<std::net::IpAddr>() {
            Ok(literal) => Some(literal.to_string()),
            Err(_) => domain(name),
        };
        if let (Some(host), Some(port)) = (host, port.filter(|port| *port != 0)) {
            return Some((host, port));
        }
        self.report.error(&address.origin, "HOST:PORT is wanted here, like \"smtp.provider.example:587\"");
        None
    }

    fn login(
        &self,
        username: Option<At<String>>,
        password_file: Option<At<PathBuf>>,
    ) -> Option<(String, SecretString)> {
        match (username, password_file) {
            (Some(username), Some(file)) => Some((username.value, self.secret(&file)?)),
            (Some(username), None) => {
                self.report.error(&username.origin, "`username` needs `password_file`");
                None
            }
            (None, Some(file)) => {
                self.report.error(&file.origin, "`password_file` needs `username`");
                None
            }
            (None, None) => None,
        }
    }

    fn roots(&self, file: &At<PathBuf>) -> Option<Vec<u8>> {
        let path = self.folder.join(&file.value);
        let read = std::fs::read(&path).map_err(|error| error.to_string()).and_then(|pem| {
            let count = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
            match count.map_err(|error| error.to_string())?.len() {
                0 => Err("holds no certificate".to_owned()),
                _ => Ok(pem),
            }
        });
        read.inspect_err(|error| self.report.error(&file.origin, format!("{}: {error}", path.display()))).ok()
    }

    /// Fields that are added to every message: never ones that are ours to set, and nothing that could
    /// end a field.
    fn headers(&self, raw: Vec<(String, At<String>)>) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for (name, value) in raw {
            let name_ok =
                !name.is_empty() && name.bytes().all(|byte| matches!(byte, 33..=126) && byte != b':');
            let value_ok =
                value.value.chars().all(|letter| matches!(letter, ' '..='~')) && value.value.len() <= 900;
            if !name_ok || !value_ok {
                self.report
                    .error(&value.origin, format!("`{}` can't be made a header field", name.escape_debug()));
            }
            headers.push((name, value.value));
        }
        headers
    }

    pub(super) fn dkim(&self, raw: Vec<RawDkim>) -> Vec<SigningKey> {
        let origins: Vec<Origin> =
            raw.iter().map(|one| one.domain.as_ref().map_or(Origin::Whole, |at| at.origin.clone())).collect();
        let keys: Vec<(SigningKey, Algorithm)> =
            raw.into_iter().filter_map(|one| self.signing_key(one)).collect();
        for (index, (key, algorithm)) in keys.iter().enumerate() {
            let alone =
                !keys.iter().any(|(other, kind)| other.domain == key.domain && *kind == Algorithm::Rsa);
            if *algorithm == Algorithm::Ed25519 && alone {
                let origin = origins.get(index).unwrap_or(&Origin::Whole);
                self.report
                    .warn(origin, "Ed25519 alone: the large providers don't verify it; add an RSA key");
            }
        }
        keys.into_iter().map(|(key, _)| key).collect()
    }

    fn signing_key(&self, raw: RawDkim) -> Option<(SigningKey, Algorithm)> {
        let (owner, selector, file) = (raw.domain?, raw.selector?, raw.key_file?);
        let (Some(domain), Some(_)) = (domain(&owner.value), domain(&selector.value)) else {
            self.report.error(
                &owner.origin,
                "`domain` and `selector` make a domain name: SELECTOR._domainkey.DOMAIN",
            );
            return None;
        };
        let pem = self.secret(&file)?;
        let algorithm = match algorithm(&pem) {
            Ok(algorithm) => algorithm,
            Err(message) => {
                self.report.error(&file.origin, message);
                return None;
            }
        };
        let key =
            |pem: SecretString| SigningKey { domain: domain.clone(), selector: selector.value.clone(), pem };
        if let Err(error) = Signers::new(vec![key(pem.clone())]) {
            self.report.error(&file.origin, error.to_string());
        }
        Some((key(pem), algorithm))
    }
}

/// What a DKIM key signs with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Rsa,
    Ed25519,
}

fn algorithm(pem: &SecretString) -> Result<Algorithm, String> {
    /// 1.3.101.112 in DER (RFC 8410, 3).
    const ED25519: &[u8] = &[0x06, 0x03, 0x2b, 0x65, 0x70];
    match PrivateKeyDer::from_pem_slice(pem.expose_secret().as_bytes()) {
        Ok(PrivateKeyDer::Pkcs1(_)) => Ok(Algorithm::Rsa),
        Ok(PrivateKeyDer::Pkcs8(key)) => {
            let head = key.secret_pkcs8_der().get(..24).unwrap_or_default();
            let edwards = head.windows(ED25519.len()).any(|window| window == ED25519);
            Ok(if edwards { Algorithm::Ed25519 } else { Algorithm::Rsa })
        }
        Ok(_) => Err("an RSA or Ed25519 key is wanted here".to_owned()),
        Err(error) => Err(format!("not a private key in PEM: {error}")),
    }
}
