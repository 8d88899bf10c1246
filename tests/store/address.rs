//! A change of address: the person stays, and the old address gets nothing any more.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use optgate::consent::EventKind;
use optgate::consent::admit::NotAdmitted;
use optgate::consent::event::{Frequency, OptIn, SignedUpBy, Suppression};
use optgate::journal::Journal;
use optgate::spool::{Outcome, Settlement};
use optgate::store::{
    Ask, ChangeAddress, Changed, Compared, Found, NewFact, NotChanged, Pass, RecordError, Standing, Store,
    StoreOptions, TableFact, Who,
};
use uuid::Uuid;

use crate::support::*;

rules! {
    a_person_keeps_id_history_and_evidence_under_a_new_address,
    what_is_told_of_an_address_that_was_left_brings_no_mail_back_to_it,
    i5_a_no_under_the_address_that_was_left_reaches_the_person,
    i5_whoever_types_in_an_address_that_was_left_takes_no_no_from_the_person,
    i5_a_link_from_before_an_erasure_reaches_who_began_anew_and_left,
    i5_an_imported_no_under_the_address_that_was_left_reaches_the_person,
    an_address_that_somebody_else_has_or_had_is_refused,
    who_goes_back_to_the_old_address_takes_it_again,
    a_block_stays_with_the_address_that_it_is_about,
    what_somebody_typed_in_for_an_address_stands_under_no_other,
    two_nodes_that_change_addresses_at_once_leave_one_person_each,
    an_erasure_reaches_the_address_that_was_left,
    mail_to_the_address_before_is_listed_with_the_person_and_with_nobody_else,
    i14_a_replay_knows_the_person_under_the_new_address,
    i14_a_replay_follows_who_went_back_and_who_was_erased_since,
    i14_a_replay_brings_nobody_back_to_an_address_that_another_nodes_journal_has_them_leave,
    i12_a_replay_leaves_tombstones_under_both_addresses_whichever_node_is_first,
    what_was_claimed_under_both_addresses_keeps_nobody_from_going_back,
    what_was_sent_to_the_address_before_counts_under_the_cap_that_a_person_chose,
}

fn to(who: Uuid, new: &str) -> ChangeAddress {
    ChangeAddress {
        sender: SENDER.into(),
        who: Who::Subscriber(who),
        address: address(new),
        confirmed: true,
        channel: "page".into(),
        evidence: serde_json::json!({ "ip": "203.0.113.77" }),
    }
}

async fn known(home: &Home, who: &str) -> Uuid {
    home.store.record(vec![home.fact(who, opt_in())]).await.remove(0).unwrap().subscriber.id
}

async fn moved(home: &Home, who: Uuid, new: &str) -> Uuid {
    home.advance(Duration::from_secs(60)).await;
    match home.store.change_address(to(who, new)).await.unwrap() {
        Changed::Done { subscriber, event } => {
            assert_eq!(subscriber, who);
            event
        }
        same => panic!("{same:?}"),
    }
}

async fn found(home: &Home, who: &str) -> Option<optgate::store::Subscriber> {
    home.store.consent_of(SENDER, &[address(who)]).await.unwrap().remove(0)
}

/// Whether nothing but a withdrawal of everything stands there.
async fn is_left(home: &Home, who: &str) -> bool {
    let Some(there) = found(home, who).await else { return false };
    let noes = &there.state.withdrawals;
    noes.len() == 1 && noes[0].scope.is_none() && there.state.opt_ins.is_empty()
}

