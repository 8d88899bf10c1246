//! How a gateway is set up: its configuration, policies, keys and credentials.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::gateway::Gateway;
use super::{Database, Upstream};

/// How a gateway is set up before it starts.
pub struct Setup<'a> {
    database: &'a Database,
    node: String,
    upstream: SocketAddr,
    upstream_keys: String,
    lease: &'static str,
    smtp: String,
    web: String,
    api: String,
    extra: String,
    policies: HashMap<String, String>,
    keys_from: Option<PathBuf>,
    url: Option<String>,
}

impl<'a> Setup<'a> {
    pub fn new(database: &'a Database, upstream: &Upstream) -> Self {
        Self::towards(database, upstream.address)
    }

    pub fn towards(database: &'a Database, upstream: SocketAddr) -> Self {
        Self {
            database,
            node: "node".to_owned(),
            upstream,
            upstream_keys: "tls = \"none\"".to_owned(),
            lease: "60s",
            smtp: "allow_plaintext_auth = true".to_owned(),
            // Tests look again and again until something has happened.
            web: "rate = \"100000/minute\"".to_owned(),
            api: String::new(),
            extra: String::new(),
            policies: HashMap::new(),
            keys_from: None,
            url: None,
        }
    }

    /// Other keys of the `[[upstream]]` than no TLS.
    pub fn upstream(mut self, keys: &str) -> Self {
        self.upstream_keys = keys.to_owned();
        self
    }

    /// Another node on the same database.
    pub fn node(mut self, name: &str) -> Self {
        self.node = name.to_owned();
        self
    }

    pub fn lease(mut self, lease: &'static str) -> Self {
        self.lease = lease;
        self
    }

    /// Other keys of `[smtp]` than AUTH without TLS.
    pub fn smtp(mut self, keys: String) -> Self {
        self.smtp = keys;
        self
    }

    /// Other keys of `[web]` than a rate that is no hindrance.
    pub fn web(mut self, keys: &str) -> Self {
        self.web = keys.to_owned();
        self
    }

    /// Keys of `[api]`.
    pub fn api(mut self, keys: &str) -> Self {
        self.api = keys.to_owned();
        self
    }

    /// More of `optgate.toml`.
    pub fn config(mut self, toml: &str) -> Self {
        self.extra.push_str(toml);
        self
    }

    /// A policy file in place of (or beside) the shipped ones.
    pub fn policy(mut self, file: &str, text: &str) -> Self {
        self.policies.insert(file.to_owned(), text.to_owned());
        self
    }

    /// Another way to the database.
    pub fn database_url(mut self, url: String) -> Self {
        self.url = Some(url);
        self
    }

    /// The keys of another node.
    pub fn keys_of(mut self, other: &Gateway) -> Self {
        self.keys_from = Some(other.data_dir.join("keys"));
        self
    }

    /// Writes the files; nothing runs yet.
    pub fn prepare(self) -> Gateway {
        let data_dir = self.database.data_dir(&self.node);
        let policies = data_dir.join("policies");
        copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &policies);
        for (file, text) in &self.policies {
            let path = policies.join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
            std::fs::write(path, text).expect("the policy is written");
        }
        if let Some(keys) = &self.keys_from {
            copy_folder(keys, &data_dir.join("keys"));
        }
        let dkim = data_dir.join("dkim.pem");
        std::fs::write(&dkim, super::mailbox::dkim_key_pem()).expect("the DKIM key is written");
        let config = data_dir.join("optgate.toml");
        std::fs::write(&config, self.toml(&data_dir, &policies, &dkim))
            .expect("the configuration is written");
        Gateway {
            config,
            data_dir,
            failpoints: String::new(),
            variables: Vec::new(),
            running: None,
            log: Arc::default(),
            unread: Arc::default(),
            secrets: HashMap::new(),
            http: reqwest::Client::builder().no_proxy().build().expect("an HTTP client"),
        }
    }

    /// Writes the files, migrates, makes credentials and starts the binary.
    pub async fn start(self) -> Gateway {
        let mut gateway = self.ready();
        gateway.start().await;
        gateway
    }

    /// The same in this process, on a clock that the test drives.
    pub async fn start_on(self, clock: optgate::clock::Clock) -> Gateway {
        let mut gateway = self.ready();
        gateway.start_on(clock).await;
        gateway
    }

    /// The same where that clock is the database's too, from the start on: one that goes back while the gateway runs is
    /// noticed and made up for, at whatever moment that is.
    pub async fn start_on_both(self, clock: &optgate::clock::Clock) -> Gateway {
        let database = self.database;
        let mut gateway = self.ready();
        database.follow(clock).await;
        gateway.start_on(clock.clone()).await;
        gateway
    }

    fn ready(self) -> Gateway {
        let mut gateway = self.prepare();
        gateway.command(&["migrate"]).expect_success();
        gateway.add_credential("demo-shop", "tool", "smtp", &["--streams", "marketing,functional"]);
        gateway.add_credential("demo-shop", "api", "api", &[]);
        gateway.add_credential("demo-shop", "officer", "compliance", &[]);
        gateway
    }

    fn toml(&self, data_dir: &Path, policies: &Path, dkim: &Path) -> String {
        let (data_dir, policies, dkim) = (data_dir.display(), policies.display(), dkim.display());
        format!(
            r#"
hostname = "gateway.test"
data_dir = "{data_dir}"
policies = "{policies}"
[database]
url = "{url}"
[queue]
lease = "{lease}"
drain = "5s"
[smtp]
listen = ["127.0.0.1:0"]
{smtp}
[web]
listen = "127.0.0.1:0"
public_url = "https://mail.test"
{web}
[api]
listen = "127.0.0.1:0"
{api}
[[upstream]]
name = "primary"
address = "{upstream}"
{upstream_keys}
[[dkim]]
domain = "shop.example"
selector = "og1"
key_file = "{dkim}"
{extra}
"#,
            url = self.url.as_ref().unwrap_or(&self.database.url),
            lease = self.lease,
            smtp = self.smtp,
            web = self.web,
            api = self.api,
            upstream = self.upstream,
            upstream_keys = self.upstream_keys,
            extra = self.extra,
        )
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder is made");
    for entry in std::fs::read_dir(from).expect("the folder is there").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file is copied");
        }
    }
}
