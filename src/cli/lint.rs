//! `optgate lint`: what would be refused, changed or warned of, before the campaign. Needs policies alone: no database,
//! no keys, no gateway.

mod changes;
mod shown;

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::Context as _;
use bytes::Bytes;
use clap::Args;
use serde::Serialize;

use super::policy::stream;
use super::{Session, Status, argument, sender};
use crate::classify::{self, Grant, Unfit};
use crate::consent::ConsentState;
use crate::deliver::outbound::sample;
use crate::intake::read_body;
use crate::lint::{self, Finding, Home};
use crate::mail::RawMessage;
use crate::mail::message::Unparsable;
use crate::policy::decide::{Circumstances, decide, objections};
use crate::policy::file::Folder;
use crate::policy::finding::Handling;
use crate::policy::{Facts, PolicySet, Reason, RuleRef, Scope, Stream};
use crate::rewrite::{self, Opened};
use changes::Change;

/// The largest file that is read, in octets.
const LARGEST: u64 = 64 * 1024 * 1024;
const SELECTORS: [&str; 2] = ["X-Optgate-Stream", "X-Optgate-Scope"];

#[derive(Args)]
pub(super) struct Arguments {
    /// The message as the tool would send it (.eml); `-` reads it from standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// In whose name it would be sent.
    #[arg(long, value_parser = argument::text)]
    sender: String,
    /// As what it would be sent; else what the message says, else marketing.
    #[arg(long, value_parser = stream)]
    stream: Option<Stream>,
    /// About what; else what the message says.
    #[arg(long)]
    scope: Option<Scope>,
    /// A country or pack whose law is asked; else the sender's default.
    #[arg(long, value_name = "CODE", value_parser = argument::text)]
    jurisdiction: Option<String>,
    /// A folder of policies; else the configuration's.
    #[arg(long, value_name = "FOLDER")]
    policies: Option<PathBuf>,
    /// Writes what would leave, with links that are examples: to look at in a mail client.
    #[arg(long, value_name = "FILE")]
    copy: Option<PathBuf>,
}

/// What was found.
#[derive(Serialize)]
struct Report {
    sender: String,
    stream: Option<Stream>,
    scope: Option<Scope>,
    /// Nothing in the message tells its stream, and none was named.
    assumed: bool,
    /// Whether it would be refused or held, whoever it is for.
    stopped: bool,
    refusals: Vec<Refusal>,
    findings: Vec<Judged>,
    changes: Vec<Change>,
}

/// Why all recipients would be refused.
#[derive(Serialize)]
struct Refusal {
    reason: Reason,
    text: String,
    rule: RuleRef,
}

/// A finding, and what policy makes of it.
#[derive(Serialize)]
struct Judged {
    #[serde(flatten)]
    finding: Finding,
    handling: Handling,
    rule: RuleRef,
    advice: &'static str,
}

pub(super) fn run(session: &Session, arguments: &Arguments) -> anyhow::Result<Status> {
    let policy = policies(session, arguments)?;
    if policy.sender(&arguments.sender).is_none() {
        anyhow::bail!(sender::unknown(&policy, &arguments.sender));
    }
    let home = home(session, arguments);
    let report = Looking { policy: &policy, arguments, home }.report(&canonical(&read(&arguments.file)?))?;
    shown::print(session.output, &report)?;
    Ok(if report.stopped { Status::Findings } else { Status::Done })
}

fn policies(session: &Session, arguments: &Arguments) -> anyhow::Result<PolicySet> {
    let folder = match &arguments.policies {
        Some(folder) => folder.clone(),
        None => session.essentials()?.policies,
    };
    Folder::read(&folder)
        .check()
        .map(|(policy, _)| policy)
        .map_err(|mistakes| super::unusable("policies", &mistakes))
}

