//! A long queue behind a throttled lane: it keeps nobody else waiting, and a start doesn't read it.
//!
//! `OPTGATE_LONG_QUEUE=1000000 tests/run --test journeys -- --ignored --nocapture long_queue` measures a million.

use std::time::Instant;

use crate::support::database::Kind;
use crate::support::gateway::{Setup, message_id};
use crate::support::tool::service_mail;
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

/// Of the throttled provider nothing leaves.
const SHAPING: &str =
    "[[limit]]\nname = \"slow\"\nmatch = { provider = \"slow.example\" }\nrate = [\"1/day\"]\n";

/// As many due rows in the throttled lane as `count` says: copies of one that is there, under ids of their own.
async fn fill(database: &Database, count: u64) {
    let id = match database.kind {
        Kind::Sqlite => "randomblob(16)",
        Kind::Postgres => "decode(md5(random()::text || n.i::text), 'hex')",
    };
    let numbers = match database.kind {
        Kind::Sqlite => {
            format!("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})")
        }
        Kind::Postgres => format!("WITH n(i) AS (SELECT generate_series(1, {count}))"),
    };
    let columns = "message, sender, lane, subscriber, lookup_hash, recipient, spool_day, size, spooled_at, state, \
                   next_attempt_at, deadline, attempts, fence";
    database
        .tamper(&format!(
            "{numbers} INSERT INTO deliveries (id, {columns}) SELECT {id}, {columns} FROM n CROSS JOIN
             (SELECT {columns} FROM deliveries WHERE state = 'queued' LIMIT 1) AS one"
        ))
        .await;
}

/// A gateway with a long queue that was there before it started, and how long the start took in seconds.
async fn with_long_queue(database: &Database, upstream: &Upstream, count: u64) -> (Gateway, f64) {
    let mut gateway = Setup::new(database, upstream).policy("shaping.toml", SHAPING).start().await;
    // One takes the day's permit, the other waits.
    for to in ["first@slow.example", "second@slow.example"] {
        let reply = gateway.submit(&[to], &service_mail(to)).await;
        assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
        if to.starts_with("first") {
            upstream.first_for(to).await;
        }
    }
    gateway.terminate().await;
    fill(database, count).await;
    let began = Instant::now();
    gateway.start().await;
    (gateway, began.elapsed().as_secs_f64())
}

async fn send(gateway: &Gateway, to: &str) -> f64 {
    let began = Instant::now();
    let reply = gateway.submit(&[to], &service_mail(to)).await;
    gateway.until(&message_id(&reply), "relayed").await;
    began.elapsed().as_secs_f64()
}

/// Rows of the queue that the database has looked at so far, by whatever way.
async fn looked_at(database: &Database) -> i64 {
    database
        .count(
            "SELECT (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE relname = 'deliveries')::bigint
             + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes
                WHERE indexrelname IN ('deliveries_due', 'deliveries_by_deadline', 'deliveries_claimed'))::bigint",
        )
        .await
}

async fn waiting(database: &Database) -> i64 {
    database.count("SELECT count(*) FROM deliveries WHERE state = 'queued'").await
}

const MODERATE: u64 = 50_000;

on_both_databases! {
    async fn a_long_throttled_lane_keeps_no_other_from_leaving(database: Database) {
        let upstream = Upstream::start().await;
        let (gateway, _) = with_long_queue(&database, &upstream, MODERATE).await;
        let before = match database.kind {
            Kind::Postgres => looked_at(&database).await,
            Kind::Sqlite => 0,
        };
        for number in 0..10 {
            send(&gateway, &format!("r{number}@quick{number}.example")).await;
        }
        assert_eq!(upstream.captured().len(), 11);
        if database.kind == Kind::Postgres {
            // PostgreSQL counts with a delay; what it says when it has counted our ten is enough.
            let work = eventually("the work is counted", || async {
                let work = looked_at(&database).await - before;
                (work >= 10).then_some(work)
            }).await;
            assert!(work < 5_000, "{work} rows were looked at for ten messages");
        }
        assert_eq!(waiting(&database).await, i64::try_from(MODERATE).unwrap() + 1, "none of the others left");
    }
}

async fn measure(database: Database) {
    let count = std::env::var("OPTGATE_LONG_QUEUE").ok().and_then(|count| count.parse().ok());
    let count = count.unwrap_or(1_000_000);
    let upstream = Upstream::start().await;
    let (gateway, start) = with_long_queue(&database, &upstream, count).await;
    let mut took = Vec::new();
    for number in 0..20 {
        took.push(send(&gateway, &format!("r{number}@quick{number}.example")).await);
    }
    took.sort_by(f64::total_cmp);
    let (median, longest) = (took[took.len() / 2], took[took.len() - 1]);
    eprintln!(
        "{:?}, {count} due: start {start:.2} s; another lane's mail, from its submission to its outcome: \
         median {median:.3} s, longest {longest:.3} s",
        database.kind
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures: minutes of work"]
async fn a_million_on_sqlite() {
    measure(Database::sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures: minutes of work"]
async fn a_million_on_postgres() {
    measure(Database::postgres().await.expect("a cluster")).await;
}