async fn a_person_keeps_id_history_and_evidence_under_a_new_address(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    home.store
        .record(vec![home.fact("anna@example.se", EventKind::Suppressed { why: Suppression::Bounce })])
        .await;
    let event = moved(home, anna, "anna.berg@example.se").await;
    let now = found(home, "anna.berg@example.se").await.unwrap();
    assert_eq!((now.id, now.version), (anna, 3));
    assert!(now.state.suppressed.is_empty(), "it was the old address that bounced");
    assert_eq!(now.state.opt_ins[0].ground, OptIn::DoubleOptIn);
    let history = home.store.history(SENDER, anna).await.unwrap();
    assert_eq!(history[0].1.as_ref().unwrap()["ip"], "203.0.113.77", "under the same key");
    assert_eq!((history[2].0.id, history[2].1.is_some()), (event, true));
    let record = home.store.subscriber(SENDER, anna).await.unwrap().unwrap();
    assert_eq!(record.address, Some(address("anna.berg@example.se")));
    assert!(is_left(home, "anna@example.se").await);
    // Again, and by the old address, which is nobody's now.
    let again = home.store.change_address(to(anna, "Anna.Berg@example.se")).await.unwrap();
    assert_eq!(again, Changed::Same { subscriber: anna });
    let by_old = ChangeAddress { who: Who::Address(address("anna@example.se")), ..to(anna, "x@example.se") };
    assert!(matches!(home.store.change_address(by_old).await, Err(NotChanged::Unknown)));
    let foreign = ChangeAddress { sender: "other-shop".into(), ..to(anna, "x@example.se") };
    assert!(matches!(home.store.change_address(foreign).await, Err(NotChanged::Unknown)), "invariant 15");
}

async fn what_is_told_of_an_address_that_was_left_brings_no_mail_back_to_it(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    let waiting = home.spool_to(&["anna@example.se"]).await;
    home.sql("UPDATE deliveries SET next_attempt_at = next_attempt_at + 600000000").await;
    moved(home, anna, "anna.berg@example.se").await;
    let due = format!(
        "SELECT count(*) FROM deliveries WHERE next_attempt_at <= {}",
        home.clock.now().as_microsecond()
    );
    assert_eq!(home.count(&due).await, waiting.len() as i64, "it meets the second decision now");
    let late =
        NewFact { occurred_at: Some(home.in_seconds(-3600)), ..home.fact("anna@example.se", opt_in()) };
    let late = home.store.record(vec![late]).await.remove(0).unwrap().subscriber;
    assert_ne!(late.id, anna);
    assert!(late.state.withdrawals[0].at > late.state.opt_ins[0].at, "the no is younger");
    // A yes of today is somebody who signs up there anew.
    home.advance(Duration::from_secs(60)).await;
    let anew =
        home.store.record(vec![home.fact("anna@example.se", opt_in())]).await.remove(0).unwrap().subscriber;
    assert!(anew.state.opt_ins[0].at > anew.state.withdrawals[0].at);
    let record = home.store.subscriber(SENDER, anew.id).await.unwrap().unwrap();
    assert_eq!(record.address, Some(address("anna@example.se")));
}

async fn i5_a_no_under_the_address_that_was_left_reaches_the_person(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    moved(home, anna, "anna.berg@example.se").await;
    let told = home.store.record(vec![home.fact("anna@example.se", withdrawal())]).await.remove(0).unwrap();
    assert_eq!((told.subscriber.id, told.subscriber.state.withdrawals.len()), (anna, 1));
    let record = home.store.subscriber(SENDER, anna).await.unwrap().unwrap();
    assert_eq!(record.address, Some(address("anna.berg@example.se")));
    // Who has signed up there since is somebody else.
    home.advance(Duration::from_secs(60)).await;
    let bo = known(home, "anna@example.se").await;
    let no = home.store.record(vec![home.fact("anna@example.se", withdrawal())]).await.remove(0).unwrap();
    assert_eq!(no.subscriber.id, bo);
}

async fn i5_whoever_types_in_an_address_that_was_left_takes_no_no_from_the_person(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    moved(home, anna, "anna.berg@example.se").await;
    home.advance(Duration::from_secs(60)).await;
    let signup =
        EventKind::SignupRequested { scopes: vec!["apparel".parse().unwrap()], by: SignedUpBy::Told };
    let until = home.in_seconds(3600);
    for kind in [signup, withdrawal(), EventKind::ProfilingObjection, EventKind::Paused { until }] {
        let word = kind.word();
        let told = home.store.record(vec![home.fact("anna@example.se", kind)]).await.remove(0).unwrap();
        assert_eq!(told.subscriber.id == anna, word != "signup_requested", "{word}");
    }
    // And she may take the address again.
    moved(home, anna, "anna@example.se").await;
    assert_eq!(found(home, "anna@example.se").await.unwrap().id, anna);
}

