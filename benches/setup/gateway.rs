//! The gateway as an operator would run it, a process of its own with all that it does for a newsletter: durable
//! store, AUTH, decisions on recorded consent, links, footer, DKIM (RSA-2048), limits.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{DOMAIN, files, free_port, subscriber};

const PROGRAM: &str = env!("CARGO_BIN_EXE_optgate");
pub const SENDER: &str = "bench-shop";
/// Calls that record consent at the same time.
const CALLERS: usize = 8;

/// How it is to be run.
pub struct Plan<'a> {
    /// For all its files; must be there and stay as long as the gateway.
    pub folder: &'a Path,
    /// The port that it hands mail to.
    pub upstream: u16,
    /// The database, which must be empty, instead of SQLite.
    pub postgres: Option<&'a str>,
    /// How long marketing may wait.
    pub deadline: Duration,
    /// Variables besides its configuration.
    pub environment: Vec<(String, String)>,
}

/// Where it listens, on loopback.
pub struct Ports {
    pub smtp: u16,
    pub web: u16,
    pub api: u16,
}

pub struct Gateway {
    pub ports: Ports,
    /// Its `optgate.toml`, for commands beside it.
    pub config: PathBuf,
    password: String,
    key: String,
    http: reqwest::Client,
    child: Child,
}

impl Gateway {
    /// Ends when it is ready.
    pub async fn start(plan: Plan<'_>) -> Result<Self> {
        let ports = Ports { smtp: free_port()?, web: free_port()?, api: free_port()? };
        files::write(&plan, &ports)?;
        let config = plan.folder.join("optgate.toml");
        run(&config, &["migrate"])?;
        let password = add_credential(&config, "tool", "smtp")?;
        let key = add_credential(&config, "shop", "api")?;
        let log = plan.folder.join("log");
        let child = command(&config)
            .arg("serve")
            .envs(plan.environment)
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?)
            .spawn()?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        let gateway = Self { ports, config, password, key, http, child };
        gateway.wait_until_ready(&log).await?;
        Ok(gateway)
    }

    async fn wait_until_ready(&self, log: &Path) -> Result<()> {
        let began = Instant::now();
        loop {
            let answer = self.http.get(format!("http://127.0.0.1:{}/readyz", self.ports.api)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            let said = || fs::read_to_string(log).unwrap_or_default();
            ensure!(began.elapsed() < Duration::from_secs(60), "it does not get ready:\n{}", said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The tool's user name and password.
    pub fn login(&self) -> (String, String) {
        (format!("{SENDER}/tool"), self.password.clone())
    }

    /// A call with the key of role `api`: status and body.
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Result<(u16, Value)> {
        let url = format!("http://127.0.0.1:{}{path}", self.ports.api);
        let mut request = self.http.request(method.parse()?, url).bearer_auth(&self.key);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.unwrap_or(Value::Null)))
    }

    /// The same, again for as long as it asks to be slower.
    pub async fn api_in_time(&self, method: &str, path: &str, body: Option<Value>) -> Result<(u16, Value)> {
        loop {
            let (status, answer) = self.api(method, path, body.clone()).await?;
            if status != 429 {
                return Ok((status, answer));
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// A double opt-in of so many subscribers.
    pub async fn record_consent(self: &Arc<Self>, subscribers: usize) -> Result<()> {
        let mut running = tokio::task::JoinSet::new();
        for part in 0..CALLERS {
            let gateway = self.clone();
            running.spawn(async move {
                for number in (part..subscribers).step_by(CALLERS) {
                    let ground = json!({
                        "email": subscriber(number),
                        "kind": "double_opt_in",
                        "scopes": ["news"],
                        "obtained_at": "2026-05-01T10:00:00Z",
                        "evidence": { "form_url": format!("https://{DOMAIN}/newsletter") },
                    });
                    let (status, answer) = gateway.api_in_time("POST", "/v1/grounds", Some(ground)).await?;
                    ensure!(status == 201, "{status}: {answer}");
                }
                Ok(())
            });
        }
        while let Some(ended) = running.join_next().await {
            ended??;
        }
        Ok(())
    }

    /// Whether nothing waits in it any more.
    pub fn is_settled(&self) -> Result<bool> {
        let queued = run(&self.config, &["queue", "list", "--state", "queued", "--json"])?;
        let queued: Value = serde_json::from_str(&queued)?;
        Ok(queued.as_array().context("a list of deliveries")?.is_empty())
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
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
