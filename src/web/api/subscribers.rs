//! `/v1/subscribers`: what is known of a person, and its erasure. Addresses stay out of URLs.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::body::{Body, Id};
use super::caller::{Caller, OfCompliance, OfSubscribers};
use super::document::Email;
use super::once::Bare;
use super::problem::{Document, Problem};
use crate::consent::view::SubscriberView;
use crate::mail::Address;
use crate::store::{Answer, Subscriber, SubscriberRecord};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "anna@example.se" }))]
pub(super) struct Lookup {
    #[schema(value_type = Email)]
    email: Address,
}

/// Find a person by address
#[utoipa::path(
    post, path = "/v1/subscribers/lookup", operation_id = "findSubscriber", tag = "subscribers",
    request_body = Lookup,
    responses(
        (status = 200, description = "What is known", body = SubscriberView),
        (status = 404, description = "This sender knows nobody by this address", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn lookup(
    State(api): State<Api>,
    OfSubscribers(caller): OfSubscribers,
    Body(body): Body<Lookup>,
) -> Result<Json<SubscriberView>, Problem> {
    let known = api.store.consent_of(caller.sender(), &[body.email]).await?;
    let subscriber = known.into_iter().next().flatten().ok_or_else(unknown)?;
    Ok(Json(view(&api, &caller, subscriber).await?))
}

/// What is known of a person
///
/// Of who was erased nothing is shown here: what stays, a history without evidence, is found by address.
#[utoipa::path(
    get, path = "/v1/subscribers/{id}", operation_id = "getSubscriber", tag = "subscribers",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "What is known", body = SubscriberView),
        (status = 404, description = "This sender has no such subscriber, or the person was erased", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn show(
    State(api): State<Api>,
    OfSubscribers(caller): OfSubscribers,
    Id(id): Id,
) -> Result<Json<SubscriberView>, Problem> {
    let record = known(&api, &caller, id).await?;
    Ok(Json(view(&api, &caller, record.subscriber).await?))
}

/// Erase a person (GDPR 17)
///
/// Asked again it is done already. A tombstone stays that blocks an import of older facts.
#[utoipa::path(
    delete, path = "/v1/subscribers/{id}", operation_id = "eraseSubscriber", tag = "subscribers",
    params(("id" = Uuid, Path)),
    responses(
        (status = 204, description = "Erased, now or before"),
        (status = 404, description = "This sender has no such subscriber", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("key" = ["compliance"]))
)]
pub(super) async fn erase(
    State(api): State<Api>,
    Id(id): Id,
    write: Bare<OfCompliance>,
) -> Result<Response, Problem> {
    let Bare { caller, call, .. } = write;
    let erased = api.recorder.erase(caller.sender(), id, "api").await?;
    if !erased && api.store.subscriber(caller.sender(), id).await?.is_none() {
        return Err(unknown());
    }
    Ok(call.answer(&api, Answer { status: StatusCode::NO_CONTENT.as_u16(), body: Vec::new() }).await)
}

pub(super) async fn view(
    api: &Api,
    caller: &Caller,
    subscriber: Subscriber,
) -> Result<SubscriberView, Problem> {
    let history = api.store.history(caller.sender(), subscriber.id).await?;
    let now = api.clock.now();
    let Subscriber { id, state, .. } = subscriber;
    Ok(SubscriberView::new(&caller.policy, caller.known_policy(), id, state, history, now))
}

/// The person of this id, unless erased.
pub(super) async fn known(api: &Api, caller: &Caller, id: Uuid) -> Result<SubscriberRecord, Problem> {
    let record = api.store.subscriber(caller.sender(), id).await?.ok_or_else(unknown)?;
    if record.subscriber.state.erased.is_some() { Err(Problem::erased()) } else { Ok(record) }
}

fn unknown() -> Problem {
    Problem::missing("there is no such subscriber")
}
