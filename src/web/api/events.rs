//! `GET /v1/events`: every consent change and outcome of the key's sender, in an order that skips nothing. Role
//! `ops` sees addresses redacted; of who was erased, nobody sees any.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Json;
use axum::extract;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, timeout_at};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Api;
use super::body::Asked;
use super::caller::Caller;
use super::deliveries::as_seen_by;
use super::document::EmailShown;
use super::page::page_size;
use super::problem::{Document, Kind, Problem};
use crate::consent::event::{Acquaintance, Frequency, OptIn, Suppression, TrackingAsked};
use crate::consent::request::{Kind as RequestKind, Request, State as RequestState};
use crate::consent::{Event, EventKind};
use crate::mail::Address;
use crate::policy::{Reason, Scope, Stream};
use crate::spool::{Outcome, State};
use crate::store::{DeliveryView, FeedEntry, FeedError, FeedPage, Happened, Incident, Part, Role, What};

/// The longest wait for news, in seconds: shorter than what proxies and our own listener take for idleness.
const LONGEST_WAIT: u32 = 10;
/// Waits of one credential at once: each holds a connection.
const WAITS: usize = 32;
/// How soon news is heard of that another node put in order.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Follow {
    /// `next` of the page before, or the `cursor` of any event; without it, from the first event on.
    #[param(pattern = "^[A-Za-z0-9_-]{21}[AQgw]$")]
    after: Option<String>,
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// For how many seconds to wait for news before an empty page is answered.
    #[param(minimum = 0, maximum = 10, default = 0)]
    wait: Option<u32>,
}

/// Who waits for news in this process: how many calls of each credential.
#[derive(Clone, Default)]
pub(super) struct Waits(Arc<Mutex<HashMap<Uuid, usize>>>);

/// One of them, until it is dropped.
struct Waiting {
    waits: Waits,
    credential: Uuid,
}

#[derive(Serialize, ToSchema)]
pub(super) struct EventPage {
    events: Vec<EventShown>,
    /// What to give as `after` to go on; null while there has been no event at all.
    next: Option<String>,
    /// Whether there is more already.
    more: bool,
}

/// What happened: `type` is a consent event's kind, a delivery's outcome, what became of a request by right, that a copy
/// came back later, or that marketing stopped or goes on.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EventType)]
enum Type {
    SignupRequested,
    ConfirmationSent,
    Unconfirmed,
    OptIn,
    Acquainted,
    Withdrawal,
    WithdrawalUndone,
    TrackingConsent,
    TrackingWithdrawal,
    FrequencyChosen,
    Paused,
    PauseEnded,
    ProfilingObjection,
    ProfilingAllowed,
    PlaceChosen,
    Suppressed,
    SuppressionLifted,
    AddressChanged,
    Restricted,
    RestrictionLifted,
    Erased,
    RequestReceived,
    RequestDone,
    RequestRefused,
    Refused,
    Relayed,
    Rejected,
    Expired,
    Withheld,
    Cancelled,
    Bounced,
    MarketingPaused,
    MarketingResumed,
}

/// A consent change, an outcome, or a request. Fields that the type has no use for are null.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(super) struct EventShown {
    /// Of the consent event, of the delivery that ended, or of the request.
    id: Uuid,
    cursor: String,
    r#type: Type,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    subscriber: Option<Uuid>,
    /// Null once it is forgotten; redacted for role `ops`.
    #[schema(value_type = Option<EmailShown>)]
    address: Option<String>,
    /// Of a withdrawal, none: all marketing.
    scopes: Vec<Scope>,
    /// The reason behind an outcome, or that mail is refused for from now on.
    reason: Option<Reason>,
    /// Where a consent event came in: `api`, `page`, `one_click`, `command`, `import`, `smtp`, …
    channel: Option<String>,
    ground: Option<OptIn>,
    how: Option<Acquaintance>,
    notice: Option<bool>,
    complaint: Option<bool>,
    /// Of a withdrawal undone: the withdrawal. Its `scopes` are what was taken back of it; none: all.
    undone: Option<Uuid>,
    /// Of a yes to tracking: how it was asked for.
    tracking_asked: Option<TrackingAsked>,
    /// Of a chosen frequency: how often marketing may come at most.
    at_most: Option<Frequency>,
    /// Of a pause: until when marketing waits.
    paused_until: Option<Timestamp>,
    /// Of a chosen place: the language and the time zone, as far as they were chosen.
    locale: Option<String>,
    time_zone: Option<String>,
    suppression: Option<Suppression>,
    /// Of a change of address: whether the new address itself answered. `address` is the new one.
    confirmed: Option<bool>,
    /// Of a change of address: the subscriber that says no to everything under the old address.
    left: Option<Uuid>,
    /// Of a request: which right, and by when it is to be met.
    request: Option<RequestKind>,
    due: Option<Timestamp>,
    delivery: Option<Uuid>,
    message: Option<Uuid>,
    stream: Option<Stream>,
    campaign: Option<String>,
    attempts: Option<u32>,
    /// What the upstream said last, or who sent a copy back, addresses redacted.
    last_response: Option<String>,
    /// Of a copy that came back.
    class: Option<String>,
    /// Of marketing that stopped: `weakest`, what rests on a soft opt-in, or `everybodys`; who stopped it, an `operator`, a
    /// `brake` or a `response`; and why. `campaign` is null where all of the sender's did.
    whose: Option<String>,
    by: Option<String>,
    cause: Option<String>,
}

