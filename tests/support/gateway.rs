//! A gateway as ops run it: the real binary, a configuration file, a database, an upstream.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::listening::listening;
use super::ran::Ran;
pub use super::setup::Setup;
use super::{Tool, eventually};

/// A gateway, running or not.
pub struct Gateway {
    pub config: PathBuf,
    pub data_dir: PathBuf,
    pub(super) failpoints: String,
    pub(super) variables: Vec<(String, String)>,
    pub(super) running: Option<Running>,
    pub(super) log: Arc<Mutex<String>>,
    /// Nobody reads its log any more.
    pub(super) unread: Arc<AtomicBool>,
    pub(super) secrets: HashMap<String, String>,
    pub(super) http: reqwest::Client,
}

pub(super) struct Running {
    process: Process,
    /// `listen`, then `implicit_tls`.
    smtp: Vec<SocketAddr>,
    web: SocketAddr,
    api: SocketAddr,
    feedback: Option<SocketAddr>,
}

/// Where it runs.
enum Process {
    Child(Child),
    /// In this process, on a clock that the test drives.
    Here {
        _running: Box<optgate::serve::Running>,
    },
}

impl Gateway {
    /// Starts the same wiring in this process, on this clock.
    pub async fn start_on(&mut self, clock: optgate::clock::Clock) {
        let loaded = optgate::config::load(&self.config, []);
        let (config, _) = loaded.unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
        let here = optgate::serve::start(config, clock).await.expect("it starts");
        let (smtp, web, api, feedback) =
            (here.smtp.clone(), here.web, here.api, here.feedback.first().copied());
        let process = Process::Here { _running: Box::new(here) };
        self.running = Some(Running { process, smtp, web, api, feedback });
    }

    /// Starts the binary and waits until it listens.
    pub async fn start(&mut self) {
        if let Err(log) = self.try_start().await {
            panic!("the gateway did not start:\n{log}");
        }
    }

    /// Starts the binary; `Err` with its log if it ended instead of listening.
    pub async fn try_start(&mut self) -> Result<(), String> {
        let from = self.log().len();
        let mut command = self.binary();
        command.arg("serve").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let stderr = child.stderr.take().expect("a pipe");
        let (log, unread) = (Arc::clone(&self.log), Arc::clone(&self.unread));
        let reader = std::thread::spawn(move || {
            use std::io::BufRead as _;
            for line in std::io::BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = log.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
                if unread.load(Ordering::SeqCst) {
                    break;
                }
            }
        });
        let deadline = tokio::time::Instant::now() + super::PATIENCE;
        let (smtp, web, api, feedback) = loop {
            assert!(
                tokio::time::Instant::now() < deadline,
                "it does not say that it accepts:\n{}",
                self.log()
            );
            if let Some(addresses) = listening(&self.log()[from..]) {
                break addresses;
            }
            if child.try_wait().expect("its status").is_some() {
                // Its last words may still be on their way.
                reader.join().expect("the log is read to its end");
                return Err(self.log()[from..].to_owned());
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        };
        self.running = Some(Running { process: Process::Child(child), smtp, web, api, feedback });
        Ok(())
    }

    /// From its next line on, whoever kept its log is gone: the pipe is closed.
    pub fn leave_log_unread(&self) {
        self.unread.store(true, Ordering::SeqCst);
    }

    /// From the next start on, these crash points: `name=action;…`.
    pub fn set_failpoints(&mut self, failpoints: &str) {
        self.failpoints = failpoints.to_owned();
    }

    /// From the next start or command on, this environment variable.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// SIGHUP.
    pub fn hang_up(&mut self) {
        let pid = self.child().expect("it runs as a process").id().to_string();
        Command::new("kill").args(["-HUP", &pid]).status().expect("kill runs");
    }

