//! What a person chose about how marketing comes to them, read fact by fact: the youngest choice of a kind stands, and of
//! one moment the strictest.

use crate::consent::event::Frequency;
use crate::policy::VerdictKind;
use crate::policy::calendar::Window;
use crate::policy::facts::{Findings, Personalisation};
use crate::policy::holds::{Earlier, Stage};

use super::*;

impl Model<'_> {
    /// The strictest of the youngest facts that say something of this, by how strict each is.
    fn choice<T: Ord + Copy>(&self, says: impl Fn(&EventKind) -> Option<T>) -> Option<T> {
        let said = || self.living().filter_map(|own| Some((own.occurred_at, says(&own.kind)?)));
        let youngest = said().map(|(at, _)| at).max()?;
        said().filter(|(at, _)| *at == youngest).map(|(_, choice)| choice).max()
    }

    fn at_most(&self) -> Option<Frequency> {
        self.choice(|kind| match kind {
            EventKind::FrequencyChosen { at_most } => Some(*at_most),
            _ => None,
        })
    }

    fn pause_ends(&self) -> Option<Timestamp> {
        let pause = self.choice(|kind| match kind {
            EventKind::Paused { until } => Some(Some(*until)),
            EventKind::PauseEnded => Some(None),
            _ => None,
        });
        pause.flatten()
    }

    fn objects_to_profiling(&self) -> bool {
        let objects = self.choice(|kind| match kind {
            EventKind::ProfilingObjection => Some(true),
            EventKind::ProfilingAllowed => Some(false),
            _ => None,
        });
        objects == Some(true)
    }

    /// What is said of marketing that one message of this week came before, and that might go on this ground.
    fn reason_to_wait(&self) -> Option<Reason> {
        let paused = self.pause_ends().is_some_and(|until| until > at(100));
        let full = self.at_most().is_some_and(|at_most| at_most != Frequency::AsSent);
        match (paused, full) {
            (false, false) => None,
            (true, false) => Some(Reason::PausedBySubscriber),
            (false, true) => Some(Reason::FrequencyCap),
            (true, true) => {
                let ends = self.pause_ends();
                let per =
                    if self.at_most() == Some(Frequency::Weekly) { Window::Week } else { Window::Month };
                let cap = per.around(at(100), &jiff::tz::TimeZone::UTC).end;
                Some(if ends >= Some(cap) { Reason::PausedBySubscriber } else { Reason::FrequencyCap })
            }
        }
    }
}

/// The verdict on marketing that a profile chose, or not, after one message of the same hour.
fn decided_after_one(history: &[Event], about: &Scope, personalisation: Personalisation) -> Verdict {
    let sender = policy().sender("demo-shop").unwrap();
    let facts = crate::policy::standing::supposed(sender, "", Stream::Marketing, Some(about.clone()));
    let facts = Facts { findings: Findings { personalisation, ..Findings::default() }, ..facts };
    let earlier = vec![Earlier { scope: Some(about.clone()), at: at(100), stage: Stage::Delivered }];
    let circumstances = Circumstances { earlier, ..Circumstances::default() };
    decide(policy(), &facts, &fold(history), &circumstances, at(100))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn i5_choices_are_what_the_rules_say_fact_by_fact_whatever_the_order_of_arrival(
        (history, shuffled) in histories(2).prop_flat_map(|own| (Just(own.clone()), Just(own).prop_shuffle())),
        about in a_scope(),
    ) {
        let model = Model(&history);
        for history in [&history, &shuffled] {
            let verdict = decided_after_one(history, &about, Personalisation::None);
            match model.verdict(&about) {
                Err(reason) => prop_assert_eq!(verdict.reason, Some(reason)),
                Ok(_) => prop_assert_eq!(verdict.reason, model.reason_to_wait(), "{}", verdict.text),
            }
            let verdict = decided_after_one(history, &about, Personalisation::Individual);
            let is_ground = |reason: Reason| !matches!(
                reason,
                Reason::Erased | Reason::SuppressedBounce | Reason::SuppressedOperator | Reason::Withdrawn
                    | Reason::Restricted
            );
            if model.verdict(&about).err().is_none_or(is_ground) && model.objects_to_profiling() {
                prop_assert_eq!(verdict.reason, Some(Reason::ProfilingNotAllowed), "{}", verdict.text);
                prop_assert_eq!(verdict.verdict, VerdictKind::Refuse);
            } else {
                prop_assert_ne!(verdict.reason, Some(Reason::ProfilingNotAllowed));
            }
        }
    }
}
