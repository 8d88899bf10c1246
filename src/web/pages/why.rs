//! Why a person gets mail, in words: each ground that carries some, where the address came from, who decides about it,
//! and what comes in any case. Shown by a link that may be forwarded, so that it never tells evidence.

use jiff::Timestamp;

use super::Pages;
use super::view::Why;
use super::visit::Visit;
use crate::consent::event::Acquaintance;
use crate::consent::view::{GroundView, SubscriberView};
use crate::consent::{ConsentState, Event};
use crate::policy::sender::SenderPolicy;
use crate::policy::{GroundKind, standing};
use crate::store::StoreError;

/// Grounds that are told at most; the oldest of many say no more than the others.
const MOST_GROUNDS: usize = 20;

impl Pages {
    pub(super) async fn why(&self, visit: &Visit, state: &ConsentState) -> Result<Option<Why>, StoreError> {
        let Some(sender) = visit.sender() else { return Ok(None) };
        let history = self.store.history(&visit.record.sender, visit.record.subscriber.id).await?;
        let first = history.iter().map(|(event, _)| event).min_by_key(|event| (event.recorded_at, event.id));
        let now = self.clock.now();
        Ok(Some(Why {
            grounds: grounds(visit, sender, state, now),
            source: first.and_then(|first| source(visit, first)),
            address: sender.postal_address.clone(),
            privacy_notice: sender.privacy_notice.clone(),
        }))
    }
}

/// Those in force, the youngest first; else whether the law asks for none.
fn grounds(visit: &Visit, sender: &SenderPolicy, state: &ConsentState, now: Timestamp) -> Vec<String> {
    let id = visit.record.subscriber.id;
    let view = SubscriberView::new(&visit.policy, Some(sender), id, state.clone(), Vec::new(), now);
    let mut carrying: Vec<GroundView> = view.grounds.into_iter().filter(|ground| ground.in_force).collect();
    carrying.sort_by_key(|ground| std::cmp::Reverse(ground.obtained_at));
    carrying.truncate(MOST_GROUNDS);
    if carrying.is_empty() {
        let on = standing::scopes_in_force(&visit.policy, sender, state, &sender.taxonomy(), now);
        return vec![visit.words.say(if on.is_empty() { "why-none" } else { "why-no-objection" })];
    }
    carrying.iter().map(|ground| in_words(visit, sender, ground)).collect()
}

fn in_words(visit: &Visit, sender: &SenderPolicy, ground: &GroundView) -> String {
    let key = match (ground.kind, ground.basis) {
        (GroundKind::DoubleOptIn, _) => "why-double-opt-in",
        (GroundKind::SingleOptIn, _) => "why-single-opt-in",
        (_, Some(Acquaintance::Inquiry)) => "why-inquiry",
        (_, Some(Acquaintance::Negotiation)) => "why-negotiation",
        _ => "why-purchase",
    };
    let title = sender.title(&ground.scope, visit.words.language());
    let date = visit.day(ground.obtained_at);
    let said = visit.words.with(key, &[("interest", title), ("date", &date)]);
    match ground.notice {
        Some(true) => format!("{said} {}", visit.words.say("why-noticed")),
        _ => said,
    }
}

/// Where the address came from; none where the person gave it here.
fn source(visit: &Visit, first: &Event) -> Option<String> {
    let key = match first.channel.as_str() {
        "import" => "source-import",
        _ if first.is_by_own_link() => return None,
        _ => "source-told",
    };
    Some(visit.words.with(key, &[("date", &visit.day(first.recorded_at))]))
}
