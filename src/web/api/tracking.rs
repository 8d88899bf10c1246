//! `POST /v1/tracking`: a person answered, somewhere else, whether they may be tracked. A no is taken even where the
//! sender's policy is gone (invariant 5).

use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::check::{Checks, Free, Place};
use super::document::Email;
use super::once::{Write, answer};
use super::problem::Problem;
use crate::clock::from_micros;
use crate::consent::EventKind;
use crate::consent::event::TrackingAsked;
use crate::mail::Address;
use crate::policy::decide::tracking_of;
use crate::policy::verdict::{Tracking, TrackingReason};
use crate::policy::{PolicySet, Reason};
use crate::record::new_fact;
use crate::store::{Answer, Recorded, Who};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "anna@example.se",
    "answer": "yes",
    "asked": "separately",
    "answered_at": "2026-05-01T10:00:00Z",
    "evidence": { "form_url": "https://shop.example/signup", "ip": "192.0.2.1" }
}))]
pub(super) struct NewAnswer {
    #[schema(value_type = Email)]
    email: Address,
    answer: Said,
    /// How it was asked for: needed with a yes, and of no use with a no.
    asked: Option<TrackingAsked>,
    /// Needed with a yes; at most five minutes ahead of the gateway's clock. A no without it: now.
    answered_at: Option<Timestamp>,
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

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TrackingAnswer)]
enum Said {
    Yes,
    No,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Answered {
    /// The subscriber.
    id: Uuid,
    /// The fact that was recorded; an older one, if it said the same.
    event: Uuid,
    /// What becomes of pixels and tracked links in this person's mail from now on; null once the sender's policy is
    /// gone.
    tracking: Option<Tracking>,
    reason: Option<TrackingReason>,
}

/// Record whether a person may be tracked
///
/// Recorded always; 409 with reason `withdrawn` if a yes changes nothing because of a younger no.
#[utoipa::path(
    post, path = "/v1/tracking", operation_id = "addTrackingAnswer", tag = "facts", request_body = NewAnswer,
    responses((status = 201, description = "Recorded", body = Answered)),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn add(State(api): State<Api>, write: Write<NewAnswer>) -> Result<Response, Problem> {
    let Write { caller, call, body, .. } = write;
    let mut checks = Checks::default();
    if let Some(at) = body.answered_at {
        checks.dated("/answered_at", at, api.clock.now());
    }
    let kind = match (body.answer, body.asked) {
        (Said::No, None) => EventKind::TrackingWithdrawal,
        (Said::No, Some(_)) => {
            checks.unfit("/asked", "a no counts however it was asked for: leave it out");
            EventKind::TrackingWithdrawal
        }
        (Said::Yes, asked) => {
            if asked.is_none() {
                checks.unfit("/asked", "a yes needs it: `separately` or `with_opt_in`");
            }
            if body.answered_at.is_none() {
                checks.unfit("/answered_at", "a yes needs its time");
            }
            EventKind::TrackingConsent { asked: asked.unwrap_or(TrackingAsked::WithOptIn) }
        }
    };
    let place = Place { jurisdiction: body.jurisdiction, locale: body.locale, time_zone: body.time_zone };
    checks.place(&caller.policy, &place);
    checks.evidence("/evidence", &body.evidence);
    checks.done()?;
    let sender = match body.answer {
        Said::Yes => caller.sender_policy()?.id.clone(),
        Said::No => caller.sender().to_owned(),
    };

    let provenance = place.provenance(json!({ "told_by": caller.name(), "evidence": body.evidence }));
    let answered_at = body.answered_at.map(|at| from_micros(at.as_microsecond()));
    let fact = new_fact(&sender, Who::Address(body.email), kind, answered_at, provenance);
    let (policy, said) = (caller.policy.clone(), body.answer);
    let told = move |recorded: &Recorded| answered(&policy, &sender, said, recorded);
    Ok(call.record(&api, fact, told).await)
}

fn answered(policy: &PolicySet, sender: &str, said: Said, recorded: &Recorded) -> Result<Answer, Problem> {
    let Recorded { event, subscriber } = recorded;
    let ruling = policy.sender(sender).and_then(|own| tracking_of(policy, own, &subscriber.state));
    let is_no =
        |reason: TrackingReason| matches!(reason, TrackingReason::Refused | TrackingReason::Withdrawn);
    if said == Said::Yes && ruling.as_ref().is_some_and(|ruling| is_no(ruling.reason)) {
        let detail = "recorded, but without effect: the person said no since, or withdrew from all marketing";
        return Err(Problem::conflict(Some(Reason::Withdrawn), detail));
    }
    let (tracking, reason) = (ruling.as_ref().map(|own| own.tracking), ruling.as_ref().map(|own| own.reason));
    Ok(answer(201, &Answered { id: subscriber.id, event: *event, tracking, reason }))
}
