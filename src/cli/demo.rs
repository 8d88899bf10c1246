//! `optgate demo`: the whole job on one machine, nothing to configure. A real gateway on SQLite and free
//! loopback ports, a real campaign through SMTP, and an upstream that only captures.

mod campaign;
mod cast;
mod gateway;
mod judge;
mod signature;
mod upstream;
mod visitor;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use super::output::{self, Output};
use super::{Session, Status};
use crate::mail::RawMessage;
use crate::policy::Reason;
use crate::record::Provenance;
use crate::serve::{self, Running};
use crate::store::{DeliveryView, Who};
use campaign::Tool;
use cast::{CLICKER, Expected, Fact, Person};
use gateway::{Folder, Logins, SENDER, SMTP_LOGIN};
use judge::Judge;
use signature::DemoKey;
use upstream::Upstream;

/// How long the campaign may take to leave.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// Judge every verdict and every captured message, then end.
    #[arg(long)]
    once: bool,
    /// The data folder, kept; else a temporary one.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// The demo while it runs.
struct Demo {
    upstream: Upstream,
    running: Running,
    tool: Tool,
    key: DemoKey,
    cast: Vec<Person>,
    output: Output,
    findings: Vec<String>,
}

pub(super) async fn run(session: &Session, arguments: Arguments) -> anyhow::Result<Status> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let folder = Folder::new(arguments.dir, &session.clock)?;
    let mut demo = Demo::start(session, &folder).await?;
    let stay = !arguments.once;
    let told = tokio::select! {
        told = demo.tell_and_stay(&folder, stay) => told,
        _ = terminate.recv() => ended_early(stay),
        _ = interrupt.recv() => ended_early(stay),
    };
    let findings = demo.findings;
    demo.running.drain().await;
    told?;
    Ok(if findings.is_empty() { Status::Done } else { Status::Findings })
}

/// Staying up ends by a signal; judging that was cut short has judged nothing.
fn ended_early(stay: bool) -> anyhow::Result<()> {
    if stay { Ok(()) } else { bail!("ended by a signal before everything was judged") }
}

impl Demo {
    async fn start(session: &Session, folder: &Folder) -> anyhow::Result<Self> {
        let upstream = Upstream::start(&folder.path.join("captured")).await?;
        let (signing_key, key) = DemoKey::generate()?;
        let config = gateway::config(&folder.path, upstream.address, signing_key);
        let running = serve::start(config, session.clock.clone()).await?;
        let Logins { smtp, api } = gateway::logins(&running.store, &session.clock).await?;
        let cast = cast::cast(session.clock.now());
        record(&running, api.expose_secret(), &cast).await?;
        let submission = running.smtp.first().context("a listener for submission")?;
        let tool = Tool::new(*submission, &format!("{SENDER}/{SMTP_LOGIN}"), &smtp);
        Ok(Self { upstream, running, tool, key, cast, output: session.output, findings: Vec::new() })
    }

    async fn tell_and_stay(&mut self, folder: &Folder, stay: bool) -> anyhow::Result<()> {
        self.tell(folder, stay).await?;
        if stay {
            self.links()?;
            let part = self.running.part_ended().await;
            bail!("the {part} part ended by itself");
        }
        Ok(())
    }

    /// The story from the campaign to the click, and the judgement on it.
    async fn tell(&mut self, folder: &Folder, stay: bool) -> anyhow::Result<()> {
        self.say(&format!(
            "A gateway on SQLite in {}, shipped policies, an upstream that only captures.",
            folder.path.display()
        ))?;
        self.say("A campaign of Demo Shop AB goes through it by SMTP:\n")?;
        let views = self.submit_all().await?;
        self.table(&views)?;
        let expected =
            self.cast.iter().filter(|person| matches!(person.expected, Expected::Deliver(_))).count();
        if !self.upstream.wait_for(expected, PATIENCE).await {
            self.findings
                .push(format!("{expected} messages should have left within {} s", PATIENCE.as_secs()));
        }
        self.judge_mail().await;
        let left = self.upstream.captured().len();
        let place = folder.path.join("captured");
        let kept = match (folder.temporary, stay) {
            (false, _) => format!("; they are kept in {}", place.display()),
            (true, true) => format!("; until the demo ends they are in {}", place.display()),
            (true, false) => String::new(),
        };
        self.say(&format!("\n{left} messages left for the upstream{kept}."))?;
        self.click().await?;
        self.conclude(&views)
    }

