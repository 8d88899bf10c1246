//! Several nodes on one PostgreSQL.

use sqlx::Connection as _;

use crate::support::gateway::Setup;
use crate::support::tool::service_mail;
use crate::support::{Database, Upstream, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i9_another_node_takes_over_when_leases_run_out() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    upstream.close();
    let mut first = Setup::new(&database, &upstream).node("first").lease("5s").start().await;
    let recipients: Vec<String> = (0..20).map(|number| format!("r{number}@example.se")).collect();
    for recipient in &recipients {
        let reply = first.submit(&[recipient], &service_mail(recipient)).await;
        assert!(reply.starts_with("250"), "{reply}");
    }
    upstream.somebody_waits().await;
    eventually("the first node holds claims", || async {
        (database.count("SELECT count(*) FROM deliveries WHERE state = 'claimed'").await > 0).then_some(())
    })
    .await;
    first.kill();
    let mut second = Setup::new(&database, &upstream).node("second").lease("5s").keys_of(&first).prepare();
    second.start().await;
    upstream.open();
    for recipient in &recipients {
        upstream.first_for(recipient).await;
    }
    eventually("all are settled", || async {
        (database.count("SELECT count(*) FROM deliveries WHERE state = 'relayed'").await == 20).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_share_the_work_and_send_each_message_once() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    let first = Setup::new(&database, &upstream).node("first").start().await;
    let mut second = Setup::new(&database, &upstream).node("second").keys_of(&first).prepare();
    second.start().await;
    let mut tool = first.tool().await;
    for number in 0..100 {
        let recipient = format!("r{number}@example.se");
        let reply = tool.submit("b@shop.example", &[&recipient], &service_mail(&recipient)).await;
        assert!(reply.starts_with("250"), "{reply}");
    }
    eventually("all are settled", || async {
        (database.count("SELECT count(*) FROM deliveries WHERE state = 'relayed'").await == 100).then_some(())
    })
    .await;
    assert_eq!(upstream.captured().len(), 100);
}

/// For one provider; mail to the others has none.
const QUOTA: &str = r#"
[[limit]]
name = "narrow"
match = { provider = "example.se" }
rate = ["60/hour"]
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_nodes_stay_within_a_quota_together_though_one_is_killed() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    upstream.close();
    let node = |name| Setup::new(&database, &upstream).node(name).lease("5s").policy("shaping.toml", QUOTA);
    let mut first = node("first").start().await;
    let mut others = Vec::new();
    for name in ["second", "third", "fourth", "fifth"] {
        let mut other = node(name).keys_of(&first).prepare();
        other.start().await;
        others.push(other);
    }
    let mut tool = first.tool().await;
    for (domain, count) in [("example.se", 100), ("example.fi", 50)] {
        for number in 0..count {
            let to = format!("r{number}@{domain}");
            let reply = tool.submit("b@shop.example", &[&to], &service_mail(&to)).await;
            assert!(reply.starts_with("250"), "{reply}");
        }
    }
    eventually("several hold claims", || async {
        let nodes = "SELECT count(DISTINCT node) FROM deliveries WHERE state = 'claimed'";
        (database.count(nodes).await > 1).then_some(())
    })
    .await;
    first.kill();
    let lost = database.count("SELECT count(*) FROM deliveries WHERE state = 'claimed'").await;
    upstream.open();
    eventually("what has no limit has left, and no permit is free", || async {
        let free = "SELECT count(*) FROM deliveries d JOIN lanes l ON l.id = d.lane
                    WHERE l.provider = 'example.fi' AND d.state = 'relayed'";
        let drawn = "SELECT sum(split_part(bucket, ':', 2)::BIGINT)::BIGINT
                     FROM limits, regexp_split_to_table(buckets, ' ') bucket
                     WHERE counter = 'narrow' AND per = 'hour'";
        let in_hand = database.count("SELECT count(*) FROM deliveries WHERE state = 'claimed'").await;
        let (free, drawn) = (database.count(free).await, database.count(drawn).await);
        ((free, drawn, in_hand) == (50, 60, 0)).then_some(())
    })
    .await;
    let captured = upstream.captured();
    let narrow = captured.iter().filter(|copy| copy.recipient.ends_with("@example.se")).count();
    // What the dead had drawn and not used is lost: too few leave then, never too many.
    let least = usize::try_from(60 - lost.min(60)).unwrap();
    assert!((least..=60).contains(&narrow), "{narrow} left, where 60 may and {lost} may be lost");
    let people: std::collections::HashSet<&str> =
        captured.iter().map(|copy| copy.recipient.as_str()).collect();
    assert_eq!(people.len(), captured.len(), "each once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_with_other_keys_refuses_to_start() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    let _first = Setup::new(&database, &upstream).node("first").start().await;
    let mut second = Setup::new(&database, &upstream).node("second").prepare();
    let log = second.try_start().await.expect_err("it must not start");
    assert!(log.contains("keys"), "it says why: {log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_hangs_makes_no_other_unready() {
    let Some(database) = Database::postgres().await else { return };
    let upstream = Upstream::start().await;
    let mut first = Setup::new(&database, &upstream).node("first").start().await;
    assert_eq!(first.ask(None, "GET", "/readyz", None).await.0, 200);
    first.terminate().await;
    // What it would hold if it had been stopped in the middle of asking.
    let mut held = sqlx::PgConnection::connect(&database.url).await.unwrap();
    let hold = "BEGIN; SELECT value FROM meta WHERE name LIKE 'ping%' FOR UPDATE";
    sqlx::raw_sql(hold).execute(&mut held).await.unwrap();
    let mut second = Setup::new(&database, &upstream).node("second").keys_of(&first).prepare();
    second.start().await;
    let (status, told) = second.ask(None, "GET", "/readyz", None).await;
    assert_eq!(status, 200, "{told}");
}
