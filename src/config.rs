//! `optgate.toml`: RawConfig (what was typed) → Config (what may be trusted). Reports all mistakes at once.
//! Only `main`, `cli` and `serve` see it.

pub mod certificate;
mod check;
mod overrides;
pub mod policies;
mod raw;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;

use crate::credential::Patience;
use crate::deliver::upstream;
use crate::policy::shaping::Rate;
use crate::sign::SigningKey;
use crate::smtp::server::{Limits, Trusted};
use crate::toml_file::{Mistake, Severity, Source, Table, document, sorted, whole_file};
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
    pub web: Web,
    pub api: Api,
    pub logins: Patience,
    pub upstreams: Vec<upstream::Settings>,
    pub dkim: Vec<SigningKey>,
}

/// Where policies come from.
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
}

/// A configuration with what is worth a warning in it; or all mistakes at once.
pub type Loaded = Result<(Config, Vec<Mistake>), Vec<Mistake>>;

/// Reads and checks a file. `environment` is all of it; what overrides nothing is passed over.
pub fn load(file: &Path, environment: impl IntoIterator<Item = (String, String)>) -> Loaded {
    match std::fs::read_to_string(file) {
        Ok(text) => parse(file, &text, environment),
        Err(error) => {
            let message = format!("it can't be read: {error}");
            Err(vec![whole_file(&file.display().to_string(), Severity::Error, message)])
        }
    }
}

/// Checks a text that is in hand already; relative paths in it are relative to `file`.
pub fn parse(file: &Path, text: &str, environment: impl IntoIterator<Item = (String, String)>) -> Loaded {
    let name = file.display().to_string();
    let combined = Combined::new(text, environment);
    let source = Source::new(&name, &combined.text).with_environment(combined.environment);
    let mut table = document(&source).into_inner();
    combined.lay_over(&source, &mut table);
    let raw = raw::read(Table::new(&source, 0..0, &table));
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let folder = absolute.parent().unwrap_or(Path::new("/"));
    let config = check::check(raw, &source, folder, combined.environment);
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
