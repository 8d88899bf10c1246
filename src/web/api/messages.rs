//! `GET /v1/messages/{id}`: what became of a message. Role `ops` sees no addresses.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::Api;
use super::body::Id;
use super::caller::Caller;
use super::problem::Problem;
use crate::mail::Address;
use crate::policy::verdict::ShownVerdict;
use crate::policy::{Scope, Stream};
use crate::store::{DeliveryView, MessageView, Role};

#[derive(Serialize)]
struct Shown<'a> {
    id: Uuid,
    received_at: Timestamp,
    sender: &'a str,
    credential: &'a str,
    stream: Option<Stream>,
    scope: Option<&'a Scope>,
    campaign: Option<&'a str>,
    size: u64,
    deliveries: Vec<ShownDelivery<'a>>,
}

#[derive(Serialize)]
struct ShownDelivery<'a> {
    delivery: Uuid,
    recipient: Option<String>,
    state: &'static str,
    verdict: ShownVerdict<'a>,
    attempts: u32,
    next_attempt_at: Option<Timestamp>,
    last_response: Option<&'a str>,
}

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
        size: message.size,
        deliveries: message.deliveries.iter().map(|delivery| shown_delivery(delivery, role)).collect(),
    }
}

fn shown_delivery(delivery: &DeliveryView, role: Role) -> ShownDelivery<'_> {
    let recipient = delivery.recipient.as_ref().map(|address| as_seen_by(role, address));
    ShownDelivery {
        delivery: delivery.delivery,
        recipient: recipient.clone(),
        state: delivery.state.shown(),
        verdict: delivery.verdict.shown(recipient, &delivery.policy, Some(delivery.delivery)),
        attempts: delivery.attempts,
        next_attempt_at: delivery.next_attempt_at,
        last_response: delivery.last_response.as_deref(),
    }
}

fn as_seen_by(role: Role, address: &Address) -> String {
    match role {
        Role::Api | Role::Compliance => address.to_string(),
        Role::Ops | Role::Smtp => address.redacted(),
    }
}
