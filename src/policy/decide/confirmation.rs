//! The verdict on mail that asks a person to confirm a sign-up. CONTRACT.md, "What stops what".
//!
//! What a tool submits is taken for the sign-up that it says it is, but never against what is known: nobody can tell
//! it from a campaign that asks a whole list.

use super::{Asked, Case, Judged, Missing, Reason, Said, Scope, Standing, Stream, Witness, ask};
use crate::consent::event::SignedUpBy;
use crate::consent::fold::Pending;
use crate::policy::GroundKind;
use crate::policy::confirmation::full;
use crate::policy::facts::ConfirmLink;
use crate::policy::grounds::day;
use jiff::Timestamp;

impl<'p> Case<'p> {
    /// Whether there is something to press.
    pub(super) fn confirm_link(&self) -> Judged<'p, ()> {
        match self.facts.confirm_link {
            ConfirmLink::Present => Ok(()),
            ConfirmLink::Absent => {
                let rule = &self.sender.stream(Stream::Confirmation).rule;
                let text = "no text that is shown holds {{optgate.confirm_url}}, the link that confirms";
                Err(Missing { reason: Reason::ContentMissing, rule, text: text.to_owned() })
            }
        }
    }

    pub(super) fn confirmation(&self, witness: &mut impl Witness) -> Judged<'p, Standing<'p>> {
        let stream = &self.sender.stream(Stream::Confirmation).rule;
        let imported = self.imported();
        let asked_of = &self.pack.reconfirm_rule;
        ask(witness, Asked::Reconfirmation, asked_of, self.reconfirmation(imported))?;
        ask(witness, Asked::ConfirmationLimit, stream, self.within_limit())?;
        let (rule, text) = match imported {
            None => (stream, "asks to confirm a sign-up, which needs no consent"),
            Some(_) => (asked_of, "asks an address that was imported without proof, once"),
        };
        // It stands on what service mail stands on: somebody asked for it.
        let standing = Standing { kind: GroundKind::Functional, event: self.told_sign_up(), rule, text };
        witness.hear(Asked::Confirmation, rule, Said::Carries(&standing));
        Ok(standing)
    }

    /// Whether a sign-up that was told, and not only implied by mail like this, is younger than a no.
    pub(super) fn signed_up_since(&self, no: Timestamp) -> bool {
        self.facts.stream == Stream::Confirmation && self.sign_ups().any(|(at, _)| at > no)
    }

    /// The sign-ups that were told for what this message is about.
    fn sign_ups(&self) -> impl Iterator<Item = (Timestamp, uuid::Uuid)> {
        let meant = |own: &Scope| self.facts.scope.as_ref().is_none_or(|scope| own.covers(scope));
        let pending = self.consent.pending.iter();
        let told = pending.filter(move |one| one.by == SignedUpBy::Told && meant(&one.scope));
        let now = self.signing_up.filter(move |one| one.scopes.iter().any(meant));
        told.map(|one| (one.at, one.event)).chain(now.map(|one| (one.at, one.event)))
    }

    fn told_sign_up(&self) -> Option<uuid::Uuid> {
        self.sign_ups().max().map(|(_, event)| event)
    }

    /// What the person is on record with alone: an import without proof, which touches the scope or is all there is.
    fn imported(&self) -> Option<&'p Pending> {
        let consent = self.consent;
        let nothing_else = consent.opt_ins.is_empty() && consent.acquaintances.is_empty();
        let touches = |own: &Scope| {
            self.facts.scope.as_ref().is_none_or(|scope| own.covers(scope) || scope.covers(own))
        };
        let meant = |own: &Scope| self.facts.scope.as_ref().is_none_or(|scope| own.covers(scope));
        if consent.opt_ins.iter().any(|yes| meant(&yes.scope)) {
            return None;
        }
        let imported = consent.unconfirmed.iter().filter(|one| nothing_else || touches(&one.scope));
        let alone = imported.filter(|one| !self.sign_ups().any(|(at, _)| at > one.at));
        alone.max_by_key(|one| one.at)
    }

    /// Doing nothing confirms nothing: who was imported may be asked where the law takes it, and once ever.
    fn reconfirmation(&self, imported: Option<&Pending>) -> Judged<'p, ()> {
        let Some(imported) = imported else { return Ok(()) };
        let pack = &self.pack.id;
        let asked = self.consent.confirmations.iter().map(|one| one.at).max();
        let text = match (self.pack.reconfirm_imported, asked) {
            (true, None) => return Ok(()),
            (true, Some(at)) => format!(
                "was imported for {} without proof of a yes, and was asked to confirm on {}: once is all there is",
                imported.scope,
                day(at)
            ),
            (false, _) => format!(
                "was imported for {} without proof of a yes, and `{pack}` lets nobody ask for one by mail",
                imported.scope
            ),
        };
        Err(Missing { reason: Reason::Unconfirmed, rule: &self.pack.reconfirm_rule, text })
    }

    fn within_limit(&self) -> Judged<'p, ()> {
        let rule = &self.sender.stream(Stream::Confirmation).rule;
        full(self.confirmations, self.now).map_or(Ok(()), |text| {
            Err(Missing { reason: Reason::ConfirmationLimit, rule, text: text.to_owned() })
        })
    }
}
