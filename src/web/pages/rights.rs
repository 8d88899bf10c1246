//! `/d/{token}`: what is kept of a person, and what may be done about it (GDPR 15 to 21). CONTRACT.md, "Pages for
//! subscribers".
//!
//! The link is mailed to the address itself and lives for an hour, so that a forwarded newsletter is not enough. A link
//! that was mailed to another address, which is to be the person's, opens nothing but that change. A GET changes nothing
//! (invariant 6). What is asked for is kept as a request, with what was done.

mod archive;
mod correct;
mod fresh;
mod held;
mod told;
mod view;

use axum::extract::{Request, State};
use axum::response::Response;
use jiff::Timestamp;

use self::held::{Held, Listed};
use super::form;
use super::visit::{Token, Visit};
use super::{Pages, Trouble, Visitor};
use crate::clock::time_of;
use crate::consent::EventKind;
use crate::consent::event::Event;
use crate::consent::request::{Action, Kind, Step};
use crate::consent::token::{Power, Purpose};
use crate::record::Provenance;
use crate::store::{NewRequest, Who};
use crate::web::stream::{self, Gone};

/// Who asks by a page.
const PERSON: &str = "person";
/// Who does what a page can do.
const GATEWAY: &str = "gateway";

/// What a link opens.
enum Door {
    /// All that is kept.
    Data(Visit),
    /// The change to the address that the link was mailed to.
    Address(Visit),
    /// Its time is over, or its key's; or the person has another address since.
    Ended(Visit),
}

/// What a button asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Right {
    FreshLink,
    TakeAlong,
    Correct(String),
    Restrict,
    LiftRestriction,
    Object,
    ObjectToProfiling,
    /// Is asked once more.
    Erase,
    EraseForGood,
    ConfirmAddress,
    /// Nothing that we know: changes nothing.
    Nothing,
}

/// GET: shows. Invariant 6: nothing changes.
pub(super) async fn show(State(pages): State<Pages>, token: Token, mut visitor: Visitor) -> Response {
    let shown = async { pages.shown(pages.enter(&token, &mut visitor).await?).await };
    shown.await.unwrap_or_else(|trouble| trouble.page(&visitor))
}

/// POST: does it.
pub(super) async fn act(
    State(pages): State<Pages>,
    token: Token,
    mut visitor: Visitor,
    request: Request,
) -> Response {
    let done = pages.exercise(&token, &mut visitor, request).await;
    done.unwrap_or_else(|trouble| trouble.page(&visitor))
}

impl Pages {
    async fn enter(&self, token: &Token, visitor: &mut Visitor) -> Result<Door, Trouble> {
        let (visit, is_data) = match self.follow(Purpose::Data, token, visitor).await {
            Err(Trouble::Missing) => (self.follow(Purpose::Address, token, visitor).await?, false),
            opened => (opened?, true),
        };
        if visit.is_erased() {
            return Err(Trouble::NothingKept);
        }
        let history = self.store.history(&visit.record.sender, visit.record.subscriber.id).await?;
        let moved = |event: &Event| {
            matches!(event.kind, EventKind::AddressChanged { .. })
                && mailed_at(&visit).is_none_or(|at| event.recorded_at >= at)
        };
        if visit.power != Power::Full || self.is_over(&visit)? || history.iter().any(|(own, _)| moved(own)) {
            return Ok(Door::Ended(visit));
        }
        Ok(if is_data { Door::Data(visit) } else { Door::Address(visit) })
    }

    /// Whether the link's time is over: it began when its mail was written.
    fn is_over(&self, visit: &Visit) -> Result<bool, Trouble> {
        // A sender whose file is gone for a while has not closed its doors.
        let life = visit.sender().ok_or(Trouble::Later)?.rights.fresh_link;
        let end = mailed_at(visit).and_then(|at| at.checked_add(life).ok());
        Ok(end.is_none_or(|end| self.clock.now() >= end))
    }

