//! `POST /v1/subscriptions`: somebody signed up, and is asked to confirm it. The answer is the same whoever it is and
//! whatever becomes of it, so that no form tells a stranger who is known to the sender.

use std::net::IpAddr;

use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Api;
use super::caller::Caller;
use super::check::{Checks, Place};
use super::document::{Email, ip};
use super::once::{Write, answer};
use super::problem::Problem;
use crate::consent::ConsentState;
use crate::consent::event::SignedUpBy;
use crate::intake::{Form, IfRefused, NotSent, SignUp};
use crate::mail::Address;
use crate::policy::Scope;
use crate::store::NewFact;
use crate::telemetry::metrics;

/// The longest channel, address of a form, text of one, and browser's name, in characters.
const CHANNEL_LIMIT: usize = 256;
const URL_LIMIT: usize = 2_000;
const TEXT_LIMIT: usize = 4_000;
const AGENT_LIMIT: usize = 512;
/// A sign-up that the tool asks about itself is told once in this time.
const SAME: SignedDuration = SignedDuration::from_hours(24);

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "anna@example.se",
    "scopes": ["apparel.tshirts"],
    "locale": "sv",
    "source": {
        "channel": "website",
        "form_url": "https://shop.example/newsletter",
        "form_text": "Yes, send me news about T-shirts by e-mail. I can change my mind at any time.",
        "ip": "192.0.2.1",
        "user_agent": "Mozilla/5.0"
    }
}))]
pub(super) struct NewSubscription {
    #[schema(value_type = Email)]
    email: Address,
    #[schema(min_items = 1, max_items = 200)]
    scopes: Vec<Scope>,
    /// A jurisdiction pack's id, or a country code.
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9_-]{1,34}$")]
    jurisdiction: Option<String>,
    /// The language of the mail that asks to confirm, if the gateway has words in it.
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9_-]{1,34}$", example = "sv-SE")]
    locale: Option<String>,
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9/_+-]{1,63}$", example = "Europe/Stockholm")]
    time_zone: Option<String>,
    source: Source,
    /// `false`: the tool asks to confirm by mail of its own, in the stream `confirmation`.
    #[serde(default = "asked_by_us")]
    #[schema(default = true)]
    send: bool,
}

/// Where the person signed up. Kept sealed, as the proof of what was agreed to.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignupSource)]
struct Source {
    #[schema(min_length = 1, max_length = 256)]
    channel: String,
    /// Its host is named in the mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 2000)]
    form_url: Option<String>,
    /// What the form says that is agreed to; quoted in the mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 4000)]
    form_text: Option<String>,
    /// The person's own; `[api] signups_per_ip` counts by it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = ip)]
    ip: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 512)]
    user_agent: Option<String>,
}

fn asked_by_us() -> bool {
    true
}

#[derive(Serialize, ToSchema)]
pub(super) struct Accepted {
    /// Of this call: the sign-up has it, if it was recorded.
    id: Uuid,
    #[schema(value_type = String, example = "pending")]
    state: &'static str,
}

/// Ask a person to confirm a sign-up
///
/// The same answer for anybody: known or not, confirmed already, blocked, or asked too often. Whoever is not asked gets
/// nothing; the delivery that was refused tells why.
#[utoipa::path(
    post, path = "/v1/subscriptions", operation_id = "addSubscription", tag = "facts", request_body = NewSubscription,
    responses((status = 202, description = "Taken", body = Accepted)),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn add(State(api): State<Api>, write: Write<NewSubscription>) -> Result<Response, Problem> {
    let Write { caller, call, body, .. } = write;
    check(&caller, &body)?;
    within_limits(&api, &caller, body.source.ip)?;
    let (id, send) = (api.clock.id(), body.send);
    let signup = signup(&caller, body)?;
    let accepted = answer(202, &Accepted { id, state: "pending" });
    if send {
        api.intake.ask_to_confirm(id, &signup, IfRefused::Record).await.map_err(problem)?;
        // Done twice it asks once: the second meets the limit.
        return Ok(call.answer(&api, accepted).await);
    }
    if is_told_already(&api, &signup).await? {
        return Ok(call.answer(&api, accepted).await);
    }
    let fact = NewFact { id: Some(id), ..signup.fact() };
    Ok(call.record(&api, fact, move |_| Ok(accepted.clone())).await)
}

