//! What a person chose about how marketing comes to them: a pause, and a cap of their own. No rule of the sender's says
//! so; the line that is told is that of the stream which the choice is about. Pure.
//!
//! Unlike what the sender spaces out, it is a no of a kind: no mode lets it pass (invariant 14).

use std::cell::LazyCell;

use super::{Cap, Hold, Wait, Whose, hear, later};
use crate::consent::fold::OwnChoices;
use crate::policy::witness::{Asked, Witness};
use crate::policy::{Reason, Stream};

impl<'p> Wait<'p> {
    /// The hold of the person's own that ends last. What was not chosen is not asked.
    pub fn own_hold(&self, choices: &OwnChoices, witness: &mut impl Witness) -> Option<Hold<'p>> {
        let rule = &self.sender.stream(Stream::Marketing).rule;
        let zone = LazyCell::new(|| self.zone());
        let mut last = None;
        if choices.pause.is_some_and(|pause| pause.choice.is_some()) {
            let hold = choices.paused_until(self.now).map(|until| {
                let day = zone.to_datetime(until).date();
                let text =
                    format!("the recipient paused marketing until {day} ({})", self.where_it_is(&zone));
                Hold { reason: Reason::PausedBySubscriber, until, rule, text }
            });
            hear(witness, Asked::Paused, rule, hold.as_ref());
            last = later(last, hold);
        }
        if let Some(per) = choices.cap() {
            let cap = Cap { scope: None, most: 1, per, rule: rule.clone() };
            let hold = self.full(&cap, rule, Whose::Persons, || &zone);
            hear(witness, Asked::OwnFrequency, rule, hold.as_ref());
            last = later(last, hold);
        }
        last
    }
}
