//! `optgate dkim generate`: a new key in a file, and what belongs into DNS and into the configuration.
//!
//! The private half is never printed, never readable by others, and never takes the place of a file that is there.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::super::output::{self, Output};
use super::super::{Session, Status, argument};
use crate::mail::address::domain_to_ascii;
use crate::sign::is_name;
use crate::sign::key::{Algorithm, PrivateKey};
use crate::sign::record::strings;

#[derive(Args)]
pub(in super::super) struct Arguments {
    /// The From domain, or one above it.
    #[arg(long, value_parser = argument::text)]
    domain: String,
    /// The key's name at the domain: a new one for each key.
    #[arg(long, value_parser = argument::text)]
    selector: String,
    #[arg(long, default_value = "rsa")]
    algorithm: AlgorithmWord,
    /// Of RSA: 2048, 3072 or 4096.
    #[arg(long, default_value_t = 2_048)]
    bits: usize,
    /// Where the private key goes; nothing may be there yet.
    #[arg(long, value_name = "FILE", value_parser = clap::builder::PathBufValueParser::new())]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum AlgorithmWord {
    Rsa,
    Ed25519,
}

/// What the key is called in DNS, and what stands there.
struct Published {
    name: String,
    record: String,
}

pub(super) fn run(session: &Session, arguments: Arguments) -> anyhow::Result<Status> {
    let Arguments { domain, selector, algorithm, bits, out } = arguments;
    let Some(domain) = domain_to_ascii(&domain).filter(|domain| is_name(domain) && is_name(&selector)) else {
        bail!("a domain and a selector are dotted names of letters, digits, `-` and `_`");
    };
    let algorithm = match algorithm {
        AlgorithmWord::Rsa => Algorithm::Rsa,
        AlgorithmWord::Ed25519 => Algorithm::Ed25519,
    };
    let name = format!("{selector}._domainkey.{domain}");
    if name.len() > 253 {
        bail!("{name} is longer than a name in DNS may be");
    }
    let (key, pem) = PrivateKey::generate(algorithm, bits)?;
    write_new(&out, pem.expose_secret())?;
    let file = std::path::absolute(&out).unwrap_or(out);
    let published = Published { name, record: key.record() };
    let table = table(&domain, &selector, &file);
    match session.output {
        Output::Json => output::json(&json!({
            "domain": domain,
            "selector": selector,
            "algorithm": algorithm.as_str(),
            "bits": key.bits(),
            "key_file": file,
            "name": published.name,
            "record": published.record,
            "zone": published.zone_line(),
            "config": table,
        }))?,
        Output::Text => tell(&key, &file, &published, &table)?,
    }
    Ok(Status::Done)
}

impl Published {
    /// A line of a zone file. RFC 1035, 5.1.
    fn zone_line(&self) -> String {
        let strings: Vec<String> = strings(&self.record).iter().map(|part| format!("\"{part}\"")).collect();
        format!("{}. 3600 IN TXT ( {} )", self.name, strings.join(" "))
    }
}

fn tell(key: &PrivateKey, file: &Path, published: &Published, table: &str) -> anyhow::Result<()> {
    let kind = key.algorithm();
    output::line(&format!("private key  {} ({kind}, {} bits)", file.display(), key.bits()))?;
    output::line("")?;
    output::line("Publish this, as a line of a zone file:")?;
    output::line("")?;
    output::line(&published.zone_line())?;
    output::line("")?;
    output::line("or, where a panel asks for them one by one:")?;
    output::line("")?;
    output::line(&format!("name   {}", published.name))?;
    output::line("type   TXT")?;
    output::line(&format!("value  {}", published.record))?;
    output::line("")?;
    output::line("Then this goes into optgate.toml, the file being the service's to read:")?;
    output::line("")?;
    output::lines(table.trim_end())?;
    output::line("")?;
    output::line("`optgate dkim check` tells whether DNS has it.")?;
    if key.algorithm() == Algorithm::Ed25519 {
        output::line("The large providers don't verify Ed25519 yet: have an RSA key beside it.")?;
    }
    Ok(())
}

/// The `[[dkim]]` table.
fn table(domain: &str, selector: &str, file: &Path) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    format!(
        "[[dkim]]\ndomain = {}\nselector = {}\nkey_file = {}\n",
        quoted(domain),
        quoted(selector),
        quoted(&file.display().to_string())
    )
}

/// Written and on the disk, or not there at all.
fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{} is there already, and a key is never overwritten: name another file", path.display())
        }
        Err(error) => return Err(error).with_context(|| format!("{} can't be made", path.display())),
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        let _ = std::fs::remove_file(path);
        return Err(error).with_context(|| format!("{} can't be written", path.display()));
    }
    // Whether the folder keeps its name is the disk's affair: without it the file is only not there.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).context("the folder can't be synced")
}