    async fn submit_all(&mut self) -> anyhow::Result<Vec<DeliveryView>> {
        let mut views = Vec::new();
        for person in &self.cast {
            let view = self.submit(person).await?;
            self.findings.extend(differs(person, person.expected, &view));
            views.push(view);
        }
        Ok(views)
    }

    /// Submits a person's mail and reads what was decided.
    async fn submit(&self, person: &Person) -> anyhow::Result<DeliveryView> {
        let id = self.tool.submit(person).await?;
        let message = self.running.store.message(SENDER, id).await?.context("the message is not known")?;
        let [view] = <[DeliveryView; 1]>::try_from(message.deliveries).ok().context("not one delivery")?;
        Ok(view)
    }

    async fn judge_mail(&mut self) {
        let policies = self.running.policies.load();
        let postal_address = policies.sender(SENDER).and_then(|sender| sender.postal_address.clone());
        let judge = Judge {
            public_url: &self.running.public_url,
            postal_address: &postal_address.unwrap_or_default(),
            key: &self.key,
        };
        let found = judge.mail(&self.cast, &self.upstream.captured()).await;
        self.findings.extend(found);
    }

    /// A mail client's unsubscribe button, and what the next submission gets.
    async fn click(&mut self) -> anyhow::Result<()> {
        let Some(person) = self.cast.iter().find(|person| person.address == CLICKER) else {
            bail!("nobody to click");
        };
        let captured = self.upstream.captured();
        let mail = captured.iter().find(|mail| mail.recipients == [CLICKER]);
        let message = mail.and_then(|mail| RawMessage::index(mail.bytes.clone().into()).ok());
        let url = message.and_then(|message| judge::one_click_url(&message, &self.running.public_url));
        let Some(url) = url else {
            self.findings.push(format!("{CLICKER}: no link to click"));
            return Ok(());
        };
        let mut findings = Vec::new();
        let before = self.version(person).await?;
        if visitor::look(&url).await?.status != 200 {
            findings.push("the page behind the unsubscribe link does not open".to_owned());
        }
        if self.version(person).await? != before {
            findings.push("looking at the page changed something".to_owned());
        }
        let status = visitor::one_click(&url).await?.status;
        if status != 200 {
            findings.push(format!("the one-click POST was answered {status}"));
        }
        let view = self.submit(person).await?;
        let expected = Expected::Refuse(Reason::Withdrawn);
        findings.extend(differs(person, expected, &view).map(|what| format!("after the click: {what}")));
        self.say(&format!(
            "\n{CLICKER} presses \"unsubscribe\" in the mail client. The next submission to her:\n"
        ))?;
        self.table(std::slice::from_ref(&view))?;
        self.findings.extend(findings);
        Ok(())
    }

    /// Grows with every fact about a person.
    async fn version(&self, person: &Person) -> anyhow::Result<Option<i64>> {
        let known = self.running.store.consent_of(SENDER, &[person.address.parse()?]).await?;
        Ok(known.into_iter().flatten().next().map(|subscriber| subscriber.version))
    }

    fn conclude(&self, views: &[DeliveryView]) -> anyhow::Result<()> {
        if self.output == Output::Json {
            let verdicts: Vec<_> = views
                .iter()
                .map(|view| view.verdict.shown(recipient(view), &view.policy, Some(view.delivery)))
                .collect();
            return output::json(&json!({ "verdicts": verdicts, "differs": self.findings }));
        }
        if self.findings.is_empty() {
            return self.say("\nEvery verdict and every message is as it must be.");
        }
        self.say("\nThis differs from what must be:")?;
        self.findings.iter().try_for_each(|finding| self.say(&format!("  {finding}")))
    }

