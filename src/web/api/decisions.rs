//! `POST /v1/decisions`: what would become of a message to these recipients. Nothing is sent or recorded.
//! One JSON document for up to a thousand, or lines (NDJSON) in and out for many.

use axum::Json;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Api;
use super::body::{self, Body};
use super::caller::{Caller, OfSubscribers};
use super::check::Checks;
use super::document::Email;
use super::problem::{Document, Kind, Mistake, Problem};
use crate::consent::ConsentState;
use crate::mail::Address;
use crate::policy::decide::{Circumstances, decide as decided};
use crate::policy::standing;
use crate::policy::verdict::ShownVerdict;
use crate::policy::{Facts, Scope, Stream, Verdict, confirmation};
use crate::store::Subscriber;
use crate::web::stream::{self, Broken, Gone, Lines, Next, Pieces};

/// The most recipients in one document, and in one call by lines.
const RECIPIENTS_LIMIT: usize = 1000;
const LINES_LIMIT: u64 = 1_000_000;
/// The longest line, in octets.
const LINE_LIMIT: usize = 4096;
/// Recipients that are looked up together.
const BATCH: usize = 200;

pub(super) const NDJSON: &str = "application/x-ndjson";

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "stream": "marketing", "scope": "apparel", "recipients": ["anna@example.se", "bo@example.se"]
}))]
pub(super) struct Question {
    stream: Stream,
    /// Functional mail needs none.
    scope: Option<Scope>,
    #[schema(value_type = Vec<Email>, max_items = 1000)]
    recipients: Vec<Address>,
}

/// The first line of a question by lines.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FirstLine {
    stream: Stream,
    scope: Option<Scope>,
}

/// Each further line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipientLine {
    recipient: Address,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Verdicts)]
pub(super) struct Answer<'a> {
    /// In the recipients' order.
    verdicts: Vec<ShownVerdict<'a>>,
}

/// What a line can't be answered with.
#[derive(Serialize)]
struct BadLine<'a> {
    /// Of the body, from 1.
    line: u64,
    problem: Document<'a>,
}

/// Ask what would become of a message
///
/// Nothing is sent and nothing recorded: `decision` is null. For more than a thousand recipients send lines
/// (`application/x-ndjson`): first `{"stream", "scope"}`, then a `{"recipient"}` a line, at most a million. The
/// answer has a verdict a line, in order; a line that can't be read is answered `{"line", "problem"}`. Read the
/// answer while you send.
#[utoipa::path(
    post, path = "/v1/decisions", operation_id = "decide", tag = "decisions",
    request_body = Question,
    responses((
        status = 200, description = "Verdicts in order",
        content((Answer = "application/json"), (String = "application/x-ndjson")),
    )),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn decide(
    State(api): State<Api>,
    OfSubscribers(caller): OfSubscribers,
    request: Request,
) -> Result<Response, Problem> {
    if body::media_type(request.headers()) == NDJSON {
        return by_lines(api, caller, Lines::new(request.into_body(), LINE_LIMIT)).await;
    }
    let Body(question) = Body::<Question>::from_request(request, &api).await?;
    let mut checks = Checks::default();
    if question.recipients.len() > RECIPIENTS_LIMIT {
        checks.mistake("/recipients", format!("at most {RECIPIENTS_LIMIT}"));
    }
    let facts = facts(&caller, question.stream, question.scope, checks)?;
    let verdicts = verdicts(&api, &caller, &facts, &question.recipients).await?;
    let shown = question.recipients.iter().zip(&verdicts).map(|(to, verdict)| shown(&caller, to, verdict));
    Ok(Json(Answer { verdicts: shown.collect() }).into_response())
}

/// The message that is asked about.
fn facts(
    caller: &Caller,
    stream: Stream,
    scope: Option<Scope>,
    mut checks: Checks,
) -> Result<Facts, Problem> {
    let sender = caller.sender_policy()?;
    match &scope {
        Some(scope) => checks.scope("/scope", sender, scope),
        None if stream != Stream::Functional => {
            checks.unfit("/scope", format!("{stream} mail needs a scope"));
        }
        None => {}
    }
    checks.done()?;
    Ok(standing::supposed(sender, &caller.name(), stream, scope))
}

async fn verdicts(
    api: &Api,
    caller: &Caller,
    facts: &Facts,
    recipients: &[Address],
) -> Result<Vec<Verdict>, Problem> {
    let now = api.clock.now();
    let consent = api.store.consent_of(caller.sender(), recipients).await?;
    // Invariant 14: after a restore a no may be missing, and nobody is told that mail may go.
    let records = api.store.records();
    let since = caller.policy.sender(caller.sender()).and_then(|own| own.counts_since(facts.stream, now));
    let chosen = |known: &Option<Subscriber>| known.as_ref()?.state.choices.counts_since(facts.stream, now);
    let own: Vec<_> = consent.iter().map(chosen).collect();
    let earlier = api.store.earlier(caller.sender(), recipients, since, &own).await?;
    let asks = facts.stream == Stream::Confirmation;
    let asked_since = asks.then(|| confirmation::counts_since(now));
    let asked_before = api.store.asked_before(recipients, asked_since).await?;
    let unknown = ConsentState::default();
    let sent = earlier.into_iter().zip(asked_before);
    let pauses = api.store.pauses().await?;
    let marketing = facts.stream == Stream::Marketing;
    let verdict = |((known, to), (earlier, confirmations)): ((&Option<Subscriber>, &Address), _)| {
        let provider = caller.policy.shaping.provider(to.domain());
        let paused = pauses.of(caller.sender(), None, &provider).filter(|_| marketing);
        let state = known.as_ref().map_or(&unknown, |subscriber| &subscriber.state);
        decided(
            &caller.policy,
            facts,
            state,
            &Circumstances { records, earlier, confirmations, signing_up: None, paused, warm_up: None },
            now,
        )
    };
    Ok(consent.iter().zip(recipients).zip(sent).map(verdict).collect())
}

