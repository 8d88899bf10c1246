//! Places under the limit on mail that asks to confirm, over all senders; sign-ups recorded with the mail that implies
//! them; and their confirmation, once and never against a withdrawal.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use optgate::consent::EventKind;
use optgate::consent::admit::NotAdmitted;
use optgate::consent::event::{OptIn, SignedUpBy};
use optgate::policy::Scope;
use optgate::policy::Stream;
use optgate::policy::confirmation::AskedBefore;
use optgate::policy::holds::Stage;
use optgate::record::Asking;
use optgate::spool::{Fence, Outcome, Settlement};
use optgate::store::{
    Ask, Asks, Claim, NewDelivery, NewFact, NewMessage, RecordError, Recorded, Seen, SentConfirmation,
    Settle, Store, Subscriber, Who,
};
use uuid::Uuid;

use crate::support::*;

rules! {
    of_two_nodes_that_claim_for_one_address_only_one_finds_the_place_free,
    of_two_in_one_claim_the_older_comes_first,
    only_what_was_taken_keeps_its_place_and_over_all_senders,
    i9_a_dead_nodes_place_is_free_once_its_lease_has_run_out,
    what_was_taken_counts_after_its_outcome_is_gone,
    an_erasure_takes_along_what_its_sender_sent,
    what_no_limit_counts_any_more_is_swept,
    i1_a_sign_up_is_recorded_with_its_mail_and_once,
    that_it_was_sent_is_recorded_with_its_outcome_and_once,
    i5_a_sign_up_is_confirmed_once_and_never_against_a_withdrawal,
    who_is_erased_meanwhile_signs_up_for_nothing,
}

const ANNA: &str = "anna@example.se";
const CLUB: &str = "club";

/// One mail that asks this address to confirm.
fn asking(home: &Home, sender: &str, recipient: &str) -> NewMessage {
    let mut delivery: NewDelivery = home.delivery(recipient);
    delivery.lane.sender = sender.into();
    delivery.lane.stream = Stream::Confirmation;
    let mut message = home.message(&[delivery]);
    message.sender = sender.into();
    let (id, delivery) = (message.id, &mut message.deliveries[0]);
    delivery.signup = Some(of(sender, recipient, id, delivery.id, |asking| asking.signup()));
    message
}