/// What the configuration tells, where there is one that can be used: a designer has none.
fn home(session: &Session, arguments: &Arguments) -> Home {
    match session.config() {
        Ok((config, _)) if arguments.policies.is_none() => {
            Home { public_url: Some(config.web.public_url.clone()), signed: config.signed_domains() }
        }
        _ => Home::default(),
    }
}

fn read(file: &PathBuf) -> anyhow::Result<Vec<u8>> {
    let mut content = Vec::new();
    let read = if file.as_os_str() == "-" {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut content)
    } else {
        std::fs::File::open(file).and_then(|own| own.take(LARGEST + 1).read_to_end(&mut content))
    };
    read.with_context(|| format!("{} can't be read", file.display()))?;
    if content.len() as u64 > LARGEST {
        anyhow::bail!("{} is larger than {} MiB", file.display(), LARGEST / 1024 / 1024);
    }
    Ok(content)
}

/// With the line ends of the wire, however the file was saved.
fn canonical(content: &[u8]) -> Bytes {
    let mut lines = Vec::with_capacity(content.len() + content.len() / 32);
    let mut last = 0;
    for &byte in content {
        match byte {
            b'\n' if last == b'\r' => {}
            b'\n' | b'\r' => lines.extend_from_slice(b"\r\n"),
            _ => lines.push(byte),
        }
        last = byte;
    }
    lines.into()
}

struct Looking<'a> {
    policy: &'a PolicySet,
    arguments: &'a Arguments,
    home: Home,
}

