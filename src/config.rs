//! `optgate.toml`: RawConfig (what was typed) → Config (what may be trusted). Reports all mistakes at once.
//! Only `main`, `cli` and `serve` see it.

pub mod certificate;
mod check;
mod overrides;
pub mod policies;
mod raw;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use crate::credential::Patience;
use crate::deliver::upstream;
use crate::feedback::webhook::Webhook;
use crate::policy::shaping::Rate;
use crate::sign::SigningKey;
use crate::smtp::server::{Limits, Trusted};
use crate::toml_file::{Mistake, Severity, Table, document, sorted, whole_file};
use crate::web::listener;
use certificate::CertificateFiles;
use overrides::Combined;

/// Where it is looked for when nobody names one.
pub const DEFAULT_FILES: &[&str] = &["optgate.toml", "/etc/optgate/optgate.toml"];

/// A configuration that may be trusted: files read, bounds checked. CONTRACT.md, "Configuration".
pub struct Config {
    /// What the gateway calls itself: a domain name.
    pub hostname: String,
    pub data_dir: PathBuf,
    pub policies: PolicySource,
    pub database: SecretString,
    pub queue: Queue,
    pub smtp: Smtp,
    pub feedback: Option<Feedback>,
    pub web: Web,
    pub api: Api,
    pub logins: Patience,
    pub webhooks: Vec<Arc<Webhook>>,
    pub upstreams: Vec<upstream::Settings>,
    pub dkim: Vec<SigningKey>,
}

/// What a command beside a gateway needs. The file's other keys, and the secrets that they name, are none of
/// its business: a password that is missing keeps nobody from holding the queue.
pub struct Essentials {
    pub data_dir: PathBuf,
    /// The policy folder, whether it is there or not.
    pub policies: PathBuf,
    pub database: SecretString,
    pub lease: Duration,
    /// Where a gateway of this configuration answers.
    pub api: SocketAddr,
}

/// Where policies come from.
#[derive(Clone)]
pub enum PolicySource {
    Folder(PathBuf),
    /// Those embedded in the program.
    Shipped,
}

/// `[queue]`.
pub struct Queue {
    pub lease: Duration,
    /// How long each stage of shutting down may take.
    pub drain: Duration,
}

/// `[smtp]`.
pub struct Smtp {
    pub listen: Vec<SocketAddr>,
    pub implicit_tls: Vec<SocketAddr>,
    pub max_message_size: usize,
    pub max_recipients: usize,
    pub allow_plaintext_auth: bool,
    pub certificate: Option<CertificateFiles>,
    pub trusted: Vec<Trusted>,
    /// `proxy_protocol`: networks of balancers.
    pub balancers: Vec<IpNet>,
    pub limits: Limits,
    /// Of a message's lines and header, in octets.
    pub max_line: usize,
    pub max_header: usize,
}

/// `[feedback]`.
pub struct Feedback {
    pub listen: Vec<SocketAddr>,
    /// A-labels, lower case.
    pub domain: String,
    pub limits: Limits,
    pub max_message_size: usize,
}

/// `[web]`.
pub struct Web {
    pub listen: SocketAddr,
    /// `https://mail.example.com`, without a final slash. A port of 0 means the listener's.
    pub public_url: String,
    pub trusted_proxies: Vec<IpNet>,
    pub body_limit: usize,
    pub limits: listener::Limits,
    /// How often an address may come.
    pub rate: Rate,
}

/// `[api]`.
pub struct Api {
    pub listen: SocketAddr,
    pub limits: listener::Limits,
    /// How often an address may come.
    pub rate: Rate,
    /// How often a person's address may sign up, and how often a key may tell of sign-ups.
    pub signups_per_ip: Rate,
    pub signups_per_key: Rate,
}

impl Config {
    /// Domains that a key of ours signs for; `None` where every upstream signs.
    pub fn signed_domains(&self) -> Option<Vec<String>> {
        let upstream_signs = self.upstreams.iter().all(|upstream| upstream.signs);
        (!upstream_signs).then(|| self.dkim.iter().map(|key| key.domain.clone()).collect())
    }

    /// What the store and the commands need of it.
    pub fn essentials(&self) -> Essentials {
        Essentials {
            data_dir: self.data_dir.clone(),
            policies: match &self.policies {
                PolicySource::Folder(folder) => folder.clone(),
                PolicySource::Shipped => PathBuf::new(),
            },
            database: self.database.clone(),
            lease: self.queue.lease,
            api: self.api.listen,
        }
    }
}

/// A configuration with what is worth a warning in it; or all mistakes at once.
pub type Loaded = Result<(Config, Vec<Mistake>), Vec<Mistake>>;

/// Reads and checks of a file what commands need, and nothing else of it.
pub fn load_essentials(
    file: &Path,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Essentials, Vec<Mistake>> {
    let text = read(file)?;
    let (name, combined) = (file.display().to_string(), Combined::new(&text, environment));
    let source = combined.source(&name);
    let mut table = document(&source).into_inner();
    combined.lay_over(&source, &mut table);
    let raw = raw::read_essentials(&source, table);
    let essentials = check::essentials(raw, &source, &folder_of(file));
    let mistakes = sorted(source.into_mistakes());
    let usable = mistakes.iter().all(|mistake| mistake.severity == Severity::Warning);
    essentials.filter(|_| usable).ok_or(mistakes)
}

/// Reads and checks a file. `environment` is all of it; what overrides nothing is passed over.
pub fn load(file: &Path, environment: impl IntoIterator<Item = (String, String)>) -> Loaded {
    parse(file, &read(file)?, environment)
}

fn read(file: &Path) -> Result<String, Vec<Mistake>> {
    std::fs::read_to_string(file).map_err(|error| {
        let message = format!("it can't be read: {error}");
        vec![whole_file(&file.display().to_string(), Severity::Error, message)]
    })
}

/// Where relative paths in a file start.
fn folder_of(file: &Path) -> PathBuf {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    absolute.parent().unwrap_or(Path::new("/")).to_owned()
}

/// Checks a text that is in hand already; relative paths in it are relative to `file`.
pub fn parse(file: &Path, text: &str, environment: impl IntoIterator<Item = (String, String)>) -> Loaded {
    let name = file.display().to_string();
    let combined = Combined::new(text, environment);
    let source = combined.source(&name);
    let mut table = document(&source).into_inner();
    combined.lay_over(&source, &mut table);
    let raw = raw::read(Table::new(&source, 0..0, &table));
    let config = check::check(raw, &source, &folder_of(file));
    let mistakes = sorted(source.into_mistakes());
    match config {
        Some(config) if mistakes.iter().all(|mistake| mistake.severity == Severity::Warning) => {
            Ok((config, mistakes))
        }
        _ => Err(mistakes),
    }
}

#[cfg(test)]
mod tests;
