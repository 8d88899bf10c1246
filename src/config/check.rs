//! RawConfig → Config: defaults, files that are named, and what the parts demand of each other.

mod departure;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::certificate::CertificateFiles;
use super::raw::{RawConfig, RawDatabase, RawSmtp, RawTrusted, RawWeb};
use super::reader::{At, Origin, Report};
use super::{Config, PolicySource, Queue, Smtp, Web};
use crate::policy::file::Severity;
use crate::smtp::server::Trusted;

/// The file in hand: what is wrong goes to `report`, relative paths start at `folder`.
struct Checker<'c> {
    report: &'c Report,
    folder: &'c Path,
}

/// `None` where something without a default is missing or can't be used; it has been reported then.
pub fn check(raw: RawConfig, report: &Report, folder: &Path) -> Option<Config> {
    let checker = Checker { report, folder };
    let data_dir = checker.path(raw.data_dir, "/var/lib/optgate");
    let hostname = checker.hostname(raw.hostname);
    let policies = checker.policies(raw.policies);
    let database = checker.database(raw.database, &data_dir);
    let queue = checker.queue(raw.lease, raw.drain);
    let smtp = checker.smtp(raw.smtp);
    let web = checker.web(raw.web);
    let upstreams = checker.upstreams(raw.upstreams);
    let dkim = checker.dkim(raw.dkim);
    Some(Config {
        hostname: hostname?,
        data_dir,
        policies: PolicySource::Folder(policies?),
        database: database?,
        queue,
        smtp,
        web: web?,
        api: raw.api_listen.map_or(loopback(8081), |at| at.value),
        upstreams: upstreams?,
        dkim,
    })
}

