//! `/v1/subscribers`: what is known of a person, and its erasure. Addresses stay out of URLs and of answers.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::Api;
use super::body::{Body, Id};
use super::caller::{Caller, OfCompliance, OfSubscribers};
use super::problem::Problem;
use crate::consent::view::SubscriberView;
use crate::mail::Address;
use crate::store::Subscriber;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lookup {
    email: Address,
}

/// `POST /v1/subscribers/lookup`.
pub(super) async fn lookup(
    State(api): State<Api>,
    OfSubscribers(caller): OfSubscribers,
    Body(body): Body<Lookup>,
) -> Result<Json<SubscriberView>, Problem> {
    let known = api.store.consent_of(caller.sender(), &[body.email]).await?;
    let subscriber = known.into_iter().next().flatten().ok_or_else(unknown)?;
    view(&api, &caller, subscriber).await
}

/// `GET /v1/subscribers/{id}`.
pub(super) async fn show(
    State(api): State<Api>,
    OfSubscribers(caller): OfSubscribers,
    Id(id): Id,
) -> Result<Json<SubscriberView>, Problem> {
    let record = api.store.subscriber(caller.sender(), id).await?.ok_or_else(unknown)?;
    view(&api, &caller, record.subscriber).await
}

/// `DELETE /v1/subscribers/{id}`: GDPR 17. Asked again it is done already.
pub(super) async fn erase(
    State(api): State<Api>,
    OfCompliance(caller): OfCompliance,
    Id(id): Id,
) -> Result<StatusCode, Problem> {
    let erased = api.recorder.erase(caller.sender(), id, "api").await?;
    if !erased && api.store.subscriber(caller.sender(), id).await?.is_none() {
        return Err(unknown());
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn view(api: &Api, caller: &Caller, subscriber: Subscriber) -> Result<Json<SubscriberView>, Problem> {
    let history = api.store.history(caller.sender(), subscriber.id).await?;
    let now = api.clock.now();
    let Subscriber { id, state, .. } = subscriber;
    Ok(Json(SubscriberView::new(&caller.policy, caller.known_policy(), id, state, history, now)))
}

fn unknown() -> Problem {
    Problem::missing("there is no such subscriber")
}
