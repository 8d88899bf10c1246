//! Getting less, chosen by one button: what was chosen is recorded, the page says what holds now, and offers to take it
//! back. Taking back is a new fact that says what the choice before said.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use uuid::Uuid;

use super::view::{Chosen, Holds, show};
use super::visit::Visit;
use super::{Pages, Trouble, Visitor};
use crate::consent::admit::NotAdmitted;
use crate::consent::event::Frequency;
use crate::consent::fold::OwnChoices;
use crate::consent::{Event, EventKind};
use crate::policy::calendar;
use crate::store::{RecordError, Who};

/// How much less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Less {
    Weekly,
    Pause(Days),
}

/// How long a pause lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    Thirty,
    Ninety,
}

impl Less {
    /// The value of the button.
    pub(super) fn of(value: &str) -> Option<Self> {
        match value {
            "weekly" => Some(Self::Weekly),
            other => other.strip_prefix("pause-").and_then(Days::of).map(Self::Pause),
        }
    }
}

impl Days {
    pub(super) fn of(value: &str) -> Option<Self> {
        match value {
            "30" => Some(Self::Thirty),
            "90" => Some(Self::Ninety),
            _ => None,
        }
    }

    /// The same time of the day after so many days, there.
    pub(super) fn end(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let days = match self {
            Self::Thirty => 30.days(),
            Self::Ninety => 90.days(),
        };
        now.to_zoned(zone.clone()).checked_add(days).map_or(now, |end| end.timestamp())
    }
}

impl Visit {
    /// Where the person is, as far as anybody told; else where the sender is.
    pub(super) fn zone(&self) -> TimeZone {
        let told = self.state().time_zone.as_deref().and_then(calendar::zone);
        told.or_else(|| Some(self.sender()?.time_zone.clone())).unwrap_or(TimeZone::UTC)
    }

    /// `2026-05-03`, which is read alike in all languages.
    pub(super) fn day(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone()).date().to_string()
    }
}

impl Pages {
    pub(super) async fn less(
        &self,
        visit: &Visit,
        less: Less,
        visitor: &Visitor,
    ) -> Result<Response, Trouble> {
        let kind = match less {
            Less::Weekly => EventKind::FrequencyChosen { at_most: Frequency::Weekly },
            Less::Pause(days) => EventKind::Paused { until: days.end(self.clock.now(), &visit.zone()) },
        };
        let holds = match &kind {
            EventKind::Paused { until } => Holds::PausedUntil(visit.day(*until)),
            _ => Holds::Weekly,
        };
        let who = Who::Subscriber(visit.record.subscriber.id);
        let provenance = visit.provenance("page", visitor);
        // Invariant 5: the page is written after the commit.
        let recorded = self.recorder.record(&visit.record.sender, who, kind, None, provenance).await?;
        let page = Chosen {
            words: visit.words.clone(),
            holds,
            undo: recorded.event,
            choose: self.choose_link(visit),
        };
        Ok(show(StatusCode::OK, &page))
    }

    /// Takes back a choice that still stands.
    pub(super) async fn take_back(
        &self,
        visit: &Visit,
        choice: Uuid,
        visitor: &Visitor,
    ) -> Result<Response, Trouble> {
        let subscriber = visit.record.subscriber.id;
        let history = self.store.history(&visit.record.sender, subscriber).await?;
        let history: Vec<Event> = history.into_iter().map(|(event, _)| event).collect();
        let Some(kind) = before(&history, choice, self.clock.now()) else { return Ok(self.stands(visit)) };
        let who = Who::Subscriber(subscriber);
        let provenance = visit.provenance("page", visitor);
        match self.recorder.record(&visit.record.sender, who, kind, None, provenance).await {
            Ok(_) => Ok(self.say(visit, StatusCode::OK, "chosen-undone-title", "chosen-undone-body")),
            Err(RecordError::NotAdmitted(NotAdmitted::PressedTooOften)) => Ok(self.stands(visit)),
            Err(error) => Err(error.into()),
        }
    }

    fn stands(&self, visit: &Visit) -> Response {
        self.say(visit, StatusCode::CONFLICT, "chosen-late-title", "chosen-late-body")
    }
}

/// What says again what held before this choice; none where it holds no longer, or is none.
fn before(history: &[Event], choice: Uuid, now: Timestamp) -> Option<EventKind> {
    let stands = OwnChoices::of(history);
    let own = history.iter().find(|event| event.id == choice)?;
    let earlier = OwnChoices::of(
        history.iter().filter(|event| (event.occurred_at, event.id) < (own.occurred_at, own.id)),
    );
    match own.kind {
        EventKind::FrequencyChosen { .. } if stands.frequency.is_some_and(|own| own.event == choice) => {
            let at_most = earlier.frequency.map_or(Frequency::AsSent, |own| own.choice);
            Some(EventKind::FrequencyChosen { at_most })
        }
        EventKind::Paused { .. } if stands.pause.is_some_and(|own| own.event == choice) => {
            let until = earlier.paused_until(now);
            Some(until.map_or(EventKind::PauseEnded, |until| EventKind::Paused { until }))
        }
        _ => None,
    }
}
