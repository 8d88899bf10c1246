//! How marketing is to come to a person, as the preference page asks it: how often, a pause, language, time zone, and
//! whether a profile may choose for them. What the form says becomes facts only where it was changed.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::form::Turned;
use super::less::Days;
use super::view::{MannerShown, Selectable, Tick, ZoneGroup};
use super::visit::Visit;
use crate::consent::event::Frequency;
use crate::consent::{ConsentState, EventKind, place};
use crate::language;
use crate::policy::calendar;
use crate::record::Provenance;

/// What a form says of it; none where it was left as it was, or not shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manner {
    pub(super) frequency: Option<Frequency>,
    pub(super) pause: Option<Pause>,
    pub(super) locale: Option<&'static str>,
    pub(super) time_zone: Option<String>,
    pub(super) profiling: Turned,
    pub(super) read: Read,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    End,
    For(Days),
}

/// Whether all values were such as the page offers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Read {
    #[default]
    All,
    NotAll,
}

impl Manner {
    /// Of a form's fields: the value of one, as it was when it was shown, is under its name with `_was`.
    pub(super) fn of<'f>(value: impl Fn(&str) -> Option<&'f str>) -> Self {
        let mut read = Read::All;
        let changed = |name: &str| {
            let now = value(name).filter(|text| !text.is_empty())?;
            (value(&format!("{name}_was")) != Some(now)).then_some(now)
        };
        let frequencies = Frequency::ALL;
        let frequency = known(changed("frequency"), &mut read, |text| {
            frequencies.into_iter().find(|own| own.as_str() == text)
        });
        let pause = known(changed("pause"), &mut read, |text| match text {
            "end" => Some(Pause::End),
            days => Days::of(days).map(Pause::For),
        });
        let locale = known(changed("language"), &mut read, |text| {
            language::LANGUAGES.iter().copied().find(|own| *own == text)
        });
        let time_zone = known(changed("time_zone"), &mut read, |text| {
            place::time_zone(text).is_ok().then(|| text.to_owned())
        });
        let profiling = Turned::of(value("profiling_was"), value("profiling"));
        Self { frequency, pause, locale, time_zone, profiling, read }
    }

    /// The facts that it makes, each as its provenance shows it.
    pub(super) fn facts(
        &self,
        now: Timestamp,
        zone: &TimeZone,
        provenance: &Provenance,
    ) -> Vec<(EventKind, Provenance)> {
        let frequency = self.frequency.map(|at_most| EventKind::FrequencyChosen { at_most });
        let pause = self.pause.map(|pause| match pause {
            Pause::End => EventKind::PauseEnded,
            Pause::For(days) => EventKind::Paused { until: days.end(now, zone) },
        });
        let profiling = match self.profiling {
            Turned::On => Some(EventKind::ProfilingAllowed),
            Turned::Off => Some(EventKind::ProfilingObjection),
            Turned::NotAtAll => None,
        };
        let kinds = frequency.into_iter().chain(pause).chain(profiling);
        let mut facts: Vec<_> = kinds.map(|kind| (kind, provenance.clone())).collect();
        if self.locale.is_some() || self.time_zone.is_some() {
            let (locale, time_zone) = (self.locale.map(str::to_owned), self.time_zone.clone());
            facts.push((EventKind::PlaceChosen, Provenance { locale, time_zone, ..provenance.clone() }));
        }
        facts
    }
}

fn known<T>(told: Option<&str>, read: &mut Read, meant: impl Fn(&str) -> Option<T>) -> Option<T> {
    let value = meant(told?);
    if value.is_none() {
        *read = Read::NotAll;
    }
    value
}

/// How the page shows what holds.
pub(super) fn shown(visit: &Visit, state: &ConsentState, now: Timestamp) -> MannerShown {
    let language = visit.words.language();
    let chosen = state.choices.frequency.map_or(Frequency::AsSent, |own| own.choice);
    // One that nobody is offered stays chosen where it is.
    let own = Some(language).filter(|own| !language::LANGUAGES.contains(own));
    let names = language::LANGUAGES.iter().copied().chain(own).map(|own| Selectable {
        value: own.to_owned(),
        text: language::text(own, "choices-language-name", &[]),
        tick: tick(own == language),
    });
    MannerShown {
        frequency: chosen.as_str(),
        paused_until: state.choices.paused_until(now).map(|until| visit.day(until)),
        languages: names.collect(),
        language,
        zones: zones(state.time_zone.as_deref()),
        zone: state.time_zone.clone(),
        profiling: tick(state.choices.profiling_objection().is_none()),
    }
}

fn tick(on: bool) -> Tick {
    if on { Tick::On } else { Tick::Off }
}

/// All zones by region, and the one that holds, whatever it is called.
fn zones(current: Option<&str>) -> Vec<ZoneGroup> {
    let mut groups: Vec<ZoneGroup> = Vec::new();
    let mut found = Tick::Off;
    for name in calendar::zone_names() {
        let Some((region, city)) = name.split_once('/') else { continue };
        if groups.last().is_none_or(|last| last.region != region) {
            groups.push(ZoneGroup { region: region.to_owned(), zones: Vec::new() });
        }
        let own = tick(current == Some(name));
        if own == Tick::On {
            found = Tick::On;
        }
        let zone = Selectable { value: name.to_owned(), text: city.replace('_', " "), tick: own };
        if let Some(group) = groups.last_mut() {
            group.zones.push(zone);
        }
    }
    if let Some(current) = current.filter(|_| found == Tick::Off) {
        let zone = Selectable { value: current.to_owned(), text: current.to_owned(), tick: Tick::On };
        groups.insert(0, ZoneGroup { region: current.to_owned(), zones: vec![zone] });
    }
    groups
}
