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

use crate::deliver::upstream;
use crate::sign::SigningKey;
use crate::smtp::server::Trusted;
use crate::toml_file::{Mistake, Severity, Source, Table, document, sorted, whole_file};
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
    pub api: SocketAddr,
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
}

/// `[web]`.
pub struct Web {
    pub listen: SocketAddr,
    /// `https://mail.example.com`, without a final slash. A port of 0 means the listener's.
    pub public_url: String,
    pub trusted_proxies: Vec<IpNet>,
    pub body_limit: usize,
    pub idle_timeout: Duration,
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
mod tests {
    use super::*;

    /// A folder with all that `text` names, and what becomes of the text.
    fn parsed(text: &str, environment: &[(&str, &str)]) -> Loaded {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("policies")).unwrap();
        std::fs::write(folder.path().join("password"), "hunter2\n").unwrap();
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        parse(&folder.path().join("optgate.toml"), text, environment)
    }

    fn messages(loaded: Loaded) -> String {
        let mistakes = match loaded {
            Ok((_, warnings)) => warnings,
            Err(mistakes) => mistakes,
        };
        let line = |mistake: &Mistake| {
            let severity = if mistake.severity == Severity::Error { "" } else { "warning: " };
            format!("{}:{}: {severity}{}\n", mistake.line, mistake.column, mistake.message)
        };
        mistakes.iter().map(line).collect()
    }

    const SMALLEST: &str = r#"
hostname = "gateway.example.com"
policies = "policies"
[smtp]
allow_plaintext_auth = true
[web]
public_url = "https://mail.example.com/"
[[upstream]]
address = "127.0.0.1:2500"
tls = "none"
"#;

    #[test]
    fn defaults_are_those_of_the_contract() {
        let (config, warnings) = parsed(SMALLEST, &[]).ok().unwrap();
        assert_eq!(warnings, []);
        assert_eq!(config.smtp.listen, ["127.0.0.1:2525".parse().unwrap()]);
        assert_eq!((config.smtp.max_message_size, config.smtp.max_recipients), (25 << 20, 1000));
        assert_eq!(config.web.public_url, "https://mail.example.com");
        assert_eq!(config.web.body_limit, 65_536);
        assert_eq!(config.queue.lease, Duration::from_secs(60));
        assert_eq!((config.upstreams[0].name.as_str(), config.upstreams[0].connections), ("primary", 10));
    }

    #[test]
    fn all_mistakes_are_told_at_once_with_their_places() {
        let text = r#"
hostnam = "gateway.example.com"
policies = "policies"
[smtp]
listen = ["0.0.0.0:2525", "localhost"]
allow_plaintext_auth = true
max_message_size = 25
implicit_tls = ["0.0.0.0:465"]
[web]
public_url = "http://mail.example.com"
[[upstream]]
address = "smtp.provider.example"
tls = "yes"
username = "me"
password = "hunter2"
"#;
        let told = messages(parsed(text, &[]));
        for wanted in [
            "0:0: `hostname` is missing",
            "2:1: `hostnam` is not a key that belongs here; did you mean `hostname`?",
            "5:11: no passwords in clear over a network",
            "5:27: `localhost` is not an IP address with a port",
            "7:20: this must be a text in quotes, not a TOML integer",
            "8:16: `implicit_tls` needs `certificate` and `key`",
            "10:14: links in mail must be https",
            "12:11: `smtp.provider.example` is not HOST:PORT",
            "13:7: `yes` is none of `required`, `implicit`, `opportunistic`, `none`",
            "15:1: a secret never stands here: put it into a file of its own and name that with `password_file`",
        ] {
            assert!(told.contains(wanted), "{wanted}\n in \n{told}");
        }
        assert!(!told.contains("hunter2"));
    }

    #[test]
    fn a_mistake_shows_its_line_and_a_caret_but_no_secret() {
        let mistakes = parsed("[smtp]\nlisen = []\n", &[]).err().unwrap();
        let lisen = mistakes.iter().find(|mistake| mistake.message.contains("lisen")).unwrap();
        assert!(lisen.rendered.contains("2 | lisen = **") && lisen.rendered.contains("^^^^^"));
        let mistakes = parsed("[[upstream]]\npassword = \"hunter2\"\n", &[]).err().unwrap();
        assert!(mistakes.iter().all(|mistake| !mistake.rendered.contains("hunter2")));
    }

    #[test]
    fn the_environment_overrides_keys() {
        let environment = [
            ("OPTGATE__SMTP__LISTEN", "127.0.0.1:0, [::1]:0"),
            ("OPTGATE__SMTP__MAX_RECIPIENTS", "7"),
            ("OPTGATE__UPSTREAM__0__ADDRESS", "127.0.0.1:26"),
            ("OPTGATE__HOSTNAME", "other.example"),
            ("OPTGATE_LOG", "debug"),
        ];
        let (config, _) = parsed(SMALLEST, &environment).ok().unwrap();
        assert_eq!(config.smtp.listen.len(), 2);
        assert_eq!((config.smtp.max_recipients, config.upstreams[0].port), (7, 26));
        assert_eq!(config.hostname, "other.example");
        let told =
            messages(parsed(SMALLEST, &[("OPTGATE__SMTP__LISEN", "x"), ("OPTGATE__UPSTREAM__9__NAME", "x")]));
        assert!(told.contains("`lisen` is not a key that belongs here; did you mean `listen`?"), "{told}");
        assert!(told.contains("names no key"), "{told}");
    }

    #[test]
    fn every_key_of_the_contract_is_known() {
        let text = include_str!("config/sample.toml");
        let told = messages(parsed(text, &[]));
        assert!(!told.contains("is not a key"), "{told}");
        for later in ["feedback", "webhook", "rate", "signups_per_ip", "region"] {
            assert!(told.contains(&format!("warning: `{later}` is read but not in force")), "{told}");
        }
        let missing_files = ["can't be read", "is not there", "No such file", "/etc/optgate/"];
        let errors = told.lines().filter(|line| !line.contains("warning: "));
        for error in errors {
            assert!(missing_files.iter().any(|text| error.contains(text)), "{error}");
        }
    }

    #[test]
    fn broken_toml_is_a_mistake_with_a_place() {
        let told = messages(parsed("hostname = \n[smtp\nlisten = [\n", &[]));
        assert!(told.contains("1:"), "{told}");
    }
}
