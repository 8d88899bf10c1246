//! `/p/{token}`: the interests of a sender as checkboxes, how marketing is to come, whether the person may be tracked,
//! "no marketing at all", and why there is any.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::choice::{self, Outcome};
use super::form::{self, Choices, Turned, Wish};
use super::leave::{Extent, Offer};
use super::manner::{self, Read};
use super::view::{Ask, Choose, Interest, Less, List, Saved, Tick, show};
use super::visit::{Token, Visit};
use super::{Pages, Trouble, Visitor};
use crate::consent::admit::NotAdmitted;
use crate::consent::event::TrackingAsked;
use crate::consent::fold::TrackingAnswers;
use crate::consent::token::{Power, Purpose};
use crate::consent::{ConsentState, EventKind};
use crate::policy::decide::tracking_of;
use crate::policy::sender::SenderPolicy;
use crate::policy::verdict::TrackingReason;
use crate::policy::{PolicySet, Scope, standing};
use crate::record::Provenance;
use crate::store::{RecordError, Who};

/// How deep interests are indented at most.
const DEEPEST: usize = 3;

/// GET: shows. Invariant 6: nothing changes.
pub(super) async fn show_choices(State(pages): State<Pages>, token: Token, mut visitor: Visitor) -> Response {
    let opened = pages.open(Purpose::Preferences, &token, &mut visitor).await;
    let page = match opened {
        Ok(visit) => pages.choices(&visit, visit.state(), None).await,
        Err(trouble) => Err(trouble),
    };
    page.unwrap_or_else(|trouble| trouble.page(&visitor))
}

/// POST: saves.
pub(super) async fn act(
    State(pages): State<Pages>,
    token: Token,
    mut visitor: Visitor,
    request: Request,
) -> Response {
    let done = pages.choose(&token, &mut visitor, request).await;
    done.unwrap_or_else(|trouble| trouble.page(&visitor))
}

impl Pages {
    async fn choose(
        &self,
        token: &Token,
        visitor: &mut Visitor,
        request: Request,
    ) -> Result<Response, Trouble> {
        let visit = self.follow(Purpose::Preferences, token, visitor).await?;
        let wish = form::read(request).await?;
        self.allow(&wish, visitor)?;
        match wish {
            Wish::LeaveAll => {
                let provenance = visit.provenance("page", visitor);
                self.leave(&visit, Extent::AllMarketing, Offer::Undo, provenance).await
            }
            Wish::Undo(withdrawal) if visit.power == Power::Full => {
                self.undo(&visit, withdrawal, visitor).await
            }
            Wish::Save(choices) if visit.power == Power::Full => self.save(visit, choices, visitor).await,
            Wish::Rights if visit.power == Power::Full => self.send_fresh_link(&visit).await,
            _ if visit.is_erased() => Err(Trouble::NothingKept),
            Wish::TakeBack(choice) if visit.power == Power::Full => {
                self.take_back(&visit, choice, visitor).await
            }
            _ => self.choices(&visit, visit.state(), None).await,
        }
    }

