//! What was typed: every key of `optgate.toml` with its place, its form checked and nothing more.

mod limits;

use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use toml::de::DeTable;

use crate::deliver::upstream::{Kind, Tls};
use crate::policy::shaping::Rate;
use crate::toml_file::quantity::{duration, rate, size};
use crate::toml_file::{Given, Source, Table, Value};

pub use limits::{RawLogins, RawSmtpLimits, RawWebLimits};

type Typed<T> = Option<Given<T>>;

#[derive(Default)]
pub struct RawConfig {
    pub hostname: Typed<String>,
    pub data_dir: Typed<PathBuf>,
    pub policies: Typed<PathBuf>,
    pub database: RawDatabase,
    pub queue: RawQueue,
    pub smtp: RawSmtp,
    pub feedback: Option<RawFeedback>,
    pub web: RawWeb,
    pub api: RawApi,
    pub logins: RawLogins,
    pub webhooks: Vec<RawWebhook>,
    pub upstreams: Vec<RawUpstream>,
    pub dkim: Vec<RawDkim>,
}

#[derive(Default)]
pub struct RawDatabase {
    pub url: Typed<String>,
    pub url_file: Typed<PathBuf>,
}

#[derive(Default)]
pub struct RawQueue {
    pub lease: Typed<Duration>,
    pub drain: Typed<Duration>,
}

#[derive(Default)]
pub struct RawSmtp {
    pub listen: Typed<Vec<Given<SocketAddr>>>,
    pub implicit_tls: Typed<Vec<Given<SocketAddr>>>,
    pub max_message_size: Typed<usize>,
    pub max_recipients: Typed<u32>,
    pub allow_plaintext_auth: Typed<bool>,
    pub certificate: Typed<PathBuf>,
    pub key: Typed<PathBuf>,
    pub trusted: Vec<RawTrusted>,
    pub proxy_protocol: Typed<Vec<Given<IpNet>>>,
    pub limits: RawSmtpLimits,
}

pub struct RawFeedback {
    pub listen: Typed<Vec<Given<SocketAddr>>>,
    pub domain: Typed<String>,
    pub max_message_size: Typed<usize>,
    pub max_connections: Typed<u32>,
    pub max_connections_per_address: Typed<u32>,
}

pub struct RawWebhook {
    pub span: Range<usize>,
    pub name: Typed<String>,
    pub kind: Typed<Kind>,
    pub key_file: Typed<PathBuf>,
    pub topic: Typed<String>,
    pub certificate_file: Typed<PathBuf>,
}

pub struct RawTrusted {
    pub networks: Typed<Vec<Given<IpNet>>>,
    pub credential: Typed<String>,
    pub max_connections: Typed<u32>,
}

#[derive(Default)]
pub struct RawWeb {
    pub listen: Typed<SocketAddr>,
    pub public_url: Typed<String>,
    pub trusted_proxies: Typed<Vec<Given<IpNet>>>,
    pub body_limit: Typed<usize>,
    pub limits: RawWebLimits,
}

#[derive(Default)]
pub struct RawApi {
    pub listen: Typed<SocketAddr>,
    pub limits: RawWebLimits,
    pub signups_per_ip: Typed<Rate>,
    pub signups_per_key: Typed<Rate>,
}

pub struct RawUpstream {
    pub span: Range<usize>,
    pub name: Typed<String>,
    pub address: Typed<String>,
    pub tls: Typed<Tls>,
    pub username: Typed<String>,
    pub password_file: Typed<PathBuf>,
    pub ca_file: Typed<PathBuf>,
    pub connections: Typed<u32>,
    pub priority: Typed<u16>,
    pub weight: Typed<u16>,
    pub timeouts: RawTimeouts,
    pub region: Typed<String>,
    pub kind: Typed<Kind>,
    pub signs: Typed<bool>,
    /// Name and value.
    pub headers: Vec<(String, Given<String>)>,
}

#[derive(Default)]
pub struct RawTimeouts {
    pub connect: Typed<Duration>,
    pub greeting: Typed<Duration>,
    pub command: Typed<Duration>,
    pub data: Typed<Duration>,
    pub end_of_data: Typed<Duration>,
}