async fn i5_a_link_from_before_an_erasure_reaches_who_began_anew_and_left(home: &Home) {
    let erased = known(home, "anna@example.se").await;
    assert!(home.store.erase(SENDER, erased, "page").await.unwrap());
    home.advance(Duration::from_secs(60)).await;
    let anew = known(home, "anna@example.se").await;
    moved(home, anew, "anna.berg@example.se").await;
    home.advance(Duration::from_secs(60)).await;
    let by_link = NewFact { who: Who::Subscriber(erased), ..home.fact("anna@example.se", withdrawal()) };
    let told = home.store.record(vec![by_link]).await.remove(0).unwrap();
    assert_eq!(told.subscriber.id, anew);
}

async fn i5_an_imported_no_under_the_address_that_was_left_reaches_the_person(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    moved(home, anna, "anna.berg@example.se").await;
    let row = |kind| TableFact {
        address: address("anna@example.se"),
        kind,
        occurred_at: Some(home.clock.now()),
        jurisdiction: None,
        locale: None,
        time_zone: None,
        evidence: serde_json::json!({ "source": "old list" }),
    };
    for recorded in [2, 0] {
        let no = EventKind::Withdrawal { scopes: vec!["apparel".parse().unwrap()], complaint: false };
        let slice = home.store.slice(SENDER, vec![row(no), row(EventKind::TrackingWithdrawal)]);
        let judged = home.store.importer().write(&slice).await.unwrap();
        assert_eq!(judged.iter().filter(|one| one.is_recorded()).count(), recorded, "{judged:?}");
    }
    let now = found(home, "anna.berg@example.se").await.unwrap();
    assert_eq!((now.version, now.state.withdrawals.len(), now.state.tracking.no.is_some()), (4, 1, true));
    assert!(is_left(home, "anna@example.se").await);
}

async fn an_address_that_somebody_else_has_or_had_is_refused(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    let bo = known(home, "bo@example.se").await;
    let cia = known(home, "cia@example.se").await;
    assert!(home.store.erase(SENDER, cia, "page").await.unwrap());
    let change = |new: &str| home.store.change_address(to(anna, new));
    assert!(matches!(change("bo@example.se").await, Err(NotChanged::Taken)));
    assert!(matches!(change("cia@example.se").await, Err(NotChanged::TakenByErased)));
    moved(home, bo, "bo.berg@example.se").await;
    assert!(matches!(change("bo@example.se").await, Err(NotChanged::Taken)), "another person has left it");
    assert!(matches!(home.store.change_address(to(cia, "x@example.se")).await, Err(NotChanged::Erased)));
    let nobody = home.clock.id();
    assert!(matches!(home.store.change_address(to(nobody, "x@example.se")).await, Err(NotChanged::Unknown)));
    assert_eq!(found(home, "anna@example.se").await.unwrap().id, anna);
}

async fn who_goes_back_to_the_old_address_takes_it_again(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    moved(home, anna, "anna.berg@example.se").await;
    moved(home, anna, "anna@example.se").await;
    assert_eq!(found(home, "anna@example.se").await.unwrap().id, anna);
    let left = found(home, "anna.berg@example.se").await.unwrap();
    assert_eq!((left.version, left.state.withdrawals.len()), (1, 1));
    moved(home, anna, "third@example.se").await;
    assert!(is_left(home, "anna@example.se").await && is_left(home, "anna.berg@example.se").await);
}

async fn a_block_stays_with_the_address_that_it_is_about(home: &Home) {
    let (one, other) = ("anna@example.se", "anna.berg@example.se");
    let anna = known(home, one).await;
    let blocked = async |who: &str| -> Vec<Suppression> {
        let state = found(home, who).await.unwrap().state;
        state.suppressed.iter().map(|(why, _)| *why).collect()
    };
    let bounce = EventKind::Suppressed { why: Suppression::Bounce };
    home.store.record(vec![home.fact(one, bounce.clone())]).await.remove(0).unwrap();
    home.advance(Duration::from_secs(60)).await;
    moved(home, anna, other).await;
    assert_eq!((blocked(one).await, blocked(other).await), (vec![Suppression::Bounce], vec![]));
    home.advance(Duration::from_secs(60)).await;
    moved(home, anna, one).await;
    assert_eq!((blocked(one).await, blocked(other).await), (vec![Suppression::Bounce], vec![]));
    assert_eq!(found(home, one).await.unwrap().id, anna);
}