/// A fact about such a mail.
fn of(
    sender: &str,
    recipient: &str,
    message: Uuid,
    delivery: Uuid,
    fact: fn(&Asking<'_>) -> NewFact,
) -> NewFact {
    let (recipient, scope): (_, Scope) = (address(recipient), "apparel".parse().unwrap());
    let credential = &format!("{sender}/forms");
    fact(&Asking {
        sender,
        credential,
        recipient: &recipient,
        scopes: vec![scope],
        message,
        delivery,
        channel: "smtp",
    })
}

async fn spool(home: &Home, sender: &str, recipients: &[String]) -> i64 {
    let before = lanes(home).await;
    home.store.spool(recipients.iter().map(|to| asking(home, sender, to)).collect()).await.unwrap();
    lanes(home).await.into_iter().find(|lane| !before.contains(lane)).expect("a new lane")
}

async fn lanes(home: &Home) -> Vec<i64> {
    let look = home.store.waiting_lanes(Seen::default(), 100).await.unwrap();
    look.waiting.iter().map(|waiting| waiting.id).collect()
}

async fn claim(store: &Store, lane: i64) -> Vec<Claim> {
    let ask = Ask { asks: Asks::ToConfirm, ..ask(lane, 64) };
    store.claim(&ask).await.unwrap().claims
}

/// One mail to Anna, claimed.
async fn one(home: &Home, sender: &str) -> Fence {
    let lane = match lanes(home).await.first() {
        Some(lane) => *lane,
        None => {
            home.store.spool(vec![asking(home, sender, ANNA)]).await.unwrap();
            lanes(home).await[0]
        }
    };
    claim(&home.store, lane).await[0].fence
}

async fn end(home: &Home, fence: Fence, outcome: Outcome) {
    let relayed = outcome == Outcome::Relayed;
    let confirmation = relayed.then_some(SentConfirmation { fact: None });
    let settle = Settle { confirmation, ..settle(fence, Settlement::End(outcome)) };
    home.store.settle(settle).await.unwrap();
}

async fn asked(home: &Home) -> Vec<AskedBefore> {
    home.store.asked_before(&[address(ANNA)], Some(Timestamp::UNIX_EPOCH)).await.unwrap().remove(0)
}

async fn of_two_nodes_that_claim_for_one_address_only_one_finds_the_place_free(home: &Home) {
    let other = home.another_node().await;
    for round in 0..10 {
        let people: Vec<String> = (0..20).map(|number| format!("r{round}n{number}@example.se")).collect();
        let mut backwards = people.clone();
        backwards.reverse();
        let one = spool(home, &format!("one{round}"), &people).await;
        let two = spool(home, &format!("two{round}"), &backwards).await;
        let (first, second) = tokio::join!(claim(&home.store, one), claim(&other, two));
        let mut found: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for claim in first.iter().chain(&second) {
            assert!(claim.asked_before.iter().all(|asked| asked.stage == Stage::Reserved));
            found.entry(claim.recipient.to_string()).or_default().push(claim.asked_before.len());
        }
        assert_eq!(found.len(), 20);
        for (recipient, mut counts) in found {
            counts.sort_unstable();
            assert_eq!(counts, [0, 1], "{recipient}");
        }
    }
    other.close().await;
}

async fn of_two_in_one_claim_the_older_comes_first(home: &Home) {
    let people = [ANNA, "bo@example.se", ANNA].map(str::to_owned);
    let lane = spool(home, SENDER, &people).await;
    let mut claims = claim(&home.store, lane).await;
    claims.sort_by_key(|claim| claim.fence.delivery);
    let (hers, his): (Vec<&Claim>, Vec<&Claim>) =
        claims.iter().partition(|claim| claim.recipient.to_string() == ANNA);
    assert_eq!(hers.iter().map(|claim| claim.asked_before.len()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(his.iter().map(|claim| claim.asked_before.len()).collect::<Vec<_>>(), [0]);
}

async fn only_what_was_taken_keeps_its_place_and_over_all_senders(home: &Home) {
    for outcome in [Outcome::Rejected, Outcome::Expired, Outcome::Withheld] {
        let own = one(home, SENDER).await;
        assert_eq!(asked(home).await.len(), 1, "reserved");
        end(home, own, outcome).await;
        assert_eq!(asked(home).await, [], "{outcome:?}");
    }
    let own = one(home, SENDER).await;
    home.store.settle(settle(own, Settlement::Later(home.in_seconds(60)))).await.unwrap();
    assert_eq!(asked(home).await.len(), 1, "what waits counts at intake");
    let other = spool(home, CLUB, &[ANNA.to_owned()]).await;
    let claims = claim(&home.store, other).await;
    assert_eq!(claims[0].asked_before, [], "and for nobody who is claimed");
    end(home, claims[0].fence, Outcome::Rejected).await;
    home.advance(Duration::from_secs(60)).await;
    let own = one(home, SENDER).await;
    home.advance(Duration::from_secs(5)).await;
    end(home, own, Outcome::Relayed).await;
    let at = home.clock.now();
    assert_eq!(asked(home).await, [AskedBefore { at, stage: Stage::Delivered }]);
    home.store.spool(vec![asking(home, CLUB, ANNA)]).await.unwrap();
    let claims = claim(&home.store, lanes(home).await[0]).await;
    assert_eq!(claims[0].asked_before, [AskedBefore { at, stage: Stage::Delivered }]);
    let nobody_asks = home.store.asked_before(&[address(ANNA)], None).await.unwrap();
    assert_eq!(nobody_asks, [[]]);
}

async fn i9_a_dead_nodes_place_is_free_once_its_lease_has_run_out(home: &Home) {
    let dead = home.another_node().await;
    home.store.spool(vec![asking(home, SENDER, ANNA)]).await.unwrap();
    let lane = lanes(home).await[0];
    assert_eq!(claim(&dead, lane).await.len(), 1);
    dead.close().await;
    home.advance(LEASE + Duration::from_secs(1)).await;
    assert_eq!(home.store.take_over_expired().await.unwrap(), 1);
    let own = claim(&home.store, lane).await;
    assert!(own[0].asked_before.is_empty(), "its own place is no other's");
    end(home, own[0].fence, Outcome::Relayed).await;
    assert_eq!(asked(home).await.len(), 1);
}

async fn what_was_taken_counts_after_its_outcome_is_gone(home: &Home) {
    let own = one(home, SENDER).await;
    end(home, own, Outcome::Relayed).await;
    home.sql("DELETE FROM deliveries").await;
    assert_eq!(asked(home).await.len(), 1);
}

async fn an_erasure_takes_along_what_its_sender_sent(home: &Home) {
    for sender in [SENDER, CLUB] {
        let own = one(home, sender).await;
        end(home, own, Outcome::Relayed).await;
    }
    assert!(home.store.erase(SENDER, anna(home).await.id, "test").await.unwrap());
    assert_eq!(asked(home).await.len(), 1);
}

async fn what_no_limit_counts_any_more_is_swept(home: &Home) {
    for _ in 0..2 {
        let own = one(home, SENDER).await;
        end(home, own, Outcome::Relayed).await;
        home.advance(Duration::from_secs(86_400)).await;
    }
    let before = home.in_seconds(-86_400);
    assert_eq!(home.store.forget_confirmations(before, 10).await.unwrap(), 1);
    assert_eq!(home.store.forget_confirmations(before, 10).await.unwrap(), 0);
    assert_eq!(asked(home).await.len(), 1);
}

async fn anna(home: &Home) -> Subscriber {
    home.store.consent_of(SENDER, &[address(ANNA)]).await.unwrap().remove(0).expect("known")
}

async fn i1_a_sign_up_is_recorded_with_its_mail_and_once(home: &Home) {
    let message = asking(home, SENDER, ANNA);
    assert_eq!(home.store.spool(vec![message.clone()]).await.unwrap(), []);
    let known = anna(home).await;
    assert_eq!((known.version, known.state.pending.len()), (1, 1));
    assert_eq!(known.state.pending[0].by, SignedUpBy::Mail);
    // The same submission again.
    let mut again = message.clone();
    again.id = home.clock.id();
    again.deliveries[0].id = home.clock.id();
    assert_eq!(home.store.spool(vec![again]).await.unwrap().len(), 1);
    assert_eq!(anna(home).await.version, 1);
    // What is refused signs nobody up.
    let mut refused = asking(home, SENDER, "bo@example.se");
    refused.deliveries[0].admission = refusal(optgate::policy::Reason::ConfirmationLimit);
    home.store.spool(vec![refused]).await.unwrap();
    assert!(home.store.consent_of(SENDER, &[address("bo@example.se")]).await.unwrap()[0].is_none());
    assert_eq!(home.count("SELECT count(*) FROM deliveries WHERE subscriber IS NULL").await, 1, "his alone");
}

async fn that_it_was_sent_is_recorded_with_its_outcome_and_once(home: &Home) {
    let own = one(home, SENDER).await;
    let fact = of(SENDER, ANNA, Uuid::from_u128(1), own.delivery, |asking| asking.sent());
    let confirmation = Some(SentConfirmation { fact: Some(fact) });
    let settle = Settle { confirmation, ..settle(own, Settlement::End(Outcome::Relayed)) };
    for _ in 0..2 {
        home.store.settle(settle.clone()).await.unwrap();
    }
    let known = anna(home).await;
    assert_eq!((known.version, known.state.confirmations.len(), known.state.pending.len()), (2, 1, 1));
}

/// What the person's sign-up and a press of its button come to.
async fn press(home: &Home, signup: Uuid) -> Result<Recorded, RecordError> {
    let scopes = vec!["apparel".parse().unwrap()];
    let fact = NewFact {
        who: Who::Subscriber(anna(home).await.id),
        occurred_at: None,
        confirms: Some(signup),
        ..home.fact(ANNA, EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes })
    };
    home.store.record(vec![fact]).await.remove(0)
}

async fn i5_a_sign_up_is_confirmed_once_and_never_against_a_withdrawal(home: &Home) {
    let own = one(home, SENDER).await;
    end(home, own, Outcome::Relayed).await;
    let first = anna(home).await.state.pending[0].event;
    assert!(matches!(press(home, Uuid::from_u128(4)).await, Err(RecordError::NotAdmitted(_))));
    home.advance(Duration::from_secs(1)).await;
    let yes = press(home, first).await.unwrap();
    assert_eq!(yes.event, home.store.confirmation_of(first));
    assert_eq!(asked(home).await, [], "somebody reads them");
    home.advance(Duration::from_secs(1)).await;
    home.store.record(vec![home.fact(ANNA, withdrawal())]).await.remove(0).unwrap();
    // Pressed again, and by two at once.
    home.advance(Duration::from_secs(1)).await;
    let version = anna(home).await.version;
    let (one, two) = tokio::join!(press(home, first), press(home, first));
    assert_eq!((one.unwrap().event, two.unwrap().event), (yes.event, yes.event));
    assert_eq!(anna(home).await.version, version);

    let signup =
        EventKind::SignupRequested { scopes: vec!["apparel".parse().unwrap()], by: SignedUpBy::Told };
    home.store.record(vec![home.fact(ANNA, signup)]).await.remove(0).unwrap();
    let told = anna(home).await.state.pending.iter().find(|one| one.by == SignedUpBy::Told).unwrap().event;
    home.advance(Duration::from_secs(1)).await;
    home.store.record(vec![home.fact(ANNA, withdrawal())]).await.remove(0).unwrap();
    home.advance(Duration::from_secs(1)).await;
    let refused = press(home, told).await;
    assert!(matches!(refused, Err(RecordError::NotAdmitted(NotAdmitted::NothingToConfirm))), "{refused:?}");
}

async fn who_is_erased_meanwhile_signs_up_for_nothing(home: &Home) {
    home.store.record(vec![home.fact(ANNA, opt_in())]).await.remove(0).unwrap();
    let message = asking(home, SENDER, ANNA);
    home.advance(Duration::from_secs(1)).await;
    assert!(home.store.erase(SENDER, anna(home).await.id, "test").await.unwrap());
    home.store.spool(vec![message]).await.unwrap();
    assert_eq!(home.count("SELECT count(*) FROM consent_events WHERE kind = 'signup_requested'").await, 0);
    assert_eq!(home.count("SELECT count(*) FROM subscribers WHERE erased_at IS NULL").await, 0);
    assert_eq!(
        home.count("SELECT count(*) FROM deliveries WHERE state = 'queued'").await,
        1,
        "decided again"
    );
}
