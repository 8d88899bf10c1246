//! `optgate dkim check`: the keys of the configuration against DNS, and what receivers ask of the From domains.
//!
//! It changes nothing and needs no database. That DNS is silent is a finding: nobody knows then whether mail is signed.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::super::output::{self, Output, counted};
use super::super::{Session, Status, argument};
use super::dns::{Answer, Dns};
use super::domain::{self, FromDomain};
use crate::config::Config;
use crate::config::policies::Reader;
use crate::mail::address::domain_to_ascii;
use crate::policy::sender::DomainPattern;
use crate::sign::key::{Algorithm, PrivateKey};
use crate::sign::record::{Fault, Weight, judge};
use crate::sign::{Signers, is_within};

#[derive(Args)]
pub(in super::super) struct Arguments {
    /// Only this domain's keys, and From domains that they serve.
    #[arg(long, value_parser = argument::text)]
    domain: Option<String>,
    /// Ask this server instead of the system's: IP address and port.
    #[arg(long, value_name = "ADDRESS", value_parser = resolver)]
    resolver: Option<SocketAddr>,
}

/// One thing that is wrong, and what to publish instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in super::super) struct Finding {
    pub severity: Severity,
    /// A word for programs.
    pub problem: &'static str,
    pub text: String,
    pub publish: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in super::super) enum Severity {
    Error,
    Warning,
}

