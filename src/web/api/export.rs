//! `GET /v1/subscribers/{id}/export`: everything held about a person, machine-readable. GDPR 15 and 20. Role
//! `compliance` alone; written while it is read, since a person's mail may go back for years.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::body::Id;
use super::caller::{Caller, OfCompliance};
use super::deliveries::{self, ShownDelivery};
use super::document::Email;
use super::problem::{Document, Problem};
use super::subscribers::{known, view};
use crate::consent::view::SubscriberView;
use crate::store::Role;
use crate::web::stream::{self, Gone, Pieces};

/// Deliveries read and written at a time.
const PAGE: u32 = 200;

/// Everything held about a person.
#[derive(Serialize, ToSchema)]
pub(super) struct Export<'a> {
    exported_at: Timestamp,
    sender: String,
    #[schema(value_type = Option<Email>)]
    email: Option<String>,
    /// When the person became known.
    created_at: Timestamp,
    /// Grounds, withdrawals and the history with all evidence.
    subscriber: SubscriberView,
    /// All mail to the person, oldest first; empty here, and filled in while it is written.
    deliveries: Vec<ShownDelivery<'a>>,
}

/// Everything held about a person (GDPR 15, 20)
///
/// The answer is complete if it is whole JSON: should the records become unreachable meanwhile, it breaks off.
#[utoipa::path(
    get, path = "/v1/subscribers/{id}/export", operation_id = "exportSubscriber", tag = "subscribers",
    params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "Everything", body = Export),
        (status = 404, description = "This sender has no such subscriber, or the person was erased", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("key" = ["compliance"]))
)]
pub(super) async fn export(
    State(api): State<Api>,
    OfCompliance(caller): OfCompliance,
    Id(id): Id,
) -> Result<Response, Problem> {
    let record = known(&api, &caller, id).await?;
    let head = Export {
        exported_at: api.clock.now(),
        sender: record.sender,
        email: record.address.map(|address| address.to_string()),
        created_at: record.created_at,
        subscriber: view(&api, &caller, record.subscriber).await?,
        deliveries: Vec::new(),
    };
    let Ok(Value::Object(mut head)) = serde_json::to_value(&head) else { return Err(Problem::internal()) };
    head.remove("deliveries");
    let mut opening = serde_json::to_vec(&head).unwrap_or_default();
    opening.pop();
    opening.extend_from_slice(b",\"deliveries\":[");
    let write = move |pieces| write_deliveries(pieces, opening, api, caller, id);
    Ok(stream::answer("application/json", write))
}

async fn write_deliveries(
    mut pieces: Pieces,
    opening: Vec<u8>,
    api: Api,
    caller: Caller,
    id: Uuid,
) -> Result<(), Gone> {
    pieces.write(&opening).await?;
    let (mut after, mut comma): (_, &[u8]) = (None, b"");
    loop {
        // A revoked key is out within five seconds, open answers included.
        if !api.verifier.still_in_force(caller.credential_id()).await.unwrap_or(false) {
            return Err(Gone);
        }
        let page = api.store.deliveries_to(caller.sender(), id, after, PAGE).await.map_err(|error| {
            tracing::error!(%error, "an export breaks off");
            Gone
        })?;
        for view in &page.deliveries {
            let shown = deliveries::shown(view, Role::Compliance);
            pieces.write(&[comma, &serde_json::to_vec(&shown).unwrap_or_default()].concat()).await?;
            comma = b",";
        }
        after = page.next;
        if after.is_none() {
            return pieces.write(b"]}").await;
        }
    }
}
