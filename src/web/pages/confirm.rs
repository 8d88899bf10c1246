//! `/c/{token}`: the button that confirms a sign-up. Scanners open links, so only its POST confirms (invariant 6); it
//! confirms once, and never what was withdrawn since (invariant 5).

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use uuid::Uuid;

use super::form::{self, Wish};
use super::view::{Confirm, Confirmed, Message, show};
use super::visit::{Token, Visit};
use super::{Pages, Trouble, Visitor};
use crate::consent::Event;
use crate::consent::admit::NotAdmitted;
use crate::consent::confirm::{self, Standing};
use crate::consent::token::{Power, Purpose};
use crate::policy::decide::Records;
use crate::policy::{Scope, Stream};
use crate::record::Provenance;
use crate::store::RecordError;

/// What a link that opens stands for.
struct Asked {
    visit: Visit,
    finding: Finding,
}

enum Finding {
    /// May be confirmed: the sign-up, and what for.
    Open(Uuid, Vec<Scope>),
    Confirmed,
    Withdrawn,
    /// Its days are over, or its key's.
    Ended,
}

/// GET: shows a button. Invariant 6: nothing changes.
pub(super) async fn ask(State(pages): State<Pages>, token: Token, mut visitor: Visitor) -> Response {
    let asked = pages.asked(&token, &mut visitor).await;
    asked.map(|asked| pages.answer(&asked)).unwrap_or_else(|trouble| trouble.page(&visitor))
}

/// POST: confirms.
pub(super) async fn act(
    State(pages): State<Pages>,
    token: Token,
    mut visitor: Visitor,
    request: Request,
) -> Response {
    let done = pages.press(&token, &mut visitor, request).await;
    done.unwrap_or_else(|trouble| trouble.page(&visitor))
}

impl Pages {
    async fn asked(&self, token: &Token, visitor: &mut Visitor) -> Result<Asked, Trouble> {
        let visit = self.open(Purpose::Confirm, token, visitor).await?;
        let finding = match visit.power {
            Power::Full => self.finding(&visit).await?,
            Power::UnsubscribeOnly => Finding::Ended,
        };
        Ok(Asked { visit, finding })
    }

    async fn finding(&self, visit: &Visit) -> Result<Finding, Trouble> {
        // A sender whose file is gone for a while has not taken its question back.
        let sender = visit.sender().ok_or(Trouble::Later)?;
        let history = self.store.history(&visit.record.sender, visit.record.subscriber.id).await?;
        let Some(signup) = confirm::signup_of(&history, visit.link.delivery) else {
            return Ok(Finding::Ended);
        };
        let events: Vec<Event> = history.into_iter().map(|(event, _)| event).collect();
        let life = sender.stream(Stream::Confirmation).link_life;
        let is_over = |since: Timestamp| since.checked_add(life).is_ok_and(|end| self.clock.now() >= end);
        Ok(match confirm::standing(&events, signup, self.store.confirmation_of(signup)) {
            Standing::Open { since, .. } if is_over(since) => Finding::Ended,
            Standing::Open { scopes, .. } => Finding::Open(signup, scopes.to_vec()),
            Standing::Confirmed(..) => Finding::Confirmed,
            Standing::Withdrawn => Finding::Withdrawn,
            Standing::Unknown => Finding::Ended,
        })
    }

    async fn press(
        &self,
        token: &Token,
        visitor: &mut Visitor,
        request: Request,
    ) -> Result<Response, Trouble> {
        let asked = self.asked(token, visitor).await?;
        let wish = form::read(request).await?;
        match &asked.finding {
            Finding::Open(signup, scopes) if wish == Wish::Confirm => {
                self.confirm(&asked.visit, *signup, scopes, visitor).await
            }
            _ => Ok(self.answer(&asked)),
        }
    }

    async fn confirm(
        &self,
        visit: &Visit,
        signup: Uuid,
        scopes: &[Scope],
        visitor: &Visitor,
    ) -> Result<Response, Trouble> {
        // Invariant 14: after a restore a withdrawal may be missing, which this yes would beat.
        if self.store.records() == Records::Behind {
            return Err(Trouble::Later);
        }
        let mut evidence = visitor.evidence(visit.link.delivery);
        evidence["signup"] = signup.to_string().into();
        evidence["clicked_at"] = self.clock.now().to_string().into();
        let provenance = Provenance { channel: "page".to_owned(), evidence, ..Provenance::default() };
        let (sender, person) = (&visit.record.sender, visit.record.subscriber.id);
        // Invariant 5: the page is written after the commit.
        match self.recorder.confirm(sender, person, signup, scopes.to_vec(), provenance).await {
            Ok(_) => {
                let (words, interests) = (visit.words.clone(), interests(visit, scopes));
                let choose = self.choose_link(visit);
                Ok(show(StatusCode::OK, &Confirmed { words, interests, choose }))
            }
            Err(RecordError::NotAdmitted(NotAdmitted::NothingToConfirm)) => Ok(self.withdrawn(visit)),
            Err(error) => Err(error.into()),
        }
    }

    fn answer(&self, Asked { visit, finding }: &Asked) -> Response {
        let choose = self.choose_link(visit);
        let say = |status, title, body| {
            show(status, &Message { words: visit.words.clone(), title, body, choose: choose.clone() })
        };
        match finding {
            Finding::Open(_, scopes) => {
                let (words, interests) = (visit.words.clone(), interests(visit, scopes));
                show(StatusCode::OK, &Confirm { words, interests, address: visit.address() })
            }
            Finding::Confirmed => say(StatusCode::OK, "confirm-again-title", "confirm-again-body"),
            Finding::Withdrawn => self.withdrawn(visit),
            Finding::Ended => say(StatusCode::GONE, "confirm-ended-title", "confirm-ended-body"),
        }
    }

    fn withdrawn(&self, visit: &Visit) -> Response {
        let (title, body) = ("confirm-withdrawn-title", "confirm-withdrawn-body");
        let choose = self.choose_link(visit);
        show(StatusCode::GONE, &Message { words: visit.words.clone(), title, body, choose })
    }
}

/// What was signed up for, by its titles.
fn interests(visit: &Visit, scopes: &[Scope]) -> Vec<String> {
    let title = |scope: &Scope| {
        let sender = visit.sender();
        sender.map_or(scope.as_str(), |sender| sender.title(scope, visit.words.language())).to_owned()
    };
    scopes.iter().map(title).collect()
}
