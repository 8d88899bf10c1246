//! Personal data is sealed at rest, and erasure leaves nothing of it (invariant 12).

use std::time::Duration;

use jiff::Timestamp;
use optgate::consent::admit::NotAdmitted;
use optgate::consent::event::{Acquaintance, SignedUpBy, Suppression};
use optgate::consent::{ConsentState, EventKind};
use optgate::policy::Reason;
use optgate::spool::{Outcome, Settlement, State};
use optgate::store::{DeliveryFilter, NewFact, RecordError, Recorded, Settled, Who};

use crate::support::*;

rules! {
    i12_nothing_personal_lies_open_before_or_after_an_erasure,
    a_tombstone_stays_and_only_a_younger_yes_begins_anew,
    i5_a_no_by_a_link_from_before_the_erasure_is_not_lost,
    i5_an_erasure_forgets_no_older_no,
    i5_an_old_yes_never_passes_a_tombstone_by_way_of_a_younger_row,
    i5_a_no_about_an_erased_person_outweighs_an_older_yes,
    who_is_erased_while_mail_waits_is_forgotten_when_it_ends,
    what_is_refused_to_the_erased_is_kept_by_hash_alone,
    spool_keys_are_destroyed_when_nothing_needs_them,
    what_cannot_be_opened_waits_and_harms_no_other_claim,
}

/// Long enough that chance does not make it.
const CANARY: &str = "canary.kanarienvogel";

/// Whether the database holds a text, as it is or in PostgreSQL's hexadecimal form.
async fn holds(home: &Home, text: &str) -> bool {
    let all = home.everything().await;
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    [text, &hex].iter().any(|form| all.windows(form.len()).any(|window| window == form.as_bytes()))
}

async fn i12_nothing_personal_lies_open_before_or_after_an_erasure(home: &Home) {
    let who = format!("{CANARY}@example.se");
    let fact = NewFact {
        evidence: serde_json::json!({ "form_text": "evidence of kanarienvogel" }),
        ..home.fact(&who, opt_in())
    };
    let known = home.store.record(vec![fact]).await.remove(0).unwrap().subscriber;
    let mut refused = home.delivery(&who);
    refused.admission = refusal(Reason::NoGround);
    let mut message = home.message(&[home.delivery(&who), refused]);
    message.content = format!("To: {CANARY}@example.se\r\n\r\nbody of kanarienvogel\r\n").into();
    message.envelope_sender = Some(address("verp-kanarienvogel@shop.example"));
    home.store.spool(vec![message]).await.unwrap();
    assert!(!holds(home, "kanarienvogel").await, "queued");
    assert!(holds(home, "demo-shop").await, "the search itself works");
    let claim = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.remove(0);
    assert_eq!(claim.recipient, address(&who));
    home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
    assert!(!holds(home, "kanarienvogel").await, "settled");
    assert!(home.store.erase(SENDER, known.id, "page").await.unwrap());
    assert!(!holds(home, "kanarienvogel").await, "erased");
    let personal = "SELECT (SELECT count(*) FROM subscribers WHERE key IS NOT NULL OR address IS NOT NULL)
                    + (SELECT count(*) FROM consent_events WHERE evidence IS NOT NULL)
                    + (SELECT count(*) FROM deliveries WHERE recipient IS NOT NULL)";
    assert_eq!(home.count(personal).await, 0);
}