async fn what_somebody_typed_in_for_an_address_stands_under_no_other(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    moved(home, anna, "anna.berg@example.se").await;
    home.advance(Duration::from_secs(60)).await;
    let scopes = vec!["apparel".parse().unwrap()];
    let signup = EventKind::SignupRequested { scopes: scopes.clone(), by: SignedUpBy::Told };
    let typed = home.store.record(vec![home.fact("anna@example.se", signup)]).await.remove(0).unwrap();
    moved(home, anna, "anna@example.se").await;
    home.advance(Duration::from_secs(60)).await;
    // The link went to the old address, whose reader is back.
    let kind = EventKind::OptIn { ground: OptIn::DoubleOptIn, scopes };
    let pressed = NewFact {
        who: Who::Subscriber(typed.subscriber.id),
        confirms: Some(typed.event),
        ..home.fact("anna@example.se", kind)
    };
    let refused = home.store.record(vec![pressed]).await.remove(0).unwrap_err();
    assert!(matches!(refused, RecordError::NotAdmitted(NotAdmitted::NothingToConfirm)), "{refused}");
    let stood = home.store.subscriber(SENDER, typed.subscriber.id).await.unwrap().unwrap();
    assert_eq!(stood.found, Found::ByIdAlone, "its page says that it has ended");
    assert!(is_left(home, "anna.berg@example.se").await);
    let left = found(home, "anna.berg@example.se").await.unwrap();
    assert!(left.state.opt_ins.is_empty() && left.id != typed.subscriber.id);
}

async fn two_nodes_that_change_addresses_at_once_leave_one_person_each(home: &Home) {
    let other = home.another_node().await;
    let (anna, bo) = (known(home, "anna@example.se").await, known(home, "bo@example.se").await);
    for round in 0..10 {
        let new = format!("new{round}@example.se");
        let (here, there) =
            tokio::join!(home.store.change_address(to(anna, &new)), other.change_address(to(bo, &new)));
        let done = [&here, &there].iter().filter(|made| matches!(made, Ok(Changed::Done { .. }))).count();
        let refused = [&here, &there].iter().filter(|made| matches!(made, Err(NotChanged::Taken))).count();
        assert_eq!((done, refused), (1, 1), "{here:?} {there:?}");
    }
    other.close().await;
}

async fn an_erasure_reaches_the_address_that_was_left(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    moved(home, anna, "anna.berg@example.se").await;
    home.advance(Duration::from_secs(60)).await;
    assert!(home.store.erase(SENDER, anna, "page").await.unwrap());
    for who in ["anna@example.se", "anna.berg@example.se"] {
        assert!(found(home, who).await.unwrap().state.erased.is_some(), "{who}");
    }
    assert_eq!(
        home.count("SELECT count(*) FROM subscribers WHERE key IS NOT NULL OR address IS NOT NULL").await,
        0
    );
    // Who has signed up under the old address since keeps what is theirs.
    let bo = known(home, "bo@example.se").await;
    moved(home, bo, "bo.berg@example.se").await;
    home.advance(Duration::from_secs(60)).await;
    let anew = known(home, "bo@example.se").await;
    assert!(home.store.erase(SENDER, bo, "page").await.unwrap());
    assert_eq!(found(home, "bo@example.se").await.unwrap().id, anew);
    assert!(found(home, "bo@example.se").await.unwrap().state.erased.is_none());
}

