//! RawConfig → Config: defaults, files that are named, and what the parts demand of each other.

mod departure;
mod doors;
mod feedback;
mod limits;
mod listeners;
mod webhook;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::{Range, RangeInclusive};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::raw::{RawConfig, RawDatabase, RawQueue};
use super::{Config, Essentials, PolicySource, Queue};
use crate::mail::address::domain_to_ascii;
use crate::toml_file::{Given, Source};

/// Where policies are looked for when the file doesn't say.
const POLICIES: &str = "/etc/optgate/policies";

/// The file in hand: what is wrong is noted in `source`, relative paths start at `folder`.
struct Checker<'c> {
    source: &'c Source<'c>,
    folder: &'c Path,
}

/// `None` where something without a default is missing or can't be used; it has been noted then.
pub fn check(raw: RawConfig, source: &Source<'_>, folder: &Path) -> Option<Config> {
    let checker = Checker { source, folder };
    checker.listeners(&raw);
    checker.networks(&raw.smtp.trusted);
    let data_dir = checker.path(raw.data_dir.as_ref(), "/var/lib/optgate");
    let hostname = checker.hostname(raw.hostname);
    let policies = checker.policies(raw.policies);
    let database = checker.database(raw.database, &data_dir);
    let queue = checker.queue(raw.queue);
    let smtp = checker.smtp(raw.smtp);
    let feedback = raw.feedback.map(|raw| checker.feedback(raw));
    let web = checker.web(raw.web);
    let webhooks = checker.webhooks(raw.webhooks);
    let upstreams = checker.upstreams(raw.upstreams);
    let dkim = checker.dkim(raw.dkim);
    Some(Config {
        hostname: hostname?,
        data_dir,
        policies: PolicySource::Folder(policies?),
        database: database?,
        queue,
        smtp,
        feedback: match feedback {
            None => None,
            Some(feedback) => Some(feedback?),
        },
        web: web?,
        api: checker.api(raw.api),
        logins: checker.logins(raw.logins),
        webhooks,
        upstreams: upstreams?,
        dkim,
    })
}

/// The same of what commands need.
pub fn essentials(raw: RawConfig, source: &Source<'_>, folder: &Path) -> Option<Essentials> {
    let checker = Checker { source, folder };
    let data_dir = checker.path(raw.data_dir.as_ref(), "/var/lib/optgate");
    Some(Essentials {
        policies: checker.path(raw.policies.as_ref(), POLICIES),
        database: checker.database(raw.database, &data_dir)?,
        lease: checker.queue(raw.queue).lease,
        api: raw.api.listen.map_or(loopback(8081), |given| given.value),
        data_dir,
    })
}