fn check(caller: &Caller, body: &NewSubscription) -> Result<(), Problem> {
    let sender = caller.sender_policy()?;
    let mut checks = Checks::default();
    if body.scopes.is_empty() {
        checks.mistake("/scopes", "at least one");
    }
    checks.scopes(sender, &body.scopes);
    let (jurisdiction, locale, time_zone) =
        (body.jurisdiction.clone(), body.locale.clone(), body.time_zone.clone());
    checks.place(&caller.policy, &Place { jurisdiction, locale, time_zone });
    let Source { channel, form_url, form_text, user_agent, .. } = &body.source;
    checks.text("/source/channel", channel, CHANNEL_LIMIT);
    let texts = [
        ("/source/form_url", form_url, URL_LIMIT),
        ("/source/form_text", form_text, TEXT_LIMIT),
        ("/source/user_agent", user_agent, AGENT_LIMIT),
    ];
    for (pointer, text, limit) in texts {
        if let Some(text) = text {
            checks.text(pointer, text, limit);
        }
    }
    checks.done()
}

/// What forms may tell: by the person's own address, and in all.
fn within_limits(api: &Api, caller: &Caller, ip: Option<IpAddr>) -> Result<(), Problem> {
    let now = api.clock.now();
    let limited = |key| {
        move |wait| {
            metrics::limited("api", key);
            Problem::too_many(wait)
        }
    };
    if let Some(ip) = ip {
        api.signups.per_ip.take(ip, now).map_err(limited("signups_per_ip"))?;
    }
    api.signups.per_key.take(caller.credential_id(), now).map_err(limited("signups_per_key"))
}

fn signup(caller: &Caller, body: NewSubscription) -> Result<SignUp, Problem> {
    let NewSubscription { email, mut scopes, jurisdiction, locale, time_zone, source, send: _ } = body;
    scopes.sort();
    scopes.dedup();
    let evidence = json!({ "told_by": caller.name(), "source": source });
    Ok(SignUp {
        sender: caller.sender_policy()?.id.clone(),
        email,
        scopes,
        by: SignedUpBy::Told,
        provenance: Place { jurisdiction, locale, time_zone }.provenance(evidence),
        form: Form { url: source.form_url, text: source.form_text },
    })
}

/// Whether no more would be known by it: a robot that signs somebody up again and again makes no history.
async fn is_told_already(api: &Api, signup: &SignUp) -> Result<bool, Problem> {
    let known = api.store.consent_of(&signup.sender, std::slice::from_ref(&signup.email)).await?;
    let now = api.clock.now();
    Ok(known.into_iter().flatten().any(|known| has_all(&known.state, &signup.scopes, now)))
}

fn has_all(state: &ConsentState, scopes: &[Scope], now: Timestamp) -> bool {
    let told = |scope: &Scope| {
        let mut pending = state.pending.iter().filter(|one| one.by == SignedUpBy::Told);
        // A no since then is younger than the sign-up that it met.
        let met = |at: Timestamp| state.withdrawals.iter().any(|no| no.at >= at && no.covers(scope));
        pending.any(|one| one.scope == *scope && now.duration_since(one.at) < SAME && !met(one.at))
    };
    state.erased.is_none() && scopes.iter().all(told)
}

fn problem(error: NotSent) -> Problem {
    match error {
        NotSent::NoPolicy => Problem::forbidden("the key's sender has no policy file"),
        NotSent::NoAuthor => Problem::conflict(
            None,
            "the sender's file does not say who writes to people: set `from` below [streams.confirmation]",
        ),
        NotSent::Store(error) => error.into(),
        error @ (NotSent::NotComposed(_) | NotSent::Unparsable(_)) => {
            tracing::error!(%error, "a mail that asks to confirm can't be composed");
            Problem::internal()
        }
    }
}