async fn mail_to_the_address_before_is_listed_with_the_person_and_with_nobody_else(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    let before = home.spool_to(&["anna@example.se"]).await;
    home.sql("UPDATE deliveries SET subscriber = (SELECT id FROM subscribers LIMIT 1)").await;
    moved(home, anna, "anna.berg@example.se").await;
    let after = home.spool_to(&["anna.berg@example.se"]).await;
    home.advance(Duration::from_secs(60)).await;
    let bo = known(home, "anna@example.se").await;
    let mut of_bo = home.delivery("anna@example.se");
    of_bo.subscriber = Some(bo);
    let of_bo_id = of_bo.id;
    home.store.spool(vec![home.message(&[of_bo])]).await.unwrap();
    let listed = async |who| {
        let page = home.store.deliveries_to(SENDER, who, None, 10).await.unwrap();
        page.deliveries.iter().map(|own| own.delivery).collect::<Vec<_>>()
    };
    assert_eq!(listed(anna).await, [before.clone(), after.clone()].concat());
    assert_eq!(listed(bo).await, [of_bo_id]);
    for (most, expected) in [(10, [after.clone(), before].concat()), (1, after)] {
        let latest = home.store.latest_deliveries_to(SENDER, anna, most).await.unwrap();
        assert_eq!(latest.iter().map(|own| own.delivery).collect::<Vec<_>>(), expected, "the youngest first");
    }
}

/// A store that keeps its noes in a journal of its own.
async fn keeping(home: &Home, folder: &std::path::Path) -> Store {
    let journal = Arc::new(Journal::open(folder).unwrap());
    let options = StoreOptions { url: home.url.clone(), node: home.clock.id(), lease: LEASE };
    Store::open_keeping(&options, home.keys.clone(), home.clock.clone(), journal).await.unwrap()
}

/// The database as it was when these people were only known: what was recorded since is gone.
const AS_BEFORE: &str =
    "DELETE FROM consent_events WHERE recorded_at > (SELECT min(recorded_at) FROM consent_events);
    UPDATE journals SET position = 0;";

async fn i14_a_replay_knows_the_person_under_the_new_address(home: &Home) {
    let folder = tempfile::tempdir().unwrap();
    let store = keeping(home, folder.path()).await;
    let anna = known(home, "anna@example.se").await;
    home.advance(Duration::from_secs(60)).await;
    store.change_address(to(anna, "anna.berg@example.se")).await.unwrap();
    home.advance(Duration::from_secs(60)).await;
    let no = NewFact { who: Who::Subscriber(anna), ..home.fact("x@example.se", withdrawal()) };
    store.record(vec![no]).await.remove(0).unwrap();
    // The backup from before: one row, under the old address.
    let left = found(home, "anna@example.se").await.unwrap().id;
    home.sql(AS_BEFORE).await;
    let hash = home.keys.lookup_hash(&address("anna@example.se"));
    let hash = data_encoding::HEXLOWER.encode(&hash.0);
    let blob = if home.is_postgres() { format!("'\\x{hash}'") } else { format!("X'{hash}'") };
    home.sql(&format!(
        "DELETE FROM subscribers WHERE version = 1 AND key IS NULL;
         UPDATE subscribers SET version = 1, lookup_hash = {blob}"
    ))
    .await;
    assert_eq!(found(home, "anna@example.se").await.unwrap().id, anna);
    for _ in 0..2 {
        assert_eq!(store.compare_journal(Compared::Later).await.unwrap(), Standing::Behind);
        store.replay(Pass::Erasures).await.unwrap();
        store.replay(Pass::All).await.unwrap();
        assert_eq!(store.compare_journal(Compared::Later).await.unwrap(), Standing::InStep);
        let now = found(home, "anna.berg@example.se").await.unwrap();
        assert_eq!((now.id, now.version, now.state.withdrawals.len()), (anna, 3, 1));
        assert_eq!(
            (found(home, "anna@example.se").await.unwrap().id, is_left(home, "anna@example.se").await),
            (left, true)
        );
        home.sql("UPDATE journals SET position = 0").await;
    }
    // The address is not in the journal; the next fact that names it brings it, under the same key.
    assert_eq!(home.store.subscriber(SENDER, anna).await.unwrap().unwrap().address, None);
    home.store.record(vec![home.fact("anna.berg@example.se", opt_in())]).await.remove(0).unwrap();
    let record = home.store.subscriber(SENDER, anna).await.unwrap().unwrap();
    assert_eq!(record.address, Some(address("anna.berg@example.se")));
    let history = home.store.history(SENDER, anna).await.unwrap();
    assert_eq!(history[0].1.as_ref().unwrap()["ip"], "203.0.113.77");
    store.close().await;
}

