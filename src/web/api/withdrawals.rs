//! `POST /v1/withdrawals`: a person said no, somewhere else. A no is taken even where the sender's policy
//! is gone (invariant 5).

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Api;
use super::body::Body;
use super::caller::OfSubscribers;
use super::check::{Checks, Free};
use super::problem::Problem;
use crate::clock::from_micros;
use crate::consent::EventKind;
use crate::mail::Address;
use crate::policy::Scope;
use crate::record::Provenance;
use crate::store::Who;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWithdrawal {
    email: Address,
    /// None: all marketing.
    #[serde(default)]
    scopes: Vec<Scope>,
    /// `{channel, …}`.
    source: Free,
    withdrawn_at: Option<Timestamp>,
}

#[derive(Serialize)]
pub(super) struct Withdrawn {
    /// The subscriber.
    id: Uuid,
    /// The fact that was recorded; an older one, if it said the same.
    event: Uuid,
    /// Empty: all marketing.
    scopes: Vec<Scope>,
}

pub(super) async fn add(
    State(api): State<Api>,
    OfSubscribers(caller): OfSubscribers,
    Body(body): Body<NewWithdrawal>,
) -> Result<(StatusCode, Json<Withdrawn>), Problem> {
    let mut checks = Checks::default();
    if let Some(sender) = caller.known_policy() {
        checks.scopes(sender, &body.scopes);
    }
    if body.source.get("channel").and_then(Value::as_str).is_none_or(|channel| channel.trim().is_empty()) {
        checks.mistake("/source/channel", "it must say through which channel the person withdrew");
    }
    checks.evidence("/source", &body.source);
    if let Some(at) = body.withdrawn_at {
        checks.not_ahead("/withdrawn_at", at, api.clock.now());
    }
    checks.done()?;

    let kind = EventKind::Withdrawal { scopes: body.scopes.clone(), complaint: false };
    let provenance = Provenance {
        channel: "api".to_owned(),
        evidence: json!({ "told_by": caller.name(), "source": body.source }),
        ..Provenance::default()
    };
    let withdrawn_at = body.withdrawn_at.map(|at| from_micros(at.as_microsecond()));
    let who = Who::Address(body.email);
    let recorded = api.recorder.record(caller.sender(), who, kind, withdrawn_at, provenance).await?;
    let answer = Withdrawn { id: recorded.subscriber.id, event: recorded.event, scopes: body.scopes };
    Ok((StatusCode::CREATED, Json(answer)))
}
