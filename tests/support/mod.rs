//! What journeys share: a real gateway (the binary, or the same wiring in this process with a driven
//! clock), a scripted upstream, a tool that speaks SMTP, and a database of its own for each test.

pub mod database;
pub mod disk;
pub mod dns;
pub mod gateway;
mod listening;
pub mod mailbox;
pub mod proxy;
pub mod ran;
pub mod setup;
pub mod tool;
pub mod upstream;
pub mod verifiers;

pub use database::Database;
pub use gateway::Gateway;
pub use tool::Tool;
pub use upstream::Upstream;

use std::future::Future;
use std::time::Duration;

/// How long an event may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits, bounded by `PATIENCE`, until `probe` gives something.
pub async fn eventually<T, F>(what: &str, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Option<T>>,
{
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = probe().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "waited {PATIENCE:?} in vain: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// One rule as two tests: on SQLite and on PostgreSQL.
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($database:ident: Database) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$meta])*
            async fn rule($database: Database) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                rule($crate::support::Database::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(database) = $crate::support::Database::postgres().await {
                    rule(database).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both_databases;
