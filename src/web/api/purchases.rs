//! `POST /v1/purchases`: what a soft opt-in rests on. The notice that was given is kept as proof.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::body::Body;
use super::caller::OfSubscribers;
use super::check::Checks;
use super::grounds::InForce;
use super::problem::Problem;
use crate::clock::from_micros;
use crate::consent::EventKind;
use crate::consent::event::Acquaintance;
use crate::keys::sha256_hex;
use crate::mail::Address;
use crate::policy::Scope;
use crate::policy::standing;
use crate::record::Provenance;
use crate::store::Who;

/// The longest reference and notice, in octets.
const REFERENCE_LIMIT: usize = 256;
const NOTICE_LIMIT: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPurchase {
    email: Address,
    scope: Scope,
    purchased_at: Timestamp,
    reference: String,
    jurisdiction: Option<String>,
    locale: Option<String>,
    time_zone: Option<String>,
    notice: Notice,
}

/// Whether the buyer was told, when the address was taken, that it is used for marketing and how to object.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Notice {
    given: bool,
    text: Option<String>,
}

impl Notice {
    fn evidence(&self) -> Value {
        let hash = self.text.as_ref().map(|text| sha256_hex(text.as_bytes()));
        json!({ "given": self.given, "text": self.text, "sha256": hash })
    }
}

/// Answers with the scopes of the taxonomy in which this person may be mailed thanks to it or to another
/// ground, among those that the purchase allows.
pub(super) async fn add(
    State(api): State<Api>,
    OfSubscribers(caller): OfSubscribers,
    Body(body): Body<NewPurchase>,
) -> Result<(StatusCode, Json<InForce>), Problem> {
    let sender = caller.sender_policy()?;
    let now = api.clock.now();
    let mut checks = Checks::default();
    checks.scope("/scope", sender, &body.scope);
    checks.not_ahead("/purchased_at", body.purchased_at, now);
    checks.text("/reference", &body.reference, REFERENCE_LIMIT);
    if let Some(text) = &body.notice.text {
        checks.text("/notice/text", text, NOTICE_LIMIT);
    }
    checks.place(
        &caller.policy,
        body.jurisdiction.as_deref(),
        body.locale.as_deref(),
        body.time_zone.as_deref(),
    );
    checks.done()?;

    let notice = body.notice.evidence();
    let kind = EventKind::Acquainted {
        how: Acquaintance::Purchase,
        scope: body.scope.clone(),
        notice: body.notice.given,
    };
    let provenance = Provenance {
        channel: "api".to_owned(),
        jurisdiction: body.jurisdiction,
        locale: body.locale,
        time_zone: body.time_zone,
        evidence: json!({ "told_by": caller.name(), "reference": body.reference, "notice": notice }),
    };
    let purchased_at = from_micros(body.purchased_at.as_microsecond());
    let who = Who::Address(body.email);
    let recorded = api.recorder.record(&sender.id, who, kind, Some(purchased_at), provenance).await?;

    let allowed = sender.allowed_by_purchase(&body.scope);
    let taxonomy = sender.taxonomy();
    let reached = taxonomy.iter().filter(|scope| allowed.iter().any(|(above, _)| above.covers(scope)));
    let state = &recorded.subscriber.state;
    let in_force = standing::scopes_in_force(&caller.policy, sender, state, reached, now);
    Ok((StatusCode::CREATED, Json(InForce { in_force: in_force.into_iter().collect() })))
}
