//! `/v1/suppressions`: blocks by operators, and their end. A suppression is nobody's will: lifting one brings
//! back no ground, and no withdrawal is touched.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Api;
use super::body::{Asked, Id};
use super::caller::{Caller, OfSubscribers};
use super::check::Checks;
use super::document::Email;
use super::once::{Bare, Call, Write, answer};
use super::page::{self, page_size};
use super::problem::Problem;
use crate::consent::EventKind;
use crate::consent::event::Suppression;
use crate::mail::Address;
use crate::record::{Provenance, new_fact};
use crate::store::{Answer, Recorded, Subscriber, Who};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "anna@example.se", "note": "asked us by letter" }))]
pub(super) struct NewSuppression {
    #[schema(value_type = Email)]
    email: Address,
    /// Why, for colleagues. Kept sealed.
    #[schema(min_length = 1, max_length = 1000)]
    note: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "email": "anna@example.se" }))]
pub(super) struct Whose {
    #[schema(value_type = Email)]
    email: Address,
}

/// A person whom no mail reaches.
#[derive(Serialize, ToSchema)]
pub(super) struct SuppressedShown {
    /// The subscriber.
    id: Uuid,
    #[schema(value_type = Option<Email>)]
    email: Option<String>,
    suppressions: Vec<SuppressionShown>,
}

#[derive(Serialize, ToSchema)]
struct SuppressionShown {
    why: Suppression,
    since: Timestamp,
}

#[derive(Serialize, ToSchema)]
pub(super) struct SuppressedPageShown {
    suppressions: Vec<SuppressedShown>,
    /// What to give as `after` for the next page; null at the end.
    next: Option<Uuid>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// `next` of the page before.
    after: Option<Uuid>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Who is suppressed
///
/// Whoever was erased is not among them.
#[utoipa::path(
    get, path = "/v1/suppressions", operation_id = "listSuppressions", tag = "suppressions", params(Page),
    responses((status = 200, description = "A page in the order of the ids", body = SuppressedPageShown)),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn list(
    State(api): State<Api>,
    OfSubscribers(caller): OfSubscribers,
    Asked(page): Asked<Page>,
) -> Result<Response, Problem> {
    let limit = page_size(page.limit)?;
    let found = api.store.suppressed(caller.sender(), page.after, limit).await?;
    let next = page::next(found.more, found.people.last().map(|person| person.subscriber));
    let suppressions = found.people.into_iter().map(|person| {
        let email = person.address.map(|address| address.to_string());
        shown(person.subscriber, email, &person.suppressions)
    });
    Ok(Json(SuppressedPageShown { suppressions: suppressions.collect(), next }).into_response())
}

/// Block an address
///
/// No mail of this sender reaches it, of any stream, until the block is lifted. Blocking again changes nothing.
#[utoipa::path(
    post, path = "/v1/suppressions", operation_id = "addSuppression", tag = "suppressions",
    request_body = NewSuppression,
    responses((status = 201, description = "Blocked", body = SuppressedShown)),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn add(State(api): State<Api>, write: Write<NewSuppression>) -> Result<Response, Problem> {
    let Write { caller, call, body, .. } = write;
    let mut checks = Checks::default();
    if let Some(note) = &body.note {
        checks.text("/note", note, 1000);
    }
    checks.done()?;

    let email = body.email.to_string();
    let known = known(&api, &caller, &body.email).await?;
    let standing = known.filter(|person| person.state.suppressed.iter().any(|(why, _)| *why == BY_OPERATORS));
    if let Some(Subscriber { id, state, .. }) = standing {
        return Ok(call.answer(&api, answer(201, &shown(id, Some(email), &state.suppressed))).await);
    }
    let evidence = json!({ "told_by": caller.name(), "note": body.note });
    let provenance = Provenance { channel: "api".to_owned(), evidence, ..Provenance::default() };
    let kind = EventKind::Suppressed { why: BY_OPERATORS };
    let fact = new_fact(caller.sender(), Who::Address(body.email), kind, None, provenance);
    let told = move |Recorded { subscriber, .. }: &Recorded| {
        Ok(answer(201, &shown(subscriber.id, Some(email.clone()), &subscriber.state.suppressed)))
    };
    Ok(call.record(&api, fact, told).await)
}

const BY_OPERATORS: Suppression = Suppression::Operator;

/// Lift all blocks of an address
///
/// Those of operators and those after hard bounces, of a tombstone too. Some proxies drop the body of a DELETE: then use the id.
#[utoipa::path(
    delete, path = "/v1/suppressions", operation_id = "liftSuppression", tag = "suppressions",
    request_body = Whose,
    responses(
        (status = 204, description = "Lifted"),
        (status = 404, description = "Not suppressed", body = super::problem::Document,
         content_type = "application/problem+json"),
    ),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn lift(State(api): State<Api>, write: Write<Whose>) -> Result<Response, Problem> {
    let Write { caller, call, body, .. } = write;
    let person = known(&api, &caller, &body.email).await?;
    lift_all(&api, &caller, call, person).await
}

/// Lift all blocks of a person
#[utoipa::path(
    delete, path = "/v1/suppressions/{id}", operation_id = "liftSuppressionById", tag = "suppressions",
    params(("id" = Uuid, Path, description = "The subscriber")),
    responses(
        (status = 204, description = "Lifted"),
        (status = 404, description = "Not suppressed", body = super::problem::Document,
         content_type = "application/problem+json"),
    ),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn lift_by_id(
    State(api): State<Api>,
    Id(id): Id,
    write: Bare<OfSubscribers>,
) -> Result<Response, Problem> {
    let Bare { caller, call, .. } = write;
    let person = api.store.subscriber(caller.sender(), id).await?.map(|record| record.subscriber);
    lift_all(&api, &caller, call, person).await
}

async fn lift_all(
    api: &Api,
    caller: &Caller,
    call: Call,
    person: Option<Subscriber>,
) -> Result<Response, Problem> {
    let blocked = person.filter(|person| !person.state.suppressed.is_empty());
    let Some(Subscriber { id, state, .. }) = blocked else {
        return Err(Problem::missing("nothing is suppressed there"));
    };
    let provenance = Provenance {
        channel: "api".to_owned(),
        evidence: json!({ "told_by": caller.name() }),
        ..Provenance::default()
    };
    let lifted = |why| (EventKind::SuppressionLifted { why }, provenance.clone());
    let facts = state.suppressed.iter().map(|(why, _)| lifted(*why)).collect();
    let who = Who::Subscriber(id);
    // Whoever lifts again finds nothing to lift: the answer may be kept after it.
    for recorded in api.recorder.record_all(caller.sender(), &who, facts).await {
        recorded?;
    }
    Ok(call.answer(api, Answer { status: StatusCode::NO_CONTENT.as_u16(), body: Vec::new() }).await)
}

async fn known(api: &Api, caller: &Caller, email: &Address) -> Result<Option<Subscriber>, Problem> {
    let known = api.store.consent_of(caller.sender(), std::slice::from_ref(email)).await?;
    Ok(known.into_iter().next().flatten())
}

fn shown(id: Uuid, email: Option<String>, why: &[(Suppression, Timestamp)]) -> SuppressedShown {
    let suppressions = why.iter().map(|(why, since)| SuppressionShown { why: *why, since: *since });
    SuppressedShown { id, email, suppressions: suppressions.collect() }
}
