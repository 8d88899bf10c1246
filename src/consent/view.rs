//! A subscriber as API and commands show one: `{id, state, grounds, withdrawals, suppressions, history}`.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::event::{Acquaintance, Frequency, OptIn, ShownTexts, Suppression, TrackingAsked};
use super::fold::{Acquainted, No, NoticeText, Profiling, TrackingYes, Yes};
use super::{ConsentState, Event, EventKind};
use crate::policy::decide::tracking_of;
use crate::policy::sender::SenderPolicy;
use crate::policy::{GroundKind, PolicySet, Scope, Tracking, standing};

#[derive(Serialize, ToSchema)]
#[schema(as = Subscriber)]
pub struct SubscriberView {
    pub id: Uuid,
    pub state: Standing,
    pub grounds: Vec<GroundView>,
    pub withdrawals: Vec<WithdrawalView>,
    /// What the person answered to tracking, and what comes of it.
    pub tracking: TrackingView,
    /// What the person chose about how marketing comes to them.
    pub choices: ChoicesView,
    pub suppressions: Vec<SuppressionView>,
    pub history: Vec<EventView>,
}

/// The subscriber in one word; the first that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SubscriberState)]
pub enum Standing {
    Erased,
    Suppressed,
    Restricted,
    /// A ground is in force in some scope.
    Active,
    Withdrawn,
    /// Signed up, not confirmed.
    Pending,
    /// Imported without proof of a yes.
    Unconfirmed,
    /// Known, but without any ground in force.
    Inactive,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Ground)]
pub struct GroundView {
    pub kind: GroundKind,
    pub scope: Scope,
    pub obtained_at: Timestamp,
    /// What a soft opt-in rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub basis: Option<Acquaintance>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<bool>,
    /// Of a notice: whether its text's hash is kept, without which nothing shows what was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice_text: Option<NoticeText>,
    /// Whether it would carry marketing in its scope now.
    pub in_force: bool,
    pub event: Uuid,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Withdrawal)]
pub struct WithdrawalView {
    /// Null: all marketing.
    scope: Option<Scope>,
    /// What the person took back of it: these and all below them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    except: Vec<Scope>,
    withdrawn_at: Timestamp,
    complaint: bool,
    event: Uuid,
}

/// Of pixels, and of links that tell who pressed them.
#[derive(Serialize, ToSchema)]
#[schema(as = TrackingAnswers)]
pub struct TrackingView {
    /// What would become of them in mail of today; null once the sender's policy is gone.
    pub now: Option<Tracking>,
    /// The youngest yes for each way of asking.
    consents: Vec<TrackingConsentView>,
    /// The youngest no to tracking alone.
    withdrawn_at: Option<Timestamp>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TrackingConsent)]
struct TrackingConsentView {
    asked: TrackingAsked,
    given_at: Timestamp,
    event: Uuid,
}

/// The choices that stand; null: never chosen.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnChoices)]
pub struct ChoicesView {
    /// How often marketing may come at most.
    pub at_most: Option<Frequency>,
    /// Until when marketing waits; null while there is no pause.
    pub paused_until: Option<Timestamp>,
    /// Of being profiled for marketing.
    pub profiling: Option<Profiling>,
    /// The language and the time zone that count: the person's own choice, else what was told last.
    pub locale: Option<String>,
    pub time_zone: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = SuppressionSince)]
pub struct SuppressionView {
    why: Suppression,
    since: Timestamp,
}

#[derive(Serialize, ToSchema)]
#[schema(as = HistoryEvent)]
pub struct EventView {
    id: Uuid,
    #[serde(flatten)]
    kind: EventKind,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    channel: String,
    jurisdiction: Option<String>,
    locale: Option<String>,
    time_zone: Option<String>,
    /// SHA-256 of the texts that the person was shown; they outlive the evidence.
    texts: ShownTexts,
    /// Null once its key is destroyed.
    evidence: Option<Value>,
}

impl std::fmt::Display for Standing {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Erased => "erased",
            Self::Suppressed => "suppressed",
            Self::Restricted => "restricted",
            Self::Active => "active",
            Self::Withdrawn => "withdrawn",
            Self::Pending => "pending",
            Self::Unconfirmed => "unconfirmed",
            Self::Inactive => "inactive",
        })
    }
}