impl Checker<'_> {
    fn path(&self, given: Option<At<PathBuf>>, default: &str) -> PathBuf {
        self.folder.join(given.map_or_else(|| PathBuf::from(default), |at| at.value))
    }

    fn hostname(&self, given: Option<At<String>>) -> Option<String> {
        let Some(given) = given else {
            self.report.error(&Origin::Whole, "`hostname` is missing: the domain name of this gateway");
            return None;
        };
        match domain(&given.value) {
            Some(name) => Some(name),
            None => {
                self.report
                    .error(&given.origin, "a domain name is wanted here, like \"gateway.example.com\"");
                None
            }
        }
    }

    fn policies(&self, given: Option<At<PathBuf>>) -> Option<PathBuf> {
        let origin = given.as_ref().map_or(Origin::Whole, |at| at.origin.clone());
        let folder = self.path(given, "/etc/optgate/policies");
        if folder.is_dir() {
            return Some(folder);
        }
        self.report.error(&origin, format!("the policy folder {} is not there", folder.display()));
        None
    }

    fn database(&self, raw: RawDatabase, data_dir: &Path) -> Option<SecretString> {
        if let (Some(url), Some(_)) = (&raw.url, &raw.url_file) {
            self.report.error(&url.origin, "`url` and `url_file` exclude each other");
        }
        match (raw.url, raw.url_file) {
            (Some(url), _) => {
                if matches!(url.origin, Origin::File(_)) && has_password(&url.value) {
                    let message =
                        "the password would be safer in a file of its own: name that with `url_file`";
                    self.report.about_secret(&url.origin, &url.origin, Severity::Warning, message);
                }
                self.database_url(&url.value, &url.origin)
            }
            (None, Some(file)) => {
                let url = self.secret(&file)?;
                self.database_url(url.expose_secret(), &file.origin)
            }
            (None, None) => Some(format!("sqlite://{}", data_dir.join("optgate.db").display()).into()),
        }
    }

    fn database_url(&self, url: &str, origin: &Origin) -> Option<SecretString> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return Some(format!("sqlite://{}", self.folder.join(path).display()).into());
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(url.into());
        }
        let message = "a database is named sqlite:///path or postgres://…";
        self.report.about_secret(origin, origin, Severity::Error, message);
        None
    }

    fn queue(&self, lease: Option<At<Duration>>, drain: Option<At<Duration>>) -> Queue {
        let seconds = Duration::from_secs;
        Queue {
            lease: self.within(lease, seconds(5)..=seconds(3_600), seconds(60)),
            drain: self.within(drain, seconds(0)..=seconds(900), seconds(30)),
        }
    }

    fn within(
        &self,
        given: Option<At<Duration>>,
        bounds: std::ops::RangeInclusive<Duration>,
        default: Duration,
    ) -> Duration {
        let Some(given) = given else { return default };
        if !bounds.contains(&given.value) {
            let (from, to) = (bounds.start().as_secs(), bounds.end().as_secs());
            self.report.error(&given.origin, format!("from {from}s to {to}s, please"));
        }
        given.value
    }

    fn smtp(&self, raw: RawSmtp) -> Smtp {
        let standard = || vec![At { value: loopback(2525), origin: Origin::Whole }];
        let listen = raw.listen.unwrap_or_else(standard);
        let plaintext = raw.allow_plaintext_auth.as_ref().is_some_and(|at| at.value);
        for listener in listen.iter().filter(|at| plaintext && !at.value.ip().is_loopback()) {
            let message =
                "passwords must not cross a network in clear: `allow_plaintext_auth` is for loopback alone";
            self.report.error(&listener.origin, message);
        }
        let certificate = self.certificate(raw.certificate, raw.key);
        if certificate.is_none() {
            for listener in &raw.implicit_tls {
                self.report.error(&listener.origin, "`implicit_tls` needs `certificate` and `key`");
            }
        }
        if certificate.is_none() && !plaintext && raw.trusted.is_empty() {
            let origin = listen.first().map_or(Origin::Whole, |at| at.origin.clone());
            let message = "nobody can log in: without `certificate` AUTH is only offered where `allow_plaintext_auth` is true";
            self.report.warn(&origin, message);
        }
        Smtp {
            listen: listen.into_iter().map(|at| at.value).collect(),
            implicit_tls: raw.implicit_tls.into_iter().map(|at| at.value).collect(),
            max_message_size: raw.max_message_size.map_or(25 << 20, |given| self.message_size(&given)),
            max_recipients: raw.max_recipients.map_or(1_000, |at| at.value),
            allow_plaintext_auth: plaintext,
            certificate,
            trusted: raw.trusted.into_iter().filter_map(|trusted| self.trusted(trusted)).collect(),
        }
    }

    /// RFC 5321, 4.5.3.1.7 wants 64 KiB at least; a message is held in memory whole.
    fn message_size(&self, given: &At<usize>) -> usize {
        if !(64 << 10..=256 << 20).contains(&given.value) {
            self.report.error(&given.origin, "from 64 KiB to 256 MiB, please");
        }
        given.value
    }

    fn certificate(
        &self,
        certificate: Option<At<PathBuf>>,
        key: Option<At<PathBuf>>,
    ) -> Option<CertificateFiles> {
        let (certificate, key) = match (certificate, key) {
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(one), None) | (None, Some(one)) => {
                self.report.error(&one.origin, "`certificate` and `key` belong together");
                return None;
            }
            (None, None) => return None,
        };
        let files = CertificateFiles {
            certificate: self.folder.join(&certificate.value),
            key: self.folder.join(&key.value),
        };
        if let Err(message) = files.load() {
            self.report.error(&certificate.origin, message);
        }
        Some(files)
    }

    fn trusted(&self, raw: RawTrusted) -> Option<Trusted> {
        let credential = raw.credential?;
        let well_formed = credential
            .value
            .split_once('/')
            .is_some_and(|(sender, name)| !sender.is_empty() && !name.is_empty());
        if !well_formed {
            self.report.error(&credential.origin, "a credential is named SENDER/NAME");
        }
        let networks = raw.networks.into_iter().map(|at| at.value).collect();
        Some(Trusted { networks, credential: credential.value })
    }

    fn web(&self, raw: RawWeb) -> Option<Web> {
        let public_url = match raw.public_url {
            Some(given) => match public_url(&given.value) {
                Ok(url) => Some(url),
                Err(message) => {
                    self.report.error(&given.origin, message);
                    None
                }
            },
            None => {
                self.report.error(
                    &Origin::Whole,
                    "`public_url` is missing in [web]: the address that links in mail begin with",
                );
                None
            }
        };
        let proxies = raw.trusted_proxies;
        let seconds = Duration::from_secs;
        let body_limit = raw.body_limit.map_or(64 << 10, |given| {
            if !(1 << 10..=16 << 20).contains(&given.value) {
                self.report.error(&given.origin, "from 1 KiB to 16 MiB, please");
            }
            given.value
        });
        Some(Web {
            listen: raw.listen.map_or(loopback(8080), |at| at.value),
            trusted_proxies: match proxies {
                Some(given) => given.into_iter().map(|at| at.value).collect(),
                None => vec![std::net::IpAddr::from(Ipv4Addr::LOCALHOST).into()],
            },
            body_limit,
            idle_timeout: self.within(raw.idle_timeout, seconds(1)..=seconds(3_600), seconds(20)),
            public_url: public_url?,
        })
    }

    /// A file that holds one secret, its final line end left out.
    fn secret(&self, file: &At<PathBuf>) -> Option<SecretString> {
        let path = self.folder.join(&file.value);
        match std::fs::read_to_string(&path) {
            Ok(text) if text.trim().is_empty() => {
                self.report.error(&file.origin, format!("{} is empty", path.display()));
                None
            }
            Ok(text) => {
                self.warn_if_open(&path, &file.origin);
                Some(SecretString::from(text.trim_end_matches(['\r', '\n'])))
            }
            Err(error) => {
                self.report.error(&file.origin, format!("{} can't be read: {error}", path.display()));
                None
            }
        }
    }

    fn warn_if_open(&self, path: &Path, origin: &Origin) {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path).map(|metadata| metadata.permissions().mode());
        if mode.is_ok_and(|mode| mode & 0o004 != 0) {
            self.report
                .warn(origin, format!("everybody on this machine may read {}; chmod o-r", path.display()));
        }
    }

    /// Reports names that stand twice.
    fn unique<'n>(&self, names: impl Iterator<Item = (&'n str, &'n Origin)>) {
        let mut seen = BTreeMap::new();
        for (name, origin) in names {
            if seen.insert(name, ()).is_some() {
                self.report.error(origin, format!("`{name}` stands here twice"));
            }
        }
    }
}

/// Whether a database's address holds `user:password@`.
fn has_password(url: &str) -> bool {
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    let login = authority.and_then(|authority| authority.rsplit_once('@'));
    login.is_some_and(|(login, _)| login.contains(':'))
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// A domain name as A-labels in lower case.
fn domain(text: &str) -> Option<String> {
    let name = idna::domain_to_ascii_strict(text).ok()?;
    (!name.is_empty() && name.len() <= 253 && !name.ends_with('.')).then_some(name)
}

/// `https://host[:port][/path]`, http on loopback alone; without the final slash.
fn public_url(text: &str) -> Result<String, String> {
    let (rest, secure) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => {
            return Err("a web address is wanted here, like \"https://mail.example.com\"".to_owned());
        }
    };
    let plain = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'@' | b'"' | b'<' | b'>' | b'\\')
    };
    let host = host(rest.split('/').next().unwrap_or_default());
    if host.is_empty() || !rest.bytes().all(plain) {
        return Err("only scheme, host, port and path: links are made from it".to_owned());
    }
    if !secure && !is_loopback(host) {
        return Err(
            "links in mail must be https: mail clients ignore one-click links that are not".to_owned()
        );
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// The host of `host:port`, brackets of an IPv6 address included.
fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}
