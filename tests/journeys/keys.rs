//! The two keys that nothing can stand in for.

use std::path::Path;

use crate::support::gateway::Setup;
use crate::support::tool::service_mail;
use crate::support::{Database, Upstream, on_both_databases};

fn names(folder: &Path) -> Vec<String> {
    let entries: Vec<_> =
        std::fs::read_dir(folder).map(|entries| entries.flatten().collect()).unwrap_or_default();
    let mut names: Vec<_> = entries.iter().map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

on_both_databases! {
    async fn a_key_that_is_gone_is_told_and_none_is_made_in_its_place(database: Database) {
        let upstream = Upstream::start().await;
        let mut gateway = Setup::new(&database, &upstream).start().await;
        gateway.terminate().await;
        let keys = gateway.data_dir.join("keys");
        let aside = gateway.data_dir.join("aside");
        for gone in [&["lookup.key"][..], &["seal.key"], &["seal.key", "lookup.key"]] {
            std::fs::create_dir(&aside).unwrap();
            for key in gone {
                std::fs::rename(keys.join(key), aside.join(key)).unwrap();
            }
            let left = names(&keys);
            let checked = gateway.command(&["check"]);
            assert_eq!(checked.status(), 1, "{}", checked.stdout());
            for key in gone {
                assert!(checked.stdout().contains(&format!("{key} is missing")), "{}", checked.stdout());
            }
            for verb in [&["queue", "list"][..], &["credential", "list"], &["journal", "rebuild"], &["migrate"]] {
                let ran = gateway.command(verb);
                assert_eq!(ran.status(), 2, "{verb:?}: {}", ran.stdout());
                assert!(ran.stderr().contains(&format!("{} is missing", gone[0])), "{}", ran.stderr());
            }
            let log = gateway.try_start().await.expect_err("it does not start");
            assert!(log.contains(&format!("{} is missing", gone[0])), "{log}");
            assert_eq!(names(&keys), left, "nothing was made");
            for key in gone {
                std::fs::rename(aside.join(key), keys.join(key)).unwrap();
            }
            std::fs::remove_dir(&aside).unwrap();
        }
        gateway.start().await;
        assert!(gateway.submit(&["a@example.se"], &service_mail("a@example.se")).await.starts_with("250 "));
    }

    async fn keys_are_made_for_a_new_database_and_not_by_what_only_reads(database: Database) {
        let upstream = Upstream::start().await;
        let gateway = Setup::new(&database, &upstream).prepare();
        let keys = gateway.data_dir.join("keys");
        for verb in [&["queue", "list"][..], &["consent", "show", "a@example.se", "--sender", "demo-shop"]] {
            let ran = gateway.command(verb);
            assert_eq!(ran.status(), 2, "{verb:?}: {}", ran.stdout());
            assert!(ran.stderr().contains("run `optgate migrate`"), "{}", ran.stderr());
        }
        let checked = gateway.command(&["check"]);
        assert!(!checked.stdout().contains("is missing"), "a start makes them: {}", checked.stdout());
        assert!(names(&keys).is_empty());
        gateway.command(&["migrate"]).expect_success();
        assert_eq!(names(&keys), ["lookup.key", "seal.key"]);
        gateway.command(&["queue", "list"]).expect_success();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i14_no_new_key_is_made_beside_a_journal_of_noes() {
    let (database, upstream) = (Database::sqlite(), Upstream::start().await);
    let mut gateway = Setup::new(&database, &upstream).start().await;
    gateway.opt_in("anna@example.se", &["apparel"]).await;
    gateway.withdraw("anna@example.se").await;
    gateway.terminate().await;
    // The disk with keys and database is lost, the journal's is not.
    let keys = gateway.data_dir.join("keys");
    std::fs::remove_dir_all(&keys).unwrap();
    let file = database.url.strip_prefix("sqlite://").unwrap();
    for end in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{file}{end}"));
    }
    let log = gateway.try_start().await.expect_err("it does not start");
    assert!(log.contains("the journal of noes was written under it"), "{log}");
    assert!(names(&keys).is_empty());
}