    /// What `/metrics` shows.
    pub async fn metrics(&self) -> String {
        let url = format!("http://{}/metrics", self.running.as_ref().expect("it runs").api);
        let answer = self.http.get(url).send().await.expect("the page answers");
        assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        answer.text().await.expect("its text")
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        // What runs here ends when it is dropped.
        if let Some(Running { process: Process::Child(mut child), .. }) = self.running.take() {
            child.kill().expect("it can be killed");
            child.wait().expect("it ends");
        }
    }

    /// Whether the process is still there.
    pub fn is_alive(&mut self) -> bool {
        self.child().is_some_and(|child| child.try_wait().expect("its status").is_none())
    }

    /// What the process holds of memory, in KiB.
    pub fn resident(&mut self) -> u64 {
        let id = self.child().expect("it runs as a process").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("Linux says");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }

    /// SIGTERM, and how it ended, within a bound.
    pub async fn terminate(&mut self) -> std::process::ExitStatus {
        let child = self.child().expect("it runs as a process");
        let pid = child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs");
        let status = super::eventually("the gateway ends", || {
            let status = child.try_wait().expect("its status");
            async move { status }
        })
        .await;
        self.running = None;
        status
    }

    fn child(&mut self) -> Option<&mut Child> {
        match &mut self.running.as_mut()?.process {
            Process::Child(child) => Some(child),
            Process::Here { .. } => None,
        }
    }

    pub fn smtp(&self) -> SocketAddr {
        self.running.as_ref().expect("it runs").smtp[0]
    }

    pub fn implicit_tls(&self) -> SocketAddr {
        self.running.as_ref().expect("it runs").smtp[1]
    }

    /// Where mail comes back.
    pub fn feedback(&self) -> SocketAddr {
        self.running.as_ref().expect("it runs").feedback.expect("[feedback] is configured")
    }

    pub fn web(&self) -> SocketAddr {
        self.running.as_ref().expect("it runs").web
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.as_ref().expect("it runs").web)
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    fn binary(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_optgate"));
        command.arg("--config").arg(&self.config).env("FAILPOINTS", &self.failpoints);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a verb.
    pub fn command(&self, arguments: &[&str]) -> Ran {
        let output = self.binary().args(arguments).stdin(Stdio::null()).output().expect("the binary runs");
        Ran { output, what: arguments.join(" ") }
    }

    /// Runs a verb with this, at most what a pipe holds, on its standard input.
    pub fn command_with(&self, arguments: &[&str], input: &[u8]) -> Ran {
        use std::io::Write as _;
        let mut command = self.binary();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        child.stdin.take().expect("a pipe").write_all(input).expect("it is written");
        Ran { output: child.wait_with_output().expect("it ends"), what: arguments.join(" ") }
    }

    /// Runs a verb whose reader goes away after a line, as `head -1` does; its exit status.
    pub fn command_read_in_part(&self, arguments: &[&str]) -> i32 {
        use std::io::BufRead as _;
        let mut command = self.binary();
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut reader = std::io::BufReader::new(child.stdout.take().expect("a pipe"));
        reader.read_line(&mut String::new()).expect("a line");
        drop(reader);
        child.wait().expect("it ends").code().unwrap_or(-1)
    }

    /// Makes a credential; its secret is found again by `SENDER/NAME`.
    pub fn add_credential(&mut self, sender: &str, name: &str, role: &str, more: &[&str]) {
        let mut arguments =
            vec!["credential", "add", "--sender", sender, "--name", name, "--role", role, "--json"];
        arguments.extend(more);
        let made = self.command(&arguments).json();
        let secret = made["secret"].as_str().expect("a secret").to_owned();
        self.secrets.insert(format!("{sender}/{name}"), secret);
    }

    pub fn secret(&self, credential: &str) -> &str {
        &self.secrets[credential]
    }

    /// A tool logged in as `demo-shop/tool`.
    pub async fn tool(&self) -> Tool {
        Tool::login(self.smtp(), "demo-shop/tool", self.secret("demo-shop/tool")).await
    }

    /// Submits one message as `demo-shop/tool`.
    pub async fn submit(&self, to: &[&str], message: &str) -> String {
        self.tool().await.submit("bounce@shop.example", to, message).await
    }

    /// An API call with the key of `demo-shop/api`.
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.api_as("demo-shop/api", method, path, body).await
    }

