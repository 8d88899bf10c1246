//! `optgate check --live`: a probe through the real upstream, and what of it arrives: whether the one-click pair is still
//! there, and whether a valid signature of the From domain still covers it. RFC 8058, 3 and 4.
//!
//! It touches neither queue nor database, asks nobody's consent, and sends to the one address that it was given.

mod arrival;
mod judge;
mod listener;
mod probe;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;
use tokio::time::timeout;

use super::super::dkim::dns::Dns;
use super::super::dkim::{Finding, Severity, resolver};
use super::super::output::{self, Output};
use super::super::{Session, Status};
use crate::config::Config;
use crate::config::policies::Reader;
use crate::deliver::upstream::{Asked, Envelope, Header, Reuse, Settings, Timeouts, Upstream};
use crate::mail::Address;
use crate::policy::decide::release_probe;
use crate::policy::sender::DomainPattern;
use crate::sign::Signers;
use crate::toml_file::quantity::duration;
use arrival::Arrival;
use listener::Listener;
use probe::{Gateway, Probe};

/// Where no other is named: the mailbox of the probe's From.
const LOCAL_PART: &str = "optgate-check";
/// The largest file that is taken for a message that arrived.
const MOST: u64 = 10 * 1024 * 1024;

#[derive(Args)]
#[group(skip)]
pub(super) struct Arguments {
    /// Send a probe through each upstream, and judge what arrives.
    #[arg(long, requires = "to")]
    live: bool,
    /// The mailbox that the probe goes to: yours.
    #[arg(long, value_name = "ADDRESS", requires = "live")]
    to: Option<Address>,
    /// The probe's author, in a From domain of yours; else optgate-check@ the first of them.
    #[arg(long, value_name = "ADDRESS", requires = "live")]
    from: Option<Address>,
    /// By this upstream alone.
    #[arg(long, value_name = "NAME", requires = "live", value_parser = super::super::argument::text)]
    upstream: Option<String>,
    /// Wait for the probe here, by SMTP; mail for --to must be brought here.
    #[arg(long, value_name = "ADDRESS", requires = "live")]
    listen: Option<SocketAddr>,
    /// How long it may take to be sent, and how long to arrive.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = duration, requires = "live")]
    wait: Duration,
    /// Judge a probe that arrived elsewhere, saved as it came ("show original").
    #[arg(long, value_name = "FILE", conflicts_with = "live")]
    arrived: Option<PathBuf>,
    /// Ask this DNS server for keys: IP address and port.
    #[arg(long, value_name = "ADDRESS", value_parser = resolver)]
    resolver: Option<SocketAddr>,
}

/// How one probe fared.
#[derive(Serialize)]
struct Report {
    upstream: Option<String>,
    /// What the upstream said to it.
    response: Option<String>,
    /// The probe's name, as its Subject has it.
    probe: Option<String>,
    /// Null where nobody waited for it.
    arrived: Option<bool>,
    /// Null while nothing is known.
    proved: Option<bool>,
    signatures: Vec<judge::Signed>,
    findings: Vec<Finding>,
}

impl Arguments {
    pub(super) fn is_asked(&self) -> bool {
        self.live || self.arrived.is_some()
    }
}

pub(super) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<Status> {
    let (config, _) = session.config()?;
    let signers = Signers::new(config.dkim.clone())?;
    let dns = Dns::new(arguments.resolver)?;
    let gateway = Gateway {
        hostname: config.hostname.clone(),
        public_url: config.web.public_url.clone(),
        from_domains: from_domains(&config)?,
        signers,
    };
    let reports = match &arguments.arrived {
        Some(file) => vec![saved(&gateway, &dns, file).await?],
        None => probed(session, &config, &gateway, &dns, &arguments).await?,
    };
    tell(session.output, &reports)
}

