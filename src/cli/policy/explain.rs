//! `optgate policy explain`: may this sender mail this person about this, and by which rule.

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;

use crate::cli::output::{self, Output};
use crate::cli::{Session, Status, argument, person};
use crate::consent::{ConsentState, fold};
use crate::mail::Address;
use crate::policy::decide::Circumstances;
use crate::policy::explain;
use crate::policy::sender::SenderPolicy;
use crate::policy::{PolicySet, Scope, Stream, Verdict, standing};
use crate::store::Store;

#[derive(Args)]
pub(in crate::cli) struct Question {
    #[arg(long, value_parser = argument::text)]
    sender: String,
    #[arg(long, value_name = "ADDRESS", value_parser = person::address)]
    to: Address,
    #[arg(long, default_value = "marketing", value_parser = stream)]
    stream: Stream,
    #[arg(long)]
    scope: Option<Scope>,
    /// As it was at this time (RFC 3339); facts that occurred after it are left out.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

pub(super) async fn run(session: &Session, question: Question) -> anyhow::Result<Status> {
    let config = session.essentials()?;
    let policies = session.policies(&config)?;
    let sender = policies.sender(&question.sender);
    let sender = sender.with_context(|| format!("no policy knows the sender `{}`", question.sender))?;
    let store = session.store(&config).await?;
    let state = question.consent(&store).await?;
    let at = question.at.unwrap_or_else(|| session.clock.now());
    let (steps, verdict) = question.explained(&policies, sender, &state, at);
    store.close().await;
    print(session.output, &verdict, &question.to, &policies)?;
    if session.output != Output::Json {
        output::line("")?;
        for step in steps {
            output::line(&format!("- {step}"))?;
        }
    }
    Ok(Status::Done)
}

impl Question {
    async fn consent(&self, store: &Store) -> anyhow::Result<ConsentState> {
        let known = store.consent_of(&self.sender, std::slice::from_ref(&self.to)).await?;
        let Some(subscriber) = known.into_iter().next().flatten() else {
            return Ok(ConsentState::default());
        };
        let Some(at) = self.at else { return Ok(subscriber.state) };
        let history = store.history(&self.sender, subscriber.id).await?;
        let by_then: Vec<_> =
            history.into_iter().map(|(event, _)| event).filter(|event| event.occurred_at <= at).collect();
        Ok(fold(&by_then))
    }

    /// The verdict on a message as described, and the steps to it.
    fn explained(
        &self,
        policies: &PolicySet,
        sender: &SenderPolicy,
        state: &ConsentState,
        now: Timestamp,
    ) -> (Vec<String>, Verdict) {
        let facts = standing::supposed(sender, "", self.stream, self.scope.clone());
        explain::explain(policies, &facts, state, &Circumstances::default(), now)
    }
}

fn print(output: Output, verdict: &Verdict, to: &Address, policies: &PolicySet) -> anyhow::Result<()> {
    if output == Output::Json {
        return output::json(&verdict.shown(Some(to.to_string()), &policies.hash, None));
    }
    let why = match (verdict.ground, verdict.reason) {
        (Some(ground), _) => format!(" on {ground}"),
        (None, Some(reason)) => format!(": {reason}"),
        (None, None) => String::new(),
    };
    output::line(&format!("{}{why}", verdict.verdict))?;
    output::line(&verdict.text)?;
    let pack =
        verdict.jurisdiction.as_deref().map(|pack| format!(", jurisdiction {pack}")).unwrap_or_default();
    Ok(output::line(&format!("by {}:{}{pack}", verdict.rule.file, verdict.rule.line))?)
}

fn stream(text: &str) -> Result<Stream, String> {
    text.parse().map_err(|_| "marketing, functional or confirmation".to_owned())
}
