//! `GET /v1/messages/{id}`: what became of a message. Role `ops` sees addresses redacted.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::body::Id;
use super::caller::Caller;
use super::deliveries::{self, ShownDelivery};
use super::problem::{Document, Problem};
use crate::policy::finding::Found;
use crate::policy::{Scope, Stream};
use crate::store::{MessageView, Role};

/// A message as it was submitted, with a delivery for each recipient.
#[derive(Serialize, ToSchema)]
#[schema(as = Message)]
pub(super) struct Shown<'a> {
    id: Uuid,
    received_at: Timestamp,
    sender: &'a str,
    credential: &'a str,
    stream: Option<Stream>,
    scope: Option<&'a Scope>,
    campaign: Option<&'a str>,
    /// What its content has wrong, the first of each name; policy says what becomes of it.
    findings: &'a [Found],
    /// In octets.
    size: u64,
    deliveries: Vec<ShownDelivery<'a>>,
}

/// A message and what became of it
#[utoipa::path(
    get, path = "/v1/messages/{id}", operation_id = "getMessage", tag = "mail",
    params(("id" = Uuid, Path, description = "The id in the reply to the tool")),
    responses(
        (status = 200, description = "The message", body = Shown),
        (status = 404, description = "This sender has no such message", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("key" = ["api", "compliance", "ops"]))
)]
pub(super) async fn show(State(api): State<Api>, caller: Caller, Id(id): Id) -> Result<Response, Problem> {
    let found = api.store.message(caller.sender(), id).await?;
    let message = found.ok_or_else(|| Problem::missing("there is no such message"))?;
    Ok(Json(shown(&message, caller.role())).into_response())
}

fn shown(message: &MessageView, role: Role) -> Shown<'_> {
    Shown {
        id: message.id,
        received_at: message.received_at,
        sender: &message.sender,
        credential: &message.credential,
        stream: message.stream,
        scope: message.scope.as_ref(),
        campaign: message.campaign.as_deref(),
        findings: &message.findings,
        size: message.size,
        deliveries: message.deliveries.iter().map(|delivery| deliveries::shown(delivery, role)).collect(),
    }
}
