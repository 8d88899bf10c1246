//! The gateway's files: configuration, key of the signatures, policies.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context, Result};

use super::gateway::{Plan, Ports, SENDER};
use super::{DOMAIN, SELECTOR};

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

/// All that `optgate.toml` needs, and itself, in the plan's folder.
pub fn write(plan: &Plan<'_>, ports: &Ports) -> Result<()> {
    let folder = plan.folder;
    fs::create_dir_all(folder.join("data"))?;
    fs::write(folder.join("optgate.toml"), configuration(plan, ports))?;
    let key = folder.join("dkim.pem");
    fs::write(&key, dkim_key()?)?;
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
    let policies = folder.join("policies");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/jurisdictions");
    copy_folder(&shipped, &policies.join("jurisdictions"))?;
    fs::create_dir_all(policies.join("senders"))?;
    fs::write(policies.join("senders").join(format!("{SENDER}.toml")), sender_policy(plan))?;
    Ok(fs::write(policies.join("shaping.toml"), SHAPING)?)
}

fn configuration(plan: &Plan<'_>, ports: &Ports) -> String {
    let Plan { folder, upstream, postgres, .. } = plan;
    let database = match postgres {
        Some(url) => (*url).to_owned(),
        None => format!("sqlite://{}", folder.join("data/optgate.db").display()),
    };
    let (shown, Ports { smtp, web, api }) = (folder.display(), ports);
    format!(
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
selector = "{SELECTOR}"
key_file = "{shown}/dkim.pem"
"#
    )
}

fn sender_policy(plan: &Plan<'_>) -> String {
    let deadline = plan.deadline.as_secs();
    format!(
        r#"
id = "{SENDER}"
name = "Demo Shop AB"
postal_address = "Storgatan 1, 111 22 Stockholm, Sweden"
privacy_notice = "https://{DOMAIN}/privacy"
from_domains = ["{DOMAIN}"]
default_jurisdiction = "se"
default_locale = "sv"
[streams.marketing]
deadline = "{deadline}s"
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
        let file = entry?.path();
        fs::copy(&file, to.join(file.file_name().context("a file's name")?))?;
    }
    Ok(())
}
