//! `POST /v1/preferences`: a person chose, somewhere else, how marketing is to come to them. What restricts is taken even
//! where the sender's policy is gone (invariant 5).

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
use crate::consent::event::Frequency;
use crate::consent::fold::Profiling;
use crate::consent::view::ChoicesView;
use crate::journal::is_no;
use crate::mail::Address;
use crate::record::new_fact;
use crate::store::{Recorded, Who};

/// One choice: exactly one of `frequency`, `paused_until`, `pause_ended`, `profiling`, or none of them and a `locale` or
/// a `time_zone`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "email": "anna@example.se",
    "frequency": "weekly",
    "source": { "channel": "my-pages", "ip": "192.0.2.1" }
}))]
pub(super) struct NewPreference {
    #[schema(value_type = Email)]
    email: Address,
    /// How often marketing may come at most; `as_sent` ends an older choice.
    frequency: Option<Frequency>,
    /// Until when marketing waits: within a year of the choice.
    paused_until: Option<Timestamp>,
    /// True: marketing may come again before a pause is over.
    pause_ended: Option<bool>,
    /// Of being profiled for marketing (GDPR 21): `objected`, or `allowed`, which takes an objection back.
    profiling: Option<Profiling>,
    /// When the person chose; at most five minutes ahead of the gateway's clock. Without it: now.
    chosen_at: Option<Timestamp>,
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9_-]{1,34}$", example = "sv-SE")]
    locale: Option<String>,
    #[schema(pattern = "^[A-Za-z][A-Za-z0-9/_+-]{1,63}$", example = "Europe/Stockholm")]
    time_zone: Option<String>,
    /// What shows it: `channel`, IP address, …; at most 32 KiB. Kept sealed.
    #[schema(value_type = Object)]
    source: Free,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Preferred {
    /// The subscriber.
    id: Uuid,
    /// The fact that was recorded; an older one, if it said the same.
    event: Uuid,
    /// What holds now.
    choices: ChoicesView,
}

impl NewPreference {
    /// What was chosen; `None` and a mistake where that is not one thing.
    fn kind(&self, checks: &mut Checks) -> Option<EventKind> {
        let ended = match self.pause_ended {
            Some(false) => {
                checks.unfit("/pause_ended", "leave it out where the pause goes on");
                None
            }
            ended => ended.map(|_| EventKind::PauseEnded),
        };
        let profiling = self.profiling.map(|profiling| match profiling {
            Profiling::Objected => EventKind::ProfilingObjection,
            Profiling::Allowed => EventKind::ProfilingAllowed,
        });
        let frequency = self.frequency.map(|at_most| EventKind::FrequencyChosen { at_most });
        let pause =
            self.paused_until.map(|until| EventKind::Paused { until: from_micros(until.as_microsecond()) });
        let place = self.locale.is_some() || self.time_zone.is_some();
        let mut chosen = [frequency, pause, ended, profiling].into_iter().flatten();
        match (chosen.next(), chosen.next()) {
            (Some(_), Some(_)) => {
                checks.unfit("", "one choice a call: frequency, paused_until, pause_ended or profiling");
                None
            }
            (Some(kind), None) => Some(kind),
            (None, _) if place => Some(EventKind::PlaceChosen),
            (None, _) => {
                checks.unfit("", "it says nothing that was chosen");
                None
            }
        }
    }
}

/// Record how marketing is to come to a person
///
/// One choice a call. It holds until the person makes another of its kind.
#[utoipa::path(
    post, path = "/v1/preferences", operation_id = "addPreference", tag = "facts", request_body = NewPreference,
    responses((status = 201, description = "Recorded", body = Preferred)),
    security(("key" = ["api", "compliance"]))
)]
pub(super) async fn add(State(api): State<Api>, write: Write<NewPreference>) -> Result<Response, Problem> {
    let Write { caller, call, body, .. } = write;
    let mut checks = Checks::default();
    if let Some(at) = body.chosen_at {
        checks.dated("/chosen_at", at, api.clock.now());
    }
    let kind = body.kind(&mut checks);
    let place = Place { jurisdiction: None, locale: body.locale, time_zone: body.time_zone };
    checks.place(&caller.policy, &place);
    checks.evidence("/source", &body.source);
    checks.done()?;
    let Some(kind) = kind else { return Err(Problem::conflict(None, "nothing was chosen")) };
    let sender = match is_no(&kind) {
        false => caller.sender_policy()?.id.clone(),
        true => caller.sender().to_owned(),
    };

    let provenance = place.provenance(json!({ "told_by": caller.name(), "source": body.source }));
    let chosen_at = body.chosen_at.map(|at| from_micros(at.as_microsecond()));
    let fact = new_fact(&sender, Who::Address(body.email), kind, chosen_at, provenance);
    let now = api.clock.now();
    let told = move |recorded: &Recorded| {
        let Recorded { event, subscriber } = recorded;
        let choices = ChoicesView::of(&subscriber.state, now);
        Ok(answer(201, &Preferred { id: subscriber.id, event: *event, choices }))
    };
    Ok(call.record(&api, fact, told).await)
}
