//! `POST /v1/grounds`: a person said yes, somewhere else, and here is the proof.

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::Api;
use super::check::{Checks, Free, Place};
use super::document::Email;
use super::once::{Write, answer};
use super::problem::Problem;
use crate::clock::from_micros;
use crate::consent::EventKind;
use crate::consent::event::OptIn;
use crate::mail::Address;
use crate::policy::standing;
use crate::policy::{PolicySet, Reason, Scope, Verdict};
use crate::record::new_fact;
use crate::store::{Answer, Recorded, Who};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "anna@example.se",
    "kind": "double_opt_in",
    "scopes": ["apparel"],
    "obtained_at": "2026-05-01T10:00:00Z",
    "jurisdiction": "se",
    "evidence": { "form_url": "https://shop.example/signup", "ip": "192.0.2.1" }
}))]
pub(super) struct NewGround {
    #[schema(value_type = Email)]
    email: Address,
    kind: OptIn,
    #[schema(min_items = 1, max_items = 200)]
    scopes: Vec<Scope>,
    /// When the person said yes; at most five minutes ahead of the gateway's clock.
    obtained_at: Timestamp,
    /// A jurisdiction pack's id, or a country code.
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9_-]{1,34}$")]
    jurisdiction: Option<String>,
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9_-]{1,34}$", example = "sv-SE")]
    locale: Option<String>,
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9/_+-]{1,63}$", example = "Europe/Stockholm")]
    time_zone: Option<String>,
    /// What shows it: form, text, IP address, …; at most 32 KiB. Kept sealed.
    #[schema(value_type = Object)]
    evidence: Free,
}

/// In which scopes mail may go thanks to it.
#[derive(Serialize, ToSchema)]
pub(super) struct InForce {
    pub(super) in_force: Vec<Scope>,
}

/// Record that a person said yes
///
/// Recorded always; 409 with reason `withdrawn` if a younger withdrawal leaves none of it in force, and with
/// reason `erased` (then not recorded) if it is older than the person's erasure.
#[utoipa::path(
    post, path = "/v1/grounds", operation_id = "addGround", tag = "facts", request_body = NewGround,
    responses((status = 201, description = "Recorded", body = InForce)),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn add(State(api): State<Api>, write: Write<NewGround>) -> Result<Response, Problem> {
    let Write { caller, call, body, .. } = write;
    let sender = caller.sender_policy()?;
    let now = api.clock.now();
    let mut checks = Checks::default();
    if body.scopes.is_empty() {
        checks.mistake("/scopes", "it names no scope");
    }
    checks.scopes(sender, &body.scopes);
    checks.dated("/obtained_at", body.obtained_at, now);
    let place = Place { jurisdiction: body.jurisdiction, locale: body.locale, time_zone: body.time_zone };
    checks.place(&caller.policy, &place);
    checks.evidence("/evidence", &body.evidence);
    checks.done()?;

    let kind = EventKind::OptIn { ground: body.kind, scopes: body.scopes.clone() };
    let provenance = place.provenance(json!({ "told_by": caller.name(), "evidence": body.evidence }));
    let obtained_at = from_micros(body.obtained_at.as_microsecond());
    let fact = new_fact(&sender.id, Who::Address(body.email), kind, Some(obtained_at), provenance);
    let (policy, sender, scopes) = (caller.policy.clone(), sender.id.clone(), body.scopes);
    let told = move |recorded: &Recorded| in_force(&policy, &sender, recorded, &scopes, now);
    Ok(call.record(&api, fact, told).await)
}

/// The question is the ground's own: a block that is not the person's will may yet be lifted.
fn in_force(
    policy: &PolicySet,
    sender: &str,
    recorded: &Recorded,
    scopes: &[Scope],
    now: Timestamp,
) -> Result<Answer, Problem> {
    let sender = policy.sender(sender).ok_or_else(Problem::internal)?;
    let mut state = recorded.subscriber.state.clone();
    state.suppressed.clear();
    state.restricted = None;
    let verdict = |scope| standing::verdict(policy, sender, &state, scope, now);
    let verdicts: Vec<Verdict> = scopes.iter().map(verdict).collect();
    let stands = scopes.iter().zip(&verdicts).filter(|(_, verdict)| standing::in_force(verdict));
    let in_force: Vec<Scope> = stands.map(|(scope, _)| scope.clone()).collect();
    if in_force.is_empty() && scopes.iter().any(|scope| standing::is_withdrawn(policy, sender, &state, scope))
    {
        let detail = "recorded, but none of it is in force: the person withdrew, and it does not lift that";
        return Err(Problem::conflict(Some(Reason::Withdrawn), detail));
    }
    Ok(answer(201, &InForce { in_force }))
}
