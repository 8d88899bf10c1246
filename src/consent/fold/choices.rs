//! What a person chose about how marketing comes to them: the youngest choice of each kind. Pure.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::consent::event::Frequency;
use crate::consent::{Event, EventKind};
use crate::policy::Stream;
use crate::policy::calendar::Window;

/// The youngest choices, those that end an older one included. None: never chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnChoices {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Chosen<Frequency>>,
    /// Until when marketing waits; `None` once the person ended the pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<Chosen<Option<Timestamp>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profiling: Option<Chosen<Profiling>>,
}

/// A choice, when it was made, and by which fact. Of two choices the greater one stands: the younger, of one moment the
/// stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Chosen<T> {
    pub at: Timestamp,
    pub choice: T,
    pub event: Uuid,
}

/// What the person said of being profiled for marketing; the second is stricter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profiling {
    Allowed,
    Objected,
}

impl Profiling {
    /// The word that the contract uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Objected => "objected",
        }
    }
}

impl OwnChoices {
    pub(super) fn are_none(&self) -> bool {
        *self == Self::default()
    }

    /// Those that these facts make, in whatever order they come.
    pub fn of<'e>(events: impl IntoIterator<Item = &'e Event>) -> Self {
        let mut choices = Self::default();
        events.into_iter().for_each(|event| choices.add(event));
        choices
    }

    pub(super) fn add(&mut self, event: &Event) {
        let (at, id) = (event.occurred_at, event.id);
        match &event.kind {
            EventKind::FrequencyChosen { at_most } => younger(&mut self.frequency, at, *at_most, id),
            EventKind::Paused { until } => younger(&mut self.pause, at, Some(*until), id),
            EventKind::PauseEnded => younger(&mut self.pause, at, None, id),
            EventKind::ProfilingObjection => younger(&mut self.profiling, at, Profiling::Objected, id),
            EventKind::ProfilingAllowed => younger(&mut self.profiling, at, Profiling::Allowed, id),
            _ => {}
        }
    }

    /// Of each kind the one that stands of both.
    pub(super) fn with(self, other: Self) -> Self {
        Self {
            frequency: self.frequency.max(other.frequency),
            pause: self.pause.max(other.pause),
            profiling: self.profiling.max(other.profiling),
        }
    }

    /// How often at most, where the person chose so.
    pub fn cap(&self) -> Option<Window> {
        match self.frequency?.choice {
            Frequency::AsSent => None,
            Frequency::Weekly => Some(Window::Week),
            Frequency::Monthly => Some(Window::Month),
        }
    }

    /// Until when marketing waits, if it does now.
    pub fn paused_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.pause?.choice.filter(|until| *until > now)
    }

    /// The objection to profiling that stands.
    pub fn profiling_objection(&self) -> Option<&Chosen<Profiling>> {
        self.profiling.as_ref().filter(|own| own.choice == Profiling::Objected)
    }

    /// From when on what the person was sent counts against mail of this stream; `None` where they chose no cap.
    pub fn counts_since(&self, stream: Stream, now: Timestamp) -> Option<Timestamp> {
        self.cap().filter(|_| stream == Stream::Marketing).map(|per| per.reach(now))
    }

    /// What stands of these and restricts, as the facts that said so, each with its time.
    pub fn restricting(&self) -> Vec<(EventKind, Timestamp)> {
        let frequency = self.frequency.filter(|own| own.choice > Frequency::AsSent);
        let frequency = frequency.map(|own| (EventKind::FrequencyChosen { at_most: own.choice }, own.at));
        let pause = self.pause.and_then(|own| Some((EventKind::Paused { until: own.choice? }, own.at)));
        let profiling = self.profiling_objection().map(|own| (EventKind::ProfilingObjection, own.at));
        frequency.into_iter().chain(pause).chain(profiling).collect()
    }
}

fn younger<T: Ord + Copy>(stands: &mut Option<Chosen<T>>, at: Timestamp, choice: T, event: Uuid) {
    *stands = (*stands).max(Some(Chosen { at, choice, event }));
}