async fn a_tombstone_stays_and_only_a_younger_yes_begins_anew(home: &Home) {
    let old = home.fact("anna@example.se", opt_in());
    let first = home.store.record(vec![old.clone()]).await.remove(0).unwrap().subscriber;
    home.advance(Duration::from_secs(10)).await;
    assert!(home.store.erase(SENDER, first.id, "api").await.unwrap());
    assert!(!home.store.erase(SENDER, first.id, "api").await.unwrap(), "erased before");
    let tombstone = home.store.consent_of(SENDER, &[address("anna@example.se")]).await.unwrap().remove(0);
    let tombstone = tombstone.unwrap();
    assert_eq!((tombstone.id, tombstone.version), (first.id, 2));
    assert!(tombstone.state.erased.is_some());
    let shown = home.store.subscriber(SENDER, first.id).await.unwrap().unwrap();
    assert_eq!(shown.address, None);
    let history = home.store.history(SENDER, first.id).await.unwrap();
    assert_eq!(history.len(), 2);
    assert!(history.iter().all(|(_, evidence)| evidence.is_none()));
    assert_eq!(history[1].0.kind, EventKind::Erased);

    let again = home.store.record(vec![old]).await.remove(0);
    assert!(matches!(again, Err(RecordError::NotAdmitted(NotAdmitted::Erased))));
    home.advance(Duration::from_secs(10)).await;
    let fresh = home.store.record(vec![home.fact("anna@example.se", opt_in())]).await.remove(0).unwrap();
    assert_ne!(fresh.subscriber.id, first.id);
    // The new history opens with a no to all that was before.
    assert_eq!((fresh.subscriber.version, fresh.subscriber.state.withdrawals.len()), (2, 1));
    let found = home.store.consent_of(SENDER, &[address("anna@example.se")]).await.unwrap().remove(0);
    assert_eq!(found.unwrap().id, fresh.subscriber.id);
    // Erased once more: the youngest tombstone answers.
    home.advance(Duration::from_secs(10)).await;
    assert!(home.store.erase(SENDER, fresh.subscriber.id, "api").await.unwrap());
    let found = home.store.consent_of(SENDER, &[address("anna@example.se")]).await.unwrap().remove(0);
    assert_eq!(found.unwrap().id, fresh.subscriber.id);
}

async fn i5_a_no_by_a_link_from_before_the_erasure_is_not_lost(home: &Home) {
    let who = "anna@example.se";
    let old = home.store.record(vec![home.fact(who, opt_in())]).await.remove(0).unwrap().subscriber;
    home.store.erase(SENDER, old.id, "api").await.unwrap();
    home.advance(Duration::from_secs(10)).await;
    let by_old_link = || NewFact { who: Who::Subscriber(old.id), ..home.fact(who, withdrawal()) };
    let tombstone = home.store.record(vec![by_old_link()]).await.remove(0).unwrap().subscriber;
    assert_eq!(tombstone.id, old.id);
    home.advance(Duration::from_secs(10)).await;
    let new = home.store.record(vec![home.fact(who, opt_in())]).await.remove(0).unwrap().subscriber;
    home.advance(Duration::from_secs(10)).await;
    let no = home.store.record(vec![by_old_link()]).await.remove(0).unwrap().subscriber;
    assert_eq!((no.id, no.version, no.state.withdrawals.len()), (new.id, 3, 1));
}

async fn i5_an_erasure_forgets_no_older_no(home: &Home) {
    let who = "anna@example.se";
    let block = EventKind::Suppressed { why: Suppression::Operator };
    let old = home.store.record(vec![home.fact(who, block.clone())]).await.remove(0).unwrap().subscriber;
    home.advance(Duration::from_secs(10)).await;
    home.store.erase(SENDER, old.id, "api").await.unwrap();
    let blocks = |state: &ConsentState| state.suppressed.iter().map(|(why, _)| *why).collect::<Vec<_>>();
    let tombstone = home.store.consent_of(SENDER, &[address(who)]).await.unwrap().remove(0).unwrap();
    assert_eq!(blocks(&tombstone.state), [Suppression::Operator]);
    home.advance(Duration::from_secs(10)).await;
    let new = home.store.record(vec![home.fact(who, opt_in())]).await.remove(0).unwrap().subscriber;
    assert_eq!(blocks(&new.state), [Suppression::Operator]);
    let no = &new.state.withdrawals[0];
    assert_eq!((&no.scope, Some(no.at)), (&None, tombstone.state.erased));
    let history = home.store.history(SENDER, new.id).await.unwrap();
    let kinds: Vec<_> = history.iter().map(|(event, _)| event.kind.clone()).collect();
    assert_eq!(kinds, [withdrawal(), block, opt_in()]);
    assert!(home.store.rebuild_projection(SENDER, new.id).await.unwrap());
    // The block is lifted like any other; of who is erased, too.
    let lift = EventKind::SuppressionLifted { why: Suppression::Operator };
    home.advance(Duration::from_secs(10)).await;
    home.store.erase(SENDER, new.id, "api").await.unwrap();
    home.advance(Duration::from_secs(10)).await;
    let lifted = home.store.record(vec![home.fact(who, lift)]).await.remove(0).unwrap().subscriber;
    assert_eq!((lifted.id, blocks(&lifted.state)), (new.id, Vec::new()));
}

