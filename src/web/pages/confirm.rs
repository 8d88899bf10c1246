//! `/c/{token}`: the button that confirms a sign-up. Scanners open links, so only its POST confirms (invariant 6); it
//! confirms once, and never what was withdrawn since (invariant 5). Of a link that has ended it mails a new one.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::form::{self, Wish};
use super::view::{Confirm, Confirmed, Message, Over, show};
use super::visit::{Token, Visit};
use super::{Pages, Trouble, Visitor, asking};
use crate::consent::admit::NotAdmitted;
use crate::consent::confirm::{self, Standing};
use crate::consent::event::{ShownText, SignedUpBy};
use crate::consent::token::{Power, Purpose};
use crate::consent::{Event, EventKind};
use crate::intake::Form;
use crate::policy::decide::Records;
use crate::policy::{Scope, Stream};
use crate::record::Provenance;
use crate::store::{Found, RecordError};

/// What a link that opens stands for.
struct Asked {
    visit: Visit,
    finding: Finding,
}

enum Finding {
    /// May be confirmed.
    Open(SignedUp),
    Confirmed,
    Withdrawn,
    /// Its days are over: a new link may be had for the same.
    Over(SignedUp),
    /// There is nothing to confirm by it, or its key's days are over.
    Ended,
}

/// The sign-up that a link was mailed for.
struct SignedUp {
    event: Uuid,
    scopes: Vec<Scope>,
    by: SignedUpBy,
    evidence: Value,
    /// The hash of what the form said.
    form_text: Option<String>,
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
        if visit.record.found == Found::ByIdAlone {
            return Ok(Finding::Ended);
        }
        let history = self.store.history(&visit.record.sender, visit.record.subscriber.id).await?;
        let Some(signup) = confirm::signup_of(&history, visit.link.delivery) else {
            return Ok(Finding::Ended);
        };
        let signed_up = history.iter().find(|(event, _)| event.id == signup).and_then(signed_up);
        let events: Vec<Event> = history.into_iter().map(|(event, _)| event).collect();
        let life = sender.stream(Stream::Confirmation).link_life;
        let is_over = |since: Timestamp| since.checked_add(life).is_ok_and(|end| self.clock.now() >= end);
        let standing = confirm::standing(&events, signup, self.store.confirmation_of(signup));
        Ok(match (standing, signed_up) {
            (Standing::Open { since, .. }, Some(signed_up)) if is_over(since) => Finding::Over(signed_up),
            (Standing::Open { .. }, Some(signed_up)) => Finding::Open(signed_up),
            (Standing::Confirmed(..), _) => Finding::Confirmed,
            (Standing::Withdrawn, _) => Finding::Withdrawn,
            (Standing::Unknown | Standing::Open { .. }, _) => Finding::Ended,
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
            Finding::Open(signed_up) if wish == Wish::Confirm => {
                self.confirm(&asked.visit, signed_up, visitor).await
            }
            Finding::Over(signed_up) if wish == Wish::NewLink => {
                self.new_link(&asked.visit, signed_up, visitor).await
            }
            _ => Ok(self.answer(&asked)),
        }
    }

