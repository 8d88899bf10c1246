//! `POST /v1/grounds`: a person said yes, somewhere else, and here is the proof.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Api;
use super::body::Body;
use super::caller::OfSubscribers;
use super::check::{Checks, Free};
use super::problem::Problem;
use crate::clock::from_micros;
use crate::consent::EventKind;
use crate::consent::event::OptIn;
use crate::mail::Address;
use crate::policy::standing;
use crate::policy::{Reason, Scope, Verdict};
use crate::record::Provenance;
use crate::store::Who;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewGround {
    email: Address,
    kind: OptIn,
    scopes: Vec<Scope>,
    obtained_at: Timestamp,
    jurisdiction: Option<String>,
    locale: Option<String>,
    time_zone: Option<String>,
    evidence: Free,
}

/// In which of the scopes the ground carries mail now.
#[derive(Serialize)]
pub(super) struct InForce {
    pub(super) in_force: Vec<Scope>,
}

/// Recorded always; 409 if a younger withdrawal leaves none of it in force.
pub(super) async fn add(
    State(api): State<Api>,
    OfSubscribers(caller): OfSubscribers,
    Body(body): Body<NewGround>,
) -> Result<(StatusCode, Json<InForce>), Problem> {
    let sender = caller.sender_policy()?;
    let now = api.clock.now();
    let mut checks = Checks::default();
    if body.scopes.is_empty() {
        checks.mistake("/scopes", "it names no scope");
    }
    checks.scopes(sender, &body.scopes);
    checks.not_ahead("/obtained_at", body.obtained_at, now);
    checks.place(
        &caller.policy,
        body.jurisdiction.as_deref(),
        body.locale.as_deref(),
        body.time_zone.as_deref(),
    );
    checks.evidence("/evidence", &body.evidence);
    checks.done()?;

    let kind = EventKind::OptIn { ground: body.kind, scopes: body.scopes.clone() };
    let provenance = Provenance {
        channel: "api".to_owned(),
        jurisdiction: body.jurisdiction,
        locale: body.locale,
        time_zone: body.time_zone,
        evidence: json!({ "told_by": caller.name(), "evidence": body.evidence }),
    };
    let obtained_at = from_micros(body.obtained_at.as_microsecond());
    let who = Who::Address(body.email);
    let recorded = api.recorder.record(&sender.id, who, kind, Some(obtained_at), provenance).await?;

    // The question is the ground's own: a block that is not the person's will may yet be lifted.
    let mut state = recorded.subscriber.state;
    state.suppressed.clear();
    state.restricted = None;
    let verdict = |scope| standing::verdict(&caller.policy, sender, &state, scope, now);
    let verdicts: Vec<Verdict> = body.scopes.iter().map(verdict).collect();
    let stands = body.scopes.into_iter().zip(&verdicts).filter(|(_, verdict)| standing::in_force(verdict));
    let in_force: Vec<Scope> = stands.map(|(scope, _)| scope).collect();
    if in_force.is_empty() && verdicts.iter().any(|verdict| verdict.reason == Some(Reason::Withdrawn)) {
        let detail = "recorded, but none of it is in force: the person withdrew later";
        return Err(Problem::conflict(Some(Reason::Withdrawn), detail));
    }
    Ok((StatusCode::CREATED, Json(InForce { in_force })))
}