/// A purchase, which a sender may rest mail on.
fn purchase() -> EventKind {
    let (how, scope) = (Acquaintance::Purchase, "apparel".parse().unwrap());
    EventKind::Acquainted { how, scope, notice: true }
}

async fn told(home: &Home, kind: EventKind, at: Timestamp) -> Result<Recorded, RecordError> {
    let fact = NewFact { occurred_at: Some(at), ..home.fact("anna@example.se", kind) };
    home.store.record(vec![fact]).await.remove(0)
}

async fn i5_an_old_yes_never_passes_a_tombstone_by_way_of_a_younger_row(home: &Home) {
    let before = home.clock.now();
    home.advance(Duration::from_secs(10)).await;
    let old = told(home, opt_in(), home.clock.now()).await.unwrap().subscriber;
    home.store.erase(SENDER, old.id, "api").await.unwrap();
    let erased = home.store.subscriber(SENDER, old.id).await.unwrap().unwrap().subscriber.state.erased;
    home.advance(Duration::from_secs(10)).await;
    // A functional mail to the address makes a row without a history.
    home.spool_to(&["anna@example.se"]).await;
    let living = home.store.consent_of(SENDER, &[address("anna@example.se")]).await.unwrap().remove(0);
    assert_ne!(living.unwrap().id, old.id);
    let signup =
        || EventKind::SignupRequested { scopes: vec!["apparel".parse().unwrap()], by: SignedUpBy::Told };
    for kind in [opt_in(), purchase(), signup()] {
        for at in [before, erased.unwrap()] {
            let refused = told(home, kind.clone(), at).await;
            assert!(matches!(refused, Err(RecordError::NotAdmitted(NotAdmitted::Erased))), "{kind:?}");
        }
    }
    told(home, withdrawal(), before).await.unwrap();
    let since = told(home, opt_in(), home.clock.now()).await.unwrap().subscriber;
    assert_eq!((since.version, since.state.opt_ins.len()), (2, 1));
}

async fn i5_a_no_about_an_erased_person_outweighs_an_older_yes(home: &Home) {
    let old = told(home, opt_in(), home.clock.now()).await.unwrap().subscriber;
    home.store.erase(SENDER, old.id, "api").await.unwrap();
    home.advance(Duration::from_secs(10)).await;
    let between = home.clock.now();
    home.advance(Duration::from_secs(10)).await;
    let no = told(home, withdrawal(), home.clock.now()).await.unwrap().subscriber;
    assert_eq!((no.id, no.version), (old.id, 3));
    let shown = home.store.subscriber(SENDER, old.id).await.unwrap().unwrap();
    assert!(shown.address.is_none() && shown.subscriber.state.erased.is_some());
    let history = home.store.history(SENDER, old.id).await.unwrap();
    assert!(history.iter().all(|(_, evidence)| evidence.is_none()));
    let sealed = "SELECT count(*) FROM consent_events WHERE evidence IS NOT NULL";
    assert_eq!(home.count(sealed).await, 0);
    let imported = |at| told(home, opt_in(), at);
    assert!(matches!(imported(between).await, Err(RecordError::NotAdmitted(NotAdmitted::Erased))));
    home.advance(Duration::from_secs(10)).await;
    let fresh = imported(home.clock.now()).await.unwrap().subscriber;
    assert_ne!(fresh.id, old.id);
    // Nor does it pass once the person has begun anew.
    assert!(matches!(imported(between).await, Err(RecordError::NotAdmitted(NotAdmitted::Erased))));
}