/// Follow what happens
///
/// Begin without `after`, then go on from `next`. Events never appear in front of a cursor that was given out;
/// each appears once. An event shows about a tenth of a second after its commit.
#[utoipa::path(
    get, path = "/v1/events", operation_id = "listEvents", tag = "events", params(Follow),
    responses(
        (status = 200, description = "A page", body = EventPage),
        (status = 404, description = "No event of this sender has that cursor", body = Document,
         content_type = "application/problem+json"),
        (status = 410, description = "The outcome of that cursor is kept no longer", body = Document,
         content_type = "application/problem+json"),
    ),
    security(("key" = ["api", "compliance", "ops"]))
)]
pub(super) async fn list(
    extract::State(api): extract::State<Api>,
    caller: Caller,
    Asked(follow): Asked<Follow>,
) -> Result<Response, Problem> {
    let limit = page_size(follow.limit)?;
    let wait = follow.wait.unwrap_or(0);
    if wait > LONGEST_WAIT {
        return Err(Problem::parameter("wait", format!("0 to {LONGEST_WAIT}")));
    }
    let _waiting = match wait {
        0 => None,
        _ => Some(Waiting::begin(&api.in_hand.waits, caller.credential_id())?),
    };
    let page = await_news(&api, caller.sender(), follow.after.as_deref(), limit, wait).await?;
    let events = page.entries.into_iter().filter_map(|entry| shown(entry, caller.role())).collect();
    Ok(Json(EventPage { events, next: page.next, more: page.more }).into_response())
}

/// The page, as soon as it holds anything; empty after the wait, or when the gateway ends.
async fn await_news(
    api: &Api,
    sender: &str,
    after: Option<&str>,
    limit: u32,
    wait: u32,
) -> Result<FeedPage, Problem> {
    let until = Instant::now() + Duration::from_secs(wait.into());
    let mut grown = api.feed.grown();
    loop {
        let page = api.store.feed(sender, after, limit).await?;
        let over = Instant::now() >= until || api.stopping.is_cancelled();
        if !page.entries.is_empty() || page.more || over {
            return Ok(page);
        }
        let look_again = until.min(Instant::now() + LOOK_AGAIN);
        tokio::select! {
            _ = timeout_at(look_again, grown.changed()) => {}
            () = api.stopping.cancelled() => {}
        }
    }
}

impl Waiting {
    fn begin(waits: &Waits, credential: Uuid) -> Result<Self, Problem> {
        let mut counted = locked(waits);
        let count = counted.entry(credential).or_default();
        if *count >= WAITS {
            return Err(Problem::too_many(Duration::from_secs(LONGEST_WAIT.into())));
        }
        *count += 1;
        Ok(Self { waits: waits.clone(), credential })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut counted = locked(&self.waits);
        if let Some(count) = counted.get_mut(&self.credential) {
            *count -= 1;
            if *count == 0 {
                counted.remove(&self.credential);
            }
        }
    }
}

/// No panic leaves the counts half-written.
fn locked(waits: &Waits) -> MutexGuard<'_, HashMap<Uuid, usize>> {
    waits.0.lock().unwrap_or_else(PoisonError::into_inner)
}