impl Checker<'_> {
    fn path(&self, given: Option<&Given<PathBuf>>, default: &str) -> PathBuf {
        self.folder.join(given.map_or(Path::new(default), |given| given.value.as_path()))
    }

    fn hostname(&self, given: Option<Given<String>>) -> Option<String> {
        let Some(given) = given else {
            self.source.error_of_file("`hostname` is missing: the domain name of this gateway");
            return None;
        };
        let name = domain_to_ascii(&given.value);
        if name.is_none() {
            let message = format!("`{}` is not a domain name such as `gateway.example.com`", given.value);
            self.source.error(&given.span, message);
        }
        name
    }

    fn policies(&self, given: Option<Given<PathBuf>>) -> Option<PathBuf> {
        let folder = self.path(given.as_ref(), POLICIES);
        if folder.is_dir() {
            return Some(folder);
        }
        let message = format!("the policy folder {} is not there", folder.display());
        match given {
            Some(given) => self.source.error(&given.span, message),
            None => self.source.error_of_file(message),
        }
        None
    }

    fn database(&self, raw: RawDatabase, data_dir: &Path) -> Option<SecretString> {
        if let (Some(url), Some(_)) = (&raw.url, &raw.url_file) {
            self.source.error(&url.span, "`url` and `url_file` exclude each other");
        }
        match (raw.url, raw.url_file) {
            (Some(url), _) => {
                if has_password(&url.value) {
                    let message =
                        "the password would be safer in a file of its own: name that with `url_file`";
                    self.source.warning(&url.span, message);
                }
                self.database_url(&url.value, &url.span)
            }
            (None, Some(file)) => {
                let url = self.secret(&file)?;
                self.database_url(url.expose_secret(), &file.span)
            }
            (None, None) => Some(format!("sqlite://{}", data_dir.join("optgate.db").display()).into()),
        }
    }

    fn database_url(&self, url: &str, span: &Range<usize>) -> Option<SecretString> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return Some(format!("sqlite://{}", self.folder.join(path).display()).into());
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(url.into());
        }
        self.source.error(span, "a database is named `sqlite:///path` or `postgres://…`");
        None
    }

    fn queue(&self, raw: RawQueue) -> Queue {
        let seconds = Duration::from_secs;
        Queue {
            lease: self.within(raw.lease, seconds(5)..=seconds(3_600), seconds(60)),
            drain: self.within(raw.drain, seconds(1)..=seconds(900), seconds(30)),
        }
    }

    fn within(
        &self,
        given: Option<Given<Duration>>,
        bounds: RangeInclusive<Duration>,
        default: Duration,
    ) -> Duration {
        let Some(given) = given else { return default };
        if !bounds.contains(&given.value) {
            let (from, to) = (bounds.start().as_secs(), bounds.end().as_secs());
            self.source.error(&given.span, format!("this must be from {from}s to {to}s"));
        }
        given.value
    }

    /// A whole number or size within bounds; `unit` is for people.
    fn bounded(
        &self,
        given: Option<Given<usize>>,
        bounds: RangeInclusive<usize>,
        unit: &str,
        default: usize,
    ) -> usize {
        let Some(given) = given else { return default };
        if !bounds.contains(&given.value) {
            let (from, to) = (bounds.start(), bounds.end());
            self.source.error(&given.span, format!("this must be from {from} to {to} {unit}"));
        }
        given.value
    }

    /// A file that holds one secret, its final line end left out.
    fn secret(&self, file: &Given<PathBuf>) -> Option<SecretString> {
        let path = self.folder.join(&file.value);
        match std::fs::read_to_string(&path) {
            Ok(text) if text.trim().is_empty() => {
                self.source.error(&file.span, format!("{} is empty", path.display()));
                None
            }
            Ok(text) => {
                self.rights(&path, &file.span);
                Some(SecretString::from(text.trim_end_matches(['\r', '\n'])))
            }
            Err(error) => {
                self.source.error(&file.span, format!("{} can't be read: {error}", path.display()));
                None
            }
        }
    }

    /// Who else may touch a file with a secret. Reading by a group is how a service gets at it; reading by
    /// everybody is what container secrets often allow, where nobody else is.
    fn rights(&self, path: &Path, span: &Range<usize>) {
        let mode = |path: &Path| std::fs::metadata(path).map(|metadata| metadata.permissions().mode()).ok();
        let Some(own) = mode(path) else { return };
        if own & 0o022 != 0 {
            let message = format!("others may write {}: chmod go-w", path.display());
            self.source.error(span, message);
        }
        // A folder that others can't enter keeps what is in it.
        let entered = |folder: &Path| mode(folder).is_some_and(|mode| mode & 0o001 != 0);
        if own & 0o004 != 0 && path.ancestors().skip(1).all(entered) {
            let message = format!("everybody on this machine may read {}: chmod o-r", path.display());
            self.source.warning(span, message);
        }
    }
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Whether a database's address holds `user:password@`, or `password=` behind its question mark.
fn has_password(url: &str) -> bool {
    let query = url.split_once('?').map(|(_, query)| query).unwrap_or_default();
    if query.split('&').any(|pair| pair.starts_with("password=")) {
        return true;
    }
    let authority = url.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    let login = authority.and_then(|authority| authority.rsplit_once('@'));
    login.is_some_and(|(login, _)| login.contains(':'))
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
    host == "localhost" || bare.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}