pub struct RawDkim {
    pub domain: Typed<String>,
    pub selector: Typed<String>,
    pub key_file: Typed<PathBuf>,
}

/// Every key of the file; what is malformed or unknown has been noted.
pub fn read(mut file: Table<'_>) -> RawConfig {
    let config = RawConfig {
        hostname: file.take("hostname", |v| v.non_empty()),
        data_dir: file.take("data_dir", path),
        policies: file.take("policies", path),
        database: file.table("database").map(database).unwrap_or_default(),
        queue: file.table("queue").map(queue).unwrap_or_default(),
        smtp: file.table("smtp").map(smtp).unwrap_or_default(),
        feedback: file.table("feedback").map(feedback),
        web: file.table("web").map(web).unwrap_or_default(),
        api: file.table("api").map(api).unwrap_or_default(),
        logins: file.table("logins").map(limits::logins).unwrap_or_default(),
        webhooks: file.tables("webhook").into_iter().map(webhook).collect(),
        upstreams: file.tables("upstream").into_iter().map(upstream).collect(),
        dkim: file.tables("dkim").into_iter().map(dkim).collect(),
    };
    finish(file);
    config
}

/// Of a file that is read for a command: the keys of other parts are left out, whatever they say.
pub fn read_essentials<'t>(source: &'t Source<'t>, mut file: DeTable<'t>) -> RawConfig {
    for part in ["hostname", "smtp", "feedback", "webhook", "web", "logins", "upstream", "dkim"] {
        file.remove(part);
    }
    read(Table::new(source, 0..0, &file))
}

fn database(mut table: Table<'_>) -> RawDatabase {
    table.secret_elsewhere("password", "url_file");
    let url = table.take("url", |v| {
        // It may hold a password.
        v.source().hide(v.span());
        v.non_empty()
    });
    let read = RawDatabase { url, url_file: table.take("url_file", path) };
    finish(table);
    read
}

fn queue(mut table: Table<'_>) -> RawQueue {
    let read = RawQueue {
        lease: table.take("lease", |v| v.read(duration)),
        drain: table.take("drain", |v| v.read(duration)),
    };
    finish(table);
    read
}

fn smtp(mut table: Table<'_>) -> RawSmtp {
    let read = RawSmtp {
        listen: table.take("listen", |v| v.texts(socket)),
        implicit_tls: table.take("implicit_tls", |v| v.texts(socket)),
        max_message_size: table.take("max_message_size", |v| v.read(size)),
        max_recipients: table.take("max_recipients", |v| v.count()),
        allow_plaintext_auth: table.take("allow_plaintext_auth", |v| v.boolean()),
        certificate: table.take("certificate", path),
        key: table.take("key", path),
        trusted: table.tables("trusted").into_iter().map(trusted).collect(),
        proxy_protocol: table.take("proxy_protocol", |v| v.texts(network)),
        limits: limits::smtp(&mut table),
    };
    finish(table);
    read
}

fn feedback(mut table: Table<'_>) -> RawFeedback {
    let read = RawFeedback {
        listen: table.need("listen", |v| v.texts(socket)),
        domain: table.need("domain", |v| v.non_empty()),
        max_message_size: table.take("max_message_size", |v| v.read(size)),
        max_connections: table.take("max_connections", |v| v.count()),
        max_connections_per_address: table.take("max_connections_per_address", |v| v.count()),
    };
    finish(table);
    read
}

fn webhook(mut table: Table<'_>) -> RawWebhook {
    table.secret_elsewhere("key", "key_file");
    let read = RawWebhook {
        span: table.span().clone(),
        name: table.need("name", |v| v.non_empty()),
        kind: table.need("kind", |v| v.word(PROVIDERS)),
        key_file: table.take("key_file", path),
        topic: table.take("topic", |v| v.non_empty()),
        certificate_file: table.take("certificate_file", path),
    };
    finish(table);
    read
}