impl From<FeedError> for Problem {
    fn from(error: FeedError) -> Self {
        match error {
            FeedError::NoCursor => Self::parameter("after", "this is no cursor"),
            FeedError::UnknownCursor => Self::missing("no event of yours has this cursor"),
            FeedError::KeptNoLonger => Self::new(
                Kind::Gone,
                "the outcome of this cursor, and others with it, are kept no longer: begin again without `after`",
            ),
            FeedError::Store(error) => error.into(),
        }
    }
}

fn shown(entry: FeedEntry, role: Role) -> Option<EventShown> {
    match entry.what {
        What::Consent { subscriber, address, event } => {
            Some(consent(entry.cursor, subscriber, address.as_ref(), *event, role))
        }
        What::Outcome(view) => outcome(entry.cursor, *view, role),
        What::Request(part, request) => Some(asked(entry.cursor, part, &request)),
        What::Incident(incident) => Some(happened(entry.cursor, *incident)),
    }
}

fn consent(
    cursor: String,
    subscriber: Uuid,
    address: Option<&Address>,
    event: Event,
    role: Role,
) -> EventShown {
    let shown = EventShown {
        occurred_at: event.occurred_at,
        recorded_at: event.recorded_at,
        subscriber: Some(subscriber),
        address: address.map(|address| as_seen_by(role, address)),
        channel: Some(event.channel),
        ..EventShown::bare(event.id, cursor, type_of(&event.kind))
    };
    match event.kind {
        EventKind::SignupRequested { scopes, .. }
        | EventKind::ConfirmationSent { scopes }
        | EventKind::Unconfirmed { scopes } => EventShown { scopes, ..shown },
        EventKind::OptIn { ground, scopes } => EventShown { ground: Some(ground), scopes, ..shown },
        EventKind::Acquainted { how, scope, notice } => {
            EventShown { how: Some(how), notice: Some(notice), scopes: vec![scope], ..shown }
        }
        EventKind::Withdrawal { scopes, complaint } => {
            EventShown { complaint: Some(complaint), scopes, reason: Some(Reason::Withdrawn), ..shown }
        }
        EventKind::WithdrawalUndone { withdrawal, scopes } => {
            EventShown { undone: Some(withdrawal), scopes, ..shown }
        }
        EventKind::TrackingConsent { asked } => EventShown { tracking_asked: Some(asked), ..shown },
        EventKind::Suppressed { why } => {
            let reason = match why {
                Suppression::Bounce => Reason::SuppressedBounce,
                Suppression::Operator => Reason::SuppressedOperator,
            };
            EventShown { suppression: Some(why), reason: Some(reason), ..shown }
        }
        EventKind::SuppressionLifted { why } => EventShown { suppression: Some(why), ..shown },
        EventKind::AddressChanged { confirmed, left } => {
            EventShown { confirmed: Some(confirmed), left: Some(left), ..shown }
        }
        EventKind::Restricted => EventShown { reason: Some(Reason::Restricted), ..shown },
        EventKind::Erased => EventShown { reason: Some(Reason::Erased), ..shown },
        EventKind::FrequencyChosen { at_most } => EventShown { at_most: Some(at_most), ..shown },
        EventKind::Paused { until } => {
            EventShown { paused_until: Some(until), reason: Some(Reason::PausedBySubscriber), ..shown }
        }
        EventKind::ProfilingObjection => EventShown { reason: Some(Reason::ProfilingNotAllowed), ..shown },
        EventKind::PlaceChosen => EventShown { locale: event.locale, time_zone: event.time_zone, ..shown },
        EventKind::TrackingWithdrawal
        | EventKind::PauseEnded
        | EventKind::ProfilingAllowed
        | EventKind::RestrictionLifted => shown,
    }
}

/// A request by right, or its end: for whoever keeps more of the person.
fn asked(cursor: String, part: Part, request: &Request) -> EventShown {
    let (kind, at) = match (part, request.state) {
        (Part::Beginning, _) | (Part::End, RequestState::Open) => (Type::RequestReceived, request.received),
        (Part::End, RequestState::Done) => (Type::RequestDone, request.ended.unwrap_or(request.received)),
        (Part::End, RequestState::Refused) => {
            (Type::RequestRefused, request.ended.unwrap_or(request.received))
        }
    };
    EventShown {
        occurred_at: at,
        recorded_at: at,
        subscriber: Some(request.subscriber),
        request: Some(request.kind),
        due: Some(request.due),
        ..EventShown::bare(request.id, cursor, kind)
    }
}