impl Looking<'_> {
    fn report(&self, content: &Bytes) -> anyhow::Result<Report> {
        let mut report = Report {
            sender: self.arguments.sender.clone(),
            stream: self.arguments.stream,
            scope: self.arguments.scope.clone(),
            assumed: false,
            stopped: false,
            refusals: Vec::new(),
            findings: Vec::new(),
            changes: Vec::new(),
        };
        let message = RawMessage::index(content.clone());
        match message.as_ref().map_err(|why| *why).and_then(rewrite::check) {
            Ok(checked) => self.look(&checked.open(), &mut report)?,
            Err(why) => report.refuse(Reason::Unparsable, why.to_string(), self.file_of_the_sender()),
        }
        let stops = |own: &Judged| own.handling >= Handling::Hold;
        report.stopped = !report.refusals.is_empty() || report.findings.iter().any(stops);
        Ok(report)
    }

    fn look(&self, opened: &Opened<'_>, report: &mut Report) -> anyhow::Result<()> {
        let facts = self.facts(opened, report);
        let stream = facts.as_ref().map_or(Stream::Marketing, |facts| facts.stream);
        report.stream = Some(stream);
        report.scope = facts.as_ref().and_then(|facts| facts.scope.clone());
        if let Some(own) = self.policy.sender(&self.arguments.sender) {
            let tracked = opened.tracked(&own.trackers, None);
            report.findings = lint::look(opened, stream, &self.policy.dialects, &tracked, &self.home)
                .into_iter()
                .filter_map(|finding| {
                    let (handling, rule) = own.stream(stream).handling(finding.name);
                    let (rule, advice) = (rule.clone(), finding.name.advice());
                    (handling > Handling::Ignore).then_some(Judged { finding, handling, rule, advice })
                })
                .collect();
            report.findings.sort_by_key(|own| std::cmp::Reverse(own.handling));
        }
        if let Some(facts) = facts {
            self.object(&facts, report);
            self.rewrite(opened.message(), &facts, report)?;
        }
        Ok(())
    }

    /// What the message is: by the arguments, by what it says, or supposed to be marketing.
    fn facts(&self, opened: &Opened<'_>, report: &mut Report) -> Option<Facts> {
        let arguments = self.arguments;
        let classified = |stream| self.classified(opened.message(), stream, arguments.scope.as_ref());
        let facts = match classified(arguments.stream) {
            Err(unfit) if unfit.reason == Reason::Unclassified && arguments.stream.is_none() => {
                report.assumed = true;
                classified(Some(Stream::Marketing))
            }
            said => said,
        };
        let unparsable = |why: Unparsable| Unfit {
            reason: Reason::Unparsable,
            text: why.to_string(),
            rule: self.file_of_the_sender(),
        };
        let facts = facts.and_then(|facts| read_body(facts, opened, self.policy).map_err(unparsable));
        facts.map_err(|unfit| report.refuse(unfit.reason, unfit.text, unfit.rule)).ok()
    }

    fn classified(
        &self,
        message: &RawMessage,
        stream: Option<Stream>,
        scope: Option<&Scope>,
    ) -> Result<Facts, Unfit> {
        let grant = Grant {
            sender: self.arguments.sender.clone(),
            name: "lint".to_owned(),
            streams: Stream::ALL.to_vec(),
        };
        let named = [stream.map(|own| own.to_string()), scope.map(|own| own.to_string())];
        if named.iter().all(Option::is_none) {
            return classify::classify(message, &grant, self.policy);
        }
        // As if the tool had said so.
        let mut content = Vec::with_capacity(message.bytes().len() + 128);
        for (name, value) in SELECTORS.iter().zip(&named) {
            if let Some(value) = value {
                content.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
            }
        }
        let mut at = 0;
        for field in message.fields() {
            let is_named = SELECTORS.iter().zip(&named).any(|(name, value)| {
                value.is_some() && message.name(field).eq_ignore_ascii_case(name.as_bytes())
            });
            content.extend_from_slice(message.bytes().get(at..field.whole.start).unwrap_or_default());
            at = if is_named { field.whole.end } else { field.whole.start };
        }
        content.extend_from_slice(message.bytes().get(at..).unwrap_or_default());
        let message = RawMessage::index(content.into()).map_err(|error| Unfit {
            reason: Reason::Unparsable,
            text: error.to_string(),
            rule: self.file_of_the_sender(),
        })?;
        classify::classify(&message, &grant, self.policy)
    }

    fn object(&self, facts: &Facts, report: &mut Report) {
        for verdict in objections(self.policy, facts, self.arguments.jurisdiction.as_deref()) {
            let Some(reason) = verdict.reason else { continue };
            // Who exports a mail from a tool's editor names its scope later.
            if reason == Reason::UnknownScope && report.assumed && facts.scope.is_none() {
                continue;
            }
            report.refuse(reason, verdict.text, verdict.rule);
        }
    }

    /// What would leave, and what is changed in it.
    fn rewrite(&self, message: &RawMessage, facts: &Facts, report: &mut Report) -> anyhow::Result<()> {
        let told = self.arguments.jurisdiction.clone();
        let somebody = ConsentState { jurisdiction: told, ..ConsentState::default() };
        let now = jiff::Timestamp::UNIX_EPOCH;
        let verdict = decide(self.policy, facts, &somebody, &Circumstances::default(), now);
        let Some(rewriting) = sample(self.policy, facts, &verdict) else { return Ok(()) };
        let rewritten = match rewrite::rewrite(message, &rewriting) {
            Ok(rewritten) => rewritten,
            Err(error) => {
                report.refuse(Reason::Unparsable, error.to_string(), self.file_of_the_sender());
                return Ok(());
            }
        };
        if let Some(file) = &self.arguments.copy {
            std::fs::write(file, &rewritten.bytes)
                .with_context(|| format!("{} can't be written", file.display()))?;
        }
        report.changes = changes::between(message, rewritten.bytes);
        Ok(())
    }

    fn file_of_the_sender(&self) -> RuleRef {
        let own = self.policy.sender(&self.arguments.sender).map(|own| own.rule.clone());
        own.unwrap_or(RuleRef { file: "senders".into(), line: 0 })
    }
}

impl Report {
    fn refuse(&mut self, reason: Reason, text: String, rule: RuleRef) {
        self.refusals.push(Refusal { reason, text, rule });
    }
}
