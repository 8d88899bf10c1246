//! `POST /v1/purchases`: what a soft opt-in rests on. The notice that was given is kept as proof.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Api;
use super::check::{Checks, Place};
use super::document::Email;
use super::grounds::InForce;
use super::once::{Write, answer};
use super::problem::Problem;
use crate::clock::from_micros;
use crate::consent::EventKind;
use crate::consent::event::Acquaintance;
use crate::keys::sha256_hex;
use crate::mail::Address;
use crate::policy::{PolicySet, Scope, standing};
use crate::record::new_fact;
use crate::store::{Answer, Recorded, Who};

/// The longest reference and notice, in characters.
const REFERENCE_LIMIT: usize = 256;
const NOTICE_LIMIT: usize = 16 * 1024;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "anna@example.se",
    "scope": "apparel.tshirts",
    "purchased_at": "2026-05-01T10:00:00Z",
    "reference": "order 17",
    "jurisdiction": "se",
    "notice": { "given": true, "text": "We may write to you about similar goods." }
}))]
pub(super) struct NewPurchase {
    #[schema(value_type = Email)]
    email: Address,
    scope: Scope,
    /// At most five minutes ahead of the gateway's clock.
    purchased_at: Timestamp,
    #[schema(min_length = 1, max_length = 256)]
    reference: String,
    /// A jurisdiction pack's id, or a country code.
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9_-]{1,34}$")]
    jurisdiction: Option<String>,
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9_-]{1,34}$", example = "sv-SE")]
    locale: Option<String>,
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9/_+-]{1,63}$", example = "Europe/Stockholm")]
    time_zone: Option<String>,
    notice: Notice,
}

/// Whether the buyer was told, when the address was taken, that it is used for marketing and how to object.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Notice {
    given: bool,
    #[schema(min_length = 1, max_length = 16384)]
    text: Option<String>,
}

impl Notice {
    fn evidence(&self) -> Value {
        let hash = self.text.as_ref().map(|text| sha256_hex(text.as_bytes()));
        json!({ "given": self.given, "text": self.text, "sha256": hash })
    }
}

/// Record a purchase, on which a soft opt-in may rest
///
/// Answers with the scopes of the taxonomy in which this person may be mailed thanks to it or to another
/// ground, among those that the purchase allows.
#[utoipa::path(
    post, path = "/v1/purchases", operation_id = "addPurchase", tag = "facts", request_body = NewPurchase,
    responses((status = 201, description = "Recorded", body = InForce)),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn add(State(api): State<Api>, write: Write<NewPurchase>) -> Result<Response, Problem> {
    let Write { caller, call, body, .. } = write;
    let sender = caller.sender_policy()?;
    let now = api.clock.now();
    let mut checks = Checks::default();
    checks.scope("/scope", sender, &body.scope);
    checks.dated("/purchased_at", body.purchased_at, now);
    checks.text("/reference", &body.reference, REFERENCE_LIMIT);
    if let Some(text) = &body.notice.text {
        checks.text("/notice/text", text, NOTICE_LIMIT);
    }
    let place = Place { jurisdiction: body.jurisdiction, locale: body.locale, time_zone: body.time_zone };
    checks.place(&caller.policy, &place);
    checks.done()?;

    let notice = body.notice.evidence();
    let kind = EventKind::Acquainted {
        how: Acquaintance::Purchase,
        scope: body.scope.clone(),
        notice: body.notice.given,
    };
    let provenance =
        place.provenance(json!({ "told_by": caller.name(), "reference": body.reference, "notice": notice }));
    let purchased_at = from_micros(body.purchased_at.as_microsecond());
    let fact = new_fact(&sender.id, Who::Address(body.email), kind, Some(purchased_at), provenance);
    let (policy, sender, bought) = (caller.policy.clone(), sender.id.clone(), body.scope);
    let told = move |recorded: &Recorded| in_force(&policy, &sender, recorded, &bought, now);
    Ok(call.record(&api, fact, told).await)
}

fn in_force(
    policy: &PolicySet,
    sender: &str,
    recorded: &Recorded,
    bought: &Scope,
    now: Timestamp,
) -> Result<Answer, Problem> {
    let sender = policy.sender(sender).ok_or_else(Problem::internal)?;
    let allowed = sender.allowed_by_purchase(bought);
    let taxonomy = sender.taxonomy();
    let reached = taxonomy.iter().filter(|scope| allowed.iter().any(|(above, _)| above.covers(scope)));
    let state = &recorded.subscriber.state;
    let in_force = standing::scopes_in_force(policy, sender, state, reached, now);
    Ok(answer(201, &InForce { in_force: in_force.into_iter().collect() }))
}
