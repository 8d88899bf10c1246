//! The store's conformance suite: every rule holds on SQLite and on PostgreSQL alike. A rule is a function; the
//! macro makes one test of it for each database. `OPTGATE_TEST_POSTGRES` names a cluster (a URL of its
//! maintenance database, a superuser); without it PostgreSQL is left out, but for CI, where that is a failure.

#[path = "store/support.rs"]
mod support;

/// Makes `sqlite::…` and `postgres::…` of each rule.
macro_rules! rules {
    ($($rule:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let home = $crate::support::Home::sqlite().await;
                super::$rule(&home).await;
                home.tidy().await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $rule() {
                let Some(home) = $crate::support::Home::postgres().await else { return };
                super::$rule(&home).await;
                home.tidy().await;
            })*
        }
    };
}

#[path = "store/address.rs"]
mod address;
#[path = "store/campaigns.rs"]
mod campaigns;
#[path = "store/clock.rs"]
mod clock;
#[path = "store/confirmations.rs"]
mod confirmations;
#[path = "store/consent.rs"]
mod consent;
#[path = "store/decisions.rs"]
mod decisions;
#[path = "store/erasure.rs"]
mod erasure;
#[path = "store/feed.rs"]
mod feed;
#[path = "store/import.rs"]
mod import;
#[path = "store/keys.rs"]
mod keys;
#[path = "store/limits.rs"]
mod limits;
#[path = "store/mailings.rs"]
mod mailings;
#[path = "store/noes.rs"]
mod noes;
#[path = "store/once.rs"]
mod once;
#[path = "store/page.rs"]
mod page;
#[path = "store/policy_sets.rs"]
mod policy_sets;
#[path = "store/queue.rs"]
mod queue;
#[path = "store/requests.rs"]
mod requests;
#[path = "store/retention.rs"]
mod retention;
#[path = "store/returns.rs"]
mod returns;
#[path = "store/simulation.rs"]
mod simulation;
#[path = "store/submission.rs"]
mod submission;
#[path = "store/throttles.rs"]
mod throttles;
#[path = "store/webhooks.rs"]
mod webhooks;
#[path = "store/writer.rs"]
mod writer;
#[path = "store/warm_ups.rs"]
mod warm_ups;
