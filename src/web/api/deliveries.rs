//! `GET /v1/deliveries`: what became of mail, and what waits. Recipients stay out of URLs: who looks for one
//! person's mail asks for the subscriber's export. Role `ops` sees addresses redacted.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Api;
use super::body::Asked;
use super::caller::Caller;
use super::page::page_size;
use super::problem::Problem;
use crate::mail::Address;
use crate::policy::verdict::ShownVerdict;
use crate::policy::{Reason, Scope, Stream};
use crate::spool::{Outcome, State as Standing};
use crate::store::{DeliveryView, PageFilter, Role, Tracked};

/// The longest text of a filter, in characters.
const TEXT_LIMIT: usize = 255;

/// `queued`, `held` or how it ended.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DeliveryState)]
pub(super) enum StateWord {
    Queued,
    Held,
    Refused,
    Relayed,
    Rejected,
    Expired,
    Withheld,
    Cancelled,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    #[param(inline)]
    state: Option<StateWord>,
    #[param(inline)]
    stream: Option<Stream>,
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f]+$")]
    campaign: Option<String>,
    /// The recipient's provider: a group of `shaping.toml`, else the registrable domain.
    #[param(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f]+$")]
    provider: Option<String>,
    message: Option<Uuid>,
    /// Accepted at this time or later.
    since: Option<Timestamp>,
    /// Accepted before this time.
    until: Option<Timestamp>,
    /// `next` of the page before.
    after: Option<Uuid>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// One recipient's copy of a message.
#[derive(Serialize, ToSchema)]
#[schema(as = Delivery)]
pub(super) struct ShownDelivery<'v> {
    delivery: Uuid,
    message: Uuid,
    /// Null once it is forgotten; redacted for role `ops`.
    recipient: Option<String>,
    stream: Option<Stream>,
    scope: Option<Scope>,
    campaign: Option<String>,
    provider: String,
    #[schema(value_type = StateWord)]
    state: &'static str,
    /// Why it is in this state, where a verdict stands behind it.
    reason: Option<Reason>,
    verdict: ShownVerdict<'v>,
    attempts: u32,
    /// Null once it ended.
    next_attempt_at: Option<Timestamp>,
    deadline: Timestamp,
    ended_at: Option<Timestamp>,
    /// What was made of pixels and tracked links in the copy that was relayed; null of any other.
    tracked: Option<Tracked>,
    /// What the upstream said last, addresses redacted.
    last_response: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct DeliveryPageShown<'v> {
    deliveries: Vec<ShownDelivery<'v>>,
    /// What to give as `after` for the next page; null at the end.
    next: Option<Uuid>,
}

/// Deliveries, oldest first
///
/// A call looks at a bounded number of deliveries: a page may be short, or empty, while `next` says that there
/// is more to look at. `since` and `until` make a search in a long history short.
#[utoipa::path(
    get, path = "/v1/deliveries", operation_id = "listDeliveries", tag = "mail", params(Filter),
    responses((status = 200, description = "A page", body = DeliveryPageShown)),
    security(("key" = ["api", "compliance", "ops"]))
)]
pub(super) async fn list(
    State(api): State<Api>,
    caller: Caller,
    Asked(filter): Asked<Filter>,
) -> Result<Response, Problem> {
    let filter = PageFilter {
        state: filter.state.map(Standing::from),
        stream: filter.stream,
        campaign: text("campaign", filter.campaign)?,
        provider: text("provider", filter.provider)?,
        message: filter.message,
        since: filter.since,
        until: filter.until,
        after: filter.after,
        limit: page_size(filter.limit)?,
    };
    let page = api.store.delivery_page(caller.sender(), &filter).await?;
    let deliveries = page.deliveries.iter().map(|view| shown(view, caller.role())).collect();
    Ok(Json(DeliveryPageShown { deliveries, next: page.next }).into_response())
}

pub(super) fn shown(view: &DeliveryView, role: Role) -> ShownDelivery<'_> {
    let recipient = view.recipient.as_ref().map(|address| as_seen_by(role, address));
    ShownDelivery {
        delivery: view.delivery,
        message: view.message,
        recipient: recipient.clone(),
        stream: view.stream,
        scope: view.scope.clone(),
        campaign: Some(view.lane.campaign.clone()).filter(|campaign| !campaign.is_empty()),
        provider: view.lane.provider.clone(),
        state: view.state.shown(),
        reason: view.reason,
        verdict: view.verdict.shown(recipient, &view.policy, Some(view.delivery)),
        attempts: view.attempts,
        next_attempt_at: view.next_attempt_at,
        deadline: view.deadline,
        ended_at: view.ended_at,
        tracked: view.tracked,
        last_response: view.last_response.clone(),
    }
}

/// Invariant 11: operators see queues and figures, but nobody's address.
pub(super) fn as_seen_by(role: Role, address: &Address) -> String {
    match role {
        Role::Api | Role::Compliance => address.to_string(),
        Role::Ops | Role::Smtp => address.redacted(),
    }
}

/// PostgreSQL takes no NUL, and nothing of ours has controls in it.
fn text(name: &'static str, given: Option<String>) -> Result<Option<String>, Problem> {
    let fits = |text: &String| {
        (1..=TEXT_LIMIT).contains(&text.chars().count()) && !text.contains(|c: char| c.is_ascii_control())
    };
    match given {
        Some(text) if !fits(&text) => {
            Err(Problem::parameter(name, format!("1 to {TEXT_LIMIT} characters, no controls")))
        }
        given => Ok(given),
    }
}

impl From<StateWord> for Standing {
    fn from(word: StateWord) -> Self {
        match word {
            StateWord::Queued => Self::Queued,
            StateWord::Held => Self::Held,
            StateWord::Refused => Self::Ended(Outcome::Refused),
            StateWord::Relayed => Self::Ended(Outcome::Relayed),
            StateWord::Rejected => Self::Ended(Outcome::Rejected),
            StateWord::Expired => Self::Ended(Outcome::Expired),
            StateWord::Withheld => Self::Ended(Outcome::Withheld),
            StateWord::Cancelled => Self::Ended(Outcome::Cancelled),
        }
    }
}
