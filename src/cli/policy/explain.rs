//! `optgate policy explain`: may this sender mail this person about this, and by which rule; or how a decision that
//! was recorded came about.

mod decision;
mod shown;

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::cli::output::{self, Output};
use crate::cli::{Session, Status, argument, person};
use crate::consent::fold::OwnChoices;
use crate::consent::view::EventView;
use crate::consent::{ConsentState, Event, fold};
use crate::mail::Address;
use crate::policy::decide::{Circumstances, Records};
use crate::policy::explain::{Explanation, explain};
use crate::policy::holds::Stage;
use crate::policy::sender::SenderPolicy;
use crate::policy::verdict::ShownVerdict;
use crate::policy::{PolicySet, Scope, Stream, confirmation, standing};
use crate::store::Store;

#[derive(Args)]
pub(in crate::cli) struct Question {
    /// A recorded decision, made again with the policy and the facts of its time.
    #[arg(long, value_name = "ID", conflicts_with_all = ["message", "sender", "to", "stream", "scope", "at"])]
    decision: Option<Uuid>,
    /// The recorded decisions on all recipients of a message, by the id that a 250 tells.
    #[arg(long, value_name = "ID", conflicts_with_all = ["sender", "to", "stream", "scope", "at"])]
    message: Option<Uuid>,
    #[arg(long, value_parser = argument::text, required_unless_present_any = ["decision", "message"])]
    sender: Option<String>,
    #[arg(long, value_name = "ADDRESS", value_parser = person::address, required_unless_present_any = ["decision", "message"])]
    to: Option<Address>,
    #[arg(long, default_value = "marketing", value_parser = stream)]
    stream: Stream,
    #[arg(long)]
    scope: Option<Scope>,
    /// As it was at this time (RFC 3339); facts that occurred after it are left out.
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

/// Facts about a person, oldest first, with their evidence where it is left.
type History = Vec<(Event, Option<Value>)>;

pub(super) async fn run(session: &Session, question: Question) -> anyhow::Result<Status> {
    let Question { decision, message, sender, to, stream, scope, at } = question;
    match (decision, message, sender, to) {
        (Some(id), ..) => decision::run(session, id).await,
        (None, Some(id), ..) => decision::run_all(session, id).await,
        (None, None, Some(sender), Some(to)) => {
            Supposed { sender, to, stream, scope, at }.explain(session).await
        }
        (None, None, ..) => anyhow::bail!("name a sender and an address, a decision, or a message"),
    }
}

/// A message that nobody submitted.
struct Supposed {
    sender: String,
    to: Address,
    stream: Stream,
    scope: Option<Scope>,
    at: Option<Timestamp>,
}

#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    verdict: ShownVerdict<'a>,
    #[serde(flatten)]
    explanation: &'a Explanation,
    facts: Vec<EventView>,
}

impl Supposed {
    async fn explain(self, session: &Session) -> anyhow::Result<Status> {
        let config = session.essentials()?;
        let policies = session.policies(&config)?;
        let sender = policies.sender(&self.sender);
        let sender = sender.with_context(|| format!("no policy knows the sender `{}`", self.sender))?;
        let store = session.store(&config).await?;
        let now = self.at.unwrap_or_else(|| session.clock.now());
        let known = self.known(&store, &policies, sender, now).await;
        store.close().await;
        let (state, history, circumstances) = known?;
        let facts = standing::supposed(sender, "", self.stream, self.scope.clone());
        let explained = explain(&policies, &facts, &state, &circumstances, now);
        match session.output {
            Output::Json => output::json(&Shown {
                verdict: explained.verdict.shown(Some(self.to.to_string()), &policies.hash, None),
                explanation: &explained,
                facts: history.into_iter().map(EventView::from).collect(),
            })?,
            Output::Text => {
                shown::verdict(&explained.verdict)?;
                output::line("")?;
                shown::explanation(&explained)?;
                shown::history(&history, state.erased)?;
            }
        }
        Ok(Status::Done)
    }

    async fn known(
        &self,
        store: &Store,
        policies: &PolicySet,
        sender: &SenderPolicy,
        now: Timestamp,
    ) -> anyhow::Result<(ConsentState, History, Circumstances)> {
        let (state, history) = self.consent(store).await?;
        let mut circumstances = self.circumstances(store, sender, &state.choices, now).await?;
        // What was paused at another time nobody knows.
        if self.at.is_none() && self.stream == Stream::Marketing {
            let provider = policies.shaping.provider(self.to.domain());
            circumstances.paused = store.pauses().await?.of(&self.sender, None, &provider);
        }
        Ok((state, history, circumstances))
    }

    async fn consent(&self, store: &Store) -> anyhow::Result<(ConsentState, History)> {
        let known = store.consent_of(&self.sender, std::slice::from_ref(&self.to)).await?;
        let Some(subscriber) = known.into_iter().next().flatten() else {
            return Ok((ConsentState::default(), History::new()));
        };
        let mut history = store.history(&self.sender, subscriber.id).await?;
        let Some(at) = self.at else { return Ok((subscriber.state, history)) };
        history.retain(|(event, _)| event.occurred_at <= at);
        let by_then: Vec<Event> = history.iter().map(|(event, _)| event.clone()).collect();
        Ok((fold(&by_then), history))
    }

    /// What was delivered by then. Of another time nobody knows what was on its way.
    async fn circumstances(
        &self,
        store: &Store,
        sender: &SenderPolicy,
        choices: &OwnChoices,
        now: Timestamp,
    ) -> anyhow::Result<Circumstances> {
        let since = sender.counts_since(self.stream, now);
        let own = [choices.counts_since(self.stream, now)];
        let earlier = store.earlier(&self.sender, std::slice::from_ref(&self.to), since, &own).await?;
        let mut earlier = earlier.into_iter().next().unwrap_or_default();
        let asks = self.stream == Stream::Confirmation;
        let asked_since = asks.then(|| confirmation::counts_since(now));
        let asked = store.asked_before(std::slice::from_ref(&self.to), asked_since).await?;
        let mut confirmations = asked.into_iter().next().unwrap_or_default();
        if self.at.is_some() {
            earlier.retain(|one| one.stage == Stage::Delivered && one.at <= now);
            confirmations.retain(|one| one.stage == Stage::Delivered && one.at <= now);
        }
        // Of another time nobody knows whether a restore was under way.
        let records = match self.at {
            Some(_) => Records::Complete,
            None => {
                store.follow_journals().await?;
                store.records()
            }
        };
        Ok(Circumstances { records, earlier, confirmations, signing_up: None, paused: None, warm_up: None })
    }
}

pub(in crate::cli) fn stream(text: &str) -> Result<Stream, String> {
    text.parse().map_err(|_| "marketing, functional or confirmation".to_owned())
}
