//! Schema, keys and credentials.

use std::sync::Arc;

use optgate::keys::{Keys, LinkKeyState};
use optgate::policy::Stream;
use optgate::store::{Credential, Role, Store, StoreError, StoreOptions};

use crate::support::*;

rules! {
    migrations_can_be_run_again_and_by_two_at_once,
    a_node_with_other_keys_is_refused,
    link_keys_rotate_and_the_old_ones_stay,
    the_only_active_link_key_stays_active,
    a_credential_is_in_force_until_it_is_revoked,
    a_ready_store_answers_and_a_closed_one_does_not,
}

async fn migrations_can_be_run_again_and_by_two_at_once(home: &Home) {
    assert_eq!(home.store.migrate().await.unwrap(), (1, 1));
    home.store.check_schema().await.unwrap();
    if home.is_postgres() {
        home.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
    } else {
        for table in ["consent_events", "subscribers", "meta", "credentials", "link_keys", "spool_keys"]
            .into_iter()
            .chain(["message_facts", "messages", "contents", "lanes", "deliveries", "rulings", "verdicts"])
            .chain(["limits", "submissions", "answers", "feed", "journals", "schema_version"])
            .chain([
                "policy_sets",
                "policy_files",
                "feed_passed",
                "clock_seen",
                "mailings",
                "returns",
                "incidents",
                "tallies",
                "resumed",
                "webhook_tokens",
                "confirmations",
            ])
            .chain(["campaigns", "campaign_hosts", "requests", "letters", "throttles", "pauses", "warm_ups"])
        {
            home.sql(&format!("DROP TABLE {table}")).await;
        }
    }
    let missing = home.store.check_schema().await;
    assert!(matches!(missing, Err(StoreError::Schema { found: 0, needed: 1 })));
    let other = home.another_node().await;
    let (one, two) = tokio::join!(home.store.migrate(), other.migrate());
    let mut from = [one.unwrap(), two.unwrap()];
    from.sort();
    assert_eq!(from, [(0, 1), (1, 1)]);
    home.store.check_schema().await.unwrap();
    other.close().await;
}

async fn a_node_with_other_keys_is_refused(home: &Home) {
    home.store.bind_keys().await.unwrap();
    let options = StoreOptions { url: home.url.clone(), node: home.clock.id(), lease: LEASE };
    let stranger = Store::open(&options, Arc::new(Keys::generate()), home.clock.clone()).await.unwrap();
    assert!(matches!(stranger.bind_keys().await, Err(StoreError::OtherKeys("seal"))));
    stranger.close().await;
    home.another_node().await.bind_keys().await.unwrap();
}

async fn link_keys_rotate_and_the_old_ones_stay(home: &Home) {
    let old = home.store.link_keys().await.unwrap();
    let mac = old.signing().key.mac(b"token");
    assert_eq!(old.signing().id, 1);
    assert_eq!(home.store.rotate_link_keys().await.unwrap(), 2);
    let new = home.another_node().await.link_keys().await.unwrap();
    assert_eq!(new.signing().id, 2);
    assert_ne!(new.signing().key.mac(b"token"), mac);
    assert_eq!(new.by_id(1).unwrap().state, LinkKeyState::Valid);
    assert_eq!(new.by_id(1).unwrap().key.mac(b"token"), mac);
    assert!(home.store.set_link_key_state(1, LinkKeyState::Retired).await.unwrap());
    let listed = home.store.list_link_keys().await.unwrap();
    let states: Vec<_> = listed.iter().map(|key| (key.id, key.state)).collect();
    assert_eq!(states, [(1, LinkKeyState::Retired), (2, LinkKeyState::Active)]);
}

async fn the_only_active_link_key_stays_active(home: &Home) {
    assert!(!home.store.set_link_key_state(1, LinkKeyState::Revoked).await.unwrap());
    assert!(!home.store.set_link_key_state(7, LinkKeyState::Revoked).await.unwrap());
    assert_eq!(home.store.link_keys().await.unwrap().signing().id, 1);
}

async fn a_credential_is_in_force_until_it_is_revoked(home: &Home) {
    let credential = |name: &str| Credential {
        id: home.clock.id(),
        sender: SENDER.into(),
        name: name.into(),
        role: Role::Smtp,
        streams: vec![Stream::Marketing, Stream::Functional],
        secret_hash: "$argon2id$v=19$…".into(),
        created_at: home.clock.now(),
        revoked_at: None,
    };
    let first = credential("mautic");
    home.store.add_credential(&first).await.unwrap();
    assert!(matches!(home.store.add_credential(&credential("mautic")).await, Err(StoreError::Exists)));
    let found = home.store.credential(SENDER, "mautic").await.unwrap().unwrap();
    assert_eq!((found.id, found.role, &found.streams), (first.id, Role::Smtp, &first.streams));
    assert_eq!(found.created_at, first.created_at);
    assert!(home.store.credential("other-shop", "mautic").await.unwrap().is_none());
    assert!(home.store.revoke_credential(SENDER, "mautic").await.unwrap());
    assert!(!home.store.revoke_credential(SENDER, "mautic").await.unwrap());
    assert!(home.store.credential(SENDER, "mautic").await.unwrap().is_none());
    let revoked = home.store.credential_by_id(first.id).await.unwrap().unwrap();
    assert!(revoked.revoked_at.is_some());
    home.store.add_credential(&credential("mautic")).await.unwrap();
    assert_eq!(home.store.credentials().await.unwrap().len(), 2);
}

async fn a_ready_store_answers_and_a_closed_one_does_not(home: &Home) {
    home.store.ping().await.unwrap();
    assert_eq!(home.store.now().await.unwrap(), home.clock.now());
    let other = home.another_node().await;
    other.close().await;
    assert!(matches!(other.ping().await, Err(StoreError::Unavailable(_))));
    let late = other.spool(vec![home.message(&[home.delivery("anna@example.se")])]).await;
    assert!(matches!(late, Err(StoreError::Unavailable(_))));
}