    async fn shown(&self, door: Door) -> Result<Response, Trouble> {
        match door {
            Door::Data(visit) => {
                let held = Held::of(self, &visit).await?;
                self.everything(&visit, &held).await
            }
            Door::Address(visit) => {
                let address = self.address_to_be(&visit).await?;
                Ok(view::address(&visit, &address))
            }
            Door::Ended(visit) => Ok(view::ended(&visit)),
        }
    }

    async fn exercise(
        &self,
        token: &Token,
        visitor: &mut Visitor,
        request: Request,
    ) -> Result<Response, Trouble> {
        let door = self.enter(token, visitor).await?;
        let right = right(&form::fields(request).await?);
        match (door, right) {
            (Door::Ended(visit) | Door::Data(visit), Right::FreshLink) => self.send_fresh_link(&visit).await,
            (Door::Data(visit), Right::TakeAlong) => self.take_along(visit).await,
            (Door::Data(visit), Right::Correct(text)) => self.correct(&visit, &text).await,
            (Door::Data(visit), Right::Restrict) => self.restrict(&visit, visitor).await,
            (Door::Data(visit), Right::LiftRestriction) => self.lift_restriction(&visit, visitor).await,
            (Door::Data(visit), Right::Object) => self.object(&visit, visitor).await,
            (Door::Data(visit), Right::ObjectToProfiling) => self.object_to_profiling(&visit, visitor).await,
            (Door::Data(visit), Right::Erase) => Ok(view::sure(&visit)),
            (Door::Data(visit), Right::EraseForGood) => self.erase(&visit).await,
            (Door::Address(visit), Right::ConfirmAddress) => self.confirm_address(&visit, visitor).await,
            (door, _) => self.shown(door).await,
        }
    }

    async fn everything(&self, visit: &Visit, held: &Held) -> Result<Response, Trouble> {
        let listed = Listed::of(self, visit).await?;
        Ok(view::data(visit, held, &listed))
    }

    async fn take_along(&self, visit: Visit) -> Result<Response, Trouble> {
        let held = Held::of(self, &visit).await?;
        let request = self.ask_for(&visit, Kind::Access, self.clock.now()).await?;
        let pages = self.clone();
        Ok(view::archive(stream::answer("application/zip", async move |pieces| {
            archive::write(pieces, &pages.store, &held).await?;
            // Before the end is told: who has all of it has had the request met.
            pages.carry_on(&visit, request, Action::TakenAlong).await.map_err(|_| Gone)
        })))
    }

    async fn restrict(&self, visit: &Visit, visitor: &Visitor) -> Result<Response, Trouble> {
        let held = Held::of(self, visit).await?;
        if held.is_restricted() {
            return self.everything(visit, &held).await;
        }
        let did = (EventKind::Restricted, Action::Restricted);
        self.exercise_by(visit, Kind::Restriction, did, visitor).await?;
        Ok(view::said(visit, "data-restricted-title", "data-restricted-body"))
    }

    async fn lift_restriction(&self, visit: &Visit, visitor: &Visitor) -> Result<Response, Trouble> {
        let held = Held::of(self, visit).await?;
        if !held.may_lift_restriction() {
            return self.everything(visit, &held).await;
        }
        let did = (EventKind::RestrictionLifted, Action::RestrictionLifted);
        self.exercise_by(visit, Kind::Restriction, did, visitor).await?;
        Ok(view::said(visit, "data-lifted-title", "data-lifted-body"))
    }

    /// GDPR 21(2): an objection to direct marketing needs no reason, and ends all of it.
    async fn object(&self, visit: &Visit, visitor: &Visitor) -> Result<Response, Trouble> {
        let no = EventKind::Withdrawal { scopes: Vec::new(), complaint: false };
        self.exercise_by(visit, Kind::Objection, (no, Action::Withdrawn), visitor).await?;
        Ok(view::said(visit, "data-objected-title", "data-objected-body"))
    }