const BACK_UP: &str = "CREATE TABLE before_people AS SELECT * FROM subscribers;
    CREATE TABLE before_events AS SELECT * FROM consent_events;";
const RESTORE: &str = "DELETE FROM consent_events; DELETE FROM subscribers;
    INSERT INTO subscribers SELECT * FROM before_people;
    INSERT INTO consent_events SELECT * FROM before_events;
    UPDATE journals SET position = 0;";

async fn i14_a_replay_follows_who_went_back_and_who_was_erased_since(home: &Home) {
    let folder = tempfile::tempdir().unwrap();
    let store = keeping(home, folder.path()).await;
    let (anna, bo) = (known(home, "anna@example.se").await, known(home, "bo@example.se").await);
    home.sql(BACK_UP).await;
    for (who, new) in [(anna, "anna.berg@example.se"), (anna, "anna@example.se"), (bo, "bo.berg@example.se")]
    {
        home.advance(Duration::from_secs(60)).await;
        store.change_address(to(who, new)).await.unwrap();
    }
    assert!(store.erase(SENDER, bo, "page").await.unwrap());
    home.sql(RESTORE).await;
    store.replay(Pass::Erasures).await.unwrap();
    assert_eq!(
        home.count("SELECT count(*) FROM subscribers WHERE key IS NOT NULL AND erased_at IS NOT NULL").await,
        0
    );
    assert!(found(home, "bo.berg@example.se").await.unwrap().state.erased.is_some());
    assert!(found(home, "bo@example.se").await.unwrap().state.erased.is_some());
    store.replay(Pass::All).await.unwrap();
    assert_eq!(store.compare_journal(Compared::Later).await.unwrap(), Standing::InStep);
    let back = found(home, "anna@example.se").await.unwrap();
    assert_eq!((back.id, back.state.withdrawals.len(), back.state.opt_ins.len()), (anna, 0, 1));
    assert!(is_left(home, "anna.berg@example.se").await);
    store.close().await;
}

async fn i14_a_replay_brings_nobody_back_to_an_address_that_another_nodes_journal_has_them_leave(
    home: &Home,
) {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (one, two) = (keeping(home, folders[0].path()).await, keeping(home, folders[1].path()).await);
    let (anna, bo) = (known(home, "anna@example.se").await, known(home, "bo@example.se").await);
    home.sql(BACK_UP).await;
    for (store, who, new) in [
        (&one, anna, "anna.berg@example.se"),
        (&two, anna, "anna@example.se"),
        (&one, bo, "bo.berg@example.se"),
        (&two, bo, "third@example.se"),
    ] {
        home.advance(Duration::from_secs(60)).await;
        store.change_address(to(who, new)).await.unwrap();
    }
    home.sql(RESTORE).await;
    for store in [&two, &one] {
        store.replay(Pass::Erasures).await.unwrap();
        store.replay(Pass::All).await.unwrap();
        assert_eq!(found(home, "anna@example.se").await.unwrap().id, anna);
        assert_eq!(found(home, "third@example.se").await.unwrap().id, bo);
    }
    let changes = "SELECT count(*) FROM consent_events WHERE kind = 'address_changed'";
    assert_eq!(home.count(changes).await, 4, "what was is told nevertheless");
    assert!(found(home, "anna@example.se").await.unwrap().state.withdrawals.is_empty());
    for left in ["anna.berg@example.se", "bo@example.se", "bo.berg@example.se"] {
        let there = found(home, left).await.unwrap();
        assert!(!there.state.withdrawals.is_empty() && there.state.opt_ins.is_empty(), "{left}");
    }
    one.close().await;
    two.close().await;
}