async fn who_is_erased_while_mail_waits_is_forgotten_when_it_ends(home: &Home) {
    let who = "anna@example.se";
    let known = home.store.record(vec![home.fact(who, opt_in())]).await.remove(0).unwrap().subscriber;
    home.spool_to(&[who, "bo@example.se"]).await;
    home.advance(Duration::from_secs(10)).await;
    home.store.erase(SENDER, known.id, "api").await.unwrap();
    // Begun anew in between: what was spooled before the erasure is forgotten all the same.
    home.advance(Duration::from_secs(10)).await;
    home.store.record(vec![home.fact(who, opt_in())]).await.remove(0).unwrap();
    for claim in home.store.claim(&ask(home.lane_id().await, 10)).await.unwrap().claims {
        let end = settle(claim.fence, Settlement::End(Outcome::Relayed));
        assert_eq!(home.store.settle(end).await.unwrap(), Settled::Done);
    }
    let shown = home.store.deliveries(&DeliveryFilter::default()).await.unwrap().deliveries;
    let recipients: Vec<_> = shown.into_iter().filter_map(|one| one.recipient).collect();
    assert_eq!(recipients, [address("bo@example.se")]);
}

async fn what_is_refused_to_the_erased_is_kept_by_hash_alone(home: &Home) {
    let who = "anna@example.se";
    let known = home.store.record(vec![home.fact(who, opt_in())]).await.remove(0).unwrap().subscriber;
    home.store.erase(SENDER, known.id, "api").await.unwrap();
    home.advance(Duration::from_secs(10)).await;
    let mut delivery = home.delivery(who);
    delivery.admission = refusal(Reason::Erased);
    home.store.spool(vec![home.message(&[delivery])]).await.unwrap();
    let filter = DeliveryFilter { to: Some(address(who)), ..DeliveryFilter::default() };
    let shown = home.store.deliveries(&filter).await.unwrap().deliveries.remove(0);
    assert_eq!((shown.recipient, shown.reason), (None, Some(Reason::Erased)));
}

async fn spool_keys_are_destroyed_when_nothing_needs_them(home: &Home) {
    home.spool_to(&["anna@example.se"]).await;
    let claim = home.store.claim(&ask(home.lane_id().await, 1)).await.unwrap().claims.remove(0);
    let mut open = home.delivery("bo@example.se");
    open.deadline = home.in_seconds(60 * 86_400);
    home.advance(Duration::from_secs(86_400)).await;
    home.store.spool(vec![home.message(&[open])]).await.unwrap();
    home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
    assert_eq!(home.store.destroy_old_spool_keys().await.unwrap(), 0, "too young");
    home.advance(Duration::from_secs(30 * 86_400)).await;
    assert_eq!(home.store.destroy_old_spool_keys().await.unwrap(), 1, "one is still needed");
    let shown = home.store.deliveries(&DeliveryFilter::default()).await.unwrap().deliveries;
    let recipients: Vec<_> = shown.into_iter().filter_map(|one| one.recipient).collect();
    assert_eq!(recipients, [address("bo@example.se")]);
}

async fn what_cannot_be_opened_waits_and_harms_no_other_claim(home: &Home) {
    let good = home.spool_to(&["anna@example.se"]).await;
    home.advance(Duration::from_secs(86_400)).await;
    home.spool_to(&["bo@example.se"]).await;
    home.sql("DELETE FROM spool_keys WHERE day = (SELECT max(day) FROM spool_keys)").await;
    // Another node: this one still has the key in memory.
    let other = home.another_node().await;
    let claims = other.claim(&ask(home.lane_id().await, 10)).await.unwrap().claims;
    assert_eq!(claims.iter().map(|claim| claim.fence.delivery).collect::<Vec<_>>(), good);
    let in_hand = home.store.in_hand().await.unwrap();
    assert_eq!(in_hand[0].count, 1, "the other waits");
    // And nothing is stuck: at its deadline it expires.
    home.advance(Duration::from_secs(4 * 86_400)).await;
    assert!(other.claim_expired(10).await.unwrap().is_empty());
    let expired = DeliveryFilter { state: Some(State::Ended(Outcome::Expired)), ..DeliveryFilter::default() };
    assert_eq!(home.store.deliveries(&expired).await.unwrap().deliveries.len(), 1);
    other.close().await;
}
