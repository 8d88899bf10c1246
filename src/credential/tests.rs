//! The verifier over a store of its own, at a time that the tests drive.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::keys::Keys;
use crate::store::StoreOptions;

struct Office {
    clock: Clock,
    store: Store,
    verifier: Verifier,
    _folder: tempfile::TempDir,
}

impl Office {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::driven(Timestamp::from_second(1_800_000_000).unwrap());
        let options = StoreOptions {
            url: format!("sqlite://{}/optgate.db", folder.path().display()),
            node: Uuid::from_u128(1),
            lease: Duration::from_secs(60),
        };
        let store = Store::open(&options, Arc::new(Keys::generate()), clock.clone()).await.unwrap();
        store.migrate().await.unwrap();
        store.bind_keys().await.unwrap();
        let verifier = Verifier::new(store.clone(), clock.clone());
        Self { clock, store, verifier, _folder: folder }
    }

    async fn make(&self, name: &str, role: Role) -> NewCredential {
        let made = make(&self.clock, "shop", name, role, vec![Stream::Marketing]).await;
        self.store.add_credential(&made.credential).await.unwrap();
        made
    }
}

fn is_wrong<T>(result: Result<T, NotVerified>) -> bool {
    matches!(result, Err(NotVerified::Wrong))
}

#[tokio::test]
async fn only_the_right_name_secret_and_role_get_in() {
    let office = Office::open().await;
    let verifier = &office.verifier;
    let tool = office.make("tool", Role::Smtp).await;
    let api = office.make("api", Role::Api).await;
    assert_eq!(verifier.login("shop/tool", &tool.secret).await.unwrap().id, tool.credential.id);
    assert_eq!(verifier.key(&api.secret).await.unwrap().id, api.credential.id);
    assert_eq!(verifier.trusted("shop/tool").await.unwrap().id, tool.credential.id);
    assert!(is_wrong(verifier.login("shop/tool", &api.secret).await));
    assert!(is_wrong(verifier.login("shop/api", &api.secret).await));
    assert!(is_wrong(verifier.login("shop/tool\0", &tool.secret).await));
    assert!(is_wrong(verifier.login("tool", &tool.secret).await));
    // What a key opens is for the API to say: it tells an SMTP credential that it opens nothing there.
    assert_eq!(verifier.key(&tool.secret).await.unwrap().role, Role::Smtp);
    assert!(is_wrong(verifier.key(&"no key".into()).await));
    assert!(is_wrong(verifier.trusted("shop/api").await));
}

#[tokio::test]
async fn a_revocation_is_in_force_within_five_seconds_for_remembered_secrets_too() {
    let office = Office::open().await;
    let old = office.make("tool", Role::Smtp).await;
    office.verifier.login("shop/tool", &old.secret).await.unwrap();
    assert!(office.store.revoke_credential("shop", "tool").await.unwrap());
    office.clock.advance(Duration::from_secs(5));
    assert!(!office.verifier.still_in_force(old.credential.id).await.unwrap());
    assert!(is_wrong(office.verifier.login("shop/tool", &old.secret).await));
    assert!(is_wrong(office.verifier.trusted("shop/tool").await));
    let new = office.make("tool", Role::Smtp).await;
    assert!(is_wrong(office.verifier.login("shop/tool", &old.secret).await));
    let found = office.verifier.login("shop/tool", &new.secret).await.unwrap();
    assert_eq!(found.id, new.credential.id);
    assert!(office.verifier.still_in_force(found.id).await.unwrap());
}
