//! `/u/{token}`: the page that asks, its form, and the one-click POST. RFC 8058.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::form::{self, Wish};
use super::leave::{Extent, Offer};
use super::view::{Ask, Less, show};
use super::visit::{Token, Visit};
use super::{Pages, Trouble, Visitor};
use crate::consent::token::{Power, Purpose};
use crate::policy::Stream;
use crate::policy::sender::OneClick;

/// GET: asks. Invariant 6: scanners follow links, so nothing changes.
pub(super) async fn ask(State(pages): State<Pages>, token: Token, mut visitor: Visitor) -> Response {
    let opened = pages.open(Purpose::Unsubscribe, &token, &mut visitor).await;
    opened.map(|visit| pages.ask(&visit)).unwrap_or_else(|trouble| trouble.page(&visitor))
}

/// POST: a mail client's button, or the page's own form.
pub(super) async fn act(
    State(pages): State<Pages>,
    token: Token,
    mut visitor: Visitor,
    request: Request,
) -> Response {
    let done = pages.unsubscribe(&token, &mut visitor, request).await;
    done.unwrap_or_else(|trouble| trouble.page(&visitor))
}

impl Pages {
    fn ask(&self, visit: &Visit) -> Response {
        let page = Ask {
            words: visit.words.clone(),
            list: visit.list(),
            address: visit.address(),
            choose: self.choose_link(visit),
            less: less(visit),
        };
        show(StatusCode::OK, &page)
    }

    async fn unsubscribe(
        &self,
        token: &Token,
        visitor: &mut Visitor,
        request: Request,
    ) -> Result<Response, Trouble> {
        let visit = self.follow(Purpose::Unsubscribe, token, visitor).await?;
        let page = visit.provenance("page", visitor);
        let wish = form::read(request).await?;
        self.allow(&wish, visitor)?;
        match wish {
            Wish::OneClick => {
                let provenance = visit.provenance("one_click", visitor);
                self.leave(&visit, one_click(&visit), Offer::Nothing, provenance).await
            }
            Wish::LeaveList => self.leave(&visit, visit.extent(), Offer::Undo, page).await,
            Wish::LeaveAll => self.leave(&visit, Extent::AllMarketing, Offer::Undo, page).await,
            Wish::Undo(withdrawal) if visit.power == Power::Full => {
                self.undo(&visit, withdrawal, visitor).await
            }
            Wish::Less(less) if visit.power == Power::Full => self.less(&visit, less, visitor).await,
            Wish::TakeBack(choice) if visit.power == Power::Full => {
                self.take_back(&visit, choice, visitor).await
            }
            _ if visit.is_erased() => Err(Trouble::NothingKept),
            Wish::Rights if visit.power == Power::Full => self.send_fresh_link(&visit).await,
            Wish::Undo(_)
            | Wish::Less(_)
            | Wish::TakeBack(_)
            | Wish::Save(_)
            | Wish::Confirm
            | Wish::NewLink
            | Wish::Rights
            | Wish::Nothing => Ok(self.ask(&visit)),
        }
    }
}

/// Under a retired key nothing is chosen, and nothing tells what was.
fn less(visit: &Visit) -> Less {
    match (visit.power, visit.state().choices.cap()) {
        (Power::UnsubscribeOnly, _) => Less::Nothing,
        (Power::Full, Some(_)) => Less::Pauses,
        (Power::Full, None) => Less::All,
    }
}

/// What a mail client's button withdraws is the sender's policy; all marketing where that is gone.
fn one_click(visit: &Visit) -> Extent {
    match visit.sender().map(|sender| sender.stream(Stream::Marketing).one_click) {
        Some(OneClick::Scope) => visit.extent(),
        Some(OneClick::All) | None => Extent::AllMarketing,
    }
}