/// Every From domain that is one, and those above patterns.
fn from_domains(config: &Config) -> anyhow::Result<Vec<String>> {
    let Ok((policies, _)) = Reader::of(config).load() else {
        bail!("the policies can't be used: optgate policy check tells why");
    };
    let patterns = policies.senders.values().flat_map(|sender| &sender.from_domains);
    let domain = |pattern: &DomainPattern| match pattern {
        DomainPattern::Exact(domain) | DomainPattern::Below(domain) => domain.clone(),
    };
    Ok(patterns.map(domain).collect())
}

/// One probe by each upstream that is asked for, one after the other.
async fn probed(
    session: &Session,
    config: &Config,
    gateway: &Gateway,
    dns: &Dns,
    arguments: &Arguments,
) -> anyhow::Result<Vec<Report>> {
    let to = arguments.to.clone().context("--live needs --to")?;
    let from = author(gateway, arguments.from.as_ref())?;
    let named = |settings: &&Settings| arguments.upstream.as_ref().is_none_or(|name| *name == settings.name);
    let upstreams: Vec<&Settings> = config.upstreams.iter().filter(named).collect();
    if upstreams.is_empty() {
        bail!("there is no upstream of that name in the configuration");
    }
    let listener = match arguments.listen {
        Some(address) => Some(Listener::bind(address, &config.hostname, to.clone()).await?),
        None => None,
    };
    let mut reports = Vec::new();
    for settings in upstreams {
        let probe = Probe { id: session.clock.id(), from: from.clone(), to: to.clone() };
        reports.push(one(gateway, dns, settings, &probe, listener.as_ref(), arguments.wait).await?);
    }
    Ok(reports)
}

/// In a From domain of the policies: an upstream takes no other, and signs for none.
fn author(gateway: &Gateway, given: Option<&Address>) -> anyhow::Result<Address> {
    let Some(given) = given else {
        let signed = gateway.from_domains.iter().find(|domain| gateway.signers.serves(domain));
        let domain = signed.or(gateway.from_domains.first()).context("no sender has a From domain")?;
        return format!("{LOCAL_PART}@{domain}")
            .parse()
            .map_err(|_| anyhow::anyhow!("no From can be made of {domain}"));
    };
    let own = |domain: &String| crate::sign::is_within(given.domain(), domain);
    if !gateway.from_domains.iter().any(own) {
        bail!("{} is no From domain of any sender", given.domain());
    }
    Ok(given.clone())
}

/// Sends one, and judges what arrives, where somebody waits for it.
async fn one(
    gateway: &Gateway,
    dns: &Dns,
    settings: &Settings,
    probe: &Probe,
    listener: Option<&Listener>,
    wait: Duration,
) -> anyhow::Result<Report> {
    let mut report = Report {
        upstream: Some(settings.name.clone()),
        response: None,
        probe: Some(probe.id.to_string()),
        arrived: None,
        proved: None,
        signatures: Vec::new(),
        findings: Vec::new(),
    };
    match timeout(wait, send(gateway, settings, probe, wait)).await {
        Ok(Ok(response)) => report.response = Some(response),
        Ok(Err(error)) => return Ok(report.failed("not_sent", format!("{}: {error:#}", settings.name))),
        Err(_) => return Ok(report.failed("not_sent", format!("{}: it took too long", settings.name))),
    }
    let Some(listener) = listener else { return Ok(report) };
    let Some(message) = listener.wait_for(probe.id, wait).await else {
        report.arrived = Some(false);
        let text = format!("{}: the probe was taken, and did not arrive within {wait:?}", settings.name);
        return Ok(report.failed("not_arrived", text));
    };
    report.arrived = Some(true);
    report.judge(gateway, dns, Some(settings), Arrival::of(message)).await;
    Ok(report)
}