    /// GDPR 21(2) and (3): profiling for direct marketing ends with the objection.
    async fn object_to_profiling(&self, visit: &Visit, visitor: &Visitor) -> Result<Response, Trouble> {
        let did = (EventKind::ProfilingObjection, Action::ProfilingEnded);
        self.exercise_by(visit, Kind::Objection, did, visitor).await?;
        Ok(view::said(visit, "data-unprofiled-title", "data-unprofiled-body"))
    }

    async fn erase(&self, visit: &Visit) -> Result<Response, Trouble> {
        let (sender, person) = (visit.record.sender.as_str(), visit.record.subscriber.id);
        let request = self.ask_for(visit, Kind::Erasure, self.clock.now()).await?;
        // Invariant 5: the page is written after the commit. Who was faster erased as well.
        self.recorder.erase(sender, person, "page").await?;
        self.carry_on(visit, request, Action::Erased).await?;
        Ok(view::said(visit, "data-erased-title", "data-erased-body"))
    }

    /// What the gateway does by recording a fact. Asked for first: what a crash leaves undone waits to be looked after.
    async fn exercise_by(
        &self,
        visit: &Visit,
        right: Kind,
        (fact, did): (EventKind, Action),
        visitor: &Visitor,
    ) -> Result<(), Trouble> {
        let request = self.ask_for(visit, right, self.clock.now()).await?;
        let provenance: Provenance = visit.provenance("page", visitor);
        let who = Who::Subscriber(visit.record.subscriber.id);
        // Invariant 5: the page is written after the commit.
        self.recorder.record(&visit.record.sender, who, fact, None, provenance).await?;
        self.carry_on(visit, request, did).await
    }

    async fn ask_for(&self, visit: &Visit, kind: Kind, received: Timestamp) -> Result<uuid::Uuid, Trouble> {
        let sender = visit.sender().ok_or(Trouble::Later)?;
        let new = NewRequest {
            sender: visit.record.sender.clone(),
            subscriber: visit.record.subscriber.id,
            kind,
            received,
            due: sender.rights.due.after(received, &sender.time_zone),
            by: PERSON,
        };
        Ok(self.store.open_request(new).await?.id)
    }

    /// Says what the gateway has done. It goes on waiting where the sender's other systems must act too.
    async fn carry_on(&self, visit: &Visit, request: uuid::Uuid, did: Action) -> Result<(), Trouble> {
        let step = self.step(did);
        self.store.step_request(&visit.record.sender, request, step).await?;
        Ok(())
    }

    fn step(&self, what: Action) -> Step {
        Step { at: self.clock.now(), by: GATEWAY.to_owned(), what }
    }
}

/// When the mail with this link was written: its delivery's id tells, which the link's signature binds.
fn mailed_at(visit: &Visit) -> Option<Timestamp> {
    time_of(visit.link.delivery)
}

fn right(fields: &[(String, String)]) -> Right {
    let value = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.trim());
    match value("right") {
        Some("link") => Right::FreshLink,
        Some("take") => Right::TakeAlong,
        Some("correct") => Right::Correct(value("email").unwrap_or_default().to_owned()),
        Some("restrict") => Right::Restrict,
        Some("lift") => Right::LiftRestriction,
        Some("object") => Right::Object,
        Some("object-to-profiling") => Right::ObjectToProfiling,
        Some("erase") => Right::Erase,
        Some("erase-for-good") => Right::EraseForGood,
        Some("confirm-address") => Right::ConfirmAddress,
        _ => Right::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_nobody_knows_asks_for_nothing() {
        let asked = |fields: &[(&str, &str)]| {
            right(&fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect::<Vec<_>>())
        };
        for fields in [&[][..], &[("right", "")], &[("right", "erase all")], &[("Right", "erase")]] {
            assert_eq!(asked(fields), Right::Nothing, "{fields:?}");
        }
        assert_eq!(asked(&[("email", " a@b.se "), ("right", "correct")]), Right::Correct("a@b.se".into()));
    }
}
