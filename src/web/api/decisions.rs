//! `POST /v1/decisions`: what would become of a message to these recipients. Nothing is sent or recorded.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, http::StatusCode};
use serde::{Deserialize, Serialize};

use super::Api;
use super::body::Body;
use super::caller::OfSubscribers;
use super::check::Checks;
use super::problem::Problem;
use crate::consent::ConsentState;
use crate::mail::Address;
use crate::policy::decide::{Circumstances, decide as decided};
use crate::policy::standing;
use crate::policy::verdict::ShownVerdict;
use crate::policy::{Scope, Stream, Verdict};
use crate::store::Subscriber;

/// The most recipients in one call.
const RECIPIENTS_LIMIT: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Question {
    stream: Stream,
    /// Functional mail needs none.
    scope: Option<Scope>,
    recipients: Vec<Address>,
}

#[derive(Serialize)]
struct Answer<'a> {
    verdicts: Vec<ShownVerdict<'a>>,
}

/// The verdicts, in the recipients' order.
pub(super) async fn decide(
    State(api): State<Api>,
    OfSubscribers(caller): OfSubscribers,
    Body(body): Body<Question>,
) -> Result<Response, Problem> {
    let sender = caller.sender_policy()?;
    let mut checks = Checks::default();
    match &body.scope {
        Some(scope) => checks.scope("/scope", sender, scope),
        None if body.stream != Stream::Functional => {
            checks.mistake("/scope", format!("{} mail needs a scope", body.stream));
        }
        None => {}
    }
    if body.recipients.len() > RECIPIENTS_LIMIT {
        checks.mistake("/recipients", format!("at most {RECIPIENTS_LIMIT}"));
    }
    checks.done()?;

    let now = api.clock.now();
    let consent = api.store.consent_of(caller.sender(), &body.recipients).await?;
    let facts = standing::supposed(sender, &caller.name(), body.stream, body.scope);
    let unknown = ConsentState::default();
    let verdict = |known: &Option<Subscriber>| -> Verdict {
        let state = known.as_ref().map_or(&unknown, |subscriber| &subscriber.state);
        decided(&caller.policy, &facts, state, &Circumstances::default(), now)
    };
    let verdicts: Vec<Verdict> = consent.iter().map(verdict).collect();
    let shown =
        body.recipients.iter().zip(&verdicts).map(|(recipient, verdict)| {
            verdict.shown(Some(recipient.to_string()), &caller.policy.hash, None)
        });
    Ok((StatusCode::OK, Json(Answer { verdicts: shown.collect() })).into_response())
}
