//! What the journal costs a no. Not a rule: it prints figures for docs/performance.md.
//!
//!     tests/run --test store -- --ignored --nocapture --test-threads=1 noes_a_second

use std::sync::Arc;
use std::time::Instant;

use optgate::journal::Journal;
use optgate::store::{Store, StoreOptions};

use super::support::{Home, LEASE, withdrawal};

/// Noes by so many callers at once, each of so many people.
const NOES: [(usize, usize); 2] = [(1, 200), (64, 50)];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn noes_a_second() {
    for home in [Some(Home::sqlite().await), Home::postgres().await].into_iter().flatten() {
        let folder = tempfile::tempdir().unwrap();
        let options = StoreOptions { url: home.url.clone(), node: home.clock.id(), lease: LEASE };
        let journal = Arc::new(Journal::open(folder.path()).unwrap());
        let keeping = Store::open_keeping(&options, home.keys.clone(), home.clock.clone(), journal);
        let keeping = keeping.await.unwrap();
        for (round, (callers, each)) in NOES.into_iter().enumerate() {
            for (name, store) in [("without", &home.store), ("with", &keeping)] {
                let began = Instant::now();
                say(&home, store, &format!("{name}{round}"), callers, each).await;
                let pace = (callers * each) as f64 / began.elapsed().as_secs_f64();
                let database = if home.is_postgres() { "PostgreSQL" } else { "SQLite" };
                println!("{database}, {callers} callers, {name} journal: {pace:.0} noes/s");
            }
        }
        keeping.close().await;
        home.tidy().await;
    }
}

async fn say(home: &Home, store: &Store, name: &str, callers: usize, each: usize) {
    let mut all = tokio::task::JoinSet::new();
    for caller in 0..callers {
        let facts: Vec<_> = (0..each)
            .map(|number| home.fact(&format!("{name}c{caller}n{number}@example.se"), withdrawal()))
            .collect();
        let store = store.clone();
        all.spawn(async move {
            for fact in facts {
                store.record(vec![fact]).await.pop().unwrap().unwrap();
            }
        });
    }
    all.join_all().await;
}