#[derive(Serialize)]
struct KeyReport {
    domain: String,
    selector: String,
    algorithm: &'static str,
    bits: usize,
    name: String,
    /// Where the name points by CNAME.
    alias: Option<String>,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct DomainReport {
    domain: String,
    signed_by: Option<String>,
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Report {
    keys: Vec<KeyReport>,
    from_domains: Vec<DomainReport>,
}

pub(super) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<Status> {
    let (config, _) = session.config()?;
    let signers = Signers::new(config.dkim.clone())?;
    let only = match &arguments.domain {
        Some(text) => match domain_to_ascii(text) {
            Some(domain) => Some(domain),
            None => bail!("`{text}` is not a domain name"),
        },
        None => None,
    };
    let wanted = |domain: &str| only.as_deref().is_none_or(|only| is_within(domain, only));
    let own = |only: &String| signers.keys().any(|(domain, ..)| domain == only);
    if let Some(only) = only.as_ref().filter(|only| !own(only)) {
        bail!("no [[dkim]] of the configuration is for {only}");
    }
    let dns = Dns::new(arguments.resolver)?;
    let mut report = Report { keys: Vec::new(), from_domains: Vec::new() };
    for (domain, selector, key) in signers.keys().filter(|(domain, ..)| wanted(domain)) {
        report.keys.push(look_at(&dns, domain, selector, key).await);
    }
    for from in from_domains(&config, &signers)?.into_iter().filter(|from| wanted(&from.domain)) {
        let mut findings = domain::findings(&dns, &from).await;
        findings.extend(unsigned(&config, &from));
        report.from_domains.push(DomainReport { domain: from.domain, signed_by: from.signed_by, findings });
    }
    tell(session.output, &report)
}

/// What DNS says of one key.
async fn look_at(dns: &Dns, domain: &str, selector: &str, key: &PrivateKey) -> KeyReport {
    let (alias, findings) = key_findings(dns, domain, selector, key).await;
    KeyReport {
        domain: domain.to_owned(),
        selector: selector.to_owned(),
        algorithm: key.algorithm().as_str(),
        bits: key.bits(),
        name: name(domain, selector),
        alias,
        findings,
    }
}

/// Where the key's name points, and all that is wrong with what stands there.
pub(in super::super) async fn key_findings(
    dns: &Dns,
    domain: &str,
    selector: &str,
    key: &PrivateKey,
) -> (Option<String>, Vec<Finding>) {
    let name = name(domain, selector);
    let (texts, alias) = match dns.texts(&name).await {
        Answer::Silence(why) => return (None, vec![Finding::silence(&name, &why)]),
        Answer::Nothing => (Vec::new(), None),
        Answer::Found { texts, alias } => (texts, alias),
    };
    let record = key.record();
    let finding = |fault: Fault| {
        let pointed = match (&alias, &fault) {
            (Some(alias), Fault::OtherKey | Fault::Type(_)) => {
                format!(": it points to {alias}, so the key there is the provider's; take another selector")
            }
            _ => String::new(),
        };
        Finding {
            severity: Severity::from(fault.weight()),
            problem: fault.as_str(),
            text: format!("{name}: {fault}{pointed}"),
            publish: Some(format!("{name}. TXT {record}")),
        }
    };
    let mut findings: Vec<Finding> = judge(&texts, key).into_iter().map(finding).collect();
    if findings.is_empty() && alias.is_some() {
        findings.push(Finding {
            severity: Severity::Warning,
            problem: "alias",
            text: format!(
                "{name} points elsewhere ({}): whoever publishes there can end our signatures",
                alias.as_deref().unwrap_or_default()
            ),
            publish: Some(format!("{name}. TXT {record}")),
        });
    }
    (alias, findings)
}

fn name(domain: &str, selector: &str) -> String {
    format!("{selector}._domainkey.{domain}")
}

/// Every From domain of every sender; of `*.shop.example` the domain above. Without policies that can be read, the keys'
/// own domains.
fn from_domains(config: &Config, signers: &Signers) -> anyhow::Result<Vec<FromDomain>> {
    let mut domains: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut add = |domain: &str| {
        domains.insert(domain.to_owned(), signers.domain_for(domain).map(str::to_owned));
    };
    match Reader::of(config).load() {
        Ok((policies, _)) => {
            for pattern in policies.senders.values().flat_map(|sender| &sender.from_domains) {
                let (DomainPattern::Exact(domain) | DomainPattern::Below(domain)) = pattern;
                add(domain);
            }
        }
        Err(_) => {
            eprintln!("optgate: the policies can't be used, so only the domains of the keys are looked at");
            signers.keys().for_each(|(domain, ..)| add(domain));
        }
    }
    Ok(domains.into_iter().map(|(domain, signed_by)| FromDomain { domain, signed_by }).collect())
}

/// Mail from a domain that neither we sign nor every upstream.
fn unsigned(config: &Config, from: &FromDomain) -> Option<Finding> {
    let unsigned = from.signed_by.is_none() && !config.upstreams.iter().all(|upstream| upstream.signs);
    unsigned.then(|| Finding {
        severity: Severity::Error,
        problem: "no_key",
        text: format!(
            "mail from {} goes unsigned: no [[dkim]] serves it, and not every upstream signs",
            from.domain
        ),
        publish: Some(format!("a key: optgate dkim generate --domain {} …", from.domain)),
    })
}

impl Finding {
    pub(super) fn silence(name: &str, why: &str) -> Self {
        Self {
            severity: Severity::Error,
            problem: "no_answer",
            text: format!("{name}: DNS gives no answer ({why})"),
            publish: None,
        }
    }
}

impl From<Weight> for Severity {
    fn from(weight: Weight) -> Self {
        match weight {
            Weight::Error => Self::Error,
            Weight::Warning => Self::Warning,
        }
    }
}

/// Warnings alone are no findings.
fn tell(output: Output, report: &Report) -> anyhow::Result<Status> {
    let findings = || {
        let of_keys = report.keys.iter().flat_map(|key| &key.findings);
        of_keys.chain(report.from_domains.iter().flat_map(|domain| &domain.findings))
    };
    let errors = findings().filter(|finding| finding.severity == Severity::Error).count();
    match output {
        Output::Json => output::json(report)?,
        Output::Text => {
            for key in &report.keys {
                let kind = if key.algorithm == Algorithm::Rsa.as_str() { "RSA" } else { "Ed25519" };
                shown(&format!("{} ({kind}, {} bits)", key.name, key.bits), &key.findings)?;
            }
            for domain in &report.from_domains {
                let by =
                    domain.signed_by.as_deref().map(|by| format!(", signed by {by}")).unwrap_or_default();
                shown(&format!("mail from {}{by}", domain.domain), &domain.findings)?;
            }
            let warnings = findings().count() - errors;
            output::line(&format!(
                "{}, {}",
                counted(errors, "error", "errors"),
                counted(warnings, "warning", "warnings")
            ))?;
        }
    }
    Ok(if errors == 0 { Status::Done } else { Status::Findings })
}

fn shown(what: &str, findings: &[Finding]) -> anyhow::Result<()> {
    output::line(&format!("{}  {what}", if findings.is_empty() { "ok" } else { "--" }))?;
    for finding in findings {
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        output::line(&format!("    {word}: {}", finding.text))?;
        if let Some(publish) = &finding.publish {
            output::line(&format!("    publish: {publish}"))?;
        }
    }
    Ok(())
}

/// `127.0.0.1:53`, or an address alone, with the usual port.
pub(in super::super) fn resolver(text: &str) -> Result<SocketAddr, String> {
    let alone = || text.parse().map(|ip| SocketAddr::new(ip, 53));
    text.parse()
        .or_else(|_| alone())
        .map_err(|_| format!("`{text}` is not an IP address with or without a port"))
}
