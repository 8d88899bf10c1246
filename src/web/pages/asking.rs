//! Asking by mail for what a page can't give: whoever holds a link may be anybody whom a newsletter was forwarded to, so
//! that only the address itself answers. The page says the same whether a mail is sent or not.

use serde_json::Value;

use super::choice::Outcome;
use super::visit::Visit;
use super::{Pages, Trouble, Visitor};
use crate::consent::event::SignedUpBy;
use crate::intake::{Form, IfRefused, NotSent, SignUp};
use crate::mail::Address;
use crate::policy::Scope;
use crate::record::Provenance;

impl Pages {
    /// Makes a sign-up of what was ticked without a ground.
    pub(super) async fn ask_for_the_rest(
        &self,
        visit: &Visit,
        outcome: Outcome,
        visitor: &Visitor,
    ) -> Result<Outcome, Trouble> {
        let Some(email) = visit.record.address.clone().filter(|_| !outcome.not_on.is_empty()) else {
            return Ok(outcome);
        };
        let Outcome { covered, not_on, .. } = outcome;
        let all = |scope: &&Scope| !not_on.iter().any(|above| above != *scope && above.covers(scope));
        let scopes: Vec<Scope> = not_on.iter().filter(all).cloned().collect();
        let evidence = evidence(visit, visitor);
        match self.ask_by_mail(visit, email, (scopes, SignedUpBy::Told), evidence, Form::default()).await {
            Ok(()) => Ok(Outcome { covered, not_on: Vec::new(), asked: not_on }),
            Err(NotSent::NoAuthor) => Ok(Outcome { covered, not_on, asked: Vec::new() }),
            Err(error) => Err(error.into()),
        }
    }

    /// Mails a link that confirms these, within the limits. Refusals are not kept: anybody with a link could have any
    /// number of them recorded.
    pub(super) async fn ask_by_mail(
        &self,
        visit: &Visit,
        email: Address,
        (scopes, by): (Vec<Scope>, SignedUpBy),
        evidence: Value,
        form: Form,
    ) -> Result<(), NotSent> {
        let signup = SignUp {
            sender: visit.record.sender.clone(),
            email,
            scopes,
            by,
            provenance: Provenance { channel: "page".to_owned(), evidence, ..Provenance::default() },
            form,
        };
        self.intake.ask_to_confirm(self.clock.id(), &signup, IfRefused::Forget).await.map(drop)
    }
}

/// Where the wish came from. The mail that is sent is told of under `delivery`, so that of the link goes elsewhere.
pub(super) fn evidence(visit: &Visit, visitor: &Visitor) -> Value {
    let mut evidence = visitor.evidence(visit.link.delivery);
    evidence["link"] = evidence["delivery"].take();
    evidence
}