fn trusted(mut table: Table<'_>) -> RawTrusted {
    let read = RawTrusted {
        networks: table.need("networks", |v| v.texts(network)),
        credential: table.need("credential", |v| v.non_empty()),
        max_connections: table.take("max_connections", |v| v.count()),
    };
    finish(table);
    read
}

fn web(mut table: Table<'_>) -> RawWeb {
    let read = RawWeb {
        listen: table.take("listen", |v| v.read(socket)),
        public_url: table.take("public_url", |v| v.non_empty()),
        trusted_proxies: table.take("trusted_proxies", |v| v.texts(network)),
        body_limit: table.take("body_limit", |v| v.read(size)),
        limits: limits::web(&mut table),
    };
    finish(table);
    read
}

fn api(mut table: Table<'_>) -> RawApi {
    let read = RawApi {
        listen: table.take("listen", |v| v.read(socket)),
        limits: limits::web(&mut table),
        signups_per_ip: table.take("signups_per_ip", |v| v.read(rate)),
        signups_per_key: table.take("signups_per_key", |v| v.read(rate)),
    };
    finish(table);
    read
}

fn upstream(mut table: Table<'_>) -> RawUpstream {
    table.secret_elsewhere("password", "password_file");
    let read = RawUpstream {
        span: table.span().clone(),
        name: table.take("name", |v| v.non_empty()),
        address: table.need("address", |v| v.non_empty()),
        tls: table.take("tls", |v| v.word(TLS)),
        username: table.take("username", |v| v.non_empty()),
        password_file: table.take("password_file", path),
        ca_file: table.take("ca_file", path),
        connections: table.take("connections", |v| v.count()),
        priority: table.take("priority", |v| v.ordinal()),
        weight: table.take("weight", |v| v.ordinal()),
        timeouts: table.table("timeouts").map(timeouts).unwrap_or_default(),
        region: table.take("region", |v| v.non_empty()),
        kind: table.take("kind", |v| v.word(KINDS)),
        signs: table.take("signs", |v| v.boolean()),
        headers: table.table("headers").map(headers).unwrap_or_default(),
    };
    finish(table);
    read
}

fn timeouts(mut table: Table<'_>) -> RawTimeouts {
    let read = RawTimeouts {
        connect: table.take("connect", |v| v.read(duration)),
        greeting: table.take("greeting", |v| v.read(duration)),
        command: table.take("command", |v| v.read(duration)),
        data: table.take("data", |v| v.read(duration)),
        end_of_data: table.take("end_of_data", |v| v.read(duration)),
    };
    finish(table);
    read
}

fn headers(mut table: Table<'_>) -> Vec<(String, Given<String>)> {
    let entries = table.entries().into_iter();
    let text = |(name, value): (Given<&str>, Value<'_>)| {
        let Given { value: name, span, rule } = name;
        Some((name.to_owned(), Given { value: value.text()?.to_owned(), span, rule }))
    };
    entries.filter_map(text).collect()
}

fn dkim(mut table: Table<'_>) -> RawDkim {
    table.secret_elsewhere("key", "key_file");
    let read = RawDkim {
        domain: table.need("domain", |v| v.non_empty()),
        selector: table.need("selector", |v| v.non_empty()),
        key_file: table.need("key_file", path),
    };
    finish(table);
    read
}

fn finish(table: Table<'_>) {
    table.hide_rest();
    table.finish();
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

/// Those that tell by webhook what became of mail.
const PROVIDERS: &[(&str, Kind)] = &[
    ("ses", Kind::Ses),
    ("sendgrid", Kind::Sendgrid),
    ("mailgun", Kind::Mailgun),
    ("postmark", Kind::Postmark),
];

fn path(value: Value<'_>) -> Option<PathBuf> {
    value.non_empty().map(PathBuf::from)
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    let wrong = || format!("`{text}` is not an IP address with a port such as `127.0.0.1:2525`");
    text.parse().map_err(|_| wrong())
}

fn network(text: &str) -> Result<IpNet, String> {
    let wrong = || format!("`{text}` is not a network such as `10.1.2.0/24`");
    let single = |_| text.parse::<IpAddr>().map(IpNet::from);
    text.parse::<IpNet>().or_else(single).map_err(|_| wrong())
}