    async fn save(&self, mut visit: Visit, choices: Choices, visitor: &Visitor) -> Result<Response, Trouble> {
        let Some(sender) = visit.sender() else {
            return self.choices(&visit, visit.state(), None).await;
        };
        let now = self.clock.now();
        let choices = choice::known(sender, choices);
        let kinds = choice::events(&visit.policy, sender, visit.state(), &choices, now);
        let provenance = visit.provenance("page", visitor);
        let mut facts: Vec<_> = kinds.into_iter().map(|kind| (kind, provenance.clone())).collect();
        facts.extend(choices.manner.facts(now, &visit.zone(), &provenance));
        facts.extend(tracking_answer(choices.tracking, &visit, provenance));
        let mut state = visit.state().clone();
        if !facts.is_empty() {
            let who = Who::Subscriber(visit.record.subscriber.id);
            // Invariant 5: "saved" is said after the one commit that holds every change.
            for recorded in self.recorder.record_all(&visit.record.sender, &who, facts).await {
                match recorded {
                    Ok(recorded) => state = recorded.subscriber.state,
                    // Another tab was faster, or no person presses so often; the page tells what is in force.
                    Err(RecordError::NotAdmitted(
                        NotAdmitted::NothingToUndo | NotAdmitted::PressedTooOften,
                    )) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let outcome = choice::outcome(&visit.policy, sender, &state, &choices, now);
        visit.go_on_with(state);
        let outcome = self.ask_for_the_rest(&visit, outcome, visitor).await?;
        self.choices(&visit, visit.state(), Some((outcome, choices.manner.read))).await
    }

    /// The page as this state makes it. Under a retired key it shows no data and only unsubscribes.
    async fn choices(
        &self,
        visit: &Visit,
        state: &ConsentState,
        outcome: Option<(Outcome, Read)>,
    ) -> Result<Response, Trouble> {
        let (Power::Full, Some(address)) = (visit.power, visit.address()) else {
            let words = visit.words.clone();
            let (list, less) = (List::AllMarketing, Less::Nothing);
            return Ok(show(StatusCode::OK, &Ask { words, list, address: None, choose: None, less }));
        };
        let title =
            |sender: &SenderPolicy, scope: &Scope| sender.title(scope, visit.words.language()).to_owned();
        let saved = outcome.zip(visit.sender()).map(|((outcome, read), sender)| Saved {
            read,
            covered: outcome.covered.iter().map(|scope| title(sender, scope)).collect(),
            not_on: outcome.not_on.iter().map(|scope| title(sender, scope)).collect(),
            asked: outcome.asked.iter().map(|scope| title(sender, scope)).collect(),
        });
        let interests = visit.sender().map(|sender| self.interests(visit, sender, state)).unwrap_or_default();
        let tracking = visit.sender().and_then(|sender| switch(&visit.policy, sender, state));
        let manner = visit.sender().map(|_| manner::shown(visit, state, self.clock.now()));
        let why = self.why(visit, state).await?;
        let words = visit.words.clone();
        Ok(show(StatusCode::OK, &Choose { words, address, interests, tracking, manner, why, saved }))
    }

    fn interests(&self, visit: &Visit, sender: &SenderPolicy, state: &ConsentState) -> Vec<Interest> {
        let mut scopes: Vec<Scope> = sender.taxonomy().into_iter().collect();
        // By segment, so that what lies below a scope follows it.
        scopes.sort_by(|a, b| a.as_str().split('.').cmp(b.as_str().split('.')));
        let now = self.clock.now();
        let on = standing::scopes_in_force(&visit.policy, sender, state, &scopes, now);
        let interest = |scope: Scope| Interest {
            title: sender.title(&scope, visit.words.language()).to_owned(),
            depth: (scope.ancestors().count() - 1).min(DEEPEST),
            tick: if on.contains(&scope) { Tick::On } else { Tick::Off },
            scope,
        };
        scopes.into_iter().map(interest).collect()
    }
}

/// The switch of tracking: on where it is allowed, off whether the person said no or nothing. None where it has no
/// meaning: nobody asks there and the person has not answered, or no answer would change anything.
fn switch(policy: &PolicySet, sender: &SenderPolicy, state: &ConsentState) -> Option<Tick> {
    let reason = tracking_of(policy, sender, state)?.reason;
    let answered = state.tracking != TrackingAnswers::default();
    match reason {
        TrackingReason::Restricted | TrackingReason::Erased | TrackingReason::Restoring => None,
        TrackingReason::NotAsked if !answered => None,
        reason if reason.allows() => Some(Tick::On),
        _ => Some(Tick::Off),
    }
}

/// What turning the switch says. A yes by it was asked for by itself, and to the text beside it.
fn tracking_answer(turned: Turned, visit: &Visit, provenance: Provenance) -> Option<(EventKind, Provenance)> {
    match turned {
        Turned::NotAtAll => None,
        Turned::Off => Some((EventKind::TrackingWithdrawal, provenance)),
        Turned::On => {
            let mut evidence = provenance.evidence;
            if let Some(evidence) = evidence.as_object_mut() {
                evidence.insert("form_text".to_owned(), visit.words.on_tracking().into());
            }
            let kind = EventKind::TrackingConsent { asked: TrackingAsked::Separately };
            Some((kind, Provenance { evidence, ..provenance }))
        }
    }
}
