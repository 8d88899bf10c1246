//! Leaving, and coming back: what both pages do when a person says no or takes it back.

use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use uuid::Uuid;

use super::view::{Done, List, Message, show};
use super::visit::Visit;
use super::{Pages, Trouble, Visitor};
use crate::consent::EventKind;
use crate::consent::admit::{NotAdmitted, UNDO_SECONDS};
use crate::consent::fold::No;
use crate::consent::token::Power;
use crate::policy::Scope;
use crate::record::Provenance;
use crate::store::{RecordError, Who};

/// What is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Scope(Scope),
    AllMarketing,
}

/// Whether the page that says "done" offers more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Undo,
    Nothing,
}

/// Whether a withdrawal is the person's own and young enough to be undone; `admit` has the last word.
pub(super) fn may_be_undone(no: &No, now: Timestamp) -> bool {
    !no.complaint && now.as_second() - no.at.as_second() <= UNDO_SECONDS
}

impl Visit {
    /// What this link's list comes to; all marketing where it names no scope.
    pub(super) fn extent(&self) -> Extent {
        self.link.scope.clone().map_or(Extent::AllMarketing, Extent::Scope)
    }

    pub(super) fn provenance(&self, channel: &str, visitor: &Visitor) -> Provenance {
        Provenance {
            channel: channel.to_owned(),
            evidence: visitor.evidence(self.link.delivery),
            ..Provenance::default()
        }
    }
}

impl Pages {
    /// Records a withdrawal, then says so.
    pub(super) async fn leave(
        &self,
        visit: &Visit,
        extent: Extent,
        offer: Offer,
        provenance: Provenance,
    ) -> Result<Response, Trouble> {
        let (left, list) = match extent {
            Extent::Scope(scope) => (Some(scope), visit.list()),
            Extent::AllMarketing => (None, List::AllMarketing),
        };
        let kind = EventKind::Withdrawal { scopes: left.iter().cloned().collect(), complaint: false };
        let who = Who::Subscriber(visit.record.subscriber.id);
        // Invariant 5: the page is written after the commit.
        let recorded = self.recorder.record(&visit.record.sender, who, kind, None, provenance).await?;
        if visit.is_erased() && recorded.subscriber.id == visit.record.subscriber.id {
            return Err(Trouble::NothingKept);
        }
        let now = self.clock.now();
        // Where an older and wider no said the same before, undoing it would bring back more than was left.
        let fresh = |no: &&No| no.event == recorded.event && no.scope == left && may_be_undone(no, now);
        let offered = offer == Offer::Undo && visit.power == Power::Full;
        let undo = recorded.subscriber.state.withdrawals.iter().find(fresh).map(|no| no.event);
        let page = Done {
            words: visit.words.clone(),
            list,
            undo: undo.filter(|_| offered),
            choose: self.choose_link(visit).filter(|_| offered),
        };
        Ok(show(StatusCode::OK, &page))
    }

    /// Takes back a withdrawal of this very person, while it is young.
    pub(super) async fn undo(
        &self,
        visit: &Visit,
        withdrawal: Uuid,
        visitor: &Visitor,
    ) -> Result<Response, Trouble> {
        let now = self.clock.now();
        let own = visit.state().withdrawals.iter().any(|no| no.event == withdrawal && may_be_undone(no, now));
        if !own {
            return Ok(self.too_late(visit));
        }
        let kind = EventKind::WithdrawalUndone { withdrawal, scopes: Vec::new() };
        let who = Who::Subscriber(visit.record.subscriber.id);
        let provenance = visit.provenance("page", visitor);
        match self.recorder.record(&visit.record.sender, who, kind, None, provenance).await {
            Ok(_) => Ok(self.say(visit, StatusCode::OK, "undone-title", "undone-body")),
            Err(RecordError::NotAdmitted(NotAdmitted::NothingToUndo)) => Ok(self.too_late(visit)),
            Err(error) => Err(error.into()),
        }
    }

    fn too_late(&self, visit: &Visit) -> Response {
        self.say(visit, StatusCode::CONFLICT, "undo-late-title", "undo-late-body")
    }

    pub(super) fn say(
        &self,
        visit: &Visit,
        status: StatusCode,
        title: &'static str,
        body: &'static str,
    ) -> Response {
        let choose = self.choose_link(visit);
        show(status, &Message { words: visit.words.clone(), title, body, choose })
    }
}
