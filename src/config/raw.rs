//! What was typed: every key of `optgate.toml` with its place, its form checked and nothing more.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::quantity::{duration, size};
use super::reader::{At, Origin, Section};
use crate::deliver::upstream::{Kind, Tls};

type Typed<T> = Option<At<T>>;

pub struct RawConfig {
    pub hostname: Typed<String>,
    pub data_dir: Typed<PathBuf>,
    pub policies: Typed<PathBuf>,
    pub database: RawDatabase,
    pub lease: Typed<Duration>,
    pub drain: Typed<Duration>,
    pub smtp: RawSmtp,
    pub web: RawWeb,
    pub api_listen: Typed<SocketAddr>,
    pub upstreams: Vec<RawUpstream>,
    pub dkim: Vec<RawDkim>,
}

#[derive(Default)]
pub struct RawDatabase {
    pub url: Typed<String>,
    pub url_file: Typed<PathBuf>,
}

#[derive(Default)]
pub struct RawSmtp {
    pub listen: Option<Vec<At<SocketAddr>>>,
    pub implicit_tls: Vec<At<SocketAddr>>,
    pub max_message_size: Typed<usize>,
    pub max_recipients: Typed<usize>,
    pub allow_plaintext_auth: Typed<bool>,
    pub certificate: Typed<PathBuf>,
    pub key: Typed<PathBuf>,
    pub trusted: Vec<RawTrusted>,
}

pub struct RawTrusted {
    pub networks: Vec<At<IpNet>>,
    pub credential: Typed<String>,
}

#[derive(Default)]
pub struct RawWeb {
    pub listen: Typed<SocketAddr>,
    pub public_url: Typed<String>,
    pub trusted_proxies: Option<Vec<At<IpNet>>>,
    pub body_limit: Typed<usize>,
    pub idle_timeout: Typed<Duration>,
}

pub struct RawUpstream {
    pub origin: Origin,
    pub name: Typed<String>,
    pub address: Typed<String>,
    pub tls: Typed<Tls>,
    pub username: Typed<String>,
    pub password_file: Typed<PathBuf>,
    pub ca_file: Typed<PathBuf>,
    pub connections: Typed<usize>,
    pub kind: Typed<Kind>,
    pub signs: Typed<bool>,
    pub headers: Vec<(String, At<String>)>,
}

pub struct RawDkim {
    pub domain: Typed<String>,
    pub selector: Typed<String>,
    pub key_file: Typed<PathBuf>,
}

/// Every key of the file; what is missing or malformed has been reported.
pub fn read(mut file: Section<'_>) -> RawConfig {
    let config = RawConfig {
        hostname: file.text("hostname"),
        data_dir: file.parse("data_dir", path),
        policies: file.parse("policies", path),
        database: file.section("database").map(database).unwrap_or_default(),
        lease: None,
        drain: None,
        smtp: file.section("smtp").map(smtp).unwrap_or_default(),
        web: file.section("web").map(web).unwrap_or_default(),
        api_listen: file.section("api").and_then(api),
        upstreams: file.sections("upstream").into_iter().map(upstream).collect(),
        dkim: file.sections("dkim").into_iter().map(dkim).collect(),
    };
    let (lease, drain) = file.section("queue").map(queue).unwrap_or_default();
    file.not_in_force(&["feedback", "webhook"]);
    file.finish();
    RawConfig { lease, drain, ..config }
}

fn database(mut section: Section<'_>) -> RawDatabase {
    section.secret_elsewhere("password", "url_file");
    let read = RawDatabase { url: section.text("url"), url_file: section.parse("url_file", path) };
    section.finish();
    read
}

fn queue(mut section: Section<'_>) -> (Typed<Duration>, Typed<Duration>) {
    let read = (section.parse("lease", duration), section.parse("drain", duration));
    section.finish();
    read
}

fn smtp(mut section: Section<'_>) -> RawSmtp {
    let read = RawSmtp {
        listen: section.list("listen", socket),
        implicit_tls: section.list("implicit_tls", socket).unwrap_or_default(),
        max_message_size: section.parse("max_message_size", size),
        max_recipients: section.number("max_recipients", 1..=100_000),
        allow_plaintext_auth: section.flag("allow_plaintext_auth"),
        certificate: section.parse("certificate", path),
        key: section.parse("key", path),
        trusted: section.sections("trusted").into_iter().map(trusted).collect(),
    };
    section.finish();
    read
}

fn trusted(mut section: Section<'_>) -> RawTrusted {
    let networks = section.list("networks", network);
    if networks.is_none() {
        section.missing("networks");
    }
    let credential = section.text("credential");
    if credential.is_none() {
        section.missing("credential");
    }
    section.finish();
    RawTrusted { networks: networks.unwrap_or_default(), credential }
}

fn web(mut section: Section<'_>) -> RawWeb {
    let read = RawWeb {
        listen: section.parse("listen", socket),
        public_url: section.text("public_url"),
        trusted_proxies: section.list("trusted_proxies", network),
        body_limit: section.parse("body_limit", size),
        idle_timeout: section.parse("idle_timeout", duration),
    };
    section.not_in_force(&["rate"]);
    section.finish();
    read
}

fn api(mut section: Section<'_>) -> Typed<SocketAddr> {
    let listen = section.parse("listen", socket);
    section.not_in_force(&["signups_per_ip", "signups_per_key"]);
    section.finish();
    listen
}

fn upstream(mut section: Section<'_>) -> RawUpstream {
    section.secret_elsewhere("password", "password_file");
    let read = RawUpstream {
        origin: section.origin.clone(),
        name: section.text("name"),
        address: section.text("address"),
        tls: section.parse("tls", |text| word(text, TLS)),
        username: section.text("username"),
        password_file: section.parse("password_file", path),
        ca_file: section.parse("ca_file", path),
        connections: section.number("connections", 1..=1_000),
        kind: section.parse("kind", |text| word(text, KINDS)),
        signs: section.flag("signs"),
        headers: section.texts("headers"),
    };
    section.not_in_force(&["region"]);
    section.finish();
    read
}

fn dkim(mut section: Section<'_>) -> RawDkim {
    section.secret_elsewhere("key", "key_file");
    let read = RawDkim {
        domain: section.text("domain"),
        selector: section.text("selector"),
        key_file: section.parse("key_file", path),
    };
    for (key, there) in [
        ("domain", read.domain.is_some()),
        ("selector", read.selector.is_some()),
        ("key_file", read.key_file.is_some()),
    ] {
        if !there {
            section.missing(key);
        }
    }
    section.finish();
    read
}

const TLS: &[(&str, Tls)] = &[
    ("required", Tls::Required),
    ("implicit", Tls::Implicit),
    ("opportunistic", Tls::Opportunistic),
    ("none", Tls::None),
];

const KINDS: &[(&str, Kind)] = &[
    ("generic", Kind::Generic),
    ("ses", Kind::Ses),
    ("sendgrid", Kind::Sendgrid),
    ("mailgun", Kind::Mailgun),
    ("postmark", Kind::Postmark),
];

fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let known = || words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| format!("one of {} is wanted here", known()))
}

fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("a path is wanted here".to_owned()) } else { Ok(PathBuf::from(text)) }
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "an IP address and a port are wanted here, like \"127.0.0.1:2525\"".to_owned())
}

fn network(text: &str) -> Result<IpNet, String> {
    let single = |_| text.parse::<std::net::IpAddr>().map(IpNet::from);
    let wanted = "a network is wanted here, like \"10.1.2.0/24\"";
    text.parse::<IpNet>().or_else(single).map_err(|_| wanted.to_owned())
}
