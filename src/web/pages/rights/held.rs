//! What is kept of a person, read for a page or an archive. Mail may go back for years: the page reads what it lists, the
//! archive reads while it is written.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{Pages, Trouble};
use crate::consent::request::Request;
use crate::consent::view::SubscriberView;
use crate::consent::{Event, EventKind};
use crate::store::DeliveryView;
use crate::web::pages::visit::Visit;

/// Mail that a page lists; the archive has all.
const LISTED: u32 = 50;

pub(super) struct Held {
    pub at: Timestamp,
    pub sender: String,
    pub person: Uuid,
    /// In full: only the link that was mailed to it gets here.
    pub address: Option<String>,
    pub known_since: Timestamp,
    /// Grounds, withdrawals and the history, for programs.
    pub subscriber: SubscriberView,
    pub history: Vec<(Event, Option<Value>)>,
    pub requests: Vec<Request>,
    restricted: bool,
}

/// The mail that a page lists, the youngest first.
pub(super) struct Listed {
    pub deliveries: Vec<DeliveryView>,
    pub rest: Rest,
}

/// Whether there is mail beside what is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    Nothing,
    More,
}

impl Listed {
    pub async fn of(pages: &Pages, visit: &Visit) -> Result<Self, Trouble> {
        let (sender, id) = (visit.record.sender.as_str(), visit.record.subscriber.id);
        let mut deliveries = pages.store.latest_deliveries_to(sender, id, LISTED + 1).await?;
        let rest = if deliveries.len() > LISTED as usize { Rest::More } else { Rest::Nothing };
        deliveries.truncate(LISTED as usize);
        Ok(Self { deliveries, rest })
    }
}

impl Held {
    pub async fn of(pages: &Pages, visit: &Visit) -> Result<Self, Trouble> {
        let (sender, id) = (visit.record.sender.as_str(), visit.record.subscriber.id);
        let history = pages.store.history(sender, id).await?;
        let state = visit.state().clone();
        let now = pages.clock.now();
        let restricted = state.restricted.is_some();
        let own = visit.sender();
        let subscriber = SubscriberView::new(&visit.policy, own, id, state, history.clone(), now);
        Ok(Self {
            at: now,
            sender: sender.to_owned(),
            person: id,
            address: visit.record.address.as_ref().map(ToString::to_string),
            known_since: visit.record.created_at,
            subscriber,
            history,
            requests: pages.store.requests_of(sender, id).await?,
            restricted,
        })
    }

    pub fn is_restricted(&self) -> bool {
        self.restricted
    }

    /// Whether the restriction that stands is the person's own: what an officer has put on, an officer lifts, though the
    /// person has asked for it as well.
    pub fn may_lift_restriction(&self) -> bool {
        let of = |kind| self.history.iter().map(|(event, _)| event).filter(move |own| own.kind == kind);
        let lifted = of(EventKind::RestrictionLifted).map(|own| own.occurred_at).max();
        let mut standing =
            of(EventKind::Restricted).filter(|own| lifted.is_none_or(|at| own.occurred_at > at));
        self.restricted && standing.all(|own| own.channel == "page")
    }
}
