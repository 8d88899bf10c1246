//! The gateway as an operator would run it, with all that it does for a newsletter: durable store, AUTH,
//! decisions on recorded consent, links, footer, DKIM (RSA-2048), limits.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{self, Count};
use crate::{DOMAIN, Options, Relay, SELECTOR, free_port};

const PROGRAM: &str = env!("CARGO_BIN_EXE_optgate");
const SENDER: &str = "bench-shop";

pub struct Gateway {
    name: &'static str,
    folder: TempDir,
    port: u16,
    password: String,
    child: Child,
}

/// The address of a subscriber; their providers are a few large ones and a tail.
pub fn subscriber(index: usize) -> String {
    let provider = match index % 20 {
        0..8 => "gmail.example".to_owned(),
        8..14 => "hotmail.example".to_owned(),
        14..17 => "telia.example".to_owned(),
        _ => format!("firm{}.example", index % 7),
    };
    format!("subscriber{index}@{provider}")
}

impl Gateway {
    /// Sets it up in a folder of its own, starts it and records the subscribers' consent.
    pub async fn start(sink: u16, options: &Options) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let (port, web, api) = (free_port()?, free_port()?, free_port()?);
        write_files(folder.path(), sink, port, web, api, options)?;
        run(folder.path(), &["migrate"])?;
        let password = add_credential(folder.path(), "tool", "smtp")?;
        let key = add_credential(folder.path(), "shop", "api")?;
        let log = fs::File::create(folder.path().join("log"))?;
        let child = command(folder.path()).arg("serve").stdout(Stdio::null()).stderr(log).spawn()?;
        let name = if options.postgres.is_some() { "optgate, PostgreSQL" } else { "optgate, SQLite" };
        let gateway = Self { name, folder, port, password, child };
        gateway.wait_until_ready(api).await?;
        record_consent(api, &key, options.subscribers).await?;
        Ok(gateway)
    }

    async fn wait_until_ready(&self, api: u16) -> Result<()> {
        let began = Instant::now();
        let client = reqwest::Client::new();
        loop {
            let answer = client.get(format!("http://127.0.0.1:{api}/readyz")).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            ensure!(began.elapsed() < Duration::from_secs(30), "the gateway does not get ready:\n{}", log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Relay for Gateway {
    fn name(&self) -> &str {
        self.name
    }

    fn port(&self) -> u16 {
        self.port
    }

    fn login(&self) -> Option<(String, String)> {
        Some((format!("{SENDER}/tool"), self.password.clone()))
    }

    fn cpu(&self) -> Result<Duration> {
        process::cpu(self.child.id(), Count::Own)
    }

    fn memory(&self) -> Result<u64> {
        process::peak(self.child.id())
    }

    fn forget_peak(&self) -> Result<()> {
        process::forget_peak(self.child.id())
    }

    fn is_settled(&self) -> Result<bool> {
        let queued = run(self.folder.path(), &["queue", "list", "--state", "queued", "--json"])?;
        let queued: Value = serde_json::from_str(&queued)?;
        Ok(queued.as_array().context("a list of deliveries")?.is_empty())
    }

    fn marks(&self) -> &'static [&'static str] {
        &["dkim-signature:", "list-unsubscribe:", "list-unsubscribe-post:", "list-id:"]
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn write_files(folder: &Path, sink: u16, port: u16, web: u16, api: u16, options: &Options) -> Result<()> {
    let database = match &options.postgres {
        Some(url) => url.clone(),
        None => format!("sqlite://{}", folder.join("optgate.db").display()),
    };
    let folder_shown = folder.display();
    let config = format!(
        r#"
hostname = "gateway.example"
data_dir = "{folder_shown}/data"
policies = "{folder_shown}/policies"
[database]
url = "{database}"
[smtp]
listen = ["127.0.0.1:{port}"]
allow_plaintext_auth = true
[web]
listen = "127.0.0.1:{web}"
public_url = "https://mail.{DOMAIN}"
[api]
listen = "127.0.0.1:{api}"
[[upstream]]
name = "sink"
address = "127.0.0.1:{sink}"
tls = "none"
connections = 20
[[dkim]]
domain = "{DOMAIN}"
selector = "{SELECTOR}"
key_file = "{folder_shown}/dkim.pem"
"#
    );
    fs::write(folder.join("optgate.toml"), config)?;
    fs::write(folder.join("dkim.pem"), dkim_key()?)?;
    let policies = folder.join("policies");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    copy_folder(&shipped.join("jurisdictions"), &policies.join("jurisdictions"))?;
    fs::create_dir_all(policies.join("senders"))?;
    fs::write(policies.join("senders").join(format!("{SENDER}.toml")), sender_policy())?;
    fs::write(policies.join("shaping.toml"), SHAPING)?;
    Ok(())
}

/// Limits of every kind that match every delivery, too wide to be the bottleneck.
const SHAPING: &str = r#"
[[provider]]
id = "google"
domains = ["gmail.example"]
[[provider]]
id = "microsoft"
domains = ["hotmail.example"]
[[limit]]
name = "provider"
match = { provider = "google" }
rate = ["100000/s", "1000000000/day"]
concurrency = 100
[[limit]]
name = "sender"
match = { sender = "bench-shop" }
rate = ["100000/s", "1000000000/day"]
[[limit]]
name = "upstream"
match = { upstream = "sink" }
rate = ["100000/s"]
concurrency = 100
"#;

fn sender_policy() -> String {
    format!(
        r#"
id = "{SENDER}"
name = "Demo Shop AB"
postal_address = "Storgatan 1, 111 22 Stockholm, Sweden"
privacy_notice = "https://{DOMAIN}/privacy"
from_domains = ["{DOMAIN}"]
default_jurisdiction = "se"
default_locale = "sv"
time_zone = "Europe/Stockholm"
[streams.marketing]
deadline = "24h"
[scopes.news]
title = {{ en = "News", sv = "Nyheter" }}
"#
    )
}

/// A new RSA-2048 key as PKCS #8 in PEM.
pub fn dkim_key() -> Result<String> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    let pair = KeyPair::generate(KeySize::Rsa2048).ok().context("an RSA key")?;
    let der: Pkcs8V1Der = pair.as_der().ok().context("an RSA key as DER")?;
    let base64 = data_encoding::BASE64.encode(der.as_ref());
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let file: PathBuf = entry?.path();
        fs::copy(&file, to.join(file.file_name().context("a file's name")?))?;
    }
    Ok(())
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("--config").arg(folder.join("optgate.toml")).stdin(Stdio::null());
    command
}

/// What a verb prints.
fn run(folder: &Path, arguments: &[&str]) -> Result<String> {
    let output = command(folder).args(arguments).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "optgate {arguments:?}: {}: {errors}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

fn add_credential(folder: &Path, name: &str, role: &str) -> Result<String> {
    let arguments = ["credential", "add", "--sender", SENDER, "--name", name, "--role", role, "--json"];
    let added: Value = serde_json::from_str(&run(folder, &arguments)?)?;
    Ok(added["secret"].as_str().context("a secret")?.to_owned())
}

/// A double opt-in of every subscriber, through the API.
async fn record_consent(api: u16, key: &str, subscribers: usize) -> Result<()> {
    let client = reqwest::Client::new();
    for index in 0..subscribers {
        let ground = json!({
            "email": subscriber(index),
            "kind": "double_opt_in",
            "scopes": ["news"],
            "obtained_at": "2026-05-01T10:00:00Z",
            "evidence": { "form_url": format!("https://{DOMAIN}/newsletter") },
        });
        let call = client.post(format!("http://127.0.0.1:{api}/v1/grounds")).bearer_auth(key).json(&ground);
        let answer = call.send().await?;
        ensure!(answer.status() == 201, "{}: {}", answer.status(), answer.text().await?);
    }
    Ok(())
}
