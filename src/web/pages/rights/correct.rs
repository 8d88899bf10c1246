//! Another address (GDPR 16): a letter goes to the new one, and only whoever reads it there makes the change.

use axum::response::Response;

use super::fresh::About;
use super::{Pages, Trouble, mailed_at, view};
use crate::consent::request::{Action, Kind};
use crate::consent::{Event, EventKind};
use crate::mail::Address;
use crate::store::{ChangeAddress, LetterTo, NotChanged, Who};
use crate::web::pages::visit::Visit;
use crate::web::pages::visitor::Visitor;

const ADDRESS: About = About {
    subject: "data-address-mail-subject",
    lead: "data-address-mail-lead",
    button: "data-address-mail-button",
    nothing: "data-address-mail-nothing",
};

impl Pages {
    /// Says the same whether the new address is known or not, or is no other.
    pub(super) async fn correct(&self, visit: &Visit, text: &str) -> Result<Response, Trouble> {
        let Ok(address) = text.parse::<Address>() else {
            return Ok(view::wrong(visit, "data-no-address-title", "data-no-address-body"));
        };
        if self.is_welcome(visit, &address).await? {
            self.write_to(visit, &address, LetterTo::Other(&address), &ADDRESS).await?;
        }
        Ok(view::said(visit, "data-address-asked-title", "data-address-asked-body"))
    }

    /// Whoever wants nothing of this sender gets no letter because somebody else names them.
    async fn is_welcome(&self, visit: &Visit, address: &Address) -> Result<bool, Trouble> {
        let (sender, person) = (&visit.record.sender, visit.record.subscriber.id);
        let known = self.store.consent_of(sender, std::slice::from_ref(address)).await?;
        let Some(known) = known.into_iter().flatten().next() else { return Ok(true) };
        let state = &known.state;
        let wants_nothing = state.erased.is_some() || state.withdrawals.iter().any(|no| no.scope.is_none());
        if !wants_nothing || known.id == person {
            return Ok(true);
        }
        // What stands under an address that the person left says no in nobody's name.
        let history = self.store.history(sender, person).await?;
        let is_own =
            |event: &Event| matches!(event.kind, EventKind::AddressChanged { left, .. } if left == known.id);
        Ok(history.iter().any(|(event, _)| is_own(event)))
    }

    /// The address that this link was mailed to.
    pub(super) async fn address_to_be(&self, visit: &Visit) -> Result<Address, Trouble> {
        let view = self.store.delivery(&visit.record.sender, visit.link.delivery).await?;
        let own = view.filter(|view| view.subscriber == Some(visit.record.subscriber.id));
        own.and_then(|view| view.recipient).ok_or(Trouble::Missing)
    }

    pub(super) async fn confirm_address(
        &self,
        visit: &Visit,
        visitor: &Visitor,
    ) -> Result<Response, Trouble> {
        let received = mailed_at(visit).unwrap_or_else(|| self.clock.now());
        let request = self.ask_for(visit, Kind::Rectification, received).await?;
        let change = ChangeAddress {
            sender: visit.record.sender.clone(),
            who: Who::Subscriber(visit.record.subscriber.id),
            address: self.address_to_be(visit).await?,
            confirmed: true,
            channel: "page".to_owned(),
            evidence: visitor.evidence(visit.link.delivery),
        };
        // Invariant 5: the page is written after the commit. What can't be done here waits for an officer.
        match self.recorder.change_address(change).await {
            Ok(_) => {
                self.carry_on(visit, request, Action::AddressChanged).await?;
                Ok(view::said(visit, "data-address-changed-title", "data-address-changed-body"))
            }
            Err(NotChanged::Taken | NotChanged::TakenByErased) => {
                Ok(view::conflict(visit, "data-address-taken-title", "data-address-taken-body"))
            }
            Err(NotChanged::Erased) => Err(Trouble::NothingKept),
            Err(NotChanged::Unknown) => Err(Trouble::Missing),
            Err(NotChanged::Store(error)) => Err(error.into()),
        }
    }
}
