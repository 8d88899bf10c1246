//! `POST /v1/subscribers/{id}/address`: a person has another address, as the sender's own system tells. Nobody has proved
//! that the new one is the person's, so that a confirmed ground weighs less from then on (`consent::fold`).

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::body::Id;
use super::caller::OfCompliance;
use super::check::Checks;
use super::document::Email;
use super::once::{Write, answer};
use super::problem::{Document, Problem};
use super::withdrawals::Source;
use crate::mail::Address;
use crate::policy::Reason;
use crate::store::{ChangeAddress, Changed, NotChanged, Who};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "anna.berg@example.se",
    "source": { "channel": "customer service", "agent": "Eva" }
}))]
pub(super) struct NewAddress {
    #[schema(value_type = Email)]
    email: Address,
    source: Source,
}

#[derive(Serialize, ToSchema)]
pub(super) struct AddressChange {
    /// The subscriber; it stays the same.
    id: Uuid,
    /// The fact that was recorded; null if the address was the person's already.
    event: Option<Uuid>,
}

/// Change a person's address
///
/// The person keeps the id, the history, every ground and every no; a `double_opt_in` from before counts as a
/// `single_opt_in`, since nobody proved that the new address is the person's. Marketing that is queued for the old
/// address stops, and whatever is told of that address later finds a withdrawal of everything. 409 if this sender knows
/// somebody else by the new address, or has erased whoever had it.
#[utoipa::path(
    post, path = "/v1/subscribers/{id}/address", operation_id = "changeAddress", tag = "subscribers",
    params(("id" = Uuid, Path)),
    request_body = NewAddress,
    responses(
        (status = 200, description = "Changed, now or before", body = AddressChange),
        (status = 404, description = "This sender has no such subscriber, or the person was erased", body = Document,
         content_type = "application/problem+json"),
        (status = 409, description = "The new address is somebody else's, or was erased", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("key" = ["compliance"]))
)]
pub(super) async fn change(
    State(api): State<Api>,
    Id(id): Id,
    write: Write<NewAddress, OfCompliance>,
) -> Result<Response, Problem> {
    let Write { caller, call, body, .. } = write;
    let mut checks = Checks::default();
    checks.text("/source/channel", &body.source.channel, 256);
    checks.evidence("/source", &body.source.more);
    checks.done()?;
    let change = ChangeAddress {
        sender: caller.sender().to_owned(),
        who: Who::Subscriber(id),
        address: body.email,
        confirmed: false,
        channel: "api".to_owned(),
        evidence: json!({ "told_by": caller.name(), "source": body.source }),
    };
    let told = match api.recorder.change_address(change).await? {
        Changed::Done { subscriber, event } => AddressChange { id: subscriber, event: Some(event) },
        Changed::Same { subscriber } => AddressChange { id: subscriber, event: None },
    };
    Ok(call.answer(&api, answer(200, &told)).await)
}

impl From<NotChanged> for Problem {
    fn from(why: NotChanged) -> Self {
        match why {
            NotChanged::Unknown => Self::missing("there is no such subscriber"),
            NotChanged::Erased => Self::erased(),
            NotChanged::Taken => Self::conflict(None, "somebody else is known by the new address"),
            NotChanged::TakenByErased => {
                Self::conflict(Some(Reason::Erased), "who had the new address was erased")
            }
            NotChanged::Store(error) => error.into(),
        }
    }
}