/// As a delivery leaves, but for the queue.
async fn send(
    gateway: &Gateway,
    settings: &Settings,
    probe: &Probe,
    wait: Duration,
) -> anyhow::Result<String> {
    let shorter = |own: Duration| own.min(wait);
    let Timeouts { connect, greeting, command, data, end_of_data } = settings.timeouts;
    let timeouts = Timeouts {
        connect: shorter(connect),
        greeting: shorter(greeting),
        command: shorter(command),
        data: shorter(data),
        end_of_data: shorter(end_of_data),
    };
    let upstream = Upstream::new(Settings { timeouts, ..settings.clone() }, &gateway.hostname);
    let mut connection = upstream.connection(Reuse::Fresh).await?;
    let copy = probe.copy(gateway, settings, connection.capabilities())?;
    let envelope = Envelope {
        sender: Some(&probe.from),
        recipient: &probe.to,
        body: copy.body,
        asked: Asked { of_mail: None, of_rcpt: None, header: Header::of(&copy.message) },
    };
    let parts: [&[u8]; 2] = [&copy.signatures, &copy.message];
    // Invariant 2: an operator's own message, which `policy::decide` lets go as such.
    let response = connection.send(release_probe(), &envelope, &parts).await?;
    drop(connection);
    Arc::clone(&upstream).close().await;
    Ok(response.told(&probe.to))
}

/// A probe that arrived where we could not wait for it.
async fn saved(gateway: &Gateway, dns: &Dns, file: &Path) -> anyhow::Result<Report> {
    let told = || format!("{} can't be read", file.display());
    if std::fs::metadata(file).with_context(told)?.len() > MOST {
        bail!("{} is larger than any probe", file.display());
    }
    let message = std::fs::read(file).with_context(told)?;
    let arrival = Arrival::saved(&message);
    let mut report = Report {
        upstream: None,
        response: None,
        probe: arrival.id().map(|id| id.to_string()),
        arrived: Some(true),
        proved: None,
        signatures: Vec::new(),
        findings: Vec::new(),
    };
    report.judge(gateway, dns, None, arrival).await;
    Ok(report)
}

impl Report {
    fn failed(mut self, problem: &'static str, text: String) -> Self {
        self.proved = Some(false);
        self.findings.push(Finding { severity: Severity::Error, problem, text, publish: None });
        self
    }

    async fn judge(&mut self, gateway: &Gateway, dns: &Dns, settings: Option<&Settings>, arrival: Arrival) {
        let sent = arrival.rebuilt(gateway, settings);
        let (signatures, findings) = judge::judge(gateway, dns, sent.as_deref(), &arrival).await;
        let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
        self.proved = Some(!errors);
        self.signatures = signatures;
        self.findings = findings;
    }
}

fn tell(output: Output, reports: &[Report]) -> anyhow::Result<Status> {
    match output {
        Output::Json => output::json(&reports)?,
        Output::Text => reports.iter().try_for_each(shown)?,
    }
    let wrong = reports.iter().any(|report| report.proved == Some(false));
    Ok(if wrong { Status::Findings } else { Status::Done })
}

fn shown(report: &Report) -> anyhow::Result<()> {
    let place = report.upstream.as_deref().unwrap_or("what arrived");
    if let Some(response) = &report.response {
        output::line(&format!("{place}: sent: {response}"))?;
    }
    for own in &report.signatures {
        output::line(&format!(
            "{place}: signature {}._domainkey.{}: {}",
            own.selector, own.domain, own.result
        ))?;
    }
    for finding in &report.findings {
        let word = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        output::line(&format!("{place}: {word}: {}", finding.text))?;
        if let Some(publish) = &finding.publish {
            output::line(&format!("    publish: {publish}"))?;
        }
    }
    match report.proved {
        Some(true) => output::line(&format!(
            "{place}: proved: List-Unsubscribe and List-Unsubscribe-Post arrive as they left, under a valid signature"
        ))?,
        Some(false) => output::line(&format!("{place}: not proved"))?,
        None => {
            output::line(&format!(
                "{place}: nothing is proved yet. Save the message as it came (\"show original\"),"
            ))?;
            output::line("    its subject ends in the probe's id, and run: optgate check --arrived FILE")?;
        }
    }
    Ok(())
}