    pub async fn api_as(
        &self,
        credential: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let url = format!("http://{}{path}", self.running.as_ref().expect("it runs").api);
        let mut request = self.http.request(method.parse().expect("a method"), url);
        request = request.bearer_auth(self.secret(credential));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("the API answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    pub fn api_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.running.as_ref().expect("it runs").api)
    }

    /// An API call with this key, or none: status and text.
    pub async fn ask(
        &self,
        key: Option<&str>,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> (u16, String) {
        let mut request = self.http.request(method.parse().expect("a method"), self.api_url(path));
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.expect("the API answers");
        (answer.status().as_u16(), answer.text().await.expect("its text"))
    }

    /// Records a double opt-in.
    pub async fn opt_in(&self, email: &str, scopes: &[&str]) {
        let body = json!({
            "email": email, "kind": "double_opt_in", "scopes": scopes,
            "obtained_at": "2026-05-01T10:00:00Z", "jurisdiction": "se", "evidence": {"form": "web"},
        });
        let (status, answer) = self.api("POST", "/v1/grounds", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Records a purchase with notice given.
    pub async fn purchase(&self, email: &str, scope: &str, at: &str, jurisdiction: &str) {
        let body = json!({
            "email": email, "scope": scope, "purchased_at": at, "reference": "order 1",
            "jurisdiction": jurisdiction, "notice": {"given": true, "text": "We may write about similar goods."},
        });
        let (status, answer) = self.api("POST", "/v1/purchases", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Records a withdrawal of all marketing.
    pub async fn withdraw(&self, email: &str) {
        let body = json!({"email": email, "source": {"channel": "phone"}});
        let (status, answer) = self.api("POST", "/v1/withdrawals", Some(body)).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer = self.http.get(self.url(path)).send().await.expect("the page answers");
        (answer.status().as_u16(), answer.text().await.expect("its text"))
    }

    /// Sends a form to a page.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let answer = self.http.post(self.url(path)).form(form).send().await.expect("the page answers");
        (answer.status().as_u16(), answer.text().await.expect("its text"))
    }

    /// The same, for a gateway that may die meanwhile.
    pub async fn try_post(&self, path: &str, form: &[(&str, &str)]) -> Option<u16> {
        let answer = self.http.post(self.url(path)).form(form).send().await.ok()?;
        Some(answer.status().as_u16())
    }

    /// Presses a mail client's unsubscribe button, as multipart/form-data.
    pub async fn one_click_multipart(&self, path: &str) -> u16 {
        let form = reqwest::multipart::Form::new().text("List-Unsubscribe", "One-Click");
        self.http.post(self.url(path)).multipart(form).send().await.expect("an answer").status().as_u16()
    }

    /// The deliveries of a message, as the API shows them.
    pub async fn deliveries(&self, message: &str) -> Vec<Value> {
        let (status, answer) = self.api("GET", &format!("/v1/messages/{message}"), None).await;
        assert_eq!(status, 200, "{answer}");
        answer["deliveries"].as_array().expect("deliveries").clone()
    }

    /// Waits until the first delivery of a message is in this state, and gives it.
    pub async fn until(&self, message: &str, state: &str) -> Value {
        eventually(&format!("message {message} is {state}"), || async {
            self.deliveries(message).await.into_iter().find(|delivery| delivery["state"] == state)
        })
        .await
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The id in `250 2.0.0 accepted, message ID…`.
pub fn message_id(reply: &str) -> String {
    let (_, rest) = reply.split_once("message ").unwrap_or_else(|| panic!("no message in {reply:?}"));
    rest.chars().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect()
}