fn shown<'v>(caller: &'v Caller, to: &Address, verdict: &'v Verdict) -> ShownVerdict<'v> {
    verdict.shown(Some(to.to_string()), &caller.policy.hash, None)
}

/// A first line that can't be used is a problem; what follows it is answered line by line.
async fn by_lines(api: Api, caller: Caller, mut lines: Lines) -> Result<Response, Problem> {
    let first = lines.wait().await.map_err(Problem::from)?.unwrap_or_default();
    let FirstLine { stream, scope } = body::parse(&first)?;
    let facts = facts(&caller, stream, scope, Checks::default())?;
    let asked = Asked { api, caller, facts, number: 1, batch: Vec::with_capacity(BATCH) };
    Ok(stream::answer(NDJSON, move |pieces| asked.answer(lines, pieces)))
}

/// Why an answer ends before its question.
enum Over {
    Gone,
    Told,
}

impl From<Gone> for Over {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

/// A question by lines, while it is answered.
struct Asked {
    api: Api,
    caller: Caller,
    facts: Facts,
    /// The line that was read last.
    number: u64,
    batch: Vec<(u64, Result<Address, Problem>)>,
}

impl Asked {
    async fn answer(mut self, lines: Lines, mut pieces: Pieces) -> Result<(), Gone> {
        match self.answer_each(lines, &mut pieces).await {
            Err(Over::Gone) => Err(Gone),
            // What is missing was told in a line of its own.
            Ok(()) | Err(Over::Told) => Ok(()),
        }
    }

    async fn answer_each(&mut self, mut lines: Lines, pieces: &mut Pieces) -> Result<(), Over> {
        loop {
            // Whoever waits for an answer before the next line gets it.
            let next = match lines.ready().await {
                Ok(Next::Nothing) => {
                    self.flush(pieces).await?;
                    lines.wait().await
                }
                Ok(Next::Line(line)) => Ok(Some(line)),
                Ok(Next::End) => Ok(None),
                Err(broken) => Err(broken),
            };
            match next {
                Ok(None) => return self.flush(pieces).await,
                Ok(Some(line)) if self.number <= LINES_LIMIT => {
                    self.number += 1;
                    if !line.is_empty() {
                        let read = body::parse::<RecipientLine>(&line).map(|line| line.recipient);
                        self.batch.push((self.number, read));
                    }
                }
                broken => {
                    self.flush(pieces).await?;
                    let too_many = Problem::new(Kind::TooLarge, "a million lines are the most");
                    let problem = broken.err().map_or(too_many, Problem::from);
                    return Ok(write_bad(pieces, self.number + 1, &problem).await?);
                }
            }
            if self.batch.len() >= BATCH {
                self.flush(pieces).await?;
            }
        }
    }

    /// Answers what is read. When the store fails, or the key was revoked meanwhile, the answer ends with that.
    async fn flush(&mut self, pieces: &mut Pieces) -> Result<(), Over> {
        let batch = std::mem::take(&mut self.batch);
        if let Err(problem) = self.still_in_force().await {
            let line = batch.first().map_or(self.number, |(line, _)| *line);
            write_bad(pieces, line, &problem).await?;
            return Err(Over::Told);
        }
        let read = |(_, read): &(u64, Result<Address, Problem>)| read.as_ref().ok().cloned();
        let recipients: Vec<Address> = batch.iter().filter_map(read).collect();
        let found = match recipients.as_slice() {
            [] => Vec::new(),
            some => match verdicts(&self.api, &self.caller, &self.facts, some).await {
                Ok(found) => found,
                Err(problem) => {
                    let line = batch.first().map_or(self.number, |(line, _)| *line);
                    write_bad(pieces, line, &problem).await?;
                    return Err(Over::Told);
                }
            },
        };
        let mut found = found.iter();
        for (line, read) in &batch {
            match (read, read.as_ref().ok().and_then(|_| found.next())) {
                (Ok(to), Some(verdict)) => write_line(pieces, &shown(&self.caller, to, verdict)).await?,
                (Err(problem), _) => write_bad(pieces, *line, problem).await?,
                (Ok(_), None) => write_bad(pieces, *line, &Problem::internal()).await?,
            }
        }
        Ok(())
    }
}

impl Asked {
    /// A revoked key is out within five seconds, open answers included (CONTRACT.md, "Command line").
    async fn still_in_force(&self) -> Result<(), Problem> {
        match self.api.verifier.still_in_force(self.caller.credential_id()).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(Problem::unauthorized()),
            Err(error) => Err(error.into()),
        }
    }
}

async fn write_bad(pieces: &mut Pieces, line: u64, problem: &Problem) -> Result<(), Gone> {
    write_line(pieces, &BadLine { line, problem: problem.document() }).await
}

async fn write_line(pieces: &mut Pieces, value: &impl Serialize) -> Result<(), Gone> {
    let mut line = serde_json::to_vec(value).unwrap_or_default();
    line.push(b'\n');
    pieces.write(&line).await
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::TooLong => {
                let detail = format!("a line has at most {LINE_LIMIT} octets");
                Self::mistaken(vec![Mistake::at("", detail)])
            }
            Broken::Cut => Self::malformed("the body ended early"),
        }
    }
}
