//! `GET /v1/requests`: what people asked for by right, and by when it is to be met. Role `compliance` alone.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Api;
use super::body::Asked;
use super::caller::OfCompliance;
use super::page::{self, page_size};
use super::problem::Problem;
use crate::consent::request::{Kind, Request, State as Standing, Step};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only those in this state.
    state: Option<Standing>,
    /// `next` of the page before.
    after: Option<Uuid>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// A request by right. It holds nothing personal.
#[derive(Serialize, ToSchema)]
#[schema(as = Request)]
pub(super) struct RequestShown {
    id: Uuid,
    /// Whose it is; the id outlives an erasure.
    subscriber: Uuid,
    kind: Kind,
    state: Standing,
    received: Timestamp,
    /// By when it is to be met.
    due: Timestamp,
    /// Whether it is open, and should have been met by now.
    overdue: bool,
    ended: Option<Timestamp>,
    steps: Vec<Step>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct RequestPageShown {
    requests: Vec<RequestShown>,
    /// What to give as `after` for the next page; null at the end.
    next: Option<Uuid>,
}

/// What people asked for by right
///
/// To see what is kept, to have it put right, erased, or used no more (GDPR 15 to 21); oldest first.
#[utoipa::path(
    get, path = "/v1/requests", operation_id = "listRequests", tag = "requests", params(Filter),
    responses((status = 200, description = "A page in the order of the ids", body = RequestPageShown)),
    security(("key" = ["compliance"]))
)]
pub(super) async fn list(
    State(api): State<Api>,
    OfCompliance(caller): OfCompliance,
    Asked(filter): Asked<Filter>,
) -> Result<Response, Problem> {
    let limit = page_size(filter.limit)?;
    let found = api.store.requests(caller.sender(), filter.state, filter.after, limit).await?;
    let next = page::next(found.more, found.requests.last().map(|request| request.id));
    let now = api.clock.now();
    let requests = found.requests.into_iter().map(|request| shown(request, now)).collect();
    Ok(Json(RequestPageShown { requests, next }).into_response())
}

fn shown(request: Request, now: Timestamp) -> RequestShown {
    RequestShown {
        overdue: request.is_overdue(now),
        id: request.id,
        subscriber: request.subscriber,
        kind: request.kind,
        state: request.state,
        received: request.received,
        due: request.due,
        ended: request.ended,
        steps: request.steps,
    }
}
