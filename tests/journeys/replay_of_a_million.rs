//! What a replay of a million decisions costs. Not a rule: it prints figures for docs/performance.md.
//!
//!     tests/run --release --test journeys -- --ignored --nocapture --test-threads=1 a_million

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::database::Kind;
use crate::support::gateway::Setup;
use crate::support::tool::newsletter;
use crate::support::{Database, Gateway, Upstream};

const ANNA: &str = "anna@example.se";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures"]
async fn a_million() {
    for database in [Some(Database::sqlite()), Database::postgres().await].into_iter().flatten() {
        let number: u64 = std::env::var("OPTGATE_DECISIONS").map_or(1_000_000, |text| text.parse().unwrap());
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        gateway.opt_in(ANNA, &["apparel"]).await;
        let reply = gateway.submit(&[ANNA], &newsletter(ANNA, "apparel")).await;
        assert!(reply.starts_with("250"), "{reply}");
        gateway.terminate().await;
        let began = Instant::now();
        multiply(&database, number).await;
        println!("{:?}: {number} decisions made in {:.0?}", database.kind, began.elapsed());
        gateway.start().await;
        let (other, spaced) = (gateway.data_dir.join("other"), gateway.data_dir.join("spaced"));
        other_policies(&gateway, &other, |text| text.replace("\"double_opt_in\", ", ""));
        other_policies(&gateway, &spaced, |text| match text.contains("id = \"demo-shop\"") {
            true => format!("{text}\n{SPACED}"),
            false => text.to_owned(),
        });
        for folder in [gateway.data_dir.join("policies"), other, spaced] {
            let (took, most, told) = replay(&gateway, &folder.display().to_string());
            println!(
                "{:?}: {} decisions in {took:.1?} ({:.0}/s), {} unchanged, {} lose mail, {} wait, {most} KiB at most",
                database.kind,
                told["messages"],
                told["messages"].as_f64().unwrap() / took.as_secs_f64(),
                told["unchanged"],
                told["lose"]["people"],
                told["wait"]["people"],
            );
        }
    }
}

/// Caps and quiet hours that were not there.
const SPACED: &str = "[caps]\nmarketing = [\"1/day\", \"3/week\"]\n[quiet_hours]\nmarketing = { from = \"21:00\", to = \"08:00\" }\n";

/// The gateway's policies, changed: nobody's confirmed yes counts in Sweden any more, say.
fn other_policies(gateway: &Gateway, other: &std::path::Path, change: impl Fn(&str) -> String) {
    let own = gateway.data_dir.join("policies");
    for place in ["senders", "jurisdictions"] {
        std::fs::create_dir_all(other.join(place)).unwrap();
        for entry in std::fs::read_dir(own.join(place)).unwrap().map(Result::unwrap) {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            std::fs::write(other.join(place).join(entry.file_name()), change(&text)).unwrap();
        }
    }
}

/// The one decision that there is, made for so many other people; of one in twenty more is known since.
async fn multiply(database: &Database, number: u64) {
    let millis = optgate::clock::Clock::system().now().as_millisecond() - 3_600_000;
    let (series, id, hash) = match database.kind {
        Kind::Sqlite => (
            format!(
                "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {number}) SELECT n FROM s) s"
            ),
            format!("unhex(printf('%012x7%03x8%015x', {millis} + s.n / 1000, KIND, s.n))"),
            "unhex(printf('%016x%048x', s.n, 0))".to_owned(),
        ),
        Kind::Postgres => (
            format!("generate_series(1, {number}) AS s(n)"),
            format!(
                "decode(lpad(to_hex({millis} + s.n / 1000), 12, '0') || '7' || lpad(to_hex(KIND), 3, '0')
                 || '8' || lpad(to_hex(s.n), 15, '0'), 'hex')"
            ),
            "decode(lpad(to_hex(s.n), 16, '0') || repeat('0', 48), 'hex')".to_owned(),
        ),
    };
    // Nobody follows them.
    let followed = if database.kind == Kind::Sqlite { "feed" } else { "unsequenced" };
    let id = |kind: u32| id.replace("KIND", &kind.to_string());
    let (person, delivery) = (id(1), id(2));
    let then = "CASE WHEN s.n % 20 = 0 THEN 2 ELSE 1 END";
    for statement in [
        format!(
            "INSERT INTO subscribers (id, sender, lookup_hash, version, state, key, address, created_at)
             SELECT {person}, t.sender, {hash}, {then}, t.state, t.key, t.address, t.created_at
             FROM (SELECT * FROM subscribers LIMIT 1) t CROSS JOIN {series}"
        ),
        format!(
            "INSERT INTO consent_events (id, sender, subscriber, version, kind, body, occurred_at, recorded_at)
             SELECT {}, t.sender, {person}, 1, t.kind, t.body, t.occurred_at, t.recorded_at
             FROM (SELECT * FROM consent_events LIMIT 1) t CROSS JOIN {series} WHERE s.n % 20 = 0",
            id(3)
        ),
        format!(
            "INSERT INTO verdicts (delivery, round, sender, subscriber, version, verdict, reason, ground,
                                   ground_event, policy, ruling, decided_at)
             SELECT {delivery}, 0, t.sender, {person}, 1, t.verdict, t.reason, t.ground, t.ground_event, t.policy,
                 t.ruling, t.decided_at
             FROM (SELECT * FROM verdicts WHERE round = 0 LIMIT 1) t CROSS JOIN {series}"
        ),
        format!(
            "INSERT INTO deliveries (id, message, sender, lane, subscriber, lookup_hash, spool_day, size, spooled_at,
                                     state, next_attempt_at, deadline, attempts, fence, ended_at)
             SELECT {delivery}, t.message, t.sender, t.lane, {person}, {hash}, t.spool_day, t.size, t.spooled_at,
                 'relayed', t.next_attempt_at, t.deadline, 1, 1, t.spooled_at
             FROM (SELECT * FROM deliveries LIMIT 1) t CROSS JOIN {series}"
        ),
        format!("DELETE FROM {followed}"),
    ] {
        database.tamper(&statement).await;
    }
}

/// How long it took, and the most memory that it held.
fn replay(gateway: &Gateway, folder: &str) -> (Duration, u64, Value) {
    let began = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_optgate"));
    command.arg("--config").arg(&gateway.config).args(["policy", "replay", "--against", folder, "--json"]);
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the binary runs");
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().expect("its status").is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0);
        most = most.max(held);
        std::thread::sleep(Duration::from_millis(20));
    }
    let took = began.elapsed();
    let output = child.wait_with_output().expect("what it said");
    (took, most, serde_json::from_slice(&output.stdout).expect("JSON"))
}
