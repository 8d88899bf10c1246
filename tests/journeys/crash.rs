//! `kill -9`, at random moments and at the boundaries that matter: what was answered 250 is relayed, and
//! duplicates are only those that invariant 10 allows.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use crate::support::gateway::Setup;
use crate::support::tool::service_mail;
use crate::support::{Database, Gateway, Tool, Upstream, eventually, on_both_databases};

const ROUNDS: usize = 50;
const TOOLS: usize = 4;

/// Each hit only after some passes, so that the crash comes in the middle of the load.
const BOUNDARIES: [&str; 6] = [
    "spool_before_commit",
    "spool_after_commit",
    "deliver_after_claim",
    "deliver_after_response",
    "settle_before_commit",
    "settle_after_commit",
];

/// What the tools know.
#[derive(Default)]
struct Ledger {
    /// Answered 250.
    promised: HashSet<String>,
    /// Sent, and no answer came.
    unknown: HashSet<String>,
}

on_both_databases! {
    async fn i1_what_was_answered_250_survives_kill_9(database: Database) {
        let seed = std::env::var("OPTGATE_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_121);
        println!("seed {seed} (set OPTGATE_SEED to repeat another)");
        let mut random = StdRng::seed_from_u64(seed);
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        let ledger = Arc::new(Mutex::new(Ledger::default()));
        let mut in_hand = 0;
        let mut crashed_at: HashMap<&str, usize> = HashMap::new();
        for round in 0..ROUNDS {
            gateway.kill();
            in_hand += database.count("SELECT count(*) FROM deliveries WHERE state = 'claimed'").await;
            let boundary = (random.random_bool(0.7)).then(|| BOUNDARIES.choose(&mut random).unwrap());
            let passes = random.random_range(0..12);
            let failpoints = boundary.map(|name| format!("{name}={passes}*off->1*return")).unwrap_or_default();
            gateway.set_failpoints(&failpoints);
            gateway.start().await;
            let load = (0..TOOLS).map(|tool| {
                let login = (gateway.smtp(), gateway.secret("demo-shop/tool").to_owned());
                tokio::spawn(keep_submitting(login, format!("r{round}t{tool}"), Arc::clone(&ledger)))
            });
            let load: Vec<_> = load.collect();
            let by_itself = crash(&mut gateway, boundary.is_some(), random.random_range(30..400)).await;
            if let Some(name) = boundary.filter(|_| by_itself) {
                *crashed_at.entry(name).or_default() += 1;
            }
            for tool in load {
                tool.await.expect("the tool ends when its gateway does");
            }
        }
        gateway.kill();
        in_hand += database.count("SELECT count(*) FROM deliveries WHERE state = 'claimed'").await;
        gateway.set_failpoints("");
        gateway.start().await;
        let promised = ledger.lock().unwrap().promised.clone();
        let unknown = ledger.lock().unwrap().unknown.clone();
        eventually("the queue drains", || async {
            let open = "SELECT count(*) FROM deliveries WHERE state IN ('queued', 'claimed')";
            (database.count(open).await == 0).then_some(())
        }).await;
        let captured: Vec<String> = upstream.captured().into_iter().map(|message| message.recipient).collect();
        let relayed: HashSet<String> = captured.iter().cloned().collect();
        let duplicates = (captured.len() - relayed.len()) as i64;
        println!(
            "{ROUNDS} rounds: {} promised, {} without an answer, {} relayed, {duplicates} duplicates, {in_hand} in hand at crashes",
            promised.len(), unknown.len(), relayed.len(),
        );
        println!("crashed at {crashed_at:?}, the other rounds at random moments");
        assert_eq!(crashed_at.len(), BOUNDARIES.len(), "each boundary was met");
        let lost: Vec<_> = promised.difference(&relayed).collect();
        assert!(lost.is_empty(), "promised and lost: {lost:?}");
        assert!(promised.len() > ROUNDS, "the load was real");
        assert!(relayed.iter().all(|one| promised.contains(one) || unknown.contains(one)), "mail from nowhere");
        // Invariant 10.
        assert!(duplicates <= in_hand, "{duplicates} duplicates, but only {in_hand} were in hand at a crash");
    }
}

/// Whether it met its boundary; otherwise it was killed from outside.
async fn crash(gateway: &mut Gateway, at_a_boundary: bool, after_milliseconds: u64) -> bool {
    let bound =
        if at_a_boundary { Duration::from_secs(5) } else { Duration::from_millis(after_milliseconds) };
    let end = tokio::time::Instant::now() + bound;
    while gateway.is_alive() && tokio::time::Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let by_itself = !gateway.is_alive();
    gateway.kill();
    by_itself
}

async fn keep_submitting(
    (address, secret): (std::net::SocketAddr, String),
    name: String,
    ledger: Arc<Mutex<Ledger>>,
) {
    let Some(mut tool) = Tool::try_login(address, "demo-shop/tool", &secret).await else { return };
    for number in 0..10_000 {
        let recipient = format!("{name}n{number}@example.se");
        ledger.lock().unwrap().unknown.insert(recipient.clone());
        let reply = tool.try_submit("b@shop.example", &recipient, &service_mail(&recipient)).await;
        let mut ledger = ledger.lock().unwrap();
        match reply {
            Ok(reply) if reply.starts_with("250") => {
                ledger.unknown.remove(&recipient);
                ledger.promised.insert(recipient);
            }
            Ok(reply) if reply.starts_with('4') || reply.starts_with('5') => {
                ledger.unknown.remove(&recipient);
                return;
            }
            Ok(_) | Err(_) => return,
        }
    }
}