fn happened(cursor: String, incident: Incident) -> EventShown {
    let bare = |kind| EventShown {
        occurred_at: incident.at,
        recorded_at: incident.at,
        ..EventShown::bare(incident.id, cursor, kind)
    };
    match incident.what {
        Happened::Bounced { delivery, message, campaign, class, response } => EventShown {
            delivery: Some(delivery),
            message: Some(message),
            campaign,
            class: Some(class),
            last_response: Some(response),
            ..bare(Type::Bounced)
        },
        Happened::MarketingPaused { campaign, whose, by, cause } => EventShown {
            campaign,
            whose: Some(whose),
            by: Some(by),
            cause: Some(cause),
            ..bare(Type::MarketingPaused)
        },
        Happened::MarketingResumed { campaign } => EventShown { campaign, ..bare(Type::MarketingResumed) },
    }
}

/// `None` of what has not ended, which the feed never holds.
fn outcome(cursor: String, view: DeliveryView, role: Role) -> Option<EventShown> {
    let (State::Ended(outcome), Some(ended)) = (view.state, view.ended_at) else { return None };
    Some(EventShown {
        occurred_at: ended,
        recorded_at: ended,
        subscriber: view.subscriber,
        address: view.recipient.as_ref().map(|address| as_seen_by(role, address)),
        scopes: view.scope.into_iter().collect(),
        reason: view.reason,
        delivery: Some(view.delivery),
        message: Some(view.message),
        stream: Some(view.lane.stream),
        campaign: Some(view.lane.campaign).filter(|campaign| !campaign.is_empty()),
        attempts: Some(view.attempts),
        last_response: view.last_response,
        ..EventShown::bare(view.delivery, cursor, ending(outcome))
    })
}

impl EventShown {
    /// With nothing in it yet.
    fn bare(id: Uuid, cursor: String, r#type: Type) -> Self {
        Self {
            id,
            cursor,
            r#type,
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: Timestamp::UNIX_EPOCH,
            subscriber: None,
            address: None,
            scopes: Vec::new(),
            reason: None,
            channel: None,
            ground: None,
            how: None,
            notice: None,
            complaint: None,
            undone: None,
            tracking_asked: None,
            at_most: None,
            paused_until: None,
            locale: None,
            time_zone: None,
            suppression: None,
            confirmed: None,
            left: None,
            request: None,
            due: None,
            delivery: None,
            message: None,
            stream: None,
            campaign: None,
            attempts: None,
            last_response: None,
            class: None,
            whose: None,
            by: None,
            cause: None,
        }
    }
}

fn type_of(kind: &EventKind) -> Type {
    match kind {
        EventKind::SignupRequested { .. } => Type::SignupRequested,
        EventKind::ConfirmationSent { .. } => Type::ConfirmationSent,
        EventKind::Unconfirmed { .. } => Type::Unconfirmed,
        EventKind::OptIn { .. } => Type::OptIn,
        EventKind::Acquainted { .. } => Type::Acquainted,
        EventKind::Withdrawal { .. } => Type::Withdrawal,
        EventKind::WithdrawalUndone { .. } => Type::WithdrawalUndone,
        EventKind::TrackingConsent { .. } => Type::TrackingConsent,
        EventKind::TrackingWithdrawal => Type::TrackingWithdrawal,
        EventKind::FrequencyChosen { .. } => Type::FrequencyChosen,
        EventKind::Paused { .. } => Type::Paused,
        EventKind::PauseEnded => Type::PauseEnded,
        EventKind::ProfilingObjection => Type::ProfilingObjection,
        EventKind::ProfilingAllowed => Type::ProfilingAllowed,
        EventKind::PlaceChosen => Type::PlaceChosen,
        EventKind::Suppressed { .. } => Type::Suppressed,
        EventKind::SuppressionLifted { .. } => Type::SuppressionLifted,
        EventKind::AddressChanged { .. } => Type::AddressChanged,
        EventKind::Restricted => Type::Restricted,
        EventKind::RestrictionLifted => Type::RestrictionLifted,
        EventKind::Erased => Type::Erased,
    }
}

fn ending(outcome: Outcome) -> Type {
    match outcome {
        Outcome::Refused => Type::Refused,
        Outcome::Relayed => Type::Relayed,
        Outcome::Rejected => Type::Rejected,
        Outcome::Expired => Type::Expired,
        Outcome::Withheld => Type::Withheld,
        Outcome::Cancelled => Type::Cancelled,
    }
}
