//! The gateway as an operator would run it: the release binary with its own configuration and policies.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{DEADLINE, DOMAIN, Options, free_port};

const PROGRAM: &str = env!("CARGO_BIN_EXE_optgate");
const SENDER: &str = "soak-shop";

pub struct Gateway {
    pub smtp: u16,
    pub web: u16,
    api: u16,
    pub password: String,
    key: String,
    pub http: reqwest::Client,
    child: Child,
}

/// The address of a subscriber.
pub fn subscriber(person: usize) -> String {
    let provider = ["gmail.example", "hotmail.example", "telia.example", "firm.example"][person % 4];
    format!("person{person}@{provider}")
}

impl Gateway {
    pub async fn start(folder: &Path, upstream: u16, options: &Options) -> Result<Self> {
        let (smtp, web, api) = (free_port()?, free_port()?, free_port()?);
        write_files(folder, upstream, (smtp, web, api), options)?;
        let config = folder.join("optgate.toml");
        run(&config, &["migrate"])?;
        let password = add_credential(&config, "tool", "smtp")?;
        let key = add_credential(&config, "shop", "api")?;
        let log = fs::File::create(folder.join("log"))?;
        let child = command(&config)
            .arg("serve")
            .env("OPTGATE_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        let gateway = Self { smtp, web, api, password, key, http, child };
        gateway.wait_until_ready(folder).await?;
        Ok(gateway)
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn user() -> String {
        format!("{SENDER}/tool")
    }

    async fn wait_until_ready(&self, folder: &Path) -> Result<()> {
        let began = Instant::now();
        loop {
            let answer = self.http.get(format!("http://127.0.0.1:{}/readyz", self.api)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
            ensure!(began.elapsed() < Duration::from_secs(60), "it does not get ready:\n{}", log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// A call with the key of role `api`: status and body.
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Result<(u16, Value)> {
        let url = format!("http://127.0.0.1:{}{path}", self.api);
        let mut request = self.http.request(method.parse()?, url).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.unwrap_or(Value::Null)))
    }

    /// A double opt-in of everybody.
    pub async fn record_consent(self: &Arc<Self>, people: usize) -> Result<()> {
        let mut running = tokio::task::JoinSet::new();
        for part in 0..8 {
            let gateway = self.clone();
            running.spawn(async move {
                for person in (part..people).step_by(8) {
                    let ground = json!({
                        "email": subscriber(person), "kind": "double_opt_in", "scopes": ["news"],
                        "obtained_at": "2026-05-01T10:00:00Z", "evidence": {"form": "web"},
                    });
                    // It may ask to be slower.
                    let mut answered = gateway.api("POST", "/v1/grounds", Some(ground.clone())).await?;
                    while answered.0 == 429 {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        answered = gateway.api("POST", "/v1/grounds", Some(ground.clone())).await?;
                    }
                    ensure!(answered.0 == 201, "{}: {}", answered.0, answered.1);
                }
                Ok(())
            });
        }
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn write_files(folder: &Path, upstream: u16, ports: (u16, u16, u16), options: &Options) -> Result<()> {
    let database = match &options.postgres {
        Some(url) => url.clone(),
        None => format!("sqlite://{}", folder.join("optgate.db").display()),
    };
    let (shown, (smtp, web, api)) = (folder.display(), ports);
    let config = format!(
        r#"
hostname = "gateway.example"
data_dir = "{shown}/data"
policies = "{shown}/policies"
[database]
url = "{database}"
[smtp]
listen = ["127.0.0.1:{smtp}"]
allow_plaintext_auth = true
[web]
listen = "127.0.0.1:{web}"
public_url = "https://mail.{DOMAIN}"
[api]
listen = "127.0.0.1:{api}"
[[upstream]]
name = "sink"
address = "127.0.0.1:{upstream}"
tls = "none"
connections = 20
[[dkim]]
domain = "{DOMAIN}"
selector = "soak"
key_file = "{shown}/dkim.pem"
"#
    );
    fs::write(folder.join("optgate.toml"), config)?;
    fs::write(folder.join("dkim.pem"), dkim_key()?)?;
    let policies = folder.join("policies");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/jurisdictions");
    fs::create_dir_all(policies.join("jurisdictions"))?;
    for entry in fs::read_dir(shipped)? {
        let file = entry?.path();
        fs::copy(&file, policies.join("jurisdictions").join(file.file_name().context("a file's name")?))?;
    }
    fs::create_dir_all(policies.join("senders"))?;
    fs::write(policies.join("senders").join(format!("{SENDER}.toml")), sender_policy())?;
    Ok(())
}

fn sender_policy() -> String {
    format!(
        r#"
id = "{SENDER}"
name = "Demo Shop AB"
postal_address = "Storgatan 1, 111 22 Stockholm, Sweden"
from_domains = ["{DOMAIN}"]
default_jurisdiction = "se"
default_locale = "sv"
[streams.marketing]
deadline = "{}s"
[scopes.news]
title = {{ en = "News", sv = "Nyheter" }}
"#,
        DEADLINE.as_secs()
    )
}

/// A new RSA-2048 key as PKCS #8 in PEM.
fn dkim_key() -> Result<String> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    let pair = KeyPair::generate(KeySize::Rsa2048).ok().context("an RSA key")?;
    let der: Pkcs8V1Der = pair.as_der().ok().context("an RSA key as DER")?;
    let base64 = data_encoding::BASE64.encode(der.as_ref());
    let lines: Vec<&str> =
        base64.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    Ok(format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n")))
}

fn command(config: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("--config").arg(config).stdin(Stdio::null());
    command
}

/// What a verb prints.
fn run(config: &Path, arguments: &[&str]) -> Result<String> {
    let output = command(config).args(arguments).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "optgate {arguments:?}: {}: {errors}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

fn add_credential(config: &Path, name: &str, role: &str) -> Result<String> {
    let arguments = ["credential", "add", "--sender", SENDER, "--name", name, "--role", role, "--json"];
    let added: Value = serde_json::from_str(&run(config, &arguments)?)?;
    Ok(added["secret"].as_str().context("a secret")?.to_owned())
}
