//! Policy files that change while the gateway runs.

use std::fs;
use std::path::PathBuf;

use crate::support::gateway::{Setup, message_id};
use crate::support::tool::{newsletter, service_mail};
use crate::support::{Database, Gateway, Upstream, eventually, on_both_databases};

fn policy(gateway: &Gateway, file: &str) -> PathBuf {
    gateway.data_dir.join("policies").join(file)
}

/// Puts a text in place of another in a policy file, in one move as careful tools do.
fn replace(gateway: &Gateway, file: &str, from: &str, to: &str) {
    let path = policy(gateway, file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    let draft = path.with_extension("draft");
    fs::write(&draft, text.replace(from, to)).unwrap();
    fs::rename(&draft, &path).unwrap();
}

async fn until_metric(gateway: &Gateway, line: &str) {
    eventually(line, || async { gateway.metrics().await.lines().any(|own| own == line).then_some(()) }).await;
}

async fn until_logged(gateway: &Gateway, text: &str) {
    eventually(text, || async { gateway.log().contains(text).then_some(()) }).await;
}

async fn marketing(gateway: &Gateway) -> String {
    gateway.submit(&["bo@example.se"], &newsletter("bo@example.se", "apparel.tshirts")).await
}

/// Bo bought a T-shirt: a soft opt-in carries mail to him.
async fn with_bo(database: &Database, upstream: &Upstream) -> Gateway {
    let gateway = Setup::new(database, upstream).start().await;
    gateway.purchase("bo@example.se", "apparel.tshirts", "2026-05-01T10:00:00Z", "se").await;
    gateway
}

const BOTH: &str = "\"double_opt_in\", \"soft_opt_in\"";
const DOUBLE: &str = "\"double_opt_in\"";

on_both_databases! {
    async fn a_changed_policy_decides_over_new_mail_and_over_what_waits(database: Database) {
        let upstream = Upstream::start().await;
        upstream.close();
        let gateway = with_bo(&database, &upstream).await;
        let waits = marketing(&gateway).await;
        assert!(!waits.contains("refused"), "{waits}");
        upstream.somebody_waits().await;
        replace(&gateway, "jurisdictions/eu.toml", BOTH, DOUBLE);
        until_logged(&gateway, "policy set in force").await;
        let now = eventually("new mail is refused", || async {
            Some(marketing(&gateway).await).filter(|reply| reply.contains("refused ["))
        })
        .await;
        assert!(now.starts_with("250 2.0.0"), "{now}");
        // What a worker holds already was decided before the change; what comes back is decided anew.
        gateway.command(&["queue", "list", "--json"]).expect_success();
        upstream.open();
        let id = message_id(&waits);
        let ended = gateway.until(&id, "relayed").await;
        assert_eq!(ended["verdict"]["ground"], "soft_opt_in", "{ended}");
        assert_eq!(upstream.captured().len(), 1);
    }

    async fn what_waits_is_decided_by_the_new_set(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = with_bo(&database, &upstream).await;
        upstream.script("bo@example.se", crate::support::upstream::Script::Rcpt("450 4.2.1 later"));
        let id = message_id(&marketing(&gateway).await);
        eventually("it was tried once", || async {
            gateway.deliveries(&id).await.remove(0)["last_response"].is_string().then_some(())
        })
        .await;
        replace(&gateway, "jurisdictions/eu.toml", BOTH, DOUBLE);
        eventually("new mail is refused", || async {
            Some(marketing(&gateway).await).filter(|reply| reply.contains("refused ["))
        })
        .await;
        upstream.mend("bo@example.se");
        gateway.command(&["queue", "retry", &delivery(&gateway, &id).await]).expect_success();
        let ended = gateway.until(&id, "withheld").await;
        assert_eq!(ended["verdict"]["verdict"], "refuse", "{ended}");
        assert!(upstream.captured().is_empty());
    }
}

async fn delivery(gateway: &Gateway, message: &str) -> String {
    gateway.deliveries(message).await.remove(0)["delivery"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_cannot_be_used_leave_the_old_set_in_force() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let mut gateway = with_bo(&database, &upstream).await;
    let good = fs::read_to_string(policy(&gateway, "jurisdictions/eu.toml")).unwrap();
    fs::write(policy(&gateway, "jurisdictions/eu.toml"), "id = \"se\"\n[marketing\ngrounds = 1\n").unwrap();
    fs::write(policy(&gateway, "senders/other.toml"), "id = \"other\"\nnmae = \"x\"\n").unwrap();
    until_metric(&gateway, "optgate_policy_reload_failing 1").await;
    let log = gateway.log();
    for (file, line) in [("jurisdictions/eu.toml", 2), ("senders/other.toml", 2)] {
        let told = log.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let told =
            told.into_iter().any(|own| own["file"] == file && own["line"] == line && own["level"] == "ERROR");
        assert!(told, "{file}:{line} in\n{log}");
    }
    let (status, _) = gateway.api("GET", "/readyz", None).await;
    assert_eq!(status, 200, "it goes on accepting");
    let reply = marketing(&gateway).await;
    assert!(reply.starts_with("250") && !reply.contains("refused"), "the old set decides: {reply}");

    // A start with the same files is another matter.
    let status = gateway.terminate().await;
    assert_eq!(status.code(), Some(0));
    let log = gateway.try_start().await.expect_err("it can't start");
    assert!(log.contains("jurisdictions/eu.toml:2:") && log.contains("senders/other.toml:2:"), "{log}");

    fs::write(policy(&gateway, "jurisdictions/eu.toml"), &good).unwrap();
    fs::remove_file(policy(&gateway, "senders/other.toml")).unwrap();
    gateway.start().await;
    fs::write(policy(&gateway, "jurisdictions/eu.toml"), "nonsense").unwrap();
    until_metric(&gateway, "optgate_policy_reload_failing 1").await;
    fs::write(policy(&gateway, "jurisdictions/eu.toml"), good.replace(BOTH, DOUBLE)).unwrap();
    until_metric(&gateway, "optgate_policy_reload_failing 0").await;
    let reply = marketing(&gateway).await;
    assert!(reply.contains("refused ["), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_still_being_written_is_never_in_force() {
    use std::io::Write as _;
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = with_bo(&database, &upstream).await;
    let path = policy(&gateway, "jurisdictions/eu.toml");
    let text = fs::read_to_string(&path).unwrap().replace(BOTH, DOUBLE);
    let mut file = fs::File::create(&path).unwrap();
    // Half of it is no pack, and would be told as a mistake if anybody read it now.
    let (half, rest) = text.split_at(text.len() / 2);
    file.write_all(half.as_bytes()).unwrap();
    file.sync_all().unwrap();
    // Longer than the gateway waits for quiet: a wrong one would have read it by now.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let reply = marketing(&gateway).await;
    assert!(!reply.contains("refused"), "{reply}");
    file.write_all(rest.as_bytes()).unwrap();
    drop(file);
    until_metric(&gateway, "optgate_policy_reloads_total{result=\"done\"} 1").await;
    let page = gateway.metrics().await;
    assert!(page.contains("optgate_policy_reloads_total{result=\"failed\"} 0\n"), "{page}");
    let reply = marketing(&gateway).await;
    assert!(reply.contains("refused ["), "{reply}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_config_map_that_is_swapped_by_a_link_comes_into_force() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = Setup::new(&database, &upstream).prepare();
    // As Kubernetes lays it out: every file a link through `..data`, which is moved in one step.
    let folder = gateway.data_dir.join("policies");
    let file = folder.join("jurisdictions/eu.toml");
    let text = fs::read_to_string(&file).unwrap();
    for (version, text) in [("..v1", text.clone()), ("..v2", text.replace(BOTH, DOUBLE))] {
        fs::create_dir(folder.join(version)).unwrap();
        fs::write(folder.join(version).join("eu.toml"), text).unwrap();
    }
    std::os::unix::fs::symlink("..v1", folder.join("..data")).unwrap();
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("../..data/eu.toml", &file).unwrap();
    let mut gateway = gateway;
    gateway.command(&["migrate"]).expect_success();
    gateway.start().await;
    std::os::unix::fs::symlink("..v2", folder.join("..next")).unwrap();
    fs::rename(folder.join("..next"), folder.join("..data")).unwrap();
    until_metric(&gateway, "optgate_policy_reloads_total{result=\"done\"} 1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_lost_its_senders_is_not_believed() {
    let database = Database::sqlite();
    let upstream = Upstream::start().await;
    let gateway = with_bo(&database, &upstream).await;
    fs::rename(policy(&gateway, "senders"), gateway.data_dir.join("away")).unwrap();
    until_metric(&gateway, "optgate_policy_reload_failing 1").await;
    let reply = gateway.submit(&["a@example.se"], &service_mail("a@example.se")).await;
    assert!(reply.starts_with("250 2.0.0 accepted"), "{reply}");
    fs::rename(gateway.data_dir.join("away"), policy(&gateway, "senders")).unwrap();
    until_metric(&gateway, "optgate_policy_reload_failing 0").await;
}
