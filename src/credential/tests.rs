//! The verifier over a store of its own, at a time that the tests drive.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::keys::Keys;
use crate::store::StoreOptions;

const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

/// Nobody has to wait here.
const SWIFT: Patience = Patience {
    failures: 10,
    window: Duration::from_secs(900),
    slowest: Duration::from_millis(16),
    log_peer: LogPeer::Address,
};

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
        let verifier = Verifier::new(store.clone(), clock.clone(), SWIFT);
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
    assert_eq!(verifier.login(HOME, "shop/tool", &tool.secret).await.unwrap().id, tool.credential.id);
    assert_eq!(verifier.key(HOME, &api.secret).await.unwrap().id, api.credential.id);
    assert_eq!(verifier.trusted("shop/tool").await.unwrap().id, tool.credential.id);
    assert!(is_wrong(verifier.login(HOME, "shop/tool", &api.secret).await));
    assert!(is_wrong(verifier.login(HOME, "shop/api", &api.secret).await));
    assert!(is_wrong(verifier.login(HOME, "shop/tool\0", &tool.secret).await));
    assert!(is_wrong(verifier.login(HOME, "tool", &tool.secret).await));
    // What a key opens is for the API to say: it tells an SMTP credential that it opens nothing there.
    assert_eq!(verifier.key(HOME, &tool.secret).await.unwrap().role, Role::Smtp);
    assert!(is_wrong(verifier.key(HOME, &"no key".into()).await));
    assert!(is_wrong(verifier.trusted("shop/api").await));
}

#[tokio::test]
async fn a_revocation_is_in_force_within_five_seconds_for_remembered_secrets_too() {
    let office = Office::open().await;
    let old = office.make("tool", Role::Smtp).await;
    office.verifier.login(HOME, "shop/tool", &old.secret).await.unwrap();
    assert!(office.store.revoke_credential("shop", "tool").await.unwrap());
    office.clock.advance(Duration::from_secs(5));
    assert!(!office.verifier.still_in_force(old.credential.id).await.unwrap());
    assert!(is_wrong(office.verifier.login(HOME, "shop/tool", &old.secret).await));
    assert!(is_wrong(office.verifier.trusted("shop/tool").await));
    let new = office.make("tool", Role::Smtp).await;
    assert!(is_wrong(office.verifier.login(HOME, "shop/tool", &old.secret).await));
    let found = office.verifier.login(HOME, "shop/tool", &new.secret).await.unwrap();
    assert_eq!(found.id, new.credential.id);
    assert!(office.verifier.still_in_force(found.id).await.unwrap());
}

#[tokio::test]
async fn guessers_are_refused_and_whom_the_credential_belongs_to_gets_in() {
    let office = Office::open().await;
    let patience = Patience { failures: 4, ..SWIFT };
    let verifier = Verifier::new(office.store.clone(), office.clock.clone(), patience);
    let tool = office.make("tool", Role::Smtp).await;
    for name in ["shop/tool", "shop/nobody", "nonsense", "shop/tool"] {
        assert!(is_wrong(verifier.login(HOME, name, &"guess".into()).await), "{name}");
    }
    let refused = verifier.login(HOME, "shop/tool", &tool.secret).await;
    assert!(
        matches!(refused, Err(NotVerified::Refused { .. })),
        "the right password, after all the wrong ones"
    );
    let refused = verifier.key(HOME, &tool.secret).await;
    assert!(matches!(refused, Err(NotVerified::Refused { .. })), "over all doors");
    let elsewhere = "198.51.100.7".parse().unwrap();
    assert!(verifier.login(elsewhere, "shop/tool", &tool.secret).await.is_ok());
    office.clock.advance(patience.window * 2);
    assert!(verifier.login(HOME, "shop/tool", &tool.secret).await.is_ok());
}

#[tokio::test]
async fn what_is_no_key_at_all_counts_like_a_wrong_one_and_a_key_that_was_right_goes_on() {
    let office = Office::open().await;
    let verifier = &office.verifier;
    let api = office.make("api", Role::Api).await;
    assert!(verifier.key(HOME, &api.secret).await.is_ok());
    for number in 0..10 {
        assert!(is_wrong(verifier.key(HOME, &format!("guess {number}").into()).await));
    }
    let refused = verifier.key(HOME, &"one more".into()).await;
    assert!(matches!(refused, Err(NotVerified::Refused { .. })), "{refused:?}");
    let refused = verifier.login(HOME, "shop/tool", &"guess".into()).await;
    assert!(matches!(refused, Err(NotVerified::Refused { .. })), "{refused:?}");
    assert!(verifier.key(HOME, &api.secret).await.is_ok());
}
