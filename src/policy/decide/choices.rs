//! What mail that may go waits for, and what the person chose about how marketing comes to them. Pure.

use super::{Asked, Case, Earlier, Hold, Judged, Missing, PolicySet, Reason, Standing, Verdict, Witness};
use super::{ask, let_pass};
use crate::policy::Stream;
use crate::policy::facts::Personalisation;
use crate::policy::grounds::day;
use crate::policy::holds::Wait;

impl<'p> Case<'p> {
    /// The verdict, and the line of shadow mode that lets it pass all the same.
    pub(super) fn verdict_of(
        &self,
        judged: Judged<'p, Standing<'p>>,
        policy: &PolicySet,
        earlier: &'p [Earlier],
        witness: &mut impl Witness,
    ) -> Verdict {
        let (own, verdict) = match judged {
            Ok(standing) => {
                let own = self.own_hold(earlier, witness);
                let verdict = match self.hold(own.clone(), earlier, witness) {
                    Some(hold) => self.held(hold),
                    None => self.deliver(standing),
                };
                (own, verdict)
            }
            Err(missing) => {
                let refused = self.refuse(missing);
                let passes = let_pass(policy, self.facts, &refused).is_some();
                (if passes { self.own_hold(earlier, witness) } else { None }, refused)
            }
        };
        match (let_pass(policy, self.facts, &verdict), own) {
            // Invariant 14: what the person chose is a no of a kind, and holds where a lesser reason would let pass.
            (Some(_), Some(own)) => self.held(own),
            (shadow, _) => Verdict { shadow, ..verdict },
        }
    }

    /// What mail that may go waits for: marketing for its time, any for who looks at its content.
    fn hold(
        &self,
        own: Option<Hold<'p>>,
        earlier: &'p [Earlier],
        witness: &mut impl Witness,
    ) -> Option<Hold<'p>> {
        if let Some(hold) = self.content_hold(witness) {
            return Some(hold);
        }
        if self.facts.stream != Stream::Marketing {
            return None;
        }
        match (own, self.wait(earlier).hold(witness)) {
            (Some(own), Some(spacing)) if spacing.until > own.until => Some(spacing),
            (own, spacing) => own.or(spacing),
        }
    }

    /// What the person chose that marketing waits for.
    fn own_hold(&self, earlier: &'p [Earlier], witness: &mut impl Witness) -> Option<Hold<'p>> {
        if self.facts.stream != Stream::Marketing {
            return None;
        }
        self.wait(earlier).own_hold(&self.consent.choices, witness)
    }

    fn wait(&self, earlier: &'p [Earlier]) -> Wait<'p> {
        let told_zone = self.consent.time_zone.as_deref();
        Wait { sender: self.sender, scope: self.facts.scope.as_ref(), told_zone, earlier, now: self.now }
    }

    /// GDPR 21(2)-(3): who objected to being profiled for direct marketing is not, whatever it rests on. A segment is
    /// a profile as well: people are put into it by what is known of them. Not asked where nothing was chosen for the
    /// person.
    pub(super) fn profiling(&self, witness: &mut impl Witness) -> Judged<'p, ()> {
        let personalisation = self.facts.findings.personalisation;
        if self.facts.stream != Stream::Marketing || personalisation == Personalisation::None {
            return Ok(());
        }
        let rule = &self.pack.rule;
        let judged = self.consent.choices.profiling_objection().map_or(Ok(()), |no| {
            let text = format!(
                "objected to being profiled for marketing on {}, and this message is chosen by profile \
                 (X-Optgate-Personalisation: {})",
                day(no.at),
                personalisation.as_str()
            );
            Err(Missing { reason: Reason::ProfilingNotAllowed, rule, text })
        });
        ask(witness, Asked::Profiling, rule, judged)
    }
}