impl SubscriberView {
    /// `sender` is none once its policy is gone; then no ground is in force.
    pub fn new(
        policy: &PolicySet,
        sender: Option<&SenderPolicy>,
        id: Uuid,
        state: ConsentState,
        history: Vec<(Event, Option<Value>)>,
        now: Timestamp,
    ) -> Self {
        let in_force = |state: &ConsentState, scope: &Scope, event: Uuid| {
            let verdict = sender.map(|sender| standing::verdict(policy, sender, state, scope, now));
            verdict.is_some_and(|v| standing::in_force(&v) && v.ground_event == Some(event))
        };
        let yes = |yes: &Yes| GroundView {
            kind: ground_kind(yes.ground),
            scope: yes.scope.clone(),
            obtained_at: yes.at,
            basis: None,
            notice: None,
            notice_text: None,
            in_force: in_force(&alone(&state, Some(yes), None), &yes.scope, yes.event),
            event: yes.event,
        };
        let bought = |one: &Acquainted| GroundView {
            kind: GroundKind::SoftOptIn,
            scope: one.scope.clone(),
            obtained_at: one.at,
            basis: Some(one.how),
            notice: Some(one.notice),
            notice_text: one.notice.then_some(one.notice_text),
            in_force: in_force(&alone(&state, None, Some(one)), &one.scope, one.event),
            event: one.event,
        };
        Self {
            id,
            state: standing_of(policy, sender, &state, now),
            grounds: state.opt_ins.iter().map(yes).chain(state.acquaintances.iter().map(bought)).collect(),
            withdrawals: state.withdrawals.iter().map(withdrawal).collect(),
            tracking: tracking_view(policy, sender, &state),
            choices: ChoicesView::of(&state, now),
            suppressions: state
                .suppressed
                .iter()
                .map(|(why, since)| SuppressionView { why: *why, since: *since })
                .collect(),
            history: history.into_iter().map(EventView::from).collect(),
        }
    }
}

/// This state with one ground in it, to ask whether that one would carry mail by itself.
fn alone(state: &ConsentState, yes: Option<&Yes>, bought: Option<&Acquainted>) -> ConsentState {
    ConsentState {
        opt_ins: yes.into_iter().cloned().collect(),
        acquaintances: bought.into_iter().cloned().collect(),
        pending: Vec::new(),
        unconfirmed: Vec::new(),
        ..state.clone()
    }
}

fn standing_of(
    policy: &PolicySet,
    sender: Option<&SenderPolicy>,
    state: &ConsentState,
    now: Timestamp,
) -> Standing {
    if state.erased.is_some() {
        return Standing::Erased;
    }
    if !state.suppressed.is_empty() {
        return Standing::Suppressed;
    }
    if state.restricted.is_some() {
        return Standing::Restricted;
    }
    let stands =
        |sender: &SenderPolicy| standing::scopes_in_force(policy, sender, state, &sender.taxonomy(), now);
    if sender.is_some_and(|sender| !stands(sender).is_empty()) {
        Standing::Active
    } else if !state.withdrawals.is_empty() {
        Standing::Withdrawn
    } else if !state.pending.is_empty() {
        Standing::Pending
    } else if !state.unconfirmed.is_empty() {
        Standing::Unconfirmed
    } else {
        Standing::Inactive
    }
}

fn ground_kind(yes: OptIn) -> GroundKind {
    match yes {
        OptIn::DoubleOptIn => GroundKind::DoubleOptIn,
        OptIn::SingleOptIn => GroundKind::SingleOptIn,
    }
}

fn withdrawal(no: &No) -> WithdrawalView {
    WithdrawalView {
        scope: no.scope.clone(),
        except: no.except.clone(),
        withdrawn_at: no.at,
        complaint: no.complaint,
        event: no.event,
    }
}

fn tracking_view(policy: &PolicySet, sender: Option<&SenderPolicy>, state: &ConsentState) -> TrackingView {
    let consent =
        |yes: &TrackingYes| TrackingConsentView { asked: yes.asked, given_at: yes.at, event: yes.event };
    TrackingView {
        now: sender.and_then(|sender| tracking_of(policy, sender, state)).map(|ruling| ruling.tracking),
        consents: state.tracking.yeses.iter().map(consent).collect(),
        withdrawn_at: state.tracking.no.map(|no| no.at),
    }
}

impl ChoicesView {
    pub fn of(state: &ConsentState, now: Timestamp) -> Self {
        Self {
            at_most: state.choices.frequency.map(|own| own.choice),
            paused_until: state.choices.paused_until(now),
            profiling: state.choices.profiling.map(|own| own.choice),
            locale: state.locale.clone(),
            time_zone: state.time_zone.clone(),
        }
    }
}

impl From<(Event, Option<Value>)> for EventView {
    fn from((event, evidence): (Event, Option<Value>)) -> Self {
        Self {
            id: event.id,
            kind: event.kind,
            occurred_at: event.occurred_at,
            recorded_at: event.recorded_at,
            channel: event.channel,
            jurisdiction: event.jurisdiction,
            locale: event.locale,
            time_zone: event.time_zone,
            texts: event.texts,
            evidence,
        }
    }
}