async fn i12_a_replay_leaves_tombstones_under_both_addresses_whichever_node_is_first(home: &Home) {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (one, two) = (keeping(home, folders[0].path()).await, keeping(home, folders[1].path()).await);
    // Several, so that their hashes stand in either order.
    let people: Vec<(String, String)> =
        (0..6).map(|n| (format!("n{n}@example.se"), format!("new{n}@example.se"))).collect();
    let mut ids = Vec::new();
    for (old, _) in &people {
        ids.push(known(home, old).await);
    }
    home.sql(BACK_UP).await;
    for (id, (_, new)) in ids.iter().zip(&people) {
        home.advance(Duration::from_secs(60)).await;
        one.change_address(to(*id, new)).await.unwrap();
        assert!(two.erase(SENDER, *id, "page").await.unwrap());
    }
    for order in [[&two, &one], [&one, &two]] {
        home.sql(RESTORE).await;
        for store in order {
            store.replay(Pass::Erasures).await.unwrap();
            store.replay(Pass::All).await.unwrap();
        }
        for who in people.iter().flat_map(|(old, new)| [old, new]) {
            assert!(found(home, who).await.is_some_and(|there| there.state.erased.is_some()), "{who}");
        }
        let living = "SELECT count(*) FROM subscribers WHERE erased_at IS NULL OR key IS NOT NULL";
        assert_eq!(home.count(living).await, 0);
    }
    one.close().await;
    two.close().await;
}

async fn what_was_claimed_under_both_addresses_keeps_nobody_from_going_back(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    home.spool_to(&["anna@example.se"]).await;
    let capped = Ask { counts_since: Some(Timestamp::UNIX_EPOCH), ..ask(home.lane_id().await, 64) };
    let first = home.store.claim(&capped).await.unwrap().claims[0].fence;
    home.store.settle(settle(first, Settlement::Later(home.in_seconds(0)))).await.unwrap();
    moved(home, anna, "anna.berg@example.se").await;
    assert_eq!(home.store.claim(&capped).await.unwrap().claims.len(), 1);
    assert_eq!(home.count("SELECT count(*) FROM mailings").await, 2);
    moved(home, anna, "anna@example.se").await;
    assert_eq!(home.count("SELECT count(*) FROM mailings").await, 1);
}

async fn what_was_sent_to_the_address_before_counts_under_the_cap_that_a_person_chose(home: &Home) {
    let anna = known(home, "anna@example.se").await;
    let weekly = EventKind::FrequencyChosen { at_most: Frequency::Weekly };
    assert!(home.store.record(vec![home.fact("anna@example.se", weekly)]).await[0].is_ok());
    let mut first = home.delivery("anna@example.se");
    first.subscriber = Some(anna);
    home.store.spool(vec![home.message(&[first])]).await.unwrap();
    let everything = ask(home.lane_id().await, 64);
    let claim = home.store.claim(&everything).await.unwrap().claims.remove(0);
    home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();
    moved(home, anna, "anna.berg@example.se").await;
    moved(home, anna, "third@example.se").await;
    // What somebody else gets there since counts for them alone.
    let bo = known(home, "anna@example.se").await;
    let mut theirs = home.delivery("anna@example.se");
    theirs.subscriber = Some(bo);
    home.store.spool(vec![home.message(&[theirs])]).await.unwrap();
    let claim = home.store.claim(&everything).await.unwrap().claims.remove(0);
    home.store.settle(settle(claim.fence, Settlement::End(Outcome::Relayed))).await.unwrap();

    let own = [Some(Timestamp::UNIX_EPOCH)];
    let asked = home.store.earlier(SENDER, &[address("third@example.se")], None, &own).await.unwrap();
    assert_eq!(asked[0].len(), 1);
    home.spool_to(&["third@example.se"]).await;
    for caps_since in [None, Some(Timestamp::UNIX_EPOCH)] {
        let everything = Ask { counts_since: caps_since, ..everything.clone() };
        let claim = home.store.claim(&everything).await.unwrap().claims.remove(0);
        assert_eq!(claim.earlier.len(), 1, "{caps_since:?}");
        home.store.settle(settle(claim.fence, Settlement::Later(home.in_seconds(0)))).await.unwrap();
    }
}