    async fn confirm(
        &self,
        visit: &Visit,
        signed_up: &SignedUp,
        visitor: &Visitor,
    ) -> Result<Response, Trouble> {
        // Invariant 14: after a restore a withdrawal may be missing, which this yes would beat.
        if self.store.records() == Records::Behind {
            return Err(Trouble::Later);
        }
        let mut evidence = visitor.evidence(visit.link.delivery);
        let SignedUp { event: signup, scopes, .. } = signed_up;
        evidence["signup"] = signup.to_string().into();
        if let Some(message) = signed_up.evidence.get("message") {
            evidence["message"] = message.clone();
        }
        if let Some(hash) = &signed_up.form_text {
            evidence["form_text_sha256"] = hash.as_str().into();
        }
        evidence["clicked_at"] = self.clock.now().to_string().into();
        let provenance = Provenance { channel: "page".to_owned(), evidence, ..Provenance::default() };
        let (sender, person) = (&visit.record.sender, visit.record.subscriber.id);
        // Invariant 5: the page is written after the commit.
        match self.recorder.confirm(sender, person, *signup, scopes.clone(), provenance).await {
            Ok(_) => {
                let (words, interests) = (visit.words.clone(), interests(visit, scopes));
                let choose = self.choose_link(visit);
                Ok(show(StatusCode::OK, &Confirmed { words, interests, choose }))
            }
            Err(RecordError::NotAdmitted(NotAdmitted::NothingToConfirm)) => Ok(self.withdrawn(visit)),
            Err(error) => Err(error.into()),
        }
    }

    /// Mails a new link for what the old one was for. The page is the same whether it was sent or not: the address may
    /// have been asked often enough.
    async fn new_link(
        &self,
        visit: &Visit,
        signed_up: &SignedUp,
        visitor: &Visitor,
    ) -> Result<Response, Trouble> {
        let email = visit.record.address.clone().ok_or(Trouble::NothingKept)?;
        let source = signed_up.evidence.get("source").cloned().unwrap_or_default();
        let told = |key: &str| source.get(key).and_then(Value::as_str).map(str::to_owned);
        let form = Form { url: told("form_url"), text: told("form_text") };
        let mut evidence = asking::evidence(visit, visitor);
        evidence["signup"] = signed_up.event.to_string().into();
        evidence["source"] = source;
        // Whoever has the link says no more than who signed up.
        let asked = (signed_up.scopes.clone(), signed_up.by);
        self.ask_by_mail(visit, email, asked, evidence, form).await?;
        let (title, body) = ("confirm-asked-title", "confirm-asked-body");
        Ok(show(StatusCode::OK, &Message { words: visit.words.clone(), title, body, choose: None }))
    }

    fn answer(&self, Asked { visit, finding }: &Asked) -> Response {
        let choose = self.choose_link(visit);
        let say = |status, title, body| {
            show(status, &Message { words: visit.words.clone(), title, body, choose: choose.clone() })
        };
        match finding {
            Finding::Open(signed_up) => {
                let (words, interests) = (visit.words.clone(), interests(visit, &signed_up.scopes));
                show(StatusCode::OK, &Confirm { words, interests, address: visit.address() })
            }
            Finding::Confirmed => say(StatusCode::OK, "confirm-again-title", "confirm-again-body"),
            Finding::Withdrawn => self.withdrawn(visit),
            Finding::Over(_) => show(StatusCode::GONE, &Over { words: visit.words.clone() }),
            Finding::Ended => say(StatusCode::GONE, "confirm-ended-title", "confirm-ended-body"),
        }
    }

    fn withdrawn(&self, visit: &Visit) -> Response {
        let (title, body) = ("confirm-withdrawn-title", "confirm-withdrawn-body");
        let choose = self.choose_link(visit);
        show(StatusCode::GONE, &Message { words: visit.words.clone(), title, body, choose })
    }
}

fn signed_up((event, evidence): &(Event, Option<Value>)) -> Option<SignedUp> {
    let EventKind::SignupRequested { scopes, by } = &event.kind else { return None };
    Some(SignedUp {
        event: event.id,
        scopes: scopes.clone(),
        by: *by,
        evidence: evidence.clone().unwrap_or_default(),
        form_text: event.texts.get(&ShownText::FormText).cloned(),
    })
}

/// What was signed up for, by its titles.
fn interests(visit: &Visit, scopes: &[Scope]) -> Vec<String> {
    let title = |scope: &Scope| {
        let sender = visit.sender();
        sender.map_or(scope.as_str(), |sender| sender.title(scope, visit.words.language())).to_owned()
    };
    scopes.iter().map(title).collect()
}
