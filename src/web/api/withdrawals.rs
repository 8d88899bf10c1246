//! `POST /v1/withdrawals`: a person said no, somewhere else. A no is taken even where the sender's policy
//! is gone (invariant 5).

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::check::Checks;
use super::document::Email;
use super::once::{Write, answer};
use super::problem::Problem;
use crate::clock::from_micros;
use crate::consent::EventKind;
use crate::mail::Address;
use crate::policy::Scope;
use crate::record::{Provenance, new_fact};
use crate::store::{Recorded, Who};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "anna@example.se",
    "scopes": ["apparel"],
    "source": { "channel": "phone", "agent": "Eva" },
    "withdrawn_at": "2026-05-01T10:00:00Z"
}))]
pub(super) struct NewWithdrawal {
    #[schema(value_type = Email)]
    email: Address,
    /// None: all marketing.
    #[serde(default)]
    #[schema(max_items = 200)]
    scopes: Vec<Scope>,
    source: Source,
    /// At most five minutes ahead of the gateway's clock; without it: now.
    withdrawn_at: Option<Timestamp>,
}

/// How the person's no came in, and whatever else shows it; at most 32 KiB. Kept sealed.
#[derive(Deserialize, Serialize, ToSchema)]
pub(super) struct Source {
    #[schema(min_length = 1, max_length = 256)]
    pub(super) channel: String,
    #[serde(flatten)]
    #[schema(value_type = HashMap<String, serde_json::Value>)]
    pub(super) more: serde_json::Map<String, serde_json::Value>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Withdrawn {
    /// The subscriber.
    id: Uuid,
    /// The fact that was recorded; an older one, if it said the same.
    event: Uuid,
    /// Empty: all marketing.
    scopes: Vec<Scope>,
}

/// Record that a person said no
///
/// Mail that is queued stops at once. Taken even where the sender's policy file is gone.
#[utoipa::path(
    post, path = "/v1/withdrawals", operation_id = "addWithdrawal", tag = "facts",
    request_body = NewWithdrawal,
    responses((status = 201, description = "Recorded", body = Withdrawn)),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn add(State(api): State<Api>, write: Write<NewWithdrawal>) -> Result<Response, Problem> {
    let Write { caller, call, body, .. } = write;
    let mut checks = Checks::default();
    if let Some(sender) = caller.known_policy() {
        checks.scopes(sender, &body.scopes);
    }
    checks.text("/source/channel", &body.source.channel, 256);
    checks.evidence("/source", &body.source.more);
    if let Some(at) = body.withdrawn_at {
        checks.dated("/withdrawn_at", at, api.clock.now());
    }
    checks.done()?;

    let kind = EventKind::Withdrawal { scopes: body.scopes.clone(), complaint: false };
    let provenance = Provenance {
        channel: "api".to_owned(),
        evidence: json!({ "told_by": caller.name(), "source": body.source }),
        ..Provenance::default()
    };
    let withdrawn_at = body.withdrawn_at.map(|at| from_micros(at.as_microsecond()));
    let fact = new_fact(caller.sender(), Who::Address(body.email), kind, withdrawn_at, provenance);
    let scopes = body.scopes;
    let told = move |Recorded { event, subscriber }: &Recorded| {
        Ok(answer(201, &Withdrawn { id: subscriber.id, event: *event, scopes: scopes.clone() }))
    };
    Ok(call.record(&api, fact, told).await)
}
