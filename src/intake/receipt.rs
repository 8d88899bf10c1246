//! What became of a submission, recipient by recipient: what the session answers with, the log tells and the
//! metrics count. It never decides.

use uuid::Uuid;

use crate::classify::Grant;
use crate::policy::decide::{Admission, Entry};
use crate::policy::facts::ConfirmLink;
use crate::policy::sender::RefusalReply;
use crate::policy::{Facts, PolicySet, Reason, Stream, Verdict, VerdictKind};
use crate::record::tell_with_delivery;
use crate::spool::Outcome;
use crate::store::{NewDelivery, NewMessage};
use crate::telemetry::metrics;

/// What became of a submission, durably.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub message: Uuid,
    /// In the order of the envelope's recipients.
    pub deliveries: Vec<Decided>,
    /// Whether the tool hears of it as an error when every recipient was refused.
    pub when_all_refused: RefusalReply,
}

/// The verdict on one recipient, and the id of the decision.
#[derive(Clone, Debug)]
pub struct Decided {
    pub delivery: Uuid,
    pub verdict: Verdict,
    pub fate: Fate,
}

/// What became of one recipient's copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// In shadow mode some refusals and holds are.
    Spooled,
    /// Spooled, and waits.
    Held,
    Refused,
    /// The same was taken within a day, as this message: it is sent once (invariant 10).
    TakenBefore {
        message: Uuid,
    },
}

impl Receipt {
    /// Whether the tool hears 550 (554 for a loop): all were refused, and policy or the reason wants it said.
    pub fn is_error(&self) -> bool {
        self.when_all_refused == RefusalReply::Reject
            && self.deliveries.iter().all(|one| one.fate == Fate::Refused)
    }

    /// Recipients who were refused, and the first of their verdicts.
    pub fn refused(&self) -> (usize, Option<&Decided>) {
        self.which(|one| one.fate == Fate::Refused)
    }

    /// Recipients whose copy is held, and the first of their verdicts.
    pub fn held(&self) -> (usize, Option<&Decided>) {
        self.which(|one| one.fate == Fate::Held)
    }

    /// Recipients for whom the same was taken before, and the message that it was taken as first.
    pub fn taken_before(&self) -> (usize, Option<Uuid>) {
        let mut before = self.deliveries.iter().filter_map(|one| match one.fate {
            Fate::TakenBefore { message } => Some(message),
            Fate::Spooled | Fate::Held | Fate::Refused => None,
        });
        let first = before.next();
        (before.count() + usize::from(first.is_some()), first)
    }

    /// Takes in what was taken before: (the delivery that was to be spooled, the first one, its message).
    pub(super) fn recall(&mut self, known: impl Iterator<Item = (Uuid, Uuid, Uuid)>) {
        for (delivery, first, message) in known {
            if let Some(own) = self.deliveries.iter_mut().find(|own| own.delivery == delivery) {
                own.delivery = first;
                own.fate = Fate::TakenBefore { message };
            }
        }
        if let (count, Some(first)) = self.taken_before()
            && count == self.deliveries.len()
        {
            self.message = first;
        }
    }

    fn which(&self, wanted: impl Fn(&&Decided) -> bool) -> (usize, Option<&Decided>) {
        (self.deliveries.iter().filter(&wanted).count(), self.deliveries.iter().find(&wanted))
    }
}

pub(super) fn receipt(message: &NewMessage, facts: Option<&Facts>, policy: &PolicySet) -> Receipt {
    let decided = |delivery: &NewDelivery| {
        let (verdict, fate) = match &delivery.admission {
            Admission::Spool(spoolable) => match spoolable.entry() {
                Entry::Queued => (spoolable.verdict().clone(), Fate::Spooled),
                Entry::Held { .. } => (spoolable.verdict().clone(), Fate::Held),
            },
            Admission::Refuse(verdict) => (verdict.clone(), Fate::Refused),
        };
        Decided { delivery: delivery.id, verdict, fate }
    };
    let own = policy.sender(&message.sender).zip(facts);
    let deliveries: Vec<Decided> = message.deliveries.iter().map(decided).collect();
    let when_all_refused = match own {
        Some((own, facts)) if !deliveries.iter().any(|one| one.verdict.is_always_told()) => {
            own.stream(facts.stream).refusal_reply
        }
        _ => RefusalReply::Reject,
    };
    Receipt { message: message.id, deliveries, when_all_refused }
}

pub(super) fn log(receipt: &Receipt, grant: &Grant) {
    let (refused, first) = receipt.refused();
    tracing::info!(
        message_id = %receipt.message,
        sender = %grant.sender,
        credential = %grant.name,
        recipients = receipt.deliveries.len(),
        refused,
        taken_before = receipt.taken_before().0,
        reason = first.map(|decided| reason_of(&decided.verdict)),
        "message decided"
    );
    for one in receipt.deliveries.iter().filter(|one| one.verdict.verdict != VerdictKind::Deliver) {
        tracing::info!(
            delivery = %one.delivery,
            message_id = %receipt.message,
            sender = %grant.sender,
            stream = one.verdict.stream.map(Stream::as_str),
            verdict = %one.verdict.verdict,
            reason = reason_of(&one.verdict),
            // What was taken before was spooled then.
            passes = one.fate != Fate::Refused,
            "recipient not cleared"
        );
    }
}

pub(super) fn count(receipt: &Receipt, grant: &Grant) {
    let stream = receipt.deliveries.first().and_then(|decided| decided.verdict.stream);
    metrics::message(&grant.sender, stream);
    for Decided { verdict, fate, .. } in &receipt.deliveries {
        if matches!(fate, Fate::TakenBefore { .. }) {
            metrics::taken_before(&grant.sender);
            continue;
        }
        metrics::verdict(&grant.sender, verdict.stream, verdict.verdict, verdict.reason);
        if *fate == Fate::Refused {
            metrics::outcome(&grant.sender, verdict.stream, Outcome::Refused);
        }
    }
}

/// Each copy that waits to leave with a link that confirms has implied a sign-up.
pub(super) fn tell_signups(receipt: &Receipt, facts: Option<&Facts>, channel: &str) {
    let Some(facts) = facts.filter(|facts| facts.confirm_link == ConfirmLink::Present) else { return };
    let spooled = |one: &&Decided| matches!(one.fate, Fate::Spooled | Fate::Held);
    for one in receipt.deliveries.iter().filter(spooled) {
        tell_with_delivery(&facts.sender, one.delivery, "signup_requested", channel);
    }
}

pub(super) fn reason_of(verdict: &Verdict) -> &'static str {
    verdict.reason.map_or("", Reason::as_str)
}