    /// What to open in a browser while the demo stays up.
    fn links(&self) -> anyhow::Result<()> {
        let running = &self.running;
        self.say("\nPages to click in a browser:")?;
        for mail in self.upstream.captured() {
            let pages = [("unsubscribe", "/u/"), ("preferences", "/p/")];
            for (name, path) in pages {
                let link = judge::link_in_text(&mail.bytes, &format!("{}{path}", running.public_url));
                if let Some(link) = link {
                    self.say(&format!("  {:<20} {name:<12} {link}", mail.recipients.join(", ")))?;
                }
            }
        }
        self.say("\nMail that left, to look at:")?;
        for mail in self.upstream.captured() {
            self.say(&format!("  {}", mail.file.display()))?;
        }
        let smtp = running.smtp.first().map(ToString::to_string).unwrap_or_default();
        self.say(&format!("\nSMTP on {smtp}, API on http://{}. Ctrl-C ends the demo.", running.api))
    }

    fn table(&self, views: &[DeliveryView]) -> anyhow::Result<()> {
        if self.output == Output::Json {
            return Ok(());
        }
        let row = |view: &DeliveryView| {
            let recipient = recipient(view).unwrap_or_default();
            let person = self.cast.iter().find(|person| person.address == recipient);
            let (verdict, rule) = (&view.verdict, &view.verdict.rule);
            let why = verdict.reason.map(|reason| reason.to_string());
            let why = why.or_else(|| verdict.ground.map(|ground| ground.to_string()));
            vec![
                recipient,
                verdict.verdict.to_string(),
                why.unwrap_or_default(),
                format!("{}:{}", rule.file, rule.line),
                person.map(|person| person.history).unwrap_or_default().to_owned(),
            ]
        };
        let rows: Vec<_> = views.iter().map(row).collect();
        Ok(output::table(&["RECIPIENT", "VERDICT", "REASON", "RULE", "HISTORY"], &rows)?)
    }

    /// For people alone.
    fn say(&self, text: &str) -> anyhow::Result<()> {
        match self.output {
            Output::Text => Ok(output::lines(text)?),
            Output::Json => Ok(()),
        }
    }
}

/// Records what happened before, through the doors that a shop would use.
async fn record(running: &Running, key: &str, cast: &[Person]) -> anyhow::Result<()> {
    let api = running.api.to_string();
    for person in cast {
        for fact in &person.facts {
            match fact {
                Fact::Call { path, body } => {
                    let answer = visitor::call(&api, path, key, body).await?;
                    // 409: recorded, but a younger withdrawal of an earlier run in this folder beats it.
                    if !matches!(answer.status, 201 | 409) {
                        bail!("{path} answered {}: {}", answer.status, answer.body);
                    }
                }
                Fact::Recorded { kind, at } => {
                    let who = Who::Address(person.address.parse()?);
                    let provenance = Provenance { channel: "demo".to_owned(), ..Provenance::default() };
                    running.recorder.record(SENDER, who, kind.clone(), Some(*at), provenance).await?;
                }
            }
        }
    }
    Ok(())
}

fn recipient(view: &DeliveryView) -> Option<String> {
    view.recipient.as_ref().map(ToString::to_string)
}

/// How a verdict differs from what it must be.
fn differs(person: &Person, expected: Expected, view: &DeliveryView) -> Option<String> {
    let verdict = &view.verdict;
    let found = match (verdict.ground, verdict.reason) {
        (Some(ground), None) => Some(Expected::Deliver(ground)),
        (None, Some(reason)) => Some(Expected::Refuse(reason)),
        _ => None,
    };
    let whole = found == Some(expected) && recipient(view).as_deref() == Some(person.address);
    if whole && !verdict.rule.file.is_empty() && verdict.rule.line > 0 {
        return None;
    }
    Some(format!("{}: {expected:?} was expected, {verdict:?} came", person.address))
}
