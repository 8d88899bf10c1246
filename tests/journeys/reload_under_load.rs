//! Policy files that change while mail flows: every decision rests on one whole set, and that set is kept.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::support::gateway::Setup;
use crate::support::tool::newsletter;
use crate::support::{Database, Gateway, Tool, Upstream, eventually, on_both_databases};

const BO: &str = "bo@example.se";
const CHANGES: usize = 10;

/// Two files that belong together, both of one version.
fn change(policies: &Path, version: usize) {
    for (file, from) in
        [("senders/demo-shop.toml", "name = \"Demo Shop"), ("jurisdictions/se.toml", "title = \"Sweden")]
    {
        replace_line(&policies.join(file), from, &format!("{from} {version}\""));
    }
}

/// In one move, as careful tools do.
fn replace_line(file: &Path, begins: &str, line: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(begins), "{begins} in {text}");
    let changed: Vec<&str> =
        text.lines().map(|own| if own.starts_with(begins) { line } else { own }).collect();
    let draft = file.with_extension("draft");
    fs::write(&draft, changed.join("\n") + "\n").unwrap();
    fs::rename(draft, file).unwrap();
}

fn times(gateway: &Gateway, message: &str) -> usize {
    let log = gateway.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    lines.into_iter().filter(|line| line["message"] == message).count()
}

async fn until_logged(gateway: &Gateway, message: &str, count: usize) {
    eventually(&format!("{message}: {count}"), || async { (times(gateway, message) >= count).then_some(()) })
        .await;
}

async fn submit_until(mut tool: Tool, stop: Arc<AtomicBool>) -> Vec<String> {
    let mut replies = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        replies.push(tool.submit("bounce@shop.example", &[BO], &newsletter(BO, "apparel.tshirts")).await);
    }
    replies
}

on_both_databases! {
    async fn i16_under_load_every_decision_rests_on_one_whole_set_that_is_kept(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).start().await;
        gateway.purchase(BO, "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
        let policies = gateway.data_dir.join("policies");
        let stop = Arc::new(AtomicBool::new(false));
        let sending = tokio::spawn(submit_until(gateway.tool().await, stop.clone()));
        let (mut good, mut broken) = (0, 0);
        for version in 0..CHANGES {
            if version % 3 == 1 {
                broken += 1;
                let file = policies.join("jurisdictions/se.toml");
                let whole = fs::read_to_string(&file).unwrap();
                fs::write(&file, format!("nonsense {version}")).unwrap();
                until_logged(&gateway, "the policy files can't be used: the old set stays in force", broken).await;
                let metrics = gateway.metrics().await;
                assert!(metrics.contains("optgate_policy_reload_failing 1\n"), "{metrics}");
                // The next change mends it too.
                let draft = file.with_extension("draft");
                fs::write(&draft, whole).unwrap();
                fs::rename(draft, &file).unwrap();
                change(&policies, version);
            } else {
                change(&policies, version);
            }
            good += 1;
            until_logged(&gateway, "policy set in force", good).await;
        }
        stop.store(true, Ordering::SeqCst);
        let replies = sending.await.unwrap();
        assert!(replies.len() > CHANGES, "mail flowed: {}", replies.len());
        for reply in &replies {
            assert!(reply.starts_with("250 2.0.0 accepted") && !reply.contains("refused"), "{reply}");
        }
        let metrics = gateway.metrics().await;
        for line in [
            "optgate_policy_reload_failing 0\n".to_owned(),
            format!("optgate_policy_reloads_total{{result=\"done\"}} {good}\n"),
            format!("optgate_policy_reloads_total{{result=\"failed\"}} {broken}\n"),
        ] {
            assert!(metrics.contains(&line), "{line} in {metrics}");
        }
        // One set for the start and one for each change that could be used: none is half of one and half of another.
        assert_eq!(database.count("SELECT count(*) FROM policy_sets").await, good as i64 + 1);
        let cited = database.count("SELECT count(DISTINCT policy) FROM verdicts").await;
        assert!(cited > 1, "decisions fell before and after changes: {cited}");
        let homeless = "SELECT count(*) FROM verdicts WHERE policy NOT IN (SELECT hash FROM policy_sets)";
        assert_eq!(database.count(homeless).await, 0);
        let same = policies.display().to_string();
        let told = gateway.command(&["policy", "replay", "--against", &same, "--json"]).json();
        assert_eq!(told["messages"].as_u64().unwrap(), replies.len() as u64, "{told:#}");
        assert_eq!((&told["unchanged"], &told["not_reproduced"]), (&told["messages"], &serde_json::json!([])));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i16_a_set_that_can_not_be_kept_does_not_come_into_force() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).start().await;
    database.tamper("ALTER TABLE policy_sets RENAME TO elsewhere").await;
    change(&gateway.data_dir.join("policies"), 1);
    let held = "the new policy set can't be kept in the database: the old set stays in force";
    until_logged(&gateway, held, 1).await;
    assert!(gateway.metrics().await.contains("optgate_policy_reload_failing 1\n"));
    assert_eq!(times(&gateway, "policy set in force"), 0);
    // And does as soon as it can be kept.
    database.tamper("ALTER TABLE elsewhere RENAME TO policy_sets").await;
    until_logged(&gateway, "policy set in force", 1).await;
    assert!(gateway.metrics().await.contains("optgate_policy_reload_failing 0\n"));
}
